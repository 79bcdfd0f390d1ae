//! The service over real sockets: mutual TLS, signed both ways, idempotent, stoppable.

use crate::measured;
use crate::told;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use crate::told::{at, radius};
use axum_server::Handle;
use entremise_connector::config::Config;
use entremise_connector::keys::KeyFile;
use entremise_connector::measure::notes::{Note, Verdict};
use entremise_connector::measure::state::Memory;
use entremise_connector::serve::{Service, stop};
use entremise_core::id::{BatchId, Handle as SubscriberHandle, OrderId, QuestionId};
use entremise_core::identification::{
    Answer, Disclosure, DisclosureRequest, IdentityField, Outcome, Purpose, Question,
};
use entremise_wire::measure;
use entremise_wire::message::*;
use entremise_wire::sealing::{OpeningKey, open};
use entremise_wire::signature::*;
use jiff::{Timestamp, ToSpan};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use uuid::Uuid;

const URL: &str = "https://connector.isp.example:8443";
const DIRECTORY: &str = "account,name,postal_address,emails,telephones,line_address\n\
    alice,Camille SPECIMEN,1 RUE DE L'ESSAI|75000 PARIS,camille@mail.example,+33100000000,\n";

/// A provider that answers on a loopback port, and an authority that may ask.
struct Running {
    directory: tempfile::TempDir,
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    thread: Option<JoinHandle<()>>,
    authority: SigningKey,
    provider: VerifyingKey,
    client: reqwest::blocking::Client,
    ca: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.shutdown();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn issuer() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Certificate and key in PEM, and the certificate's thumbprint.
fn certificate(issuer: &Issuer, name: &str) -> (String, String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
    let thumbprint = hex::encode(ring::digest::digest(&ring::digest::SHA256, certificate.der()));
    (certificate.pem(), key.serialize_pem(), thumbprint)
}

fn client(
    ca: &str,
    identity: Option<(&str, &str)>,
    address: SocketAddr,
) -> reqwest::blocking::Client {
    let mut builder = reqwest::blocking::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(ca.as_bytes()).unwrap()])
        .resolve("connector.isp.example", address)
        .no_proxy();
    if let Some((certificate, key)) = identity {
        let pem = format!("{key}{certificate}");
        builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap());
    }
    builder.build().unwrap()
}

fn write(path: PathBuf, text: &str) -> PathBuf {
    std::fs::write(&path, text).unwrap();
    path
}

