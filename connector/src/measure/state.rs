//! What happened to every order, in a file of lines that outlives the machine's death, and what is
//! remembered of it. Each happening is entered in the provider's journal first; an order that is
//! over is erased from here after its time, the journal's lines about it name nobody and stay.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use anyhow::Context;
use entremise_core::id::{AuthorityId, OrderId};
use entremise_wire::measure::{Impossible, JournalLine, Obstacle};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::order::{Happened, Key, Order};
use super::switch::Switch;
use crate::chain::{self, Chain, MeasureAct, MeasureEntry};
use crate::journal::Journal;

/// The file in the index directory.
pub const FILE: &str = "measures.jsonl";

/// One line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    authority: AuthorityId,
    /// Absent where it is about all of the authority's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<OrderId>,
    proof: JournalLine,
    #[serde(flatten)]
    happened: Happened,
}

/// What stands in an order's way, since when, and when it is tried again. Forgotten by a restart,
/// which tries at once.
#[derive(Clone)]
pub struct Trouble {
    pub obstacle: Obstacle,
    pub tries: u32,
    pub next: Timestamp,
}

/// All orders, as far as they are remembered.
#[derive(Default)]
pub struct Memory {
    pub orders: BTreeMap<Key, Order>,
    /// The kill-switches that were entered.
    pub stopped: BTreeMap<AuthorityId, Switch>,
    /// When each authority's was last pulled or let go: approvals of before count for nothing.
    pub switched_at: BTreeMap<AuthorityId, Timestamp>,
}

/// The memory with its file.
pub struct State {
    pub memory: Memory,
    pub troubles: HashMap<Key, Trouble>,
    /// New orders of an authority on one day (UTC), refused ones too: as the journal counts them.
    pub days: HashMap<AuthorityId, (i64, u32)>,
    journal: Journal,
}

impl Memory {
    /// Reads the file as a second process may, while the server writes it.
    pub fn read(directory: &Path) -> anyhow::Result<Self> {
        let mut memory = Self::default();
        let bytes = match std::fs::read(directory.join(FILE)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(memory),
            outcome => outcome.with_context(|| format!("reading {FILE}"))?,
        };
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            memory
                .note(serde_json::from_slice(line).with_context(|| format!("{FILE} is damaged"))?);
        }
        Ok(memory)
    }

    fn note(&mut self, line: Line) {
        let Line { authority, number, proof, happened } = line;
        let Some(number) = number else { return self.note_switch(&authority, &proof, &happened) };
        let order = match (self.orders.entry((authority, number)), &happened) {
            (std::collections::btree_map::Entry::Occupied(known), _) => known.into_mut(),
            (
                std::collections::btree_map::Entry::Vacant(place),
                Happened::Ordered { regime, order, account, .. },
            ) => place.insert(Order::new(regime.clone(), order.clone(), account.clone())),
            // Its beginning was erased, and so is the rest.
            _ => return,
        };
        order.proofs.push(proof);
        order.note(happened);
    }

    fn note_switch(&mut self, authority: &AuthorityId, proof: &JournalLine, happened: &Happened) {
        match happened {
            Happened::Stopped { switch, .. } => {
                self.stopped.insert(authority.clone(), *switch);
            }
            _ => {
                self.stopped.remove(authority);
            }
        }
        self.switched_at.insert(authority.clone(), happened.at());
        let own = self.orders.iter_mut().filter(|(key, _)| key.0 == *authority);
        for (_, order) in own.filter(|(_, order)| order.ended.is_none()) {
            order.proofs.push(proof.clone());
            order.note(happened.clone());
        }
    }
}

impl State {
    pub fn open(directory: &Path) -> anyhow::Result<Self> {
        let mut memory = Memory::default();
        let journal = Journal::open(&directory.join(FILE), |line: Line, _| memory.note(line))?;
        let days = chain::ordered_on_last_days(directory)?;
        Ok(Self { memory, troubles: HashMap::new(), days, journal })
    }

