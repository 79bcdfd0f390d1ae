//! What the operator sees: health and counts, in Prometheus' text format. Never a personal datum,
//! never a label that a person could be told apart by.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::house::House;

/// `/metrics` and `/health`, for the operator's own network.
pub fn router(house: Arc<House>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/health", get(|| async { "answering\n" }))
        .with_state(house)
}

async fn metrics(State(house): State<Arc<House>>) -> Response {
    match tokio::task::spawn_blocking(move || text(&house)).await {
        Ok(Ok(text)) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the store cannot answer\n").into_response(),
    }
}

fn text(house: &House) -> Result<String, entremise_store::Trouble> {
    let mut text = String::new();
    for (name, help) in [
        ("entremise_cases", "Cases by procedure and state"),
        ("entremise_effects", "Effects by queue and state"),
        ("entremise_notices", "Notices by outcome"),
        ("entremise_ledger_entries", "Entries of the ledger"),
        ("entremise_alarms", "Alarms that nobody has settled"),
    ] {
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge").ok();
    }
    for room in &house.rooms {
        let authority = &room.config.id;
        let counts = house.store.counts(authority)?;
        for (name, label, counted) in [
            ("entremise_cases", "state", &counts.cases),
            ("entremise_effects", "state", &counts.effects),
            ("entremise_notices", "outcome", &counts.notices),
        ] {
            for (value, count) in counted {
                writeln!(text, "{name}{{authority=\"{authority}\",{label}=\"{value}\"}} {count}")
                    .ok();
            }
        }
        let entries = house.store.ledger_size(authority)?;
        writeln!(text, "entremise_ledger_entries{{authority=\"{authority}\"}} {entries}").ok();
        let alarms = counts.alarms;
        writeln!(text, "entremise_alarms{{authority=\"{authority}\"}} {alarms}").ok();
    }
    Ok(text)
}
