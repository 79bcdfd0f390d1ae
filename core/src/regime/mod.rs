//! A regime: one body of rules, as dated data. The file is the law; this room reads and checks it.

pub mod rules;

pub use rules::Rules;
