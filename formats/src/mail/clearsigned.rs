//! OpenPGP cleartext signatures (RFC 9580, 7): what was signed, and by whom.
//!
//! Only what lies under the signature is read; text before and behind it could be anyone's. With
//! keys at hand the text comes from the same parser that checked the signature. Not checked: a
//! key's expiry and revocation, for the moment of signing is the sender's own claim; a key that
//! is no longer good is taken out of the list.

use std::borrow::Cow;

use entremise_core::rejection::{Code, Rejection};
use pgp::composed::{CleartextSignedMessage, Deserializable, SignedPublicKey};
use pgp::types::KeyDetails;

use crate::reading::Signature;

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

/// A public key under which a sender's mails must verify.
#[derive(Clone, Debug)]
pub struct OpenPgpKey(Box<SignedPublicKey>);

/// Text that is no public key whose own bindings hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no armoured OpenPGP public key whose bindings hold")]
pub struct BadKey;

impl OpenPgpKey {
    /// From its armoured form.
    pub fn parse(armoured: &str) -> Result<Self, BadKey> {
        let (key, _) = SignedPublicKey::from_string(armoured).map_err(|_| BadKey)?;
        key.verify_bindings().map_err(|_| BadKey)?;
        Ok(Self(Box::new(key)))
    }

    /// Hexadecimal, in lower case.
    pub fn fingerprint(&self) -> String {
        self.0.primary_key.fingerprint().to_string().to_ascii_lowercase()
    }

    fn verifies(&self, message: &CleartextSignedMessage) -> bool {
        message.verify(&*self.0).is_ok()
            || self.0.public_subkeys.iter().any(|subkey| message.verify(subkey).is_ok())
    }
}

type Opened<'a> = Result<(Cow<'a, str>, Signature), Rejection>;

/// The signed text of a clearsigned message, and what its signature is worth; None where the text
/// is not clearsigned.
pub(super) fn open<'a>(text: &'a str, keys: &[OpenPgpKey]) -> Option<Opened<'a>> {
    let begin = text.find(BEGIN)?;
    let block = &text[begin..];
    let bounds = block.find(SIGNATURE).and_then(|signature| {
        let end = block[signature..].find(END)?;
        Some((signature, signature + end + END.len()))
    });
    let Some((signature, end)) = bounds else {
        let how = "the signed text breaks off before its signature ends";
        return Some(Err(Rejection::new(Code::SignatureInvalid, "", how)));
    };
    if keys.is_empty() {
        return Some(Ok((Cow::Owned(unescape(&block[..signature])), Signature::Unverified)));
    }
    Some(verify(&block[..end], keys))
}

fn verify<'a>(block: &str, keys: &[OpenPgpKey]) -> Opened<'a> {
    let invalid = |how: &str| Rejection::new(Code::SignatureInvalid, "", how);
    let (message, _) = CleartextSignedMessage::from_string(block)
        .map_err(|_| invalid("the signature cannot be read"))?;
    let key = keys.iter().find(|key| key.verifies(&message));
    let key = key.ok_or_else(|| {
        invalid("the signature does not hold under a key registered for this sender")
    })?;
    let signature = Signature::Verified { key: key.fingerprint() };
    Ok((Cow::Owned(message.signed_text()), signature))
}

/// The text between the armour headers and the signature, without dash-escapes.
fn unescape(block: &str) -> String {
    let mut lines = block.lines();
    // Armour headers end with an empty line.
    lines.by_ref().find(|line| line.trim().is_empty());
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix("- ").unwrap_or(line)).collect();
    lines.join("\n")
}
