//! Measures on a line, as an authority orders them and the provider's persons allow them:
//!
//! ```text
//! order ─▶ receive ─▶ state (received) ─▶ two signed notes ─▶ approved
//!   tick: carrying ─▶ login list + access servers (radius) ─▶ implemented
//!   tick at the end: login list + access servers ─▶ lifted ─▶ ended
//! ```
//!
//! Everything that happens is a line of the provider's journal first. The clock is an argument; a
//! tick does what is due at its instant, so that a measure ends without the authority, and behind a
//! restart. It never decides that somebody is cut off: an order says so, and two persons.

mod carry;
pub mod config;
pub mod login;
pub mod notes;
pub mod order;
pub mod radius;
mod receive;
pub mod sessions;
pub mod state;
pub mod switch;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_core::id::OrderId;
use entremise_wire::signature::VerifyingKey;

use self::config::MeasuresConfig;
use self::login::{LoginList, Reading};
use self::radius::{AccessServer, Attribute, Code};
use self::state::State;
use crate::keys::{KeyFile, Sealer};

/// The provider's part in measures, from its configuration and its file.
pub struct Measures {
    config: MeasuresConfig,
    persons: Vec<VerifyingKey>,
    servers: Vec<AccessServer>,
    apply: Change,
    lift: Change,
    list: LoginList,
    directory: PathBuf,
    sealer: Sealer,
    state: Mutex<State>,
    /// Held through a tick: only one at a time speaks to the access servers.
    at_work: Mutex<Reading>,
}

/// How sessions are changed.
struct Change {
    code: Code,
    attributes: Vec<Attribute>,
}

impl Measures {
    /// Reads what happened before. `directory` is the index directory, which the desk has locked.
    pub fn open(config: MeasuresConfig, directory: &Path, keys: &KeyFile) -> anyhow::Result<Self> {
        let change = |config: &config::ChangeConfig| -> anyhow::Result<Change> {
            Ok(Change { code: config.code(), attributes: config.attributes()? })
        };
        Ok(Self {
            persons: config.keys()?,
            servers: config.servers()?,
            apply: change(&config.apply)?,
            lift: change(&config.lift)?,
            list: LoginList::new(&config.login_list, &config.reload),
            directory: directory.to_owned(),
            sealer: sealer(keys),
            state: Mutex::new(State::open(directory)?),
            at_work: Mutex::new(Reading::default()),
            config,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Memory follows the file: a panic between the two is mended by the next start.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sealer of account names in the file of measures.
pub fn sealer(keys: &KeyFile) -> Sealer {
    keys.index.sealer("entremise account of measure v1")
}

/// The account behind an order, for the provider's own eyes.
pub fn account(sealer: &Sealer, number: OrderId, sealed: Option<&str>) -> Option<String> {
    let sealed = STANDARD.decode(sealed?).ok()?;
    String::from_utf8(sealer.open(&sealed, number.0.as_bytes())?).ok()
}
