//! What a file says to the prosecutor, put together from what was opened and from the case's own
//! history. Reads nothing and asks nobody.

use std::collections::BTreeMap;

use entremise_core::deadline::{Lang, date_words, instant_words};
use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryReport, DeliveryStatus, Event};
use entremise_core::identification::{Identity, Outcome};
use entremise_core::procedure::ladder::Deliberated;
use entremise_core::regime::Regime;
use entremise_core::regime::rules::ChannelKind;
use entremise_letters as letters;
use entremise_letters::transmission::{Person, Piece, Step, Transmission};
use entremise_store::{CaseFile, HistoryEntry, Seen};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::{Provider, Sender};
use crate::seen::{self, SeenFact};

/// All that is known of a file before anything is opened.
pub struct Dossier<'d> {
    pub authority: letters::Authority,
    pub ledger_origin: String,
    pub providers: &'d [Provider],
    pub senders: &'d [Sender],
    pub regime: &'d Regime,
    pub file: &'d CaseFile,
    /// The cases in which each fact was tied to the line.
    pub identifications: &'d [CaseFile],
    pub decision: &'d Deliberated,
    pub written_at: Timestamp,
}

impl Dossier<'_> {
    fn moment(&self, at: Timestamp) -> String {
        instant_words(at, self.regime.zone(), Lang::Fr)
    }

    fn day(&self, at: Timestamp) -> String {
        date_words(self.regime.zone().day_of(at), Lang::Fr)
    }

    fn provider(&self) -> String {
        let line = self.file.case.subject.provider();
        let known = self.providers.iter().find(|provider| provider.id == *line);
        known.map_or_else(|| line.to_string(), |provider| provider.name.clone())
    }

    /// What happened, up to the decision.
    fn history(&self) -> impl Iterator<Item = &HistoryEntry> {
        self.file.history.iter().filter(|entry| entry.at <= self.written_at)
    }
}

/// The pieces: what was received, what was answered, what was sent, what the person wrote.
///
/// # Errors
/// What is kept cannot be read.
pub fn pieces(dossier: &Dossier<'_>, seen: &Seen) -> Result<Vec<Piece>, serde_json::Error> {
    let notices = json!({ "evidence": seen.evidence, "traffic": seen.traffic });
    let identifications: Vec<Value> = dossier.identifications.iter().map(history_of).collect();
    let mut pieces = vec![
        written("constats.json", "Les constats, tels que lus et conservés", &notices)?,
        written(
            "identifications.json",
            "Les réponses de l’opérateur, fait par fait",
            &Value::Array(identifications),
        )?,
        written("procedure.json", "Les actes de la procédure", &history_of(dossier.file))?,
    ];
    // An earlier try keeps the statement itself: it is no piece of its own.
    let kept = seen.documents.iter().filter(|(name, _)| name != "transmission.pdf");
    pieces.extend(kept.enumerate().map(|(place, (name, bytes))| {
        let (description, media_type) = described(name);
        Piece {
            name: format!("{:02}-{}", place + 1, plain(name)),
            description: description.to_owned(),
            media_type,
            bytes: bytes.clone(),
        }
    }));
    Ok(pieces)
}

fn written(name: &str, description: &str, value: &Value) -> Result<Piece, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    let (name, description) = (name.to_owned(), description.to_owned());
    Ok(Piece { name, description, media_type: "application/json", bytes })
}

fn history_of(file: &CaseFile) -> Value {
    let entries = file.history.iter().filter(|entry| entry.kind.starts_with("event."));
    let entries: Vec<Value> = entries
        .map(|entry| {
            json!({
                "entry": entry.seq,
                "at": entry.at,
                "by": entry.actor,
                "kind": entry.kind,
                "body": entry.body,
            })
        })
        .collect();
    json!({ "case": file.case.id, "file_number": file.file_number, "history": entries })
}

