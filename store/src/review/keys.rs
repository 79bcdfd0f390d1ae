//! Reviewers' passkeys, and the one-time codes with which they are registered. Public keys only:
//! nothing here can sign. Each change has its line in the ledger.

use entremise_core::id::{AuthorityId, Digest, PersonId, ReviewerKeyId};
use entremise_core::ledger::{self as form, Actor};
use jiff::Timestamp;

use crate::Store;
use crate::conn::{Row, Tx, Value};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::trouble::Trouble;

/// A passkey that a reviewer registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    pub key: ReviewerKeyId,
    pub reviewer: PersonId,
    /// By which the authenticator knows it.
    pub credential_id: Vec<u8>,
    /// The uncompressed point on P-256, base64url.
    pub public_key: String,
    pub rp_id: String,
    pub origin: String,
    pub registered_at: Timestamp,
}

/// What a browser made, before it has a name here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPasskey {
    pub credential_id: Vec<u8>,
    pub public_key: String,
    pub rp_id: String,
    pub origin: String,
}

/// Why a passkey was not registered.
#[derive(Debug, thiserror::Error)]
pub enum NotRegistered {
    #[error("the code is not known, was used, or its time is over")]
    NoInvitation,
    #[error("this passkey is already registered")]
    Known,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Store {
    /// Lets a reviewer register one passkey with a code that is handed over by another way. Only
    /// the code's SHA-256 comes here.
    pub fn invite_reviewer(
        &self,
        authority: &AuthorityId,
        reviewer: &PersonId,
        code_sha256: &[u8; 32],
        by: &PersonId,
        times: (Timestamp, Timestamp),
    ) -> Result<(), Trouble> {
        let (now, expires_at) = times;
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            door.tx.execute(
                "-- reviewer-invite
                 INSERT INTO reviewer_invitation (code_sha256, authority, reviewer, invited_at,
                     expires_at)
                 VALUES ($1, $2, $3, $4, $5)",
                &[
                    Value::Bytes(code_sha256),
                    authority.as_str().into(),
                    reviewer.as_str().into(),
                    Value::time(now),
                    Value::time(expires_at),
                ],
            )?;
            let body = serde_json::json!({ "reviewer": reviewer, "expires_at": expires_at });
            door.enter_house("reviewer_invited", &Actor::Person(by.clone()), json(&body))?;
            door.close()
        })
    }

    /// Whose code this is, if it may still be used.
    pub fn invited_reviewer(
        &self,
        authority: &AuthorityId,
        code_sha256: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<PersonId>, Trouble> {
        self.inner.cases.read(|tx| invited(tx, authority, code_sha256, now))
    }

    /// Uses the code up and keeps the passkey under a name of its own.
    pub fn register_passkey(
        &self,
        authority: &AuthorityId,
        code_sha256: &[u8; 32],
        passkey: &NewPasskey,
        now: Timestamp,
    ) -> Result<Passkey, NotRegistered> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let reviewer = invited(door.tx, authority, code_sha256, now)?
                .ok_or(NotRegistered::NoInvitation)?;
            let known = door.tx.query_one(
                "-- passkey-known
                 SELECT key_id FROM reviewer_passkey WHERE credential_id = $1",
                &[Value::Bytes(&passkey.credential_id)],
            )?;
            if known.is_some() {
                return Err(NotRegistered::Known);
            }
            let passkey = Passkey {
                key: name(passkey)?,
                reviewer,
                credential_id: passkey.credential_id.clone(),
                public_key: passkey.public_key.clone(),
                rp_id: passkey.rp_id.clone(),
                origin: passkey.origin.clone(),
                registered_at: door.at,
            };
            keep(door.tx, authority, code_sha256, &passkey)?;
            let body = serde_json::json!({
                "reviewer": passkey.reviewer,
                "key": passkey.key,
                "public_key": passkey.public_key,
                "rp_id": passkey.rp_id,
                "origin": passkey.origin,
            });
            let by = Actor::Person(passkey.reviewer.clone());
            door.enter_house("reviewer_key_registered", &by, json(&body))?;
            door.close()?;
            Ok(passkey)
        })
    }

    /// Takes a passkey out of use: lost, stolen, or its reviewer has left. Yields whether it was
    /// in use.
    pub fn withdraw_passkey(
        &self,
        authority: &AuthorityId,
        key: &ReviewerKeyId,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let at = door.at;
            let withdrawn = door.tx.execute(
                "-- passkey-withdraw
                 UPDATE reviewer_passkey SET withdrawn_at = $3
                 WHERE authority = $1 AND key_id = $2 AND withdrawn_at IS NULL",
                &[authority.as_str().into(), key.as_str().into(), Value::time(at)],
            )?;
            if withdrawn == 0 {
                return Ok(false);
            }
            let body = json(&serde_json::json!({ "key": key }));
            door.enter_house("reviewer_key_withdrawn", &Actor::Person(by.clone()), body)?;
            door.close()?;
            Ok(true)
        })
    }

    /// The passkeys in use, oldest first.
    pub fn passkeys(&self, authority: &AuthorityId) -> Result<Vec<Passkey>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- passkeys
                 SELECT key_id, reviewer, credential_id, public_key, rp_id, origin, registered_at
                 FROM reviewer_passkey WHERE authority = $1 AND withdrawn_at IS NULL
                 ORDER BY registered_at, key_id",
                &[authority.as_str().into()],
            )
        })?;
        rows.iter().map(read).collect()
    }
}

