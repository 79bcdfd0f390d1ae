//! Signing in with a secret or a passkey, and out again.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use entremise_core::deadline::Lang;
use entremise_core::id::PersonId;
use serde::Deserialize;

use super::{Office, SignedIn};
use crate::access::{Role, Seat};
use crate::web::desk::DeskTrouble;
use crate::web::entrance::{self, From, SignOut};
use crate::web::page::{Frame, Page, render};
use crate::web::passkey::{Admits, Admitted, Door, Opens, Places, Says};
use crate::web::place::Place;
use crate::web::public::lang_of;
use crate::web::seat_place::SeatPlace;
use crate::web::session::Sessions;
use crate::web::words;

pub(super) async fn front(State(office): State<Office>, headers: HeaderMap) -> Response {
    entrance::front(&headers, &office.frame.home())
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    page: Page,
    /// Address and name of the provider of identities, where there is one.
    federation: Option<(String, String)>,
    /// Address of the way in with a passkey, where there is one.
    passkey: Option<String>,
    back: String,
    wrong: bool,
}

#[derive(Deserialize, Default)]
pub(super) struct Back {
    #[serde(default)]
    back: String,
}

pub(super) async fn form(
    State(office): State<Office>,
    uri: Uri,
    Query(back): Query<Back>,
) -> Response {
    render(StatusCode::OK, &sign_in_page(&office, &uri, back.back, false))
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    secret: String,
    #[serde(default)]
    back: String,
}

pub(super) async fn sign_in(
    State(office): State<Office>,
    uri: Uri,
    from: From,
    Form(typed): Form<Typed>,
) -> Response {
    let now = (office.web.clock)();
    let page = || sign_in_page(&office, &uri, String::new(), false).page;
    if let Some(refused) = from.held_up(&office.sign_ins, now, page, "sign_in.often") {
        return refused;
    }
    let Some(person) = office.sessions.person(typed.secret.trim()) else {
        let page = sign_in_page(&office, &uri, typed.back, true);
        return render(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let Some(role) = office.sessions.seat(&person).map(|seat| seat.role) else {
        return render(StatusCode::FORBIDDEN, &sign_in_page(&office, &uri, typed.back, true));
    };
    let home = Frame::of(role).home().path(lang_of(&uri));
    let to = if is_ours(&typed.back, &firsts(role)) { typed.back } else { home };
    entrance::come_in(&office.sessions, &person, &to, now)
}

pub(super) async fn sign_out(
    State(office): State<Office>,
    desk: SignedIn,
    Form(form): Form<SignOut>,
) -> Response {
    let page = || office.page(&desk, Place::Work);
    form.go_out(&office.sessions, &desk.session, page, &Place::SignIn.path(desk.lang), desk.now)
}

fn sign_in_page(office: &Office, uri: &Uri, back: String, wrong: bool) -> SignIn {
    let mut page = Page::new(lang_of(uri), Place::SignIn, &office.web.authority);
    page.frame = office.frame;
    let title = page.t("sign_in.title");
    let federation = office.sides.federation.as_ref();
    let passkeys = office.sides.passkeys.as_ref();
    SignIn {
        passkey: passkeys.map(|_| Place::SignInKey.path(lang_of(uri))),
        federation: federation
            .map(|one| (Place::SignInWith.path(lang_of(uri)), one.name().to_owned())),
        page: page.titled(title).with_error(wrong),
        back: if is_ours(&back, &Role::ALL.map(|role| Frame::of(role).home())) {
            back
        } else {
            String::new()
        },
        wrong,
    }
}

/// Where passkeys open the desks, and to whom; none where nobody comes in with one.
pub(super) fn with_passkey(office: &Office) -> Option<Door> {
    let places = Places {
        sign_in: Place::SignInKey,
        register: Place::RegisterKey,
        keep: Place::KeepKey,
        otherwise: None,
    };
    door(office, Sessions::seat_with_passkey, places, Opens::Door)
}

/// Where members whom the provider of identities brought in register a passkey to sign with. It
/// opens no door, and nobody registers one who has not come in; none where there are no passkeys.
pub(super) fn with_signing_passkey(office: &Office) -> Option<Door> {
    let places = Places {
        sign_in: Place::Seat(SeatPlace::Member),
        register: Place::Seat(SeatPlace::SigningKey),
        keep: Place::Seat(SeatPlace::KeepSigningKey),
        otherwise: None,
    };
    let door = door(office, Sessions::seat_signing, places, Opens::Nothing)?;
    let says = Says {
        registered: "passkey.signing_registered",
        good_for: Some("passkey.signing.text"),
        ..door.says
    };
    Some(Door { frame: Frame::Member, says, ..door })
}

/// The door of those whose seat is found so.
fn door(
    office: &Office,
    seat_of: for<'a> fn(&'a Sessions, &PersonId) -> Option<&'a Seat>,
    places: Places,
    opens: Opens,
) -> Option<Door> {
    let sessions = Arc::clone(&office.sessions);
    let admits: Admits = Box::new(move |person: &PersonId, lang: Lang| -> Result<_, DeskTrouble> {
        Ok(seat_of(&sessions, person).map(|seat| Admitted {
            person: seat.person.clone(),
            name: seat.person.to_string(),
            standing: words::known(lang, "role", seat.role.name()).unwrap_or_default().to_owned(),
            home: Frame::of(seat.role).home(),
        }))
    });
    Some(Door {
        web: office.web.clone(),
        frame: office.frame,
        passkeys: Arc::clone(office.sides.passkeys.as_ref()?),
        sessions: Arc::clone(&office.sessions),
        tries: Arc::clone(&office.sign_ins),
        places,
        opens,
        says: Says {
            sign_in: "passkey",
            often: "sign_in.often",
            registered: "passkey.registered",
            good_for: None,
            standing: "passkey.who",
        },
        admits,
    })
}

/// Where the pages that a person may be brought back to begin.
fn firsts(role: Role) -> Vec<Place> {
    let home = Frame::of(role).home();
    if role == Role::Member { vec![home, Place::Work] } else { vec![home] }
}

/// Only a plain path under one of these: never another host's address.
fn is_ours(back: &str, firsts: &[Place]) -> bool {
    let mut ours = [Lang::Fr, Lang::En]
        .into_iter()
        .flat_map(|lang| firsts.iter().map(move |at| at.path(lang)));
    ours.any(|start| back.starts_with(start.as_str()))
        && back.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~' | b'%')
        })
        && !back.contains("..")
}
