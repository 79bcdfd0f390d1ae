//! Each notice's own bytes are found again in what came, and nobody else's with them.

use entremise_formats::{NoticeRead, original};

use crate::at_hand::read;

const CSV: &str = include_str!("../samples/csv/1/detections.csv");
const NDJSON: &str = include_str!("../samples/ndjson/1/detections.ndjson");

/// The originals of all notices in it, as text.
fn originals(input: &[u8]) -> Vec<String> {
    let own = |read: &NoticeRead| String::from_utf8(original(input, read).unwrap()).unwrap();
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
fn bytes_that_are_not_the_ones_that_were_read_are_never_given_out() {
    let reading = read(NDJSON.as_bytes());
    let other = NDJSON.replace("SPECIMEN-C-1", "SPECIMEN-C-X");
    assert!(original(other.as_bytes(), &reading.outcomes[0]).is_none());
    assert!(original(b"", &reading.outcomes[0]).is_none());
}
