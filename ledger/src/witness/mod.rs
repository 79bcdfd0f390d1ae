//! A witness: remembers the last checkpoint of each ledger it knows, and cosigns a new one only
//! when that continues it. C2SP tlog-witness, without the socket.
//!
//! A ledger that shows two people two books needs two histories cosigned; an honest witness
//! cosigns one. What it refuses although the ledger signed it is evidence, and is kept.

mod ask;
mod request;
mod state;

use std::path::Path;

use entremise_audit::head::{Head, HeadHarm, origin_of, read_head};
use jiff::Timestamp;
use tlog_tiles::{EMPTY_HASH, check_tree};

use crate::keys::WitnessSigner;
use entremise_audit::PublicKey;

pub use ask::{Asked, NotCosigned, add_cosignatures, ask};
pub use request::Request;
pub use state::{State, StateTrouble};

/// A ledger that the witness knows: its origin is the name of its key.
#[derive(Clone, Debug)]
pub struct KnownLog {
    pub origin: String,
    pub keys: Vec<PublicKey>,
}

/// A witness with its key, its ledgers and its memory.
pub struct Witness {
    signer: WitnessSigner,
    logs: Vec<KnownLog>,
    state: State,
}

/// What the witness answers; the numbers are those of C2SP tlog-witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200: its signature line.
    Cosigned(String),
    /// 400.
    Malformed(&'static str),
    /// 403: no known key signed it.
    UnknownKey,
    /// 404.
    UnknownOrigin,
    /// 409: the witness saw this size last.
    Conflict { size: u64 },
    /// 409 too: of that very size, and with another root. Two books under one key.
    SplitView { size: u64 },
    /// 422: it does not continue what the witness saw.
    NotContinued,
}

impl Answer {
    /// Status, content type and body.
    pub fn to_http(&self) -> (u16, &'static str, String) {
        const TEXT: &str = "text/plain; charset=utf-8";
        match self {
            Self::Cosigned(line) => (200, TEXT, line.clone()),
            Self::Malformed(why) => (400, TEXT, format!("{why}\n")),
            Self::UnknownKey => (403, TEXT, "no known key signed this checkpoint\n".to_owned()),
            Self::UnknownOrigin => (404, TEXT, "this origin is not known here\n".to_owned()),
            Self::Conflict { size } | Self::SplitView { size } => {
                (409, "text/x.tlog.size", format!("{size}\n"))
            }
            Self::NotContinued => (
                422,
                TEXT,
                "the proof does not hold: this does not continue what was seen\n".into(),
            ),
        }
    }
}

impl Witness {
    /// Opens the memory in `folder`, alone.
    ///
    /// # Errors
    /// [`StateTrouble`] when another process has it open or it cannot be read.
    pub fn open(
        signer: WitnessSigner,
        logs: Vec<KnownLog>,
        folder: &Path,
    ) -> Result<Self, StateTrouble> {
        Ok(Self { signer, logs, state: State::open(folder)? })
    }

    pub fn key(&self) -> &entremise_audit::WitnessKey {
        self.signer.public()
    }

    /// Answers one request. What it cosigns is on the disk before it answers.
    ///
    /// # Errors
    /// [`StateTrouble`] when it cannot be remembered; nothing is then cosigned.
    pub fn add_checkpoint(&self, body: &[u8], now: Timestamp) -> Result<Answer, StateTrouble> {
        let request =
            match std::str::from_utf8(body).map_err(|_| "not text").and_then(Request::parse) {
                Ok(request) => request,
                Err(why) => return Ok(Answer::Malformed(why)),
            };
        let note = request.checkpoint.as_bytes();
        let Some(origin) = origin_of(note) else {
            return Ok(Answer::Malformed("the checkpoint is none"));
        };
        let Some(log) = self.logs.iter().find(|log| log.origin == origin) else {
            return Ok(Answer::UnknownOrigin);
        };
        let head = match read_head(note, &log.keys) {
            Ok(head) => head,
            Err(HeadHarm::Form { .. }) => return Ok(Answer::Malformed("the checkpoint is none")),
            Err(_) => return Ok(Answer::UnknownKey),
        };
        if request.old > head.size {
            return Ok(Answer::Malformed("the old size is larger than the new one"));
        }
        // From here to the end nobody else looks or writes: two requests at once would each be
        // consistent with the same past and not with one another.
        let mut memory = self.state.lock(&origin)?;
        let seen = memory.seen();
        let seen_size = seen.as_ref().map_or(0, |seen| seen.size);
        if request.old != seen_size {
            return Ok(Answer::Conflict { size: seen_size });
        }
        if let Some(refusal) = refusal(&request, &head, seen.as_ref()) {
            memory.keep_evidence(&head)?;
            return Ok(refusal);
        }
        memory.remember(head.clone())?;
        let text = head.text.rsplit_once("\n\n").map_or("", |(text, _)| text);
        Ok(Answer::Cosigned(self.signer.cosign(&format!("{text}\n"), now)))
    }
}

/// Why a checkpoint that the ledger signed is not cosigned.
fn refusal(request: &Request, head: &Head, seen: Option<&Head>) -> Option<Answer> {
    let no_proof = request.proof.is_empty();
    let holds = match seen {
        Some(seen) if seen.size == head.size => {
            if seen.root != head.root {
                return Some(Answer::SplitView { size: seen.size });
            }
            no_proof
        }
        Some(seen) if seen.size > 0 => {
            check_tree(&request.proof, head.size, head.root, seen.size, seen.root).is_ok()
        }
        _ => no_proof && (head.size > 0 || head.root == EMPTY_HASH),
    };
    (!holds).then_some(Answer::NotContinued)
}
