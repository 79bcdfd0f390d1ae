//! ACNS: the XML in which monitors of peer-to-peer networks report (MovieLabs, 0.6 to 1.2).
//!
//! Tolerant in, strict out ([`ack`], [`status`]). Tolerated, because real senders do it:
//! * any namespace prefix, and the namespace that moved (`movielabs.com` to `acns.net` in 1.2);
//! * a misspelt `xsi` namespace, as in the published samples of 1.1 and 1.2;
//! * an `&` that is not escaped;
//! * several documents in a row, an envelope around them, text before and behind.
//!
//! Not tolerated: DOCTYPE and entities of one's own (`construct_forbidden`), an element that may
//! stand once and stands twice, a notice within a notice.
//!
//! A notice with several `Content/Item` has several works. `AlsoSeen` intervals are separate
//! sightings and no part of the observation: they stay in `details["also_seen"]`. What ACNS has
//! no element for travels in its own extension point, `Declarations` with `Type` and `Body`:
//! `standing` (any body), `mandate`, `sworn_agent`, `legal_basis` (the body is the value) and
//! `clock` (`source=ntp offset_ms=3 max_error_ms=500`).

pub mod ack;
mod document;
mod notice;
pub mod status;
mod version;

use std::sync::LazyLock;

use entremise_core::rejection::{Code, Rejection};
use memchr::memmem::Finder;

use crate::limits;
use crate::reading::NoticeRead;

/// Reads every notice in the text, in order. Empty when there is none.
pub(crate) fn read(text: &str) -> Vec<NoticeRead> {
    let mut items: Vec<NoticeRead> = Vec::new();
    let (mut faulty, mut malformed) = (0, 0);
    let mut position = 0;
    while let Some(start) = find_start(text, position) {
        let enough = items.len() == limits::NOTICES
            || faulty == limits::FAULTY
            || malformed == limits::MALFORMED;
        if enough {
            let rest = &text.as_bytes()[start..];
            items.push(NoticeRead::refused("acns", rest, too_many(start)));
            break;
        }
        let gap = &text[position..start];
        let item = match document::parse(&text[start..]) {
            Ok((document, length)) => item(document, &text[start..start + length], gap, start),
            Err(rejection) => {
                malformed += usize::from(rejection.code == Code::Malformed);
                // Without a sound end, the notice reaches to where the next one begins.
                let next = find_start(text, start + 1).unwrap_or(text.len());
                let mut item = NoticeRead::new("acns", &text.as_bytes()[start..next], start);
                item.refuse(rejection);
                item
            }
        };
        faulty += usize::from(item.verdict.is_err());
        position = item.span.end;
        items.push(item);
    }
    items
}

fn too_many(start: usize) -> Rejection {
    let how = "too many notices, or too many faulty ones; the rest is not read";
    Rejection::new(Code::TooLarge, format!("byte {start}"), how)
}

fn item(document: document::Document, raw: &str, gap: &str, start: usize) -> NoticeRead {
    let mut item = NoticeRead::new("acns", raw.as_bytes(), start);
    if declares_doctype(gap) {
        item.refuse(document::doctype());
        return item;
    }
    match version::recognise(&document, gap) {
        Ok(version) => {
            item.version = Some(version.to_owned());
            item.verdict = notice::from_document(document, version);
        }
        Err(rejection) => item.refuse(rejection),
    }
    item
}

/// A document type before the notice. A mail's page of HTML has one too, and means no harm.
fn declares_doctype(gap: &str) -> bool {
    gap.match_indices("<!").any(|(at, _)| {
        let starts = |word: &str| {
            let rest = gap.as_bytes().get(at + 2..at + 2 + word.len());
            rest.is_some_and(|rest| rest.eq_ignore_ascii_case(word.as_bytes()))
        };
        starts("ENTITY") || (starts("DOCTYPE") && !starts("DOCTYPE HTML"))
    })
}

/// Made ready to be searched for once, not for each notice.
static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Infringement"));

/// Where the next `<Infringement` begins, with any prefix, that is neither in a comment nor in
/// character data.
pub(crate) fn find_start(text: &str, from: usize) -> Option<usize> {
    let (mut from, mut position) = (from, from);
    while let Some(found) = NAME.find(text.get(position..)?.as_bytes()) {
        let name = position + found;
        position = name + "Infringement".len();
        let Some(start) = opening(text, from, name) else {
            continue;
        };
        if !text[position..].starts_with(['>', '/', ' ', '\t', '\r', '\n']) {
            continue;
        }
        match enclosing(&text[from..start]) {
            None => return Some(start),
            Some(end_mark) => {
                position += text[position..].find(end_mark)?;
                from = position;
            }
        }
    }
    None
}

/// The `<` before a name that starts an element: `<Infringement` or `<prefix:Infringement`.
fn opening(text: &str, from: usize, name: usize) -> Option<usize> {
    let before = &text.as_bytes()[from..name];
    let prefix = before.iter().rev().take(32).take_while(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_' | b'.')
    });
    let prefix = prefix.count();
    let start = before.len().checked_sub(prefix + 1)?;
    let prefixed = prefix == 0 || before.ends_with(b":");
    (before[start] == b'<' && prefixed).then_some(from + start)
}

/// What ends the comment or character data that the text leaves open, if it leaves one open.
fn enclosing(before: &str) -> Option<&'static str> {
    [("<!--", "-->"), ("<![CDATA[", "]]>")].into_iter().find_map(|(opens, closes)| {
        let opened = before.rfind(opens)?;
        (!before[opened..].contains(closes)).then_some(closes)
    })
}
