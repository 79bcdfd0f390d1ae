//! Who does what by when, on one day: as text for a terminal, as JSON, as a page for a meeting.
//!
//! `table` gathers rows and parties once; text and page only set them.

mod html;
mod text;
mod words;

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};

pub use html::html;
pub use text::text;
pub use words::standing_name;
pub(crate) use words::{path_words, standing_words, value_words};

use super::file::{DutyFile, OrderFile, RefuseFile};
use super::{Clock, Duties, Kind, Time};
use crate::deadline::{Lang, Words};
use crate::regime::{Citation, InForce};
use words::{clock_words, from_words, time_words};

/// The table of a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    pub parties: Vec<Party>,
    /// Orders first, then duties, then appeals; each in the order of the file.
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Party {
    pub id: String,
    pub title: Words,
}

/// One order, duty or appeal that exists on the day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    pub id: String,
    pub kind: Kind,
    pub title: Words,
    /// `une heure à compter de la réception de l’ordre`.
    pub when: Words,
    /// The text that the time rests on.
    pub citation: Citation,
    /// Whose part in it is which, in the order of the parties.
    pub parts: Vec<(String, Part)>,
    /// What may be said against it, and what that does to the time.
    pub refusals: Vec<Refusal>,
    /// The orders and duties that an appeal is against.
    pub against: Vec<Words>,
}

/// What a party has to do with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Orders,
    Owes,
    Receives,
    /// Gets a copy, and watches over it.
    Oversees,
    Pays,
    Appeals,
    Decides,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refusal {
    pub reason: String,
    pub title: Words,
    pub clock: Clock,
    pub citation: Citation,
}

impl Part {
    /// The word in the cell, and its letter in a terminal.
    pub fn words(self, lang: Lang) -> (&'static str, char) {
        match (self, lang) {
            (Self::Orders, Lang::Fr) => ("ordonne", 'O'),
            (Self::Orders, Lang::En) => ("orders", 'I'),
            (Self::Owes, Lang::Fr) => ("doit", 'D'),
            (Self::Owes, Lang::En) => ("owes", 'O'),
            (Self::Receives, Lang::Fr) => ("reçoit", 'R'),
            (Self::Receives, Lang::En) => ("receives", 'R'),
            (Self::Oversees, Lang::Fr) => ("contrôle", 'C'),
            (Self::Oversees, Lang::En) => ("oversees", 'W'),
            (Self::Pays, Lang::Fr) => ("paie", 'P'),
            (Self::Pays, Lang::En) => ("pays", 'P'),
            (Self::Appeals, Lang::Fr) => ("peut agir", 'A'),
            (Self::Appeals, Lang::En) => ("may act", 'A'),
            (Self::Decides, Lang::Fr) => ("statue", 'S'),
            (Self::Decides, Lang::En) => ("decides", 'D'),
        }
    }

    pub const ALL: [Self; 7] = [
        Self::Orders,
        Self::Owes,
        Self::Receives,
        Self::Oversees,
        Self::Pays,
        Self::Appeals,
        Self::Decides,
    ];
}

/// The table of a day; empty on a day on which nothing is owed.
pub fn table(duties: &Duties, day: Date) -> Table {
    let file = duties.file();
    let mut rows: Vec<Row> =
        file.order.iter().filter_map(|order| order_row(duties, order, day)).collect();
    rows.extend(file.all().filter_map(|(word, duty)| duty_row(duties, word, duty, day)));
    let seen: BTreeSet<&String> =
        rows.iter().flat_map(|row| row.parts.iter().map(|(party, _)| party)).collect();
    let parties = file.party.iter().filter(|party| seen.contains(&party.id));
    let parties = parties.map(|party| Party { id: party.id.clone(), title: party.title.clone() });
    Table { parties: parties.collect(), rows }
}

fn order_row(duties: &Duties, order: &OrderFile, day: Date) -> Option<Row> {
    let value = duties.in_force(&order.expires, day)?;
    let time = Time::of(&value.value)?;
    let most = duties.in_force(&order.renewals_max, day).and_then(|it| it.value.as_u64());
    let renewed = |lang| match (order.renewed_by.is_some(), most, lang) {
        (false, ..) => String::new(),
        (true, None, Lang::Fr) => ", renouvelable".to_owned(),
        (true, None, Lang::En) => ", renewable".to_owned(),
        (true, Some(1), Lang::Fr) => ", renouvelable une fois".to_owned(),
        (true, Some(1), Lang::En) => ", renewable once".to_owned(),
        (true, Some(most), Lang::Fr) => format!(", renouvelable {most} fois"),
        (true, Some(most), Lang::En) => format!(", renewable {most} times"),
    };
    let starts = [event(duties, &order.starts_at)];
    let when = |lang| match time {
        Time::Span(_) => {
            let (time, from) = (time_words(time, lang), from_words(&starts, lang));
            format!("{time} {from}{}", renewed(lang))
        }
        _ => format!("{}{}", time_words(time, lang), renewed(lang)),
    };
    let parts = vec![(order.by.clone(), Part::Orders), (order.to.clone(), Part::Receives)];
    Some(Row {
        id: order.id.clone(),
        kind: Kind::Order,
        title: order.title.clone(),
        when: Words { fr: when(Lang::Fr), en: when(Lang::En) },
        citation: value.citation,
        parts,
        refusals: Vec::new(),
        against: Vec::new(),
    })
}

