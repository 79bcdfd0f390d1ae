//! Mails that carry notices: parts, quotation, signatures, agreement of text and notice.

use entremise_core::rejection::Code;
use entremise_formats::mail::OpenPgpKey;
use entremise_formats::{Hint, Signature};

use crate::at_hand::{code, only, read};

const XML: &str = include_str!("../samples/acns/1.2/two-works.xml");

fn body() -> &'static str {
    XML.split_once("?>\n").unwrap().1
}

fn plain(text: &str) -> String {
    format!(
        "From: envoi@observatoire.example\r\nTo: constats@autorite.example\r\nSubject: SPECIMEN\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}"
    )
}

fn multipart(parts: &[&str]) -> String {
    let mut mail = "From: a@observatoire.example\r\nSubject: SPECIMEN\r\nMIME-Version: 1.0\r\n\
                    Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
        .to_owned();
    for part in parts {
        mail.push_str(&format!("--b\r\n{part}\r\n"));
    }
    mail + "--b--\r\n"
}

/// The labelled lines that agree with the notice.
const TEXT: &str = "Notice ID: SPECIMEN-0001\nNotice Date: 2026-10-03T00:00:00Z\n\n\
                    - ---- Details ----\nTitle:  Le Voyage SPECIMEN\n\
                    Timestamp: 2026-10-01T14:34:56+02:00\n\
                    IP Address: 203.0.113.7\nPort: 51413\n\n";

#[test]
fn a_notice_is_found_in_the_text_in_an_attachment_and_in_a_forward() {
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, XML);
    let inner = plain(XML);
    let quoted: String = XML.lines().map(|line| format!("> > {line}\n")).collect();
    let page = XML.replace('<', "&lt;").replace('>', "&gt;");
    let xarf = include_str!("../samples/xarf/4.2.0/p2p-profile.json");
    let mails = [
        plain(&format!("{TEXT}{XML}-- \nsignature\n")),
        plain(&format!("Bonjour,\n{body}", body = body())),
        plain(&format!("On Monday a@b.example wrote:\n{quoted}")),
        multipart(&[
            "Content-Type: text/plain\r\n\r\nsee attachment",
            &format!("Content-Type: application/xml\r\n\r\n{XML}"),
        ]),
        multipart(&[&format!(
            "Content-Type: application/octet-stream; name=n.xml\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{encoded}"
        )]),
        multipart(&[&format!("Content-Type: text/xml; charset=utf-8\r\n\r\n{XML}")]),
        multipart(&[&format!("Content-Type: message/rfc822\r\n\r\n{inner}")]),
        multipart(&[&format!(
            "Content-Type: text/html; charset=utf-8\r\n\r\n\
             <!DOCTYPE html><html><pre>{page}</pre></html>"
        )]),
        multipart(&[&format!("Content-Type: application/json\r\n\r\n{xarf}")]),
        format!("From envoi@observatoire.example Thu Oct  1 12:00:00 2026\n{inner}"),
    ];
    for mail in &mails {
        let reading = read(mail.as_bytes());
        assert_eq!(reading.format, "mail");
        let codes: Vec<&str> = reading.outcomes.iter().map(code).collect();
        assert_eq!(codes, ["accepted"], "{mail}\n{:?}", reading.outcomes);
    }
}

#[test]
fn text_and_notice_must_name_the_same_subscriber() {
    assert_eq!(code(&only(plain(&format!("{TEXT}{XML}")).as_bytes())), "accepted");
    let changes = [
        ("203.0.113.7", "203.0.113.8", "address"),
        ("51413", "51414", "port"),
        ("14:34:56+02:00", "14:34:57+02:00", "instant"),
        ("SPECIMEN-0001", "SPECIMEN-0002", "case number"),
    ];
    for (from, to, what) in changes {
        assert!(TEXT.contains(from));
        let item = only(plain(&format!("{}{XML}", TEXT.replace(from, to))).as_bytes());
        let rejection = &item.verdict.unwrap_err()[0];
        assert_eq!(rejection.code, Code::TextXmlMismatch, "{what}");
        assert!(rejection.how.contains(what), "{}", rejection.how);
    }
    // Behind the notice too.
    assert_eq!(
        code(&only(plain(&format!("{XML}\nIP Address: 203.0.113.8\n")).as_bytes())),
        "text_xml_mismatch"
    );
}

#[test]
fn with_several_notices_each_must_be_among_what_the_text_names() {
    let other =
        body().replace("203.0.113.7", "203.0.113.8").replace("SPECIMEN-0001", "SPECIMEN-0002");
    let both = format!("IP Address: 203.0.113.7\nIP Address: 203.0.113.8\n{}{other}", body());
    let codes: Vec<&str> = read(plain(&both).as_bytes()).outcomes.iter().map(code).collect();
    assert_eq!(codes, ["accepted", "accepted"]);
    let one = format!("IP Address: 203.0.113.7\n{}{other}", body());
    let codes: Vec<&str> = read(plain(&one).as_bytes()).outcomes.iter().map(code).collect();
    assert_eq!(codes, ["accepted", "text_xml_mismatch"]);
}