impl Running {
    fn start(more: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().to_owned();
        let issuer = issuer();
        let (tls, tls_key, _) = certificate(&issuer, "connector.isp.example");
        let (client_tls, client_key, thumbprint) = certificate(&issuer, "authority.example");
        let authority = SigningKey::from_seed("autorite-1", &[7; 32]).unwrap();
        let keys = KeyFile::generate().unwrap();
        keys.write_new(&root.join("keys.json")).unwrap();
        std::fs::create_dir(root.join("index")).unwrap();
        let detail = write(root.join("detail"), &session("alice", "a1", 10));
        let text = format!(
            r#"
index = "{root}/index"
keys = "{root}/keys.json"
listen = "127.0.0.1:0"
public_url = "{URL}"
[tls]
certificate = "{certificate}"
key = "{key}"
client_ca = "{ca}"
client_thumbprints = ["{thumbprint}"]
[network]
prefixes = ["192.0.2.0/24"]
[[source]]
format = "radius-detail"
files = ["{detail}"]
[[authority]]
id = "autorite"
regimes = ["fr-graduated-response"]
key_id = "autorite-1"
public_key = "{public}"
questions_per_day = 100
[directory]
csv = "{subscribers}"
{more}
"#,
            root = root.display(),
            certificate = write(root.join("tls.pem"), &tls).display(),
            key = write(root.join("tls.key"), &tls_key).display(),
            ca = write(root.join("ca.pem"), &issuer.pem()).display(),
            detail = detail.display(),
            public = authority.verifying_key().to_base64(),
            subscribers = write(root.join("subscribers.csv"), DIRECTORY).display(),
        );
        let config = Config::read(&write(root.join("connector.toml"), &text)).unwrap();
        let service = Service::prepare(config).unwrap();
        let address = service.address().unwrap();
        let handle = Handle::new();
        let stopper = handle.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(service.run(stopper)).unwrap();
        });
        let provider = keys.signing_key().unwrap().verifying_key();
        let identity = Some((client_tls.as_str(), client_key.as_str()));
        let client = client(&issuer.pem(), identity, address);
        let ca = issuer.pem();
        Self { directory, address, handle, thread: Some(thread), authority, provider, client, ca }
    }

    fn index(&self) -> PathBuf {
        self.directory.path().join("index")
    }

    /// Sends a signed call, checks the signed answer, gives status and body.
    fn call(&self, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        self.call_as(&self.authority, path, body)
    }

    fn call_as(&self, key: &SigningKey, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let url = format!("{URL}{path}");
        let request =
            RequestParts { method: "POST", target_uri: &url, content_type: CONTENT_TYPE, body };
        let signed = sign_request(key, request, Timestamp::now(), "nonce").unwrap();
        let response = self
            .client
            .post(format!("https://connector.isp.example:{}{path}", self.address.port()))
            .header("content-type", CONTENT_TYPE)
            .header("content-digest", &signed.content_digest)
            .header("signature-input", &signed.signature_input)
            .header("signature", &signed.signature)
            .body(body.to_vec())
            .send()
            .unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let status = response.status().as_u16();
        let headers = SignatureHeaders {
            content_digest: header("content-digest"),
            signature_input: header("signature-input"),
            signature: header("signature"),
        };
        let content_type = header("content-type");
        let answer = response.bytes().unwrap();
        let parts = AnswerParts {
            status,
            content_type: &content_type,
            body: &answer,
            request_digest: &signed.content_digest,
        };
        let pinned = [self.provider.clone()];
        verify_answer(&pinned, parts, &headers, Timestamp::now()).unwrap();
        (status, answer.to_vec())
    }

    fn ask(&self, batch: u128, questions: Vec<Question>) -> (u16, Vec<u8>) {
        self.call(IDENTIFICATIONS_PATH, &serde_json::to_vec(&asked(batch, questions)).unwrap())
    }

    fn answers(&self, batch: u128, questions: Vec<Question>) -> Vec<Answer> {
        let (status, body) = self.ask(batch, questions);
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice::<IdentificationAnswers>(&body).unwrap().answers
    }

    fn handle_of_alice(&self) -> SubscriberHandle {
        let answers = self.answers(900, vec![about(900, "192.0.2.10")]);
        let Outcome::Identified { handle, .. } = &answers[0].outcome else { panic!("{answers:?}") };
        handle.clone()
    }

    fn disclose(&self, batch: u128, request: DisclosureRequest) -> Vec<u8> {
        let batch = DisclosureBatch {
            batch: BatchId(Uuid::from_u128(batch)),
            authority: "autorite".parse().unwrap(),
            regime: "fr-graduated-response".parse().unwrap(),
            requests: vec![request],
        };
        let (status, body) = self.call(DISCLOSURES_PATH, &serde_json::to_vec(&batch).unwrap());
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        body
    }
}

fn session(account: &str, id: &str, last: u8) -> String {
    let line = format!("Framed-IP-Address = 192.0.2.{last}");
    radius("Start", account, id, "2026-03-01T10:00:00Z", &[&line])
        + &radius("Stop", account, id, "2026-03-01T11:00:00Z", &[&line])
}

fn about(id: u128, ip: &str) -> Question {
    Question {
        id: QuestionId(Uuid::from_u128(id)),
        error_ms: 1_000,
        ..told::question(ip, "2026-03-01T10:30:00Z")
    }
}

fn asked(batch: u128, questions: Vec<Question>) -> IdentificationBatch {
    IdentificationBatch {
        batch: BatchId(Uuid::from_u128(batch)),
        authority: "autorite".parse().unwrap(),
        regime: "fr-graduated-response".parse().unwrap(),
        questions,
    }
}

fn request(id: u128, handle: &SubscriberHandle, seal_to: &OpeningKey) -> DisclosureRequest {
    DisclosureRequest {
        id: QuestionId(Uuid::from_u128(id)),
        handle: handle.clone(),
        purpose: Purpose::Warn,
        fields: vec![IdentityField::Name, IdentityField::Email],
        sequence: 1,
        expires_at: Timestamp::now() + 1.hour(),
        seal_to: seal_to.public(),
        authorisation: None,
    }
}

fn first(body: &[u8]) -> Disclosure {
    serde_json::from_slice::<DisclosureAnswers>(body).unwrap().disclosures.remove(0)
}

