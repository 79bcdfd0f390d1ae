//! Duties in French and English words: how long, how they stand, what a value is called.

use serde_json::Value;

use crate::deadline::{Lang, Words, instant_words, of, span_words};
use crate::duties::{Clock, Duties, Kind, Part, Standing, Time};

/// `une heure`, `sans délai`: what a row of `within`, `not_before` or `expires` says.
pub(crate) fn time_words(time: Time, lang: Lang) -> String {
    match (time, lang) {
        (Time::Span(span), _) => span_words(span, lang),
        (Time::AtOnce, Lang::Fr) => "sans délai".to_owned(),
        (Time::AtOnce, Lang::En) => "without delay".to_owned(),
        (Time::Stated, Lang::Fr) => "le terme fixé par l’acte".to_owned(),
        (Time::Stated, Lang::En) => "the term that the act sets".to_owned(),
        (Time::OnceDone, Lang::Fr) => "s’éteint une fois exécuté".to_owned(),
        (Time::OnceDone, Lang::En) => "spent once carried out".to_owned(),
    }
}

/// What a refusal does to the time.
pub(crate) fn clock_words(clock: Clock, lang: Lang) -> &'static str {
    match (clock, lang) {
        (Clock::Stops, Lang::Fr) => "le temps est suspendu",
        (Clock::Stops, Lang::En) => "the clock stands still",
        (Clock::Restarts, Lang::Fr) => "le temps repart de zéro une fois l’obstacle levé",
        (Clock::Restarts, Lang::En) => "the time runs anew once the obstacle is gone",
        (Clock::Ends, Lang::Fr) => "plus rien n’est dû",
        (Clock::Ends, Lang::En) => "nothing is owed any more",
        (Clock::RunsOn, Lang::Fr) => "le temps court toujours",
        (Clock::RunsOn, Lang::En) => "the time runs on",
    }
}

/// `à compter de la réception de l’ordre`, for each of the events.
pub(crate) fn from_words(starts: &[Words], lang: Lang) -> String {
    let all: Vec<String> = starts
        .iter()
        .map(|event| match lang {
            Lang::Fr => of(&event.fr),
            Lang::En => event.en.clone(),
        })
        .collect();
    match lang {
        Lang::Fr => format!("à compter {}", all.join(" ou ")),
        Lang::En => format!("from {}", all.join(" or ")),
    }
}

/// The name of a standing.
pub fn standing_name(standing: Standing) -> Words {
    let (fr, en) = match standing {
        Standing::NotBegun => ("pas encore né", "not begun"),
        Standing::Open => ("en cours", "open"),
        Standing::Overdue => ("en retard", "overdue"),
        Standing::DoneInTime => ("fait à temps", "done in time"),
        Standing::DoneLate => ("fait en retard", "done late"),
        Standing::Stopped => ("suspendu", "stopped"),
        Standing::Refused => ("refusé", "refused"),
        Standing::Over => ("éteint avec l’ordre", "over with its order"),
        Standing::Waiting => ("pas encore permis", "not yet allowed"),
        Standing::Free => ("permis", "allowed"),
        Standing::DoneTooEarly => ("fait trop tôt", "done too early"),
        Standing::Lapsed => ("forclos", "lapsed"),
        Standing::InForce => ("en vigueur", "in force"),
        Standing::Expired => ("expiré", "expired"),
        Standing::Lifted => ("levé", "lifted"),
        Standing::Spent => ("exécuté", "carried out"),
    };
    Words { fr: fr.to_owned(), en: en.to_owned() }
}

