//! From the provider's files to the index: frames records, hands them to their reader and fold,
//! counts what cannot be read, and commits.
//!
//! A file is known again by the length and the mark of what was read of it. The same file twice
//! changes nothing; a file that has grown is read on from where it was left; a file that was
//! rewritten (Kea cleans its lease file up) is read from its beginning, which states the same
//! again.

mod coverage;
pub mod frame;
mod report;
pub mod state;

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use memmap2::Mmap;
use ring::digest;

use self::coverage::Seen;
use self::frame::Frame;
pub use self::report::FileReport;
use self::state::{Content, ParameterFile, State, StoredSpan};
use crate::index::build::{Builder, OpenEnds};
use crate::index::manifest::FileEntry;
use crate::interval::{Millis, SECOND, Span};
use crate::keys::KeyFile;
use crate::read::{
    ErrorCode, Format, LineError, ReadOptions, cgnat_a10, cgnat_cisco_xr, cgnat_juniper,
    deterministic, isc_dhcpd, kea_forensic, kea_lease, radius_detail,
};

/// Bytes at each end of a file that mark it.
const MARKED: usize = 1 << 16;

/// One load: any number of files, then [`Loader::commit`].
pub struct Loader {
    builder: Builder,
    state: State,
    read_at: Option<Millis>,
    keep_from: Option<Millis>,
    /// Open ends are next looked through when records from here on are kept.
    forget_next: Millis,
    /// Something was read since the last commit.
    changed: bool,
    /// Files that are followed, kept open where they were left.
    tails: HashMap<(PathBuf, Format, u16), Tail>,
}

/// A followed file. Kept open, so that what was appended before a rotation is read after it.
struct Tail {
    file: File,
    inode: u64,
    read: usize,
    line: u64,
}

impl Loader {
    pub fn open(directory: &Path, keys: &KeyFile) -> anyhow::Result<Self> {
        let builder = Builder::open(directory, keys)?;
        let state = State::read(directory, &builder.manifest)?;
        Ok(Self {
            builder,
            state,
            read_at: None,
            keep_from: None,
            forget_next: Millis::MIN,
            changed: false,
            tails: HashMap::new(),
        })
    }

    /// The number of a routing instance by its name.
    pub fn space(&mut self, name: &str) -> u16 {
        use crate::read::Names;
        self.builder.names().space(name)
    }

    pub fn generation(&self) -> u64 {
        self.builder.manifest.generation
    }

    /// From now on each commit drops what ended before this instant.
    pub fn keep_from(&mut self, instant: Millis) {
        self.keep_from = Some(instant);
        self.builder.keep_from(instant);
    }

    /// When the files are read. Records that claim to be from later are not believed to be the
    /// newest ones; without it all are.
    pub fn read_at(&mut self, now: Millis) {
        self.read_at = Some(now);
    }

    /// Whether the index holds a segment that a commit would drop.
    pub fn has_outlived(&self) -> bool {
        self.builder.has_outlived()
    }

    /// Reads a whole file to its end. `progress` is told how many bytes of it are done.
    pub fn load(
        &mut self,
        path: &Path,
        format: Format,
        options: &ReadOptions,
        progress: &mut dyn FnMut(u64),
    ) -> anyhow::Result<FileReport> {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        let source = Opened { path, file: &file, format, options, at_end: true };
        Ok(self.read(&source, None, progress)?.0)
    }

