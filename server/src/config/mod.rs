//! What the operator sets: one TOML file. Everything has a default but who the parties are.
//!
//! Paths are relative to the file's folder. Secrets are never in the file: it names the files that
//! hold them, or holds SHA-256 digests of them.

mod people;
mod pilot;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use entremise_core::id::{AuthorityId, PartyId, PersonId, RegimeId};
use entremise_core::regime::rules::SenderKind;
use serde::{Deserialize, Serialize};

use crate::access::Issuer;

pub use people::{KeyFile, OfficeRole, Officer, PartiesDoor, PartyPerson, Reviewer};
pub use pilot::{Pilot, Register, Signatory};

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Databases (unless `databases` says otherwise), keys, ledger, hand-over folders.
    pub data: PathBuf,
    #[serde(default)]
    pub databases: Option<Databases>,
    /// Where the records' keys lie, apart from the records: another volume. Beside them unless set.
    #[serde(default)]
    pub key_databases: Option<KeyDatabases>,
    /// Where the compartments' own keys lie: `keys` under `data` unless set.
    #[serde(default)]
    pub keys: KeyPlace,
    #[serde(default)]
    pub listen: Listen,
    #[serde(rename = "authority", default)]
    pub authorities: Vec<Authority>,
    /// Witnesses asked to cosign every checkpoint (C2SP tlog-witness).
    #[serde(rename = "witness", default)]
    pub witnesses: Vec<Witness>,
    /// Who stamps each day's checkpoint with the time (RFC 3161).
    #[serde(default)]
    pub timestamp: Option<TimestampAuthority>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// Its address; `/add-checkpoint` is added.
    pub url: String,
    /// Its public key in note form: `name+number+base64`.
    pub key: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampAuthority {
    pub url: String,
    /// PEM of its root certificate: a stamp that it does not stand behind is not kept.
    pub ca: PathBuf,
}

/// Four URLs, where the four compartments are not files under `data`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Databases {
    pub cases: String,
    pub evidence: String,
    pub traffic: String,
    pub identity: String,
}

/// Three places, `sqlite:<path>` or `postgres://…`. They are mirrored and never backed up for
/// longer than an hour (docs/keys.md).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyDatabases {
    pub evidence: String,
    pub traffic: String,
    pub identity: String,
}

/// Where the compartments' keys come from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
pub enum KeyPlace {
    /// Files under `data`, made at the first start.
    #[default]
    Data,
    /// Files in a folder of their own; made by `entremise keys make`.
    Files { folder: PathBuf },
    /// What systemd hands to the unit: `LoadCredentialEncrypted=evidence.key:…`.
    Credentials,
    /// Files that a PKCS#11 token has wrapped; made by `entremise keys make`.
    Token {
        folder: PathBuf,
        /// The maker's library, such as `/usr/lib/softhsm/libsofthsm2.so`.
        module: PathBuf,
        token: String,
        /// Label of the AES key on the token.
        key: String,
        /// A file that holds the PIN and nothing else.
        pin: PathBuf,
    },
}

/// Where the service answers. Port 0 takes a free one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// Senders' API.
    pub api: SocketAddr,
    /// Metrics and health, for the operator's own network.
    pub operator: SocketAddr,
    /// Certificate chain and key, PEM; without them the listeners speak plain HTTP and belong
    /// behind a proxy on the same machine.
    pub tls: Option<Tls>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Default for Listen {
    fn default() -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self { api: local(8082), operator: local(8083), tls: None }
    }
}

/// One authority for which this installation works.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    pub id: AuthorityId,
    pub name: BTreeMap<String, String>,
    pub regime: RegimeId,
    /// A test or demonstration authority: documentation addresses are admitted, and everything
    /// that leaves bears SPECIMEN.
    #[serde(default)]
    pub specimen: bool,
    pub contact: Contact,
    pub pages: Pages,
    pub mail: Mail,
    pub post: Post,
    /// The way to the prosecutor. Without it, no file leaves.
    #[serde(default)]
    pub prosecutor: Option<Prosecutor>,
    /// Name of the ledger in its signed checkpoints, like `autorite.example/ledger`.
    pub ledger_origin: String,
    #[serde(rename = "sender", default)]
    pub senders: Vec<Sender>,
    #[serde(rename = "provider", default)]
    pub providers: Vec<Provider>,
    #[serde(rename = "officer", default)]
    pub officers: Vec<Officer>,
    /// Who may authorise a linking: parties of their own, outside the authority.
    #[serde(rename = "reviewer", default)]
    pub reviewers: Vec<Reviewer>,
    /// Who runs this installation, by number. None of them may be a reviewer.
    #[serde(default)]
    pub operators: Vec<PersonId>,
    /// The pilot: real intake, from which nothing leaves (docs/pilot.md).
    #[serde(default)]
    pub pilot: Option<Pilot>,
    /// The register of suspended persons, which providers ask before a new subscription.
    #[serde(default)]
    pub register: Option<Register>,
}

