//! The table of duties as one page: it needs nothing else, and prints on one sheet of A3.
//!
//! A real table with a caption and headings, so that it is read aloud as it is seen; no script.

use jiff::civil::Date;

use super::text::group;
use super::{Party, Row, Table, refusal_words, table};
use crate::deadline::{Lang, date_words};
use crate::duties::{Duties, Kind};
use crate::regime::show::typeset;
use crate::regime::{Citation, Sure};

/// The colours of the house (`server/assets/style.css`), and a table for a wall.
const STYLE: &str = include_str!("page.css");

/// Who does what by when on a day, as a page that stands alone.
pub fn html(duties: &Duties, day: Date, lang: Lang) -> String {
    let table = table(duties, day);
    let (code, skip, specimen) = match lang {
        Lang::Fr => ("fr", "Aller au tableau", "Autorité fictive, données d’essai."),
        Lang::En => ("en", "Go to the table", "Fictitious authority, test data."),
    };
    let title = escaped(duties.title().in_lang(lang));
    let on = date_words(day, lang);
    let lead = match lang {
        Lang::Fr => format!("Qui doit quoi, à qui et quand, le {on}"),
        Lang::En => format!("Who owes what to whom by when, on {on}"),
    };
    format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#duties\">{skip}</a>\n\
         <p class=\"specimen\"><strong>SPECIMEN</strong> {specimen}</p>\n\
         <header><h1>{title}</h1>\n<p class=\"lead\">{lead}</p></header>\n<main>\n{}{}</main>\n\
         <footer><p>{}</p></footer>\n</body>\n</html>\n",
        grid(&table, &title, lang),
        texts(&table, lang),
        footer(duties, lang),
    )
}

fn grid(table: &Table, title: &str, lang: Lang) -> String {
    let (caption, act, when, nothing) = match lang {
        Lang::Fr => (
            "une ligne par acte, une colonne par partie",
            "Acte",
            "Quand",
            "Rien n’est dû ce jour-là.",
        ),
        Lang::En => (
            "one row for each act, one column for each party",
            "Act",
            "When",
            "Nothing is owed on that day.",
        ),
    };
    if table.rows.is_empty() {
        return format!("<p id=\"duties\">{nothing}</p>\n");
    }
    let heads: String = table
        .parties
        .iter()
        .map(|party| format!("<th scope=\"col\">{}</th>", escaped(party.title.in_lang(lang))))
        .collect();
    let mut out = format!(
        "<div class=\"scroll\" role=\"region\" aria-labelledby=\"caption\" tabindex=\"0\">\n\
         <table id=\"duties\"><caption id=\"caption\">{title}, {caption}</caption>\n\
         <thead><tr><th scope=\"col\">{act}</th><th scope=\"col\">{when}</th>\
         {heads}</tr></thead>\n",
    );
    for kind in [Kind::Order, Kind::Duty, Kind::Appeal] {
        let rows: Vec<&Row> = table.rows.iter().filter(|row| row.kind == kind).collect();
        if rows.is_empty() {
            continue;
        }
        out.push_str(&format!(
            "<tbody><tr class=\"group\"><th scope=\"rowgroup\" colspan=\"{}\">{}</th></tr>\n",
            table.parties.len() + 2,
            group(kind, lang),
        ));
        for row in rows {
            out.push_str(&line(row, &table.parties, lang));
        }
        out.push_str("</tbody>\n");
    }
    out.push_str("</table></div>\n");
    out
}

fn line(row: &Row, parties: &[Party], lang: Lang) -> String {
    let (title, when) = (row.title.in_lang(lang), row.when.in_lang(lang));
    let mut out = format!(
        "<tr><th scope=\"row\"><a href=\"#{}\">{}</a></th><td class=\"when\">{}{}</td>",
        escaped(&row.id),
        escaped(title),
        escaped(when),
        sureness(&row.citation, lang),
    );
    for party in parties {
        let parts = row.parts.iter().filter(|(id, _)| *id == party.id);
        let parts: String = parts
            .map(|(_, part)| {
                let class = serde_json::to_value(part).unwrap_or_default();
                let class = class.as_str().unwrap_or_default();
                format!("<span class=\"part {class}\">{}</span> ", part.words(lang).0)
            })
            .collect();
        let parts = if parts.is_empty() { "<span class=\"none\">–</span>" } else { parts.trim() };
        out.push_str(&format!("<td>{parts}</td>"));
    }
    out.push_str("</tr>\n");
    out
}

/// What isn't settled law is marked where it is read.
fn sureness(citation: &Citation, lang: Lang) -> &'static str {
    match (citation.sure, lang) {
        (Sure::H, _) => "",
        (Sure::M, Lang::Fr) => " <span class=\"sure\">source seconde</span>",
        (Sure::M, Lang::En) => " <span class=\"sure\">secondary source</span>",
        (Sure::L, Lang::Fr) => " <span class=\"sure\">notre lecture</span>",
        (Sure::L, Lang::En) => " <span class=\"sure\">our reading</span>",
    }
}

/// Below the table: on which text each row rests, and what may be refused.
fn texts(table: &Table, lang: Lang) -> String {
    let (heading, may, against) = match lang {
        Lang::Fr => ("Les textes, et ce qui peut être refusé", "Peut opposer", "Contre"),
        Lang::En => ("The texts, and what may be refused", "May object", "Against"),
    };
    let colon = match lang {
        Lang::Fr => "\u{a0}:",
        Lang::En => ":",
    };
    let mut out = format!("<h2>{heading}</h2>\n<dl>\n");
    for row in &table.rows {
        let title = escaped(row.title.in_lang(lang));
        out.push_str(&format!("<div><dt id=\"{}\">{title}</dt>", escaped(&row.id)));
        out.push_str(&format!("<dd>{}</dd>", cited(&row.citation, lang)));
        for words in &row.against {
            let words = escaped(words.in_lang(lang));
            out.push_str(&format!("<dd>{against}{colon} {words}</dd>"));
        }
        for refusal in &row.refusals {
            let words = escaped(&refusal_words(refusal, lang));
            let cite = cited(&refusal.citation, lang);
            out.push_str(&format!("<dd>{may}{colon} {words}<br>{cite}</dd>"));
        }
        out.push_str("</div>\n");
    }
    out.push_str("</dl>\n");
    out
}

fn cited(citation: &Citation, lang: Lang) -> String {
    let note = citation.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    let text = escaped(&typeset(&format!("{}{note}", citation.cite)));
    format!("{text}{}", sureness(citation, lang))
}

fn footer(duties: &Duties, lang: Lang) -> String {
    let (id, zone, digest) = (duties.id(), duties.zone().name(), duties.digest());
    let (calendar, version) = (duties.calendar().id(), duties.calendar().version());
    let text = match lang {
        Lang::Fr => format!(
            "{id}, heures de {zone}, calendrier {calendar} {version}. Empreinte du fichier que \
             les parties adoptent\u{a0}: {digest}"
        ),
        Lang::En => format!(
            "{id}, times of {zone}, calendar {calendar} {version}. Digest of the file that the \
             parties adopt: {digest}"
        ),
    };
    escaped(&text)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
