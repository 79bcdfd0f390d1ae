//! What RADIUS accounting says, told as days on a small network. Every expectation is worked out
//! by hand from the records in the story. RADIUS writes whole seconds, so ε is at least one.

use crate::told::*;
use entremise_connector::read::{ErrorCode, Format::RadiusDetail, ReadOptions};
use entremise_core::identification::{AssignmentKind, Outcome};
use jiff::tz::TimeZone;

const IP: &str = "Framed-IP-Address = 192.0.2.10";

/// Alice from 10:00 to 11:00, Bob on the same address from 11:00:10 to 12:00.
fn alice_then_bob() -> Provider {
    let mut provider = Provider::new();
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]),
        radius("Stop", "alice", "a1", "2026-03-01T11:00:00Z", &[IP]),
        radius("Start", "bob", "b1", "2026-03-01T11:00:10Z", &[IP]),
        radius("Stop", "bob", "b1", "2026-03-01T12:00:00Z", &[IP]),
    ];
    provider.load(RadiusDetail, &log.concat());
    provider
}

#[test]
fn a_session_names_its_account_from_start_to_stop() {
    let provider = alice_then_bob();
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:30:00Z")), "alice");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:30:00Z")), "bob");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T13:00:00Z")), "not_found");
    assert_eq!(provider.who(&question("192.0.2.11", "2026-03-01T10:30:00Z")), "not_found");
}

#[test]
fn an_answer_carries_assignment_and_evidence_and_no_name() {
    let answer = alice_then_bob().ask(&question("192.0.2.10", "2026-03-01T10:30:00Z"));
    let Outcome::Identified { assignment, .. } = &answer.outcome else { panic!("{answer:?}") };
    assert_eq!(assignment.kind, AssignmentKind::Ppp);
    assert_eq!(assignment.start, at("2026-03-01T10:00:00Z"));
    assert_eq!(assignment.end, Some(at("2026-03-01T11:00:00Z")));
    let evidence = answer.evidence.clone().unwrap();
    assert_eq!(evidence.source, "radius-detail");
    assert_eq!(evidence.record_digests.len(), 2);
    assert_eq!(evidence.searched_from, at("2026-03-01T10:29:59Z"));
    assert_eq!(evidence.searched_until, at("2026-03-01T10:30:01Z"));
    assert!(!serde_json::to_string(&answer).unwrap().contains("alice"));
}

#[test]
fn evidence_is_the_digest_of_the_record_as_it_stands_in_the_file() {
    let start = radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]);
    let stop = radius("Stop", "alice", "a1", "2026-03-01T11:00:00Z", &[IP]);
    let mut provider = Provider::new();
    provider.load(RadiusDetail, &format!("{start}{stop}"));
    let answer = provider.ask(&question("192.0.2.10", "2026-03-01T10:30:00Z"));
    let digest =
        |text: &str| hex::encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()));
    assert_eq!(answer.evidence.unwrap().record_digests, [digest(&start), digest(&stop)]);
}

#[test]
fn two_holders_within_the_clock_error_are_ambiguous_and_never_the_nearest() {
    let provider = alice_then_bob();
    // 11:00:09 ± (2 + 1) s is 11:00:06 to 11:00:12: Alice left at 11:00:00, only Bob is inside.
    let near_bob = question("192.0.2.10", "2026-03-01T11:00:09Z");
    assert_eq!(provider.who(&give_or_take(2_000, near_bob.clone())), "bob");
    // ± (8 + 1) s begins at 11:00:00, where Alice's session had ended.
    assert_eq!(provider.who(&give_or_take(8_000, near_bob.clone())), "bob");
    // One millisecond more reaches into Alice's last one.
    assert_eq!(provider.who(&give_or_take(8_001, near_bob)), "ambiguous(2)");
    // 11:00:01 ± 10 s: nearest is Alice, and that is no answer.
    let near_alice = question("192.0.2.10", "2026-03-01T11:00:01Z");
    assert_eq!(provider.who(&give_or_take(9_000, near_alice)), "ambiguous(2)");
}

#[test]
fn epsilon_adds_the_error_of_the_providers_own_clock() {
    let mut provider = alice_then_bob();
    let asked = give_or_take(2_000, question("192.0.2.10", "2026-03-01T11:00:09Z"));
    provider.network.clock_errors = vec![(RadiusDetail, 6_000)];
    assert_eq!(provider.who(&asked), "bob");
    provider.network.clock_errors = vec![(RadiusDetail, 6_001)];
    assert_eq!(provider.who(&asked), "ambiguous(2)");
}

