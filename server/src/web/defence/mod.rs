//! What the office's pages about the person's side ask of the house: what the person wrote, the
//! hearing, the deliberation, what became of a file. The pages themselves are the office's.

mod challenges;
pub mod desk;
pub mod over_store;
pub mod papers;
pub mod statement;
