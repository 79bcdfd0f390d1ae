//! `POST /v1/{authority}/register`: a provider's closed question before a new subscription. Signed
//! with the key of its connector, good once, so many a day; the answer says yes or no to whoever
//! asked and nothing to anybody else.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use entremise_core::id::PartyId;
use entremise_store::NotAnswered;
use entremise_wire::register::{RegisterAnswer, RegisterQuestion};
use entremise_wire::signature::{RequestParts, SignatureHeaders, VerifyingKey, verify_request};
use jiff::Timestamp;

use super::problem::Problem;
use super::{Api, Now};
use crate::config::{Answers, Register};
use crate::house::Room;
use crate::register::{Asking, NoAnswer, answer};

/// A question is short.
const QUESTION_BYTES_MAX: usize = 4_096;
const JSON: &str = "application/json";

/// Whether somebody may take out a subscription, asked without saying who.
#[utoipa::path(
    post,
    path = "/v1/{authority}/register",
    tag = "register",
    security(()),
    params(
        ("authority" = String, Path, description = "The authority whose register is asked",
            pattern = "^[a-z0-9-]{1,64}$"),
        ("content-digest" = String, Header, description = "RFC 9530"),
        ("signature-input" = String, Header, description = "RFC 9421"),
        ("signature" = String, Header, description = "RFC 9421, with the connector's key"),
    ),
    request_body(content = Object, content_type = "application/json",
        description = "`id`, `authority`, `blinded` (RFC 9497, base64url)"),
    responses(
        (status = 200, body = Object, description = "`evaluated`, `proof`, `salt`, `tags`"),
        (status = 400, body = Problem, content_type = "application/problem+json",
            description = "The question cannot be read"),
        (status = 401, body = Problem, content_type = "application/problem+json",
            description = "No signature of a provider of this authority"),
        (status = 413, body = Problem, content_type = "application/problem+json",
            description = "Larger than any question"),
        (status = 503, body = Problem, content_type = "application/problem+json",
            description = "Busy", headers(("Retry-After" = u32))),
        (status = 404, body = Problem, content_type = "application/problem+json",
            description = "This authority keeps no register"),
        (status = 403, body = Problem, content_type = "application/problem+json",
            description = "The provider is stopped"),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "The question was asked before"),
        (status = 429, body = Problem, content_type = "application/problem+json",
            description = "The day's questions are used up", headers(("Retry-After" = u32))),
    ),
)]
pub(super) async fn ask(
    State(api): State<Api>,
    Extension(Now(now)): Extension<Now>,
    Path(authority): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<RegisterAnswer>, Problem> {
    // Whoever does not sign learns nothing, not even whether there is a register.
    let signed = signature(&headers)?;
    let answered = tokio::task::spawn_blocking(move || {
        let room = api.house.rooms.iter().find(|room| room.config.id.as_str() == authority);
        // A pilot has no measures, and so no register.
        let room = room.filter(|room| !room.config.id.is_pilot());
        let room = room.ok_or_else(|| Problem::not_found("there is no register here"))?;
        respond(&api, room, &signed, &body, now)
    });
    answered.await.map_err(|_| Problem::busy())?.map(Json)
}

fn respond(
    api: &Api,
    room: &Room,
    signed: &SignatureHeaders,
    body: &[u8],
    now: Timestamp,
) -> Result<RegisterAnswer, Problem> {
    let authority = &room.config.id;
    let (Some(register), Some(key)) = (&room.config.register, &room.register_key) else {
        return Err(Problem::not_found("there is no register here"));
    };
    if body.len() > QUESTION_BYTES_MAX {
        return Err(Problem::too_large(QUESTION_BYTES_MAX));
    }
    let provider = signatory(room, register, signed, body, now)?;
    api.rates
        .pass(authority, &provider, register.questions_per_second_max, now)
        .map_err(Problem::too_fast)?;
    // The parser's words could repeat what it read.
    let question: RegisterQuestion = serde_json::from_slice(body)
        .map_err(|_| Problem::bad_request("this is no question to the register"))?;
    if question.authority != *authority {
        return Err(Problem::bad_request("the question is to another authority"));
    }
    let regime = api.house.store.regime(&room.config.regime);
    let day = regime.map_or_else(
        || now.to_zoned(jiff::tz::TimeZone::UTC).date(),
        |regime| regime.zone().day_of(now),
    );
    let most_per_day = register.questions_per_day_max;
    let asking = Asking { authority, provider: &provider, day, most_per_day };
    answer(&api.house.store, key, &asking, &question, now).map_err(|error| match error {
        NoAnswer::Question(why) => Problem::bad_request(why.to_string()),
        NoAnswer::NotAnswered(NotAnswered::AskedBefore) => {
            Problem::conflict("this question was asked before; ask a new one, it counts anew")
        }
        NoAnswer::NotAnswered(why @ NotAnswered::DayIsFull { .. }) => {
            tracing::warn!(%authority, %provider, %why, "the register is not asked any more today");
            Problem::too_fast(3_600)
        }
        NoAnswer::NotAnswered(NotAnswered::Stopped) => Problem::stopped("the provider is stopped"),
        NoAnswer::NotAnswered(NotAnswered::Trouble(trouble)) => trouble.into(),
    })
}

/// The headers of a signature (RFC 9421), all three.
fn signature(headers: &HeaderMap) -> Result<SignatureHeaders, Problem> {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.map(str::to_owned).ok_or_else(Problem::unsigned)
    };
    Ok(SignatureHeaders {
        content_digest: header("content-digest")?,
        signature_input: header("signature-input")?,
        signature: header("signature")?,
    })
}

/// Which provider signed: by the key with which its connector signs its answers.
fn signatory(
    room: &Room,
    register: &Register,
    signed: &SignatureHeaders,
    body: &[u8],
    now: Timestamp,
) -> Result<PartyId, Problem> {
    let parts =
        RequestParts { method: "POST", target_uri: &register.url, content_type: JSON, body };
    let by = room.providers.iter().find(|provider| {
        let Answers::Connector { answer_key, answer_key_id, .. } = &provider.config.answers else {
            return false;
        };
        VerifyingKey::from_base64(answer_key_id, answer_key)
            .is_ok_and(|key| verify_request(&[key], parts, signed, now).is_ok())
    });
    by.map(|provider| provider.config.id.clone()).ok_or_else(Problem::unsigned)
}
