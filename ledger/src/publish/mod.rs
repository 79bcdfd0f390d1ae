//! Appends to a published ledger.
//!
//! The order is that of Sunlight: leaves and tiles first, the signed checkpoint last. A checkpoint
//! is a promise that cannot be taken back, so nothing is promised that is not on the disk, and
//! nothing is promised that contradicts an earlier promise.

mod edge;

pub(crate) use edge::read;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use signed_note::Note;
use tlog_tiles::{Checkpoint, Hash, record_hash};

use entremise_audit::head::{Head, read_head};
use entremise_audit::leaf::LeafView;
use entremise_audit::name::{TileName, WIDTH};
use entremise_audit::tree::{Edge, subtree};

use crate::keys::LogKey;
use crate::write::{Unwritten, Writer};
use entremise_audit::{CHECKPOINT, PAGE, VKEY};

/// Leaves read from the source at once: 64 full bundles.
const BATCH: u64 = 64 * WIDTH;

/// Where leaves come from, in order; usually the store.
pub trait Leaves {
    /// How many leaves there are. Never shrinks.
    ///
    /// # Errors
    /// Whatever keeps the source from answering.
    fn size(&mut self) -> Result<u64, SourceError>;

    /// The leaves `from..from + most`, or fewer; at least one when there is one.
    ///
    /// # Errors
    /// Whatever keeps the source from answering.
    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, SourceError>;
}

pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// What stands published now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub size: u64,
    /// Root hash of the tree, RFC 6962 §2.1.
    pub root: [u8; 32],
    /// How many leaves are new since the checkpoint before.
    pub added: u64,
    /// The checkpoint as it stands: a signed note.
    pub checkpoint: String,
    pub at: Timestamp,
}

/// Why nothing was published. The old checkpoint stands in every case.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(
        "the published ledger has {published} entries and its source only {source_size}: a ledger \
         never shrinks; was the store restored from an old copy?"
    )]
    Shrunk { published: u64, source_size: u64 },
    #[error("entry {seq} is not what was published under that number: a ledger is never rewritten")]
    Diverged { seq: u64 },
    #[error("the checkpoint in place was not signed with this key for this origin: {why}")]
    OtherLedger { why: String },
    #[error("{file}: the published ledger is damaged, so nothing can be added to it: {why}")]
    Damaged { file: String, why: String },
    #[error("entry {seq} cannot be published: {why}")]
    UnfitLeaf { seq: u64, why: String },
    #[error("another process is publishing into {folder}")]
    Busy { folder: PathBuf },
    #[error("the source of the entries failed: {0}")]
    Source(#[source] SourceError),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
}

impl From<Unwritten> for PublishError {
    fn from(unwritten: Unwritten) -> Self {
        Self::File { path: unwritten.path, source: unwritten.source }
    }
}

/// Brings the ledger in `folder` up to what `source` has, and signs the new head.
///
/// Reads back only the right edge of what is published, so the cost is that of the new leaves.
/// Does nothing when there is nothing new. Safe to stop at any instant and to call again.
///
/// # Errors
/// [`PublishError`]; the checkpoint then stands as before.
pub fn publish(
    source: &mut dyn Leaves,
    folder: &Path,
    key: &LogKey,
    now: Timestamp,
) -> Result<Published, PublishError> {
    let file = |source| PublishError::File { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(file)?;
    let _lock = lock(folder)?;
    let head = standing_head(folder, key)?;
    let size = source.size().map_err(PublishError::Source)?;
    if let Some(head) = &head {
        if size < head.size {
            return Err(PublishError::Shrunk { published: head.size, source_size: size });
        }
        edge::still_the_same(folder, source, head)?;
        if size == head.size {
            let checkpoint = head.text.clone();
            return Ok(Published { size, root: head.root.0, added: 0, checkpoint, at: now });
        }
    }
    let published = head.as_ref().map_or(0, |head| head.size);
    let mut append = Append::resume(folder, head.as_ref())?;
    append.leaves(source, size)?;
    append.right_edge()?;
    // Crash here: the new files reach beyond the old checkpoint and bind nobody; the next run
    // writes the same bytes under the same names.
    let root = append.edge.root();
    for (name, text) in PAGE.into_iter().chain([(VKEY, key.public().as_str())]) {
        if edge::read(folder, name)?.as_deref() != Some(text.as_bytes()) {
            append.writer.write(&[(name.to_owned(), text.as_bytes().to_vec())])?;
        }
    }
    append.writer.settle()?;
    // Crash here: the same. Everything the next line promises is on the disk.
    let checkpoint = sign(key, size, root);
    append.writer.write(&[(CHECKPOINT.to_owned(), checkpoint.clone().into_bytes())])?;
    append.writer.settle()?;
    // Crash here: published; partial tiles that nobody needs any more stay, and still verify.
    edge::drop_outgrown(folder, published, size);
    Ok(Published { size, root: root.0, added: size - published, checkpoint, at: now })
}

/// One publisher at a time: two would each sign their own continuation.
pub(crate) fn lock(folder: &Path) -> Result<std::fs::File, PublishError> {
    let path = folder.join(".lock");
    let file = std::fs::File::create(&path)
        .map_err(|source| PublishError::File { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(PublishError::Busy { folder: folder.to_owned() })
        }
        Err(std::fs::TryLockError::Error(source)) => Err(PublishError::File { path, source }),
    }
}

/// The checkpoint in place, checked against our own key; `None` for a new ledger.
fn standing_head(folder: &Path, key: &LogKey) -> Result<Option<Head>, PublishError> {
    let Some(bytes) = edge::read(folder, CHECKPOINT)? else {
        return Ok(None);
    };
    let keys = std::slice::from_ref(key.public());
    let head = read_head(&bytes, keys)
        .map_err(|harm| PublishError::OtherLedger { why: harm.to_string() })?;
    if head.origin != key.origin() {
        return Err(PublishError::OtherLedger { why: format!("it is of {}", head.origin) });
    }
    Ok(Some(head))
}

fn sign(key: &LogKey, size: u64, root: Hash) -> String {
    let text = Checkpoint::new(key.origin(), size, root, "")
        .expect("the origin named a key, so it is one line")
        .to_bytes();
    let mut note = Note::new(&text, &[]).expect("a checkpoint is lines of text");
    note.add_sigs(&[key.signer()]).expect("Ed25519 signs any text, and the name was checked");
    String::from_utf8(note.to_bytes()).expect("a note is text")
}

/// An append under way.
struct Append<'a> {
    edge: Edge,
    /// Leaves done.
    size: u64,
    /// The bundle that is not yet full, as it will lie on the disk.
    bundle: Vec<u8>,
    /// Files that are complete and not yet written.
    ready: Vec<(String, Vec<u8>)>,
    writer: Writer<'a>,
}