    /// Reads what was appended to a followed file since the last call, leaving an unfinished
    /// record for the next one. After a rotation: the rest of the old file, then the new one.
    pub fn follow(
        &mut self,
        path: &Path,
        format: Format,
        options: &ReadOptions,
    ) -> anyhow::Result<FileReport> {
        let key = (path.to_owned(), format, options.space);
        let now = std::fs::metadata(path).with_context(|| format!("opening {}", path.display()))?;
        let mut report = FileReport::default();
        let mut tail = self.tails.remove(&key);
        if let Some(known) = tail.take() {
            let length = known.file.metadata()?.len();
            let rotated = known.inode != now.ino();
            let cut = (length as usize) < known.read;
            if !rotated && !cut && length as usize == known.read {
                self.tails.insert(key, known);
                return Ok(report);
            }
            if !cut {
                let file = known.file.try_clone()?;
                let source = Opened { path, file: &file, format, options, at_end: rotated };
                let (read, next) = self.read(&source, Some(known), &mut |_| {})?;
                report = read;
                if !rotated {
                    self.tails.insert(key, next);
                    return Ok(report);
                }
            }
        }
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        let source = Opened { path, file: &file, format, options, at_end: false };
        let (read, next) = self.read(&source, None, &mut |_| {})?;
        self.tails.insert(key, next);
        report.join(read);
        Ok(report)
    }

    fn read(
        &mut self,
        source: &Opened<'_>,
        tail: Option<Tail>,
        progress: &mut dyn FnMut(u64),
    ) -> anyhow::Result<(FileReport, Tail)> {
        let (path, format, options) = (source.path, source.format, source.options);
        let metadata = source.file.metadata()?;
        // SAFETY: log files are appended to; one that is cut while it is mapped ends this process
        // with SIGBUS before anything is committed, as a kill would.
        let bytes = unsafe { Mmap::map(source.file) }
            .with_context(|| format!("mapping {}", path.display()))?;
        let name = std::path::absolute(path)?.to_string_lossy().into_owned();
        let mut report = FileReport::default();
        let mut reading = Reading::new(format, options, &bytes);
        reading.coverage.read_at = self.read_at;
        let start = match tail {
            Some(tail) => {
                reading.line = tail.line;
                tail.read
            }
            None => self.resume(&name, format, options.space, &bytes, &mut reading),
        };
        report.known = start == bytes.len() && start > 0;
        let mut end = start;
        if start < bytes.len() {
            let range = Range { bytes: &bytes, start, at_end: source.at_end, name: &name };
            end = self.read_records(&range, &mut reading, &mut report, progress)?;
            report.bytes = (end - start) as u64;
            self.changed |= end > start;
            self.note_file(&name, &bytes[..end], &reading);
            self.note_source(format, &reading, &report);
        }
        let tail = Tail {
            file: source.file.try_clone()?,
            inode: metadata.ino(),
            read: end,
            line: reading.line,
        };
        Ok((report, tail))
    }

    fn note_file(&mut self, name: &str, read: &[u8], reading: &Reading<'_>) {
        let (format, space) = (reading.format, reading.options.space);
        let files = &mut self.builder.manifest.files;
        let mut last = reading.coverage.last();
        files.retain(|known| {
            let same = (known.path.as_str(), known.format, known.space) == (name, format, space);
            if same {
                // What was rotated away was read under this name.
                last = last.max(known.last);
            }
            !same
        });
        files.push(FileEntry {
            path: name.to_owned(),
            format,
            space,
            bytes_read: read.len() as u64,
            digest: mark(read),
            last,
        });
    }

    /// Makes everything read so far part of the index.
    pub fn commit(&mut self) -> anyhow::Result<()> {
        let forgot = self.forget();
        self.changed |= forgot || self.generation() == 0;
        if !self.changed && !self.has_outlived() {
            return Ok(());
        }
        let rewritten = match self.changed {
            true => Some((self.state.open_spans(), self.state.to_bytes()?)),
            false => None,
        };
        self.builder.commit(OpenEnds { accounts: self.state.accounts(), rewritten, forgot })?;
        self.changed = false;
        Ok(())
    }

    /// Drops the open ends that may be kept no longer, once a day: each time the whole index is
    /// searched for names that nothing needs any more.
    fn forget(&mut self) -> bool {
        let Some(instant) = self.keep_from.filter(|from| *from >= self.forget_next) else {
            return false;
        };
        self.forget_next = instant + 86_400 * SECOND;
        self.state.forget_before(instant)
    }

