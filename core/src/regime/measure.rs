//! The rules about measures as in force on one day: what may be pronounced, by whom, and how its
//! execution is followed until its last day. Knows no procedure.

use serde::{Deserialize, Serialize};

use super::rules::{ChannelKind, Consequence, ReturnReason, Span};
use std::collections::BTreeMap;

/// What may be pronounced, and how it is carried out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    pub id: String,
    pub kind: MeasureKind,
    /// A text that never was the law, or no longer is: played in a simulation, never lived by.
    pub simulation: bool,
    /// No administrative body may cut an access (CC 2009-580 DC).
    pub pronounced_by: Pronouncer,
    pub duration_max: Option<Span>,
    /// Unit: euros.
    pub fine_euros_max: Option<u32>,
    /// From the judgment. Before its end nothing is enforceable.
    pub appeal_within: Option<Span>,
    /// From the notification to the provider.
    pub implement_within: Option<Span>,
    /// From the notification to the person: an injunction is to be complied with by then.
    pub comply_within: Option<Span>,
    /// From the day on which it became enforceable: what was not begun by then never is.
    pub prescribed_after: Option<Span>,
    /// What the measure must leave working.
    pub spares: Vec<Spared>,
    /// What a later law does to a measure that is not yet carried out to its end.
    pub milder_law: Option<MilderLaw>,
    /// The letter by which the person is notified; None where somebody else notifies.
    pub letter: Option<String>,
}

/// What is done to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// The access to public online communication is suspended for a time.
    Suspension,
    Fine,
    /// The access is to be secured.
    Injunction,
    /// A fine against a provider that does not carry a measure out: it opens no case here.
    ProviderFine,
}

impl MeasureKind {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspension => "suspension",
            Self::Fine => "fine",
            Self::Injunction => "injunction",
            Self::ProviderFine => "provider_fine",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pronouncer {
    Court,
    /// The text of 2009, which never came into force: simulation only.
    Authority,
}

impl Pronouncer {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Court => "court",
            Self::Authority => "authority",
        }
    }
}

/// What must run on while an access is suspended (CPI L335-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spared {
    Telephony,
    Television,
}

/// What a later law that is milder does (CP 112-4). None that is harsher ever does anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MilderLaw {
    /// A measure that the law no longer knows ends.
    Ends,
    /// The same, and one that the law makes shorter is shortened.
    EndsAndShortens,
}

/// How the execution of measures is followed: the same for all of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Execution {
    /// How the person is notified.
    pub notify_by: ChannelKind,
    /// What each way a notification can come back means.
    pub returned: BTreeMap<ReturnReason, Consequence>,
    /// From the end of the time to appeal to the registry's word; later an alarm is raised.
    pub enforceable_known_within: Span,
    /// From an appeal to its judgment; later an alarm is raised.
    pub appeal_decided_within: Span,
    /// From the sending of the letter to its presentation; later an alarm is raised.
    pub notified_within: Span,
    /// From the order to the provider's first word that it will be carried out; later an alarm.
    pub confirmed_within: Span,
    /// Before the end of a measure of which the provider did not say that it ends by itself.
    pub end_watched_before: Span,
    /// From the end of a measure to the proof that it was lifted; later an alarm is raised.
    pub lift_proven_within: Span,
    /// From the end of a measure: nobody waits longer for the proof, and a person was told.
    pub lift_given_up_after: Span,
    /// From a person's request for a postponement to the answer; later an alarm is raised.
    pub postponement_decided_within: Span,
}