/// What a kept document is, by its name.
fn described(name: &str) -> (&'static str, &'static str) {
    let media_type = match name.rsplit('.').next() {
        Some("pdf") => "application/pdf",
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        Some("eml") => "message/rfc822",
        Some("txt") => "text/plain",
        Some("json") => "application/json",
        Some("ndjson") => "application/x-ndjson",
        Some("xml") => "application/xml",
        Some("csv") => "text/csv",
        _ => "application/octet-stream",
    };
    let kinds = [
        ("original", "Constat, tel que reçu"),
        ("header", "En-tête du tableau d’où vient ce constat"),
        ("message", "Courriel, tel qu’envoyé"),
        ("letter", "Lettre, telle qu’envoyée"),
        ("proof", "Preuve du transporteur"),
        ("handed-over", "Réponse du transporteur"),
        ("observations", "Observations de la personne"),
        ("situation", "Charges et ressources indiquées par la personne"),
        ("hearing-record", "Procès-verbal d’audition"),
        ("reasons", "Motifs de la délibération"),
        ("deliberation", "Délibération, telle que signée par le membre"),
    ];
    let kind = kinds.iter().find(|(begin, _)| name.starts_with(begin));
    (kind.map_or("Pièce du dossier", |(_, description)| description), media_type)
}

/// A name that is a plain file name everywhere.
fn plain(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    name.chars().map(|letter| if is_plain(letter) { letter } else { '-' }).collect()
}

/// What the statement says.
///
/// # Errors
/// What is kept cannot be read.
pub fn statement(
    dossier: &Dossier<'_>,
    seen: &Seen,
    pieces: &[Piece],
) -> Result<Transmission, serde_json::Error> {
    let reasons = seen.documents.iter().find(|(name, _)| name.starts_with("reasons-"));
    let reasons = reasons.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned());
    Ok(Transmission {
        authority: dossier.authority.clone(),
        file_number: dossier.file.file_number.clone().unwrap_or_default(),
        date: dossier.day(dossier.written_at),
        decided_by: dossier.decision.by.to_string(),
        reasons: reasons.unwrap_or_default(),
        person: person(seen),
        provider: dossier.provider(),
        facts: facts(dossier, seen)?,
        identifications: identifications(dossier),
        steps: steps(dossier),
        answers: answers(dossier),
        pieces: pieces.iter().map(Piece::line).collect(),
        ledger_origin: dossier.ledger_origin.clone(),
    })
}

/// As the provider disclosed last: whatever it said before it has mended since.
fn person(seen: &Seen) -> Person {
    let mut all = Identity::default();
    for (_, told) in &seen.identities {
        let told = told.clone();
        all.name = told.name.or(all.name);
        for (list, fresh) in [
            (&mut all.postal_address, told.postal_address),
            (&mut all.emails, told.emails),
            (&mut all.telephones, told.telephones),
        ] {
            if !fresh.is_empty() {
                *list = fresh;
            }
        }
    }
    let Identity { name, postal_address, emails, telephones, .. } = all;
    Person { name: name.unwrap_or_default(), postal_address, emails, telephones }
}

fn facts(dossier: &Dossier<'_>, seen: &Seen) -> Result<Vec<letters::Fact>, serde_json::Error> {
    let told = |fact: SeenFact| letters::Fact {
        observed_at: fact.observed_at,
        observed_at_text: dossier.moment(fact.observed_at),
        address: Some(fact.source.ip.to_string()),
        port: fact.source.port,
        protocol: fact.protocol,
        works: fact.works,
    };
    Ok(seen::facts(seen)?.into_iter().map(told).collect())
}

