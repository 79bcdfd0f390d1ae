//! The endpoints. A call is read whole (bounded), its signature is checked against the
//! pinned keys, the key must be the one of the authority the body speaks for, and only then is
//! the body looked at. Every answer to a call is signed, refusals too.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use axum::routing::{get, post};
use entremise_core::id::AuthorityId;
use entremise_wire::measure::{MEASURE_STATES_PATH, MEASURES_PATH, MeasureBatch, StatesAsked};
use entremise_wire::message::{
    BODY_BYTES_MAX, CONTENT_TYPE, DISCLOSURES_PATH, DisclosureBatch, HEALTH_PATH, Health,
    IDENTIFICATIONS_PATH, IdentificationAnswers, IdentificationBatch, Problem, RELAYS_PATH,
    RelayBatch,
};
use entremise_wire::signature::{
    AnswerParts, RequestParts, SignatureHeaders, SigningKey, VerifyingKey, content_digest,
    sign_answer, verify_request,
};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keeper::Keeper;
use super::{Clock, stop};
use crate::desk::{CallRefused, Desk, Unkept};
use crate::measure::Measures;
use crate::read::digest;

const PROBLEM: &str = "application/problem+json";
/// How soon a stopped provider is worth asking again, seconds.
const STOPPED_RETRY_SECS: i64 = 3600;

/// Smaller calls are answered where they came in: to wake another thread for one question costs
/// more than the question. Larger ones would hold up the sockets of the others.
const AT_ONCE_BYTES_MAX: usize = 4 * 1024;

/// The desk and what proves who stands before and behind it.
pub struct Office {
    /// Ends first: then everything is kept, and the desk is free.
    pub(super) keeper: Keeper,
    pub desk: Arc<Desk>,
    /// Absent where the provider carries no measure out.
    pub measures: Option<Measures>,
    pub pinned: Vec<VerifyingKey>,
    pub signing: SigningKey,
    /// Without a slash at the end.
    pub public_url: String,
    pub clock: Clock,
}

pub fn router(office: Arc<Office>) -> Router {
    Router::new()
        .route(IDENTIFICATIONS_PATH, post(identifications))
        .route(DISCLOSURES_PATH, post(disclosures))
        .route(RELAYS_PATH, post(relays))
        .route(MEASURES_PATH, post(measures))
        .route(MEASURE_STATES_PATH, post(measure_states))
        .route(HEALTH_PATH, get(health))
        .with_state(office)
}

/// What goes back, before it is signed.
struct Reply {
    status: StatusCode,
    content_type: &'static str,
    body: Vec<u8>,
    retry_after_secs: Option<i64>,
}

async fn identifications(
    State(office): State<Arc<Office>>,
    request: Request<Body>,
) -> Response<Body> {
    let call = match Call::read(&office, request).await {
        Ok(call) => call,
        Err(response) => return *response,
    };
    if call.bytes.len() > AT_ONCE_BYTES_MAX {
        return answer_apart(office, call, |office, body, now| {
            let (answers, unkept) = identified(office, body, now)?;
            office.desk.keep(&[unkept]).map_err(|error| refusal(error.into()))?;
            Reply::json(&answers)
        })
        .await;
    }
    let identified = checked(&office, &call).and_then(|now| identified(&office, &call, &now));
    let reply = match identified {
        Ok((answers, unkept)) => match office.keeper.kept(unkept).await {
            true => Reply::json(&answers),
            false => Err(trouble()),
        },
        Err(reply) => Err(reply),
    };
    reply.unwrap_or_else(|reply| reply).signed(&office, &call.digest, call.instant)
}

fn identified(
    office: &Office,
    call: &Call,
    signed: &Signed,
) -> Result<(IdentificationAnswers, Unkept), Reply> {
    let batch: IdentificationBatch = parse(call)?;
    office.allowed(&batch.authority, signed)?;
    let asked = hex::encode(digest(&call.bytes));
    office.desk.identifications_unkept(&batch, &asked, signed.instant).map_err(refusal)
}

async fn disclosures(State(office): State<Arc<Office>>, request: Request<Body>) -> Response<Body> {
    answer(office, request, |office, body, now| {
        let batch: DisclosureBatch = parse(body)?;
        office.allowed(&batch.authority, now)?;
        let asked = hex::encode(digest(&body.bytes));
        let answers = office.desk.disclosures(&batch, &asked, now.instant);
        Reply::json(&answers.map_err(refusal)?)
    })
    .await
}

