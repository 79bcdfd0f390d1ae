//! OpenPGP cleartext signatures (RFC 9580, 7): what was signed, and by whom.
//!
//! Only what lies under the signature is read; text before and behind it could be anyone's. With
//! keys at hand the text comes from the same parser that checked the signature.

use std::borrow::Cow;

use entremise_core::rejection::{Code, Rejection};
use pgp::composed::CleartextSignedMessage;

use super::openpgp;
use crate::limits;
use crate::reading::{Hint, Signature};

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

type Opened<'a> = Result<(Cow<'a, str>, Signature), Rejection>;

/// The signed text of a clearsigned message, and what its signature is worth; None where the text
/// is not clearsigned.
pub(super) fn open<'a>(text: &'a str, hint: Hint<'_>) -> Option<Opened<'a>> {
    let begin = text.find(BEGIN)?;
    let block = &text[begin..];
    let bounds = block.find(SIGNATURE).and_then(|signature| {
        let end = block[signature..].find(END)?;
        Some((signature, signature + end + END.len()))
    });
    let Some((signature, end)) = bounds else {
        let how = "the signed text breaks off before its signature ends";
        return Some(Err(Rejection::new(Code::SignatureInvalid, "", how)));
    };
    if hint.openpgp_keys.is_empty() {
        return Some(Ok((Cow::Owned(unescape(&block[..signature])), Signature::Unverified)));
    }
    Some(verify(&block[..end], hint))
}

/// The signed text in each of the forms in which `open` gives it. Says nothing of the signature:
/// for those who hold a part of it against a digest that was taken when the signature was judged.
pub(super) fn forms(text: &str) -> Vec<String> {
    let Some(begin) = text.find(BEGIN) else { return Vec::new() };
    let block = &text[begin..];
    let Some(signature) = block.find(SIGNATURE) else { return Vec::new() };
    let mut forms = vec![unescape(&block[..signature])];
    if let Some(end) = block.find(END)
        && let Ok((message, _)) = CleartextSignedMessage::from_string(&block[..end + END.len()])
    {
        forms.push(message.signed_text());
    }
    forms
}

fn verify<'a>(block: &str, hint: Hint<'_>) -> Opened<'a> {
    let (message, _) = CleartextSignedMessage::from_string(block)
        .map_err(|_| Rejection::new(Code::SignatureInvalid, "", "the signature cannot be read"))?;
    let signed = message.signed_text();
    let signatures: Vec<_> = message.signatures().iter().take(limits::SIGNATURES).collect();
    let signature = openpgp::judge(&signatures, signed.as_bytes(), hint)?;
    Ok((Cow::Owned(signed), signature))
}

/// The text between the armour headers and the signature, without dash-escapes.
fn unescape(block: &str) -> String {
    let mut lines = block.lines();
    // Armour headers end with an empty line.
    lines.by_ref().find(|line| line.trim().is_empty());
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix("- ").unwrap_or(line)).collect();
    lines.join("\n")
}
