//! Mails that carry notices: ACNS in the text or an attachment, XARF and tables as attachments.
//!
//! * Character sets are the part's own; a part that is not what it declares is `charset_invalid`.
//! * Quoted forwards (`> `) are unquoted when the notice itself stands in the quotation.
//! * Where text and notice name an address, port, instant or case number, they must agree
//!   (`text_xml_mismatch`, see `agree`).
//! * A clearsigned text counts only as far as the signature reaches (`clearsigned`), and so does a
//!   part signed as PGP/MIME (`signed_part`).
//! * Archives are never opened. Parts and mails within mails are bounded before they are parsed.

mod agree;
mod clearsigned;
mod openpgp;
mod signed_part;

use std::borrow::Cow;

use entremise_core::rejection::{Code, Rejection};
use mail_parser::{Encoding, Message, MessageParser, MessagePart, PartType};

use crate::json::{self, Json};
use crate::reading::{Hint, NoticeRead, Signature};
use crate::{acns, batch, charset, limits, table, xarf};

pub use openpgp::{BadKey, OpenPgpKey};

/// Whether the bytes begin like a mail: an mbox line or a header field.
pub(crate) fn looks_like_mail(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"From ") {
        return true;
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return false;
    };
    (1..=76).contains(&colon)
        && line[..colon].iter().all(|byte| byte.is_ascii_graphic())
        && line[0].is_ascii_alphabetic()
}

/// Every notice in one mail; one refused item where there is none.
pub(crate) fn read(bytes: &[u8], hint: Hint<'_>) -> Vec<NoticeRead> {
    let mut walk = Walk { hint, items: Vec::new(), parts: 0 };
    let start = crate::head(bytes);
    if start.starts_with(b"-----BEGIN PGP") {
        match charset::text(start) {
            Ok(text) => walk.text(&text, "the text"),
            Err(rejection) => walk.refuse("the text", start, rejection),
        }
    } else if too_many_parts(bytes) {
        let how = "the mail has too many parts; send the notice itself";
        walk.refuse("the mail", bytes, Rejection::new(Code::TooLarge, "the mail", how));
    } else {
        match parse(bytes) {
            Some(message) => walk.message(&message, 0),
            None => {
                let how = "this is no mail (RFC 5322)";
                walk.refuse("the mail", bytes, Rejection::new(Code::Malformed, "the mail", how));
            }
        }
    }
    walk.items
}

/// Parses a mail, with or without the line an mbox puts before it.
pub(crate) fn parse(bytes: &[u8]) -> Option<Message<'_>> {
    let bytes = crate::head(bytes);
    let bytes = match bytes.strip_prefix(b"From ") {
        Some(rest) => &rest[rest.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1)..],
        None => bytes,
    };
    MessageParser::default().parse(bytes)
}

/// What readers were given of a mail's parts: texts as they are and unquoted, what is under a
/// clear signature in them, attachments as text; those of mails within it too, as deeply and as
/// many as `read` looks at.
pub(crate) fn decoded(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Decoded { texts: Vec::new(), parts: 0, bytes: 0 };
    if !looks_like_mail(bytes) {
        if let Ok(text) = charset::text(bytes) {
            found.signed(&text);
        }
    } else if !too_many_parts(bytes)
        && let Some(message) = parse(bytes)
    {
        found.message(&message, 0);
    }
    found.texts
}

struct Decoded {
    texts: Vec<Vec<u8>>,
    parts: usize,
    bytes: usize,
}

impl Decoded {
    fn message(&mut self, message: &Message<'_>, depth: usize) {
        if depth == limits::MAIL_DEPTH {
            return;
        }
        for part in &message.parts {
            self.parts += 1;
            if self.parts > limits::MAIL_PARTS {
                return;
            }
            match &part.body {
                PartType::Text(text) => {
                    self.text(text);
                    self.signed(text);
                }
                PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                    let start = crate::head(bytes);
                    if let Ok(text) = charset::text(start) {
                        self.keep(text.as_bytes());
                    }
                    self.keep(start);
                }
                PartType::Message(inner) => self.message(inner, depth + 1),
                PartType::Html(_) | PartType::Multipart(_) => {}
            }
        }
    }

    /// What is under a clear signature.
    fn signed(&mut self, text: &str) {
        clearsigned::forms(text).iter().for_each(|signed| self.text(signed));
    }

    fn text(&mut self, text: &str) {
        self.keep(text.trim_start().as_bytes());
        self.keep(unquote(text).as_bytes());
    }

    fn keep(&mut self, text: &[u8]) {
        self.bytes += text.len();
        if self.bytes <= limits::DECODED_BYTES {
            self.texts.push(text.to_vec());
        }
    }
}

