//! A year of a small house in a real store, for the tests of the oversight desk and for looking at
//! it: notices, answers, decisions, warnings, a request for leave that lapses.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::authorisation::PublicKey;
use entremise_core::effect::Effect;
use entremise_core::event::{Decision, DeliveryReport, DeliveryStatus, Event, Ground, Verdict};
use entremise_core::id::{
    AuthorisationId, AuthorityId, BatchId, CaseId, PartyId, QuestionId, RegimeId,
};
use entremise_core::identification::{
    Assignment, AssignmentKind, Identity, IdentityField, Outcome, Purpose,
};
use entremise_core::ledger::{Actor, digest};
use entremise_core::notice::{Claim, Class, Hash, Notice, Observation, Source, Transport, Work};
use entremise_core::regime::embedded;
use entremise_server::web::defence::over_store::StoreDefence;
use entremise_server::web::defence::statement::MemberKey;
use entremise_server::web::measure::over_store::StoreMeasures;
use entremise_server::web::oversight::StoreOversight;
use entremise_server::web::portal::over_store::StorePortal;
use entremise_server::web::rights::over_store::StoreRights;
use entremise_server::web::{Authority, OfficeRole, Officer, Web};
use entremise_store::{
    CaseRef, Claimed, IncomingBatch, IncomingNotice, Keys, Places, Settlement, Store, SystemEntropy,
};
use entremise_wire::register::RegisterKey;
use entremise_wire::sealing;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use tempfile::TempDir;
use uuid::Uuid;

pub const OVERSEER_SECRET: &str = "specimen-overseer-secret-41aa";
pub const OFFICER_SECRET: &str = "specimen-officer-secret-8c1f";
pub const OTHER_OFFICER_SECRET: &str = "specimen-other-officer-secret-2b90";
/// The key with which the member signs.
pub const MEMBER_KEY: &str = "cle-membre-1";
pub const MEMBER_SECRET: &str = "specimen-member-secret-77d0";
pub const NAME: &str = "Autorité de protection des œuvres (SPECIMEN)";

pub struct World {
    pub store: Store,
    pub folder: TempDir,
    /// Where whoever is disclosed has their mail; nowhere, where it is not said.
    pub mailbox: Option<&'static str>,
    batches: u128,
}

