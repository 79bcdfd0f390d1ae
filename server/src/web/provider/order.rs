//! One order: what is to be done to which line, the file to take, and the forms by which the
//! provider's people say what they did.

use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::deadline::Zone;
use entremise_core::procedure::measure::{Demand, Window};
use entremise_core::regime::rules::Spared;
use jiff::Timestamp;
use jiff::civil::DateTime;

use super::desk::{Answered, OrderStanding, OrderView};
use super::{AtProvider, ask, attachment, none, trouble};
use crate::access::Action;
use crate::order_file::{self, NoAnswer, Order, REASONS, Word};
use crate::web::office::Office;
use crate::web::page::{Page, render, said};
use crate::web::place::Place;
use crate::web::seat_place::SeatPlace;

const PURPOSE: &str = "answer an order";

#[derive(Template)]
#[template(path = "provider/order.html")]
struct OrderPage {
    page: Page,
    view: OrderView,
    token: String,
    /// What is wrong with an answer that was just given, by the name of a text.
    wrong: Option<String>,
}

impl OrderPage {
    fn window(&self) -> Option<Window> {
        match &self.view.row.order.demand {
            Demand::Carry { window, .. } => Some(*window),
            Demand::Lift => None,
        }
    }

    fn spares(&self) -> Vec<String> {
        match &self.view.row.order.demand {
            Demand::Carry { spares, .. } => spares.iter().map(order_file::word).collect(),
            Demand::Lift => Vec::new(),
        }
    }

    fn reasons(&self) -> Vec<String> {
        REASONS.iter().map(order_file::word).collect()
    }

    fn is_awaited(&self) -> bool {
        self.view.row.standing == OrderStanding::Awaited
    }

    /// Whether it can still be said that it is in force, or declined.
    fn may_begin(&self) -> bool {
        matches!(self.view.row.standing, OrderStanding::Awaited | OrderStanding::Accepted)
    }

    fn file_path(&self) -> String {
        SeatPlace::OrderFile(self.view.row.order.order.to_string()).path(self.page.lang)
    }
}

pub(super) async fn show(
    State(office): State<Office>,
    desk: AtProvider,
    Path(number): Path<String>,
) -> Response {
    shown(&office, &desk, number, None).await
}

async fn shown(
    office: &Office,
    desk: &AtProvider,
    number: String,
    wrong: Option<String>,
) -> Response {
    let (provider, now, asked) = (desk.provider.clone(), desk.now, number.clone());
    let view = match ask(office, move |house| house.order(&provider, &asked, now)).await {
        Ok(Some(view)) => view,
        Ok(None) => return none(office, desk),
        Err(_) => return trouble(office, desk),
    };
    let page = office.page(desk, Place::Seat(SeatPlace::Order(number)));
    let title = page.t("provider.order.title");
    let page = page.titled(title).with_error(wrong.is_some());
    let token = office.sessions.form_token(&desk.session, PURPOSE);
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &OrderPage { page, view, token, wrong })
}

pub(super) async fn take(
    State(office): State<Office>,
    desk: AtProvider,
    Path(number): Path<String>,
) -> Response {
    if let Err(refused) = desk.may_with_own(&office, Action::TakeFile).await {
        return *refused;
    }
    let (provider, now) = (desk.provider.clone(), desk.now);
    match ask(&office, move |house| house.order(&provider, &number, now)).await {
        Ok(Some(view)) => {
            let order = &view.row.order;
            let name = format!("{}-v{}.txt", order.order, order.version);
            let file = attachment(&name, "text/plain; charset=utf-8", view.file);
            file.unwrap_or_else(|| none(&office, &desk))
        }
        Ok(None) => none(&office, &desk),
        Err(_) => trouble(&office, &desk),
    }
}

/// What the form brought.
#[derive(Default)]
struct Sent {
    token: String,
    /// The version that the page showed.
    version: String,
    answer: String,
    at: String,
    started: String,
    ends_by_itself: bool,
    spared: Vec<String>,
    reason: String,
    file: Option<String>,
}

