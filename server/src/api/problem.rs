//! Errors as programs read them: RFC 9457 problem details. The one place where a refusal, a
//! rejection or a trouble becomes a status code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use entremise_core::rejection::Rejection;
use entremise_store::Trouble;
use serde::Serialize;
use utoipa::ToSchema;

use crate::intake::NotTaken;

/// How long an entry waits for its checkpoint when nothing is amiss, seconds.
const PUBLISHED_WITHIN_SECS: i64 = 15;

/// A problem (RFC 9457). `type` is stable; programs switch on it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A relative reference that names the kind of problem, such as `/problems/quota`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: &'static str,
    pub status: u16,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub detail: Option<Box<str>>,
    /// The rejection's code, where the bytes were at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Where in the bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub at: Option<Box<str>>,
    /// Seconds after which to try again; also in `Retry-After`.
    #[serde(skip)]
    pub retry_after_secs: Option<i64>,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self {
            kind,
            title,
            status: status.as_u16(),
            detail: None,
            code: None,
            at: None,
            retry_after_secs: None,
        }
    }

    fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into().into_boxed_str());
        self
    }

    fn after(mut self, secs: i64) -> Self {
        self.retry_after_secs = Some(secs.max(1));
        self
    }

    pub fn not_found(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "/problems/not-found", "Not found").detail(detail)
    }

    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "/problems/method-not-allowed",
            "Method not allowed",
        )
        .detail("see /openapi.json for what this address takes")
    }

    /// No token, a wrong one, or one of another authority: one answer for all three.
    pub fn unauthorised() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "/problems/unauthorised", "Who are you?")
            .detail("send the bearer token that this authority gave you")
    }

    /// No signature of a provider of this authority, or one that does not hold.
    pub fn unsigned() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "/problems/unsigned", "Who are you?")
            .detail("sign the question (RFC 9421) with the key of your connector")
    }

    /// What was asked for was done before, and is done once.
    pub fn conflict(detail: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "/problems/asked-before", "Asked before").detail(detail)
    }

    pub fn stopped(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "/problems/stopped", "Stopped").detail(detail)
    }

    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "/problems/bad-request", "The request cannot be read")
            .detail(detail)
    }

    pub fn too_large(bytes_max: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "/problems/too-large", "Too large")
            .detail(format!("send at most {bytes_max} bytes at a time"))
    }

    pub fn too_fast(after_secs: i64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "/problems/rate", "Too many requests")
            .detail("wait as Retry-After says; notices can be sent many in one batch")
            .after(after_secs)
    }

    pub fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "/problems/busy", "Busy")
            .detail("nothing of this request was taken; send it again as Retry-After says")
            .after(2)
    }

    /// An entry stands in the ledger and its checkpoint is not signed yet.
    pub fn not_yet() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "/problems/not-published", "Not published yet")
            .detail("entries are published some seconds after they are entered; ask again")
            .after(PUBLISHED_WITHIN_SECS)
    }

    fn rejected(rejection: &Rejection) -> Self {
        let title = "Nothing in it could be taken";
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "/problems/rejected", title)
            .detail(rejection.how.clone());
        problem.code = Some(rejection.code.name());
        problem.at = Some(rejection.at.clone().into_boxed_str());
        problem
    }
}

impl From<NotTaken> for Problem {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::Stopped { why } => {
                Self::new(StatusCode::FORBIDDEN, "/problems/stopped", "This sender is stopped")
                    .detail(why)
            }
            NotTaken::Rejected(rejection) => Self::rejected(&rejection),
            NotTaken::Quarantined(rejection) => {
                let mut problem = Self::rejected(&rejection);
                problem.kind = "/problems/unreadable";
                problem.title = "It cannot be read; it is kept and looked at";
                problem
            }
            NotTaken::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "/problems/idempotency-key-reused",
                "The Idempotency-Key was used for another content",
            )
            .detail("use a new key for a new content"),
            NotTaken::Trouble(trouble) => trouble.into(),
        }
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        tracing::error!(%trouble, "the store cannot answer");
        if trouble.may_pass() {
            return Self::busy();
        }
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "/problems/trouble", "Trouble on our side")
            .detail("it is in our log; nothing of this request was taken")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after_secs;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(secs) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
