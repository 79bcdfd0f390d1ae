//! The closed question before a new subscription: is this person barred from it? Yes or no, and
//! nothing else for either side.
//!
//! A verifiable oblivious pseudorandom function (RFC 9497, ristretto255-SHA512): the provider
//! blinds what it asks about, so the authority evaluates without seeing whom; the proof shows that
//! it used the one key it published, so it cannot mark a provider by a key of its own. The answer
//! carries the tags of all who are on the register, salted anew each time: whoever has an
//! evaluation finds one tag in them or none, and learns nothing about the others. Knows no store
//! and no socket.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::id::{AuthorityId, QuestionId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use voprf::{
    BlindedElement, EvaluationElement, Group, Proof, Ristretto255, VoprfClient, VoprfServer,
};

use crate::randomness::{NoRandomness, SystemBytes, drawn};

/// Tags come in multiples of so many, filled up with random ones: their number says little.
pub const TAGS_AT_LEAST: usize = 256;
/// Of a salted tag, so many bytes travel: one in 2^128 is taken for another.
const SALTED_BYTES: usize = 16;
/// One scalar takes 64. Unit: bytes.
const RANDOMNESS: usize = 256;
const INFO: &[u8] = b"entremise register v1";

/// Who is asked about, as a judgment and a contract name them. It is somebody: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The name at birth.
    pub family_name: String,
    /// The first of the given names.
    pub given_name: String,
    pub born_on: Date,
    /// The commune of birth by its INSEE code; for whoever was born abroad, the country's (99…).
    pub born_in: String,
}

impl Person {
    /// One line a field, written so that accents, hyphens, blanks and capitals make no difference.
    /// None where a field says nothing.
    fn element(&self) -> Option<Vec<u8>> {
        let given = self.given_name.trim().split([' ', ',']).next().unwrap_or_default();
        let (family, given) = (letters(&self.family_name), letters(given));
        let born_in = letters(&self.born_in);
        if family.is_empty() || given.is_empty() || born_in.is_empty() {
            return None;
        }
        let born_on = self.born_on;
        let text =
            format!("entremise register person v1\n{family}\n{given}\n{born_on}\n{born_in}\n");
        Some(text.into_bytes())
    }
}

/// Letters and digits in capitals, without their marks.
fn letters(text: &str) -> String {
    let plain = text.nfkd().filter(|sign| !is_combining_mark(*sign)).collect::<String>();
    let plain = plain.to_uppercase().replace('Œ', "OE").replace('Æ', "AE");
    plain.chars().filter(|sign| sign.is_alphanumeric()).collect()
}

/// What lies on the register for one person: says nothing without the key. No `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Tag(pub [u8; 32]);

impl Tag {
    fn of(output: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"entremise/register/tag/v1\0");
        hasher.update(output);
        Self(hasher.finalize().into())
    }

    fn salted(&self, salt: &[u8]) -> [u8; SALTED_BYTES] {
        let mut hasher = Sha256::new();
        hasher.update(b"entremise/register/salted/v1\0");
        hasher.update(salt);
        hasher.update(self.0);
        let digest: [u8; 32] = hasher.finalize().into();
        *digest.first_chunk().expect("a digest of 32 bytes has 16")
    }
}

/// A question, as it travels: names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterQuestion {
    /// Good once.
    pub id: QuestionId,
    pub authority: AuthorityId,
    /// A ristretto255 element, base64url.
    pub blinded: String,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterAnswer {
    pub id: QuestionId,
    /// A ristretto255 element, base64url.
    pub evaluated: String,
    /// That the published key was used, base64url.
    pub proof: String,
    /// Fresh in each answer, base64url.
    pub salt: String,
    /// Salted tags, in ascending order, base64url.
    pub tags: Vec<String>,
}

/// Why a question or an answer is good for nothing. Says nothing of whom it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterTrouble {
    #[error("a name, a given name, a day and a place of birth are needed")]
    NobodyAskedAbout,
    #[error("the question or the answer is not of the form of RFC 9497")]
    Malformed,
    #[error("the key is not one of ristretto255")]
    BadKey,
    #[error("the answer is to another question")]
    OtherQuestion,
    #[error("the authority did not use the key that it published")]
    OtherKey,
    #[error("the machine gives no randomness")]
    NoRandomness,
}

