//! A store with one case that two warnings and a third fact brought before the gate, two reviewers
//! with key files, and the days on which it all happens.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::authorisation::{Ruling, Signature, SignedStatement, Statement};
use entremise_core::case::State;
use entremise_core::event::{
    Decision, DeliveryReport, DeliveryStatus, Event, Fact, Ground, Line, Verdict,
};
use entremise_core::id::{AuthorisationId, AuthorityId, BatchId, CaseId, NoticeId, QuestionId};
use entremise_core::identification::IdentityField;
use entremise_core::ledger::Actor;
use entremise_core::notice::{Claim, Class, Hash, Notice, Observation, Source, Transport, Work};
use entremise_core::regime::embedded;
use entremise_core::regime::rules::ChannelKind;
use entremise_server::config::{KeyFile, Reviewer};
use entremise_server::web::review::desk::{AskOrder, AskOutcome, ReviewDesk};
use entremise_server::web::review::over_store::StoreReviewDesk;
use entremise_server::web::store_desk::StoreDesk;
use entremise_store::{
    CaseFile, CaseRef, IncomingBatch, IncomingNotice, ItemVerdict, Keys, Places, Store,
    SystemEntropy,
};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use tempfile::TempDir;
use uuid::Uuid;

pub const TITLE: &str = "Le Film Témoin SPECIMEN";
pub const FILE_NAME: &str = "Nom-De-Fichier-Clair.mkv";
pub const ADDRESS: &str = "198.51.100.77";
pub const MEMBER: &str = "membre-1";
pub const JUDGE: &str = "magistrat-1";
pub const SUBSTITUTE: &str = "magistrat-2";
/// A reviewer who has only a passkey, once it is registered.
pub const WITH_PASSKEY: &str = "magistrat-3";

pub struct World {
    pub store: Store,
    pub reviews: Arc<StoreReviewDesk>,
    pub desk: Arc<StoreDesk>,
    pub case: CaseId,
    pub folder: TempDir,
}

pub fn authority() -> AuthorityId {
    "autorite-specimen".parse().unwrap()
}

pub fn day(text: &str) -> Timestamp {
    format!("{text}T12:00:00+02:00").parse().unwrap()
}

/// The day on which the third fact is known and the request is made.
pub fn now() -> Timestamp {
    day("2026-09-01") + SignedDuration::from_hours(1)
}

pub fn line() -> Line {
    Line { provider: "isp-riviere".parse().unwrap(), handle: "h".repeat(43).parse().unwrap() }
}

fn seed(of: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    seed.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, of.as_bytes()).as_ref());
    seed
}

fn pair(of: &str) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&seed(of)).unwrap()
}

pub fn reviewers() -> Vec<Reviewer> {
    let one = |id: &str, substitutes: &[&str], has_file: bool| Reviewer {
        id: id.parse().unwrap(),
        name: format!("Personne {id} (SPECIMEN)"),
        body: "Formation de contrôle (SPECIMEN)".to_owned(),
        keys: has_file
            .then(|| KeyFile {
                id: format!("cle-{id}").parse().unwrap(),
                public_key: URL_SAFE_NO_PAD.encode(pair(id).public_key()),
            })
            .into_iter()
            .collect(),
        substitutes: substitutes.iter().map(|id| id.parse().unwrap()).collect(),
    };
    // The member stands among the reviewers here, against the configuration's own check: the core
    // must refuse by itself.
    vec![
        one(JUDGE, &[SUBSTITUTE, MEMBER], true),
        one(SUBSTITUTE, &[], true),
        one(WITH_PASSKEY, &[], false),
        one(MEMBER, &[], true),
    ]
}

impl World {
    /// Two warnings, then a third fact: the case is barred.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let entropy = Arc::new(SystemEntropy::default());
        let keys = Keys::load_or_make(&folder.path().join("keys"), entropy.as_ref()).unwrap();
        let regime = embedded("fr-graduated-response").unwrap();
        let places = Places::in_folder(folder.path());
        let begin = day("2026-05-01");
        let store = Store::open(&places, keys, vec![regime], entropy, begin).unwrap();
        let notices = bring(&store, begin);
        let name = "Autorité de protection des œuvres (SPECIMEN)".to_owned();
        let reviews = StoreReviewDesk::new(store.clone(), authority(), name, reviewers());
        let desk = StoreDesk::over(store.clone(), authority(), |_, _| false);
        let case = barred(&store, &notices);
        let (reviews, desk) = (Arc::new(reviews), Arc::new(desk));
        Self { store, reviews, desk, case, folder }
    }

    pub fn file(&self) -> CaseFile {
        self.store.case_file(&authority(), &self.case).unwrap().unwrap()
    }

    pub fn state(&self) -> String {
        let State::Ladder(state) = self.file().case.state else { panic!("not on the ladder") };
        state.name().to_owned()
    }

    pub fn version(&self) -> u64 {
        let file = self.file();
        file.history.iter().filter(|entry| entry.kind.starts_with("event.")).count() as u64
    }

    pub fn order(&self, reviewer: &str) -> AskOrder {
        AskOrder {
            reference: self.case.to_string(),
            version: self.version(),
            ground: Ground::FactsEstablished,
            reviewer: reviewer.parse().unwrap(),
            by: MEMBER.parse().unwrap(),
        }
    }

    pub fn ask(&self, reviewer: &str) -> AuthorisationId {
        match self.reviews.ask(&self.order(reviewer), now()).unwrap() {
            AskOutcome::Asked(request) => request,
            other => panic!("{other:?}"),
        }
    }

    pub fn statement(
        &self,
        by: &str,
        request: AuthorisationId,
        ruling: Ruling,
        reasons: &str,
    ) -> Statement {
        let by = by.parse().unwrap();
        self.reviews.statement(&by, request, ruling, reasons, now()).unwrap().unwrap()
    }

    /// Names of the effects that the case has asked for.
    pub fn effects(&self) -> Vec<&'static str> {
        self.file().effects.iter().map(|row| row.effect.name()).collect()
    }

    /// Kinds of the case's ledger lines.
    pub fn lines(&self) -> Vec<String> {
        self.file().history.into_iter().map(|entry| entry.kind).collect()
    }
}

