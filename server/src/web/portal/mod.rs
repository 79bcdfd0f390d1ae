//! The portal for the person concerned: no account, a file number with its code from the message.
//!
//! Number and code open one file for a short visit; they travel in the body of a form and stand in
//! no address, no cookie and no log. Whoever guesses meets the limits of the public page, and the
//! same answer for a wrong number as for a wrong code. No page shows a name or an address: whoever
//! holds the message may be somebody else.

mod act;
pub mod desk;
mod enter;
mod file;
mod form;
mod measures;
pub mod over_store;
pub mod place;
pub mod session;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use entremise_core::deadline::Lang;
use jiff::Timestamp;

use super::Web;
use super::desk::DeskTrouble;
use super::limit::Limiter;
use super::page::{Page, said};
use super::place::{Place, of_path};
use desk::{FileView, PortalDesk};
use place::PortalPlace;
use session::{Visit, Visits};

/// Things sent in one hour to one file. Nobody writes more letters than that.
const ACTS_PER_FILE: u32 = 20;
/// Unit: seconds.
const ACTS_WINDOW_SECS: i64 = 60 * 60;

#[derive(Clone)]
pub(super) struct Portal {
    web: Web,
    desk: Arc<dyn PortalDesk>,
    visits: Arc<Visits>,
    /// The same counters as the page that checks messages: guessing here is guessing there.
    addresses: Arc<Limiter>,
    numbers: Arc<Limiter>,
    acts: Arc<Limiter>,
}

/// The portal's pages; none where the house has no such side.
pub(super) fn rooms(web: &Web, addresses: &Arc<Limiter>, numbers: &Arc<Limiter>) -> Router {
    let Some(desk) = web.portal.clone() else { return Router::new() };
    let Ok(visits) = Visits::new(web.secure) else {
        tracing::error!("the system has no randomness for the portal's key");
        return Router::new();
    };
    let portal = Portal {
        web: web.clone(),
        desk,
        visits: Arc::new(visits),
        addresses: Arc::clone(addresses),
        numbers: Arc::clone(numbers),
        acts: Arc::new(Limiter::new(ACTS_PER_FILE, ACTS_WINDOW_SECS)),
    };
    let mut router = Router::new();
    for lang in [Lang::Fr, Lang::En] {
        let at = |place: PortalPlace| place.route(lang);
        router = router
            .route(&at(PortalPlace::File), get(file::show).post(enter::open))
            .route(&at(PortalPlace::Leave), post(enter::leave))
            .route(&at(PortalPlace::Works), get(file::back).post(file::works))
            .route(&at(PortalPlace::Sent(0)), get(file::sent))
            .route(&at(PortalPlace::Receipt(0)), get(file::receipt))
            .route(&at(PortalPlace::Answer(0)), get(file::back).post(file::answer));
        for act in [
            PortalPlace::Observations,
            PortalPlace::Challenge,
            PortalPlace::Situation,
            PortalPlace::Hearing,
            PortalPlace::Postponement(0),
            PortalPlace::Appeal(0),
        ] {
            let limit = DefaultBodyLimit::max(form::SENT_BYTES_MAX);
            router = router.route(&at(act), get(act::show).post(act::send).layer(limit));
        }
    }
    router.with_state(portal)
}

/// Whoever is reading a file. Without a visit they are sent to where number and code are typed.
struct AtFile {
    visit: Visit,
    lang: Lang,
    now: Timestamp,
}

impl FromRequestParts<Portal> for AtFile {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Response> {
        let lang = of_path(parts.uri.path()).unwrap_or(Lang::Fr);
        let to = || Redirect::to(&PortalPlace::File.path(lang)).into_response();
        portal.visit(&parts.headers, lang).ok_or_else(to)
    }
}

impl Portal {
    fn visit(&self, headers: &HeaderMap, lang: Lang) -> Option<AtFile> {
        let now = (self.web.clock)();
        let visit = self.visits.read(headers, now)?;
        Some(AtFile { visit, lang, now })
    }

    fn page(&self, lang: Lang, at: PortalPlace, title: &str) -> Page {
        let page = Page::new(lang, Place::Portal(at), &self.web.authority);
        let title = page.t(title);
        page.titled(title)
    }

    /// Asks the house from a thread that may wait.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn PortalDesk) -> Result<T, DeskTrouble> + Send + 'static,
    ) -> Result<T, DeskTrouble> {
        let desk = Arc::clone(&self.desk);
        tokio::task::spawn_blocking(move || question(desk.as_ref()))
            .await
            .unwrap_or(Err(DeskTrouble))
    }

    /// The file of a visit, or the page that says why it cannot be shown.
    async fn file(&self, at: &AtFile) -> Result<FileView, Box<Response>> {
        let (case, now) = (at.visit.case, at.now);
        match self.ask(move |desk| desk.file(case, now)).await {
            Ok(Some(file)) => Ok(file),
            Ok(None) => {
                let page = self.page(at.lang, PortalPlace::File, "portal.title");
                let mut gone = said(StatusCode::GONE, page, "portal.erased");
                gone.headers_mut().insert(SET_COOKIE, self.visits.close());
                Err(Box::new(gone))
            }
            Err(DeskTrouble) => Err(Box::new(self.trouble(at.lang))),
        }
    }

    fn trouble(&self, lang: Lang) -> Response {
        let page = self.page(lang, PortalPlace::File, "portal.title");
        said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")
    }

    /// A page of the file; the visit goes on from here.
    fn shown(&self, at: &AtFile, mut response: Response) -> Response {
        let cookie = self.visits.go_on(&at.visit, at.now);
        response.headers_mut().insert(SET_COOKIE, cookie);
        response
    }

    /// The page for a form that belongs to another visit.
    fn foreign(&self, lang: Lang) -> Response {
        let page = self.page(lang, PortalPlace::File, "portal.title");
        said(StatusCode::FORBIDDEN, page, "foreign_form")
    }
}
