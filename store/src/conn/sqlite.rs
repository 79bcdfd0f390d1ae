//! SQLite: one writer, many readers, write-ahead log, a commit is on the disk before it returns.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::value::{Held, Row, Value};
use super::{Bulk, Rows, column_list, name_of};
use crate::trouble::Trouble;

/// How long a statement waits for another process (the command line, a backup).
const BUSY: Duration = Duration::from_secs(5);
/// Readers kept open; more are made when needed and closed again.
const READERS_KEPT: usize = 8;
/// Statements kept prepared per connection: more than this room has texts, each of which may be
/// there for several numbers of rows.
const STATEMENTS: usize = 512;
/// Rows that one statement writes, as many as there are: it seeks its place in each index once, not
/// for each row.
const ROWS_AT_ONCE: [usize; 3] = [128, 16, 1];

pub(crate) struct Pool {
    path: String,
    writer: Mutex<Handle>,
    readers: Mutex<Vec<Handle>>,
}

/// A connection with the SQLite form of the texts it has seen.
struct Handle {
    connection: Connection,
    texts: RefCell<HashMap<Text, String>>,
}

/// A text by its place in the program, and for how many rows it is: texts are long, and are looked
/// for often.
type Text = (usize, usize, usize);

pub(crate) struct Tx<'c>(&'c Handle);

impl Pool {
    pub fn open(path: &str, rows: Rows) -> Result<Self, Trouble> {
        let writer = Handle::open(path, OpenFlags::default())?;
        // Before anything else: the first page written settles the size of all.
        writer.set(match rows {
            Rows::Small => {
                "PRAGMA page_size = 4096; PRAGMA wal_autocheckpoint = 16384;
                 PRAGMA cache_size = -65536;"
            }
            // What is written grows at its end, and is read seldom: a small cache holds the ends.
            Rows::Large => {
                "PRAGMA page_size = 16384; PRAGMA wal_autocheckpoint = 4096;
                 PRAGMA secure_delete = ON; PRAGMA cache_size = -16384;"
            }
            Rows::Keys => {
                "PRAGMA page_size = 4096; PRAGMA wal_autocheckpoint = 8192;
                 PRAGMA secure_delete = ON; PRAGMA cache_size = -8192;"
            }
        })?;
        // 64 MiB of log between checkpoints: a batch touches pages all over the digests' indexes,
        // and a page touched twice between checkpoints is written to the file once.
        writer.set(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;",
        )?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer), readers: Mutex::default() })
    }

    pub fn write<T, E: From<Trouble>>(
        &self,
        work: impl FnOnce(Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let handle = lock(&self.writer);
        handle.run("BEGIN IMMEDIATE")?;
        let unfinished = Undo(&handle.connection);
        let done = work(Tx(&handle))?;
        handle.run("COMMIT")?;
        std::mem::forget(unfinished);
        Ok(done)
    }

    pub fn rebuild(&self) -> Result<(), Trouble> {
        lock(&self.writer).set("VACUUM")?;
        self.scrub()
    }

    /// Carries the log over into the file and cuts it to nothing: no old picture of a page is left.
    pub fn scrub(&self) -> Result<(), Trouble> {
        let handle = lock(&self.writer);
        let busy: i64 = handle
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(|error| trouble("the log cannot be cut", error))?;
        if busy == 0 {
            return Ok(());
        }
        Err(Trouble::Again { what: "a reader keeps the log from being cut", source: None })
    }

    pub fn read<T, E: From<Trouble>>(&self, work: impl FnOnce(Tx) -> Result<T, E>) -> Result<T, E> {
        let kept = lock(&self.readers).pop();
        let handle = match kept {
            Some(handle) => handle,
            None => Handle::open(
                &self.path,
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?,
        };
        handle.run("BEGIN")?;
        let unfinished = Undo(&handle.connection);
        let done = work(Tx(&handle));
        drop(unfinished);
        let mut readers = lock(&self.readers);
        if readers.len() < READERS_KEPT {
            readers.push(handle);
        }
        done
    }
}

/// Leaves a transaction however the work ended, a panic included.
struct Undo<'c>(&'c Connection);

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        // Fails only where SQLite has already undone it by itself.
        let _ = self.0.execute_batch("ROLLBACK");
    }
}

