//! Sightings on paper: each sender writes in its own format, byte for byte as such senders do.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::signing::MailSigner;
use crate::world::sightings::{Flaw, Sighting};

/// The columns the CSV senders fill.
const COLUMNS: &str = "sender_case_id,observed_at,clock_source,clock_max_error_ms,source_ip,\
                       source_port,transport,protocol,provider_name,title,file_name,size_bytes,\
                       info_hash,rights_holder,mandate,sworn_agent,standing_declared";

fn instant(sighting: &Sighting) -> Timestamp {
    Timestamp::from_second(sighting.at).expect("the world's instants are instants")
}

fn transport(sighting: &Sighting) -> &'static str {
    if sighting.udp { "udp" } else { "tcp" }
}

/// One batch as CSV in the house's profile.
pub fn csv(sightings: &[&Sighting], rights_holder: &str) -> String {
    let mut text = format!("{COLUMNS}\n");
    for sighting in sightings {
        let attested = sighting.flaw != Flaw::Unattested;
        let fields = [
            sighting.case_id.clone(),
            if sighting.flaw == Flaw::Broken {
                // No zone: nobody can say which hour is meant.
                instant(sighting).strftime("%Y-%m-%d %H:%M:%S").to_string()
            } else {
                instant(sighting).to_string()
            },
            "ntp".to_owned(),
            sighting.clock_error_ms.to_string(),
            sighting.ip.to_string(),
            sighting.port.map(|port| port.to_string()).unwrap_or_default(),
            transport(sighting).to_owned(),
            "bittorrent".to_owned(),
            sighting.network.clone(),
            format!("\"{}\"", sighting.title),
            sighting.file_name(),
            sighting.size_bytes.to_string(),
            sighting.file_hash.clone(),
            rights_holder.to_owned(),
            "M-2025-07".to_owned(),
            if attested { "A-0042".to_owned() } else { String::new() },
            attested.to_string(),
        ];
        text.push_str(&fields.join(","));
        text.push('\n');
    }
    text
}

/// One batch as NDJSON of XARF v4 reports in the house's profile.
pub fn xarf_lines(sightings: &[&Sighting], rights_holder: &str) -> String {
    sightings.iter().map(|sighting| format!("{}\n", xarf(sighting, rights_holder))).collect()
}

/// One XARF v4.2 report of the type `copyright/p2p`.
pub fn xarf(sighting: &Sighting, rights_holder: &str) -> String {
    let contact = json!({
        "org": rights_holder, "contact": "constats@musique.example", "domain": "musique.example",
    });
    let attested = sighting.flaw != Flaw::Unattested;
    let mut report = json!({
        "xarf_version": "4.2.0",
        "report_id": Uuid::from_bytes(sighting.report_id).to_string(),
        "case_id": sighting.case_id,
        "timestamp": instant(sighting).to_string(),
        "reporter": contact,
        "sender": contact,
        "source_identifier": sighting.ip.to_string(),
        "source_port": sighting.port,
        "transport": transport(sighting),
        "clock": { "source": "ntp", "offset_ms": 0, "max_error_ms": sighting.clock_error_ms },
        "category": "copyright",
        "type": "p2p",
        "evidence_source": "automated_crawl",
        "p2p_protocol": "bittorrent",
        "swarm_info": {
            "info_hash": sighting.file_hash,
            "torrent_name": sighting.file_name(),
            "total_size": sighting.size_bytes,
        },
        "work_title": sighting.title,
        "rights_holder": rights_holder,
        "provider_name": sighting.network,
        "sworn_agent": if attested { Some("A-0007") } else { None },
        "standing_declared": attested,
        "mandate": "M-2025-01",
    });
    if let Some(members) = report.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    let text = report.to_string();
    // Broken: the connection of the sender's own database broke off.
    if sighting.flaw == Flaw::Broken { text[..text.len() * 2 / 3].to_owned() } else { text }
}

