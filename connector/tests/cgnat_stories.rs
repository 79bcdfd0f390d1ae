//! Shared addresses: outside address and port to inside address to account. The lines are made
//! here in the vendors' formats; every expectation is worked out by hand.

use crate::told::*;
use entremise_connector::read::Format::{
    CgnatA10, CgnatCiscoXr, CgnatJuniper, Deterministic, RadiusDetail,
};
use entremise_connector::read::{ErrorCode, ReadOptions};
use entremise_core::identification::{AssignmentKind, Outcome, Question};
use entremise_core::notice::Transport;

/// A Juniper port-block line: the epoch is hexadecimal.
fn juniper(event: &str, inside: &str, low: u16, when: &str) -> String {
    format!(
        "<14>1 2026-03-01T00:00:00.000Z srx RT_NAT - RT_SRC_NAT_PBA_{event} [internal-ip=\"{inside}\" \
         block-used=\"1\" block-max-per-host=\"4\" block-port-low=\"{low}\" \
         block-port-high=\"{}\" reflexive-ip=\"198.51.100.7\" nat-pool-name=\"guest pool\" \
         epoch-time-64=\"{:x}\"]\n",
        low + 255,
        at(when).as_second()
    )
}

fn account(name: &str, session: &str, inside: &str, start: &str, stop: &str) -> String {
    let line = format!("Framed-IP-Address = {inside}");
    radius("Start", name, session, start, &[&line]) + &radius("Stop", name, session, stop, &[&line])
}

/// 10.0.0.1 is Alice's and 10.0.0.2 Bob's all morning; the block of ports from 1024 goes from one
/// to the other at 11:00.
fn shared_address() -> Provider {
    let mut provider = Provider::new();
    let log = [
        juniper("ALLOC", "10.0.0.1", 1024, "2026-03-01T10:00:00Z"),
        juniper("ALLOC", "10.0.0.2", 1280, "2026-03-01T10:00:00Z"),
        juniper("RELEASE", "10.0.0.1", 1024, "2026-03-01T11:00:00Z"),
        juniper("ALLOC", "10.0.0.2", 1024, "2026-03-01T11:00:05Z"),
    ];
    provider.load(CgnatJuniper, &log.concat());
    let (start, stop) = ("2026-03-01T08:00:00Z", "2026-03-01T13:00:00Z");
    let log = account("alice", "a1", "10.0.0.1", start, stop)
        + &account("bob", "b1", "10.0.0.2", start, stop);
    provider.load(RadiusDetail, &log);
    provider
}

fn asked(port: u16, when: &str) -> Question {
    with_port("198.51.100.7", port, when)
}

#[test]
fn a_port_leads_through_the_inside_address_to_the_account() {
    let provider = shared_address();
    assert_eq!(provider.who(&asked(1024, "2026-03-01T10:30:00Z")), "alice");
    assert_eq!(provider.who(&asked(1279, "2026-03-01T10:30:00Z")), "alice");
    assert_eq!(provider.who(&asked(1280, "2026-03-01T10:30:00Z")), "bob");
    assert_eq!(provider.who(&asked(1536, "2026-03-01T10:30:00Z")), "not_found");
    let answer = provider.ask(&asked(1024, "2026-03-01T10:30:00Z"));
    let Outcome::Identified { assignment, .. } = answer.outcome else { panic!() };
    assert_eq!(assignment.kind, AssignmentKind::PortBlock);
    assert_eq!(assignment.start, at("2026-03-01T10:00:00Z"));
    assert_eq!(assignment.end, Some(at("2026-03-01T11:00:00Z")));
    let evidence = answer.evidence.unwrap();
    assert_eq!(evidence.source, "cgnat-juniper+radius-detail");
    assert_eq!(evidence.record_digests.len(), 4);
}

#[test]
fn a_block_that_is_used_again_is_ambiguous_around_the_change() {
    let provider = shared_address();
    assert_eq!(provider.who(&asked(1024, "2026-03-01T11:30:00Z")), "bob");
    // 11:00:03 ± (2 + 1) s is 11:00:00 to 11:00:06: Alice's block has ended, Bob's has begun.
    let near = asked(1024, "2026-03-01T11:00:03Z");
    assert_eq!(provider.who(&give_or_take(2_000, near.clone())), "bob");
    assert_eq!(provider.who(&give_or_take(2_001, near)), "ambiguous(2)");
}

#[test]
fn a_shared_address_without_a_port_is_unresolvable() {
    let provider = shared_address();
    let without = question("198.51.100.7", "2026-03-01T10:30:00Z");
    assert_eq!(provider.who(&without), "shared_unresolvable");
    // Port 0 is no port.
    assert_eq!(provider.who(&asked(0, "2026-03-01T10:30:00Z")), "shared_unresolvable");
}

