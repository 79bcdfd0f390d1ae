//! A sender's sendings, and one of them with what became of each notice.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use entremise_core::rejection::Rejection;
use entremise_store::ItemVerdict as NoticeVerdict;
use serde::Deserialize;

use super::desk::{ResultView, Sending, Sendings};
use super::{AtSender, ask, none, trouble};
use crate::web::chart::{Share, shares};
use crate::web::office::Office;
use crate::web::page::{Page, render};
use crate::web::place::{Place, encoded};
use crate::web::seat_place::SeatPlace;

#[derive(Deserialize, Default)]
pub(super) struct Wanted {
    before: Option<String>,
    #[serde(default)]
    from: usize,
}

#[derive(Template)]
#[template(path = "sender/sendings.html")]
struct SendingsPage {
    page: Page,
    view: Sendings,
    /// Used of the day's quota, and what is left of it.
    day: Vec<Share>,
    next: Option<String>,
    /// The address of the first page, when this is a later one.
    first: Option<String>,
}

impl SendingsPage {
    fn path(&self, batch: &str) -> String {
        SeatPlace::Sending(batch.to_owned()).path(self.page.lang)
    }
}

pub(super) async fn all(
    State(office): State<Office>,
    desk: AtSender,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let before = wanted.ok().and_then(|Query(wanted)| wanted.before);
    let is_later = before.is_some();
    let (sender, now) = (desk.sender.clone(), desk.now);
    let found = ask(&office, move |house| house.sendings(&sender, before.as_deref(), now)).await;
    let Ok(view) = found else { return trouble(&office, &desk) };
    let page = office.page(&desk, Place::Seat(SeatPlace::Sender));
    let title = page.t("sender.title");
    let page = page.titled(title);
    let left = view.quota.saturating_sub(view.used);
    let day = shares([
        (page.t("sender.used").to_owned(), view.used),
        (page.t("sender.left").to_owned(), left),
    ]);
    let next = view.next.as_ref().map(|next| format!("{}?before={}", page.path(), encoded(next)));
    let first = is_later.then(|| page.path());
    render(StatusCode::OK, &SendingsPage { page, view, day, next, first })
}

#[derive(Template)]
#[template(path = "sender/sending.html")]
struct SendingPage {
    page: Page,
    view: Sending,
    next: Option<String>,
}

impl SendingPage {
    fn verdict(&self, result: &ResultView) -> &'static str {
        match result.verdict {
            NoticeVerdict::Accepted { .. } => "accepted",
            NoticeVerdict::DuplicateOf { .. } => "duplicate",
            NoticeVerdict::Rejected { .. } => "rejected",
        }
    }

    /// The notice's own page, for one that was accepted or is known from before.
    fn notice(&self, result: &ResultView) -> Option<String> {
        match &result.verdict {
            NoticeVerdict::Accepted { notice } | NoticeVerdict::DuplicateOf { notice } => {
                Some(SeatPlace::Notice(notice.to_string()).path(self.page.lang))
            }
            NoticeVerdict::Rejected { .. } => None,
        }
    }

    fn reasons<'r>(&self, result: &'r ResultView) -> &'r [Rejection] {
        match &result.verdict {
            NoticeVerdict::Rejected { rejections } => rejections,
            _ => &[],
        }
    }
}

pub(super) async fn one(
    State(office): State<Office>,
    desk: AtSender,
    Path(batch): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let from = wanted.map(|Query(wanted)| wanted.from).unwrap_or_default();
    let (sender, number) = (desk.sender.clone(), batch.clone());
    let view = match ask(&office, move |house| house.sending(&sender, &number, from)).await {
        Ok(Some(view)) => view,
        Ok(None) => return none(&office, &desk),
        Err(_) => return trouble(&office, &desk),
    };
    let mut page = office.page(&desk, Place::Seat(SeatPlace::Sending(batch)));
    if from > 0 {
        page.query = format!("?from={from}");
    }
    let title = page.with("sender.sending", "at", page.instant(&view.received_at, &view.zone));
    let page = page.titled(title);
    let next = view.next.map(|next| format!("{}?from={next}", page.path()));
    render(StatusCode::OK, &SendingPage { page, view, next })
}
