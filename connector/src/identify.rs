//! One question, answered from the index: what the records say, who that is behind a translator,
//! and the outcome in the words of `core`.
//!
//! Order of the tests: is the address ours; is it another operator's; is it too old; what do the
//! records say. An address behind a translator takes two steps: outside address and port to
//! inside address (in its routing instance), inside address to account. Both are judged over the
//! same window, and the answer is only as good as the worse of them.

use entremise_core::identification::{Assignment, AssignmentKind, Evidence, Outcome, Question};
use jiff::Timestamp;

use crate::index::Index;
use crate::index::segment::Wanted;
use crate::interval::answer::{Coverage, Found, Moment, Sources, Verdict, judge};
use crate::interval::{Holder, Millis, OPEN, Prefix, SECOND};
use crate::load::reader_version;
use crate::read::Format;
use crate::read::deterministic::Map;

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
}

/// What was found, before it gets a handle.
#[derive(Clone, Debug)]
pub enum Finding {
    Account {
        number: u32,
        assignment: Assignment,
        evidence: Evidence,
        why: String,
    },
    /// The inside address stands for the subscriber: nothing but translation records is loaded.
    InsideAddress {
        name: String,
        assignment: Assignment,
        evidence: Evidence,
        why: String,
    },
    Other {
        outcome: Outcome,
        evidence: Option<Evidence>,
        why: String,
    },
}

/// Without a configured silence an open session is believed for so long after the last record.
const BELIEVED_WITHOUT_SILENCE: Millis = 86_400 * SECOND;

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
        let address = Prefix::address(question.ip);
        let moment = Moment::of(question);
        if let Some(outcome) = self.before_records(address, moment, now) {
            return outcome;
        }
        let wanted = Wanted {
            space: 0,
            address,
            // Port 0 is no port (EDUCAUSE guidance: reject).
            port: question.port.filter(|port| *port != 0),
            protocol: question.transport.map_or(0, |transport| transport.number()),
            from: moment.from - moment.error - self.sources.widest(),
            until: moment.until + moment.error + self.sources.widest(),
        };
        let mut found = Vec::new();
        let shared = self.index.find(&wanted, &mut found);
        self.add_deterministic(&wanted, &mut found);
        if wanted.port.is_none() {
            let mapped = self.index.maps.iter().any(|map| map.outside.contains(address));
            if shared.now || (found.is_empty() && (shared.ever || mapped)) {
                return self.other(
                    Outcome::SharedUnresolvable,
                    "Several subscribers share this address; without the port nobody can say \
                     which of them.",
                );
            }
        }
        match judge(&found, moment, &self.sources) {
            Verdict::One(found) => self.one(found, moment),
            verdict => self.not_one(verdict, moment, &found),
        }
    }

    /// Answers many questions, in their order. They are visited in the order of the index: what
    /// lies together is read together.
    pub fn find_all(&self, questions: &[Question], now: Timestamp, threads: usize) -> Vec<Finding> {
        let mut order: Vec<usize> = (0..questions.len()).collect();
        order.sort_unstable_by_key(|index| {
            let question = &questions[*index];
            (question.ip, question.port, question.at)
        });
        let share = order.len().div_ceil(threads.max(1)).max(1);
        let mut found: Vec<Option<Finding>> = Vec::new();
        found.resize_with(questions.len(), || None);
        let parts: Vec<Vec<(usize, Finding)>> = std::thread::scope(|scope| {
            let work = |part: &[usize]| -> Vec<(usize, Finding)> {
                part.iter().map(|index| (*index, self.find(&questions[*index], now))).collect()
            };
            let running: Vec<_> =
                order.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
            running
                .into_iter()
                .map(|thread| {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        });
        for (index, finding) in parts.into_iter().flatten() {
            found[index] = Some(finding);
        }
        found.into_iter().map(|finding| finding.expect("each question was in one share")).collect()
    }

    fn before_records(&self, address: Prefix, moment: Moment, now: Timestamp) -> Option<Finding> {
        let longest = self
            .network
            .resale
            .iter()
            .filter(|(prefix, _)| prefix.contains(address))
            .max_by_key(|(prefix, _)| prefix.length);
        if let Some((_, operator)) = longest {
            let operator = operator.clone();
            return Some(self.other(
                Outcome::ResaleOperator { operator },
                "Another operator uses this address on this network; ask there.",
            ));
        }
        let ours = self.network.prefixes.iter().any(|prefix| prefix.contains(address));
        if !self.network.prefixes.is_empty() && !ours {
            return Some(
                self.other(Outcome::NotOurAddress, "The address is not one of this provider's."),
            );
        }
        let too_old = self
            .network
            .retention
            .is_some_and(|kept| moment.until + moment.error < now.as_millisecond() - kept);
        too_old.then(|| {
            self.other(
                Outcome::OutOfRetention,
                "The instant is older than this provider may keep its records.",
            )
        })
    }

    /// The one holder the records name: an account, or an inside address to be looked up.
    fn one(&self, outer: Found, moment: Moment) -> Finding {
        match outer.holder {
            Holder::Account(number) => self.account(number, outer, outer, moment),
            Holder::Unusable => self.unusable(),
            Holder::Inside { space, prefix } => self.behind(outer, space, prefix, moment),
        }
    }

    /// The second step: who held the inside address.
    fn behind(&self, outer: Found, space: u16, inside: Prefix, moment: Moment) -> Finding {
        if self.translation_only {
            let vrf = &self.index.manifest.spaces[usize::from(space)];
            return Finding::InsideAddress {
                name: format!("inside:{vrf}/{}", inside.first()),
                assignment: assignment(&outer),
                evidence: self.evidence(outer, outer, moment),
                why: "One inside address held this port; no other records are loaded, so the \
                      inside address stands for the subscriber."
                    .to_owned(),
            };
        }
        let Some(space) = self.space_of_accounts(space) else {
            return self.other(
                Outcome::Error { reason: "records_of_routing_instance_missing".to_owned() },
                "The inside address belongs to a routing instance whose own records are not \
                 loaded, and several instances use the same inside addresses.",
            );
        };
        let wanted = Wanted {
            space,
            address: inside,
            port: None,
            protocol: 0,
            from: moment.from - moment.error - self.sources.widest(),
            until: moment.until + moment.error + self.sources.widest(),
        };
        let mut found = Vec::new();
        self.index.find(&wanted, &mut found);
        // An inside address that is itself translated (two translators in a row) stops here.
        found.retain(|found| !matches!(found.holder, Holder::Inside { .. }));
        match judge(&found, moment, &self.sources) {
            Verdict::One(inner) => match inner.holder {
                Holder::Account(number) => self.account(number, outer, inner, moment),
                _ => self.unusable(),
            },
            // Somebody was there: the translator says so. That nobody is recorded is a hole.
            Verdict::Nobody => self.not_one(Verdict::Gap, moment, &found),
            verdict => self.not_one(verdict, moment, &found),
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

    fn account(&self, number: u32, outer: Found, inner: Found, moment: Moment) -> Finding {
        let behind = matches!(outer.holder, Holder::Inside { .. });
        Finding::Account {
            number,
            assignment: assignment(&outer),
            evidence: self.evidence(outer, inner, moment),
            why: if behind {
                "One inside address held this port over the whole interval searched, and one \
                 subscriber held the inside address."
                    .to_owned()
            } else {
                "One subscriber, and no other, held this address in the interval searched."
                    .to_owned()
            },
        }
    }

    fn not_one(&self, verdict: Verdict, moment: Moment, found: &[Found]) -> Finding {
        let (outcome, why) = match verdict {
            Verdict::Several(holders) => (
                Outcome::Ambiguous { holders },
                format!(
                    "{holders} subscribers held this address within the interval searched; the \
                     nearest is not an answer."
                ),
            ),
            Verdict::Gap => {
                (Outcome::LogGap, "The records have a hole over the interval searched.".to_owned())
            }
            _ => (
                Outcome::NotFound,
                "Nobody is recorded for this address in the interval searched.".to_owned(),
            ),
        };
        let evidence = found.first().map(|first| self.evidence(*first, *first, moment));
        Finding::Other { outcome, evidence, why }
    }

    fn unusable(&self) -> Finding {
        self.other(
            Outcome::Error { reason: "record_names_no_subscriber".to_owned() },
            "A record covers this address and instant, but the identifier in it is no \
             subscriber's.",
        )
    }

    fn other(&self, outcome: Outcome, why: &str) -> Finding {
        Finding::Other { outcome, evidence: None, why: why.to_owned() }
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
                evidence: (MAP_EVIDENCE, number),
            });
        }
    }

    fn evidence(&self, outer: Found, inner: Found, moment: Moment) -> Evidence {
        let (from, until) = moment.window(self.sources.of(outer.source));
        let mut digests = self.digests(outer);
        if inner != outer {
            digests.extend(self.digests(inner));
        }
        let source = if inner.source == outer.source {
            outer.source.name().to_owned()
        } else {
            format!("{}+{}", outer.source, inner.source)
        };
        Evidence {
            source,
            record_digests: digests,
            searched_from: instant(from),
            searched_until: instant(until),
            reader_version: reader_version(),
        }
    }

    fn digests(&self, found: Found) -> Vec<String> {
        let (segment, record) = found.evidence;
        if segment == MAP_EVIDENCE {
            let map: Option<&Map> = self.index.maps.get(record as usize);
            return map.map(|map| hex::encode(map.record)).into_iter().collect();
        }
        self.index.evidence(&found).iter().map(hex::encode).collect()
    }
}

