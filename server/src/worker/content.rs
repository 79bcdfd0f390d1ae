//! What a message says, from what the compartments yield and the rules of the day.

use entremise_core::deadline::{Deadline, Lang, date_words, instant_words, span_words};
use entremise_core::procedure::ladder::ChallengeVerdict;
use entremise_core::regime::Regime;
use entremise_core::regime::rules::{Hears, Proof, Stage};
use entremise_letters::{self as letters, Language, templates, wording};
use entremise_store::{Claimed, MessageMaterial};
use jiff::Timestamp;

use crate::config;
use crate::delivery::render::{WarningContent, WarningFact};
use crate::house::Room;

const CONVOCATION: &str = "convocation";
const ANSWER: &str = "answer";

/// The message of one stage, in the language of the law it rests on.
pub fn content(
    room: &Room,
    claim: &Claimed,
    material: &MessageMaterial,
    stage: &Stage,
    regime: &Regime,
    now: Timestamp,
) -> WarningContent {
    let works = material.works.as_deref().unwrap_or_default();
    let fact = WarningFact {
        observed_at: material.observed_at,
        address: Some(material.source_ip.to_string()),
        port: material.source_port,
        protocol: material.protocol.clone(),
        works: works.iter().filter_map(|work| work.title.clone()).collect(),
    };
    let language = language(claim.regime.as_str(), &stage.letter);
    let provider = room.providers.iter().find(|provider| provider.config.id == material.provider);
    WarningContent {
        regime: claim.regime.to_string(),
        letter: stage.letter.clone(),
        language,
        authority: authority(&room.config, language),
        file_number: material.file_number.clone(),
        provider: provider.map(|provider| provider.config.name.clone()).unwrap_or_default(),
        facts: vec![fact],
        names_works: material.works.is_some(),
        deadlines: vec![match &stage.hears {
            Some(hears) => observations_window(stage, hears, regime, language, now),
            None => repeat_window(stage, regime, language, now),
        }],
        cites: cites(stage, regime, now),
        answer: None,
    }
}

/// The letter that says when a person will be heard.
pub fn convocation(
    room: &Room,
    claim: &Claimed,
    stage: &Stage,
    regime: &Regime,
    slot: Timestamp,
    file_number: String,
) -> WarningContent {
    let plain = without_facts(room, claim, CONVOCATION, file_number);
    let language = plain.language;
    let (what, why) = match language {
        Language::Fr => ("Vous serez entendu le", "Le jour que l’Autorité a fixé à votre demande."),
        Language::En => ("You will be heard on", "The day that was set at your request."),
    };
    let until = instant_words(slot, regime.zone(), lang(language));
    WarningContent {
        deadlines: vec![letters::Deadline { what: what.to_owned(), until, why: why.to_owned() }],
        cites: cites(stage, regime, claim.asked_at),
        ..plain
    }
}

/// What became of a challenge, before it is put into words.
pub struct Answered<'a> {
    /// None where nobody answered in time, and the rules let the message fall.
    pub verdict: Option<ChallengeVerdict>,
    pub challenged_at: Timestamp,
    /// For a letter alone.
    pub reasons: Option<&'a str>,
}

/// The answer to a challenge of the message of a stage.
pub fn answer(
    room: &Room,
    claim: &Claimed,
    stage: &Stage,
    regime: &Regime,
    answered: Answered<'_>,
    file_number: String,
) -> WarningContent {
    let plain = without_facts(room, claim, ANSWER, file_number);
    let titles = &regime.file().stage;
    let title = titles.iter().find(|known| known.id == stage.id).map(|known| &known.title);
    let about = title.map(|title| match plain.language {
        Language::Fr => title.fr.clone(),
        Language::En => title.en.clone(),
    });
    let paragraphs = answered.reasons.unwrap_or_default().lines().map(str::trim);
    let answer = letters::Answer {
        outcome: match answered.verdict {
            Some(ChallengeVerdict::Upheld) => letters::Outcome::Upheld,
            Some(ChallengeVerdict::Rejected) => letters::Outcome::Rejected,
            None => letters::Outcome::Annulled,
        },
        about: about.unwrap_or_default(),
        challenged_on: wording::day(regime.zone().day_of(answered.challenged_at), plain.language),
        reasons: paragraphs.filter(|line| !line.is_empty()).map(str::to_owned).collect(),
    };
    let cites = vec![answers_by(regime, claim.asked_at)];
    WarningContent { answer: Some(answer), cites, ..plain }
}

/// The text by which a challenge is answered, without what the regime notes beside it.
pub fn answers_by(regime: &Regime, at: Timestamp) -> String {
    let cited = regime.cites("challenge.answered_within", regime.zone().day_of(at));
    let text = cited.and_then(|cited| cited.cite.split(':').next());
    text.unwrap_or_default().trim().to_owned()
}

/// A message that tells nothing of the facts: the one before it told them.
fn without_facts(
    room: &Room,
    claim: &Claimed,
    letter: &str,
    file_number: String,
) -> WarningContent {
    let language = language(claim.regime.as_str(), letter);
    WarningContent {
        regime: claim.regime.to_string(),
        letter: letter.to_owned(),
        language,
        authority: authority(&room.config, language),
        file_number,
        provider: String::new(),
        facts: Vec::new(),
        names_works: false,
        deadlines: Vec::new(),
        cites: Vec::new(),
        answer: None,
    }
}

