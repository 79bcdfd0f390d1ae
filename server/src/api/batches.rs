//! `GET /v1/{authority}/batches/{batch}`: the report of an earlier sending, as its sender saw it.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use entremise_core::id::BatchId;

use super::problem::Problem;
use super::{Api, Now, access};
use crate::intake::report::Report;

/// The report of a sending.
#[utoipa::path(
    get,
    path = "/v1/{authority}/batches/{batch}",
    tag = "notices",
    security(("token" = [])),
    params(
        ("authority" = String, Path, description = "The authority the notices were for",
            pattern = "^[a-z0-9-]{1,64}$"),
        ("batch" = String, Path, format = "uuid",
            description = "The number given in the first report"),
    ),
    responses(
        (status = 200, body = Report, description = "The report as it was given"),
        (status = 400, body = Problem, content_type = "application/problem+json",
            description = "The number cannot be read"),
        (status = 401, body = Problem, content_type = "application/problem+json",
            description = "No such token for this authority"),
        (status = 404, body = Problem, content_type = "application/problem+json",
            description = "This sender brought no such batch"),
        (status = 429, body = Problem, content_type = "application/problem+json",
            description = "Faster than agreed", headers(("Retry-After" = u32))),
        (status = 503, body = Problem, content_type = "application/problem+json",
            description = "Busy", headers(("Retry-After" = u32))),
    ),
)]
pub(super) async fn report(
    State(api): State<Api>,
    Extension(Now(now)): Extension<Now>,
    Path((authority, batch)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Report>, Problem> {
    let (authority, sender) = access::reader(&api, &authority, &headers, now)?;
    let batch: BatchId =
        batch.parse().map_err(|_| Problem::bad_request("the batch number is a UUID"))?;
    let store = api.house.store.clone();
    let report = tokio::task::spawn_blocking(move || {
        let report = store.batch_report(&authority, &sender, &batch)?;
        match (report, authority.pilot()) {
            (None, Some(pilot)) => store.batch_report(&pilot, &sender, &batch),
            (report, _) => Ok(report),
        }
    })
    .await
    .map_err(|_| Problem::busy())??;
    report
        .as_ref()
        .map(|report| Json(Report::from(report)))
        .ok_or_else(|| Problem::not_found("you brought no such batch"))
}
