//! The prior authorisation of a linking by somebody outside the authority (CJEU C-470/21, §§ 131 to
//! 141; CE 30 April 2026, n° 433539): what is signed, by whom, and what makes it good.
//!
//! A [`Grant`] has no public constructor but [`Grant::verified`]: the effect that asks for the
//! third linking takes one, and so cannot be written down without a reviewer's signature. The
//! provider checks the same signature again, against keys that it pinned itself.
//! Signature schemes are none of this room's business: whoever calls brings the check.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{
    AuthorisationId, AuthorityId, Digest, Handle, PartyId, PersonId, RegimeId, ReviewerKeyId,
};
use crate::identification::{IdentityField, Purpose};

/// What a reviewer signs: one linking, allowed or refused, for reasons that stand elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The request that is answered. A grant is good for it alone, once.
    pub request: AuthorisationId,
    pub ruling: Ruling,
    pub reviewer: PersonId,
    pub linking: LinkingAsked,
    /// SHA-256 of the dossier as the reviewer saw it.
    pub evidence: Digest,
    /// SHA-256 of the reasons in words, UTF-8.
    pub reasons: Digest,
    /// From this instant on the grant opens nothing.
    pub expires_at: Timestamp,
}

/// The linking that is asked for, so that a grant for another one is seen at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkingAsked {
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub provider: PartyId,
    pub handle: Handle,
    pub purpose: Purpose,
    /// Which linking of this handle it is, from 1.
    pub sequence: u32,
    /// In ascending order, each once.
    pub fields: Vec<IdentityField>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    Granted,
    Refused,
}

impl Ruling {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refused => "refused",
        }
    }
}

impl Statement {
    /// The text that is signed, UTF-8: one line a field, in this order, each ended by a line feed.
    /// A person can read it before signing. No value holds a line feed: it reads one way only.
    pub fn text(&self) -> String {
        let linking = &self.linking;
        let fields: Vec<&str> = linking.fields.iter().map(|field| field.name()).collect();
        let mut text = String::from("entremise authorisation v1\n");
        for (name, value) in [
            ("request", &self.request as &dyn std::fmt::Display),
            ("ruling", &self.ruling.name()),
            ("reviewer", &self.reviewer),
            ("authority", &linking.authority),
            ("regime", &linking.regime),
            ("provider", &linking.provider),
            ("handle", &linking.handle),
            ("purpose", &linking.purpose.name()),
            ("sequence", &linking.sequence),
            ("fields", &fields.join(" ")),
            ("evidence", &self.evidence),
            ("reasons", &self.reasons),
            ("expires", &self.expires_at),
        ] {
            writeln!(text, "{name} {value}").expect("writing to a String does not fail");
        }
        text
    }
}

/// A statement with its signature, as it travels and is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedStatement {
    pub statement: Statement,
    pub key: ReviewerKeyId,
    pub signature: Signature,
}

/// The signature over [`Statement::text`]. All parts are base64url without padding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case", deny_unknown_fields)]
pub enum Signature {
    /// Made with a key file: Ed25519 (RFC 8032) over the text itself.
    Ed25519 { signature: String },
    /// Made with a passkey: a WebAuthn assertion whose challenge is the SHA-256 of the text; ECDSA
    /// over P-256 (ASN.1) over authenticator data and the digest of the client data.
    Passkey { authenticator_data: String, client_data: String, signature: String },
}

/// A reviewer's public key, as the authority knows it and as the provider pinned it.
// Unknown fields cannot be refused here: serde would take the flattened key's own for unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewerKey {
    pub id: ReviewerKeyId,
    pub reviewer: PersonId,
    /// The court or independent body the reviewer acts for.
    pub body: String,
    #[serde(flatten)]
    pub key: PublicKey,
}

/// Public keys are base64url without padding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PublicKey {
    /// 32 bytes.
    Ed25519 { public_key: String },
    /// The uncompressed point on P-256, 65 bytes, and where the passkey may be used.
    Passkey { public_key: String, rp_id: String, origin: String },
}

