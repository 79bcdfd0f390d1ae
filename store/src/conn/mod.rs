//! The thin layer over SQLite and PostgreSQL: the only place that asks which of the two it is.
//!
//! One SQL text serves both. Placeholders are `$1`; a key that is given many times is `$1[]` (one
//! statement per key on SQLite, one statement with an array on PostgreSQL). Every text opens with
//! `-- name`. Knows no table.

mod postgres;
mod sqlite;
mod value;

pub(crate) use value::{Row, Value};

use crate::trouble::Trouble;

/// The connections to one database.
pub(crate) enum Pool {
    Sqlite(sqlite::Pool),
    Postgres(postgres::Pool),
}

/// What most rows of a database are like: SQLite cuts its file into pages to measure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Some hundred bytes, with keys all over their indexes.
    Small,
    /// Some thousand bytes and more, one after the other.
    Large,
    /// Wrapped keys: what is deleted is written over.
    Keys,
}

/// An open transaction.
pub(crate) enum Tx<'c> {
    Sqlite(sqlite::Tx<'c>),
    Postgres(postgres::Tx<'c>),
}

/// Many rows for one table, written in the cheapest way each backend has.
pub(crate) struct Bulk {
    pub name: &'static str,
    pub table: &'static str,
    pub columns: &'static [(&'static str, Kind)],
    /// What follows the rows: empty, or `ON CONFLICT …`.
    pub conflict: &'static str,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Text,
    Bytes,
}

impl Pool {
    /// `sqlite:<path>` or `postgres://…`.
    pub fn open(place: &str, rows: Rows) -> Result<Self, Trouble> {
        if let Some(path) = place.strip_prefix("sqlite:") {
            return sqlite::Pool::open(path, rows).map(Self::Sqlite);
        }
        if place.starts_with("postgres://") || place.starts_with("postgresql://") {
            return postgres::Pool::open(place).map(Self::Postgres);
        }
        Err(Trouble::never("a place is written sqlite:<path> or postgres://…"))
    }

    /// Does work in one transaction. An error undoes all of it.
    pub fn write<T, E: From<Trouble>>(
        &self,
        work: impl FnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Sqlite(pool) => pool.write(|tx| work(&mut Tx::Sqlite(tx))),
            Self::Postgres(pool) => pool.write(|tx| work(&mut Tx::Postgres(tx))),
        }
    }

    /// Sees to it that what was deleted is gone from the disk as far as the database can: SQLite
    /// has written over it in place, and its log is carried over and cut here; PostgreSQL removes
    /// the dead rows by `vacuum`, and their bytes when their pages are used again.
    pub fn scrub(&self, vacuum: &'static str) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(pool) => pool.scrub(),
            Self::Postgres(pool) => pool.scrub(vacuum),
        }
    }

    /// Writes a whole database anew (PostgreSQL: what `vacuum` says), so that nothing of what ever
    /// lay in it is left. Takes as long as reading all of it.
    pub fn rebuild(&self, vacuum: &'static str) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(pool) => pool.rebuild(),
            Self::Postgres(pool) => pool.scrub(vacuum),
        }
    }

    /// Reads one consistent picture.
    pub fn read<T, E: From<Trouble>>(
        &self,
        work: impl FnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Sqlite(pool) => pool.read(|tx| work(&mut Tx::Sqlite(tx))),
            Self::Postgres(pool) => pool.read(|tx| work(&mut Tx::Postgres(tx))),
        }
    }
}

impl Tx<'_> {
    /// Runs one statement; yields how many rows it touched.
    pub fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Trouble> {
        match self {
            Self::Sqlite(tx) => tx.execute(sql, values),
            Self::Postgres(tx) => tx.execute(sql, values),
        }
    }

    pub fn query(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Trouble> {
        match self {
            Self::Sqlite(tx) => tx.query(sql, values),
            Self::Postgres(tx) => tx.query(sql, values),
        }
    }

    /// The first row, if there is one.
    pub fn query_one(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Option<Row>, Trouble> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// Runs a statement whose `$1[]` stands for each key in turn. The order of rows is not given.
    pub fn query_each(
        &mut self,
        sql: &'static str,
        keys: &[&[u8]],
        rest: &[Value],
    ) -> Result<Vec<Row>, Trouble> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Self::Sqlite(tx) => tx.query_each(sql, keys, rest),
            Self::Postgres(tx) => tx.query_each(sql, keys, rest),
        }
    }

    /// Reads rows that nobody else is changing, leaving out those that somebody is: `SKIP LOCKED`,
    /// the one difference of behaviour between the two. SQLite has one writer and needs none.
    pub fn query_unlocked(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, Trouble> {
        match self {
            Self::Sqlite(tx) => tx.query(sql, values),
            Self::Postgres(tx) => tx.query_unlocked(sql, values),
        }
    }

    /// Reads rows that must stay as they are until this transaction ends: `FOR SHARE`. SQLite has
    /// one writer and needs none.
    pub fn query_shared(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, Trouble> {
        match self {
            Self::Sqlite(tx) => tx.query(sql, values),
            Self::Postgres(tx) => tx.query_shared(sql, values),
        }
    }

    /// Writes rows, given one after the other without borders.
    pub fn insert(&mut self, bulk: &'static Bulk, values: &[Value]) -> Result<(), Trouble> {
        debug_assert_eq!(values.len() % bulk.columns.len(), 0, "{}", bulk.name);
        if values.is_empty() {
            return Ok(());
        }
        match self {
            Self::Sqlite(tx) => tx.insert(bulk, values),
            Self::Postgres(tx) => tx.insert(bulk, values),
        }
    }

    /// Runs the statements of a migration, alone.
    pub fn migrate(&mut self, sql: &str) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(tx) => tx.batch(sql),
            Self::Postgres(tx) => tx.batch(sql),
        }
    }

    /// Keeps two processes from migrating at once, and gives PostgreSQL the word `blob`.
    pub fn prepare_for_migrations(&mut self) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(tx) => tx.prepare_for_migrations(),
        }
    }
}

/// The name a text opens with: what an error says instead of the statement.
fn name_of(sql: &'static str) -> &'static str {
    sql.trim_start()
        .strip_prefix("-- ")
        .and_then(|rest| rest.lines().next())
        .unwrap_or("a statement without a name")
}

/// The columns of a bulk, with commas.
fn column_list(bulk: &Bulk) -> String {
    let names: Vec<&str> = bulk.columns.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}
