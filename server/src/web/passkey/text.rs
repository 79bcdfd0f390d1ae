//! The texts that are signed at a door, and what a browser hands over when it makes a passkey
//! (WebAuthn level 3, §§ 5.1 and 7.1, without attestation).
//!
//! A signature is checked by `entremise_wire::authorisation`, the code that providers use too.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_store::NewPasskey;
use entremise_wire::authorisation::challenge;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};
use serde::Deserialize;

/// How long a page may lie open before its text is stale. Unit: seconds.
const TEXT_SECS: i64 = 10 * 60;

/// DER of a P-256 public key up to its point (RFC 5480 § 2).
const SPKI_P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// An uncompressed point on P-256: 0x04, x, y.
const POINT_BYTES: usize = 65;
/// Present, verified, and a credential is attached.
const MADE_BY_ITS_OWNER: u8 = 0b0100_0101;

/// Texts to be signed once, soon, at one door. A text starts with words that no ruling starts
/// with, so a signature to come in is never one on a ruling.
pub(in crate::web) struct Texts {
    key: hmac::Key,
    /// The door at which they are good.
    room: &'static str,
    origin: String,
    /// Texts that brought somebody in, until their time is over.
    used: Mutex<BTreeMap<String, i64>>,
}

/// A text with the tag that says it is ours.
pub(in crate::web) struct Text {
    pub text: String,
    pub tag: String,
    /// What the authenticator is asked to sign: base64url.
    pub challenge: String,
}

impl Text {
    /// To be signed after another text, in one signature.
    pub fn after(self, other: &str) -> Self {
        Self { challenge: challenge(&format!("{other}{}", self.text)), ..self }
    }
}

impl Texts {
    /// # Errors
    /// The system has no randomness to give.
    pub fn new(room: &'static str, origin: &str) -> Result<Self, ring::error::Unspecified> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())?;
        Ok(Self { key, room, origin: origin.to_owned(), used: Mutex::default() })
    }

    /// A fresh text. `purpose` is a word for what is signed with it.
    pub fn fresh(&self, purpose: &str, now: Timestamp) -> Result<Text, ring::error::Unspecified> {
        let mut nonce = [0; 32];
        SystemRandom::new().fill(&mut nonce)?;
        let expires_at = now.as_second() + TEXT_SECS;
        let text = format!(
            "entremise {} {purpose} v1\norigin {}\nnonce {}\nexpires {expires_at}\n",
            self.room,
            self.origin,
            URL_SAFE_NO_PAD.encode(nonce)
        );
        let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, text.as_bytes()));
        Ok(Text { challenge: challenge(&text), text, tag })
    }

    /// Whether a text is ours, for this purpose, and neither old nor used. A browser may have
    /// changed its line ends.
    pub fn holds(&self, purpose: &str, text: &str, tag: &str, now: Timestamp) -> Option<String> {
        let text = text.replace("\r\n", "\n");
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.key, text.as_bytes(), &tag).ok()?;
        text.starts_with(&format!("entremise {} {purpose} v1\n", self.room)).then_some(())?;
        let expires_at: i64 = text.trim_end().rsplit(' ').next()?.parse().ok()?;
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        (now.as_second() < expires_at && !used.contains_key(&text)).then_some(text)
    }

    /// Uses a text of ours up that holds; none where it does not.
    pub fn take(&self, purpose: &str, text: &str, tag: &str, now: Timestamp) -> Option<String> {
        let text = self.holds(purpose, text, tag, now)?;
        self.use_up(&text, now).then_some(text)
    }

    /// Uses a text up. Yields whether it was unused until now.
    pub fn use_up(&self, text: &str, now: Timestamp) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_second();
        used.retain(|_, expires_at| *expires_at > now);
        used.insert(text.to_owned(), now + TEXT_SECS).is_none()
    }
}

/// What the browser posted after it made a passkey; all base64url.
#[derive(Deserialize, Default)]
pub(super) struct Made {
    #[serde(default)]
    pub credential_id: String,
    /// SubjectPublicKeyInfo, DER.
    #[serde(default)]
    pub public_key: String,
    #[serde(default)]
    pub authenticator_data: String,
    #[serde(default)]
    pub client_data: String,
}

#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
}

/// The passkey that was made for this text at this desk; none where anything does not fit.
pub(super) fn made(made: &Made, text: &str, rp_id: &str, origin: &str) -> Option<NewPasskey> {
    let client_data = URL_SAFE_NO_PAD.decode(&made.client_data).ok()?;
    let said: ClientData = serde_json::from_slice(&client_data).ok()?;
    let is_bound = said.kind == "webauthn.create"
        && said.challenge == challenge(text)
        && said.origin == origin;
    is_bound.then_some(())?;
    let key = URL_SAFE_NO_PAD.decode(&made.public_key).ok()?;
    let point = key.strip_prefix(&SPKI_P256)?;
    let credential_id = URL_SAFE_NO_PAD.decode(&made.credential_id).ok()?;
    let data = URL_SAFE_NO_PAD.decode(&made.authenticator_data).ok()?;
    (point.len() == POINT_BYTES && data.len() > 37).then_some(())?;
    let fits = data.starts_with(digest::digest(&digest::SHA256, rp_id.as_bytes()).as_ref())
        && data[32] & MADE_BY_ITS_OWNER == MADE_BY_ITS_OWNER
        && data.get(53..)?.starts_with(&attached(&credential_id, point)?);
    fits.then(|| NewPasskey {
        credential_id,
        public_key: URL_SAFE_NO_PAD.encode(point),
        rp_id: rp_id.to_owned(),
        origin: origin.to_owned(),
    })
}

/// The credential as authenticator data hold it (§ 6.5.1) after flags, counter and the model's
/// number: length and bytes of its id, then its key in COSE, whose encoding of an ES256 key is
/// fixed (RFC 9052 § 7, CTAP2's canonical form): no parser is needed to compare it.
fn attached(credential_id: &[u8], point: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = u16::try_from(credential_id.len()).ok()?.to_be_bytes().to_vec();
    bytes.extend_from_slice(credential_id);
    // {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
    bytes.extend_from_slice(&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
    bytes.extend_from_slice(point.get(1..33)?);
    bytes.extend_from_slice(&[0x22, 0x58, 0x20]);
    bytes.extend_from_slice(point.get(33..65)?);
    Some(bytes)
}
