//! A disclosure, sealed so that only the authority's identity compartment can read it.
//!
//! HPKE (RFC 9180), base mode, one message per context:
//! DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, AES-256-GCM 0x0002.
//!
//! * `info` is the ASCII text `entremise disclosure v1`.
//! * `aad` is the ASCII text `<question id>|<purpose>`: the id as a lower-case UUID with hyphens,
//!   the purpose by its wire name (`warn`, `finding`). A sealed identity moved to another question
//!   or used for another purpose does not open.
//! * The plaintext is the JSON of [`Identity`].
//! * Keys, encapsulated key and ciphertext travel as base64url without padding.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::id::QuestionId;
use entremise_core::identification::{Identity, Purpose};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};

use crate::randomness::{NoRandomness, SystemBytes, drawn};

/// One encapsulation draws 32. Unit: bytes.
const RANDOMNESS: usize = 64;
const INFO: &[u8] = b"entremise disclosure v1";

type X25519 = X25519HkdfSha256;

/// Why something could not be sealed or opened. Says nothing about the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealTrouble {
    #[error("the key is not 32 bytes of base64url")]
    BadKey,
    #[error("the sealed text is not base64url")]
    BadEncoding,
    #[error("the sealed text does not open with this key for this question and purpose")]
    DoesNotOpen,
    #[error("the content is not an identity")]
    BadContent,
    #[error("the machine gives no randomness")]
    NoRandomness,
}

impl From<NoRandomness> for SealTrouble {
    fn from(NoRandomness: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

/// What travels in `Disclosure::Disclosed`: both parts in base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    pub encapsulated_key: String,
    pub ciphertext: String,
}

/// The private half of an identity compartment's key. No `Debug`: it must not reach a log.
pub struct OpeningKey(<X25519 as Kem>::PrivateKey);

impl OpeningKey {
    /// Makes a new key from the system's randomness.
    pub fn generate() -> Result<Self, SealTrouble> {
        let seed: [u8; 32] = drawn()?;
        Ok(Self(X25519::derive_keypair(&seed).0))
    }

    /// Reads the 32 private bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealTrouble> {
        <X25519 as Kem>::PrivateKey::from_bytes(bytes).map(Self).map_err(|_| SealTrouble::BadKey)
    }

    /// The 32 private bytes, for the key store.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }

    /// What goes into `DisclosureRequest::seal_to`.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(X25519::sk_to_pk(&self.0).to_bytes())
    }
}

/// Encrypts an identity to `seal_to` for one question and purpose.
pub fn seal(
    identity: &Identity,
    seal_to: &str,
    question: QuestionId,
    purpose: Purpose,
) -> Result<Sealed, SealTrouble> {
    let key = URL_SAFE_NO_PAD.decode(seal_to).map_err(|_| SealTrouble::BadKey)?;
    let key = <X25519 as Kem>::PublicKey::from_bytes(&key).map_err(|_| SealTrouble::BadKey)?;
    let plaintext = serde_json::to_vec(identity).map_err(|_| SealTrouble::BadContent)?;
    let mut random = SystemBytes::<RANDOMNESS>::gather()?;
    let (encapsulated, ciphertext) = hpke::single_shot_seal::<AesGcm256, HkdfSha256, X25519, _>(
        &OpModeS::Base,
        &key,
        INFO,
        &plaintext,
        binding(question, purpose).as_bytes(),
        &mut random,
    )
    .map_err(|_| SealTrouble::BadKey)?;
    Ok(Sealed {
        encapsulated_key: URL_SAFE_NO_PAD.encode(encapsulated.to_bytes()),
        ciphertext: URL_SAFE_NO_PAD.encode(ciphertext),
    })
}

/// Opens what [`seal`] made. Any difference in question, purpose or key yields `DoesNotOpen`.
pub fn open(
    encapsulated_key: &str,
    ciphertext: &str,
    key: &OpeningKey,
    question: QuestionId,
    purpose: Purpose,
) -> Result<Identity, SealTrouble> {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| SealTrouble::BadEncoding);
    let encapsulated = <X25519 as Kem>::EncappedKey::from_bytes(&decode(encapsulated_key)?)
        .map_err(|_| SealTrouble::BadEncoding)?;
    let plaintext = hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519>(
        &OpModeR::Base,
        &key.0,
        &encapsulated,
        INFO,
        &decode(ciphertext)?,
        binding(question, purpose).as_bytes(),
    )
    .map_err(|_| SealTrouble::DoesNotOpen)?;
    serde_json::from_slice(&plaintext).map_err(|_| SealTrouble::BadContent)
}

fn binding(question: QuestionId, purpose: Purpose) -> String {
    format!("{question}|{}", purpose.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone() -> Identity {
        Identity { name: Some("Camille SPECIMEN".to_owned()), ..Identity::default() }
    }

    fn question(number: u128) -> QuestionId {
        QuestionId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn a_sealed_identity_opens_for_its_question_and_purpose_only() {
        let key = OpeningKey::generate().unwrap();
        let sealed = seal(&someone(), &key.public(), question(1), Purpose::Warn).unwrap();
        let open_as = |id, purpose| {
            open(&sealed.encapsulated_key, &sealed.ciphertext, &key, question(id), purpose)
        };
        assert!(open_as(1, Purpose::Warn) == Ok(someone()));
        assert!(open_as(2, Purpose::Warn) == Err(SealTrouble::DoesNotOpen));
        assert!(open_as(1, Purpose::Finding) == Err(SealTrouble::DoesNotOpen));
    }

    #[test]
    fn another_key_opens_nothing() {
        let key = OpeningKey::generate().unwrap();
        let other = OpeningKey::generate().unwrap();
        let sealed = seal(&someone(), &key.public(), question(1), Purpose::Warn).unwrap();
        let opened =
            open(&sealed.encapsulated_key, &sealed.ciphertext, &other, question(1), Purpose::Warn);
        assert!(opened == Err(SealTrouble::DoesNotOpen));
    }

    #[test]
    fn a_key_survives_its_bytes() {
        let key = OpeningKey::generate().unwrap();
        let again = OpeningKey::from_bytes(&key.to_bytes()).unwrap();
        assert_eq!(key.public(), again.public());
    }

    #[test]
    fn a_seal_to_that_is_no_key_is_refused() {
        let refused = seal(&someone(), "not a key", question(1), Purpose::Warn);
        assert!(refused.err() == Some(SealTrouble::BadKey));
    }
}