impl From<NoRandomness> for RegisterTrouble {
    fn from(NoRandomness: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

/// The authority's key. No `Debug`.
pub struct RegisterKey(VoprfServer<Ristretto255>);

impl RegisterKey {
    /// From 32 secret bytes (RFC 9497, DeriveKeyPair).
    pub fn from_seed(seed: &[u8]) -> Result<Self, RegisterTrouble> {
        let server = VoprfServer::new_from_seed(seed, INFO);
        server.map(Self).map_err(|_| RegisterTrouble::BadKey)
    }

    /// What is published and pinned by the providers, base64url.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(Ristretto255::serialize_elem(self.0.get_public_key()))
    }

    /// What lies on the register for a person.
    pub fn tag(&self, person: &Person) -> Result<Tag, RegisterTrouble> {
        let element = person.element().ok_or(RegisterTrouble::NobodyAskedAbout)?;
        let output = self.0.evaluate(&element).map_err(|_| RegisterTrouble::Malformed)?;
        Ok(Tag::of(&output))
    }

    /// Answers without knowing about whom. `tags` are those of all who are on the register now.
    pub fn answer(
        &self,
        question: &RegisterQuestion,
        tags: &[Tag],
    ) -> Result<RegisterAnswer, RegisterTrouble> {
        let blinded = bytes(&question.blinded)?;
        let blinded =
            BlindedElement::deserialize(&blinded).map_err(|_| RegisterTrouble::Malformed)?;
        let mut random = SystemBytes::<RANDOMNESS>::gather()?;
        let evaluated = self.0.blind_evaluate(&mut random, &blinded);
        let salt: [u8; 32] = drawn()?;
        let mut salted: Vec<[u8; SALTED_BYTES]> =
            tags.iter().map(|tag| tag.salted(&salt)).collect();
        let whole = (salted.len() / TAGS_AT_LEAST + 1) * TAGS_AT_LEAST;
        while salted.len() < whole {
            salted.push(drawn()?);
        }
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut tags: Vec<String> = salted.iter().map(|tag| encode(tag)).collect();
        // Their places must not tell the real ones from those that fill up.
        tags.sort_unstable();
        Ok(RegisterAnswer {
            id: question.id,
            evaluated: encode(&evaluated.message.serialize()),
            proof: encode(&evaluated.proof.serialize()),
            salt: encode(&salt),
            tags,
        })
    }
}

/// A question that was asked, in the provider's memory until its answer comes. No `Debug`.
pub struct Asked {
    id: QuestionId,
    element: Vec<u8>,
    client: VoprfClient<Ristretto255>,
}

impl Asked {
    /// Blinds whom it is about; another blind each time.
    pub fn about(
        person: &Person,
        authority: AuthorityId,
        id: QuestionId,
    ) -> Result<(Self, RegisterQuestion), RegisterTrouble> {
        let element = person.element().ok_or(RegisterTrouble::NobodyAskedAbout)?;
        let mut random = SystemBytes::<RANDOMNESS>::gather()?;
        let blinded = VoprfClient::blind(&element, &mut random)
            .map_err(|_| RegisterTrouble::NobodyAskedAbout)?;
        let text = URL_SAFE_NO_PAD.encode(blinded.message.serialize());
        let question = RegisterQuestion { id, authority, blinded: text };
        Ok((Self { id, element, client: blinded.state }, question))
    }

    /// Yes or no, by the key that the authority published. Uses the question up.
    pub fn read(self, answer: &RegisterAnswer, public_key: &str) -> Result<bool, RegisterTrouble> {
        if answer.id != self.id {
            return Err(RegisterTrouble::OtherQuestion);
        }
        let key = Ristretto255::deserialize_elem(&bytes(public_key)?)
            .map_err(|_| RegisterTrouble::BadKey)?;
        let evaluated = EvaluationElement::deserialize(&bytes(&answer.evaluated)?);
        let proof = Proof::deserialize(&bytes(&answer.proof)?);
        let (Ok(evaluated), Ok(proof)) = (evaluated, proof) else {
            return Err(RegisterTrouble::Malformed);
        };
        let output = self
            .client
            .finalize(&self.element, &evaluated, &proof, key)
            .map_err(|_| RegisterTrouble::OtherKey)?;
        let wanted = Tag::of(&output).salted(&bytes(&answer.salt)?);
        let wanted = URL_SAFE_NO_PAD.encode(wanted);
        Ok(answer.tags.contains(&wanted))
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, RegisterTrouble> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| RegisterTrouble::Malformed)
}