async fn relays(State(office): State<Arc<Office>>, request: Request<Body>) -> Response<Body> {
    answer(office, request, |office, body, now| {
        let batch: RelayBatch = parse(body)?;
        office.allowed(&batch.authority, now)?;
        let asked = hex::encode(digest(&body.bytes));
        let answers = office.desk.relays(&batch, &asked, now.instant);
        Reply::json(&answers.map_err(refusal)?)
    })
    .await
}

async fn measures(State(office): State<Arc<Office>>, request: Request<Body>) -> Response<Body> {
    answer(office, request, |office, body, now| {
        let batch: MeasureBatch = parse(body)?;
        office.allowed(&batch.authority, now)?;
        let measures = office.measures()?;
        let asked = hex::encode(digest(&body.bytes));
        let answers = measures.receive(&office.desk, &batch, &asked, now.instant);
        Reply::json(&answers.map_err(refusal)?)
    })
    .await
}

async fn measure_states(
    State(office): State<Arc<Office>>,
    request: Request<Body>,
) -> Response<Body> {
    answer(office, request, |office, body, now| {
        let asked: StatesAsked = parse(body)?;
        office.allowed(&asked.authority, now)?;
        let states = office.measures()?.states(&asked, now.instant);
        Reply::json(&states.map_err(refusal)?)
    })
    .await
}

async fn health(State(office): State<Arc<Office>>) -> Response<Body> {
    let stopped = stop::is_stopped(office.desk.directory());
    let health = Health {
        state: if stopped { "stopped" } else { "answering" }.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        index_generation: office.desk.generation(),
    };
    let status = if stopped { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    match Reply::json(&health) {
        Ok(reply) => Reply { status, ..reply }.unsigned(),
        Err(reply) => reply.unsigned(),
    }
}

/// A call that was read whole; whose it is is not known yet.
struct Call {
    method: Method,
    target: String,
    headers: HeaderMap,
    bytes: Bytes,
    /// Its `Content-Digest`, to which the answer is tied.
    digest: String,
    instant: Timestamp,
}

/// Who signed, and when it came in.
struct Signed {
    key_id: String,
    instant: Timestamp,
}

impl Call {
    /// Reads a call; gives what is answered where it is too long.
    async fn read(office: &Office, request: Request<Body>) -> Result<Self, Box<Response<Body>>> {
        let instant = (office.clock)();
        let (parts, body) = request.into_parts();
        let Ok(bytes) = to_bytes(body, BODY_BYTES_MAX).await else {
            let detail = "a body has at most 16 MiB";
            let reply = Reply::problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail);
            return Err(Box::new(reply.signed(office, "", instant)));
        };
        Ok(Self {
            method: parts.method,
            target: format!("{}{}", office.public_url, parts.uri.path()),
            headers: parts.headers,
            digest: content_digest(&bytes),
            bytes,
            instant,
        })
    }
}

/// The way of every call but a small question: flag, body, signature, work, signed reply.
async fn answer(
    office: Arc<Office>,
    request: Request<Body>,
    work: impl FnOnce(&Office, &Call, &Signed) -> Result<Reply, Reply> + Send + 'static,
) -> Response<Body> {
    match Call::read(&office, request).await {
        Ok(call) => answer_apart(office, call, work).await,
        Err(response) => *response,
    }
}

/// Answers on a thread that may wait: signatures, look-ups and the journal's fsync would hold up
/// the sockets of the others.
async fn answer_apart(
    office: Arc<Office>,
    call: Call,
    work: impl FnOnce(&Office, &Call, &Signed) -> Result<Reply, Reply> + Send + 'static,
) -> Response<Body> {
    let done = tokio::task::spawn_blocking(move || {
        let reply = checked(&office, &call)
            .and_then(|signed| work(&office, &call, &signed))
            .unwrap_or_else(|reply| reply);
        reply.signed(&office, &call.digest, call.instant)
    });
    match done.await {
        Ok(response) => response,
        Err(_) => trouble().unsigned(),
    }
}

