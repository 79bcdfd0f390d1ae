//! What the pages about measures ask of the house: those that are open, the life of one, what a
//! judgment may pronounce, and the acts by which a person moves one. The pages are the office's.

mod acts;
pub mod desk;
mod life;
pub mod over_store;

pub(in crate::web) use acts::REFUSAL_REASONS;
pub use acts::{Act, ActKind, Deed};
