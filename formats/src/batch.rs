//! Big batches as a stream: one notice after another, in memory that no batch can make grow.
//!
//! CSV (the profile's header first), NDJSON (rows of the profile or XARF reports, one a line) and
//! ACNS documents one behind the other. Each notice is bounded; the batch is not.

use std::io::{self, BufRead, Read};

use entremise_core::rejection::{Code, Rejection};

use crate::reading::NoticeRead;
use crate::table::{self, Columns};
use crate::{acns, charset, head, limits};

/// The notices of a stream, in order. An `Err` is the stream's own failure, not the sender's.
pub struct Batch<R> {
    input: R,
    shape: Option<Shape>,
    /// Bytes and lines consumed.
    offset: usize,
    line: usize,
    /// Read but not yet handed out: one chunk can hold several notices.
    waiting: std::collections::VecDeque<NoticeRead>,
    done: bool,
}

enum Shape {
    Csv(Columns),
    Ndjson,
    Acns,
}

/// Every notice of a batch that is in memory already.
pub(crate) fn all(bytes: &[u8]) -> Vec<NoticeRead> {
    let mut items = Vec::new();
    let mut faulty = 0;
    // Reading from memory cannot fail.
    for mut item in Batch::new(bytes).map_while(Result::ok) {
        faulty += usize::from(item.verdict.is_err());
        let enough = items.len() == limits::NOTICES || faulty > limits::FAULTY;
        if enough {
            let how = "too many notices, or too many faulty ones; the rest is not read";
            item.verdict = Err(vec![Rejection::new(Code::TooLarge, item.place.clone(), how)]);
        }
        items.push(item);
        if enough {
            break;
        }
    }
    items
}

impl<R: BufRead> Batch<R> {
    pub fn new(input: R) -> Self {
        let waiting = std::collections::VecDeque::new();
        Self { input, shape: None, offset: 0, line: 0, waiting, done: false }
    }

