//! What is tried before it is lived by: real notices, real decisions, and nothing that reaches
//! anybody.
//!
//! There are two ways. A *pilot* is run under an authority's name of its own: its cases go the
//! whole way up, and what would have left the house is carried out inside it. A *regime* that is
//! only tried on a day stops every other case: what a step would have asked of the world is not
//! asked, and the case ends there; its data go as the rules of keeping say.

use jiff::Timestamp;

use crate::effect::Effect;
use crate::regime::Regime;
use crate::regime::rules::Mode;
use crate::step::Step;

/// The step as it may be taken: as it is, or without whatever would link or reach somebody. Every
/// step of a case about a person passes here, so that no case of a pilot has a way out. `stopped`
/// is where a case ends that the regime of the day only tries.
pub(super) fn kept_in_house<State>(
    step: Step<State>,
    of_pilot: bool,
    now: Timestamp,
    regime: &Regime,
    stopped: impl FnOnce() -> State,
) -> Step<State> {
    if !step.effects.iter().any(leaves) {
        return step;
    }
    if of_pilot {
        let effects = step.effects.into_iter().map(instead).collect();
        return Step { state: step.state, effects };
    }
    if regime.at(now).is_ok_and(|rules| rules.mode == Mode::Pilot) {
        let effects = step.effects.into_iter().filter(|effect| !leaves(effect)).collect();
        return Step { state: stopped(), effects };
    }
    step
}

/// What is done during a pilot in place of what would have left.
fn instead(effect: Effect) -> Effect {
    if leaves(&effect) { Effect::KeepInHouse { instead_of: Box::new(effect) } } else { effect }
}

/// Whether an effect asks who somebody is, or writes to them.
pub(crate) fn leaves(effect: &Effect) -> bool {
    match effect {
        Effect::RequestDisclosure { .. }
        | Effect::RequestAuthorisedDisclosure { .. }
        | Effect::RelayMessage { .. }
        | Effect::SendMessage { .. }
        | Effect::SendConvocation { .. }
        | Effect::SendAnswer { .. }
        | Effect::TransmitFile { .. }
        | Effect::OrderMeasure { .. }
        | Effect::NotifyMeasure { .. } => true,
        Effect::AskProvider { .. }
        | Effect::EstablishFact { .. }
        | Effect::KeepInHouse { .. }
        | Effect::OpenMeasure { .. }
        | Effect::ErasePersonalData
        | Effect::RaiseAlarm { .. } => false,
    }
}
