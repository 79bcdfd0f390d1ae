//! What a pilot showed: how many of each thing there were, what they would have cost, what was
//! late, and what it would be at the full load. Made of the store's counts; names nobody.

mod told;

use std::collections::BTreeMap;

use entremise_core::id::{AuthorityId, PersonId};
use entremise_core::pilot::Act;
use entremise_core::regime::Regime;
use entremise_store::{PilotAct, Store, Trouble};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::cost::{Bill, Costs, Counted, Tally, Unit};
use crate::oversight::Figures;

pub use told::{html, text};

/// The whole report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub authority: AuthorityId,
    /// Under which name the pilot was run.
    pub pilot: AuthorityId,
    pub regime: String,
    /// SHA-256 of the rules that were tried.
    pub rules: String,
    pub first: Date,
    /// This day counts.
    pub last: Date,
    pub made_at: Timestamp,
    pub acts: Vec<ActTold>,
    /// One network in so many was in it.
    pub one_in: u32,
    /// Notices in order that the draw left out, since the beginning.
    pub not_drawn: u64,
    pub notices: u64,
    pub questions: u64,
    pub identified: u64,
    /// What the other answers were.
    pub not_identified: BTreeMap<String, u64>,
    pub rungs: Vec<RungTold>,
    pub transmissions: u64,
    /// Times that were missed, by who should have kept them.
    pub missed: BTreeMap<String, u64>,
    pub months: Vec<MonthTold>,
    pub counted: BTreeMap<&'static str, u64>,
    pub bill: Bill,
    pub bill_at_full_load: Bill,
    pub currency: String,
    /// What the bill rests on.
    pub units: Vec<Unit>,
    /// What was counted and has no unit of cost.
    pub without_cost: Vec<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ActTold {
    #[serde(flatten)]
    pub act: Act,
    pub at: Timestamp,
    pub by: Vec<PersonId>,
}

/// One rung of the ladder.
#[derive(Clone, Debug, Serialize)]
pub struct RungTold {
    pub id: String,
    /// Lines that came to it.
    pub reached: u64,
    /// Of these, stopped by the law's gate.
    pub barred: u64,
    pub decided_send: u64,
    pub decided_close: u64,
    /// Whose clock began: the message counts as carried.
    pub warned: u64,
    /// Of a hundred notices, how many came here.
    pub per_hundred_notices: f64,
}

#[derive(Clone, Debug, Serialize)]
pub struct MonthTold {
    /// `2026-11`.
    pub month: String,
    pub notices: u64,
    pub identified: u64,
    pub messages: u64,
}

/// Outcomes of messages that were kept.
const KEPT: [(&str, Counted); 4] = [
    ("outcome.kept_email", Counted::Email),
    ("outcome.kept_letter", Counted::Letter),
    ("outcome.kept_registered_letter", Counted::RegisteredLetter),
    ("outcome.kept_transmission", Counted::Transmission),
];

/// Which days a report is about, and by what it counts costs.
pub struct Asked<'a> {
    pub authority: &'a AuthorityId,
    pub regime: &'a Regime,
    /// From the beginning of the last pilot unless said.
    pub first: Option<Date>,
    /// Until its end, or today, unless said.
    pub last: Option<Date>,
    pub costs: &'a Costs,
}