/// Where this authority's pages are served. Each authority has listeners of its own: two clients of
/// one installation share no address, no cookie and no page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    pub public: SocketAddr,
    /// Case officers' pages: never on the public address.
    pub office: SocketAddr,
    /// The public pages' own address, without a path: `https://autorite.example`.
    pub origin: String,
    /// A URI for whoever found a weakness (RFC 9116).
    pub security_contact: String,
    /// The reviewers' desk: a door of its own, for people who are not of the authority.
    #[serde(default)]
    pub review: Option<ReviewDoor>,
    /// The desks of senders and providers: a door of their own.
    #[serde(default)]
    pub parties: Option<PartiesDoor>,
    /// The office's own address as browsers see it, without a path. Passkeys are bound to it.
    #[serde(default)]
    pub office_origin: Option<String>,
    /// Through whom people of the house come in, where it is not by a secret.
    #[serde(default)]
    pub sign_in: Option<Issuer>,
}

/// Where reviewers come in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewDoor {
    pub listen: SocketAddr,
    /// The desk's address as browsers see it, without a path. Passkeys are bound to it.
    pub origin: String,
}

/// How the person concerned reaches the authority (CPI L331-20).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub postal: Vec<String>,
    pub email: String,
    /// Where a message is checked. Printed to be typed, never as a link.
    pub verify_address: String,
    /// Where the public finds legal offers (CPI L331-20).
    pub offers_address: String,
    /// Who signs the messages.
    pub signatory: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub from: String,
    /// Domain of the return paths; what comes back there is read from `bounces`.
    pub return_domain: String,
    /// Maildir into which the mail server delivers what comes back.
    #[serde(default)]
    pub bounces: Option<PathBuf>,
    /// Maildir into which the mail server delivers notices.
    #[serde(default)]
    pub notices: Option<PathBuf>,
    pub dkim_domain: String,
    pub dkim_rsa: DkimKey,
    pub dkim_ed25519: DkimKey,
}

/// How complete files reach the prosecutor, and with what they are sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prosecutor {
    /// Packages are taken from it.
    pub folder: PathBuf,
    /// PEM: the seal's own certificate first, then those that vouch for it.
    pub seal_certificates: PathBuf,
    /// PKCS#8, PEM, on the curve P-256.
    pub seal_key: PathBuf,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimKey {
    pub selector: String,
    /// PKCS#8, PEM.
    pub key: PathBuf,
}

/// Who carries the letters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Post {
    /// Letters and a manifest are left in a folder; news of them is dropped there.
    Folder { folder: PathBuf },
    /// The API of a letter service.
    Http { url: String, client_id: String, client_secret: PathBuf },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    pub id: PartyId,
    pub name: String,
    /// Where acknowledgements go.
    pub email: String,
    pub kind: SenderKind,
    /// SHA-256 of the bearer token, hexadecimal.
    #[serde(default)]
    pub token_sha256: Option<String>,
    /// Hand-over folder: batches are taken from `in/`, answered in `out/`.
    #[serde(default)]
    pub folder: Option<PathBuf>,
    /// Mail addresses from which notices of this sender come.
    #[serde(default)]
    pub mail_from: Vec<String>,
    /// OpenPGP public keys, ASCII armour.
    #[serde(default)]
    pub openpgp: Vec<PathBuf>,
    /// Public key (JWK, Ed25519 or P-256) for detached JWS over batches.
    #[serde(default)]
    pub jws_key: Option<serde_json::Value>,
    /// Whether notices without a signature are refused.
    #[serde(default)]
    pub must_sign: bool,
    /// Requests a second this sender may make, averaged over ten.
    #[serde(default = "rate")]
    pub requests_per_second_max: u32,
}

fn rate() -> u32 {
    50
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    pub id: PartyId,
    pub name: String,
    /// Address ranges it announces, CIDR.
    pub prefixes: Vec<String>,
    pub answers: Answers,
    pub relay: Relay,
}

