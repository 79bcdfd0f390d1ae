//! Adds to the index: one writer at a time, in steps that each leave a whole index behind.
//!
//! Spans are gathered, sorted and written as segments; [`Builder::commit`] makes everything
//! durable and then replaces the manifest. Until that rename nothing that was there changes: a
//! load that is killed is as if it had never begun. Many small segments are merged into one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::accounts::{self, AccountNumbers, AccountSeal, AccountTable};
use super::manifest::{Manifest, SegmentEntry};
use super::segment::Segment;
use super::write::{Order, SegmentWriter, Written, digest_path, order};
use crate::interval::{Millis, Span};
use crate::keys::KeyFile;
use crate::read::Names;

/// How many spans are sorted at once: about 300 MB.
const SORTED_AT_ONCE: usize = 1 << 20;
/// More segments than this are merged: each look-up visits all of them.
const SEGMENTS_MAX: usize = 6;

/// What a load leaves open, at a commit.
#[derive(Default)]
pub struct OpenEnds {
    /// Accounts that the state names: their names are kept, spans or not.
    pub accounts: Vec<u32>,
    /// Spans that may still change, and the state in bytes. None: neither has changed.
    pub rewritten: Option<(Vec<Span>, Vec<u8>)>,
    /// Open ends were dropped, because they may be kept no longer.
    pub forgot: bool,
}

/// The one writer of an index directory.
pub struct Builder {
    directory: PathBuf,
    pub manifest: Manifest,
    names: NameBook,
    pending: Vec<Span>,
    written: Vec<SegmentEntry>,
    /// Spans that ended before may not be kept any longer.
    keep_from: Option<Millis>,
    /// Counts the files of this builder, so that no name is used twice.
    serial: u32,
    _lock: File,
}

/// Numbers for names while reading.
pub struct NameBook {
    numbers: AccountNumbers,
    seal: AccountSeal,
    spaces: Vec<String>,
}

impl Names for NameBook {
    fn account(&mut self, name: &[u8]) -> u32 {
        self.numbers.number(name, &self.seal)
    }

    fn space(&mut self, name: &str) -> u16 {
        let known = self.spaces.iter().position(|space| space == name);
        let index = known.unwrap_or_else(|| {
            self.spaces.push(name.to_owned());
            self.spaces.len() - 1
        });
        // 65,535 routing instances on one provider's network do not exist; if they did, the last
        // one would collect what is ambiguous, not the public one.
        u16::try_from(index).unwrap_or(u16::MAX)
    }
}

