//! What is put before a reviewer: exactly what the rules of the day list, and nothing else.
//!
//! Never an identity (it is not known yet), never an address, never a file name or a pseudonym.
//! The form is canonical JSON (RFC 8785): members in alphabetical order, no spaces, whole numbers
//! and strings only, so that the same dossier always has the same digest.

use std::collections::HashMap;

use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryStatus, Event, Fact, Ground};
use entremise_core::id::{AuthorityId, NoticeId, PartyId, PersonId};
use entremise_core::notice::Work;
use entremise_core::regime::rules::{ChannelKind, Review, Rules, Shown};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::conn::{Tx, Value};
use crate::party;
use crate::read::CaseFile;
use crate::trouble::Trouble;

/// The dossier of one request. A part that the rules do not list is absent. No `Debug`: titles of
/// works are for the reviewer's eyes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dossier {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_steps: Option<Vec<EarlierStep>>,
    pub facts: Vec<FactShown>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<GroundShown>,
}

/// One fact, in the order of the file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactShown {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// The name of the body that referred it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub works: Option<Vec<WorkShown>>,
}

/// A work by its title; its file name and hashes stay closed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkShown {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artist: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_id: Option<String>,
}

/// A stage below, with what its carriers proved.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierStep {
    pub proofs: Vec<ProofShown>,
    /// The stage's name in the regime.
    pub stage: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofShown {
    pub at: Timestamp,
    pub channel: ChannelKind,
    pub status: DeliveryStatus,
}

/// Why the member asks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroundShown {
    pub asked_by: PersonId,
    pub ground: Ground,
}

impl Dossier {
    /// The bytes that are kept, shown and digested.
    pub fn to_bytes(&self) -> Vec<u8> {
        crate::door::json(self)
    }

    /// Reads a dossier as it was kept; none where the bytes are no dossier.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// Who asks and why.
pub(super) struct Asking<'a> {
    pub by: &'a PersonId,
    pub ground: Ground,
}

/// The facts of a case, oldest first.
pub(super) fn facts(file: &CaseFile) -> Vec<Fact> {
    let events = file.history.iter().filter(|entry| entry.kind.starts_with("event."));
    events
        .filter_map(|entry| match &entry.event {
            Some(Event::FactEstablished { fact }) => Some(fact.clone()),
            _ => None,
        })
        .collect()
}

/// The names of the senders of these facts.
pub(super) fn senders(
    tx: &mut Tx,
    authority: &AuthorityId,
    facts: &[Fact],
) -> Result<HashMap<NoticeId, String>, Trouble> {
    let mut names = HashMap::new();
    for fact in facts {
        let row = tx.query_one(
            "-- review-notice-sender
             SELECT sender FROM notice WHERE notice_id = $1 AND authority = $2",
            &[Value::id(&fact.notice.0), authority.as_str().into()],
        )?;
        let Some(row) = row else { continue };
        let sender: PartyId = row.word(0)?;
        let party = party::find(tx, authority, &sender)?;
        names.insert(fact.notice, party.map_or_else(|| sender.to_string(), |party| party.name));
    }
    Ok(names)
}

/// Puts the dossier together from what was read and opened.
pub(super) fn assemble(
    file: &CaseFile,
    rules: (&Rules, &Review),
    asking: &Asking,
    senders: &HashMap<NoticeId, String>,
    works: &HashMap<NoticeId, Vec<Work>>,
) -> Dossier {
    let (rules, review) = rules;
    let shows = |what: Shown| review.shows.contains(&what);
    let facts = facts(file)
        .into_iter()
        .map(|fact| FactShown {
            observed_at: shows(Shown::FactsDates).then_some(fact.fact_at),
            received_at: shows(Shown::FactsDates).then_some(fact.received_at),
            sender: senders.get(&fact.notice).filter(|_| shows(Shown::Sender)).cloned(),
            works: works
                .get(&fact.notice)
                .filter(|_| shows(Shown::Works))
                .map(|works| works.iter().map(shown).collect()),
        })
        .collect();
    Dossier {
        earlier_steps: shows(Shown::EarlierSteps).then(|| earlier_steps(file, rules)),
        facts,
        ground: shows(Shown::Ground)
            .then(|| GroundShown { asked_by: asking.by.clone(), ground: asking.ground }),
    }
}

fn shown(work: &Work) -> WorkShown {
    WorkShown {
        artist: work.artist.clone(),
        title: work.title.clone(),
        work_id: work.work_id.clone(),
    }
}

/// Every stage whose message left, with all its carriers said of it.
fn earlier_steps(file: &CaseFile, rules: &Rules) -> Vec<EarlierStep> {
    let mut steps: Vec<(usize, EarlierStep)> = Vec::new();
    for row in &file.effects {
        if let Effect::SendMessage { stage, stage_id, .. } = &row.effect
            && steps.iter().all(|(known, _)| known != stage)
        {
            steps.push((*stage, EarlierStep { proofs: Vec::new(), stage: stage_id.clone() }));
        }
    }
    for entry in file.history.iter().filter(|entry| entry.kind == "event.delivery") {
        let Some(Event::Delivery(report)) = &entry.event else { continue };
        let proof = ProofShown { at: report.at, channel: report.channel, status: report.status };
        match steps.iter_mut().find(|(stage, _)| *stage == report.stage) {
            Some((_, step)) => step.proofs.push(proof),
            None => {
                let stage = rules.stages.get(report.stage).map(|rung| rung.id.clone());
                let stage = stage.unwrap_or_default();
                steps.push((report.stage, EarlierStep { proofs: vec![proof], stage }));
            }
        }
    }
    steps.sort_by_key(|(stage, _)| *stage);
    steps.into_iter().map(|(_, step)| step).collect()
}
