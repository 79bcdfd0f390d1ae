//! What the watcher remembers of a measure: whether it may be carried out, what was last ordered of
//! the provider, and whether that is proven to be over. It reads events and effects only.

use jiff::Timestamp;
use serde::Serialize;

use super::Property;
use super::story::Because;
use super::watch::Seen;
use crate::case::{Case, State, Subject};
use crate::effect::{Alarm, Effect};
use crate::event::Event;
use crate::procedure::measure::{
    AppealOutcome, Demand, HowEnded, ProviderReport, Reported, Terms, Window,
};
use crate::regime::Regime;

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Watch {
    /// The registry's word counts: the time to appeal was over, and nobody appealed.
    enforceable: bool,
    /// When the judgment that counts was given.
    judged_at: Option<Timestamp>,
    appealed: bool,
    terms: Option<Terms>,
    /// What the newest order asks for.
    carried: Option<Window>,
    /// Orders since the one that last had it carried out; no more than is ever asked about.
    since_carried: u32,
    /// Ordered once, and nothing proves that it is over.
    may_run: bool,
    /// A person was told that it may not be over.
    alarmed: bool,
}

impl Watch {
    /// Takes a step into account, and says what it broke.
    pub(super) fn see(&mut self, seen: &Seen<'_>) -> Vec<(Property, Because)> {
        let Subject::Measure(pronounced) = &seen.before.subject else { return Vec::new() };
        if self.terms.is_none() {
            self.terms = Some(pronounced.sentence.terms);
            self.judged_at = Some(pronounced.sentence.pronounced_at);
        }
        self.note(seen);
        let mut broken = Vec::new();
        for effect in &seen.step.effects {
            match effect {
                Effect::OrderMeasure { demand: Demand::Carry { window, .. }, .. } => {
                    self.since_carried = 0;
                    self.carry(*window, seen, &mut broken);
                }
                Effect::OrderMeasure { demand: Demand::Lift, .. } => {
                    self.since_carried = 3.min(self.since_carried + 1);
                    self.carried = None;
                }
                Effect::RaiseAlarm { alarm: Alarm::MeasureNotLifted } => self.alarmed = true,
                _ => {}
            }
        }
        if seen.step.state.is_closed() && self.may_run && !self.alarmed {
            broken.push((Property::EveryMeasureLifted, Because::NotLifted));
        }
        broken
    }

    fn note(&mut self, seen: &Seen<'_>) {
        match seen.event {
            Event::EnforceabilityConfirmed { at, .. } => {
                let end = appeal_end(seen.before, self.judged_at, seen.regime);
                self.enforceable = !self.appealed && end.is_none_or(|end| end <= *at);
            }
            Event::AppealFiled { .. } => (self.enforceable, self.appealed) = (false, true),
            Event::AppealDecided { outcome, decided_at, .. } => {
                self.judged_at = Some(*decided_at);
                self.appealed = *outcome == AppealOutcome::Quashed;
                if let AppealOutcome::Varied { terms } = outcome {
                    self.terms = Some(*terms);
                }
            }
            Event::MeasureVaried { terms, .. } => self.terms = Some(*terms),
            Event::MeasureReported(report) => self.reported(report, seen.before),
            Event::LiftingProven { .. } => self.may_run = false,
            _ => {}
        }
    }

    /// An end proves something of the order that it speaks of: what was lifted, stopped or never
    /// begun may run by a later one. What expired at the provider is not taken up by any.
    fn reported(&mut self, report: &ProviderReport, before: &Case) {
        let State::Measure(state) = &before.state else { return };
        let newest = state.life().map_or(0, |life| life.version);
        let is_of_it = newest <= report.version + self.since_carried;
        match report.reported {
            Reported::Ended { how, .. } if how == HowEnded::Expired || is_of_it => {
                self.may_run = false;
            }
            Reported::Implemented { .. } if is_of_it && self.carried.is_some() => {
                self.may_run = true;
            }
            _ => {}
        }
    }

    /// The provider is to carry it out.
    fn carry(&mut self, window: Window, seen: &Seen<'_>, broken: &mut Vec<(Property, Because)>) {
        if !self.enforceable {
            let because = Because::NotEnforceable;
            broken.push((Property::NoMeasureWithoutJudgment, because));
        }
        let days = self.terms.map_or(0, Terms::days);
        let zone = seen.regime.zone();
        let (first, end) = (zone.day_of(window.starts_at), zone.day_of(window.ends_at));
        let asked = end.since(first).map_or(i32::MAX, |span| span.get_days());
        let too_long = i64::from(asked) > i64::from(days) || window.ends_at <= seen.at;
        let over = matches!(&seen.before.state, State::Measure(state)
            if state.bare().name() == "lifting");
        if too_long || over || !is_law(seen) {
            broken.push((Property::NothingAfterTheEnd, Because::OrderedTooLong));
        }
        let shortened = self.carried.is_some_and(|before| {
            before.starts_at == window.starts_at && window.ends_at <= before.ends_at
        });
        if *seen.event == Event::DeadlinePassed && !shortened {
            broken.push((Property::TimeNeverHardens, Because::HardenedByTime));
        }
        self.carried = Some(window);
        (self.may_run, self.alarmed) = (true, false);
    }
}

/// The first instant at which the judgment may be appealed no more.
fn appeal_end(case: &Case, judged_at: Option<Timestamp>, regime: &Regime) -> Option<Timestamp> {
    let Subject::Measure(pronounced) = &case.subject else { return None };
    let sentence = &pronounced.sentence;
    let rules = regime.at(sentence.pronounced_at).ok()?;
    let rule = rules.measures.iter().find(|rule| rule.id == sentence.measure)?;
    let (zone, calendar) = (regime.zone(), regime.calendar());
    Some(crate::deadline::ends_at(judged_at?, rule.appeal_within?, zone, calendar))
}

/// Whether the law of the day still knows the measure, where it ends with the law that knew it.
fn is_law(seen: &Seen<'_>) -> bool {
    let Subject::Measure(pronounced) = &seen.before.subject else { return false };
    let sentence = &pronounced.sentence;
    let rule_of = |at| {
        let rules = seen.regime.at(at).ok()?;
        rules.measures.iter().find(|rule| rule.id == sentence.measure)
    };
    let ends = rule_of(sentence.pronounced_at).is_some_and(|rule| rule.milder_law.is_some());
    !ends || rule_of(seen.at).is_some()
}
