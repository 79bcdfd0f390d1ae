//! The office: today's work, one case on one page, one decision at a time. Every page asks first
//! who is at the desk.

mod authorise;
mod case;
mod decide;
mod defence;
mod on_case;
mod receipt;
mod rights;
mod sign;
mod told;
mod work;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use entremise_core::deadline::Lang;
use jiff::Timestamp;

use super::entrance::SignOut;
use super::limit::Limiter;
use super::page::{Frame, Page, said};
use super::place::{self, Place};
use super::session::{Session, Sessions};
use super::{OfficeRole, Web, oversight};

pub(super) use told::{channel_name, ground_name};

/// Secrets tried from one address before it must wait.
const SIGN_INS_MAX: u32 = 10;
/// Unit: seconds.
const SIGN_INS_WINDOW_SECS: i64 = 15 * 60;

#[derive(Clone)]
pub(super) struct Office {
    pub web: Web,
    pub sessions: Arc<Sessions>,
    sign_ins: Arc<Limiter>,
}

pub(super) fn rooms(web: Web, sessions: Sessions) -> Router {
    let office = Office {
        web,
        sessions: Arc::new(sessions),
        sign_ins: Arc::new(Limiter::new(SIGN_INS_MAX, SIGN_INS_WINDOW_SECS)),
    };
    let mut router = oversight::rooms(Router::new().route("/", get(sign::front)));
    for lang in [Lang::Fr, Lang::En] {
        let case = Place::Case(String::new()).path(lang);
        let of_case =
            |place: Place| place.path(lang).replacen(&case, &format!("{case}{{reference}}"), 1);
        router = router
            .route(&Place::SignIn.path(lang), get(sign::form).post(sign::sign_in))
            .route(&Place::SignOut.path(lang), post(sign::sign_out))
            .route(&Place::Work.path(lang), get(work::today))
            .route(&Place::Alarm.path(lang), post(work::settle_alarm))
            .route(&format!("{case}{{reference}}"), get(case::show))
            .route(
                &format!("{case}{{reference}}/decision"),
                get(decide::confirm).post(decide::enter),
            )
            .route(
                &of_case(Place::Authorisation(String::new())),
                get(authorise::form).post(authorise::enter),
            )
            .route(
                &format!("{}{{entry}}", of_case(Place::Line(String::new(), String::new()))),
                get(receipt::fetch),
            )
            .route(&of_case(Place::Rights(String::new())), get(rights::form).post(rights::access))
            .route(
                &of_case(Place::Rectification(String::new())),
                get(rights::back).post(rights::rectify),
            )
            .route(
                &of_case(Place::Erasure(String::new())),
                get(rights::confirm_erasure).post(rights::erase),
            )
            .route(
                &of_case(Place::Defence(String::new())),
                get(defence::show)
                    .post(defence::enter)
                    .layer(DefaultBodyLimit::max(defence::SENT_BYTES_MAX)),
            )
            .route(
                &of_case(Place::Deliberation(String::new())),
                get(defence::deliberation)
                    .post(defence::deliberate)
                    .layer(DefaultBodyLimit::max(defence::REASONS_BYTES_MAX)),
            )
            .route(
                &of_case(Place::DeliberationFile(String::new())),
                post(defence::to_sign).layer(DefaultBodyLimit::max(defence::REASONS_BYTES_MAX)),
            )
            .route(
                &of_case(Place::DeliberationSigned(String::new())),
                post(defence::signed).layer(DefaultBodyLimit::max(2 * defence::REASONS_BYTES_MAX)),
            );
    }
    router.with_state(office)
}

/// A person who is signed in, at whichever desk. Whoever has no session is sent to the sign-in
/// page, which brings them back.
pub(super) struct SignedIn {
    pub session: Session,
    pub role: OfficeRole,
    pub lang: Lang,
    pub now: Timestamp,
}

/// A case officer at the desk. Somebody with another role is refused.
struct AtDesk(SignedIn);

impl std::ops::Deref for AtDesk {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl FromRequestParts<Office> for AtDesk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Office) -> Result<Self, Response> {
        let signed_in = SignedIn::from_request_parts(parts, office).await?;
        signed_in.only(OfficeRole::Officer, office).map(Self).map_err(|refused| *refused)
    }
}

impl SignedIn {
    /// Lets one role through; others get a page that says so.
    pub fn only(self, role: OfficeRole, office: &Office) -> Result<Self, Box<Response>> {
        if self.role == role {
            return Ok(self);
        }
        let place = if self.role == OfficeRole::Overseer { Place::Oversight } else { Place::Work };
        let page = office.page(&self, place);
        Err(Box::new(said(StatusCode::FORBIDDEN, page, "other_role")))
    }
}

impl FromRequestParts<Office> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Office) -> Result<Self, Response> {
        let now = (office.web.clock)();
        let path = parts.uri.path();
        let lang = place::of_path(path).unwrap_or(Lang::Fr);
        let session = office.sessions.read(&parts.headers, now);
        let known =
            session.and_then(|session| Some((office.sessions.role(&session.person)?, session)));
        match known {
            Some((role, session)) => Ok(Self { session, role, lang, now }),
            None => {
                let back = place::encoded(path);
                let to = format!("{}?back={back}", Place::SignIn.path(lang));
                Err(Redirect::to(&to).into_response())
            }
        }
    }
}

impl Office {
    /// The frame of an office page for the person at the desk.
    pub fn page(&self, desk: &SignedIn, place: Place) -> Page {
        let mut page = Page::new(desk.lang, place, &self.web.authority);
        page.frame = match desk.role {
            OfficeRole::Officer => Frame::Office,
            OfficeRole::Overseer => Frame::Oversight,
        };
        page.sign_out = Some(SignOut::token(&self.sessions, &desk.session));
        page
    }
}
