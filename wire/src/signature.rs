//! Who wrote a request or an answer: HTTP Message Signatures (RFC 9421) with Ed25519 over a
//! Content-Digest (RFC 9530, `sha-256`).
//!
//! A request covers, in this order, `"@method" "@target-uri" "content-digest" "content-type"`;
//! an answer covers `"@status" "content-digest" "content-type" "content-digest";req`, so that it
//! cannot be put under another question. Parameters: `created`, `nonce` (requests), `keyid`,
//! `alg="ed25519"`. A signature is good for [`TOLERANCE_SECS`] around `created`; replays within
//! that time are caught by the batch id, which answers the same question with the same answer.
//!
//! The instant is always an argument: nothing here reads a clock.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use httpsig::prelude::message_component::{HttpMessageComponent, HttpMessageComponentId};
use httpsig::prelude::{
    AlgorithmName, HttpSigError, HttpSigResult, HttpSignatureBase, HttpSignatureHeaders,
    HttpSignatureParams,
};
use jiff::Timestamp;
use ring::digest;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// How far `created` may lie from the reader's clock, seconds, either way.
pub const TOLERANCE_SECS: i64 = 300;

const REQUEST_COVERS: [&str; 4] =
    ["\"@method\"", "\"@target-uri\"", "\"content-digest\"", "\"content-type\""];
const ANSWER_COVERS: [&str; 4] =
    ["\"@status\"", "\"content-digest\"", "\"content-type\"", "\"content-digest\";req"];

/// Why a message is not what its signature says. Shown to the sender; repeats none of the body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureTrouble {
    #[error("the message carries no {0} header")]
    Missing(&'static str),
    #[error("the {0} header cannot be read")]
    Malformed(&'static str),
    #[error("the body is not the one the Content-Digest names")]
    BodyChanged,
    #[error("the signature must cover {0}, in this order")]
    CoversTooLittle(String),
    #[error("the key {0:?} is not pinned here")]
    UnknownKey(String),
    #[error("the signature does not hold")]
    DoesNotHold,
    #[error("the signature was made more than {TOLERANCE_SECS} s away from this clock")]
    OutOfTime,
    #[error("the key is not an Ed25519 key: {0}")]
    BadKey(&'static str),
}

/// A private key with the name the other side knows it by. No `Debug`.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    key_id: String,
}

impl SigningKey {
    /// From the 32 private bytes of RFC 8032.
    pub fn from_seed(key_id: impl Into<String>, seed: &[u8]) -> Result<Self, SignatureTrouble> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map(|pair| Self { pair, key_id: key_id.into() })
            .map_err(|_| SignatureTrouble::BadKey("the seed has 32 bytes"))
    }

    /// The public half, to be pinned by the other side.
    pub fn verifying_key(&self) -> VerifyingKey {
        let mut public = [0u8; 32];
        public.copy_from_slice(self.pair.public_key().as_ref());
        VerifyingKey { key_id: self.key_id.clone(), public }
    }
}

/// A pinned public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    pub key_id: String,
    pub public: [u8; 32],
}

impl VerifyingKey {
    /// From 32 public bytes in standard or URL-safe base64, as a configuration file holds them.
    pub fn from_base64(key_id: impl Into<String>, text: &str) -> Result<Self, SignatureTrouble> {
        let standard = text.replace('-', "+").replace('_', "/");
        let bytes = base64::engine::general_purpose::STANDARD_NO_PAD
            .decode(standard.trim_end_matches('='))
            .map_err(|_| SignatureTrouble::BadKey("it is not base64"))?;
        let public =
            bytes.try_into().map_err(|_| SignatureTrouble::BadKey("a public key has 32 bytes"))?;
        Ok(Self { key_id: key_id.into(), public })
    }

    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.public)
    }
}

/// The three headers a signed message carries.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SignatureHeaders {
    /// `Content-Digest`
    pub content_digest: String,
    /// `Signature-Input`
    pub signature_input: String,
    /// `Signature`
    pub signature: String,
}

/// What a good signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub key_id: String,
    pub created: Timestamp,
    pub nonce: Option<String>,
}

/// A request as both ends see it.
#[derive(Clone, Copy, Debug)]
pub struct RequestParts<'a> {
    /// In capitals.
    pub method: &'a str,
    /// The absolute URL, `https://host[:port]/path`.
    pub target_uri: &'a str,
    pub content_type: &'a str,
    pub body: &'a [u8],
}

/// An answer as both ends see it.
#[derive(Clone, Copy, Debug)]
pub struct AnswerParts<'a> {
    pub status: u16,
    pub content_type: &'a str,
    pub body: &'a [u8],
    /// The `Content-Digest` of the request that is answered.
    pub request_digest: &'a str,
}

/// The `Content-Digest` of a body (RFC 9530).
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest::digest(&digest::SHA256, body)))
}

/// Signs a request. `nonce` is made by the caller from the system's randomness.
pub fn sign_request(
    key: &SigningKey,
    request: RequestParts<'_>,
    created: Timestamp,
    nonce: &str,
) -> Result<SignatureHeaders, SignatureTrouble> {
    let digest = content_digest(request.body);
    let values = [request.method, request.target_uri, &digest, request.content_type];
    sign(key, &REQUEST_COVERS, &values, digest.clone(), created, Some(nonce))
}

/// Checks a request against the pinned keys: body, covered parts, key, signature, time.
pub fn verify_request(
    pinned: &[VerifyingKey],
    request: RequestParts<'_>,
    headers: &SignatureHeaders,
    now: Timestamp,
) -> Result<Signed, SignatureTrouble> {
    if headers.content_digest != content_digest(request.body) {
        return Err(SignatureTrouble::BodyChanged);
    }
    let values =
        [request.method, request.target_uri, &headers.content_digest, request.content_type];
    verify(pinned, &REQUEST_COVERS, &values, headers, now)
}

