//! The passkeys that a house knows, and the texts that they sign at one door.
//!
//! All of them lie in one place, each bound to the address at which it was made: a reviewer's is
//! known at the reviewers' door and at no other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::authorisation::PublicKey;
use entremise_core::id::{AuthorityId, PersonId, ReviewerKeyId};
use entremise_store::{NewPasskey, NotRegistered, Passkey, Store};
use jiff::Timestamp;
use ring::digest;

use super::text::Texts;
use crate::web::desk::DeskTrouble;

/// A passkey by which somebody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPasskey {
    pub id: ReviewerKeyId,
    pub owner: PersonId,
    /// By which the authenticator knows it; base64url.
    pub credential_id: String,
    pub key: PublicKey,
}

/// Where passkeys are known. Called from blocking threads.
pub trait KnownPasskeys: Send + Sync + 'static {
    /// The passkey with this credential, whoever's it is.
    fn by_credential(&self, credential_id: &[u8]) -> Result<Option<KnownPasskey>, DeskTrouble>;

    /// Those of one person.
    fn of_person(&self, person: &PersonId) -> Result<Vec<KnownPasskey>, DeskTrouble>;

    /// Whose code this is, if it may still be used.
    fn invited(&self, code: &str, now: Timestamp) -> Result<Option<PersonId>, DeskTrouble>;

    /// Uses a code up and keeps a passkey. Yields whether it was kept.
    fn register(
        &self,
        code: &str,
        passkey: &NewPasskey,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble>;
}

/// The passkeys of one door.
pub struct Passkeys {
    pub(in crate::web) known: Box<dyn KnownPasskeys>,
    pub(in crate::web) texts: Texts,
    pub(in crate::web) origin: String,
    pub(in crate::web) rp_id: String,
}

impl Passkeys {
    /// At the desks of the house.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn at_office(
        store: &Store,
        authority: &AuthorityId,
        origin: &str,
    ) -> Result<Self, ring::error::Unspecified> {
        Self::at("office", store, authority, origin)
    }

    /// At the reviewers' desk.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn at_review(
        store: &Store,
        authority: &AuthorityId,
        origin: &str,
    ) -> Result<Self, ring::error::Unspecified> {
        Self::at("review", store, authority, origin)
    }

    fn at(
        room: &'static str,
        store: &Store,
        authority: &AuthorityId,
        origin: &str,
    ) -> Result<Self, ring::error::Unspecified> {
        let known = StorePasskeys { store: store.clone(), authority: authority.clone() };
        Ok(Self {
            known: Box::new(known),
            texts: Texts::new(room, origin)?,
            origin: origin.to_owned(),
            rp_id: rp_id(origin).to_owned(),
        })
    }
}

/// The SHA-256 of a registration code, however it was typed.
pub fn code_digest(code: &str) -> [u8; 32] {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|sign| sign.to_ascii_uppercase())
        .collect();
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest::digest(&digest::SHA256, plain.as_bytes()).as_ref());
    sha256
}

fn rp_id(origin: &str) -> &str {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    host.split([':', '/']).next().unwrap_or(host)
}

/// The passkeys of one authority's store.
pub struct StorePasskeys {
    store: Store,
    authority: AuthorityId,
}

impl StorePasskeys {
    fn all(&self) -> Result<impl Iterator<Item = KnownPasskey>, DeskTrouble> {
        let all = self.store.passkeys(&self.authority).map_err(told)?;
        Ok(all.into_iter().map(known))
    }
}

/// A kept passkey, as signatures are checked with it.
pub fn known(passkey: Passkey) -> KnownPasskey {
    let Passkey { key, reviewer, credential_id, public_key, rp_id, origin, .. } = passkey;
    KnownPasskey {
        id: key,
        owner: reviewer,
        credential_id: URL_SAFE_NO_PAD.encode(credential_id),
        key: PublicKey::Passkey { public_key, rp_id, origin },
    }
}

impl KnownPasskeys for StorePasskeys {
    fn by_credential(&self, credential_id: &[u8]) -> Result<Option<KnownPasskey>, DeskTrouble> {
        let credential_id = URL_SAFE_NO_PAD.encode(credential_id);
        Ok(self.all()?.find(|passkey| passkey.credential_id == credential_id))
    }

    fn of_person(&self, person: &PersonId) -> Result<Vec<KnownPasskey>, DeskTrouble> {
        Ok(self.all()?.filter(|passkey| passkey.owner == *person).collect())
    }

    fn invited(&self, code: &str, now: Timestamp) -> Result<Option<PersonId>, DeskTrouble> {
        self.store.invited_reviewer(&self.authority, &code_digest(code), now).map_err(told)
    }

    fn register(
        &self,
        code: &str,
        passkey: &NewPasskey,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble> {
        match self.store.register_passkey(&self.authority, &code_digest(code), passkey, now) {
            Ok(_) => Ok(true),
            Err(NotRegistered::NoInvitation | NotRegistered::Known) => Ok(false),
            Err(NotRegistered::Trouble(trouble)) => Err(told(trouble)),
        }
    }
}

fn told(trouble: impl std::fmt::Display) -> DeskTrouble {
    tracing::error!(%trouble, "passkeys cannot be read");
    DeskTrouble
}