#[test]
fn an_inside_address_nobody_is_recorded_for_is_a_hole_and_not_nobody() {
    let mut provider = Provider::new();
    provider.load(CgnatJuniper, &juniper("ALLOC", "10.0.0.9", 1024, "2026-03-01T10:00:00Z"));
    let (start, stop) = ("2026-03-01T08:00:00Z", "2026-03-01T13:00:00Z");
    provider.load(RadiusDetail, &account("alice", "a1", "10.0.0.1", start, stop));
    assert_eq!(provider.who(&asked(1024, "2026-03-01T10:30:00Z")), "log_gap");
}

#[test]
fn an_inside_address_that_changed_hands_is_ambiguous_although_the_block_did_not() {
    let mut provider = Provider::new();
    provider.load(CgnatJuniper, &juniper("ALLOC", "10.0.0.1", 1024, "2026-03-01T10:00:00Z"));
    let log = account("alice", "a1", "10.0.0.1", "2026-03-01T08:00:00Z", "2026-03-01T10:30:00Z")
        + &account("bob", "b1", "10.0.0.1", "2026-03-01T10:30:02Z", "2026-03-01T12:00:00Z");
    provider.load(RadiusDetail, &log);
    assert_eq!(provider.who(&asked(1024, "2026-03-01T10:15:00Z")), "alice");
    let near = give_or_take(5_000, asked(1024, "2026-03-01T10:30:01Z"));
    assert_eq!(provider.who(&near), "ambiguous(2)");
}

#[test]
fn with_translation_records_alone_the_inside_address_stands_for_the_subscriber() {
    let mut provider = Provider::new();
    provider.load(CgnatJuniper, &juniper("ALLOC", "10.0.0.1", 1024, "2026-03-01T10:00:00Z"));
    assert_eq!(provider.who(&asked(1024, "2026-03-01T10:30:00Z")), "inside:/10.0.0.1");
}

#[test]
fn a_lost_release_leaves_a_gap_up_to_the_next_allocation() {
    let mut provider = Provider::new();
    let log = [
        juniper("ALLOC", "10.0.0.1", 1024, "2026-03-01T10:00:00Z"),
        juniper("ALLOC", "10.0.0.2", 1024, "2026-03-01T14:00:00Z"),
    ];
    provider.load(CgnatJuniper, &log.concat());
    assert_eq!(provider.who(&asked(1024, "2026-03-01T12:00:00Z")), "log_gap");
    assert_eq!(provider.who(&asked(1024, "2026-03-01T15:00:00Z")), "inside:/10.0.0.2");
}

#[test]
fn a_release_without_its_allocation_is_a_gap_behind_it() {
    let mut provider = Provider::new();
    let log = [
        juniper("ALLOC", "10.0.0.2", 4096, "2026-03-01T08:00:00Z"),
        juniper("RELEASE", "10.0.0.1", 1024, "2026-03-01T10:00:00Z"),
    ];
    provider.load(CgnatJuniper, &log.concat());
    assert_eq!(provider.who(&asked(1024, "2026-03-01T09:00:00Z")), "log_gap");
    assert_eq!(provider.who(&asked(1024, "2026-03-01T10:30:00Z")), "not_found");
}

#[test]
fn blocks_of_any_size_live_on_one_address() {
    let mut provider = Provider::new();
    let line = |inside: &str, low: u16, high: u16| {
        format!(
            "2026-03-01T10:00:00Z cgn [UserbasedA - {inside} - - 198.51.100.7 - {low} {high} - -]\n"
        )
    };
    let log = line("10.0.0.1", 1024, 1024)
        + &line("10.0.0.2", 1025, 9999)
        + &line("10.0.0.3", 10000, 65535);
    provider.load(CgnatCiscoXr, &log);
    let who = |port| provider.who(&asked(port, "2026-03-01T10:30:00Z"));
    assert_eq!(who(1023), "not_found");
    assert_eq!(who(1024), "inside:/10.0.0.1");
    assert_eq!(who(1025), "inside:/10.0.0.2");
    assert_eq!(who(9999), "inside:/10.0.0.2");
    assert_eq!(who(65535), "inside:/10.0.0.3");
}

/// An A10 event line.
fn a10(event: u16, protocol: &str, inside: &str, when: &str) -> String {
    format!(
        "{when} 192.0.2.1 cgn0 CEF:0|A10|CFW|6.0.0|CGN {event}|name|5|proto={protocol} \
         src={inside} sourceTranslatedAddress=198.51.100.7 sourceTranslatedPort=22016 cn3=22271 \
         cn3Label=Last Nat Port\n"
    )
}

