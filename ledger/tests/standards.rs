//! The published files are what others' tools expect: proofs by `tlog_tiles`, and the web.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::support::*;
use entremise_ledger::{Options, Place, verify};
use tlog_tiles::{
    Error, Hash, HashReader as _, Tile, TileHashReader, TileReader, check_record, check_tree,
    prove_record, prove_tree, record_hash, stored_hash_index,
};

/// Reads tiles as the Go checksum database names them, which is ours with the height in front.
struct Tiles(PathBuf);

impl TileReader for Tiles {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let path = |tile: &Tile| self.0.join(tile.path().replacen("tile/8/", "tile/", 1));
        Ok(tiles.iter().map(|tile| std::fs::read(path(tile)).unwrap()).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

#[test]
fn others_prove_every_entry_from_the_published_tiles() {
    for size in [1u64, 2, 256, 257, 700] {
        let folder = tempfile::tempdir().unwrap();
        let published = publish_in_steps(&[size], folder.path());
        let tiles = Tiles(folder.path().to_owned());
        let root = Hash(published.root);
        let reader = TileHashReader::new(size, root, &tiles);
        let book = Book::of(size);
        for (seq, leaf) in (0u64..).zip(&book.leaves).step_by(if size > 300 { 37 } else { 11 }) {
            let hash = record_hash(&leaf.to_bytes());
            assert_eq!(reader.read_hashes(&[stored_hash_index(0, seq)]).unwrap(), [hash]);
            let proof = prove_record(size, seq, &reader).unwrap();
            check_record(&proof, size, root, seq, hash).unwrap();
            assert!(check_record(&proof, size, root, seq, record_hash(b"other")).is_err());
        }
    }
}

#[test]
fn others_prove_that_a_newer_tree_continues_an_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let old = publish_in_steps(&[300], folder.path());
    let new = publish_in_steps(&[300, 700], folder.path());
    let tiles = Tiles(folder.path().to_owned());
    let reader = TileHashReader::new(new.size, Hash(new.root), &tiles);
    let proof = prove_tree(new.size, old.size, &reader).unwrap();
    check_tree(&proof, new.size, Hash(new.root), old.size, Hash(old.root)).unwrap();
}

#[test]
fn the_checkpoint_is_the_note_that_the_specification_shows() {
    let folder = tempfile::tempdir().unwrap();
    let published = publish_in_steps(&[0], folder.path());
    let lines: Vec<&str> = published.checkpoint.split('\n').collect();
    let [origin, size, root, blank, signature, end] = lines[..] else { panic!("{lines:?}") };
    assert_eq!((origin, size, blank, end), (ORIGIN, "0", "", ""));
    // SHA-256 of nothing, RFC 6962 §2.1.
    assert_eq!(root, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assert!(signature.starts_with(&format!("— {ORIGIN} ")));
}

/// Serves the files of a folder to one client, then ends when `listener` is dropped.
fn serve(folder: &Path, requests: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(requests) {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            reader.read_line(&mut line).unwrap();
            let mut header = String::new();
            while reader.read_line(&mut header).unwrap() > 2 {
                header.clear();
            }
            let path = line.split(' ').nth(1).unwrap().trim_start_matches("/log/");
            let (status, body) = match std::fs::read(folder.join(path)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).unwrap();
        }
    });
    format!("http://{address}/log/")
}

#[test]
fn a_ledger_on_the_web_is_verified_where_it_is_published() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[300, 600], folder.path());
    let verify_at = |url: String| {
        let keys = vec![key().public().clone()];
        let place = Place::parse(&url).unwrap();
        verify(&place, Options { keys, ..Options::default() }).unwrap()
    };
    let report = verify_at(serve(folder.path(), 100));
    assert!(report.is_sound(), "{report}");
    flip_bit(&folder.path().join("tile/entries/001"), 700, 0);
    assert!(!verify_at(serve(folder.path(), 100)).is_sound());
}

#[test]
fn a_partial_tile_that_outgrew_its_checkpoint_is_read_from_the_full_one() {
    let folder = tempfile::tempdir().unwrap();
    let old = publish_in_steps(&[100], folder.path());
    publish_in_steps(&[100, 300], folder.path());
    assert!(!folder.path().join("tile/0/000.p/100").exists());
    std::fs::write(folder.path().join("checkpoint"), old.checkpoint).unwrap();
    let report = verified(folder.path());
    assert!(report.is_sound(), "{report}");
}
