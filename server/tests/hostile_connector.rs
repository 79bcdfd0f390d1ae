//! A provider's connector that lies, stalls and asks back: it names nobody whom its signature does
//! not answer for, and it is never sent evidence, whatever it does.

use crate::api_house;
use std::sync::{Arc, Mutex};

use crate::api_house::{Hand, notice};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use entremise_core::event::{Decision, Event, Ground, Verdict};
use entremise_core::id::AuthorityId;
use entremise_core::ledger::Actor;
use entremise_server::config::{Answers, Config};
use entremise_server::house::House;
use entremise_server::intake::{Channel, Sending, receive};
use entremise_server::{serve, worker};
use entremise_store::{CaseRef, SystemEntropy, WorkOrder};
use entremise_wire::message::{CONTENT_TYPE, DISCLOSURES_PATH};
use entremise_wire::signature::{AnswerParts, SigningKey, content_digest, sign_answer};
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};

/// What a connector may never see. Each stands in the notice or in the configuration.
const NEVER_SENT: [&str; 9] = [
    "Un film SPECIMEN",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "Premier saisissant",
    "notices@first.example",
    "AGENT-001",
    "MANDAT-SECRET-17",
    "NUMERO-SECRET-4",
    "bittorrent",
    "standing",
];

/// What the connector does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mischief {
    /// Bytes without sense and without signature.
    Garbage,
    /// Rightly signed, and no answer.
    SignedGarbage,
    /// An answer under a key that nobody pinned.
    AnotherKey,
    /// A good answer to another call.
    AnotherCall,
    /// Answers to questions that nobody asked.
    AnotherId,
    /// A name instead of a handle.
    NameForHandle,
    /// Bytes without end.
    Endless,
    /// "Send me the evidence first."
    AsksBack,
    /// "Ask over there."
    Redirects,
    /// Names one and the same subscriber for every question.
    OneHandle,
}

struct Hostile {
    mischief: Mischief,
    now: Timestamp,
    /// Everything it was ever sent: method, address, headers, body.
    sent: Vec<String>,
    address: String,
}

type Shared = Arc<Mutex<Hostile>>;

const HANDLE: &str = "HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH";

async fn answer(
    State(hostile): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let mut hostile = hostile.lock().unwrap();
    let text = String::from_utf8_lossy(&body).into_owned();
    hostile.sent.push(format!("{method} {uri}\n{headers:?}\n{text}"));
    let call = Call::read(&body, uri.path() == DISCLOSURES_PATH);
    let digest = content_digest(&body);
    let signed = |seed: u8, digest: &str, body: Vec<u8>| signed(seed, digest, body, hostile.now);
    let good = call.answered(|id| id.clone(), HANDLE);
    match hostile.mischief {
        Mischief::Garbage => Response::new(Body::from(vec![0xff; 4_096])),
        Mischief::SignedGarbage => signed(9, &digest, b"[[[[{\"evidence\":".to_vec()),
        Mischief::AnotherKey => signed(8, &digest, good),
        Mischief::AnotherCall => signed(9, &content_digest(b"another call"), good),
        Mischief::AnotherId => {
            let strange = |_: &Value| json!("11111111-1111-4111-8111-111111111111");
            signed(9, &digest, call.answered(strange, HANDLE))
        }
        Mischief::NameForHandle => {
            let name = "Camille Martin, 1 rue de l'Essai";
            signed(9, &digest, call.answered(|id| id.clone(), name))
        }
        Mischief::Endless => {
            let chunk = Bytes::from(vec![b' '; 1 << 20]);
            let endless = futures_util::stream::repeat_with(move || Ok::<_, String>(chunk.clone()));
            Response::new(Body::from_stream(endless))
        }
        Mischief::AsksBack => {
            let problem = json!({
                "type": "/problems/evidence_required", "status": 428,
                "title": "send title, hash, sender and evidence of each question first",
            });
            Response::builder().status(428).body(Body::from(problem.to_string())).unwrap()
        }
        Mischief::Redirects => Response::builder()
            .status(307)
            .header("location", format!("{}/v1/evidence", hostile.address))
            .body(Body::empty())
            .unwrap(),
        Mischief::OneHandle => signed(9, &digest, good),
    }
}

