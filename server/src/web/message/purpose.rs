//! What can be said, to whom: closed lists. A purpose belongs to one sort of addressee and can go
//! to no other; a message has no text, so it cannot say anything else than its purpose does.
//!
//! None of them accuses anybody: what the law says to a person leaves as a stage's letter, after a
//! decision, and by no other way.

use entremise_core::id::{NoticeId, QuestionId};
use uuid::Uuid;

/// To the sender of a notice, about that notice: what it must mend. Nothing of a person is in it,
/// for the sender knows its own notice and is told nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToSender {
    CorrectTime,
    CorrectSource,
    ShowMandate,
}

/// To the provider that was asked, about that question: why it answers as it does, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToProvider {
    WhyNotFound,
    WhyShared,
    WhyLate,
}

impl ToSender {
    pub const ALL: [Self; 3] = [Self::CorrectTime, Self::CorrectSource, Self::ShowMandate];
    /// What a sender can answer.
    pub const ANSWERS: [&'static str; 3] = ["new_notice", "data_right", "cannot_mend"];

    /// The name in the store and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::CorrectTime => "correct_time",
            Self::CorrectSource => "correct_source",
            Self::ShowMandate => "show_mandate",
        }
    }
}

impl ToProvider {
    pub const ALL: [Self; 3] = [Self::WhyNotFound, Self::WhyShared, Self::WhyLate];
    /// What a provider can answer.
    pub const ANSWERS: [&'static str; 4] =
        ["records_gone", "port_needed", "being_answered", "answer_right"];

    /// The name in the store and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::WhyNotFound => "why_not_found",
            Self::WhyShared => "why_shared",
            Self::WhyLate => "why_late",
        }
    }
}

/// A message to a party: a purpose, and what it is about. Whom it goes to follows from that: who
/// brought the notice, who was asked the question. No form names an addressee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    Sender(ToSender, NoticeId),
    Provider(ToProvider, QuestionId),
}

impl Message {
    /// The message of a form: `sender` or `provider`, a purpose of that list, a number.
    pub fn read(to: &str, purpose: &str, about: &str) -> Option<Self> {
        match to {
            "sender" => {
                let purpose = ToSender::ALL.into_iter().find(|one| one.name() == purpose)?;
                Some(Self::Sender(purpose, about.parse().ok()?))
            }
            "provider" => {
                let purpose = ToProvider::ALL.into_iter().find(|one| one.name() == purpose)?;
                Some(Self::Provider(purpose, about.parse().ok()?))
            }
            _ => None,
        }
    }

    pub fn purpose(&self) -> &'static str {
        match self {
            Self::Sender(purpose, _) => purpose.name(),
            Self::Provider(purpose, _) => purpose.name(),
        }
    }

    pub fn about(&self) -> Uuid {
        match self {
            Self::Sender(_, notice) => notice.0,
            Self::Provider(_, question) => question.0,
        }
    }
}
