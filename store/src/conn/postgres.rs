//! PostgreSQL: a few connections per database, statements kept prepared, arrays for many rows.

use std::collections::HashMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postgres::error::{DbError, SqlState};
use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Config, NoTls, Statement};

use super::value::{Held, Row, Value};
use super::{Bulk, Kind, column_list, name_of};
use crate::trouble::Trouble;

/// Connections to one database. Writers of one authority wait for each other anyway.
const CONNECTIONS_MAX: usize = 8;
/// Unless the address says otherwise: how long a server may take to answer the door …
const CONNECT: Duration = Duration::from_secs(10);
/// … and a statement waits for a lock that somebody else holds.
const LOCKS: &str = "-c lock_timeout=60s";
/// How long a connection that failed is listened to, to learn whether it is lost.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

pub(crate) struct Pool {
    config: Config,
    idle: Mutex<Idle>,
    returned: Condvar,
}

#[derive(Default)]
struct Idle {
    handles: Vec<Handle>,
    out: usize,
}

struct Handle {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

pub(crate) struct Tx<'c>(&'c mut Handle);

impl Pool {
    pub fn open(place: &str) -> Result<Self, Trouble> {
        // The address may hold a password: the parser's words are not passed on.
        let mut config: Config =
            place.parse().map_err(|_| Trouble::never("the PostgreSQL address cannot be read"))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_options().is_none() {
            config.options(LOCKS);
        }
        let pool = Self { config, idle: Mutex::default(), returned: Condvar::new() };
        let handle = pool.connect()?;
        lock(&pool.idle).handles.push(handle);
        Ok(pool)
    }

