//! Receipts of what the ledger holds: for the person warned, of each message that left; for an
//! officer, of any line of a case. Made from the published files alone.

use std::collections::BTreeMap;

use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryStatus, Event};
use entremise_core::regime::rules::ChannelKind;
use entremise_store::{CaseFile, HistoryEntry};
use jiff::Timestamp;

use super::{StoreDesk, told};
use crate::receipt::{self, NotNow};
use crate::web::desk::{DeskTrouble, Proof, ReceiptGiven, Sent};

/// A message with the line that proves it.
struct Proven {
    stage: String,
    channel: ChannelKind,
    at: Timestamp,
    entry: u64,
    /// Behind the line lies nothing but what the person was told: stage, channel, status, instant.
    opens: bool,
}

impl StoreDesk {
    /// What can be proven of each message, in the order of the ledger.
    pub(super) fn proofs(&self, file: &CaseFile) -> Vec<Proof> {
        let Some(regime) = self.store.regime(&file.case.regime) else { return Vec::new() };
        let proof = |proven: Proven| Proof {
            stage: proven.stage,
            sent: Sent { channel: proven.channel, day: regime.zone().day_of(proven.at) },
            entry: proven.entry,
        };
        proven(file).into_iter().map(proof).collect()
    }

    /// The receipt of a line that proves a message of this file.
    pub(super) fn receipt_of_message(
        &self,
        file: &CaseFile,
        entry: u64,
    ) -> Result<ReceiptGiven, DeskTrouble> {
        match proven(file).into_iter().find(|proven| proven.entry == entry) {
            Some(proven) => self.receipt(entry, proven.opens),
            None => Ok(ReceiptGiven::NotKnown),
        }
    }

    pub(in crate::web) fn receipt(
        &self,
        entry: u64,
        opens: bool,
    ) -> Result<ReceiptGiven, DeskTrouble> {
        let Some(ledger) = &self.ledger else { return Ok(ReceiptGiven::NotYet) };
        let made = if opens {
            receipt::opened(&self.store, &self.authority, ledger, entry)
        } else {
            receipt::closed(ledger, entry)
        };
        match made {
            Ok(receipt) => Ok(ReceiptGiven::Text(receipt.to_string())),
            Err(NotNow::NotYet) => Ok(ReceiptGiven::NotYet),
            Err(NotNow::Trouble(trouble)) => Err(told(trouble)),
            Err(NotNow::Ledger(why)) => {
                tracing::error!(%why, "the published ledger gives no receipt");
                Err(DeskTrouble)
            }
        }
    }
}

/// For each message the first news that it left; the intent to send it, where there is none yet.
fn proven(file: &CaseFile) -> Vec<Proven> {
    let mut stages = BTreeMap::new();
    for effect in &file.effects {
        if let Effect::SendMessage { stage, stage_id, .. }
        | Effect::RelayMessage { stage, stage_id, .. } = &effect.effect
        {
            stages.insert(*stage, stage_id.clone());
        }
    }
    let mut proven: BTreeMap<(usize, ChannelKind), Proven> = BTreeMap::new();
    for line in &file.history {
        if let Some(Event::Delivery(report)) = &line.event
            && line.kind == "event.delivery"
            && has_left(report.status)
            && let Some(stage) = stages.get(&report.stage)
        {
            proven.entry((report.stage, report.channel)).or_insert_with(|| Proven {
                stage: stage.clone(),
                channel: report.channel,
                at: report.at,
                entry: line.seq,
                opens: tells_the_news_alone(line),
            });
        }
    }
    for effect in &file.effects {
        let (stage, stage_id, channel) = match &effect.effect {
            Effect::SendMessage { stage, stage_id, channel, .. } => (*stage, stage_id, *channel),
            Effect::RelayMessage { stage, stage_id, .. } => (*stage, stage_id, ChannelKind::Email),
            _ => continue,
        };
        let of_effect = |line: &&HistoryEntry| {
            let body = line.body.as_ref().and_then(|body| body.get("effect_id")?.as_str());
            line.kind.starts_with("intent.") && body == Some(effect.id.0.to_string().as_str())
        };
        if let Some(line) = file.history.iter().find(of_effect) {
            proven.entry((stage, channel)).or_insert_with(|| Proven {
                stage: stage_id.clone(),
                channel,
                at: line.at,
                entry: line.seq,
                opens: false,
            });
        }
    }
    let mut proven: Vec<Proven> = proven.into_values().collect();
    proven.sort_by_key(|proven| proven.entry);
    proven
}

/// Behind the line lies the event and nothing else: no effect that it brought.
fn tells_the_news_alone(line: &HistoryEntry) -> bool {
    let body = line.body.as_ref().and_then(|body| body.as_object());
    body.is_some_and(|body| body.keys().all(|key| key == "event"))
}

fn has_left(status: DeliveryStatus) -> bool {
    matches!(
        status,
        DeliveryStatus::HandedOver
            | DeliveryStatus::Relayed
            | DeliveryStatus::Delivered
            | DeliveryStatus::Presented
    )
}
