//! The configuration of `serve`, as one TOML file. `check` reads it and says what is wrong.
//!
//! ```toml
//! index = "/var/lib/entremise-connector"
//! keys = "/etc/entremise-connector/keys.json"       # default: keys.json in the index
//! listen = "0.0.0.0:8443"
//! public_url = "https://connector.isp.example:8443" # what requests are signed for
//!
//! [tls]
//! certificate = "/etc/entremise-connector/tls.pem"
//! key = "/etc/entremise-connector/tls.key"
//! client_ca = "/etc/entremise-connector/authorities.pem"
//! client_thumbprints = ["3f…"]                      # SHA-256 of the certificates, hexadecimal
//!
//! [network]
//! prefixes = ["192.0.2.0/24", "2001:db8::/32"]
//! retention_days = 365
//! [[network.resale]]
//! prefix = "192.0.2.128/26"
//! operator = "Opérateur SPECIMEN"
//!
//! [[source]]
//! format = "radius-detail"
//! files = ["/var/log/freeradius/radacct/detail"]
//! zone = "Europe/Paris"                             # only for logs without numeric offset
//! vrf = "Broadband"
//! account_from = ["hardware-address", "client-id"]
//! clock_error_ms = 200
//! silence_secs = 3600                               # longer without a record is a hole
//! lateness_secs = 60                                # a record may be written so much later
//!
//! [[authority]]
//! id = "autorite"
//! regimes = ["fr-graduated-response"]
//! key_id = "autorite-1"
//! public_key = "…"                                  # Ed25519, base64
//! questions_per_day = 50000
//! provider = "isp-1"                                # what this authority calls us
//! linkings_without_grant = 2                        # by our own count, for each handle
//! linking_again_after_months = 6                     # older linkings are not counted
//! handle_rests_months = 20                          # then a handle is forgotten
//! [[authority.reviewer]]                            # whose grant opens more; pinned by us
//! id = "reviewer-1"
//! reviewer = "r-dupont"
//! body = "Organe de contrôle (SPECIMEN)"
//! kind = "ed25519"                                  # or "passkey" with rp_id and origin
//! public_key = "…"                                  # base64url
//! [authority.register]                              # asked by `register ask`
//! url = "https://autorite.example:8082/v1/autorite/register"
//! public_key = "…"                                  # base64url, as the authority published it
//! ca = "/etc/entremise-connector/autorite-ca.pem"
//!
//! [alarm]
//! addresses_per_day = 20
//! questions_per_day = 50
//!
//! [directory]
//! csv = "/etc/entremise-connector/subscribers.csv"  # or postgres = "…" with query = "…"
//!
//! [relay]                                           # hands messages over for authorities
//! host = "smtp.isp.example"
//! port = 587
//! security = "starttls"                             # or "tls", or "plain" on a private link
//! login = "entremise"
//! password = "/etc/entremise-connector/relay.password"
//! from = "avertissements@isp.example"
//! ```
//!
//! `[measures]` is described at the head of `measure/config.rs`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use entremise_core::authorisation::ReviewerKey;
use entremise_core::id::{AuthorityId, PartyId, RegimeId};
use entremise_wire::signature::VerifyingKey;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::identify::{Followed, Network};
use crate::interval::{Millis, Prefix, SECOND};
use crate::keys::KeyFile;
use crate::measure::config::MeasuresConfig;
use crate::read::{AccountFrom, Format, ReadOptions};
use crate::register::RegisterConfig;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub index: PathBuf,
    pub keys: Option<PathBuf>,
    pub listen: SocketAddr,
    pub public_url: String,
    pub tls: Tls,
    #[serde(default)]
    pub network: NetworkConfig,
    #[serde(default, rename = "source")]
    pub sources: Vec<Source>,
    #[serde(rename = "authority")]
    pub authorities: Vec<Authority>,
    #[serde(default)]
    pub alarm: AlarmConfig,
    pub directory: Option<DirectoryConfig>,
    pub relay: Option<RelayConfig>,
    pub measures: Option<MeasuresConfig>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub client_ca: PathBuf,
    /// Empty: any certificate of the CA may connect. Else only these.
    #[serde(default)]
    pub client_thumbprints: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    #[serde(default)]
    pub prefixes: Vec<String>,
    #[serde(default)]
    pub resale: Vec<Resale>,
    pub retention_days: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resale {
    pub prefix: String,
    pub operator: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub format: Format,
    pub files: Vec<PathBuf>,
    pub zone: Option<String>,
    pub vrf: Option<String>,
    #[serde(default)]
    pub account_from: Vec<AccountFrom>,
    #[serde(default)]
    pub clock_error_ms: u32,
    pub silence_secs: Option<u32>,
    /// How much later than its own instant a record may reach these files. What happened less than
    /// this before the newest record is not answered yet.
    #[serde(default)]
    pub lateness_secs: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    pub id: AuthorityId,
    pub regimes: Vec<RegimeId>,
    pub key_id: String,
    pub public_key: String,
    /// The historic cap of one list a day (law.md A4), as a guard against a runaway sender.
    #[serde(default = "historic_cap")]
    pub questions_per_day: u32,
    /// What this authority calls us: a reviewer's grant names the provider it is for.
    pub provider: Option<PartyId>,
    /// So many linkings of one handle need no reviewer's grant, by our own count.
    #[serde(default = "linkings_of_the_law")]
    pub linkings_without_grant: u32,
    /// A linking is counted for so long: once the window of a warning has passed, the ladder begins
    /// again with the first.
    #[serde(default = "shortest_window")]
    pub linking_again_after_months: u32,
    /// A handle that was not given in an answer for so long is forgotten, and so is its count.
    #[serde(default = "longest_file")]
    pub handle_rests_months: u32,
    /// Whose grant opens a further linking. Pinned here, by the provider: what the authority says
    /// about its reviewers counts for nothing.
    #[serde(default, rename = "reviewer")]
    pub reviewers: Vec<ReviewerKey>,
    /// Its register of suspended persons, where we ask it before a new subscription.
    #[serde(default)]
    pub register: Option<RegisterConfig>,
}