fn invited(
    tx: &mut Tx,
    authority: &AuthorityId,
    code_sha256: &[u8; 32],
    now: Timestamp,
) -> Result<Option<PersonId>, Trouble> {
    let row = tx.query_one(
        "-- reviewer-invited
         SELECT reviewer FROM reviewer_invitation
         WHERE code_sha256 = $1 AND authority = $2 AND used_at IS NULL AND expires_at > $3",
        &[Value::Bytes(code_sha256), authority.as_str().into(), Value::time(now)],
    )?;
    row.map(|row| row.word(0)).transpose()
}

fn keep(
    tx: &mut Tx,
    authority: &AuthorityId,
    code_sha256: &[u8; 32],
    passkey: &Passkey,
) -> Result<(), Trouble> {
    tx.execute(
        "-- reviewer-invitation-used
         UPDATE reviewer_invitation SET used_at = $2 WHERE code_sha256 = $1",
        &[Value::Bytes(code_sha256), Value::time(passkey.registered_at)],
    )?;
    tx.execute(
        "-- passkey-keep
         INSERT INTO reviewer_passkey (authority, key_id, reviewer, credential_id, public_key,
             rp_id, origin, registered_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            authority.as_str().into(),
            passkey.key.as_str().into(),
            passkey.reviewer.as_str().into(),
            Value::Bytes(&passkey.credential_id),
            Value::Text(&passkey.public_key),
            Value::Text(&passkey.rp_id),
            Value::Text(&passkey.origin),
            Value::time(passkey.registered_at),
        ],
    )
    .map(|_| ())
}

/// A key's name is made of the key, so that it means the same key wherever it was pinned.
fn name(passkey: &NewPasskey) -> Result<ReviewerKeyId, Trouble> {
    let digest: Digest = form::digest(passkey.public_key.as_bytes());
    format!("passkey-{}", &digest.as_str()[..16])
        .parse()
        .map_err(|error| Trouble::never_from("a key's name is not a short name", error))
}

fn read(row: &Row) -> Result<Passkey, Trouble> {
    Ok(Passkey {
        key: row.word(0)?,
        reviewer: row.word(1)?,
        credential_id: row.bytes(2)?.to_vec(),
        public_key: row.text(3)?.to_owned(),
        rp_id: row.text(4)?.to_owned(),
        origin: row.text(5)?.to_owned(),
        registered_at: row.time(6)?,
    })
}
