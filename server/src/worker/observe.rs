//! Asks others to look at what was just published: witnesses for their cosignature, once a day an
//! authority for a time stamp. Never in the way: a thread beside the work, one at a time for each
//! ledger, with a deadline. Who is silent is named in the log and asked again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use entremise_core::id::AuthorityId;
use entremise_ledger::audit::command::certificates;
use entremise_ledger::audit::timestamp;
use entremise_ledger::witness::{Asked, NotCosigned, add_cosignatures, ask};
use entremise_ledger::{Folder, Published, WitnessKey, Witnesses};
use entremise_store::Entropy;
use jiff::{SignedDuration, Timestamp};

use super::publish::folder;
use crate::config::Config;
use crate::house::{House, Room};

/// How long one request may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Pause before somebody who was silent is asked again.
const AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// No answer of theirs is longer.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Who else looks at what is published.
pub struct Observers {
    witnesses: Vec<Witness>,
    timestamp: Option<Stamping>,
    entropy: Arc<dyn Entropy>,
    /// When each ledger's observers were last asked; `None` while they are being asked.
    asked: Mutex<BTreeMap<AuthorityId, Option<Timestamp>>>,
}

struct Witness {
    url: String,
    key: WitnessKey,
}

struct Stamping {
    url: String,
    roots: Vec<Vec<u8>>,
}

impl Observers {
    /// Reads keys and certificates.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn read(config: &Config, entropy: Arc<dyn Entropy>) -> anyhow::Result<Self> {
        let witnesses = config
            .witnesses
            .iter()
            .map(|witness| {
                let key = WitnessKey::parse(&witness.key)
                    .with_context(|| format!("witness {}", witness.url))?;
                let url = format!("{}/add-checkpoint", witness.url.trim_end_matches('/'));
                Ok(Witness { url, key })
            })
            .collect::<anyhow::Result<_>>()?;
        let timestamp = match &config.timestamp {
            None => None,
            Some(stamping) => {
                let path = stamping.ca.display();
                let pem = std::fs::read_to_string(&stamping.ca)
                    .with_context(|| format!("{path} cannot be read"))?;
                let roots = certificates(&pem);
                if roots.is_empty() {
                    bail!("{path} holds no certificate in PEM");
                }
                Some(Stamping { url: stamping.url.clone(), roots })
            }
        };
        Ok(Self { witnesses, timestamp, entropy, asked: Mutex::default() })
    }

    /// Asks every witness at once, then the time-stamping authority, and writes what they gave.
    /// `guess` is the size that the witnesses probably saw last.
    ///
    /// # Errors
    /// When an answer cannot be kept, or a stamp does not hold. Silence is no error.
    pub fn ask(&self, folder: &Path, guess: u64, now: Timestamp) -> anyhow::Result<()> {
        let client = reqwest::blocking::Client::builder().timeout(DEADLINE).build()?;
        let asked: Vec<Asked> = std::thread::scope(|scope| {
            let threads: Vec<_> = self
                .witnesses
                .iter()
                .map(|witness| scope.spawn(|| cosigned(&client, witness, folder, guess)))
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect()
        });
        if !asked.is_empty() {
            add_cosignatures(folder, &asked)?;
        }
        match &self.timestamp {
            None => Ok(()),
            Some(stamping) => stamped(&client, stamping, folder, &*self.entropy, now),
        }
    }

    /// Whether this ledger's observers are being asked now.
    pub fn is_asking(&self, authority: &AuthorityId) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get(authority) == Some(&None)
    }

    /// Takes the turn to ask about this ledger, unless it was just taken.
    fn take_turn(&self, authority: &AuthorityId, is_new: bool, now: Timestamp) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = match asked.get(authority) {
            None => true,
            Some(None) => false,
            Some(Some(last)) => is_new || now.duration_since(*last) >= AGAIN,
        };
        if due {
            asked.insert(authority.clone(), None);
        }
        due
    }

    fn end_turn(&self, authority: &AuthorityId, now: Timestamp) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.insert(authority.clone(), Some(now));
    }
}

/// Asks all observers about a ledger in a thread of its own, where there is something to ask.
pub fn beside(house: &Arc<House>, room: &Room, published: &Published, now: Timestamp) {
    let observers = &house.observers;
    let keys: Vec<WitnessKey> =
        observers.witnesses.iter().map(|witness| witness.key.clone()).collect();
    let looked = Witnesses { keys, quorum: 0 }.look_at(&published.checkpoint);
    let is_new = published.added > 0;
    if looked.absent.is_empty() && observers.timestamp.is_none()
        || !observers.take_turn(&room.config.id, is_new, now)
    {
        return;
    }
    let (house, authority) = (house.clone(), room.config.id.clone());
    let (folder, guess) = (folder(&house, room), published.size - published.added);
    let work = move || {
        let observers = &house.observers;
        if let Err(error) = observers.ask(&folder, guess, now) {
            let error = format!("{error:#}");
            tracing::error!(%authority, error, "what was published could not be observed");
        }
        observers.end_turn(&authority, now);
    };
    if let Err(error) = std::thread::Builder::new().name("observers".to_owned()).spawn(work) {
        tracing::error!(%error, "observers cannot be asked");
        observers.end_turn(&room.config.id, now);
    }
}

fn cosigned(
    client: &reqwest::blocking::Client,
    witness: &Witness,
    folder: &Path,
    guess: u64,
) -> Option<Asked> {
    let send = |body: String| {
        let answer = client.post(&witness.url).body(body).send();
        let answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let bytes = short(answer)?;
        Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    };
    let name = &witness.key.name;
    match ask(&Folder(folder.to_owned()), &witness.key, guess, &send) {
        Ok(asked) => Some(asked),
        Err(why @ NotCosigned::Silent(_)) => {
            tracing::warn!(witness = name, alarm = "witness_silent", %why, "not cosigned");
            None
        }
        Err(why) => {
            tracing::error!(witness = name, alarm = "witness_refuses", %why, "not cosigned");
            None
        }
    }
}

/// Has today's checkpoint stamped, where it is due.
fn stamped(
    client: &reqwest::blocking::Client,
    stamping: &Stamping,
    folder: &Path,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> anyhow::Result<()> {
    let Some(checkpoint) = entremise_ledger::timestamp::due(folder, now)? else {
        return Ok(());
    };
    let mut nonce = [0; 8];
    entropy.fill(&mut nonce);
    let answer = client
        .post(&stamping.url)
        .header("content-type", "application/timestamp-query")
        .body(timestamp::request(&checkpoint, nonce))
        .send()
        .and_then(reqwest::blocking::Response::error_for_status);
    let answer = match answer.map_err(|error| error.to_string()).and_then(short) {
        Ok(answer) => answer,
        Err(why) => {
            tracing::warn!(alarm = "timestamp_silent", why, "today's checkpoint has no time stamp");
            return Ok(());
        }
    };
    timestamp::check(&answer, &checkpoint, Some(nonce), &stamping.roots)
        .context("the answer of the time-stamping authority")?;
    Ok(entremise_ledger::timestamp::keep(folder, &checkpoint, &answer)?)
}

/// An answer's body, up to what one may hold.
fn short(answer: reqwest::blocking::Response) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let read = answer.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string()).map(|_| bytes)
}
