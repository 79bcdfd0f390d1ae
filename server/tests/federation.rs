//! Coming in through a provider of identities: a real one on loopback, with real tokens, honest in
//! one test and hostile in the others.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use crate::api_house::{Hand, house};
use crate::desks_house::{NOW, known};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_server::access::{Federation, Issuer, Role};
use entremise_server::serve::listeners::{Ways, house_desks_with};
use entremise_server::web::Known;
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tower_service::Service as _;

pub const SUBJECT: &str = "sub-specimen-4711";
const ORIGIN: &str = "https://bureau.autorite.example";

/// What the provider gets wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wrong {
    #[default]
    Nothing,
    Nonce,
    Audience,
    IssuerName,
    Expired,
    /// A signature by a key that is not among its own.
    Key,
    /// No signature at all.
    Unsigned,
    /// A password alone.
    Weak,
    /// It says nothing of how surely.
    NoContext,
    /// By one factor.
    OneFactor,
    /// Somebody whom this house does not know.
    Stranger,
}

/// A provider of identities.
struct Provider {
    address: String,
    key: EcdsaKeyPair,
    other_key: EcdsaKeyPair,
    wrong: Mutex<Wrong>,
    /// Nonce and PKCE challenge of each code that was given out.
    codes: Mutex<BTreeMap<String, (String, String)>>,
    now: Timestamp,
}

impl Provider {
    fn new(address: String, now: &str) -> Self {
        let (wrong, codes) = Default::default();
        Self { address, key: key(), other_key: key(), wrong, codes, now: now.parse().unwrap() }
    }

