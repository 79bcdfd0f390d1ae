//! One pass over all entries, rebuilding the tree and comparing each published hash on the way.
//!
//! Where entry and hash disagree, the level above says which of the two was changed, and the pass
//! goes on with the one that the level above confirms: one changed byte is one finding.

use tlog_tiles::{EMPTY_HASH, HASH_SIZE, Hash, record_hash};

use super::promise::Promise;
use super::report::{Findings, Harm};
use super::story::Story;
use crate::CHECKPOINT;
use crate::head::Head;
use crate::name::{TileName, WIDTH};
use crate::place::{Fetch, FetchError, read_tile};
use crate::tree::{Edge, subtree};

/// Entries between two calls of the progress function: 64 bundles.
const PROGRESS_EVERY: u64 = 64;

/// Missing bundles in a row after which nobody looks further: a checkpoint can claim any size, and
/// a verification must end.
const GAP_MAX: u64 = 4096;

/// What was looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub entries: u64,
    pub hashes: u64,
    pub files: u64,
}

/// Hashes at one place of the tree, from two sources.
struct Pair {
    level: u32,
    number: u64,
    /// From the files below; `None` when those cannot be read.
    below: Option<Vec<Hash>>,
    /// As the tile has them; `None` when it cannot be read.
    tile: Option<Vec<Hash>>,
}

pub struct Walk<'a> {
    fetch: &'a dyn Fetch,
    head: &'a Head,
    promises: &'a [Promise],
    findings: &'a mut Findings,
    story: &'a mut Story,
    edge: Edge,
    counts: Counts,
    /// First and number of bundles that are missing together with their tiles.
    gap: Option<(u64, u64)>,
    /// A part of the tree is unreadable: its root means nothing.
    broken: bool,
}

