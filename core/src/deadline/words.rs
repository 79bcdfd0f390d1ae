//! Dates and lengths of time in French and English words.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Calendar, Zone};
use crate::regime::rules::Span;

/// One text in the two languages of the house.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub fr: String,
    pub en: String,
}

impl Words {
    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::Fr => &self.fr,
            Lang::En => &self.en,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    Fr,
    En,
}

/// All that an explanation tells.
pub(super) struct Reason<'a> {
    pub start: Timestamp,
    pub first_day: Date,
    pub span: Span,
    pub started_by: &'a Words,
    pub cite: &'a str,
    pub ends_at: Timestamp,
    pub last_day: Date,
    pub skipped: &'a [Date],
}

/// `le 10 juillet 2026 à minuit : six mois de date à date à compter de …`, in both languages.
pub(super) fn explain(reason: &Reason<'_>, zone: &Zone, calendar: &Calendar) -> Words {
    let in_lang = |lang| explain_in(reason, zone, calendar, lang);
    Words { fr: in_lang(Lang::Fr), en: in_lang(Lang::En) }
}

fn explain_in(reason: &Reason<'_>, zone: &Zone, calendar: &Calendar, lang: Lang) -> String {
    let by_hours = matches!(reason.span, Span::Hours(_));
    let end = if by_hours {
        instant_words(reason.ends_at, zone, lang)
    } else {
        let day = date_words(reason.last_day, lang);
        match lang {
            Lang::Fr => format!("le {day} à minuit"),
            Lang::En => format!("{day}, to the end of the day"),
        }
    };
    let start = if by_hours {
        instant_words(reason.start, zone, lang)
    } else {
        let day = date_words(reason.first_day, lang);
        match lang {
            Lang::Fr => format!("le {day}"),
            Lang::En => format!("on {day}"),
        }
    };
    let span = span_words(reason.span, lang);
    let by = reason.started_by.in_lang(lang);
    // French sets a no-break space before the colon and a narrow one before the semicolon.
    let (head, pause) = match lang {
        Lang::Fr => (format!("{end}\u{a0}: {span} à compter {} {start}", of(by)), "\u{202f};"),
        Lang::En => (format!("{end}: {span} from {by} {start}"), ";"),
    };
    let mut text = head;
    for part in remarks(reason, calendar, lang) {
        text.push_str(&format!("{pause} {part}"));
    }
    text
}

/// What follows the count: why the date is not the naive one, the article, the calendar.
fn remarks(reason: &Reason<'_>, calendar: &Calendar, lang: Lang) -> Vec<String> {
    let mut parts = Vec::new();
    if matches!(reason.span, Span::Months(_)) && reason.last_day.day() != reason.first_day.day() {
        parts.push(match lang {
            Lang::Fr => format!("le mois d’arrivée n’a pas de jour {}", reason.first_day.day()),
            Lang::En => format!("the last month has no day {}", reason.first_day.day()),
        });
    }
    if !reason.skipped.is_empty() {
        let days: Vec<String> = reason
            .skipped
            .iter()
            .map(|day| {
                let name = calendar.holiday(*day).map_or("", |words| words.in_lang(lang));
                format!("{} ({name})", date_words(*day, lang))
            })
            .collect();
        let days = days.join(", ");
        parts.push(match lang {
            Lang::Fr => format!("jours fériés non comptés\u{a0}: {days}"),
            Lang::En => format!("holidays not counted: {days}"),
        });
    }
    if matches!(reason.span, Span::WorkingDays(_)) && !calendar.covers(reason.last_day) {
        parts.push(match lang {
            Lang::Fr => "le calendrier ne connaît pas les jours fériés de cette année".to_owned(),
            Lang::En => "the calendar does not know the holidays of that year".to_owned(),
        });
    }
    if !reason.cite.is_empty() {
        parts.push(reason.cite.to_owned());
    }
    let (id, version) = (calendar.id(), calendar.version());
    parts.push(match lang {
        Lang::Fr => format!("calendrier {id} {version}"),
        Lang::En => format!("calendar {id} {version}"),
    });
    parts
}

/// `de la remise`, `du constat`, `de l’envoi`: the article contracts with what follows.
pub(crate) fn of(noun: &str) -> String {
    match noun.strip_prefix("le ") {
        Some(rest) => format!("du {rest}"),
        None => format!("de {noun}"),
    }
}

