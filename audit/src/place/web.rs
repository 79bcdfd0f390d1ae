//! A ledger behind an HTTP address.

use std::io::Read as _;
use std::time::Duration;

use super::{FILE_BYTES_MAX, Fetch, FetchError};

/// How long one file may take.
const WEB_TIMEOUT_SECS: u64 = 30;

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