    /// Enters what happened in the provider's journal, then here, durably. If the machine dies
    /// between the two, the journal says it once more when it happens again.
    pub fn note(&mut self, chain: &Chain, key: &Key, happened: Happened) -> anyhow::Result<()> {
        let (authority, number) = key;
        let version = match (&happened, self.memory.orders.get(key)) {
            (Happened::Ordered { order, .. }, _) => Some(order.version),
            (_, known) => known.map(|known| known.order.version),
        };
        let regime = match (&happened, self.memory.orders.get(key)) {
            (Happened::Ordered { regime, .. }, _) => Some(regime.clone()),
            (_, known) => known.map(|known| known.regime.clone()),
        };
        let entry = MeasureEntry {
            regime,
            order: Some(*number),
            version,
            ..entry(authority.clone(), &happened)
        };
        self.add(chain.enter_measure(entry)?, authority.clone(), Some(*number), happened)
    }

    /// The same for all orders of an authority.
    pub fn note_switch(
        &mut self,
        chain: &Chain,
        authority: &AuthorityId,
        happened: Happened,
    ) -> anyhow::Result<()> {
        let proof = chain.enter_measure(entry(authority.clone(), &happened))?;
        self.add(proof, authority.clone(), None, happened)
    }

    fn add(
        &mut self,
        proof: JournalLine,
        authority: AuthorityId,
        number: Option<OrderId>,
        happened: Happened,
    ) -> anyhow::Result<()> {
        let line = Line { authority, number, proof, happened };
        self.journal.append(std::slice::from_ref(&line))?;
        self.journal.make_durable()?;
        self.memory.note(line);
        Ok(())
    }

    /// Erases orders and all that happened to them.
    pub fn erase(&mut self, over: &HashSet<Key>) -> anyhow::Result<()> {
        if over.is_empty() {
            return Ok(());
        }
        self.journal.erase(|bytes, _| {
            let line: Line = serde_json::from_slice(bytes)?;
            Ok(line.number.is_none_or(|number| !over.contains(&(line.authority, number))))
        })?;
        self.memory.orders.retain(|key, _| !over.contains(key));
        self.troubles.retain(|key, _| !over.contains(key));
        Ok(())
    }
}

/// The journal's words for it.
fn entry(authority: AuthorityId, happened: &Happened) -> MeasureEntry {
    let mut entry = MeasureEntry {
        at: happened.at(),
        act: MeasureAct::Measure,
        authority,
        step: happened.step().to_owned(),
        regime: None,
        order: None,
        version: None,
        reason: None,
        by: None,
        signature: None,
        acknowledgements: Vec::new(),
    };
    match happened {
        Happened::Approved { by, signature, .. } => {
            (entry.by, entry.signature) = (Some(by.clone()), Some(signature.clone()));
        }
        Happened::Declined { by, signature, reason, .. } => {
            (entry.by, entry.signature) = (Some(by.clone()), Some(signature.clone()));
            entry.reason = Some(word(reason));
        }
        Happened::Implemented { acknowledgements, .. }
        | Happened::Lifted { acknowledgements, .. } => {
            entry.acknowledgements.clone_from(acknowledgements);
        }
        Happened::Ended { how, .. } => entry.reason = Some(word(how)),
        Happened::Stopped { switch, .. } => entry.reason = Some(switch.name().to_owned()),
        Happened::Ordered { .. } | Happened::Carrying { .. } | Happened::Resumed { .. } => {}
    }
    entry
}

/// A value's wire name.
pub fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Words of the command line are those of the wire, with hyphens.
pub fn impossible(word: &str) -> Result<Impossible, String> {
    serde_json::from_value(serde_json::Value::String(word.replace('-', "_"))).map_err(|_| {
        "expected line-ceased, line-of-necessity, sparing-impossible or decision-doubtful"
            .to_owned()
    })
}
