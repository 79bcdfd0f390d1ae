//! The office's pages about measures: those that are due, and the life of one.

mod told;

pub(super) use told::detail;
