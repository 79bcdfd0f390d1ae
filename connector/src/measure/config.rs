//! `[measures]` of the configuration: whose orders are taken, which persons approve, how the access
//! servers are told. Without it, no order is taken at all.
//!
//! ```toml
//! [measures]
//! spares = ["telephony", "television"]         # what runs on in the restricted profile
//! login_list = "/etc/freeradius/3.0/mods-config/files/entremise-measures"
//! reload = ["/usr/sbin/radmin", "-e", "hup entremise_measures"]
//! forget_after_days = 90                       # after its end, an order is erased
//! [measures.apply]
//! by = "coa"                                   # or "disconnect": the next login is restricted
//! attributes = [{ type = 11, text = "walled-garden" }]     # Filter-Id
//! [measures.lift]
//! by = "coa"
//! attributes = [{ vendor = 9, type = 1, text = "ip:policy=open" }]
//! [measures.sessions]                          # where access servers want to hear the session
//! postgres = "host=radius.isp.example user=entremise dbname=radius"
//! query = """SELECT host(nasipaddress) AS access_server, acctsessionid AS session
//!            FROM radacct WHERE username = $1 AND acctstoptime IS NULL"""
//! [[measures.authority]]
//! id = "autorite"                              # also under [[authority]], with its key
//! regimes = ["fr-graduated-response"]
//! decided_by = ["court"]
//! longest_days = 366
//! orders_per_day = 200                         # a guard against a runaway sender
//! [[measures.person]]                          # two different ones approve
//! name = "c-martin"
//! public_key = "…"                             # of `measure key`, base64
//! [[measures.person]]
//! name = "a-petit"
//! public_key = "…"
//! [[measures.access_server]]
//! name = "bng-1"
//! address = "192.0.2.254:3799"
//! secret = "/etc/entremise-connector/bng-1.secret"
//! identifier = "bng-1"                         # NAS-Identifier, where it is wanted
//! ```

use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use entremise_core::authorisation::PublicKey;
use entremise_core::id::{AuthorityId, PersonId, RegimeId};
use entremise_wire::measure::{DecidedBy, Spared};
use entremise_wire::signature::VerifyingKey;
use serde::Deserialize;

use super::radius::{AccessServer, Attribute, Code};
use super::sessions::SessionsConfig;
use crate::config::Authority;

/// How many persons it takes.
pub const PERSONS: usize = 2;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuresConfig {
    pub spares: BTreeSet<Spared>,
    pub login_list: PathBuf,
    /// The program that makes the RADIUS server read the list again, and its arguments.
    #[serde(default)]
    pub reload: Vec<String>,
    #[serde(default = "a_season")]
    pub forget_after_days: u32,
    pub apply: ChangeConfig,
    pub lift: ChangeConfig,
    /// Absent: every access server is asked by the account's name.
    pub sessions: Option<SessionsConfig>,
    #[serde(rename = "authority")]
    pub authorities: Vec<OrderingAuthority>,
    #[serde(rename = "person")]
    pub persons: Vec<Person>,
    #[serde(rename = "access_server")]
    pub access_servers: Vec<AccessServerConfig>,
}

/// How a running session is changed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeConfig {
    pub by: Way,
    #[serde(default)]
    pub attributes: Vec<AttributeConfig>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The session goes on with other rights.
    Coa,
    /// The session is ended; the subscriber's equipment logs in again by itself.
    Disconnect,
}

/// An attribute by its number: the names are in the dictionaries of the maker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeConfig {
    pub vendor: Option<u32>,
    #[serde(rename = "type")]
    pub kind: u8,
    pub text: Option<String>,
    pub number: Option<u32>,
}

/// An authority whose orders are taken, and how far.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderingAuthority {
    pub id: AuthorityId,
    pub regimes: BTreeSet<RegimeId>,
    #[serde(default = "courts")]
    pub decided_by: BTreeSet<DecidedBy>,
    #[serde(default = "longest_of_the_law")]
    pub longest_days: u32,
    #[serde(default = "more_than_a_court_pronounces")]
    pub orders_per_day: u32,
}

/// Somebody of the provider's who may approve.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub name: PersonId,
    /// Ed25519, base64.
    pub public_key: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessServerConfig {
    pub name: String,
    pub address: SocketAddr,
    /// A file with the shared secret, readable by the connector alone.
    pub secret: PathBuf,
    pub identifier: Option<String>,
    /// How long an answer is waited for, three times.
    #[serde(default = "two_seconds")]
    pub wait_ms: u64,
}

fn a_season() -> u32 {
    90
}

/// Only a court suspends: CC 2009-580 DC; CPI L335-7.
fn courts() -> BTreeSet<DecidedBy> {
    BTreeSet::from([DecidedBy::Court])
}

/// At most one year: CPI L335-7.
fn longest_of_the_law() -> u32 {
    366
}

/// A suspension was pronounced once, on 3 June 2013 (law.md): two hundred in a day are a fault.
fn more_than_a_court_pronounces() -> u32 {
    200
}

