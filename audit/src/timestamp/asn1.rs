//! Takes a time stamp apart: which bytes mean what. RFC 3161 §2.4, RFC 5652 §5, RFC 5280 §4.1.
//!
//! A node is one DER value; [`parts`] opens a node into those inside it. Nothing is judged here.

use der::asn1::AnyRef;
use der::{Class, Decode as _, Encode as _, Reader as _, SliceReader, Tag};
use jiff::Timestamp;

use super::StampHarm;

pub type Node<'a> = AnyRef<'a>;

/// Object identifiers, as the bytes after tag and length.
pub const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
pub const SHA_384: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2];
pub const SHA_512: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];
pub const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
pub const RSA_SHA_256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
pub const RSA_SHA_384: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12];
pub const RSA_SHA_512: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13];
pub const ECDSA_SHA_256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
pub const ECDSA_SHA_384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
pub const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
pub const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
pub const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
pub const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4];
pub const SIGNING_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 12];
pub const SIGNING_CERTIFICATE_V2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47];
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SUBJECT_KEY: &[u8] = &[0x55, 0x1d, 0x0e];
const NAME_OF_SUBJECT: &[u8] = &[0x55, 4, 3];

/// `PKIStatus`: granted, and granted with modifications.
const GRANTED: [u64; 2] = [0, 1];

/// An envelope of signed data with its one signer.
pub struct Signed<'a> {
    pub content: &'a [u8],
    /// Each as DER.
    pub certificates: Vec<Vec<u8>>,
    /// How the signer names its certificate.
    signer: Node<'a>,
    pub digest_method: &'a [u8],
    attributes: Vec<Node<'a>>,
    /// The attributes in the form that is signed: as a SET (RFC 5652 §5.4).
    pub attributes_to_sign: Vec<u8>,
    pub signature_method: &'a [u8],
    pub signature: &'a [u8],
}

/// What the authority says.
pub struct Token<'a> {
    pub digest_method: &'a [u8],
    pub digest: &'a [u8],
    pub at: Timestamp,
    pub nonce: Option<&'a [u8]>,
}

/// What is needed of a certificate beyond its path.
pub struct Certificate<'a> {
    /// Common name of its subject.
    pub name: String,
    /// Whether the purposes are critical, and their bytes.
    pub purposes: Option<(bool, &'a [u8])>,
    issuer: &'a [u8],
    serial: &'a [u8],
    subject_key: Option<&'a [u8]>,
}

/// The nodes inside a node.
pub fn parts<'a>(node: &Node<'a>) -> Result<Vec<Node<'a>>, StampHarm> {
    let bad = |_| StampHarm::Form("its DER cannot be read");
    let mut reader = SliceReader::new(node.value()).map_err(bad)?;
    let mut found = Vec::new();
    while !reader.is_finished() {
        found.push(Node::decode(&mut reader).map_err(bad)?);
    }
    Ok(found)
}

pub fn first_of<'a>(node: &Node<'a>) -> Option<Node<'a>> {
    parts(node).ok()?.first().copied()
}

pub fn is_sequence(node: &Node<'_>) -> bool {
    der::Tagged::tag(node) == Tag::Sequence
}

/// The identifier in an `AlgorithmIdentifier`.
pub fn method_of<'a>(node: &Node<'a>) -> Result<&'a [u8], StampHarm> {
    let identifier = first_of(node).ok_or(StampHarm::Form("a method has no name"))?;
    Ok(identifier.value())
}

fn root(bytes: &[u8]) -> Result<Node<'_>, StampHarm> {
    Node::from_der(bytes).map_err(|_| StampHarm::Form("it is not DER"))
}

fn in_context(node: &Node<'_>, number: u32) -> bool {
    let tag = der::Tagged::tag(node);
    tag.class() == Class::ContextSpecific && tag.number().value() == number
}

/// Opens an answer: `TimeStampResp`, `ContentInfo`, `SignedData`, `SignerInfo`.
pub fn signed(answer: &[u8]) -> Result<Signed<'_>, StampHarm> {
    let form = StampHarm::Form;
    let answer = parts(&root(answer)?)?;
    let status = answer.first().and_then(first_of).ok_or(form("it has no status"))?;
    let status = status.value().iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    if !GRANTED.contains(&status) {
        return Err(StampHarm::Refused(status));
    }
    let content = answer.get(1).ok_or(form("it holds no time stamp"))?;
    let [kind, content] = parts(content)?[..] else { return Err(form("no signed data")) };
    if kind.value() != SIGNED_DATA {
        return Err(form("no signed data"));
    }
    let data = first_of(&content).ok_or(form("no signed data"))?;
    let data = parts(&data)?;
    let [_version, _digests, content, .., signers] = data[..] else {
        return Err(form("parts of the signed data are missing"));
    };
    let [kind, content] = parts(&content)?[..] else { return Err(form("it signs nothing")) };
    if kind.value() != TST_INFO {
        return Err(form("it signs something else than a time stamp"));
    }
    let content = first_of(&content).ok_or(form("it signs nothing"))?.value();
    let certificates = match data.iter().find(|node| in_context(node, 0)) {
        Some(set) => parts(set)?.iter().filter_map(|node| node.to_der().ok()).collect(),
        None => Vec::new(),
    };
    let [signer] = parts(&signers)?[..] else { return Err(form("it has not one signer")) };
    let [_version, signer, digest_method, attributes, signature_method, signature, ..] =
        parts(&signer)?[..]
    else {
        return Err(form("its signature has no signed attributes"));
    };
    if !in_context(&attributes, 0) {
        return Err(form("its signature has no signed attributes"));
    }
    let set = Node::new(Tag::Set, attributes.value()).and_then(|set| set.to_der());
    Ok(Signed {
        content,
        certificates,
        signer,
        digest_method: method_of(&digest_method)?,
        attributes: parts(&attributes)?,
        attributes_to_sign: set.map_err(|_| form("its signed attributes are too long"))?,
        signature_method: method_of(&signature_method)?,
        signature: signature.value(),
    })
}

