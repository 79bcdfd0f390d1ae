//! From a finding to what a person can read and hold the provider to: the outcome in the words of
//! `core`, the reason in a sentence, and the digests of the records it rests on.

use std::net::IpAddr;

use entremise_core::identification::{Assignment, AssignmentKind, Evidence, Outcome, Question};
use jiff::Timestamp;

use super::{Finding, IN_MAPS, Identifier};
use crate::interval::answer::{Moment, RecordAt};
use crate::interval::{Digest, Millis, OPEN};
use crate::load::reader_version;
use crate::read::Format;

/// A finding with its texts, before it gets a handle.
#[derive(Clone, Debug)]
pub enum Explained {
    Identified {
        identified: Identified,
        assignment: Assignment,
        evidence: Evidence,
        why: &'static str,
    },
    Other {
        outcome: Outcome,
        evidence: Option<Evidence>,
        why: String,
    },
}

/// Who a finding names, within these walls.
#[derive(Clone, Debug)]
pub enum Identified {
    /// An account, by its number in the index.
    Account(u32),
    /// An inside address, where it stands for the subscriber.
    InsideAddress(String),
}

/// What one record says, read again.
struct Ground {
    assignment: Assignment,
    source: Format,
    digests: Vec<Digest>,
}

impl Identifier<'_> {
    /// Puts a finding of this identifier into words. The question must be the one it answers.
    pub fn explain(&self, question: &Question, finding: Finding) -> Explained {
        let moment = Moment::of(question);
        let nearby = |record: Option<RecordAt>| {
            let ground = self.ground(record?)?;
            Some(self.evidence(&ground, None, moment))
        };
        let other =
            |outcome, why: &str| Explained::Other { outcome, evidence: None, why: why.to_owned() };
        match finding {
            Finding::Account { number, outer, inner } => self.account(number, outer, inner, moment),
            Finding::InsideAddress { outer, space, inside } => {
                self.inside_address(outer, space, inside, moment)
            }
            Finding::Ambiguous { holders, first } => Explained::Other {
                outcome: Outcome::Ambiguous { holders },
                evidence: nearby(Some(first)),
                why: format!(
                    "{holders} subscribers held this address within the interval searched; the \
                     nearest is not an answer."
                ),
            },
            Finding::NotFound { nearby: record } => Explained::Other {
                outcome: Outcome::NotFound,
                evidence: nearby(record),
                why: "Nobody is recorded for this address in the interval searched.".to_owned(),
            },
            Finding::LogGap { nearby: record } => Explained::Other {
                outcome: Outcome::LogGap,
                evidence: nearby(record),
                why: "The records have a hole over the interval searched.".to_owned(),
            },
            Finding::BeyondRecords { reach, nearby: record } => {
                self.beyond_records(reach, record, moment)
            }
            Finding::SharedUnresolvable => other(
                Outcome::SharedUnresolvable,
                "Several subscribers share this address; without the port nobody can say which \
                 of them.",
            ),
            Finding::OutOfRetention => other(
                Outcome::OutOfRetention,
                "The instant is older than this provider may keep its records.",
            ),
            Finding::NotOurAddress => {
                other(Outcome::NotOurAddress, "The address is not one of this provider's.")
            }
            Finding::ResaleOperator { number } => other(
                Outcome::ResaleOperator { operator: self.operator(number) },
                "Another operator uses this address on this network; ask there.",
            ),
            Finding::SubscriberUnusable => other(
                Outcome::Error { reason: "record_names_no_subscriber".to_owned() },
                "A record covers this address and instant, but the identifier in it is no \
                 subscriber's.",
            ),
            Finding::InstanceMissing => other(
                Outcome::Error { reason: "records_of_routing_instance_missing".to_owned() },
                "The inside address belongs to a routing instance whose own records are not \
                 loaded, and several instances use the same inside addresses.",
            ),
        }
    }

    fn beyond_records(&self, reach: Millis, nearby: Option<RecordAt>, moment: Moment) -> Explained {
        let why = match reach {
            Millis::MIN => {
                "A source of this provider's records was not read yet; ask again.".to_owned()
            }
            reach => format!("The records reach only until {}; ask again.", instant(reach)),
        };
        let widest = moment.error + self.sources.widest();
        let ground = nearby.and_then(|record| self.ground(record));
        let evidence = Evidence {
            source: ground.as_ref().map_or("all", |ground| ground.source.name()).to_owned(),
            record_digests: ground
                .map_or(Vec::new(), |ground| ground.digests.iter().map(hex::encode).collect()),
            searched_from: instant(moment.from - widest),
            searched_until: instant(moment.until + widest),
            records_until: Some(instant(reach)),
            reader_version: reader_version(),
        };
        Explained::Other { outcome: Outcome::LogGap, evidence: Some(evidence), why }
    }

    fn account(&self, number: u32, outer: RecordAt, inner: RecordAt, moment: Moment) -> Explained {
        let Some(ground) = self.ground(outer) else { return damaged() };
        let behind = self.ground(inner).filter(|_| inner != outer);
        if inner != outer && behind.is_none() {
            return damaged();
        }
        Explained::Identified {
            identified: Identified::Account(number),
            why: if behind.is_some() {
                "One inside address held this port over the whole interval searched, and one \
                 subscriber held the inside address."
            } else {
                "One subscriber, and no other, held this address in the interval searched."
            },
            evidence: self.evidence(&ground, behind.as_ref(), moment),
            assignment: ground.assignment,
        }
    }

    fn inside_address(
        &self,
        outer: RecordAt,
        space: u16,
        inside: IpAddr,
        moment: Moment,
    ) -> Explained {
        let Some(ground) = self.ground(outer) else { return damaged() };
        let vrf = &self.index.manifest.spaces[usize::from(space)];
        Explained::Identified {
            identified: Identified::InsideAddress(format!("inside:{vrf}/{inside}")),
            evidence: self.evidence(&ground, None, moment),
            assignment: ground.assignment,
            why: "One inside address held this port; no other records are loaded, so the inside \
                  address stands for the subscriber.",
        }
    }

    fn operator(&self, number: u32) -> String {
        let resale = self.network.resale.get(number as usize);
        resale.map(|(_, operator)| operator.clone()).unwrap_or_default()
    }

    fn evidence(&self, outer: &Ground, inner: Option<&Ground>, moment: Moment) -> Evidence {
        let (from, until) = moment.window(self.sources.of(outer.source));
        let reaches = |ground: &Ground| self.sources.of(ground.source).reach;
        let reach = [Some(outer), inner].into_iter().flatten().filter_map(reaches).min();
        let digests = outer.digests.iter().chain(inner.into_iter().flat_map(|i| &i.digests));
        let source = match inner {
            Some(inner) if inner.source != outer.source => {
                format!("{}+{}", outer.source, inner.source)
            }
            _ => outer.source.name().to_owned(),
        };
        Evidence {
            source,
            record_digests: digests.map(hex::encode).collect(),
            searched_from: instant(from),
            searched_until: instant(until),
            records_until: reach.map(instant),
            reader_version: reader_version(),
        }
    }

    fn ground(&self, at: RecordAt) -> Option<Ground> {
        if at.segment == IN_MAPS {
            let map = self.index.maps.get(at.record as usize)?;
            return Some(Ground {
                assignment: assignment(
                    AssignmentKind::Deterministic,
                    map.valid_from,
                    map.valid_until,
                ),
                source: Format::Deterministic,
                digests: vec![map.record],
            });
        }
        let (record, digests) = self.index.record(at)?;
        Some(Ground {
            assignment: assignment(record.kind, record.start, record.end),
            source: record.source,
            digests: digests.to_vec(),
        })
    }
}

/// A finding whose record cannot be read again: the index is damaged, and nobody is named.
fn damaged() -> Explained {
    Explained::Other {
        outcome: Outcome::Error { reason: "index_is_damaged".to_owned() },
        evidence: None,
        why: "The record that was found cannot be read again; load the records anew.".to_owned(),
    }
}

fn assignment(kind: AssignmentKind, start: Millis, end: Millis) -> Assignment {
    Assignment { kind, start: instant(start), end: (end != OPEN).then(|| instant(end)) }
}

/// Milliseconds from a log lie within what a timestamp can hold, or the nearest that can.
fn instant(millis: Millis) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