/// One notice as ACNS 1.2 XML, its declarations as the house's profile asks.
pub fn acns(sighting: &Sighting, rights_holder: &str) -> String {
    let at = instant(sighting);
    let port = sighting.port.map(|port| format!("<Port>{port}</Port>\n")).unwrap_or_default();
    let protocol = if sighting.udp { 17 } else { 6 };
    let attested = if sighting.flaw == Flaw::Unattested {
        String::new()
    } else {
        "<Declarations><Type>standing</Type><Body>I declare on my honour that the body has \
         standing for the work.</Body></Declarations>\n\
         <Declarations><Type>sworn_agent</Type><Body>A-0301</Body></Declarations>\n"
            .to_owned()
    };
    let mut xml = String::new();
    write!(
        xml,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Infringement xmlns="http://www.acns.net/ACNS"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://www.acns.net/ACNS http://www.acns.net/v1.2/ACNS2v1_2.xsd">
<Case><ID>{id}</ID><Status>OPEN</Status><Severity>NORMAL</Severity></Case>
<Complainant><Entity>{rights_holder}</Entity>
<Contact>Pôle constats</Contact>
<Address>1 rue de l’Essai, 00130 FICTIVILLE</Address>
<Phone>+33 1 99 00 12 34</Phone><Email>constats@cinema.example</Email></Complainant>
<Service_Provider><Entity>{network}</Entity>
<Contact>Abuse</Contact>
<Address>2 rue de la Trame, 00110 SPECIMEN-SUR-LOIRE</Address>
<Phone>+33 1 99 00 56 78</Phone><Email>abuse@{network}.example</Email></Service_Provider>
<Source><TimeStamp>{at}</TimeStamp><IP_Address>{ip}</IP_Address>
{port}<Protocol>{protocol}</Protocol>
<Type>BITTORRENT</Type>
<SubType BaseType="P2P" Protocol="BITTORRENT"/><Number_Files>1</Number_Files></Source>
<Content><Item><TimeStamp>{at}</TimeStamp><Title>{title}</Title>
<FileName>{file}</FileName><FileSize>{size}</FileSize><Type>MOVIE</Type>
<Hash Type="SHA1">{hash}</Hash></Item></Content>
{attested}<Declarations><Type>clock</Type>
<Body>source=ntp offset_ms=0 max_error_ms={error}</Body></Declarations>
</Infringement>
"#,
        id = sighting.case_id,
        network = sighting.network,
        ip = sighting.ip,
        title = sighting.title,
        file = sighting.file_name(),
        size = sighting.size_bytes,
        hash = sighting.file_hash,
        error = sighting.clock_error_ms,
    )
    .expect("writing to a String does not fail");
    if sighting.flaw == Flaw::Broken { xml.replace("</Source>", "</Sourse>") } else { xml }
}

/// A mail with the notice in words and as XML, as detection companies send them: signed as
/// PGP/MIME where the sender has a key.
pub fn acns_mail(
    sighting: &Sighting,
    rights_holder: &str,
    to: &str,
    sent: Timestamp,
    signer: Option<&MailSigner>,
) -> anyhow::Result<String> {
    let id = &sighting.case_id;
    let date = sent.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let head = format!(
        "Return-Path: <constats@cinema.example>\r\nFrom: Constats <constats@cinema.example>\r\n\
         To: <{to}>\r\nSubject: Notice {id} (SPECIMEN)\r\nDate: {date}\r\n\
         Message-ID: <{id}@cinema.example>\r\nMIME-Version: 1.0\r\n"
    );
    let part = acns_part(sighting, rights_holder);
    match signer {
        Some(signer) => signer.mail(&head, &part, sent),
        None => Ok(format!("{head}{part}\r\n")),
    }
}

/// The words and the XML, side by side, without the last line end.
fn acns_part(sighting: &Sighting, rights_holder: &str) -> String {
    let id = &sighting.case_id;
    let boundary = format!("=_{id}");
    let mut part = format!(
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n\
         --{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n\
         Please find below a notice about a work we represent.\r\n\r\nNotice ID: {id}\r\n"
    );
    if sighting.flaw != Flaw::Broken {
        let port = sighting.port.map(|port| format!("Port: {port}\r\n")).unwrap_or_default();
        part += &format!("IP Address: {}\r\n{port}", sighting.ip);
    }
    part += &format!(
        "\r\n--{boundary}\r\nContent-Type: text/xml; charset=utf-8; name=\"notice.xml\"\r\n\
         Content-Transfer-Encoding: 8bit\r\nContent-Disposition: attachment; \
         filename=\"notice.xml\"\r\n\r\n{}\r\n--{boundary}--",
        acns(sighting, rights_holder).replace('\n', "\r\n"),
    );
    part
}