/// The provider's own mail system, for messages that are handed over without an identity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayConfig {
    pub host: String,
    pub port: u16,
    pub security: RelaySecurity,
    pub login: Option<String>,
    /// A file with the password, readable by the connector alone.
    pub password: Option<PathBuf>,
    pub from: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelaySecurity {
    /// On a private link or this machine.
    Plain,
    Starttls,
    Tls,
}

/// When an account answers improbably often. The Numericable failure of 2013 named one subscriber
/// 1,531 times (law.md A7); nobody honest holds 20 addresses that are noticed in one day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmConfig {
    pub addresses_per_day: u32,
    pub questions_per_day: u32,
}

impl Default for AlarmConfig {
    fn default() -> Self {
        Self { addresses_per_day: 20, questions_per_day: 50 }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryConfig {
    pub csv: Option<PathBuf>,
    pub postgres: Option<String>,
    pub query: Option<String>,
}

fn historic_cap() -> u32 {
    50_000
}

/// The first two linkings remain possible without a prior review (CE 30 April 2026, n° 433539).
/// Six months after a first recommendation a new fact is no repeat (CPI L331-20).
pub fn shortest_window() -> u32 {
    6
}

fn linkings_of_the_law() -> u32 {
    2
}

/// The longest that a file is kept after the last fact: décret 2010-236, article 3.
pub fn longest_file() -> u32 {
    20
}

impl Config {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let config: Self =
            toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        config.network()?;
        config.pinned()?;
        for source in &config.sources {
            source.options(0)?;
        }
        for authority in &config.authorities {
            if !authority.reviewers.is_empty() && authority.provider.is_none() {
                bail!("authority {} has reviewers and needs `provider` too", authority.id);
            }
        }
        if let Some(measures) = &config.measures {
            measures.check(&config.authorities)?;
        }
        if !config.public_url.starts_with("https://") {
            bail!("public_url must begin with https://");
        }
        if let Some(directory) = &config.directory {
            let database = directory.postgres.is_some() && directory.query.is_some();
            if directory.csv.is_some() == database {
                bail!("[directory] needs either csv, or postgres together with query");
            }
        }
        Ok(config)
    }

    pub fn key_path(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| KeyFile::path_in(&self.index))
    }

    /// The keys of the authorities that may ask.
    pub fn pinned(&self) -> anyhow::Result<Vec<VerifyingKey>> {
        self.authorities
            .iter()
            .map(|authority| {
                VerifyingKey::from_base64(authority.key_id.clone(), &authority.public_key)
                    .with_context(|| format!("the key of authority {}", authority.id))
            })
            .collect()
    }

    pub fn network(&self) -> anyhow::Result<Network> {
        let prefix = |text: &str| {
            Prefix::parse(text).with_context(|| format!("{text:?} is no address or prefix"))
        };
        let config = &self.network;
        Ok(Network {
            prefixes: config.prefixes.iter().map(|text| prefix(text)).collect::<Result<_, _>>()?,
            resale: config
                .resale
                .iter()
                .map(|resale| Ok((prefix(&resale.prefix)?, resale.operator.clone())))
                .collect::<anyhow::Result<_>>()?,
            retention: config.retention_days.map(retention),
            clock_errors: self
                .sources
                .iter()
                .map(|source| (source.format, source.clock_error_ms.into()))
                .collect(),
            silences: self
                .sources
                .iter()
                .filter_map(|source| {
                    Some((source.format, i64::from(source.silence_secs?) * SECOND))
                })
                .collect(),
            sources: self.sources.iter().map(Source::followed).collect::<Result<_, _>>()?,
        })
    }
}

/// How long records are kept, from the days of the configuration.
pub fn retention(days: u32) -> Millis {
    i64::from(days) * 86_400 * SECOND
}

impl Source {
    fn followed(&self) -> anyhow::Result<Followed> {
        let absolute = |path: &PathBuf| -> anyhow::Result<String> {
            Ok(std::path::absolute(path)?.to_string_lossy().into_owned())
        };
        Ok(Followed {
            format: self.format,
            files: self.files.iter().map(absolute).collect::<Result<_, _>>()?,
            lateness: i64::from(self.lateness_secs) * SECOND,
        })
    }

    pub fn options(&self, space: u16) -> anyhow::Result<ReadOptions> {
        read_options(self.zone.as_deref(), space, &self.account_from)
    }
}

/// What readers are told, from the words of the configuration or the command line.
pub fn read_options(
    zone: Option<&str>,
    space: u16,
    account_from: &[AccountFrom],
) -> anyhow::Result<ReadOptions> {
    let zone = zone
        .map(|name| TimeZone::get(name).with_context(|| format!("{name:?} is no time zone")))
        .transpose()?;
    let mut options = ReadOptions { zone, space, ..ReadOptions::default() };
    if !account_from.is_empty() {
        options.account_from = account_from.to_vec();
    }
    Ok(options)
}
