//! A store in a folder of its own, on each backend in turn, and the few things every test needs.

use std::sync::{Arc, Mutex};

use entremise_core::event::{Event, Fact, Line};
use entremise_core::id::{AuthorityId, BatchId, CaseId, NoticeId, PartyId, QuestionId, RegimeId};
use entremise_core::identification::{Assignment, AssignmentKind, Outcome};
use entremise_core::ledger::Actor;
use entremise_core::notice::{Claim, Class, Hash, Notice, Observation, Source, Transport, Work};
use entremise_core::regime::{Regime, embedded};
use entremise_store::{
    BatchReport, CaseRef, Claimed, Entropy, IncomingBatch, IncomingNotice, ItemVerdict, KeyPlaces,
    Keys, Places, Store,
};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

/// The same bytes in every run (xorshift64*).
pub struct Seeded(Mutex<u64>);

impl Seeded {
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(seed | 1)))
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for byte in bytes {
            *state ^= *state >> 12;
            *state ^= *state << 25;
            *state ^= *state >> 27;
            *byte = (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56) as u8;
        }
    }
}

pub struct World {
    pub store: Store,
    pub places: Places,
    pub folder: TempDir,
    pub now: Timestamp,
    regimes: Vec<Regime>,
    batches: u128,
}

/// A store whose keys lie in files, so that they can be rotated.
pub fn with_key_files(places: &Places, keys: &std::path::Path, seed: u64, now: Timestamp) -> Store {
    let entropy = Seeded::new(seed);
    let keys = Keys::load_or_make(keys, &*entropy).unwrap();
    Store::open(places, keys, vec![specimen()], entropy, now).unwrap()
}

/// Runs a rule on SQLite, then on PostgreSQL.
pub fn on_both(rule: impl Fn(World)) {
    on_both_under(specimen(), rule);
}

pub fn on_both_under(regime: Regime, rule: impl Fn(World)) {
    let folder = TempDir::new().unwrap();
    let places = Places::in_folder(folder.path());
    rule(World::open(folder, places, vec![regime.clone()]));
    let Some(cluster) = entremise_parts::postgres::shared() else { return };
    let places = made_by(|| cluster.database().unwrap());
    rule(World::open(TempDir::new().unwrap(), places, vec![regime]));
}

pub fn specimen() -> Regime {
    embedded("xx-specimen").unwrap()
}

/// The specimen regime with a smaller quota.
pub fn with_quota(notices: u32) -> Regime {
    let text = entremise_core::regime::embedded::text("xx-specimen").unwrap();
    let changed = text.replace(
        "value = 1_000, from = 2025-01-01, cite = \"Example Act, s 2(2)\"",
        &format!("value = {notices}, from = 2025-01-01, cite = \"Example Act, s 2(2)\""),
    );
    assert_ne!(text, changed);
    let calendars = entremise_core::regime::embedded::calendars().unwrap();
    Regime::parse("quota.toml", &changed, &calendars).unwrap()
}

/// The specimen regime, its first notice relayed by the provider from the first day on.
pub fn relaying() -> Regime {
    let text = entremise_core::regime::embedded::text("xx-specimen").unwrap();
    let changed = text.replacen("value = \"disclosure\"", "value = \"relay\"", 1);
    assert_ne!(text, changed);
    let calendars = entremise_core::regime::embedded::calendars().unwrap();
    Regime::parse("relaying.toml", &changed, &calendars).unwrap()
}

pub fn keys() -> Keys {
    Keys::given([1; 32], [[2; 32], [3; 32], [4; 32]])
}

