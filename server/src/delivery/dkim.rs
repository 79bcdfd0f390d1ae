//! Two DKIM signatures on every mail: RSA-2048, which every receiver checks, and Ed25519
//! (RFC 8463), which the next ones will.
//!
//! The library's own `sign` reads the clock for `t=`. Here the instant is an argument, as
//! everywhere, so a mail of the simulation bears the day of the simulation.

use jiff::Timestamp;
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256, SigningKey};
use mail_auth::common::headers::{HeaderStream, HeaderWriter, Writable, Writer};
use mail_auth::dkim::canonicalize::CanonicalHeaders;
use mail_auth::dkim::{DkimSigner, Done, Signature};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

/// The header fields under signature. `From` twice, so that no second one can be added
/// (RFC 6376, 8.15).
const SIGNED: [&str; 11] = [
    "From",
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
];

/// Why the keys cannot be used. Never holds a key's bytes.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the {which} DKIM key is not a PEM private key: {reason}")]
    Unreadable { which: &'static str, reason: String },
}

/// Signs for one domain. It has no `Debug`: it holds private keys.
pub struct Signer {
    rsa: DkimSigner<RsaKey<Sha256>, Done>,
    ed25519: DkimSigner<Ed25519Key, Done>,
}

/// A key and the DNS name part under which its public half stands.
pub struct NamedKey<'a> {
    pub selector: &'a str,
    /// PEM: PKCS#1 or PKCS#8 for RSA, PKCS#8 for Ed25519.
    pub pem: &'a [u8],
}

impl Signer {
    pub fn new(domain: &str, rsa: NamedKey<'_>, ed25519: NamedKey<'_>) -> Result<Self, KeyError> {
        let rsa_key = private_key("RSA", rsa.pem).and_then(|der| {
            RsaKey::<Sha256>::from_key_der(der).map_err(|trouble| unreadable("RSA", trouble))
        })?;
        let ed25519_key = private_key("Ed25519", ed25519.pem).and_then(|der| {
            Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_der())
                .map_err(|trouble| unreadable("Ed25519", trouble))
        })?;
        Ok(Self {
            rsa: DkimSigner::from_key(rsa_key)
                .domain(domain)
                .selector(rsa.selector)
                .headers(SIGNED),
            ed25519: DkimSigner::from_key(ed25519_key)
                .domain(domain)
                .selector(ed25519.selector)
                .headers(SIGNED),
        })
    }

    /// The message with both signatures before it. None only where a key cannot sign.
    pub fn sign(&self, message: &[u8], at: Timestamp) -> Option<Vec<u8>> {
        let mut signed = Vec::with_capacity(message.len() + 1_024);
        signature(&self.ed25519, message, at)?.write_header(&mut signed);
        signature(&self.rsa, message, at)?.write_header(&mut signed);
        signed.extend_from_slice(message);
        Some(signed)
    }

    /// The DNS TXT records that receivers look up: name (relative to the domain) and value.
    pub fn records(&self) -> [(String, String); 2] {
        use base64::Engine as _;
        let encode = |key: &[u8]| base64::engine::general_purpose::STANDARD.encode(key);
        [
            (
                format!("{}._domainkey", self.rsa.template.s),
                format!("v=DKIM1; k=rsa; p={}", encode(&spki(&self.rsa.key.public_key()))),
            ),
            (
                format!("{}._domainkey", self.ed25519.template.s),
                format!("v=DKIM1; k=ed25519; p={}", encode(&self.ed25519.key.public_key())),
            ),
        ]
    }
}

fn private_key(which: &'static str, pem: &[u8]) -> Result<PrivateKeyDer<'static>, KeyError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|trouble| unreadable(which, trouble))
}

fn unreadable(which: &'static str, trouble: impl std::fmt::Display) -> KeyError {
    KeyError::Unreadable { which, reason: trouble.to_string() }
}

/// What is hashed under a signature: the chosen header fields, then the signature's own without
/// its value (RFC 6376, 3.7).
struct Signable<'a> {
    headers: CanonicalHeaders<'a>,
    signature: &'a Signature,
}

impl Writable for Signable<'_> {
    fn write(self, writer: &mut impl Writer) {
        self.headers.write(writer);
        self.signature.write(writer, false);
    }
}

/// The header fields of a message that we built: CR LF line ends, an empty line before the body.
struct Fields<'a> {
    head: &'a [u8],
    body: &'a [u8],
}

impl<'a> Fields<'a> {
    fn of(message: &'a [u8]) -> Self {
        let end = message
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .map_or(message.len(), |position| position + 2);
        Self { head: &message[..end], body: message.get(end + 2..).unwrap_or_default() }
    }
}

impl<'a> HeaderStream<'a> for Fields<'a> {
    /// Name and value; the value keeps its folding and its line end.
    fn next_header(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let colon = self.head.iter().position(|byte| *byte == b':')?;
        let mut end = colon;
        loop {
            end += self.head[end..].iter().position(|byte| *byte == b'\n')? + 1;
            if !matches!(self.head.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let field = (&self.head[..colon], &self.head[colon + 1..end]);
        self.head = &self.head[end..];
        Some(field)
    }

    fn body(&mut self) -> &'a [u8] {
        self.body
    }
}

fn signature<Key: SigningKey>(
    signer: &DkimSigner<Key, Done>,
    message: &[u8],
    at: Timestamp,
) -> Option<Signature> {
    let (_, headers, names, body) = signer.template.canonicalize(Fields::of(message));
    let mut signature = signer.template.clone();
    signature.bh = signer.key.hash(body).as_ref().to_vec();
    signature.t = u64::try_from(at.as_second()).unwrap_or(0);
    signature.h = names;
    signature.b = signer.key.sign(Signable { headers, signature: &signature }).ok()?;
    Some(signature)
}

/// An RSA public key as DNS carries it: SubjectPublicKeyInfo around the PKCS#1 key (RFC 5280).
fn spki(pkcs1: &[u8]) -> Vec<u8> {
    const RSA_ENCRYPTION: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let mut bits = vec![0];
    bits.extend_from_slice(pkcs1);
    let mut inner = RSA_ENCRYPTION.to_vec();
    inner.extend(der(0x03, &bits));
    der(0x30, &inner)
}

/// One DER element: tag, length, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut element = vec![tag];
    if content.len() < 128 {
        element.push(content.len() as u8);
    } else {
        element.push(0x80 | length.len() as u8);
        element.extend_from_slice(length);
    }
    element.extend_from_slice(content);
    element
}
