//! A mail as it stands on the wire: what it carries, what it must not, and its signatures.

use crate::delivery_sample as sample;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use entremise_letters::Renderer;
use entremise_letters::address::PostalAddress;
use entremise_server::delivery::email::MailAddress;
use entremise_server::delivery::render::RenderError;
use mail_auth::common::cache::NoCache;
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt,
};
use mail_parser::{HeaderValue, MessageParser, MimeHeaders};
use sample::{mail_to, signer};

/// The authority's DNS, in memory.
struct Records(Mutex<HashMap<Box<str>, Txt>>);

impl ResolverCache<Box<str>, Txt> for Records {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap().get(name).cloned()
    }
    fn remove<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap().remove(name)
    }
    fn insert(&self, key: Box<str>, value: Txt, _: Instant) {
        self.0.lock().unwrap().insert(key, value);
    }
}

fn records() -> Records {
    let mut records = HashMap::new();
    for (name, value) in signer().records() {
        let key = Txt::DomainKey(Arc::new(DomainKey::parse(value.as_bytes()).unwrap()));
        records.insert(format!("{name}.{}.", sample::DOMAIN).into_boxed_str(), key);
    }
    Records(Mutex::new(records))
}

/// The verdict on each signature, by algorithm.
async fn verdicts(message: &[u8]) -> Vec<(String, bool)> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let records = records();
    let message = AuthenticatedMessage::parse(message).unwrap();
    let resolver =
        MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()).unwrap();
    let parameters = Parameters {
        params: &message,
        cache_txt: Some(&records),
        cache_mx: None::<&NoCache<_, _>>,
        cache_ptr: None::<&NoCache<_, _>>,
        cache_ipv4: None::<&NoCache<_, _>>,
        cache_ipv6: None::<&NoCache<_, _>>,
    };
    resolver
        .verify_dkim(parameters)
        .await
        .iter()
        .map(|output| {
            let algorithm = output.signature().map(|signature| format!("{:?}", signature.a));
            (algorithm.unwrap_or_default(), *output.result() == DkimResult::Pass)
        })
        .collect()
}

#[tokio::test]
async fn both_signatures_hold_for_whoever_looks_the_keys_up() {
    let mut found = verdicts(&mail_to("a@b.example", 1).bytes).await;
    found.sort();
    assert_eq!(found, [("Ed25519Sha256".to_owned(), true), ("RsaSha256".to_owned(), true)]);
}

#[tokio::test]
async fn a_changed_byte_of_the_body_breaks_both_signatures() {
    let mut bytes = mail_to("a@b.example", 1).bytes;
    let last = bytes.len() - 40;
    bytes[last] ^= 1;
    let found = verdicts(&bytes).await;
    assert!(found.len() == 2 && found.iter().all(|(_, holds)| !holds), "{found:?}");
}

#[tokio::test]
async fn a_changed_subject_or_a_second_from_breaks_both_signatures() {
    let bytes = mail_to("a@b.example", 1).bytes;
    let text = String::from_utf8(bytes).unwrap();
    let other_code = text.replacen("\r\nSubject: ", "\r\nSubject: Re ", 1);
    assert!(verdicts(other_code.as_bytes()).await.iter().all(|(_, holds)| !holds));
    let two_senders = format!("From: <pay@evil.example>\r\n{text}");
    assert!(verdicts(two_senders.as_bytes()).await.iter().all(|(_, holds)| !holds));
}

#[test]
fn the_same_effect_and_instant_give_the_same_bytes() {
    assert!(mail_to("a@b.example", 1).bytes == mail_to("a@b.example", 1).bytes);
    assert!(mail_to("a@b.example", 1).bytes != mail_to("a@b.example", 2).bytes);
}