    /// Where to go on in a file: behind what was read of it, if that is still what it begins with.
    fn resume(
        &self,
        name: &str,
        format: Format,
        space: u16,
        bytes: &[u8],
        reading: &mut Reading<'_>,
    ) -> usize {
        for known in &self.builder.manifest.files {
            let length = usize::try_from(known.bytes_read).unwrap_or(usize::MAX);
            // The same content under another name (rotated, copied) is the same records.
            if known.format != format
                || known.space != space
                || length > bytes.len()
                || (known.path != name && length != bytes.len())
            {
                continue;
            }
            if mark(&bytes[..length]) == known.digest {
                reading.line = 1 + memchr::memchr_iter(b'\n', &bytes[..length]).count() as u64;
                return length;
            }
        }
        0
    }

    fn read_records(
        &mut self,
        range: &Range<'_>,
        reading: &mut Reading<'_>,
        report: &mut FileReport,
        progress: &mut dyn FnMut(u64),
    ) -> anyhow::Result<usize> {
        let &Range { bytes, start, at_end, name } = range;
        let mut at = start;
        let mut shown = start;
        let mut spans = Vec::new();
        loop {
            let (length, outcome) = match frame::next(reading.format, &bytes[at..], at_end) {
                Frame::Incomplete => break,
                Frame::TooLong(length) => {
                    let how = "a record of more than 1 MiB; is this the named format?";
                    (length, Err(LineError::new(ErrorCode::TooLong, how)))
                }
                Frame::Record(length) => {
                    let record = &bytes[at..at + length];
                    (length, self.take(record, name, reading, report, &mut spans))
                }
            };
            if let Err(mut error) = outcome {
                error.line = reading.line + leading_lines(&bytes[at..at + length]);
                report.note(error);
            }
            for span in spans.drain(..) {
                self.builder.push(span)?;
            }
            reading.line += memchr::memchr_iter(b'\n', &bytes[at..at + length]).count() as u64;
            at += length;
            if at - shown > 1 << 22 {
                progress(at as u64);
                shown = at;
            }
        }
        progress(at as u64);
        Ok(at)
    }

    /// Gives one record to its reader, and what that says to its fold.
    fn take(
        &mut self,
        record: &[u8],
        file: &str,
        reading: &mut Reading<'_>,
        report: &mut FileReport,
        spans: &mut Vec<Span>,
    ) -> Result<(), LineError> {
        let (format, options) = (reading.format, reading.options);
        let names = self.builder.names();
        let mut emit = |span| spans.push(span);
        let outcome = match format {
            Format::Deterministic => {
                self.parameters(record, file, reading, report);
                return Ok(());
            }
            Format::RadiusDetail => {
                radius_detail::read(record, options, names, &mut reading.accounting)
            }
            Format::KeaLease4 | Format::KeaLease6 => kea_lease::read(
                record,
                &mut reading.columns,
                format == Format::KeaLease6,
                options,
                names,
                &mut reading.rows,
            ),
            Format::KeaForensic => kea_forensic::read(record, options, names, &mut reading.rows),
            Format::IscDhcpd => isc_dhcpd::read(record, options, names, &mut reading.rows),
            Format::CgnatJuniper => cgnat_juniper::read(record, options, &mut reading.lines),
            Format::CgnatA10 => cgnat_a10::read(record, options, &mut reading.lines),
            Format::CgnatCiscoXr => {
                cgnat_cisco_xr::read(record, options, names, &mut reading.lines)
            }
        };
        match self.state.fold(format, options.space) {
            Content::Sessions(sessions) => {
                for accounting in reading.accounting.drain(..) {
                    reading.coverage.see(accounting.at, format);
                    report.records += 1;
                    reading.unusable |= accounting.status
                        != crate::interval::session::Status::AllClosed
                        && accounting.holder == crate::interval::Holder::Unusable;
                    sessions.apply(accounting, &mut emit);
                }
            }
            Content::Leases(leases) => {
                for row in reading.rows.drain(..) {
                    if let crate::interval::lease::Says::Held { holder, start, .. } = row.says {
                        reading.coverage.see(start, format);
                        reading.unusable |= holder == crate::interval::Holder::Unusable;
                    }
                    report.records += 1;
                    leases.apply(format, row, &mut emit);
                }
            }
            Content::Blocks(blocks) => {
                for line in reading.lines.drain(..) {
                    reading.coverage.see(line.at, format);
                    report.records += 1;
                    blocks.apply(format, line, &mut emit);
                }
            }
        }
        if std::mem::take(&mut reading.unusable) {
            return Err(LineError::new(
                ErrorCode::SubscriberUnusable,
                "the record names no subscriber (empty, or all zeros); questions about it are \
                 answered with an error, never with a name",
            ));
        }
        outcome
    }

