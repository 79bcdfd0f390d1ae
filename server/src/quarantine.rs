//! Reading again what was set aside, as if it had just come from its sender: for the operator's
//! page and for the command line. What is in it is shown to nobody.

use entremise_core::id::{BatchId, PersonId};
use entremise_store::{LookError, QuarantineRow, Trouble};
use jiff::Timestamp;

use crate::house::{House, Room};
use crate::intake::{Channel, NotTaken, Sending, receive};

/// Who has it opened, and by what text: both stand in the ledger before anything is opened.
pub struct Reader<'r> {
    pub by: &'r PersonId,
    /// The text that allows it, such as `CPI L331-23`.
    pub legal_basis: &'r str,
}

/// What became of it.
#[derive(Debug)]
pub enum Replayed {
    Taken(BatchId),
    /// So many notices can be read now; nothing was taken, as was asked.
    Readable(usize),
    StillUnreadable,
    /// Its sender is not registered here.
    NoSender,
    /// Somebody was quicker, or its bytes are erased.
    Gone,
    NotTaken(NotTaken),
}

/// Why nothing could be tried.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Look(#[from] LookError),
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Reads one thing that was set aside again, and takes it where it can be read.
///
/// # Errors
/// The look cannot be entered, or the store cannot answer.
pub fn replay(
    house: &House,
    room: &Room,
    row: &QuarantineRow,
    reader: &Reader<'_>,
    takes: bool,
    now: Timestamp,
) -> Result<Replayed, ReplayError> {
    let Some(sender) = row.sender.as_ref().and_then(|sender| room.sender(sender)) else {
        return Ok(Replayed::NoSender);
    };
    let kept = house.store.take_quarantined(row.id, reader.by, reader.legal_basis, now)?;
    let Some(kept) = kept else { return Ok(Replayed::Gone) };
    let reading = entremise_formats::read(&kept.raw, entremise_formats::Hint::default());
    let readable = reading.outcomes.iter().filter(|outcome| outcome.verdict.is_ok()).count();
    if readable == 0 {
        return Ok(Replayed::StillUnreadable);
    }
    if !takes {
        return Ok(Replayed::Readable(readable));
    }
    let sending = Sending {
        channel: Channel::Folder,
        bytes: kept.raw,
        idempotency_key: Some(format!("quarantine-{}", row.id.0)),
        jws: None,
        received_at: now,
    };
    match receive(&house.store, room, sender, sending) {
        Ok(report) => {
            house.store.release_quarantined(row.id, now)?;
            Ok(Replayed::Taken(report.id))
        }
        Err(NotTaken::Trouble(trouble)) => Err(trouble.into()),
        Err(not_taken) => Ok(Replayed::NotTaken(not_taken)),
    }
}
