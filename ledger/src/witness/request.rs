//! What a ledger asks of a witness, as C2SP tlog-witness writes it: the size the witness saw last,
//! the proof that the new tree continues that one, and the checkpoint.

use std::fmt;

use tlog_tiles::Hash;

/// "The client MUST NOT send more than 63 consistency proof lines."
const HASHES_MAX: usize = 63;

/// The body of `POST /add-checkpoint`.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Size of the checkpoint that this witness cosigned last; 0 when none.
    pub old: u64,
    /// RFC 6962 §2.1.2; empty when `old` is 0 or the size did not change.
    pub proof: Vec<Hash>,
    pub checkpoint: String,
}

impl Request {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(body: &str) -> Result<Self, &'static str> {
        let (head, checkpoint) =
            body.split_once("\n\n").ok_or("no empty line before the checkpoint")?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let size = old.and_then(|old| old.parse::<u64>().ok());
        let size = size.filter(|size| Some(size.to_string().as_str()) == old);
        let proof: Option<Vec<Hash>> = lines.map(|line| Hash::parse_hash(line).ok()).collect();
        let proof = proof.ok_or("a line of the proof is not a hash in base64")?;
        if proof.len() > HASHES_MAX {
            return Err("more than 63 lines of proof");
        }
        let old = size.ok_or("the first line is not \"old\" and a size")?;
        Ok(Self { old, proof, checkpoint: checkpoint.to_owned() })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(formatter, "{hash}"))?;
        write!(formatter, "\n{}", self.checkpoint)
    }
}
