//! ACNS in: all versions, the faults of real senders, and what is refused. Out: `NoticeAck`,
//! `NoticeStatus`.

use std::process::Command;

use entremise_core::notice::{Class, Transport};
use entremise_core::rejection::{Code, Rejection};
use entremise_formats::acns::ack::{Ack, Contact, Outcome};
use entremise_formats::acns::status::Status;

use crate::at_hand::{code, corpus, only, read};

/// A sound notice of 1.2, made here.
const SOUND: &str = include_str!("../samples/acns/1.2/two-works.xml");

fn with(from: &str, to: &str) -> Vec<u8> {
    assert!(SOUND.contains(from), "{from}");
    SOUND.replacen(from, to, 1).into_bytes()
}

#[test]
fn each_rule_of_reading_has_a_notice_that_breaks_it() {
    let rows: [(&str, &str, &str); 27] = [
        ("<ID>SPECIMEN-0001</ID>", "", "field_missing"),
        ("<ID>SPECIMEN-0001</ID>", "<ID> </ID>", "field_missing"),
        ("<Entity>Ayants droit SPECIMEN</Entity>", "", "field_missing"),
        ("<Email>constats@ayants-droit.example</Email>", "", "field_missing"),
        ("<Email>abuse@fai.example</Email>", "", "field_missing"),
        ("<TimeStamp>2026-10-01T12:34:56Z</TimeStamp>", "", "field_missing"),
        ("2026-10-01T12:34:56Z", "2026-10-01T12:34:56", "timestamp_without_zone"),
        ("2026-10-01T12:34:56Z", "2026-13-01T12:34:56Z", "timestamp_invalid"),
        ("<IP_Address>203.0.113.7</IP_Address>", "", "field_missing"),
        ("203.0.113.7", "203.0.113.0/24", "field_invalid"),
        ("203.0.113.7", "10.0.0.7", "address_reserved"),
        ("203.0.113.7", "127.0.0.1", "address_reserved"),
        ("203.0.113.7", "fe80::1", "address_reserved"),
        ("<Port>51413</Port>", "<Port>0</Port>", "port_out_of_range"),
        ("<Port>51413</Port>", "<Port>65536</Port>", "port_out_of_range"),
        ("<Port>51413</Port>", "<Port>bittorrent</Port>", "field_invalid"),
        ("<Port>51413</Port>", "<Port>51413</Port><Port>51414</Port>", "schema_invalid"),
        ("<Protocol>6</Protocol>", "<Protocol>255</Protocol>", "field_invalid"),
        ("<FileSize>734003200</FileSize>", "<FileSize>-1</FileSize>", "field_invalid"),
        ("<FileName>Le.Voyage.SPECIMEN.mkv</FileName>", "", "field_missing"),
        ("</Infringement>", "", "malformed"),
        ("</Source>", "</Sauce>", "malformed"),
        ("<Status>Open</Status>", "<Status>&unknown;</Status>", "construct_forbidden"),
        ("<Status>Open</Status>", "<Infringement/>", "malformed"),
        ("schemaVersion=\"1.2\"", "schemaVersion=\"3.1\"", "version_unsupported"),
        (
            "schemaVersion=\"1.2\" xmlns=\"http://www.acns.net/ACNS\"",
            "xmlns=\"urn:other\"",
            "version_unsupported",
        ),
        (
            "<Type>BITTORRENT</Type>",
            "<Type><a><b><c><d><e><f><g><h><i><j><k><l><m><n><o><p><q><r><s><t><u><v><w><x>",
            "too_large",
        ),
    ];
    assert_eq!(code(&only(SOUND.as_bytes())), "accepted");
    for (from, to, expected) in rows {
        let reading = read(&with(from, to));
        assert_eq!(code(&reading.outcomes[0]), expected, "{from} to {to}");
    }
}

