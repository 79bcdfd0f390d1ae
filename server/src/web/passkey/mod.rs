//! Passkeys at every door where they are good: coming in with one, registering one with a code that
//! was handed over by another way, and what an authenticator answers to a text of ours.
//!
//! A door says where its pages are, in which words they speak and whom it lets in; the ceremonies
//! are the same for all (WebAuthn level 3). Only public keys come here.

mod come_in;
pub mod known;
mod register;
mod text;

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use entremise_core::authorisation::Signature;
use entremise_core::deadline::Lang;
use entremise_core::id::PersonId;
use jiff::Timestamp;
use serde::Deserialize;

pub use known::{KnownPasskeys, Passkeys, StorePasskeys};
pub(super) use text::Text;

use super::Web;
use super::desk::DeskTrouble;
use super::entrance::From;
use super::limit::Limiter;
use super::page::{Frame, Page, said};
use super::place::Place;
use super::public::lang_of;
use super::session::Sessions;

/// A door at which passkeys are good.
pub(super) struct Door {
    pub web: Web,
    pub frame: Frame,
    pub passkeys: Arc<Passkeys>,
    pub sessions: Arc<Sessions>,
    pub tries: Arc<Limiter>,
    pub places: Places,
    pub says: Says,
    pub admits: Admits,
    pub opens: Opens,
}

/// What a passkey that is registered here is good for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Opens {
    /// It brings its owner in.
    Door,
    /// It signs only: whoever registers it has come in already, by a surer way than a code.
    Nothing,
}

/// Where a door's pages about passkeys are.
pub(super) struct Places {
    pub sign_in: Place,
    pub register: Place,
    /// Where the passkey itself is sent to.
    pub keep: Place,
    /// Another way in, shown beside the passkey; its words begin with [`Says::sign_in`], too.
    pub otherwise: Option<Place>,
}

/// The keys under which a door's own words stand in the catalogue.
pub(super) struct Says {
    /// Before `title`, `lead`, `wrong`, `register`.
    pub sign_in: &'static str,
    pub often: &'static str,
    pub registered: &'static str,
    /// What the passkey is for, where it does not open this door.
    pub good_for: Option<&'static str>,
    /// What the standing of whoever registers is called.
    pub standing: &'static str,
}

/// Whom a door lets in, by their number. Called from blocking threads.
pub(super) type Admits =
    Box<dyn Fn(&PersonId, Lang) -> Result<Option<Admitted>, DeskTrouble> + Send + Sync>;

/// A person whom a door lets in.
pub(super) struct Admitted {
    pub person: PersonId,
    pub name: String,
    /// Their court, or their desk.
    pub standing: String,
    /// The first page behind the door.
    pub home: Place,
}

/// The pages of a door.
pub(super) fn rooms(door: Door) -> Router {
    let door = Arc::new(door);
    let mut router = Router::new();
    for lang in [Lang::Fr, Lang::En] {
        let Places { sign_in, register, keep, .. } = &door.places;
        if door.opens == Opens::Door {
            router = router.route(&sign_in.path(lang), get(come_in::form).post(come_in::sign_in));
        }
        router = router
            .route(&register.path(lang), get(register::form).post(register::make))
            .route(&keep.path(lang), post(register::keep));
    }
    router.with_state(door)
}

/// What a passkey answered to a text of ours; all but the text and its tag base64url.
#[derive(Deserialize, Default)]
pub(super) struct Answered {
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub tag: String,
    #[serde(default)]
    pub credential_id: String,
    #[serde(default)]
    pub authenticator_data: String,
    #[serde(default)]
    pub client_data: String,
    #[serde(default)]
    pub signature: String,
}

impl Answered {
    pub fn signature(&self) -> Signature {
        Signature::Passkey {
            authenticator_data: self.authenticator_data.clone(),
            client_data: self.client_data.clone(),
            signature: self.signature.clone(),
        }
    }
}

impl Door {
    fn page(&self, uri: &Uri, place: &Place) -> Page {
        let mut page = Page::new(lang_of(uri), place.clone(), &self.web.authority);
        page.frame = self.frame;
        page
    }

    /// Counts one try of an address; the page that says "wait" where there were too many.
    fn too_often(&self, uri: &Uri, from: &From, now: Timestamp) -> Option<Response> {
        from.held_up(&self.tries, now, || self.page(uri, &self.places.sign_in), self.says.often)
    }

    fn trouble(&self, uri: &Uri) -> Response {
        let page = self.page(uri, &self.places.sign_in);
        said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")
    }

    /// Asks from a thread that may wait.
    async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Self) -> Result<T, DeskTrouble> + Send + 'static,
    ) -> Result<T, DeskTrouble> {
        let door = Arc::clone(self);
        tokio::task::spawn_blocking(move || question(&door)).await.unwrap_or(Err(DeskTrouble))
    }
}
