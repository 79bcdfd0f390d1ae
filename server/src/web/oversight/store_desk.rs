//! The oversight desk over the real store.

use std::collections::BTreeMap;

use entremise_core::deadline::Zone;
use entremise_core::id::{AuthorityId, PersonId, RegimeId};
use entremise_core::ledger::Actor;
use entremise_store::oversight::{
    Drawing, Finding, Remark, Sample, SampleError, SampleId, SampledNotice, unusual_readers,
};
use entremise_store::{LookError, Store, Trouble};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};

use super::desk::{Drawn, Look, OversightDesk, Overview};
use crate::oversight::Figures;
use crate::oversight::report::{About, Report};
use crate::web::desk::DeskTrouble;

/// How far back lines named improbably often are looked for. Unit: hours.
const OFTEN_NAMED_HOURS: i64 = 30 * 24;
/// How far back readers are compared. Unit: hours.
const READERS_HOURS: i64 = 90 * 24;
/// Open alarms that are told apart by name; the rest only counts.
const ALARMS_MAX: usize = 500;
/// The first year a page offers, counted back from the running one.
const YEARS_BACK: i16 = 4;

/// One authority's figures.
pub struct StoreOversight {
    store: Store,
    authority: AuthorityId,
    regime: RegimeId,
    /// As the report names it.
    name: String,
    specimen: bool,
}

impl StoreOversight {
    pub fn new(
        store: Store,
        authority: AuthorityId,
        regime: RegimeId,
        name: String,
        specimen: bool,
    ) -> Self {
        Self { store, authority, regime, name, specimen }
    }

    fn overview_of(&self, year: Option<i16>, now: Timestamp) -> Result<Overview, Trouble> {
        let zone = self.zone();
        let today = zone.day_of(now);
        let year = year.unwrap_or(today.year());
        let (first, last) = days_of(year);
        let figures = self.store.figures(&self.authority, first, last)?;
        let board = self.store.alarm_board(&self.authority, ALARMS_MAX)?;
        let mut open_alarms: BTreeMap<String, u64> = BTreeMap::new();
        for alarm in &board.newest {
            *open_alarms.entry(alarm.name.clone()).or_default() += 1;
        }
        let rules = self.store.regime(&self.regime).and_then(|regime| regime.at(now).ok());
        let stages = rules.map(|rules| rules.stages.iter().map(|rung| rung.id.clone()).collect());
        let since = now - SignedDuration::from_hours(OFTEN_NAMED_HOURS);
        let readers_since = zone.day_of(now - SignedDuration::from_hours(READERS_HOURS));
        let looks = self.store.looks_by_person(&self.authority, readers_since, today)?;
        Ok(Overview {
            zone,
            year,
            years: (0..=YEARS_BACK).map(|back| today.year() - back).collect(),
            first,
            last: last.min(today),
            figures: Figures::new(figures),
            months: self.store.figures_by_month(&self.authority, first, last)?,
            stages: stages.unwrap_or_default(),
            often_named: self.store.lines_often_named(&self.authority, since)?,
            unusual_readers: unusual_readers(&looks),
            open_alarms: open_alarms.into_iter().collect(),
            open_alarms_total: board.total,
        })
    }

    /// The yearly report, for pages and for the command line.
    pub fn report_of(&self, year: i16, now: Timestamp) -> Result<Report, Trouble> {
        let (first, last) = days_of(year);
        let figures = Figures::new(self.store.figures(&self.authority, first, last)?);
        let zone = self.zone();
        let drawn_in_year = |sample: &Sample| zone.day_of(sample.drawn_at).year() == year;
        let samples = self.store.samples(&self.authority)?;
        let samples: Vec<Sample> = samples.into_iter().filter(drawn_in_year).collect();
        let about = About {
            authority: self.name.clone(),
            specimen: self.specimen,
            year,
            whole_year: zone.day_of(now) > last,
            made_at: now,
        };
        Ok(Report::new(about, &figures, &samples))
    }
}

impl OversightDesk for StoreOversight {
    fn overview(&self, year: Option<i16>, now: Timestamp) -> Result<Overview, DeskTrouble> {
        self.overview_of(year, now).map_err(told)
    }

    fn samples(&self) -> Result<Vec<Sample>, DeskTrouble> {
        self.store.samples(&self.authority).map_err(told)
    }

    fn draw(
        &self,
        (drawing, legal_basis): (&Drawing, &str),
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Drawn, DeskTrouble> {
        let by = Actor::Person(by.clone());
        let what = (drawing, legal_basis);
        match self.store.draw_sample(&self.authority, &self.regime, what, &by, now) {
            Ok(id) => Ok(Drawn::Entered(id)),
            Err(SampleError::BadSeed) => Ok(Drawn::BadSeed),
            Err(SampleError::NoLegalBasis) => Ok(Drawn::NoLegalBasis),
            Err(SampleError::BadSize) => Ok(Drawn::BadSize),
            Err(SampleError::NothingToDraw | SampleError::NoSuchPlace) => Ok(Drawn::NothingToDraw),
            Err(SampleError::Trouble(trouble)) => Err(told(trouble)),
        }
    }

    fn sampled(&self, place: (SampleId, usize)) -> Result<Option<SampledNotice>, DeskTrouble> {
        self.store.sampled_notice(&self.authority, place).map_err(told)
    }

    fn look(
        &self,
        place: (SampleId, usize),
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Look, DeskTrouble> {
        let Some(sampled) = self.sampled(place)? else { return Ok(Look::NoSuchPlace) };
        match self.store.evidence_shown(&self.authority, &sampled, by, now) {
            Ok(Some(shown)) => Ok(Look::Shown(Box::new((sampled, shown)))),
            Ok(None) | Err(LookError::NoSuchThing) => Ok(Look::Erased(sampled)),
            Err(LookError::NoLegalBasis) => {
                tracing::error!("a sample was drawn without its legal basis");
                Err(DeskTrouble)
            }
            Err(LookError::Trouble(trouble)) => Err(told(trouble)),
        }
    }

    fn record(
        &self,
        place: (SampleId, usize),
        found: (Finding, Remark),
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble> {
        let by = Actor::Person(by.clone());
        match self.store.record_finding(&self.authority, place, found, &by, now) {
            Ok(()) => Ok(true),
            Err(SampleError::Trouble(trouble)) => Err(told(trouble)),
            Err(_) => Ok(false),
        }
    }

    fn report(&self, year: i16, now: Timestamp) -> Result<Report, DeskTrouble> {
        self.report_of(year, now).map_err(told)
    }

    fn zone(&self) -> Zone {
        match self.store.regime(&self.regime) {
            Some(regime) => regime.zone().clone(),
            None => Zone::named("UTC").expect("UTC is part of every time-zone database"),
        }
    }
}

/// The first and the last day of a year.
pub fn days_of(year: i16) -> (Date, Date) {
    // Beyond what the calendar knows there is nothing to count.
    let year = year.clamp(1, 9_999);
    (date(year, 1, 1), date(year, 12, 31))
}

fn told(trouble: Trouble) -> DeskTrouble {
    tracing::error!(%trouble, "the oversight desk cannot answer");
    DeskTrouble
}
