//! The watcher: reads what happened and what was asked of the world, and says when a property is
//! broken. It remembers its own account of the story and never looks at why a procedure did
//! something; what it demands of a day are that day's rules.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde::Serialize;

use super::story::Because;
use super::{Property, measure};
use crate::authorisation::Grant;
use crate::case::{Case, State};
use crate::effect::Effect;
use crate::event::{DeliveryReport, DeliveryStatus, Event, Verdict};
use crate::id::{AuthorisationId, PersonId};
use crate::identification::Purpose;
use crate::regime::Regime;
use crate::regime::rules::{ChannelKind, Consequence, Mode, Proof, Stage};
use crate::step::Step;

/// C-470/21, 30 April 2024: from then on a third linking, and one for a finding, needs a prior
/// review and a person's decision, whatever the file says.
const REVIEWED_FROM: Date = date(2024, 4, 30);

/// What has been seen of a story so far.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Watch {
    /// The fact that brought the step which is being taken.
    leading: Option<Timestamp>,
    /// The stage that a person decided to enter, or that the rules let anyone enter.
    cleared: Option<usize>,
    /// By stage: the first proof that its message arrived as the law wants it.
    clocks: BTreeMap<usize, Timestamp>,
    /// The stage whose message left last. What led there was judged then, and is forgotten.
    sent: Option<usize>,
    /// The request that lies before a reviewer, and who made it.
    asked: Option<(AuthorisationId, PersonId)>,
    /// The person asked to be heard, and was not yet.
    hearing_awaited: bool,
    /// What concerns measures.
    measure: measure::Watch,
    /// The erasure of the personal data was asked for, or another case answers for them.
    pub(super) erased: bool,
}

/// One step, as the watcher sees it.
pub(super) struct Seen<'a> {
    pub before: &'a Case,
    pub event: &'a Event,
    pub at: Timestamp,
    pub step: &'a Step<State>,
    pub regime: &'a Regime,
}

impl Watch {
    /// Takes a step into account, and says what it broke.
    pub(super) fn see(&mut self, seen: &Seen<'_>) -> Vec<(Property, Because)> {
        self.note(seen);
        let mut broken = Vec::new();
        let tried = seen.regime.at(seen.at).is_ok_and(|rules| rules.mode == Mode::Pilot);
        let trial = tried || seen.before.authority.is_pilot();
        for effect in &seen.step.effects {
            if trial && leaves(effect) {
                let because = Because::LeftInPilot { effect: effect.name() };
                broken.push((Property::NothingSentInPilot, because));
            }
            self.judge(effect, seen, &mut broken);
        }
        broken.extend(self.measure.see(seen));
        broken
    }

    /// What the event itself tells.
    fn note(&mut self, seen: &Seen<'_>) {
        let stage = stage_of(&seen.before.state);
        match seen.event {
            Event::FactEstablished { fact } if moved(seen) => {
                self.leading = Some(fact.fact_at);
                self.cleared = None;
                if stage_of(&seen.step.state) == Some(0) {
                    self.clocks.clear();
                    self.sent = None;
                }
            }
            Event::Decided(decision) if decision.verdict == Verdict::Send => self.cleared = stage,
            Event::Delivery(report) if self.sent == Some(report.stage) => {
                let rung = rung(report.stage, seen.at, seen.regime);
                if rung.is_some_and(|rung| proves(report, rung)) {
                    self.clocks.entry(report.stage).or_insert(report.at);
                }
            }
            Event::AuthorisationRequested { request, decision, .. } => {
                self.cleared = stage.filter(|_| decision.verdict == Verdict::Send);
                self.asked = Some((*request, decision.by.clone()));
            }
            Event::AuthorisationRefused { .. } => self.asked = None,
            Event::HearingRequested { .. } => self.hearing_awaited = true,
            Event::HearingHeld { .. } | Event::HearingMissed { .. } => self.hearing_awaited = false,
            Event::DeadlinePassed if moved(seen) => self.asked = None,
            _ => {}
        }
    }

