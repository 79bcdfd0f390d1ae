//! The authority's message handed to the subscriber by the provider's own mail system: no identity
//! leaves, each message goes once, and everything is entered.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::authorities::*;
use crate::told::at;
use entremise_connector::chain;
use entremise_connector::config::RelayConfig;
use entremise_core::identification::Purpose;
use entremise_wire::message::{RelayRequest, Relayed, RelayedMessage};

/// A mail system on loopback that takes what it is given, or answers RCPT as it is told.
struct MailSystem {
    address: SocketAddr,
    taken: Receiver<String>,
}

impl MailSystem {
    fn start(recipient: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (taken, receiver) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = converse(stream.unwrap(), recipient, &taken);
            }
        });
        Self { address, taken: receiver }
    }

    fn config(&self) -> RelayConfig {
        toml::from_str(&format!(
            "host = \"127.0.0.1\"\nport = {}\nsecurity = \"plain\"\n\
             from = \"avertissements@isp.example\"\n",
            self.address.port()
        ))
        .unwrap()
    }

    /// The envelopes and mails that were taken.
    fn taken(&self) -> Vec<String> {
        self.taken.try_iter().collect()
    }
}

fn converse(stream: TcpStream, recipient: &str, taken: &Sender<String>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let say = |text: &str| (&stream).write_all(format!("{text}\r\n").as_bytes());
    let mut mail = String::new();
    say("220 mail.isp.example ESMTP SPECIMEN")?;
    while let Some(line) = lines.next() {
        let line = line?;
        match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "RCPT" if recipient != "250" => say(recipient)?,
            "MAIL" | "RCPT" => {
                mail.push_str(&line);
                mail.push('\n');
                say("250 Ok")?;
            }
            "DATA" => {
                say("354 Go on")?;
                for line in lines.by_ref() {
                    let line = line?;
                    if line == "." {
                        break;
                    }
                    mail.push_str(&line);
                    mail.push('\n');
                }
                taken.send(std::mem::take(&mut mail)).unwrap();
                say("250 Ok")?;
            }
            "QUIT" => return say("221 Bye"),
            _ => say("250 mail.isp.example")?,
        }
    }
    Ok(())
}

fn isp(mail: &MailSystem) -> Isp {
    Isp::with(vec![authority(AUTHORITY, "")], Some(mail.config()))
}

#[test]
fn a_message_reaches_the_subscriber_and_no_identity_leaves() {
    let mail = MailSystem::start("250");
    let mut isp = isp(&mail);
    let handle = isp.handle(10);
    let request = isp.message(&handle, 1);
    let relayed = isp.relay(&request);
    assert_eq!(relayed, Relayed::HandedOver { id: request.id, at: at(NOW) });
    let taken = mail.taken();
    assert_eq!(taken.len(), 1);
    for wanted in [
        "MAIL FROM:<avertissements@isp.example>",
        "RCPT TO:<camille@mail.example>",
        "Content-Language: fr",
        &format!("Message-ID: <{}@isp.example>", request.id),
    ] {
        assert!(taken[0].contains(wanted), "{wanted} is not in {}", taken[0]);
    }
    // The answer says that it was handed over, and nothing of whom it was handed to.
    let answer = serde_json::to_string(&relayed).unwrap();
    assert!(!answer.contains("camille") && !answer.contains("alice"));
    // Nor does anything the connector keeps.
    for (name, bytes) in isp.files() {
        let found = bytes.windows(8).any(|window| window == b"camille@");
        assert!(!found, "{name}");
    }
}

#[test]
fn the_same_request_again_sends_no_second_mail() {
    let mail = MailSystem::start("250");
    let mut isp = isp(&mail);
    let handle = isp.handle(10);
    let request = isp.message(&handle, 1);
    let once = isp.relay(&request);
    assert_eq!(isp.relay(&request), once);
    isp.restart();
    assert_eq!(isp.relay(&request), once);
    assert_eq!(mail.taken().len(), 1);
    // Its id stands for it: other words are not sent under it.
    let message = RelayedMessage { text: "autre".to_owned(), ..request.message.clone() };
    let changed = RelayRequest { message, ..request.clone() };
    let reason = "question_changed".to_owned();
    assert_eq!(isp.relay(&changed), Relayed::Refused { id: request.id, reason });
    assert_eq!(mail.taken().len(), 0);
}

#[test]
fn what_the_mail_system_does_not_take_now_may_be_sent_again() {
    let mail = MailSystem::start("450 4.2.1 Later");
    let mut isp = isp(&mail);
    let handle = isp.handle(10);
    let request = isp.message(&handle, 1);
    assert_eq!(isp.relay(&request), Relayed::Temporary { id: request.id });
    assert_eq!(isp.relay(&request), Relayed::Temporary { id: request.id });
    assert_eq!(isp.desk().linkings(&handle), 0);
    let never = MailSystem::start("550 5.1.1 Nobody");
    let mut isp = self::isp(&never);
    let handle = isp.handle(10);
    let request = isp.message(&handle, 1);
    let reason = "mail_refused".to_owned();
    assert_eq!(isp.relay(&request), Relayed::Refused { id: request.id, reason });
}

#[test]
fn every_other_end_of_a_relay_is_said() {
    let mail = MailSystem::start("250");
    let mut isp = isp(&mail);
    let (alice, bob) = (isp.handle(10), isp.handle(11));
    let name = |relayed: Relayed| match relayed {
        Relayed::Refused { reason, .. } => reason,
        other => other.name().to_owned(),
    };
    let request = isp.message(&bob, 1);
    assert_eq!(name(isp.relay(&request)), "no_address");
    let unknown = RelayRequest { handle: "A".repeat(43).try_into().unwrap(), ..request };
    assert_eq!(name(isp.relay(&unknown)), "handle_unknown");
    let request = isp.message(&alice, 1);
    let finding = RelayRequest { purpose: Purpose::Finding, ..request.clone() };
    assert_eq!(name(isp.relay(&finding)), "authorisation_missing");
    let late = RelayRequest { expires_at: at(NOW), ..request.clone() };
    assert_eq!(name(isp.relay(&late)), "request_expired");
    // A header of the authority's own making.
    let subject = "Bonjour\r\nBcc: everybody@mail.example".to_owned();
    let message = RelayedMessage { subject, ..request.message.clone() };
    let forged = RelayRequest { message, ..request };
    assert_eq!(name(isp.relay(&forged)), "message_not_sound");
    assert_eq!(mail.taken().len(), 0);
    let mut without = Isp::new("");
    let handle = without.handle(10);
    let request = without.message(&handle, 1);
    assert_eq!(name(without.relay(&request)), "no_relay_here");
}

#[test]
fn relayed_warnings_are_counted_before_an_identity_is_disclosed() {
    let mail = MailSystem::start("250");
    let mut isp = isp(&mail);
    let handle = isp.handle(10);
    for sequence in [1, 2, 3] {
        let request = isp.message(&handle, sequence);
        assert_eq!(isp.relay(&request).name(), "handed_over");
    }
    // The fall-back of the second warning is of the second linking; another is a further one.
    let request = isp.request(&handle, 2);
    assert_eq!(isp.outcome(&request), "disclosed");
    let request = isp.request(&handle, 4);
    assert_eq!(isp.outcome(&request), "authorisation_missing");
    let journal = isp.files().into_iter().find(|(name, _)| name == chain::FILE).unwrap().1;
    let journal = String::from_utf8(journal).unwrap();
    assert_eq!(journal.matches("\"act\":\"relay\"").count(), 3);
    assert!(!journal.contains(handle.as_str()));
}