    fn parameters(
        &mut self,
        text: &[u8],
        file: &str,
        reading: &mut Reading<'_>,
        report: &mut FileReport,
    ) {
        let mut maps = Vec::new();
        let mut spans = Vec::new();
        let mut errors = Vec::new();
        deterministic::read(text, self.builder.names(), &mut maps, &mut spans, &mut errors);
        report.records += (maps.len() + spans.len()) as u64;
        for mut error in errors {
            error.line = reading.line;
            report.note(error);
        }
        self.state.parameters.retain(|known| known.path != file);
        let spans = spans.iter().map(StoredSpan::of).collect();
        self.state.parameters.push(ParameterFile { path: file.to_owned(), maps, spans });
    }

    fn note_source(&mut self, format: Format, reading: &Reading<'_>, report: &FileReport) {
        let entry = self.builder.manifest.sources.entry(format).or_default();
        entry.records += report.records;
        entry.errors += report.error_count();
        reading.coverage.add_to(entry);
    }
}

/// An open file and how to read it.
struct Opened<'a> {
    path: &'a Path,
    file: &'a File,
    format: Format,
    options: &'a ReadOptions,
    /// Nothing will be appended any more: the rest is a record too.
    at_end: bool,
}

/// The part of a file that is read now.
struct Range<'a> {
    bytes: &'a [u8],
    start: usize,
    at_end: bool,
    name: &'a str,
}

/// One file while it is read.
struct Reading<'a> {
    format: Format,
    options: &'a ReadOptions,
    columns: Option<kea_lease::Columns>,
    line: u64,
    coverage: Seen,
    unusable: bool,
    accounting: Vec<crate::interval::session::Accounting>,
    rows: Vec<crate::interval::lease::Row>,
    lines: Vec<crate::interval::block::Line>,
}

impl<'a> Reading<'a> {
    fn new(format: Format, options: &'a ReadOptions, bytes: &[u8]) -> Self {
        // Where reading goes on behind it, the header row still says what the columns are.
        let header = memchr::memchr(b'\n', bytes).map_or(bytes, |end| &bytes[..end]);
        let columns = matches!(format, Format::KeaLease4 | Format::KeaLease6)
            .then(|| kea_lease::Columns::from_header(header))
            .flatten();
        Self {
            format,
            options,
            columns,
            line: 1,
            coverage: Seen::default(),
            unusable: false,
            accounting: Vec::new(),
            rows: Vec::new(),
            lines: Vec::new(),
        }
    }
}

/// What a file is known again by: SHA-256 of its first and last parts. A log that was rewritten or
/// cut differs at one of its ends; hashing all of it would cost as much as reading it.
fn mark(read: &[u8]) -> String {
    let mut digested = digest::Context::new(&digest::SHA256);
    digested.update(&read[..read.len().min(MARKED)]);
    digested.update(&read[read.len().saturating_sub(MARKED)..]);
    hex::encode(digested.finish())
}

/// Blank lines in front of a record: the error is told of the line after them.
fn leading_lines(record: &[u8]) -> u64 {
    let begins = record.iter().position(|byte| !matches!(byte, b'\n' | b'\r')).unwrap_or(0);
    memchr::memchr_iter(b'\n', &record[..begins]).count() as u64
}

/// The version that evidence names: records are read the same way by the same version.
pub fn reader_version() -> String {
    format!("entremise-connector {}", env!("CARGO_PKG_VERSION"))
}
