//! Furnishes each authority's room: reads its keys and those of its parties, opens its way to the
//! providers, to the post and to the relays, and registers its parties.

use std::path::Path;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::ledger::Actor;
use entremise_formats::jws::PublicKey;
use entremise_formats::mail::OpenPgpKey;
use entremise_ledger::LogKey;
use entremise_letters::Renderer;
use entremise_letters::address::PostalAddress;
use entremise_letters::seal::Seal;
use entremise_store::{Entropy, Party, Role, Store, Trouble};
use entremise_wire::register::RegisterKey;
use entremise_wire::signature::{SigningKey, VerifyingKey};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::config::{self, Answers, Post, RelaySecurity};
use crate::delivery::code::CodeKey;
use crate::delivery::dkim::{NamedKey, Signer};
use crate::delivery::email::{Composer, MailAddress};
use crate::delivery::post::Carrier;
use crate::delivery::post::folder::Folder;
use crate::delivery::post::http::Http;
use crate::delivery::prosecutor::Prosecutor;
use crate::delivery::smtp::{Login, Relay, Security};
use crate::delivery::token::ReturnPaths;
use crate::house::{Delivery, ProviderRoom, Room, SenderRoom};
use crate::intake::networks::Networks;
use crate::provider::connector::{Connector, Keys};

/// The longest a relay may take for one step.
const RELAY_STEP: Duration = Duration::from_secs(30);
/// The longest the post's interface may take for one call.
const POST_CALL: Duration = Duration::from_secs(30);

/// One authority's room, ready for work.
pub(super) fn furnish(
    authority: &config::Authority,
    data: &Path,
    entropy: &dyn Entropy,
) -> anyhow::Result<Room> {
    let claims = authority.providers.iter().flat_map(|provider| {
        provider.prefixes.iter().map(|prefix| (&provider.id, prefix.as_str()))
    });
    let networks = Networks::new(claims)?;
    let senders = authority.senders.iter().map(sender).collect::<anyhow::Result<_>>()?;
    let providers = authority
        .providers
        .iter()
        .map(|config| {
            provider(authority, config).with_context(|| format!("provider {}", config.id))
        })
        .collect::<anyhow::Result<_>>()?;
    let keys = data.join("keys").join(authority.id.as_str());
    std::fs::create_dir_all(&keys)?;
    let ledger_key =
        LogKey::load_or_make(&keys.join("ledger.key"), &authority.ledger_origin, &mut |seed| {
            entropy.fill(seed)
        })?;
    let delivery = delivery(authority, &keys, entropy)?;
    let register_key = match &authority.register {
        Some(_) => {
            let seed = secret(&keys.join("register.key"), entropy)?;
            Some(Arc::new(RegisterKey::from_seed(&seed)?))
        }
        None => None,
    };
    let last_polled = AtomicI64::new(i64::MIN);
    let measures_asked = AtomicI64::new(i64::MIN);
    let config = authority.clone();
    let heard = Mutex::default();
    Ok(Room {
        config,
        networks,
        senders,
        providers,
        delivery,
        ledger_key,
        register_key,
        last_polled,
        measures_asked,
        heard,
    })
}

/// Enters new or changed parties. One that is stopped stays stopped.
pub(super) fn register(store: &Store, rooms: &[Room], now: Timestamp) -> Result<(), Trouble> {
    for room in rooms {
        let authority = &room.config.id;
        let senders = room.senders.iter().map(|sender| {
            let role = Role::Sender { kind: sender.config.kind };
            (&sender.config.id, &sender.config.name, role)
        });
        let providers = room
            .providers
            .iter()
            .map(|provider| (&provider.config.id, &provider.config.name, Role::Provider));
        for (id, name, role) in senders.chain(providers) {
            let known = store.party(authority, id)?;
            if known.as_ref().is_some_and(|party| &party.name == name && party.role == role) {
                continue;
            }
            let party = Party {
                authority: authority.clone(),
                id: id.clone(),
                role,
                name: name.clone(),
                stopped: None,
                settings: serde_json::Value::Null,
            };
            store.register(&party, &Actor::House, now)?;
        }
    }
    Ok(())
}

fn sender(config: &config::Sender) -> anyhow::Result<SenderRoom> {
    let openpgp = config
        .openpgp
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            OpenPgpKey::parse(&text).with_context(|| path.display().to_string())
        })
        .collect::<anyhow::Result<_>>()
        .with_context(|| format!("sender {}", config.id))?;
    let jws_key = match &config.jws_key {
        None => None,
        Some(jwk) => Some(
            PublicKey::from_jwk(jwk)
                .with_context(|| format!("sender {}: jws_key is no JWK we know", config.id))?,
        ),
    };
    Ok(SenderRoom { config: config.clone(), openpgp, jws_key })
}