/// Who reported each fact, and on what the provider's answer rests.
fn identifications(dossier: &Dossier<'_>) -> Vec<String> {
    let told = dossier.identifications.iter().filter_map(|file| {
        let mut reported = None;
        let mut answered = None;
        for entry in &file.history {
            match &entry.event {
                Some(Event::NoticeAccepted { sender, fact_at, .. }) => {
                    let known = dossier.senders.iter().find(|known| known.id == *sender);
                    let name = known.map_or_else(|| sender.to_string(), |known| known.name.clone());
                    reported = Some((name, *fact_at));
                }
                Some(Event::Answered {
                    outcome: Outcome::Identified { assignment, .. }, ..
                }) => {
                    answered = Some((entry.at, assignment.start));
                }
                _ => {}
            }
        }
        let ((sender, fact_at), (answered_at, since)) = (reported?, answered?);
        Some(format!(
            "Fait observé {}, signalé par {sender}. L’opérateur a répondu {} qu’une seule ligne \
             tenait alors cette adresse et ce port, depuis {}.",
            dossier.moment(fact_at),
            dossier.moment(answered_at),
            dossier.moment(since),
        ))
    });
    told.collect()
}

/// Each message, with the news of it.
fn steps(dossier: &Dossier<'_>) -> Vec<Step> {
    let mut sent: BTreeMap<(usize, ChannelKind), String> = BTreeMap::new();
    for row in &dossier.file.effects {
        if let Effect::SendMessage { stage, stage_id, channel, .. } = &row.effect {
            let stages = &dossier.regime.file().stage;
            let title = stages.iter().find(|known| known.id == *stage_id);
            let title = title.map_or(stage_id.as_str(), |known| known.title.fr.as_str());
            let by = match channel {
                ChannelKind::Email => "courriel",
                ChannelKind::Letter => "lettre simple",
                ChannelKind::RegisteredLetter => "lettre remise contre signature",
            };
            sent.insert((*stage, *channel), format!("{title}, {by}"));
        }
    }
    let proofs = |stage: usize, channel: ChannelKind| {
        dossier
            .history()
            .filter_map(|entry| match &entry.event {
                Some(Event::Delivery(report))
                    if report.stage == stage && report.channel == channel =>
                {
                    Some(proof(dossier, report))
                }
                _ => None,
            })
            .collect()
    };
    let steps = sent.iter();
    steps
        .map(|((stage, channel), what)| Step {
            what: what.clone(),
            proofs: proofs(*stage, *channel),
        })
        .collect()
}

fn proof(dossier: &Dossier<'_>, report: &DeliveryReport) -> String {
    let became = match report.status {
        DeliveryStatus::HandedOver => "Remis au transporteur",
        DeliveryStatus::Relayed => "Relayé",
        DeliveryStatus::Delivered => "Distribué",
        DeliveryStatus::Delayed => "Retardé",
        DeliveryStatus::Bounced => "Revenu sans avoir atteint personne",
        DeliveryStatus::Blocked => "Refusé par le serveur du destinataire",
        DeliveryStatus::Presented => "Présenté",
        DeliveryStatus::Returned(_) => "Revenu à l’expéditeur",
        DeliveryStatus::Unknown => "Sans nouvelles sûres",
    };
    format!("{became} {}", dossier.moment(report.at))
}

/// What the person answered, in order.
fn answers(dossier: &Dossier<'_>) -> Vec<String> {
    let told = dossier.history().filter_map(|entry| {
        Some(match entry.event.as_ref()? {
            Event::ObservationsReceived { received_at, .. } => {
                format!("Observations reçues le {}.", dossier.day(*received_at))
            }
            Event::SituationStated { received_at, .. } => {
                format!("Charges et ressources indiquées le {}.", dossier.day(*received_at))
            }
            Event::HearingRequested { received_at } => {
                format!("Audition demandée le {}.", dossier.day(*received_at))
            }
            Event::HearingConvened { slot, .. } => {
                format!("Convoquée pour {}.", dossier.moment(*slot))
            }
            Event::HearingHeld { counsel, held_at, .. } => {
                let counsel = if *counsel { "en présence de son conseil" } else { "sans conseil" };
                let heard = dossier.moment(*held_at);
                format!(
                    "Entendue {heard}, {counsel}\u{202f}; copie du procès-verbal lui a été remise."
                )
            }
            Event::HearingMissed { .. } => "Convoquée, la personne n’est pas venue.".to_owned(),
            _ => return None,
        })
    });
    told.collect()
}
