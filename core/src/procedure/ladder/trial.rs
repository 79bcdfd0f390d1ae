//! A regime that is tried before it is lived by: real notices, real decisions, and nothing that
//! reaches anybody. What a step would have asked of the world is not asked, and the case ends
//! there; its data go as the rules of keeping say.

use jiff::Timestamp;

use super::{Closure, State, closed};
use crate::effect::Effect;
use crate::regime::Regime;
use crate::regime::rules::Mode;
use crate::step::Step;

/// The step as it may be taken on this day: as it is, or, during a trial, without whatever would
/// link somebody or reach somebody.
pub(super) fn kept_in_house(step: Step<State>, now: Timestamp, regime: &Regime) -> Step<State> {
    let trial = regime.at(now).is_ok_and(|rules| rules.mode == Mode::Pilot);
    if !trial || !step.effects.iter().any(leaves) {
        return step;
    }
    let effects = step.effects.into_iter().filter(|effect| !leaves(effect)).collect();
    Step { state: closed(Closure::Trial, now), effects }
}

/// Whether an effect asks who somebody is, or writes to them.
fn leaves(effect: &Effect) -> bool {
    match effect {
        Effect::RequestDisclosure { .. }
        | Effect::RequestAuthorisedDisclosure { .. }
        | Effect::RelayMessage { .. }
        | Effect::SendMessage { .. }
        | Effect::TransmitFile { .. } => true,
        Effect::AskProvider { .. }
        | Effect::EstablishFact { .. }
        | Effect::ErasePersonalData
        | Effect::RaiseAlarm { .. } => false,
    }
}
