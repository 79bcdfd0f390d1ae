//! Handing mails to a relay: a real one, and every way a bad one can fail.

use crate::delivery_sample as sample;
use crate::delivery_sink as sink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use entremise_server::delivery::Handover;
use entremise_server::delivery::email::OutgoingMail;
use entremise_server::delivery::smtp::{Login, Relay, Security};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sample::{at, mail_to};
use sink::tls::Contract;
use sink::{Manner, Sink};

fn relay(port: u16) -> Relay {
    Relay {
        host: "localhost".to_owned(),
        port,
        security: Security::Plain,
        login: None,
        our_name: "autorite.example".to_owned(),
        step_timeout: Duration::from_secs(20),
    }
}

/// A relay that is known to stay silent: waiting longer would prove no more.
fn impatient(port: u16) -> Relay {
    Relay { step_timeout: Duration::from_millis(1_500), ..relay(port) }
}

fn mails(number: u128) -> Vec<OutgoingMail> {
    (1..=number).map(|each| mail_to(&format!("abonne{each}@fai.example"), each)).collect()
}

async fn one(relay: Relay) -> Handover {
    relay.hand_over(mails(1), 1, at()).await.remove(0)
}

async fn one_to(manner: Manner) -> Handover {
    one(relay(Sink::start(manner).await.port)).await
}

async fn said(to: &'static str, words: &'static str) -> Handover {
    one_to(Manner::Says { to, words }).await
}

#[tokio::test]
async fn a_mail_that_is_taken_is_handed_over_with_the_relays_number() {
    let sink = Sink::start(Manner::Takes).await;
    let mail = mail_to("abonne1@fai.example", 1);
    let outcome = one(relay(sink.port)).await;
    let reference = "taken as Q0001".to_owned();
    assert_eq!(outcome, Handover::HandedOver { reference, at: at() });
    let taken = sink.seen().messages.remove(0);
    assert_eq!((taken.from, taken.to), (mail.return_path, "abonne1@fai.example".to_owned()));
    assert_eq!(taken.bytes, mail.bytes);
}

#[tokio::test]
async fn a_batch_uses_one_line_and_keeps_the_order_of_its_outcomes() {
    let sink = Sink::start(Manner::Takes).await;
    let outcomes = relay(sink.port).hand_over(mails(20), 1, at()).await;
    assert!(outcomes.iter().all(|outcome| outcome.name() == "handed_over"));
    assert_eq!((sink.seen().connections, sink.seen().messages.len()), (1, 20));
}

#[tokio::test]
async fn several_lines_hand_each_mail_over_once() {
    let sink = Sink::start(Manner::Takes).await;
    let outcomes = relay(sink.port).hand_over(mails(21), 4, at()).await;
    assert!(outcomes.iter().all(|outcome| outcome.name() == "handed_over"));
    let mut to: Vec<String> = sink.seen().messages.into_iter().map(|each| each.to).collect();
    to.sort();
    to.dedup();
    assert_eq!((to.len(), sink.seen().connections), (21, 4));
}

#[tokio::test]
async fn a_relay_that_closes_the_line_between_mails_costs_no_mail() {
    let sink = Sink::start(Manner::ClosesAfterTwo).await;
    let outcomes = relay(sink.port).hand_over(mails(5), 1, at()).await;
    assert!(outcomes.iter().all(|outcome| outcome.name() == "handed_over"), "{outcomes:?}");
    assert_eq!(sink.seen().messages.len(), 5);
}

#[tokio::test]
async fn a_dot_at_the_start_of_a_line_arrives_as_one_dot() {
    let sink = Sink::start(Manner::Takes).await;
    let mut mail = mail_to("a@fai.example", 1);
    mail.bytes = b"Subject: x\r\n\r\n.\r\n..two\r\nend".to_vec();
    relay(sink.port).hand_over(vec![mail], 1, at()).await;
    let seen = sink.seen().messages.remove(0);
    assert_eq!(seen.bytes, b"Subject: x\r\n\r\n.\r\n..two\r\nend\r\n");
}

#[tokio::test]
async fn a_line_lost_after_the_final_dot_is_unknown_and_never_a_guess() {
    let outcome = one_to(Manner::HangsUpAfterTheDot).await;
    assert_eq!(outcome.name(), "unknown", "{outcome:?}");
}

#[tokio::test]
async fn a_relay_that_takes_the_mail_and_never_answers_is_unknown() {
    let outcome = one(impatient(Sink::start(Manner::SilentAfterTheDot).await.port)).await;
    assert_eq!(outcome.name(), "unknown", "{outcome:?}");
}

