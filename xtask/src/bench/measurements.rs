//! What is measured, with which program, and beside whom.
//!
//! Our programs are examples of the rooms; `figure` says where in what they print the rate stands.
//! `{inputs}` is the folder with the seeded inputs.

use std::path::PathBuf;

use crate::place;

pub struct Measurement {
    pub name: &'static str,
    /// What is done, so that a stranger could do it again.
    pub work: &'static str,
    pub unit: &'static str,
    pub package: &'static str,
    /// Folder of the package.
    pub room: &'static str,
    pub example: &'static str,
    pub arguments: &'static [&'static str],
    pub figure: Figure,
    /// What our program reads.
    pub inputs: &'static [Needs],
    /// It waits for the disk: the disk's own rate is printed beside it.
    pub is_durable: bool,
    pub peers: &'static [Peer],
}

impl Measurement {
    pub fn source(&self) -> PathBuf {
        place::root().join(self.room).join("examples").join(format!("{}.rs", self.example))
    }
}

/// Where a program of ours prints its rate.
#[derive(Clone, Copy)]
pub enum Figure {
    /// A member of the JSON object in its last line.
    Member(&'static str),
    /// In the last line that contains the first, the number in front of the second.
    Before(&'static str, &'static str),
}

/// A program that people use for this today.
pub struct Peer {
    pub name: &'static str,
    /// How many times the peer we mean to be, at first.
    pub goal: f64,
    pub needs: &'static [Needs],
    /// `{python}` is the environment's Python, `{scripts}` the folder of the harnesses.
    pub command: &'static [&'static str],
    /// `label=` of the line that counts; its last occurrence does.
    pub label: &'static str,
    /// `rate` by the wall, `cpurate` by processor time.
    pub figure: &'static str,
}

/// What a peer cannot run without.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Python packages, by their names on PyPI.
    Packages(&'static [&'static str]),
    /// A program, and the package of the system that has it.
    Program(&'static str, &'static str),
    /// The private PostgreSQL of `pg_start.sh`.
    Postgres,
    /// The tables of `audit_init.sql`.
    AuditTables,
    /// Keys that sign mails.
    MailKeys,
    /// Leases and questions.
    Leases,
    /// Notices, letters and mails.
    Notices,
}

use Figure::{Before, Member};
use Needs::{AuditTables, Leases, MailKeys, Notices, Packages, Postgres, Program};

const POSTGRES_CLIENTS: Needs = Packages(&["psycopg2-binary", "psycopg[binary]"]);
const XARF_SCHEMAS: Needs = Packages(&["xarf", "orjson", "jsonschema-rs"]);

