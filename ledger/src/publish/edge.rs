//! Reads back the right edge of a published ledger, and no more of it than that.

use std::path::Path;

use tlog_tiles::{HASH_SIZE, Hash};

use entremise_audit::head::Head;
use entremise_audit::name::{HEIGHT, TileName, WIDTH};
use entremise_audit::place::{Fetch as _, FetchError, Folder};
use entremise_audit::tree::Edge;

use super::{Leaves, PublishError};

pub fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, PublishError> {
    Folder(folder.to_owned()).read(name).map_err(|trouble| match trouble {
        FetchError::File { source, .. } => PublishError::File { path: folder.join(name), source },
        other => PublishError::Damaged { file: name.to_owned(), why: other.to_string() },
    })
}

fn damaged(file: &str, why: &str) -> PublishError {
    PublishError::Damaged { file: file.to_owned(), why: why.to_owned() }
}

/// The partial tiles that the head stands for, checked against its root.
pub fn read_edge(folder: &Path, head: &Head) -> Result<Edge, PublishError> {
    let mut levels = Vec::new();
    let mut level = 0;
    while head.size.checked_shr(HEIGHT * level).is_some_and(|nodes| nodes > 0) {
        let width = (head.size >> (HEIGHT * level)) % WIDTH;
        let mut tile = Vec::new();
        if width > 0 {
            let name = TileName::hashes(level, TileName::last_of(head.size, level), width).path();
            let bytes =
                read(folder, &name)?.ok_or_else(|| damaged(&name, "the file is missing"))?;
            if bytes.len() as u64 != width * HASH_SIZE as u64 {
                return Err(damaged(&name, "it has the wrong length"));
            }
            let hashes = bytes.chunks_exact(HASH_SIZE);
            tile.extend(hashes.map(|hash| Hash(hash.try_into().expect("chunks of that size"))));
        }
        levels.push(tile);
        level += 1;
    }
    let edge = Edge::from_levels(levels);
    if edge.root() != head.root {
        let why = "the right edge of the tree does not give the root that was signed";
        return Err(damaged(crate::CHECKPOINT, why));
    }
    Ok(edge)
}

/// The last bundle of a ledger of `size` leaves, full or not, as it lies on the disk.
pub fn read_bundle(folder: &Path, size: u64) -> Result<Vec<u8>, PublishError> {
    let last = size - 1;
    let name = TileName::entries(last / WIDTH, last % WIDTH + 1).path();
    read(folder, &name)?.ok_or_else(|| damaged(&name, "the file is missing"))
}

/// Compares the last published bundle with what the source says today. The whole would be
/// `verify`'s work; a store restored from another history differs at its end.
pub fn still_the_same(
    folder: &Path,
    source: &mut dyn Leaves,
    head: &Head,
) -> Result<(), PublishError> {
    if head.size == 0 {
        return Ok(());
    }
    let bundle = read_bundle(folder, head.size)?;
    let mut rest = bundle.as_slice();
    let mut seq = (head.size - 1) / WIDTH * WIDTH;
    while seq < head.size {
        let most = usize::try_from(head.size - seq).expect("at most one bundle");
        let leaves = source.read(seq, most).map_err(PublishError::Source)?;
        if leaves.is_empty() {
            return Err(PublishError::Diverged { seq });
        }
        for leaf in leaves.iter().take(most) {
            let published = rest
                .split_at_checked(2)
                .filter(|(length, _)| {
                    u16::from_be_bytes([length[0], length[1]]) as usize == leaf.len()
                })
                .and_then(|(_, after)| after.split_at_checked(leaf.len()));
            match published {
                Some((same, after)) if same == leaf => rest = after,
                _ => return Err(PublishError::Diverged { seq }),
            }
            seq += 1;
        }
    }
    Ok(())
}

/// Removes the partial forms of tiles that are full now. Readers fall back to the full tile
/// (C2SP tlog-tiles, "Partial Tiles"). Best effort: what stays behind still verifies.
pub fn drop_outgrown(folder: &Path, published: u64, size: u64) {
    let mut names = vec![TileName::entries(published / WIDTH, WIDTH)];
    let mut level = 0;
    while published.checked_shr(HEIGHT * level).is_some_and(|nodes| nodes > 0) {
        names.push(TileName::hashes(level, TileName::last_of(published, level), WIDTH));
        level += 1;
    }
    for name in names.into_iter().filter(|name| name.width_in(size) == WIDTH) {
        let partials = folder.join(format!("{}.p", name.path()));
        if partials.exists() && std::fs::remove_dir_all(&partials).is_err() {
            continue;
        }
    }
}