const SIGNED: &str = include_str!("../samples/mail/openpgp/clearsigned.asc");
const KEY: &str = include_str!("../samples/mail/openpgp/clearsigned.key");
const OTHER_KEY: &str = include_str!("../samples/mail/openpgp/other.key");

#[test]
fn a_clearsigned_mail_verifies_under_the_senders_key_only() {
    let (key, other) = (OpenPgpKey::parse(KEY).unwrap(), OpenPgpKey::parse(OTHER_KEY).unwrap());
    let mail = plain(SIGNED);
    let with = |keys: &[OpenPgpKey], mail: &str| {
        let mut reading = entremise_formats::read(
            mail.as_bytes(),
            Hint { openpgp_keys: keys, received_at: None },
        );
        assert_eq!(reading.outcomes.len(), 1);
        reading.outcomes.remove(0)
    };
    let item = with(&[], &mail);
    assert_eq!((code(&item), item.signature), ("accepted", Signature::Unverified));
    let item = with(&[other.clone(), key.clone()], &mail);
    assert_eq!(code(&item), "accepted");
    assert_eq!(item.signature, Signature::Verified { key: key.fingerprint() });
    let item = with(&[other], &mail);
    assert_eq!((code(&item), item.signature), ("signature_invalid", Signature::Invalid));
    let keys = [key];
    let forged = mail.replace("<Port>51413", "<Port>51414");
    assert_eq!(code(&with(&keys, &forged)), "signature_invalid");
    let torn = mail.split("-----END PGP").next().unwrap().to_owned();
    assert_eq!(code(&with(&keys, &torn)), "signature_invalid");
    assert_eq!(code(&with(&[], &torn)), "signature_invalid");
    assert_eq!(code(&with(&keys, SIGNED)), "accepted", "the bare message too");
}

#[test]
fn what_stands_outside_the_signature_is_not_read() {
    let smuggled = plain(&format!("{}\n{SIGNED}\n{}", body(), body()));
    assert_eq!(read(smuggled.as_bytes()).outcomes.len(), 1);
    let unsigned = only(plain(XML).as_bytes());
    assert_eq!(unsigned.signature, Signature::Absent);
}

#[test]
fn what_is_no_public_key_is_refused_as_key() {
    assert!(OpenPgpKey::parse("").is_err());
    assert!(OpenPgpKey::parse(SIGNED).is_err());
}

#[test]
fn archives_are_never_opened_and_do_not_hide_the_notice_beside_them() {
    let zip = "Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n\
               UEsDBBQAAAAIAA==";
    assert_eq!(code(&only(multipart(&[zip]).as_bytes())), "construct_forbidden");
    let xml = format!("Content-Type: application/xml\r\n\r\n{XML}");
    let codes: Vec<&str> =
        read(multipart(&[&xml, zip]).as_bytes()).outcomes.iter().map(code).collect();
    assert_eq!(codes, ["accepted", "construct_forbidden"]);
    for bare in [&b"PK\x03\x04...."[..], b"\x1f\x8b\x08....", b"7z\xbc\xaf\x27\x1c"] {
        assert_eq!(code(&only(bare)), "construct_forbidden");
    }
}

#[test]
fn mails_within_mails_and_parts_without_end_are_bounded() {
    let mut nested = plain(XML);
    for _ in 0..40 {
        nested = format!(
            "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n{nested}"
        );
    }
    assert!(read(nested.as_bytes()).outcomes.iter().all(|item| item.verdict.is_err()));
    let mut multi = String::from("Subject: x\r\nMIME-Version: 1.0\r\n");
    for level in 0..10_000 {
        multi.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
        ));
    }
    assert_eq!(code(&only(multi.as_bytes())), "too_large");
    let many = multipart(&vec!["Content-Type: application/xml\r\n\r\n<x/>"; 5_000]);
    assert_eq!(code(read(many.as_bytes()).outcomes.last().unwrap()), "too_large");
}

#[test]
fn a_part_that_is_not_in_its_character_set_is_refused() {
    let latin = XML.replace("UTF-8", "ISO-8859-1").replace('’', "'");
    let bytes: Vec<u8> = latin.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let head = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/xml\r\n\r\n";
    let item = only(&[head.as_bytes(), &bytes].concat());
    let title = item.verdict.unwrap().works[1].title.clone().unwrap();
    assert_eq!(title, "L'Été SPECIMEN", "the XML's declaration counts where the mail has none");
    let wrong = String::from_utf8_lossy(&bytes).replace("ISO-8859-1", "UTF-8");
    let mut wrong = [head.as_bytes(), wrong.as_bytes()].concat();
    let at = wrong.windows(7).position(|w| w == b"Content").unwrap();
    wrong[at + 1] = 0xff;
    let place = wrong.windows(8).position(|w| w == b"SPECIMEN").unwrap();
    wrong[place] = 0xff;
    assert_eq!(code(&only(&wrong)), "charset_invalid");
}

#[test]
fn a_mail_without_a_notice_says_so() {
    assert_eq!(code(&only(plain("Bonjour, rien à signaler.").as_bytes())), "format_unknown");
}
