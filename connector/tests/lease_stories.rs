//! What DHCP servers write: Kea's lease files and forensic log, ISC's lease file. Expectations
//! are worked out by hand from the rows.

use crate::told::*;
use entremise_connector::read::Format::{IscDhcpd, KeaForensic, KeaLease4, KeaLease6};
use entremise_connector::read::{AccountFrom, ErrorCode, ReadOptions};
use entremise_core::identification::{AssignmentKind, Outcome};
use jiff::tz::TimeZone;

const KEA4: &str = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,\
                    hostname,state,user_context,pool_id\n";
const KEA6: &str = "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,\
                    prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,\
                    hwaddr_source,pool_id\n";
const ALICE: &str = "02:00:00:00:00:0a";
const BOB: &str = "02:00:00:00:00:0b";

/// A Kea row for 192.0.2.10: heard at `heard`, good for `secs`.
fn kea4(device: &str, heard: &str, secs: i64, state: u8) -> String {
    let expire = at(heard).as_second() + secs;
    format!("192.0.2.10,{device},,{secs},{expire},1,0,0,,{state},,0\n")
}

#[test]
fn a_kea_lease_holds_from_expire_minus_lifetime_to_expire() {
    let mut provider = Provider::new();
    provider.load(KeaLease4, &(KEA4.to_owned() + &kea4(ALICE, "2026-03-01T10:00:00Z", 3600, 0)));
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:30:00Z")), ALICE);
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T09:59:58Z")), "not_found");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:00:02Z")), "not_found");
}

#[test]
fn renewals_are_one_lease_and_another_client_ends_it() {
    let mut provider = Provider::new();
    let rows = [
        KEA4.to_owned(),
        kea4(ALICE, "2026-03-01T10:00:00Z", 3600, 0),
        kea4(ALICE, "2026-03-01T10:30:00Z", 3600, 0),
        kea4(BOB, "2026-03-01T11:10:00Z", 3600, 0),
    ];
    provider.load(KeaLease4, &rows.concat());
    let answer = provider.ask(&question("192.0.2.10", "2026-03-01T11:05:00Z"));
    let Outcome::Identified { assignment, .. } = answer.outcome else { panic!() };
    assert_eq!(assignment.kind, AssignmentKind::Dhcp);
    assert_eq!(assignment.start, at("2026-03-01T10:00:00Z"));
    // Alice's would have lasted to 11:30; Bob's began at 11:10.
    assert_eq!(assignment.end, Some(at("2026-03-01T11:10:00Z")));
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:20:00Z")), BOB);
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:10:00Z")), "ambiguous(2)");
}

#[test]
fn a_deleted_lease_is_sure_to_its_last_renewal_only() {
    let mut provider = Provider::new();
    let rows = [
        KEA4.to_owned(),
        kea4(ALICE, "2026-03-01T10:00:00Z", 3600, 0),
        kea4(ALICE, "2026-03-01T10:30:00Z", 3600, 0),
        kea4(ALICE, "2026-03-01T10:30:00Z", 0, 0),
        kea4(BOB, "2026-03-01T11:00:00Z", 3600, 0),
    ];
    provider.load(KeaLease4, &rows.concat());
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:20:00Z")), ALICE);
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:45:00Z")), "log_gap");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:30:00Z")), BOB);
}

#[test]
fn a_declined_address_was_nobodys() {
    let mut provider = Provider::new();
    let rows = KEA4.to_owned() + &kea4("", "2026-03-01T10:00:00Z", 3600, 1);
    let report = provider.load(KeaLease4, &rows);
    assert_eq!(report.error_count(), 0);
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:30:00Z")), "not_found");
}

#[test]
fn the_device_of_all_zeros_is_never_a_subscriber() {
    // The Numericable failure: a failed look-up stood as 00:00:00:00:00:00 and was believed.
    let mut provider = Provider::new();
    let rows = KEA4.to_owned() + &kea4("00:00:00:00:00:00", "2026-03-01T10:00:00Z", 3600, 0);
    let report = provider.load(KeaLease4, &rows);
    assert_eq!(report.errors[&ErrorCode::SubscriberUnusable], 1);
    let answer = provider.ask(&question("192.0.2.10", "2026-03-01T10:30:00Z"));
    let reason = "record_names_no_subscriber".to_owned();
    assert_eq!(answer.outcome, Outcome::Error { reason });
}

