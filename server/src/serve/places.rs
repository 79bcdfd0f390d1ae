//! Where the store's databases and keys lie, as the configuration says.

use anyhow::Context;
use entremise_store::{Entropy, KeyPlaces, KeySource, Keys, Places, Token};

use crate::config::{Config, KeyPlace};

/// The databases of the compartments, and those of the records' keys.
pub fn places(config: &Config) -> Places {
    let mut places = match &config.databases {
        None => Places::in_folder(&config.data),
        Some(databases) => Places {
            cases: databases.cases.clone(),
            evidence: databases.evidence.clone(),
            traffic: databases.traffic.clone(),
            identity: databases.identity.clone(),
            keys: KeyPlaces::beside(&databases.evidence, &databases.traffic, &databases.identity),
        },
    };
    if let Some(keys) = &config.key_databases {
        places.keys = KeyPlaces {
            evidence: keys.evidence.clone(),
            traffic: keys.traffic.clone(),
            identity: keys.identity.clone(),
        };
    }
    places
}

/// The compartments' keys. Only those under `data` are made when they are missing; all others are
/// made by persons, in the ceremony.
pub fn keys(config: &Config, entropy: &dyn Entropy) -> anyhow::Result<Keys> {
    let source = source(config)?;
    if matches!(config.keys, KeyPlace::Data) {
        return Ok(Keys::load_or_make(source.folder(), entropy)?);
    }
    Ok(Keys::load(source)?)
}

/// Where the compartments' keys lie.
pub fn source(config: &Config) -> anyhow::Result<KeySource> {
    Ok(match &config.keys {
        KeyPlace::Data => KeySource::Files(config.data.join("keys")),
        KeyPlace::Files { folder } => KeySource::Files(folder.clone()),
        KeyPlace::Credentials => {
            let folder = std::env::var_os("CREDENTIALS_DIRECTORY")
                .context("systemd has handed over no credentials: LoadCredential= is not set")?;
            KeySource::Credentials(folder.into())
        }
        KeyPlace::Token { folder, module, token, key, pin } => KeySource::Token {
            folder: folder.clone(),
            token: Token {
                module: module.clone(),
                token_label: token.clone(),
                key_label: key.clone(),
                pin_file: pin.clone(),
            },
        },
    })
}