#[test]
fn an_observation_that_lasts_is_judged_over_all_of_it() {
    let provider = alice_then_bob();
    let mut asked = question("192.0.2.10", "2026-03-01T10:59:00Z");
    asked.until = Some(at("2026-03-01T11:01:00Z"));
    assert_eq!(provider.who(&asked), "ambiguous(2)");
    asked.until = Some(at("2026-03-01T10:59:30Z"));
    assert_eq!(provider.who(&asked), "alice");
}

#[test]
fn a_running_session_has_no_end() {
    let mut provider = Provider::new();
    provider.load(RadiusDetail, &radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]));
    let answer = provider.ask(&question("192.0.2.10", "2026-03-01T10:30:00Z"));
    let Outcome::Identified { assignment, .. } = answer.outcome else { panic!() };
    assert_eq!(assignment.end, None);
}

#[test]
fn a_running_session_is_believed_only_as_far_as_the_records_reach() {
    let mut provider = Provider::standing_still();
    let elsewhere = &["Framed-IP-Address = 203.0.113.1"];
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]),
        radius("Interim-Update", "somebody", "z1", "2026-03-01T11:00:00Z", elsewhere),
    ];
    provider.load(RadiusDetail, &log.concat());
    // ε is a second: 10:59:58.999 is the last instant whose window ends before the newest record.
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:59:58.999Z")), "alice");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:59:59Z")), "log_gap");
    // Nor is it known that nobody was there.
    assert_eq!(provider.who(&question("192.0.2.11", "2026-03-01T10:59:58Z")), "not_found");
    assert_eq!(provider.who(&question("192.0.2.11", "2026-03-01T10:59:59Z")), "log_gap");
    let answer = provider.ask(&question("192.0.2.10", "2026-03-01T12:00:00Z"));
    assert_eq!(answer.why, "The records reach only until 2026-03-01T11:00:00Z; ask again.");
    assert_eq!(answer.evidence.unwrap().records_until, Some(at("2026-03-01T11:00:00Z")));
}

#[test]
fn a_closed_session_needs_the_records_to_reach_behind_the_question_and_not_further() {
    let mut provider = Provider::standing_still();
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]),
        radius("Stop", "alice", "a1", "2026-03-01T11:00:00Z", &[IP]),
    ];
    provider.load(RadiusDetail, &log.concat());
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:59:58Z")), "alice");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:00:00Z")), "log_gap");
}

#[test]
fn a_lost_stop_never_names_the_old_holder_behind_its_last_record() {
    let mut provider = Provider::standing_still();
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]),
        radius("Interim-Update", "alice", "a1", "2026-03-01T10:10:00Z", &[IP]),
        radius("Interim-Update", "alice", "a1", "2026-03-01T10:20:00Z", &[IP]),
        // Her Stop is lost. Bob's Start and his interims follow.
        radius("Start", "bob", "b1", "2026-03-01T10:40:00Z", &[IP]),
        radius("Interim-Update", "bob", "b1", "2026-03-01T10:50:00Z", &[IP]),
    ];
    provider.load(RadiusDetail, &log.concat());
    let who = |when: &str| provider.who(&question("192.0.2.10", when));
    assert_eq!(who("2026-03-01T10:19:59Z"), "alice");
    for minute in 21..40 {
        assert_eq!(who(&format!("2026-03-01T10:{minute}:00Z")), "log_gap");
    }
    assert_eq!(who("2026-03-01T10:40:01Z"), "bob");
}

#[test]
fn an_address_that_changes_within_a_session_yields_separate_intervals() {
    let mut provider = Provider::new();
    let other = "Framed-IP-Address = 192.0.2.11";
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]),
        // No address in the packet: nothing has changed.
        radius("Interim-Update", "alice", "a1", "2026-03-01T10:15:00Z", &[]),
        radius("Interim-Update", "alice", "a1", "2026-03-01T10:30:00Z", &[other]),
        radius("Start", "bob", "b1", "2026-03-01T10:40:00Z", &[IP]),
        radius("Stop", "alice", "a1", "2026-03-01T11:00:00Z", &[other]),
    ];
    provider.load(RadiusDetail, &log.concat());
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:20:00Z")), "alice");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:35:00Z")), "not_found");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:50:00Z")), "bob");
    assert_eq!(provider.who(&question("192.0.2.11", "2026-03-01T10:20:00Z")), "not_found");
    assert_eq!(provider.who(&question("192.0.2.11", "2026-03-01T10:50:00Z")), "alice");
}