/// Makes the report; none where there never was a pilot.
pub fn report(store: &Store, asked: &Asked<'_>, now: Timestamp) -> Result<Option<Report>, Trouble> {
    let Asked { authority, regime, costs, .. } = asked;
    let acts = store.pilot_acts(authority)?;
    let begun = acts.iter().rfind(|act| act.draw.is_some());
    let (Some(begun), Some(pilot)) = (begun, authority.pilot()) else { return Ok(None) };
    let ended = acts.iter().find(|act| act.number > begun.number).map_or(now, |act| act.at);
    let zone = regime.zone();
    let first = asked.first.unwrap_or_else(|| zone.day_of(begun.at));
    let last = asked.last.unwrap_or_else(|| zone.day_of(ended));
    let figures = Figures::new(store.figures(&pilot, first, last)?);
    let tally = tally(&figures);
    let one_in = begun.draw.as_ref().map_or(1, |draw| draw.one_in);
    let notices = figures.total("notice");
    let mut not_identified = figures.details("answer");
    let identified = not_identified.remove("identified").unwrap_or(0);
    let bill = costs.bill(&tally);
    let share = f64::from(one_in);
    let without_cost = tally.iter().filter(|(of, n)| **n > 0 && costs.of(**of).is_none());
    Ok(Some(Report {
        authority: (*authority).clone(),
        regime: regime.id().to_owned(),
        rules: regime.digest().to_owned(),
        first,
        last,
        made_at: now,
        acts: acts.iter().map(ActTold::of).collect(),
        one_in,
        not_drawn: store.counts(&pilot)?.rejections.get("not_drawn").copied().unwrap_or(0),
        notices,
        questions: figures.total("question"),
        identified,
        not_identified,
        rungs: rungs(&figures, regime, last, notices),
        transmissions: figures.total("stage.transmitted"),
        missed: figures.details("alarm"),
        months: months(store, &pilot, first, last)?,
        counted: tally.iter().map(|(of, n)| (of.names()[0], *n)).collect(),
        bill,
        bill_at_full_load: Bill { hours: bill.hours * share, price: bill.price * share },
        currency: costs.currency.clone(),
        units: costs.units.clone(),
        without_cost: without_cost.map(|(of, _)| of.names()[0]).collect(),
        pilot,
    }))
}

impl ActTold {
    fn of(act: &PilotAct) -> Self {
        Self { act: act.act, at: act.at, by: act.by.clone() }
    }
}

fn tally(figures: &Figures) -> Tally {
    let mut tally = Tally::from([
        (Counted::Notice, figures.total("notice")),
        (Counted::Question, figures.total("question")),
        (Counted::Disclosure, figures.total("outcome.not_asked")),
        (
            Counted::Decision,
            figures.total("stage.decided_send") + figures.total("stage.decided_close"),
        ),
        (Counted::Hearing, figures.total("event.hearing_held")),
        (Counted::Deliberation, figures.total("event.deliberated")),
    ]);
    tally.extend(KEPT.map(|(outcome, of)| (of, figures.total(outcome))));
    tally
}

fn rungs(figures: &Figures, regime: &Regime, last: Date, notices: u64) -> Vec<RungTold> {
    let stages = regime.on(last).map_or(&[][..], |rules| &rules.stages);
    let told = stages.iter().map(|stage| {
        let of = |what: &str| figures.of(what, &stage.id);
        let (barred, warned) = (of("stage.barred"), of("stage.warned"));
        // Where nobody decides there is no proposal: whoever was warned came to the rung.
        let reached = match stage.decides {
            Some(_) => of("stage.proposed") + barred,
            None => warned + barred,
        };
        RungTold {
            id: stage.id.clone(),
            reached,
            barred,
            decided_send: of("stage.decided_send"),
            decided_close: of("stage.decided_close"),
            warned,
            per_hundred_notices: per_hundred(reached, notices),
        }
    });
    told.collect()
}

fn months(
    store: &Store,
    pilot: &AuthorityId,
    first: Date,
    last: Date,
) -> Result<Vec<MonthTold>, Trouble> {
    let mut months: BTreeMap<String, MonthTold> = BTreeMap::new();
    for figure in store.figures_by_month(pilot, first, last)? {
        let told = months.entry(figure.month.clone()).or_insert_with(|| MonthTold {
            month: figure.month.clone(),
            notices: 0,
            identified: 0,
            messages: 0,
        });
        match (figure.what.as_str(), figure.detail.as_str()) {
            ("notice", _) => told.notices += figure.n,
            ("answer", "identified") => told.identified += figure.n,
            (what, _) if KEPT.iter().any(|(outcome, _)| *outcome == what) => {
                told.messages += figure.n;
            }
            _ => {}
        }
    }
    Ok(months.into_values().collect())
}

/// How many in a hundred.
fn per_hundred(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 * 100.0 / of as f64 }
}