fn checked(office: &Office, call: &Call) -> Result<Signed, Reply> {
    if stop::is_stopped(office.desk.directory()) {
        let detail = "the provider has stopped answering for now; ask again later";
        let mut reply = Reply::problem(StatusCode::SERVICE_UNAVAILABLE, "stopped", detail);
        reply.retry_after_secs = Some(STOPPED_RETRY_SECS);
        return Err(reply);
    }
    let header = |name: &str| {
        call.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let signature = SignatureHeaders {
        content_digest: header("content-digest"),
        signature_input: header("signature-input"),
        signature: header("signature"),
    };
    let content_type = header(header::CONTENT_TYPE.as_str());
    let parts = RequestParts {
        method: call.method.as_str(),
        target_uri: &call.target,
        content_type: &content_type,
        body: &call.bytes,
    };
    verify_request(&office.pinned, parts, &signature, call.instant)
        .map(|signed| Signed { key_id: signed.key_id, instant: call.instant })
        .map_err(|trouble| {
            let detail = trouble.to_string();
            Reply::problem(StatusCode::UNAUTHORIZED, "signature", &detail)
        })
}

impl Office {
    /// One authority's key must not ask in another's name.
    fn allowed(&self, authority: &AuthorityId, signed: &Signed) -> Result<(), Reply> {
        if self.desk.key_belongs_to(&signed.key_id, authority) {
            return Ok(());
        }
        let detail = "the signing key is not this authority's";
        Err(Reply::problem(StatusCode::FORBIDDEN, "not-your-name", detail))
    }

    fn measures(&self) -> Result<&Measures, Reply> {
        self.measures.as_ref().ok_or_else(|| refusal(CallRefused::NotAgreed))
    }
}

fn parse<T: DeserializeOwned>(call: &Call) -> Result<T, Reply> {
    serde_json::from_slice(&call.bytes).map_err(|error| {
        // Line and column only: the error's own words may repeat the body.
        let detail = format!(
            "the body is not of the expected shape at line {}, column {}",
            error.line(),
            error.column()
        );
        Reply::problem(StatusCode::BAD_REQUEST, "schema", &detail)
    })
}

fn refusal(refused: CallRefused) -> Reply {
    let detail = refused.to_string();
    match refused {
        CallRefused::NotAgreed => Reply::problem(StatusCode::FORBIDDEN, "not-agreed", &detail),
        CallRefused::TooMany => {
            Reply::problem(StatusCode::PAYLOAD_TOO_LARGE, "too-many-questions", &detail)
        }
        CallRefused::BatchChanged => {
            Reply::problem(StatusCode::UNPROCESSABLE_ENTITY, "batch-changed", &detail)
        }
        CallRefused::Quota { retry_after_secs } => {
            let mut reply = Reply::problem(StatusCode::TOO_MANY_REQUESTS, "quota", &detail);
            reply.retry_after_secs = Some(retry_after_secs);
            reply
        }
        CallRefused::Trouble(error) => {
            tracing::error!(error = format!("{error:#}"), "a call could not be answered");
            trouble()
        }
    }
}

fn trouble() -> Reply {
    let detail = "the provider's machine is in trouble; the same call may be sent again";
    let mut reply = Reply::problem(StatusCode::INTERNAL_SERVER_ERROR, "trouble", detail);
    reply.retry_after_secs = Some(60);
    reply
}

impl Reply {
    fn json(content: &impl Serialize) -> Result<Self, Self> {
        let body = serde_json::to_vec(content).map_err(|_| trouble())?;
        Ok(Self {
            status: StatusCode::OK,
            content_type: CONTENT_TYPE,
            body,
            retry_after_secs: None,
        })
    }

    fn problem(status: StatusCode, kind: &str, detail: &str) -> Self {
        let problem = Problem {
            kind: format!("/problems/{kind}"),
            title: status.canonical_reason().unwrap_or("problem").to_owned(),
            status: status.as_u16(),
            detail: Some(detail.to_owned()),
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        Self { status, content_type: PROBLEM, body, retry_after_secs: None }
    }

    fn signed(self, office: &Office, request_digest: &str, now: Timestamp) -> Response<Body> {
        let parts = AnswerParts {
            status: self.status.as_u16(),
            content_type: self.content_type,
            body: &self.body,
            request_digest,
        };
        let Ok(headers) = sign_answer(&office.signing, parts, now) else {
            return trouble().unsigned();
        };
        let mut response = self.unsigned();
        for (name, value) in [
            ("content-digest", headers.content_digest),
            ("signature-input", headers.signature_input),
            ("signature", headers.signature),
        ] {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    fn unsigned(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}