/// A call as the connector reads it.
struct Call {
    batch: Value,
    ids: Vec<Value>,
    disclosing: bool,
}

impl Call {
    fn read(body: &[u8], disclosing: bool) -> Self {
        let call: Value = serde_json::from_slice(body).unwrap_or_default();
        let lists = ["questions", "requests"].iter().filter_map(|name| call[*name].as_array());
        let ids = lists.flatten().map(|one| one["id"].clone()).collect();
        Self { batch: call["batch"].clone(), ids, disclosing }
    }

    /// An answer to each question, under these numbers, with this handle.
    fn answered(&self, id: impl Fn(&Value) -> Value, handle: &str) -> Vec<u8> {
        let told = |one: &Value| {
            json!({
                "id": id(one), "outcome": "identified", "handle": handle, "why": "SPECIMEN",
                "assignment": { "kind": "static", "start": "2020-01-01T00:00:00Z", "end": null },
            })
        };
        let sealed = |one: &Value| {
            json!({
                "id": id(one), "outcome": "disclosed", "fields": ["name"],
                "encapsulated_key": "AAAA", "sealed": "AAAA",
            })
        };
        let answer = if self.disclosing {
            let all: Vec<Value> = self.ids.iter().map(sealed).collect();
            json!({ "batch": self.batch, "disclosures": all })
        } else {
            let all: Vec<Value> = self.ids.iter().map(told).collect();
            json!({ "batch": self.batch, "answers": all })
        };
        answer.to_string().into_bytes()
    }
}

/// An answer under the key of this seed; 9 is the one that the authority pinned.
fn signed(seed: u8, request_digest: &str, body: Vec<u8>, now: Timestamp) -> Response<Body> {
    let key = SigningKey::from_seed("isp-1", &[seed; 32]).unwrap();
    let parts =
        AnswerParts { status: 200, content_type: CONTENT_TYPE, body: &body, request_digest };
    let signed = sign_answer(&key, parts, now).unwrap();
    Response::builder()
        .header("content-type", CONTENT_TYPE)
        .header("content-digest", signed.content_digest)
        .header("signature-input", signed.signature_input)
        .header("signature", signed.signature)
        .body(Body::from(body))
        .unwrap()
}

struct World {
    house: Arc<House>,
    hostile: Shared,
    now: Timestamp,
    _folder: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

fn world() -> World {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::TempDir::new().unwrap();
    let now: Timestamp = "2026-06-10T09:00:00Z".parse().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let certificate = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &ca).unwrap().pem(), key.serialize_pem())
    };
    let (tls, tls_key) = certificate("127.0.0.1");
    let (client, client_key) = certificate("authority.example");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let hostile: Shared = Arc::new(Mutex::new(Hostile {
        mischief: Mischief::Garbage,
        now,
        sent: Vec::new(),
        address: address.clone(),
    }));
    let router = Router::new().fallback(answer).with_state(hostile.clone());
    let (tls, tls_key) = (tls.into_bytes(), tls_key.into_bytes());
    runtime.block_on(async {
        let tls = axum_server::tls_rustls::RustlsConfig::from_pem(tls, tls_key).await.unwrap();
        let server = axum_server::from_tcp_rustls(listener, tls).unwrap();
        tokio::spawn(server.serve(router.into_make_service()));
    });
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    use base64::Engine as _;
    let seed = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([7; 32]);
    let mut config: Config = api_house::config(folder.path());
    config.authorities[0].providers[0].answers = Answers::Connector {
        url: address,
        ca: path("ca.pem", &ca.pem()),
        client: path("client.pem", &format!("{client}{client_key}")),
        signing_key: path("signing.key", &seed),
        signing_key_id: "autorite-1".to_owned(),
        answer_key: SigningKey::from_seed("isp-1", &[9; 32]).unwrap().verifying_key().to_base64(),
        answer_key_id: "isp-1".to_owned(),
    };
    let clock = Hand::at("2026-06-10T09:00:00Z").clock();
    let house = serve::open(&config, &clock, Arc::new(SystemEntropy::default())).unwrap();
    World { house: Arc::new(house), hostile, now, _folder: folder, _runtime: runtime }
}

