//! From a regime file to the rules of one day, each value with its citation.
//!
//! `values` lists every dated value of a file by its path; `check` walks that list, `rules_on`
//! reads from it. A value that is not in the list is not in force on any day.

mod measure;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::file::{Dated, RegimeFile, Row, StageFile};
use super::rules::{
    Challenges, Channel, ChannelKind, Consequence, Decider, Deliberation, DeliberationOutcome,
    Field, Gate, Hears, Intake, Linking, Means, Meanwhile, Mode, Post, Proof, Provider, Retention,
    ReturnReason, Review, Rules, SenderKind, Shown, Span, Stage, StageClock, Statement, Unanswered,
};
use super::{Citation, InForce};
use crate::identification::{IdentityField, Purpose};
use crate::notice::Class;

/// One dated value of a file.
pub(crate) struct DatedValue<'a> {
    /// Where it stands, as in `stage.first.clock.repeat_within`.
    pub path: String,
    pub rows: &'a Dated,
    pub kind: Kind,
    /// May not exist yet, or no more (a measure that was abolished).
    pub lapses: bool,
}

/// What a row of a value must hold.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A length of time: exactly one unit.
    Span,
    /// A length of time, or one of these words.
    SpanOr(&'static [&'static str]),
    /// A `value` that this reads, else why not.
    Value(fn(&toml::Value) -> Result<(), String>),
}

/// Every dated value of the file, in the order in which the file names them.
pub(super) fn values(file: &RegimeFile) -> Vec<DatedValue<'_>> {
    let mut list = List(Vec::new());
    list.value::<Mode>("mode", &file.mode).lapses();
    let intake = &file.intake;
    list.value::<Vec<Class>>("intake.classes", &intake.classes);
    for (kind, rows) in &intake.facts_at_most {
        list.span(&format!("intake.facts_at_most.{kind}"), rows).lapses();
    }
    list.value::<u32>("intake.notices_per_day_max", &intake.notices_per_day_max);
    list.value::<Vec<Field>>("intake.must_carry", &intake.must_carry);
    list.value::<u32>("intake.clock_error_ms_max", &intake.clock_error_ms_max).lapses();
    list.value::<i64>("intake.future_tolerance_secs", &intake.future_tolerance_secs);
    let provider = &file.provider;
    list.span("provider.answers_within", &provider.answers_within);
    list.span("provider.relays_within", &provider.relays_within);
    list.value::<u32>("provider.batch_addresses_max", &provider.batch_addresses_max);
    list.value::<u32>("provider.breach_fine_euros", &provider.breach_fine_euros).lapses();
    if let Some(post) = &file.post {
        list.span("post.taken_over_within", &post.taken_over_within).lapses();
        list.span("post.presented_within", &post.presented_within).lapses();
    }
    if let Some(review) = &file.review {
        list.span("review.answers_within", &review.answers_within).lapses();
        list.span("review.grant_valid_for", &review.grant_valid_for).lapses();
        list.value::<Vec<Shown>>("review.shows", &review.shows).lapses();
    }
    if let Some(challenge) = &file.challenge {
        list.span("challenge.received_within", &challenge.received_within).lapses();
        list.span("challenge.answered_within", &challenge.answered_within).lapses();
        list.value::<Unanswered>("challenge.unanswered", &challenge.unanswered).lapses();
        list.value::<Meanwhile>("challenge.meanwhile", &challenge.meanwhile).lapses();
    }
    for stage in &file.stage {
        stage_values(&mut list, stage);
    }
    for deliberation in &file.deliberation {
        let at = format!("deliberation.{}", deliberation.id);
        list.value::<Decider>(&format!("{at}.decides"), &deliberation.decides);
        list.span(&format!("{at}.decide_within"), &deliberation.decide_within).lapses();
        let outcomes = &deliberation.outcomes;
        list.value::<Vec<DeliberationOutcome>>(&format!("{at}.outcomes"), outcomes);
        list.span(&format!("{at}.outcome_within"), &deliberation.outcome_within).lapses();
    }
    measure::values(&mut list, file);
    for row in &file.retention {
        let path = format!("retention.{}.{}.keep", row.data, row.after_stage);
        list.span(&path, &row.keep);
    }
    for duty in &file.duty {
        list.span(&format!("duty.{}.within", duty.id), &duty.within).lapses();
    }
    list.0
}