    pub fn write<T, E: From<Trouble>>(
        &self,
        work: impl FnOnce(Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact("BEGIN", work)
    }

    pub fn read<T, E: From<Trouble>>(&self, work: impl FnOnce(Tx) -> Result<T, E>) -> Result<T, E> {
        self.transact("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work)
    }

    /// Runs a statement that knows no transaction.
    pub fn scrub(&self, vacuum: &'static str) -> Result<(), Trouble> {
        let mut out = self.begin(vacuum)?;
        out.clean = true;
        Ok(())
    }

    fn transact<T, E: From<Trouble>>(
        &self,
        begin: &'static str,
        work: impl FnOnce(Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut out = self.begin(begin)?;
        let done = work(Tx(out.handle()))?;
        out.handle().set("COMMIT")?;
        out.clean = true;
        Ok(done)
    }

    /// Begins on an idle connection. One that was lost while it lay idle (the server was started
    /// anew) is no reason to fail: nothing has been asked of it yet.
    fn begin(&self, begin: &'static str) -> Result<Out<'_>, Trouble> {
        let mut out = self.take()?;
        let Err(trouble) = out.handle().set(begin) else { return Ok(out) };
        if out.handle().client.is_valid(SIGN_OF_LIFE).is_ok() {
            return Err(trouble);
        }
        // The others are of the same age.
        lock(&self.idle).handles.clear();
        out.handle = Some(self.connect()?);
        out.handle().set(begin)?;
        Ok(out)
    }

    fn take(&self) -> Result<Out<'_>, Trouble> {
        let mut idle = lock(&self.idle);
        loop {
            while let Some(handle) = idle.handles.pop() {
                if !handle.client.is_closed() {
                    idle.out += 1;
                    return Ok(Out { pool: self, handle: Some(handle), clean: false });
                }
            }
            if idle.out < CONNECTIONS_MAX {
                idle.out += 1;
                drop(idle);
                let mut out = Out { pool: self, handle: None, clean: false };
                out.handle = Some(self.connect()?);
                return Ok(out);
            }
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn connect(&self) -> Result<Handle, Trouble> {
        let client = self
            .config
            .connect(NoTls)
            .map_err(|error| trouble("PostgreSQL does not take a connection", &error))?;
        Ok(Handle { client, statements: HashMap::new() })
    }
}

/// A connection on loan. One whose transaction did not end well is rolled back, or thrown away.
struct Out<'p> {
    pool: &'p Pool,
    handle: Option<Handle>,
    clean: bool,
}

impl Out<'_> {
    fn handle(&mut self) -> &mut Handle {
        self.handle.as_mut().expect("the handle is there until the loan is dropped")
    }
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        let handle = self.handle.take().filter(|handle| !handle.client.is_closed());
        let handle = handle.and_then(|mut handle| {
            (self.clean || handle.set("ROLLBACK").is_ok()).then_some(handle)
        });
        let mut idle = lock(&self.pool.idle);
        idle.out -= 1;
        idle.handles.extend(handle);
        self.pool.returned.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handle {
    fn set(&mut self, sql: &'static str) -> Result<(), Trouble> {
        self.client.batch_execute(sql).map_err(|error| trouble(sql, &error))
    }

    fn statement(
        &mut self,
        key: &'static str,
        text: impl FnOnce() -> String,
    ) -> Result<Statement, Trouble> {
        if let Some(statement) = self.statements.get(key) {
            return Ok(statement.clone());
        }
        let statement =
            self.client.prepare(&text()).map_err(|error| trouble(name_of(key), &error))?;
        self.statements.insert(key, statement.clone());
        Ok(statement)
    }
}

impl Tx<'_> {
    pub fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Trouble> {
        let statement = self.0.statement(sql, || sql.to_owned())?;
        let values = parameters(values);
        self.0.client.execute(&statement, &values).map_err(|error| trouble(name_of(sql), &error))
    }

    pub fn query(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, Trouble> {
        let statement = self.0.statement(sql, || sql.to_owned())?;
        self.rows(&statement, name_of(sql), &parameters(values))
    }

    pub fn query_unlocked(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, Trouble> {
        let statement = self.0.statement(sql, || format!("{sql} FOR UPDATE SKIP LOCKED"))?;
        self.rows(&statement, name_of(sql), &parameters(values))
    }

    pub fn query_shared(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, Trouble> {
        let statement = self.0.statement(sql, || format!("{sql} FOR SHARE"))?;
        self.rows(&statement, name_of(sql), &parameters(values))
    }

    pub fn query_each(
        &mut self,
        sql: &'static str,
        keys: &[&[u8]],
        rest: &[Value],
    ) -> Result<Vec<Row>, Trouble> {
        let statement = self.0.statement(sql, || sql.replace("$1[]", "ANY($1::bytea[])"))?;
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&keys];
        values.extend(parameters(rest));
        self.rows(&statement, name_of(sql), &values)
    }

    pub fn insert(&mut self, bulk: &'static Bulk, values: &[Value]) -> Result<(), Trouble> {
        let statement = self.0.statement(bulk.name, || insert_text(bulk))?;
        let columns: Vec<Column> = (0..bulk.columns.len())
            .map(|place| Column::gather(bulk.columns[place].1, values, place, bulk.columns.len()))
            .collect();
        let columns: Vec<&(dyn ToSql + Sync)> = columns.iter().map(Column::parameter).collect();
        self.0
            .client
            .execute(&statement, &columns)
            .map_err(|error| trouble(bulk.name, &error))
            .map(|_| ())
    }

    pub fn batch(&mut self, sql: &str) -> Result<(), Trouble> {
        self.0.client.batch_execute(sql).map_err(|error| trouble("a migration", &error))
    }

    /// Any number: two processes that migrate one database must agree on it.
    pub fn prepare_for_migrations(&mut self) -> Result<(), Trouble> {
        self.batch(
            "SELECT pg_advisory_xact_lock(7101941);
             DO $$ BEGIN CREATE DOMAIN blob AS bytea;
             EXCEPTION WHEN duplicate_object THEN NULL; END $$;",
        )
    }

    fn rows(
        &mut self,
        statement: &Statement,
        name: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Trouble> {
        let rows = self.0.client.query(statement, values).map_err(|error| trouble(name, &error))?;
        rows.iter()
            .map(|row| {
                let columns = (0..row.len()).map(|column| row.try_get::<_, Held>(column));
                columns.collect::<Result<_, _>>().map(Row).map_err(|error| trouble(name, &error))
            })
            .collect()
    }
}

fn parameters<'v>(values: &'v [Value]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// One column of many rows: PostgreSQL takes it as one array.
enum Column<'v> {
    Integers(Vec<Option<i64>>),
    Texts(Vec<Option<&'v str>>),
    Bytes(Vec<Option<&'v [u8]>>),
}

impl<'v> Column<'v> {
    fn gather(kind: Kind, values: &[Value<'v>], place: usize, width: usize) -> Self {
        let cells = values.iter().skip(place).step_by(width);
        match kind {
            Kind::Integer => Self::Integers(
                cells
                    .map(|value| if let Value::Integer(n) = value { Some(*n) } else { None })
                    .collect(),
            ),
            Kind::Text => Self::Texts(
                cells
                    .map(|value| if let Value::Text(text) = value { Some(*text) } else { None })
                    .collect(),
            ),
            Kind::Bytes => Self::Bytes(
                cells
                    .map(|value| if let Value::Bytes(b) = value { Some(*b) } else { None })
                    .collect(),
            ),
        }
    }

    fn parameter(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Integers(cells) => cells,
            Self::Texts(cells) => cells,
            Self::Bytes(cells) => cells,
        }
    }
}

fn insert_text(bulk: &Bulk) -> String {
    let arrays: Vec<String> = bulk
        .columns
        .iter()
        .enumerate()
        .map(|(place, (_, kind))| {
            let of = match kind {
                Kind::Integer => "bigint",
                Kind::Text => "text",
                Kind::Bytes => "bytea",
            };
            format!("${}::{of}[]", place + 1)
        })
        .collect();
    let columns = column_list(bulk);
    format!(
        "-- {}\nINSERT INTO {} ({columns}) SELECT {columns} FROM unnest({}) AS given ({columns}) {}",
        bulk.name,
        bulk.table,
        arrays.join(", "),
        bulk.conflict
    )
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) => number.to_sql(of, out),
            Self::Text(text) => text.to_sql(of, out),
            Self::Bytes(bytes) => bytes.to_sql(of, out),
        }
    }

    /// All of them: a column of the domain `blob` reports the domain's own type here.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'r> FromSql<'r> for Held {
    fn from_sql(
        of: &Type,
        raw: &'r [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        match *of {
            Type::INT8 => i64::from_sql(of, raw).map(Self::Integer),
            Type::TEXT | Type::VARCHAR => String::from_sql(of, raw).map(Self::Text),
            _ => Ok(Self::Bytes(raw.to_vec())),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// What PostgreSQL said, without the detail line: that one repeats stored values.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
struct Said {
    code: String,
    message: String,
}

/// A lost connection, a full disk, a lock or a restart passes.
fn trouble(what: &'static str, error: &postgres::Error) -> Trouble {
    let (passes, said) = match error.as_db_error() {
        Some(database) => {
            let code = database.code().code().to_owned();
            (passes(database), Said { code, message: database.message().to_owned() })
        }
        None => {
            let cause = std::error::Error::source(error);
            let is_lost = error.is_closed() || cause.is_some_and(|cause| cause.is::<io::Error>());
            (is_lost, Said { code: "connection".to_owned(), message: error.to_string() })
        }
    };
    let source: crate::trouble::Cause = Some(Box::new(said));
    if passes { Trouble::Again { what, source } } else { Trouble::Never { what, source } }
}

/// By SQLSTATE class: 08 connection, 40 rollback, 53 resources, 55 locks, 57 intervention; and a
/// unique value that another writer was quicker with.
fn passes(error: &DbError) -> bool {
    let code = error.code();
    *code == SqlState::UNIQUE_VIOLATION
        || ["08", "40", "53", "55", "57"].iter().any(|class| code.code().starts_with(class))
}
