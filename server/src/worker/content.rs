//! What a message says, from what the compartments yield and the rules of the day.

use entremise_core::deadline::{Deadline, Lang, date_words};
use entremise_core::regime::Regime;
use entremise_core::regime::rules::{Proof, Stage};
use entremise_letters::{self as letters, Language};
use entremise_store::{Claimed, MessageMaterial};
use jiff::Timestamp;

use crate::config;
use crate::delivery::render::{WarningContent, WarningFact};
use crate::house::Room;

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
    let provider = room.providers.iter().find(|provider| provider.config.id == material.provider);
    WarningContent {
        regime: claim.regime.to_string(),
        letter: stage.letter.clone(),
        language: Language::Fr,
        authority: authority(&room.config),
        file_number: material.file_number.clone(),
        provider: provider.map(|provider| provider.config.name.clone()).unwrap_or_default(),
        facts: vec![fact],
        names_works: material.works.is_some(),
        deadlines: vec![repeat_window(stage, regime, now)],
        cites: cites(stage, regime, now),
    }
}

fn authority(config: &config::Authority) -> letters::Authority {
    letters::Authority {
        name: config.name.get("fr").cloned().unwrap_or_default(),
        address_lines: config.contact.postal.clone(),
        email: config.contact.email.clone(),
        verify_at: config.contact.verify_address.clone(),
        offers_at: config.contact.offers_address.clone(),
        signatory: config.contact.signatory.clone(),
    }
}

/// Until when a new fact counts as a repeat. The proof that starts the clock is still to come, so
/// the date is the earliest it can be, and the sentence says from what it will be counted.
fn repeat_window(stage: &Stage, regime: &Regime, now: Timestamp) -> letters::Deadline {
    let started_by = match stage.clock.starts_at {
        Proof::HandedOver => "handed_over",
        Proof::Presented => "presented",
    };
    let path = format!("stage.{}.clock.repeat_within", stage.id);
    let deadline: Deadline =
        regime.deadline(now, stage.clock.repeat_within, started_by, &path);
    letters::Deadline {
        what: "Un nouveau constat pourra entraîner l’étape suivante".to_owned(),
        until: date_words(deadline.last_day, Lang::Fr),
        why: deadline.explanation.in_lang(Lang::Fr).to_owned(),
    }
}

/// The articles the message rests on, as they are numbered today.
fn cites(stage: &Stage, regime: &Regime, now: Timestamp) -> Vec<String> {
    let day = regime.zone().day_of(now);
    let mut cites: Vec<String> = ["decides", "channels", "must_say", "clock.repeat_within"]
        .iter()
        .filter_map(|value| regime.cites(&format!("stage.{}.{value}", stage.id), day))
        .map(|citation| citation.cite.clone())
        .collect();
    cites.dedup();
    cites
}
