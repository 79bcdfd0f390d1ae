//! Carries wrapped keys out of the records' own rows, where the first release kept them, into the
//! register. Runs whenever a compartment is opened and costs nothing once all are over.

use entremise_core::id::{AuthorityId, RegimeId};
use uuid::Uuid;

use super::{Compartment, Place, Wrapped, nonce, register};
use crate::conn::{Row, Value};
use crate::entropy::Draw;
use crate::trouble::Trouble;

/// Keys carried in one transaction.
const PAGE: usize = 1_000;
/// The version under which the first release wrapped.
const FIRST: u32 = 1;

impl Compartment {
    /// The keys first, then their old place: a crash in between has the page carried once more.
    pub fn carry_keys_over(&self, draw: &mut Draw) -> Result<(), Trouble> {
        let mut carried = 0;
        loop {
            let rows = self.data.read(|tx| {
                tx.query(
                    "-- keys-still-here
                     SELECT record_id, authority, regime, nonce, wrapped_key FROM record
                     WHERE wrapped_key IS NOT NULL ORDER BY record_id LIMIT $1",
                    &[Value::count(PAGE)],
                )
            })?;
            if rows.is_empty() {
                break;
            }
            let keys =
                rows.iter().map(|row| self.key_beside(row)).collect::<Result<Vec<_>, _>>()?;
            self.register.pool.write(|tx| {
                let current = self.register.current(tx)?;
                let wrapped: Vec<(Uuid, Wrapped)> = keys
                    .iter()
                    .map(|(id, key)| (*id, current.key.wrap(key, draw.array(), id.as_bytes())))
                    .collect();
                let wrapped = wrapped.iter().map(|(id, wrapped)| (id, wrapped));
                register::insert(tx, current.number, wrapped)
            })?;
            let ids: Vec<&[u8]> = keys.iter().map(|(id, _)| id.as_bytes().as_slice()).collect();
            self.data.write(|tx| {
                tx.query_each(
                    "-- key-gone
                     UPDATE record SET wrapped_key = NULL WHERE record_id = $1[]
                     RETURNING record_id",
                    &ids,
                    &[],
                )
            })?;
            carried += keys.len();
        }
        // The bytes of the old place must not stay in a file or in its log: a row that moved in its
        // time has left them behind where no deletion looks.
        if carried == 0 { Ok(()) } else { self.data.rebuild("VACUUM FULL record") }
    }

    fn key_beside(&self, row: &Row) -> Result<(Uuid, [u8; 32]), Trouble> {
        let id = row.id(0)?;
        let (authority, regime): (AuthorityId, RegimeId) = (row.word(1)?, row.word(2)?);
        let wrapped = Wrapped { nonce: nonce(row.bytes(3)?)?, key: row.bytes(4)?.to_vec() };
        let place = Place { authority: &authority, regime: &regime, id };
        let key = self.register.wrapping(FIRST)?.key.unwrap_beside(place, wrapped)?;
        Ok((id, key))
    }
}
