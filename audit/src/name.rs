//! What the files of a ledger are called. C2SP tlog-tiles, "Merkle Tree" and "Log Entries".
//!
//! Pure: no file is touched here.

/// Hashes in a full tile, leaves in a full bundle.
pub const WIDTH: u64 = 256;
/// Levels of the tree that one tile spans: 2⁸ = 256.
pub const HEIGHT: u32 = 8;
/// Levels of tiles that a 64-bit tree can have.
pub const LEVELS: u32 = 64 / HEIGHT;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// The leaves themselves.
    Entries,
    /// Hashes of the complete subtrees of height 8·level.
    Hashes { level: u32 },
}

/// One file of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileName {
    pub content: Content,
    /// Place among the tiles of its level, from 0.
    pub number: u64,
    /// How many hashes or leaves it holds, 1 to 256.
    pub width: u64,
}

impl TileName {
    pub fn entries(number: u64, width: u64) -> Self {
        Self { content: Content::Entries, number, width }
    }

    pub fn hashes(level: u32, number: u64, width: u64) -> Self {
        Self { content: Content::Hashes { level }, number, width }
    }

    pub fn is_full(&self) -> bool {
        self.width == WIDTH
    }

    /// The same place in the tree, fully grown.
    pub fn full(self) -> Self {
        Self { width: WIDTH, ..self }
    }

    /// Level of the tile; leaves lie below level 0 and count as it.
    pub fn level(&self) -> u32 {
        match self.content {
            Content::Entries => 0,
            Content::Hashes { level } => level,
        }
    }

    /// How many hashes (or leaves) a tree of `size` leaves has at this place, at most 256.
    pub fn width_in(&self, size: u64) -> u64 {
        (size >> (HEIGHT * self.level()))
            .saturating_sub(self.number.saturating_mul(WIDTH))
            .min(WIDTH)
    }

    /// The last tile of a level in a tree of `size` leaves, where it is not full: its number.
    pub fn last_of(size: u64, level: u32) -> u64 {
        size.checked_shr(HEIGHT * (level + 1)).unwrap_or(0)
    }

    /// Relative path with `/` between its parts.
    pub fn path(&self) -> String {
        let kind = match self.content {
            Content::Entries => "entries".to_owned(),
            Content::Hashes { level } => level.to_string(),
        };
        let mut digits = format!("{:03}", self.number % 1000);
        let mut rest = self.number / 1000;
        while rest > 0 {
            digits = format!("x{:03}/{digits}", rest % 1000);
            rest /= 1000;
        }
        let growing = if self.is_full() { String::new() } else { format!(".p/{}", self.width) };
        format!("tile/{kind}/{digits}{growing}")
    }

    /// Reads a path; `None` for any other spelling than the one [`Self::path`] writes.
    pub fn from_path(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        let (kind, rest) = rest.split_once('/')?;
        let content = match kind {
            "entries" => Content::Entries,
            level => Content::Hashes { level: level.parse().ok().filter(|level| *level < LEVELS)? },
        };
        let (digits, width) = match rest.split_once(".p/") {
            Some((digits, width)) => (digits, width.parse().ok()?),
            None => (rest, WIDTH),
        };
        if !(1..=WIDTH).contains(&width) {
            return None;
        }
        let number = digits.split('/').try_fold(0u64, |number, part| {
            let part: u64 = part.strip_prefix('x').unwrap_or(part).parse().ok()?;
            number.checked_mul(1000)?.checked_add(part)
        })?;
        let name = Self { content, number, width };
        (name.path() == path).then_some(name)
    }
}
