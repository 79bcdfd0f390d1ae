//! The signature beside a batch: a detached JWS (RFC 7515, appendix F), so that the file stays
//! verifiable years later, wherever it lies.
//!
//! Compact form without payload, `header..signature`, over the payload's base64url (RFC 7797's
//! `b64` is not used). EdDSA (Ed25519) and ES256. Members of the header: `alg`, `kid` (both
//! required), `iat` (seconds), `x5t#S256`, `cty`; any other, and `crit`, is refused. Which key
//! belongs to whom is the caller's business.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

/// Why a signature says nothing about the payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    #[error("this is no detached JWS in compact form: header, two dots, signature")]
    NotDetached,
    #[error("the header is not one this house reads: {0}")]
    Header(&'static str),
    #[error("no key is registered under the kid of the header")]
    KeyUnknown,
    #[error("the key is not for the algorithm of the header")]
    WrongAlgorithm,
    #[error("the signature does not hold")]
    Invalid,
}

/// What the signer says about the signature; covered by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub alg: Algorithm,
    /// Which of the signer's keys.
    pub kid: String,
    /// When it was signed, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// SHA-256 of the signer's certificate, base64url.
    #[serde(default, rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub certificate_digest: Option<String>,
    /// The payload's media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cty: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037).
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256 (RFC 7518, 3.4).
    #[serde(rename = "ES256")]
    Es256,
}

/// A public key and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub algorithm: Algorithm,
    /// Ed25519: 32 bytes. P-256: the uncompressed point, 65 bytes.
    pub bytes: Vec<u8>,
}

impl PublicKey {
    /// From a JSON Web Key (RFC 7517): `OKP`/`Ed25519` or `EC`/`P-256`.
    pub fn from_jwk(jwk: &serde_json::Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(serde_json::Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok().filter(|b| b.len() == 32);
        match (text("kty")?, text("crv")?) {
            ("OKP", "Ed25519") => Some(Self { algorithm: Algorithm::EdDsa, bytes: bytes("x")? }),
            ("EC", "P-256") => {
                let point = [&[4][..], &bytes("x")?, &bytes("y")?].concat();
                Some(Self { algorithm: Algorithm::Es256, bytes: point })
            }
            _ => None,
        }
    }
}

/// A key pair, with the name it is registered under.
pub struct SigningKey {
    kid: String,
    pair: Pair,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(Box<EcdsaKeyPair>),
}

impl SigningKey {
    /// From PKCS #8; None where the bytes are no such key.
    pub fn from_pkcs8(algorithm: Algorithm, kid: &str, pkcs8: &[u8]) -> Option<Self> {
        let pair = match algorithm {
            Algorithm::EdDsa => {
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?)
            }
            Algorithm::Es256 => {
                let kind = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_pkcs8(kind, pkcs8, &SystemRandom::new()).ok()?;
                Pair::P256(Box::new(pair))
            }
        };
        Some(Self { kid: kid.to_owned(), pair })
    }

    pub fn public(&self) -> PublicKey {
        let (algorithm, bytes) = match &self.pair {
            Pair::Ed25519(pair) => (Algorithm::EdDsa, pair.public_key().as_ref()),
            Pair::P256(pair) => (Algorithm::Es256, pair.public_key().as_ref()),
        };
        PublicKey { algorithm, bytes: bytes.to_vec() }
    }

    /// Signs the payload at the instant `now`.
    pub fn sign(&self, payload: &[u8], now: Timestamp) -> String {
        let header = Header {
            alg: self.public().algorithm,
            kid: self.kid.clone(),
            iat: Some(now.as_second()),
            certificate_digest: None,
            cty: None,
        };
        let header = serde_json::to_vec(&header).expect("a header of texts and numbers is JSON");
        let header = URL_SAFE_NO_PAD.encode(header);
        let input = signing_input(&header, payload);
        let signature = match &self.pair {
            Pair::Ed25519(pair) => pair.sign(&input).as_ref().to_vec(),
            Pair::P256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), &input);
                signature.expect("the system has random numbers").as_ref().to_vec()
            }
        };
        format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The header of a detached JWS, not yet verified: to find the key.
pub fn header(jws: &str) -> Result<Header, BadSignature> {
    parts(jws).map(|(_, header, _)| header)
}

/// Verifies a detached JWS over the payload. `key` finds the public key for a `kid`.
pub fn verify(
    jws: &str,
    payload: &[u8],
    key: impl FnOnce(&str) -> Option<PublicKey>,
) -> Result<Header, BadSignature> {
    let (encoded, header, signature) = parts(jws)?;
    let key = key(&header.kid).ok_or(BadSignature::KeyUnknown)?;
    if key.algorithm != header.alg {
        return Err(BadSignature::WrongAlgorithm);
    }
    let input = signing_input(encoded, payload);
    let kind: &dyn signature::VerificationAlgorithm = match key.algorithm {
        Algorithm::EdDsa => &signature::ED25519,
        Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
    };
    let verified = UnparsedPublicKey::new(kind, &key.bytes).verify(&input, &signature);
    verified.map_err(|_| BadSignature::Invalid)?;
    Ok(header)
}

fn parts(jws: &str) -> Result<(&str, Header, Vec<u8>), BadSignature> {
    let (encoded, signature) = jws.trim().split_once("..").ok_or(BadSignature::NotDetached)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| BadSignature::NotDetached);
    if jws.len() > 8192 {
        return Err(BadSignature::Header("it is too long"));
    }
    let header: Header = serde_json::from_slice(&decode(encoded)?).map_err(|_| {
        BadSignature::Header("alg must be EdDSA or ES256, kid must be there, others unknown")
    })?;
    Ok((encoded, header, decode(signature)?))
}

/// RFC 7515, 5.1: `BASE64URL(header) || '.' || BASE64URL(payload)`.
fn signing_input(header: &str, payload: &[u8]) -> Vec<u8> {
    let mut input = String::with_capacity(header.len() + 1 + payload.len() * 4 / 3 + 4);
    input.push_str(header);
    input.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut input);
    input.into_bytes()
}
