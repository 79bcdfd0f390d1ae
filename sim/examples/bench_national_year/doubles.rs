//! Who stands outside the house in a measured year: a provider that knows at once, a post that
//! takes every letter, a server that takes every mail. They are quick, so that the house is
//! measured.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entremise_core::id::EffectId;
use entremise_core::identification::{
    Answer, Assignment, AssignmentKind, Disclosure, Identity, Outcome,
};
use entremise_server::delivery::Handover;
use entremise_server::delivery::post::{Carrier, Letter, PostEvent, PostTrouble, Proof, ProofId};
use entremise_server::provider::{Answering, ProviderTrouble};
use entremise_wire::message::{DisclosureBatch, IdentificationBatch, RelayBatch, Relayed};
use entremise_wire::sealing;
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Of twenty questions seventeen name somebody, on so many lines.
pub struct Provider {
    pub lines: u64,
}

impl Answering for Provider {
    fn identify(
        &self,
        batch: &IdentificationBatch,
        _now: Timestamp,
    ) -> Result<Vec<Answer>, ProviderTrouble> {
        let answers = batch.questions.iter().map(|question| {
            let number = match question.ip {
                IpAddr::V4(ip) => u64::from(u32::from(ip)),
                IpAddr::V6(ip) => u128::from(ip) as u64,
            };
            let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            let outcome = match number % 20 {
                0 => Outcome::SharedUnresolvable,
                1 | 2 => Outcome::NotFound,
                _ => Outcome::Identified {
                    handle: format!("{:043}", number / 20 % self.lines.max(1))
                        .parse()
                        .expect("43 digits are a handle"),
                    assignment: Assignment {
                        kind: AssignmentKind::PortBlock,
                        start: question.at - SignedDuration::from_hours(1),
                        end: None,
                    },
                },
            };
            Answer { id: question.id, outcome, evidence: None, why: "SPECIMEN".to_owned() }
        });
        Ok(answers.collect())
    }

    fn disclose(
        &self,
        batch: &DisclosureBatch,
        _now: Timestamp,
    ) -> Result<Vec<Disclosure>, ProviderTrouble> {
        let disclosed = batch.requests.iter().map(|request| {
            let number = &request.handle.as_str()[36..];
            let identity = Identity {
                name: Some(format!("Camille Specimen {number}")),
                postal_address: vec!["1 rue de l’Essai".to_owned(), "00100 FICTIVILLE".to_owned()],
                emails: vec![format!("abonne{number}@isp.example")],
                ..Identity::default()
            };
            let sealed = sealing::seal(&identity, &request.seal_to, request.id, request.purpose)
                .map_err(|trouble| ProviderTrouble::Refused {
                    what: trouble.to_string(),
                    after_secs: None,
                })?;
            Ok(Disclosure::Disclosed {
                id: request.id,
                fields: request.fields.clone(),
                encapsulated_key: sealed.encapsulated_key,
                sealed: sealed.ciphertext,
            })
        });
        disclosed.collect()
    }

    fn relay(&self, _: &RelayBatch, _: Timestamp) -> Result<Vec<Relayed>, ProviderTrouble> {
        Ok(Vec::new())
    }
}

#[derive(Clone, Default)]
pub struct Post(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    fresh: Vec<EffectId>,
    letters: u32,
}

impl Post {
    /// Letters since it was last asked.
    pub fn take(&self) -> Vec<EffectId> {
        std::mem::take(&mut self.taken().fresh)
    }

    pub fn letters(&self) -> u32 {
        self.taken().letters
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carrier for Post {
    fn hand_over(&self, letter: &Letter, now: Timestamp) -> Handover {
        let mut taken = self.taken();
        taken.fresh.push(letter.effect);
        taken.letters += 1;
        Handover::HandedOver { reference: letter.effect.to_string(), at: now }
    }

    fn statuses(&self, _: Timestamp, _: Timestamp) -> Result<Vec<PostEvent>, PostTrouble> {
        Ok(Vec::new())
    }

    fn proof(&self, _: &ProofId, _: Timestamp) -> Result<Option<Proof>, PostTrouble> {
        Ok(None)
    }
}

/// The house's configuration; its mails go to a port on this machine.
pub fn configuration(port: u16) -> String {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/tests/delivery_keys");
    format!(
        r#"
data = "data"
[[authority]]
id = "autorite"
regime = "fr-graduated-response"
specimen = true
ledger_origin = "autorite.example/ledger"
name = {{ fr = "Autorité SPECIMEN", en = "SPECIMEN Authority" }}
post = {{ kind = "folder", folder = "post" }}
[authority.contact]
postal = ["1 rue de l’Exemple", "00100 FICTIVILLE"]
email = "contact@autorite.example"
verify_address = "https://autorite.example/verifier"
offers_address = "https://autorite.example/offres"
signatory = "Le membre de l’Autorité"
[authority.pages]
public = "127.0.0.1:0"
office = "127.0.0.1:0"
origin = "https://autorite.example"
security_contact = "mailto:securite@autorite.example"
[authority.mail]
from = "ne-pas-repondre@autorite.example"
return_domain = "retours.autorite.example"
dkim_domain = "autorite.example"
dkim_rsa = {{ selector = "rsa", key = "{keys}/rsa.pem" }}
dkim_ed25519 = {{ selector = "ed", key = "{keys}/ed25519.pem" }}
[[authority.sender]]
id = "first"
name = "Saisissant SPECIMEN"
email = "notices@first.example"
kind = "rights_holder_body"
[[authority.provider]]
id = "isp"
name = "Opérateur SPECIMEN"
prefixes = ["198.0.0.0/8"]
answers = {{ by = "file", folder = "isp" }}
relay = {{ host = "127.0.0.1", port = {port}, security = "plain" }}
"#
    )
}

/// A server on loopback that takes every mail; gives its port.
pub fn taker() -> anyhow::Result<u16> {
    let (told, hears) = std::sync::mpsc::channel();
    std::thread::spawn(move || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            told.send(listener.local_addr()?.port())?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(take(stream));
            }
        })
    });
    Ok(hears.recv()?)
}

async fn take(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut line = BufReader::new(stream);
    line.write_all(b"220 taker\r\n").await?;
    let (mut row, mut is_in_message) = (Vec::new(), false);
    loop {
        row.clear();
        if line.read_until(b'\n', &mut row).await? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match row.as_slice() {
            b".\r\n" => {
                is_in_message = false;
                b"250 2.0.0 taken\r\n"
            }
            _ if is_in_message => continue,
            b"DATA\r\n" => {
                is_in_message = true;
                b"354 go on\r\n"
            }
            _ => b"250 ok\r\n",
        };
        line.write_all(answer).await?;
    }
}
