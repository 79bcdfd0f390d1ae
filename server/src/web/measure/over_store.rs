//! Measures over the real store.

use std::collections::BTreeMap;
use std::sync::Arc;

use entremise_core::case::{State as CaseState, Subject};
use entremise_core::deadline::Words;
use entremise_core::effect::Effect;
use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, CaseId, Digest, PersonId};
use entremise_core::ledger::{Actor, hexadecimal};
use entremise_core::procedure::ladder;
use entremise_core::procedure::measure::{
    Life, Pronounced, Sentence, State, Terms, appeal_end, at_most, awaited, days_of,
};
use entremise_core::regime::rules::{Measure, MeasureKind, Mode, Span};
use entremise_core::regime::{Regime, embedded};
use entremise_core::step::{Refusal, step};
use entremise_store::{ApplyError, CaseFile, CaseRef, MeasureRow as Stored, Store, Trouble};
use entremise_wire::register::RegisterKey;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};

use super::ActKind;
use super::desk::{
    ActOrder, ActOutcome, Amount, Chosen, Dates, EnlistOrder, EnlistOutcome, MeasureDesk,
    MeasureLink, MeasureRow, MeasureView, NotLawful, OfFile, OnRegister, OpenMeasures,
    Pronounceable, PronounceableMeasure,
};
use super::life::phases;
use crate::register;
use crate::web::desk::{DeskTrouble, NotDone};
use crate::web::store_desk::{self, timeline};

/// Measures that the list shows at once.
const ROWS_MAX: usize = 500;

/// One authority's measures.
pub struct StoreMeasures {
    store: Store,
    authority: AuthorityId,
    /// The key of the register, where one is kept.
    register: Option<Arc<RegisterKey>>,
}

/// A case of a measure, with what it is about and where it stands.
struct Found {
    file: CaseFile,
    pronounced: Pronounced,
    state: State,
}

impl StoreMeasures {
    pub fn new(store: Store, authority: AuthorityId) -> Self {
        Self { store, authority, register: None }
    }

    /// The same with the register of this key.
    pub fn with_register(self, register: Option<Arc<RegisterKey>>) -> Self {
        Self { register, ..self }
    }

    /// Where the person stands on the register, as long as the measure is ordered or in force.
    fn on_register(&self, case: CaseId, state: &State) -> Result<OnRegister, DeskTrouble> {
        let runs = matches!(state.bare(), State::Ordered { .. } | State::InForce { .. });
        let window = state.life().filter(|_| runs).and_then(|life| life.window);
        let (Some(window), Some(_)) = (window, &self.register) else {
            return Ok(OnRegister::Nothing);
        };
        let until = window.ends_at;
        let rows = self.store.suspended(&self.authority).map_err(told)?;
        Ok(match rows.into_iter().find(|row| row.case == case) {
            Some(row) => OnRegister::Until { until, entered: row.ends_at },
            None => OnRegister::Owed { until },
        })
    }

    fn find(&self, reference: &str) -> Result<Option<Found>, DeskTrouble> {
        let file = store_desk::find(&self.store, &self.authority, reference).map_err(told)?;
        Ok(file.and_then(Found::of))
    }

    /// The number of the file that was judged; its own where it never had one.
    fn file_of(&self, pronounced: &Pronounced) -> Result<String, DeskTrouble> {
        let number = self.store.file_number_of(&self.authority, pronounced.file).map_err(told)?;
        Ok(number.unwrap_or_else(|| pronounced.file.to_string()))
    }

    fn row(&self, row: &Stored) -> Result<Option<MeasureRow>, DeskTrouble> {
        let (Subject::Measure(pronounced), CaseState::Measure(state)) =
            (&row.case.subject, &row.case.state)
        else {
            return Ok(None);
        };
        let Some(regime) = self.store.regime(&row.case.regime) else { return Ok(None) };
        let next = awaited(&row.case, regime).unwrap_or_default().into_iter().next();
        let life = state.life();
        Ok(Some(MeasureRow {
            link: MeasureLink {
                reference: row.case.id.to_string(),
                title: title(regime, &pronounced.sentence.measure),
                state: state.name(),
            },
            file: self.file_of(pronounced)?,
            provider: pronounced.line.provider.clone(),
            waits_for_a_person: state.waits_for_a_person(),
            told: life.map(|life| life.told.iter().copied().collect()).unwrap_or_default(),
            request: life.is_some_and(|life| life.request.is_some()),
            next: next.map(|next| (next.what, next.deadline)),
        }))
    }