/// A panic in another thread left a transaction that `Undo` has rolled back: the lock is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handle {
    fn open(path: &str, flags: OpenFlags) -> Result<Self, Trouble> {
        let connection = Connection::open_with_flags(path, flags)
            .map_err(|error| trouble("the database file cannot be opened", error))?;
        connection.busy_timeout(BUSY).map_err(|error| trouble("busy timeout", error))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self { connection, texts: RefCell::default() })
    }

    fn set(&self, sql: &'static str) -> Result<(), Trouble> {
        self.connection.execute_batch(sql).map_err(|error| trouble(sql, error))
    }

    /// As `set`, for one of the statements that come again and again.
    fn run(&self, sql: &'static str) -> Result<(), Trouble> {
        let prepared = self.connection.prepare_cached(sql);
        let ran = prepared.and_then(|mut statement| statement.execute([]));
        ran.map(|_| ()).map_err(|error| trouble(sql, error))
    }

    fn statement(&self, sql: &'static str) -> Result<rusqlite::CachedStatement<'_>, Trouble> {
        let mut texts = self.texts.borrow_mut();
        let text = texts.entry((sql.as_ptr().addr(), sql.len(), 1)).or_insert_with(|| rewrite(sql));
        self.connection.prepare_cached(text).map_err(|error| trouble(name_of(sql), error))
    }

    fn insertion(
        &self,
        bulk: &'static Bulk,
        rows: usize,
    ) -> Result<rusqlite::CachedStatement<'_>, Trouble> {
        let mut texts = self.texts.borrow_mut();
        let key = (bulk.name.as_ptr().addr(), bulk.name.len(), rows);
        let text = texts.entry(key).or_insert_with(|| insert_text(bulk, rows));
        self.connection.prepare_cached(text).map_err(|error| trouble(bulk.name, error))
    }
}

impl Tx<'_> {
    pub fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Trouble> {
        let mut statement = self.0.statement(sql)?;
        let touched = statement
            .execute(rusqlite::params_from_iter(values))
            .map_err(|error| trouble(name_of(sql), error))?;
        Ok(touched as u64)
    }

    pub fn query(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Trouble> {
        let mut statement = self.0.statement(sql)?;
        collect(&mut statement, values, &mut Vec::new())
            .map_err(|error| trouble(name_of(sql), error))
    }

    pub fn query_each(
        &mut self,
        sql: &'static str,
        keys: &[&[u8]],
        rest: &[Value],
    ) -> Result<Vec<Row>, Trouble> {
        let mut statement = self.0.statement(sql)?;
        let mut rows = Vec::new();
        let mut values = vec![Value::Null];
        values.extend_from_slice(rest);
        for key in keys {
            values[0] = Value::Bytes(key);
            rows = collect(&mut statement, &values, &mut rows)
                .map_err(|error| trouble(name_of(sql), error))?;
        }
        Ok(rows)
    }

    pub fn insert(&mut self, bulk: &'static Bulk, values: &[Value]) -> Result<(), Trouble> {
        let mut left = values;
        for rows in ROWS_AT_ONCE {
            let some = left.chunks_exact(bulk.columns.len() * rows);
            left = some.remainder();
            if some.len() == 0 {
                continue;
            }
            let mut statement = self.0.insertion(bulk, rows)?;
            for values in some {
                statement
                    .execute(rusqlite::params_from_iter(values))
                    .map_err(|error| trouble(bulk.name, error))?;
            }
        }
        Ok(())
    }

    pub fn batch(&mut self, sql: &str) -> Result<(), Trouble> {
        self.0.connection.execute_batch(sql).map_err(|error| trouble("a migration", error))
    }
}

fn collect(
    statement: &mut rusqlite::Statement,
    values: &[Value],
    into: &mut Vec<Row>,
) -> rusqlite::Result<Vec<Row>> {
    let width = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut collected = std::mem::take(into);
    while let Some(row) = rows.next()? {
        let columns = (0..width).map(|column| row.get_ref(column).map(held));
        collected.push(Row(columns.collect::<rusqlite::Result<_>>()?));
    }
    Ok(collected)
}

fn held(value: ValueRef) -> Held {
    match value {
        ValueRef::Integer(number) => Held::Integer(number),
        ValueRef::Text(text) => Held::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Held::Bytes(bytes.to_vec()),
        // No column is a floating-point number; one that became one is treated as missing.
        ValueRef::Null | ValueRef::Real(_) => Held::Null,
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// `$1` is a *named* parameter to SQLite, numbered by first appearance; `?1` means the first.
fn rewrite(sql: &str) -> String {
    sql.replace("$1[]", "?1").replace('$', "?")
}

fn insert_text(bulk: &Bulk, rows: usize) -> String {
    let width = bulk.columns.len();
    let row = |row: usize| {
        let places: Vec<String> =
            (1..=width).map(|place| format!("?{}", row * width + place)).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    // An error undoes the whole transaction, so that SQLite need not copy pages aside to undo this
    // statement alone.
    let verb = if bulk.conflict.is_empty() { "INSERT OR FAIL" } else { "INSERT" };
    format!(
        "-- {}\n{verb} INTO {} ({}) VALUES {} {}",
        bulk.name,
        bulk.table,
        column_list(bulk),
        rows.join(", "),
        bulk.conflict
    )
}

/// A full disk or a lock passes; a damaged file does not.
fn trouble(what: &'static str, error: rusqlite::Error) -> Trouble {
    let passes = matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
        )
    );
    let source: crate::trouble::Cause = Some(Box::new(error));
    if passes { Trouble::Again { what, source } } else { Trouble::Never { what, source } }
}
