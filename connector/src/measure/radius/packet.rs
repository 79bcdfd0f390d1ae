//! RADIUS packets of dynamic authorisation, and what proves who made them (RFC 5176, section 2.3;
//! RFC 2869, section 5.14). Bytes in, bytes out.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};

/// RFC 2865, section 3.
pub const LENGTH_MAX: usize = 4096;
const HEAD: usize = 20;
const AUTHENTICATOR: std::ops::Range<usize> = 4..HEAD;
const MESSAGE_AUTHENTICATOR: u8 = 80;
const ERROR_CAUSE: u8 = 101;
const VENDOR_SPECIFIC: u8 = 26;
/// Value of the longest attribute.
const VALUE_MAX: usize = 253;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Disconnect = 40,
    ChangeOfAuthorisation = 43,
}

impl Code {
    pub fn acknowledged(self) -> u8 {
        self as u8 + 1
    }

    pub fn refused(self) -> u8 {
        self as u8 + 2
    }
}

/// One attribute: its type and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub kind: u8,
    pub value: Vec<u8>,
}

impl Attribute {
    pub fn text(kind: u8, text: &str) -> Self {
        Self { kind, value: text.as_bytes().to_vec() }
    }

    /// One attribute of a vendor (RFC 2865, section 5.26). None where it is too long.
    pub fn of_vendor(vendor: u32, kind: u8, content: &[u8]) -> Option<Self> {
        let mut value = vendor.to_be_bytes().to_vec();
        value.extend([kind, u8::try_from(content.len() + 2).ok()?]);
        value.extend_from_slice(content);
        Some(Self { kind: VENDOR_SPECIFIC, value })
    }
}

/// An answer whose authenticators hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub code: u8,
    pub error_cause: Option<u32>,
}

/// Why some bytes are not the answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAnswer {
    #[error("it is cut short or longer than it says")]
    Torn,
    #[error("it belongs to another request")]
    OfAnother,
    #[error("it was made without the shared secret")]
    NotAuthentic,
}

/// A whole request, with its authenticators. None where it would be too long.
pub fn build(
    code: Code,
    identifier: u8,
    attributes: &[Attribute],
    secret: &[u8],
) -> Option<Vec<u8>> {
    let mut packet = vec![0; HEAD];
    packet[0] = code as u8;
    packet[1] = identifier;
    // First of all, so that nothing of ours stands before what proves it.
    packet.extend([MESSAGE_AUTHENTICATOR, 18]);
    let proof = packet.len()..packet.len() + 16;
    packet.extend([0; 16]);
    for attribute in attributes {
        if attribute.value.len() > VALUE_MAX {
            return None;
        }
        packet.extend([attribute.kind, u8::try_from(attribute.value.len() + 2).ok()?]);
        packet.extend_from_slice(&attribute.value);
    }
    if packet.len() > LENGTH_MAX {
        return None;
    }
    let length = u16::try_from(packet.len()).ok()?;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    // RFC 5176, section 2.3: both authenticators are zero while this one is computed.
    let message = message_authenticator(&packet, secret);
    packet[proof].copy_from_slice(&message);
    let request = Md5::new().chain_update(&packet).chain_update(secret).finalize();
    packet[AUTHENTICATOR].copy_from_slice(&request);
    Some(packet)
}

/// Reads an answer to `request`, which [`build`] made with the same secret.
pub fn read_answer(bytes: &[u8], request: &[u8], secret: &[u8]) -> Result<Answer, NotAnAnswer> {
    let length = bytes.get(2..4).map(|length| u16::from_be_bytes([length[0], length[1]]));
    let length = usize::from(length.ok_or(NotAnAnswer::Torn)?);
    if length < HEAD || length > bytes.len() {
        return Err(NotAnAnswer::Torn);
    }
    // What follows the length is padding (RFC 2865, section 3).
    let bytes = &bytes[..length];
    let asked = request[0];
    if bytes[1] != request[1] || ![asked + 1, asked + 2].contains(&bytes[0]) {
        return Err(NotAnAnswer::OfAnother);
    }
    let mut packet = bytes.to_vec();
    packet[AUTHENTICATOR].copy_from_slice(&request[AUTHENTICATOR]);
    let expected = Md5::new().chain_update(&packet).chain_update(secret).finalize();
    if !is_same(&expected, &bytes[AUTHENTICATOR]) {
        return Err(NotAnAnswer::NotAuthentic);
    }
    let mut error_cause = None;
    let mut at = HEAD;
    while at < length {
        let [kind, size] = bytes.get(at..at + 2).ok_or(NotAnAnswer::Torn)? else {
            return Err(NotAnAnswer::Torn);
        };
        let value = at + 2..at + usize::from(*size);
        let content = bytes.get(value.clone()).ok_or(NotAnAnswer::Torn)?;
        match *kind {
            ERROR_CAUSE => error_cause = content.try_into().ok().map(u32::from_be_bytes),
            MESSAGE_AUTHENTICATOR => {
                let mut packet = packet.clone();
                packet[value].fill(0);
                if !is_same(&message_authenticator(&packet, secret), content) {
                    return Err(NotAnAnswer::NotAuthentic);
                }
            }
            _ => {}
        }
        at += usize::from(*size);
    }
    Ok(Answer { code: bytes[0], error_cause })
}

fn message_authenticator(packet: &[u8], secret: &[u8]) -> [u8; 16] {
    Hmac::<Md5>::new_from_slice(secret)
        .expect("HMAC takes a key of any length")
        .chain_update(packet)
        .finalize()
        .into_bytes()
        .into()
}

/// In a time that does not tell where they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differing = one.iter().zip(other).fold(0, |seen, (one, other)| seen | (one ^ other));
    one.len() == other.len() && differing == 0
}
