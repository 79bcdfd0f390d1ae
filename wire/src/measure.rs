//! The JSON bodies by which an authority orders a provider to carry a measure out on a line, and
//! learns what became of it. They know no radio and no access server: how is the provider's.
//!
//! | call | request | answer |
//! |---|---|---|
//! | `POST /v1/measures` | [`MeasureBatch`] | [`MeasureAnswers`] |
//! | `POST /v1/measures/states` | [`StatesAsked`] | [`MeasureStates`] |
//!
//! An order has versions: a variation, a postponement and a lifting are later versions of the same
//! order. The highest counts, in whatever sequence they arrive; the same version with another
//! content is refused. Nothing is carried out before two persons of the provider approved it, and
//! what is in force ends at its end by the provider's own clock, whether the authority is there or
//! not (CPI L335-7, R331-16 and R331-17: telephony and television run on; within 15 days; the
//! provider tells the start).

use std::collections::BTreeSet;

use entremise_core::id::{AuthorityId, BatchId, Digest, Handle, OrderId, RegimeId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub const MEASURES_PATH: &str = "/v1/measures";
pub const MEASURE_STATES_PATH: &str = "/v1/measures/states";
/// The most orders of one batch: each is looked at by two persons.
pub const ORDERS_MAX: usize = 1_000;

/// Orders of one authority under one regime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureBatch {
    pub batch: BatchId,
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub orders: Vec<MeasureOrder>,
}

/// One version of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureOrder {
    pub order: OrderId,
    /// From 1. An older one that arrives later changes nothing.
    pub version: u32,
    pub handle: Handle,
    pub kind: MeasureKind,
    pub demand: Demand,
    pub decided_by: DecidedBy,
    /// SHA-256 of the enforceable decision: what the provider's persons may ask to see.
    pub decision: Digest,
}

/// What is to be done to the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// The access to public online communication is suspended, and nothing else.
    SuspendAccess,
    /// A word that this version does not know: refused, order by order.
    #[serde(other)]
    Unknown,
}

/// What this version of the order asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Demand {
    /// Carry it out from an instant to another; what is late in beginning does not end later.
    Carry { starts_at: Timestamp, ends_at: Timestamp, spares: BTreeSet<Spared> },
    /// Lift it now, or never begin. Needs no approval: it takes nothing from anybody.
    Lift,
}

/// What must run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spared {
    Telephony,
    Television,
    /// A word that this version does not know: it cannot promise to spare it.
    #[serde(other)]
    Unknown,
}

/// Who pronounced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    Court,
    /// The text of 2009, never in force: simulation only.
    Authority,
    #[serde(other)]
    Unknown,
}

/// One answer per order, in the order of the orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureAnswers {
    pub batch: BatchId,
    pub answers: Vec<MeasureAnswer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum MeasureAnswer {
    /// It is with the provider; where it stands. The version is the highest known there.
    Taken(MeasureStatus),
    Refused {
        order: OrderId,
        version: u32,
        reason: MeasureRefused,
        proof: JournalLine,
    },
}

/// Why the provider's connector does not take an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureRefused {
    /// Never given to this authority under this regime, or forgotten.
    HandleUnknown,
    /// The provider's own alarm holds this account back: its records may name the wrong line.
    AccountInDoubt,
    /// The account cannot be told apart safely in the provider's access system.
    AccountNotExpressible,
    MeasureAlreadyOver,
    /// It ends before it begins.
    WindowInvalid,
    /// Longer than the provider agreed to, all versions together.
    TooLong,
    SparesNotPossible,
    KindNotSupported,
    DeciderNotAccepted,
    /// This version was sent before with another content, or is 0.
    VersionInvalid,
    /// A version cannot move an order to another line or another regime.
    OrderChanged,
    /// The provider stopped carrying out this authority's measures.
    AuthorityStopped,
}

/// What became of these orders?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatesAsked {
    pub authority: AuthorityId,
    pub orders: Vec<OrderId>,
}

/// One per order that is known here, in the order of the question; others are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureStates {
    pub states: Vec<MeasureStatus>,
}

