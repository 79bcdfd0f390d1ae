//! Makes receipts from the published files. Checking them is the auditor's package's work.
//!
//! A receipt holds the entry as everybody may read it. What lies behind its commitment is added by
//! whoever may hand that out: [`Receipt::opened`].

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use entremise_audit::head::{Head, unchecked};
use entremise_audit::leaf::LeafView;
use entremise_audit::name::{TileName, WIDTH};
use entremise_audit::place::{Fetch, FetchError, read_tile};
use entremise_audit::receipt::Extra;
use entremise_audit::{CHECKPOINT, Receipt, TIMESTAMPS};
use jiff::Timestamp;
use tlog_tiles::{
    Error, Tile, TileHashReader, TileReader, check_record, prove_record, prove_tree, record_hash,
};

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum NoReceipt {
    #[error("there is no checkpoint here")]
    NoLedger,
    #[error("entry {entry} is not published yet: the ledger has {size} entries")]
    NotYet { entry: u64, size: u64 },
    #[error("{file}: the published ledger is damaged: {why}")]
    Damaged { file: String, why: String },
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

/// An entry, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub entry: u64,
    pub kind: String,
    pub at: Timestamp,
}

/// The receipt of an entry: under the first checkpoint over it that was time-stamped, else under
/// the one that stands now, with the cosignatures it bears.
///
/// # Errors
/// [`NoReceipt`]; an entry is published some seconds after it is entered.
pub fn make(place: &dyn Fetch, entry: u64) -> Result<Receipt, NoReceipt> {
    let (head, timestamp) = match stamped_over(place, entry)? {
        Some((head, answer)) => (head, Some(BASE64_STANDARD.encode(answer))),
        None => (standing(place)?, None),
    };
    if entry >= head.size {
        return Err(NoReceipt::NotYet { entry, size: head.size });
    }
    let bundle = Tiles(place).bundle(head.size, entry / WIDTH)?;
    let leaf = bundle.get(usize::try_from(entry % WIDTH).expect("below 256")).cloned();
    let damaged = |why: String| NoReceipt::Damaged { file: CHECKPOINT.to_owned(), why };
    let leaf = leaf.ok_or_else(|| damaged(format!("entry {entry} cannot be read")))?;
    let tiles = Tiles(place);
    let reader = TileHashReader::new(head.size, head.root, &tiles);
    let trouble = |error: Error| damaged(error.to_string());
    let proof = prove_record(head.size, entry, &reader).map_err(trouble)?;
    // A receipt that proves nothing is handed to nobody.
    check_record(&proof, head.size, head.root, entry, record_hash(&leaf)).map_err(trouble)?;
    let leaf = String::from_utf8(leaf).map_err(|_| damaged(format!("entry {entry} is no text")))?;
    let extra = Extra { leaf, opening: None, timestamp };
    Ok(Receipt { entry, extra, proof, checkpoint: head.text })
}

/// All published entries about a subject, like `notice:…`, in order.
///
/// # Errors
/// [`NoReceipt`].
pub fn entries_about(place: &dyn Fetch, subject: &str) -> Result<Vec<Listed>, NoReceipt> {
    let size = standing(place)?.size;
    let mut found = Vec::new();
    for number in 0..size.div_ceil(WIDTH) {
        for (seq, leaf) in (number * WIDTH..).zip(Tiles(place).bundle(size, number)?) {
            if let Some(leaf) = LeafView::read(&leaf).ok().filter(|leaf| leaf.subject == subject) {
                found.push(Listed { entry: seq, kind: leaf.kind.to_owned(), at: leaf.at });
            }
        }
    }
    Ok(found)
}

/// RFC 6962 §2.1.2: that the tree of `head` continues that of its first `old` entries.
///
/// # Errors
/// [`NoReceipt::Damaged`] when the tiles do not give the root.
pub(crate) fn continues(
    place: &dyn Fetch,
    head: &Head,
    old: u64,
) -> Result<Vec<tlog_tiles::Hash>, NoReceipt> {
    if old == 0 || old == head.size {
        return Ok(Vec::new());
    }
    let tiles = Tiles(place);
    let reader = TileHashReader::new(head.size, head.root, &tiles);
    prove_tree(head.size, old, &reader)
        .map_err(|error| NoReceipt::Damaged { file: CHECKPOINT.to_owned(), why: error.to_string() })
}

/// The checkpoint in place.
pub(crate) fn standing(place: &dyn Fetch) -> Result<Head, NoReceipt> {
    let bytes = place.read(CHECKPOINT)?.ok_or(NoReceipt::NoLedger)?;
    unchecked(&bytes).ok_or(NoReceipt::NoLedger)
}

/// The smallest time-stamped checkpoint that covers the entry, and the authority's answer.
fn stamped_over(place: &dyn Fetch, entry: u64) -> Result<Option<(Head, Vec<u8>)>, NoReceipt> {
    let list = place.read(&format!("{TIMESTAMPS}/index"))?.unwrap_or_default();
    let sizes = String::from_utf8_lossy(&list);
    let size = sizes.lines().filter_map(|size| size.parse::<u64>().ok());
    let Some(size) = size.filter(|size| *size > entry).min() else { return Ok(None) };
    let head = place.read(&format!("{TIMESTAMPS}/{size}.checkpoint"))?;
    let answer = place.read(&format!("{TIMESTAMPS}/{size}.tsr"))?;
    Ok(head.and_then(|bytes| unchecked(&bytes)).zip(answer))
}

/// Published tiles, for the library that proves.
struct Tiles<'a>(&'a dyn Fetch);

impl Tiles<'_> {
    /// The leaves of one bundle.
    fn bundle(&self, size: u64, number: u64) -> Result<Vec<Vec<u8>>, NoReceipt> {
        let name = TileName::entries(number, WIDTH);
        let name = TileName { width: name.width_in(size), ..name };
        let damaged = |why: &str| NoReceipt::Damaged { file: name.path(), why: why.to_owned() };
        let (bytes, _) = read_tile(self.0, name)?.ok_or_else(|| damaged("it is missing"))?;
        let (mut leaves, mut rest) = (Vec::new(), bytes.as_slice());
        while let Some((length, after)) = rest.split_at_checked(2) {
            let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
            let leaf = after.split_at_checked(length);
            let (leaf, after) = leaf.ok_or_else(|| damaged("it ends within an entry"))?;
            leaves.push(leaf.to_vec());
            rest = after;
        }
        Ok(leaves)
    }
}

impl TileReader for Tiles<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = |tile: &Tile| {
            // The library writes the height into the path, as the Go checksum database does.
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            let missing = || Error::InvalidInput(format!("{path} is missing"));
            let name = TileName::from_path(&path).ok_or_else(missing)?;
            let tile = read_tile(self.0, name).map_err(|why| Error::InvalidInput(why.to_string()));
            tile?.map(|(bytes, _)| bytes).ok_or_else(missing)
        };
        tiles.iter().map(read).collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}