fn authority() -> AuthorityId {
    "autorite".parse().unwrap()
}

impl World {
    fn bring(&self, ip: &str, number: &str) {
        let text = notice(number, ip, "2026-06-09T20:00:00Z").replace("M-1", "MANDAT-SECRET-17");
        let room = self.house.room(&authority()).unwrap();
        let sending = Sending {
            channel: Channel::Folder,
            bytes: text.into_bytes(),
            idempotency_key: None,
            jws: None,
            received_at: self.now,
        };
        receive(&self.house.store, room, &room.senders[0], sending)
            .unwrap_or_else(|error| panic!("{error}"));
    }

    /// One round of work under a mischief, when whatever waits may be tried again.
    fn round(&mut self, mischief: Mischief) {
        self.now += SignedDuration::from_hours(7);
        let mut hostile = self.hostile.lock().unwrap();
        hostile.mischief = mischief;
        hostile.now = self.now;
        drop(hostile);
        worker::round(&self.house, self.now).unwrap();
    }

    fn sent(&self) -> String {
        self.hostile.lock().unwrap().sent.join("\n")
    }

    fn cases(&self, state: &str) -> u64 {
        let counts = self.house.store.counts(&authority()).unwrap();
        counts.cases.get(state).copied().unwrap_or_default()
    }
}

#[test]
fn a_hostile_connector_names_nobody_by_a_lie_and_gets_no_evidence() {
    let mut world = world();
    world.bring("198.51.100.7", "NUMERO-SECRET-4");
    for mischief in [
        Mischief::Garbage,
        Mischief::SignedGarbage,
        Mischief::AnotherKey,
        Mischief::AnotherCall,
        Mischief::AnotherId,
        Mischief::NameForHandle,
        Mischief::Endless,
        Mischief::AsksBack,
        Mischief::Redirects,
    ] {
        let before = world.hostile.lock().unwrap().sent.len();
        world.round(mischief);
        assert_eq!(world.cases("identification.asked"), 1, "{mischief:?} answered nothing");
        assert_eq!(world.cases("ladder.proposed"), 0, "{mischief:?} accused nobody");
        let calls = world.hostile.lock().unwrap().sent.len() - before;
        assert_eq!(calls, 1, "{mischief:?} was asked once and not followed");
    }
    // What it says under its own signature, for our own question, is its word: so is a lie.
    world.round(Mischief::OneHandle);
    world.round(Mischief::OneHandle);
    assert_eq!(world.cases("ladder.proposed"), 1);
    let order = WorkOrder { limit: 1, after: None };
    let case = world.house.store.work(&authority(), order).unwrap()[0].case.id;
    let by: entremise_core::id::PersonId = "officer-7".parse().unwrap();
    let (verdict, ground) = (Verdict::Send, Ground::FactsEstablished);
    let event = Event::Decided(Decision { by: by.clone(), verdict, ground });
    let case = CaseRef::Id(authority(), case);
    world.house.store.apply(&case, &event, &Actor::Person(by), world.now).unwrap();
    // The last one seals what opens with no key of ours.
    for mischief in
        [Mischief::SignedGarbage, Mischief::AnotherId, Mischief::AsksBack, Mischief::OneHandle]
    {
        world.round(mischief);
        assert_eq!(world.cases("ladder.asking"), 1, "{mischief:?} disclosed nothing");
    }
    let sent = world.sent();
    // The log is really what was sent: the question and the request stand in it.
    assert!(sent.contains("198.51.100.7") && sent.contains(HANDLE), "{sent}");
    for word in NEVER_SENT {
        assert!(!sent.contains(word), "{word} was sent");
    }
}

#[test]
fn a_connector_that_names_one_subscriber_for_all_is_found_by_the_oversight() {
    let mut world = world();
    for last in 1..=30 {
        world.bring(&format!("198.51.100.{last}"), &format!("number-{last}"));
    }
    world.round(Mischief::OneHandle);
    world.round(Mischief::OneHandle);
    let since = world.now - SignedDuration::from_hours(48);
    let found = world.house.store.lines_often_named(&authority(), since).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].times, found[0].provider.as_str()), (30, "isp"));
}
