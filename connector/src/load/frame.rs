//! Where one record ends and the next begins. A record that is not complete yet stays in the file
//! until it is: a growing file is read again from there.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use crate::read::Format;

/// Longer records are nobody's records.
const RECORD_BYTES_MAX: usize = 1 << 20;

/// The next record in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// So many bytes, with all that separates it from the next one.
    Record(usize),
    /// So many bytes that are too long to be a record.
    TooLong(usize),
    /// Nothing complete.
    Incomplete,
}

/// Finds the end of the record that begins at the buffer's start. `at_end` says that nothing will
/// follow, so that the rest is a record too.
pub fn next(format: Format, buffer: &[u8], at_end: bool) -> Frame {
    if buffer.is_empty() {
        return Frame::Incomplete;
    }
    let end = match format {
        Format::RadiusDetail => paragraph(buffer),
        Format::IscDhcpd => block(buffer),
        Format::Deterministic => None,
        _ => memchr::memchr(b'\n', buffer).map(|at| at + 1),
    };
    match end {
        Some(length) if length > RECORD_BYTES_MAX => Frame::TooLong(length),
        Some(length) => Frame::Record(length),
        None if at_end && (buffer.len() <= RECORD_BYTES_MAX || format == Format::Deterministic) => {
            Frame::Record(buffer.len())
        }
        None if at_end || buffer.len() > RECORD_BYTES_MAX => Frame::TooLong(buffer.len()),
        None => Frame::Incomplete,
    }
}

/// Up to and with the blank line behind a paragraph.
fn paragraph(buffer: &[u8]) -> Option<usize> {
    // Made ready once, not for each of a million records.
    static BLANK_LINE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\n\n"));
    let begins = buffer.iter().position(|byte| !matches!(byte, b'\n' | b'\r'))?;
    BLANK_LINE.find(&buffer[begins..]).map(|at| begins + at + 2)
}

/// A statement of one line, or a block up to its closing brace in the first column.
fn block(buffer: &[u8]) -> Option<usize> {
    let line = memchr::memchr(b'\n', buffer)?;
    if buffer[..line].trim_ascii_end().ends_with(b"{") {
        let close = memmem::find(&buffer[line..], b"\n}")? + line + 2;
        return memchr::memchr(b'\n', &buffer[close..]).map(|at| close + at + 1);
    }
    Some(line + 1)
}