/// How a provider answers identifications.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Answers {
    /// Its connector, over HTTPS with mutual TLS.
    Connector {
        url: String,
        /// PEM of the authority that signed the connector's certificate.
        ca: PathBuf,
        /// Our client certificate and key, PEM in one file.
        client: PathBuf,
        /// Our Ed25519 seed for signing requests: 32 bytes, base64url.
        signing_key: PathBuf,
        signing_key_id: String,
        /// The connector's Ed25519 public key for its answers, base64url.
        answer_key: String,
        answer_key_id: String,
    },
    /// A numbered CSV a day, left in and taken from a folder.
    File { folder: PathBuf },
}

/// The SMTP relay of a provider for messages to its subscribers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    pub host: String,
    pub port: u16,
    #[serde(default)]
    pub security: RelaySecurity,
    /// PEM of the relay's certificate authority, where it is not a public one.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    #[serde(default)]
    pub login: Option<String>,
    #[serde(default)]
    pub password: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelaySecurity {
    /// On the provider's private link, or on this machine in a demonstration.
    Plain,
    #[default]
    Starttls,
    Tls,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: cannot be read")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    Invalid { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{path}: person {person}: {why}")]
    Person { path: PathBuf, person: PersonId, why: &'static str },
    #[error("{path}: reviewer {reviewer}: {why}")]
    Reviewer { path: PathBuf, reviewer: PersonId, why: &'static str },
    #[error("{path}: authority {authority}: {why}")]
    Pilot { path: PathBuf, authority: AuthorityId, why: &'static str },
}

impl Config {
    /// Reads the file and makes its paths absolute to its folder.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let mut config: Self = toml::from_str(&text).map_err(|source| ConfigError::Invalid {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        for authority in &config.authorities {
            people::check(authority).map_err(|(person, why)| ConfigError::Person {
                path: path.to_owned(),
                person,
                why,
            })?;
            people::check_reviewers(authority).map_err(|(reviewer, why)| {
                ConfigError::Reviewer { path: path.to_owned(), reviewer, why }
            })?;
            pilot::check(authority).map_err(|why| ConfigError::Pilot {
                path: path.to_owned(),
                authority: authority.id.clone(),
                why,
            })?;
        }
        config.root_at(path.parent().unwrap_or(Path::new(".")));
        Ok(config)
    }

    fn root_at(&mut self, folder: &Path) {
        let root = |path: &mut PathBuf| *path = folder.join(&*path);
        root(&mut self.data);
        match &mut self.keys {
            KeyPlace::Data | KeyPlace::Credentials => {}
            KeyPlace::Files { folder } => root(folder),
            KeyPlace::Token { folder, pin, .. } => [folder, pin].into_iter().for_each(root),
        }
        if let Some(tls) = &mut self.listen.tls {
            root(&mut tls.certificate);
            root(&mut tls.key);
        }
        self.timestamp.iter_mut().for_each(|timestamp| root(&mut timestamp.ca));
        for authority in &mut self.authorities {
            authority.root_at(folder);
        }
    }

    pub fn authority(&self, id: &AuthorityId) -> Option<&Authority> {
        self.authorities.iter().find(|authority| &authority.id == id)
    }
}

impl Authority {
    fn root_at(&mut self, folder: &Path) {
        let root = |path: &mut PathBuf| *path = folder.join(&*path);
        if let Some(sign_in) = &mut self.pages.sign_in {
            root(&mut sign_in.client_secret);
            sign_in.ca.iter_mut().for_each(root);
        }
        self.mail.bounces.iter_mut().for_each(root);
        self.mail.notices.iter_mut().for_each(root);
        root(&mut self.mail.dkim_rsa.key);
        root(&mut self.mail.dkim_ed25519.key);
        self.pilot.iter_mut().filter_map(|pilot| pilot.costs.as_mut()).for_each(root);
        if let Some(Prosecutor { folder, seal_certificates, seal_key }) = &mut self.prosecutor {
            [folder, seal_certificates, seal_key].into_iter().for_each(root);
        }
        match &mut self.post {
            Post::Folder { folder } => root(folder),
            Post::Http { client_secret, .. } => root(client_secret),
        }
        for sender in &mut self.senders {
            sender.openpgp.iter_mut().for_each(root);
            sender.folder.iter_mut().for_each(root);
        }
        for provider in &mut self.providers {
            match &mut provider.answers {
                Answers::Connector { ca, client, signing_key, .. } => {
                    [ca, client, signing_key].into_iter().for_each(root);
                }
                Answers::File { folder } => root(folder),
            }
            provider.relay.ca.iter_mut().for_each(root);
            provider.relay.password.iter_mut().for_each(root);
        }
    }
}
