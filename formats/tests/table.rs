//! CSV and NDJSON batches, as one piece and as a stream, and the signature beside them.

use std::io::{self, BufRead, Read};

use entremise_core::notice::{Class, Transport};
use entremise_formats::batch::Batch;
use entremise_formats::{limits, table};

use crate::at_hand::{code, only, read};

const CSV: &str = include_str!("../samples/csv/1/detections.csv");
const NDJSON: &str = include_str!("../samples/ndjson/1/detections.ndjson");

fn header() -> &'static str {
    CSV.lines().next().unwrap()
}

/// A batch of one row in which one column has another value.
fn csv_with(column: &str, value: &str) -> String {
    let index = header().split(',').position(|name| name == column).unwrap();
    let mut fields: Vec<&str> = CSV.lines().nth(1).unwrap().split(',').collect();
    fields[index] = value;
    format!("{}\n{}\n", header(), fields.join(","))
}

fn json_with(column: &str, value: serde_json::Value) -> String {
    let mut row: serde_json::Value = serde_json::from_str(NDJSON.lines().next().unwrap()).unwrap();
    row[column] = value;
    row.to_string()
}

#[test]
fn a_row_becomes_a_notice_field_by_field_in_both_forms() {
    for input in [CSV, NDJSON] {
        let item = &read(input.as_bytes()).outcomes[0];
        assert_eq!(item.version.as_deref(), Some(table::VERSION));
        let notice = item.verdict.as_ref().unwrap();
        assert_eq!(notice.sender_case_id.as_deref(), Some("SPECIMEN-C-1"));
        assert_eq!((notice.class, notice.kind.as_str()), (Class::Copyright, "p2p"));
        assert_eq!(notice.observation.from.to_string(), "2026-10-01T12:00:00.25Z");
        assert_eq!(notice.observation.clock.as_ref().unwrap().max_error_ms, Some(250));
        assert_eq!(notice.source.ip.to_string(), "2001:db8::17");
        assert_eq!(notice.source.transport, Some(Transport::Tcp));
        assert_eq!(notice.observer.as_ref().unwrap().port, Some(6881));
        let work = &notice.works[0];
        assert_eq!(work.title.as_deref(), Some("Le \"Voyage\", SPECIMEN"));
        assert_eq!(work.hashes.len(), 4);
        assert_eq!(work.hashes[3].algorithm, "ed2k");
        assert!(notice.claim.standing_declared && !notice.claim.retraction);
    }
}

#[test]
fn each_rule_of_the_profile_has_a_row_that_breaks_it_in_csv_and_in_ndjson() {
    let rows = [
        ("sender_case_id", "", "field_missing"),
        ("observed_at", "", "field_missing"),
        ("source_ip", "", "field_missing"),
        ("observed_at", "2026-10-01T12:00:00", "timestamp_without_zone"),
        ("observed_at", "01/10/2026 12:00", "timestamp_invalid"),
        ("observed_until", "2026-09-01T12:00:00Z", "timestamp_invalid"),
        ("source_ip", "192.168.0.1", "address_reserved"),
        ("source_ip", "100.64.0.1", "address_reserved"),
        ("source_ip", "fai.example", "field_invalid"),
        ("source_port", "0", "port_out_of_range"),
        ("source_port", "70000", "port_out_of_range"),
        ("source_port", "a", "field_invalid"),
        ("transport", "http", "field_invalid"),
        ("observer_ip", "x", "field_invalid"),
        ("observer_port", "0", "port_out_of_range"),
        ("clock_source", "", "field_missing"),
        ("clock_offset_ms", "1.5", "field_invalid"),
        ("clock_max_error_ms", "-1", "field_invalid"),
        ("size_bytes", "1e9", "field_invalid"),
        ("info_hash", "00ff", "field_invalid"),
        ("info_hash_v2", "zz", "field_invalid"),
        ("hashes", "00ff", "field_invalid"),
        ("standing_declared", "yes", "field_invalid"),
        ("retraction", "1", "field_invalid"),
    ];
    for (column, value, expected) in rows {
        assert_eq!(
            code(&only(csv_with_simple(column, value).as_bytes())),
            expected,
            "{column}={value}"
        );
        let row = json_with(column, value.into());
        assert_eq!(code(&only(row.as_bytes())), expected, "{row}");
    }
    assert_eq!(code(&only(json_with("titel", "x".into()).as_bytes())), "schema_invalid");
    assert_eq!(
        code(&only(json_with("title", serde_json::json!(["x"])).as_bytes())),
        "schema_invalid"
    );
    let long = "x".repeat(limits::FIELD_BYTES + 1);
    assert_eq!(code(&only(csv_with_simple("file_name", &long).as_bytes())), "too_large");
}

/// As `csv_with`, on a row whose title needs no quotation marks.
fn csv_with_simple(column: &str, value: &str) -> String {
    let plain = CSV.replace("\"Le \"\"Voyage\"\", SPECIMEN\"", "Le Voyage SPECIMEN");
    let index = header().split(',').position(|name| name == column).unwrap();
    let row = plain.lines().nth(1).unwrap();
    let fields =
        row.split(',').enumerate().map(|(i, field)| if i == index { value } else { field });
    format!("{}\n{}\n", header(), fields.collect::<Vec<_>>().join(","))
}

