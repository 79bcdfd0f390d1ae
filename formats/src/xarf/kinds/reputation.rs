//! Listings and indicators: the members that XARF 4.2.0 gives to each type of `reputation`.
//!
//! Names, bounds and word lists follow the published schemas (xarf/xarf-spec, `schemas/v4/types`).
//! Data only: the engine is in `rule`, what becomes of the values in `notice`.

use crate::xarf::rule::Rule::*;
use crate::xarf::rule::*;

pub static BLOCKLIST: &[Member] = &[required("threat_type", Text(ANY_LENGTH))];

pub static THREAT_INTELLIGENCE: &[Member] = &[required("threat_type", Text(ANY_LENGTH))];