    /// What the step asks of the world. Each effect is named: a new one must be judged here.
    fn judge(&mut self, effect: &Effect, seen: &Seen<'_>, broken: &mut Vec<(Property, Because)>) {
        match effect {
            Effect::RequestDisclosure { stage, purpose, sequence, .. } => {
                self.linking(*stage, (*purpose, *sequence), seen, broken);
            }
            Effect::RelayMessage { stage, purpose, sequence, .. } => {
                self.linking(*stage, (*purpose, *sequence), seen, broken);
                self.message(*stage, seen, broken);
            }
            Effect::SendMessage { stage, .. } => self.message(*stage, seen, broken),
            // The person asked for it, and it rests on the linking of the finding.
            Effect::SendConvocation { .. } => {}
            // Nobody is answered but in a person's own words, or by a time that the regime set.
            Effect::SendAnswer { stage, answer, .. } => {
                let answered = match (seen.event, answer) {
                    (Event::ChallengeAnswered(given), Some(told)) => given == told,
                    (event, None) => matches!(event, Event::DeadlinePassed),
                    _ => false,
                };
                if !answered {
                    let because = Because::NobodyDecided { stage: *stage };
                    broken.push((Property::NoSanctionWithoutPerson, because));
                }
            }
            Effect::RequestAuthorisedDisclosure { stage, grant, .. } => {
                if !self.granted(grant, seen) {
                    let because = Because::NotThisGrant;
                    broken.push((Property::NoThirdLinkingWithoutGrant, because));
                }
                self.asked = None;
                self.decided(*stage, broken);
                self.clocks.remove(stage);
            }
            Effect::TransmitFile { stage, decision } => {
                let decided = matches!(seen.event, Event::Deliberated(taken) if taken == decision);
                if !decided {
                    let because = Because::NobodyDecided { stage: *stage };
                    broken.push((Property::NoSanctionWithoutPerson, because));
                }
                if !self.was_heard(*stage, seen) {
                    let because = Because::NotHeard { stage: *stage };
                    broken.push((Property::NoStageSkipped, because));
                }
            }
            // What is only tried must be as lawful as what is done.
            Effect::KeepInHouse { instead_of } => self.judge(instead_of, seen, broken),
            Effect::EstablishFact { .. } | Effect::ErasePersonalData => self.erased = true,
            // What is ordered of a provider is judged by `measure`; a case that opens is another's.
            Effect::OpenMeasure { .. }
            | Effect::OrderMeasure { .. }
            | Effect::NotifyMeasure { .. } => {}
            Effect::AskProvider { .. } | Effect::RaiseAlarm { .. } => {}
        }
    }

    /// A linking that no reviewer allowed.
    fn linking(
        &mut self,
        stage: usize,
        (purpose, sequence): (Purpose, u32),
        seen: &Seen<'_>,
        broken: &mut Vec<(Property, Because)>,
    ) {
        let rung = rung(stage, seen.at, seen.regime);
        let finding = purpose == Purpose::Finding;
        let gated = rung.is_some_and(|rung| rung.gate.is_some());
        let reviewed = seen.regime.day_of(seen.at) >= REVIEWED_FROM;
        if gated || (reviewed && (finding || sequence >= 3)) {
            let because = Because::LinkedWithoutGrant { sequence };
            broken.push((Property::NoThirdLinkingWithoutGrant, because));
        }
        let decides = rung.is_some_and(|rung| rung.decides.is_some());
        if !decides && !finding {
            self.cleared = Some(stage);
        }
        self.decided(stage, broken);
        // Asked again, because the first way reached nobody: that proof proves nothing.
        self.clocks.remove(&stage);
    }

    /// A message on its way to a person. What led to its stage is judged at its first message.
    fn message(&mut self, stage: usize, seen: &Seen<'_>, broken: &mut Vec<(Property, Because)>) {
        self.decided(stage, broken);
        if self.sent != Some(stage) {
            self.in_order(stage, seen.regime, broken);
            self.sent = Some(stage);
            self.leading = None;
            self.clocks.clear();
        }
    }

