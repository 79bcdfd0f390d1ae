//! Account names, by number. On disk a name is sealed, and found by a keyed name: whoever copies
//! the index without the key file learns no account and can test none.
//!
//! ```text
//! N.acc   rows   24 bytes each: keyed name (16), where the sealed name begins (8)
//!         names  sealed names, one after another
//!         trailer: first number (4), count (4), where the names end (8)
//! ```
//!
//! A name of which no span is left is erased: its row stays, as zeros, so that the numbers behind
//! it stay what they are.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use memmap2::Mmap;
use ring::hmac;

use super::layout::{u32_at, u64_at};
use crate::interval::Table;
use crate::keys::{Nonces, Sealer, Secret};

const ROW: usize = 24;
const TRAILER: usize = 16;

/// A name without the name: HMAC-SHA256, cut to 128 bits.
pub type KeyedName = [u8; 16];

/// In the row of a name that was erased. No HMAC is all zeros.
const ERASED: KeyedName = [0; 16];

/// What seals, opens and keys account names.
pub struct AccountSeal {
    sealer: Sealer,
    key: hmac::Key,
}

impl AccountSeal {
    pub fn new(secret: &Secret) -> Self {
        Self {
            sealer: secret.sealer("entremise account name v1"),
            key: secret.keyed("entremise account key v1"),
        }
    }

    pub fn keyed(&self, name: &[u8]) -> KeyedName {
        let tag = hmac::sign(&self.key, name);
        let mut keyed = [0; 16];
        keyed.copy_from_slice(&tag.as_ref()[..16]);
        keyed
    }

    fn seal(&self, number: u32, name: &[u8], nonces: &mut Nonces) -> anyhow::Result<Vec<u8>> {
        self.sealer.seal_with(nonces.draw()?, name, &number.to_le_bytes())
    }
}

/// One file of names, mapped.
pub struct AccountTable {
    bytes: Mmap,
    first: u32,
    count: u32,
    names_end: usize,
}

impl AccountTable {
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // SAFETY: as for segments: written once, renamed into place, never changed.
        let bytes = unsafe { Mmap::map(&file)? };
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, path.display().to_string());
        let trailer = bytes.len().checked_sub(TRAILER).ok_or_else(damaged)?;
        let (first, count) = (u32_at(&bytes, trailer), u32_at(&bytes, trailer + 4));
        let names_end = u64_at(&bytes, trailer + 8) as usize;
        if names_end != trailer || count as usize * ROW > trailer {
            return Err(damaged());
        }
        Ok(Self { bytes, first, count, names_end })
    }

    pub fn holds(&self, number: u32) -> bool {
        number >= self.first && number - self.first < self.count
    }

    /// The name behind a number. None where it cannot be opened with this key.
    pub fn name(&self, number: u32, seal: &AccountSeal) -> Option<Vec<u8>> {
        let row = number.checked_sub(self.first).filter(|row| *row < self.count)?;
        seal.sealer.open(self.sealed(row)?, &number.to_le_bytes())
    }

    /// The names that are not erased, and their numbers.
    pub fn keyed_names(&self) -> impl Iterator<Item = (KeyedName, u32)> + '_ {
        (0..self.count)
            .map(|row| (self.keyed(row), self.first + row))
            .filter(|(keyed, _)| *keyed != ERASED)
    }

    /// Writes the table again without the names for which `is_used` does not hold. False, and no
    /// file, where all of them are used.
    pub fn write_used(&self, path: &Path, is_used: impl Fn(u32) -> bool) -> anyhow::Result<bool> {
        if self.keyed_names().all(|(_, number)| is_used(number)) {
            return Ok(false);
        }
        let rows = (0..self.count).map(|row| {
            if is_used(self.first + row) {
                (self.keyed(row), self.sealed(row).unwrap_or_default())
            } else {
                (ERASED, &[][..])
            }
        });
        write_rows(path, self.first, rows.collect())?;
        Ok(true)
    }

    fn keyed(&self, row: u32) -> KeyedName {
        let at = row as usize * ROW;
        self.bytes[at..at + 16].try_into().expect("sixteen bytes were sliced")
    }

    fn sealed(&self, row: u32) -> Option<&[u8]> {
        let begins = |row: u32| u64_at(&self.bytes, row as usize * ROW + 16) as usize;
        let end = if row + 1 < self.count { begins(row + 1) } else { self.names_end };
        self.bytes.get(begins(row)..end)
    }
}

