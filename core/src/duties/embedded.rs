//! The duties that travel inside the binary, with the situations that say what they mean.

use super::Duties;
use crate::regime::{self, Regime, RegimeError};

/// The files of one regime's folder.
struct Folder {
    id: &'static str,
    path: &'static str,
    duties: &'static str,
    situations: &'static str,
}

macro_rules! folder {
    ($id:literal) => {
        Folder {
            id: $id,
            path: concat!("regimes/", $id, "/duties.toml"),
            duties: include_str!(concat!("../../../regimes/", $id, "/duties.toml")),
            situations: include_str!(concat!("../../../regimes/", $id, "/situations.toml")),
        }
    };
}

const FOLDERS: &[Folder] = &[
    folder!("ca-notice-and-notice"),
    folder!("eu-dsa-order"),
    folder!("eu-terrorist-content"),
    folder!("fr-administrative-blocking"),
    folder!("fr-dns-measure"),
    folder!("fr-graduated-response"),
    folder!("fr-operator-alert"),
    folder!("fr-vulnerable-system"),
    folder!("incident"),
    folder!("nz-three-notices"),
    folder!("us-copyright-alert"),
    folder!("xx-specimen"),
];

/// The ids of the regimes whose duties are in the binary.
pub fn ids() -> Vec<&'static str> {
    FOLDERS.iter().map(|folder| folder.id).collect()
}

/// Reads a regime's duties out of the binary.
pub fn embedded(id: &str) -> Result<Duties, RegimeError> {
    let found = FOLDERS.iter().find(|folder| folder.id == id);
    let folder = found.ok_or_else(|| RegimeError::Unknown { id: id.to_owned(), known: ids() })?;
    Duties::parse(folder.path, folder.duties, ladder(id)?, &regime::embedded::calendars()?)
}

/// The ladder of the same law, if this house has one.
pub fn ladder(id: &str) -> Result<Option<Regime>, RegimeError> {
    let has_one = regime::embedded::ids().contains(&id);
    if has_one { regime::embedded(id).map(Some) } else { Ok(None) }
}

/// A duties file's text as it stands in the binary.
pub fn text(id: &str) -> Option<&'static str> {
    FOLDERS.iter().find(|folder| folder.id == id).map(|folder| folder.duties)
}

/// The text of a regime's situations as it stands in the binary.
pub fn situations(id: &str) -> Option<&'static str> {
    FOLDERS.iter().find(|folder| folder.id == id).map(|folder| folder.situations)
}
