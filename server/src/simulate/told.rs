//! A comparison in words: for a terminal, and as a page with bars and their tables.

use entremise_core::deadline::{Lang, date_words};
use entremise_core::simulate::Policy;

use super::{COSTING, Comparison, Source};
use crate::chart::{self, Bar, bars, columns, escaped, number, table};
use crate::web::words::known;

/// The comparison as text.
pub fn text(comparison: &Comparison, lang: Lang) -> String {
    let mut text = format!("{}\n\n", title(lang));
    for line in before(comparison, lang) {
        text.push_str(&format!("{line}\n"));
    }
    for part in parts(comparison, lang) {
        let head: Vec<&str> = part.head.iter().map(String::as_str).collect();
        text.push_str(&format!("\n{}\n{}", part.caption, columns(&head, &part.rows)));
    }
    text.push_str(&format!("\n{}\n", said(lang, "Supposé", "Assumed")));
    for line in assumed(comparison, lang) {
        text.push_str(&format!("- {line}\n"));
    }
    text
}

/// The comparison as a page that needs nothing else.
pub fn html(comparison: &Comparison, lang: Lang) -> String {
    let mut body = String::new();
    for line in before(comparison, lang) {
        body.push_str(&format!("<p>{}</p>\n", escaped(&line)));
    }
    let series = [said(lang, "Avant", "Before"), said(lang, "Après", "After")];
    for (place, part) in parts(comparison, lang).into_iter().enumerate() {
        let head: Vec<&str> = part.head.iter().map(String::as_str).collect();
        body.push_str(&format!("<section>\n<h2>{}</h2>\n", escaped(&part.caption)));
        if !part.bars.is_empty() {
            body.push_str(&bars(&format!("chart-{place}"), &part.caption, &series, &part.bars));
        }
        body.push_str(&table(&part.caption, &head, &part.rows));
        body.push_str("</section>\n");
    }
    let heading = said(lang, "Supposé", "Assumed");
    body.push_str(&format!("<section>\n<h2>{heading}</h2>\n<ul>\n"));
    for line in assumed(comparison, lang) {
        body.push_str(&format!("<li>{}</li>\n", escaped(&line)));
    }
    body.push_str("</ul>\n</section>\n");
    chart::page(said(lang, "fr", "en"), title(lang), &body)
}

fn said<'s>(lang: Lang, fr: &'s str, en: &'s str) -> &'s str {
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

fn title(lang: Lang) -> &'static str {
    said(
        lang,
        "Ce que d’autres règles auraient changé (SPECIMEN)",
        "What other rules would have changed (SPECIMEN)",
    )
}

fn before(comparison: &Comparison, lang: Lang) -> Vec<String> {
    let [first, last] = [comparison.first, comparison.last].map(|day| date_words(day, lang));
    let lines = number(comparison.lines as f64, 0, lang);
    let short = |rules: &str| rules.chars().take(12).collect::<String>();
    let (was, is) = (short(&comparison.before.rules), short(&comparison.after.rules));
    let whence = match (&comparison.source, lang) {
        (Source::Ledger { authority, .. }, Lang::Fr) => format!("registre de {authority}"),
        (Source::Ledger { authority, .. }, Lang::En) => format!("the ledger of {authority}"),
        (Source::Synthetic { seed }, Lang::Fr) => format!("histoire inventée, graine {seed}"),
        (Source::Synthetic { seed }, Lang::En) => format!("a made-up history, seed {seed}"),
    };
    let regime = &comparison.before.regime;
    let mut told = match lang {
        Lang::Fr => vec![
            format!("Du {first} au {last}\u{a0}: {lines} lignes ({whence})."),
            format!("Régime {regime}, empreinte {was}… avant, {is}… après."),
        ],
        Lang::En => vec![
            format!("From {first} to {last}: {lines} lines ({whence})."),
            format!("Regime {regime}, digest {was}… before, {is}… after."),
        ],
    };
    if comparison.difference.is_empty() {
        told.push(said(lang, "Rien ne change.", "Nothing changes.").to_owned());
    }
    told
}

struct Part {
    caption: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    bars: Vec<Bar>,
}

