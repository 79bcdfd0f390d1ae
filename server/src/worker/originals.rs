//! The bytes of a notice as it came, kept with the case of the line that it stands against: before
//! its batch is erased, and before a file goes to the prosecutor.

use std::collections::BTreeMap;

use entremise_core::id::{AuthorityId, BatchId, NoticeId, RegimeId};
use entremise_core::ledger::Actor;
use entremise_formats::{Hint, NoticeRead, Original, original, read};
use entremise_store::{CaseDocument, FactOfBatch, Store, Trouble};
use jiff::Timestamp;

use crate::house::House;

/// The text by which a batch is opened to keep what stands against a line.
const BASIS: &str = "CPI R331-14";

/// Keeps the originals of a batch that are not kept yet. Opens nothing when there is none.
pub fn keep(
    house: &House,
    authority: &AuthorityId,
    batch: BatchId,
    now: Timestamp,
) -> Result<(), Trouble> {
    let store = &house.store;
    let mut wanted = Vec::new();
    for fact in store.facts_of_batch(authority, batch)? {
        if !is_kept(store, authority, &fact)? {
            wanted.push(fact);
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let Some(bytes) = store.open_batch(authority, batch, BASIS, now)? else { return Ok(()) };
    let reading = read(&bytes, Hint::default());
    let mut originals: BTreeMap<RegimeId, Vec<CaseDocument>> = BTreeMap::new();
    for fact in wanted {
        let Some((format, own)) = own_bytes(&bytes, &reading.outcomes, reading.format, &fact)
        else {
            // The notice as it was read is in the file all the same.
            tracing::warn!(notice = %fact.notice, "its bytes are not found again in its batch");
            continue;
        };
        let of = originals.entry(fact.regime).or_default();
        let (case, notice) = (fact.case, fact.notice);
        if let Some(bytes) = own.header {
            of.push(CaseDocument { case, name: format!("header-{notice}.csv"), bytes });
        }
        let name = format!("{}.{}", begin(notice), extension(format));
        of.push(CaseDocument { case, name, bytes: own.bytes });
    }
    for (regime, originals) in originals {
        store.keep_case_documents(authority, &regime, &originals, &Actor::House, now)?;
    }
    Ok(())
}

/// What came alone is kept whole; of what came with others, its own bytes and nobody else's.
fn own_bytes<'f>(
    bytes: &[u8],
    found: &'f [NoticeRead],
    format: &'f str,
    fact: &FactOfBatch,
) -> Option<(&'f str, Original)> {
    match found {
        [_] => Some((format, Original { bytes: bytes.to_vec(), header: None })),
        many => {
            let read = many.iter().find(|read| read.place == fact.place)?;
            Some((read.format, original(bytes, read)?))
        }
    }
}

fn is_kept(store: &Store, authority: &AuthorityId, fact: &FactOfBatch) -> Result<bool, Trouble> {
    let begin = begin(fact.notice);
    Ok(store.documents(authority, &fact.case)?.iter().any(|kept| kept.name.starts_with(&begin)))
}

/// How the name of a kept original begins.
fn begin(notice: NoticeId) -> String {
    format!("original-{notice}")
}

fn extension(format: &str) -> &'static str {
    match format {
        "acns" => "xml",
        "xarf" => "json",
        "csv" => "csv",
        "ndjson" => "ndjson",
        "mail" => "eml",
        _ => "bin",
    }
}
