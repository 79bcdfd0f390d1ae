//! The provider's own program: who held an address, a port and an instant, from the provider's
//! own records, answered with a handle and never with a default.
//!
//! It runs at the provider, under the provider's keys and the provider's eyes. It never sees a
//! case, and the authority never sees a record. The way of a question:
//!
//! ```text
//! records ─▶ read ─▶ interval ─▶ index            (load, follow)
//! question ─▶ serve ─▶ identify ─▶ interval::answer ─▶ handle ─▶ journal ─▶ answer
//! request ─▶ serve ─▶ disclose ─▶ (grant) ─▶ directory ─▶ chain ─▶ sealed identity
//! message ─▶ serve ─▶ relay ─▶ directory ─▶ the provider's own mail system
//! order ─▶ serve ─▶ measure ─▶ (two persons) ─▶ login list, access servers ─▶ chain
//! ```

pub mod alarm;
pub mod answering;
pub mod chain;
pub mod cli;
pub mod config;
pub mod desk;
pub mod directory;
pub mod handle;
pub mod identify;
pub mod index;
pub mod interval;
pub mod journal;
pub mod keys;
pub mod load;
pub mod measure;
pub mod read;
pub mod register;
pub mod relay;
pub mod serve;
