//! What makes a duties file unfit to be agreed on: each finding with its place and how to mend it.
//!
//! What a single row must have (days, citation, sureness, unit) is checked by the rules of
//! `regime.toml`. Here are the rules about what holds a file together.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::file::{Clock, DutiesFile, DutyFile, EventFile, OrderFile};
use super::{row_on, values};
use crate::regime::check::{dated, zone};
use crate::regime::file::{Dated, Row};
use crate::regime::rules::Span;
use crate::regime::{Finding, FindingCode, Regime};

/// All findings of a file. `regime` is the ladder of the same law, where there is one.
pub fn check(file: &DutiesFile, regime: Option<&Regime>) -> Vec<Finding> {
    let mut found = Vec::new();
    zone(&file.time_zone, &mut found);
    dated(&file.text, &file.in_force, values(file), &mut found);
    duplicates(file, &mut found);
    parties(file, &mut found);
    events(file, &mut found);
    for order in &file.order {
        order_ends(file, order, &mut found);
    }
    for (word, duty) in file.all() {
        time(file, word, duty, regime, &mut found);
        refusals(word, duty, &mut found);
        unknown_names(file, word, duty, &mut found);
    }
    for duty in &file.duty {
        overseen(file, duty, regime, &mut found);
    }
    found
}

fn duplicates(file: &DutiesFile, found: &mut Vec<Finding>) {
    let acts = file.order.iter().map(|order| &order.id).chain(file.all().map(|(_, duty)| &duty.id));
    let lists: [(&str, Vec<&String>); 3] = [
        ("party", file.party.iter().map(|party| &party.id).collect()),
        ("event", file.event.iter().map(|event| &event.id).collect()),
        ("duty, appeal or order", acts.collect()),
    ];
    for (what, ids) in lists {
        let mut seen = BTreeSet::new();
        for id in ids.into_iter().filter(|id| !seen.insert(*id)) {
            let why = format!("more than one {what} has this id");
            found.push(Finding::new(FindingCode::Duplicate, id, why, "give each its own id"));
        }
    }
}

/// Every party that is named, with the place; once for each word of a dated row.
fn named_parties(file: &DutiesFile) -> Vec<(String, String)> {
    let mut named = Vec::new();
    for event in &file.event {
        named.extend(event.by.iter().map(|by| (format!("event.{}.by", event.id), by.clone())));
    }
    for order in &file.order {
        named.push((format!("order.{}.by", order.id), order.by.clone()));
        named.push((format!("order.{}.to", order.id), order.to.clone()));
    }
    for (word, duty) in file.all() {
        named.push((format!("{word}.{}.who", duty.id), duty.who.clone()));
        named.extend(duty.to.iter().map(|to| (format!("{word}.{}.to", duty.id), to.clone())));
    }
    let dated = values(file).into_iter();
    for value in dated.filter(|it| it.path.ends_with("overseen_by") || it.path.ends_with("pays")) {
        for row in value.rows.iter().filter_map(|row| row.get_ref().value.as_ref()) {
            named.extend(row.as_str().map(|one| (value.path.clone(), one.to_owned())));
            let many = row.as_array().into_iter().flatten().filter_map(toml::Value::as_str);
            named.extend(many.map(|one| (value.path.clone(), one.to_owned())));
        }
    }
    named
}

fn parties(file: &DutiesFile, found: &mut Vec<Finding>) {
    let named = named_parties(file);
    for (at, party) in &named {
        if !file.party.iter().any(|known| known.id == *party) {
            let why = format!("no party is called {party:?}");
            let how = "declare it under [[party]], or name one that is";
            found.push(Finding::new(FindingCode::UnknownParty, at, why, how));
        }
    }
    for party in &file.party {
        if !named.iter().any(|(_, name)| *name == party.id) {
            found.push(Finding::new(
                FindingCode::PartyWithoutPart,
                format!("party.{}", party.id),
                "the party owes nothing, receives nothing and watches over nothing",
                "say what it does, or take it away",
            ));
        }
    }
}