#[test]
fn a_rejection_names_every_fault_and_its_place_and_repeats_no_data() {
    let notice = SOUND.replace("203.0.113.7", "10.11.12.13").replace("<Port>51413", "<Port>99999");
    let item = only(notice.as_bytes());
    let rejections = item.verdict.unwrap_err();
    let places: Vec<&str> = rejections.iter().map(|rejection| rejection.at.as_str()).collect();
    assert_eq!(places, ["/Infringement/Source/IP_Address", "/Infringement/Source/Port"]);
    for rejection in &rejections {
        let shown = rejection.to_string();
        assert!(!shown.contains("10.11") && !shown.contains("99999"), "{shown}");
    }
}

#[test]
fn entities_of_ones_own_and_document_types_are_never_read() {
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>{}",
        SOUND.split_once("?>").unwrap().1
    );
    assert_eq!(code(&only(bomb.as_bytes())), "construct_forbidden");
    let inside = with("<Status>Open</Status>", "<!DOCTYPE a><Status>Open</Status>");
    assert_eq!(code(&only(&inside)), "construct_forbidden");
}

#[test]
fn an_ampersand_that_is_not_escaped_is_repaired() {
    for (written, read_as) in [
        ("Smith & Sons", "Smith & Sons"),
        ("A&amp;B &lt;3", "A&B <3"),
        ("a&b", "a&b"),
        ("x&#233;", "xé"),
    ] {
        let item = only(&with("Le Voyage SPECIMEN", written));
        assert_eq!(item.verdict.unwrap().works[0].title.as_deref(), Some(read_as));
    }
}

#[test]
fn namespaces_may_be_prefixed_moved_or_misspelt() {
    let prefixed = SOUND
        .replace("</", "</a:")
        .replace("<", "<a:")
        .replace("<a:/a:", "</a:")
        .replace("<a:?xml", "<?xml")
        .replace("xmlns=", "xmlns:a=");
    let item = only(prefixed.as_bytes());
    assert_eq!((code(&item), item.version.as_deref()), ("accepted", Some("1.2")));
    let moved =
        SOUND.replace("schemaVersion=\"1.2\" ", "").replace("www.acns.net", "www.movielabs.com");
    let item = only(moved.as_bytes());
    assert_eq!((code(&item), item.version.as_deref()), ("accepted", Some("1.1")));
}

#[test]
fn several_notices_in_a_row_or_an_envelope_are_read_one_by_one() {
    let body = SOUND.split_once("?>").unwrap().1;
    let bad = body.replace("<Port>51413</Port>", "<Port>0</Port>");
    let all = format!(
        "<?xml version=\"1.0\"?><MessageEnvelope>{body}<!-- {body} -->{bad}{body}</MessageEnvelope>"
    );
    let reading = read(all.as_bytes());
    let codes: Vec<&str> = reading.outcomes.iter().map(code).collect();
    assert_eq!(codes, ["accepted", "port_out_of_range", "accepted"]);
    for item in &reading.outcomes {
        assert!(all[item.span.clone()].starts_with("<Infringement"));
        assert!(all[item.span.clone()].ends_with("</Infringement>"));
    }
}

#[test]
fn a_notice_that_breaks_off_does_not_take_the_next_one_with_it() {
    let body = SOUND.split_once("?>").unwrap().1;
    let torn = &body[..body.len() / 2];
    let reading = read(format!("{torn}\n{body}").as_bytes());
    let codes: Vec<&str> = reading.outcomes.iter().map(code).collect();
    assert_eq!(codes, ["malformed", "accepted"]);
}

#[test]
fn a_retraction_is_read_as_one() {
    let notice = with("Retraction=\"false\"", "Retraction=\"true\"");
    assert!(only(&notice).verdict.unwrap().claim.retraction);
    assert!(!only(SOUND.as_bytes()).verdict.unwrap().claim.retraction);
}

#[test]
fn a_thousand_unclosed_character_data_sections_cost_no_more_than_their_bound() {
    let hostile = "<Infringement><![CDATA[".repeat(100_000);
    let reading = read(hostile.as_bytes());
    assert!(reading.outcomes.len() <= 102);
    assert!(reading.outcomes.iter().all(|item| item.verdict.is_err()));
}