#[test]
fn a_question_gets_a_handle_and_a_handle_gets_a_sealed_identity() {
    let running = Running::start("");
    let questions = vec![about(1, "192.0.2.10"), about(2, "192.0.2.99"), about(3, "8.8.8.8")];
    let answers = running.answers(1, questions);
    let names: Vec<&str> = answers.iter().map(|answer| answer.outcome.name()).collect();
    assert_eq!(names, ["identified", "not_found", "not_our_address"]);
    let Outcome::Identified { handle, .. } = &answers[0].outcome else { panic!() };

    let vault = OpeningKey::generate().unwrap();
    let disclosed = first(&running.disclose(2, request(10, handle, &vault)));
    let Disclosure::Disclosed { id, fields, encapsulated_key, sealed } = disclosed else {
        panic!()
    };
    assert_eq!(fields, [IdentityField::Name, IdentityField::Email]);
    let identity = open(&encapsulated_key, &sealed, &vault, id, Purpose::Warn).ok().unwrap();
    assert_eq!(identity.name.as_deref(), Some("Camille SPECIMEN"));
    assert_eq!(identity.emails, ["camille@mail.example"]);
    // Only what was asked for.
    assert!(identity.postal_address.is_empty() && identity.telephones.is_empty());
}

#[test]
fn nothing_on_the_disk_names_the_subscriber() {
    let running = Running::start("");
    let handle = running.handle_of_alice();
    let vault = OpeningKey::generate().unwrap();
    running.disclose(2, request(10, &handle, &vault));
    for entry in std::fs::read_dir(running.index()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for name in ["alice", "Camille", "camille@"] {
            let found = bytes.windows(name.len()).any(|window| window == name.as_bytes());
            assert!(!found, "{name}");
        }
    }
}

#[test]
fn the_same_batch_again_gets_the_same_answer_and_another_content_is_refused() {
    let running = Running::start("");
    let first = running.answers(1, vec![about(1, "192.0.2.10")]);
    assert_eq!(running.answers(1, vec![about(1, "192.0.2.10")]), first);
    // The question again in another batch: still the answer that was given.
    assert_eq!(running.answers(2, vec![about(1, "192.0.2.10")]), first);
    let (status, body) = running.ask(1, vec![about(2, "192.0.2.10")]);
    let problem: Problem = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, problem.kind.as_str()), (422, "/problems/batch-changed"));
    // The id of a question stands for that question.
    let changed = running.answers(3, vec![about(1, "192.0.2.11")]);
    assert_eq!(changed[0].outcome, Outcome::Refused { reason: "question_changed".to_owned() });
}

#[test]
fn a_repeated_disclosure_gives_the_same_bytes() {
    let running = Running::start("");
    let handle = running.handle_of_alice();
    let vault = OpeningKey::generate().unwrap();
    let wanted = request(10, &handle, &vault);
    let once = running.disclose(2, wanted.clone());
    assert_eq!(running.disclose(2, wanted.clone()), once);
    assert_eq!(first(&running.disclose(3, wanted)), first(&once));
}

#[test]
fn a_disclosure_is_refused_when_late_unknown_or_unauthorised() {
    let running = Running::start("");
    let handle = running.handle_of_alice();
    let vault = OpeningKey::generate().unwrap();
    let late = DisclosureRequest {
        expires_at: at("2026-01-01T00:00:00Z"),
        ..request(10, &handle, &vault)
    };
    let reason = |disclosure| match disclosure {
        Disclosure::Refused { reason, .. } => reason,
        _ => panic!("not refused"),
    };
    assert_eq!(reason(first(&running.disclose(2, late))), "request_expired");
    let unknown = SubscriberHandle::try_from("A".repeat(43)).unwrap();
    let answer = first(&running.disclose(3, request(11, &unknown, &vault)));
    assert!(matches!(answer, Disclosure::HandleUnknown { .. }));
    let finding = DisclosureRequest { purpose: Purpose::Finding, ..request(12, &handle, &vault) };
    assert_eq!(reason(first(&running.disclose(4, finding))), "authorisation_missing");
}