/// Evidence that lies in the parameters, not in a segment.
const MAP_EVIDENCE: u32 = u32::MAX;

fn assignment(found: &Found) -> Assignment {
    Assignment {
        kind: found.kind,
        start: instant(found.start),
        end: (found.end != OPEN).then(|| instant(found.end)),
    }
}

/// Milliseconds from a log lie within what a timestamp can hold, or the nearest that can.
fn instant(millis: Millis) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

fn sources(index: &Index, network: &Network) -> Sources {
    let of = |table: &[(Format, Millis)], format| {
        table.iter().find(|(known, _)| *known == format).map(|(_, millis)| *millis)
    };
    let mut sources = Sources::default();
    for (format, entry) in &index.manifest.sources {
        let silence = of(&network.silences, *format).filter(|_| format.is_log());
        let mut holes: Vec<(Millis, Millis)> = entry
            .silences
            .iter()
            .filter(|(from, until)| silence.is_some_and(|silence| until - from > silence))
            .copied()
            .collect();
        if let (Some(silence), Some(first), Some(last)) = (silence, entry.first, entry.last) {
            holes.extend([(Millis::MIN, first), (last.saturating_add(silence), OPEN)]);
        }
        sources.0[*format as usize] = Coverage {
            clock_error: of(&network.clock_errors, *format).unwrap_or(0),
            granularity: format.granularity(),
            // A lease states its own end; only logs leave it open to what comes later.
            last: entry.last.filter(|_| format.is_log()),
            believed_after_last: silence.unwrap_or(BELIEVED_WITHOUT_SILENCE),
            holes,
        };
    }
    sources
}