#[test]
fn a_lost_stop_leaves_a_gap_up_to_the_next_holder() {
    let mut provider = Provider::new();
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]),
        radius("Interim-Update", "alice", "a1", "2026-03-01T10:15:00Z", &[IP]),
        radius("Start", "bob", "b1", "2026-03-01T14:00:00Z", &[IP]),
        radius("Stop", "bob", "b1", "2026-03-01T15:00:00Z", &[IP]),
    ];
    provider.load(RadiusDetail, &log.concat());
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:10:00Z")), "alice");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T12:00:00Z")), "log_gap");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T13:59:59Z")), "log_gap");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T14:30:00Z")), "bob");
}

#[test]
fn a_stop_that_comes_after_the_next_start_still_counts() {
    let mut provider = Provider::new();
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]),
        radius("Start", "bob", "b1", "2026-03-01T11:00:10Z", &[IP]),
        radius("Stop", "alice", "a1", "2026-03-01T11:00:00Z", &[IP]),
    ];
    provider.load(RadiusDetail, &log.concat());
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:59:00Z")), "alice");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:00:30Z")), "bob");
}

#[test]
fn sessions_that_overlap_by_their_records_are_ambiguous() {
    let mut provider = Provider::new();
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]),
        radius("Start", "bob", "b1", "2026-03-01T11:00:00Z", &[IP]),
        radius("Stop", "alice", "a1", "2026-03-01T11:30:00Z", &[IP]),
        radius("Stop", "bob", "b1", "2026-03-01T12:00:00Z", &[IP]),
    ];
    provider.load(RadiusDetail, &log.concat());
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:15:00Z")), "ambiguous(2)");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:45:00Z")), "bob");
}

#[test]
fn a_restarted_access_server_ends_all_its_sessions() {
    let mut provider = Provider::new();
    let elsewhere = "Framed-IP-Address = 192.0.2.20";
    let carol = radius("Start", "carol", "c1", "2026-03-01T10:00:00Z", &[elsewhere])
        .replace("192.0.2.254", "192.0.2.253");
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]),
        carol,
        radius("Accounting-On", "", "x", "2026-03-01T12:00:00Z", &[]),
    ];
    provider.load(RadiusDetail, &log.concat());
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:00:00Z")), "alice");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T12:30:00Z")), "not_found");
    // Another server's sessions go on.
    assert_eq!(provider.who(&question("192.0.2.20", "2026-03-01T12:30:00Z")), "carol");
}

#[test]
fn a_session_whose_start_was_lost_began_its_session_time_before() {
    let mut provider = Provider::new();
    let lasted = "Acct-Session-Time = 3600";
    let log = radius("Stop", "alice", "a1", "2026-03-01T11:00:00Z", &[IP, lasted]);
    provider.load(RadiusDetail, &log);
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:30:00Z")), "alice");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T09:59:58Z")), "not_found");
}

#[test]
fn a_record_twice_is_one_record() {
    let mut provider = Provider::new();
    let start = radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]);
    let stop = radius("Stop", "alice", "a1", "2026-03-01T11:00:00Z", &[IP]);
    provider.load(RadiusDetail, &format!("{start}{start}{stop}{stop}"));
    provider.load(RadiusDetail, &format!("{start}{stop}\n"));
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:30:00Z")), "alice");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:30:00Z")), "not_found");
}

#[test]
fn a_session_goes_on_from_one_file_to_the_next() {
    let mut provider = Provider::new();
    provider.load(RadiusDetail, &radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]));
    provider.load(RadiusDetail, &radius("Stop", "alice", "a1", "2026-03-01T11:00:00Z", &[IP]));
    let answer = provider.ask(&question("192.0.2.10", "2026-03-01T10:30:00Z"));
    let Outcome::Identified { assignment, .. } = answer.outcome else { panic!() };
    assert_eq!(assignment.end, Some(at("2026-03-01T11:00:00Z")));
}

#[test]
fn the_delay_of_a_packet_is_taken_off_its_arrival() {
    let mut provider = Provider::new();
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:10:00Z", &[IP, "Acct-Delay-Time = 600"]),
        radius("Stop", "alice", "a1", "2026-03-01T11:00:00Z", &[IP]),
    ];
    provider.load(RadiusDetail, &log.concat());
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:05:00Z")), "alice");
}