/// Why a statement is no authorisation. Each has a wire name that a program can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGranted {
    #[error("the reviewer refused")]
    Refused,
    #[error("no known reviewer holds this key")]
    UnknownReviewer,
    #[error("the signature does not hold")]
    BadSignature,
    #[error("the authorisation has expired")]
    Expired,
    #[error("the authorisation is for another {0}")]
    ForAnother(&'static str),
}

impl NotGranted {
    /// The wire name, also as the reason of a provider's refusal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "authorisation_refused_by_reviewer",
            Self::UnknownReviewer => "authorisation_by_unknown_reviewer",
            Self::BadSignature => "authorisation_bad_signature",
            Self::Expired => "authorisation_expired",
            Self::ForAnother(_) => "authorisation_for_another",
        }
    }
}

/// A reviewer's leave for one linking, verified. What is read back from the store was verified
/// before it was kept; the provider verifies it once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grant(SignedStatement);

/// A reviewer's signed no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Denial(SignedStatement);

impl Grant {
    /// The only way to a grant: a statement that grants, signed by a known reviewer, not expired.
    /// `holds` says whether the signature holds over the text under the key.
    pub fn verified(
        signed: SignedStatement,
        keys: &[ReviewerKey],
        now: Timestamp,
        holds: impl Fn(&ReviewerKey, &str, &Signature) -> bool,
    ) -> Result<Self, NotGranted> {
        let signed = by_known_reviewer(signed, keys, holds)?;
        if signed.statement.ruling != Ruling::Granted {
            return Err(NotGranted::Refused);
        }
        if now >= signed.statement.expires_at {
            return Err(NotGranted::Expired);
        }
        Ok(Self(signed))
    }

    /// Whether it opens this linking and no other.
    pub fn fits(&self, asked: &LinkingAsked) -> Result<(), NotGranted> {
        let granted = &self.0.statement.linking;
        let mismatches = [
            (granted.authority != asked.authority, "authority"),
            (granted.regime != asked.regime, "regime"),
            (granted.provider != asked.provider, "provider"),
            (granted.handle != asked.handle, "handle"),
            (granted.purpose != asked.purpose, "purpose"),
            (granted.sequence != asked.sequence, "sequence"),
            (granted.fields != asked.fields, "set of fields"),
        ];
        match mismatches.iter().find(|(differs, _)| *differs) {
            Some((_, what)) => Err(NotGranted::ForAnother(what)),
            None => Ok(()),
        }
    }

    pub fn statement(&self) -> &Statement {
        &self.0.statement
    }

    /// As it travels to the provider.
    pub fn signed(&self) -> &SignedStatement {
        &self.0
    }
}

impl Denial {
    /// A statement that refuses, signed by a known reviewer.
    pub fn verified(
        signed: SignedStatement,
        keys: &[ReviewerKey],
        holds: impl Fn(&ReviewerKey, &str, &Signature) -> bool,
    ) -> Result<Self, NotGranted> {
        let signed = by_known_reviewer(signed, keys, holds)?;
        match signed.statement.ruling {
            Ruling::Refused => Ok(Self(signed)),
            Ruling::Granted => Err(NotGranted::ForAnother("ruling")),
        }
    }

    pub fn statement(&self) -> &Statement {
        &self.0.statement
    }

    /// As it is kept.
    pub fn signed(&self) -> &SignedStatement {
        &self.0
    }
}

fn by_known_reviewer(
    signed: SignedStatement,
    keys: &[ReviewerKey],
    holds: impl Fn(&ReviewerKey, &str, &Signature) -> bool,
) -> Result<SignedStatement, NotGranted> {
    let key = keys
        .iter()
        .find(|key| key.id == signed.key && key.reviewer == signed.statement.reviewer)
        .ok_or(NotGranted::UnknownReviewer)?;
    if !holds(key, &signed.statement.text(), &signed.signature) {
        return Err(NotGranted::BadSignature);
    }
    Ok(signed)
}
