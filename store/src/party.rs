//! Senders and providers as an authority has registered them, and the switch that stops one.

use entremise_core::id::{AuthorityId, PartyId};
use entremise_core::ledger::Actor;
use entremise_core::regime::rules::SenderKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::conn::{Row, Tx, Value};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::trouble::Trouble;

#[derive(Clone, Debug, PartialEq)]
pub struct Party {
    pub authority: AuthorityId,
    pub id: PartyId,
    pub role: Role,
    /// As it is shown, and named in messages.
    pub name: String,
    pub stopped: Option<Stopped>,
    /// How it is recognised and reached. Its meaning is not the store's business; whoever writes
    /// it keeps digests here, never secrets.
    pub settings: serde_json::Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Role {
    /// Brings notices.
    Sender { kind: SenderKind },
    /// Holds addresses and answers for them.
    Provider,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Sender { .. } => "sender",
            Self::Provider => "provider",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    pub at: Timestamp,
    pub why: String,
}

impl Store {
    /// Registers a party, or changes what is registered. Whether it is stopped is changed by `stop`
    /// and `resume` alone.
    pub fn register(&self, party: &Party, by: &Actor, now: Timestamp) -> Result<(), Trouble> {
        let settings = party.settings.to_string();
        let kind = match party.role {
            Role::Sender { kind } => Some(json_word(kind)?),
            Role::Provider => None,
        };
        self.inner.cases.write(|tx| {
            let authority = &party.authority;
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let stopped = party.stopped.as_ref();
            door.tx.execute(
                "-- party-register
                 INSERT INTO party (authority, party, role, sender_kind, name, settings,
                     registered_at, stopped_at, stopped_why)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT (authority, party) DO UPDATE SET role = excluded.role,
                     sender_kind = excluded.sender_kind, name = excluded.name,
                     settings = excluded.settings",
                &[
                    authority.as_str().into(),
                    party.id.as_str().into(),
                    party.role.name().into(),
                    Value::maybe(kind.as_deref(), Value::Text),
                    Value::Text(&party.name),
                    Value::Text(&settings),
                    Value::time(door.at),
                    Value::maybe(stopped, |stopped| Value::time(stopped.at)),
                    Value::maybe(stopped, |stopped| Value::Text(&stopped.why)),
                ],
            )?;
            let body = json(&serde_json::json!({
                "party": party.id,
                "as": party.role,
                "name": party.name,
                "settings": party.settings,
            }));
            door.enter_house("party_registered", by, body)?;
            door.close()
        })
    }

    pub fn party(&self, authority: &AuthorityId, id: &PartyId) -> Result<Option<Party>, Trouble> {
        self.inner.cases.read(|tx| find(tx, authority, id))
    }

    /// Why each of these parties is stopped, in their order; none for one that is not.
    pub fn why_stopped<'p>(
        &self,
        parties: impl Iterator<Item = (&'p AuthorityId, &'p PartyId)>,
    ) -> Result<Vec<Option<String>>, Trouble> {
        self.inner.cases.read(|tx| {
            let why = parties.map(|(authority, party)| {
                let row = tx.query_one(
                    "-- party-stopped
                     SELECT stopped_why FROM party
                     WHERE authority = $1 AND party = $2 AND stopped_at IS NOT NULL",
                    &[authority.as_str().into(), party.as_str().into()],
                )?;
                row.map(|row| Ok(row.maybe_text(0)?.unwrap_or_default().to_owned())).transpose()
            });
            why.collect()
        })
    }

    /// All parties of an authority, by their short names.
    pub fn parties(&self, authority: &AuthorityId) -> Result<Vec<Party>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- parties
                 SELECT authority, party, role, sender_kind, name, settings, stopped_at, stopped_why
                 FROM party WHERE authority = $1 ORDER BY party",
                &[authority.as_str().into()],
            )
        })?;
        rows.iter().map(read).collect()
    }

    /// Stops a party at once: nothing more is taken from it, and nothing more is sent to it.
    pub fn stop(
        &self,
        authority: &AuthorityId,
        id: &PartyId,
        why: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        self.switch(authority, id, Some(why), by, now)
    }

    /// Lets a stopped party go on; what waited for it goes out.
    pub fn resume(
        &self,
        authority: &AuthorityId,
        id: &PartyId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        self.switch(authority, id, None, by, now)
    }

    fn switch(
        &self,
        authority: &AuthorityId,
        id: &PartyId,
        stopped_why: Option<&str>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let at = door.at;
            let switched = door.tx.execute(
                "-- party-switch
                 UPDATE party SET stopped_at = $3, stopped_why = $4
                 WHERE authority = $1 AND party = $2",
                &[
                    authority.as_str().into(),
                    id.as_str().into(),
                    Value::maybe(stopped_why, |_| Value::time(at)),
                    Value::maybe(stopped_why, Value::Text),
                ],
            )?;
            if switched == 0 {
                return Err(Trouble::never("no such party is registered with this authority"));
            }
            let name = if stopped_why.is_some() { "party_stopped" } else { "party_resumed" };
            let body = json(&serde_json::json!({ "party": id, "why": stopped_why }));
            door.enter_house(name, by, body)?;
            door.close()
        })
    }
}

/// A party inside a transaction that is under way.
pub(crate) fn find(
    tx: &mut Tx,
    authority: &AuthorityId,
    id: &PartyId,
) -> Result<Option<Party>, Trouble> {
    let row = tx.query_one(
        "-- party-by-id
         SELECT authority, party, role, sender_kind, name, settings, stopped_at, stopped_why
         FROM party WHERE authority = $1 AND party = $2",
        &[authority.as_str().into(), id.as_str().into()],
    )?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Party, Trouble> {
    let role = match row.maybe_text(3)? {
        Some(kind) => {
            let kind = serde_json::from_value(serde_json::Value::String(kind.to_owned())).map_err(
                |error| Trouble::never_from("a stored kind of sender is unknown", error),
            )?;
            Role::Sender { kind }
        }
        None => Role::Provider,
    };
    let stopped = match row.maybe_time(6)? {
        Some(at) => Some(Stopped { at, why: row.maybe_text(7)?.unwrap_or_default().to_owned() }),
        None => None,
    };
    Ok(Party {
        authority: row.word(0)?,
        id: row.word(1)?,
        role,
        name: row.text(4)?.to_owned(),
        stopped,
        settings: row.json(5)?,
    })
}

fn json_word(kind: SenderKind) -> Result<String, Trouble> {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(Trouble::never("a kind of sender has no wire name")),
    }
}
