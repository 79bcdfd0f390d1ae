//! The reviewers' door: coming in with a passkey, and out again.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use entremise_core::deadline::Lang;
use entremise_core::id::PersonId;
use jiff::Timestamp;

use super::place::ReviewPlace;
use super::{AtDesk, Room};
use crate::web::desk::DeskTrouble;
use crate::web::entrance::{self, From, SignOut};
use crate::web::page::Frame;
use crate::web::passkey::{Admits, Admitted, Door, Opens, Places, Says};
use crate::web::place::Place;
use crate::web::public::lang_of;

pub(super) async fn front(headers: HeaderMap) -> Response {
    entrance::front(&headers, &Place::Review(ReviewPlace::Desk))
}

pub(super) async fn sign_out(
    State(room): State<Room>,
    desk: AtDesk,
    Form(form): Form<SignOut>,
) -> Response {
    let to = ReviewPlace::SignIn.path(desk.lang);
    let page = || room.page(&desk, ReviewPlace::Desk);
    form.go_out(&room.sessions, &desk.session, page, &to, desk.now)
}

/// Counts one try of an address; the page that says "wait" where there were too many.
pub(super) fn too_often(room: &Room, uri: &Uri, from: &From, now: Timestamp) -> Option<Response> {
    let page = || room.open_page(lang_of(uri), ReviewPlace::SignIn);
    from.held_up(&room.tries, now, page, "review.often")
}

/// Where passkeys open this desk, and to whom.
pub(super) fn door(room: &Room) -> Door {
    let desk = Arc::clone(&room.desk);
    let admits: Admits = Box::new(move |person: &PersonId, _: Lang| -> Result<_, DeskTrouble> {
        let reviewer = desk.reviewers()?.into_iter().find(|reviewer| reviewer.person == *person);
        Ok(reviewer.map(|reviewer| Admitted {
            person: reviewer.person,
            name: reviewer.name,
            standing: reviewer.body,
            home: Place::Review(ReviewPlace::Desk),
        }))
    });
    Door {
        web: room.web.clone(),
        frame: Frame::Review,
        passkeys: Arc::clone(&room.passkeys),
        sessions: Arc::clone(&room.sessions),
        tries: Arc::clone(&room.tries),
        places: Places {
            sign_in: Place::Review(ReviewPlace::SignIn),
            register: Place::Review(ReviewPlace::Register),
            keep: Place::Review(ReviewPlace::RegisterKey),
            otherwise: Some(Place::Review(ReviewPlace::HandIn)),
        },
        says: Says {
            sign_in: "review.sign_in",
            often: "review.often",
            registered: "review.registered",
            good_for: None,
            standing: "review.make.body",
        },
        admits,
        opens: Opens::Door,
    }
}
