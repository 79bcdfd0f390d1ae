//! Storage on SQLite and PostgreSQL: four compartments, one door. The only package that knows SQL.
//!
//! A case changes by `Store::apply` (and what is built on it: `settle`, `intake`) and in no other
//! way. Synchronous: call it from threads that may wait. Knows no socket and no wire format of
//! senders or providers, and never reads a clock.

mod absence;
mod apply;
mod backfill;
mod clock;
mod compartment;
mod conn;
mod content;
mod decisions;
mod document;
mod door;
mod entropy;
mod erase;
mod faults;
pub mod file_number;
mod gate;
mod hand;
mod history;
mod intake;
mod keys;
mod ledger;
mod linking;
mod look;
mod measure;
mod message;
mod migrate;
mod original;
mod outbox;
mod outlive;
pub mod oversight;
mod party;
mod pilot;
mod quarantine;
mod read;
mod retention;
mod review;
mod rights;
mod rotate;
mod rows;
mod settle;
mod slot;
mod suspended;
mod sweep;
mod trouble;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use entremise_core::id::RegimeId;
use entremise_core::regime::Regime;
use jiff::Timestamp;
use ring::hmac;

pub use absence::{Absence, NotEntered};
pub use apply::{Applied, ApplyError, CaseRef};
pub use content::TrafficRecord;
pub use decisions::AccessDecision;
pub use document::{CaseDocument, DocumentId, DocumentRow, FoundEffect, NewDocument};
pub use entropy::{Entropy, SystemEntropy};
pub use erase::{EraseError, Erased, WhyErased};
pub use history::LineEvents;
pub use intake::{
    BatchReport, IncomingBatch, IncomingNotice, IntakeError, ItemResult, ItemVerdict,
};
pub use keys::{
    COMPARTMENTS, Key, KeyShare, KeySource, Keys, ShareError, Token, check_value,
    recover as recover_key, split as split_key,
};
pub use ledger::{Checkpoint, Opening};
pub use linking::{LinkError, MessageAsked, MessageMaterial, SealedDisclosure};
pub use look::{About, Look, LookError, LookField, LookPurpose, OwnLook, Seen};
pub use measure::{MeasureMaterial, MeasureRow};
pub use message::{NOTE_CHARS_MAX, Note, PartyMessage, is_note};
pub use original::FactOfBatch;
pub use outbox::Claimed;
pub use party::{Party, Role, Stopped};
pub use pilot::{KeptMessage, PilotAct, PilotError};
pub use quarantine::{QuarantineId, QuarantineRow, Quarantined};
pub use read::{
    AlarmBoard, AlarmId, AlarmRow, CaseFile, Counts, EffectRow, HistoryEntry, NoticeRow,
    SendingRow, WorkOrder, WorkPlace, WorkRow,
};
pub use retention::{DueDay, ErasedLine, Held, RetentionReport};
pub use review::{
    AuthorisationOrder, Dossier, EarlierStep, FactShown, GroundShown, NewPasskey, NotRegistered,
    Passkey, ProofShown, ReviewError, ReviewRequest, RuledRequest, VerifiedRuling, WorkShown,
};
pub use rights::RectifyError;
pub use rotate::{KeyState, Rotation};
pub use settle::{Settled, Settlement};
pub use slot::{Slot, SlotError};
pub use suspended::{Enlisted, NotAnswered, RegisterCall, SuspendedRow};
pub use trouble::Trouble;

use crate::compartment::Compartment;
use crate::conn::{Pool, Rows};
use crate::migrate::{CASES, migrate};

/// Where the four compartments lie: `sqlite:<path>` or `postgres://…`, all different databases.
#[derive(Clone, Debug)]
pub struct Places {
    pub cases: String,
    pub evidence: String,
    pub traffic: String,
    pub identity: String,
    pub keys: KeyPlaces,
}

/// Where the keys of the records lie, apart from the records: three more databases.
#[derive(Clone, Debug)]
pub struct KeyPlaces {
    pub evidence: String,
    pub traffic: String,
    pub identity: String,
}

