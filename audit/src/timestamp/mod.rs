//! RFC 3161: a time-stamping authority's word that some bytes existed at an instant.
//!
//! The authority is somebody else, found by a certificate that the verifier pins. Its answer is
//! checked whole: status, digest, nonce, signature, certificate and its one purpose.

mod asn1;

use jiff::Timestamp;
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use asn1::{Signed, Token};

/// What an authority said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub at: Timestamp,
    /// The authority, by the common name on its certificate.
    pub by: String,
}

/// Why an answer proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum StampHarm {
    #[error("this is not a time stamp after RFC 3161: {0}")]
    Form(&'static str),
    #[error("the authority refused to stamp (status {0})")]
    Refused(u64),
    #[error("it stamps other bytes than these")]
    OtherBytes,
    #[error("it answers another request (the nonce differs)")]
    OtherRequest,
    #[error("its signature does not hold: a byte of it was changed")]
    Signature,
    #[error("it is not by an authority you trust: {0}")]
    Untrusted(String),
    #[error("the certificate behind it is not for time stamps alone")]
    Purpose,
    #[error("it uses a method that is not known here: {0}")]
    Method(String),
}

/// id-kp-timeStamping, RFC 3161 §2.3, as the bytes of the identifier.
const FOR_TIME_STAMPS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];
/// An extension that names this purpose and no other.
const ONLY_TIME_STAMPS: &[u8] = &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8];

/// The request to stamp these bytes, DER. `nonce` binds the answer to it; drawn anew each time.
pub fn request(message: &[u8], nonce: [u8; 8]) -> Vec<u8> {
    asn1::request(digest(&SHA256, message).as_ref(), nonce)
}

/// Checks an authority's answer over `message` against pinned certificates (DER). `nonce` is that
/// of the request, for whoever sent it.
///
/// # Errors
/// [`StampHarm`]: the first thing that does not hold.
pub fn check(
    answer: &[u8],
    message: &[u8],
    nonce: Option<[u8; 8]>,
    roots: &[Vec<u8>],
) -> Result<Stamp, StampHarm> {
    let signed = asn1::signed(answer)?;
    let token = asn1::token(signed.content)?;
    let method = named_digest(token.digest_method)?;
    if digest(method, message).as_ref() != token.digest {
        return Err(StampHarm::OtherBytes);
    }
    if nonce.is_some_and(|nonce| token.nonce != Some(asn1::positive(nonce).as_slice())) {
        return Err(StampHarm::OtherRequest);
    }
    attributes_name_the_token(&signed)?;
    let by = signature_holds(&signed, &token, roots)?;
    Ok(Stamp { at: token.at, by })
}

/// When an answer says it was given. Nothing is checked: for whoever keeps its own answers.
pub fn claimed_instant(answer: &[u8]) -> Option<Timestamp> {
    let signed = asn1::signed(answer).ok()?;
    asn1::token(signed.content).ok().map(|token| token.at)
}

/// RFC 5652 §5.4: the attributes are signed, and name the digest of the content.
fn attributes_name_the_token(signed: &Signed<'_>) -> Result<(), StampHarm> {
    let kind = signed.attribute(asn1::CONTENT_TYPE)?;
    if kind.value() != asn1::TST_INFO {
        return Err(StampHarm::Form("the signature is over something else than a time stamp"));
    }
    let named = signed.attribute(asn1::MESSAGE_DIGEST)?;
    let method = named_digest(signed.digest_method)?;
    if digest(method, signed.content).as_ref() == named.value() {
        Ok(())
    } else {
        Err(StampHarm::Signature)
    }
}

