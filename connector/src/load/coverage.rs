//! Which times the records of a source lie in, and where it was silent. Whether a silence is a
//! hole is decided when a question is asked.

use crate::index::manifest::SourceEntry;
use crate::interval::{Millis, SECOND};
use crate::read::Format;

/// Silences shorter than this are never a hole and are not remembered.
const SILENCE_MIN: Millis = 600 * SECOND;
/// So many silences are remembered; a log with more of them is no log.
const SILENCES_MAX: usize = 100_000;
/// A record that claims to be younger than the reading of it by more than this does not say how
/// far the records reach: the clock that wrote it is wrong.
const AHEAD_MAX: Millis = 300 * SECOND;

/// Which times the records of one file lie in.
#[derive(Default)]
pub struct Seen {
    first: Option<Millis>,
    last: Option<Millis>,
    /// When the file is read, where the reader knows.
    pub read_at: Option<Millis>,
    silences: Vec<(Millis, Millis)>,
}

impl Seen {
    pub fn see(&mut self, at: Millis, format: Format) {
        if self.read_at.is_some_and(|now| at > now + AHEAD_MAX) {
            return;
        }
        let last = self.last.unwrap_or(at);
        if format.is_log() && at - last > SILENCE_MIN && self.silences.len() < SILENCES_MAX {
            self.silences.push((last, at));
        }
        self.last = Some(last.max(at));
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
    }

    pub fn last(&self) -> Option<Millis> {
        self.last
    }

    /// Joins the file to what is known: its records may fill a silence, and a silence may lie
    /// between the files.
    pub fn add_to(&self, entry: &mut SourceEntry) {
        let (Some(first), Some(last)) = (self.first, self.last) else { return };
        let mut silences = Vec::new();
        for (from, until) in &entry.silences {
            // The part of an old silence that the new records lie in is filled; theirs is added.
            if last <= *from || first >= *until {
                silences.push((*from, *until));
            } else {
                silences.extend([(*from, first), (last, *until)]);
            }
        }
        match (entry.first, entry.last) {
            (Some(_), Some(known)) if first > known => silences.push((known, first)),
            (Some(known), Some(_)) if last < known => silences.push((last, known)),
            _ => {}
        }
        silences.extend(&self.silences);
        silences.retain(|(from, until)| until - from > SILENCE_MIN);
        silences.sort_unstable();
        silences.truncate(SILENCES_MAX);
        entry.silences = silences;
        entry.first = Some(entry.first.map_or(first, |known| known.min(first)));
        entry.last = Some(entry.last.map_or(last, |known| known.max(last)));
    }
}