#[test]
fn the_event_time_counts_where_its_zone_is_known() {
    // Summer time ends on 25 October 2026 at 03:00 in Paris: 02:30 comes twice.
    let log = |zone: &str, stop: &str| {
        [
            radius(
                "Start",
                "alice",
                "a1",
                "2026-10-25T03:00:00Z",
                &[IP, &format!("Event-Timestamp = \"Oct 25 2026 02:30:00 {zone}\"")],
            ),
            radius("Stop", "alice", "a1", stop, &[IP]),
        ]
        .concat()
    };
    let paris = |_: &mut _| ReadOptions {
        zone: Some(TimeZone::get("Europe/Paris").unwrap()),
        ..ReadOptions::default()
    };
    // 02:30 CEST is 00:30 UTC, 02:30 CET is 01:30 UTC.
    let mut summer = Provider::new();
    summer.load_as(RadiusDetail, &log("CEST", "2026-10-25T04:00:00Z"), paris);
    assert_eq!(summer.who(&question("192.0.2.10", "2026-10-25T01:00:00Z")), "alice");
    let mut winter = Provider::new();
    winter.load_as(RadiusDetail, &log("CET", "2026-10-25T04:00:00Z"), paris);
    assert_eq!(winter.who(&question("192.0.2.10", "2026-10-25T01:00:00Z")), "not_found");
    assert_eq!(winter.who(&question("192.0.2.10", "2026-10-25T01:45:00Z")), "alice");
    // Without a configured zone the abbreviation says nothing: the server's own epoch counts.
    let mut unknown = Provider::new();
    unknown.load(RadiusDetail, &log("CEST", "2026-10-25T04:00:00Z"));
    assert_eq!(unknown.who(&question("192.0.2.10", "2026-10-25T01:45:00Z")), "not_found");
    assert_eq!(unknown.who(&question("192.0.2.10", "2026-10-25T03:30:00Z")), "alice");
}

#[test]
fn a_silence_longer_than_configured_is_a_hole_in_which_nobody_is_not_an_answer() {
    let mut provider = Provider::new();
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]),
        radius("Stop", "alice", "a1", "2026-03-01T11:00:00Z", &[IP]),
        radius("Start", "bob", "b1", "2026-03-01T18:00:00Z", &[IP]),
    ];
    provider.load(RadiusDetail, &log.concat());
    let asked = question("192.0.2.10", "2026-03-01T14:00:00Z");
    assert_eq!(provider.who(&asked), "not_found");
    provider.network.silences = vec![(RadiusDetail, 2 * 3_600_000)];
    assert_eq!(provider.who(&asked), "log_gap");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:30:00Z")), "alice");
    // Half in Alice's session, half in the hole.
    let edge = give_or_take(5_000, question("192.0.2.10", "2026-03-01T11:00:00Z"));
    assert_eq!(provider.who(&edge), "log_gap");
}

#[test]
fn an_empty_or_all_zero_account_is_nobody_and_never_a_default() {
    let mut provider = Provider::new();
    let log = [
        radius("Start", "", "a1", "2026-03-01T10:00:00Z", &[IP]),
        radius(
            "Start",
            "00:00:00:00:00:00",
            "b1",
            "2026-03-01T10:00:00Z",
            &["Framed-IP-Address = 192.0.2.11"],
        ),
    ];
    let report = provider.load(RadiusDetail, &log.concat());
    assert_eq!(report.errors[&ErrorCode::SubscriberUnusable], 2);
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:30:00Z")), "error");
    assert_eq!(provider.who(&question("192.0.2.11", "2026-03-01T10:30:00Z")), "error");
}

#[test]
fn the_longest_ipv6_prefix_that_holds_at_the_time_speaks() {
    let mut provider = Provider::new();
    let log = [
        radius(
            "Start",
            "alice",
            "a1",
            "2026-03-01T10:00:00Z",
            &[
                "Framed-IPv6-Prefix = 2001:db8:0:1::/64",
                "Delegated-IPv6-Prefix = 2001:db8:100::/56",
            ],
        ),
        // Part of Alice's delegation is framed to Bob for an hour.
        radius(
            "Start",
            "bob",
            "b1",
            "2026-03-01T11:00:00Z",
            &["Framed-IPv6-Prefix = 2001:db8:100:7::/64"],
        ),
        radius("Stop", "bob", "b1", "2026-03-01T12:00:00Z", &[]),
    ];
    provider.load(RadiusDetail, &log.concat());
    let who = |ip, when| provider.who(&question(ip, when));
    assert_eq!(who("2001:db8:0:1:abcd::1", "2026-03-01T10:30:00Z"), "alice");
    assert_eq!(who("2001:db8:100:7::1", "2026-03-01T10:30:00Z"), "alice");
    assert_eq!(who("2001:db8:100:7::1", "2026-03-01T11:30:00Z"), "bob");
    assert_eq!(who("2001:db8:100:8::1", "2026-03-01T11:30:00Z"), "alice");
    assert_eq!(who("2001:db8:100:7::1", "2026-03-01T12:30:00Z"), "alice");
    // Where Bob's prefix ends inside the window, both could be meant.
    assert_eq!(who("2001:db8:100:7::1", "2026-03-01T12:00:00Z"), "ambiguous(2)");
    assert_eq!(who("2001:db8:200::1", "2026-03-01T11:30:00Z"), "not_found");
}