#[test]
fn a_header_that_is_not_the_profiles_is_refused_as_a_whole() {
    let headers = [
        header().replace(",title", ",titre"),
        header().replace(",title", ",artist"),
        header().replace("sender_case_id,", ""),
        header().replace(',', ";"),
    ];
    for wrong in headers {
        let item = only(format!("{wrong}\nx\n").as_bytes());
        assert_eq!(code(&item), "schema_invalid", "{wrong}");
    }
}

#[test]
fn one_bad_row_does_not_take_the_others_with_it_and_names_its_line() {
    let mut lines: Vec<&str> = CSV.lines().collect();
    lines.insert(2, "a,b,c");
    lines.insert(3, "x\"y");
    let reading = read(lines.join("\r\n").as_bytes());
    let places: Vec<(&str, &str)> =
        reading.outcomes.iter().map(|item| (item.place.as_str(), code(item))).collect();
    assert_eq!(places[0], ("line 2", "accepted"));
    assert_eq!(places[1], ("line 3", "malformed"));
    // A stray quotation mark does not swallow the rows behind it.
    assert_eq!(places[2], ("line 4", "malformed"));
    assert_eq!(places[3], ("line 5", "accepted"));
    let json = format!(
        "{}\nnot json\n\n{}\n",
        NDJSON.lines().next().unwrap(),
        NDJSON.lines().last().unwrap()
    );
    let codes: Vec<String> = Batch::new(json.as_bytes())
        .map(|item| {
            let item = item.unwrap();
            format!("{} {}", item.place, code(&item))
        })
        .collect();
    assert_eq!(codes, ["line 1 accepted", "line 2 malformed", "line 4 accepted"]);
}

#[test]
fn a_line_that_is_a_xarf_report_is_read_as_one() {
    let report: serde_json::Value =
        serde_json::from_str(include_str!("../samples/xarf/4.2.0/p2p-profile.json")).unwrap();
    let reading = read(format!("{report}\n{report}\n").as_bytes());
    assert_eq!(reading.format, "ndjson");
    assert!(reading.outcomes.iter().all(|item| item.format == "xarf" && item.verdict.is_ok()));
}

#[test]
fn every_item_keeps_its_place_in_the_bytes() {
    use sha2::{Digest, Sha256};
    for input in [CSV, NDJSON, &format!("\u{feff}  {NDJSON}")] {
        for item in read(input.as_bytes()).outcomes {
            let raw = &input.as_bytes()[item.span.clone()];
            assert_eq!(<[u8; 32]>::from(Sha256::digest(raw)), item.digest);
        }
    }
}

/// The same bytes again and again, without ever being in memory at once.
struct Endless {
    head: &'static [u8],
    body: Vec<u8>,
    position: usize,
    left: u64,
}

impl Read for Endless {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let read = available.read(to)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Endless {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.head.is_empty() {
            return Ok(self.head);
        }
        let rest = &self.body[self.position..];
        Ok(&rest[..rest.len().min(self.left as usize)])
    }

    fn consume(&mut self, used: usize) {
        if !self.head.is_empty() {
            self.head = &self.head[used..];
            return;
        }
        self.left -= used as u64;
        self.position = (self.position + used) % self.body.len();
    }
}

#[test]
fn a_body_of_a_gibibyte_without_an_end_is_given_up_at_its_bound() {
    for head in [
        "<Infringement>",
        "{\"a\":\"",
        "sender_case_id,observed_at,source_ip\n\"",
        "<Infringement><",
    ] {
        let stream = Endless {
            head: head.as_bytes(),
            body: vec![b'x'; 1 << 16],
            position: 0,
            left: 1 << 30,
        };
        let mut batch = Batch::new(stream);
        let item = batch.next().unwrap().unwrap();
        assert_eq!(code(&item), "too_large", "{head}");
        assert!(batch.next().is_none());
    }
}

#[test]
fn a_stream_of_many_notices_yields_every_one() {
    let xml = include_str!("../samples/acns/1.2/two-works.xml");
    let row = format!("{}\n", NDJSON.lines().next().unwrap());
    for (head, body, format) in [("", xml, "acns"), ("", row.as_str(), "ndjson")] {
        let count = 200;
        let left = (body.len() * count) as u64;
        let stream =
            Endless { head: head.as_bytes(), body: body.as_bytes().to_vec(), position: 0, left };
        let mut batch = Batch::new(io::BufReader::with_capacity(97, stream));
        let accepted = batch.by_ref().filter(|item| item.as_ref().unwrap().verdict.is_ok()).count();
        assert_eq!((accepted, batch.format()), (count, Some(format)));
    }
}

#[test]
fn a_failing_stream_is_the_streams_failure() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("cut"))
        }
    }
    let mut batch = Batch::new(io::BufReader::new(Broken));
    assert!(batch.next().unwrap().is_err());
    assert!(batch.next().is_none());
}

#[test]
fn nothing_at_all_is_no_batch() {
    assert_eq!(code(&only(b"")), "format_unknown");
    assert_eq!(code(&only(b" \n\t")), "format_unknown");
    assert_eq!(code(&Batch::new(&b""[..]).next().unwrap().unwrap()), "format_unknown");
    assert_eq!(code(&only(csv_with("title", "a\0b").as_bytes())), "charset_invalid");
}