#[test]
fn commas_in_kea_fields_are_escaped_and_option_82_can_name_the_line() {
    let context = r#"{ "ISC": { "relay-agent-info": { "remote-id": "line-7" } } }"#;
    let context = context.replace(',', "&#x2c");
    let expire = at("2026-03-01T11:00:00Z").as_second();
    let row = format!("192.0.2.10,{ALICE},,3600,{expire},1,0,0,a&#x2cb,0,{context},0\n");
    let mut provider = Provider::new();
    provider.load_as(KeaLease4, &(KEA4.to_owned() + &row), |_| ReadOptions {
        account_from: vec![AccountFrom::RemoteId, AccountFrom::HardwareAddress],
        ..ReadOptions::default()
    });
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:30:00Z")), "line-7");
}

#[test]
fn a_kea_prefix_delegation_names_its_whole_prefix() {
    let expire = at("2026-03-01T11:00:00Z").as_second();
    let rows = format!(
        "{KEA6}2001:db8:5600::,00:01:02,3600,{expire},1,1800,2,7,56,0,0,,{ALICE},0,,1,0,0\n\
         2001:db8::10,00:01:03,3600,{expire},1,1800,0,8,128,0,0,,{BOB},0,,1,0,0\n"
    );
    let mut provider = Provider::new();
    provider.load(KeaLease6, &rows);
    let answer = provider.ask(&question("2001:db8:5600:ff::1", "2026-03-01T10:30:00Z"));
    let Outcome::Identified { assignment, .. } = answer.outcome else { panic!() };
    assert_eq!(assignment.kind, AssignmentKind::PrefixDelegation);
    assert_eq!(provider.who(&question("2001:db8:5600:ff::1", "2026-03-01T10:30:00Z")), ALICE);
    assert_eq!(provider.who(&question("2001:db8:5601::1", "2026-03-01T10:30:00Z")), "not_found");
    assert_eq!(provider.who(&question("2001:db8::10", "2026-03-01T10:30:00Z")), BOB);
}

#[test]
fn keas_forensic_log_gives_renews_and_releases() {
    let log = format!(
        "2026-03-01 11:00:00 +0100 Address: 192.0.2.10 has been assigned for 1 hrs 0 min 0 secs \
         to a device with hardware address: hwtype=1 {ALICE}, client-id: 17:34:e2\n\
         2026-03-01 11:30:00 +0100 Address: 192.0.2.10 has been renewed for 1 hrs 0 min 0 secs \
         to a device with hardware address: hwtype=1 {ALICE}, client-id: 17:34:e2 connected via \
         relay at address: 192.0.2.1\n\
         2026-03-01 12:00:00 +0100 Address: 192.0.2.10 has been released from a device with \
         hardware address: hwtype=1 {ALICE}, client-id: 17:34:e2\n\
         2026-03-01 12:00:00 +0100 Address:2001:db8:1:: has been assigned for 0 hrs 11 mins 53 \
         secs to a device with DUID: 17:34:e3 and hardware address: hwtype=1 {BOB} (from Raw \
         Socket)\n"
    );
    let mut provider = Provider::new();
    let report = provider.load(KeaForensic, &log);
    assert_eq!(report.error_count(), 0, "{:?}", report.shown);
    // 11:00 +0100 is 10:00 UTC; released at 11:00 UTC although renewed to 11:30.
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:30:00Z")), ALICE);
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T11:10:00Z")), "not_found");
    assert_eq!(provider.who(&question("2001:db8:1::", "2026-03-01T11:05:00Z")), BOB);
    assert_eq!(provider.who(&question("2001:db8:1::", "2026-03-01T11:12:00Z")), "not_found");
}

#[test]
fn a_zone_abbreviation_is_no_offset() {
    let line = format!(
        "2026-03-01 11:00:00 CET Address: 192.0.2.10 has been assigned for 1 hrs 0 min 0 secs to \
         a device with hardware address: hwtype=1 {ALICE}\n"
    );
    let mut provider = Provider::new();
    let report = provider.load(KeaForensic, &line);
    assert_eq!(report.errors[&ErrorCode::InstantWithoutZone], 1);
    assert!(report.shown[0].how.contains("%z"));
    assert_eq!(provider.who(&question("192.0.2.10", "2026-03-01T10:30:00Z")), "not_found");
}

#[test]
fn with_a_configured_zone_the_abbreviation_tells_the_two_autumn_hours_apart() {
    // 25 October 2026, Paris: 02:30 CEST is 00:30 UTC, 02:30 CET is 01:30 UTC.
    let line = |zone: &str, device: &str| {
        format!(
            "2026-10-25 02:30:00 {zone} Address: 192.0.2.10 has been assigned for 0 hrs 30 min 0 \
             secs to a device with hardware address: hwtype=1 {device}\n"
        )
    };
    let mut provider = Provider::new();
    provider.load_as(KeaForensic, &(line("CEST", ALICE) + &line("CET", BOB)), |_| ReadOptions {
        zone: Some(TimeZone::get("Europe/Paris").unwrap()),
        ..ReadOptions::default()
    });
    assert_eq!(provider.who(&question("192.0.2.10", "2026-10-25T00:45:00Z")), ALICE);
    assert_eq!(provider.who(&question("192.0.2.10", "2026-10-25T01:15:00Z")), "not_found");
    assert_eq!(provider.who(&question("192.0.2.10", "2026-10-25T01:45:00Z")), BOB);
}

