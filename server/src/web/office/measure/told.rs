//! What the lines of a measure's history say beyond their names.

use entremise_core::deadline::Zone;
use entremise_core::event::Event;
use entremise_core::id::Digest;
use entremise_core::procedure::measure::Reported;
use jiff::{SignedDuration, Timestamp};

use crate::web::page::Page;
use crate::web::words::filled;

/// The day it counts from and the document it rests on.
pub(in crate::web::office) fn detail(event: &Event, page: &Page, zone: &Zone) -> Option<String> {
    let dated = |key: &str, at: Timestamp, document: &Digest| {
        // What is entered says a day, and no hour of it.
        let values = [("at", page.day(zone.day_of(at))), ("sha256", document.to_string())];
        let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
        Some(filled(page.lang, key, &values))
    };
    match event {
        Event::EnforceabilityConfirmed { certificate, at, .. } => {
            dated("detail.measure_dated", *at, certificate)
        }
        Event::AppealFiled { document, received_at }
        | Event::PostponementRequested { document, received_at } => {
            dated("detail.measure_dated", *received_at, document)
        }
        Event::AppealDecided { judgment, decided_at, .. } => {
            dated("detail.measure_dated", *decided_at, judgment)
        }
        Event::NotificationServed { document, at, .. }
        | Event::LiftingProven { document, at, .. }
        | Event::MeasureFulfilled { document, at, .. } => {
            dated("detail.measure_dated", *at, document)
        }
        Event::MeasurePostponed { order, until, .. } => {
            // The day before it is the last.
            let last = until.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(*until);
            dated("detail.measure_until", last, order)
        }
        Event::ExecutionResumed { order: document, .. }
        | Event::PostponementRefused { reasons: document, .. }
        | Event::MeasureVaried { decision: document, .. }
        | Event::LiftingOrdered { decision: document, .. } => {
            Some(page.with("detail.by_document", "sha256", document.to_string()))
        }
        Event::MeasureReported(report) => {
            let reported = page.named("reported", word(&report.reported));
            let (version, proof) = (report.version.to_string(), report.proof.as_str());
            let values =
                [("version", version.as_str()), ("reported", &reported), ("sha256", proof)];
            Some(filled(page.lang, "detail.measure_reported", &values))
        }
        _ => None,
    }
}

/// The wire name of what the provider said.
pub(super) fn word(reported: &Reported) -> &'static str {
    match reported {
        Reported::Taken => "taken",
        Reported::Approved { .. } => "approved",
        Reported::Declined { .. } => "declined",
        Reported::Implemented { .. } => "implemented",
        Reported::NotLifted => "not_lifted",
        Reported::Ended { .. } => "ended",
    }
}
