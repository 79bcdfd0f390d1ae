//! Each notice's own bytes are found again in what came, and nobody else's with them.

use entremise_formats::mail::OpenPgpKey;
use entremise_formats::{Hint, NoticeRead, original};
use sha2::{Digest as _, Sha256};

use crate::at_hand::read;

const CSV: &str = include_str!("../samples/csv/1/detections.csv");
const NDJSON: &str = include_str!("../samples/ndjson/1/detections.ndjson");

/// The originals of all notices in it, as text.
fn originals(input: &[u8]) -> Vec<String> {
    let own = |read: &NoticeRead| String::from_utf8(original(input, read).unwrap().bytes).unwrap();
    read(input).outcomes.iter().map(own).collect()
}

#[test]
fn each_line_of_a_batch_is_its_notice_s_original() {
    let lines: Vec<&str> = NDJSON.lines().collect();
    assert!(lines.len() > 1);
    assert_eq!(originals(NDJSON.as_bytes()), lines);
    let rows: Vec<&str> = CSV.lines().skip(1).collect();
    let marked = format!("\u{feff}{CSV}");
    for input in [CSV, &marked] {
        let found = originals(input.as_bytes());
        assert_eq!(found.iter().map(|row| row.trim_end()).collect::<Vec<_>>(), rows);
    }
}

#[test]
fn of_several_documents_in_a_mail_each_is_found_alone() {
    let notice = |number: u32| {
        format!("<Infringement><Case><ID>SPECIMEN-{number}</ID></Case><Broken/></Infringement>")
    };
    let both = format!("{}\r\n\r\n{}\r\n", notice(1), notice(2));
    let plain = format!("From: a@b.example\r\nSubject: Notices\r\n\r\nHello\r\n{both}");
    let coded = plain.replace("Subject", "Content-Transfer-Encoding: quoted-printable\r\nSubject");
    for mail in [plain, coded.replace("<ID>", "<ID>=53").replace("=53SPEC", "=53PEC")] {
        assert_eq!(originals(mail.as_bytes()), [notice(1), notice(2)], "{mail}");
    }
}

#[test]
fn notices_under_a_clear_signature_are_found_alone() {
    let notice = |number: u32| {
        format!("<Infringement><Case><ID>SPECIMEN-{number}</ID></Case><Broken/></Infringement>")
    };
    let signed = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n- -- Hello\r\n{}\r\n{}\r\n\
         -----BEGIN PGP SIGNATURE-----\r\n\r\nAAAA\r\n-----END PGP SIGNATURE-----\r\n",
        notice(1),
        notice(2)
    );
    let mail = format!("From: a@b.example\r\nSubject: Notices\r\n\r\nNot signed\r\n{signed}");
    assert_eq!(originals(mail.as_bytes()), [notice(1), notice(2)], "{mail}");
    assert_eq!(originals(forwarded(&mail, 2).as_bytes()), [notice(1), notice(2)]);
}

#[test]
fn what_a_key_verified_is_found_again_in_the_same_bytes() {
    let mail = include_bytes!("../samples/mail/openpgp/clearsigned.eml");
    let text = include_bytes!("../samples/mail/openpgp/clearsigned.asc");
    let key = OpenPgpKey::parse(include_str!("../samples/mail/openpgp/clearsigned.key")).unwrap();
    for input in [mail.as_slice(), text] {
        for keys in [&[][..], std::slice::from_ref(&key)] {
            let hint = Hint { openpgp_keys: keys, ..Hint::default() };
            for notice in entremise_formats::read(input, hint).outcomes {
                let own = original(input, &notice).expect("it is found again");
                assert_eq!(Sha256::digest(&own.bytes)[..], notice.digest);
                assert!(own.bytes.starts_with(b"<"), "{:?}", notice.place);
            }
        }
    }
}

#[test]
fn a_row_brings_the_line_that_names_its_columns_and_stays_what_its_digest_is_of() {
    let header = CSV.lines().next().unwrap();
    let mail = format!("From: a@b.example\r\nSubject: Detections\r\n\r\n{CSV}");
    for input in [CSV.to_owned(), format!("\u{feff}{CSV}"), mail] {
        let reading = read(input.as_bytes());
        assert!(reading.outcomes.len() > 1);
        for notice in &reading.outcomes {
            let own = original(input.as_bytes(), notice).unwrap();
            assert_eq!(own.header.as_deref(), Some(header.as_bytes()));
            assert_eq!(Sha256::digest(&own.bytes)[..], notice.digest);
        }
    }
    let reading = read(NDJSON.as_bytes());
    assert_eq!(original(NDJSON.as_bytes(), &reading.outcomes[0]).unwrap().header, None);
}

/// A mail that brings another as an attachment, so many times.
fn forwarded(inner: &str, times: usize) -> String {
    (0..times).fold(inner.to_owned(), |mail, number| {
        format!(
            "From: f{number}@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; \
             boundary=\"b{number}\"\r\n\r\n--b{number}\r\nContent-Type: text/plain\r\n\r\nSee \
             below\r\n--b{number}\r\nContent-Type: message/rfc822\r\n\r\n{mail}\r\n\
             --b{number}--\r\n"
        )
    })
}

#[test]
fn a_notice_in_a_mail_within_a_mail_is_found_as_deeply_as_it_was_read() {
    let rows: Vec<&str> = CSV.lines().skip(1).collect();
    let inner = format!("From: a@b.example\r\nSubject: Detections\r\n\r\n{CSV}");
    for times in [1, 2, 5] {
        let found = originals(forwarded(&inner, times).as_bytes());
        assert_eq!(found.iter().map(|row| row.trim_end()).collect::<Vec<_>>(), rows, "{times}");
    }
    let notice = &read(inner.as_bytes()).outcomes[0];
    assert!(original(forwarded(&inner, 5).as_bytes(), notice).is_some());
    assert!(original(forwarded(&inner, 6).as_bytes(), notice).is_none());
}

#[test]
fn bytes_that_are_not_the_ones_that_were_read_are_never_given_out() {
    let reading = read(NDJSON.as_bytes());
    let other = NDJSON.replace("SPECIMEN-C-1", "SPECIMEN-C-X");
    assert!(original(other.as_bytes(), &reading.outcomes[0]).is_none());
    assert!(original(b"", &reading.outcomes[0]).is_none());
}
