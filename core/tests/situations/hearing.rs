//! What a person says after a finding, and what is decided, as situations write it.

use entremise_core::event::{AnswerReport, ConvocationReport, Event};
use entremise_core::id::{Digest, PersonId};
use entremise_core::procedure::ladder::{ChallengeAnswer, Deliberated};
use entremise_core::regime::rules::ChannelKind;
use jiff::Timestamp;

use super::file::Step;
use super::world::{Because, status, text, wanted, word};

/// The event of a step, if it is one of these. `slot` is when a hearing is convened for, or when
/// the challenge came whose answer is reported on.
pub fn event(on: &Step, at: Timestamp, slot: Option<Timestamp>) -> Result<Option<Event>, Because> {
    let received_at = at;
    Ok(Some(match on.event.as_str() {
        "observations_received" => {
            Event::ObservationsReceived { document: digest("a")?, received_at }
        }
        "situation_stated" => Event::SituationStated { document: digest("b")?, received_at },
        "challenge_received" => Event::ChallengeReceived {
            grounds: on.grounds.iter().map(|ground| word(ground)).collect::<Result<_, _>>()?,
            document: digest("7")?,
            received_at,
        },
        "challenge_answered" => Event::ChallengeAnswered(ChallengeAnswer {
            by: member()?,
            verdict: word(wanted(&on.verdict, "verdict")?)?,
            reasons: digest("8")?,
        }),
        "answer_reported" => Event::AnswerReported(AnswerReport {
            stage: 0,
            challenged_at: slot.ok_or("an answer is to a challenge, that came at its slot")?,
            channel: word(wanted(&on.channel, "channel")?)?,
            status: status(on)?,
            at,
        }),
        "hearing_requested" => Event::HearingRequested { received_at },
        "hearing_convened" => {
            Event::HearingConvened { by: member()?, slot: slot.ok_or("a hearing needs its slot")? }
        }
        "convocation_reported" => Event::ConvocationReported(ConvocationReport {
            slot: slot.ok_or("a convocation is to a slot")?,
            channel: ChannelKind::RegisteredLetter,
            status: status(on)?,
            at,
        }),
        "hearing_held" => Event::HearingHeld {
            by: member()?,
            record: digest("c")?,
            counsel: true,
            copied: on.copied.unwrap_or(true),
            held_at: at,
        },
        "hearing_missed" => Event::HearingMissed { by: member()? },
        "deliberated" => Event::Deliberated(Deliberated {
            by: member()?,
            outcome: word(wanted(&on.outcome, "outcome")?)?,
            reasons: digest("d")?,
            examined: digest("e")?,
        }),
        "outcome_reported" => Event::OutcomeReported {
            by: member()?,
            outcome: word(wanted(&on.outcome, "outcome")?)?,
            judgment: digest("f")?,
            measures: super::measures::pronounced(on, at)?.into_iter().collect(),
        },
        _ => return Ok(None),
    }))
}

fn member() -> Result<PersonId, Because> {
    "membre".parse().map_err(text)
}

fn digest(letter: &str) -> Result<Digest, Because> {
    letter.repeat(64).parse().map_err(text)
}