/// Databases of PostgreSQL for all compartments and their keys.
pub fn made_by(database: impl Fn() -> String) -> Places {
    let keys = KeyPlaces { evidence: database(), traffic: database(), identity: database() };
    let [cases, evidence, traffic, identity] = std::array::from_fn(|_| database());
    Places { cases, evidence, traffic, identity, keys }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl World {
    pub fn open(folder: TempDir, places: Places, regimes: Vec<Regime>) -> Self {
        let now = at("2026-03-02T10:00:00Z");
        let store = Store::open(&places, keys(), regimes.clone(), Seeded::new(7), now).unwrap();
        Self { store, places, folder, now, regimes, batches: 0 }
    }

    /// A world over a store that was opened otherwise.
    pub fn over(store: Store, folder: TempDir, places: Places, now: Timestamp) -> Self {
        Self { store, places, folder, now, regimes: vec![specimen()], batches: 0 }
    }

    /// The same places, opened anew, as after a crash.
    pub fn reopen(&mut self) {
        let regimes = self.regimes.clone();
        self.reopen_under(regimes);
    }

    pub fn reopen_under(&mut self, regimes: Vec<Regime>) {
        let entropy = Seeded::new(self.batches as u64 + 1000);
        self.store = Store::open(&self.places, keys(), regimes, entropy, self.now).unwrap();
    }

    pub fn later(&mut self, secs: i64) -> Timestamp {
        self.now += SignedDuration::from_secs(secs);
        self.now
    }

    pub fn batch(&mut self, notices: Vec<Notice>) -> IncomingBatch {
        self.batches += 1;
        batch(Uuid::from_u128(self.batches), notices, self.now)
    }

    pub fn bring(&mut self, notices: Vec<Notice>) -> BatchReport {
        let batch = self.batch(notices);
        self.store.intake(batch).unwrap()
    }

    /// Brings one notice and yields its number and its case.
    pub fn one_notice(&mut self, number: u32) -> (NoticeId, CaseId) {
        let report = self.bring(vec![notice(number)]);
        let ItemVerdict::Accepted { notice } = report.results[0].verdict else {
            panic!("not accepted: {:?}", report.results[0]);
        };
        let row = self.store.notice(&authority(), notice).unwrap().unwrap();
        (notice, row.case)
    }

    pub fn claim(&self, queue: &str, most: usize) -> Vec<Claimed> {
        self.store.claim(&[queue], "tester", 60, most, self.now).unwrap()
    }

    pub fn claim_one(&self, queue: &str) -> Claimed {
        let mut claimed = self.claim(queue, 1);
        assert_eq!(claimed.len(), 1, "one effect waits in {queue}");
        claimed.remove(0)
    }

    /// A notice whose question was asked and answered with a handle; yields the case of the line.
    pub fn identified(&mut self, number: u32) -> CaseId {
        self.established(number);
        let claims = self.claim("request_disclosure", 1);
        claims.first().map_or_else(|| panic!("no disclosure is asked for"), |claim| claim.case)
    }

    /// The same, without a look at what the rules ask for then.
    pub fn established(&mut self, number: u32) {
        let (_, case) = self.one_notice(number);
        let claim = self.claim_one("ask_provider");
        self.store.intend(&claim, self.now).unwrap();
        let question = QuestionId(claim.id.0);
        let by_id = CaseRef::Id(authority(), case);
        let asked = Some((by_id.clone(), Event::QuestionAsked { question }));
        self.store.settle(&claim, "asked", asked, &Actor::House, self.now).unwrap();
        let answered = Event::Answered { question, outcome: identified() };
        self.store.apply(&by_id, &answered, &provider_acts(), self.now).unwrap();
        let claim = self.claim_one("establish_fact");
        let (line, fact) = match &claim.effect {
            entremise_core::effect::Effect::EstablishFact { line, fact } => (line, fact),
            other => panic!("{other:?}"),
        };
        let case = CaseRef::Line { authority: authority(), regime: regime(), line: line.clone() };
        let event = Event::FactEstablished { fact: fact.clone() };
        self.store.settle(&claim, "entered", Some((case, event)), &Actor::House, self.now).unwrap();
    }
}

pub fn authority() -> AuthorityId {
    "apo".parse().unwrap()
}

pub fn regime() -> RegimeId {
    "xx-specimen".parse().unwrap()
}

pub fn sender() -> PartyId {
    "alpa".parse().unwrap()
}

pub fn provider() -> PartyId {
    "exemple-net".parse().unwrap()
}

pub fn provider_acts() -> Actor {
    Actor::Party(provider())
}

pub fn officer() -> Actor {
    Actor::Person("agent-1".parse().unwrap())
}

pub fn line() -> Line {
    Line { provider: provider(), handle: "h".repeat(43).parse().unwrap() }
}

pub fn identified() -> Outcome {
    Outcome::Identified {
        handle: line().handle,
        assignment: Assignment {
            kind: AssignmentKind::PortBlock,
            start: at("2026-03-01T00:00:00Z"),
            end: None,
        },
    }
}

pub fn fact(number: u128) -> Fact {
    Fact {
        notice: NoticeId(Uuid::from_u128(number)),
        identification: CaseId(Uuid::from_u128(number)),
        fact_at: at("2026-03-01T09:00:00Z"),
        received_at: at("2026-03-02T09:00:00Z"),
    }
}

pub fn by_line() -> CaseRef {
    CaseRef::Line { authority: authority(), regime: regime(), line: line() }
}

pub fn batch(id: Uuid, notices: Vec<Notice>, received_at: Timestamp) -> IncomingBatch {
    let notices = notices.into_iter().enumerate().map(|(place, notice)| IncomingNotice {
        place: format!("/notices/{place}"),
        verdict: Ok((notice, provider())),
    });
    IncomingBatch {
        id: BatchId(id),
        authority: authority(),
        regime: regime(),
        sender: sender(),
        format: "xarf-4",
        channel: "api",
        raw: b"the bytes as they came: 192.0.2.77 Titre-Clair".to_vec(),
        received_at,
        idempotency_key: None,
        body_digest: [9; 32],
        proof: Some(b"a signature".to_vec()),
        notices: notices.collect(),
    }
}

/// A notice that differs from every other number's in the address, the hash and the sender number.
pub fn notice(number: u32) -> Notice {
    let [a, b, c, d] = number.to_be_bytes();
    Notice {
        sender_case_id: Some(format!("Numero-Clair-{number}")),
        class: Class::Copyright,
        kind: "p2p".to_owned(),
        observation: Observation { from: at("2026-03-01T09:00:00Z"), until: None, clock: None },
        source: Source {
            ip: std::net::Ipv4Addr::new(198, b, c, d).into(),
            port: Some(40_000 + u16::from(a)),
            transport: Some(Transport::Tcp),
        },
        observer: None,
        protocol: Some("bittorrent".to_owned()),
        pseudonym: Some("Pseudo-Clair".to_owned()),
        provider_name: Some("Exemple Net".to_owned()),
        works: vec![Work {
            title: Some("Titre-Clair".to_owned()),
            hashes: vec![Hash { algorithm: "btih".to_owned(), value: format!("{number:040x}") }],
            ..Work::default()
        }],
        claim: Claim { mandate: Some("Mandat-Clair".to_owned()), ..Claim::default() },
        details: std::collections::BTreeMap::new(),
    }
}