pub const ALL: [Measurement; 12] = [
    Measurement {
        name: "intake",
        work: "notices deduplicated, sealed, committed, in the ledger, receipt out; 1,000 a batch, \
               four senders",
        unit: "notices/s",
        package: "entremise-store",
        room: "store",
        example: "bench_intake",
        arguments: &["100", "1000", "4"],
        figure: Before("notices/s", " notices/s"),
        inputs: &[],
        is_durable: true,
        peers: &[
            Peer {
                name: "IntelMQ 3.5 to a file",
                goal: 20.0,
                needs: &[
                    Notices,
                    Packages(&["intelmq", "redis", "async-timeout"]),
                    Program("redis-server", "redis-server"),
                ],
                command: &["{python}", "{scripts}/bench_intelmq.py", "file", "30000"],
                label: "intelmq-file",
                figure: "rate",
            },
            Peer {
                name: "PostgreSQL, bare insert, 1,000 a commit",
                goal: 1.0,
                needs: &[Notices, POSTGRES_CLIENTS, Postgres],
                command: &["{python}", "{scripts}/bench_intake_db.py", "pg-executemany"],
                label: "pg-executemany",
                figure: "rate",
            },
        ],
    },
    Measurement {
        name: "post",
        work: "one notice per POST, read, screened, durable and answered, 32 connections",
        unit: "notices/s",
        package: "entremise-server",
        room: "server",
        example: "bench_post",
        arguments: &["32", "6"],
        figure: Member("per_second"),
        inputs: &[],
        is_durable: true,
        peers: &[Peer {
            name: "FastAPI + jsonschema-rs + SQLite FULL",
            goal: 6.0,
            needs: &[
                Notices,
                Packages(&[
                    "fastapi",
                    "uvicorn",
                    "uvloop",
                    "httptools",
                    "xarf",
                    "orjson",
                    "jsonschema-rs",
                ]),
                Program("wrk", "wrk"),
                Program("sqlite3", "sqlite3"),
            ],
            command: &["bash", "{scripts}/http/bench_http.sh", "fastapi-post:rs:FULL:1", "1"],
            label: "fastapi-post:rs:FULL:1",
            figure: "rate",
        }],
    },
    Measurement {
        name: "read-acns",
        work: "ACNS 1.2 read and validated, one core",
        unit: "notices/s",
        package: "entremise-formats",
        room: "formats",
        example: "bench_reading",
        arguments: &["acns", "{inputs}/data/n"],
        figure: Member("per_cpu_second"),
        inputs: &[Notices],
        is_durable: false,
        peers: &[Peer {
            name: "lxml + XSD",
            goal: 3.0,
            needs: &[Notices, Packages(&["lxml"])],
            command: &["{python}", "{scripts}/bench_validate.py", "lxml", "50000"],
            label: "lxml",
            figure: "cpurate",
        }],
    },
    Measurement {
        name: "read-xarf",
        work: "XARF v4 read and validated, one core",
        unit: "notices/s",
        package: "entremise-formats",
        room: "formats",
        example: "bench_reading",
        arguments: &["xarf", "{inputs}/data/n"],
        figure: Member("per_cpu_second"),
        inputs: &[Notices],
        is_durable: false,
        peers: &[Peer {
            name: "jsonschema-rs",
            goal: 1.5,
            needs: &[Notices, XARF_SCHEMAS],
            command: &["{python}", "{scripts}/bench_validate.py", "jsonschema-rs", "100000"],
            label: "jsonschema-rs",
            figure: "cpurate",
        }],
    },
    Measurement {
        name: "read-mail",
        work: "mail with ACNS inside read and validated, one core",
        unit: "notices/s",
        package: "entremise-formats",
        room: "formats",
        example: "bench_reading",
        arguments: &["mail", "{inputs}/data/n"],
        figure: Member("per_cpu_second"),
        inputs: &[Notices],
        is_durable: false,
        peers: &[Peer {
            name: "Python email + lxml",
            goal: 25.0,
            needs: &[Notices, Packages(&["lxml"])],
            command: &["{python}", "{scripts}/bench_validate.py", "eml", "5000"],
            label: "eml",
            figure: "cpurate",
        }],
    },
    Measurement {
        name: "identification",
        work: "who held (address, port, instant): 1 M questions on 10 M leases, index on disk",
        unit: "look-ups/s",
        package: "entremise-connector",
        room: "connector",
        example: "bench_lookup",
        arguments: &["{inputs}/data"],
        figure: Before("questions as a batch", " per second"),
        inputs: &[Leases],
        is_durable: false,
        peers: &[Peer {
            name: "ClickHouse (chdb) ASOF join",
            goal: 2.0,
            needs: &[Leases, Packages(&["chdb"])],
            command: &["{python}", "{scripts}/ident_duck.py", "chdb", "1000000"],
            label: "chdb",
            figure: "rate",
        }],
    },
    Measurement {
        name: "letters",
        work: "one-page letters, PDF/A-3a and PDF/UA-1, from template and data, one core",
        unit: "letters/s",
        package: "entremise-letters",
        room: "letters",
        example: "bench_letters",
        arguments: &["400", "1"],
        figure: Member("letters_per_cpu_second"),
        inputs: &[],
        is_durable: false,
        peers: &[
            Peer {
                name: "WeasyPrint",
                goal: 5.0,
                needs: &[Notices, Packages(&["weasyprint==70.0"])],
                command: &["{python}", "{scripts}/letters/bench_letters.py", "weasyprint", "100"],
                label: "weasyprint",
                figure: "cpurate",
            },
            Peer {
                name: "typst alone, neither archivable nor tagged",
                goal: 1.0,
                needs: &[Notices, Packages(&["typst==0.15.*"])],
                command: &["{python}", "{scripts}/letters/bench_letters.py", "typst", "400"],
                label: "typst",
                figure: "cpurate",
            },
        ],
    },
    Measurement {
        name: "mails",
        work: "mails built, signed with RSA-2048 and Ed25519, handed to a relay",
        unit: "mails/s",
        package: "entremise-server",
        room: "server",
        example: "bench_mails",
        arguments: &["{inputs}/rsa.pem", "{inputs}/ed25519.pem", "5000"],
        figure: Member("mails_per_second"),
        inputs: &[MailKeys],
        is_durable: false,
        peers: &[Peer {
            name: "Postfix + OpenDKIM, RSA-2048 alone",
            goal: 2.0,
            needs: &[MailKeys, Program("postfix", "postfix"), Program("opendkim", "opendkim")],
            command: &["bash", "{scripts}/bench_postfix.sh", "2000", "dkim"],
            label: "postfix-relay-dkim",
            figure: "rate",
        }],
    },
    Measurement {
        name: "ledger-verify",
        work: "a published ledger of 1 M entries verified from its files, one core",
        unit: "entries/s",
        package: "entremise-ledger",
        room: "ledger",
        example: "bench_verify",
        arguments: &["1000000"],
        figure: Member("verify_per_cpu_s"),
        inputs: &[],
        is_durable: false,
        peers: &[],
    },
    Measurement {
        name: "ledger-publish",
        work: "1 M entries published as tiles and a signed checkpoint, flushed to the disk",
        unit: "entries/s",
        package: "entremise-ledger",
        room: "ledger",
        example: "bench_verify",
        arguments: &["1000000"],
        figure: Member("publish_per_s"),
        inputs: &[],
        is_durable: true,
        peers: &[Peer {
            name: "pymerkle, in memory only",
            goal: 1.0,
            needs: &[Packages(&["pymerkle"])],
            command: &["{python}", "{scripts}/bench_audit_lib.py", "pymerkle-mem", "131072"],
            label: "pymerkle-mem",
            figure: "rate",
        }],
    },
    Measurement {
        name: "ledger-append-1",
        work: "one writer, one entry a commit, chained and durable",
        unit: "entries/s",
        package: "entremise-store",
        room: "store",
        example: "bench_append",
        arguments: &["1", "1"],
        figure: Member("entries_per_second"),
        inputs: &[],
        is_durable: true,
        peers: &[Peer {
            name: "PostgreSQL, chained in SQL, one client",
            goal: 1.0,
            needs: &[Program("psql", "postgresql"), AuditTables],
            command: &["bash", "{scripts}/pgbench_rate.sh", "audit_chain", "1", "1"],
            label: "audit_chain-c1",
            figure: "rate",
        }],
    },
    Measurement {
        name: "ledger-append-1000",
        work: "1,000 entries a commit, chained and durable",
        unit: "entries/s",
        package: "entremise-store",
        room: "store",
        example: "bench_append",
        arguments: &["1", "1000"],
        figure: Member("entries_per_second"),
        inputs: &[],
        is_durable: true,
        peers: &[Peer {
            name: "PostgreSQL, unchained, 1,000 rows a commit",
            goal: 1.0,
            needs: &[Program("psql", "postgresql"), AuditTables],
            command: &["bash", "{scripts}/pgbench_rate.sh", "audit_batch1000", "1", "1000"],
            label: "audit_batch1000-c1",
            figure: "rate",
        }],
    },
];
