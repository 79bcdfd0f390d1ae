//! What goes into a statement and what comes out of it: nothing, an integer, a text or bytes.

use jiff::Timestamp;
use uuid::Uuid;

use crate::trouble::Trouble;

/// A value on its way in. No content in `Debug`: it may be anybody's.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Value")
    }
}

impl<'a> Value<'a> {
    pub fn id(id: &'a Uuid) -> Self {
        Self::Bytes(id.as_bytes())
    }

    /// Microseconds since 1970.
    pub fn time(at: Timestamp) -> Self {
        Self::Integer(at.as_microsecond())
    }

    pub fn count(count: usize) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub fn maybe<T>(given: Option<T>, value: impl FnOnce(T) -> Self) -> Self {
        given.map_or(Self::Null, value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

/// A value on its way out.
pub(super) enum Held {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// One row of an answer. Columns are taken by their place in the text.
pub(crate) struct Row(pub(super) Vec<Held>);

impl Row {
    fn wrong<T>() -> Result<T, Trouble> {
        Err(Trouble::never("a stored column is not of the kind it was written as"))
    }

    pub fn integer(&self, column: usize) -> Result<i64, Trouble> {
        match self.0.get(column) {
            Some(Held::Integer(number)) => Ok(*number),
            _ => Self::wrong(),
        }
    }

    pub fn text(&self, column: usize) -> Result<&str, Trouble> {
        match self.0.get(column) {
            Some(Held::Text(text)) => Ok(text),
            _ => Self::wrong(),
        }
    }

    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>, Trouble> {
        match self.0.get(column) {
            Some(Held::Null) => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    pub fn bytes(&self, column: usize) -> Result<&[u8], Trouble> {
        match self.0.get(column) {
            Some(Held::Bytes(bytes)) => Ok(bytes),
            _ => Self::wrong(),
        }
    }

    pub fn maybe_bytes(&self, column: usize) -> Result<Option<&[u8]>, Trouble> {
        match self.0.get(column) {
            Some(Held::Null) => Ok(None),
            _ => self.bytes(column).map(Some),
        }
    }

    pub fn id(&self, column: usize) -> Result<Uuid, Trouble> {
        Uuid::from_slice(self.bytes(column)?).or_else(|_| Self::wrong())
    }

    pub fn maybe_id(&self, column: usize) -> Result<Option<Uuid>, Trouble> {
        match self.0.get(column) {
            Some(Held::Null) => Ok(None),
            _ => self.id(column).map(Some),
        }
    }

    pub fn time(&self, column: usize) -> Result<Timestamp, Trouble> {
        Timestamp::from_microsecond(self.integer(column)?).or_else(|_| Self::wrong())
    }

    pub fn maybe_time(&self, column: usize) -> Result<Option<Timestamp>, Trouble> {
        match self.0.get(column) {
            Some(Held::Null) => Ok(None),
            _ => self.time(column).map(Some),
        }
    }

    /// A short name: authority, regime, party.
    pub fn word<T: std::str::FromStr>(&self, column: usize) -> Result<T, Trouble> {
        self.text(column)?.parse().or_else(|_| Self::wrong())
    }

    pub fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T, Trouble> {
        let bytes = match self.0.get(column) {
            Some(Held::Text(text)) => text.as_bytes(),
            Some(Held::Bytes(bytes)) => bytes,
            _ => return Self::wrong(),
        };
        serde_json::from_slice(bytes).or_else(|_| Self::wrong())
    }
}