impl<'a> Signed<'a> {
    /// The one value of a signed attribute.
    pub fn attribute(&self, identifier: &[u8]) -> Result<Node<'a>, StampHarm> {
        let missing = StampHarm::Form("a signed attribute is missing");
        for attribute in &self.attributes {
            let [kind, values] = parts(attribute)?[..] else { continue };
            if kind.value() == identifier {
                let [value] = parts(&values)?[..] else { return Err(missing) };
                return Ok(value);
            }
        }
        Err(missing)
    }

    /// Whether this is the certificate that the signer names: by issuer and number, or by key.
    pub fn names_certificate(&self, der: &[u8]) -> bool {
        let Ok(certificate) = certificate(der) else { return false };
        if in_context(&self.signer, 0) {
            return certificate.subject_key == Some(self.signer.value());
        }
        let named = parts(&self.signer).unwrap_or_default();
        let [issuer, serial] = named[..] else { return false };
        issuer.value() == certificate.issuer && serial.value() == certificate.serial
    }
}

/// Opens a `TSTInfo`.
pub fn token(content: &[u8]) -> Result<Token<'_>, StampHarm> {
    let form = StampHarm::Form;
    let all = parts(&root(content)?)?;
    let [_version, _policy, imprint, _serial, at, rest @ ..] = all.as_slice() else {
        return Err(form("parts of the time stamp are missing"));
    };
    let [method, digest] = parts(imprint)?[..] else { return Err(form("it stamps nothing")) };
    let at = std::str::from_utf8(at.value()).ok().and_then(instant);
    let nonce = rest.iter().find(|node| der::Tagged::tag(*node) == Tag::Integer);
    Ok(Token {
        digest_method: method_of(&method)?,
        digest: digest.value(),
        at: at.ok_or(form("it does not say when"))?,
        nonce: nonce.map(|nonce| nonce.value()),
    })
}

/// `GeneralizedTime` as RFC 3161 §2.4.2 has it: `YYYYMMDDhhmmss[.s…]Z`.
fn instant(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_at_checked(8)?;
    let (hour, rest) = time.split_at_checked(2)?;
    let (minute, second) = rest.split_at_checked(2)?;
    let (year, rest) = date.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}").parse().ok()
}

/// Opens a certificate.
pub fn certificate(der: &[u8]) -> Result<Certificate<'_>, StampHarm> {
    let bad = StampHarm::Form("a certificate in it cannot be read");
    let body = first_of(&root(der)?).ok_or(StampHarm::Form("an empty certificate"))?;
    let all = parts(&body)?;
    // The version may be left out.
    let first = usize::from(all.first().is_some_and(|node| in_context(node, 0)));
    let Some([serial, _method, issuer, _validity, subject, ..]) = all.get(first..) else {
        return Err(bad);
    };
    let (mut purposes, mut subject_key) = (None, None);
    let extensions = all.iter().find(|node| in_context(node, 3)).and_then(first_of);
    for extension in extensions.map(|all| parts(&all)).transpose()?.unwrap_or_default() {
        let extension = parts(&extension)?;
        let (Some(kind), Some(value)) = (extension.first(), extension.last()) else { continue };
        match kind.value() {
            EXTENDED_KEY_USAGE => purposes = Some((extension.len() == 3, value.value())),
            SUBJECT_KEY => subject_key = root(value.value()).ok().map(|key| key.value()),
            _ => {}
        }
    }
    let name = subject_name(subject)?;
    let (issuer, serial) = (issuer.value(), serial.value());
    Ok(Certificate { name, purposes, issuer, serial, subject_key })
}

fn subject_name(subject: &Node<'_>) -> Result<String, StampHarm> {
    for set in parts(subject)? {
        for pair in parts(&set)? {
            if let [kind, value] = parts(&pair)?[..]
                && kind.value() == NAME_OF_SUBJECT
            {
                return Ok(String::from_utf8_lossy(value.value()).into_owned());
            }
        }
    }
    Ok("a time-stamping authority without a name".to_owned())
}

/// A nonce as the content of a positive INTEGER of eight bytes.
pub fn positive(mut nonce: [u8; 8]) -> [u8; 8] {
    nonce[0] = nonce[0] & 0x7f | 0x40;
    nonce
}

/// `TimeStampReq` version 1 over a SHA-256, with a nonce, asking for the certificates.
pub fn request(sha_256: &[u8], nonce: [u8; 8]) -> Vec<u8> {
    let wrap = |tag: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).expect("each part is below 128 bytes");
        [&[tag, length], content].concat()
    };
    let method = wrap(0x30, &[wrap(0x06, SHA_256), wrap(0x05, &[])].concat());
    let imprint = wrap(0x30, &[method, wrap(0x04, sha_256)].concat());
    let asks = [wrap(0x02, &[1]), imprint, wrap(0x02, &positive(nonce)), wrap(0x01, &[0xff])];
    wrap(0x30, &asks.concat())
}
