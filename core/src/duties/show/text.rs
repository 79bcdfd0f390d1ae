//! The table of duties for a terminal of 100 columns: a grid of letters, then the texts.

use jiff::civil::Date;

use super::{Part, Row, Table, refusal_words, table};
use crate::deadline::{Lang, date_words};
use crate::duties::{Duties, Kind};
use crate::regime::show::typeset;

const TITLE: usize = 42;
const WHEN: usize = 30;
const CELL: usize = 4;

/// Who does what by when on a day, as plain text.
pub fn text(duties: &Duties, day: Date, lang: Lang) -> String {
    let table = table(duties, day);
    let (title, on) = (duties.title().in_lang(lang), date_words(day, lang));
    let mut out = match lang {
        Lang::Fr => format!("{title}\nqui doit quoi, à qui et quand, le {on}\n\n"),
        Lang::En => format!("{title}\nwho owes what to whom by when, on {on}\n\n"),
    };
    if table.rows.is_empty() {
        out.push_str(match lang {
            Lang::Fr => "Rien n’est dû ce jour-là.\n",
            Lang::En => "Nothing is owed on that day.\n",
        });
        return out;
    }
    for (place, party) in table.parties.iter().enumerate() {
        out.push_str(&format!("  {:>2}  {}\n", place + 1, party.title.in_lang(lang)));
    }
    out.push_str(&format!("\n  {}\n", legend(&table, lang)));
    for kind in [Kind::Order, Kind::Duty, Kind::Appeal] {
        grid(&mut out, &table, kind, lang);
    }
    out.push('\n');
    out.push_str(match lang {
        Lang::Fr => "Les textes (H lu, M source seconde, L notre lecture)\n",
        Lang::En => "The texts (H read, M secondary source, L our reading)\n",
    });
    for row in &table.rows {
        texts(&mut out, row, lang);
    }
    let digest = duties.digest();
    out.push_str(&match lang {
        Lang::Fr => format!("\nempreinte du fichier\u{a0}: {digest}\n"),
        Lang::En => format!("\ndigest of the file: {digest}\n"),
    });
    out
}

/// Only the letters that stand in this table.
fn legend(table: &Table, lang: Lang) -> String {
    let used = |part: &Part| table.rows.iter().any(|row| row.parts.iter().any(|it| it.1 == *part));
    let parts: Vec<String> = Part::ALL
        .into_iter()
        .filter(used)
        .map(|part| part.words(lang))
        .map(|(word, letter)| format!("{letter} {word}"))
        .collect();
    parts.join(" · ")
}

/// The heading of a group of rows.
pub(super) fn group(kind: Kind, lang: Lang) -> &'static str {
    match (kind, lang) {
        (Kind::Order, Lang::Fr) => "Ordres",
        (Kind::Order, Lang::En) => "Orders",
        (Kind::Duty, Lang::Fr) => "Obligations",
        (Kind::Duty, Lang::En) => "Duties",
        (Kind::Appeal, Lang::Fr) => "Recours",
        (Kind::Appeal, Lang::En) => "Appeals",
    }
}

fn grid(out: &mut String, table: &Table, kind: Kind, lang: Lang) {
    let rows: Vec<&Row> = table.rows.iter().filter(|row| row.kind == kind).collect();
    if rows.is_empty() {
        return;
    }
    let heads: String = (1..=table.parties.len()).map(|place| format!("{place:<CELL$}")).collect();
    let head = format!("{:<1$}{heads}", group(kind, lang), TITLE + WHEN + 2);
    out.push_str(&format!("\n{}\n", head.trim_end()));
    out.push_str(&format!("{}\n", "─".repeat(head.trim_end().chars().count())));
    for row in rows {
        let cells: String = table.parties.iter().map(|party| cell(row, &party.id, lang)).collect();
        let titles = wrapped(row.title.in_lang(lang), TITLE - 1);
        let whens = wrapped(row.when.in_lang(lang), WHEN - 1);
        for line in 0..titles.len().max(whens.len()) {
            let part = |lines: &[String]| lines.get(line).cloned().unwrap_or_default();
            let cells = if line == 0 { cells.as_str() } else { "" };
            let (title, when) = (part(&titles), part(&whens));
            let full = format!("{title:<TITLE$}{when:<WHEN$}  {cells}");
            out.push_str(&format!("{}\n", full.trim_end()));
        }
    }
}

fn cell(row: &Row, party: &str, lang: Lang) -> String {
    let parts = row.parts.iter().filter(|(id, _)| id == party);
    let letters: String = parts.map(|(_, part)| part.words(lang).1).collect();
    let letters = if letters.is_empty() { "·".to_owned() } else { letters };
    format!("{letters:<CELL$}")
}

/// What a row rests on, what may be refused, and what an appeal is against.
fn texts(out: &mut String, row: &Row, lang: Lang) {
    out.push_str(&format!("\n  {}\n", row.title.in_lang(lang)));
    let mut line = |text: &str| {
        for part in wrapped(text, 92) {
            out.push_str(&format!("      {part}\n"));
        }
    };
    let cited = |citation: &crate::regime::Citation| {
        let note = citation.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
        typeset(&format!("[{:?}] {}{note}", citation.sure, citation.cite))
    };
    line(&cited(&row.citation));
    if !row.against.is_empty() {
        let all: Vec<&str> = row.against.iter().map(|words| words.in_lang(lang)).collect();
        line(&match lang {
            Lang::Fr => format!("contre\u{a0}: {}", all.join("\u{202f}; ")),
            Lang::En => format!("against: {}", all.join("; ")),
        });
    }
    for refusal in &row.refusals {
        let (words, cite) = (refusal_words(refusal, lang), cited(&refusal.citation));
        line(&match lang {
            Lang::Fr => format!("peut opposer\u{a0}: {words} {cite}"),
            Lang::En => format!("may object: {words} {cite}"),
        });
    }
}

/// A text in lines of at most so many signs; blanks that do not break are kept.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        let needed = line.chars().count() + 1 + word.chars().count();
        if line.is_empty() {
            line.push_str(word);
        } else if needed <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
