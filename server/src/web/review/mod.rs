//! The reviewers' desk: what lies before a reviewer, one request on one page, a ruling signed with
//! a key that this house never holds.
//!
//! A session shows requests; it signs nothing. Every ruling, also one that comes with a session, is
//! entered for its signature alone.

pub mod desk;
mod door;
pub mod file;
mod hand_in;
pub mod over_store;
pub mod place;
mod request;
mod rule;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use entremise_core::deadline::Lang;
use entremise_core::id::AuthorisationId;
use jiff::Timestamp;
use uuid::Uuid;

use self::desk::{Entered, ReviewDesk};
use self::file::FILE_BYTES_MAX;
use self::place::ReviewPlace;
use super::Web;
use super::desk::DeskTrouble;
use super::entrance::SignOut;
use super::limit::Limiter;
use super::page::{Frame, Page, said};
use super::passkey::{self, Passkeys};
use super::place::{Place, of_path};
use super::session::{Session, Sessions};

/// Codes, assertions and files tried from one address before it must wait.
const TRIES_MAX: u32 = 30;
/// Unit: seconds.
const TRIES_WINDOW_SECS: i64 = 15 * 60;

#[derive(Clone)]
pub(super) struct Room {
    web: Web,
    desk: Arc<dyn ReviewDesk>,
    sessions: Arc<Sessions>,
    passkeys: Arc<Passkeys>,
    tries: Arc<Limiter>,
}

/// # Errors
/// The system has no randomness to give.
pub(super) fn rooms(
    web: Web,
    desk: Arc<dyn ReviewDesk>,
    passkeys: Passkeys,
) -> Result<Router, ring::error::Unspecified> {
    let room = Room {
        sessions: Arc::new(Sessions::of_room("review", Vec::new(), web.secure)?),
        passkeys: Arc::new(passkeys),
        tries: Arc::new(Limiter::new(TRIES_MAX, TRIES_WINDOW_SECS)),
        web,
        desk,
    };
    let any = AuthorisationId(Uuid::nil());
    let mut router = Router::new().route("/", get(door::front));
    for lang in [Lang::Fr, Lang::En] {
        let at = |place: ReviewPlace| place.route(lang);
        router = router
            .route(&at(ReviewPlace::SignOut), post(door::sign_out))
            .route(&at(ReviewPlace::HandIn), get(hand_in::form).post(hand_in::take))
            .route(&at(ReviewPlace::Desk), get(request::list))
            .route(&at(ReviewPlace::Request(any)), get(request::show))
            .route(&at(ReviewPlace::File(any)), get(request::file))
            .route(&at(ReviewPlace::Text(any)), post(rule::text))
            .route(&at(ReviewPlace::Sign(any)), post(rule::sign))
            .route(&at(ReviewPlace::HandOver(any)), post(request::hand_over));
    }
    let entrance = passkey::rooms(door::door(&room));
    Ok(router.layer(DefaultBodyLimit::max(FILE_BYTES_MAX)).with_state(room).merge(entrance))
}

/// The reviewer at the desk. Whoever has no session is sent to the sign-in page.
struct AtDesk {
    session: Session,
    lang: Lang,
    now: Timestamp,
}

impl FromRequestParts<Room> for AtDesk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, room: &Room) -> Result<Self, Response> {
        let now = (room.web.clock)();
        let lang = of_path(parts.uri.path()).unwrap_or(Lang::Fr);
        match room.sessions.read(&parts.headers, now) {
            Some(session) => Ok(Self { session, lang, now }),
            None => {
                let to = Place::Review(ReviewPlace::SignIn).path(lang);
                Err(Redirect::to(&to).into_response())
            }
        }
    }
}

impl Room {
    /// The frame of a page that anybody may see.
    fn open_page(&self, lang: Lang, place: ReviewPlace) -> Page {
        let mut page = Page::new(lang, Place::Review(place), &self.web.authority);
        page.frame = Frame::Review;
        page
    }

    /// The frame of a page for the reviewer at the desk.
    fn page(&self, desk: &AtDesk, place: ReviewPlace) -> Page {
        let mut page = self.open_page(desk.lang, place);
        page.sign_out = Some(SignOut::token(&self.sessions, &desk.session));
        page
    }

    /// Asks the desk from a thread that may wait.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn ReviewDesk) -> Result<T, DeskTrouble> + Send + 'static,
    ) -> Result<T, DeskTrouble> {
        let desk = Arc::clone(&self.desk);
        tokio::task::spawn_blocking(move || question(desk.as_ref()))
            .await
            .unwrap_or(Err(DeskTrouble))
    }
}

/// The page that says what became of a ruling or a hand-over.
fn became(page: Page, entered: Result<Entered, DeskTrouble>) -> Response {
    use entremise_core::authorisation::Ruling;
    match entered {
        Ok(Entered::Done(Some(Ruling::Granted))) => said(StatusCode::OK, page, "review.granted"),
        Ok(Entered::Done(Some(Ruling::Refused))) => said(StatusCode::OK, page, "review.refused"),
        Ok(Entered::Done(None)) => said(StatusCode::OK, page, "review.handed_over"),
        Ok(Entered::Not(why)) => {
            tracing::info!(why, "a ruling was not entered");
            let known = super::words::known(page.lang, "review.no", &format!("{why}.heading"));
            let key = if known.is_some() { why } else { "other" };
            said(StatusCode::UNPROCESSABLE_ENTITY, page, &format!("review.no.{key}"))
        }
        Err(_) => said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble"),
    }
}
