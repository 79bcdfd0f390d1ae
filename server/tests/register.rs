//! The register over the authority's door: a provider's connector asks, and hears yes or no; a
//! stranger, a replay, a guesser and an ended measure hear nothing of use.

use crate::api_house;
use std::sync::Arc;

use crate::api_house::Hand;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use entremise_core::id::{AuthorityId, CaseId, QuestionId};
use entremise_core::ledger::Actor;
use entremise_server::api::{self, Now};
use entremise_server::config::{Answers, Register};
use entremise_server::house::House;
use entremise_server::{register, serve, worker};
use entremise_store::SystemEntropy;
use entremise_wire::register::{Asked, Person, RegisterAnswer, RegisterQuestion};
use entremise_wire::signature::{RequestParts, SignatureHeaders, SigningKey, sign_request};
use jiff::{SignedDuration, Timestamp};
use tower_service::Service as _;
use uuid::Uuid;

const NOON: &str = "2026-06-15T12:00:00Z";
const URL: &str = "https://autorite.example:8082/v1/autorite/register";
const MOST: u32 = 6;

struct Town {
    _folder: tempfile::TempDir,
    house: Arc<House>,
    connector: SigningKey,
    asked: std::cell::Cell<u128>,
    now: std::cell::Cell<Timestamp>,
}

fn authority() -> AuthorityId {
    "autorite".parse().unwrap()
}

fn case() -> CaseId {
    CaseId(Uuid::from_u128(77))
}

fn someone(given_name: &str) -> Person {
    Person {
        family_name: "Spécimen".to_owned(),
        given_name: given_name.to_owned(),
        born_on: "1980-01-31".parse().unwrap(),
        born_in: "75056".to_owned(),
    }
}

impl Town {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connector = SigningKey::from_seed("isp-1", &[5; 32]).unwrap();
        let mut config = api_house::config(folder.path());
        let authority = &mut config.authorities[0];
        authority.register = Some(Register {
            url: URL.to_owned(),
            questions_per_day_max: MOST,
            questions_per_second_max: 100,
        });
        let hand = Hand::at(NOON);
        let mut house =
            serve::open(&config, &hand.clock(), Arc::new(SystemEntropy::default())).unwrap();
        let none = std::path::PathBuf::new;
        house.rooms[0].providers[0].config.answers = Answers::Connector {
            url: "https://connector.isp.example".to_owned(),
            ca: none(),
            client: none(),
            signing_key: none(),
            signing_key_id: "autorite-1".to_owned(),
            answer_key: connector.verifying_key().to_base64(),
            answer_key_id: "isp-1".to_owned(),
        };
        let now = std::cell::Cell::new(NOON.parse().unwrap());
        Self { _folder: folder, house: Arc::new(house), connector, asked: 0.into(), now }
    }

    fn public_key(&self) -> String {
        self.house.rooms[0].register_key.as_ref().unwrap().public()
    }

    fn enlist(&self, given_name: &str, ends_at: &str) {
        let room = &self.house.rooms[0];
        let key = room.register_key.as_ref().unwrap();
        let of = (&authority(), &room.config.regime, case());
        let by = Actor::Person("agent-1".parse().unwrap());
        let until = ends_at.parse().unwrap();
        let person = someone(given_name);
        register::enlist(&self.house.store, key, of, &person, until, &by, self.now.get()).unwrap();
    }

    fn question(&self, given_name: &str) -> (Asked, RegisterQuestion) {
        self.asked.set(self.asked.get() + 1);
        let id = QuestionId(Uuid::from_u128(self.asked.get()));
        Asked::about(&someone(given_name), authority(), id).unwrap()
    }

    fn signed(&self, question: &RegisterQuestion, key: &SigningKey, url: &str) -> Request<Body> {
        let body = serde_json::to_vec(question).unwrap();
        let parts = RequestParts {
            method: "POST",
            target_uri: url,
            content_type: "application/json",
            body: &body,
        };
        let headers: SignatureHeaders = sign_request(key, parts, self.now.get(), "n").unwrap();
        Request::post("/v1/autorite/register")
            .header("content-type", "application/json")
            .header("content-digest", headers.content_digest)
            .header("signature-input", headers.signature_input)
            .header("signature", headers.signature)
            .body(Body::from(body))
            .unwrap()
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Vec<u8>) {
        let mut router: Router =
            api::router(self.house.clone()).layer(axum::Extension(Now(self.now.get())));
        let response = router.call(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, bytes.to_vec())
    }

    /// What the provider hears about a person.
    async fn hears(&self, given_name: &str) -> Result<bool, StatusCode> {
        let (asked, question) = self.question(given_name);
        let (status, bytes) = self.send(self.signed(&question, &self.connector, URL)).await;
        if status != StatusCode::OK {
            return Err(status);
        }
        let answer: RegisterAnswer = serde_json::from_slice(&bytes).unwrap();
        Ok(asked.read(&answer, &self.public_key()).unwrap())
    }
}

