//! Names of files and hashes of trees, against the documents that say how they must be.

use entremise_audit::name::TileName;
use entremise_audit::tree::{Edge, subtree};
use tlog_tiles::{EMPTY_HASH, Hash, node_hash, record_hash};

#[test]
fn paths_are_those_of_the_specification() {
    // The example of C2SP tlog-tiles: tile number 1234067.
    assert_eq!(TileName::hashes(3, 1_234_067, 256).path(), "tile/3/x001/x234/067");
    assert_eq!(TileName::hashes(0, 1_234_067, 8).path(), "tile/0/x001/x234/067.p/8");
    assert_eq!(TileName::entries(0, 1).path(), "tile/entries/000.p/1");
}

#[test]
fn a_path_is_read_back_and_no_other_spelling_is() {
    for name in [TileName::entries(70_000, 256), TileName::hashes(2, 999, 255)] {
        assert_eq!(TileName::from_path(&name.path()), Some(name));
    }
    for odd in ["tile/0/1", "tile/0/x000/001", "tile/0/001.p/256", "tile/9/001", "tile/0/001.p/0"] {
        assert_eq!(TileName::from_path(odd), None, "{odd}");
    }
}

#[test]
fn a_tree_of_70000_leaves_has_this_right_edge() {
    assert_eq!(TileName::hashes(0, 273, 1).width_in(70_000), 112);
    assert_eq!(TileName::hashes(1, 1, 1).width_in(70_000), 17);
    assert_eq!(TileName::hashes(2, 0, 1).width_in(70_000), 1);
    assert_eq!(TileName::hashes(3, 0, 1).width_in(70_000), 0);
}

/// The tree by the book: RFC 6962 §2.1, word for word and slow.
fn by_the_book(leaves: &[Hash]) -> Hash {
    match leaves.len() {
        0 => EMPTY_HASH,
        1 => leaves[0],
        n => {
            let k = (1usize..).map(|power| 1 << power).take_while(|k| *k < n).last().unwrap_or(1);
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
    entremise_audit::leaf::hexadecimal(&hash.0)
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