impl<'a> Append<'a> {
    /// Takes up the right edge that the head stands for.
    fn resume(folder: &'a Path, head: Option<&Head>) -> Result<Self, PublishError> {
        let (mut edge, mut bundle, mut size) = (Edge::default(), Vec::new(), 0);
        if let Some(head) = head {
            edge = edge::read_edge(folder, head)?;
            size = head.size;
            if size % WIDTH > 0 {
                bundle = edge::read_bundle(folder, size)?;
            }
        }
        Ok(Self { edge, size, bundle, ready: Vec::new(), writer: Writer::new(folder) })
    }

    /// Adds everything up to `size` and writes all tiles and bundles that are full.
    fn leaves(&mut self, source: &mut dyn Leaves, size: u64) -> Result<(), PublishError> {
        while self.size < size {
            let most = usize::try_from((size - self.size).min(BATCH)).expect("BATCH is small");
            let leaves = source.read(self.size, most).map_err(PublishError::Source)?;
            if leaves.is_empty() {
                let why = "the source counts this entry but does not give it".to_owned();
                return Err(PublishError::UnfitLeaf { seq: self.size, why });
            }
            for leaf in leaves.iter().take(most) {
                self.leaf(leaf)?;
            }
            self.writer.write(&std::mem::take(&mut self.ready))?;
        }
        Ok(())
    }

    fn leaf(&mut self, leaf: &[u8]) -> Result<(), PublishError> {
        let unfit = |why: String| PublishError::UnfitLeaf { seq: self.size, why };
        let view = LeafView::read(leaf).map_err(|member| unfit(format!("its form: {member}")))?;
        if view.seq != self.size {
            return Err(unfit(format!("it calls itself entry {}", view.seq)));
        }
        let length = u16::try_from(leaf.len())
            .map_err(|_| unfit(format!("{} bytes are more than 65535", leaf.len())))?;
        self.bundle.extend_from_slice(&length.to_be_bytes());
        self.bundle.extend_from_slice(leaf);
        let (mut level, mut hash, mut number) = (0, record_hash(leaf), self.size);
        while let Some(tile) = self.edge.push(level, hash) {
            number /= WIDTH;
            if level == 0 {
                let name = TileName::entries(number, WIDTH).path();
                self.ready.push((name, std::mem::take(&mut self.bundle)));
            }
            self.ready.push((TileName::hashes(level, number, WIDTH).path(), join(&tile)));
            (level, hash) = (level + 1, subtree(&tile));
        }
        self.size += 1;
        Ok(())
    }

    /// Writes what is not full, under names that say how far it is.
    fn right_edge(&mut self) -> Result<(), PublishError> {
        let mut files = Vec::new();
        for level in 0..self.edge.height() {
            let tile = self.edge.level(level);
            if !tile.is_empty() {
                let name =
                    TileName::hashes(level, TileName::last_of(self.size, level), tile.len() as u64);
                files.push((name.path(), join(tile)));
            }
        }
        if !self.bundle.is_empty() {
            let name = TileName::entries(self.size / WIDTH, self.size % WIDTH);
            files.push((name.path(), std::mem::take(&mut self.bundle)));
        }
        Ok(self.writer.write(&files)?)
    }
}

fn join(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}