#[test]
fn an_hour_that_comes_twice_without_a_word_which_is_refused() {
    let line = format!(
        "2026-10-25 02:30:00 ??? Address: 192.0.2.10 has been assigned for 0 hrs 30 min 0 secs to \
         a device with hardware address: hwtype=1 {ALICE}\n"
    );
    let mut provider = Provider::new();
    let report = provider.load_as(KeaForensic, &line, |_| ReadOptions {
        zone: Some(TimeZone::get("Europe/Paris").unwrap()),
        ..ReadOptions::default()
    });
    assert_eq!(report.errors[&ErrorCode::InstantWithoutZone], 1);
}

const ISC: &str = r#"
# A lease file as dhcpd writes it.
lease 192.0.2.10 {
  starts 0 2026/03/01 10:00:00;
  ends 0 2026/03/01 11:00:00;
  binding state active;
  next binding state free;
  hardware ethernet 02:00:00:00:00:0a;
  uid "\001\002\000\000\000\000\012";
}
lease 192.0.2.10 {
  starts epoch 1772361000; # 10:30
  ends epoch 1772364600; # 11:30
  binding state active;
  hardware ethernet 02:00:00:00:00:0a;
}
lease 192.0.2.10 {
  starts 0 2026/03/01 10:30:00;
  ends 0 2026/03/01 10:50:00;
  binding state free;
  hardware ethernet 02:00:00:00:00:0a;
}
lease 192.0.2.11 {
  starts 0 2026/03/01 10:00:00;
  ends 0 2026/03/01 11:00:00;
  binding state abandoned;
}
server-duid "\000\001";
ia-pd "\001\000\000\000\000\001\002" {
  cltt 0 2026/03/01 10:00:00;
  iaprefix 2001:db8:5600::/56 {
    binding state active;
    preferred-life 540;
    max-life 3600;
    ends 0 2026/03/01 11:00:00;
    on expiry {
      log (debug, "gone");
    }
  }
}
"#;

#[test]
fn iscs_later_blocks_override_earlier_ones() {
    let mut provider = Provider::new();
    let report = provider.load(IscDhcpd, ISC);
    assert_eq!(report.error_count(), 0, "{:?}", report.shown);
    let who = |ip, when| provider.who(&question(ip, when));
    assert_eq!(who("192.0.2.10", "2026-03-01T10:40:00Z"), ALICE);
    // Given back at 10:50 by the third block.
    assert_eq!(who("192.0.2.10", "2026-03-01T10:55:00Z"), "not_found");
    assert_eq!(who("192.0.2.11", "2026-03-01T10:30:00Z"), "not_found");
    // The DUID stands behind the four bytes of the IAID.
    assert_eq!(who("2001:db8:5600:1::1", "2026-03-01T10:30:00Z"), "000102");
}

#[test]
fn published_lease_files_are_read() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus");
    let kea = format!("{corpus}/kea/src/bin/admin/tests/data");
    let isc = format!("{corpus}/isc-dhcp/isc_dhcp_leases/test_files");
    if !std::path::Path::new(&kea).exists() {
        println!("skipped: the corpus is not here");
        return;
    }
    let mut provider = Provider::new();
    let mut load = |format, path: String, records| {
        let report = provider.load_file(format, path.as_ref(), |_| ReadOptions::default());
        assert_eq!(report.records, records, "{path}: {:?}", report.shown);
    };
    // One of the three IPv4 leases, and one of the four IPv6 leases, is declined.
    load(KeaLease4, format!("{kea}/lease4_dump_test.reference.csv"), 2);
    load(KeaLease6, format!("{kea}/lease6_dump_test.reference.csv"), 3);
    load(IscDhcpd, format!("{isc}/debian7.leases"), 5);
    load(IscDhcpd, format!("{isc}/openbsd-6.4.leases"), 6);
    load(IscDhcpd, format!("{isc}/dhcpd6-4.3.3.leases"), 4);
    assert_eq!(
        provider.who(&question("192.168.64.40", "2019-04-23T20:00:00Z")),
        "00:15:5d:84:97:62"
    );
    let delegated = question("2001:10:30:ff01::1", "2016-01-06T15:00:00Z");
    assert_eq!(provider.who(&delegated), "000100011d344c000025906ba134");
}
