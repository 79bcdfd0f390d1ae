//! What the house asks of senders and providers, and what it notes for itself.
//!
//! A message to a party has a purpose and what it is about, and no text: there is no column for it.
//! A note has a text and no addressee: it lies sealed with the case's documents, is opened for
//! people of the house alone, and ends with the case.

use entremise_core::id::{AuthorityId, CaseId, PartyId, PersonId};
use entremise_core::ledger::Actor;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use crate::Store;
use crate::conn::{Row, Value};
use crate::door::{Door, json};
use crate::entropy::Draw;
use crate::ledger::Lateness;
use crate::look::LookPurpose;
use crate::trouble::Trouble;

/// How the name of a note begins among a case's documents.
const NOTE: &str = "note-";

/// The longest note. Unit: characters.
pub const NOTE_CHARS_MAX: usize = 500;

/// A message to a sender or a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyMessage {
    pub id: Uuid,
    pub case: CaseId,
    pub party: PartyId,
    /// From a closed list, by its name.
    pub purpose: String,
    /// The notice or the question, by its number.
    pub about: Uuid,
    pub sent_by: PersonId,
    pub sent_at: Timestamp,
    /// From a closed list, by its name.
    pub answer: Option<(String, Timestamp)>,
}

/// A text for the house alone. Short, so that it stays a note.
#[derive(Clone, PartialEq, Eq)]
pub struct Note(String);

impl Note {
    /// None where it is empty or too long.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.replace("\r\n", "\n").trim().to_owned();
        let fits = !text.is_empty() && text.chars().count() <= NOTE_CHARS_MAX;
        fits.then_some(Self(text))
    }
}

impl Store {
    /// Sends a message once: the same purpose about the same thing is not asked twice. Yields
    /// whether it is new.
    pub fn send_message(
        &self,
        authority: &AuthorityId,
        case: CaseId,
        (party, purpose, about): (&PartyId, &str, Uuid),
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        let id = Draw::new(&*self.inner.entropy).id(now);
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let sent = door.tx.execute(
                "-- message-send
                 INSERT INTO party_message (message_id, authority, case_id, party, purpose, about,
                     sent_by, sent_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (authority, purpose, about) DO NOTHING",
                &[
                    Value::id(&id),
                    authority.as_str().into(),
                    Value::id(&case.0),
                    party.as_str().into(),
                    purpose.into(),
                    Value::id(&about),
                    by.as_str().into(),
                    Value::time(now),
                ],
            )?;
            if sent == 0 {
                return Ok(false);
            }
            let body = serde_json::json!({
                "message": id, "party": party, "purpose": purpose, "about": about,
            });
            door.enter_house("message_sent", &Actor::Person(by.clone()), json(&body))?;
            door.close()?;
            Ok(true)
        })
    }

    /// Answers a message to this party, once. Yields whether there was one to answer.
    pub fn answer_message(
        &self,
        authority: &AuthorityId,
        party: &PartyId,
        (message, answer): (Uuid, &str),
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let answered = door.tx.execute(
                "-- message-answer
                 UPDATE party_message SET answer = $4, answered_at = $5
                 WHERE message_id = $1 AND authority = $2 AND party = $3 AND answer IS NULL",
                &[
                    Value::id(&message),
                    authority.as_str().into(),
                    party.as_str().into(),
                    answer.into(),
                    Value::time(now),
                ],
            )?;
            if answered == 0 {
                return Ok(false);
            }
            let body = json(&serde_json::json!({ "message": message, "answer": answer }));
            door.enter_house("message_answered", &Actor::Party(party.clone()), body)?;
            door.close()?;
            Ok(true)
        })
    }

    /// The messages to one party, the newest first.
    pub fn messages_to(
        &self,
        authority: &AuthorityId,
        party: &PartyId,
        at_most: usize,
    ) -> Result<Vec<PartyMessage>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- messages-to
                 SELECT message_id, case_id, party, purpose, about, sent_by, sent_at, answer,
                     answered_at
                 FROM party_message WHERE authority = $1 AND party = $2
                 ORDER BY message_id DESC LIMIT $3",
                &[authority.as_str().into(), party.as_str().into(), Value::count(at_most)],
            )
        })?;
        rows.iter().map(read).collect()
    }

    /// The messages that were sent on one case, the newest first.
    pub fn messages_on(
        &self,
        authority: &AuthorityId,
        case: CaseId,
    ) -> Result<Vec<PartyMessage>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- messages-on
                 SELECT message_id, case_id, party, purpose, about, sent_by, sent_at, answer,
                     answered_at
                 FROM party_message WHERE case_id = $1 AND authority = $2
                 ORDER BY message_id DESC",
                &[Value::id(&case.0), authority.as_str().into()],
            )
        })?;
        rows.iter().map(read).collect()
    }

    /// Keeps a note on a case, sealed. Nobody outside the house is ever shown it.
    pub fn keep_note(
        &self,
        authority: &AuthorityId,
        case: CaseId,
        note: &Note,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let digest = digest(&SHA256, note.0.as_bytes());
        let short = entremise_core::ledger::hexadecimal(&digest.as_ref()[..6]);
        let name = format!("{NOTE}{short}.txt");
        let by = Actor::Person(by.clone());
        self.keep_case_document(authority, case, &name, note.0.as_bytes(), &by, now).map(|_| ())
    }
}

/// Whether a document is a note of the house.
pub fn is_note(name: &str) -> bool {
    name.starts_with(NOTE)
}

/// Whether a look opens notes: somebody of the house, who works on the case or answers the person.
/// What goes to a prosecutor, a court, a reviewer, by letter or to the portal never holds one.
pub(crate) fn opens_notes(by: &Actor, purpose: LookPurpose) -> bool {
    use LookPurpose::{Answer, Audit, Decide, Rights};
    matches!(by, Actor::Person(_)) && matches!(purpose, Decide | Answer | Audit | Rights)
}

fn read(row: &Row) -> Result<PartyMessage, Trouble> {
    let answer = row.maybe_text(7)?.map(str::to_owned);
    Ok(PartyMessage {
        id: row.id(0)?,
        case: CaseId(row.id(1)?),
        party: row.word(2)?,
        purpose: row.text(3)?.to_owned(),
        about: row.id(4)?,
        sent_by: row.word(5)?,
        sent_at: row.time(6)?,
        answer: answer.zip(row.maybe_time(8)?),
    })
}
