//! Everything the world's parties have on disk before the first day: keys, certificates, folders,
//! the providers' directories, and the configurations of the house and of the connectors.
//!
//! All secrets are made from the seed but the TLS certificates, which leave no trace in the ledger.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use entremise_connector::keys::{HandleKey, KeyFile, Secret, SigningSecret};
use entremise_core::regime::rules::SenderKind;
use entremise_formats::jws;
use entremise_server::config as house;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::chance::Chance;
use crate::mail::make_maildir;
use crate::signing;
use crate::third_step::{Pen, ReviewerKey};
use crate::world::{SENDERS, World};

pub const AUTHORITY: &str = "autorite";
pub const REGIME: &str = "fr-graduated-response";
/// The person who decides.
pub const MEMBER: &str = "membre-1";
/// How the HTTP sender names its signing key.
const JWS_KEY_ID: &str = "musique-2026";
/// Mail to this mailbox carries notices.
pub const NOTICES_MAILBOX: &str = "constats@autorite.example";

const DKIM_RSA: &[u8] = include_bytes!("specimen-dkim-rsa.pem");
const SEAL: &[u8] = include_bytes!("specimen-seal.pem");
const SEAL_KEY: &[u8] = include_bytes!("specimen-seal.key.pem");

/// A provider's corner of the world.
pub struct ProviderEstate {
    pub name: &'static str,
    pub folder: PathBuf,
    pub index: PathBuf,
    pub keys: KeyFile,
    pub config: PathBuf,
    pub address: SocketAddr,
}

impl ProviderEstate {
    /// The growing log of that name.
    pub fn log(&self, file: &str) -> PathBuf {
        self.folder.join("logs").join(file)
    }
}

/// Where everything lies and who holds which key.
pub struct Estate {
    pub folder: PathBuf,
    pub providers: Vec<ProviderEstate>,
    /// The bearer token of the sender that uses HTTP.
    pub token: String,
    pub jws: jws::SigningKey,
    /// What the deciding member types to sign in.
    pub member_secret: String,
    pub post_secret: String,
    jws_public: Vec<u8>,
    dkim_seed: [u8; 32],
    requests_seed: [u8; 32],
    /// Who may authorise a third linking; the providers pinned the key themselves.
    reviewer: ReviewerKey,
    pen: Pen,
}

/// Where the world's relay and its post answer.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    pub relay: SocketAddr,
    pub post: SocketAddr,
    pub post_by: PostBy,
}

/// How letters reach the post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PostBy {
    #[default]
    Http,
    /// A hand-over folder, emptied by a print shop.
    Folder,
}

/// How the providers answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// By their connectors, over sockets.
    Connectors,
    /// By whatever the simulation puts in their place.
    Replaced,
}

impl Estate {
    /// Lays everything out under `folder`.
    pub fn lay(folder: &Path, seed: u64, world: &World) -> anyhow::Result<Self> {
        let mut chance = Chance::of(seed, "keys");
        let member_secret = format!("specimen-{}", chance.hexadecimal(20));
        let token = format!("specimen-{}", chance.hexadecimal(32));
        // What the simulated post asks of its clients.
        let post_secret = "specimen".to_owned();
        let jws_seed: [u8; 32] = chance.bytes();
        let dkim_seed = chance.bytes();
        let requests_seed = chance.bytes();
        for part in ["mail/bounces", "mail/notices"] {
            make_maildir(&folder.join(part))?;
        }
        for part in ["keys", "house", "senders/edition/in"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let mut providers = Vec::new();
        for network in world.networks() {
            providers.push(provider(folder, network.name(), &mut chance)?);
        }
        let jws = jws::SigningKey::from_pkcs8(
            jws::Algorithm::EdDsa,
            JWS_KEY_ID,
            &signing::pkcs8(&jws_seed),
        )
        .context("an Ed25519 key from its seed")?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&jws_seed)
            .map_err(|_| anyhow::anyhow!("an Ed25519 key from its seed"))?;
        let estate = Self {
            folder: folder.to_owned(),
            providers,
            token,
            jws,
            member_secret,
            post_secret,
            jws_public: pair.public_key().as_ref().to_vec(),
            dkim_seed,
            requests_seed,
            reviewer: ReviewerKey::new(seed)?,
            pen: Pen::new(seed)?,
        };
        estate.write_keys()?;
        estate.write_certificates()?;
        for (place, provider) in estate.providers.iter().enumerate() {
            estate.write_directory(provider, place, world)?;
            estate.write_connector(provider, world, place)?;
        }
        Ok(estate)
    }

