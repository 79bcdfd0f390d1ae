//! Hostile bytes in, core's types out: the only package that parses what others send.
//!
//! Pure: no file, socket or clock. It knows nothing of cases, parties or regimes; a notice that
//! it accepts is well-formed and unambiguous, and may still be refused by the rules.
//!
//! * [`read`]: one piece of input, whatever it is. The format is recognised from the bytes, never
//!   from a file's name: ACNS, XARF, CSV, NDJSON, or a mail that carries one of them.
//! * [`batch::Batch`]: the same for a stream, in memory that does not depend on its length.
//! * [`bounce::read_report`]: what became of our own mails.
//! * [`acns::ack`], [`report`]: our answers. [`identification_csv`]: the historic exchange with
//!   providers. [`jws`]: the signature beside a batch.
//!
//! Every bound is in [`limits`]. Input that cannot be read yields one rejected item, so that
//! nothing which arrives is without an answer.

pub mod acns;
pub mod address;
pub mod batch;
pub mod bounce;
mod charset;
mod digests;
pub mod identification_csv;
mod instant;
mod json;
pub mod jws;
pub mod limits;
pub mod mail;
mod original;
mod reading;
pub mod report;
pub mod table;
pub mod xarf;

use std::sync::LazyLock;

use entremise_core::rejection::{Code, Rejection};
use memchr::memmem::Finder;

pub use original::{Original, original};
pub use reading::{Hint, NoticeRead, Reading, Signature};

/// Reads one piece of input: recognises the format, finds every notice, says for each what it is
/// or what its sender must correct. Never fails as a whole, never panics, and uses memory in
/// proportion to the input, which [`limits::INPUT_BYTES`] bounds.
pub fn read(bytes: &[u8], hint: Hint<'_>) -> Reading {
    if bytes.len() > limits::INPUT_BYTES {
        let how = "this is more than is read in one piece; send it as several, or as a stream";
        return Reading::refused("unknown", bytes, Rejection::new(Code::TooLarge, "byte 0", how));
    }
    let (format, outcomes) = match recognise(bytes) {
        Shape::Archive => {
            return Reading::refused("unknown", bytes, archive());
        }
        Shape::Mail => ("mail", mail::read(bytes, hint)),
        Shape::Batch(format) => (format, batch::all(bytes)),
        Shape::Xml => ("acns", of_text(bytes, acns::read)),
        Shape::Report => ("xarf", of_text(bytes, |text| vec![xarf::read(text, 0)])),
        Shape::Unknown => ("unknown", Vec::new()),
    };
    if outcomes.is_empty() {
        let how = "no notice was found; send ACNS, XARF, CSV, NDJSON, or a mail that carries one";
        return Reading::refused(format, bytes, Rejection::new(Code::FormatUnknown, "byte 0", how));
    }
    let version = outcomes.iter().find_map(|item| item.version.clone());
    Reading { format, version, outcomes }
}

/// What the bytes look like.
enum Shape {
    Archive,
    Mail,
    Xml,
    /// One JSON document.
    Report,
    /// `csv` or `ndjson`.
    Batch(&'static str),
    Unknown,
}

fn recognise(bytes: &[u8]) -> Shape {
    if is_archive(bytes) {
        return Shape::Archive;
    }
    let start = head(bytes);
    match start.first() {
        // UTF-16 with its mark can only be XML here.
        _ if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") => Shape::Xml,
        Some(b'<') => Shape::Xml,
        Some(b'{') if has_several_lines_of_json(start) => Shape::Batch("ndjson"),
        Some(b'{') if names_a_report(start) => Shape::Report,
        Some(b'{') => Shape::Batch("ndjson"),
        _ if table::is_header(first_line(start)) => Shape::Batch("csv"),
        _ if start.starts_with(b"-----BEGIN PGP SIGNED MESSAGE-----") => Shape::Mail,
        _ if mail::looks_like_mail(start) => Shape::Mail,
        // A text that quotes a notice.
        _ if contains(start, b"Infringement") => Shape::Xml,
        _ => Shape::Unknown,
    }
}

/// The input after a byte-order mark and blanks.
pub(crate) fn head(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start()
}

fn first_line(bytes: &[u8]) -> &[u8] {
    memchr::memchr(b'\n', bytes).map_or(bytes, |end| &bytes[..end])
}

fn has_several_lines_of_json(bytes: &[u8]) -> bool {
    let first = first_line(bytes);
    // The next line that is not blank begins with what is no blank.
    first.trim_ascii_end().ends_with(b"}")
        && bytes[first.len()..].trim_ascii_start().starts_with(b"{")
}

/// What XARF reports of any version name; made ready to be searched for once, not for each notice.
static REPORT_NAMES: LazyLock<[Finder<'static>; 3]> =
    LazyLock::new(|| ["\"xarf_version\"", "\"ReporterInfo\"", "\"report_id\""].map(Finder::new));

fn names_a_report(bytes: &[u8]) -> bool {
    REPORT_NAMES.iter().any(|name| name.find(bytes).is_some()) || !table::is_row(first_line(bytes))
}

pub(crate) fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}

/// zip, gzip, bzip2, xz, zstd, 7-Zip, RAR, by their first bytes.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    let magics: [&[u8]; 8] = [
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\x1f\x8b",
        b"BZh",
        b"\xfd7zXZ",
        b"\x28\xb5\x2f\xfd",
        b"7z\xbc\xaf",
        b"Rar!",
    ];
    magics.iter().any(|magic| bytes.starts_with(magic))
}

pub(crate) fn archive() -> Rejection {
    let how = "archives are never opened; send the notices themselves";
    Rejection::new(Code::ConstructForbidden, "byte 0", how)
}

fn of_text(bytes: &[u8], reader: impl FnOnce(&str) -> Vec<NoticeRead>) -> Vec<NoticeRead> {
    match charset::text(bytes) {
        Ok(text) => reader(&text),
        Err(rejection) => vec![NoticeRead::refused("unknown", bytes, rejection)],
    }
}
