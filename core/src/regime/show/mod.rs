//! A regime as people read it on a day: text, JSON, and a drawing of the ladder.
//!
//! `sheet` gathers the sections and lines once; `text` and `svg` only set them.

mod labels;
mod sheet;
mod svg;

use jiff::civil::Date;
use serde_json::{Value, json};

pub(crate) use labels::{path_words, typeset, value_words};

use super::{Citation, NoRulesOnThatDay, Regime, Sure};
use crate::deadline::{Lang, date_words};
use sheet::{Line, Sheet, sheet};

/// The rules of a day as plain text.
pub fn text(regime: &Regime, day: Date, lang: Lang) -> Result<String, NoRulesOnThatDay> {
    let Sheet { title, subtitle, legend, sections } = sheet(regime, day, lang)?;
    let mut out = format!("{title}\n{subtitle}\n{legend}\n");
    for section in sections {
        if let Some(arrow) = &section.arrow {
            out.push_str(&format!("\n  ↓ {arrow}\n"));
        }
        out.push_str(&format!("\n{}\n", section.heading));
        for line in &section.lines {
            out.push_str(&text_line(line, lang));
        }
    }
    Ok(out)
}

fn text_line(line: &Line, lang: Lang) -> String {
    let colon = match lang {
        Lang::Fr => "\u{a0}:",
        Lang::En => ":",
    };
    let mut out = format!("  {}{colon} {}\n", line.label, line.value);
    if let Some(citation) = &line.citation {
        out.push_str(&format!("      [{:?}] {}\n", citation.sure, typeset(&citation.cite)));
        if let Some(note) = &citation.note {
            out.push_str(&format!("      ({})\n", typeset(note)));
        }
    }
    out
}

/// The rules of a day, each value with its citation, for programs.
pub fn json(regime: &Regime, day: Date) -> Result<Value, NoRulesOnThatDay> {
    let version = regime.version_on(day)?;
    Ok(json!({
        "id": regime.id(),
        "title": regime.title(),
        "on": day,
        "from": version.from,
        "until": version.until,
        "time_zone": regime.zone().name(),
        "calendar": { "id": regime.calendar().id(), "version": regime.calendar().version() },
        "digest": regime.digest(),
        "rules": version.rules,
        "values": version.values,
    }))
}

/// The ladder of a day as a drawing that can be printed on A4 and read aloud.
pub fn svg(regime: &Regime, day: Date, lang: Lang) -> Result<String, NoRulesOnThatDay> {
    sheet(regime, day, lang).map(|sheet| svg::draw(&sheet, lang))
}

/// `règles du 21 novembre 2026`.
fn on_day(day: Date, lang: Lang) -> String {
    match lang {
        Lang::Fr => format!("règles en vigueur le {}", date_words(day, lang)),
        Lang::En => format!("rules in force on {}", date_words(day, lang)),
    }
}
