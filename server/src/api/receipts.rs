//! `GET /v1/{authority}/notices/{notice}/receipt`: the sender's proof that a notice was accepted,
//! which holds without us (C2SP tlog-proof).

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use entremise_core::id::{AuthorityId, NoticeId, PartyId};
use entremise_store::{Store, Trouble};

use super::problem::Problem;
use super::{Api, Now, access};
use crate::receipt::{self, NotNow};

/// The receipt of an accepted notice.
#[utoipa::path(
    get,
    path = "/v1/{authority}/notices/{notice}/receipt",
    tag = "notices",
    security(("token" = [])),
    params(
        ("authority" = String, Path, description = "The authority the notice was for",
            pattern = "^[a-z0-9-]{1,64}$"),
        ("notice" = String, Path, format = "uuid",
            description = "The number that the report gave the accepted notice"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/plain",
            description = "A tlog-proof; `entremise-audit receipt` checks it offline"),
        (status = 400, body = Problem, content_type = "application/problem+json",
            description = "The number cannot be read"),
        (status = 401, body = Problem, content_type = "application/problem+json",
            description = "No such token for this authority"),
        (status = 404, body = Problem, content_type = "application/problem+json",
            description = "This sender brought no such notice"),
        (status = 429, body = Problem, content_type = "application/problem+json",
            description = "Faster than agreed", headers(("Retry-After" = u32))),
        (status = 503, body = Problem, content_type = "application/problem+json",
            description = "Not published yet, or busy", headers(("Retry-After" = u32))),
    ),
)]
pub(super) async fn receipt(
    State(api): State<Api>,
    Extension(Now(now)): Extension<Now>,
    Path((authority, notice)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (authority, sender) = access::reader(&api, &authority, &headers, now)?;
    let notice: NoticeId =
        notice.parse().map_err(|_| Problem::bad_request("the notice number is a UUID"))?;
    let store = api.house.store.clone();
    let ledgers = api.house.ledger.clone();
    let made = tokio::task::spawn_blocking(move || {
        // It may have come while a pilot was run, whose ledger is its own.
        for of in std::iter::once(authority.clone()).chain(authority.pilot()) {
            if let Some(entry) = acceptance(&store, &of, &sender, notice)? {
                let ledger = ledgers.join(of.as_str());
                return receipt::opened(&store, &of, &ledger, entry).map_err(Problem::from);
            }
        }
        Err(Problem::not_found("you brought no such notice"))
    });
    let made = made.await.map_err(|_| Problem::busy())??;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], made.to_string()).into_response())
}

/// The entry under which this sender's notice was accepted.
fn acceptance(
    store: &Store,
    authority: &AuthorityId,
    sender: &PartyId,
    notice: NoticeId,
) -> Result<Option<u64>, Trouble> {
    let Some(row) = store.notice(authority, notice)?.filter(|row| row.sender == *sender) else {
        return Ok(None);
    };
    let file = store.case_file(authority, &row.case)?;
    let entry = file
        .as_ref()
        .and_then(|file| file.history.iter().find(|entry| entry.kind == "event.notice_accepted"));
    Ok(entry.map(|entry| entry.seq))
}

impl From<NotNow> for Problem {
    fn from(why: NotNow) -> Self {
        match why {
            NotNow::NotYet => Problem::not_yet(),
            NotNow::Trouble(trouble) => trouble.into(),
            NotNow::Ledger(why) => {
                tracing::error!(%why, "the published ledger gives no receipt");
                Problem::busy()
            }
        }
    }
}