fn provider(
    authority: &config::Authority,
    config: &config::Provider,
) -> anyhow::Result<ProviderRoom> {
    let answering = match &config.answers {
        Answers::File { .. } => None,
        Answers::Connector {
            url,
            ca,
            client,
            signing_key,
            signing_key_id,
            answer_key,
            answer_key_id,
        } => {
            let seed = URL_SAFE_NO_PAD
                .decode(text(signing_key)?.trim())
                .context("signing_key is base64url of 32 bytes")?;
            let keys = Keys {
                ca: bytes(ca)?,
                client: bytes(client)?,
                signing: SigningKey::from_seed(signing_key_id, &seed)?,
                answers: VerifyingKey::from_base64(answer_key_id, answer_key)?,
            };
            Some(Arc::new(Connector::new(url, keys)?) as Arc<_>)
        }
    };
    let relay = relay(&config.relay, &authority.mail.return_domain)?;
    Ok(ProviderRoom { authority: authority.id.clone(), config: config.clone(), answering, relay })
}

fn relay(config: &config::Relay, our_name: &str) -> anyhow::Result<Relay> {
    let security = match config.security {
        RelaySecurity::Plain => Security::Plain,
        RelaySecurity::Starttls => Security::StartTls(Arc::new(tls_roots(config)?)),
        RelaySecurity::Tls => Security::ImplicitTls(Arc::new(tls_roots(config)?)),
    };
    let login = match (&config.login, &config.password) {
        (Some(name), Some(file)) => {
            Some(Login { name: name.clone(), password: text(file)?.trim().to_owned() })
        }
        (None, None) => None,
        _ => bail!("relay {}: give both login and password, or neither", config.host),
    };
    Ok(Relay {
        host: config.host.clone(),
        port: config.port,
        security,
        login,
        our_name: our_name.to_owned(),
        step_timeout: RELAY_STEP,
    })
}

fn tls_roots(config: &config::Relay) -> anyhow::Result<rustls::ClientConfig> {
    let file = config.ca.as_ref().with_context(|| {
        format!("relay {}: name the certificate authority (ca) of its TLS", config.host)
    })?;
    let pem = bytes(file)?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn delivery(
    authority: &config::Authority,
    keys: &Path,
    entropy: &dyn Entropy,
) -> anyhow::Result<Delivery> {
    let mail = &authority.mail;
    let (rsa, ed25519) = (bytes(&mail.dkim_rsa.key)?, bytes(&mail.dkim_ed25519.key)?);
    let signer = Signer::new(
        &mail.dkim_domain,
        NamedKey { selector: &mail.dkim_rsa.selector, pem: &rsa },
        NamedKey { selector: &mail.dkim_ed25519.selector, pem: &ed25519 },
    )?;
    let name = authority.name.get("fr").context("name.fr is missing")?;
    let composer = Composer {
        authority_name: name.clone(),
        from: MailAddress::new(&mail.from).context("mail.from")?,
        reply_to: MailAddress::new(&authority.contact.email).context("contact.email")?,
        return_paths: ReturnPaths::new(
            &secret(&keys.join("return-paths.key"), entropy)?,
            &mail.return_domain,
        ),
        signer,
    };
    let post: Box<dyn Carrier> = match &authority.post {
        Post::Folder { folder } => Box::new(Folder::open(folder)?),
        Post::Http { url, client_id, client_secret } => {
            let client = reqwest::blocking::Client::builder().timeout(POST_CALL).build()?;
            Box::new(Http::new(client, url, client_id, text(client_secret)?.trim()))
        }
    };
    let prosecutor = authority.prosecutor.as_ref().map(way_to_the_prosecutor).transpose()?;
    Ok(Delivery {
        prosecutor,
        composer,
        codes: CodeKey::new(&secret(&keys.join("codes.key"), entropy)?),
        renderer: Renderer::new(),
        post,
        sender: PostalAddress::named(name, &authority.contact.postal).context("contact.postal")?,
    })
}

fn way_to_the_prosecutor(named: &config::Prosecutor) -> anyhow::Result<Prosecutor> {
    let seal = Seal::read(&text(&named.seal_certificates)?, &text(&named.seal_key)?);
    let seal = seal.context("prosecutor.seal_certificates and prosecutor.seal_key")?;
    Prosecutor::open(&named.folder, seal).context("the folder for the prosecutor cannot be made")
}

/// A secret of 32 bytes in a file that only this account reads; made when it is missing.
fn secret(path: &Path, entropy: &dyn Entropy) -> anyhow::Result<Vec<u8>> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    if path.exists() {
        return bytes(path);
    }
    let mut secret = vec![0; 32];
    entropy.fill(&mut secret);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be made", path.display()))?;
    file.write_all(&secret)?;
    file.sync_all()?;
    Ok(secret)
}

fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}