/// Where an order stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureStatus {
    pub order: OrderId,
    /// The highest version known here.
    pub version: u32,
    pub state: MeasureState,
    /// The lines of the provider's journal about this order, the oldest first.
    pub proofs: Vec<JournalLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum MeasureState {
    /// It waits for two persons of the provider.
    Received,
    /// Two persons approved; it waits for its start, or for what stands in its way.
    Approved { at: Timestamp, obstacle: Option<Obstacle> },
    /// In force since `at`, until `until`, by the acknowledgements of the access servers.
    Implemented { at: Timestamp, until: Timestamp, acknowledgements: Vec<Acknowledgement> },
    /// It should be lifted and could not be yet: the provider tries again and was alarmed.
    NotLifted { started: Option<Timestamp>, obstacle: Obstacle },
    /// Over. `started` is absent where it was never in force.
    Ended {
        started: Option<Timestamp>,
        at: Timestamp,
        how: End,
        acknowledgements: Vec<Acknowledgement>,
    },
    /// A person of the provider says that it cannot be done.
    Impossible { at: Timestamp, reason: Impossible },
}

/// How it came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Its time was over.
    Expired,
    /// A later version lifted it.
    Lifted,
    /// The provider pulled its plug.
    Stopped,
    /// Its time passed without two approvals.
    NeverApproved,
    /// Approved, and its time passed without an acknowledgement.
    NeverImplemented,
}

/// Why a person of the provider declines. No free text: it would name somebody one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Impossible {
    /// The contract has ended, or the line has another holder.
    LineCeased,
    /// Somebody depends on it: an alarm, medical equipment, an emergency line.
    LineOfNecessity,
    /// This line cannot be suspended and spare what must be spared.
    SparingImpossible,
    /// The decision could not be shown, or is not what the order says.
    DecisionDoubtful,
}

/// What stands in the way, in the provider's last try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "obstacle", rename_all = "snake_case")]
pub enum Obstacle {
    /// It did not answer.
    AccessServerSilent { access_server: String },
    /// It answered no, with the Error-Cause of RFC 5176, section 3.5, where it gave one.
    AccessServerRefused { access_server: String, error_cause: Option<u32> },
    /// A session runs at one that the connector has no secret of.
    AccessServerUnknown { access_server: String },
    /// The list that is read at each login could not be written or read again.
    LoginListNotTaken,
    /// The provider's own alarm holds this account back.
    AccountInDoubt,
}

/// What an access server answered: the start and the end of a measure are dated by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub access_server: String,
    pub at: Timestamp,
    /// RADIUS code: 41 Disconnect-ACK, 44 CoA-ACK, 42 or 45 where it has no such session.
    pub code: u8,
    /// RFC 5176, section 3.5: 503 where it has no such session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_cause: Option<u32>,
}

/// A line of the provider's own journal, as it stands there. It names no subscriber and no handle,
/// and holds the SHA-256 of the line before it; the answer that brings it is signed by the
/// provider, who from then on cannot have another line in this place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    pub line: String,
    /// SHA-256 of the line.
    pub digest: Digest,
}

impl JournalLine {
    /// Whether the digest is the line's.
    pub fn holds(&self) -> bool {
        let digest = ring::digest::digest(&ring::digest::SHA256, self.line.as_bytes());
        let hexadecimal: String =
            digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.digest.as_str() == hexadecimal
    }
}

impl MeasureAnswer {
    pub fn order(&self) -> OrderId {
        match self {
            Self::Taken(status) => status.order,
            Self::Refused { order, .. } => *order,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_later_version_is_read_as_unknown_and_not_as_another() {
        let kind: MeasureKind = serde_json::from_str("\"limit_speed\"").unwrap();
        assert_eq!(kind, MeasureKind::Unknown);
        let spared: BTreeSet<Spared> =
            serde_json::from_str("[\"television\", \"lift_alarm\"]").unwrap();
        assert_eq!(spared, BTreeSet::from([Spared::Television, Spared::Unknown]));
        let decided: DecidedBy = serde_json::from_str("\"prefect\"").unwrap();
        assert_eq!(decided, DecidedBy::Unknown);
        // What to do is never guessed.
        assert!(serde_json::from_str::<Demand>("{\"do\": \"extend\"}").is_err());
    }

    #[test]
    fn a_line_of_a_journal_that_was_changed_on_the_way_does_not_hold() {
        let line = JournalLine {
            line: "{\"number\":1}".to_owned(),
            digest: "38f3a9c5a8b4e0f9b0a9ad4a8d1ad0b1f6c2f5d46b5a3d0f9c3c2a7d6e5b4a39"
                .parse()
                .unwrap(),
        };
        assert!(!line.holds());
    }
}
