//! `GET /v1/{authority}/notices/{notice}/status`: where an accepted notice stands, for its sender:
//! never on whom, and never by which step.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use entremise_core::id::{AuthorityId, NoticeId, PartyId};
use entremise_formats::acns::status;
use entremise_store::{ItemVerdict, Store, Trouble};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use super::{Api, Now, access, wants_xml};
use crate::standing::Standing;

/// Where a notice stands.
#[derive(Serialize, ToSchema)]
struct NoticeStatus {
    #[schema(value_type = String, format = "uuid")]
    notice: NoticeId,
    /// The sender's own case number, while the report of its sending is kept.
    sender_case_id: Option<String>,
    /// `OPEN` or `CLOSED`, as ACNS has it.
    disposition: &'static str,
    /// `received`, `asked`, `followed`, `transmitted` (before the public prosecutor), `judged`,
    /// `not_identified`, `unanswered`, `withdrawn`, `trial`.
    reason: &'static str,
    /// Why nobody was identified, by the name of the provider's answer.
    answer: Option<String>,
    /// Whether the sender can still take it back with effect.
    may_be_withdrawn: bool,
    #[schema(value_type = String, format = "date-time")]
    received_at: Timestamp,
    /// When what may be told of it changed last.
    #[schema(value_type = String, format = "date-time")]
    changed_at: Timestamp,
}

impl NoticeStatus {
    /// ACNS's own document.
    fn to_xml(&self, at: Timestamp) -> String {
        let ours = self.notice.to_string();
        let status = status::Status {
            case_id: self.sender_case_id.as_deref().unwrap_or(&ours),
            disposition: self.disposition,
            reason: self.reason,
            received_at: self.received_at,
            changed_at: self.changed_at,
            at,
        };
        status.to_xml()
    }
}

/// Where a notice stands.
#[utoipa::path(
    get,
    path = "/v1/{authority}/notices/{notice}/status",
    tag = "notices",
    security(("token" = [])),
    params(
        ("authority" = String, Path, description = "The authority the notice was for",
            pattern = "^[a-z0-9-]{1,64}$"),
        ("notice" = String, Path, format = "uuid",
            description = "The number that the report gave the accepted notice"),
    ),
    responses(
        (status = 200, body = NoticeStatus,
            description = "Its status; with `Accept: application/xml` ACNS NoticeStatus"),
        (status = 400, body = Problem, content_type = "application/problem+json",
            description = "The number cannot be read"),
        (status = 401, body = Problem, content_type = "application/problem+json",
            description = "No such token for this authority"),
        (status = 404, body = Problem, content_type = "application/problem+json",
            description = "This sender brought no such notice"),
        (status = 429, body = Problem, content_type = "application/problem+json",
            description = "Faster than agreed", headers(("Retry-After" = u32))),
        (status = 503, body = Problem, content_type = "application/problem+json",
            description = "Busy", headers(("Retry-After" = u32))),
    ),
)]
pub(super) async fn status(
    State(api): State<Api>,
    Extension(Now(now)): Extension<Now>,
    Path((authority, notice)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (authority, sender) = access::reader(&api, &authority, &headers, now)?;
    let notice: NoticeId =
        notice.parse().map_err(|_| Problem::bad_request("the notice number is a UUID"))?;
    let store = api.house.store.clone();
    let found = tokio::task::spawn_blocking(move || {
        // It may have come while a pilot was run, whose cases are its own.
        for of in std::iter::once(authority.clone()).chain(authority.pilot()) {
            if let Some(found) = found(&store, &of, &sender, notice)? {
                return Ok::<_, Trouble>(Some(found));
            }
        }
        Ok(None)
    });
    let found = found.await.map_err(|_| Problem::busy())??;
    let status = found.ok_or_else(|| Problem::not_found("you brought no such notice"))?;
    Ok(match wants_xml(&headers) {
        true => ([(header::CONTENT_TYPE, "application/xml")], status.to_xml(now)).into_response(),
        false => Json(status).into_response(),
    })
}

fn found(
    store: &Store,
    authority: &AuthorityId,
    sender: &PartyId,
    notice: NoticeId,
) -> Result<Option<NoticeStatus>, Trouble> {
    let Some(standing) = Standing::find(store, authority, sender, notice)? else {
        return Ok(None);
    };
    let report = store.batch_report(authority, sender, &standing.row.batch)?;
    let results = report.map(|report| report.results).unwrap_or_default();
    let result = results.into_iter().find(|result| match &result.verdict {
        ItemVerdict::Accepted { notice: accepted } => *accepted == notice,
        _ => false,
    });
    Ok(Some(NoticeStatus {
        notice,
        sender_case_id: result.and_then(|result| result.sender_case_id),
        disposition: standing.status.disposition.name(),
        reason: standing.status.reason,
        may_be_withdrawn: standing.status.may_be_withdrawn,
        received_at: standing.row.received_at,
        changed_at: standing.changed_at(),
        answer: standing.status.answer,
    }))
}
