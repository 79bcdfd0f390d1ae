//! What was answered, append-only and durable before the answer leaves. It makes answers
//! idempotent, counts disclosures, feeds the frequency alarm and the daily cap after a restart.
//!
//! One JSON object per line. Lines hold handles and keyed names, never an account or a name. A
//! line that a crash cut short is dropped when the journal is opened: its answer never left.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    file: File,
    end: Mutex<u64>,
    durable: Mutex<u64>,
}

impl Journal {
    /// Opens or begins a journal and gives each whole line to `replay`.
    pub fn open<L: DeserializeOwned>(
        path: &Path,
        mut replay: impl FnMut(L, LinePlace),
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
            let read = serde_json::from_slice(&line)
                .with_context(|| format!("{} is damaged at byte {offset}", path.display()))?;
            replay(read, LinePlace { offset, length: u32::try_from(length)? });
            offset += length as u64;
        }
        file.set_len(offset)?;
        (&file).seek(SeekFrom::Start(offset))?;
        Ok(Self { file, end: Mutex::new(offset), durable: Mutex::new(offset) })
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
        let mut end = held(&self.end);
        let written = (&self.file).write_all(&bytes);
        if let Err(error) = written {
            // Half a line must not stay in front of the next one.
            self.file.set_len(*end)?;
            (&self.file).seek(SeekFrom::Start(*end))?;
            return Err(error).context("writing the journal");
        }
        let mut places = Vec::with_capacity(lengths.len());
        for length in lengths {
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
        self.file.sync_data().context("making the journal durable")?;
        *durable = reached;
        Ok(())
    }

    /// Reads a line again.
    pub fn read<L: DeserializeOwned>(&self, place: LinePlace) -> anyhow::Result<L> {
        let mut line = vec![0; place.length as usize];
        self.file.read_exact_at(&mut line, place.offset).context("reading the journal")?;
        serde_json::from_slice(&line).context("a line of the journal is damaged")
    }
}

/// A panic elsewhere leaves the figures behind these locks whole.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
