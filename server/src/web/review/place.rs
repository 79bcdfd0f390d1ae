//! Where each page of the reviewers' desk is, in each language.

use entremise_core::deadline::Lang;
use entremise_core::id::AuthorisationId;

/// The desk's own path, after the language.
pub const DESK_FR: &str = "/controle";
/// The same in English.
pub const DESK_EN: &str = "/review";

/// A page of the desk, without its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewPlace {
    Desk,
    SignIn,
    SignOut,
    /// Where a passkey is registered with a code.
    Register,
    /// Where the passkey itself is sent to.
    RegisterKey,
    /// Where a ruling signed with a key file is handed in; needs no session.
    HandIn,
    Request(AuthorisationId),
    /// The text of one ruling, before it is signed.
    Text(AuthorisationId),
    /// Where the signature is sent to.
    Sign(AuthorisationId),
    /// The request as a file, for another machine.
    File(AuthorisationId),
    HandOver(AuthorisationId),
}

impl ReviewPlace {
    pub fn path(&self, lang: Lang) -> String {
        let french = lang == Lang::Fr;
        let desk = if french { format!("/fr{DESK_FR}") } else { format!("/en{DESK_EN}") };
        let under = |fr: &str, en: &str| format!("{desk}/{}", if french { fr } else { en });
        let of = |id: &AuthorisationId, fr: &str, en: &str| {
            let request = under("demande", "request");
            let page = if french { fr } else { en };
            if page.is_empty() {
                format!("{request}/{id}")
            } else {
                format!("{request}/{id}/{page}")
            }
        };
        match self {
            Self::Desk => desk,
            Self::SignIn => under("connexion", "sign-in"),
            Self::SignOut => under("deconnexion", "sign-out"),
            Self::Register => under("inscription", "register"),
            Self::RegisterKey => under("inscription/cle", "register/key"),
            Self::HandIn => under("depot", "hand-in"),
            Self::Request(id) => of(id, "", ""),
            Self::Text(id) => of(id, "texte", "text"),
            Self::Sign(id) => of(id, "signature", "signature"),
            Self::File(id) => of(id, "fichier", "file"),
            Self::HandOver(id) => of(id, "suppleance", "hand-over"),
        }
    }

    /// As a router wants it: with a place for the request's number.
    pub(super) fn route(self, lang: Lang) -> String {
        self.path(lang).replace(&uuid::Uuid::nil().to_string(), "{request}")
    }
}
