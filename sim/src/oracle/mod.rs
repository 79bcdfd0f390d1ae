//! The oracle: a naive model of what must hold, judged from the world's own truth and from what
//! the house left behind (its ledger, its mails, its letters). It knows who really held which
//! address, and it does not ask the engine what to think.
//!
//! The engine is used in two places only: to read the house's own numbers on envelopes (which
//! effect a return path belongs to), and in the rule that replaying a history gives the state.

mod books;
mod people;

use std::collections::BTreeMap;

use anyhow::Context;
use entremise_connector::handle::HandleMaker;
use entremise_core::case::{State, Subject};
use entremise_core::effect::Effect;
use entremise_core::event::Event;
use entremise_core::id::{CaseId, EffectId, NoticeId};
use entremise_core::identification::Outcome;
use entremise_core::ledger::Leaf;
use entremise_core::regime::rules::ChannelKind;
use entremise_store::CaseFile;
use jiff::Timestamp;

use crate::estate::{AUTHORITY, REGIME};
use crate::play::{Play, Sent};
use crate::world::SENDERS;
use crate::world::sightings::Sighting;
use crate::world::truth::SubscriberNumber;

/// Something that must never happen, and did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The rule, as a sentence.
    pub rule: &'static str,
    pub what: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.rule, self.what)
    }
}

/// One message that left the house, whatever carried it.
#[derive(Clone, Debug)]
pub struct Message {
    pub effect: EffectId,
    pub case: CaseId,
    pub stage: usize,
    pub channel: ChannelKind,
    pub attempt: u32,
    pub notice: NoticeId,
    /// When its carrier took it.
    pub taken_at: Timestamp,
    /// Who got it; None where no subscriber lives at the address.
    pub addressee: Option<SubscriberNumber>,
    /// The mail as it was taken; empty for letters.
    pub bytes: Vec<u8>,
}

/// All there is to judge from.
pub struct Books<'p> {
    pub play: &'p Play,
    pub cases: BTreeMap<CaseId, CaseFile>,
    pub messages: Vec<Message>,
    /// The sightings that a notice may be: same sender, same instant.
    pub sightings: BTreeMap<NoticeId, Vec<&'p Sent>>,
    /// Whose a handle is, by the providers' own keys.
    pub handles: BTreeMap<String, SubscriberNumber>,
}

/// Judges a play at the instant it has reached. Empty means that nothing is wrong.
pub fn judge(play: &Play) -> anyhow::Result<Vec<Violation>> {
    let mut violations = Vec::new();
    let books = Books::open(play, &mut violations)?;
    people::judge(&books, &mut violations);
    books::judge(&books, &mut violations)?;
    violations.sort();
    violations.dedup();
    Ok(violations)
}

impl<'p> Books<'p> {
    fn open(play: &'p Play, violations: &mut Vec<Violation>) -> anyhow::Result<Self> {
        let cases = cases(play)?;
        let mut books = Self {
            play,
            messages: Vec::new(),
            sightings: BTreeMap::new(),
            handles: handles(play)?,
            cases,
        };
        books.find_sightings();
        books.find_messages(violations);
        Ok(books)
    }

    fn find_sightings(&mut self) {
        for file in self.cases.values() {
            for entry in &file.history {
                let Some(Event::NoticeAccepted { notice, sender, fact_at, .. }) = &entry.event
                else {
                    continue;
                };
                let is_it = |sent: &&Sent| {
                    SENDERS[sent.sighting.sender].id == sender.as_str()
                        && sent.sighting.at == fact_at.as_second()
                        && sent.at <= entry.at
                };
                let candidates = self.play.sent.iter().filter(is_it).collect();
                self.sightings.insert(*notice, candidates);
            }
        }
    }

    fn find_messages(&mut self, violations: &mut Vec<Violation>) {
        let house = self.play.house();
        let Some(room) = house.room(&self.play.authority) else { return };
        let paths = &room.delivery.composer.return_paths;
        for mail in self.play.mail.taken() {
            let addressee = self.subscriber_of_mailbox(&mail.recipient);
            match paths.effect(&mail.return_path).and_then(|effect| self.effect(effect)) {
                Some(message) => self.messages.push(Message {
                    taken_at: mail.at,
                    addressee,
                    bytes: mail.bytes,
                    ..message
                }),
                None => violations.push(Violation {
                    rule: "every mail that left belongs to an effect",
                    what: format!("a mail of {}", mail.at),
                }),
            }
        }
        for way in self.play.carrier.ways() {
            let effect = way.custom_id.parse().ok().and_then(|effect| self.effect(effect));
            match effect {
                Some(message) => self.messages.push(Message {
                    taken_at: way.handed_in,
                    addressee: way.addressee,
                    ..message
                }),
                None => violations.push(Violation {
                    rule: "every letter that left belongs to an effect",
                    what: way.custom_id.clone(),
                }),
            }
        }
        self.messages.sort_by_key(|message| (message.taken_at, message.effect));
    }

