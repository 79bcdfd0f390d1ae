//! One question, answered from the index: what the records say, who that is behind a translator,
//! and the outcome in the words of `core`.
//!
//! Order of the tests: is the address ours; is it another operator's; is it too old; what do the
//! records say. An address behind a translator takes two steps: outside address and port to
//! inside address (in its routing instance), inside address to account. Both are judged over the
//! same window, and the answer is only as good as the worse of them.

mod explain;

use std::net::IpAddr;
use std::thread;

use entremise_core::identification::{AssignmentKind, Question};
use jiff::Timestamp;

pub use self::explain::{Explained, Identified};
use crate::index::Index;
use crate::index::segment::Wanted;
use crate::interval::answer::{Coverage, Found, Moment, RecordAt, Sources, Verdict, judge};
use crate::interval::{Holder, Millis, Prefix};
use crate::read::Format;

/// What the provider knows about its own network and records.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// The provider's public prefixes. Empty: not configured, nothing is said to be foreign.
    pub prefixes: Vec<Prefix>,
    /// Prefixes used by other operators on this network.
    pub resale: Vec<(Prefix, String)>,
    /// How long records may be kept, milliseconds; older questions are `out_of_retention`.
    pub retention: Option<Millis>,
    /// The largest error of the clocks that write the records, by format.
    pub clock_errors: Vec<(Format, Millis)>,
    /// How long a log may be silent before the silence is a hole, by format.
    pub silences: Vec<(Format, Millis)>,
    /// The sources that are read, each of which may be late for itself. Empty: whatever was loaded
    /// counts as one source per format.
    pub sources: Vec<Followed>,
}

/// One source of records, as the configuration names it.
#[derive(Clone, Debug)]
pub struct Followed {
    pub format: Format,
    /// Its files, by the absolute paths that the index knows them by.
    pub files: Vec<String>,
    /// How much later than its instant a record may be written into them, milliseconds.
    pub lateness: Millis,
}

/// What was found, and where it lies. Texts and digests are made from it when somebody is
/// answered ([`Identifier::explain`]): a batch of a million findings is a million small figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// One account. `outer` names the holder of the address and port; `inner`, behind a
    /// translator, the holder of the inside address, and is `outer` again where there is none.
    Account {
        number: u32,
        outer: RecordAt,
        inner: RecordAt,
    },
    /// The inside address stands for the subscriber: nothing but translation records is loaded.
    InsideAddress {
        outer: RecordAt,
        space: u16,
        inside: IpAddr,
    },
    /// So many holders.
    Ambiguous {
        holders: u32,
        first: RecordAt,
    },
    /// Nobody; a record nearby, where there is one.
    NotFound {
        nearby: Option<RecordAt>,
    },
    LogGap {
        nearby: Option<RecordAt>,
    },
    /// The records reach only until this instant; asked again later there may be an answer.
    BeyondRecords {
        reach: Millis,
        nearby: Option<RecordAt>,
    },
    SharedUnresolvable,
    OutOfRetention,
    NotOurAddress,
    /// Another operator's, by its number among [`Network::resale`].
    ResaleOperator {
        number: u32,
    },
    /// The record covers the moment and names no subscriber.
    SubscriberUnusable,
    /// The inside address's own records are in no routing instance that is loaded.
    InstanceMissing,
}

/// Answers questions from one generation of the index.
pub struct Identifier<'a> {
    index: &'a Index,
    network: &'a Network,
    sources: Sources,
    /// No record of a subscriber's own address is loaded at all, only translation.
    translation_only: bool,
}

impl<'a> Identifier<'a> {
    pub fn new(index: &'a Index, network: &'a Network) -> Self {
        let translation_only = index.manifest.sources.keys().all(|format| format.translates());
        Self { index, network, sources: sources(index, network), translation_only }
    }

    /// Answers one question. `now` decides only what is too old.
    pub fn find(&self, question: &Question, now: Timestamp) -> Finding {
        self.find_with(question, now, &mut Vec::new())
    }

    /// Answers many questions, in their order. Each thread takes a share of them and visits it in
    /// the order of the index: what lies together is read together.
    pub fn find_all(&self, questions: &[Question], now: Timestamp, threads: usize) -> Vec<Finding> {
        let mut findings = vec![Finding::NotFound { nearby: None }; questions.len()];
        let share = questions.len().div_ceil(threads.max(1)).max(1);
        thread::scope(|scope| {
            for (questions, findings) in questions.chunks(share).zip(findings.chunks_mut(share)) {
                scope.spawn(move || self.find_share(questions, now, findings));
            }
        });
        findings
    }

