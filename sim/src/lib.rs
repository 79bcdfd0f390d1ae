//! A seeded world around the real house: senders, providers, post, subscribers and officers, with
//! faults; and an oracle that judges what came of it. `cargo demo` and the simulation are made of
//! it. Nothing of this ships.

pub mod world;
pub mod chance;
