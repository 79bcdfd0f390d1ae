//! The daily time stamp: what is to be stamped, and where the answer is kept. Asking is the
//! caller's work; checking is the auditor's package's (`entremise_audit::timestamp`).
//!
//! `timestamps/<size>.checkpoint` holds the stamped bytes, `<size>.tsr` the answer, and `index` the
//! sizes, one a line, since not every reader can list a folder.

use std::path::Path;

use entremise_audit::head::unchecked;
use entremise_audit::timestamp::claimed_instant;
use entremise_audit::{CHECKPOINT, TIMESTAMPS};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::publish::{PublishError, read};
use crate::write::Writer;

/// The checkpoint to have stamped, where today's has none yet and it is not the one of before.
///
/// # Errors
/// [`PublishError::File`].
pub fn due(folder: &Path, now: Timestamp) -> Result<Option<Vec<u8>>, PublishError> {
    let Some(checkpoint) = read(folder, CHECKPOINT)? else { return Ok(None) };
    let Some(head) = unchecked(&checkpoint).filter(|head| head.size > 0) else { return Ok(None) };
    let Some(last) = sizes(folder)?.into_iter().max() else { return Ok(Some(checkpoint)) };
    let answer = read(folder, &format!("{TIMESTAMPS}/{last}.tsr"))?;
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let today = answer.and_then(|answer| claimed_instant(&answer)).map(day) == Some(day(now));
    Ok((last < head.size && !today).then_some(checkpoint))
}

/// Keeps an answer that was checked.
///
/// # Errors
/// [`PublishError::File`]; nothing is then listed.
pub fn keep(folder: &Path, checkpoint: &[u8], answer: &[u8]) -> Result<(), PublishError> {
    let Some(head) = unchecked(checkpoint) else { return Ok(()) };
    let mut sizes = sizes(folder)?;
    if sizes.contains(&head.size) {
        return Ok(());
    }
    sizes.push(head.size);
    sizes.sort_unstable();
    let index: String = sizes.iter().map(|size| format!("{size}\n")).collect();
    let name = |ending: &str| format!("{TIMESTAMPS}/{}.{ending}", head.size);
    let mut writer = Writer::new(folder);
    writer.write(&[(name("checkpoint"), checkpoint.to_vec()), (name("tsr"), answer.to_vec())])?;
    writer.settle()?;
    // Crash here: two files that nobody lists, written again tomorrow under another size.
    writer.write(&[(format!("{TIMESTAMPS}/index"), index.into_bytes())])?;
    Ok(writer.settle()?)
}

fn sizes(folder: &Path) -> Result<Vec<u64>, PublishError> {
    let list = read(folder, &format!("{TIMESTAMPS}/index"))?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&list).lines().filter_map(|size| size.parse().ok()).collect())
}