fn stage_values<'a>(list: &mut List<'a>, stage: &'a StageFile) {
    let at = format!("stage.{}", stage.id);
    list.value::<Maybe<Decider>>(&format!("{at}.decides"), &stage.decides);
    list.span(&format!("{at}.decide_within"), &stage.decide_within).lapses();
    list.value::<Maybe<Gate>>(&format!("{at}.gate"), &stage.gate);
    list.value::<Vec<ChannelKind>>(&format!("{at}.channels"), &stage.channels);
    list.value::<Vec<ChannelKind>>(&format!("{at}.fallback"), &stage.fallback).lapses();
    list.value::<Vec<Statement>>(&format!("{at}.must_say"), &stage.must_say);
    let linking = &stage.linking;
    list.value::<Means>(&format!("{at}.linking.means"), &linking.means).lapses();
    list.value::<Purpose>(&format!("{at}.linking.purpose"), &linking.purpose);
    list.value::<u32>(&format!("{at}.linking.sequence"), &linking.sequence);
    list.value::<Vec<IdentityField>>(&format!("{at}.linking.fields"), &linking.fields);
    list.value::<bool>(&format!("{at}.linking.names_works"), &linking.names_works);
    if let Some(clock) = &stage.clock {
        list.value::<Proof>(&format!("{at}.clock.starts_at"), &clock.starts_at);
        list.span(&format!("{at}.clock.repeat_within"), &clock.repeat_within);
        for (reason, rows) in &clock.returned {
            list.value::<Consequence>(&format!("{at}.clock.returned.{reason}"), rows);
        }
    }
    if let Some(hears) = &stage.hears {
        list.span(&format!("{at}.hears.observations_within"), &hears.observations_within);
        list.value::<bool>(&format!("{at}.hears.hearing"), &hears.hearing);
        list.value::<bool>(&format!("{at}.hears.counsel"), &hears.counsel);
        list.span(&format!("{at}.hears.convene_within"), &hears.convene_within).lapses();
        list.span(&format!("{at}.hears.record_within"), &hears.record_within).lapses();
    }
}

struct List<'a>(Vec<DatedValue<'a>>);

impl<'a> List<'a> {
    fn push(&mut self, path: &str, rows: &'a Dated, kind: Kind) -> &mut DatedValue<'a> {
        self.0.push(DatedValue { path: path.to_owned(), rows, kind, lapses: false });
        self.0.last_mut().expect("one was just pushed")
    }

    fn span(&mut self, path: &str, rows: &'a Dated) -> &mut DatedValue<'a> {
        self.push(path, rows, Kind::Span)
    }

    fn value<T: DeserializeOwned>(&mut self, path: &str, rows: &'a Dated) -> &mut DatedValue<'a> {
        self.push(path, rows, Kind::Value(fits::<T>))
    }
}

impl DatedValue<'_> {
    fn lapses(&mut self) {
        self.lapses = true;
    }
}

pub(crate) fn fits<T: DeserializeOwned>(value: &toml::Value) -> Result<(), String> {
    value.clone().try_into::<T>().map(drop).map_err(|error| error.message().to_owned())
}

/// A word, or the word `none`.
struct Maybe<T>(Option<T>);

impl<'de, T: DeserializeOwned> serde::Deserialize<'de> for Maybe<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        if value.as_str() == Some("none") {
            return Ok(Self(None));
        }
        value.try_into().map(|word| Self(Some(word))).map_err(|error: toml::de::Error| {
            serde::de::Error::custom(format!("{} or `none`", error.message()))
        })
    }
}

/// A value that a day needs and the file does not give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub path: String,
    pub day: Date,
}