    /// `csv`, `ndjson` or `acns`, known once the first notice is out.
    pub fn format(&self) -> Option<&'static str> {
        self.shape.as_ref().map(|shape| match shape {
            Shape::Csv(_) => "csv",
            Shape::Ndjson => "ndjson",
            Shape::Acns => "acns",
        })
    }

    fn advance(&mut self) -> io::Result<Option<NoticeRead>> {
        loop {
            if let Some(item) = self.waiting.pop_front() {
                return Ok(Some(item));
            }
            if self.done {
                return Ok(None);
            }
            match &self.shape {
                None => self.begin()?,
                Some(Shape::Acns) => self.next_documents()?,
                Some(Shape::Ndjson | Shape::Csv(_)) => self.next_row()?,
            }
        }
    }

    /// Recognises the shape from what comes first; for CSV, reads the header.
    fn begin(&mut self) -> io::Result<()> {
        let first = loop {
            let buffer = self.input.fill_buf()?;
            let start = head(buffer);
            if let Some(first) = start.first() {
                break Some(*first);
            }
            let blank = buffer.len();
            if blank == 0 {
                break None;
            }
            self.offset += blank;
            self.input.consume(blank);
        };
        match first {
            Some(b'<') => self.shape = Some(Shape::Acns),
            Some(b'{') => self.shape = Some(Shape::Ndjson),
            Some(_) => self.read_header()?,
            None => {
                let how = "there is nothing to read";
                self.refuse_all(&[], Rejection::new(Code::FormatUnknown, "byte 0", how));
            }
        }
        Ok(())
    }

    fn read_header(&mut self) -> io::Result<()> {
        let mut raw = Vec::new();
        let length = match self.take_record(&mut raw, limits::ROW_BYTES, true)? {
            Taken::Record => raw.len(),
            _ => 0,
        };
        match Columns::from_header(head(&raw[..length])) {
            Ok(columns) => self.shape = Some(Shape::Csv(columns)),
            Err(rejection) => self.refuse_all(&raw, rejection),
        }
        Ok(())
    }

    fn next_row(&mut self) -> io::Result<()> {
        let (line, start) = (self.line + 1, self.offset);
        let (format, bound, csv) = match self.shape {
            Some(Shape::Csv(_)) => ("csv", limits::ROW_BYTES, true),
            _ => ("ndjson", limits::DOCUMENT_BYTES, false),
        };
        let mut raw = Vec::new();
        let taken = self.take_record(&mut raw, bound, csv)?;
        let row = head(&raw).trim_ascii_end();
        let start = start + (raw.len() - head(&raw).len());
        match taken {
            Taken::End => self.done = true,
            Taken::TooLong => {
                let how = "this row is longer than is read; the rest of the batch is not read";
                let rejection = Rejection::new(Code::TooLarge, format!("line {line}"), how);
                let mut item = NoticeRead::new(format, &raw[..raw.len().min(1024)], start);
                item.place = format!("line {line}");
                item.refuse(rejection);
                self.waiting.push_back(item);
                self.done = true;
            }
            Taken::Record if row.is_empty() => {}
            Taken::Record => {
                let item = match &self.shape {
                    Some(Shape::Csv(columns)) => table::read_csv(columns, row, line, start),
                    _ => table::read_ndjson(row, line, start),
                };
                self.waiting.push_back(item);
            }
        }
        Ok(())
    }

    /// Takes bytes up to the end of the next closing `Infringement` and reads what is in them.
    fn next_documents(&mut self) -> io::Result<()> {
        let start = self.offset;
        let mut raw = Vec::new();
        loop {
            let taken = self.take_until(&mut raw, b'>', limits::DOCUMENT_BYTES)?;
            match taken {
                Taken::Record if closes_notice(&raw) => break,
                Taken::Record => {}
                Taken::End => {
                    self.done = true;
                    break;
                }
                Taken::TooLong => {
                    let how =
                        "this notice is longer than is read; the rest of the batch is not read";
                    let at = format!("byte {start}");
                    self.refuse_all(&raw[..1024], Rejection::new(Code::TooLarge, at, how));
                    return Ok(());
                }
            }
        }
        match charset::text(&raw) {
            Ok(text) => {
                for mut item in acns::read(&text) {
                    item.span = item.span.start + start..item.span.end + start;
                    item.place = format!("byte {}", item.span.start);
                    self.waiting.push_back(item);
                }
            }
            Err(rejection) => {
                let mut item = NoticeRead::new("acns", &raw, start);
                item.refuse(rejection);
                self.waiting.push_back(item);
            }
        }
        Ok(())
    }

    /// Appends one record up to its line end; in CSV, line ends within a quoted field do not count.
    fn take_record(&mut self, raw: &mut Vec<u8>, bound: usize, csv: bool) -> io::Result<Taken> {
        let mut place = Place::Start;
        loop {
            let before = raw.len();
            let taken = self.take_until(raw, b'\n', bound)?;
            self.line += usize::from(raw.len() > before);
            if csv {
                place = raw[before..].iter().fold(place, |place, byte| place.after(*byte));
            }
            match taken {
                Taken::Record if place == Place::Quoted && raw.ends_with(b"\n") => {}
                Taken::End if before > 0 => return Ok(Taken::Record),
                other => return Ok(other),
            }
        }
    }

    /// Appends bytes up to and with `end`, or up to the end of the stream, `bound` at most.
    fn take_until(&mut self, raw: &mut Vec<u8>, end: u8, bound: usize) -> io::Result<Taken> {
        let room = bound.saturating_sub(raw.len());
        let taken = self.input.by_ref().take(room as u64).read_until(end, raw)?;
        self.offset += taken;
        Ok(match taken {
            0 if room == 0 => Taken::TooLong,
            0 => Taken::End,
            _ if raw.last() == Some(&end) => Taken::Record,
            _ if raw.len() >= bound => Taken::TooLong,
            // The last record need not end with the mark.
            _ if end == b'\n' => Taken::Record,
            _ => Taken::End,
        })
    }

    fn refuse_all(&mut self, raw: &[u8], rejection: Rejection) {
        let format = self.format().unwrap_or("unknown");
        self.waiting.push_back(NoticeRead::refused(format, raw, rejection));
        self.done = true;
    }
}

enum Taken {
    Record,
    TooLong,
    End,
}

/// Where in a CSV record a byte stands. A quotation mark within a plain field opens nothing: the
/// row is malformed, but it must not swallow the rows behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Plain,
    Quoted,
    /// Behind a mark that closes the field, or doubles.
    Closed,
}

impl Place {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Start | Self::Closed, b'"') => Self::Quoted,
            (Self::Quoted, b'"') => Self::Closed,
            (Self::Quoted, _) => Self::Quoted,
            (_, b',' | b'\n') => Self::Start,
            _ => Self::Plain,
        }
    }
}

/// Whether the bytes end with `</Infringement>` or `</prefix:Infringement >`.
fn closes_notice(raw: &[u8]) -> bool {
    let tail = &raw[raw.len().saturating_sub(64)..];
    let Some(start) = tail.windows(2).rposition(|pair| pair == b"</") else {
        return false;
    };
    let name = tail[start + 2..].strip_suffix(b">").unwrap_or_default().trim_ascii_end();
    name == b"Infringement" || name.ends_with(b":Infringement")
}

impl<R: BufRead> Iterator for Batch<R> {
    type Item = io::Result<NoticeRead>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        if next.is_err() {
            self.done = true;
        }
        next.transpose()
    }
}
