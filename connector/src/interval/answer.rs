//! From the spans around an instant to what can be said: one holder, several, none, or a hole.
//!
//! The instant T is never taken as exact. Everything is judged over `[T−ε, T+ε]`, where
//! ε = the observer's clock error + the error of the clock that wrote the record + the record's
//! granularity. Two holders inside are *ambiguous*, never the nearest; a gap inside is a
//! *log gap*; a failure is an outcome of its own and never somebody's name.
//!
//! Records come late. What is known of a source ends at its *reach*: nobody is named, and nobody
//! is said to have been absent, over an interval that goes on behind it. The record that ends a
//! session, or begins the next holder's, may be one that was not read yet.

use entremise_core::identification::{AssignmentKind, Question};

use super::{Holder, Millis};
use crate::read::Format;

/// A span as the index found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub prefix_length: u8,
    pub start: Millis,
    pub end: Millis,
    pub holder: Holder,
    pub kind: AssignmentKind,
    pub source: Format,
    pub sure: bool,
    pub record: RecordAt,
}

/// Where a record lies: its segment, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordAt {
    pub segment: u32,
    pub record: u32,
}

/// What is known about one source of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The largest error of the clock that writes the records, milliseconds.
    pub clock_error: Millis,
    /// What the record's time format cannot tell apart, milliseconds.
    pub granularity: Millis,
    /// All records before this instant are known. None: the source states its own ends, and no
    /// record is awaited.
    pub reach: Option<Millis>,
    /// Somebody who was not found may still come to light here: the source is one that is read.
    pub awaited: bool,
    /// Stretches without any record, longer than this source is ever silent.
    pub holes: Vec<(Millis, Millis)>,
}

/// The coverage of every source, by format.
#[derive(Clone, Debug)]
pub struct Sources {
    by_format: [Coverage; Format::COUNT],
    widest: Millis,
    /// How far all the sources reach that a holder could be found in.
    reach: Option<Millis>,
    /// The holes of all sources, joined where they overlap, in order.
    holes: Vec<(Millis, Millis)>,
}

impl Sources {
    pub fn new(by_format: [Coverage; Format::COUNT]) -> Self {
        let errors = by_format.iter().map(|source| source.clock_error + source.granularity);
        let widest = errors.max().unwrap_or(0);
        let mut all: Vec<_> = by_format.iter().flat_map(|source| &source.holes).copied().collect();
        all.sort_unstable();
        let mut holes: Vec<(Millis, Millis)> = Vec::new();
        for (start, end) in all {
            match holes.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => holes.push((start, end)),
            }
        }
        let reach = by_format.iter().filter(|source| source.awaited).filter_map(|s| s.reach).min();
        Self { by_format, widest, reach, holes }
    }

    pub fn of(&self, source: Format) -> &Coverage {
        &self.by_format[source as usize]
    }

    /// The widest ε of any source: what the index is searched with.
    pub fn widest(&self) -> Millis {
        self.widest
    }

    fn hole_in(&self, from: Millis, until: Millis) -> bool {
        let begun = self.holes.partition_point(|(start, _)| *start <= until);
        self.holes[..begun].last().is_some_and(|(_, end)| *end > from)
    }
}

/// When something was observed, and how sure the observer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub from: Millis,
    pub until: Millis,
    pub error: Millis,
}

impl Moment {
    pub fn of(question: &Question) -> Self {
        let from = question.at.as_millisecond();
        let until = question.until.map_or(from, |until| until.as_millisecond().max(from));
        Self { from, until, error: question.error_ms.into() }
    }

    /// `[T−ε, T+ε]` for records of this source.
    pub fn window(&self, source: &Coverage) -> (Millis, Millis) {
        let error = self.error + source.clock_error + source.granularity;
        (self.from - error, self.until + error)
    }
}

/// What the spans say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Exactly one holder: the span that says so.
    One(Found),
    /// So many holders.
    Several(u32),
    Nobody,
    /// The records have a hole here.
    Gap,
    /// The records reach only until here, and the moment goes on.
    Beyond(Millis),
}

