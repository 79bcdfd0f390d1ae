//! Passkeys of people of the house: the texts they sign to come in, and the keys that are known.
//!
//! They lie beside the reviewers' in the store, bound to the office's own address. A key opens what
//! its owner's seat opens: a reviewer has none here, and nobody here is a reviewer.

use entremise_core::authorisation::{PublicKey, ReviewerKey as OwnedKey};
use entremise_core::id::{AuthorityId, PersonId};
use entremise_store::{NewPasskey, NotRegistered, Store};
use jiff::Timestamp;

use super::desk::DeskTrouble;
use super::review::over_store::code_digest;
use super::review::passkey::Texts;
use super::review::rp_id;

/// Where passkeys are known. Called from blocking threads.
pub trait KnownPasskeys: Send + Sync + 'static {
    /// The key behind a credential, with its owner.
    fn key_of(&self, credential_id: &[u8]) -> Result<Option<OwnedKey>, DeskTrouble>;

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

/// The way in with a passkey.
pub struct HousePasskeys {
    pub(super) known: Box<dyn KnownPasskeys>,
    pub(super) texts: Texts,
    pub(super) origin: String,
    pub(super) rp_id: String,
}

/// The passkeys of one authority's store.
pub struct StorePasskeys {
    store: Store,
    authority: AuthorityId,
}

impl StorePasskeys {
    /// The way in to the office at this address.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn at_office(
        store: &Store,
        authority: &AuthorityId,
        origin: &str,
    ) -> Result<HousePasskeys, ring::error::Unspecified> {
        let known = Self { store: store.clone(), authority: authority.clone() };
        Ok(HousePasskeys {
            known: Box::new(known),
            texts: Texts::new("office", origin)?,
            origin: origin.to_owned(),
            rp_id: rp_id(origin).to_owned(),
        })
    }
}

impl KnownPasskeys for StorePasskeys {
    fn key_of(&self, credential_id: &[u8]) -> Result<Option<OwnedKey>, DeskTrouble> {
        let all = self.store.passkeys(&self.authority).map_err(told)?;
        let found = all.into_iter().find(|passkey| passkey.credential_id == credential_id);
        Ok(found.map(|passkey| OwnedKey {
            id: passkey.key,
            reviewer: passkey.reviewer,
            body: String::new(),
            key: PublicKey::Passkey {
                public_key: passkey.public_key,
                rp_id: passkey.rp_id,
                origin: passkey.origin,
            },
        }))
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
    tracing::error!(%trouble, "passkeys of the house cannot be read");
    DeskTrouble
}
