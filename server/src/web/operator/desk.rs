//! What the operator's pages ask of the house, and the views it answers with. None of them holds a
//! case's number, a person's, or anything of what a notice says.

use entremise_core::deadline::Zone;
use entremise_core::id::{PartyId, PersonId};
use entremise_core::rejection::Rejection;
use jiff::Timestamp;

use crate::web::desk::DeskTrouble;

/// The house as those see it who run its machines. Called from blocking threads.
pub trait OperatorDesk: Send + Sync + 'static {
    fn machines(&self, now: Timestamp) -> Result<Machines, DeskTrouble>;

    /// Puts an effect that was given up back into its queue. Yields whether there was one.
    fn put_back(&self, effect: &str, by: &PersonId, now: Timestamp) -> Result<bool, DeskTrouble>;

    /// Takes an alarm of a machine off the board. Yields whether it was there.
    fn settle(&self, alarm: &str, by: &PersonId, now: Timestamp) -> Result<bool, DeskTrouble>;

    fn set_aside(&self) -> Result<Vec<SetAside>, DeskTrouble>;

    /// Reads one thing that was set aside again. Shows nothing of it.
    fn replay(
        &self,
        id: &str,
        legal_basis: &str,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Held, DeskTrouble>;

    fn parties(&self) -> Result<Vec<PartyRow>, DeskTrouble>;

    /// Stops a party at once, or with no reason lets it go on. Yields whether there is such a one.
    fn switch(
        &self,
        party: &str,
        why: Option<&str>,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble>;
}

/// How the machines are.
#[derive(Clone, Debug)]
pub struct Machines {
    pub zone: Zone,
    pub ledger_entries: u64,
    /// Entries in the last signed checkpoint, and when it was made.
    pub published: Option<(u64, Timestamp)>,
    pub queues: Vec<Queue>,
    pub parked: Vec<ParkedRow>,
    /// Alarms about machines, the newest first.
    pub troubles: Vec<TroubleRow>,
    /// Alarms that are the office's to see to.
    pub alarms_elsewhere: u64,
    pub set_aside: u64,
    pub stopped: u64,
}

/// Effects of one sort that are not done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// The effect's wire name.
    pub name: String,
    pub ready: u64,
    pub leased: u64,
    pub parked: u64,
}

/// An effect that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedRow {
    pub effect: String,
    pub queue: &'static str,
    pub attempts: u32,
    /// The trouble's name.
    pub trouble: Option<String>,
    pub since: Timestamp,
}

/// An alarm about a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TroubleRow {
    pub alarm: String,
    pub name: String,
    pub raised_at: Timestamp,
}

/// What was set aside because it could not be read or trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    pub id: String,
    pub sender: Option<PartyId>,
    pub channel: String,
    pub size_bytes: u64,
    /// What is wrong, and where; never a value.
    pub reasons: Vec<Rejection>,
    pub received_at: Timestamp,
    pub zone: Zone,
}

/// What became of something that was read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Taken,
    StillUnreadable,
    NoSender,
    Gone,
    NotTaken,
}

impl Held {
    pub const ALL: [Self; 5] =
        [Self::Taken, Self::StillUnreadable, Self::NoSender, Self::Gone, Self::NotTaken];

    /// The name in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::StillUnreadable => "still_unreadable",
            Self::NoSender => "no_sender",
            Self::Gone => "gone",
            Self::NotTaken => "not_taken",
        }
    }
}

/// A sender or a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyRow {
    pub party: PartyId,
    pub name: String,
    pub is_sender: bool,
    /// Since when it is stopped, and why.
    pub stopped: Option<(Timestamp, String)>,
    pub zone: Zone,
}