impl Builder {
    /// Opens or begins the index of a directory. Fails where another writer is at work.
    pub fn open(directory: &Path, keys: &KeyFile) -> anyhow::Result<Self> {
        let lock = File::create(directory.join("writer.lock"))
            .with_context(|| format!("locking {}", directory.display()))?;
        if lock.try_lock().is_err() {
            bail!("another load or the running server writes to {}", directory.display());
        }
        let manifest = Manifest::read(directory)?.unwrap_or_else(Manifest::new);
        let names = NameBook {
            numbers: AccountNumbers::of(&tables(directory, &manifest)?),
            seal: AccountSeal::new(&keys.index),
            spaces: manifest.spaces.clone(),
        };
        let builder = Self {
            directory: directory.to_owned(),
            manifest,
            names,
            pending: Vec::new(),
            written: Vec::new(),
            keep_from: None,
            serial: 0,
            _lock: lock,
        };
        builder.sweep();
        Ok(builder)
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn names(&mut self) -> &mut NameBook {
        &mut self.names
    }

    /// From now on each commit drops what ended before this instant: segments in which nothing is
    /// younger, and single spans when their segment is merged.
    pub fn keep_from(&mut self, instant: Millis) {
        self.keep_from = Some(instant);
    }

    /// Whether a commit would drop a segment.
    pub fn has_outlived(&self) -> bool {
        self.manifest.segments.iter().any(|entry| self.is_outlived(entry))
    }

    fn is_outlived(&self, entry: &SegmentEntry) -> bool {
        matches!((entry.last_end, self.keep_from), (Some(end), Some(from)) if end < from)
    }

    /// Takes a span that will not change again.
    pub fn push(&mut self, span: Span) -> anyhow::Result<()> {
        self.pending.push(span);
        if self.pending.len() >= SORTED_AT_ONCE { self.flush() } else { Ok(()) }
    }

    /// Makes everything pushed so far part of the index, together with the spans that are still
    /// open and the state to go on from.
    pub fn commit(&mut self, open: OpenEnds) -> anyhow::Result<()> {
        self.flush()?;
        let mut next = self.manifest.clone();
        next.generation += 1;
        next.spaces.clone_from(&self.names.spaces);
        next.segments.append(&mut self.written);
        let before = next.segments.len();
        next.segments.retain(|entry| !self.is_outlived(entry));
        let mut dropped = open.forgot || next.segments.len() < before;
        if next.segments.len() > SEGMENTS_MAX {
            let (segments, left_out) = self.merge(&next.segments)?;
            next.segments = segments;
            dropped |= left_out;
        }
        let (first, fresh) = self.names.numbers.take_fresh();
        if !fresh.is_empty() {
            let name = self.file_name("acc");
            accounts::write(&self.directory.join(&name), first, &fresh, &self.names.seal)?;
            next.accounts.push(name);
        }
        if let Some((spans, state)) = open.rewritten {
            self.write_open(&mut next, spans, &state)?;
        }
        let erased = dropped && self.erase_unused(&mut next, &open.accounts)?;
        next.write(&self.directory)?;
        self.manifest = next;
        self.serial = 0;
        if erased {
            // Who comes back gets a new number.
            self.names.numbers = AccountNumbers::of(&tables(&self.directory, &self.manifest)?);
        }
        self.sweep();
        Ok(())
    }

    fn write_open(
        &mut self,
        next: &mut Manifest,
        mut spans: Vec<Span>,
        state: &[u8],
    ) -> anyhow::Result<()> {
        let name = self.file_name("seg");
        spans.sort_unstable_by_key(order);
        write_segment(&self.directory.join(&name), spans.iter())?;
        next.open = Some(name);
        let name = self.file_name("state");
        let path = self.directory.join(&name);
        fs::write(&path, state).with_context(|| format!("writing {}", path.display()))?;
        File::open(&path)?.sync_all()?;
        next.state = Some(name);
        Ok(())
    }

    /// Erases the sealed names of accounts of which no span is left. True where there were any.
    fn erase_unused(&mut self, next: &mut Manifest, open: &[u32]) -> anyhow::Result<bool> {
        let mut used = vec![false; self.names.numbers.count()];
        let mut mark = |number: u32| {
            if let Some(used) = used.get_mut(number as usize) {
                *used = true;
            }
        };
        open.iter().copied().for_each(&mut mark);
        for name in next.segments.iter().map(|entry| &entry.name).chain(&next.open) {
            Segment::open(&self.directory.join(name))?.accounts().for_each(&mut mark);
        }
        let is_used = |number: u32| used.get(number as usize).copied().unwrap_or(true);
        let mut erased = false;
        for known in &mut next.accounts {
            let table = AccountTable::open(&self.directory.join(&*known))?;
            let name = self.file_name("acc");
            if table.write_used(&self.directory.join(&name), is_used)? {
                *known = name;
                erased = true;
            }
        }
        Ok(erased)
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut sorted: Vec<(Order, u32)> = self.pending.iter().map(order).zip(0..).collect();
        sorted.sort_unstable();
        let name = self.file_name("seg");
        let spans = sorted.iter().map(|(_, number)| &self.pending[*number as usize]);
        let Written { records, last_end } = write_segment(&self.directory.join(&name), spans)?;
        self.written.push(SegmentEntry { name, records, last_end });
        self.pending.clear();
        Ok(())
    }

    /// Merges the small segments, and the large one too once the small ones outgrow half of it.
    /// True where spans were left out that may be kept no longer.
    fn merge(&mut self, entries: &[SegmentEntry]) -> anyhow::Result<(Vec<SegmentEntry>, bool)> {
        let largest = entries.iter().map(|entry| entry.records).max().unwrap_or(0);
        let total: u64 = entries.iter().map(|entry| entry.records).sum();
        let spared = total - largest < largest / 2;
        let mut kept = Vec::new();
        let mut merged = Vec::new();
        for entry in entries {
            if spared && kept.is_empty() && entry.records == largest {
                kept.push(entry.clone());
            } else {
                merged.push(Segment::open(&self.directory.join(&entry.name))?);
            }
        }
        let name = self.file_name("seg");
        let mut writer = SegmentWriter::create(&self.directory.join(&name))?;
        let mut sources: Vec<_> = merged.iter().map(|segment| segment.spans().peekable()).collect();
        // The lowest span of each source, the lowest of all on top.
        let mut heads: BinaryHeap<Reverse<(Order, usize)>> = BinaryHeap::new();
        for (number, source) in sources.iter_mut().enumerate() {
            heads.extend(source.peek().map(|span| Reverse((order(span), number))));
        }
        let mut left_out = false;
        while let Some(mut head) = heads.peek_mut() {
            let source = &mut sources[head.0.1];
            let span = source.next();
            match source.peek() {
                Some(following) => head.0.0 = order(following),
                None => drop(PeekMut::pop(head)),
            }
            let Some(span) = span else { continue };
            if self.keep_from.is_none_or(|from| span.end >= from) {
                writer.push(&span)?;
            } else {
                left_out = true;
            }
        }
        let Written { records, last_end } = writer.finish()?;
        kept.push(SegmentEntry { name, records, last_end });
        Ok((kept, left_out))
    }

    fn file_name(&mut self, extension: &str) -> String {
        self.serial += 1;
        format!("{:08}-{:03}.{extension}", self.manifest.generation + 1, self.serial)
    }

    /// Removes what no manifest names: left by a load that was killed, or replaced by a merge.
    fn sweep(&self) {
        let named: Vec<PathBuf> =
            self.manifest.names().map(|name| self.directory.join(name)).collect();
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let ours = path.extension().is_some_and(|extension| {
                ["seg", "dig", "acc", "state"].iter().any(|known| extension == *known)
            });
            let is_named = named.iter().any(|name| *name == path || digest_path(name) == path);
            if ours && !is_named && !self.is_written(&path) {
                let _ = fs::remove_file(&path);
            }
        }
    }

    fn is_written(&self, path: &Path) -> bool {
        self.written.iter().any(|entry| {
            let written = self.directory.join(&entry.name);
            written == path || digest_path(&written) == path
        })
    }
}

fn tables(directory: &Path, manifest: &Manifest) -> anyhow::Result<Vec<AccountTable>> {
    manifest
        .accounts
        .iter()
        .map(|name| AccountTable::open(&directory.join(name)))
        .collect::<Result<_, _>>()
        .with_context(|| format!("opening the accounts of {}", directory.display()))
}

fn write_segment<'a>(
    path: &Path,
    spans: impl Iterator<Item = &'a Span>,
) -> anyhow::Result<Written> {
    let mut writer =
        SegmentWriter::create(path).with_context(|| format!("writing {}", path.display()))?;
    for span in spans {
        writer.push(span)?;
    }
    writer.finish().with_context(|| format!("writing {}", path.display()))
}
