//! The pages people meet: the office of the authority, and the public room where anybody may ask
//! whether a message is genuine. Plain HTML, no script, French and English.
//!
//! Pages know the [`Desk`] and nothing behind it. They read no clock: `now` comes from whoever
//! serves. The two routers belong on two listeners: the office is never reached from outside.

pub mod absence;
mod assets;
mod chart;
pub mod decision_log;
pub mod defence;
mod delay;
pub mod desk;
mod entrance;
mod headers;
mod ladder;
pub mod limit;
pub mod measure;
mod member;
pub mod message;
mod of_house;
mod office;
pub mod operator;
pub mod oversight;
mod page;
pub mod passkey;
pub mod place;
pub mod portal;
pub mod provider;
mod public;
pub mod review;
pub mod rights;
mod seat_place;
pub mod sender;
pub mod session;
mod sides;
pub mod store_desk;
mod upload;
pub mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use entremise_core::deadline::Words;
use jiff::Timestamp;

pub use crate::config::OfficeRole;
pub use defence::desk::DefenceDesk;
pub use desk::Desk;
pub use measure::desk::MeasureDesk;
pub use portal::desk::PortalDesk;
pub use review::desk::ReviewDesk;
pub use rights::desk::RightsDesk;
pub use session::{Known, Officer};
pub use sides::Sides;

use page::{Frame, Page, said};
use session::Sessions;

/// Who serves the pages, in whose name, and at what time.
#[derive(Clone)]
pub struct Web {
    pub desk: Arc<dyn Desk>,
    /// The side of the house that reviewers and their requests see.
    pub review: Option<Arc<dyn ReviewDesk>>,
    /// The side of the house that its overseers see.
    pub oversight: Option<Arc<dyn oversight::OversightDesk>>,
    /// The side of the house that answers the persons behind its cases.
    pub rights: Option<Arc<dyn RightsDesk>>,
    /// The side of the house that takes the answers of those persons.
    pub defence: Option<Arc<dyn DefenceDesk>>,
    /// The side of the house that follows what courts pronounced.
    pub measures: Option<Arc<dyn MeasureDesk>>,
    /// The side of the house that the persons concerned meet themselves.
    pub portal: Option<Arc<dyn PortalDesk>>,
    pub authority: Authority,
    pub clock: Clock,
    /// Pages travel over TLS only: cookies and browsers are told so.
    pub secure: bool,
}

/// What time it is, as the one who serves says.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The authority as its pages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// In each language of the pages.
    pub name: Words,
    /// Where observations and questions go.
    pub email: String,
    /// The postal address, a line each, without the name.
    pub post: Vec<String>,
    /// The public pages' own address, without a path: `https://autorite.example`.
    pub origin: String,
    /// A URI for whoever found a weakness (RFC 9116 §2.5.3).
    pub security_contact: String,
}

/// Forms are short. Unit: bytes.
const FORM_BYTES_MAX: usize = 16 * 1024;

/// The pages for everybody.
pub fn public_router(web: Web) -> Router {
    let rooms = public::rooms(web.clone());
    framed(rooms, web, Frame::Public)
}

/// The pages for case officers.
///
/// # Errors
/// The system has no randomness to give.
pub fn office_router(web: Web, officers: Vec<Officer>) -> Result<Router, ring::error::Unspecified> {
    house_router(web, officers.into_iter().map(Known::from).collect(), Sides::default())
}

/// The pages of the house: office, members, oversight, operators, each for its own people.
///
/// # Errors
/// The system has no randomness to give.
pub fn house_router(
    web: Web,
    people: Vec<Known>,
    sides: Sides,
) -> Result<Router, ring::error::Unspecified> {
    let sessions = Sessions::of_room("office", people, web.secure)?;
    let rooms = office::rooms(web.clone(), sides, sessions);
    Ok(framed(rooms, web, Frame::Office))
}

/// The desks of senders and providers, for people who are not of the authority.
///
/// # Errors
/// The system has no randomness to give.
pub fn parties_router(
    web: Web,
    people: Vec<Known>,
    sides: Sides,
) -> Result<Router, ring::error::Unspecified> {
    let sessions = Sessions::of_room("parties", people, web.secure)?;
    let rooms = office::party_rooms(web.clone(), sides, sessions);
    Ok(framed(rooms, web, Frame::Sender))
}

/// The pages for reviewers, with the passkeys that are good at their desk.
///
/// # Errors
/// The system has no randomness to give.
pub fn review_router(
    web: Web,
    desk: Arc<dyn ReviewDesk>,
    passkeys: passkey::Passkeys,
) -> Result<Router, ring::error::Unspecified> {
    let rooms = review::rooms(web.clone(), desk, passkeys)?;
    Ok(framed(rooms, web, Frame::Review))
}

/// What all listeners share: assets, a page for what is not there, limits and headers.
fn framed(rooms: Router, web: Web, frame: Frame) -> Router {
    let secure = web.secure;
    rooms
        .route("/assets/{name}", get(assets::asset))
        .fallback(move |uri: Uri| {
            let authority = web.authority.clone();
            async move { not_found(&uri, &authority, frame) }
        })
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn(move |request: Request, next: Next| headers::guard(secure, request, next)))
}

fn not_found(uri: &Uri, authority: &Authority, frame: Frame) -> Response {
    let lang = place::of_path(uri.path()).unwrap_or(place::preferred(None));
    let mut page = Page::new(lang, frame.home(), authority);
    page.frame = frame;
    said(StatusCode::NOT_FOUND, page, "not_found")
}

/// Asks the desk from a thread that may wait.
async fn ask<T: Send + 'static>(
    desk: &Arc<dyn Desk>,
    question: impl FnOnce(&dyn Desk) -> Result<T, desk::DeskTrouble> + Send + 'static,
) -> Result<T, desk::DeskTrouble> {
    let desk = Arc::clone(desk);
    tokio::task::spawn_blocking(move || question(desk.as_ref()))
        .await
        .unwrap_or(Err(desk::DeskTrouble))
}