/// Expectations from the YAML that lies beside each sample.
#[test]
fn the_published_samples_of_all_versions_are_read() {
    let Some(folder) = corpus("acns/samples") else { return };
    for (file, version) in [("0.6", "0.6"), ("0.7", "0.7"), ("1.1", "1.1"), ("1.2", "1.2")] {
        let bytes = std::fs::read(folder.join(format!("full-{file}.xml"))).unwrap();
        let item = only(&bytes);
        assert_eq!(item.version.as_deref(), Some(version));
        let notice = item.verdict.unwrap();
        assert_eq!(notice.class, Class::Copyright);
        assert_eq!(notice.sender_case_id.as_deref(), Some("A1234567"));
        assert_eq!(notice.source.ip.to_string(), "168.1.1.145");
        let work = &notice.works[0];
        assert_eq!(work.title.as_deref(), Some("8 Mile"));
        assert_eq!(work.hashes[0].algorithm, "sha1");
        if version.starts_with('0') {
            assert_eq!(notice.observation.from.to_string(), "2003-08-30T12:34:53Z");
            assert_eq!(notice.source.port, Some(21));
            assert_eq!(notice.protocol.as_deref(), Some("ftp"));
            assert_eq!(notice.pseudonym.as_deref(), Some("guest"));
            assert_eq!((notice.works.len(), work.size_bytes), (2, Some(702_453_789)));
            assert_eq!(notice.works[1].artist.as_deref(), Some("Eminem"));
            assert_eq!(notice.works[1].file_name.as_deref(), Some("eminem_loseyourself.mp3"));
            // Not hexadecimal, so left as sent.
            assert_eq!(work.hashes[0].value, "EKR94KF985873KD930ER4KD94");
        } else {
            assert_eq!(notice.observation.from.to_string(), "2008-08-30T12:34:53Z");
            assert_eq!(notice.source.port, Some(21123));
            assert_eq!(
                (notice.kind.as_str(), notice.protocol.as_deref()),
                ("p2p", Some("bittorrent"))
            );
            assert_eq!(work.size_bytes, Some(734_013_472));
            assert_eq!(work.hashes[0].value, "6af9f5bf5493b6bb72f15f77c2e541d606328aea");
            assert_eq!(work.work_id.as_deref(), Some("isan:0000-0000-F23C-0000-J-0000-0000-H"));
            assert_eq!(notice.claim.rights_holder.as_deref(), Some("ScannerVendor, Inc."));
            assert_eq!(notice.provider_name.as_deref(), Some("GreatISP"));
            assert_eq!(notice.details["also_seen"].as_array().unwrap().len(), 2);
            assert!(!notice.claim.retraction);
        }
        assert_eq!(notice.source.transport, None::<Transport>);
    }
}

#[test]
fn the_acknowledgement_says_what_became_of_the_notice() {
    let mismatch = [
        Rejection::new(Code::PortMissing, "/p", "give it"),
        Rejection::new(Code::TextXmlMismatch, "part 1", "send them alike"),
    ];
    let xml = ack("A1", Outcome::Rejected(&mismatch)).to_xml();
    assert!(xml.contains("Accepted=\"false\" RejectReason=\"TEXT_XML_MISMATCH\""));
    assert!(xml.contains("port_missing at /p: give it"));
    assert!(xml.contains("<Complianant>"), "the schema's own spelling");
    let xml = ack("A1", Outcome::Accepted).to_xml();
    assert!(xml.contains("Accepted=\"true\"") && !xml.contains("RejectReason"));
    let range = [Rejection::new(Code::NotOurNetwork, "/ip", "elsewhere")];
    assert!(ack("A1", Outcome::Rejected(&range)).to_xml().contains("IP_OUT_OF_RANGE"));
    assert!(ack("A1", Outcome::Duplicate { of: "n-1" }).to_xml().contains("MULTIPLE"));
}