impl<'a> Walk<'a> {
    pub fn new(
        fetch: &'a dyn Fetch,
        head: &'a Head,
        promises: &'a [Promise],
        findings: &'a mut Findings,
        story: &'a mut Story,
    ) -> Self {
        let (edge, counts) = (Edge::default(), Counts::default());
        Self { fetch, head, promises, findings, story, edge, counts, gap: None, broken: false }
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    pub fn run(&mut self, progress: &mut dyn FnMut(u64)) -> Result<(), FetchError> {
        for number in 0..self.head.size.div_ceil(WIDTH) {
            self.bundle(number)?;
            if number % PROGRESS_EVERY == 0 {
                progress(number * WIDTH);
            }
            if self.gap.is_some_and(|(_, count)| count >= GAP_MAX) {
                self.close_gap(true);
                return Ok(());
            }
        }
        self.close_gap(true);
        self.right_edge()?;
        progress(self.head.size);
        Ok(())
    }

    /// One bundle of entries and the tile over it.
    fn bundle(&mut self, number: u64) -> Result<(), FetchError> {
        let width = TileName::entries(number, WIDTH).width_in(self.head.size);
        let entries = TileName::entries(number, width);
        let bytes = self.read(entries)?;
        let tile = self.read(TileName::hashes(0, number, width))?;
        if bytes.is_none() && tile.is_none() {
            self.gap = Some(self.gap.map_or((number, 1), |(first, count)| (first, count + 1)));
            self.story.hole();
            return self.bridge(number, width);
        }
        self.close_gap(false);
        let below = match bytes {
            Some(bytes) => self.entries(entries, &bytes),
            None => {
                self.story.hole();
                let words =
                    format!("the file with the entries from {} on is missing", number * WIDTH);
                self.findings.add(Harm::Missing, &entries.path(), None, words);
                None
            }
        };
        let tile = self.hashes(TileName::hashes(0, number, width), tile);
        let pair = Pair { level: 0, number, below, tile };
        let hashes =
            if width == WIDTH { self.settle(pair)? } else { self.prefer_below(pair, width) };
        self.compare_with_promises(number, &hashes);
        self.add(number, &hashes)
    }

    /// Hashes of the entries in a bundle, each also told to the story. `None` when the bundle does
    /// not hold what its name says.
    fn entries(&mut self, name: TileName, bytes: &[u8]) -> Option<Vec<Hash>> {
        let path = name.path();
        let first = name.number * WIDTH;
        let mut hashes = Vec::with_capacity(name.width as usize);
        let mut rest = bytes;
        while let Some((length, after)) = rest.split_at_checked(2) {
            let length = u16::from_be_bytes([length[0], length[1]]);
            let Some((entry, after)) = after.split_at_checked(length as usize) else {
                break;
            };
            if hashes.len() as u64 == name.width {
                break;
            }
            self.story.entry(first + hashes.len() as u64, entry, &path, self.findings);
            hashes.push(record_hash(entry));
            rest = after;
        }
        self.counts.entries += hashes.len() as u64;
        if hashes.len() as u64 == name.width && rest.is_empty() {
            return Some(hashes);
        }
        self.story.hole();
        let words = format!(
            "a length in this file was changed: it does not hold exactly {} entries",
            name.width
        );
        let entry = first + hashes.len() as u64;
        self.findings.add(Harm::ChangedByte, &path, Some(entry), words);
        None
    }

    /// The hashes in a tile. A missing tile, or one of the wrong length, is a finding.
    fn hashes(&mut self, name: TileName, bytes: Option<Vec<u8>>) -> Option<Vec<Hash>> {
        let Some(bytes) = bytes else {
            let words = "the tile is missing".to_owned();
            self.findings.add(Harm::Missing, &name.path(), None, words);
            return None;
        };
        if bytes.len() as u64 != name.width * HASH_SIZE as u64 {
            let words = format!("the tile does not hold exactly {} hashes", name.width);
            self.findings.add(Harm::ChangedByte, &name.path(), None, words);
            return None;
        }
        self.counts.hashes += name.width;
        let chunks = bytes.chunks_exact(HASH_SIZE);
        Some(chunks.map(|hash| Hash(hash.try_into().expect("chunks of that size"))).collect())
    }

    /// Chooses between two opinions on a full tile, by what the level above says.
    fn settle(&mut self, pair: Pair) -> Result<Vec<Hash>, FetchError> {
        let (below, tile) = match (&pair.below, &pair.tile) {
            (Some(below), Some(tile)) if below != tile => (below, tile),
            _ => return Ok(self.prefer_below(pair, WIDTH)),
        };
        let above = self.hash_above(pair.level, pair.number)?;
        if above == Some(subtree(tile)) {
            self.blame_below(&pair, below, tile);
            return Ok(pair.tile.unwrap_or_default());
        }
        if above == Some(subtree(below)) {
            self.blame_tile(&pair, below, tile);
        } else {
            self.blame_nobody(&pair, below, tile);
        }
        Ok(pair.below.unwrap_or_default())
    }

    /// The one opinion there is, the lower one when there are two.
    fn prefer_below(&mut self, pair: Pair, width: u64) -> Vec<Hash> {
        pair.below.or(pair.tile).unwrap_or_else(|| {
            self.broken = true;
            vec![EMPTY_HASH; width as usize]
        })
    }

    /// What the next level's tile says about a full tile; `None` when there is no such tile.
    fn hash_above(&self, level: u32, number: u64) -> Result<Option<Hash>, FetchError> {
        let mut name = TileName::hashes(level + 1, number / WIDTH, WIDTH);
        name.width = name.width_in(self.head.size).max(1);
        let start = usize::try_from(number % WIDTH).expect("below 256") * HASH_SIZE;
        let tile = read_tile(self.fetch, name)?.map(|(bytes, _)| bytes).unwrap_or_default();
        let hash = tile.get(start..start + HASH_SIZE);
        Ok(hash.map(|hash| Hash(hash.try_into().expect("cut to that size"))))
    }

    /// Goes on over a missing bundle with what the level above says of it.
    fn bridge(&mut self, number: u64, width: u64) -> Result<(), FetchError> {
        let above = if width == WIDTH { self.hash_above(0, number)? } else { None };
        self.broken |= above.is_none();
        match above {
            Some(hash) => self.climb(number, hash),
            None if width == WIDTH => self.climb(number, EMPTY_HASH),
            None => self.add(number, &vec![EMPTY_HASH; width as usize]),
        }
    }

    /// Adds the hashes of one bundle, settled, to the edge.
    fn add(&mut self, number: u64, hashes: &[Hash]) -> Result<(), FetchError> {
        let mut full = None;
        for hash in hashes {
            full = self.edge.push(0, *hash);
        }
        full.map_or(Ok(()), |tile| self.climb(number, subtree(&tile)))
    }

    /// Adds the root of a full bundle to level 1; tiles that it fills are compared and climb.
    fn climb(&mut self, number: u64, root: Hash) -> Result<(), FetchError> {
        let (mut level, mut number, mut root) = (1, number, root);
        while let Some(below) = self.edge.push(level, root) {
            number /= WIDTH;
            let name = TileName::hashes(level, number, WIDTH);
            let bytes = self.read(name)?;
            let tile = self.hashes(name, bytes);
            root = subtree(&self.settle(Pair { level, number, below: Some(below), tile })?);
            level += 1;
        }
        Ok(())
    }

    /// The tiles that are not full, and with them the root.
    fn right_edge(&mut self) -> Result<(), FetchError> {
        let mut pairs = Vec::new();
        let mut as_tiles = Vec::new();
        for level in 0..self.edge.height() {
            let below = self.edge.level(level).to_vec();
            as_tiles.push(below.clone());
            if below.is_empty() {
                continue;
            }
            let number = TileName::last_of(self.head.size, level);
            let name = TileName::hashes(level, number, below.len() as u64);
            // Level 0 was read with its entries, and a finding made if it is missing.
            let bytes = if level == 0 {
                read_tile(self.fetch, name)?.map(|(tile, _)| tile)
            } else {
                self.read(name)?
            };
            let tile = match (level, bytes) {
                (0, bytes) => bytes.map(|bytes| split(&bytes)),
                (_, bytes) => self.hashes(name, bytes),
            };
            if let Some(tile) = tile.filter(|tile| tile.len() == below.len() && *tile != below) {
                as_tiles[level as usize].clone_from(&tile);
                pairs.push(Pair { level, number, below: Some(below), tile: Some(tile) });
            }
        }
        let from_entries = self.edge.root() == self.head.root;
        let from_tiles = Edge::from_levels(as_tiles).root() == self.head.root;
        for pair in &pairs {
            let (Some(below), Some(tile)) = (&pair.below, &pair.tile) else {
                continue;
            };
            match (from_entries, from_tiles) {
                (true, _) => self.blame_tile(pair, below, tile),
                (false, true) => self.blame_below(pair, below, tile),
                (false, false) => self.blame_nobody(pair, below, tile),
            }
        }
        if !from_entries && !from_tiles && !self.broken {
            let root = self.edge.root();
            let words = format!(
                "the entries give the root {root}, the checkpoint was signed over {}",
                self.head.root
            );
            self.findings.add(Harm::WrongRoot, CHECKPOINT, None, words);
        }
        Ok(())
    }

    /// What another checkpoint promised must be the beginning of what is here.
    fn compare_with_promises(&mut self, number: u64, hashes: &[Hash]) {
        for promise in self.promises {
            let Some(count) = promise.head.size.checked_sub(number * WIDTH) else { continue };
            if count == 0 || count > hashes.len() as u64 || self.broken {
                continue;
            }
            let count = usize::try_from(count).expect("at most 256");
            let root = self.edge.root_with(&hashes[..count]);
            if root != promise.head.root {
                let (harm, words) = promise.broken(self.head, root);
                self.findings.add(harm, CHECKPOINT, None, words);
            }
        }
    }

    /// Ends a run of missing bundles with one finding.
    fn close_gap(&mut self, at_the_end: bool) {
        let Some((first, count)) = self.gap.take() else {
            return;
        };
        let path =
            TileName::entries(first, TileName::entries(first, WIDTH).width_in(self.head.size))
                .path();
        let entry = Some(first * WIDTH);
        if at_the_end {
            let words = format!(
                "the tree is shorter than its checkpoint: {} entries were signed, the files end \
                 before entry {}",
                self.head.size,
                first * WIDTH
            );
            self.findings.add(Harm::Shorter, &path, entry, words);
        } else {
            let words =
                format!("{count} files of entries, and their tiles, are missing from here on");
            self.findings.add(Harm::Missing, &path, entry, words);
        }
    }

    fn blame_below(&mut self, pair: &Pair, below: &[Hash], tile: &[Hash]) {
        let (file, entry) = pair.culprit(below, tile);
        let words = match pair.level {
            0 => {
                "a byte of this entry was changed: the hashes above it agree with each other".into()
            }
            level => {
                format!("what lies below hash {entry} of level {level} was changed as a whole")
            }
        };
        let entry = (pair.level == 0).then_some(entry);
        self.findings.add(Harm::ChangedByte, &file, entry, words);
    }

    fn blame_tile(&mut self, pair: &Pair, below: &[Hash], tile: &[Hash]) {
        let place = first_difference(below, tile);
        let words = format!("a byte of hash {place} was changed: what lies below and above agrees");
        self.findings.add(Harm::ChangedByte, &pair.name(tile).path(), None, words);
    }

    fn blame_nobody(&mut self, pair: &Pair, below: &[Hash], tile: &[Hash]) {
        let (file, entry) = pair.culprit(below, tile);
        let words = format!(
            "this does not agree with {}, nor either of them with the level above",
            pair.name(tile).path()
        );
        let entry = (pair.level == 0).then_some(entry);
        self.findings.add(Harm::ChangedByte, &file, entry, words);
    }

    /// Reads a file of the tree and counts it.
    fn read(&mut self, name: TileName) -> Result<Option<Vec<u8>>, FetchError> {
        let Some((bytes, exact)) = read_tile(self.fetch, name)? else {
            return Ok(None);
        };
        self.counts.files += u64::from(exact);
        Ok(Some(bytes))
    }
}

impl Pair {
    fn name(&self, tile: &[Hash]) -> TileName {
        TileName::hashes(self.level, self.number, tile.len() as u64)
    }

    /// The file below that differs, and the number of the hash or entry that does.
    fn culprit(&self, below: &[Hash], tile: &[Hash]) -> (String, u64) {
        let entry = self.number * WIDTH + first_difference(below, tile);
        let name = match self.level {
            0 => TileName::entries(self.number, tile.len() as u64),
            level => TileName::hashes(level - 1, entry, WIDTH),
        };
        (name.path(), entry)
    }
}

fn first_difference(some: &[Hash], other: &[Hash]) -> u64 {
    some.iter().zip(other).take_while(|(one, two)| one == two).count() as u64
}

fn split(bytes: &[u8]) -> Vec<Hash> {
    let chunks = bytes.chunks_exact(HASH_SIZE);
    chunks.map(|hash| Hash(hash.try_into().expect("chunks of that size"))).collect()
}