    fn jwk(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "specimen-1",
            "x": part(&point[1..33]), "y": part(&point[33..]),
        })
    }

    fn token(&self, nonce: &str) -> String {
        let wrong = *self.wrong.lock().unwrap();
        let pick = |is: Wrong, bad: Value, good: Value| if wrong == is { bad } else { good };
        let at = self.now.as_second();
        let mut claims = json!({
            "iss": pick(Wrong::IssuerName, json!("http://autre.example"), json!(self.address)),
            "aud": pick(Wrong::Audience, json!("another-client"), json!("entremise")),
            "sub": pick(Wrong::Stranger, json!("sub-of-nobody"), json!(SUBJECT)),
            "nonce": pick(Wrong::Nonce, json!("another"), json!(nonce)),
            "iat": at - 5,
            "exp": if wrong == Wrong::Expired { at - 3600 } else { at + 300 },
            "acr": pick(Wrong::Weak, json!("eidas1"), json!("eidas2")),
            "amr": pick(Wrong::OneFactor, json!(["pwd"]), json!(["pwd", "mfa"])),
        });
        if wrong == Wrong::NoContext {
            claims.as_object_mut().unwrap().remove("acr");
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        if wrong == Wrong::Unsigned {
            return format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims));
        }
        let head = json!({ "alg": "ES256", "typ": "JWT", "kid": "specimen-1" });
        let text = format!("{}.{}", part(&head), part(&claims));
        let key = if wrong == Wrong::Key { &self.other_key } else { &self.key };
        let signature = key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn describe(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", provider.address);
    Json(json!({
        "issuer": provider.address,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "jwks_uri": at("keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
    }))
}

async fn keys(State(provider): State<Arc<Provider>>) -> Json<Value> {
    Json(json!({ "keys": [provider.jwk()] }))
}

/// Recognises whoever comes, and sends the browser back with a code.
async fn authorise(
    State(provider): State<Arc<Provider>>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Redirect {
    let state = &asked["state"];
    let code = format!("code-of-{state}");
    let given = (asked["nonce"].clone(), asked["code_challenge"].clone());
    provider.codes.lock().unwrap().insert(code.clone(), given);
    Redirect::to(&format!("{}?state={state}&code={code}", asked["redirect_uri"]))
}

/// Gives a token for a code to whoever holds the verifier of its challenge.
async fn token(
    State(provider): State<Arc<Provider>>,
    Form(asked): Form<BTreeMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let refused = (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" })));
    let known = provider.codes.lock().unwrap().remove(&asked["code"]);
    let Some((nonce, challenge)) = known else { return refused };
    let verifier = asked.get("code_verifier").cloned().unwrap_or_default();
    if URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())) != challenge {
        return refused;
    }
    let answer = json!({
        "access_token": "specimen", "token_type": "Bearer", "id_token": provider.token(&nonce),
    });
    (StatusCode::OK, Json(answer))
}

/// The house with one member who comes in through the provider.
pub struct World {
    provider: Arc<Provider>,
    router: Router,
    hand: Hand,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

pub struct Got {
    pub status: StatusCode,
    location: String,
    cookies: Vec<String>,
    pub text: String,
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

fn world() -> World {
    at(NOW, house_with_one_member)
}

/// These pages at an instant, with a provider of identities that recognises one subject.
pub fn at(
    now: &str,
    pages: impl FnOnce(Arc<Federation>, &std::path::Path, &Hand) -> Router,
) -> World {
    at_origin(ORIGIN, now, pages)
}

/// The same behind this address, to which the provider sends browsers back.
pub fn at_origin(
    origin: &str,
    now: &str,
    pages: impl FnOnce(Arc<Federation>, &std::path::Path, &Hand) -> Router,
) -> World {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let provider = Arc::new(Provider::new(address, now));
    let at_provider = Router::new()
        .route("/.well-known/openid-configuration", get(describe))
        .route("/keys", get(keys))
        .route("/authorize", get(authorise))
        .route("/token", post(token))
        .with_state(provider.clone());
    let at_provider = at_provider.into_make_service_with_connect_info::<SocketAddr>();
    runtime.spawn(async move { axum::serve(listener, at_provider).await });
    over(origin, provider, runtime, pages)
}

fn over(
    origin: &str,
    provider: Arc<Provider>,
    runtime: tokio::runtime::Runtime,
    pages: impl FnOnce(Arc<Federation>, &std::path::Path, &Hand) -> Router,
) -> World {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "client-secret-specimen\n").unwrap();
    let issuer = Issuer {
        issuer: provider.address.clone(),
        name: "AgentConnect SPECIMEN".to_owned(),
        client_id: "entremise".to_owned(),
        client_secret: secret,
        origin: origin.to_owned(),
        ca: None,
        acr: vec!["eidas2".to_owned(), "eidas3".to_owned()],
        amr: vec!["pwd".to_owned(), "mfa".to_owned()],
    };
    let hand = Hand::at(&provider.now.to_string());
    let federation = Arc::new(Federation::new(&issuer).unwrap());
    let router = pages(federation, folder.path(), &hand);
    World { provider, router, hand, runtime, _folder: folder }
}

fn house_with_one_member(
    federation: Arc<Federation>,
    folder: &std::path::Path,
    hand: &Hand,
) -> Router {
    let house = house(folder, hand);
    let member =
        Known { subject: Some(SUBJECT.to_owned()), secret_sha256: None, ..known(Role::Member) };
    let people = vec![member, known(Role::Officer)];
    let ways = Ways { federation: Some(federation), passkeys: None };
    let room = &house.rooms[0];
    house_desks_with(&house, room, &hand.clock(), people, false, ways).unwrap()
}

impl World {
    /// The pages, to be served to a browser.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    fn get(&mut self, path: &str, cookie: &str) -> Got {
        let request = axum::http::Request::get(path)
            .header("cookie", cookie)
            .body(axum::body::Body::empty())
            .unwrap();
        let response = self.runtime.block_on(self.router.call(request)).unwrap();
        let all = |name: &str| -> Vec<String> {
            let values = response.headers().get_all(name).iter();
            values.map(|value| value.to_str().unwrap().to_owned()).collect()
        };
        let (status, cookies) = (response.status(), all("set-cookie"));
        let location = all("location").pop().unwrap_or_default();
        let body =
            self.runtime.block_on(axum::body::to_bytes(response.into_body(), 1 << 20)).unwrap();
        Got { status, location, cookies, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// Goes to the provider, which says yes. Yields the way back and the browser's cookie.
    fn go(&mut self) -> (String, String) {
        let sent = self.get("/fr/connexion/agent", "");
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        let asked = |name: &str| {
            let (_, rest) = sent.location.split_once(&format!("{name}=")).expect(name);
            rest.split('&').next().unwrap().to_owned()
        };
        assert_eq!(asked("code_challenge_method"), "S256");
        assert!(sent.location.contains("acr_values=eidas2"), "{}", sent.location);
        let given = (asked("nonce"), asked("code_challenge"));
        self.provider.codes.lock().unwrap().insert("code-1".to_owned(), given);
        let cookie = sent.cookies[0].split(';').next().unwrap().to_owned();
        assert!(sent.cookies[0].contains("HttpOnly") && sent.cookies[0].contains("SameSite=Lax"));
        (format!("/fr/connexion/retour?state={}&code=code-1", asked("state")), cookie)
    }

    pub fn come_in(&mut self) -> Got {
        let (back, cookie) = self.go();
        self.get(&back, &cookie)
    }
}

pub fn session(got: &Got) -> String {
    let one = got.cookies.iter().find(|one| one.starts_with("entremise-office=")).expect("in");
    one.split(';').next().unwrap().to_owned()
}

#[test]
fn whom_the_provider_recognises_surely_comes_to_the_desk_that_is_theirs() {
    let mut world = world();
    let form = world.get("/fr/connexion", "");
    assert!(form.text.contains("Se connecter avec AgentConnect SPECIMEN"), "{}", form.text);
    let got = world.come_in();
    assert_eq!(got.status, StatusCode::OK, "{}", got.text);
    assert!(got.text.contains("url=/fr/membre"), "{}", got.text);
    let cookie = session(&got);
    assert_eq!(world.get("/fr/membre", &cookie).status, StatusCode::OK);
    assert_eq!(world.get("/fr/exploitation", &cookie).status, StatusCode::FORBIDDEN);
}

#[test]
fn a_token_that_does_not_hold_opens_nothing() {
    let mut world = world();
    for wrong in [
        Wrong::Nonce,
        Wrong::Audience,
        Wrong::IssuerName,
        Wrong::Expired,
        Wrong::Key,
        Wrong::Unsigned,
        Wrong::Weak,
        Wrong::NoContext,
        Wrong::OneFactor,
        Wrong::Stranger,
    ] {
        *world.provider.wrong.lock().unwrap() = wrong;
        let got = world.come_in();
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{wrong:?} {}", got.text);
        assert!(!got.cookies.iter().any(|one| one.contains("entremise-office")), "{wrong:?}");
    }
}

#[test]
fn an_answer_comes_back_once_to_the_browser_that_asked_and_in_time() {
    let mut world = world();
    let (back, cookie) = world.go();
    assert_eq!(world.get(&back, "").status, StatusCode::FORBIDDEN, "another browser");
    let (_, other) = world.go();
    assert_eq!(world.get(&back, &other).status, StatusCode::FORBIDDEN, "another's state");
    let (again, again_cookie) = world.go();
    assert_eq!(world.get(&again, &again_cookie).status, StatusCode::OK);
    assert_eq!(world.get(&again, &again_cookie).status, StatusCode::FORBIDDEN, "once");
    world.hand.set(world.hand.clock()() + SignedDuration::from_mins(16));
    assert_eq!(world.get(&back, &cookie).status, StatusCode::FORBIDDEN, "too late");
}

#[test]
fn an_address_that_begins_again_and_again_must_wait() {
    let mut world = world();
    let last = (0..61).map(|_| world.get("/fr/connexion/agent", "").status).last();
    assert_eq!(last, Some(StatusCode::TOO_MANY_REQUESTS));
}

#[test]
fn where_the_provider_does_not_answer_nobody_comes_in_and_nothing_weaker_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    drop(folder);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let provider = Arc::new(Provider::new(address, NOW));
    let mut world = over(ORIGIN, provider, runtime, house_with_one_member);
    let got = world.get("/fr/connexion/agent", "");
    assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE, "{}", got.text);
    assert!(got.cookies.is_empty());
    assert!(got.text.contains("Aucune voie plus faible"), "{}", got.text);
}
