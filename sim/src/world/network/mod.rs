//! The networks of the three providers: who gets which address when, and what their own machines
//! write about it. A network writes its logs as the real software does and notes the truth beside.

mod cable;
mod fibre;
mod mobile;
mod radius;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ipnet::IpNet;

use crate::chance::Chance;
use crate::world::truth::{Secs, SubscriberNumber, Truth};

pub use cable::{Cable, hardware_address};
pub use fibre::Fibre;
pub use mobile::Mobile;

/// What a machine of the provider wrote: to be appended to the file of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Short name of the file, without folder or date.
    pub file: &'static str,
    /// The connector's name for the format.
    pub format: &'static str,
    pub text: String,
}

/// One provider's network.
pub trait Network: Send {
    /// The provider's short name.
    fn name(&self) -> &'static str;
    /// The address ranges it announces.
    fn announces(&self) -> Vec<IpNet>;
    /// Lets the network run until the instant and returns what was logged.
    fn run(&mut self, until: Secs, truth: &mut Truth, chance: &mut Chance) -> Vec<Log>;
}

/// A subscriber's line as the networks know it.
#[derive(Clone, Debug)]
pub struct Line {
    pub subscriber: SubscriberNumber,
    /// The name in the logs.
    pub account: String,
}

/// What happens next, the earliest first; ties in the order of the lines.
#[derive(Clone, Debug)]
struct Agenda<Act: Ord>(BinaryHeap<Reverse<(Secs, usize, Act)>>);

impl<Act: Ord> Agenda<Act> {
    fn new() -> Self {
        Self(BinaryHeap::new())
    }

    fn add(&mut self, at: Secs, line: usize, act: Act) {
        self.0.push(Reverse((at, line, act)));
    }

    /// The next act before `until`.
    fn next(&mut self, until: Secs) -> Option<(Secs, usize, Act)> {
        let due = self.0.peek().is_some_and(|Reverse((at, ..))| *at < until);
        if due { self.0.pop().map(|Reverse(next)| next) } else { None }
    }
}

/// Places handed out and taken back. Free ones are drawn by lot, so that they change hands.
#[derive(Clone, Debug)]
struct Pool {
    free: Vec<u32>,
}

impl Pool {
    fn new(size: u32) -> Self {
        Self { free: (0..size).collect() }
    }

    /// A free place. Pools are larger than the number of lines.
    fn take(&mut self, chance: &mut Chance) -> u32 {
        let at = chance.below(self.free.len() as u64) as usize;
        self.free.swap_remove(at)
    }

    /// This place, if it is free.
    fn take_back(&mut self, wanted: u32) -> Option<u32> {
        let at = self.free.iter().position(|free| *free == wanted)?;
        Some(self.free.swap_remove(at))
    }

    fn give(&mut self, place: u32) {
        self.free.push(place);
    }
}
