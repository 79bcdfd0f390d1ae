//! What changed between two days: which value, from which day, and by which text.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};

use super::show::{path_words, typeset, value_words};
use super::{InForce, NoRulesOnThatDay, Regime};
use crate::deadline::{Lang, Words, date_words};

/// One value that is not the same on the two days, or rests on another text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    pub path: String,
    /// The first day after the earlier date on which it is no longer as it was then.
    pub since: Date,
    pub before: Option<InForce>,
    pub after: Option<InForce>,
    /// The value is the same; only the text it rests on has another number.
    pub renumbered: bool,
}

/// All changes from one day to a later one, in the order in which they came into force.
pub fn changes(
    regime: &Regime,
    before: Date,
    after: Date,
) -> Result<Vec<Change>, NoRulesOnThatDay> {
    let (old, new) = (regime.version_on(before)?, regime.version_on(after)?);
    let since = |path: &str, was: Option<&InForce>| since(regime, path, was, before);
    Ok(between(&old.values, &new.values, &since))
}

/// What differs between the values of two days. `since` finds the day on which a value, by its
/// path, stopped being what it was.
pub(crate) fn between(
    old: &BTreeMap<String, InForce>,
    new: &BTreeMap<String, InForce>,
    since: &dyn Fn(&str, Option<&InForce>) -> Date,
) -> Vec<Change> {
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changes: Vec<Change> = paths
        .into_iter()
        .filter_map(|path| {
            let (was, is) = (old.get(path), new.get(path));
            let (value_was, value_is) = (was.map(|was| &was.value), is.map(|is| &is.value));
            let (cite_was, cite_is) =
                (was.map(|was| &was.citation.cite), is.map(|is| &is.citation.cite));
            (value_was != value_is || cite_was != cite_is).then(|| Change {
                path: path.clone(),
                since: since(path, was),
                before: was.cloned(),
                after: is.cloned(),
                renumbered: value_was == value_is,
            })
        })
        .collect();
    changes.sort_by(|one, other| (one.since, &one.path).cmp(&(other.since, &other.path)));
    changes
}

/// When a value first stopped being what it was.
fn since(regime: &Regime, path: &str, was: Option<&InForce>, before: Date) -> Date {
    let later = regime.versions().iter().filter(|version| version.from > before);
    let changed = later.into_iter().find(|version| version.values.get(path) != was);
    changed.map_or(before, |version| version.from)
}

/// The changes as JSON, for programs.
pub fn json(regime: &Regime, before: Date, after: Date) -> Result<Value, NoRulesOnThatDay> {
    let changes = changes(regime, before, after)?;
    Ok(json!({ "id": regime.id(), "before": before, "after": after, "changes": changes }))
}

/// The changes as text: what, from which day, why.
pub fn text(
    regime: &Regime,
    before: Date,
    after: Date,
    lang: Lang,
) -> Result<String, NoRulesOnThatDay> {
    let changes = changes(regime, before, after)?;
    let name = |path: &str| path_words(regime, path, lang);
    let value = |path: &str, value: &Value| value_words(path, value, lang);
    Ok(told(regime.title(), (before, after), &changes, &name, &value, lang))
}

/// Changes as text, under the names that `name` gives to paths and `value` to what stands there.
pub(crate) fn told(
    title: &Words,
    (before, after): (Date, Date),
    changes: &[Change],
    name: &dyn Fn(&str) -> String,
    value: &dyn Fn(&str, &Value) -> String,
    lang: Lang,
) -> String {
    let (from, to) = (date_words(before, lang), date_words(after, lang));
    let title = title.in_lang(lang);
    let mut out = match lang {
        Lang::Fr => format!("{title}\u{a0}: du {from} au {to}\n"),
        Lang::En => format!("{title}: from {from} to {to}\n"),
    };
    if changes.is_empty() {
        out.push_str(match lang {
            Lang::Fr => "Rien n’a changé.\n",
            Lang::En => "Nothing changed.\n",
        });
    }
    let mut heading = None;
    for change in changes.iter().filter(|change| !change.renumbered) {
        if heading != Some(change.since) {
            heading = Some(change.since);
            let day = date_words(change.since, lang);
            out.push_str(&match lang {
                Lang::Fr => format!("\nÀ partir du {day}\n"),
                Lang::En => format!("\nFrom {day}\n"),
            });
        }
        out.push_str(&format!("  {}\n", name(&change.path)));
        for (sign, row) in [("−", &change.before), ("+", &change.after)] {
            let words = row.as_ref().map(|row| value(&change.path, &row.value));
            out.push_str(&side(sign, row.as_ref().zip(words), lang));
        }
    }
    out.push_str(&renumbered(name, changes, lang));
    out
}

fn side(sign: &str, row: Option<(&InForce, String)>, lang: Lang) -> String {
    match row {
        Some((row, value)) => {
            let text = &row.citation;
            let note = text.note.as_ref();
            let note = note.map(|note| format!(" ({})", typeset(note))).unwrap_or_default();
            let cite = typeset(&text.cite);
            format!("    {sign} {value}   [{:?}] {cite}{note}\n", text.sure)
        }
        None => {
            let gone = match lang {
                Lang::Fr => "n’existe pas",
                Lang::En => "does not exist",
            };
            format!("    {sign} {gone}\n")
        }
    }
}

/// The values that stayed and only rest on a text of another number, one line each.
fn renumbered(name: &dyn Fn(&str) -> String, changes: &[Change], lang: Lang) -> String {
    let mut out = String::new();
    for change in changes.iter().filter(|change| change.renumbered) {
        let cite = |row: &Option<InForce>| {
            row.as_ref().map(|row| row.citation.cite.clone()).unwrap_or_default()
        };
        if out.is_empty() {
            out.push_str(match lang {
                Lang::Fr => "\nInchangé, sous un autre texte\n",
                Lang::En => "\nUnchanged, under another text\n",
            });
        }
        let (path, since) = (name(&change.path), change.since);
        let (before, after) = (cite(&change.before), cite(&change.after));
        out.push_str(&typeset(&match lang {
            Lang::Fr => format!("  {since}  {path} : {before} → {after}\n"),
            Lang::En => format!("  {since}  {path}: {before} → {after}\n"),
        }));
    }
    out
}