/// `Retirer le contenu : fait à temps, le 10 juin …. Terme : le …`.
pub(crate) fn standing_words(duties: &Duties, part: &Part) -> Words {
    let (title, reason) = named(duties, part);
    let lead = match (part.kind, part.standing) {
        (Kind::Order, _) => ("Fin", "Ends"),
        (_, Standing::Waiting | Standing::Free | Standing::DoneTooEarly) => {
            ("Pas avant la fin de ce temps", "Not before the end of this time")
        }
        _ => ("Terme", "Due"),
    };
    let say = |lang: Lang| {
        let (colon, lead) = match lang {
            Lang::Fr => ("\u{a0}:", lead.0),
            Lang::En => (":", lead.1),
        };
        let standing = standing_name(part.standing);
        let mut text = format!("{}{colon} {}", title.in_lang(lang), standing.in_lang(lang));
        if let Some(since) = part.since {
            text.push_str(&format!(", {}", instant_words(since, duties.zone(), lang)));
        }
        if let Some(reason) = &reason {
            text.push_str(&format!(" ({})", reason.in_lang(lang)));
        }
        text.push('.');
        if let Some(deadline) = &part.deadline {
            text.push_str(&format!(" {lead}{colon} {}.", deadline.explanation.in_lang(lang)));
        }
        text
    };
    Words { fr: say(Lang::Fr), en: say(Lang::En) }
}

/// The title of what a part is about, and of the reason that was told.
fn named(duties: &Duties, part: &Part) -> (Words, Option<Words>) {
    let file = duties.file();
    if let Some(order) = file.order.iter().find(|order| order.id == part.id) {
        return (order.title.clone(), None);
    }
    let duty = file.all().map(|(_, duty)| duty).find(|duty| duty.id == part.id);
    let refuse = duty.into_iter().flat_map(|duty| &duty.refuse);
    let reason = refuse.into_iter().find(|it| Some(&it.reason) == part.reason.as_ref());
    let title = duty.map(|duty| duty.title.clone()).unwrap_or_default();
    (title, reason.and_then(|it| it.title.clone()))
}

/// The name of a party.
pub(crate) fn party_words(duties: &Duties, id: &str) -> Words {
    let party = duties.file().party.iter().find(|party| party.id == id);
    let unnamed = || Words { fr: id.to_owned(), en: id.to_owned() };
    party.map_or_else(unnamed, |party| party.title.clone())
}

/// The whole path in words: `Retirer le contenu, au plus tard`.
pub(crate) fn path_words(duties: &Duties, path: &str, lang: Lang) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    let file = duties.file();
    let of_order = file.order.iter().map(|order| (&order.id, &order.title));
    let mut all = of_order.chain(file.all().map(|(_, duty)| (&duty.id, &duty.title)));
    let own = parts.get(1).and_then(|id| all.find(|(known, _)| known == id));
    let key = if parts.contains(&"refuse") { "refuse" } else { parts[parts.len() - 1] };
    let name = match (key, lang) {
        ("within", Lang::Fr) => "au plus tard",
        ("within", Lang::En) => "at the latest",
        ("at_least", Lang::Fr) => "jamais moins que",
        ("at_least", Lang::En) => "never less than",
        ("not_before", Lang::Fr) => "pas avant",
        ("not_before", Lang::En) => "not before",
        ("expires", Lang::Fr) => "durée",
        ("expires", Lang::En) => "length",
        ("renewals_max", Lang::Fr) => "renouvellements",
        ("renewals_max", Lang::En) => "renewals",
        ("overseen_by", Lang::Fr) => "contrôle",
        ("overseen_by", Lang::En) => "oversight",
        ("pays", Lang::Fr) => "dépense",
        ("pays", Lang::En) => "expense",
        ("refuse", Lang::Fr) => "motif de refus",
        ("refuse", Lang::En) => "reason to refuse",
        (other, _) => other,
    };
    match own {
        Some((_, title)) => format!("{}, {name}", title.in_lang(lang)),
        None => name.to_owned(),
    }
}

/// A value in words: a length of time, a party, what a refusal does.
pub(crate) fn value_words(duties: &Duties, value: &Value, lang: Lang) -> String {
    if let Some(list) = value.as_array() {
        let all: Vec<String> = list.iter().map(|it| value_words(duties, it, lang)).collect();
        return all.join(", ");
    }
    if let Some(time) = Time::of(value) {
        return time_words(time, lang);
    }
    if let Ok(clock) = serde_json::from_value::<Clock>(value.clone()) {
        return clock_words(clock, lang).to_owned();
    }
    match value.as_str() {
        Some(party) => party_words(duties, party).in_lang(lang).to_owned(),
        None => value.to_string(),
    }
}
