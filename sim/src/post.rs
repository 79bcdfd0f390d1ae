//! A letter service for tests and the demo: it speaks the HTTP interface of the public ones, takes
//! registered and simple letters, and says about them what the world tells it to say. Of a simple
//! letter it has no receipt, whatever is said of it.
//!
//! It has no clock: the world passes the instant with each thing that happens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use jiff::Timestamp;
use serde_json::{Value, json};

const TOKEN: &str = "specimen-token";

/// One letter as the service has it.
#[derive(Clone)]
pub struct Letter {
    pub id: String,
    pub custom_id: String,
    pub status: &'static str,
    /// Against signature; a simple letter otherwise.
    pub is_registered: bool,
    pub documents: Vec<Vec<u8>>,
    /// The recipient as sent: `address_line_1` … and `custom_id`.
    pub recipient: Option<Value>,
    pub submitted_at: Option<Timestamp>,
}

/// One thing said about a letter.
#[derive(Clone)]
pub struct Said {
    id: String,
    pub custom_id: String,
    pub code: String,
    pub at: Timestamp,
    pub proof: Option<Vec<u8>>,
}

#[derive(Default)]
struct Inside {
    now: Timestamp,
    letters: BTreeMap<String, Letter>,
    said: Vec<Said>,
    answers_lost: u32,
    stumbles: u32,
    made: u32,
    tokens: u32,
    downloads: u32,
}

/// The service. Clones are the same service.
#[derive(Clone, Default)]
pub struct Post(Arc<Mutex<Inside>>);

impl Post {
    /// The service at the instant at which the world begins.
    pub fn new(now: Timestamp) -> Self {
        let post = Self::default();
        post.inside().now = now;
        post
    }

    /// What the service stamps on the letters it takes from now on.
    pub fn set_now(&self, now: Timestamp) {
        self.inside().now = now;
    }

    /// Letters that were submitted, in the order of their numbers.
    pub fn letters(&self) -> Vec<Letter> {
        let inside = self.inside();
        inside.letters.values().filter(|letter| letter.status != "DRAFT").cloned().collect()
    }

    /// Drafts left behind.
    pub fn drafts(&self) -> usize {
        self.inside().letters.values().filter(|letter| letter.status == "DRAFT").count()
    }

    /// How many times an access token was asked for.
    pub fn tokens(&self) -> u32 {
        self.inside().tokens
    }

    /// A letter that comes over the counter, from a print shop.
    pub fn take_in(
        &self,
        custom_id: &str,
        is_registered: bool,
        document: Vec<u8>,
        recipient: Value,
        now: Timestamp,
    ) {
        let mut inside = self.inside();
        inside.made += 1;
        let letter = Letter {
            id: format!("S{:08}", inside.made),
            custom_id: custom_id.to_owned(),
            status: "PENDING",
            is_registered,
            documents: vec![document],
            recipient: Some(recipient),
            submitted_at: Some(now),
        };
        inside.letters.insert(letter.id.clone(), letter);
    }

    /// What was said, but for so many things.
    pub fn said_since(&self, known: usize) -> Vec<Said> {
        self.inside().said.iter().skip(known).cloned().collect()
    }

    /// How many times a proof was asked for.
    pub fn downloads(&self) -> u32 {
        self.inside().downloads
    }

    /// The carrier says `code` about a letter, with the image of a receipt or proof.
    pub fn say(&self, custom_id: &str, code: &str, at: Timestamp, proof: Option<Vec<u8>>) {
        let mut inside = self.inside();
        let known = inside.letters.values().find(|letter| letter.custom_id == custom_id);
        let id = known.map_or_else(String::new, |letter| letter.id.clone());
        let (custom_id, code) = (custom_id.to_owned(), code.to_owned());
        inside.said.push(Said { id, custom_id, code, at, proof });
    }

    /// The next `number` submissions are carried out and their answers lost.
    pub fn lose_answers(&self, number: u32) {
        self.inside().answers_lost = number;
    }

    /// The next `number` recipients are answered with 503, half-way through a letter.
    pub fn stumble(&self, number: u32) {
        self.inside().stumbles = number;
    }

    /// The HTTP interface.
    pub fn router(&self) -> Router {
        let protected = Router::new()
            .route("/sendings", get(find).post(make))
            .route("/sendings/{id}", delete(discard))
            .route("/sendings/{id}/documents", post(add_document))
            .route("/sendings/{id}/recipients", post(add_recipient))
            .route("/sendings/{id}/submit", post(submit))
            .route("/sendings/{id}/recipients/{recipient}/{download}", get(download))
            .route("/delivery_statuses", get(statuses))
            .layer(middleware::from_fn(authorised));
        Router::new().route("/token", post(token)).merge(protected).with_state(self.clone())
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().expect("nobody panics while holding the service")
    }
}

/// RFC 6749, 4.4. Any client whose secret is `specimen` is served.
async fn token(State(service): State<Post>, headers: HeaderMap, body: String) -> Response {
    let login = headers.get("authorization").and_then(|value| value.to_str().ok());
    // demo:specimen, base64
    let known = login == Some("Basic ZGVtbzpzcGVjaW1lbg==");
    if !known || body != "grant_type=client_credentials" {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    service.inside().tokens += 1;
    Json(json!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 300 }))
        .into_response()
}