/// Signs an answer and ties it to the request.
pub fn sign_answer(
    key: &SigningKey,
    answer: AnswerParts<'_>,
    created: Timestamp,
) -> Result<SignatureHeaders, SignatureTrouble> {
    let digest = content_digest(answer.body);
    let status = answer.status.to_string();
    let values = [&status, &digest, answer.content_type, answer.request_digest];
    sign(key, &ANSWER_COVERS, &values, digest.clone(), created, None)
}

/// Checks an answer against the pinned keys and the request it answers.
pub fn verify_answer(
    pinned: &[VerifyingKey],
    answer: AnswerParts<'_>,
    headers: &SignatureHeaders,
    now: Timestamp,
) -> Result<Signed, SignatureTrouble> {
    if headers.content_digest != content_digest(answer.body) {
        return Err(SignatureTrouble::BodyChanged);
    }
    let status = answer.status.to_string();
    let values = [&status, &headers.content_digest, answer.content_type, answer.request_digest];
    verify(pinned, &ANSWER_COVERS, &values, headers, now)
}

fn sign(
    key: &SigningKey,
    covers: &[&str],
    values: &[&str],
    content_digest: String,
    created: Timestamp,
    nonce: Option<&str>,
) -> Result<SignatureHeaders, SignatureTrouble> {
    let malformed = |_| SignatureTrouble::Malformed("Signature-Input");
    let lines = component_lines(covers, values)?;
    let ids: Vec<HttpMessageComponentId> = lines.iter().map(|line| line.id.clone()).collect();
    let mut params = HttpSignatureParams::try_new(&ids).map_err(malformed)?;
    // `try_new` put the machine's clock there; the caller's instant is the one that counts.
    params.set_created(u64::try_from(created.as_second()).unwrap_or(0));
    params.set_keyid(&key.key_id).set_alg(&AlgorithmName::Ed25519);
    if let Some(nonce) = nonce {
        params.set_nonce(nonce);
    }
    let base = HttpSignatureBase::try_new(&lines, &params).map_err(malformed)?;
    let headers = base.build_signature_headers(key, None).map_err(malformed)?;
    Ok(SignatureHeaders {
        content_digest,
        signature_input: headers.signature_input_header_value(),
        signature: headers.signature_header_value(),
    })
}

fn verify(
    pinned: &[VerifyingKey],
    covers: &[&str],
    values: &[&str],
    headers: &SignatureHeaders,
    now: Timestamp,
) -> Result<Signed, SignatureTrouble> {
    let parsed = HttpSignatureHeaders::try_parse(&headers.signature, &headers.signature_input)
        .map_err(|_| SignatureTrouble::Malformed("Signature or Signature-Input"))?;
    // Exactly one: a second signature could only confuse who said what.
    let (1, Some(received)) = (parsed.len(), parsed.values().next()) else {
        return Err(SignatureTrouble::Malformed("Signature-Input"));
    };
    let params = received.signature_params();
    let lines = component_lines(covers, values)?;
    let base = HttpSignatureBase::try_new(&lines, params)
        .map_err(|_| SignatureTrouble::CoversTooLittle(covers.join(" ")))?;
    let key_id = params.keyid.clone().unwrap_or_default();
    let key = pinned
        .iter()
        .find(|key| key.key_id == key_id)
        .ok_or(SignatureTrouble::UnknownKey(key_id.clone()))?;
    if params.alg.as_deref().is_some_and(|algorithm| algorithm != "ed25519") {
        return Err(SignatureTrouble::DoesNotHold);
    }
    base.verify_signature_headers(key, received).map_err(|_| SignatureTrouble::DoesNotHold)?;
    let created = params
        .created
        .and_then(|created| i64::try_from(created).ok())
        .and_then(|created| Timestamp::from_second(created).ok())
        .ok_or(SignatureTrouble::OutOfTime)?;
    if (now.as_second() - created.as_second()).abs() > TOLERANCE_SECS {
        return Err(SignatureTrouble::OutOfTime);
    }
    Ok(Signed { key_id, created, nonce: params.nonce.clone() })
}

fn component_lines(
    covers: &[&str],
    values: &[&str],
) -> Result<Vec<HttpMessageComponent>, SignatureTrouble> {
    covers
        .iter()
        .zip(values)
        .map(|(name, value)| {
            HttpMessageComponent::try_from(format!("{name}: {value}").as_str())
                .map_err(|_| SignatureTrouble::Malformed("covered component"))
        })
        .collect()
}

impl httpsig::prelude::SigningKey for SigningKey {
    fn sign(&self, data: &[u8]) -> HttpSigResult<Vec<u8>> {
        Ok(self.pair.sign(data).as_ref().to_vec())
    }

    fn key_id(&self) -> String {
        self.key_id.clone()
    }

    fn alg(&self) -> AlgorithmName {
        AlgorithmName::Ed25519
    }
}

impl httpsig::prelude::VerifyingKey for VerifyingKey {
    fn verify(&self, data: &[u8], signature: &[u8]) -> HttpSigResult<()> {
        UnparsedPublicKey::new(&ED25519, self.public)
            .verify(data, signature)
            .map_err(|_| HttpSigError::InvalidSignature("Ed25519".to_owned()))
    }

    fn key_id(&self) -> String {
        self.key_id.clone()
    }

    fn alg(&self) -> AlgorithmName {
        AlgorithmName::Ed25519
    }
}
