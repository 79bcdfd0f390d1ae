//! The provider's own records, one reader per format. A reader turns a record's bytes into what
//! the folds of `interval` take; it opens no file and knows no index.
//!
//! A line that cannot be read is a [`LineError`]: counted, shown with file, line and how to mend
//! it, and never a reason to stop. It repeats nothing of the line: lines name subscribers.

pub mod cgnat_a10;
pub mod cgnat_cisco_xr;
pub mod cgnat_juniper;
pub mod deterministic;
pub mod instant;
pub mod isc_dhcpd;
pub mod kea_forensic;
pub mod kea_lease;
pub mod radius_detail;

use std::fmt;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::interval::{Digest, Holder};

/// The formats this connector reads. The wire name is the one of the command line.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Format {
    RadiusDetail,
    KeaLease4,
    KeaLease6,
    KeaForensic,
    IscDhcpd,
    CgnatJuniper,
    CgnatA10,
    CgnatCiscoXr,
    Deterministic,
}

impl Format {
    pub const COUNT: usize = 9;
    pub const ALL: [Self; Self::COUNT] = [
        Self::RadiusDetail,
        Self::KeaLease4,
        Self::KeaLease6,
        Self::KeaForensic,
        Self::IscDhcpd,
        Self::CgnatJuniper,
        Self::CgnatA10,
        Self::CgnatCiscoXr,
        Self::Deterministic,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::RadiusDetail => "radius-detail",
            Self::KeaLease4 => "kea-lease4",
            Self::KeaLease6 => "kea-lease6",
            Self::KeaForensic => "kea-forensic",
            Self::IscDhcpd => "isc-dhcpd",
            Self::CgnatJuniper => "cgnat-juniper",
            Self::CgnatA10 => "cgnat-a10",
            Self::CgnatCiscoXr => "cgnat-cisco-xr",
            Self::Deterministic => "deterministic",
        }
    }

    /// Whether the records name an inside address instead of an account.
    pub fn translates(self) -> bool {
        use Format::*;
        matches!(self, CgnatJuniper | CgnatA10 | CgnatCiscoXr | Deterministic)
    }

    /// Whether the file is a log in which a long silence means lost records. A lease file is a
    /// list of what is, in any order of time.
    pub fn is_log(self) -> bool {
        use Format::*;
        matches!(self, RadiusDetail | KeaForensic | CgnatJuniper | CgnatA10 | CgnatCiscoXr)
    }

    /// What the format's instants cannot tell apart, milliseconds.
    pub fn granularity(self) -> i64 {
        if self == Self::Deterministic { 0 } else { crate::interval::SECOND }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why one record was not read. The code is for programs, the text for the engineer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Line in the file, from 1; filled in by whoever knows it.
    pub line: u64,
    pub code: ErrorCode,
    /// What is wrong and how to mend it. Repeats no data.
    pub how: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    Malformed,
    FieldMissing,
    InstantMissing,
    /// A time-zone abbreviation or none at all: nobody can say which hour is meant.
    InstantWithoutZone,
    AddressInvalid,
    PortInvalid,
    /// An identifier that is no subscriber: all zeros, all ones, empty.
    SubscriberUnusable,
    TooLong,
}

impl LineError {
    pub fn new(code: ErrorCode, how: &'static str) -> Self {
        Self { line: 0, code, how }
    }
}

/// Which identifier of a lease names the subscriber; the first that is there counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum AccountFrom {
    HardwareAddress,
    ClientId,
    CircuitId,
    RemoteId,
    SubscriberId,
}

/// What a reader must be told about a file.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The zone of local times whose lines carry an abbreviation or nothing.
    pub zone: Option<TimeZone>,
    /// The routing instance (VRF) of the addresses, by its number in the index.
    pub space: u16,
    pub account_from: Vec<AccountFrom>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            zone: None,
            space: 0,
            account_from: vec![AccountFrom::HardwareAddress, AccountFrom::ClientId],
        }
    }
}

/// What readers ask of the index while they read: numbers for names.
pub trait Names {
    /// The number of an account name. The name is never empty.
    fn account(&mut self, name: &[u8]) -> u32;
    /// The number of a routing instance by its name.
    fn space(&mut self, name: &str) -> u16;
}

/// The holder an account name stands for: [`Holder::Unusable`] where it names nobody.
///
/// In 2013 a failed look-up answered with the device 00:00:00:00:00:00, which was a real
/// subscriber's: 1,531 wrong identifications (law.md A7). No such name enters the index.
pub fn holder(name: &[u8], names: &mut dyn Names) -> Holder {
    if is_usable(name) { Holder::Account(names.account(name)) } else { Holder::Unusable }
}

/// Whether a name can be a subscriber's at all.
pub fn is_usable(name: &[u8]) -> bool {
    let name = name.trim_ascii();
    let digits = || name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let only = |wanted: u8| digits().all(|byte| byte.eq_ignore_ascii_case(&wanted));
    let is_word = |words: &[&str]| words.iter().any(|w| name.eq_ignore_ascii_case(w.as_bytes()));
    !(digits().next().is_none()
        || only(b'0')
        || (only(b'f') && digits().count() >= 12)
        || is_word(&["null", "(null)", "none", "unknown", "anonymous", "n/a"]))
}

/// SHA-256 of a record as it stands in the file.
pub fn digest(record: &[u8]) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, record).as_ref());
    bytes
}

/// A short keyless digest for things that only need telling apart within one load.
pub fn short(bytes: &[u8]) -> u64 {
    let digest = digest(bytes);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(first)
}