    fn write_keys(&self) -> anyhow::Result<()> {
        let keys = self.folder.join("keys");
        fs::write(keys.join("dkim-rsa.pem"), DKIM_RSA)?;
        fs::write(keys.join("seal.pem"), SEAL)?;
        fs::write(keys.join("seal.key.pem"), SEAL_KEY)?;
        let der = STANDARD.encode(signing::pkcs8(&self.dkim_seed));
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
        fs::write(keys.join("dkim-ed25519.pem"), pem)?;
        fs::write(keys.join("requests.key"), URL_SAFE_NO_PAD.encode(self.requests_seed))?;
        fs::write(keys.join("post.secret"), &self.post_secret)?;
        fs::write(keys.join("cinema.asc"), signing::PUBLIC)?;
        Ok(())
    }

    /// One small authority signs both ends of every connection to a connector.
    fn write_certificates(&self) -> anyhow::Result<()> {
        let keys = self.folder.join("keys");
        let mut params = rcgen::CertificateParams::new(Vec::<String>::new())?;
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "SPECIMEN CA");
        let ca_key = rcgen::KeyPair::generate()?;
        let ca = params.self_signed(&ca_key)?;
        fs::write(keys.join("ca.pem"), ca.pem())?;
        let issuer = rcgen::Issuer::new(params, ca_key);
        let client_key = rcgen::KeyPair::generate()?;
        let client = rcgen::CertificateParams::new(vec!["autorite.example".to_owned()])?
            .signed_by(&client_key, &issuer)?;
        fs::write(
            keys.join("client.pem"),
            format!("{}{}", client.pem(), client_key.serialize_pem()),
        )?;
        for folder in self.providers.iter().map(|provider| &provider.folder).chain([&keys]) {
            let key = rcgen::KeyPair::generate()?;
            let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
            let certificate = rcgen::CertificateParams::new(names)?.signed_by(&key, &issuer)?;
            fs::write(folder.join("tls.pem"), certificate.pem())?;
            fs::write(folder.join("tls.key"), key.serialize_pem())?;
        }
        Ok(())
    }

    /// How the relay answers where it is protected.
    pub fn relay_tls(&self) -> anyhow::Result<TlsAcceptor> {
        let keys = self.folder.join("keys");
        let certificate = CertificateDer::from_pem_file(keys.join("tls.pem"))?;
        let key = PrivateKeyDer::from_pem_file(keys.join("tls.key"))?;
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// The provider's own list of subscribers.
    fn write_directory(
        &self,
        provider: &ProviderEstate,
        place: usize,
        world: &World,
    ) -> anyhow::Result<()> {
        let mut text = "account,name,postal_address,emails,telephones,line_address\n".to_owned();
        for person in world.subscribers.iter().filter(|person| person.provider == place) {
            let lines = person.address.join("|");
            let email = person.email.as_deref().unwrap_or_default();
            text += &format!(
                "{},{},\"{lines}\",{email},+33 1 99 00 {:02} {:02},\"{lines}\"\n",
                person.account,
                person.name,
                person.number / 100,
                person.number % 100,
            );
        }
        fs::write(provider.folder.join("subscribers.csv"), text)?;
        Ok(())
    }

    fn write_connector(
        &self,
        provider: &ProviderEstate,
        world: &World,
        place: usize,
    ) -> anyhow::Result<()> {
        let public = Ed25519KeyPair::from_seed_unchecked(&self.requests_seed)
            .map_err(|_| anyhow::anyhow!("an Ed25519 key from its seed"))?;
        let prefixes: Vec<String> = world
            .networks()
            .nth(place)
            .map(|network| network.announces().iter().map(ToString::to_string).collect())
            .unwrap_or_default();
        let mut text = format!(
            "index = {index:?}\nkeys = {keys:?}\nlisten = \"{address}\"\n\
             public_url = \"https://{address}\"\n\n[tls]\ncertificate = {certificate:?}\n\
             key = {key:?}\nclient_ca = {ca:?}\n\n[network]\nprefixes = {prefixes:?}\n\
             retention_days = 365\n\n[[authority]]\nid = \"{AUTHORITY}\"\n\
             regimes = [\"{REGIME}\"]\nkey_id = \"autorite-1\"\nprovider = \"{name}\"\n\
             public_key = \"{public}\"\n\n[directory]\ncsv = {csv:?}\n",
            name = provider.name,
            index = provider.index,
            keys = provider.folder.join("keys.json"),
            address = provider.address,
            certificate = provider.folder.join("tls.pem"),
            key = provider.folder.join("tls.key"),
            ca = self.folder.join("keys/ca.pem"),
            public = STANDARD.encode(public.public_key().as_ref()),
            csv = provider.folder.join("subscribers.csv"),
        );
        for (file, format) in sources(provider.name) {
            let path = provider.log(file);
            fs::File::create(&path)?;
            // A network of a few lines is silent for hours; a real one never is.
            text += &format!(
                "\n[[source]]\nformat = \"{format}\"\nfiles = [{path:?}]\nsilence_secs = 172800\n"
            );
        }
        text += &self.reviewer.pin();
        fs::write(&provider.config, text)?;
        Ok(())
    }

    /// The house's configuration: one fictitious authority.
    pub fn house(&self, world: &World, counters: Counters, answering: Answering) -> house::Config {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let authority = house::Authority {
            id: AUTHORITY.parse().expect("the name is a constant"),
            name: BTreeMap::from([
                ("fr".to_owned(), "Autorité de protection des œuvres (SPECIMEN)".to_owned()),
                ("en".to_owned(), "Authority for Works (SPECIMEN)".to_owned()),
            ]),
            regime: REGIME.parse().expect("the name is a constant"),
            specimen: true,
            contact: house::Contact {
                postal: vec!["1 rue du Spécimen".to_owned(), "00100 SPECIMEN CEDEX".to_owned()],
                email: "observations@autorite.example".to_owned(),
                verify_address: "autorite.example/verifier".to_owned(),
                offers_address: "autorite.example/offres".to_owned(),
                signatory: "Le membre de l’Autorité (SPECIMEN)".to_owned(),
            },
            pages: house::Pages::new(
                any,
                "https://autorite.example",
                "mailto:securite@autorite.example",
            ),
            mail: self.mail(),
            post: self.post(counters),
            prosecutor: Some(self.prosecutor()),
            ledger_origin: "autorite.example/ledger".to_owned(),
            senders: self.senders(),
            providers: self.house_providers(world, counters, answering),
            officers: vec![self.member()],
            reviewers: self.reviewer.reviewer().into_iter().collect(),
            pilot: None,
            register: None,
            operators: Vec::new(),
        };
        house::Config {
            data: self.folder.join("house"),
            databases: None,
            key_databases: None,
            keys: entremise_server::config::KeyPlace::default(),
            listen: house::Listen { api: any, operator: any, tls: None },
            authorities: vec![authority],
            witnesses: Vec::new(),
            timestamp: None,
        }
    }

    fn post(&self, counters: Counters) -> house::Post {
        match counters.post_by {
            PostBy::Folder => house::Post::Folder { folder: self.post_folder() },
            PostBy::Http => house::Post::Http {
                url: format!("http://{}", counters.post),
                client_id: "demo".to_owned(),
                client_secret: self.folder.join("keys/post.secret"),
            },
        }
    }

    /// Where letters are handed over that do not go over HTTP.
    pub fn post_folder(&self) -> PathBuf {
        self.folder.join("post")
    }

    fn prosecutor(&self) -> house::Prosecutor {
        house::Prosecutor {
            folder: self.folder.join("prosecutor"),
            seal_certificates: self.folder.join("keys/seal.pem"),
            seal_key: self.folder.join("keys/seal.key.pem"),
        }
    }

    fn mail(&self) -> house::Mail {
        let key = |selector: &str, file: &str| house::DkimKey {
            selector: selector.to_owned(),
            key: self.folder.join("keys").join(file),
        };
        house::Mail {
            from: "recommandation@autorite.example".to_owned(),
            return_domain: "retour.autorite.example".to_owned(),
            bounces: Some(self.folder.join("mail/bounces")),
            notices: Some(self.folder.join("mail/notices")),
            dkim_domain: "autorite.example".to_owned(),
            dkim_rsa: key("r2026", "dkim-rsa.pem"),
            dkim_ed25519: key("e2026", "dkim-ed25519.pem"),
        }
    }

    fn member(&self) -> house::Officer {
        house::Officer {
            role: house::OfficeRole::Member,
            id: MEMBER.parse().expect("the name is a constant"),
            secret_sha256: sha256(self.member_secret.as_bytes()),
            keys: self.pen.known().into_iter().collect(),
            subject: None,
            passkey: false,
            signing_passkey: false,
        }
    }

    fn senders(&self) -> Vec<house::Sender> {
        let jwk = serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "kid": JWS_KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(&self.jws_public),
        });
        SENDERS
            .iter()
            .map(|sender| house::Sender {
                id: sender.id.parse().expect("the name is a constant"),
                name: sender.name.to_owned(),
                email: sender.email.to_owned(),
                kind: SenderKind::RightsHolderBody,
                token_sha256: (sender.id == "musique").then(|| sha256(self.token.as_bytes())),
                mail_from: if sender.id == "cinema" {
                    vec![sender.email.to_owned()]
                } else {
                    Vec::new()
                },
                folder: (sender.id == "edition").then(|| self.folder.join("senders/edition")),
                openpgp: if sender.id == "cinema" {
                    vec![self.folder.join("keys/cinema.asc")]
                } else {
                    Vec::new()
                },
                jws_key: (sender.id == "musique").then(|| jwk.clone()),
                // Who brings batches over HTTP and who writes mails agreed to sign them.
                must_sign: matches!(sender.id, "musique" | "cinema"),
                requests_per_second_max: 50,
            })
            .collect()
    }

    fn house_providers(
        &self,
        world: &World,
        counters: Counters,
        answering: Answering,
    ) -> Vec<house::Provider> {
        self.providers
            .iter()
            .zip(world.networks())
            .map(|(provider, network)| house::Provider {
                id: provider.name.parse().expect("the name is a constant"),
                name: format!("Opérateur {} (SPECIMEN)", provider.name),
                prefixes: network.announces().iter().map(ToString::to_string).collect(),
                answers: match answering {
                    Answering::Connectors => self.connector(provider),
                    Answering::Replaced => {
                        house::Answers::File { folder: provider.folder.join("questions") }
                    }
                },
                relay: house::Relay {
                    host: counters.relay.ip().to_string(),
                    port: counters.relay.port(),
                    // The simulation has no time for a handshake with each mail.
                    security: match answering {
                        Answering::Connectors => house::RelaySecurity::Tls,
                        Answering::Replaced => house::RelaySecurity::Plain,
                    },
                    ca: Some(self.folder.join("keys/ca.pem")),
                    login: None,
                    password: None,
                },
            })
            .collect()
    }

    fn connector(&self, provider: &ProviderEstate) -> house::Answers {
        let answer_key = provider
            .keys
            .signing_key()
            .expect("the key was made from a seed of 32 bytes")
            .verifying_key();
        house::Answers::Connector {
            url: format!("https://{}", provider.address),
            ca: self.folder.join("keys/ca.pem"),
            client: self.folder.join("keys/client.pem"),
            signing_key: self.folder.join("keys/requests.key"),
            signing_key_id: "autorite-1".to_owned(),
            answer_key: answer_key.to_base64(),
            answer_key_id: answer_key.key_id,
        }
    }
}