/// Monday 23 November 2026, 9.30 in Paris.
pub fn now() -> Timestamp {
    at("2026-11-23T08:30:00Z")
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn authority() -> AuthorityId {
    "autorite-specimen".parse().unwrap()
}

pub fn regime() -> RegimeId {
    "fr-graduated-response".parse().unwrap()
}

pub fn overseers_desk(store: &Store) -> StoreOversight {
    StoreOversight::new(store.clone(), authority(), regime(), NAME.to_owned(), true)
}

pub fn people() -> Vec<Officer> {
    let person = |id: &str, secret: &str, role| {
        let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
        let secret_sha256 = digest.as_ref().try_into().unwrap();
        Officer { person: id.parse().unwrap(), secret_sha256, role }
    };
    vec![
        person("officer-7", OFFICER_SECRET, OfficeRole::Officer),
        person("officer-8", OTHER_OFFICER_SECRET, OfficeRole::Officer),
        person("membre-1", MEMBER_SECRET, OfficeRole::Member),
        person("auditor-2", OVERSEER_SECRET, OfficeRole::Overseer),
    ]
}

/// The member's key.
pub fn member_pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn member_key() -> MemberKey {
    let public_key = URL_SAFE_NO_PAD.encode(member_pair().public_key());
    let key = PublicKey::Ed25519 { public_key };
    MemberKey { member: "membre-1".parse().unwrap(), id: MEMBER_KEY.parse().unwrap(), key }
}

/// The code on the messages of a file, in this world.
pub fn code_of(number: &str) -> String {
    format!("C0DE-{number}")
}

/// The key of this world's register of suspended persons.
pub fn register_key() -> Arc<RegisterKey> {
    Arc::new(RegisterKey::from_seed(&[7; 32]).unwrap())
}

pub fn web(store: &Store) -> Web {
    let desk = Arc::new(entremise_server::web::store_desk::StoreDesk::over(
        store.clone(),
        authority(),
        |number: &str, typed: &str| typed == code_of(number),
    ));
    Web {
        portal: Some(Arc::new(StorePortal::new(desk.clone()))),
        desk,
        review: None,
        oversight: Some(Arc::new(overseers_desk(store))),
        rights: Some(Arc::new(StoreRights::new(store.clone(), authority()))),
        measures: Some(Arc::new(
            StoreMeasures::new(store.clone(), authority()).with_register(Some(register_key())),
        )),
        defence: Some(Arc::new(StoreDefence::new(store.clone(), authority(), vec![member_key()]))),
        authority: Authority {
            name: entremise_core::deadline::Words { fr: NAME.to_owned(), en: NAME.to_owned() },
            email: "contact@autorite.example".to_owned(),
            post: vec!["1 place de l’Exemple".to_owned()],
            origin: "https://autorite.example".to_owned(),
            security_contact: "mailto:securite@autorite.example".to_owned(),
        },
        clock: Arc::new(now),
        secure: false,
    }
}

impl World {
    /// Nothing has happened yet.
    pub fn empty(begin: Timestamp) -> Self {
        let folder = TempDir::new().unwrap();
        let entropy = Arc::new(SystemEntropy::default());
        let keys = Keys::load_or_make(folder.path(), entropy.as_ref()).unwrap();
        let regimes = vec![embedded("fr-graduated-response").unwrap()];
        let places = Places::in_folder(folder.path());
        let store = Store::open(&places, keys, regimes, entropy, begin).unwrap();
        Self { store, folder, mailbox: None, batches: 0 }
    }

    /// A house that stands already.
    pub fn over(store: Store) -> Self {
        Self { store, folder: TempDir::new().unwrap(), mailbox: None, batches: 0 }
    }

    /// A year of it, up to `now`.
    pub fn year() -> Self {
        let mut world = Self::empty(at("2026-01-05T08:00:00Z"));
        for month in 1..=11_u32 {
            let day = at(&format!("2026-{month:02}-05T09:00:00Z"));
            let first = month * 1_000;
            let how_many = 6 + (month * 7) % 11;
            world.bring((first..first + how_many).collect(), day);
            world.bring(vec![first], day);
            world.answer(day + SignedDuration::from_hours(20), |number| match number % 7 {
                0 => Outcome::NotFound,
                1 => Outcome::SharedUnresolvable,
                _ => named(number % 5 + u32::from(month > 8) * 10),
            });
            let decided_at = day + SignedDuration::from_hours(48);
            world.decide(decided_at, |place| place % 6 != 5);
            world.carry(decided_at + SignedDuration::from_hours(3));
        }
        // A look-up that falls back on one subscriber.
        let day = at("2026-11-12T09:00:00Z");
        world.bring((50_000..50_040).collect(), day);
        world.answer(day + SignedDuration::from_hours(20), |number| match number {
            50_000..=50_021 => named(777),
            _ => named(number),
        });
        world.late(at("2026-11-22T09:00:00Z"));
        world
    }

    pub fn bring(&mut self, numbers: Vec<u32>, now: Timestamp) {
        self.batches += 1;
        let provider = |number: u32| -> PartyId {
            if number.is_multiple_of(3) { "isp-colline" } else { "isp-riviere" }.parse().unwrap()
        };
        let notices = numbers.iter().map(|number| IncomingNotice {
            place: format!("/notices/{number}"),
            verdict: Ok((notice(*number, now), provider(*number))),
        });
        let batch = IncomingBatch {
            id: BatchId(Uuid::from_u128(self.batches)),
            authority: authority(),
            regime: regime(),
            sender: if self.batches.is_multiple_of(2) {
                "ayants-droit-b"
            } else {
                "ayants-droit-a"
            }
            .parse()
            .unwrap(),
            format: "xarf-4",
            channel: "api",
            raw: b"SPECIMEN".to_vec(),
            received_at: now,
            idempotency_key: None,
            body_digest: [7; 32],
            proof: None,
            notices: notices.collect(),
        };
        self.store.intake(batch).unwrap();
    }

    pub fn claim(&self, queue: &str, now: Timestamp) -> Vec<Claimed> {
        self.store.claim(&[queue], "tester", 60, 1_000, now).unwrap()
    }

    /// Providers answer all that is asked; the facts go to their lines.
    pub fn answer(&mut self, now: Timestamp, outcome: impl Fn(u32) -> Outcome) {
        let mut settled = Vec::new();
        for claim in self.claim("ask_provider", now) {
            let question = QuestionId(claim.id.0);
            let case = CaseRef::Id(authority(), claim.case);
            let actor = Actor::House;
            let event = Some((case, Event::QuestionAsked { question }));
            settled.push(Settlement { claim, outcome: "asked", event, actor });
        }
        let claims: Vec<Claimed> = settled.iter().map(|one| one.claim.clone()).collect();
        self.store.question_material(&claims, now).unwrap_or_else(|error| panic!("{error}"));
        let asked: Vec<CaseId> = settled.iter().map(|one| one.claim.case).collect();
        let questions: Vec<QuestionId> =
            settled.iter().map(|one| QuestionId(one.claim.id.0)).collect();
        let providers: Vec<PartyId> = settled
            .iter()
            .map(|one| match &one.claim.effect {
                Effect::AskProvider { provider, .. } => provider.clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        self.store.settle_many(settled, now).unwrap();
        let answers = (0..).zip(asked).zip(questions).zip(providers);
        for (((number, case), question), provider) in answers {
            let number: u32 = number;
            let event = Event::Answered { question, outcome: outcome(self.number(case, number)) };
            let actor = Actor::Party(provider);
            self.store.apply(&CaseRef::Id(authority(), case), &event, &actor, now).unwrap();
        }
        for claim in self.claim("establish_fact", now) {
            let Effect::EstablishFact { line, fact } = claim.effect.clone() else { panic!() };
            let case = CaseRef::Line { authority: authority(), regime: regime(), line };
            let event = Some((case, Event::FactEstablished { fact }));
            let actor = Actor::House;
            let settlement = Settlement { claim, outcome: "entered", event, actor };
            self.store.settle_many(vec![settlement], now).unwrap();
        }
    }

    /// The notice's number, by the fact's seconds.
    fn number(&self, case: CaseId, or: u32) -> u32 {
        let file = self.store.case_file(&authority(), &case).unwrap().unwrap();
        file.history
            .iter()
            .find_map(|entry| match &entry.event {
                Some(Event::NoticeAccepted { fact_at, .. }) => {
                    u32::try_from(fact_at.subsec_microsecond()).ok()
                }
                _ => None,
            })
            .unwrap_or(or)
    }

    /// An officer decides on all that is proposed.
    pub fn decide(&mut self, now: Timestamp, sends: impl Fn(usize) -> bool) {
        let order = entremise_store::WorkOrder { limit: 1_000, after: None };
        let by: entremise_core::id::PersonId = "officer-7".parse().unwrap();
        for (place, row) in self.store.work(&authority(), order).unwrap().into_iter().enumerate() {
            let (verdict, ground) = match (sends(place), place % 2) {
                (true, _) => (Verdict::Send, Ground::FactsEstablished),
                (false, 0) => (Verdict::Close, Ground::Discretion),
                (false, _) => (Verdict::Close, Ground::EvidenceWeak),
            };
            let event = Event::Decided(Decision { by: by.clone(), verdict, ground });
            let case = CaseRef::Id(authority(), row.case.id);
            // What is only late takes no decision; the refusal is in the ledger.
            let _ = self.store.apply(&case, &event, &Actor::Person(by.clone()), now);
        }
    }

    /// Providers disclose, messages leave, their proofs come back.
    pub fn carry(&mut self, now: Timestamp) {
        for claim in self.claim("request_disclosure", now) {
            let question = QuestionId(claim.id.0);
            let identity = Identity {
                name: Some("Nom-Clair".to_owned()),
                postal_address: vec!["4 quai du Spécimen".to_owned(), "00100 EXEMPLE".to_owned()],
                emails: self.mailbox.map(str::to_owned).into_iter().collect(),
                ..Identity::default()
            };
            let to = self.store.seal_to();
            let Effect::RequestDisclosure { purpose, .. } = &claim.effect else { panic!() };
            let sealed = sealing::seal(&identity, &to, question, *purpose).unwrap();
            let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
            let (key, sealed) = (bytes(&sealed.encapsulated_key), bytes(&sealed.ciphertext));
            self.store.keep_disclosure(&claim, question, &key, &sealed, now).unwrap();
            let fields =
                vec![IdentityField::Email, IdentityField::Name, IdentityField::PostalAddress];
            let event = Event::Disclosed { question, fields };
            let event = Some((CaseRef::Id(authority(), claim.case), event));
            let actor = Actor::House;
            let settlement = Settlement { claim, outcome: "disclosed", event, actor };
            self.store.settle_many(vec![settlement], now).unwrap();
        }
        for claim in self.claim("send_message", now) {
            let Effect::SendMessage { stage, channel, .. } = claim.effect else { panic!() };
            // Now and then a person looks, rather than the machine.
            let person = Actor::Person("officer-7".parse().unwrap());
            let by = if stage == 1 { person } else { Actor::House };
            let purpose = if stage == 2 { Purpose::Finding } else { Purpose::Warn };
            let material = self.store.message_material(&claim, purpose, &by, now);
            material.unwrap_or_else(|error| panic!("{error}"));
            let status = match channel {
                entremise_core::regime::rules::ChannelKind::Email => DeliveryStatus::HandedOver,
                _ => DeliveryStatus::Presented,
            };
            let report = DeliveryReport { stage, channel, status, at: now };
            let event = Some((CaseRef::Id(authority(), claim.case), Event::Delivery(report)));
            let actor = Actor::House;
            let settlement = Settlement { claim, outcome: "handed_over", event, actor };
            self.store.settle_many(vec![settlement], now).unwrap();
        }
    }

    /// Whatever is overdue is taken in hand.
    pub fn late(&mut self, now: Timestamp) {
        for (authority, case) in self.store.due(now, 1_000).unwrap() {
            let case = CaseRef::Id(authority, case);
            let _ = self.store.apply(&case, &Event::DeadlinePassed, &Actor::House, now);
        }
    }

    /// Asks a reviewer for leave on every barred line; yields how many were asked.
    pub fn ask_leave(&mut self, cases: &[CaseId], reviewer: &str, now: Timestamp) -> usize {
        let by: entremise_core::id::PersonId = "officer-7".parse().unwrap();
        let asked = cases.iter().enumerate().filter(|(place, case)| {
            let event = Event::AuthorisationRequested {
                request: AuthorisationId(Uuid::from_u128(900 + *place as u128)),
                decision: Decision {
                    by: by.clone(),
                    verdict: Verdict::Send,
                    ground: Ground::FactsEstablished,
                },
                reviewer: reviewer.parse().unwrap(),
                evidence: digest(b"SPECIMEN"),
            };
            let case = CaseRef::Id(authority(), **case);
            self.store.apply(&case, &event, &Actor::Person(by.clone()), now).is_ok()
        });
        asked.count()
    }
}

pub fn named(subscriber: u32) -> Outcome {
    Outcome::Identified {
        handle: format!("{subscriber:043}").parse().unwrap(),
        assignment: Assignment {
            kind: AssignmentKind::PortBlock,
            start: at("2026-01-01T00:00:00Z"),
            end: None,
        },
    }
}

/// A notice whose number lies in the microseconds of its instant.
pub fn notice(number: u32, received_at: Timestamp) -> Notice {
    let fact_at = received_at - SignedDuration::from_hours(30);
    let fact_at = Timestamp::from_second(fact_at.as_second()).unwrap()
        + SignedDuration::from_micros(i64::from(number));
    let [_, b, c, d] = number.to_be_bytes();
    Notice {
        sender_case_id: Some(format!("N-{number}")),
        class: Class::Copyright,
        kind: "p2p".to_owned(),
        observation: Observation { from: fact_at, until: None, clock: None },
        source: Source {
            ip: std::net::Ipv4Addr::new(198, b, c, d).into(),
            port: Some(40_000),
            transport: Some(Transport::Tcp),
        },
        observer: None,
        protocol: Some("bittorrent".to_owned()),
        pseudonym: Some("Pseudo-Clair".to_owned()),
        provider_name: None,
        works: vec![Work {
            title: Some(format!("Les Heures du port, épisode {}", number % 12 + 1)),
            artist: Some("Compagnie SPECIMEN".to_owned()),
            file_name: Some(format!("les.heures.du.port.s01e{:02}.specimen.mkv", number % 12 + 1)),
            size_bytes: Some(734_003_200),
            hashes: vec![Hash { algorithm: "btih".to_owned(), value: format!("{number:040x}") }],
            ..Work::default()
        }],
        claim: Claim {
            rights_holder: Some("Ayants droit SPECIMEN".to_owned()),
            mandate: Some("M-2026-014".to_owned()),
            sworn_agent: Some("AA-0042".to_owned()),
            standing_declared: true,
            ..Claim::default()
        },
        details: std::collections::BTreeMap::new(),
    }
}