#[tokio::test]
async fn a_retry_after_an_unknown_outcome_carries_the_same_message_id() {
    let (first, second) = (mail_to("a@fai.example", 7), mail_to("a@fai.example", 7));
    assert_eq!(first.message_id, second.message_id);
    assert_eq!(first.return_path, second.return_path);
}

#[tokio::test]
async fn a_relay_that_never_greets_is_tried_again_and_costs_one_wait_for_all() {
    let sink = Sink::start(Manner::NeverGreets).await;
    let outcomes = impatient(sink.port).hand_over(mails(50), 1, at()).await;
    assert!(outcomes.iter().all(|outcome| outcome.name() == "again"));
    assert_eq!(sink.seen().connections, 1);
}

#[tokio::test]
async fn nobody_at_the_port_is_tried_again() {
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    assert_eq!(one(relay(closed)).await.name(), "again");
}

#[tokio::test]
async fn a_line_lost_before_the_body_is_tried_again() {
    let outcome = one_to(Manner::HangsUpBeforeTheBody).await;
    assert_eq!(outcome.name(), "again", "{outcome:?}");
}

#[tokio::test]
async fn greylisting_is_waited_out() {
    let outcome = said("RCPT", "451 4.7.1 greylisted, come back in five minutes").await;
    assert!(matches!(outcome, Handover::Again { after, .. } if after.as_mins() >= 5));
}

#[tokio::test]
async fn a_mailbox_that_does_not_exist_is_refused_for_good_and_its_name_is_forgotten() {
    let words = "550 5.1.1 <abonne1@fai.example>: no such user here: abonne1";
    let Handover::Refused { reply } = said("RCPT", words).await else { panic!("not refused") };
    assert_eq!((reply.code, reply.enhanced.as_deref()), (550, Some("5.1.1")));
    assert!(!reply.text.contains("abonne1"), "{}", reply.text);
}