    fn subscriber_of_mailbox(&self, mailbox: &str) -> Option<SubscriberNumber> {
        let people = &self.play.world.subscribers;
        let person = people.iter().find(|person| {
            person.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(mailbox))
        });
        person.map(|person| person.number)
    }

    /// The message an effect asked for, without what became of it.
    fn effect(&self, id: EffectId) -> Option<Message> {
        self.cases.iter().find_map(|(case, file)| {
            let row = file.effects.iter().find(|row| row.id == id)?;
            let Effect::SendMessage { stage, channel, notice, attempt, .. } = &row.effect else {
                return None;
            };
            Some(Message {
                effect: id,
                case: *case,
                stage: *stage,
                channel: *channel,
                attempt: *attempt,
                notice: *notice,
                taken_at: Timestamp::UNIX_EPOCH,
                addressee: None,
                bytes: Vec::new(),
            })
        })
    }

    /// The sightings a notice may be.
    pub fn candidates(&self, notice: NoticeId) -> impl Iterator<Item = &'p Sighting> {
        let known = self.sightings.get(&notice).cloned().unwrap_or_default();
        known.into_iter().map(|sent| &sent.sighting)
    }

    /// Whose line a case is about.
    pub fn line_of(&self, file: &CaseFile) -> Option<SubscriberNumber> {
        let Subject::Line(line) = &file.case.subject else { return None };
        self.handles.get(line.handle.as_str()).copied()
    }

    /// Identified notices with the handle that was named.
    pub fn identified(&self) -> impl Iterator<Item = (NoticeId, &str)> {
        self.cases.values().filter_map(|file| {
            let Subject::Notice { notice, .. } = &file.case.subject else { return None };
            let named =
                file.history.iter().find_map(|entry| match &entry.event {
                    Some(Event::Answered {
                        outcome: Outcome::Identified { handle, .. }, ..
                    }) if entry.kind.starts_with("event.") => Some(handle.as_str()),
                    _ => None,
                })?;
            Some((*notice, named))
        })
    }

    /// Cases on the ladder.
    pub fn ladders(&self) -> impl Iterator<Item = (&CaseId, &CaseFile)> {
        self.cases.iter().filter(|(_, file)| matches!(file.case.state, State::Ladder(_)))
    }
}

/// Every case the ledger speaks of.
fn cases(play: &Play) -> anyhow::Result<BTreeMap<CaseId, CaseFile>> {
    let house = play.house();
    let mut cases = BTreeMap::new();
    let size = house.store.ledger_size(&play.authority)?;
    let mut from = 0;
    while from < size {
        let leaves = house.store.ledger_leaves(&play.authority, from, 2_000)?;
        anyhow::ensure!(!leaves.is_empty(), "the ledger ends before its size");
        from += leaves.len() as u64;
        for bytes in leaves {
            let leaf: Leaf = serde_json::from_slice(&bytes).context("a leaf")?;
            let Some(case) = leaf.subject.strip_prefix("case:") else { continue };
            let case: CaseId = case.parse()?;
            if let std::collections::btree_map::Entry::Vacant(place) = cases.entry(case) {
                let file = house.store.case_file(&play.authority, &case)?;
                place.insert(file.context("the ledger speaks of a case that is not there")?);
            }
        }
    }
    Ok(cases)
}

/// The handle of every subscriber, made with the providers' own keys.
fn handles(play: &Play) -> anyhow::Result<BTreeMap<String, SubscriberNumber>> {
    let (authority, regime) = (AUTHORITY.parse()?, REGIME.parse()?);
    let mut handles = BTreeMap::new();
    for person in &play.world.subscribers {
        let maker = HandleMaker::new(play.estate.providers[person.provider].keys.handle_key());
        let handle = maker.handle(&authority, &regime, person.account.as_bytes());
        handles.insert(handle.to_string(), person.number);
    }
    Ok(handles)
}
