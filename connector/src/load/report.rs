//! What reading a file came to: how much was read, and what could not be, with line and remedy.

use std::collections::BTreeMap;

use crate::read::{ErrorCode, LineError};

/// So many line errors are kept to be shown; all are counted.
const ERRORS_SHOWN: usize = 20;

/// What reading a file came to.
#[derive(Clone, Debug, Default)]
pub struct FileReport {
    pub records: u64,
    pub bytes: u64,
    /// Everything in the file was in the index already.
    pub known: bool,
    pub errors: BTreeMap<ErrorCode, u64>,
    /// The first of them, with their line.
    pub shown: Vec<LineError>,
}

impl FileReport {
    pub fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Adds what another file, or another part of this one, came to.
    pub(super) fn join(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.known &= other.known;
        for (code, count) in other.errors {
            *self.errors.entry(code).or_default() += count;
        }
        self.shown.extend(other.shown);
        self.shown.truncate(ERRORS_SHOWN);
    }

    pub(super) fn note(&mut self, error: LineError) {
        *self.errors.entry(error.code).or_default() += 1;
        if self.shown.len() < ERRORS_SHOWN {
            self.shown.push(error);
        }
    }
}
