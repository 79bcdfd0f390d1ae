//! The ledger as files: published for strangers, and what goes with them: receipts, witnesses, time
//! stamps.
//!
//! The tree is that of RFC 6962 §2.1, its files those of C2SP tlog-tiles, its head a C2SP signed
//! note. Verification is the package `entremise-audit`, which strangers read alone; its names are
//! passed on from here. This room must not know cases, stores or servers: it is given leaves in
//! order and a folder.
//!
//! One folder per ledger:
//!
//! ```text
//! <authority>/checkpoint            origin, size, root hash, signature, cosignatures
//! <authority>/vkey                  the public key, as a note key
//! <authority>/tile/<L>/<N>[.p/<W>]  hashes of level 8·L, 256 a file; .p/<W> while it grows
//! <authority>/tile/entries/<N>[…]   the leaves, each behind its length in two bytes
//! <authority>/timestamps/<size>.*   a checkpoint, and an authority's time stamp over it
//! <authority>/index.html, verify.*  the page that verifies all this in a browser
//! ```

pub mod keys;
pub mod publish;
pub mod receipt;
pub mod timestamp;
pub mod witness;
mod write;

pub use entremise_audit as audit;
pub use entremise_audit::{
    CHECKPOINT, Check, Fetch, FetchError, Finding, Folder, Harm, LedgerReport, Options, Place,
    Progress, PublicKey, Receipt, Report, VKEY, VerifyError, WitnessKey, Witnesses, verify,
};
pub use keys::{KeyError, LogKey, WitnessSigner};
pub use publish::{Leaves, PublishError, Published, publish};