/// French where the message is worded in it; a regime of elsewhere is worded in its own language.
fn language(regime: &str, letter: &str) -> Language {
    [Language::Fr, Language::En]
        .into_iter()
        .find(|language| templates::find(regime, letter, *language).is_some())
        .unwrap_or(Language::Fr)
}

pub fn authority(config: &config::Authority, language: Language) -> letters::Authority {
    let name = config.name.get(language.tag()).or_else(|| config.name.values().next());
    letters::Authority {
        name: name.cloned().unwrap_or_default(),
        address_lines: config.contact.postal.clone(),
        email: config.contact.email.clone(),
        verify_at: config.contact.verify_address.clone(),
        offers_at: config.contact.offers_address.clone(),
        signatory: config.contact.signatory.clone(),
    }
}

/// Until when a new fact counts as a repeat. The proof that starts the clock is still to come: the
/// date is counted from today, and the sentence says from what it will really be counted.
fn repeat_window(
    stage: &Stage,
    regime: &Regime,
    language: Language,
    now: Timestamp,
) -> letters::Deadline {
    let started_by = match stage.clock.starts_at {
        Proof::HandedOver => "handed_over",
        Proof::Presented => "presented",
    };
    let path = format!("stage.{}.clock.repeat_within", stage.id);
    let deadline: Deadline = regime.deadline(now, stage.clock.repeat_within, started_by, &path);
    let cite = regime.cites(&path, regime.zone().day_of(now)).map_or("", |cited| &cited.cite);
    let lang = lang(language);
    let (what, why) = match (language, stage.clock.starts_at) {
        (Language::Fr, Proof::HandedOver) => (
            "Un nouveau constat pourra entraîner l’étape suivante, jusqu’au",
            "Compté de la remise de ce message à qui l’achemine, aujourd’hui",
        ),
        (Language::Fr, Proof::Presented) => (
            "Un nouveau constat pourra entraîner l’étape suivante, jusqu’au",
            "Le délai court du jour où cette lettre vous est présentée ; \
             compté d’aujourd’hui, il finit à cette date",
        ),
        (Language::En, Proof::HandedOver) => (
            "A new finding may bring the next step until",
            "Counted from the day this message is handed over, today",
        ),
        (Language::En, Proof::Presented) => (
            "A new finding may bring the next step until",
            "The time runs from the day this letter is presented to you; counted from today it \
             ends on this date",
        ),
    };
    letters::Deadline {
        what: what.to_owned(),
        until: date_words(deadline.last_day, lang),
        why: format!("{why} ({cite})."),
    }
}

/// Until when the person may be heard. As above the date is counted from today, so that nobody is
/// told a day that is too late.
fn observations_window(
    stage: &Stage,
    hears: &Hears,
    regime: &Regime,
    language: Language,
    now: Timestamp,
) -> letters::Deadline {
    let path = format!("stage.{}.hears.observations_within", stage.id);
    let deadline: Deadline = regime.deadline(now, hears.observations_within, "presented", &path);
    let cite = regime.cites(&path, regime.zone().day_of(now)).map_or("", |cited| &cited.cite);
    let lang = lang(language);
    let span = span_words(hears.observations_within, lang);
    let (what, why) = match language {
        Language::Fr => (
            format!(
                "Vous avez {span} à compter du jour où cette lettre vous est présentée, et en tout \
                 cas jusqu’au"
            ),
            "Le délai court du jour de la présentation\u{202f}; compté d’aujourd’hui, il finit à \
             cette date",
        ),
        Language::En => (
            format!(
                "You have {span} from the day this letter is presented to you, and in any case \
                 until"
            ),
            "The time runs from the day of the presentation; counted from today it ends on this \
             date",
        ),
    };
    letters::Deadline {
        what,
        until: date_words(deadline.last_day, lang),
        why: format!("{why} ({cite})."),
    }
}

fn lang(language: Language) -> Lang {
    match language {
        Language::Fr => Lang::Fr,
        Language::En => Lang::En,
    }
}

/// The articles the message rests on, as they are numbered today, each once.
fn cites(stage: &Stage, regime: &Regime, now: Timestamp) -> Vec<String> {
    let day = regime.zone().day_of(now);
    let window = match stage.hears {
        Some(_) => "hears.observations_within",
        None => "clock.repeat_within",
    };
    let mut cites: Vec<String> = Vec::new();
    for value in ["decides", "channels", "must_say", window] {
        let cited = regime.cites(&format!("stage.{}.{value}", stage.id), day);
        if let Some(citation) = cited.filter(|citation| !cites.contains(&citation.cite)) {
            cites.push(citation.cite.clone());
        }
    }
    cites
}

#[cfg(test)]
mod tests {
    use super::*;
    use entremise_core::regime::embedded;

    #[test]
    fn a_finding_tells_until_when_one_may_be_heard_and_never_a_day_that_is_too_late() {
        let regime = embedded("fr-graduated-response").unwrap();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let third = &regime.at(now).unwrap().stages[2];
        let hears = third.hears.as_ref().unwrap();
        let told = observations_window(third, hears, &regime, Language::Fr, now);
        assert!(told.what.contains("quinze jours à compter du jour où"), "{}", told.what);
        assert_eq!(told.until, "7 décembre 2026");
        assert!(told.why.contains("(CPI R331-12)"), "{}", told.why);
        let cites = cites(third, &regime, now);
        assert!(!cites.iter().any(|cite| cite.contains("CPP 9")), "{cites:?}");
        assert!(cites.iter().any(|cite| cite.contains("R335-5")), "{cites:?}");
    }
}