/// Counted before parsing: each multipart names its boundary.
pub(crate) fn too_many_parts(bytes: &[u8]) -> bool {
    let names_boundary = |equals: &usize| {
        let before = bytes[..*equals].trim_ascii_end();
        before.len() >= 8 && before[before.len() - 8..].eq_ignore_ascii_case(b"boundary")
    };
    let boundaries = memchr::memchr_iter(b'=', bytes).filter(names_boundary);
    boundaries.take(limits::MAIL_PARTS / 4 + 1).count() > limits::MAIL_PARTS / 4
}

struct Walk<'a> {
    hint: Hint<'a>,
    items: Vec<NoticeRead>,
    parts: usize,
}

impl Walk<'_> {
    fn message(&mut self, message: &Message<'_>, depth: usize) {
        if depth == limits::MAIL_DEPTH {
            let how = "mails within mails, too deeply";
            self.refuse("the mail", &[], Rejection::new(Code::TooLarge, "the mail", how));
            return;
        }
        let signed = signed_part::find(message, self.hint);
        let before = self.items.len();
        for (number, part) in message.parts.iter().enumerate() {
            self.parts += 1;
            if self.parts > limits::MAIL_PARTS {
                let how = "the mail has too many parts; send the notice itself";
                self.refuse("the mail", &[], Rejection::new(Code::TooLarge, "the mail", how));
                return;
            }
            let place = format!("part {}", self.parts);
            let first = self.items.len();
            let over = signed.iter().find(|one| one.covers.contains(&number));
            if let Some(Err(rejection)) = over.map(|one| &one.verdict) {
                // Said once, at the signed part itself; what does not hold is not read.
                if over.is_some_and(|one| one.covers.first() == Some(&number)) {
                    self.refuse_signed(&place, rejection.clone());
                }
                continue;
            }
            match &part.body {
                PartType::Text(text) => self.decoded(message, part, text, &place),
                PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                    self.attachment(bytes, &place);
                }
                PartType::Message(inner) => self.message(inner, depth + 1),
                PartType::Html(_) | PartType::Multipart(_) => {}
            }
            if let Some(Ok(signature)) = over.map(|one| &one.verdict) {
                for item in &mut self.items[first..] {
                    // A signature within says more than one around it.
                    if item.signature == Signature::Absent {
                        item.signature = signature.clone();
                    }
                }
            }
        }
        if self.items.len() == before {
            self.pages(message);
        }
    }

    /// A part of type text. What the mail library could not decode is decoded again by the XML's
    /// own declaration, and refused where that does not fit either.
    fn decoded(&mut self, message: &Message<'_>, part: &MessagePart<'_>, text: &str, place: &str) {
        if !text.contains('\u{fffd}') {
            return self.text(text, place);
        }
        let raw = raw_body(message, part);
        match charset::text(&raw) {
            Ok(text) => self.text(&text, place),
            Err(rejection) if carries_notice(text) => self.refuse(place, &raw, rejection),
            Err(_) => {}
        }
    }

    /// A text: clearsigned, JSON, a table, or prose with a notice in it.
    fn text(&mut self, text: &str, place: &str) {
        let first = self.items.len();
        match clearsigned::open(text, self.hint) {
            None => self.plain(text, place),
            Some(Ok((signed, signature))) => {
                self.plain(&signed, place);
                for item in &mut self.items[first..] {
                    item.signature = signature.clone();
                }
            }
            Some(Err(rejection)) => {
                self.refuse(place, text.as_bytes(), rejection);
                if let Some(item) = self.items.last_mut() {
                    item.signature = Signature::Invalid;
                }
            }
        }
    }

    fn plain(&mut self, text: &str, place: &str) {
        let start = text.trim_start();
        let mut found = if start.starts_with('{') {
            json_notices(start)
        } else if table::is_header(start.lines().next().unwrap_or_default().as_bytes()) {
            batch::all(start.as_bytes())
        } else {
            let unquoted = unquote(text);
            let mut found = acns::read(&unquoted);
            agree::check(&unquoted, &mut found, place);
            found
        };
        for item in &mut found {
            item.place = format!("{place}, {}", item.place);
        }
        self.items.append(&mut found);
    }

    fn attachment(&mut self, bytes: &[u8], place: &str) {
        if crate::is_archive(bytes) {
            self.refuse(place, bytes, Rejection { at: place.to_owned(), ..crate::archive() });
            return;
        }
        let start = crate::head(bytes);
        let wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
        let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if !(wide || start.starts_with(b"<") || start.starts_with(b"{") || table::is_header(line)) {
            return;
        }
        match charset::text(bytes) {
            Ok(text) => self.plain(&text, place),
            Err(rejection) if !wide => self.refuse(place, bytes, rejection),
            Err(_) => {}
        }
    }

    /// Pages of HTML that show a notice, looked at only where nothing else had one.
    fn pages(&mut self, message: &Message<'_>) {
        for part in &message.parts {
            if let PartType::Html(page) = &part.body
                && page.contains("Infringement")
            {
                let shown = page
                    .replace("<br>", "\n")
                    .replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&quot;", "\"")
                    .replace("&nbsp;", " ")
                    .replace("&amp;", "&");
                self.plain(&shown, "the page");
            }
        }
    }

    /// A signed part whose signature is worth nothing.
    fn refuse_signed(&mut self, place: &str, rejection: Rejection) {
        self.refuse(place, &[], rejection);
        if let Some(item) = self.items.last_mut() {
            item.signature = Signature::Invalid;
        }
    }

    fn refuse(&mut self, place: &str, raw: &[u8], rejection: Rejection) {
        let mut item =
            NoticeRead::refused("mail", raw, Rejection { at: place.to_owned(), ..rejection });
        item.place = place.to_owned();
        self.items.push(item);
    }
}

