//! Raw batches and what was set aside: each holds many people's data at once, so it has a time of
//! its own, that of a referral, counted from its receipt.

use std::collections::BTreeMap;

use entremise_core::id::{AuthorityId, BatchId, RegimeId};
use entremise_core::ledger::{self as form, Actor};
use entremise_core::regime::Regime;
use jiff::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::conn::Value;
use crate::door::{Door, json};
use crate::erase::{self, Entered, Erased, Records};
use crate::ledger::Lateness;
use crate::trouble::Trouble;

/// Batches looked at in one go.
const AT_ONCE: usize = 500;

/// What has outlived its time, of one authority.
#[derive(Default)]
struct Outlived {
    batches: Vec<Uuid>,
    quarantined: Vec<Uuid>,
}

/// When bytes that came at an instant must go; none where the rules of that day do not say.
pub(crate) fn end_of_bytes(regime: &Regime, received_at: Timestamp) -> Option<Timestamp> {
    let rules = regime.at(received_at).ok()?;
    let row = rules
        .retention
        .iter()
        .find(|retention| retention.data == "referral" && retention.after_stage == "none")?;
    let path = "retention.referral.none.keep";
    Some(regime.deadline(received_at, row.keep, "received", path).ends_at)
}

impl Store {
    /// Ends erasures that were cut off, then erases raw batches and quarantined bytes that have
    /// outlived the time a referral may be kept. Yields how many of the latter there were.
    ///
    /// `before` is called with each batch while its bytes are still there, and may be called again
    /// with it after a crash. What it cannot do stops the erasure, which is tried again.
    pub fn erase_outlived(
        &self,
        now: Timestamp,
        mut before: impl FnMut(&AuthorityId, BatchId) -> Result<(), Trouble>,
    ) -> Result<u64, Trouble> {
        self.end_cut_off(now)?;
        let mut erased = 0;
        for (id, regime) in &self.inner.regimes {
            loop {
                let outlived = self.outlived(id, regime, now)?;
                if outlived.is_empty() {
                    break;
                }
                for (authority, outlived) in outlived {
                    for batch in &outlived.batches {
                        before(&authority, BatchId(*batch))?;
                    }
                    let entered = self.enter_outlived(&authority, id, &outlived, now)?;
                    self.inner.fault("erase.outlived")?;
                    self.carry_out([&entered], now)?;
                    erased += entered.records.evidence.len() as u64;
                }
            }
        }
        Ok(erased)
    }

    fn outlived(
        &self,
        id: &RegimeId,
        regime: &Regime,
        now: Timestamp,
    ) -> Result<BTreeMap<AuthorityId, Outlived>, Trouble> {
        let mut found: BTreeMap<AuthorityId, Outlived> = BTreeMap::new();
        let values = [id.as_str().into(), Value::time(now), Value::count(AT_ONCE)];
        let (batches, quarantined) = self.inner.cases.read(|tx| {
            let batches = tx.query(
                "-- batches-kept
                 SELECT batch_id, authority, received_at FROM batch
                 WHERE regime = $1 AND received_at <= $2 AND erased_at IS NULL
                 ORDER BY received_at LIMIT $3",
                &values,
            )?;
            let quarantined = tx.query(
                "-- quarantine-kept
                 SELECT quarantine_id, authority, received_at FROM quarantine
                 WHERE regime = $1 AND received_at <= $2 AND erased_at IS NULL
                 ORDER BY received_at LIMIT $3",
                &values,
            )?;
            Ok::<_, Trouble>((batches, quarantined))
        })?;
        for (rows, is_batch) in [(batches, true), (quarantined, false)] {
            for row in &rows {
                // Oldest first: the first that is not due ends the look.
                if end_of_bytes(regime, row.time(2)?).is_none_or(|end| now < end) {
                    break;
                }
                let of = found.entry(row.word(1)?).or_default();
                let kind = if is_batch { &mut of.batches } else { &mut of.quarantined };
                kind.push(row.id(0)?);
            }
        }
        Ok(found)
    }

    fn enter_outlived(
        &self,
        authority: &AuthorityId,
        regime: &RegimeId,
        outlived: &Outlived,
        now: Timestamp,
    ) -> Result<Entered, Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let at = Value::time(door.at);
            let keys = |ids: &[Uuid]| ids.iter().map(|id| id.into_bytes()).collect::<Vec<_>>();
            let (batches, quarantined) = (keys(&outlived.batches), keys(&outlived.quarantined));
            let batches: Vec<&[u8]> = batches.iter().map(<[u8; 16]>::as_slice).collect();
            let quarantined: Vec<&[u8]> = quarantined.iter().map(<[u8; 16]>::as_slice).collect();
            // The report repeats the sender's own numbers: it goes with the bytes.
            door.tx.query_each(
                "-- batch-erase
                 UPDATE batch SET erased_at = $2, wrapped_key = NULL, report = $3
                 WHERE batch_id = $1[] RETURNING batch_id",
                &batches,
                &[at, Value::Bytes(&[])],
            )?;
            door.tx.query_each(
                "-- quarantine-erase
                 UPDATE quarantine SET erased_at = $2, released_at = COALESCE(released_at, $2)
                 WHERE quarantine_id = $1[] RETURNING quarantine_id",
                &quarantined,
                &[at],
            )?;
            let body = json(&serde_json::json!({
                "why": "time_is_over",
                "counts": {
                    "batches": outlived.batches.len(),
                    "quarantined": outlived.quarantined.len(),
                },
                "batches": outlived.batches,
                "quarantined": outlived.quarantined,
            }));
            let (subject, kind) = (form::Subject::House, form::Kind::House("erasure"));
            let seq = door.enter(regime, subject, kind, Actor::House, body)?;
            let erased = Erased {
                seq,
                batches: outlived.batches.len() as u64,
                quarantined: outlived.quarantined.len() as u64,
                ..Erased::default()
            };
            let evidence = [outlived.batches.as_slice(), &outlived.quarantined].concat();
            let records = Records { evidence, erased, ..Records::default() };
            let entered = Entered { id: door.draw.id(door.at), subject: None, records };
            erase::note(&mut door, regime.as_str(), "intake", "time_is_over", &entered)?;
            door.close()?;
            Ok(entered)
        })
    }
}