    fn find_share(&self, questions: &[Question], now: Timestamp, findings: &mut [Finding]) {
        let mut order: Vec<(u64, usize)> = questions.iter().map(nearness).zip(0..).collect();
        order.sort_unstable();
        let mut found = Vec::new();
        for (_, number) in order {
            findings[number] = self.find_with(&questions[number], now, &mut found);
        }
    }

    /// `found` is only room to work in: one for many questions.
    fn find_with(&self, question: &Question, now: Timestamp, found: &mut Vec<Found>) -> Finding {
        let address = Prefix::address(question.ip);
        let moment = Moment::of(question);
        if let Some(finding) = self.before_records(address, moment, now) {
            return finding;
        }
        // Port 0 is no port (EDUCAUSE guidance: reject).
        let port = question.port.filter(|port| *port != 0);
        let protocol = question.transport.map_or(0, |transport| transport.number());
        let wanted = self.wanted(0, address, port, protocol, moment);
        found.clear();
        let shared = self.index.find(&wanted, found);
        self.add_deterministic(&wanted, found);
        if port.is_none() {
            let mapped = self.index.maps.iter().any(|map| map.outside.contains(address));
            if shared.now || (found.is_empty() && (shared.ever || mapped)) {
                return Finding::SharedUnresolvable;
            }
        }
        match judge(found, moment, &self.sources) {
            Verdict::One(outer) => match outer.holder {
                Holder::Account(number) => {
                    Finding::Account { number, outer: outer.record, inner: outer.record }
                }
                Holder::Unusable => Finding::SubscriberUnusable,
                Holder::Inside { space, prefix } => {
                    self.behind(outer.record, space, prefix, moment, found)
                }
            },
            verdict => not_one(verdict, found),
        }
    }

    fn wanted(
        &self,
        space: u16,
        address: Prefix,
        port: Option<u16>,
        protocol: u8,
        moment: Moment,
    ) -> Wanted {
        let error = moment.error + self.sources.widest();
        let (from, until) = (moment.from - error, moment.until + error);
        Wanted { space, address, port, protocol, from, until }
    }

    fn before_records(&self, address: Prefix, moment: Moment, now: Timestamp) -> Option<Finding> {
        let longest = (0u32..)
            .zip(&self.network.resale)
            .filter(|(_, (prefix, _))| prefix.contains(address))
            .max_by_key(|(_, (prefix, _))| prefix.length);
        if let Some((number, _)) = longest {
            return Some(Finding::ResaleOperator { number });
        }
        let prefixes = &self.network.prefixes;
        if !prefixes.is_empty() && !prefixes.iter().any(|prefix| prefix.contains(address)) {
            return Some(Finding::NotOurAddress);
        }
        let kept = self.network.retention?;
        // Judged by the beginning of what would be searched: beyond it records may be gone, and
        // who else was there cannot be said.
        let from = moment.from - moment.error - self.sources.widest();
        (from < now.as_millisecond() - kept).then_some(Finding::OutOfRetention)
    }

    /// The second step: who held the inside address.
    fn behind(
        &self,
        outer: RecordAt,
        space: u16,
        inside: Prefix,
        moment: Moment,
        found: &mut Vec<Found>,
    ) -> Finding {
        if self.translation_only {
            return Finding::InsideAddress { outer, space, inside: inside.first() };
        }
        let Some(space) = self.space_of_accounts(space) else {
            return Finding::InstanceMissing;
        };
        found.clear();
        self.index.find(&self.wanted(space, inside, None, 0, moment), found);
        // An inside address that is itself translated (two translators in a row) stops here.
        found.retain(|found| !matches!(found.holder, Holder::Inside { .. }));
        match judge(found, moment, &self.sources) {
            Verdict::One(inner) => match inner.holder {
                Holder::Account(number) => Finding::Account { number, outer, inner: inner.record },
                _ => Finding::SubscriberUnusable,
            },
            // Somebody was there: the translator says so. That nobody is recorded is a hole.
            Verdict::Nobody => not_one(Verdict::Gap, found),
            verdict => not_one(verdict, found),
        }
    }

