//! The time zone in which a regime counts its days. The zone data is inside the binary: a court
//! must get the same day on every machine.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// An IANA time zone, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time zone is called {0:?}; write an IANA name such as Europe/Paris")]
pub struct UnknownZone(pub String);

impl Zone {
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let rules =
            TimeZoneDatabase::bundled().get(name).map_err(|_| UnknownZone(name.to_owned()))?;
        Ok(Self { name: name.to_owned(), rules })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The local day on which an instant falls.
    pub fn day_of(&self, instant: Timestamp) -> Date {
        self.local(instant).date()
    }

    pub fn local(&self, instant: Timestamp) -> DateTime {
        self.rules.to_datetime(instant)
    }

    /// The instant of a local time; of two, the earlier. None beyond what can be counted.
    pub fn instant_of(&self, local: DateTime) -> Option<Timestamp> {
        let zoned = self.rules.to_ambiguous_zoned(local).compatible();
        zoned.ok().map(|zoned| zoned.timestamp())
    }

    /// The first instant of a local day. Where clocks jump over midnight, the first that exists.
    pub fn start_of(&self, day: Date) -> Timestamp {
        self.rules
            .to_ambiguous_zoned(day.at(0, 0, 0, 0))
            .compatible()
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    /// The first instant after a local day.
    pub fn end_of(&self, day: Date) -> Timestamp {
        day.tomorrow().map_or(Timestamp::MAX, |next| self.start_of(next))
    }
}