impl Sent {
    async fn read(mut form: Multipart) -> Option<Self> {
        let mut sent = Self::default();
        while let Some(field) = form.next_field().await.ok()? {
            let name = field.name().unwrap_or_default().to_owned();
            let text = field.text().await.ok()?;
            match name.as_str() {
                "token" => sent.token = text,
                "version" => sent.version = text,
                "answer" => sent.answer = text,
                "at" => sent.at = text,
                "started" => sent.started = text,
                "ends_by_itself" => sent.ends_by_itself = text == "yes",
                "spared" => sent.spared.push(text),
                "reason" => sent.reason = text,
                "file" => sent.file = Some(text),
                _ => {}
            }
        }
        Some(sent)
    }

    /// What the fields say; an error names the field.
    fn said(&self, zone: &Zone, now: Timestamp) -> Result<Word, NoAnswer> {
        let instant = |name: &'static str, text: &str| {
            let local = text.parse::<DateTime>().ok();
            let at = local.and_then(|local| zone.instant_of(local));
            at.ok_or(NoAnswer::Unreadable { name })
        };
        Ok(match self.answer.as_str() {
            "accepted" => Word::Accepted { at: now },
            "in_force" => Word::InForce {
                at: instant("at", &self.at)?,
                ends_by_itself: self.ends_by_itself,
                spared: self.spared.iter().filter_map(|it| spared(it)).collect(),
            },
            "declined" => {
                let reason = order_file::read_word(&self.reason);
                let reason = reason.ok_or(NoAnswer::Unreadable { name: "reason" })?;
                Word::Declined { reason }
            }
            "ended" => {
                let began = !self.started.is_empty();
                let started = began.then(|| instant("started", &self.started)).transpose()?;
                Word::Ended { started, at: instant("at", &self.at)? }
            }
            _ => return Err(NoAnswer::Unreadable { name: "answer" }),
        })
    }

    /// The text that is kept: the file, or what the fields say in the same form.
    fn text(&self, order: &Order, zone: &Zone, now: Timestamp) -> Result<String, NoAnswer> {
        if let Some(file) = &self.file {
            return Ok(file.clone());
        }
        if self.version != order.version.to_string() {
            return Err(NoAnswer::Changed { name: "version" });
        }
        Ok(order_file::answered(order, &self.said(zone, now)?))
    }
}

fn spared(name: &str) -> Option<Spared> {
    order_file::read_word(name)
}

pub(super) async fn answer(
    State(office): State<Office>,
    desk: AtProvider,
    Path(number): Path<String>,
    form: Multipart,
) -> Response {
    let page = || office.page(&desk, Place::Seat(SeatPlace::Provider));
    let Some(sent) = Sent::read(form).await else {
        return said(StatusCode::PAYLOAD_TOO_LARGE, page(), "provider.too_large");
    };
    if !office.sessions.form_token_fits(&desk.session, PURPOSE, &sent.token) {
        return said(StatusCode::FORBIDDEN, page(), "foreign_form");
    }
    if let Err(refused) = desk.may_with_own(&office, Action::HandInFile).await {
        return *refused;
    }
    let (provider, by, now) = (desk.provider.clone(), desk.seat.person.clone(), desk.now);
    let asked = number.clone();
    let answered = ask(&office, move |house| {
        let Some(view) = house.order(&provider, &asked, now)? else {
            return Ok(Answered::NotOrdered);
        };
        match sent.text(&view.row.order, &view.zone, now) {
            Ok(text) => house.answer(&provider, &asked, &text, &by, now),
            Err(why) => Ok(Answered::Bad(why)),
        }
    });
    match answered.await {
        Ok(Answered::Entered) => {
            let path = Place::Seat(SeatPlace::Provider).path(desk.lang);
            Redirect::to(&format!("{path}?answered=1")).into_response()
        }
        Ok(Answered::Bad(why)) => shown(&office, &desk, number, Some(wrong(&why))).await,
        Ok(Answered::Refused(_)) => shown(&office, &desk, number, Some("refused".to_owned())).await,
        Ok(Answered::NotOrdered) => none(&office, &desk),
        Err(_) => trouble(&office, &desk),
    }
}

/// The name of the text that says it.
fn wrong(why: &NoAnswer) -> String {
    match why {
        NoAnswer::NoValue { .. } | NoAnswer::Twice { .. } => "form",
        NoAnswer::Changed { .. } => "changed",
        NoAnswer::Unreadable { name: "at" | "started" } => "at",
        NoAnswer::Unreadable { name: "reason" } => "reason",
        NoAnswer::Unreadable { .. } => "form",
        NoAnswer::Future { .. } => "future",
    }
    .to_owned()
}