/// Judges the spans found around a moment. They may include spans that do not touch it.
pub fn judge(found: &[Found], moment: Moment, sources: &Sources) -> Verdict {
    let mut touching = found.iter().filter(|found| {
        let (from, until) = moment.window(sources.of(found.source));
        found.start <= until && found.end > from
    });
    let Some(first) = touching.next() else { return nobody(&[], moment, sources) };
    let Some(second) = touching.next() else {
        // By far the most frequent case, and nothing to weigh.
        let inside = std::slice::from_ref(first);
        return match first.sure {
            true => one(first.holder, inside, moment, sources),
            false => nobody(inside, moment, sources),
        };
    };
    let inside = [*first, *second].into_iter().chain(touching.copied()).collect();
    among(inside, moment, sources)
}

fn among(mut inside: Vec<Found>, moment: Moment, sources: &Sources) -> Verdict {
    keep_longest_match(&mut inside, moment, sources);
    let mut holders: Vec<Holder> =
        inside.iter().filter(|found| found.sure).map(|found| found.holder).collect();
    holders.sort_unstable();
    holders.dedup();
    match holders[..] {
        [] => nobody(&inside, moment, sources),
        [holder] => one(holder, &inside, moment, sources),
        // 2^32 holders of one address do not exist.
        _ => Verdict::Several(u32::try_from(holders.len()).unwrap_or(u32::MAX)),
    }
}

fn nobody(inside: &[Found], moment: Moment, sources: &Sources) -> Verdict {
    let (from, until) = (moment.from - moment.error, moment.until + moment.error);
    if !inside.is_empty() || sources.hole_in(from, until) {
        return Verdict::Gap;
    }
    match sources.reach.filter(|reach| until + sources.widest >= *reach) {
        Some(reach) => Verdict::Beyond(reach),
        None => Verdict::Nobody,
    }
}

fn one(holder: Holder, inside: &[Found], moment: Moment, sources: &Sources) -> Verdict {
    // A gap another holder may have filled. The holder's own gap changes nobody's name.
    if inside.iter().any(|found| !found.sure && found.holder != holder) {
        return Verdict::Gap;
    }
    let sure = inside.iter().filter(|found| found.sure);
    // The span that holds the middle of the moment speaks for it; else the first.
    let best = sure
        .clone()
        .max_by_key(|found| (found.start <= moment.from && moment.from < found.end, found.start))
        .copied();
    let Some(best) = best else { return Verdict::Nobody };
    if let Some(reach) = beyond(inside, moment, sources) {
        return Verdict::Beyond(reach);
    }
    let (from, until) = moment.window(sources.of(best.source));
    let covered = || covers(sure.map(|found| (found.start, found.end)), from, until);
    if sources.hole_in(from, until) && !covered() {
        return Verdict::Gap;
    }
    Verdict::One(best)
}

/// How far the sources of these spans reach, where the moment goes on behind one of them.
fn beyond(inside: &[Found], moment: Moment, sources: &Sources) -> Option<Millis> {
    let reaches = inside.iter().filter_map(|found| {
        let coverage = sources.of(found.source);
        // A record of the very instant may have others of the same instant behind it.
        coverage.reach.filter(|reach| moment.window(coverage).1 >= *reach)
    });
    reaches.min()
}

/// Where prefixes of several lengths match, the longest one that holds all of the moment speaks
/// alone (a /64 framed to one line inside another's delegated /56). Where the longest holds only
/// a part, the shorter ones count too.
fn keep_longest_match(inside: &mut Vec<Found>, moment: Moment, sources: &Sources) {
    inside.sort_by_key(|found| std::cmp::Reverse(found.prefix_length));
    let mut kept = 0;
    while kept < inside.len() {
        let length = inside[kept].prefix_length;
        kept = inside.iter().take_while(|found| found.prefix_length >= length).count();
        let (from, until) = moment.window(sources.of(inside[kept - 1].source));
        if covers(inside[..kept].iter().map(|found| (found.start, found.end)), from, until) {
            break;
        }
    }
    inside.truncate(kept);
}

/// Whether the spans together hold all of `[from, until]`.
fn covers(spans: impl Iterator<Item = (Millis, Millis)>, from: Millis, until: Millis) -> bool {
    let mut spans: Vec<_> = spans.collect();
    spans.sort_unstable();
    let mut reached = from;
    for (start, end) in spans {
        if start > reached {
            return false;
        }
        reached = reached.max(end);
    }
    reached > until
}