fn duty_row(duties: &Duties, word: &str, duty: &DutyFile, day: Date) -> Option<Row> {
    let least = duties.in_force(&duty.not_before, day);
    let early = least.is_some();
    let value = least.or_else(|| duties.within(duty, day))?;
    let time = Time::of(&value.value)?;
    let at_least = duties.in_force(&duty.at_least, day).and_then(|it| Time::of(&it.value));
    let starts: Vec<Words> = duty.starts_at.iter().map(|id| event(duties, id)).collect();
    let when = |lang| {
        let from = from_words(&starts, lang);
        let time = match (time, word, lang) {
            // No text sets a time: whoever may appeal may do so whenever they like.
            (Time::AtOnce, "appeal", Lang::Fr) => "à tout moment".to_owned(),
            (Time::AtOnce, "appeal", Lang::En) => "at any time".to_owned(),
            _ => time_words(time, lang),
        };
        let least = at_least.map(|least| time_words(least, lang));
        match (early, least, lang) {
            (true, _, Lang::Fr) => format!("pas avant {time} {from}"),
            (true, _, Lang::En) => format!("not before {time} {from}"),
            (_, Some(least), Lang::Fr) => format!("{time}, jamais moins de {least}, {from}"),
            (_, Some(least), Lang::En) => format!("{time}, never less than {least}, {from}"),
            (_, None, _) => format!("{time} {from}"),
        }
    };
    let kind = if word == "appeal" { Kind::Appeal } else { Kind::Duty };
    let refusals = duty.refuse.iter().filter_map(|it| refusal(duties, it, day)).collect();
    let titled = |id: &String| title_of(duties, id);
    Some(Row {
        id: duty.id.clone(),
        kind,
        title: duty.title.clone(),
        when: Words { fr: when(Lang::Fr), en: when(Lang::En) },
        citation: value.citation,
        parts: parts(duties, duty, kind, day),
        refusals,
        against: duty.against.iter().filter_map(titled).collect(),
    })
}

fn refusal(duties: &Duties, refuse: &RefuseFile, day: Date) -> Option<Refusal> {
    let InForce { value, citation } = duties.in_force(&refuse.clock, day)?;
    let clock = serde_json::from_value(value).ok()?;
    let title = refuse.title.clone().unwrap_or_default();
    Some(Refusal { reason: refuse.reason.clone(), title, clock, citation })
}

fn parts(duties: &Duties, duty: &DutyFile, kind: Kind, day: Date) -> Vec<(String, Part)> {
    let file = duties.file();
    let (who, to) = match kind {
        Kind::Appeal => (Part::Appeals, Part::Decides),
        _ => (Part::Owes, Part::Receives),
    };
    let mut parts = vec![(duty.who.clone(), who)];
    parts.extend(duty.to.iter().map(|party| (party.clone(), to)));
    // An appeal is itself a means of oversight: the file's overseers and expense are the duties'.
    let of_file = |own, whole| {
        let own = duties.in_force(own, day);
        own.or_else(|| duties.in_force(whole, day).filter(|_| kind == Kind::Duty))
    };
    let names = |found: Option<InForce>| -> Vec<String> {
        let value = found.map(|it| it.value).unwrap_or_default();
        let many = value.as_array().cloned().unwrap_or_else(|| vec![value]);
        many.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let overseers = names(of_file(&duty.overseen_by, &file.overseen_by));
    parts.extend(overseers.into_iter().map(|party| (party, Part::Oversees)));
    let payer = names(of_file(&duty.pays, &file.pays));
    parts.extend(payer.into_iter().map(|party| (party, Part::Pays)));
    parts
}

fn event(duties: &Duties, id: &str) -> Words {
    duties.event(id).map(|event| event.title.clone()).unwrap_or_default()
}

fn title_of(duties: &Duties, id: &str) -> Option<Words> {
    let file = duties.file();
    let orders = file.order.iter().map(|order| (&order.id, &order.title));
    let mut all = orders.chain(file.duty.iter().map(|duty| (&duty.id, &duty.title)));
    all.find(|(known, _)| *known == id).map(|(_, title)| title.clone())
}

/// The table and every value with its text, for programs.
pub fn json(duties: &Duties, day: Date) -> Value {
    json!({
        "id": duties.id(),
        "title": duties.title(),
        "on": day,
        "time_zone": duties.zone().name(),
        "calendar": { "id": duties.calendar().id(), "version": duties.calendar().version() },
        "digest": duties.digest(),
        "table": table(duties, day),
        "values": duties.values_on(day),
    })
}

/// What a page or a terminal says of a refusal: `force majeure (le temps est suspendu)`.
fn refusal_words(refusal: &Refusal, lang: Lang) -> String {
    format!("{} ({})", refusal.title.in_lang(lang), clock_words(refusal.clock, lang))
}