/// Finds the certificate that signed, and the path from it to a pinned one. Gives its name.
fn signature_holds(
    signed: &Signed<'_>,
    token: &Token<'_>,
    roots: &[Vec<u8>],
) -> Result<String, StampHarm> {
    let certificates: Vec<CertificateDer<'_>> =
        signed.certificates.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let signer = certificates.iter().find(|one| signed.names_certificate(one));
    let signer = signer.ok_or(StampHarm::Form("the certificate of its signer is not in it"))?;
    let certificate = EndEntityCert::try_from(signer)
        .map_err(|_| StampHarm::Form("the certificate of its signer cannot be read"))?;
    let holds = |method: &Method| {
        certificate.verify_signature(*method, &signed.attributes_to_sign, signed.signature).is_ok()
    };
    if !methods(signed)?.iter().any(holds) {
        return Err(StampHarm::Signature);
    }
    let roots: Vec<CertificateDer<'_>> =
        roots.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let anchors: Vec<TrustAnchor<'_>> =
        roots.iter().filter_map(|root| anchor_from_trusted_cert(root).ok()).collect();
    let at = u64::try_from(token.at.as_second()).unwrap_or_default();
    let path = certificate.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &certificates,
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(at)),
        KeyUsage::required(FOR_TIME_STAMPS),
        None,
        None,
    );
    path.map_err(|why| StampHarm::Untrusted(format!("{why:?}")))?;
    let certificate = asn1::certificate(signer)?;
    if certificate.purposes != Some((true, ONLY_TIME_STAMPS)) {
        return Err(StampHarm::Purpose);
    }
    if !signed_certificate_is(signed, signer)? {
        return Err(StampHarm::Form("its signer meant another certificate"));
    }
    Ok(certificate.name)
}

/// RFC 3161 §2.4.1 and RFC 5816: a signed attribute names the certificate by its digest.
fn signed_certificate_is(signed: &Signed<'_>, signer: &[u8]) -> Result<bool, StampHarm> {
    let (node, first) = match signed.attribute(asn1::SIGNING_CERTIFICATE_V2) {
        Ok(node) => (node, &SHA256),
        Err(_) => (signed.attribute(asn1::SIGNING_CERTIFICATE)?, &SHA1_FOR_LEGACY_USE_ONLY),
    };
    // SigningCertificate → certs → the first → [its digest's method,] its digest.
    let parts = asn1::first_of(&node).and_then(|certs| asn1::first_of(&certs));
    let parts = parts.map(|first| asn1::parts(&first)).transpose()?.unwrap_or_default();
    let (method, named) = match parts.as_slice() {
        [method, named, ..] if asn1::is_sequence(method) && !asn1::is_sequence(named) => {
            (named_digest(asn1::method_of(method)?)?, named)
        }
        [named, ..] => (first, named),
        [] => return Ok(false),
    };
    Ok(digest(method, signer).as_ref() == named.value())
}

fn named_digest(identifier: &[u8]) -> Result<&'static Algorithm, StampHarm> {
    match identifier {
        asn1::SHA_256 => Ok(&SHA256),
        asn1::SHA_384 => Ok(&SHA384),
        asn1::SHA_512 => Ok(&SHA512),
        other => Err(unknown(other)),
    }
}

fn unknown(identifier: &[u8]) -> StampHarm {
    StampHarm::Method(crate::leaf::hexadecimal(identifier))
}

type Method = &'static dyn SignatureVerificationAlgorithm;

/// Ways to check the signature that fit what it says of itself.
fn methods(signed: &Signed<'_>) -> Result<Vec<Method>, StampHarm> {
    use webpki::ring as r;
    let is_rsa = signed.signature_method == asn1::RSA;
    Ok(match (signed.signature_method, signed.digest_method) {
        (asn1::ECDSA_SHA_256, _) => vec![r::ECDSA_P256_SHA256, r::ECDSA_P384_SHA256],
        (asn1::ECDSA_SHA_384, _) => vec![r::ECDSA_P256_SHA384, r::ECDSA_P384_SHA384],
        (asn1::ED25519, _) => vec![r::ED25519],
        (asn1::RSA_SHA_256, _) => vec![r::RSA_PKCS1_2048_8192_SHA256],
        (asn1::RSA_SHA_384, _) => vec![r::RSA_PKCS1_2048_8192_SHA384],
        (asn1::RSA_SHA_512, _) => vec![r::RSA_PKCS1_2048_8192_SHA512],
        (_, asn1::SHA_256) if is_rsa => vec![r::RSA_PKCS1_2048_8192_SHA256],
        (_, asn1::SHA_384) if is_rsa => vec![r::RSA_PKCS1_2048_8192_SHA384],
        (_, asn1::SHA_512) if is_rsa => vec![r::RSA_PKCS1_2048_8192_SHA512],
        (other, _) => return Err(unknown(other)),
    })
}
