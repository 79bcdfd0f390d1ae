//! Verifies a published ledger, and receipts from it, without trust in who published it.
//!
//! This package knows nothing else of Entremise: an auditor reads it alone. The same code is behind
//! `entremise ledger verify`. It reads files and addresses, writes nothing, and reads no clock.
//!
//! Reading order: [`leaf`] (what an entry is), [`name`] and [`tree`] (where its hash lies),
//! [`head`] and [`cosignature`] (who signed), [`mod@verify`] (all of a ledger), [`receipt`] (one
//! entry of it), [`timestamp`] (when), [`signed_text`] (what else the ledger's key signs).
//! Standards: RFC 6962 §2.1, RFC 3161, C2SP signed-note, tlog-checkpoint, tlog-tiles,
//! tlog-cosignature, tlog-proof.

pub mod command;
pub mod cosignature;
pub mod head;
pub mod key;
pub mod leaf;
pub mod name;
pub mod place;
pub mod receipt;
pub mod signed_text;
pub mod timestamp;
pub mod tree;
pub mod verify;

pub use cosignature::{Cosigned, Witnesses};
pub use key::{KeyError, PublicKey, WitnessKey};
pub use place::{Fetch, FetchError, Folder, Place};
pub use receipt::{Opening, Proven, Receipt, ReceiptHarm};
pub use signed_text::{SignedText, TextHarm, read_signed};
pub use verify::report::{Check, Finding, Harm, LedgerReport, Report};
pub use verify::{Options, Progress, VerifyError, verify};

/// Name of the signed head of the tree inside a ledger's folder.
pub const CHECKPOINT: &str = "checkpoint";
/// Name of the public key inside a ledger's folder.
pub const VKEY: &str = "vkey";
/// Folder of the time-stamped checkpoints, and the list of their sizes in it, one a line.
pub const TIMESTAMPS: &str = "timestamps";
/// Files of the page that verifies a ledger in a browser; copied beside it, part of no ledger.
pub const PAGE: [(&str, &str); 3] = [
    ("index.html", include_str!("../page/index.html")),
    ("verify.css", include_str!("../page/verify.css")),
    ("verify.js", include_str!("../page/verify.js")),
];
