//! Where a published ledger lies: a folder, or an address on the web. Reads only.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The largest file of a ledger: 256 leaves of 65,535 bytes behind two bytes each. More than that
/// is not read.
const FILE_BYTES_MAX: u64 = 256 * (65_535 + 2);

/// How long one file may take over the web.
const WEB_TIMEOUT_SECS: u64 = 30;

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{path}: cannot be read: {source}")]
    File { path: String, source: std::io::Error },
    #[error("{url}: cannot be fetched: {why}")]
    Web { url: String, why: String },
    #[error("{path}: is larger than any file of a ledger can be")]
    TooLarge { path: String },
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

/// A ledger behind an HTTP address. Blocks; not to be called from an async thread.
pub struct Web {
    client: reqwest::blocking::Client,
    base: String,
}

impl Web {
    /// `base` is the address of the folder that holds `checkpoint`.
    ///
    /// # Errors
    /// When no client can be made, as when the process has no cryptographic provider.
    pub fn new(base: &str) -> Result<Self, FetchError> {
        let base = base.trim_end_matches('/').to_owned();
        let client = reqwest::blocking::Client::builder()
            .timeout(Duration::from_secs(WEB_TIMEOUT_SECS))
            .build()
            .map_err(|trouble| FetchError::Web { url: base.clone(), why: trouble.to_string() })?;
        Ok(Self { client, base })
    }
}

impl Fetch for Web {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FetchError> {
        let url = format!("{}/{path}", self.base);
        let trouble = |why: String| FetchError::Web { url: url.clone(), why };
        let answer = self.client.get(&url).send().map_err(|error| trouble(error.to_string()))?;
        match answer.status().as_u16() {
            200 => {}
            404 | 410 => return Ok(None),
            other => return Err(trouble(format!("the server answers {other}"))),
        }
        let mut bytes = Vec::new();
        let read = answer.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(|error| trouble(error.to_string()))?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(FetchError::TooLarge { path: path.to_owned() });
        }
        Ok(Some(bytes))
    }

    fn list(&self) -> Result<Option<Vec<String>>, FetchError> {
        Ok(None)
    }
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
    /// As [`Web::new`].
    pub fn parse(place: &str) -> Result<Self, FetchError> {
        if place.starts_with("http://") || place.starts_with("https://") {
            return Ok(Self::of(place, Box::new(Web::new(place)?)));
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
