//! Receipts for those whom an entry concerns: that it stands in the published ledger, and what lies
//! behind it where the reader may see that.
//!
//! A receipt is made from the published files alone, so it is there some seconds after the entry.

use std::path::Path;

use entremise_core::id::AuthorityId;
use entremise_ledger::receipt::{self, NoReceipt};
use entremise_ledger::{Folder, Receipt};
use entremise_store::{Store, Trouble};

/// Why there is no receipt now.
#[derive(Debug, thiserror::Error)]
pub enum NotNow {
    /// The entry is not published yet: seconds later it is.
    #[error("the entry is not published yet")]
    NotYet,
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// The published files do not give one: an operator must look.
    #[error("the published ledger gives no receipt: {0}")]
    Ledger(NoReceipt),
}

impl From<NoReceipt> for NotNow {
    fn from(why: NoReceipt) -> Self {
        match why {
            NoReceipt::NoLedger | NoReceipt::NotYet { .. } => Self::NotYet,
            other => Self::Ledger(other),
        }
    }
}

/// The receipt of an entry as everybody may have it.
///
/// # Errors
/// [`NotNow`].
pub fn closed(ledger: &Path, entry: u64) -> Result<Receipt, NotNow> {
    Ok(receipt::make(&Folder(ledger.to_owned()), entry)?)
}

/// The receipt of an entry with what lies behind its commitment, for whoever may see that; closed
/// where it is erased.
///
/// # Errors
/// [`NotNow`].
pub fn opened(
    store: &Store,
    authority: &AuthorityId,
    ledger: &Path,
    entry: u64,
) -> Result<Receipt, NotNow> {
    let receipt = closed(ledger, entry)?;
    Ok(match store.ledger_opening(authority, entry)? {
        Some((salt, body)) => receipt.opened(&salt, &body),
        None => receipt,
    })
}
