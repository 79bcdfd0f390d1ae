//! The report of a pilot in words: for a terminal, and as a page with bars and their tables.

use std::fmt::Write as _;

use entremise_core::deadline::{Lang, date_words};

use super::{Report, per_hundred};
use crate::chart::{self, Bar, bars, columns, escaped, number, table};
use crate::cost::Counted;
use crate::web::words::known;

/// The whole report as text.
pub fn text(report: &Report, lang: Lang) -> String {
    let mut text = format!("{}\n\n", title(report, lang));
    for line in before(report, lang) {
        text.push_str(&line);
        text.push('\n');
    }
    for part in parts(report, lang) {
        let head: Vec<&str> = part.head.iter().map(String::as_str).collect();
        write!(text, "\n{}\n{}", part.caption, columns(&head, &part.rows))
            .expect("writing to a String does not fail");
    }
    for line in after(report, lang) {
        write!(text, "\n{line}\n").expect("writing to a String does not fail");
    }
    text
}

/// The whole report as a page that needs nothing else.
pub fn html(report: &Report, lang: Lang) -> String {
    let tag = said(lang, "fr", "en");
    let mut body = String::new();
    for line in before(report, lang) {
        body.push_str(&format!("<p>{}</p>\n", escaped(&line)));
    }
    for (place, part) in parts(report, lang).into_iter().enumerate() {
        let head: Vec<&str> = part.head.iter().map(String::as_str).collect();
        body.push_str(&format!("<section>\n<h2>{}</h2>\n", escaped(&part.caption)));
        if !part.bars.is_empty() {
            let series: Vec<&str> = part.series.iter().map(String::as_str).collect();
            body.push_str(&bars(&format!("chart-{place}"), &part.caption, &series, &part.bars));
        }
        body.push_str(&table(&part.caption, &head, &part.rows));
        body.push_str("</section>\n");
    }
    for line in after(report, lang) {
        body.push_str(&format!("<p class=\"note\">{}</p>\n", escaped(&line)));
    }
    chart::page(tag, &title(report, lang), &body)
}

