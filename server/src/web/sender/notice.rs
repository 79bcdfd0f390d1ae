//! One notice of a sender: where it stands, its receipt, and taking it back, which is confirmed on
//! a page of its own.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::desk::{NoticeView, Withdrawn};
use super::{AtSender, ask, none, trouble};
use crate::access::{Action, Resource};
use crate::web::office::Office;
use crate::web::page::{self, Page, render, said};
use crate::web::place::Place;
use crate::web::seat_place::SeatPlace;

#[derive(Template)]
#[template(path = "sender/notice.html")]
struct NoticePage {
    page: Page,
    view: NoticeView,
    withdrawn: bool,
}

impl NoticePage {
    fn sending_path(&self) -> String {
        SeatPlace::Sending(self.view.batch.clone()).path(self.page.lang)
    }

    fn receipt_path(&self) -> String {
        SeatPlace::NoticeReceipt(self.view.notice.to_string()).path(self.page.lang)
    }

    fn withdrawal_path(&self) -> String {
        SeatPlace::Withdrawal(self.view.notice.to_string()).path(self.page.lang)
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Told {
    #[serde(default)]
    withdrawn: bool,
}

async fn find(office: &Office, desk: &AtSender, notice: &str) -> Result<NoticeView, Box<Response>> {
    let (sender, number) = (desk.sender.clone(), notice.to_owned());
    match ask(office, move |house| house.notice(&sender, &number)).await {
        Ok(Some(view)) => Ok(view),
        Ok(None) => Err(Box::new(none(office, desk))),
        Err(_) => Err(Box::new(trouble(office, desk))),
    }
}

pub(super) async fn show(
    State(office): State<Office>,
    desk: AtSender,
    Path(notice): Path<String>,
    told: Result<Query<Told>, QueryRejection>,
) -> Response {
    let view = match find(&office, &desk, &notice).await {
        Ok(view) => view,
        Err(response) => return *response,
    };
    let withdrawn = told.is_ok_and(|Query(told)| told.withdrawn);
    let page = office.page(&desk, Place::Seat(SeatPlace::Notice(notice)));
    let title = page.t("sender.notice");
    render(StatusCode::OK, &NoticePage { page: page.titled(title), view, withdrawn })
}

pub(super) async fn receipt(
    State(office): State<Office>,
    desk: AtSender,
    Path(notice): Path<String>,
) -> Response {
    let page = office.page(&desk, Place::Seat(SeatPlace::Notice(notice.clone())));
    let sender = desk.sender.clone();
    match ask(&office, move |house| house.receipt(&sender, &notice)).await {
        Ok((entry, given)) => page::receipt(Ok(given), entry, page),
        Err(_) => trouble(&office, &desk),
    }
}

#[derive(Template)]
#[template(path = "sender/withdraw.html")]
struct WithdrawPage {
    page: Page,
    view: NoticeView,
    token: String,
}

impl WithdrawPage {
    fn back(&self) -> String {
        SeatPlace::Notice(self.view.notice.to_string()).path(self.page.lang)
    }
}

/// Says what taking back means. Changes nothing.
pub(super) async fn confirm(
    State(office): State<Office>,
    desk: AtSender,
    Path(notice): Path<String>,
) -> Response {
    let view = match find(&office, &desk, &notice).await {
        Ok(view) => view,
        Err(response) => return *response,
    };
    let token = office.sessions.form_token(&desk.session, &purpose(&notice));
    let page = office.page(&desk, Place::Seat(SeatPlace::Withdrawal(notice)));
    let title = page.t("sender.withdraw.title");
    render(StatusCode::OK, &WithdrawPage { page: page.titled(title), view, token })
}

#[derive(Deserialize)]
pub(super) struct Confirmed {
    #[serde(default)]
    token: String,
}

pub(super) async fn withdraw(
    State(office): State<Office>,
    desk: AtSender,
    Path(notice): Path<String>,
    Form(form): Form<Confirmed>,
) -> Response {
    let place = || Place::Seat(SeatPlace::Notice(notice.clone()));
    if !office.sessions.form_token_fits(&desk.session, &purpose(&notice), &form.token) {
        return said(StatusCode::FORBIDDEN, office.page(&desk, place()), "foreign_form");
    }
    let about = Resource::Holding { party: desk.sender.clone() };
    if let Err(refused) = desk.may(&office, Action::WithdrawNotice, about).await {
        return *refused;
    }
    let (sender, by, now) = (desk.sender.clone(), desk.session.person.clone(), desk.now);
    let number = notice.clone();
    match ask(&office, move |house| house.withdraw(&sender, &number, &by, now)).await {
        Ok(Withdrawn::Done) => {
            Redirect::to(&format!("{}?withdrawn=true", place().path(desk.lang))).into_response()
        }
        Ok(Withdrawn::Refused(refusal)) => {
            tracing::info!(refusal, "the law refused a withdrawal");
            let page = office.page(&desk, place());
            said(StatusCode::UNPROCESSABLE_ENTITY, page, "sender.too_late")
        }
        Ok(Withdrawn::NoSuchNotice) => none(&office, &desk),
        Err(_) => trouble(&office, &desk),
    }
}

fn purpose(notice: &str) -> String {
    format!("withdraw\n{notice}")
}
