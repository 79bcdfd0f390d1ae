//! The ledger as files: published for strangers, verified without trust in who published it.
//!
//! The tree is that of RFC 6962 §2.1, its files those of C2SP tlog-tiles, its head a C2SP signed
//! note. This room must not know cases, stores or servers: it is given leaves in order and a
//! folder, or a folder (or its address on the web) alone.
//!
//! One folder per ledger:
//!
//! ```text
//! <authority>/checkpoint            origin, size, root hash, signature
//! <authority>/vkey                  the public key, as a note key
//! <authority>/tile/<L>/<N>[.p/<W>]  hashes of level 8·L, 256 a file; .p/<W> while it grows
//! <authority>/tile/entries/<N>[…]   the leaves, each behind its length in two bytes
//! ```

pub mod keys;
mod leaf;
mod name;
pub mod place;
pub mod publish;
mod tree;
pub mod verify;
mod write;

pub use keys::{KeyError, LogKey, PublicKey};
pub use place::{Fetch, FetchError, Folder, Place, Web};
pub use publish::{Leaves, PublishError, Published, publish};
pub use verify::report::{Check, Finding, Harm, LedgerReport, Report};
pub use verify::{Options, Progress, VerifyError, verify};

/// Name of the signed head of the tree inside a ledger's folder.
pub const CHECKPOINT: &str = "checkpoint";
/// Name of the public key inside a ledger's folder.
pub const VKEY: &str = "vkey";