/// Writes one file of names and makes it durable.
pub fn write(
    path: &Path,
    first: u32,
    names: &[FreshName],
    seal: &AccountSeal,
) -> anyhow::Result<()> {
    let mut nonces = Nonces::default();
    let mut rows = Vec::with_capacity(names.len());
    for (number, (keyed, name)) in (first..).zip(names) {
        rows.push((*keyed, seal.seal(number, name, &mut nonces)?));
    }
    write_rows(path, first, rows)
}

fn write_rows(
    path: &Path,
    first: u32,
    rows: Vec<(KeyedName, impl AsRef<[u8]>)>,
) -> anyhow::Result<()> {
    let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
    let mut file = BufWriter::with_capacity(1 << 20, file);
    let mut begins = (rows.len() * ROW) as u64;
    for (keyed, sealed) in &rows {
        file.write_all(keyed)?;
        file.write_all(&begins.to_le_bytes())?;
        begins += sealed.as_ref().len() as u64;
    }
    for (_, sealed) in &rows {
        file.write_all(sealed.as_ref())?;
    }
    file.write_all(&first.to_le_bytes())?;
    file.write_all(&u32::try_from(rows.len())?.to_le_bytes())?;
    file.write_all(&begins.to_le_bytes())?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(())
}

/// A name that is not on disk yet.
pub type FreshName = (KeyedName, Box<[u8]>);

/// The numbers of all known names, for a load.
#[derive(Default)]
pub struct AccountNumbers {
    by_keyed: HashMap<KeyedName, u32, BuildHasherDefault<FirstBytes>>,
    /// Names met in this load, in clear and in memory only.
    short: Table<Short, u32>,
    long: Table<Box<[u8]>, u32>,
    fresh: Vec<FreshName>,
    next: u32,
}

impl AccountNumbers {
    pub fn of(tables: &[AccountTable]) -> Self {
        let by_keyed: HashMap<_, _, _> =
            tables.iter().flat_map(AccountTable::keyed_names).collect();
        let next = tables.iter().map(|table| table.first + table.count).max().unwrap_or(0);
        Self { by_keyed, next, ..Self::default() }
    }

    /// How many numbers were ever given: all are below.
    pub fn count(&self) -> usize {
        self.next as usize
    }

    pub fn number(&mut self, name: &[u8], seal: &AccountSeal) -> u32 {
        let short = Short::of(name);
        let seen = match &short {
            Some(short) => self.short.get(short),
            None => self.long.get(name),
        };
        if let Some(number) = seen {
            return *number;
        }
        let keyed = seal.keyed(name);
        let number = *self.by_keyed.entry(keyed).or_insert_with(|| {
            let number = self.next;
            self.fresh.push((keyed, name.into()));
            self.next += 1;
            number
        });
        match short {
            Some(short) => self.short.insert(short, number),
            None => self.long.insert(name.into(), number),
        };
        number
    }

    /// The names that are not on disk yet, with the number of the first. They count as stored
    /// from then on.
    pub fn take_fresh(&mut self) -> (u32, Vec<FreshName>) {
        let fresh = std::mem::take(&mut self.fresh);
        (self.next - fresh.len() as u32, fresh)
    }
}

/// A name that lies in its table's row itself: to compare it costs no second look into memory.
/// The bytes, zeros behind them, and how many there are.
#[derive(PartialEq, Eq, Hash)]
struct Short([u64; 4]);

impl Short {
    const LONGEST: usize = 31;

    fn of(name: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::LONGEST + 1];
        bytes.get_mut(..name.len()).filter(|_| name.len() <= Self::LONGEST)?.copy_from_slice(name);
        // At most 31.
        bytes[Self::LONGEST] = name.len() as u8;
        let (words, _) = bytes.as_chunks();
        Some(Self(std::array::from_fn(|at| u64::from_le_bytes(words[at]))))
    }
}

/// A keyed name is as random as a hash can be: its first bytes are its hash.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    /// The length of the array, the same for all.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