/// The proof that starts a clock, in words. An unknown name is shown as it stands.
pub fn start_words(started_by: &str) -> Words {
    let (fr, en) = match started_by {
        "fact" => ("la date des faits", "the day of the fact"),
        "received" => ("la réception de la saisine", "the receipt of the referral"),
        "collected" => ("la collecte", "the collection"),
        "question_asked" => ("l’envoi de la demande à l’opérateur", "the request to the provider"),
        "proposed" => ("la proposition faite au décideur", "the proposal to whoever decides"),
        "decided" => ("la décision", "the decision"),
        "disclosure_asked" => ("la demande de coordonnées", "the request for contact details"),
        "asked" => ("l’envoi de la demande à l’opérateur", "the request to the provider"),
        "sent" => ("l’envoi du message", "the sending of the message"),
        "handed_over" => (
            "la remise au fournisseur d’accès ou à la poste",
            "the hand-over to the access provider or the post",
        ),
        "presented" => ("la présentation de la lettre", "the presentation of the letter"),
        "notified" => ("la notification", "the notification"),
        "approved" => ("l’agrément", "the approval"),
        "approval_suspended" => ("la suspension de l’agrément", "the suspension of the approval"),
        "empowered" => ("l’habilitation", "the empowerment"),
        "contract_ended" => ("la fin du contrat", "the end of the contract"),
        "connected" => ("la connexion", "the connection"),
        "recorded" => ("l’enregistrement", "the recording"),
        "requested" => ("la demande", "the request"),
        "granted" => ("l’autorisation", "the grant"),
        "challenged" => ("l’arrivée de la contestation", "the arrival of the challenge"),
        "asked_for" => ("la demande d’audition", "the request for a hearing"),
        "convened" => ("le jour de l’audition", "the day of the hearing"),
        "before_the_member" => {
            ("la fin du temps laissé à la personne", "the end of the time left to the person")
        }
        "transmitted" => ("la transmission au parquet", "the transmission to the prosecutor"),
        "judged" => ("la connaissance de l’issue", "the news of the outcome"),
        "pronounced" => ("le prononcé du jugement", "the judgment"),
        "appeal_ended" => ("la fin du temps d’appel", "the end of the time to appeal"),
        "appealed" => ("l’appel", "the appeal"),
        "enforceable" => ("le jour où la décision est définitive", "the day it became final"),
        "ordered" => ("l’ordre donné à l’opérateur", "the order to the provider"),
        "postponed" => ("le report", "the postponement"),
        "measure_ended" => ("la fin de la mesure", "the end of the measure"),
        other => (other, other),
    };
    Words { fr: fr.to_owned(), en: en.to_owned() }
}

/// `six mois de date à date`, `24 heures`.
pub fn span_words(span: Span, lang: Lang) -> String {
    let (count, fr, en) = match span {
        Span::Hours(count) => (count, ["heure", "heures"], ["hour", "hours"]),
        Span::Days(count) => (count, ["jour", "jours"], ["day", "days"]),
        Span::WorkingDays(count) => {
            (count, ["jour ouvré", "jours ouvrés"], ["working day", "working days"])
        }
        Span::Months(count) => (
            count,
            ["mois de date à date", "mois de date à date"],
            ["calendar month", "calendar months"],
        ),
    };
    let (unit, plural) = match lang {
        // In French zero and one are singular.
        Lang::Fr => (fr, count > 1),
        Lang::En => (en, count != 1),
    };
    let count = match (span, lang) {
        (Span::Hours(1), Lang::Fr) => "une".to_owned(),
        _ => number(count, lang),
    };
    format!("{count} {}", unit[usize::from(plural)])
}

/// Small numbers as words, the others as digits.
fn number(count: i32, lang: Lang) -> String {
    const FR: [&str; 17] = [
        "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix",
        "onze", "douze", "treize", "quatorze", "quinze", "seize",
    ];
    const EN: [&str; 17] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
    ];
    let words = match lang {
        Lang::Fr => FR,
        Lang::En => EN,
    };
    usize::try_from(count)
        .ok()
        .and_then(|index| words.get(index))
        .map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

/// `1er mai 2026`, `1 May 2026`.
pub fn date_words(day: Date, lang: Lang) -> String {
    const FR: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = usize::try_from(day.month() - 1).expect("a month is 1 to 12");
    match (lang, day.day()) {
        (Lang::Fr, 1) => format!("1er {} {}", FR[month], day.year()),
        (Lang::Fr, number) => format!("{number} {} {}", FR[month], day.year()),
        (Lang::En, number) => format!("{number} {} {}", EN[month], day.year()),
    }
}

/// `le 11 janvier 2026 à 14 h 05 (Europe/Paris)`, `11 January 2026 at 14:05 (Europe/Paris)`.
pub fn instant_words(instant: Timestamp, zone: &Zone, lang: Lang) -> String {
    let local = zone.local(instant);
    let (day, hour, minute) = (date_words(local.date(), lang), local.hour(), local.minute());
    match lang {
        Lang::Fr => format!("le {day} à {hour} h {minute:02} ({})", zone.name()),
        Lang::En => format!("on {day} at {hour:02}:{minute:02} ({})", zone.name()),
    }
}
