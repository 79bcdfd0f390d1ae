//! The workers: what is due, and what is to be done. Each takes `now` and leaves nothing undone
//! that it has not handed back to the outbox.

mod beside;
pub mod clock;
mod content;
mod disclose;
mod dossier;
pub mod erasure;
pub mod file;
mod heard;
pub mod inbox;
pub mod measure;
pub mod news;
mod notify;
pub mod observe;
pub mod originals;
pub mod outbox;
mod pilot;
pub mod publish;
mod relay;
mod send;
mod transmit;

use jiff::Timestamp;

use crate::house::House;

/// How much one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    pub done: usize,
    pub retried: usize,
    pub given_up: usize,
}

impl Round {
    pub fn idle(self) -> bool {
        self == Self::default()
    }
}

impl std::ops::AddAssign for Round {
    fn add_assign(&mut self, other: Self) {
        self.done += other.done;
        self.retried += other.retried;
        self.given_up += other.given_up;
    }
}

/// One round of everything, in the order in which effects beget effects.
pub fn round(house: &House, now: Timestamp) -> Result<Round, entremise_store::Trouble> {
    let mut round = inbox::round(house, now)?;
    round += news::round(house, now)?;
    round += measure::states(house, now)?;
    round += file::round(house, now)?;
    round += clock::round(house, now)?;
    round += outbox::round(house, now)?;
    round += pilot::round(house, now)?;
    round += erasure::round(house, now)?;
    Ok(round)
}
