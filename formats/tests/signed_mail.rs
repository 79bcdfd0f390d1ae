//! Mails signed as PGP/MIME, and keys that may no longer sign.

use entremise_formats::mail::OpenPgpKey;
use entremise_formats::{Hint, NoticeRead, Signature};

use crate::at_hand::code;

const MAIL: &[u8] = include_bytes!("../samples/mail/openpgp/signed-part.eml");
const KEY: &str = include_str!("../samples/mail/openpgp/signed-part.key");
const OTHER_KEY: &str = include_str!("../samples/mail/openpgp/other.key");
const PRIMARY_EXPIRES: &str =
    include_str!("../samples/mail/openpgp/signed-part.primary-expires.key");
const SUBKEY_EXPIRES: &str = include_str!("../samples/mail/openpgp/signed-part.subkey-expires.key");
const PRIMARY_REVOKED: &str =
    include_str!("../samples/mail/openpgp/signed-part.primary-revoked.key");
const SUBKEY_REVOKED: &str = include_str!("../samples/mail/openpgp/signed-part.subkey-revoked.key");

/// Before the two keys that expire do so, and after.
const IN_TIME: &str = "2026-12-01T00:00:00Z";
const TOO_LATE: &str = "2027-01-02T00:00:00Z";

fn read(mail: &[u8], keys: &[&str], received_at: &str) -> Vec<NoticeRead> {
    let keys: Vec<OpenPgpKey> = keys.iter().map(|key| OpenPgpKey::parse(key).unwrap()).collect();
    let received_at = Some(received_at.parse().unwrap());
    entremise_formats::read(mail, Hint { openpgp_keys: &keys, received_at }).outcomes
}

fn verdict(mail: &[u8], keys: &[&str], received_at: &str) -> (&'static str, Signature) {
    let items = read(mail, keys, received_at);
    assert_eq!(items.len(), 1, "{items:?}");
    (code(&items[0]), items[0].signature.clone())
}

fn changed(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(MAIL.to_vec()).unwrap();
    assert!(text.contains(from), "{from}");
    text.replace(from, to).into_bytes()
}

#[test]
fn a_mail_signed_as_pgp_mime_verifies_under_the_senders_key_only() {
    let key = OpenPgpKey::parse(KEY).unwrap().fingerprint();
    assert_eq!(verdict(MAIL, &[], IN_TIME), ("accepted", Signature::Unverified));
    let verified = ("accepted", Signature::Verified { key });
    assert_eq!(verdict(MAIL, &[OTHER_KEY, KEY], IN_TIME), verified);
    assert_eq!(verdict(MAIL, &[OTHER_KEY], IN_TIME), ("signature_invalid", Signature::Invalid));
}

#[test]
fn a_mail_that_was_kept_with_unix_line_ends_still_verifies() {
    let bare: Vec<u8> = MAIL.iter().copied().filter(|byte| *byte != b'\r').collect();
    assert_eq!(verdict(&bare, &[KEY], IN_TIME).0, "accepted");
    let inside =
        [&b"Subject: Fwd\r\nMIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n"[..], MAIL];
    let items = read(&inside.concat(), &[KEY], IN_TIME);
    assert_eq!(items[0].signature.name(), "verified", "a forward of it too");
}

#[test]
fn one_changed_byte_of_the_signed_part_spoils_it_and_nothing_of_it_is_read() {
    for (from, to) in [
        ("<Port>51413", "<Port>51414"),
        ("Bonjour", "bonjour"),
        // The header fields of the part are signed too.
        ("name=\"notice.xml\"", "name=\"autre.xml\""),
    ] {
        let outcome = verdict(&changed(from, to), &[KEY], IN_TIME);
        assert_eq!(outcome, ("signature_invalid", Signature::Invalid), "{from}");
    }
    // What is not signed may change on its way.
    assert_eq!(
        verdict(&changed("Subject: SPECIMEN", "Subject: Fwd"), &[KEY], IN_TIME).0,
        "accepted"
    );
}

#[test]
fn what_stands_beside_the_signed_part_is_nobodys_word() {
    let xml = include_str!("../samples/acns/1.2/two-works.xml");
    let foot = format!("--outer\r\nContent-Type: application/xml\r\n\r\n{xml}\r\n--outer--");
    let items = read(&changed("--outer--", &foot), &[KEY], IN_TIME);
    let signatures: Vec<&str> = items.iter().map(|item| item.signature.name()).collect();
    assert_eq!(signatures, ["verified", "absent"]);
}

#[test]
fn a_torn_signature_and_one_of_another_kind_prove_nothing() {
    let text = String::from_utf8(MAIL.to_vec()).unwrap();
    let torn = text.split("-----END PGP").next().unwrap();
    assert_eq!(verdict(torn.as_bytes(), &[KEY], IN_TIME).0, "signature_invalid");
    let without = text.split("--outer\r\nContent-Type: application/pgp").next().unwrap();
    assert_eq!(verdict(without.as_bytes(), &[KEY], IN_TIME).0, "signature_invalid");
    let smime =
        changed("Content-Type: application/pgp-signature", "Content-Type: application/pkcs7");
    assert_eq!(verdict(&smime, &[KEY], IN_TIME), ("accepted", Signature::Unverified));
}

#[test]
fn an_expired_key_signs_nothing_that_is_received_later() {
    for key in [PRIMARY_EXPIRES, SUBKEY_EXPIRES] {
        assert_eq!(verdict(MAIL, &[key], IN_TIME).0, "accepted");
        assert_eq!(verdict(MAIL, &[key], TOO_LATE), ("key_expired", Signature::Invalid));
    }
    assert_eq!(verdict(MAIL, &[KEY], TOO_LATE).0, "accepted", "a key without an end");
}

#[test]
fn a_revoked_key_signs_nothing_whenever_it_says_it_did() {
    for key in [PRIMARY_REVOKED, SUBKEY_REVOKED] {
        assert_eq!(verdict(MAIL, &[key], "2026-10-01T08:00:00Z").0, "key_revoked");
        assert_eq!(verdict(MAIL, &[key], IN_TIME), ("key_revoked", Signature::Invalid));
    }
}

#[test]
fn a_key_that_was_renewed_serves_although_its_old_copy_is_registered_too() {
    assert_eq!(verdict(MAIL, &[PRIMARY_EXPIRES, KEY], TOO_LATE).0, "accepted");
}
