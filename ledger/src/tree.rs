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

#[cfg(test)]
mod tests {
    use super::*;
    use tlog_tiles::record_hash;

    /// The tree by the book: RFC 6962 §2.1, word for word and slow.
    fn by_the_book(leaves: &[Hash]) -> Hash {
        match leaves.len() {
            0 => EMPTY_HASH,
            1 => leaves[0],
            n => {
                let k =
                    (1usize..).map(|power| 1 << power).take_while(|k| *k < n).last().unwrap_or(1);
                node_hash(by_the_book(&leaves[..k]), by_the_book(&leaves[k..]))
            }
        }
    }

    fn push_all(edge: &mut Edge, hash: Hash) {
        let (mut level, mut next) = (0, Some(hash));
        while let Some(hash) = next {
            next = edge.push(level, hash).map(|tile| subtree(&tile));
            level += 1;
        }
    }

    fn hexadecimal(hash: Hash) -> String {
        entremise_core::ledger::hexadecimal(&hash.0)
    }

    /// The eight leaves with which Certificate Transparency's own implementations are tested.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    #[test]
    fn the_roots_of_the_transparency_test_vectors_come_out() {
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut edge = Edge::default();
        assert_eq!(hexadecimal(edge.root()), roots[0]);
        for (leaf, root) in LEAVES.iter().zip(&roots[1..]) {
            push_all(&mut edge, record_hash(leaf));
            assert_eq!(hexadecimal(edge.root()), *root);
        }
    }

    #[test]
    fn the_edge_gives_the_same_root_as_the_rfc_at_every_size_around_a_full_tile() {
        let leaves: Vec<Hash> = (0u32..1100).map(|n| record_hash(&n.to_be_bytes())).collect();
        let mut edge = Edge::default();
        for (count, leaf) in leaves.iter().enumerate() {
            let interesting = count % 256 < 3 || count % 256 > 253 || count % 97 == 0;
            if interesting {
                assert_eq!(edge.root(), by_the_book(&leaves[..count]), "{count}");
                let more = &leaves[count..(count + 5).min(leaves.len())];
                if count % 256 + 5 < 256 {
                    let ahead = by_the_book(&leaves[..count + more.len()]);
                    assert_eq!(edge.root_with(more), ahead, "{count} and five");
                }
            }
            push_all(&mut edge, *leaf);
        }
    }
}
