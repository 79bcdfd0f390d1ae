//! The senders' API: notices in, an answer for each.
//!
//! Every handler gets the instant of arrival from `serve` (the `Now` extension) and reads no clock.
//! What a click or a call does is an event or an intake, never a letter: nothing here imports
//! `provider`, `delivery` or `transmission`.

mod access;
mod batches;
mod desk;
mod notices;
pub mod problem;
mod rate;
mod receipts;
mod register;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, header};
use axum::routing::get;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::house::House;
use access::Bearer;
use problem::Problem;

/// The largest body read, bytes: 25,000 notices (a sender's day) of about 2.5 kB each.
pub const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Sendings being read or stored at once, KiB of them: sixteen of the largest. The store has one
/// writer; more would only hold memory.
const INTAKES_KIB: usize = 16 * BODY_BYTES_MAX / 1024;
/// What the smallest of them counts for, KiB: 512 at once, as many as there are threads for them.
const INTAKE_KIB_LEAST: usize = 2 * 1024;

/// The instant at which a request arrived, stamped by `serve`.
#[derive(Clone, Copy, Debug)]
pub struct Now(pub Timestamp);

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    pub(crate) house: Arc<House>,
    pub(crate) intakes: Arc<Semaphore>,
    pub(crate) desk: Arc<desk::Desk>,
    pub(crate) rates: Arc<rate::Rates>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Entremise: senders' API",
        description = "Bring notices, learn for each whether it was accepted, is a duplicate or \
                       must be corrected. A report is given per notice; a batch is never refused \
                       for one of its notices.",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2"),
    ),
    modifiers(&Bearer),
    tags(
        (name = "notices", description = "Bringing notices and reading their reports"),
        (name = "register", description = "The closed question before a new subscription"),
    ),
)]
struct Description;

/// The description as served at `/openapi.json`: OpenAPI 3.1.
pub fn description() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(notices::bring))
        .routes(routes!(batches::report))
        .routes(routes!(receipts::receipt))
        .routes(routes!(status::status))
        .routes(routes!(register::ask))
        .routes(routes!(health))
}

/// Whether the caller asks for ACNS's own documents; JSON otherwise.
fn wants_xml(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/xml"))
}

/// How much of the room for intakes a body takes.
fn room_for(bytes: usize) -> u32 {
    u32::try_from((bytes / 1024).max(INTAKE_KIB_LEAST)).unwrap_or(u32::MAX)
}

/// The whole API, ready to be served.
pub fn router(house: Arc<House>) -> Router {
    let api = Api {
        house,
        intakes: Arc::new(Semaphore::new(INTAKES_KIB)),
        desk: Arc::default(),
        rates: Arc::new(rate::Rates::default()),
    };
    let (router, description) = routes().split_for_parts();
    let description = Arc::new(description);
    router
        .route(
            "/openapi.json",
            get(move || async move { axum::Json(description.as_ref().clone()) }),
        )
        .fallback(|| async { Problem::not_found("there is nothing at this address") })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(api)
}

/// Whether the service answers.
#[utoipa::path(
    get,
    path = "/health",
    tag = "notices",
    security(()),
    responses(
        (status = 200, description = "It answers", body = String, content_type = "text/plain"),
    ),
)]
async fn health() -> &'static str {
    "answering\n"
}