fn parts(comparison: &Comparison, lang: Lang) -> Vec<Part> {
    let ladder: Vec<(String, String)> =
        names(comparison).filter_map(|name| Some((name.clone(), rung(&name, lang)?))).collect();
    let acts = COSTING.iter().map(|(of, name)| {
        let [_, fr, en] = of.names();
        ((*name).to_owned(), said(lang, fr, en).to_owned())
    });
    let times: Vec<(String, String)> =
        names(comparison).filter_map(|name| Some((name.clone(), time(&name, lang)?))).collect();
    let counted =
        |caption: &str, labels: Vec<(String, String)>| counted(comparison, caption, labels, lang);
    let mut parts = vec![
        counted(said(lang, "Messages et actes", "Messages and acts"), acts.collect()),
        counted(said(lang, "L’échelle", "The ladder"), ladder),
        counted(said(lang, "Délais et fins", "Deadlines and ends"), times),
        bill(comparison, lang),
        months(comparison, lang),
    ];
    parts.retain(|part| !part.rows.is_empty());
    parts
}

/// Every name that either side counted, once, in their order.
fn names(comparison: &Comparison) -> impl Iterator<Item = String> {
    let sides = [&comparison.before.counts.of, &comparison.after.counts.of];
    let mut names: Vec<String> = sides.into_iter().flat_map(|of| of.keys().cloned()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter()
}

/// `stage.second.warned` in words.
fn rung(name: &str, lang: Lang) -> Option<String> {
    let (stage, state) = name.strip_prefix("stage.")?.rsplit_once('.')?;
    let stage = match stage {
        "first" => said(lang, "Première étape", "First step"),
        "second" => said(lang, "Deuxième étape", "Second step"),
        "third" | "third_finding" => said(lang, "Troisième étape", "Third step"),
        other => other,
    };
    let state = match state {
        "proposed" => said(lang, "proposée", "proposed"),
        "warned" => said(lang, "averti", "warned"),
        "barred" => said(lang, "arrêtée par la loi", "stopped by the law"),
        "under_review" => said(lang, "devant le contrôle", "under review"),
        "contradictory" => said(lang, "constat présenté", "finding presented"),
        "deliberating" => said(lang, "devant le membre", "before the member"),
        "transmitted" => said(lang, "transmise", "transmitted"),
        _ => return None,
    };
    Some(match lang {
        Lang::Fr => format!("{stage}\u{a0}: {state}"),
        Lang::En => format!("{stage}: {state}"),
    })
}

fn time(name: &str, lang: Lang) -> Option<String> {
    if let Some(alarm) = name.strip_prefix("alarm.") {
        let told = known(lang, "oversight.open_alarm", alarm);
        return Some(told.map_or_else(|| alarm.replace('_', " "), str::to_owned));
    }
    let told = match name {
        "fact" => said(lang, "Faits retenus", "Facts that count"),
        "notice.too_old" => said(lang, "Constats trop anciens", "Notices too old"),
        "deadline" => said(lang, "Échéances passées", "Deadlines passed"),
        "closed.lapsed" => said(lang, "Clos\u{a0}: temps écoulé", "Closed: time over"),
        "closed.out_of_time" => said(lang, "Clos\u{a0}: hors délai", "Closed: out of time"),
        "closed.dismissed" => said(lang, "Clos par le membre", "Closed by the member"),
        "closed.not_notified" => said(lang, "Clos\u{a0}: non notifié", "Closed: not notified"),
        "closed.unreachable" => said(lang, "Clos\u{a0}: injoignable", "Closed: not to be reached"),
        other => return other.strip_prefix("closed.").map(|closure| closure.replace('_', " ")),
    };
    Some(told.to_owned())
}

fn head(lang: Lang) -> Vec<String> {
    let names =
        [("Quoi", "What"), ("Avant", "Before"), ("Après", "After"), ("Écart", "Difference")];
    names.map(|(fr, en)| said(lang, fr, en).to_owned()).to_vec()
}

fn row(label: &str, was: f64, is: f64, decimals: usize, lang: Lang) -> (Vec<String>, Bar) {
    let told = [was, is].map(|n| number(n, decimals, lang));
    let more = if is > was { "+" } else { "" };
    let difference = format!("{more}{}", number(is - was, decimals, lang));
    let bar = Bar { label: label.to_owned(), values: vec![was, is], told: told.to_vec() };
    let [was, is] = told;
    (vec![label.to_owned(), was, is, difference], bar)
}

fn part(caption: &str, lines: Vec<(Vec<String>, Bar)>, lang: Lang) -> Part {
    let (rows, bars) = lines.into_iter().unzip();
    Part { caption: caption.to_owned(), head: head(lang), rows, bars }
}

fn counted(
    comparison: &Comparison,
    caption: &str,
    labels: Vec<(String, String)>,
    lang: Lang,
) -> Part {
    let lines = labels.iter().filter_map(|(name, label)| {
        let n = [&comparison.before, &comparison.after].map(|side| side.counts.get(name));
        (n != [0, 0]).then(|| row(label, n[0] as f64, n[1] as f64, 0, lang))
    });
    part(caption, lines.collect(), lang)
}

fn bill(comparison: &Comparison, lang: Lang) -> Part {
    let (was, is) = (comparison.before.bill, comparison.after.bill);
    let mut lines = Vec::new();
    if !comparison.units.is_empty() {
        let hours = said(lang, "Heures d’agents", "Staff hours");
        lines.push(row(hours, was.hours, is.hours, 1, lang));
        let price = format!("{} ({})", said(lang, "Dépense", "Expense"), comparison.currency);
        lines.push(row(&price, was.price, is.price, 2, lang));
    }
    // Hours and money have no scale in common: figures only.
    let table = part(said(lang, "Travail et dépenses", "Work and expense"), lines, lang);
    Part { bars: Vec::new(), ..table }
}

fn months(comparison: &Comparison, lang: Lang) -> Part {
    let (was, is) = (&comparison.before.counts.messages, &comparison.after.counts.messages);
    let mut months: Vec<&String> = was.keys().chain(is.keys()).collect();
    months.sort_unstable();
    months.dedup();
    let lines = months.into_iter().map(|month| {
        let n = [was, is].map(|of| of.get(month).copied().unwrap_or(0) as f64);
        row(month, n[0], n[1], 0, lang)
    });
    part(said(lang, "Messages par mois", "Messages by month"), lines.collect(), lang)
}

/// What was supposed, so that nobody takes a simulation for the past.
fn assumed(comparison: &Comparison, lang: Lang) -> Vec<String> {
    let Policy {
        decides_after_hours,
        discloses_after_hours,
        mailed_after_minutes,
        posted_after_hours,
        presented_after_hours,
        deliberates_after_hours,
        transmitted_per_thousand,
    } = comparison.policy;
    let [was, is] = [&comparison.before, &comparison.after]
        .map(|side| number(side.counts.assumed as f64, 0, lang));
    let mut lines = match lang {
        Lang::Fr => vec![
            format!(
                "Qui fut interrogé répond comme alors. Les autres répondent ainsi ({was} réponses \
                 avant, {is} après)\u{a0}:"
            ),
            format!(
                "le membre dit oui après {decides_after_hours} h\u{a0}; l’opérateur répond après \
                 {discloses_after_hours} h\u{a0}; un courriel est remis après \
                 {mailed_after_minutes} min\u{a0};"
            ),
            format!(
                "une lettre est remise après {posted_after_hours} h et présentée après \
                 {presented_after_hours} h\u{a0}; une délibération vient après \
                 {deliberates_after_hours} h, et {transmitted_per_thousand} dossiers sur mille \
                 sont transmis."
            ),
            "Les faits sont ce qu’ils furent\u{a0}: nul ne change de conduite parce qu’il est \
             averti plus, moins, plus tôt ou plus tard."
                .to_owned(),
            "Ce qui fut rejeté à la réception n’est pas dans l’histoire. Un saisissant est tenu \
             pour un organisme de défense."
                .to_owned(),
        ],
        Lang::En => vec![
            format!(
                "Whoever was asked answers as then. The others answer so ({was} answers before, \
                 {is} after):"
            ),
            format!(
                "the member says yes after {decides_after_hours} h; the provider answers after \
                 {discloses_after_hours} h; a mail is handed over after {mailed_after_minutes} min;"
            ),
            format!(
                "a letter is handed over after {posted_after_hours} h and presented after \
                 {presented_after_hours} h; a member deliberates after {deliberates_after_hours} \
                 h, and {transmitted_per_thousand} files in a thousand are transmitted."
            ),
            "The facts are what they were: nobody acts otherwise for being warned more, less, \
             sooner or later."
                .to_owned(),
            "What was rejected on receipt is not in the history. A sender is taken for a \
             rights-holder body."
                .to_owned(),
        ],
    };
    lines.extend(missing(comparison, lang));
    lines
}

/// What the history or the units of cost do not have.
fn missing(comparison: &Comparison, lang: Lang) -> Vec<String> {
    let mut lines = Vec::new();
    if let Source::Ledger { erased, .. } = comparison.source
        && erased > 0
    {
        let erased = number(erased as f64, 0, lang);
        lines.push(match lang {
            Lang::Fr => format!("{erased} dossiers de ce temps sont effacés et manquent."),
            Lang::En => format!("{erased} cases of that time are erased and missing."),
        });
    }
    if comparison.units.is_empty() {
        let none = said(
            lang,
            "Aucun coût unitaire n’est donné (--costs)\u{a0}: ni heures ni dépense.",
            "No unit of cost is given (--costs): neither hours nor expense.",
        );
        lines.push(none.to_owned());
    }
    lines
}
