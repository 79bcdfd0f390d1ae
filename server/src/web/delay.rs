//! How late what is late is, in four sorts that a person tells apart at a glance.

use jiff::Timestamp;

/// How late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    Day,
    Week,
    Month,
    Longer,
}

impl Delay {
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Longer];

    /// Of what was due at an instant.
    pub fn of(due: Timestamp, now: Timestamp) -> Self {
        match now.duration_since(due).as_hours() {
            ..=24 => Self::Day,
            25..=168 => Self::Week,
            169..=720 => Self::Month,
            _ => Self::Longer,
        }
    }

    /// How many of these instants lie how far back. Those ahead are not counted.
    pub fn counted(due: impl Iterator<Item = Timestamp>, now: Timestamp) -> Vec<(Self, u64)> {
        let late: Vec<Self> = due.filter(|due| *due <= now).map(|due| Self::of(due, now)).collect();
        let count = |of: Self| late.iter().filter(|delay| **delay == of).count() as u64;
        Self::ALL.map(|of| (of, count(of))).to_vec()
    }

    /// The name in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Longer => "longer",
        }
    }
}
