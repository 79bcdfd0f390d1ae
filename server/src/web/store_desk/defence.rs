//! What a case says about the person's side, for its page.

use entremise_core::case::State;
use entremise_core::procedure::ladder::{self, Defence, Hearing};
use entremise_core::regime::rules::Rules;
use jiff::Timestamp;

use crate::web::defence::desk::DefenceView;

/// None where no finding was sent to the person, or where its rules hear nobody.
pub(super) fn view(state: &State, rules: &Rules, now: Timestamp) -> Option<DefenceView> {
    let State::Ladder(state) = state else { return None };
    let plain = |defence: &Defence| DefenceView {
        defence: defence.clone(),
        writes: false,
        convenes: false,
        records: false,
        deliberates: false,
        awaits_outcome: false,
    };
    match state.bare() {
        ladder::State::Sending { stage, defence, .. } => {
            rules.stages.get(*stage)?.hears.as_ref()?;
            Some(DefenceView { writes: true, ..plain(defence) })
        }
        ladder::State::Contradictory { heard, .. } => {
            let come =
                matches!(heard.defence.hearing, Hearing::Convened { slot, .. } if slot <= now);
            Some(DefenceView {
                writes: true,
                convenes: heard.defence.hearing.is_awaited(),
                records: come,
                ..plain(&heard.defence)
            })
        }
        ladder::State::Deliberating { heard, .. } => {
            Some(DefenceView { writes: true, deliberates: true, ..plain(&heard.defence) })
        }
        ladder::State::Transmitted { heard, .. } => {
            Some(DefenceView { awaits_outcome: true, ..plain(&heard.defence) })
        }
        _ => None,
    }
}
