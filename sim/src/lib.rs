//! A seeded world around the real house: senders, providers, post, subscribers and officers, with
//! faults; and an oracle that judges what came of it. `cargo demo` and the simulation are made of
//! it. Nothing of this ships.

pub mod carrier;
pub mod chance;
pub mod clock;
pub mod entropy;
pub mod estate;
pub mod mail;
pub mod member;
pub mod oracle;
pub mod play;
pub mod post;
pub mod providers;
pub mod report;
pub mod search;
pub mod shop;
pub mod signing;
pub mod simulation;
pub mod tell;
pub mod third_step;
pub mod troubled;
pub mod world;
