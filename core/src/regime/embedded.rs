//! The regimes and calendars that travel inside the binary: a bare machine has no files.

use super::{Regime, RegimeError};
use crate::deadline::Calendar;

/// One file of `regimes/`, by the path it has there.
struct Text {
    id: &'static str,
    path: &'static str,
    text: &'static str,
}

const REGIMES: &[Text] = &[
    Text {
        id: "fr-graduated-response",
        path: "regimes/fr-graduated-response/regime.toml",
        text: include_str!("../../../regimes/fr-graduated-response/regime.toml"),
    },
    Text {
        id: "xx-specimen",
        path: "regimes/xx-specimen/regime.toml",
        text: include_str!("../../../regimes/xx-specimen/regime.toml"),
    },
];

const CALENDARS: &[Text] = &[
    Text {
        id: "fr-metropole",
        path: "regimes/calendars/fr-metropole.toml",
        text: include_str!("../../../regimes/calendars/fr-metropole.toml"),
    },
    Text {
        id: "plain-days",
        path: "regimes/calendars/plain-days.toml",
        text: include_str!("../../../regimes/calendars/plain-days.toml"),
    },
    Text {
        id: "xx-specimen",
        path: "regimes/calendars/xx-specimen.toml",
        text: include_str!("../../../regimes/calendars/xx-specimen.toml"),
    },
];

/// The ids of the regimes in the binary.
pub fn ids() -> Vec<&'static str> {
    REGIMES.iter().map(|text| text.id).collect()
}

/// Reads a regime out of the binary.
pub fn embedded(id: &str) -> Result<Regime, RegimeError> {
    let found = REGIMES.iter().find(|text| text.id == id);
    let text = found.ok_or_else(|| RegimeError::Unknown { id: id.to_owned(), known: ids() })?;
    Regime::parse(text.path, text.text, &calendars()?)
}

/// A regime file's text as it stands in the binary.
pub fn text(id: &str) -> Option<&'static str> {
    REGIMES.iter().find(|text| text.id == id).map(|text| text.text)
}

/// The calendars in the binary.
pub fn calendars() -> Result<Vec<Calendar>, RegimeError> {
    CALENDARS
        .iter()
        .map(|text| {
            debug_assert!(text.text.contains(text.id));
            Calendar::parse(text.path, text.text).map_err(RegimeError::from)
        })
        .collect()
}
