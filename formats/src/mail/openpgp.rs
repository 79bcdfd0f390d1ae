//! OpenPGP (RFC 9580): a sender's public key, and what a signature is worth under it.
//!
//! The moment of signing is the sender's own claim, and a stolen key claims what it likes. So a key
//! must be good when the mail is *received*: neither expired nor revoked by then, whatever the
//! reason given for the revocation.

use entremise_core::rejection::{Code, Rejection};
use jiff::Timestamp;
use pgp::composed::{Deserializable, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{Signature as Packet, SignatureType};
use pgp::types::KeyDetails;

use crate::reading::{Hint, Signature};

/// A public key under which a sender's mails must verify.
#[derive(Clone, Debug)]
pub struct OpenPgpKey(Box<SignedPublicKey>);

/// Text that is no public key whose own bindings hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no armoured OpenPGP public key whose bindings hold")]
pub struct BadKey;

/// Whether a key may still sign. The worse is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Good,
    Expired,
    Revoked,
}

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

    /// How the key that made this signature stands; None where it is none of this key's.
    fn standing(
        &self,
        signature: &Packet,
        signed: &[u8],
        at: Option<Timestamp>,
    ) -> Option<Standing> {
        if signature.verify(&*self.0, signed).is_ok() {
            return Some(self.primary_standing(at));
        }
        let made = |subkey: &&SignedPublicSubKey| signature.verify(*subkey, signed).is_ok();
        let subkey = self.0.public_subkeys.iter().filter(|key| may_sign(key)).find(made)?;
        // What the primary key lost, its subkeys lost.
        Some(self.primary_standing(at).max(subkey_standing(subkey, at)))
    }

    fn primary_standing(&self, at: Option<Timestamp>) -> Standing {
        let details = &self.0.details;
        if !details.revocation_signatures.is_empty() {
            return Standing::Revoked;
        }
        let by_users = details.users.iter().flat_map(|named| &named.signatures);
        let bindings = details.direct_signatures.iter().chain(by_users);
        let newest = newest(
            bindings.filter(|one| one.typ() == Some(SignatureType::Key) || one.is_certification()),
        );
        standing_by(newest, self.0.primary_key.created_at().as_secs(), at)
    }
}

/// A subkey for encryption signs no mails, even where its algorithm could.
fn may_sign(subkey: &SignedPublicSubKey) -> bool {
    newest(bindings(subkey)).is_some_and(|binding| binding.key_flags().sign())
}

fn subkey_standing(subkey: &SignedPublicSubKey, at: Option<Timestamp>) -> Standing {
    let is_revoked = |signature: &Packet| signature.typ() == Some(SignatureType::SubkeyRevocation);
    if subkey.signatures.iter().any(is_revoked) {
        return Standing::Revoked;
    }
    standing_by(newest(bindings(subkey)), subkey.key.created_at().as_secs(), at)
}

fn bindings(subkey: &SignedPublicSubKey) -> impl Iterator<Item = &Packet> {
    subkey.signatures.iter().filter(|one| one.typ() == Some(SignatureType::SubkeyBinding))
}

/// The newest self-signature says how long the key lives (RFC 9580, 5.2.3.13).
fn newest<'s>(signatures: impl Iterator<Item = &'s Packet>) -> Option<&'s Packet> {
    signatures.max_by_key(|one| one.created().map_or(0, |at| at.as_secs()))
}

/// `created_secs`: when the key was made, seconds since 1970; its life is counted from there.
fn standing_by(binding: Option<&Packet>, created_secs: u32, at: Option<Timestamp>) -> Standing {
    let life_secs = binding.and_then(Packet::key_expiration_time).map_or(0, |life| life.as_secs());
    let ends = i64::from(created_secs) + i64::from(life_secs);
    let has_ended = life_secs > 0 && at.is_some_and(|at| at.as_second() >= ends);
    if has_ended { Standing::Expired } else { Standing::Good }
}

/// What the signatures are worth over these bytes, under the keys of the hint, which has some.
pub(super) fn judge(
    signatures: &[&Packet],
    signed: &[u8],
    hint: Hint<'_>,
) -> Result<Signature, Rejection> {
    let made = signatures.iter().flat_map(|signature| {
        hint.openpgp_keys
            .iter()
            .filter_map(move |key| Some((key.standing(signature, signed, hint.received_at)?, key)))
    });
    let refused = |code, how: &str| Err(Rejection::new(code, "", how));
    match made.min_by_key(|(standing, _)| *standing) {
        Some((Standing::Good, key)) => Ok(Signature::Verified { key: key.fingerprint() }),
        Some((Standing::Expired, _)) => {
            refused(Code::KeyExpired, "the key that signed has expired; extend it and register it")
        }
        Some((Standing::Revoked, _)) => {
            refused(Code::KeyRevoked, "the key that signed is revoked; register its successor")
        }
        None => refused(
            Code::SignatureInvalid,
            "the signature does not hold under a key registered for this sender",
        ),
    }
}
