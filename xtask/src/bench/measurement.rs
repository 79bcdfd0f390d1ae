//! The form of a measurement: a program of ours, the figure in what it prints, and its peers.

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
    /// What it must reach where no peer stands beside it.
    pub goal: Option<Goal>,
    pub peers: &'static [Peer],
}

/// A goal in the measurement's own unit.
#[derive(Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    Under(f64),
}

impl Measurement {
    pub fn source(&self) -> PathBuf {
        let examples = place::root().join(self.room).join("examples");
        let folder = examples.join(self.example).join("main.rs");
        if folder.is_file() { folder } else { examples.join(format!("{}.rs", self.example)) }
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
    /// Leases and questions in the private PostgreSQL.
    LeaseTables,
    /// Postfix, OpenDKIM and the sink, unpacked and never installed.
    Postfix,
}
