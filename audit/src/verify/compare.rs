//! Holds a ledger against an older copy of itself and names what became of the first entry that
//! differs: dropped, moved, dated otherwise, replaced.
//!
//! Root hashes already prove *that* history changed; this says *what* was done, for a judge. It
//! needs no key: the copy is the reader's own.

use super::report::{Findings, Harm};
use crate::leaf::LeafView;
use crate::name::{TileName, WIDTH};
use crate::place::{Fetch, FetchError, read_tile};

/// How many entries around the first difference are looked through for one that moved.
const NEAR: u64 = 16 * WIDTH;

/// Compares as many entries as both have. Gives back how many are the same from the start.
pub fn compare(
    old: &dyn Fetch,
    new: &dyn Fetch,
    (old_size, new_size): (u64, u64),
    findings: &mut Findings,
) -> Result<u64, FetchError> {
    for number in 0..old_size.min(new_size).div_ceil(WIDTH) {
        let (before, now) = (bundle(old, old_size, number)?, bundle(new, new_size, number)?);
        let same = before.iter().zip(&now).take_while(|(before, now)| before == now).count();
        if same < before.len() && same < now.len() {
            let seq = number * WIDTH + same as u64;
            let old = Reader { fetch: old, size: old_size };
            let new = Reader { fetch: new, size: new_size };
            let (harm, words) = explain(&old, &new, seq)?;
            let name = TileName::entries(number, WIDTH);
            let file = TileName { width: name.width_in(new_size), ..name }.path();
            findings.add(harm, &file, Some(seq), words);
            return Ok(seq);
        }
    }
    Ok(old_size.min(new_size))
}

/// The entries of one bundle in a ledger of `size`; those that can be read.
fn bundle(fetch: &dyn Fetch, size: u64, number: u64) -> Result<Vec<Vec<u8>>, FetchError> {
    let name = TileName::entries(number, WIDTH);
    let width = name.width_in(size);
    let bytes = read_tile(fetch, TileName { width, ..name })?.map(|(bytes, _)| bytes);
    let bytes = bytes.unwrap_or_default();
    let (mut entries, mut rest) = (Vec::new(), bytes.as_slice());
    while let Some((length, after)) = rest.split_at_checked(2) {
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let Some((entry, after)) = after.split_at_checked(length) else { break };
        entries.push(entry.to_vec());
        rest = after;
    }
    Ok(entries)
}

struct Reader<'a> {
    fetch: &'a dyn Fetch,
    size: u64,
}

impl Reader<'_> {
    /// What the entries from `first` on say, but for their number.
    fn sayings(&self, first: u64) -> Result<Vec<String>, FetchError> {
        let mut found = Vec::new();
        let mut number = first / WIDTH;
        while number * WIDTH < self.size.min(first + NEAR) {
            found.extend(bundle(self.fetch, self.size, number)?.iter().map(|leaf| saying(leaf)));
            number += 1;
        }
        let skip = usize::try_from(first % WIDTH).expect("below 256").min(found.len());
        found.drain(..skip);
        Ok(found)
    }
}

/// A leaf without its number, which changes when another one is taken out before it.
fn saying(leaf: &[u8]) -> String {
    let text = String::from_utf8_lossy(leaf);
    text.split_once(",\"at\":").map_or_else(|| text.to_string(), |(_, rest)| rest.to_owned())
}

/// A leaf without number and date.
fn fact(saying: &str) -> &str {
    saying.split_once(",\"authority\":").map_or(saying, |(_, rest)| rest)
}

fn explain(old: &Reader<'_>, new: &Reader<'_>, seq: u64) -> Result<(Harm, String), FetchError> {
    let (before, now) = (old.sayings(seq)?, new.sayings(seq)?);
    let (was, is) = (before[0].as_str(), now[0].as_str());
    let place = |list: &[String], what: &str| list.iter().position(|one| one == what);
    let (gone_to, come_from) = (place(&now, was), place(&before, is));
    let name = |saying: &str| {
        let leaf = format!("{{\"v\":1,\"seq\":{seq},\"at\":{saying}");
        LeafView::read(leaf.as_bytes()).map_or_else(
            |member| format!("unreadable at {member}"),
            |leaf| format!("{} for {}, dated {}", leaf.kind, leaf.subject, leaf.at),
        )
    };
    let (was_name, is_name) = (name(was), name(is));
    Ok(match (gone_to, come_from) {
        (Some(to), Some(_)) => (
            Harm::Reordered,
            format!(
                "entries were reordered: {was_name} was entry {seq} and is now entry {}",
                seq + to as u64
            ),
        ),
        (None, Some(_)) => (
            Harm::Dropped,
            format!(
                "an entry was dropped: {was_name} was entry {seq}; it is gone, and {is_name} took \
                 its number"
            ),
        ),
        (Some(to), None) => (
            Harm::Inserted,
            format!(
                "an entry was slipped in: {is_name} stands as entry {seq}, where the older copy \
                 has {was_name}, which is now entry {}",
                seq + to as u64
            ),
        ),
        (None, None) if fact(was) == fact(is) => {
            (Harm::DateChanged, format!("an entry's date was changed: {was_name} is now {is_name}"))
        }
        (None, None) => (
            Harm::Rewritten,
            format!("an entry was rewritten: entry {seq} was {was_name} and is now {is_name}"),
        ),
    })
}
