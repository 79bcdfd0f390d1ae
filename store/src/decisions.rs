//! The log of what the rules of the desks decided. Bounded: it is for those who watch; what was
//! done stands in the ledger.

use entremise_core::id::{AuthorityId, PersonId};
use jiff::Timestamp;

use crate::Store;
use crate::conn::Value;
use crate::trouble::Trouble;

/// How many lines an authority keeps.
const LINES_MAX: i64 = 50_000;

/// One line: who was refused what, or let through to do what. Numbers only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessDecision {
    pub at: Timestamp,
    pub person: PersonId,
    pub role: String,
    pub action: String,
    /// The sort of what it was about, and its number.
    pub about: String,
    pub allowed: bool,
    /// The names of the rules that said so.
    pub rules: String,
}

impl Store {
    /// Keeps a line, and drops the oldest where there are too many.
    pub fn note_access(
        &self,
        authority: &AuthorityId,
        decision: &AccessDecision,
    ) -> Result<(), Trouble> {
        self.inner.cases.write(|tx| {
            let last = tx.query_one(
                "-- access-last
                 SELECT COALESCE(MAX(line), 0) FROM access_decision WHERE authority = $1",
                &[authority.as_str().into()],
            )?;
            let line = last.map_or(Ok(0), |row| row.integer(0))? + 1;
            tx.execute(
                "-- access-note
                 INSERT INTO access_decision (authority, line, decided_at, person, role, action,
                     about, allowed, rules)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                &[
                    authority.as_str().into(),
                    line.into(),
                    Value::time(decision.at),
                    decision.person.as_str().into(),
                    Value::Text(&decision.role),
                    Value::Text(&decision.action),
                    Value::Text(&decision.about),
                    i64::from(decision.allowed).into(),
                    Value::Text(&decision.rules),
                ],
            )?;
            tx.execute(
                "-- access-drop
                 DELETE FROM access_decision WHERE authority = $1 AND line <= $2",
                &[authority.as_str().into(), (line - LINES_MAX).into()],
            )?;
            Ok(())
        })
    }

    /// The newest lines, the newest first.
    pub fn access_decisions(
        &self,
        authority: &AuthorityId,
        most: usize,
    ) -> Result<Vec<AccessDecision>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- access-newest
                 SELECT decided_at, person, role, action, about, allowed, rules
                 FROM access_decision WHERE authority = $1 ORDER BY line DESC LIMIT $2",
                &[authority.as_str().into(), Value::count(most)],
            )
        })?;
        rows.iter()
            .map(|row| {
                Ok(AccessDecision {
                    at: row.time(0)?,
                    person: row.word(1)?,
                    role: row.text(2)?.to_owned(),
                    action: row.text(3)?.to_owned(),
                    about: row.text(4)?.to_owned(),
                    allowed: row.integer(5)? != 0,
                    rules: row.text(6)?.to_owned(),
                })
            })
            .collect()
    }
}
