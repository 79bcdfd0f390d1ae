//! The provider's own directory: who an account is. Read for a disclosure and for nothing else.
//!
//! A CSV file with the header `account,name,postal_address,emails,telephones,line_address`, or a
//! query on the provider's PostgreSQL with the account as `$1` that returns columns of those
//! names (text). Several lines, addresses or numbers in one field are divided by `|`.

use std::path::Path;

use anyhow::Context;
use entremise_core::identification::{Identity, IdentityField};

use crate::config::DirectoryConfig;

const COLUMNS: [&str; 5] = ["name", "postal_address", "emails", "telephones", "line_address"];

/// Where identities are looked up.
pub enum Directory {
    /// No directory: the account name is the subscriber.
    None,
    Csv(std::path::PathBuf),
    Postgres {
        url: String,
        query: String,
    },
}

impl Directory {
    pub fn new(config: Option<&DirectoryConfig>) -> Self {
        match config {
            Some(DirectoryConfig { csv: Some(path), .. }) => Self::Csv(path.clone()),
            Some(DirectoryConfig { postgres: Some(url), query: Some(query), .. }) => {
                Self::Postgres { url: url.clone(), query: query.clone() }
            }
            _ => Self::None,
        }
    }

    /// The identity behind an account; the account name itself where the directory has no entry.
    pub fn identity(&self, account: &str) -> anyhow::Result<Identity> {
        let found = match self {
            Self::None => None,
            Self::Csv(path) => from_csv(path, account)?,
            Self::Postgres { url, query } => from_postgres(url, query, account)?,
        };
        Ok(found
            .unwrap_or_else(|| Identity { name: Some(account.to_owned()), ..Identity::default() }))
    }
}

/// Keeps only the fields that were asked for, and says which of them are there.
pub fn only(identity: Identity, fields: &[IdentityField]) -> (Identity, Vec<IdentityField>) {
    use IdentityField::*;
    let asked = |field| fields.contains(&field);
    let kept = Identity {
        name: identity.name.filter(|_| asked(Name)),
        postal_address: if asked(PostalAddress) { identity.postal_address } else { Vec::new() },
        emails: if asked(Email) { identity.emails } else { Vec::new() },
        telephones: if asked(Telephone) { identity.telephones } else { Vec::new() },
        line_address: if asked(LineAddress) { identity.line_address } else { Vec::new() },
    };
    let mut present = Vec::new();
    for (field, there) in [
        (Name, kept.name.is_some()),
        (PostalAddress, !kept.postal_address.is_empty()),
        (Email, !kept.emails.is_empty()),
        (Telephone, !kept.telephones.is_empty()),
        (LineAddress, !kept.line_address.is_empty()),
    ] {
        if there {
            present.push(field);
        }
    }
    (kept, present)
}

fn from_csv(path: &Path, account: &str) -> anyhow::Result<Option<Identity>> {
    let mut reader = csv::Reader::from_path(path)
        .with_context(|| format!("reading the directory {}", path.display()))?;
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header.trim() == name);
    let key = column("account").context("the directory has no column `account`")?;
    let columns = COLUMNS.map(column);
    for record in reader.records() {
        // The error of the csv crate names the line and repeats nothing of it.
        let record = record.context("the directory has a row that cannot be read")?;
        if record.get(key).is_some_and(|found| found.eq_ignore_ascii_case(account)) {
            return Ok(Some(identity(columns.map(|at| at.and_then(|at| record.get(at))))));
        }
    }
    Ok(None)
}

fn from_postgres(url: &str, query: &str, account: &str) -> anyhow::Result<Option<Identity>> {
    let mut client = postgres::Client::connect(url, postgres::NoTls)
        .map_err(|_| anyhow::anyhow!("the directory's database does not answer"))?;
    let rows = client
        .query(query, &[&account])
        .map_err(|_| anyhow::anyhow!("the directory's query fails"))?;
    let Some(row) = rows.first() else { return Ok(None) };
    let column = |name: &str| -> Option<&str> {
        row.columns().iter().any(|column| column.name() == name).then(|| row.try_get(name).ok())?
    };
    Ok(Some(identity(COLUMNS.map(column))))
}

fn identity(fields: [Option<&str>; 5]) -> Identity {
    let several = |text: Option<&str>| -> Vec<String> {
        text.unwrap_or_default()
            .split('|')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let [name, postal_address, emails, telephones, line_address] = fields;
    Identity {
        name: name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned),
        postal_address: several(postal_address),
        emails: several(emails),
        telephones: several(telephones),
        line_address: several(line_address),
    }
}
