//! Dated situations (`regimes/<id>/situations.toml`): what happens on which day, and what is then
//! owed. A party can write a file of its own and see where its reading and the file's part.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use toml::value::Datetime;

use super::{Duties, Happened, Owed, Part, Standing, Unheard, owed};
use crate::deadline::Words;
use crate::regime::RegimeError;
use crate::regime::file::read;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    situation: Vec<Situation>,
}

/// One story: a sentence that says the rule, its source, and what happens in order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Situation {
    pub title: String,
    /// The text, or the real failure, that it comes from.
    pub cite: String,
    pub on: Vec<Step>,
}

/// An event, or a moment at which one looks. Without an offset local; a day alone means its noon.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub at: Datetime,
    /// Absent where one only looks.
    pub event: Option<String>,
    /// Who brings it about, where it is somebody else than the file says.
    pub by: Option<String>,
    /// It is said and not proven.
    #[serde(default)]
    pub unproven: bool,
    /// The term that the event itself sets: an instant, or a day with its last moment.
    pub until: Option<Datetime>,
    /// What must be so now.
    #[serde(default)]
    pub then: Vec<Expected>,
}

/// What is not named is not looked at.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// A duty, an appeal or an order by its id; the last beginning of it counts. Absent where the
    /// event of the step is expected to be set aside.
    pub of: Option<String>,
    pub is: Option<Standing>,
    /// The last day, or the first instant that is too late.
    pub until: Option<Datetime>,
    pub reason: Option<String>,
    /// In the words, in either language.
    pub says: Option<String>,
    pub set_aside: Option<Unheard>,
}

/// What became of one situation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Played {
    pub title: String,
    pub cite: String,
    /// Where the file of duties answers otherwise than the situation says.
    pub differs: Vec<Difference>,
}

/// One expectation that does not hold: both answers, and the reason of the file's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The place of the step in the situation, from 1.
    pub step: usize,
    pub of: String,
    pub expected: String,
    pub found: String,
    pub words: Words,
}

impl Played {
    pub fn holds(&self) -> bool {
        self.differs.is_empty()
    }
}

/// Reads a file of situations. `name` is only what errors call it.
pub fn parse(name: &str, text: &str) -> Result<Vec<Situation>, RegimeError> {
    read::<File>(name, text).map(|file| file.situation)
}

/// Plays each situation from nothing.
pub fn play(duties: &Duties, situations: &[Situation]) -> Vec<Played> {
    situations.iter().map(|situation| play_one(duties, situation)).collect()
}

fn play_one(duties: &Duties, situation: &Situation) -> Played {
    let mut happened = Vec::new();
    let mut differs = Vec::new();
    for (place, step) in situation.on.iter().enumerate() {
        let mut differ = |of: &str, expected: String, found: String, words: Words| {
            differs.push(Difference { step: place + 1, of: of.to_owned(), expected, found, words });
        };
        let Some(at) = instant(duties, &step.at, noon) else {
            let given = step.at.to_string();
            differ("at", "an instant".to_owned(), given, Words::default());
            continue;
        };
        if let Some(event) = &step.event {
            happened.push(of_step(duties, step, event, at));
        }
        let owed = owed(duties, &happened, at);
        for expected in &step.then {
            let of = expected.of.clone().or_else(|| step.event.clone()).unwrap_or_default();
            match found(duties, &owed, expected, &of) {
                Ok(()) => {}
                Err((wanted, is, words)) => differ(&of, wanted, is, words),
            }
        }
    }
    Played { title: situation.title.clone(), cite: situation.cite.clone(), differs }
}

fn of_step(duties: &Duties, step: &Step, event: &str, at: Timestamp) -> Happened {
    let declared = duties.event(event);
    let by = step.by.clone().or_else(|| declared.and_then(|event| event.by.clone()));
    Happened {
        event: event.to_owned(),
        at,
        by: by.unwrap_or_default(),
        proof: declared.filter(|_| !step.unproven).map(|event| event.proof.en.clone()),
        until: step.until.as_ref().and_then(|until| instant(duties, until, end_of_day)),
    }
}

type Differs = (String, String, Words);

/// Whether what is owed is what was expected; else both, and why.
fn found(duties: &Duties, owed: &Owed, expected: &Expected, of: &str) -> Result<(), Differs> {
    if let Some(why) = expected.set_aside {
        let aside = owed.set_aside.iter().rfind(|aside| aside.event == of).map(|aside| aside.why);
        let is = aside.map_or("counted".to_owned(), wire);
        return if aside == Some(why) { Ok(()) } else { Err((wire(why), is, Words::default())) };
    }
    let Some(part) = owed.parts.iter().rfind(|part| part.id == of) else {
        return Err((of.to_owned(), "no such duty, appeal or order".to_owned(), Words::default()));
    };
    let differ = |wanted: String, is: String| Err((wanted, is, part.words.clone()));
    if let Some(is) = expected.is.filter(|is| *is != part.standing) {
        return differ(wire(is), wire(part.standing));
    }
    if let Some(until) = &expected.until {
        let (wanted, is) = (until.to_string(), ends(duties, part, until));
        let same = match until.time {
            Some(_) => instant(duties, until, noon) == part.deadline.as_ref().map(|it| it.ends_at),
            None => wanted == is,
        };
        if !same {
            return differ(wanted, is);
        }
    }
    if expected.reason.is_some() && expected.reason != part.reason {
        let is = part.reason.clone().unwrap_or_else(|| "none".to_owned());
        return differ(expected.reason.clone().unwrap_or_default(), is);
    }
    match &expected.says {
        Some(text) if !part.words.fr.contains(text) && !part.words.en.contains(text) => {
            differ(text.clone(), "not in the words".to_owned())
        }
        _ => Ok(()),
    }
}

/// The end of a part as the expectation wrote its own: a day, or a local instant.
fn ends(duties: &Duties, part: &Part, like: &Datetime) -> String {
    match (&part.deadline, like.time) {
        (None, _) => "no term".to_owned(),
        (Some(deadline), None) => deadline.last_day.to_string(),
        (Some(deadline), Some(_)) => duties.zone().local(deadline.ends_at).to_string(),
    }
}

fn wire(word: impl Serialize) -> String {
    let value = serde_json::to_value(word).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// An instant as a situation writes it. `whole` says which moment a day alone means.
fn instant(
    duties: &Duties,
    given: &Datetime,
    whole: fn(&Duties, Date) -> Option<Timestamp>,
) -> Option<Timestamp> {
    let text = given.to_string();
    if given.offset.is_some() {
        return text.parse().ok();
    }
    if given.time.is_none() {
        return whole(duties, text.parse().ok()?);
    }
    duties.zone().instant_of(text.parse().ok()?)
}

fn noon(duties: &Duties, day: Date) -> Option<Timestamp> {
    duties.zone().instant_of(day.at(12, 0, 0, 0))
}

fn end_of_day(duties: &Duties, day: Date) -> Option<Timestamp> {
    Some(duties.zone().end_of(day))
}
