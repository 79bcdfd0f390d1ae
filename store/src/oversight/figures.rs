//! Counts by day, moved in the transaction that moves what they count.

use std::collections::BTreeMap;

use entremise_core::case::{Case, State};
use entremise_core::effect::{Alarm, Effect};
use entremise_core::event::{Event, Verdict};
use entremise_core::id::AuthorityId;
use entremise_core::ledger::{Actor, Kind};
use entremise_core::procedure::ladder;
use entremise_core::regime::Regime;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::Store;
use crate::conn::{Tx, Value};
use crate::trouble::Trouble;

/// One count over a stretch of days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// A kind of line, as its leaf has it (`linking.warn`), or what a step did (`stage.warned`).
    pub what: String,
    /// Which of them: a stage, an outcome, a ground. Empty for lines.
    pub detail: String,
    /// Who, as the leaf has it: `party:…`, `person:…`, `house`.
    pub actor: String,
    pub n: u64,
}

/// One count of one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthFigure {
    /// `2026-11`.
    pub month: String,
    pub what: String,
    pub detail: String,
    pub n: u64,
}

/// What one transaction counts, before it is written.
#[derive(Default)]
pub(crate) struct Counted {
    counts: BTreeMap<(String, String, String, String), i64>,
    /// The last instant whose day was asked for, with its rules and its day.
    day: Option<(Timestamp, Option<String>, String)>,
}

impl Counted {
    /// A line entered under a regime, counted by kind and by who made it come about. Anybody can
    /// count these again from the published leaves.
    pub fn line(&mut self, regime: Option<&Regime>, kind: &Kind, actor: &Actor, at: Timestamp) {
        let day = self.day(regime, at);
        self.add(day, kind.to_string(), String::new(), actor.to_string());
    }

    /// What a step did to a case: where it stood, what happened, where it stands.
    pub fn step(
        &mut self,
        regime: &Regime,
        before: &State,
        event: &Event,
        after: &Case,
        effects: &[Effect],
        at: Timestamp,
    ) {
        let day = self.day(Some(regime), at);
        let mut note = |what: &str, detail: String, actor: String| {
            self.add(day.clone(), what.to_owned(), detail, actor);
        };
        let provider = format!("party:{}", after.subject.provider());
        match event {
            Event::NoticeAccepted { .. } => note("notice", String::new(), provider.clone()),
            Event::QuestionAsked { .. } => note("question", String::new(), provider.clone()),
            Event::Answered { outcome, .. } => {
                note("answer", outcome.name().to_owned(), provider.clone());
            }
            Event::AuthorisationRequested { reviewer, .. } => {
                note("review", "requested".to_owned(), format!("person:{reviewer}"));
            }
            Event::AuthorisationHandedOver { from, .. } => {
                note("review", "handed_over".to_owned(), format!("person:{from}"));
            }
            Event::AuthorisationGranted { grant } => {
                let reviewer = &grant.statement().reviewer;
                note("review", "granted".to_owned(), format!("person:{reviewer}"));
            }
            Event::AuthorisationRefused { denial } => {
                let reviewer = &denial.statement().reviewer;
                note("review", "refused".to_owned(), format!("person:{reviewer}"));
            }
            _ => {}
        }
        for effect in effects {
            if let Effect::RaiseAlarm { alarm } = effect {
                if let (Alarm::ReviewLapsed { .. }, Some(reviewer)) = (alarm, reviewer_of(before)) {
                    note("review", "lapsed".to_owned(), format!("person:{reviewer}"));
                }
                note("alarm", alarm.name().to_owned(), provider.clone());
            }
        }
        self.rungs(regime, before, event, after, at);
    }

    /// What a step did on the ladder, by rung.
    fn rungs(
        &mut self,
        regime: &Regime,
        before: &State,
        event: &Event,
        after: &Case,
        at: Timestamp,
    ) {
        let (State::Ladder(before), State::Ladder(now)) = (before, &after.state) else { return };
        let rung = |place: Option<usize>| {
            let rules = regime.at(at).ok();
            let rung = place.and_then(|place| rules?.stages.get(place).map(|rung| rung.id.clone()));
            rung.unwrap_or_else(|| "none".to_owned())
        };
        let day = self.day(Some(regime), at);
        let mut note = |what: &str, detail: String| {
            self.add(day.clone(), what.to_owned(), detail, String::new());
        };
        if let Event::Decided(decision) = event {
            let what = match decision.verdict {
                Verdict::Send => "stage.decided_send",
                Verdict::Close => "stage.decided_close",
            };
            note(what, rung(before.stage()));
            note("ground", ground(decision.ground).to_owned());
        }
        let (was, is) = (standing(before), standing(now));
        if was == is {
            return;
        }
        match is.0 {
            // A request that was refused or lapsed leaves the stage as it was.
            Some("barred") if was.0 == Some("under_review") => {}
            Some(
                name @ ("proposed" | "barred" | "warned" | "contradictory" | "deliberating"
                | "transmitted"),
            ) => {
                note(&format!("stage.{name}"), rung(is.1));
                if name == "contradictory" && was.0 == Some("sending") {
                    note("stage.warned", rung(is.1));
                }
            }
            None if was.0.is_some() => note("closed", now.name().to_owned()),
            _ => {}
        }
    }