fn said<'s>(lang: Lang, fr: &'s str, en: &'s str) -> &'s str {
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

fn title(report: &Report, lang: Lang) -> String {
    match lang {
        Lang::Fr => format!("Rapport du pilote de {} (SPECIMEN)", report.authority),
        Lang::En => format!("Report of the pilot of {} (SPECIMEN)", report.authority),
    }
}

fn before(report: &Report, lang: Lang) -> Vec<String> {
    let days = [report.first, report.last].map(|day| date_words(day, lang));
    let one_in = number(f64::from(report.one_in), 0, lang);
    let rules = &report.rules[..12.min(report.rules.len())];
    let mut lines = match lang {
        Lang::Fr => vec![
            format!(
                "Du {} au {}, régime {} (empreinte {rules}…). Un réseau sur {one_in} a été tiré \
                 au sort.",
                days[0], days[1], report.regime
            ),
            "Rien n’est sorti de la maison\u{a0}: aucun courriel, aucune lettre, aucune identité \
             demandée. Les messages comptés ci-dessous ont été rédigés et conservés."
                .to_owned(),
        ],
        Lang::En => vec![
            format!(
                "From {} to {}, regime {} (digest {rules}…). One network in {one_in} was drawn.",
                days[0], days[1], report.regime
            ),
            "Nothing left the house: no mail, no letter, no identity asked for. The messages \
             counted below were written and kept."
                .to_owned(),
        ],
    };
    for act in &report.acts {
        let by: Vec<&str> = act.by.iter().map(|person| person.as_str()).collect();
        let what = match act.act.name() {
            "begin" => said(lang, "Pilote ouvert le", "Pilot begun on"),
            _ => said(lang, "Passage au réel le", "Real work begun on"),
        };
        let signed = said(lang, "signé par", "signed by");
        let day = date_words(act.at.to_zoned(jiff::tz::TimeZone::UTC).date(), lang);
        lines.push(format!("{what} {day}, {signed} {}.", by.join(", ")));
    }
    lines
}

/// One table, with the bars that show it.
struct Part {
    caption: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    series: Vec<String>,
    bars: Vec<Bar>,
}

fn parts(report: &Report, lang: Lang) -> Vec<Part> {
    let mut parts = vec![funnel(report, lang), rungs(report, lang), months(report, lang)];
    parts.push(named(
        said(lang, "Réponses qui ne désignent personne", "Answers that name nobody"),
        report.not_identified.iter(),
        "oversight.answer",
        lang,
    ));
    parts.push(named(
        said(lang, "Délais manqués", "Times missed"),
        report.missed.iter(),
        "oversight.open_alarm",
        lang,
    ));
    parts.push(costs(report, lang));
    parts.retain(|part| !part.rows.is_empty());
    parts
}

fn heads(lang: Lang, names: &[(&str, &str)]) -> Vec<String> {
    names.iter().map(|(fr, en)| said(lang, fr, en).to_owned()).collect()
}

/// From the notice to the transmission, each beside what it would be at the full load.
fn funnel(report: &Report, lang: Lang) -> Part {
    let mut steps = vec![
        (said(lang, "Constats tirés", "Notices drawn").to_owned(), report.notices),
        (said(lang, "Lignes identifiées", "Lines identified").to_owned(), report.identified),
    ];
    for rung in &report.rungs {
        let name = rung_name(&rung.id, lang);
        steps.push((name, rung.reached));
    }
    let sent = said(lang, "Dossiers transmis", "Files transmitted").to_owned();
    steps.push((sent, report.transmissions));
    let rows = steps.iter().map(|(label, n)| {
        let full = *n as f64 * f64::from(report.one_in);
        vec![
            label.clone(),
            number(*n as f64, 0, lang),
            number(per_hundred(*n, report.notices), 2, lang),
            number(full, 0, lang),
        ]
    });
    let shown = steps.iter().map(|(label, n)| Bar {
        label: label.clone(),
        values: vec![*n as f64],
        told: vec![number(*n as f64, 0, lang)],
    });
    Part {
        caption: said(lang, "Du constat à la transmission", "From the notice to the transmission")
            .to_owned(),
        head: heads(
            lang,
            &[
                ("Étape", "Step"),
                ("Pilote", "Pilot"),
                ("Pour 100 constats", "Per 100 notices"),
                ("À pleine charge", "At full load"),
            ],
        ),
        rows: rows.collect(),
        series: vec![said(lang, "Pilote", "Pilot").to_owned()],
        bars: shown.collect(),
    }
}

fn rung_name(id: &str, lang: Lang) -> String {
    let known = match id {
        "first" => said(lang, "Première étape", "First step"),
        "second" => said(lang, "Deuxième étape", "Second step"),
        "third" | "third_finding" => said(lang, "Troisième étape", "Third step"),
        other => other,
    };
    known.to_owned()
}

fn rungs(report: &Report, lang: Lang) -> Part {
    let rows = report.rungs.iter().map(|rung| {
        let mut row = vec![rung_name(&rung.id, lang)];
        let counts =
            [rung.reached, rung.barred, rung.decided_send, rung.decided_close, rung.warned];
        row.extend(counts.map(|n| number(n as f64, 0, lang)));
        row
    });
    Part {
        caption: said(lang, "L’échelle, degré par degré", "The ladder, rung by rung").to_owned(),
        head: heads(
            lang,
            &[
                ("Degré", "Rung"),
                ("Atteint", "Reached"),
                ("Arrêté par la loi", "Stopped by the law"),
                ("Envoi décidé", "Sending decided"),
                ("Clos", "Closed"),
                ("Message tenu pour reçu", "Message taken as carried"),
            ],
        ),
        rows: rows.collect(),
        series: Vec::new(),
        bars: Vec::new(),
    }
}

fn months(report: &Report, lang: Lang) -> Part {
    let rows = report.months.iter().map(|month| {
        let mut row = vec![month.month.clone()];
        let counts = [month.notices, month.identified, month.messages];
        row.extend(counts.map(|n| number(n as f64, 0, lang)));
        row
    });
    let shown = report.months.iter().map(|month| Bar {
        label: month.month.clone(),
        values: vec![month.notices as f64, month.messages as f64],
        told: [month.notices, month.messages].map(|n| number(n as f64, 0, lang)).to_vec(),
    });
    let head = heads(
        lang,
        &[
            ("Mois", "Month"),
            ("Constats", "Notices"),
            ("Identifiés", "Identified"),
            ("Messages rédigés", "Messages written"),
        ],
    );
    Part {
        caption: said(lang, "Mois par mois", "Month by month").to_owned(),
        rows: rows.collect(),
        series: vec![head[1].clone(), head[3].clone()],
        head,
        bars: shown.collect(),
    }
}

fn named<'r>(
    caption: &str,
    counts: impl Iterator<Item = (&'r String, &'r u64)>,
    words: &str,
    lang: Lang,
) -> Part {
    Part {
        caption: caption.to_owned(),
        head: heads(lang, &[("Lequel", "Which"), ("Nombre", "Number")]),
        rows: counts
            .map(|(name, n)| {
                let told = known(lang, words, name).map_or_else(|| name.clone(), str::to_owned);
                vec![told, number(*n as f64, 0, lang)]
            })
            .collect(),
        series: Vec::new(),
        bars: Vec::new(),
    }
}

