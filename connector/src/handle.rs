//! The provider's opaque name for one subscriber towards one authority and regime.
//!
//! HMAC-SHA256 under the provider's handle key over authority, regime and account, each behind
//! its length, as base64url without padding: 43 characters. The same subscriber keeps the same
//! handle, so that an authority can count without knowing a name; two authorities, or two
//! regimes, cannot compare theirs.

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

    pub fn handle(&self, authority: &AuthorityId, regime: &RegimeId, account: &[u8]) -> Handle {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [authority.as_str().as_bytes(), regime.as_str().as_bytes(), account] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let text = URL_SAFE_NO_PAD.encode(context.sign());
        Handle::try_from(text).expect("32 bytes are 43 characters of base64url")
    }
}