#[test]
fn a10_gives_a_block_for_each_protocol() {
    let mut provider = Provider::new();
    let log = a10(106, "UDP", "100.64.0.1", "2026-03-01T10:00:00.87+00:00")
        + &a10(106, "TCP", "100.64.0.2", "2026-03-01T10:00:00+00:00")
        + &a10(107, "UDP", "100.64.0.1", "2026-03-01T12:00:00+01:00");
    provider.load(CgnatA10, &log);
    let tcp = asked(22271, "2026-03-01T10:30:00Z");
    let udp = Question { transport: Some(Transport::Udp), ..tcp.clone() };
    let unknown = Question { transport: None, ..tcp.clone() };
    assert_eq!(provider.who(&tcp), "inside:/100.64.0.2");
    assert_eq!(provider.who(&udp), "inside:/100.64.0.1");
    assert_eq!(provider.who(&unknown), "ambiguous(2)");
    // 12:00 +01:00 is 11:00 UTC.
    let later = Question { at: at("2026-03-01T11:30:00Z"), ..udp };
    assert_eq!(provider.who(&later), "not_found");
}

#[test]
fn a_line_without_an_instant_is_refused() {
    let mut provider = Provider::new();
    let report = provider.load(CgnatA10, &a10(106, "TCP", "100.64.0.2", ""));
    assert_eq!(report.errors[&ErrorCode::InstantMissing], 1);
    // BSD syslog has neither year nor zone.
    let report = provider.load(CgnatA10, &a10(106, "TCP", "100.64.0.2", "Mar  1 10:00:00"));
    assert_eq!(report.errors[&ErrorCode::InstantWithoutZone], 1);
    // Cisco's own form has a year and no zone.
    let cisco = "2026 Mar 1 10:00:00 192.0.2.1 - - NAT44 - \
                 [UserbasedA - 10.0.0.1 Broadband - 198.51.100.7 - 2048 3071 - -]\n";
    let report = provider.load(CgnatCiscoXr, cisco);
    assert_eq!(report.errors[&ErrorCode::InstantWithoutZone], 1);
}

#[test]
fn two_routing_instances_may_use_the_same_inside_address() {
    let line = "2026-03-01T10:00:00Z cgn \
                [UserbasedA - 10.0.0.1 Broadband - 198.51.100.7 - 2048 3071 - -]\
                [UserbasedA - 10.0.0.1 Business - 198.51.100.7 - 3072 4095 - -]\n";
    let (start, stop) = ("2026-03-01T08:00:00Z", "2026-03-01T13:00:00Z");
    let load = |provider: &mut Provider, vrf: Option<&str>, name: &str, session: &str| {
        let text = account(name, session, "10.0.0.1", start, stop);
        provider.load_as(RadiusDetail, &text, |loader| ReadOptions {
            space: vrf.map_or(0, |vrf| loader.space(vrf)),
            ..ReadOptions::default()
        });
    };
    let mut provider = Provider::new();
    provider.load(CgnatCiscoXr, line);
    load(&mut provider, Some("Broadband"), "alice", "a1");
    load(&mut provider, Some("Business"), "bob", "b1");
    assert_eq!(provider.who(&asked(2048, "2026-03-01T10:30:00Z")), "alice");
    assert_eq!(provider.who(&asked(3072, "2026-03-01T10:30:00Z")), "bob");
    // Accounts loaded without saying in which of the two they are answer for neither.
    let mut careless = Provider::new();
    careless.load(CgnatCiscoXr, line);
    load(&mut careless, None, "alice", "a1");
    assert_eq!(careless.who(&asked(2048, "2026-03-01T10:30:00Z")), "error");
}

#[test]
fn with_one_routing_instance_its_accounts_need_not_name_it() {
    let line = "2026-03-01T10:00:00Z cgn \
                [UserbasedA - 10.0.0.1 Broadband - 198.51.100.7 - 2048 3071 - -]\n";
    let mut provider = Provider::new();
    provider.load(CgnatCiscoXr, line);
    let (start, stop) = ("2026-03-01T08:00:00Z", "2026-03-01T13:00:00Z");
    provider.load(RadiusDetail, &account("alice", "a1", "10.0.0.1", start, stop));
    assert_eq!(provider.who(&asked(2048, "2026-03-01T10:30:00Z")), "alice");
}

const PARAMETERS: &str = r#"
[[map]]
valid_from = "2026-01-01T00:00:00Z"
valid_until = "2026-02-01T00:00:00Z"
inside = "100.64.0.0/24"
outside = "198.51.100.0/28"
first_port = 1024
ports = 1008

[[map]]
valid_from = "2026-02-01T00:00:00Z"
inside = "100.64.0.0/24"
outside = "198.51.100.0/28"
first_port = 1024
ports = 2016