fn two_seconds() -> u64 {
    2_000
}

impl MeasuresConfig {
    /// Says what is wrong. `authorities` are those that may ask at all.
    pub fn check(&self, authorities: &[Authority]) -> anyhow::Result<()> {
        let names: HashSet<&PersonId> = self.persons.iter().map(|person| &person.name).collect();
        let keys = self.keys()?;
        let distinct: HashSet<&[u8; 32]> = keys.iter().map(|key| &key.public).collect();
        ensure!(
            names.len() == self.persons.len() && distinct.len() == keys.len(),
            "[measures] has one person, or one key, twice"
        );
        ensure!(distinct.len() >= PERSONS, "[measures] needs at least {PERSONS} persons");
        for public in keys_of_the_asking(authorities)? {
            // Who orders must not be able to approve.
            ensure!(!distinct.contains(&public), "an authority's key is a person's in [measures]");
        }
        for authority in &self.authorities {
            let known = authorities.iter().find(|known| known.id == authority.id);
            let known = known.with_context(|| {
                format!("[measures] names {}, which has no [[authority]]", authority.id)
            })?;
            for regime in &authority.regimes {
                ensure!(
                    known.regimes.contains(regime),
                    "[measures] names regime {regime}, not agreed with {}",
                    authority.id
                );
            }
        }
        ensure!(!self.access_servers.is_empty(), "[measures] needs an access server");
        self.apply.attributes()?;
        self.lift.attributes()?;
        Ok(())
    }

    /// The persons' keys, each under the person's name.
    pub fn keys(&self) -> anyhow::Result<Vec<VerifyingKey>> {
        let key = |person: &Person| {
            VerifyingKey::from_base64(person.name.as_str(), &person.public_key)
                .with_context(|| format!("the key of {} in [measures]", person.name))
        };
        self.persons.iter().map(key).collect()
    }

    /// The access servers with their secrets.
    pub fn servers(&self) -> anyhow::Result<Vec<AccessServer>> {
        self.access_servers.iter().map(AccessServerConfig::server).collect()
    }
}

/// Every public key of those who ask, and of their reviewers.
fn keys_of_the_asking(authorities: &[Authority]) -> anyhow::Result<HashSet<[u8; 32]>> {
    let mut keys = HashSet::new();
    for authority in authorities {
        keys.insert(VerifyingKey::from_base64("", &authority.public_key)?.public);
        for reviewer in &authority.reviewers {
            if let PublicKey::Ed25519 { public_key } = &reviewer.key {
                keys.insert(VerifyingKey::from_base64("", public_key)?.public);
            }
        }
    }
    Ok(keys)
}

impl ChangeConfig {
    pub fn code(&self) -> Code {
        match self.by {
            Way::Coa => Code::ChangeOfAuthorisation,
            Way::Disconnect => Code::Disconnect,
        }
    }

    pub fn attributes(&self) -> anyhow::Result<Vec<Attribute>> {
        if self.by == Way::Disconnect && !self.attributes.is_empty() {
            bail!("a Disconnect-Request changes no attribute (RFC 5176, section 2.1)");
        }
        if self.by == Way::Coa && self.attributes.is_empty() {
            bail!("a CoA-Request needs the attributes that it changes");
        }
        self.attributes.iter().map(AttributeConfig::attribute).collect()
    }
}

impl AttributeConfig {
    fn attribute(&self) -> anyhow::Result<Attribute> {
        let value = match (&self.text, self.number) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(number)) => number.to_be_bytes().to_vec(),
            _ => bail!("an attribute has either `text` or `number`"),
        };
        // Who it is about, when, and what proves it, is not for a configuration to say.
        if self.vendor.is_none() && [1, 2, 3, 24, 26, 44, 55, 80].contains(&self.kind) {
            bail!("attribute {} is set by the connector, or has no place here", self.kind);
        }
        match self.vendor {
            None => Some(Attribute { kind: self.kind, value }),
            Some(vendor) => Attribute::of_vendor(vendor, self.kind, &value),
        }
        .filter(|attribute| attribute.value.len() <= 253)
        .with_context(|| format!("attribute {} is too long", self.kind))
    }
}

impl AccessServerConfig {
    fn server(&self) -> anyhow::Result<AccessServer> {
        Ok(AccessServer {
            name: self.name.clone(),
            address: self.address,
            secret: secret(&self.secret)?,
            identifier: self.identifier.clone(),
            wait: Duration::from_millis(self.wait_ms.max(1)),
        })
    }
}

fn secret(path: &Path) -> anyhow::Result<Vec<u8>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("reading the secret {}", path.display()))?;
    let mode = std::fs::metadata(path)?.permissions().mode();
    ensure!(mode & 0o077 == 0, "{} can be read by others: chmod 600 it", path.display());
    let secret = text.trim_end_matches(['\r', '\n']);
    ensure!(!secret.is_empty(), "{} is empty", path.display());
    Ok(secret.as_bytes().to_vec())
}