#[test]
fn a_message_to_be_handed_over_is_a_signed_call_like_the_others() {
    let running = Running::start("");
    let handle = running.handle_of_alice();
    let message = RelayedMessage {
        language: "fr".to_owned(),
        subject: "SPECIMEN".to_owned(),
        text: "SPECIMEN".to_owned(),
        html: "<p>SPECIMEN</p>".to_owned(),
    };
    let id = QuestionId(Uuid::from_u128(30));
    let (purpose, expires_at) = (Purpose::Warn, Timestamp::now() + 1.hour());
    let batch = RelayBatch {
        batch: BatchId(Uuid::from_u128(31)),
        authority: "autorite".parse().unwrap(),
        regime: "fr-graduated-response".parse().unwrap(),
        relays: vec![RelayRequest { id, handle, purpose, sequence: 1, expires_at, message }],
    };
    let body = serde_json::to_vec(&batch).unwrap();
    let (status, answer) = running.call(RELAYS_PATH, &body);
    let answers: RelayAnswers = serde_json::from_slice(&answer).unwrap();
    // This provider has configured no mail system for it.
    let reason = "no_relay_here".to_owned();
    assert_eq!((status, answers.relays), (200, vec![Relayed::Refused { id, reason }]));
    let forged = SigningKey::from_seed("autorite-1", &[8; 32]).unwrap();
    assert_eq!(running.call_as(&forged, RELAYS_PATH, &body).0, 401);
}

#[test]
fn a_stranger_is_not_heard() {
    let running = Running::start("");
    // No client certificate, and one of another authority's CA: no connection.
    let url = format!("https://connector.isp.example:{}/v1/health", running.address.port());
    assert!(client(&running.ca, None, running.address).get(&url).send().is_err());
    let (certificate, key, _) = certificate(&issuer(), "authority.example");
    let impostor = client(&running.ca, Some((&certificate, &key)), running.address);
    assert!(impostor.get(&url).send().is_err());
    // The right certificate and a wrong key: 401, signed.
    let forged = SigningKey::from_seed("autorite-1", &[8; 32]).unwrap();
    let body = serde_json::to_vec(&asked(1, vec![about(1, "192.0.2.10")])).unwrap();
    let (status, _) = running.call_as(&forged, IDENTIFICATIONS_PATH, &body);
    assert_eq!(status, 401);
    // The right key in another authority's name: 403.
    let mut other = asked(1, vec![about(1, "192.0.2.10")]);
    other.authority = "another".parse().unwrap();
    let body = serde_json::to_vec(&other).unwrap();
    assert_eq!(running.call(IDENTIFICATIONS_PATH, &body).0, 403);
    assert_eq!(running.call(IDENTIFICATIONS_PATH, b"{\"batch\":1}").0, 400);
}

#[test]
fn the_switch_stops_every_answer_and_says_so() {
    let running = Running::start("");
    stop::stop(&running.index()).unwrap();
    let (status, body) = running.ask(1, vec![about(1, "192.0.2.10")]);
    let problem: Problem = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, problem.kind.as_str()), (503, "/problems/stopped"));
    assert!(stop::resume(&running.index()).unwrap());
    assert_eq!(running.answers(1, vec![about(1, "192.0.2.10")])[0].outcome.name(), "identified");
}

#[test]
fn the_days_cap_guards_against_a_runaway_sender() {
    let running = Running::start("");
    let many = |from: u128| (0..60).map(|n| about(from + n, "192.0.2.99")).collect();
    assert_eq!(running.ask(1, many(1_000)).0, 200);
    let (status, body) = running.ask(2, many(2_000));
    let problem: Problem = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, problem.kind.as_str()), (429, "/problems/quota"));
    // What was answered already costs nothing.
    assert_eq!(running.ask(1, many(1_000)).0, 200);
}

#[test]
fn a_subscriber_who_answers_too_often_is_withheld_until_an_engineer_has_looked() {
    let running = Running::start("[alarm]\nquestions_per_day = 3\naddresses_per_day = 20");
    let outcome = |id: u128| running.answers(id, vec![about(id, "192.0.2.10")])[0].outcome.clone();
    for id in 1..=3 {
        assert_eq!(outcome(id).name(), "identified");
    }
    let withheld = Outcome::Refused { reason: "subscriber_answers_too_often".to_owned() };
    assert_eq!(outcome(4), withheld);
    assert_eq!(outcome(5), withheld);
    let command = |words: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_entremise-connector"))
            .arg("alarms")
            .args([Path::new("--index"), &running.index()])
            .args([Path::new("--keys"), &running.directory.path().join("keys.json")])
            .args(words)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let list = command(&["list"]);
    assert!(list.contains("alice") && list.lines().count() == 1, "{list}");
    command(&["clear", &list[..12]]);
    assert_eq!(command(&["list"]), "");
    assert_eq!(outcome(6).name(), "identified");
}