[[assigned]]
valid_from = "2026-01-01T00:00:00Z"
account = "quarter-2"
address = "203.0.113.5"
first_port = 16384
last_port = 32767

[[assigned]]
valid_from = "2026-01-01T00:00:00Z"
account = "fixed"
address = "203.0.113.8/29"
"#;

#[test]
fn deterministic_translation_answers_by_the_parameters_of_that_day() {
    let mut provider = Provider::new();
    let report = provider.load(Deterministic, PARAMETERS);
    assert_eq!((report.records, report.error_count()), (4, 0), "{:?}", report.shown);
    let who = |ip, port, when| provider.who(&with_port(ip, port, when));
    // January: (65536 − 1024) ÷ 1008 = 64 subscribers on each address. Port 5000 is block
    // (5000 − 1024) ÷ 1008 = 3 on the third address: 2 × 64 + 3 = 131.
    assert_eq!(who("198.51.100.2", 5000, "2026-01-15T00:00:00Z"), "inside:/100.64.0.131");
    // February: 32 on each, port 5000 is block 1: 2 × 32 + 1 = 65.
    assert_eq!(who("198.51.100.2", 5000, "2026-02-15T00:00:00Z"), "inside:/100.64.0.65");
    // At the change both could be meant.
    let change = with_port("198.51.100.2", 5000, "2026-02-01T00:00:00Z");
    assert_eq!(provider.who(&give_or_take(1_000, change)), "ambiguous(2)");
    assert_eq!(who("198.51.100.2", 1000, "2026-01-15T00:00:00Z"), "not_found");
    // January needs 256 ÷ 64 = 4 addresses; the fifth is nobody's.
    assert_eq!(who("198.51.100.4", 5000, "2026-01-15T00:00:00Z"), "not_found");
    assert_eq!(who("203.0.113.5", 20_000, "2026-01-15T00:00:00Z"), "quarter-2");
    assert_eq!(who("203.0.113.5", 40_000, "2026-01-15T00:00:00Z"), "not_found");
    let no_port = question("203.0.113.9", "2026-01-15T00:00:00Z");
    assert_eq!(provider.who(&no_port), "fixed");
    let shared = question("198.51.100.2", "2026-01-15T00:00:00Z");
    assert_eq!(provider.who(&shared), "shared_unresolvable");
}

#[test]
fn published_vendor_lines_are_read_as_expected() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/cgnat/samples.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: the corpus is not here");
        return;
    };
    let mut provider = Provider::new();
    let mut tested = 0;
    for sample in text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
    {
        let format = match sample["vendor"].as_str().unwrap() {
            "juniper-srx" => CgnatJuniper,
            "a10-cef" => CgnatA10,
            "cisco-iosxr-cgn" => CgnatCiscoXr,
            _ => continue,
        };
        // Samples begin behind the collector's header: give them one.
        let line = format!("2026-03-01T10:00:00Z host {}\n", sample["line"].as_str().unwrap());
        let report = provider.load(format, &line);
        let expected = u64::from(format != CgnatJuniper || sample["expect"]["event"] != "interim");
        assert_eq!(report.error_count(), 0, "{line}: {:?}", report.shown);
        assert!(report.records >= expected, "{line}");
        tested += 1;
    }
    assert!(tested >= 9);
    // Allocated at epoch 1649083538, released at 1649085639.
    let asked = with_port("1.2.84.172", 48_700, "2022-04-04T15:00:00Z");
    assert_eq!(provider.who(&asked), "inside:/10.0.10.10");
}

#[test]
fn a_batch_is_answered_in_the_order_it_was_asked_on_any_number_of_threads() {
    use entremise_connector::identify::Identifier;
    use entremise_connector::index::Index;
    let provider = shared_address();
    // Back and forth over addresses, ports and times, so that no order of visiting is this one.
    let mut questions: Vec<Question> = (0..97)
        .map(|number| {
            let minute = number * 37 % 60;
            asked([1030, 1290, 5000][number % 3], &format!("2026-03-01T10:{minute:02}:30Z"))
        })
        .collect();
    questions.push(question("2001:db8::1", "2026-03-01T10:30:00Z"));
    questions.push(question("198.51.100.7", "2026-03-01T10:30:00Z"));
    let index = Index::open(&provider.index_path(), &provider.keys).unwrap();
    let identifier = Identifier::new(&index, &provider.network);
    let now = at("2026-12-31T00:00:00Z");
    let one_by_one: Vec<_> = questions.iter().map(|asked| identifier.find(asked, now)).collect();
    for threads in [0, 1, 2, 7, 200] {
        assert_eq!(identifier.find_all(&questions, now, threads), one_by_one);
    }
    assert!(identifier.find_all(&[], now, 2).is_empty());
}