/// The rules of one day and, by path, the rows that they come from.
pub(super) fn rules_on(
    file: &RegimeFile,
    day: Date,
) -> Result<(Rules, BTreeMap<String, InForce>), Missing> {
    let mut in_force = BTreeMap::new();
    let mut rows = BTreeMap::new();
    for value in values(file) {
        if let Some(row) = value.rows.iter().find(|row| row.get_ref().holds_on(day)) {
            let row = row.get_ref();
            in_force.insert(value.path.clone(), in_force_of(row));
            rows.insert(value.path, row);
        }
    }
    let read = Reader { rows, day };
    let rules = Rules {
        mode: read.value("mode").unwrap_or(Mode::Live),
        intake: intake(&read, file)?,
        provider: Provider {
            answers_within: read.span("provider.answers_within")?,
            relays_within: read.span("provider.relays_within")?,
            batch_addresses_max: read.value("provider.batch_addresses_max")?,
            breach_fine_euros: read.value("provider.breach_fine_euros").ok(),
        },
        post: file.post.as_ref().map(|_| Post {
            taken_over_within: read.span("post.taken_over_within").ok(),
            presented_within: read.span("post.presented_within").ok(),
        }),
        review: review(&read),
        challenge: challenge(&read),
        stages: file.stage.iter().map(|file| stage(&read, file)).collect::<Result<_, _>>()?,
        deliberations: deliberations(&read, file)?,
        measures: measure::measures(&read, file),
        execution: measure::execution(&read, file)?,
        retention: retention(&read, file)?,
    };
    Ok((rules, in_force))
}

pub(crate) fn in_force_of(row: &Row) -> InForce {
    let value = match row.span() {
        Some(span) => serde_json::to_value(span),
        None => serde_json::to_value(row.value.as_ref()),
    };
    InForce {
        value: value.unwrap_or_default(),
        citation: Citation {
            cite: row.cite.clone().unwrap_or_default(),
            sure: row.sure.unwrap_or(super::Sure::L),
            href: row.href.clone(),
            note: row.note.clone(),
            from: row.from.unwrap_or(Date::MIN),
            until: row.until,
        },
    }
}

/// Reads values of one day by path.
struct Reader<'a> {
    rows: BTreeMap<String, &'a Row>,
    day: Date,
}

impl Reader<'_> {
    fn missing(&self, path: &str) -> Missing {
        Missing { path: path.to_owned(), day: self.day }
    }

    fn span(&self, path: &str) -> Result<Span, Missing> {
        self.rows.get(path).and_then(|row| row.span()).ok_or_else(|| self.missing(path))
    }

    fn value<T: DeserializeOwned>(&self, path: &str) -> Result<T, Missing> {
        self.rows
            .get(path)
            .and_then(|row| row.value.clone())
            .and_then(|value| value.try_into().ok())
            .ok_or_else(|| self.missing(path))
    }
}

fn intake(read: &Reader<'_>, file: &RegimeFile) -> Result<Intake, Missing> {
    let mut facts_at_most_months = BTreeMap::new();
    for name in file.intake.facts_at_most.keys() {
        let path = format!("intake.facts_at_most.{name}");
        let kind: SenderKind = word(name).ok_or_else(|| read.missing(&path))?;
        match read.span(&path) {
            Ok(Span::Months(months)) => drop(facts_at_most_months.insert(kind, months)),
            Ok(_) => return Err(read.missing(&path)),
            // This kind of sender is not admitted on this day.
            Err(_) => {}
        }
    }
    Ok(Intake {
        classes: read.value("intake.classes")?,
        facts_at_most_months,
        notices_per_day_max: read.value("intake.notices_per_day_max")?,
        must_carry: read.value("intake.must_carry")?,
        clock_error_ms_max: read.value("intake.clock_error_ms_max").ok(),
        future_tolerance_secs: read.value("intake.future_tolerance_secs")?,
    })
}

/// The review, on the days on which the law knows one.
fn review(read: &Reader<'_>) -> Option<Review> {
    Some(Review {
        answers_within: read.span("review.answers_within").ok()?,
        grant_valid_for: read.span("review.grant_valid_for").ok()?,
        shows: read.value("review.shows").ok()?,
    })
}