/// Every event that something begins or ends with, and the place where it's named.
fn named_events(file: &DutiesFile) -> Vec<(String, &String)> {
    let mut named = Vec::new();
    for order in &file.order {
        let others = [&order.renewed_by, &order.lifted_by, &order.spent_by];
        let all = [&order.starts_at].into_iter().chain(others.into_iter().flatten());
        named.extend(all.map(|event| (format!("order.{}", order.id), event)));
    }
    for (word, duty) in file.all() {
        let refusals = duty.refuse.iter();
        let told = refusals.flat_map(|it| [Some(&it.event), it.resumes_at.as_ref()]).flatten();
        let all = duty.starts_at.iter().chain([&duty.done_by]).chain(told);
        named.extend(all.map(|event| (format!("{word}.{}", duty.id), event)));
    }
    named
}

fn events(file: &DutiesFile, found: &mut Vec<Finding>) {
    let named = named_events(file);
    for (at, event) in &named {
        if !file.event.iter().any(|known| known.id == **event) {
            let why = format!("no event is called {event:?}");
            let how = "declare it under [[event]], or name one that is";
            found.push(Finding::new(FindingCode::UnknownEvent, at, why, how));
        }
    }
    for event in &file.event {
        let EventFile { id, by, .. } = event;
        if by.is_none() {
            found.push(Finding::new(
                FindingCode::EventWithoutParty,
                format!("event.{id}"),
                "no party brings this event about, so nobody can prove it",
                "add by = and the party whose act it is",
            ));
        }
        if !named.iter().any(|(_, name)| *name == id) {
            found.push(Finding::new(
                FindingCode::EventWithoutEffect,
                format!("event.{id}"),
                "nothing begins with this event and nothing ends with it",
                "let a duty, an order or a refusal name it, or take it away",
            ));
        }
    }
}

/// An order must end by itself, and somebody must be able to contest it.
fn order_ends(file: &DutiesFile, order: &OrderFile, found: &mut Vec<Finding>) {
    let at = format!("order.{}", order.id);
    let once = order.expires.iter().filter_map(|row| row.get_ref().value.as_ref());
    let spends = once.filter_map(toml::Value::as_str).any(|word| word == "once_done");
    if order.expires.is_empty() || (spends && order.spent_by.is_none()) {
        found.push(Finding::new(
            FindingCode::OrderWithoutExpiry,
            at.clone(),
            "nothing ends this order by itself",
            "add expires = (a length, `stated`, or `once_done` with spent_by =)",
        ));
    }
    if !file.appeal.iter().any(|appeal| appeal.against.contains(&order.id)) {
        found.push(Finding::new(
            FindingCode::OrderWithoutRedress,
            at,
            "nobody may contest this order",
            "add an [[appeal]] whose against = names it",
        ));
    }
}

/// A duty says at the latest or at the earliest; a pointer must point at a length of the ladder.
fn time(
    file: &DutiesFile,
    word: &str,
    duty: &DutyFile,
    regime: Option<&Regime>,
    found: &mut Vec<Finding>,
) {
    let at = format!("{word}.{}", duty.id);
    let ways = [!duty.within.is_empty(), duty.within_of.is_some(), !duty.not_before.is_empty()];
    if ways.iter().filter(|way| **way).count() != 1 {
        found.push(Finding::new(
            FindingCode::DutyWithoutTime,
            at.clone(),
            "a duty needs exactly one of within, within_of and not_before",
            "say until when it is owed, or before when the act may not be done",
        ));
    }
    let Some(path) = &duty.within_of else { return };
    let versions = regime.map(Regime::versions).unwrap_or_default();
    let values = versions.iter().filter_map(|version| version.values.get(path));
    let spans = values.map(|it| serde_json::from_value::<Span>(it.value.clone()).is_ok());
    if spans.clone().next().is_none() || spans.into_iter().any(|is_span| !is_span) {
        found.push(Finding::new(
            FindingCode::UnknownPath,
            format!("{at}.within_of"),
            format!("regimes/{}/regime.toml has no length of time at {path:?}", file.id),
            "name the value as `entremise regime show --format json` does",
        ));
    }
}