fn status(case_id: &str) -> Status<'_> {
    Status {
        case_id,
        disposition: "OPEN",
        reason: "transmitted",
        received_at: "2026-06-10T08:00:00Z".parse().unwrap(),
        changed_at: "2026-09-10T08:00:00Z".parse().unwrap(),
        at: "2026-10-01T12:00:00Z".parse().unwrap(),
    }
}

#[test]
fn a_status_carries_nothing_by_which_a_person_is_told_from_another() {
    let xml = status("A1").to_xml();
    assert!(xml.contains("CaseID=\"A1\"") && xml.contains("<Type>OPEN</Type>"), "{xml}");
    for element in ["GRStatus", "UserData", "AnonUserIdentifier", "NetworkCaseID", "Source"] {
        assert!(!xml.contains(element), "{xml}");
    }
}

fn ack<'a>(case_id: &'a str, outcome: Outcome<'a>) -> Ack<'a> {
    Ack {
        case_id,
        complainant: Contact { entity: "Ayants droit & Cie <SPECIMEN>", email: "a@b.example" },
        service_provider: Contact { entity: "Autorité SPECIMEN", email: "c@autorite.example" },
        outcome,
        at: "2026-10-01T12:00:00.25Z".parse().unwrap(),
        sequence: Some(7),
    }
}

#[test]
fn every_acknowledgement_and_status_is_valid_against_the_published_schema() {
    let Some(folder) = corpus("acns/schema") else { return };
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("skipped: xmllint is not here");
        return;
    }
    let folder = folder.canonicalize().unwrap();
    let work = tempfile::tempdir().unwrap();
    // The schema imports two others from the Web; copies lie beside it.
    let here = folder.display();
    let imports = [
        ("http://www.w3.org/2005/05/xmlmime", "xmlmime.xsd"),
        (
            "http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd",
            "xmldsig.xsd",
        ),
    ];
    let mut catalog = "<catalog xmlns=\"urn:oasis:names:tc:entity:xmlns:xml:catalog\">".to_owned();
    for (address, file) in imports {
        catalog.push_str(&format!("<uri name=\"{address}\" uri=\"file://{here}/{file}\"/>"));
        catalog.push_str(&format!("<system systemId=\"{address}\" uri=\"file://{here}/{file}\"/>"));
    }
    catalog.push_str("</catalog>");
    std::fs::write(work.path().join("catalog.xml"), catalog).unwrap();
    let code =
        |code| [Rejection::new(code, "/Source/Port & <more>", "a \"quoted\" ]]> \u{1} word\r\n")];
    let (port, range, text) =
        (code(Code::PortMissing), code(Code::NotOurNetwork), code(Code::TextXmlMismatch));
    let acks = [
        ack("A1234567", Outcome::Accepted),
        ack("", Outcome::Rejected(&port)),
        ack("<&\">'é€\u{10ffff}\t", Outcome::Rejected(&range)),
        ack("A", Outcome::Rejected(&text)),
        ack("A", Outcome::Rejected(&[])),
        ack("A", Outcome::Duplicate { of: "n-1" }),
        Ack { sequence: None, ..ack("A", Outcome::Accepted) },
    ];
    let documents = acks.iter().map(Ack::to_xml);
    let statuses = ["A1", "<&\">'é€\u{10ffff}\t"].map(|case_id| status(case_id).to_xml());
    for (index, document) in documents.chain(statuses).enumerate() {
        let file = work.path().join(format!("{index}.xml"));
        std::fs::write(&file, document).unwrap();
        let run = Command::new("xmllint")
            .env("XML_CATALOG_FILES", work.path().join("catalog.xml"))
            .args(["--nonet", "--noout", "--schema"])
            .arg(folder.join("acns-1.2.xsd"))
            .arg(&file)
            .output()
            .unwrap();
        assert!(run.status.success(), "{index}: {}", String::from_utf8_lossy(&run.stderr));
    }
}
