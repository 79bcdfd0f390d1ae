//! How a record is sealed: under a key of its own, which is wrapped by the compartment's key.
//!
//! Knows bytes, keys and numbers; no database.

use entremise_core::id::{AuthorityId, RegimeId};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use uuid::Uuid;

use crate::entropy::Draw;
use crate::keys::derive;
use crate::trouble::Trouble;

/// Length of a wrapped key, bytes: the key and its tag.
pub(crate) const WRAPPED_BYTES: usize = 48;

/// Whose record: bound into the seal, so that a record moved to another row does not open.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    pub authority: &'p AuthorityId,
    pub regime: &'p RegimeId,
    pub id: Uuid,
}

impl Place<'_> {
    fn binding(&self) -> String {
        format!("{}|{}|{}", self.authority, self.regime, self.id)
    }
}

/// A record's fresh key and nonce: drawn where the order of draws is fixed, used in any thread.
#[derive(Clone, Copy)]
pub(crate) struct Fresh {
    key: [u8; 32],
    pub nonce: [u8; NONCE_LEN],
}

impl Fresh {
    pub fn draw(draw: &mut Draw) -> Self {
        Self { key: draw.array(), nonce: draw.array() }
    }

    /// Seals a record. The nonce also serves to wrap the key: the two keys differ, and the
    /// record's key is used once.
    pub fn seal(&self, place: Place, mut content: Vec<u8>) -> Vec<u8> {
        let binding = place.binding();
        gcm(&self.key)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(self.nonce),
                Aad::from(binding.as_bytes()),
                &mut content,
            )
            .expect("a record is far shorter than the 64 GiB that GCM takes");
        content
    }
}

/// Opens a record with its own key.
pub(crate) fn open(
    key: &[u8; 32],
    nonce: [u8; NONCE_LEN],
    place: Place,
    mut sealed: Vec<u8>,
) -> Result<Vec<u8>, Trouble> {
    let binding = place.binding();
    let length = gcm(key)
        .open_in_place(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(binding.as_bytes()),
            &mut sealed,
        )
        .map_err(damaged)?
        .len();
    sealed.truncate(length);
    Ok(sealed)
}

/// The key that wraps record keys (AES-256-GCM).
pub(crate) struct WrappingKey(LessSafeKey);

/// A wrapped key as it lies in a register, or, sealed in one row with its record, in the cases.
#[derive(Clone)]
pub(crate) struct Wrapped {
    pub nonce: [u8; NONCE_LEN],
    pub key: Vec<u8>,
}

impl WrappingKey {
    pub fn new(compartment_key: &[u8; 32]) -> Self {
        Self(gcm(&derive(compartment_key, "entremise wrap record keys v1")))
    }

    pub fn wrap(&self, key: &[u8; 32], nonce: [u8; NONCE_LEN], bound_to: &[u8]) -> Wrapped {
        let mut wrapped = Vec::with_capacity(WRAPPED_BYTES);
        wrapped.extend(key);
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound_to),
                &mut wrapped,
            )
            .expect("32 bytes are shorter than the 64 GiB that GCM takes");
        Wrapped { nonce, key: wrapped }
    }

    pub fn unwrap(&self, wrapped: Wrapped, bound_to: &[u8]) -> Result<[u8; 32], Trouble> {
        let Wrapped { nonce, mut key } = wrapped;
        let key = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), &mut key)
            .map_err(damaged)?;
        (&*key).try_into().map_err(|_| Trouble::never("a record key is not 32 bytes long"))
    }

    /// Wraps a fresh record's key for the register.
    pub fn wrap_fresh(&self, fresh: &Fresh, id: &Uuid) -> Wrapped {
        self.wrap(&fresh.key, fresh.nonce, id.as_bytes())
    }

    /// Seals a record whose wrapped key lies beside it, in the same row.
    pub fn seal(&self, fresh: &Fresh, place: Place, content: Vec<u8>) -> (Wrapped, Vec<u8>) {
        let wrapped = self.wrap(&fresh.key, fresh.nonce, place.binding().as_bytes());
        (wrapped, fresh.seal(place, content))
    }

    /// Opens what `seal` sealed.
    pub fn open(
        &self,
        place: Place,
        wrapped: Wrapped,
        sealed: Vec<u8>,
    ) -> Result<Vec<u8>, Trouble> {
        let nonce = wrapped.nonce;
        open(&self.unwrap_beside(place, wrapped)?, nonce, place, sealed)
    }

    /// The key of a record whose wrapped key lies beside it.
    pub fn unwrap_beside(&self, place: Place, wrapped: Wrapped) -> Result<[u8; 32], Trouble> {
        self.unwrap(wrapped, place.binding().as_bytes())
    }
}

fn damaged(_: ring::error::Unspecified) -> Trouble {
    Trouble::never("a sealed record does not open: damaged, moved or not ours")
}

fn gcm(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes a key of 32 bytes"))
}

/// A nonce out of a row.
pub(crate) fn nonce(bytes: &[u8]) -> Result<[u8; NONCE_LEN], Trouble> {
    bytes.try_into().map_err(|_| Trouble::never("a stored nonce is not 12 bytes long"))
}
