//! How those answer who were never asked: plainly, and the same way every time.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::event::{Decision, DeliveryReport, DeliveryStatus, Event, Fact, Ground, Verdict};
use crate::id::{Digest, PersonId, QuestionId};
use crate::procedure::ladder::{Deliberated, State};
use crate::regime::Regime;
use crate::regime::rules::{ChannelKind, DeliberationOutcome, SenderKind, Span};

/// What is assumed. Every figure stands in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// A member says yes after so long.
    pub decides_after_hours: i64,
    /// A provider says how a subscriber is reached after so long.
    pub discloses_after_hours: i64,
    /// A mail is handed over after so long.
    pub mailed_after_minutes: i64,
    /// A letter is handed over after so long.
    pub posted_after_hours: i64,
    /// And presented so long after the message was asked for.
    pub presented_after_hours: i64,
    /// A member deliberates after so long.
    pub deliberates_after_hours: i64,
    /// Of a thousand files before the member, how many go to the prosecutor. 1,526 of 3,844 did in
    /// 2023, as the press reports it.
    pub transmitted_per_thousand: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            decides_after_hours: 5 * 24,
            discloses_after_hours: 2,
            mailed_after_minutes: 10,
            posted_after_hours: 24,
            presented_after_hours: 4 * 24,
            deliberates_after_hours: 10 * 24,
            transmitted_per_thousand: 397,
        }
    }
}

impl Policy {
    /// Whether a notice that was taken then is taken under these rules: by its age. What was
    /// rejected then is not in the history, and stays out.
    pub(super) fn admits(&self, fact: &Fact, regime: &Regime) -> bool {
        let Ok(rules) = regime.at(fact.received_at) else { return false };
        let most = rules.intake.facts_at_most_months.get(&SenderKind::RightsHolderBody);
        most.is_none_or(|months| {
            let path = "intake.facts_at_most.rights_holder_body";
            let span = Span::Months(*months);
            fact.received_at < regime.deadline(fact.fact_at, span, "observed", path).ends_at
        })
    }

    /// The answers that nobody gave then. `is_told`: the case stood so in the history, and what was
    /// answered then is on its way; only messages by other channels than `told` lack their news.
    pub(super) fn answers(
        &self,
        state: &State,
        effects: &[Effect],
        is_told: bool,
        told: &[ChannelKind],
        at: Timestamp,
    ) -> Vec<(Timestamp, Event)> {
        let hours = |hours: i64| later(at, SignedDuration::from_hours(hours));
        let mut answers = Vec::new();
        for effect in effects {
            match effect {
                Effect::SendMessage { stage, channel, .. } if !told.contains(channel) => {
                    answers.extend(self.carried(*stage, *channel, at));
                }
                Effect::RelayMessage { stage, .. } if !told.contains(&ChannelKind::Email) => {
                    answers.extend(self.carried(*stage, ChannelKind::Email, at));
                }
                Effect::RequestDisclosure { fields, .. } if !is_told => {
                    let question = QuestionId(uuid::Uuid::nil());
                    let event = Event::Disclosed { question, fields: fields.clone() };
                    answers.push((hours(self.discloses_after_hours), event));
                }
                _ => {}
            }
        }
        match state {
            State::Proposed { .. } if !is_told => {
                let decision = Decision {
                    by: nobody(),
                    verdict: Verdict::Send,
                    ground: Ground::FactsEstablished,
                };
                answers.push((hours(self.decides_after_hours), Event::Decided(decision)));
            }
            State::Deliberating { heard, .. } if !is_told => {
                let outcome = self.outcome(&heard.facts.leading);
                let deliberated =
                    Deliberated { by: nobody(), outcome, reasons: nothing(), examined: nothing() };
                let event = Event::Deliberated(deliberated);
                answers.push((hours(self.deliberates_after_hours), event));
            }
            _ => {}
        }
        answers
    }

    fn carried(
        &self,
        stage: usize,
        channel: ChannelKind,
        at: Timestamp,
    ) -> Vec<(Timestamp, Event)> {
        let news = |after: SignedDuration, status| {
            let at = later(at, after);
            (at, Event::Delivery(DeliveryReport { stage, channel, status, at }))
        };
        let hours = SignedDuration::from_hours;
        match channel {
            ChannelKind::Email => {
                let after = SignedDuration::from_mins(self.mailed_after_minutes);
                vec![news(after, DeliveryStatus::HandedOver)]
            }
            ChannelKind::Letter => {
                vec![news(hours(self.posted_after_hours), DeliveryStatus::HandedOver)]
            }
            ChannelKind::RegisteredLetter => vec![
                news(hours(self.posted_after_hours), DeliveryStatus::HandedOver),
                news(hours(self.presented_after_hours), DeliveryStatus::Presented),
            ],
        }
    }

    /// The same for the same fact, whatever the rules.
    fn outcome(&self, fact: &Fact) -> DeliberationOutcome {
        let drawn = fact.notice.0.as_u128() % 1_000;
        if drawn < u128::from(self.transmitted_per_thousand) {
            DeliberationOutcome::Transmit
        } else {
            DeliberationOutcome::Close
        }
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn nobody() -> PersonId {
    "policy".parse().expect("a short name")
}

fn nothing() -> Digest {
    "0".repeat(64).parse().expect("64 digits")
}
