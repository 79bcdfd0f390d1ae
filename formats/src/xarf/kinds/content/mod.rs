//! Harmful content at an address or name: the types of XARF's `content`, by what the content does.

pub mod base;
pub mod deception;
pub mod exploitation;
pub mod intrusion;
