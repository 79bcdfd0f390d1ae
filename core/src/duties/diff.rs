//! What the parties owe differently on a later day: which value, from which day, by which text.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::Duties;
use super::show::{path_words, value_words};
use crate::deadline::Lang;
use crate::regime::InForce;
use crate::regime::diff::{Change, between, told};

/// All changes from one day to a later one, in the order in which they came into force.
pub fn changes(duties: &Duties, before: Date, after: Date) -> Vec<Change> {
    let days: Vec<Date> = duties.days().into_iter().filter(|day| *day > before).collect();
    let since = |path: &str, was: Option<&InForce>| {
        let end = duties.file().in_force.get_ref().until.and_then(|day| day.tomorrow().ok());
        let later = days.iter().copied().chain(end.filter(|day| *day > before));
        let mut changed = later.filter(|day| duties.values_on(*day).get(path) != was);
        changed.next().unwrap_or(before)
    };
    between(&duties.values_on(before), &duties.values_on(after), &since)
}

/// The changes as JSON, for programs.
pub fn diff_json(duties: &Duties, before: Date, after: Date) -> Value {
    let changes = changes(duties, before, after);
    json!({ "id": duties.id(), "before": before, "after": after, "changes": changes })
}

/// The changes as text: what, from which day, why.
pub fn diff_text(duties: &Duties, before: Date, after: Date, lang: Lang) -> String {
    let name = |path: &str| path_words(duties, path, lang);
    let value = |_: &str, value: &Value| value_words(duties, value, lang);
    let changes = changes(duties, before, after);
    told(duties.title(), (before, after), &changes, &name, &value, lang)
}