impl KeyPlaces {
    /// Beside the records: `evidence-keys.db` by `evidence.db`; on PostgreSQL the database
    /// `evidence_keys` on the server of `evidence`. In operation they belong on another volume.
    pub fn beside(evidence: &str, traffic: &str, identity: &str) -> Self {
        Self { evidence: beside(evidence), traffic: beside(traffic), identity: beside(identity) }
    }
}

fn beside(place: &str) -> String {
    if let Some(path) = place.strip_prefix("sqlite:") {
        let stem = path.strip_suffix(".db").unwrap_or(path);
        return format!("sqlite:{stem}-keys.db");
    }
    match place.split_once('?') {
        Some((database, options)) => format!("{database}_keys?{options}"),
        None => format!("{place}_keys"),
    }
}

impl Places {
    /// SQLite files in one folder.
    pub fn in_folder(folder: &Path) -> Self {
        let file = |name: &str| format!("sqlite:{}", folder.join(name).display());
        let [cases, evidence, traffic, identity] =
            ["cases.db", "evidence.db", "traffic.db", "identity.db"].map(file);
        let keys = KeyPlaces::beside(&evidence, &traffic, &identity);
        Self { cases, evidence, traffic, identity, keys }
    }
}

/// All that is stored. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    cases: Pool,
    evidence: Arc<Compartment>,
    traffic: Arc<Compartment>,
    identity: Arc<Compartment>,
    /// Seals what the cases compartment itself keeps closed: reports that repeat sender numbers.
    cases_wrapping: compartment::WrappingKey,
    /// Under which duplicates are found without keeping what they are duplicates of.
    digest_key: hmac::Key,
    regimes: BTreeMap<RegimeId, Regime>,
    entropy: Arc<dyn Entropy>,
    intake_gate: intake::IntakeGate,
    intake_hands: intake::IntakeHands,
    ledger_hand: hand::Hand,
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
        backfill::facts_and_openings(&cases, now)?;
        backfill::asked(&cases, now)?;
        let regimes = regimes
            .into_iter()
            .map(|regime| Ok((regime.id().parse()?, regime)))
            .collect::<Result<_, entremise_core::id::BadId>>()
            .map_err(|error| Trouble::never_from("a regime's id is not a short name", error))?;
        let open = |name, data: &str, keys: &str, ring, draw: &mut entropy::Draw| {
            Compartment::open(name, data, keys, ring, draw, now).map(Arc::new)
        };
        let draw = &mut entropy::Draw::new(&*entropy);
        let inner = Inner {
            cases,
            evidence: open(
                "evidence",
                &places.evidence,
                &places.keys.evidence,
                keys.evidence,
                draw,
            )?,
            traffic: open("traffic", &places.traffic, &places.keys.traffic, keys.traffic, draw)?,
            identity: open(
                "identity",
                &places.identity,
                &places.keys.identity,
                keys.identity,
                draw,
            )?,
            cases_wrapping: compartment::WrappingKey::new(&keys.cases),
            digest_key: hmac::Key::new(
                hmac::HMAC_SHA256,
                &keys::derive(&keys.cases, "entremise duplicates v1"),
            ),
            regimes,
            entropy: Arc::clone(&entropy),
            intake_gate: intake::IntakeGate::default(),
            intake_hands: intake::IntakeHands::new()?,
            ledger_hand: hand::Hand::new("ledger")?,
            apply_gates: apply::ApplyGates::default(),
            faults: Default::default(),
        };
        clock::note_regimes(&inner, now)?;
        Ok(Self { inner: Arc::new(inner) })
    }

    pub fn regime(&self, id: &RegimeId) -> Option<&Regime> {
        self.inner.regimes.get(id)
    }

    /// The identity compartment's public key (X25519, base64url): providers seal to it.
    pub fn seal_to(&self) -> String {
        let newest = self.inner.identity.register.with_ring(|ring| ring.pairs().swap_remove(0));
        keys::opening_key(&newest).expect("any 32 bytes are an X25519 secret").public()
    }
}