    fn add(&mut self, day: String, what: String, detail: String, actor: String) {
        *self.counts.entry((day, what, detail, actor)).or_default() += 1;
    }

    /// The local day of the rules; of UTC for what follows no rules.
    fn day(&mut self, regime: Option<&Regime>, at: Timestamp) -> String {
        let id = regime.map(Regime::id);
        if let Some((known_at, known, day)) = &self.day
            && (*known_at, known.as_deref()) == (at, id)
        {
            return day.clone();
        }
        let day = match regime {
            Some(regime) => regime.zone().day_of(at).to_string(),
            None => at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string(),
        };
        self.day = Some((at, id.map(str::to_owned), day.clone()));
        day
    }

    /// Writes all of it.
    pub fn write(&self, tx: &mut Tx, authority: &AuthorityId) -> Result<(), Trouble> {
        for ((day, what, detail, actor), n) in &self.counts {
            tx.execute(
                "-- figure-add
                 INSERT INTO figure (authority, day, what, detail, actor, n)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (authority, day, what, detail, actor)
                 DO UPDATE SET n = figure.n + excluded.n",
                &[
                    authority.as_str().into(),
                    Value::Text(day),
                    Value::Text(what),
                    Value::Text(detail),
                    Value::Text(actor),
                    (*n).into(),
                ],
            )?;
        }
        Ok(())
    }
}

/// The name of a standing on the ladder that figures tell apart, and its rung; no name once closed.
fn standing(state: &ladder::State) -> (Option<&'static str>, Option<usize>) {
    match state.bare() {
        ladder::State::Closed { .. } => (None, None),
        bare => (Some(bare.name()), bare.stage()),
    }
}

/// Before whom a request for leave lies.
fn reviewer_of(state: &State) -> Option<String> {
    match state {
        State::Ladder(state) => match state.bare() {
            ladder::State::UnderReview { reviewer, .. } => Some(reviewer.to_string()),
            _ => None,
        },
        State::Identification(_) | State::Measure(_) => None,
    }
}

/// The ground's wire name.
fn ground(ground: entremise_core::event::Ground) -> &'static str {
    use entremise_core::event::Ground;
    match ground {
        Ground::FactsEstablished => "facts_established",
        Ground::EvidenceWeak => "evidence_weak",
        Ground::Discretion => "discretion",
        Ground::AlreadyAnswered => "already_answered",
    }
}

impl Store {
    /// What was counted on the days from `first` to `last`, both included.
    pub fn figures(
        &self,
        authority: &AuthorityId,
        first: Date,
        last: Date,
    ) -> Result<Vec<Figure>, Trouble> {
        let (first, last) = (first.to_string(), last.to_string());
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- figures
                 SELECT what, detail, actor, CAST(SUM(n) AS bigint) FROM figure
                 WHERE authority = $1 AND day >= $2 AND day <= $3
                 GROUP BY what, detail, actor ORDER BY what, detail, actor",
                &[authority.as_str().into(), Value::Text(&first), Value::Text(&last)],
            )
        })?;
        rows.iter()
            .map(|row| {
                Ok(Figure {
                    what: row.text(0)?.to_owned(),
                    detail: row.text(1)?.to_owned(),
                    actor: row.text(2)?.to_owned(),
                    n: count(row.integer(3)?),
                })
            })
            .collect()
    }

    /// What was counted in each month of these days, without who.
    pub fn figures_by_month(
        &self,
        authority: &AuthorityId,
        first: Date,
        last: Date,
    ) -> Result<Vec<MonthFigure>, Trouble> {
        let (first, last) = (first.to_string(), last.to_string());
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- figures-by-month
                 SELECT SUBSTR(day, 1, 7), what, detail, CAST(SUM(n) AS bigint) FROM figure
                 WHERE authority = $1 AND day >= $2 AND day <= $3
                 GROUP BY SUBSTR(day, 1, 7), what, detail ORDER BY 1, 2, 3",
                &[authority.as_str().into(), Value::Text(&first), Value::Text(&last)],
            )
        })?;
        rows.iter()
            .map(|row| {
                Ok(MonthFigure {
                    month: row.text(0)?.to_owned(),
                    what: row.text(1)?.to_owned(),
                    detail: row.text(2)?.to_owned(),
                    n: count(row.integer(3)?),
                })
            })
            .collect()
    }
}

fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}