#[tokio::test]
async fn a_refusal_of_the_sender_is_blocked_whatever_its_code() {
    for (step, words) in [
        ("RCPT", "550 5.2.0 Mail rejete. Mail rejected. ofr_506 [506]"),
        ("RCPT", "550 5.1.1 too many messages, rate limit"),
        ("RCPT", "550 5.7.1 refused by policy"),
        ("RCPT", "554 access denied"),
        ("MAIL", "550 5.1.8 sender domain does not exist"),
        ("MAIL", "553 5.1.1 not you"),
        (".", "554 5.7.1 message looks like spam"),
        (".", "550 no"),
        ("EHLO", "550 go away"),
    ] {
        let outcome = said(step, words).await;
        assert_eq!(outcome.name(), "blocked", "{step} {words}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_refused_mail_takes_no_other_with_it() {
    let sink =
        Sink::start(Manner::Says { to: "RCPT TO:<abonne2@", words: "550 5.1.1 no such user" })
            .await;
    let outcomes = relay(sink.port).hand_over(mails(3), 1, at()).await;
    let names: Vec<&str> = outcomes.iter().map(Handover::name).collect();
    assert_eq!(names, ["handed_over", "refused", "handed_over"]);
    assert_eq!(sink.seen().connections, 1);
}

#[tokio::test]
async fn a_relay_without_starttls_gets_no_mail_and_no_password() {
    let sink =
        Sink::start(Manner::Says { to: "STARTTLS", words: "502 5.5.1 not implemented" }).await;
    let relay = Relay { security: Security::StartTls(tls()), ..relay(sink.port) };
    assert_ne!(one(relay).await.name(), "handed_over");
    assert!(sink.seen().messages.is_empty());
}

// -- protected lines ------------------------------------------------------------------------

/// Trust in the tests' own authority, and in no other.
fn tls() -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    let authority = include_bytes!("delivery_keys/ca.pem");
    roots.add(CertificateDer::from_pem_slice(authority).unwrap()).unwrap();
    trusting(roots)
}

fn trusting(roots: rustls::RootCertStore) -> Arc<rustls::ClientConfig> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Arc::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

fn logged_in(port: u16, password: &str, security: Security) -> Relay {
    let login = Login { name: "autorite".to_owned(), password: password.to_owned() };
    Relay { security, login: Some(login), ..relay(port) }
}

#[tokio::test]
async fn mails_go_over_starttls_and_nothing_but_ehlo_is_said_before_it() {
    let contract = Contract::start(false);
    let relay = logged_in(contract.port, "secret", Security::StartTls(tls()));
    let outcomes = relay.hand_over(mails(2), 1, at()).await;
    assert!(outcomes.iter().all(|outcome| outcome.name() == "handed_over"), "{outcomes:?}");
    let heard = contract.heard();
    let plain: Vec<&String> = heard.iter().filter(|line| !line.starts_with("tls ")).collect();
    assert_eq!(plain, ["EHLO autorite.example", "STARTTLS"]);
}

#[tokio::test]
async fn mails_go_over_tls_from_the_first_byte() {
    let contract = Contract::start(true);
    let relay = logged_in(contract.port, "secret", Security::ImplicitTls(tls()));
    assert_eq!(one(relay).await.name(), "handed_over");
    assert!(contract.heard().iter().all(|line| line.starts_with("tls ")));
}

#[tokio::test]
async fn a_relay_that_does_not_know_the_password_blocks_us() {
    let contract = Contract::start(true);
    let outcome = one(logged_in(contract.port, "wrong", Security::ImplicitTls(tls()))).await;
    assert_eq!(outcome.name(), "blocked", "{outcome:?}");
}

#[tokio::test]
async fn a_relay_whose_certificate_nobody_vouches_for_gets_no_mail_and_no_password() {
    let contract = Contract::start(false);
    let nobody = trusting(rustls::RootCertStore::empty());
    let outcome = one(logged_in(contract.port, "secret", Security::StartTls(nobody))).await;
    assert_eq!(outcome.name(), "again", "{outcome:?}");
    assert!(!contract.heard().iter().any(|line| line.contains("AUTH")));
}

#[tokio::test]
async fn a_password_is_never_sent_over_a_plain_line() {
    let sink = Sink::start(Manner::Says { to: "AUTH", words: "500 a password was sent" }).await;
    let outcome = one(logged_in(sink.port, "secret", Security::Plain)).await;
    assert_eq!(outcome.name(), "handed_over", "{outcome:?}");
}

// -- a real server --------------------------------------------------------------------------

/// A running OpenSMTPD that passes everything on to a sink.
struct OpenSmtpd {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for OpenSmtpd {
    fn drop(&mut self) {
        // The only process we started; with it goes its own process namespace.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// None where OpenSMTPD cannot run here: it needs root, and gets spool and run folders of its own.
async fn opensmtpd(onward: u16) -> Option<OpenSmtpd> {
    let root = Command::new("id").arg("-u").output().is_ok_and(|who| who.stdout == b"0\n");
    let present =
        ["/usr/sbin/smtpd", "/usr/bin/unshare"].iter().all(|program| Path::new(program).exists());
    let isolated = Command::new("unshare")
        .args(["--mount", "--pid", "--fork", "true"])
        .status()
        .is_ok_and(|status| status.success());
    if !(root && present && isolated) {
        assert!(
            std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_none(),
            "OpenSMTPD (as root, with unshare) is required and absent"
        );
        println!("skipped: OpenSMTPD cannot run here");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let configuration = format!(
        "listen on 127.0.0.1 port {port}\n\
         action onward relay host smtp://127.0.0.1:{onward}\n\
         match from any for any action onward\n"
    );
    let file = folder.path().join("smtpd.conf");
    std::fs::write(&file, configuration).unwrap();
    let process = Command::new("unshare")
        .args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c"])
        .arg(
            "mount -t tmpfs tmpfs /var/spool && mount -t tmpfs tmpfs /run && \
             mkdir -m 711 /var/spool/smtpd && exec smtpd -d -f \"$0\"",
        )
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = OpenSmtpd { process, port, _folder: folder };
    let greeted = async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tick.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), greeted).await.expect("OpenSMTPD starts");
    Some(started)
}

#[tokio::test]
async fn a_real_mail_server_takes_mails_and_passes_them_on_unchanged() {
    let sink = Sink::start(Manner::Takes).await;
    let Some(server) = opensmtpd(sink.port).await else { return };
    let outcomes = relay(server.port).hand_over(mails(5), 2, at()).await;
    assert!(outcomes.iter().all(|outcome| outcome.name() == "handed_over"), "{outcomes:?}");
    let arrived = async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while sink.seen().messages.len() < 5 {
            tick.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), arrived).await.expect("all five arrive");
    let sent = mail_to("abonne1@fai.example", 1);
    let seen = sink.seen();
    let passed_on =
        seen.messages.iter().find(|message| message.to == "abonne1@fai.example").unwrap();
    assert_eq!(passed_on.from, sent.return_path);
    // The server puts its own Received before ours and leaves the rest alone.
    assert!(passed_on.bytes.ends_with(&sent.bytes));
}
