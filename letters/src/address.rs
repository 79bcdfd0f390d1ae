//! The address block of a French window envelope (AFNOR XP Z10-011): six lines of 38 characters,
//! the last one postcode and town in capitals.
//!
//! A line that does not fit is an error for a person to mend, never cut: a cut address is
//! another address.

use serde::{Deserialize, Serialize};

/// Lines of an address block. Source: AFNOR XP Z10-011.
pub const LINES_MAX: usize = 6;
/// Characters of one line. Source: AFNOR XP Z10-011.
pub const LINE_CHARACTERS_MAX: usize = 38;

/// A postal address that fits the window. It is somebody's: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct PostalAddress(Vec<String>);

/// Why an address does not fit the window. Names the line, never its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("an address needs at least a name and a town, {lines} line(s) given")]
    TooShort { lines: usize },
    #[error("an address has at most {LINES_MAX} lines, {lines} given")]
    TooManyLines { lines: usize },
    #[error(
        "address line {line} has {characters} characters, the window shows {LINE_CHARACTERS_MAX}"
    )]
    LineTooLong { line: usize, characters: usize },
    #[error("address line {line} holds a control character")]
    ControlCharacter { line: usize },
}

impl PostalAddress {
    /// Takes the lines as given, drops empty ones, and writes the last in capitals.
    pub fn new<Line: AsRef<str>>(
        lines: impl IntoIterator<Item = Line>,
    ) -> Result<Self, AddressError> {
        let mut kept: Vec<String> = lines
            .into_iter()
            .map(|line| single_spaced(line.as_ref()))
            .filter(|line| !line.is_empty())
            .collect();
        match kept.len() {
            0 | 1 => return Err(AddressError::TooShort { lines: kept.len() }),
            2..=LINES_MAX => {}
            lines => return Err(AddressError::TooManyLines { lines }),
        }
        if let Some(town) = kept.last_mut() {
            *town = town.to_uppercase();
        }
        for (index, line) in kept.iter().enumerate() {
            let characters = line.chars().count();
            if characters > LINE_CHARACTERS_MAX {
                return Err(AddressError::LineTooLong { line: index + 1, characters });
            }
            if line.chars().any(char::is_control) {
                return Err(AddressError::ControlCharacter { line: index + 1 });
            }
        }
        Ok(Self(kept))
    }

    /// The lines under a name that may be longer than one line: it runs on between two words.
    pub fn named<Line: AsRef<str>>(
        name: &str,
        lines: impl IntoIterator<Item = Line>,
    ) -> Result<Self, AddressError> {
        let mut all = run_on(name);
        all.extend(lines.into_iter().map(|line| line.as_ref().to_owned()));
        Self::new(all)
    }

    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

/// As few lines as hold the words in their order.
fn run_on(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line)
                if line.chars().count() + 1 + word.chars().count() <= LINE_CHARACTERS_MAX =>
            {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn single_spaced(line: &str) -> String {
    line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

impl TryFrom<Vec<String>> for PostalAddress {
    type Error = AddressError;
    fn try_from(lines: Vec<String>) -> Result<Self, AddressError> {
        Self::new(lines)
    }
}

impl From<PostalAddress> for Vec<String> {
    fn from(address: PostalAddress) -> Self {
        address.0
    }
}