#[test]
fn a_mail_is_text_and_html_generated_by_a_machine_at_the_instant_passed_in() {
    let mail = mail_to("a@b.example", 1);
    let parsed = MessageParser::default().parse(&mail.bytes).unwrap();
    let kind = parsed.content_type().unwrap();
    assert_eq!((kind.ctype(), kind.subtype()), ("multipart", Some("alternative")));
    assert_eq!((parsed.text_body_count(), parsed.html_body_count()), (1, 1));
    assert!(parsed.body_text(0).unwrap().contains("Ne cliquez sur rien"));
    assert!(parsed.body_html(0).unwrap().contains("Ne cliquez sur rien"));
    assert_eq!(parsed.date().unwrap().to_timestamp(), sample::at().as_second());
    let header = |name: &str| match parsed.header(name) {
        Some(HeaderValue::Text(text)) => Some(text.to_string()),
        _ => None,
    };
    assert_eq!(header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert_eq!(parsed.message_id(), Some(mail.message_id.as_str()));
    assert_eq!(
        parsed.subject().unwrap(),
        "[SPECIMEN] Première recommandation, dossier 2026-0001234"
    );
}

#[test]
fn a_mail_has_no_unsubscribe_no_link_and_nothing_remote() {
    let mail = mail_to("a@b.example", 1);
    let parsed = MessageParser::default().parse(&mail.bytes).unwrap();
    assert!(parsed.header("List-Unsubscribe").is_none());
    let html = parsed.body_html(0).unwrap().to_lowercase();
    for forbidden in ["<a ", "href", "src=", "<img", "url(", "@import"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn a_stranger_who_reads_the_mail_learns_no_name_and_no_ip_address() {
    let mail = mail_to("a@b.example", 1);
    let parsed = MessageParser::default().parse(&mail.bytes).unwrap();
    for text in [parsed.body_text(0).unwrap(), parsed.body_html(0).unwrap()] {
        assert!(!text.contains("192.0.2.17") && !text.contains("51413"));
    }
    assert!(parsed.to().unwrap().first().unwrap().name().is_none());
}

#[test]
fn works_are_named_only_where_the_rules_of_the_day_name_them() {
    let mut warning = sample::warning();
    warning.names_works = false;
    let kept_back = warning.mail(&sample::code_key(), sample::at(), &sample::zone()).unwrap();
    assert!(!kept_back.text.contains("Les Jours d’essai"));
    assert!(kept_back.text.contains("communiquée sur demande"));
}

#[test]
fn mail_and_letter_bear_the_same_code_and_the_page_can_check_it() {
    let key = sample::code_key();
    let mail = sample::warning().mail(&key, sample::at(), &sample::zone()).unwrap();
    let code = key.code("2026-0001234");
    assert!(mail.text.contains(&code));
    let recipient = PostalAddress::new(["Mme Camille Exemple", "00100 EXEMPLEVILLE"]).unwrap();
    let letter = sample::warning()
        .letter(&Renderer::new(), &key, recipient, sample::at(), &sample::zone())
        .unwrap();
    assert_eq!(letter.pages, 2);
    assert!(key.holds("2026-0001234", &code));
}

#[test]
fn a_letter_that_nobody_worded_is_an_error_and_not_an_empty_page() {
    let mut warning = sample::warning();
    warning.letter = "fourth".to_owned();
    let refused = warning.mail(&sample::code_key(), sample::at(), &sample::zone());
    assert!(matches!(refused, Err(RenderError::NotWorded { .. })));
}

#[test]
fn an_address_that_could_end_a_command_is_not_an_address() {
    for bad in [
        "",
        "a",
        "@b.example",
        "a@",
        "a@b\r\nRCPT TO:<c@d>",
        "a b@c.example",
        "a@b..example",
        "a@b.example>",
        "\"a\"@b.example",
        "é@b.example",
        "a@b.example, c@d.example",
    ] {
        assert!(MailAddress::new(bad).is_err(), "{bad:?}");
    }
    for good in ["a@b.example", "prenom.nom+x@sous.domaine.example", " a@b.example "] {
        assert!(MailAddress::new(good).is_ok(), "{good:?}");
    }
}