    fn view(&self, found: Found, now: Timestamp) -> Result<Option<MeasureView>, DeskTrouble> {
        let Found { file, pronounced, state } = found;
        let Some(regime) = self.store.regime(&file.case.regime) else { return Ok(None) };
        let sentence = pronounced.sentence.clone();
        let rules = regime.at(sentence.pronounced_at).ok();
        let rule = rules.and_then(|rules| known(&rules.measures, &sentence.measure));
        let judged_on = regime.zone().day_of(sentence.pronounced_at);
        let path = format!("measure.{}.pronounced_by", sentence.measure);
        let life = state.life();
        let waits = awaited(&file.case, regime).unwrap_or_default();
        Ok(Some(MeasureView {
            zone: regime.zone().clone(),
            reference: file.case.id.to_string(),
            version: store_desk::version(&file),
            file: self.file_of(&pronounced)?,
            regime_id: file.case.regime.to_string(),
            title: title(regime, &sentence.measure),
            cite: regime.cites(&path, judged_on).map(|text| text.cite.clone()),
            terms: life.map(|life| life.terms),
            spares: rule.map(|rule| rule.spares.clone()).unwrap_or_default(),
            provider: pronounced.line.provider.clone(),
            state: state.name(),
            closed: file.case.state.is_closed(),
            held_until: state.held_until(),
            declined: match state.bare() {
                State::Ordered { declined, .. } => *declined,
                _ => None,
            },
            told: life.map(|life| life.told.iter().copied().collect()).unwrap_or_default(),
            request: life.and_then(|life| Some(life.request.as_ref()?.at)),
            register: self.on_register(file.case.id, &state)?,
            dates: dates(life, &pronounced, &state, regime),
            awaited: waits.into_iter().map(|one| (one.what, one.deadline)).collect(),
            phases: phases(&file, &pronounced, regime, now),
            acts: acts(&file, &state, now, regime),
            timeline: timeline(&file),
            entered_by: entered_by(&file),
            decision: pronounced.decision,
            sentence,
        }))
    }
}

impl Found {
    fn of(file: CaseFile) -> Option<Self> {
        match (&file.case.subject, &file.case.state) {
            (Subject::Measure(pronounced), CaseState::Measure(state)) => {
                let (pronounced, state) = (pronounced.as_ref().clone(), state.clone());
                Some(Self { file, pronounced, state })
            }
            _ => None,
        }
    }
}

impl MeasureDesk for StoreMeasures {
    fn open(&self, _: Timestamp) -> Result<OpenMeasures, DeskTrouble> {
        let found = self.store.open_measures(&self.authority, ROWS_MAX + 1).map_err(told)?;
        let more = found.len() > ROWS_MAX;
        let mut rows = Vec::with_capacity(found.len());
        for row in found.iter().take(ROWS_MAX) {
            rows.extend(self.row(row)?);
        }
        let regime = found.first().and_then(|row| self.store.regime(&row.case.regime));
        let any =
            || embedded::ids().into_iter().find_map(|id| self.store.regime(&id.parse().ok()?));
        let zone = regime.or_else(any).ok_or(DeskTrouble)?.zone().clone();
        Ok(OpenMeasures { zone, rows, more })
    }

    fn measure(&self, reference: &str, now: Timestamp) -> Result<Option<MeasureView>, DeskTrouble> {
        match self.find(reference)? {
            Some(found) => self.view(found, now),
            None => Ok(None),
        }
    }

    fn of_file(&self, reference: &str) -> Result<OfFile, DeskTrouble> {
        let file = store_desk::find(&self.store, &self.authority, reference).map_err(told)?;
        let Some(file) = file else { return Ok(OfFile::default()) };
        let opening = file.effects.iter().any(|row| {
            matches!(row.effect, Effect::OpenMeasure { .. }) && row.settled_at.is_none()
        });
        let measures = self.store.measures_of(&self.authority, file.case.id).map_err(told)?;
        let mut links = Vec::with_capacity(measures.len());
        for case in measures {
            let found = self.store.case_file(&self.authority, &case).map_err(told)?;
            let Some(found) = found.and_then(Found::of) else { continue };
            let Some(regime) = self.store.regime(&found.file.case.regime) else { continue };
            links.push(MeasureLink {
                reference: case.to_string(),
                title: title(regime, &found.pronounced.sentence.measure),
                state: found.state.name(),
            });
        }
        Ok(OfFile { links, opening })
    }

