//! PGP/MIME (RFC 3156, 5): a part and the signature over it, side by side in `multipart/signed`.
//!
//! What is signed is the first part as it stands in the mail, its header fields included, with
//! lines that end in CR LF. Notices inside that part share the verdict; what stands beside it (the
//! foot that a mailing list adds) is nobody's word.

use std::borrow::Cow;

use entremise_core::rejection::{Code, Rejection};
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};
use pgp::composed::{Deserializable, DetachedSignature};

use super::openpgp;
use crate::limits;
use crate::reading::{Hint, Signature};

/// One `multipart/signed`: what is known of it, and the parts its first part consists of.
pub(super) struct SignedPart {
    pub verdict: Result<Signature, Rejection>,
    /// Places in the message's list of parts; the first one is the signed part itself.
    pub covers: Vec<usize>,
}

/// Every signed part of one message, the outer before the inner.
pub(super) fn find(message: &Message<'_>, hint: Hint<'_>) -> Vec<SignedPart> {
    let signed = message.parts.iter().filter(|part| is_type(part, "multipart", "signed"));
    signed.filter_map(|part| open(message, part, hint)).collect()
}

fn open(message: &Message<'_>, part: &MessagePart<'_>, hint: Hint<'_>) -> Option<SignedPart> {
    let PartType::Multipart(children) = &part.body else { return None };
    let content = *children.first()? as usize;
    let covers = subtree(message, content);
    let signature = children.get(1).and_then(|place| message.parts.get(*place as usize));
    let verdict = match signature {
        // The signature broke off with the mail.
        None => Err(invalid("the signed part has no signature beside it")),
        Some(found) if !is_type(found, "application", "pgp-signature") => {
            // S/MIME: the signature is there, and nobody here checks it.
            Ok(Signature::Unverified)
        }
        Some(_) if hint.openpgp_keys.is_empty() => Ok(Signature::Unverified),
        Some(found) => verify(message, message.parts.get(content)?, found, hint),
    };
    Some(SignedPart { verdict, covers })
}

fn verify(
    message: &Message<'_>,
    content: &MessagePart<'_>,
    signature: &MessagePart<'_>,
    hint: Hint<'_>,
) -> Result<Signature, Rejection> {
    let (signatures, _) = DetachedSignature::from_string_many(signature_text(signature)?)
        .map_err(|_| invalid("the signature cannot be read"))?;
    let signatures: Vec<DetachedSignature> =
        signatures.filter_map(Result::ok).take(limits::SIGNATURES).collect();
    let packets: Vec<_> = signatures.iter().map(|one| &one.signature).collect();
    openpgp::judge(&packets, &canonical(raw(message, content)), hint)
}

fn signature_text<'p>(part: &'p MessagePart<'_>) -> Result<&'p str, Rejection> {
    match &part.body {
        PartType::Text(text) => Ok(text),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            std::str::from_utf8(bytes).map_err(|_| invalid("the signature is not armoured text"))
        }
        _ => Err(invalid("the signature is not armoured text")),
    }
}

/// The part as it came, from its first header field to the line end before the next boundary.
fn raw<'m>(message: &'m Message<'_>, part: &MessagePart<'_>) -> &'m [u8] {
    let range = part.raw_header_offset() as usize..part.raw_end_offset() as usize;
    message.raw_message.get(range).unwrap_or_default()
}

/// Lines end in CR LF when they are signed (RFC 3156, 5); a mail kept in a file may have lost
/// the CR.
fn canonical(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_bare = |at: usize| bytes[at] == b'\n' && (at == 0 || bytes[at - 1] != b'\r');
    if !(0..bytes.len()).any(is_bare) {
        return Cow::Borrowed(bytes);
    }
    let mut whole = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    for (at, byte) in bytes.iter().enumerate() {
        if is_bare(at) {
            whole.push(b'\r');
        }
        whole.push(*byte);
    }
    Cow::Owned(whole)
}

/// A part and all that it is made of.
fn subtree(message: &Message<'_>, root: usize) -> Vec<usize> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(place) = found.get(next).copied() {
        next += 1;
        if let Some(PartType::Multipart(children)) = message.parts.get(place).map(|part| &part.body)
        {
            found.extend(children.iter().map(|child| *child as usize));
        }
    }
    found
}

fn is_type(part: &MessagePart<'_>, kind: &str, subtype: &str) -> bool {
    part.content_type().is_some_and(|found| {
        found.c_type.eq_ignore_ascii_case(kind)
            && found.c_subtype.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case(subtype))
    })
}

fn invalid(how: &str) -> Rejection {
    Rejection::new(Code::SignatureInvalid, "", how)
}
