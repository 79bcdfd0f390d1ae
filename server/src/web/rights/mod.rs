//! What the office's pages about a person's rights ask of the house. The pages themselves are the
//! office's: an officer answers, and nobody else.

pub mod desk;
pub mod over_store;
