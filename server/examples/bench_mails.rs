//! Composes, signs and hands over N mails and prints mails per second.
//!
//! `cargo run --release -p entremise-server --example bench_mails -- RSA_PEM ED25519_PEM [N]
//! [CONNECTIONS] [HOST PORT]`; without host and port it talks to a taker of its own on loopback.
//! In the place of a host a script may stand (`sink.sh`): it is started with the port and ended.
//! Keys: `openssl genrsa 2048`, `openssl genpkey -algorithm ed25519`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use entremise_core::id::EffectId;
use entremise_letters::mail::MailTexts;
use entremise_letters::{Authority, Deadline, Language};
use entremise_server::delivery::code::CodeKey;
use entremise_server::delivery::dkim::{NamedKey, Signer};
use entremise_server::delivery::email::{Composer, MailAddress, OutgoingMail};
use entremise_server::delivery::render::{WarningContent, WarningFact};
use entremise_server::delivery::smtp::{Relay, Security};
use entremise_server::delivery::token::ReturnPaths;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Mails handed over in one call: what the outbox worker would claim at once.
const CLAIM: usize = 500;

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |index: usize| arguments.get(index).map(String::as_str);
    let number = |index, default| text(index).and_then(|it| it.parse().ok()).unwrap_or(default);
    let rsa = std::fs::read(text(0).context("the RSA key's file")?)?;
    let ed25519 = std::fs::read(text(1).context("the Ed25519 key's file")?)?;
    let (mails, connections): (usize, usize) = (number(2, 5_000), number(3, 4));
    let sink = text(4).filter(|host| host.ends_with(".sh"));
    let _sink = sink.map(|script| Sink::start(script, number(5, 2_527))).transpose()?;
    let (host, port) = match (text(4), text(5)) {
        (Some(_), Some(port)) if sink.is_some() => ("127.0.0.1".to_owned(), port.parse()?),
        (Some(host), Some(port)) => (host.to_owned(), port.parse()?),
        _ => ("127.0.0.1".to_owned(), taker().await?),
    };
    let at: Timestamp = "2026-11-21T10:00:00Z".parse()?;
    let composer = Arc::new(composer(&rsa, &ed25519)?);
    let relay = Relay {
        host,
        port,
        security: Security::Plain,
        login: None,
        our_name: "autorite.example".to_owned(),
        step_timeout: Duration::from_secs(60),
    };
    let (next, taken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let started = Instant::now();
    // Each line signs for itself: signing is what costs, and the lines share the cores.
    let mut lines = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (composer, relay) = (Arc::clone(&composer), relay.clone());
        let (next, taken) = (Arc::clone(&next), Arc::clone(&taken));
        lines.spawn(async move {
            loop {
                let from = next.fetch_add(CLAIM, Ordering::Relaxed);
                if from >= mails {
                    return;
                }
                let batch = (from..mails.min(from + CLAIM))
                    .map(|index| compose(&composer, index, at))
                    .collect();
                let outcomes = relay.hand_over(batch, 1, at).await;
                let done = outcomes.iter().filter(|it| it.name() == "handed_over").count();
                taken.fetch_add(done, Ordering::Relaxed);
            }
        });
    }
    while lines.join_next().await.is_some() {}
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{{\"mails\":{mails},\"handed_over\":{},\"connections\":{connections},\
         \"seconds\":{seconds:.2},\"mails_per_second\":{:.0}}}",
        taken.load(Ordering::Relaxed),
        mails as f64 / seconds,
    );
    Ok(())
}

/// Somebody else's server that takes everything, ended with this program.
struct Sink(std::process::Child);

impl Sink {
    fn start(script: &str, port: usize) -> anyhow::Result<Self> {
        let mut command = std::process::Command::new("bash");
        let child = command.arg(script).arg(port.to_string()).spawn()?;
        let sink = Self(child);
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", u16::try_from(port)?)).is_ok() {
                return Ok(sink);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        anyhow::bail!("{script} takes nothing on port {port}")
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn compose(composer: &Composer, index: usize, at: Timestamp) -> OutgoingMail {
    let effect = EffectId(uuid::Uuid::from_u128(index as u128));
    let recipient = MailAddress::new(&format!("abonne{index}@fai.example"))
        .expect("a plain address is an address");
    let texts = texts(index, at);
    composer
        .compose(effect, recipient, &texts, Language::Fr, at)
        .expect("a complete warning can be composed")
}

fn texts(index: usize, at: Timestamp) -> MailTexts {
    let warning = WarningContent {
        regime: "fr-graduated-response".to_owned(),
        letter: "first".to_owned(),
        language: Language::Fr,
        authority: Authority {
            name: "Autorité de protection des œuvres (SPECIMEN)".to_owned(),
            address_lines: vec!["1 place de l’Exemple".to_owned(), "00000 EXEMPLE".to_owned()],
            email: "dossiers@autorite.example".to_owned(),
            verify_at: "https://autorite.example/verifier".to_owned(),
            offers_at: "https://autorite.example/offres".to_owned(),
            signatory: "Pour l’Autorité, le membre chargé de la réponse graduée".to_owned(),
        },
        file_number: format!("2026-{index:07}"),
        provider: "Opérateur Exemple".to_owned(),
        facts: vec![WarningFact {
            observed_at: at,
            address: None,
            port: None,
            protocol: None,
            works: vec!["Les Jours d’essai".to_owned()],
        }],
        names_works: true,
        deadlines: vec![Deadline {
            what: "Vous pourrez recevoir une deuxième recommandation si de nouveaux faits sont \
                   constatés jusqu’au"
                .to_owned(),
            until: "21\u{a0}mai 2027".to_owned(),
            why: "C’est six mois après l’envoi de ce message.".to_owned(),
        }],
        answer: None,
        cites: vec!["CPI, art. L. 331-20".to_owned()],
    };
    let key = CodeKey::new(&[7; 32]);
    warning.mail(&key, at, &TimeZone::UTC).expect("the wording is compiled in")
}

fn composer(rsa: &[u8], ed25519: &[u8]) -> anyhow::Result<Composer> {
    let signer = Signer::new(
        "autorite.example",
        NamedKey { selector: "r2026", pem: rsa },
        NamedKey { selector: "e2026", pem: ed25519 },
    )?;
    Ok(Composer {
        authority_name: "Autorité de protection des œuvres (SPECIMEN)".to_owned(),
        from: MailAddress::new("ne-pas-repondre@autorite.example")?,
        reply_to: MailAddress::new("dossiers@autorite.example")?,
        return_paths: ReturnPaths::new(&[9; 32], "retours.autorite.example"),
        signer,
    })
}

/// A server that takes everything, for want of a better one.
async fn taker() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take(stream));
        }
    });
    Ok(port)
}

async fn take(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut line = BufReader::new(stream);
    line.write_all(b"220 taker\r\n").await?;
    let (mut row, mut in_message) = (Vec::new(), false);
    loop {
        row.clear();
        if line.read_until(b'\n', &mut row).await? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match row.as_slice() {
            b".\r\n" => {
                in_message = false;
                b"250 2.0.0 taken\r\n"
            }
            _ if in_message => continue,
            b"DATA\r\n" => {
                in_message = true;
                b"354 go on\r\n"
            }
            _ => b"250 ok\r\n",
        };
        line.write_all(answer).await?;
    }
}