/// How messages are challenged, on the days on which the law knows it.
fn challenge(read: &Reader<'_>) -> Option<Challenges> {
    Some(Challenges {
        received_within: read.span("challenge.received_within").ok(),
        answered_within: read.span("challenge.answered_within").ok()?,
        unanswered: read.value("challenge.unanswered").ok()?,
        meanwhile: read.value("challenge.meanwhile").ok()?,
    })
}

fn stage(read: &Reader<'_>, file: &StageFile) -> Result<Stage, Missing> {
    let at = |rest: &str| format!("stage.{}.{rest}", file.id);
    let channels: Vec<ChannelKind> = read.value(&at("channels"))?;
    let fallback: Vec<ChannelKind> = read.value(&at("fallback")).unwrap_or_default();
    let sent = channels.into_iter().map(|kind| Channel { kind, fallback: false });
    let kept_back = fallback.into_iter().map(|kind| Channel { kind, fallback: true });
    let mut returned: BTreeMap<ReturnReason, Consequence> = BTreeMap::new();
    let reasons = file.clock.iter().flat_map(|clock| clock.returned.keys());
    for name in reasons {
        let path = at(&format!("clock.returned.{name}"));
        let reason = word(name).ok_or_else(|| read.missing(&path))?;
        returned.insert(reason, read.value(&path)?);
    }
    let hears = match file.hears {
        Some(_) => Some(Hears {
            observations_within: read.span(&at("hears.observations_within"))?,
            hearing: read.value(&at("hears.hearing"))?,
            counsel: read.value(&at("hears.counsel"))?,
            convene_within: read.span(&at("hears.convene_within")).ok(),
            record_within: read.span(&at("hears.record_within")).ok(),
        }),
        None => None,
    };
    Ok(Stage {
        id: file.id.clone(),
        after: file.after.clone(),
        decides: read.value::<Maybe<Decider>>(&at("decides"))?.0,
        decide_within: read.span(&at("decide_within")).ok(),
        gate: read.value::<Maybe<Gate>>(&at("gate"))?.0,
        linking: Linking {
            means: read.value(&at("linking.means")).unwrap_or(Means::Disclosure),
            purpose: read.value(&at("linking.purpose"))?,
            sequence: read.value(&at("linking.sequence"))?,
            fields: read.value(&at("linking.fields"))?,
            names_works: read.value(&at("linking.names_works"))?,
        },
        channels: sent.chain(kept_back).collect(),
        clock: StageClock {
            starts_at: read.value(&at("clock.starts_at"))?,
            repeat_within: read.span(&at("clock.repeat_within"))?,
            returned,
        },
        letter: file.letter.clone(),
        must_say: read.value(&at("must_say"))?,
        hears,
    })
}

fn deliberations(read: &Reader<'_>, file: &RegimeFile) -> Result<Vec<Deliberation>, Missing> {
    file.deliberation
        .iter()
        .map(|file| {
            let at = |rest: &str| format!("deliberation.{}.{rest}", file.id);
            Ok(Deliberation {
                id: file.id.clone(),
                after_stage: file.after_stage.clone(),
                decides: read.value(&at("decides"))?,
                decide_within: read.span(&at("decide_within")).ok(),
                outcomes: read.value(&at("outcomes"))?,
                outcome_within: read.span(&at("outcome_within")).ok(),
            })
        })
        .collect()
}

fn retention(read: &Reader<'_>, file: &RegimeFile) -> Result<Vec<Retention>, Missing> {
    file.retention
        .iter()
        .map(|row| {
            let keep = read.span(&format!("retention.{}.{}.keep", row.data, row.after_stage))?;
            Ok(Retention {
                data: row.data.clone(),
                after_stage: row.after_stage.clone(),
                keep,
                starts_at: row.starts_at.clone(),
            })
        })
        .collect()
}

/// A word of a closed list, by its wire name.
pub(super) fn word<T: DeserializeOwned>(name: &str) -> Option<T> {
    toml::Value::String(name.to_owned()).try_into().ok()
}