fn refusals(word: &str, duty: &DutyFile, found: &mut Vec<Finding>) {
    for refuse in &duty.refuse {
        let at = format!("{word}.{}.refuse.{}", duty.id, refuse.reason);
        let named = refuse.title.as_ref().is_some_and(|words| !words.fr.trim().is_empty());
        if !named || refuse.clock.is_empty() {
            found.push(Finding::new(
                FindingCode::RefusalWithoutReason,
                at.clone(),
                "a right to refuse needs its reason in words and the text that gives it",
                "add title = { fr, en } and clock = [{ value, from, cite, sure }]",
            ));
        }
        let clocks = refuse.clock.iter().filter_map(|row| row.get_ref().value.clone());
        let waits = clocks
            .filter_map(|clock| clock.try_into::<Clock>().ok())
            .any(|clock| matches!(clock, Clock::Stops | Clock::Restarts));
        if waits && refuse.resumes_at.is_none() {
            found.push(Finding::new(
                FindingCode::RefusalWithoutEnd,
                at,
                "the clock stands still and nothing lets it run again",
                "add resumes_at = and the event after which the time runs",
            ));
        }
    }
}

fn unknown_names(file: &DutiesFile, word: &str, duty: &DutyFile, found: &mut Vec<Finding>) {
    let order = |id: &String| file.order.iter().any(|order| order.id == *id);
    let owed = |id: &String| file.duty.iter().any(|other| other.id == *id);
    let under = duty.under.iter().filter(|id| !order(id)).map(|id| ("under", id));
    let against = duty.against.iter().filter(|id| !order(id) && !owed(id));
    for (key, id) in under.chain(against.map(|id| ("against", id))) {
        found.push(Finding::new(
            FindingCode::UnknownOrder,
            format!("{word}.{}.{key}", duty.id),
            format!("no order or duty is called {id:?}"),
            "name one that stands in this file",
        ));
    }
    if word == "appeal" && duty.against.is_empty() {
        found.push(Finding::new(
            FindingCode::UnknownOrder,
            format!("appeal.{}.against", duty.id),
            "the appeal does not say what it is against",
            "add against = [\"…\"] with the ids of orders or duties",
        ));
    }
}

/// On each day on which a duty is owed, somebody must watch over it.
fn overseen(file: &DutiesFile, duty: &DutyFile, regime: Option<&Regime>, found: &mut Vec<Finding>) {
    let ladder = regime.map(Regime::versions).unwrap_or_default().iter().map(|it| it.from);
    let starts = |rows: &Dated| -> Vec<Date> {
        let rows = rows.iter().map(|row| row.get_ref());
        let ends = |row: &Row| row.until.and_then(|until| until.tomorrow().ok());
        rows.flat_map(|row| row.from.into_iter().chain(ends(row))).collect()
    };
    let own = [&duty.within, &duty.not_before, &duty.overseen_by, &file.overseen_by];
    let days: BTreeSet<Date> = own.into_iter().flat_map(starts).chain(ladder).collect();
    let owed = |day: Date| {
        let path = duty.within_of.as_ref();
        let pointed = regime.zip(path).is_some_and(|(it, path)| it.cites(path, day).is_some());
        let life = file.in_force.get_ref().holds_on(day);
        let own = row_on(&duty.within, day).or(row_on(&duty.not_before, day)).is_some();
        life && (own || pointed)
    };
    let watched = |day: Date| {
        row_on(&duty.overseen_by, day).or(row_on(&file.overseen_by, day)).is_some_and(|row| {
            let parties = row.value.as_ref().and_then(toml::Value::as_array);
            parties.is_some_and(|parties| !parties.is_empty())
        })
    };
    if let Some(day) = days.into_iter().find(|day| owed(*day) && !watched(*day)) {
        found.push(Finding::new(
            FindingCode::DutyUnwatched,
            format!("duty.{}.overseen_by", duty.id),
            format!("on {day} nobody oversees this duty"),
            "name who watches over it, there or for the whole file",
        ));
    }
}