/// What each thing would have cost, and all of them together.
fn costs(report: &Report, lang: Lang) -> Part {
    let mut rows = Vec::new();
    for of in Counted::ALL {
        let [name, fr, en] = of.names();
        let n = report.counted.get(name).copied().unwrap_or(0);
        let unit = report.units.iter().find(|unit| unit.of == of);
        if n == 0 && unit.is_none() {
            continue;
        }
        let mut row = vec![said(lang, fr, en).to_owned(), number(n as f64, 0, lang)];
        match unit {
            Some(unit) => {
                row.push(number(n as f64 * unit.minutes / 60.0, 1, lang));
                row.push(number(n as f64 * unit.price, 2, lang));
            }
            None => row.extend(["–".to_owned(), "–".to_owned()]),
        }
        rows.push(row);
    }
    for (label, bill) in [
        (said(lang, "Total du pilote", "Pilot, in all"), report.bill),
        (said(lang, "Total à pleine charge", "At full load, in all"), report.bill_at_full_load),
    ] {
        let (hours, price) = (number(bill.hours, 1, lang), number(bill.price, 2, lang));
        rows.push(vec![label.to_owned(), String::new(), hours, price]);
    }
    let price = match lang {
        Lang::Fr => format!("Prix ({})", report.currency),
        Lang::En => format!("Price ({})", report.currency),
    };
    let mut head =
        heads(lang, &[("Quoi", "What"), ("Nombre", "Number"), ("Heures d’agents", "Staff hours")]);
    head.push(price);
    Part {
        caption: said(lang, "Travail et dépenses", "Work and expense").to_owned(),
        head,
        rows,
        series: Vec::new(),
        bars: Vec::new(),
    }
}

/// What the figures do not say.
fn after(report: &Report, lang: Lang) -> Vec<String> {
    let left_out = number(report.not_drawn as f64, 0, lang);
    let mut lines = match lang {
        Lang::Fr => vec![
            format!(
                "{left_out} constats en règle n’ont pas été tirés\u{a0}: leurs saisissants l’ont \
                 su, et rien n’en est résulté."
            ),
            "Ce qui est tiré est un réseau (une adresse IPv4, 56 bits d’IPv6), pas un constat. \
             Une ligne qui change d’adresse n’est vue qu’une partie du temps\u{a0}: les \
             deuxième et troisième étapes sont donc des minorants. Nul n’ayant été averti, nul n’a \
             pu changer de conduite ni répondre\u{a0}: ce sont aussi, pour la même raison, des \
             majorants de la récidive après avertissement."
                .to_owned(),
        ],
        Lang::En => vec![
            format!(
                "{left_out} notices in order were not drawn: their senders were told so, and \
                 nothing followed."
            ),
            "What is drawn is a network (one IPv4 address, 56 bits of IPv6), not a notice. A line \
             whose address changes is seen only part of the time, so the second and third steps \
             are counted too low. As nobody was warned, nobody could mend their ways or answer: \
             for that reason repetition after a warning is counted too high."
                .to_owned(),
        ],
    };
    if !report.without_cost.is_empty() {
        let names = report.without_cost.join(", ");
        lines.push(match lang {
            Lang::Fr => format!("Sans coût unitaire, donc comptés pour rien\u{a0}: {names}."),
            Lang::En => format!("Without a unit of cost, and so counted as nothing: {names}."),
        });
    }
    for unit in &report.units {
        let [_, fr, en] = unit.of.names();
        let colon = said(lang, "\u{a0}:", ":");
        let (price, minutes) = (number(unit.price, 2, lang), number(unit.minutes, 1, lang));
        lines.push(format!(
            "{}{colon} {price}\u{a0}{}, {minutes}\u{a0}min ({}).",
            said(lang, fr, en),
            report.currency,
            unit.source
        ));
    }
    lines
}
