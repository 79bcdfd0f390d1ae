//! A receipt: one entry of a ledger, with all that proves offline that it was entered.
//!
//! The form is C2SP tlog-proof, version 1. Its `extra` line holds what a verifier needs besides:
//! the entry itself and, where the holder may know it, what lies behind its commitment.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tlog_tiles::{Hash, check_record, record_hash};

use crate::cosignature::{Cosigned, Witnesses};
use crate::head::{HeadHarm, read_head};
use crate::key::PublicKey;
use crate::leaf::{LeafView, commitment};
use crate::timestamp;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A tree of 2⁶³ entries is this deep.
const HASHES_MAX: usize = 63;

/// An entry, its way to the root, and the checkpoint that signs the root.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// Number of the entry, from 0.
    pub entry: u64,
    pub extra: Extra,
    /// Hashes beside the way from the entry to the root, RFC 6962 §2.1.1.
    pub proof: Vec<Hash>,
    /// The signed note, with cosignatures where there are any.
    pub checkpoint: String,
}

/// What stands in the `extra` line, as JSON in base64. Nothing in it is believed unchecked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extra {
    /// The entry, byte for byte as it was published.
    pub leaf: String,
    /// What lies behind its commitment; only for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opening: Option<Opening>,
    /// The answer of a time-stamping authority over the checkpoint (RFC 3161), base64.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timestamp: Option<String>,
}

/// A salt and a body: together they make the commitment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// Base64.
    pub salt: String,
    /// Base64. What happened, in full.
    pub body: String,
}

/// Why a text is no receipt, or what a receipt fails to prove.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptHarm {
    #[error("this is not a receipt: {why}")]
    Form { why: &'static str },
    #[error("the checkpoint in the receipt: {0}")]
    Checkpoint(#[from] HeadHarm),
    #[error("no key was given: say with --key whose ledger this must be")]
    NoKey,
    #[error(
        "the entry is not in the ledger that was signed: its hashes do not lead to the root of \
         {size} entries; the receipt was altered, or made up"
    )]
    NotInTree { size: u64 },
    #[error("the entry in the receipt calls itself number {said}, not {entry}")]
    OtherNumber { said: u64, entry: u64 },
    #[error(
        "what the receipt says happened is not what was entered: it does not fit the commitment"
    )]
    OtherBody,
    #[error("{words}")]
    NotCosigned { words: String },
    #[error("the time stamp in the receipt: {why}")]
    Timestamp { why: String },
}

/// What a receipt proves.
#[derive(Clone, Debug, Serialize)]
pub struct Proven {
    pub origin: String,
    pub entry: u64,
    /// Entries of the ledger when the checkpoint was signed.
    pub size: u64,
    pub kind: String,
    pub subject: String,
    /// The date that the entry bears: the ledger's own word.
    pub dated: Timestamp,
    pub signed_by: String,
    pub cosigned: Vec<Cosigned>,
    /// By whom and when the checkpoint was time-stamped.
    pub stamped: Option<(String, Timestamp)>,
    /// What happened, in full, where the receipt opens it.
    pub body: Option<String>,
}

impl Receipt {
    /// # Errors
    /// [`ReceiptHarm::Form`].
    pub fn parse(text: &str) -> Result<Self, ReceiptHarm> {
        let bad = |why| ReceiptHarm::Form { why };
        let rest = text.strip_prefix(FIRST_LINE).and_then(|rest| rest.strip_prefix('\n'));
        let rest = rest.ok_or_else(|| bad("it does not begin as a C2SP tlog-proof does"))?;
        let (head, checkpoint) =
            rest.split_once("\n\n").ok_or_else(|| bad("the checkpoint is missing"))?;
        let mut lines = head.lines();
        let extra = lines.next().and_then(|line| line.strip_prefix("extra "));
        let extra = extra.and_then(|extra| BASE64_STANDARD.decode(extra).ok());
        let extra = extra.and_then(|extra| serde_json::from_slice(&extra).ok());
        let entry = lines.next().and_then(|line| line.strip_prefix("index "));
        let number = entry.and_then(|entry| entry.parse::<u64>().ok());
        let number = number.filter(|number| Some(number.to_string().as_str()) == entry);
        let proof: Option<Vec<Hash>> = lines.map(|line| Hash::parse_hash(line).ok()).collect();
        let proof = proof.filter(|proof| proof.len() <= HASHES_MAX);
        Ok(Self {
            entry: number.ok_or_else(|| bad("it does not say which entry it is about"))?,
            extra: extra.ok_or_else(|| bad("it does not hold the entry"))?,
            proof: proof.ok_or_else(|| bad("a hash in it cannot be read"))?,
            checkpoint: checkpoint.to_owned(),
        })
    }

    /// Adds what lies behind the commitment.
    #[must_use]
    pub fn opened(mut self, salt: &[u8], body: &[u8]) -> Self {
        let (salt, body) = (BASE64_STANDARD.encode(salt), BASE64_STANDARD.encode(body));
        self.extra.opening = Some(Opening { salt, body });
        self
    }