    fn pronounceable(
        &self,
        reference: &str,
        now: Timestamp,
    ) -> Result<Option<Pronounceable>, DeskTrouble> {
        let file = store_desk::find(&self.store, &self.authority, reference).map_err(told)?;
        let Some(file) = file else { return Ok(None) };
        let Some(regime) = self.store.regime(&file.case.regime) else { return Ok(None) };
        let CaseState::Ladder(state) = &file.case.state else { return Ok(None) };
        let ladder::State::Transmitted { at, .. } = state.bare() else { return Ok(None) };
        let (earliest, latest) = (regime.zone().day_of(*at), regime.zone().day_of(now));
        let measures = known_between(regime, earliest, latest);
        Ok(Some(Pronounceable { earliest, latest, measures }))
    }

    fn sentences(
        &self,
        reference: &str,
        judged_on: Date,
        chosen: &[Chosen],
    ) -> Result<Result<Vec<Sentence>, NotLawful>, DeskTrouble> {
        let file = store_desk::find(&self.store, &self.authority, reference).map_err(told)?;
        let file = file.ok_or(DeskTrouble)?;
        let regime = self.store.regime(&file.case.regime).ok_or(DeskTrouble)?;
        let sentences = chosen.iter().map(|one| {
            sentence(one, judged_on, regime).map_err(|why| NotLawful { id: one.id.clone(), why })
        });
        Ok(sentences.collect())
    }

    fn enter(&self, order: &ActOrder, now: Timestamp) -> Result<ActOutcome, DeskTrouble> {
        let ActOrder { of, act } = order;
        let Some(found) = self.find(&of.reference)? else {
            return Ok(ActOutcome::Not(NotDone::NoSuchCase));
        };
        if store_desk::version(&found.file) != of.version {
            return Ok(ActOutcome::Not(NotDone::Stale));
        }
        let case = &found.file.case;
        let sha256 = sha256(&act.document.bytes)?;
        let event = act.event(sha256.clone(), of.by.clone());
        let by = Actor::Person(of.by.clone());
        let regime = self.store.regime(&case.regime);
        if regime.is_some_and(|regime| step(case, &event, now, regime).is_ok()) {
            let (name, bytes) = (act.name(&sha256), &act.document.bytes);
            self.store
                .keep_case_document(&self.authority, case.id, &name, bytes, &by, now)
                .map_err(told)?;
        }
        let case = CaseRef::Id(self.authority.clone(), case.id);
        match self.store.apply(&case, &event, &by, now) {
            Ok(_) => Ok(ActOutcome::Entered),
            Err(ApplyError::Refused(refusal)) => Ok(ActOutcome::Refused(refusal)),
            Err(ApplyError::NoSuchCase) => Ok(ActOutcome::Not(NotDone::NoSuchCase)),
            Err(ApplyError::Trouble(trouble)) => Err(told(trouble)),
        }
    }

    fn enlist(&self, order: &EnlistOrder, now: Timestamp) -> Result<EnlistOutcome, DeskTrouble> {
        let EnlistOrder { of, person } = order;
        let Some(Found { file, state, .. }) = self.find(&of.reference)? else {
            return Ok(EnlistOutcome::Not(NotDone::NoSuchCase));
        };
        if store_desk::version(&file) != of.version {
            return Ok(EnlistOutcome::Not(NotDone::Stale));
        }
        let case = &file.case;
        let (OnRegister::Owed { until } | OnRegister::Until { until, .. }) =
            self.on_register(case.id, &state)?
        else {
            return Ok(EnlistOutcome::NotNow);
        };
        let key = self.register.as_deref().ok_or(DeskTrouble)?;
        let about = (&self.authority, &case.regime, case.id);
        let by = Actor::Person(of.by.clone());
        // Its words could repeat what was typed.
        register::enlist(&self.store, key, about, person, until, &by, now).map_err(|_| {
            tracing::error!("nobody is put on the register");
            DeskTrouble
        })?;
        Ok(EnlistOutcome::Entered)
    }
}

/// What the regime calls a measure.
pub(in crate::web) fn title(regime: &Regime, measure: &str) -> Words {
    let file = regime.file().measure.iter().find(|known| known.id == measure);
    let unnamed = || Words { fr: measure.to_owned(), en: measure.to_owned() };
    file.map_or_else(unnamed, |known| known.title.clone())
}

fn known<'m>(measures: &'m [Measure], id: &str) -> Option<&'m Measure> {
    measures.iter().find(|rule| rule.id == id)
}