/// Signs as the person with this key file would, on another machine.
pub fn signed(statement: Statement, with: &str) -> SignedStatement {
    let signature = URL_SAFE_NO_PAD.encode(pair(with).sign(statement.text().as_bytes()));
    SignedStatement {
        statement,
        key: format!("cle-{with}").parse().unwrap(),
        signature: Signature::Ed25519 { signature },
    }
}

/// The evidence of three facts.
fn bring(store: &Store, at: Timestamp) -> Vec<NoticeId> {
    let notices = (1..=3_u8).map(|place| IncomingNotice {
        place: format!("/{place}"),
        verdict: Ok((notice(place, at), line().provider)),
    });
    let batch = IncomingBatch {
        id: BatchId(Uuid::from_u128(1)),
        authority: authority(),
        regime: "fr-graduated-response".parse().unwrap(),
        sender: "alpa".parse().unwrap(),
        format: "xarf-4",
        channel: "api",
        raw: b"as it came".to_vec(),
        received_at: at,
        idempotency_key: None,
        body_digest: [9; 32],
        proof: None,
        notices: notices.collect(),
    };
    let report = store.intake(batch).unwrap();
    let accepted = report.results.iter().map(|result| match result.verdict {
        ItemVerdict::Accepted { notice } => notice,
        ref other => panic!("{other:?}"),
    });
    accepted.collect()
}

fn notice(place: u8, at: Timestamp) -> Notice {
    Notice {
        sender_case_id: Some(format!("S-{place}")),
        class: Class::Copyright,
        kind: "p2p".to_owned(),
        observation: Observation {
            from: at - SignedDuration::from_hours(i64::from(place)),
            until: None,
            clock: None,
        },
        source: Source {
            ip: ADDRESS.parse().unwrap(),
            port: Some(40_000 + u16::from(place)),
            transport: Some(Transport::Tcp),
        },
        observer: None,
        protocol: Some("bittorrent".to_owned()),
        pseudonym: Some("Pseudo-Clair".to_owned()),
        provider_name: None,
        works: vec![Work {
            title: Some(TITLE.to_owned()),
            file_name: Some(FILE_NAME.to_owned()),
            hashes: vec![Hash { algorithm: "btih".to_owned(), value: format!("{place:040x}") }],
            ..Work::default()
        }],
        claim: Claim::default(),
        details: std::collections::BTreeMap::new(),
    }
}

/// Takes the line up two rungs and to the gate.
fn barred(store: &Store, notices: &[NoticeId]) -> CaseId {
    let case = CaseRef::Line {
        authority: authority(),
        regime: "fr-graduated-response".parse().unwrap(),
        line: line(),
    };
    let apply = |when: &str, event: Event| {
        let actor = Actor::Person(MEMBER.parse().unwrap());
        store.apply(&case, &event, &actor, day(when)).unwrap().case.id
    };
    let fact = |when: &str, place: usize| {
        let fact = Fact {
            notice: notices[place],
            identification: CaseId(Uuid::from_u128(place as u128 + 1)),
            fact_at: day(when),
            received_at: day(when),
        };
        apply(when, Event::FactEstablished { fact })
    };
    let send = |when: &str| {
        let (by, ground) = (MEMBER.parse().unwrap(), Ground::FactsEstablished);
        apply(when, Event::Decided(Decision { by, verdict: Verdict::Send, ground }));
        let fields = vec![IdentityField::Email, IdentityField::Name, IdentityField::PostalAddress];
        apply(when, Event::Disclosed { question: QuestionId(Uuid::from_u128(9)), fields });
    };
    let news = |when: &str, stage: usize, channel, status| {
        apply(when, Event::Delivery(DeliveryReport { stage, channel, status, at: day(when) }));
    };
    fact("2026-05-10", 0);
    send("2026-05-10");
    news("2026-05-10", 0, ChannelKind::Email, DeliveryStatus::HandedOver);
    fact("2026-06-01", 1);
    send("2026-06-01");
    news("2026-06-05", 1, ChannelKind::RegisteredLetter, DeliveryStatus::Presented);
    fact("2026-09-01", 2)
}