#[tokio::test]
async fn a_provider_hears_yes_or_no_and_no_once_the_measure_has_ended_or_was_lifted() {
    let town = Town::new();
    town.enlist("Camille", "2026-06-16T00:00:00Z");
    assert_eq!(town.hears("Camille").await, Ok(true));
    assert_eq!(town.hears("Claude").await, Ok(false));
    town.now.set("2026-06-16T00:00:00Z".parse().unwrap());
    assert_eq!(town.hears("Camille").await, Ok(false));
    worker::round(&town.house, town.now.get()).unwrap();
    assert_eq!(town.house.store.suspended(&authority()).unwrap(), []);
    town.enlist("Claude", "2026-07-16T00:00:00Z");
    assert_eq!(town.hears("Claude").await, Ok(true));
    let by = Actor::Person("agent-1".parse().unwrap());
    register::strike(&town.house.store, &authority(), case(), &by, town.now.get()).unwrap();
    assert_eq!(town.hears("Claude").await, Ok(false));
}

#[tokio::test]
async fn the_answer_has_nothing_in_it_that_names_or_counts_anybody() {
    let town = Town::new();
    town.enlist("Camille", "2026-06-20T00:00:00Z");
    let (_, question) = town.question("Camille");
    let (_, bytes) = town.send(town.signed(&question, &town.connector, URL)).await;
    let answer: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let mut members: Vec<&String> = answer.as_object().unwrap().keys().collect();
    members.sort_unstable();
    assert_eq!(members, ["evaluated", "id", "proof", "salt", "tags"]);
    assert_eq!(answer["tags"].as_array().unwrap().len(), 256);
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains(&case().to_string()) && !text.contains("2026"), "{text}");
}

#[tokio::test]
async fn whoever_cannot_sign_as_a_provider_is_told_nothing_and_counts_for_nothing() {
    let town = Town::new();
    let (_, question) = town.question("Camille");
    let stranger = SigningKey::from_seed("isp-1", &[6; 32]).unwrap();
    let for_another = "https://autre.example/v1/autorite/register";
    let unsigned = Request::post("/v1/autorite/register").body(Body::from("{}")).unwrap();
    for request in [
        town.signed(&question, &stranger, URL),
        town.signed(&question, &town.connector, for_another),
        unsigned,
    ] {
        assert_eq!(town.send(request).await.0, StatusCode::UNAUTHORIZED);
    }
    // A good signature over other bytes.
    let mut changed = town.signed(&question, &town.connector, URL);
    *changed.body_mut() = Body::from("{}");
    assert_eq!(town.send(changed).await.0, StatusCode::UNAUTHORIZED);
    // A good signature that is old.
    let old = town.signed(&question, &town.connector, URL);
    town.now.set(town.now.get() + SignedDuration::from_hours(1));
    assert_eq!(town.send(old).await.0, StatusCode::UNAUTHORIZED);
    for _ in 0..MOST {
        assert!(town.hears("Camille").await.is_ok(), "none of these was counted");
    }
}

#[tokio::test]
async fn a_replayed_question_is_refused_and_a_guesser_comes_to_the_end_of_the_day() {
    let town = Town::new();
    let (_, question) = town.question("Camille");
    assert_eq!(town.send(town.signed(&question, &town.connector, URL)).await.0, StatusCode::OK);
    let replayed = town.signed(&question, &town.connector, URL);
    assert_eq!(town.send(replayed).await.0, StatusCode::CONFLICT);
    for guess in 1..MOST {
        assert!(town.hears(&format!("Prénom{guess}")).await.is_ok());
    }
    for guess in 0..20 {
        let heard = town.hears(&format!("Autre{guess}")).await;
        assert_eq!(heard, Err(StatusCode::TOO_MANY_REQUESTS));
    }
    town.now.set(town.now.get() + SignedDuration::from_hours(24));
    assert!(town.hears("Camille").await.is_ok());
}

#[tokio::test]
async fn what_is_no_question_is_counted_too_and_whoever_does_not_sign_learns_nothing() {
    let town = Town::new();
    for _ in 0..MOST {
        let (_, question) = town.question("Camille");
        let nonsense = RegisterQuestion { blinded: "AAAA".to_owned(), ..question };
        let refused = town.send(town.signed(&nonsense, &town.connector, URL)).await;
        assert_eq!(refused.0, StatusCode::BAD_REQUEST);
    }
    assert_eq!(town.hears("Camille").await, Err(StatusCode::TOO_MANY_REQUESTS));
    let elsewhere = Request::post("/v1/autre/register").body(Body::empty()).unwrap();
    assert_eq!(town.send(elsewhere).await.0, StatusCode::UNAUTHORIZED);
}