/// The measures that a law between these days lets somebody pronounce, each as the last one has it.
fn known_between(regime: &Regime, earliest: Date, latest: Date) -> Vec<PronounceableMeasure> {
    let mut measures = BTreeMap::new();
    let within = regime.versions().iter().filter(|version| {
        version.from <= latest && version.until.is_none_or(|until| earliest <= until)
    });
    for version in within {
        let day = version.from.max(earliest);
        let from = regime.zone().start_of(day);
        let lived_by = version.rules.mode == Mode::Live;
        for rule in version.rules.measures.iter().filter(|rule| !(lived_by && rule.simulation)) {
            if rule.kind == MeasureKind::ProviderFine {
                continue;
            }
            let path = format!("measure.{}.pronounced_by", rule.id);
            let measure = PronounceableMeasure {
                id: rule.id.clone(),
                title: title(regime, &rule.id),
                kind: rule.kind,
                by: rule.pronounced_by,
                days_max: at_most(rule, from, regime),
                euros_max: rule.fine_euros_max,
                spares: rule.spares.clone(),
                cite: regime.cites(&path, day).map(|text| text.cite.clone()),
            };
            measures.insert(rule.id.clone(), measure);
        }
    }
    measures.into_values().collect()
}

/// What was chosen, held against the law of the day.
fn sentence(chosen: &Chosen, judged_on: Date, regime: &Regime) -> Result<Sentence, Refusal> {
    let unknown = || Refusal::NoSuchMeasure { measure: chosen.id.clone() };
    let pronounced_at = regime.zone().start_of(judged_on);
    let rules = regime.at(pronounced_at).map_err(|_| Refusal::NoRules { day: judged_on })?;
    let rule = known(&rules.measures, &chosen.id).ok_or_else(unknown)?;
    let terms = match (rule.kind, chosen.amount) {
        (MeasureKind::Suspension, Amount::Days(days)) => Terms::Suspension { days },
        (MeasureKind::Suspension, Amount::Months(months)) => {
            let days = days_of(Span::Months(months), pronounced_at, regime).unwrap_or(u32::MAX);
            Terms::Suspension { days }
        }
        (MeasureKind::Fine, Amount::Euros(euros)) => Terms::Fine { euros },
        (MeasureKind::Injunction, _) => Terms::Injunction,
        _ => return Err(unknown()),
    };
    let (measure, by) = (rule.id.clone(), rule.pronounced_by);
    let sentence = Sentence { measure, by, court: None, pronounced_at, terms };
    sentence.check(regime)?;
    Ok(sentence)
}

fn dates(life: Option<&Life>, pronounced: &Pronounced, state: &State, regime: &Regime) -> Dates {
    let day = |at: Timestamp| regime.zone().day_of(at);
    let judged = Some(day(pronounced.sentence.pronounced_at));
    let Some(life) = life else {
        let started = match state.bare() {
            State::Closed { started, .. } => started.map(day),
            _ => None,
        };
        return Dates { judged, started, ..Dates::default() };
    };
    let appeal = appeal_end(life, pronounced, regime).ok().flatten();
    Dates {
        judged: Some(day(life.judged_at)),
        appeal_until: appeal.map(|end| end.last_day),
        enforceable: life.enforceable_at.map(day),
        notified: life.notified_at.map(day),
        first: life.window.map(|window| day(window.starts_at)),
        // The window's end is the midnight after its last day.
        last: life.window.map(|window| day(window.ends_at - SignedDuration::from_nanos(1))),
        started: life.started_at.map(day),
        served_days: life.served_days,
    }
}

/// What can be entered now, and what the law does not let be entered yet.
fn acts(
    file: &CaseFile,
    state: &State,
    now: Timestamp,
    regime: &Regime,
) -> Vec<(ActKind, Option<Refusal>)> {
    let nobody: PersonId = "nobody".parse().expect("a plain word is a number");
    let tried = |kind: &ActKind| {
        let refused = kind.tried(&file.case, state, &nobody, now, regime)?;
        Some((*kind, refused))
    };
    ActKind::ALL.iter().filter_map(tried).collect()
}

/// Who entered the judgment that counts: the first one, and those on appeal.
fn entered_by(file: &CaseFile) -> Vec<PersonId> {
    let happened = file.history.iter().filter(|line| line.kind.starts_with("event."));
    let entered = happened.filter_map(|line| match line.event.as_ref()? {
        Event::MeasurePronounced { by } | Event::AppealDecided { by, .. } => Some(by.clone()),
        _ => None,
    });
    entered.collect()
}

fn sha256(bytes: &[u8]) -> Result<Digest, DeskTrouble> {
    hexadecimal(digest(&SHA256, bytes).as_ref()).parse().map_err(|_| DeskTrouble)
}

/// The trouble goes to the log, which names the statement; the page says that there is one.
fn told(trouble: Trouble) -> DeskTrouble {
    tracing::error!(%trouble, "the desk cannot answer about measures");
    DeskTrouble
}
