//! One migration sequence per compartment, run at opening, each migration in its own transaction.
//!
//! Every migration must run while the previous release is still at work on the same database.

use jiff::Timestamp;

use crate::conn::{Pool, Value};
use crate::trouble::Trouble;

/// A migration: its name, and statements that both backends understand.
pub(crate) struct Migration {
    name: &'static str,
    sql: &'static str,
}

pub(crate) const CASES: &[Migration] = &[
    Migration { name: "0001_first", sql: include_str!("../migrations/cases/0001_first.sql") },
    Migration { name: "0002_document", sql: include_str!("../migrations/cases/0002_document.sql") },
    Migration { name: "0003_erasure", sql: include_str!("../migrations/cases/0003_erasure.sql") },
    Migration { name: "0004_review", sql: include_str!("../migrations/cases/0004_review.sql") },
    Migration {
        name: "0005_oversight",
        sql: include_str!("../migrations/cases/0005_oversight.sql"),
    },
    Migration { name: "0006_standing", sql: include_str!("../migrations/cases/0006_standing.sql") },
    Migration { name: "0007_pilot", sql: include_str!("../migrations/cases/0007_pilot.sql") },
    Migration { name: "0008_desks", sql: include_str!("../migrations/cases/0008_desks.sql") },
    Migration {
        name: "0009_hearing_slot",
        sql: include_str!("../migrations/cases/0009_hearing_slot.sql"),
    },
    Migration {
        name: "0010_suspended",
        sql: include_str!("../migrations/cases/0010_suspended.sql"),
    },
    Migration { name: "0011_measure", sql: include_str!("../migrations/cases/0011_measure.sql") },
    Migration { name: "0012_absence", sql: include_str!("../migrations/cases/0012_absence.sql") },
    Migration { name: "0013_message", sql: include_str!("../migrations/cases/0013_message.sql") },
    Migration { name: "0014_asked", sql: include_str!("../migrations/cases/0014_asked.sql") },
];

/// Evidence, traffic and identity have the same form, each in a database of its own.
pub(crate) const SEALED: &[Migration] = &[
    Migration { name: "0001_record", sql: include_str!("../migrations/sealed/0001_record.sql") },
    Migration {
        name: "0002_keys_apart",
        sql: include_str!("../migrations/sealed/0002_keys_apart.sql"),
    },
];

/// Their keys, each compartment's in another database again.
pub(crate) const KEYS: &[Migration] = &[Migration {
    name: "0001_record_key",
    sql: include_str!("../migrations/keys/0001_record_key.sql"),
}];

/// Brings a database to the newest form. `compartment` is written into it, and a database that
/// belongs to another compartment is refused: two places swapped in a configuration would else
/// put addresses where the cases are.
pub(crate) fn migrate(
    pool: &Pool,
    compartment: &'static str,
    migrations: &[Migration],
    now: Timestamp,
) -> Result<(), Trouble> {
    pool.write(|tx| {
        tx.prepare_for_migrations()?;
        tx.migrate(
            "-- migration-table
             CREATE TABLE IF NOT EXISTS migration (
                 compartment text NOT NULL, name text NOT NULL, run_at bigint NOT NULL,
                 PRIMARY KEY (name)
             )",
        )?;
        let run = tx.query("-- migrations-run\nSELECT compartment, name FROM migration", &[])?;
        for row in &run {
            if row.text(0)? != compartment {
                return Err(Trouble::never("this database belongs to another compartment"));
            }
        }
        for migration in migrations {
            let mut is_run = false;
            for row in &run {
                is_run |= row.text(1)? == migration.name;
            }
            if is_run {
                continue;
            }
            tx.migrate(migration.sql)?;
            tx.execute(
                "-- migration-run
                 INSERT INTO migration (compartment, name, run_at) VALUES ($1, $2, $3)",
                &[compartment.into(), migration.name.into(), Value::time(now)],
            )?;
        }
        Ok(())
    })
}