    /// Whether the letter's proof is old enough for the person to have answered it, and no hearing
    /// is awaited.
    fn was_heard(&self, stage: usize, seen: &Seen<'_>) -> bool {
        let Some(started) = self.clocks.get(&stage) else { return false };
        let hears = rung(stage, *started, seen.regime).and_then(|rung| rung.hears.as_ref());
        let (zone, calendar) = (seen.regime.zone(), seen.regime.calendar());
        !self.hearing_awaited
            && hears.is_some_and(|hears| {
                let span = hears.observations_within;
                crate::deadline::ends_at(*started, span, zone, calendar) <= seen.at
            })
    }

    /// Whether this step's event is a ruling on the request that was made, by somebody else than
    /// whoever made it, in time, and this is the grant.
    fn granted(&self, grant: &Grant, seen: &Seen<'_>) -> bool {
        let ruled =
            matches!(seen.event, Event::AuthorisationGranted { grant: given } if given == grant);
        let statement = grant.statement();
        let on_request = self.asked.as_ref().is_some_and(|(request, by)| {
            *request == statement.request && *by != statement.reviewer
        });
        ruled && on_request && seen.at < statement.expires_at
    }

    fn decided(&self, stage: usize, broken: &mut Vec<(Property, Because)>) {
        if self.cleared != Some(stage) {
            broken.push((Property::NoSanctionWithoutPerson, Because::NobodyDecided { stage }));
        }
    }

    fn in_order(&self, stage: usize, regime: &Regime, broken: &mut Vec<(Property, Because)>) {
        let Some(below) = stage.checked_sub(1) else { return };
        let mut skipped = |because| broken.push((Property::NoStageSkipped, because));
        let Some(started) = self.clocks.get(&below) else {
            return skipped(Because::NoClock { stage, below });
        };
        let ends_at = window(below, *started, regime);
        match self.leading {
            Some(fact) if fact > *started && ends_at.is_some_and(|end| fact < end) => {}
            _ => skipped(Because::OutsideWindow { stage, below }),
        }
    }
}

/// Whether an effect asks who somebody is, or writes to them. The question who held an address
/// names nobody: its answer is a handle.
fn leaves(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::RequestDisclosure { .. }
            | Effect::RequestAuthorisedDisclosure { .. }
            | Effect::RelayMessage { .. }
            | Effect::SendMessage { .. }
            | Effect::SendConvocation { .. }
            | Effect::SendAnswer { .. }
            | Effect::TransmitFile { .. }
            | Effect::OrderMeasure { .. }
            | Effect::NotifyMeasure { .. }
    )
}

/// Whether a fact brought a step, or only joined one.
fn moved(seen: &Seen<'_>) -> bool {
    let (before, after) = (&seen.before.state, &seen.step.state);
    before.name() != after.name() || stage_of(before) != stage_of(after)
}

pub(super) fn stage_of(state: &State) -> Option<usize> {
    match state {
        State::Ladder(state) => state.stage(),
        State::Identification(_) | State::Measure(_) => None,
    }
}

/// Whether this news proves what the stage's clock waits for (CPI L331-20, R335-5 II).
fn proves(report: &DeliveryReport, rung: &Stage) -> bool {
    // Of a mail, and of a letter that nobody signs for, no presentation can be proven.
    let signed_for = report.channel == ChannelKind::RegisteredLetter;
    match (report.status, rung.clock.starts_at) {
        (DeliveryStatus::HandedOver, starts_at) => starts_at == Proof::HandedOver,
        (DeliveryStatus::Presented | DeliveryStatus::Delivered, Proof::Presented) => signed_for,
        (DeliveryStatus::Returned(reason), _) => {
            let consequence = rung.clock.returned.get(&reason);
            signed_for && consequence == Some(&Consequence::CountsAsPresented)
        }
        _ => false,
    }
}

fn rung(stage: usize, at: Timestamp, regime: &Regime) -> Option<&Stage> {
    regime.at(at).ok()?.stages.get(stage)
}

/// The first instant after the window that a clock opens.
fn window(stage: usize, started: Timestamp, regime: &Regime) -> Option<Timestamp> {
    let rung = rung(stage, started, regime)?;
    let span = rung.clock.repeat_within;
    Some(crate::deadline::ends_at(started, span, regime.zone(), regime.calendar()))
}
