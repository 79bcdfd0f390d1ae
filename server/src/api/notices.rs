//! `POST /v1/{authority}/notices`: one sending, of any format this house reads, and its report.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use entremise_store::BatchReport;

use super::desk::Letter;
use super::problem::Problem;
use super::{Api, BODY_BYTES_MAX, Now, access, wants_xml};
use crate::house::{Room, SenderRoom};
use crate::intake::acknowledgement;
use crate::intake::report::Report;

/// The header with a detached JWS over the body.
const SIGNATURE: &str = "entremise-signature";
/// The longest Idempotency-Key kept, characters.
const KEY_CHARS_MAX: usize = 128;

/// Bring notices.
///
/// The body is ACNS 0.6–1.2 XML, XARF v4 JSON, CSV or NDJSON in this house's profile, or a mail
/// (`message/rfc822`) that carries one of them; it is recognised by its bytes. Every notice in it
/// is answered alone: accepted, a duplicate, or rejected with a code and a place.
#[utoipa::path(
    post,
    path = "/v1/{authority}/notices",
    tag = "notices",
    security(("token" = [])),
    params(
        ("authority" = String, Path, description = "The authority the notices are for",
            pattern = "^[a-z0-9-]{1,64}$"),
        ("Idempotency-Key" = Option<String>, Header,
            description = "Repeats a sending safely: the same key with the same body gives the \
                           stored report again, with another body it is refused",
            max_length = 128, min_length = 1, pattern = "^[!-~]+$"),
        ("Entremise-Signature" = Option<String>, Header,
            description = "Detached JWS (RFC 7515, appendix F) over the body",
            pattern = "^[A-Za-z0-9_-]+\\.\\.[A-Za-z0-9_-]+$"),
    ),
    request_body(content = String, content_type = "application/octet-stream",
        description = "The notices, at most 64 MiB"),
    responses(
        (status = 200, body = Report,
            description = "A report per notice; with `Accept: application/xml` ACNS NoticeAck"),
        (status = 400, body = Problem, content_type = "application/problem+json",
            description = "A header or the body cannot be read"),
        (status = 401, body = Problem, content_type = "application/problem+json",
            description = "No such token for this authority"),
        (status = 403, body = Problem, content_type = "application/problem+json",
            description = "The sender is stopped"),
        (status = 413, body = Problem, content_type = "application/problem+json",
            description = "The body is too large"),
        (status = 422, body = Problem, content_type = "application/problem+json",
            description = "Nothing in it could be taken; code and place say why"),
        (status = 429, body = Problem, content_type = "application/problem+json",
            description = "Faster than agreed", headers(("Retry-After" = u32))),
        (status = 503, body = Problem, content_type = "application/problem+json",
            description = "Busy; nothing was taken", headers(("Retry-After" = u32))),
    ),
)]
pub(super) async fn bring(
    State(api): State<Api>,
    Extension(Now(now)): Extension<Now>,
    Path(authority): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (room, sender) = access::sender(&api, &authority, &headers)?;
    let (authority, sender_id) = (room.config.id.clone(), sender.config.id.clone());
    api.rates
        .pass(&authority, &sender_id, sender.config.requests_per_second_max, now)
        .map_err(Problem::too_fast)?;
    let bytes = body.map_err(unreadable_body)?;
    let idempotency_key = idempotency_key(&headers)?;
    let jws = text(&headers, SIGNATURE)?;
    let room_for = super::room_for(bytes.len());
    let permit =
        api.intakes.clone().try_acquire_many_owned(room_for).map_err(|_| Problem::busy())?;
    let letter = Letter { authority, sender: sender_id, bytes, idempotency_key, jws, at: now };
    let report = api.desk.take(&api.house, letter, permit).await?;
    Ok(answer(&headers, room, sender, &report))
}

/// JSON, unless the caller asks for XML: then one ACNS `NoticeAck` per notice, as one document or,
/// for several, as parts of one body.
fn answer(headers: &HeaderMap, room: &Room, sender: &SenderRoom, report: &BatchReport) -> Response {
    if !wants_xml(headers) {
        return Json(Report::from(report)).into_response();
    }
    let mut documents = acknowledgement::notice_acks(room, sender, report);
    if documents.len() == 1 {
        let document = documents.remove(0);
        return ([(header::CONTENT_TYPE, "application/xml")], document).into_response();
    }
    let boundary = report.id.to_string();
    let mut body = String::new();
    for document in documents {
        body.push_str(&format!(
            "--{boundary}\r\nContent-Type: application/xml\r\n\r\n{document}\r\n"
        ));
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    let content_type = format!("multipart/mixed; boundary={boundary}");
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

fn unreadable_body(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::too_large(BODY_BYTES_MAX)
    } else {
        Problem::bad_request("the body broke off")
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let key = text(headers, "idempotency-key")?;
    match key {
        Some(key) if key.is_empty() || key.len() > KEY_CHARS_MAX => Err(Problem::bad_request(
            format!("Idempotency-Key has 1 to {KEY_CHARS_MAX} visible characters"),
        )),
        key => Ok(key),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Result<Option<String>, Problem> {
    match headers.get(name).map(|value| value.to_str()) {
        None => Ok(None),
        Some(Ok(text)) if text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(Some(text.to_owned()))
        }
        Some(_) => Err(Problem::bad_request(format!("{name} has visible ASCII characters only"))),
    }
}
