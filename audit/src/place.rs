//! Where a published ledger lies: a folder, or an address on the web. Reads only.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::name::{Content, TileName};

#[cfg(feature = "web")]
mod web;

/// The largest file of a ledger: 256 leaves of 65,535 bytes behind two bytes each. More than that
/// is not read.
const FILE_BYTES_MAX: u64 = 256 * (65_535 + 2);

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{path}: cannot be read: {source}")]
    File { path: String, source: std::io::Error },
    #[error("{url}: cannot be fetched: {why}")]
    Web { url: String, why: String },
    #[error("{path}: is larger than any file of a ledger can be")]
    TooLarge { path: String },
    #[error("{place}: several ledgers lie here; name the folder of one")]
    Several { place: String },
}

/// Something that hands out the files of a ledger by their relative path.
pub trait Fetch: Send + Sync {
    /// The file, or `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be known whether there is one, or it cannot be read to its end.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FetchError>;

    /// Every file below, or `None` where that cannot be known (the web).
    ///
    /// # Errors
    /// When the place does not answer.
    fn list(&self) -> Result<Option<Vec<String>>, FetchError>;
}

/// A ledger on a disk.
#[derive(Clone, Debug)]
pub struct Folder(pub PathBuf);

impl Fetch for Folder {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FetchError> {
        let trouble = |source| FetchError::File { path: path.to_owned(), source };
        let file = match std::fs::File::open(self.0.join(path)) {
            Ok(file) => file,
            Err(trouble) if trouble.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(trouble(source)),
        };
        let size = file.metadata().map_err(trouble)?.len();
        if size > FILE_BYTES_MAX {
            return Err(FetchError::TooLarge { path: path.to_owned() });
        }
        let room = usize::try_from(size).expect("it is below the limit") + 1;
        let mut bytes = Vec::with_capacity(room);
        file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(trouble)?;
        Ok(Some(bytes))
    }

    fn list(&self) -> Result<Option<Vec<String>>, FetchError> {
        let mut files = Vec::new();
        list_below(&self.0, "", &mut files)?;
        Ok(Some(files))
    }
}

fn list_below(root: &Path, below: &str, files: &mut Vec<String>) -> Result<(), FetchError> {
    let trouble = |source| FetchError::File { path: below.to_owned(), source };
    for entry in std::fs::read_dir(root.join(below)).map_err(trouble)? {
        let entry = entry.map_err(trouble)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type().map_err(trouble)?.is_dir() {
            list_below(root, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// A ledger's files, and the authority's folder name where a place holds several.
pub(crate) type Found<'a> = (String, Box<dyn Fetch + 'a>);

/// One place to verify: one ledger, or a folder with a ledger per authority.
pub struct Place {
    name: String,
    at: At,
}

enum At {
    Folder(PathBuf),
    Other(Box<dyn Fetch>),
}

impl Place {
    /// An address (`http://…`, `https://…`) or else a folder.
    ///
    /// # Errors
    /// When no web client can be made, as when the process has no cryptographic provider.
    pub fn parse(place: &str) -> Result<Self, FetchError> {
        if place.starts_with("http://") || place.starts_with("https://") {
            return web(place).map(|fetch| Self::of(place, fetch));
        }
        Ok(Self::folder(Path::new(place)))
    }

    pub fn folder(path: &Path) -> Self {
        Self { name: path.display().to_string(), at: At::Folder(path.to_owned()) }
    }

    /// Any other source of files; holds one ledger.
    pub fn of(name: &str, fetch: Box<dyn Fetch>) -> Self {
        Self { name: name.to_owned(), at: At::Other(fetch) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The one ledger that lies here.
    ///
    /// # Errors
    /// When there are several, or it cannot be read.
    pub fn only(&self) -> Result<Box<dyn Fetch + '_>, FetchError> {
        let mut ledgers = self.ledgers()?;
        match (ledgers.len(), ledgers.pop()) {
            (1, Some((_, ledger))) => Ok(ledger),
            _ => Err(FetchError::Several { place: self.name.clone() }),
        }
    }

    /// The ledgers that lie here.
    pub(crate) fn ledgers(&self) -> Result<Vec<Found<'_>>, FetchError> {
        let folder = match &self.at {
            At::Other(fetch) => return Ok(vec![(String::new(), Box::new(&**fetch))]),
            At::Folder(folder) => folder,
        };
        let mut names: Vec<String> = Vec::new();
        if !holds_ledger(folder) {
            let trouble = |source| FetchError::File { path: self.name.clone(), source };
            for entry in std::fs::read_dir(folder).map_err(trouble)? {
                let entry = entry.map_err(trouble)?;
                if holds_ledger(&entry.path()) {
                    names.push(entry.file_name().to_string_lossy().into_owned());
                }
            }
        }
        if names.is_empty() {
            return Ok(vec![(String::new(), Box::new(Folder(folder.clone())))]);
        }
        names.sort();
        let ledger = |name: String| {
            let fetch: Box<dyn Fetch> = Box::new(Folder(folder.join(&name)));
            (name, fetch)
        };
        Ok(names.into_iter().map(ledger).collect())
    }
}

#[cfg(feature = "web")]
fn web(address: &str) -> Result<Box<dyn Fetch>, FetchError> {
    Ok(Box::new(self::web::Web::new(address)?))
}

#[cfg(not(feature = "web"))]
fn web(address: &str) -> Result<Box<dyn Fetch>, FetchError> {
    let why = "this program was built without the feature \"web\"".to_owned();
    Err(FetchError::Web { url: address.to_owned(), why })
}

/// The file of that name, or the beginning of the full tile that took its place since the
/// checkpoint was read (C2SP tlog-tiles, "Partial Tiles"); and whether it was the former.
///
/// # Errors
/// As [`Fetch::read`].
pub fn read_tile(fetch: &dyn Fetch, name: TileName) -> Result<Option<(Vec<u8>, bool)>, FetchError> {
    if let Some(bytes) = fetch.read(&name.path())? {
        return Ok(Some((bytes, true)));
    }
    if name.is_full() {
        return Ok(None);
    }
    let full = fetch.read(&name.full().path())?;
    Ok(full.map(|bytes| (beginning(name, &bytes).to_vec(), false)))
}

/// The part of a wider tile that a narrower one of the same place would hold; all of it when it is
/// too short.
pub fn beginning(name: TileName, wider: &[u8]) -> &[u8] {
    let end = match name.content {
        Content::Hashes { .. } => usize::try_from(name.width).ok().map(|width| width * 32),
        Content::Entries => (0..name.width).try_fold(0, |end, _| {
            let length = wider.get(end..end + 2)?;
            Some(end + 2 + usize::from(u16::from_be_bytes([length[0], length[1]])))
        }),
    };
    end.and_then(|end| wider.get(..end)).unwrap_or(wider)
}

/// A checkpoint, or what is left when someone took it away.
fn holds_ledger(folder: &Path) -> bool {
    [crate::CHECKPOINT, crate::VKEY, "tile"].iter().any(|name| folder.join(name).exists())
}

impl Fetch for &dyn Fetch {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FetchError> {
        (**self).read(path)
    }

    fn list(&self) -> Result<Option<Vec<String>>, FetchError> {
        (**self).list()
    }
}
