//! The canonical notice: one observed fact, whatever format it came in.
//!
//! Its parts end in different compartments (`store::compartment`): works and claim are *evidence*,
//! the observation's address, port and instant are *traffic*. Nothing here names a subscriber.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One observed fact as one sender reports it (constat).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The sender's own number for the fact, unique per sender where given.
    pub sender_case_id: Option<String>,
    pub class: Class,
    /// The type within the class, in the words of XARF v4 (`p2p`, `botnet`, `phishing`, …).
    pub kind: String,
    pub observation: Observation,
    pub source: Source,
    /// Where the observer stood, when it was a party to the exchange.
    pub observer: Option<Source>,
    /// The application protocol, in lower case (`bittorrent`, `ed2k`, …).
    pub protocol: Option<String>,
    /// The name the source went by on the network (décret 2010-236, annex 1°).
    pub pseudonym: Option<String>,
    /// The provider the sender believes to hold the address. Never trusted: the address decides.
    pub provider_name: Option<String>,
    pub works: Vec<Work>,
    pub claim: Claim,
    /// What only this class carries (indicator, URL, bot family …), kept for its own track.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, serde_json::Value>,
}

/// What a notice is about: the categories of XARF v4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Copyright,
    Connection,
    Content,
    Infrastructure,
    Messaging,
    Reputation,
    Vulnerability,
}

/// When the fact was seen, and how far the observer's clock can be trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    pub from: Timestamp,
    /// The last instant, where the observation lasted.
    pub until: Option<Timestamp>,
    pub clock: Option<Clock>,
}

/// The observer's clock as the sender declares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// What it is set by: `ntp`, `gps`, `ptp` …
    pub source: String,
    /// Measured offset, milliseconds; positive when the observer's clock was ahead.
    pub offset_ms: Option<i64>,
    /// The largest error the sender vouches for, milliseconds.
    pub max_error_ms: Option<u32>,
}

/// A public address as seen from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Source {
    pub ip: IpAddr,
    pub port: Option<u16>,
    pub transport: Option<Transport>,
}

/// A transport protocol by its IANA number; the two that matter have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    Tcp,
    Udp,
    Other(u8),
}

impl Transport {
    /// From the IANA protocol number: 6 is TCP, 17 is UDP.
    pub fn from_number(number: u8) -> Self {
        match number {
            6 => Self::Tcp,
            17 => Self::Udp,
            other => Self::Other(other),
        }
    }

    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Other(number) => number,
        }
    }
}

/// A protected work, or a file that contains one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    pub title: Option<String>,
    pub artist: Option<String>,
    /// As it stood on the source's machine.
    pub file_name: Option<String>,
    pub size_bytes: Option<u64>,
    pub hashes: Vec<Hash>,
    /// ISAN, EIDR, ISRC … as `scheme:value`.
    pub work_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hash {
    /// In lower case: `sha1`, `ed2k`, `btih`, `btmh`, `sha256` …
    pub algorithm: String,
    /// In lower-case hexadecimal where the algorithm has one, else as sent.
    pub value: String,
}

/// By what right the sender reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub rights_holder: Option<String>,
    /// The mandate that binds the sender to the rights holder, by its number.
    pub mandate: Option<String>,
    /// The sworn agent, by number (CPI L331-2).
    pub sworn_agent: Option<String>,
    /// The declaration of honour that the body has standing for the work (CPI R331-6).
    pub standing_declared: bool,
    pub legal_basis: Option<String>,
    /// The sender takes an earlier notice back.
    #[serde(default)]
    pub retraction: bool,
}
