//! The provider's opaque name for one subscriber towards one authority and regime.
//!
//! HMAC-SHA256 under the provider's handle key over authority, regime and account, each behind
//! its length, as base64url without padding: 43 characters. The same subscriber keeps the same
//! handle, so that an authority can count without knowing a name; two authorities, or two
//! regimes, cannot compare theirs.
//!
//! A handle that rested is forgotten. Who is named after that gets one of the next generation: the
//! generation's number, where it is not the first, goes into the same HMAC, and the two handles
//! have nothing in common.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::id::{AuthorityId, Handle, RegimeId};
use ring::hmac;

use crate::keys::HandleKey;

/// Makes handles with one key.
pub struct HandleMaker {
    key: hmac::Key,
    pub key_id: String,
}

impl HandleMaker {
    pub fn new(key: &HandleKey) -> Self {
        Self { key: key.secret.keyed("entremise handle v1"), key_id: key.id.clone() }
    }

    /// The handle of the first generation.
    pub fn handle(&self, authority: &AuthorityId, regime: &RegimeId, account: &[u8]) -> Handle {
        self.handle_of(0, authority, regime, account)
    }

    pub fn handle_of(
        &self,
        generation: u32,
        authority: &AuthorityId,
        regime: &RegimeId,
        account: &[u8],
    ) -> Handle {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [authority.as_str().as_bytes(), regime.as_str().as_bytes(), account] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        if generation > 0 {
            context.update(&generation.to_be_bytes());
        }
        let text = URL_SAFE_NO_PAD.encode(context.sign());
        Handle::try_from(text).expect("32 bytes are 43 characters of base64url")
    }
}