#[test]
fn what_a_server_appends_is_found_without_a_restart() {
    use std::io::Write;
    let running = Running::start("");
    let detail = running.directory.path().join("detail");
    let before = running.answers(1, vec![about(1, "192.0.2.20")]);
    assert_eq!(before[0].outcome.name(), "not_found");
    let mut file = std::fs::OpenOptions::new().append(true).open(&detail).unwrap();
    file.write_all(session("bob", "b1", 20).as_bytes()).unwrap();
    // Each question has its own id: answers already given do not change.
    let found = (2..200).any(|id| {
        std::thread::park_timeout(std::time::Duration::from_millis(50));
        running
            .client
            .get(format!("https://connector.isp.example:{}/v1/health", running.address.port()))
            .send()
            .unwrap()
            .json::<Health>()
            .unwrap()
            .index_generation
            > 1
            && running.answers(id, vec![about(id, "192.0.2.20")])[0].outcome.name() == "identified"
    });
    assert!(found);
}

fn ordered(regime: &str, handle: &SubscriberHandle) -> Vec<u8> {
    let now = Timestamp::now();
    let demand = measured::carry(&(now - 1.hour()).to_string(), &(now + 24.hours()).to_string());
    let batch = measure::MeasureBatch {
        batch: BatchId(Uuid::from_u128(70)),
        authority: "autorite".parse().unwrap(),
        regime: regime.parse().unwrap(),
        orders: vec![measure::MeasureOrder { demand, ..measured::order(1, 1, handle) }],
    };
    serde_json::to_vec(&batch).unwrap()
}

#[test]
fn an_order_is_taken_from_who_may_order_and_the_server_carries_out_what_was_approved() {
    let double = measured::AccessServerDouble::start();
    let files = tempfile::tempdir().unwrap();
    let measures = measured::config_text(files.path(), &[double.address], "", "measures.");
    let running = Running::start(&format!("[measures]\n{measures}"));
    let handle = running.handle_of_alice();
    let order = ordered("fr-graduated-response", &handle);
    let stranger = SigningKey::from_seed("stranger-1", &[8; 32]).unwrap();
    let path = measure::MEASURES_PATH;
    // The right name under another's signature; then a regime that was not agreed.
    let forged = SigningKey::from_seed("autorite-1", &[8; 32]).unwrap();
    assert_eq!(running.call_as(&stranger, path, &order).0, 401);
    assert_eq!(running.call_as(&forged, path, &order).0, 401);
    assert_eq!(running.call(path, &ordered("other-regime", &handle)).0, 403);
    let (status, body) = running.call(path, &order);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    let answers: measure::MeasureAnswers = serde_json::from_slice(&body).unwrap();
    let measure::MeasureAnswer::Taken(taken) = &answers.answers[0] else { panic!("{answers:?}") };
    assert_eq!(taken.state, measure::MeasureState::Received);
    // Sent again, it is the same order.
    let again: measure::MeasureAnswers =
        serde_json::from_slice(&running.call(path, &order).1).unwrap();
    assert_eq!(again, answers);
    for person in [measured::person("c-martin", 1), measured::person("a-petit", 2)] {
        let memory = Memory::read(&running.index()).unwrap();
        let (key, known) = memory.orders.iter().next().unwrap();
        let by = person.name.parse().unwrap();
        Note::signed(&person.key, key, known, Verdict::Approved, by, Timestamp::now())
            .leave(&running.index())
            .unwrap();
    }
    let asked = measure::StatesAsked {
        authority: "autorite".parse().unwrap(),
        orders: vec![taken.order, OrderId(Uuid::from_u128(99))],
    };
    let asked = serde_json::to_vec(&asked).unwrap();
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let states = loop {
        let (_, body) = running.call(measure::MEASURE_STATES_PATH, &asked);
        let states: measure::MeasureStates = serde_json::from_slice(&body).unwrap();
        if matches!(states.states[0].state, measure::MeasureState::Implemented { .. }) {
            break states;
        }
        assert!(std::time::Instant::now() < patience, "{states:?}");
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    };
    // An order that is not known here is left out.
    assert_eq!(states.states.len(), 1);
    assert!(states.states[0].proofs.iter().all(measure::JournalLine::holds));
    assert_eq!(double.heard()[0].account, "alice");
}

#[test]
fn a_provider_without_measures_takes_no_order() {
    let running = Running::start("");
    let order = ordered("fr-graduated-response", &running.handle_of_alice());
    assert_eq!(running.call(measure::MEASURES_PATH, &order).0, 403);
}
