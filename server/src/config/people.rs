//! Who may come in at which desk, as the operator lists them. Digests and public keys only.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::id::{PartyId, PersonId, ReviewerKeyId};
use serde::{Deserialize, Serialize};

use super::{Authority, Pages};
use crate::access::Role;

/// A person of the authority who may sign in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    pub id: PersonId,
    /// SHA-256 of the sign-in secret, hexadecimal; empty for whoever comes in through the provider
    /// of identities.
    #[serde(default)]
    pub secret_sha256: String,
    /// As the provider of identities names this person. Never beside a secret: whoever comes in
    /// surely does not come in by something weaker as well.
    #[serde(default)]
    pub subject: Option<String>,
    /// Comes in with a passkey, registered with a code (`entremise desk invite`).
    #[serde(default)]
    pub passkey: bool,
    /// A member whom the provider of identities recognises: signs decisions with a passkey, which
    /// they register once they have come in, with a code. It opens no door.
    #[serde(default)]
    pub signing_passkey: bool,
    #[serde(default)]
    pub role: OfficeRole,
    /// With which they sign what they decide on a finding. Without one they decide none.
    #[serde(rename = "key", default)]
    pub keys: Vec<KeyFile>,
}

/// Which desk a person sits at. Nobody sits at two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficeRole {
    /// Prepares cases, and decides on warnings.
    #[default]
    Officer,
    /// Decides on findings, and deliberates.
    Member,
    /// Sees figures and sampled notices, and no case.
    Overseer,
    /// Runs the machines, and sees nothing that lies in them.
    Operator,
}

impl OfficeRole {
    /// The desk, as the rules name it.
    pub fn role(self) -> Role {
        match self {
            Self::Officer => Role::Officer,
            Self::Member => Role::Member,
            Self::Overseer => Role::Overseer,
            Self::Operator => Role::Operator,
        }
    }
}

impl Pages {
    /// The public pages and the office, and no other door.
    pub fn new(door: SocketAddr, origin: &str, security_contact: &str) -> Self {
        Self {
            public: door,
            office: door,
            origin: origin.to_owned(),
            security_contact: security_contact.to_owned(),
            review: None,
            parties: None,
            sign_in: None,
            office_origin: None,
        }
    }
}

/// Where senders and providers come in, and who they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartiesDoor {
    pub listen: SocketAddr,
    #[serde(rename = "person", default)]
    pub people: Vec<PartyPerson>,
}

/// A person of a sender or of a provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyPerson {
    pub id: PersonId,
    /// The sender or the provider; what it is says its own entry.
    pub party: PartyId,
    /// SHA-256 of the sign-in secret, hexadecimal.
    pub secret_sha256: String,
}

/// A person of a court or independent body who authorises linkings (C-470/21). This house holds
/// public keys only.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reviewer {
    pub id: PersonId,
    /// As members see it when they choose whom to ask.
    pub name: String,
    /// The court or body.
    pub body: String,
    /// Key files. Passkeys are registered at the desk.
    #[serde(rename = "key", default)]
    pub keys: Vec<KeyFile>,
    /// Reviewers to whom this one may hand a request over.
    #[serde(default)]
    pub substitutes: Vec<PersonId>,
}

/// The public half of a reviewer's key file (Ed25519).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    pub id: ReviewerKeyId,
    /// 32 bytes, base64url.
    pub public_key: String,
}

/// In how many ways a person may come in.
fn ways(officer: &Officer) -> usize {
    let ways = [officer.subject.is_some(), officer.passkey, !officer.secret_sha256.is_empty()];
    ways.into_iter().filter(|way| *way).count()
}

/// Nobody sits at two desks, and whoever comes in surely does not come in by something weaker too.
pub(super) fn check(authority: &Authority) -> Result<(), (PersonId, &'static str)> {
    let parties = authority.pages.parties.iter().flat_map(|door| &door.people);
    let parties: Vec<&PersonId> = parties.map(|person| &person.id).collect();
    for (place, officer) in authority.officers.iter().enumerate() {
        let before = &authority.officers[..place];
        let same_subject =
            |other: &Officer| other.subject.is_some() && other.subject == officer.subject;
        let wrongs = [
            (before.iter().any(|other| other.id == officer.id), "is there twice"),
            (before.iter().any(same_subject), "has the subject of somebody else"),
            (parties.contains(&&officer.id), "is of the house and of a sender or provider"),
            (
                officer.subject.is_some() && authority.pages.sign_in.is_none(),
                "has a subject, and pages.sign_in names nobody who could recognise it",
            ),
            (
                !officer.keys.is_empty() && officer.role != OfficeRole::Member,
                "has a key to sign decisions, and only a member decides on a finding",
            ),
            (
                officer.signing_passkey && officer.role != OfficeRole::Member,
                "has a passkey to sign decisions, and only a member decides on a finding",
            ),
            (
                officer.signing_passkey && officer.subject.is_none(),
                "has a passkey to sign decisions, and no subject by which they come in",
            ),
            (ways(officer) == 0, "has neither a subject, nor a passkey, nor a secret"),
            (ways(officer) > 1, "has two ways in: one who comes in surely has no weaker way"),
            (
                (officer.passkey || officer.signing_passkey)
                    && authority.pages.office_origin.is_none(),
                "has a passkey, and pages.office_origin does not say to what it is bound",
            ),
        ];
        if let Some((_, why)) = wrongs.iter().find(|(is_wrong, _)| *is_wrong) {
            return Err((officer.id.clone(), why));
        }
    }
    let reviews = |id: &PersonId| authority.reviewers.iter().any(|reviewer| reviewer.id == *id);
    match parties.iter().find(|id| reviews(id)) {
        Some(id) => Err(((*id).clone(), "is a reviewer, and of a sender or provider")),
        None => Ok(()),
    }
}

/// A reviewer is neither of the authority nor of those who run its machines, and can be asked.
pub(super) fn check_reviewers(authority: &Authority) -> Result<(), (PersonId, &'static str)> {
    for (place, reviewer) in authority.reviewers.iter().enumerate() {
        let id = &reviewer.id;
        let is_reviewer =
            |wanted: &PersonId| authority.reviewers.iter().any(|other| other.id == *wanted);
        let whole = |key: &KeyFile| {
            URL_SAFE_NO_PAD.decode(&key.public_key).is_ok_and(|bytes| bytes.len() == 32)
        };
        let wrongs = [
            (
                authority.officers.iter().any(|officer| officer.id == *id),
                "is also an officer; whoever asks for a linking cannot review it",
            ),
            (
                authority.operators.contains(id),
                "is also an operator; whoever runs the machines cannot review",
            ),
            (authority.reviewers[..place].iter().any(|other| other.id == *id), "is there twice"),
            (
                reviewer.substitutes.iter().any(|other| other == id || !is_reviewer(other)),
                "has a substitute who is no other reviewer of this authority",
            ),
            (!reviewer.keys.iter().all(whole), "has a key that is not 32 bytes of base64url"),
            (
                authority.pages.review.is_none(),
                "has no desk: pages.review names its address and its origin",
            ),
        ];
        if let Some((_, why)) = wrongs.iter().find(|(is_wrong, _)| *is_wrong) {
            return Err((id.clone(), why));
        }
    }
    Ok(())
}
