//! Whether a reviewer's signature holds: a key file's (Ed25519) or a passkey's (WebAuthn level 3,
//! § 7.2, the steps that a verifier without a session can take).
//!
//! Authority and provider use the same code with different keys: each with those it pinned itself.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::authorisation::{PublicKey, ReviewerKey, Signature};
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey};
use serde::Deserialize;

/// Somebody was there, and the device made sure that it was its owner.
const PRESENT_AND_VERIFIED: u8 = 0b0000_0101;
/// SHA-256 of the relying party's id, one byte of flags, four of counter.
const AUTHENTICATOR_DATA_LEAST: usize = 37;

/// The members of the client data that bind a signature to a text and a place.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
}

/// Whether the signature was made over the text with this key. Anything malformed does not hold.
pub fn signature_holds(key: &ReviewerKey, text: &str, signature: &Signature) -> bool {
    key_holds(&key.key, text, signature)
}

/// The same for whoever's key it is.
pub fn key_holds(key: &PublicKey, text: &str, signature: &Signature) -> bool {
    holds(key, text, signature).unwrap_or(false)
}

/// What a passkey is asked to sign for a text: its SHA-256, base64url without padding.
pub fn challenge(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

fn holds(key: &PublicKey, text: &str, signature: &Signature) -> Option<bool> {
    match (key, signature) {
        (PublicKey::Ed25519 { public_key }, Signature::Ed25519 { signature }) => {
            let key = UnparsedPublicKey::new(&ED25519, decoded(public_key)?);
            Some(key.verify(text.as_bytes(), &decoded(signature)?).is_ok())
        }
        (
            PublicKey::Passkey { public_key, rp_id, origin },
            Signature::Passkey { authenticator_data, client_data, signature },
        ) => {
            let authenticator_data = decoded(authenticator_data)?;
            let client_data = decoded(client_data)?;
            let said: ClientData = serde_json::from_slice(&client_data).ok()?;
            let is_bound = said.kind == "webauthn.get"
                && said.challenge == challenge(text)
                && said.origin == *origin
                && was_there(&authenticator_data, rp_id);
            if !is_bound {
                return Some(false);
            }
            let mut signed = authenticator_data;
            signed.extend_from_slice(digest(&SHA256, &client_data).as_ref());
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, decoded(public_key)?);
            Some(key.verify(&signed, &decoded(signature)?).is_ok())
        }
        _ => Some(false),
    }
}

/// The authenticator worked for this relying party, with its owner present and verified.
fn was_there(authenticator_data: &[u8], rp_id: &str) -> bool {
    authenticator_data.len() >= AUTHENTICATOR_DATA_LEAST
        && authenticator_data.starts_with(digest(&SHA256, rp_id.as_bytes()).as_ref())
        && authenticator_data[32] & PRESENT_AND_VERIFIED == PRESENT_AND_VERIFIED
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
