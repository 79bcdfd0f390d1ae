//! The growing edge of a Merkle tree: at each level the hashes of the tile that is not yet full.
//!
//! All that a publisher must remember of a tree, and all that a verifier must hold of it.
//! Hashing is that of RFC 6962 §2.1, by `tlog_tiles`.

use tlog_tiles::{EMPTY_HASH, Hash, node_hash};

use crate::name::WIDTH;

/// Root of the tree over `hashes` (RFC 6962 §2.1: split at the largest power of two below).
///
/// # Panics
/// When there is no hash.
pub fn subtree(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => unreachable!("a subtree has a leaf"),
        [only] => *only,
        _ => {
            let middle = hashes.len().next_power_of_two() / 2;
            node_hash(subtree(&hashes[..middle]), subtree(&hashes[middle..]))
        }
    }
}

/// The right edge, level by level. Level 0 holds leaf hashes, level 1 roots of 256 leaves, …
#[derive(Clone, Default)]
pub struct Edge {
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// An edge as read back from published partial tiles, lowest first, each shorter than 256.
    pub fn from_levels(levels: Vec<Vec<Hash>>) -> Self {
        Self { levels }
    }

    pub fn level(&self, level: u32) -> &[Hash] {
        self.levels.get(level as usize).map_or(&[], Vec::as_slice)
    }

    /// How many levels hold or held a hash.
    pub fn height(&self) -> u32 {
        u32::try_from(self.levels.len()).expect("a tree of 64-bit size has at most 8 levels")
    }

    /// Adds one hash at a level. When that fills the tile, gives it back and empties it: its
    /// [`subtree`] then belongs one level up.
    #[must_use]
    pub fn push(&mut self, level: u32, hash: Hash) -> Option<Vec<Hash>> {
        let level = level as usize;
        if self.levels.len() <= level {
            self.levels.resize_with(level + 1, Vec::new);
        }
        let tile = &mut self.levels[level];
        tile.push(hash);
        (tile.len() as u64 == WIDTH)
            .then(|| std::mem::replace(tile, Vec::with_capacity(WIDTH as usize)))
    }

    /// Root of the whole tree.
    pub fn root(&self) -> Hash {
        self.root_with(&[])
    }

    /// Root of the whole tree with these leaf hashes after the ones it holds.
    ///
    /// An incomplete subtree is the last node of the level above it: both split their range at the
    /// same powers of two.
    pub fn root_with(&self, more: &[Hash]) -> Hash {
        let mut right: Option<Hash> = None;
        for (index, level) in self.levels.iter().enumerate() {
            let mut nodes = level.clone();
            if index == 0 {
                nodes.extend_from_slice(more);
            }
            nodes.extend(right);
            right = (!nodes.is_empty()).then(|| subtree(&nodes));
        }
        match right {
            Some(root) => root,
            None if more.is_empty() => EMPTY_HASH,
            None => subtree(more),
        }
    }
}
