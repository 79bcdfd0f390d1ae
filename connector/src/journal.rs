//! Files of lines, appended to and durable before what they speak of leaves. They make answers
//! idempotent, count disclosures, feed the frequency alarm and the daily cap after a restart.
//!
//! One JSON object per line. Lines hold handles and keyed names, never an account or a name. A
//! line that a crash cut short is dropped when the journal is opened: its answer never left.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Where a line lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinePlace {
    offset: u64,
    length: u32,
}

/// An append-only file of lines. Several threads append; one fsync serves all who wait for it.
pub struct Journal {
    path: PathBuf,
    file: RwLock<File>,
    end: Mutex<u64>,
    durable: Mutex<u64>,
}

impl Journal {
    /// Opens or begins a journal and gives each whole line to `replay`.
    pub fn open<L: DeserializeOwned>(
        path: &Path,
        mut replay: impl FnMut(L, LinePlace),
    ) -> anyhow::Result<Self> {
        Self::open_bytes(path, |line, place| {
            replay(serde_json::from_slice(line)?, place);
            Ok(())
        })
    }

    /// The same with the bytes of each line, without its end.
    pub fn open_bytes(
        path: &Path,
        mut replay: impl FnMut(&[u8], LinePlace) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("opening the journal {}", path.display()))?;
        let mut reader = BufReader::new(&file);
        let mut offset = 0;
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if !line.ends_with(b"\n") {
                break;
            }
            let place = LinePlace { offset, length: u32::try_from(length)? };
            replay(&line[..length - 1], place)
                .with_context(|| format!("{} is damaged at byte {offset}", path.display()))?;
            offset += length as u64;
        }
        file.set_len(offset)?;
        (&file).seek(SeekFrom::Start(offset))?;
        Ok(Self {
            path: path.to_owned(),
            file: RwLock::new(file),
            end: Mutex::new(offset),
            durable: Mutex::new(offset),
        })
    }

    /// Appends lines together; they are durable after [`Journal::make_durable`].
    pub fn append<L: Serialize>(&self, lines: &[L]) -> anyhow::Result<Vec<LinePlace>> {
        let mut bytes = Vec::new();
        let mut lengths = Vec::with_capacity(lines.len());
        for line in lines {
            let before = bytes.len();
            serde_json::to_writer(&mut bytes, line)?;
            bytes.push(b'\n');
            lengths.push(u32::try_from(bytes.len() - before)?);
        }
        self.append_bytes(&bytes, &lengths)
    }

    /// Appends lines as they are; `lengths` counts the line ends too.
    pub fn append_bytes(&self, bytes: &[u8], lengths: &[u32]) -> anyhow::Result<Vec<LinePlace>> {
        let mut end = held(&self.end);
        let file = self.file();
        if let Err(error) = (&*file).write_all(bytes) {
            // Half a line must not stay in front of the next one.
            file.set_len(*end)?;
            (&*file).seek(SeekFrom::Start(*end))?;
            return Err(error).context("writing the journal");
        }
        let mut places = Vec::with_capacity(lengths.len());
        for &length in lengths {
            places.push(LinePlace { offset: *end, length });
            *end += u64::from(length);
        }
        Ok(places)
    }

    /// Returns when everything appended before the call is on the disk.
    pub fn make_durable(&self) -> anyhow::Result<()> {
        let wanted = *held(&self.end);
        let mut durable = held(&self.durable);
        // While this thread waited, another's fsync may have covered its lines.
        if *durable >= wanted {
            return Ok(());
        }
        let reached = *held(&self.end);
        self.file().sync_data().context("making the journal durable")?;
        *durable = reached;
        Ok(())
    }

    /// Drops the lines from this one on: they were written by a call that never ended.
    pub fn cut(&self, from: LinePlace) -> anyhow::Result<()> {
        let mut end = held(&self.end);
        let file = self.file();
        file.set_len(from.offset)?;
        (&*file).seek(SeekFrom::Start(from.offset))?;
        file.sync_data()?;
        *end = from.offset;
        *held(&self.durable) = from.offset;
        Ok(())
    }

    /// Reads a line again.
    pub fn read<L: DeserializeOwned>(&self, place: LinePlace) -> anyhow::Result<L> {
        let mut line = vec![0; place.length as usize];
        self.file().read_exact_at(&mut line, place.offset).context("reading the journal")?;
        serde_json::from_slice(&line).context("a line of the journal is damaged")
    }

    /// Erases the lines that `keep` does not hold to: the file is written again without them and
    /// takes the old one's place. `keep` is told where each line that stays will lie. Nobody may
    /// hold a place of before.
    pub fn erase(
        &self,
        mut keep: impl FnMut(&[u8], LinePlace) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let mut end = held(&self.end);
        let mut durable = held(&self.durable);
        let mut file = self.file.write().unwrap_or_else(PoisonError::into_inner);
        let fresh_path = self.path.with_extension("new");
        let _ = fs::remove_file(&fresh_path);
        let mut options = OpenOptions::new();
        let fresh =
            options.read(true).write(true).create_new(true).mode(0o600).open(&fresh_path)?;
        let mut writer = BufWriter::new(&fresh);
        (&*file).seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::new(&*file);
        let mut offset = 0;
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            let place = LinePlace { offset, length: u32::try_from(line.len())? };
            if keep(line.strip_suffix(b"\n").unwrap_or(&line), place)? {
                writer.write_all(&line)?;
                offset += line.len() as u64;
            }
            line.clear();
        }
        writer.flush()?;
        drop(writer);
        fresh.sync_all()?;
        fs::rename(&fresh_path, &self.path)?;
        if let Some(directory) = self.path.parent() {
            File::open(directory)?.sync_all()?;
        }
        *file = fresh;
        (*end, *durable) = (offset, offset);
        Ok(())
    }

    fn file(&self) -> RwLockReadGuard<'_, File> {
        self.file.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A panic elsewhere leaves the figures behind these locks whole.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