    /// The routing instance in which an inside address's accounts are recorded. Where the
    /// provider has only one instance, its records need not name it.
    fn space_of_accounts(&self, space: u16) -> Option<u16> {
        let accounts_in = |space| {
            self.index
                .manifest
                .files
                .iter()
                .any(|file| file.space == space && !file.format.translates())
        };
        if accounts_in(space) {
            return Some(space);
        }
        let only_one = self.index.manifest.spaces.len() <= 2;
        (only_one && accounts_in(0)).then_some(0)
    }

    /// Translations that need no log: their parameters say who was behind the port.
    fn add_deterministic(&self, wanted: &Wanted, found: &mut Vec<Found>) {
        let Some(port) = wanted.port else { return };
        for (number, map) in (0u32..).zip(&self.index.maps) {
            if map.valid_from > wanted.until || map.valid_until <= wanted.from {
                continue;
            }
            let Some((inside, _, _)) = map.inside_of(wanted.address, port) else { continue };
            found.push(Found {
                prefix_length: 32,
                start: map.valid_from,
                end: map.valid_until,
                holder: Holder::Inside { space: map.inside_space, prefix: inside },
                kind: AssignmentKind::Deterministic,
                source: Format::Deterministic,
                sure: true,
                record: RecordAt { segment: IN_MAPS, record: number },
            });
        }
    }
}

/// Not a segment: the record is a set of parameters, by its number among the index's maps.
const IN_MAPS: u32 = u32::MAX;

fn not_one(verdict: Verdict, found: &[Found]) -> Finding {
    let nearby = found.first().map(|first| first.record);
    match (verdict, nearby) {
        (Verdict::Several(holders), Some(first)) => Finding::Ambiguous { holders, first },
        (Verdict::Gap, _) => Finding::LogGap { nearby },
        (Verdict::Beyond(reach), _) => Finding::BeyondRecords { reach, nearby },
        _ => Finding::NotFound { nearby },
    }
}

/// Questions in this order touch the index from its front to its back, or nearly: it only makes
/// neighbours of those who read the same pages.
fn nearness(question: &Question) -> u64 {
    let address = Prefix::address(question.ip);
    if address.v6 {
        return (address.bits >> 64) as u64;
    }
    // 32 bits of address, 16 of port; IPv4 fits by construction.
    (address.bits as u64) << 16 | u64::from(question.port.unwrap_or(0))
}

fn sources(index: &Index, network: &Network) -> Sources {
    let of = |table: &[(Format, Millis)], format| {
        table.iter().find(|(known, _)| *known == format).map(|(_, millis)| *millis)
    };
    let mut coverages: [Coverage; Format::COUNT] = Default::default();
    for format in Format::ALL {
        let entry = index.manifest.sources.get(&format);
        let followed = network.sources.iter().any(|source| source.format == format);
        if entry.is_none() && !followed {
            continue;
        }
        let silence = of(&network.silences, format).filter(|_| format.is_log());
        let mut holes: Vec<(Millis, Millis)> = entry
            .map_or(&[][..], |entry| &entry.silences)
            .iter()
            .filter(|(from, until)| silence.is_some_and(|silence| until - from > silence))
            .copied()
            .collect();
        if let (Some(_), Some(first)) = (silence, entry.and_then(|entry| entry.first)) {
            holes.push((Millis::MIN, first));
        }
        coverages[format as usize] = Coverage {
            clock_error: of(&network.clock_errors, format).unwrap_or(0),
            granularity: format.granularity(),
            reach: reach(index, network, format),
            awaited: followed || network.sources.is_empty(),
            holes,
        };
    }
    Sources::new(coverages)
}

/// How far a format's records are known: up to the newest one that was read of *any* subscriber,
/// less what the source may be late; where several sources write the format, up to the one that is
/// furthest behind. A source of which nothing was read reaches nowhere.
fn reach(index: &Index, network: &Network, format: Format) -> Option<Millis> {
    // Parameters hold from date to date; no record of them is awaited.
    if format == Format::Deterministic {
        return None;
    }
    let manifest = &index.manifest;
    let read_of = |source: &Followed| {
        let files = manifest.files.iter();
        let of_source =
            files.filter(|file| file.format == format && source.files.contains(&file.path));
        let newest = of_source.filter_map(|file| file.last).max();
        newest.map_or(Millis::MIN, |newest| newest - source.lateness)
    };
    let followed = network.sources.iter().filter(|source| source.format == format);
    followed.map(read_of).min().or_else(|| manifest.sources.get(&format)?.last)
}