async fn authorised(request: Request, next: Next) -> Response {
    let expected = format!("Bearer {TOKEN}");
    let given = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if given == Some(expected.as_str()) {
        next.run(request).await
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

async fn find(
    State(service): State<Post>,
    Query(wanted): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    let inside = service.inside();
    let found: Vec<Value> = inside
        .letters
        .values()
        .filter(|letter| wanted.get("custom_id").is_none_or(|id| *id == letter.custom_id))
        .map(shown)
        .collect();
    Json(json!({ "sendings": found, "paging": { "total_results": found.len() } }))
}

async fn make(State(service): State<Post>, Json(asked): Json<Value>) -> Response {
    let Some(custom_id) = asked["custom_id"].as_str().filter(|id| id.len() <= 38) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let wants_receipt = asked["acknowledgement_of_receipt"].as_bool().unwrap_or(false);
    let is_registered = match asked["postage_type"].as_str() {
        Some("registered") => true,
        // Nobody signs for a simple letter.
        Some("economic") if !wants_receipt => false,
        _ => return StatusCode::BAD_REQUEST.into_response(),
    };
    let mut inside = service.inside();
    inside.made += 1;
    let letter = Letter {
        id: format!("S{:08}", inside.made),
        custom_id: custom_id.to_owned(),
        status: "DRAFT",
        is_registered,
        documents: Vec::new(),
        recipient: None,
        submitted_at: None,
    };
    let answer = shown(&letter);
    inside.letters.insert(letter.id.clone(), letter);
    (StatusCode::CREATED, Json(answer)).into_response()
}

async fn discard(State(service): State<Post>, Path(id): Path<String>) -> StatusCode {
    let mut inside = service.inside();
    match inside.letters.get(&id).map(|letter| letter.status) {
        Some("DRAFT") => {
            inside.letters.remove(&id);
            StatusCode::NO_CONTENT
        }
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::NOT_FOUND,
    }
}

async fn add_document(
    State(service): State<Post>,
    Path(id): Path<String>,
    form: Bytes,
) -> StatusCode {
    let mark = b"application/pdf\r\n\r\n";
    let start = form.windows(mark.len()).position(|window| window == mark);
    let Some(start) = start.map(|start| start + mark.len()) else {
        return StatusCode::BAD_REQUEST;
    };
    // The last boundary's length is the first line's, and four signs around it.
    let boundary = form.windows(2).position(|window| window == b"\r\n").unwrap_or(0);
    let end = form.len().saturating_sub(boundary + 6).max(start);
    draft(&service, &id, |letter| letter.documents.push(form[start..end].to_vec()))
}

async fn add_recipient(
    State(service): State<Post>,
    Path(id): Path<String>,
    Json(recipient): Json<Value>,
) -> StatusCode {
    let fits = (1..=6).all(|line| {
        recipient[format!("address_line_{line}")]
            .as_str()
            .is_none_or(|text| (1..=38).contains(&text.chars().count()))
    });
    if !fits {
        return StatusCode::BAD_REQUEST;
    }
    {
        let mut inside = service.inside();
        if inside.stumbles > 0 {
            inside.stumbles -= 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    draft(&service, &id, |letter| letter.recipient = Some(recipient))
}

fn draft(service: &Post, id: &str, change: impl FnOnce(&mut Letter)) -> StatusCode {
    match service.inside().letters.get_mut(id) {
        Some(letter) if letter.status == "DRAFT" => {
            change(letter);
            StatusCode::CREATED
        }
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::NOT_FOUND,
    }
}

async fn submit(State(service): State<Post>, Path(id): Path<String>) -> StatusCode {
    let mut inside = service.inside();
    let now = inside.now;
    let Some(letter) = inside.letters.get_mut(&id) else { return StatusCode::NOT_FOUND };
    if letter.documents.is_empty() || letter.recipient.is_none() {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    letter.status = "PENDING";
    letter.submitted_at = Some(now);
    if inside.answers_lost > 0 {
        inside.answers_lost -= 1;
        return StatusCode::GATEWAY_TIMEOUT;
    }
    StatusCode::NO_CONTENT
}

async fn statuses(
    State(service): State<Post>,
    Query(wanted): Query<BTreeMap<String, String>>,
) -> Response {
    let number = |name, default| -> usize {
        wanted.get(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let since = wanted.get("since").and_then(|text| text.parse::<Timestamp>().ok());
    let (start, count) = (number("start_index", 1), number("count", 100));
    let inside = service.inside();
    let rows: Vec<Value> = inside
        .said
        .iter()
        .filter(|said| since.is_none_or(|since| said.at >= since))
        .skip(start.saturating_sub(1))
        .take(count)
        .map(|said| {
            json!({
                "sending_id": said.id,
                "recipient_id": format!("R-{}", said.id),
                "custom_id": said.custom_id,
                "code": said.code,
                "date": said.at,
            })
        })
        .collect();
    Json(json!({ "delivery_statuses": rows })).into_response()
}

async fn download(
    State(service): State<Post>,
    Path((id, _, what)): Path<(String, String, String)>,
) -> Response {
    let mut inside = service.inside();
    inside.downloads += 1;
    let wants_deposit = what == "download_deposit_proof";
    let is_registered = inside.letters.get(&id).is_some_and(|letter| letter.is_registered);
    let is_deposit = |code: &str| matches!(code.to_ascii_lowercase().as_str(), "a01" | "a06");
    let proof = inside
        .said
        .iter()
        .rev()
        .filter(|said| said.id == id && is_deposit(&said.code) == wants_deposit)
        .filter(|_| wants_deposit || is_registered)
        .find_map(|said| said.proof.clone());
    match proof {
        Some(bytes) => ([("content-type", "application/pdf")], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn shown(letter: &Letter) -> Value {
    json!({
        "id": letter.id,
        "custom_id": letter.custom_id,
        "status": letter.status,
        "documents_count": letter.documents.len(),
        "submission_date": letter.submitted_at,
    })
}
