//! The letter that notifies a person of a measure: worded from what was pronounced and is still to
//! be carried out. It is composed, kept and handed over as every letter is, and its news comes back
//! the same way; nothing is ordered before it was presented.

use entremise_core::deadline::{Lang, date_words, span_words};
use entremise_core::effect::Effect;
use entremise_core::event::DeliveryStatus;
use entremise_core::procedure::measure::{CourtName, Sentence, Terms};
use entremise_core::regime::Regime;
use entremise_letters::{self as letters, Language};
use entremise_store::{Claimed, LinkError, MeasureMaterial, Trouble};
use jiff::Timestamp;

use super::send::{Addressee, Composed, compose, finish, impossible, keep, settle};
use super::{Round, content};
use crate::delivery::render::WarningContent;
use crate::house::{House, Room};

/// Sends the letters that these claims ask for.
pub fn letters(house: &House, claims: Vec<Claimed>, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for claim in claims {
        round += letter(house, claim, now)?;
    }
    Ok(round)
}

fn letter(house: &House, claim: Claimed, now: Timestamp) -> Result<Round, Trouble> {
    let Effect::NotifyMeasure { measure, channel, .. } = &claim.effect else {
        return Ok(Round::default());
    };
    let (file, channel) = (measure.file, *channel);
    let Some(room) = house.room(&claim.authority) else { return Ok(Round::default()) };
    let Some(regime) = house.store.regime(&claim.regime) else {
        return impossible(house, &claim, "the regime is not loaded", now);
    };
    house.store.intend(&claim, now)?;
    let material = match house.store.measure_material(&claim, file, now) {
        Ok(material) => material,
        Err(LinkError::Trouble(trouble)) => return Err(trouble),
        Err(error) => {
            // Nobody can be written to: a person must have it served.
            tracing::error!(effect = %claim.id, %error, "a measure cannot be notified by letter");
            return finish(house, claim, "no_usable_address", DeliveryStatus::Bounced, now);
        }
    };
    // As of the effect's own instant, so that every try sends the bytes that are kept.
    let content = content_of(room, &claim, &material, regime, claim.asked_at);
    let to = Addressee { channel, identity: &material.identity };
    let composed = compose(room, &claim, to, &content, regime);
    keep(house, &claim, &composed, now)?;
    match composed {
        Composed::Letter(letter) => {
            settle(house, claim, room.delivery.post.hand_over(&letter, now), now)
        }
        Composed::NoAddress => {
            finish(house, claim, "no_usable_address", DeliveryStatus::Bounced, now)
        }
        // A mail proves no presentation: nobody is notified by one.
        Composed::Mail(_) => impossible(house, &claim, "a measure is notified by letter", now),
        Composed::Impossible(why) => impossible(house, &claim, &why, now),
    }
}

fn content_of(
    room: &Room,
    claim: &Claimed,
    material: &MeasureMaterial,
    regime: &Regime,
    written_at: Timestamp,
) -> WarningContent {
    let provider = room.providers.iter().find(|known| known.config.id == material.provider);
    let (letter, deadlines, cites) = match &claim.effect {
        Effect::NotifyMeasure { letter, measure, terms, .. } => (
            letter.clone(),
            days_that_matter(&measure.sentence, *terms, regime, written_at),
            cites(&measure.sentence, regime),
        ),
        _ => Default::default(),
    };
    WarningContent {
        regime: claim.regime.to_string(),
        letter,
        language: Language::Fr,
        authority: content::authority(&room.config, Language::Fr),
        file_number: material.file_number.clone(),
        provider: provider.map(|known| known.config.name.clone()).unwrap_or_default(),
        facts: Vec::new(),
        names_works: false,
        deadlines,
        cites,
        answer: None,
    }
}

/// The judgment, how long, and the first day on which it can begin: counted from today, so that
/// nobody is told a day that is too late. The provider is told its days once the letter is there.
fn days_that_matter(
    sentence: &Sentence,
    terms: Terms,
    regime: &Regime,
    written_at: Timestamp,
) -> Vec<letters::Deadline> {
    let line = |what: &str, until: String, why: &str| letters::Deadline {
        what: what.to_owned(),
        until,
        why: why.to_owned(),
    };
    let judged = regime.zone().day_of(sentence.pronounced_at);
    let days = match terms.days() {
        1 => "un jour".to_owned(),
        days => format!("{days}\u{a0}jours"),
    };
    let court = sentence.court.as_ref().map(on_a_line_of_its_own).unwrap_or_default();
    let mut lines = vec![
        line("Un tribunal l’a prononcée le", date_words(judged, Lang::Fr), &court),
        line("Elle dure", days, "De minuit à minuit, et pas un jour de plus."),
    ];
    let rules = regime.at(sentence.pronounced_at).ok();
    let rule = rules.and_then(|rules| rules.measures.iter().find(|it| it.id == sentence.measure));
    if let Some(within) = rule.and_then(|rule| rule.implement_within) {
        let path = format!("measure.{}.implement_within", sentence.measure);
        let first = regime.deadline(written_at, within, "notified", &path).last_day;
        let why = format!(
            "Votre fournisseur commence {} après que nous avons appris que cette lettre vous a été \
             présentée.",
            span_words(within, Lang::Fr)
        );
        lines.push(line("Elle ne commence pas avant le", date_words(first, Lang::Fr), &why));
    }
    lines
}

/// `tribunal judiciaire de Spécimen` as `Tribunal judiciaire de Spécimen.`
fn on_a_line_of_its_own(court: &CourtName) -> String {
    let mut letters = court.as_str().chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

/// The articles that the measure rests on, of the day of the judgment, each once.
fn cites(sentence: &Sentence, regime: &Regime) -> Vec<String> {
    let day = regime.zone().day_of(sentence.pronounced_at);
    let mut cites: Vec<String> = Vec::new();
    for value in ["pronounced_by", "implement_within", "spares"] {
        let cited = regime.cites(&format!("measure.{}.{value}", sentence.measure), day);
        if let Some(citation) = cited.filter(|citation| !cites.contains(&citation.cite)) {
            cites.push(citation.cite.clone());
        }
    }
    cites
}
