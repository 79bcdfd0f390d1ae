//! What lies sealed: the parts of a notice, each for the compartment it belongs to.
//!
//! None of these has `Debug`: they hold what the compartments are there to keep apart.

use std::collections::BTreeMap;
use std::net::IpAddr;

use entremise_core::id::NoticeId;
use entremise_core::notice::{Claim, Class, Notice, Observation, Source, Transport, Work};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The traffic part of a notice: who was seen from where, when.
#[derive(Serialize)]
pub(crate) struct TrafficOut<'n> {
    source: &'n Source,
    observer: Option<&'n Source>,
    observation: &'n Observation,
    protocol: Option<&'n str>,
}

impl<'n> TrafficOut<'n> {
    pub fn of(notice: &'n Notice) -> Self {
        Self {
            source: &notice.source,
            observer: notice.observer.as_ref(),
            observation: &notice.observation,
            protocol: notice.protocol.as_deref(),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct TrafficIn {
    pub source: Source,
    pub observation: Observation,
    pub protocol: Option<String>,
}

/// The evidence part of a notice: what is claimed, by what right.
#[derive(Serialize)]
pub(crate) struct EvidenceOut<'n> {
    sender_case_id: Option<&'n str>,
    class: Class,
    kind: &'n str,
    provider_name: Option<&'n str>,
    pseudonym: Option<&'n str>,
    works: &'n [Work],
    claim: &'n Claim,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    details: &'n BTreeMap<String, serde_json::Value>,
}

impl<'n> EvidenceOut<'n> {
    pub fn of(notice: &'n Notice) -> Self {
        Self {
            sender_case_id: notice.sender_case_id.as_deref(),
            class: notice.class,
            kind: &notice.kind,
            provider_name: notice.provider_name.as_deref(),
            pseudonym: notice.pseudonym.as_deref(),
            works: &notice.works,
            claim: &notice.claim,
            details: &notice.details,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct EvidenceIn {
    pub works: Vec<Work>,
}

/// What an auditor is shown of a notice: what is claimed and by what right. Neither the sender's
/// number nor a pseudonym, and nothing of the other compartments.
#[derive(Deserialize)]
pub struct EvidenceShown {
    pub class: Class,
    pub kind: String,
    pub works: Vec<Work>,
    pub claim: Claim,
}

/// What a question to a provider needs of a notice, and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct TrafficRecord {
    pub notice: NoticeId,
    pub ip: IpAddr,
    pub port: Option<u16>,
    pub transport: Option<Transport>,
    pub observed_at: Timestamp,
    /// The last instant, where the observation lasted.
    pub observed_until: Option<Timestamp>,
    /// The observer's largest clock error, milliseconds; none where it was not declared.
    pub clock_error_ms: Option<u32>,
    /// Measured offset of the observer's clock, milliseconds; positive when it was ahead.
    pub clock_offset_ms: Option<i64>,
}

impl TrafficRecord {
    pub(crate) fn of(notice: NoticeId, traffic: TrafficIn) -> Self {
        let clock = traffic.observation.clock;
        Self {
            notice,
            ip: traffic.source.ip,
            port: traffic.source.port,
            transport: traffic.source.transport,
            observed_at: traffic.observation.from,
            observed_until: traffic.observation.until,
            clock_error_ms: clock.as_ref().and_then(|clock| clock.max_error_ms),
            clock_offset_ms: clock.as_ref().and_then(|clock| clock.offset_ms),
        }
    }
}