#[test]
fn a_delegated_prefix_is_answered_as_such() {
    let mut provider = Provider::new();
    let delegated = "Delegated-IPv6-Prefix = 2001:db8:100::/56";
    provider.load(
        RadiusDetail,
        &radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP, delegated]),
    );
    let answer = provider.ask(&question("2001:db8:100:ff::1", "2026-03-01T10:30:00Z"));
    let Outcome::Identified { assignment, .. } = answer.outcome else { panic!() };
    assert_eq!(assignment.kind, AssignmentKind::PrefixDelegation);
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:30:00Z")), "alice");
}

#[test]
fn a_port_range_of_rfc_8045_shares_the_address() {
    let mut provider = Provider::new();
    let range = |low: u16, high: u16| {
        vec![
            "IP-Port-Range-Ext-IPv4-Addr = 192.0.2.10".to_owned(),
            format!("IP-Port-Range-Range-Start = {low}"),
            format!("IP-Port-Range-Range-End = {high}"),
        ]
    };
    let session = |account: &str, id: &str, low, high| {
        let lines = range(low, high);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        radius("Start", account, id, "2026-03-01T10:00:00Z", &lines)
    };
    let log = [session("alice", "a1", 1024, 2047), session("bob", "b1", 2048, 3071)];
    provider.load(RadiusDetail, &log.concat());
    let who = |port| provider.who(&with_port("192.0.2.10", port, "2026-03-01T10:30:00Z"));
    assert_eq!(who(2047), "alice");
    assert_eq!(who(2048), "bob");
    assert_eq!(who(3072), "not_found");
    let without = question("192.0.2.10", "2026-03-01T10:30:00Z");
    assert_eq!(provider.who(&without), "shared_unresolvable");
}

#[test]
fn a_line_that_cannot_be_read_is_told_with_its_place_and_stops_nothing() {
    let mut provider = Provider::new();
    let log = [
        radius("Start", "alice", "a1", "2026-03-01T10:00:00Z", &[IP]),
        radius("Start", "bob", "b1", "2026-03-01T10:00:00Z", &["Framed-IP-Address = nonsense"]),
        radius("Start", "carol", "c1", "2026-03-01T10:00:00Z", &["Framed-IP-Address = 192.0.2.12"]),
    ];
    let report = provider.load(RadiusDetail, &log.concat());
    assert_eq!(report.errors[&ErrorCode::AddressInvalid], 1);
    // Eight lines a record with its blank one: the second begins on line 9.
    assert_eq!(report.shown[0].line, 9);
    assert_eq!(provider.who(&question("192.0.2.12", "2026-03-01T10:30:00Z")), "carol");
}

#[test]
fn the_network_decides_before_the_records_do() {
    let mut provider = alice_then_bob();
    let prefix = |text| entremise_connector::interval::Prefix::parse(text).unwrap();
    provider.network.prefixes = vec![prefix("192.0.2.0/24"), prefix("2001:db8::/32")];
    provider.network.resale = vec![(prefix("192.0.2.128/25"), "other-operator".to_owned())];
    provider.network.retention = Some(365 * 86_400_000);
    let who = |ip, when| provider.who(&question(ip, when));
    assert_eq!(who("192.0.2.10", "2026-03-01T10:30:00Z"), "alice");
    assert_eq!(who("198.51.100.1", "2026-03-01T10:30:00Z"), "not_our_address");
    assert_eq!(who("192.0.2.200", "2026-03-01T10:30:00Z"), "resale_operator");
    // Asked on 31 December 2026 at 00:00: a year before is 31 December 2025, 00:00.
    assert_eq!(who("192.0.2.10", "2025-12-30T23:59:59Z"), "out_of_retention");
    // The second a record may be off lies before that instant, and what it held may be gone.
    assert_eq!(who("192.0.2.10", "2025-12-31T00:00:00Z"), "out_of_retention");
    assert_eq!(who("192.0.2.10", "2025-12-31T00:00:01Z"), "not_found");
}