fn carries_notice(text: &str) -> bool {
    acns::find_start(text, 0).is_some() || text.trim_start().starts_with('{')
}

/// A part's bytes with only the transfer encoding taken off.
fn raw_body<'m>(message: &'m Message<'_>, part: &MessagePart<'_>) -> Cow<'m, [u8]> {
    let range = part.raw_body_offset() as usize..part.raw_end_offset() as usize;
    let raw = message.raw_message.get(range).unwrap_or_default();
    let decoded = match part.encoding {
        Encoding::None => None,
        Encoding::Base64 => mail_parser::decoders::base64::base64_decode(raw),
        Encoding::QuotedPrintable => {
            mail_parser::decoders::quoted_printable::quoted_printable_decode(raw)
        }
    };
    decoded.map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// One JSON document, or several lines of them. JSON that is no notice is passed over: mails
/// carry all kinds.
fn json_notices(text: &str) -> Vec<NoticeRead> {
    match json::parse_first(text) {
        Ok((document, used)) if xarf::is_report(&document) => {
            if text[used..].trim_ascii().is_empty() {
                vec![xarf::read_report(&document, &text[..used], 0)]
            } else {
                batch::all(text.as_bytes())
            }
        }
        Ok((Json::Object(members), _)) if members.iter().any(|(name, _)| name == "observed_at") => {
            batch::all(text.as_bytes())
        }
        Err(_) if text.contains("xarf_version") => vec![xarf::read(text, 0)],
        _ => Vec::new(),
    }
}

/// Takes the marks of quotation off, where the notice itself is quoted: exactly as many as stand
/// before it, for a `>` of the notice may begin a line too.
fn unquote(text: &str) -> Cow<'_, str> {
    let quoted = text.lines().find_map(|line| {
        let rest = line.trim_start_matches(['>', ' ']);
        let marks = line.len() - rest.len();
        let depth = line[..marks].matches('>').count();
        let notice =
            rest.starts_with("<?xml") || rest.starts_with('<') && rest.contains("Infringement");
        notice.then_some(depth)
    });
    match quoted {
        None | Some(0) => Cow::Borrowed(text),
        Some(depth) => {
            let lines: Vec<&str> = text.lines().map(|line| without_marks(line, depth)).collect();
            Cow::Owned(lines.join("\n"))
        }
    }
}

fn without_marks(line: &str, depth: usize) -> &str {
    let mut rest = line;
    for _ in 0..depth {
        let Some(after) = rest.trim_start_matches(' ').strip_prefix('>') else {
            return rest;
        };
        rest = after;
    }
    rest.strip_prefix(' ').unwrap_or(rest)
}
