//! Storage on SQLite and PostgreSQL: four compartments, one door. The only package that knows SQL.
//!
//! A case changes by `Store::apply` (and what is built on it: `settle`, `intake`) and in no other
//! way. Synchronous: call it from threads that may wait. Knows no socket and no wire format of
//! senders or providers, and never reads a clock.

mod apply;
mod clock;
mod compartment;
mod conn;
mod content;
mod document;
mod door;
mod entropy;
mod faults;
pub mod file_number;
mod gate;
mod intake;
mod keys;
mod ledger;
mod linking;
mod migrate;
mod outbox;
mod party;
mod quarantine;
mod read;
mod rows;
mod settle;
mod sweep;
mod trouble;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use entremise_core::id::RegimeId;
use entremise_core::regime::Regime;
use entremise_wire::sealing::OpeningKey;
use jiff::Timestamp;
use ring::hmac;

pub use apply::{Applied, ApplyError, CaseRef};
pub use content::TrafficRecord;
pub use document::{DocumentRow, FoundEffect};
pub use entropy::{Entropy, SystemEntropy};
pub use intake::{
    BatchReport, IncomingBatch, IncomingNotice, IntakeError, ItemResult, ItemVerdict,
};
pub use keys::Keys;
pub use ledger::{Checkpoint, Opening};
pub use linking::{LinkError, MessageMaterial};
pub use outbox::Claimed;
pub use party::{Party, Role, Stopped};
pub use quarantine::{QuarantineId, QuarantineRow, Quarantined};
pub use read::{
    AlarmBoard, AlarmId, AlarmRow, CaseFile, Counts, EffectRow, HistoryEntry, NoticeRow, WorkOrder,
    WorkPlace, WorkRow,
};
pub use settle::{Settled, Settlement};
pub use trouble::Trouble;

use crate::compartment::Compartment;
use crate::conn::{Pool, Rows};
use crate::migrate::{CASES, migrate};

/// Where the four compartments lie: `sqlite:<path>` or `postgres://…`, four different databases.
#[derive(Clone, Debug)]
pub struct Places {
    pub cases: String,
    pub evidence: String,
    pub traffic: String,
    pub identity: String,
}

impl Places {
    /// Four SQLite files in one folder.
    pub fn in_folder(folder: &Path) -> Self {
        let file = |name: &str| format!("sqlite:{}", folder.join(name).display());
        Self {
            cases: file("cases.db"),
            evidence: file("evidence.db"),
            traffic: file("traffic.db"),
            identity: file("identity.db"),
        }
    }
}

/// All that is stored. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    cases: Pool,
    evidence: Compartment,
    traffic: Compartment,
    identity: Compartment,
    /// Seals what the cases compartment itself keeps closed: reports that repeat sender numbers.
    cases_wrapping: compartment::WrappingKey,
    /// Under which duplicates are found without keeping what they are duplicates of.
    digest_key: hmac::Key,
    opening_key: OpeningKey,
    regimes: BTreeMap<RegimeId, Regime>,
    entropy: Arc<dyn Entropy>,
    intake_gate: intake::IntakeGate,
    apply_gates: apply::ApplyGates,
    faults: faults::Faults,
}

impl Store {
    /// Opens the compartments, migrates them, and computes open deadlines again where a regime's
    /// text or calendar is not the one they were computed with.
    pub fn open(
        places: &Places,
        keys: Keys,
        regimes: Vec<Regime>,
        entropy: Arc<dyn Entropy>,
        now: Timestamp,
    ) -> Result<Self, Trouble> {
        let cases = Pool::open(&places.cases, Rows::Small)?;
        migrate(&cases, "cases", CASES, now)?;
        let regimes = regimes
            .into_iter()
            .map(|regime| Ok((regime.id().parse()?, regime)))
            .collect::<Result<_, entremise_core::id::BadId>>()
            .map_err(|error| Trouble::never_from("a regime's id is not a short name", error))?;
        let inner = Inner {
            cases,
            evidence: Compartment::open("evidence", &places.evidence, &keys.evidence, now)?,
            traffic: Compartment::open("traffic", &places.traffic, &keys.traffic, now)?,
            identity: Compartment::open("identity", &places.identity, &keys.identity, now)?,
            cases_wrapping: compartment::WrappingKey::new(&keys.cases),
            digest_key: hmac::Key::new(
                hmac::HMAC_SHA256,
                &keys::derive(&keys.cases, "entremise duplicates v1"),
            ),
            opening_key: keys::opening_key(&keys.identity)?,
            regimes,
            entropy,
            intake_gate: intake::IntakeGate::default(),
            apply_gates: apply::ApplyGates::default(),
            faults: faults::Faults::default(),
        };
        clock::note_regimes(&inner, now)?;
        Ok(Self { inner: Arc::new(inner) })
    }

    pub fn regime(&self, id: &RegimeId) -> Option<&Regime> {
        self.inner.regimes.get(id)
    }

    /// The identity compartment's public key (X25519, base64url): providers seal to it.
    pub fn seal_to(&self) -> String {
        self.inner.opening_key.public()
    }
}