    /// Says what the receipt proves to somebody who trusts these keys, and nobody else.
    ///
    /// # Errors
    /// [`ReceiptHarm`]: the first thing that does not hold.
    pub fn check(
        &self,
        keys: &[PublicKey],
        witnesses: &Witnesses,
        timestamp_roots: &[Vec<u8>],
    ) -> Result<Proven, ReceiptHarm> {
        if keys.is_empty() {
            return Err(ReceiptHarm::NoKey);
        }
        let head = read_head(self.checkpoint.as_bytes(), keys)?;
        let hash = record_hash(self.extra.leaf.as_bytes());
        check_record(&self.proof, head.size, head.root, self.entry, hash)
            .map_err(|_| ReceiptHarm::NotInTree { size: head.size })?;
        let leaf =
            LeafView::read(self.extra.leaf.as_bytes()).map_err(|why| ReceiptHarm::Form { why })?;
        if leaf.seq != self.entry {
            return Err(ReceiptHarm::OtherNumber { said: leaf.seq, entry: self.entry });
        }
        let body = match &self.extra.opening {
            None => None,
            Some(opening) => Some(opening.open(leaf.commitment).ok_or(ReceiptHarm::OtherBody)?),
        };
        let cosignatures = witnesses.look_at(&head.text);
        if let Some(words) = witnesses.missing(&cosignatures) {
            return Err(ReceiptHarm::NotCosigned { words });
        }
        Ok(Proven {
            entry: self.entry,
            size: head.size,
            kind: leaf.kind.to_owned(),
            subject: leaf.subject.to_owned(),
            dated: leaf.at,
            cosigned: cosignatures.good,
            stamped: self.stamped(timestamp_roots)?,
            body: body.map(|body| String::from_utf8_lossy(&body).into_owned()),
            origin: head.origin,
            signed_by: head.signed_by,
        })
    }

    fn stamped(&self, roots: &[Vec<u8>]) -> Result<Option<(String, Timestamp)>, ReceiptHarm> {
        let Some(answer) = self.extra.timestamp.as_ref().filter(|_| !roots.is_empty()) else {
            return Ok(None);
        };
        let bad = |why: String| ReceiptHarm::Timestamp { why };
        let answer = BASE64_STANDARD.decode(answer).map_err(|trouble| bad(trouble.to_string()))?;
        let stamp = timestamp::check(&answer, self.checkpoint.as_bytes(), None, roots)
            .map_err(|harm| bad(harm.to_string()))?;
        Ok(Some((stamp.by, stamp.at)))
    }
}

impl Opening {
    /// The body, where it is what the commitment was made over.
    fn open(&self, committed: &str) -> Option<Vec<u8>> {
        let salt = BASE64_STANDARD.decode(&self.salt).ok()?;
        let body = BASE64_STANDARD.decode(&self.body).ok()?;
        (commitment(&salt, &body) == committed).then_some(body)
    }
}

/// Says that there is one and not what it holds: it may name a person.
impl fmt::Debug for Opening {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Opening")
    }
}

impl Proven {
    /// The earliest moment at which somebody other than the ledger saw the entry, and who.
    pub fn seen(&self) -> Option<(Timestamp, &str)> {
        let cosigned = self.cosigned.iter().map(|one| (one.at, one.witness.as_str()));
        let stamped = self.stamped.as_ref().map(|(by, at)| (*at, by.as_str()));
        cosigned.chain(stamped).min_by_key(|(at, _)| *at)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra = serde_json::to_string(&self.extra).map_err(|_| fmt::Error)?;
        writeln!(formatter, "{FIRST_LINE}")?;
        writeln!(formatter, "extra {}", BASE64_STANDARD.encode(extra))?;
        writeln!(formatter, "index {}", self.entry)?;
        self.proof.iter().try_for_each(|hash| writeln!(formatter, "{hash}"))?;
        write!(formatter, "\n{}", self.checkpoint)
    }
}

/// One sentence, and a second one on what it does not prove.
impl fmt::Display for Proven {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, subject, entry, origin, size, dated, .. } = self;
        write!(
            formatter,
            "This receipt proves that {kind} for {subject} was entered as entry {entry} of the \
             ledger {origin}, among its first {size} entries"
        )?;
        match self.seen() {
            Some((at, by)) => write!(formatter, ", before {at}, when {by} saw it there")?,
            None => write!(
                formatter,
                "; that this was on {dated} only the ledger itself says: no witness and no time \
                 stamp that you trust confirms it"
            )?,
        }
        writeln!(formatter, ".")?;
        writeln!(formatter, "  the entry is dated {dated}; signed by {}", self.signed_by)?;
        for cosigned in &self.cosigned {
            writeln!(formatter, "  cosigned by {cosigned}")?;
        }
        if let Some((by, at)) = &self.stamped {
            writeln!(formatter, "  time-stamped by {by} on {at}")?;
        }
        match &self.body {
            Some(body) => writeln!(formatter, "  what was entered, in full: {body}"),
            None => writeln!(formatter, "  what was entered in full is not part of this receipt"),
        }
    }
}
