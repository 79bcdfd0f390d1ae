//! What a case is, and what the law does with it.
//!
//! Pure: no clock, file, socket, SQL or async. Every function gives the same answer for the same
//! arguments, today and on the day a court asks. Time is an argument.

pub mod asked;
pub mod authorisation;
pub mod case;
pub mod deadline;
pub mod duties;
pub mod effect;
pub mod event;
pub mod id;
pub mod identification;
pub mod ledger;
pub mod notice;
pub mod pilot;
pub mod procedure;
pub mod prove;
pub mod regime;
pub mod rejection;
pub mod replay;
pub mod simulate;
pub mod step;