/// The logs a provider writes, with the connector's name of their format.
pub fn sources(provider: &str) -> &'static [(&'static str, &'static str)] {
    match provider {
        "fibre" => &[("radius", "radius-detail")],
        "cable" => &[("kea-forensic", "kea-forensic"), ("kea-leases4", "kea-lease4")],
        _ => &[("radius", "radius-detail"), ("cgnat", "cgnat-juniper")],
    }
}

fn provider(
    folder: &Path,
    name: &'static str,
    chance: &mut Chance,
) -> anyhow::Result<ProviderEstate> {
    let folder = folder.join("providers").join(name);
    let index = folder.join("index");
    fs::create_dir_all(folder.join("logs"))?;
    fs::create_dir_all(&index)?;
    let mut secret = || Secret::from_bytes(chance.bytes());
    let keys = KeyFile {
        index: secret(),
        handles: vec![HandleKey { id: "h1".to_owned(), secret: secret() }],
        signing: SigningSecret { id: format!("{name}-1"), seed: secret() },
    };
    let mut file = fs::OpenOptions::new();
    let path = folder.join("keys.json");
    let file = file.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    serde_json::to_writer_pretty(file, &keys)?;
    let config = folder.join("connector.toml");
    Ok(ProviderEstate { name, index, keys, config, address: free_port()?, folder })
}

/// A loopback port that is free now. The connector's address is part of what it signs, so it must
/// be known before it listens.
fn free_port() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}
