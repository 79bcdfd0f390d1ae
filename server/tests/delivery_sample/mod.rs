//! A made-up authority that sends mails in the tests.

use entremise_core::id::EffectId;
use entremise_letters::{Authority, Deadline, Language};
use entremise_server::delivery::code::CodeKey;
use entremise_server::delivery::dkim::{NamedKey, Signer};
use entremise_server::delivery::email::{Composer, MailAddress, OutgoingMail};
use entremise_server::delivery::render::{WarningContent, WarningFact};
use entremise_server::delivery::token::ReturnPaths;
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub const DOMAIN: &str = "autorite.example";

pub fn at() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

pub fn zone() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

pub fn code_key() -> CodeKey {
    CodeKey::new(&[7; 32])
}

pub fn effect(number: u128) -> EffectId {
    EffectId(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | number))
}

pub fn signer() -> Signer {
    Signer::new(
        DOMAIN,
        NamedKey { selector: "r2026", pem: include_bytes!("../delivery_keys/rsa.pem") },
        NamedKey { selector: "e2026", pem: include_bytes!("../delivery_keys/ed25519.pem") },
    )
    .unwrap()
}

pub fn composer() -> Composer {
    Composer {
        authority_name: "Autorité de protection des œuvres (SPECIMEN)".to_owned(),
        from: MailAddress::new("ne-pas-repondre@autorite.example").unwrap(),
        reply_to: MailAddress::new("dossiers@autorite.example").unwrap(),
        return_paths: ReturnPaths::new(&[9; 32], "retours.autorite.example"),
        signer: signer(),
    }
}

pub fn warning() -> WarningContent {
    WarningContent {
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
        file_number: "2026-0001234".to_owned(),
        provider: "Opérateur Exemple".to_owned(),
        facts: vec![WarningFact {
            observed_at: "2026-11-18T20:14:33Z".parse().unwrap(),
            address: Some("192.0.2.17".to_owned()),
            port: Some(51_413),
            protocol: Some("bittorrent".to_owned()),
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
        cites: vec!["CPI, art. L.\u{a0}331-20".to_owned()],
    }
}

pub fn mail_to(recipient: &str, number: u128) -> OutgoingMail {
    let texts = warning().mail(&code_key(), at(), &zone()).unwrap();
    let recipient = MailAddress::new(recipient).unwrap();
    composer().compose(effect(number), recipient, &texts, Language::Fr, at()).unwrap()
}
