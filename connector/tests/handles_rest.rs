//! Handles rest: one that was not given in an answer for the agreed months is forgotten, and who is
//! named after that is a stranger.

use crate::authorities::*;
use crate::told::at;
use entremise_connector::chain;
use entremise_core::id::Handle;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

fn months_after(instant: Timestamp, months: i64) -> Timestamp {
    (instant.to_zoned(TimeZone::UTC) + months.months()).timestamp()
}

/// Whether a handle stands in a file of the connector.
fn is_on_disk(isp: &Isp, handle: &Handle) -> bool {
    let wanted = handle.as_str().as_bytes();
    let files = isp.files();
    files.iter().any(|(_, bytes)| bytes.windows(wanted.len()).any(|window| window == wanted))
}

#[test]
fn a_handle_that_rested_is_forgotten_and_its_count_with_it() {
    let mut isp = Isp::new("handle_rests_months = 20");
    let handle = isp.handle(10);
    for sequence in [1, 2] {
        let request = isp.request(&handle, sequence);
        assert_eq!(isp.outcome(&request), "disclosed");
    }
    isp.now = months_after(at(NOW), 20);
    let fresh = isp.handle(10);
    assert_ne!(fresh, handle);
    assert_eq!(isp.desk().linkings(&fresh), 0);
    let request = isp.request(&fresh, 1);
    assert_eq!(isp.outcome(&request), "disclosed");
    let request = isp.request(&handle, 1);
    assert_eq!(isp.outcome(&request), "handle_unknown");
    assert!(!is_on_disk(&isp, &handle));
    assert!(is_on_disk(&isp, &fresh));
    // The same after a restart, and the fresh one stays the one it is.
    isp.restart();
    assert_eq!(isp.handle(10), fresh);
    assert_eq!(isp.desk().linkings(&fresh), 1);
}

#[test]
fn an_answer_whose_way_back_a_crash_swallowed_is_erased_and_given_anew() {
    let mut isp = Isp::new("");
    let handle = isp.handle(10);
    isp.close();
    std::fs::write(isp.provider.index_path().join("handles.jsonl"), "").unwrap();
    isp.restart();
    // It never left. The next call, whomever it is about, finds it.
    isp.handle(11);
    assert!(!is_on_disk(&isp, &handle));
    assert_eq!(isp.handle(10), handle);
    let request = isp.request(&handle, 1);
    assert_eq!(isp.outcome(&request), "disclosed");
}

#[test]
fn to_be_named_within_the_months_keeps_a_handle_awake() {
    let mut isp = Isp::new("handle_rests_months = 20");
    let handle = isp.handle(10);
    // A day less than the rest, twice: it is the last naming that counts.
    for _ in 0..2 {
        isp.now = months_after(isp.now, 20) - 24.hours();
        isp.restart();
        assert_eq!(isp.handle(10), handle);
    }
    // Months end on different days: two days more make it surely twenty.
    isp.now = months_after(isp.now, 20) + 48.hours();
    assert_ne!(isp.handle(10), handle);
}

#[test]
fn each_subscriber_rests_alone_and_nobody_gets_an_old_handle_back() {
    let mut isp = Isp::new("handle_rests_months = 20");
    let (alice, bob) = (isp.handle(10), isp.handle(11));
    isp.now = months_after(at(NOW), 12);
    assert_eq!(isp.handle(11), bob);
    isp.now = months_after(at(NOW), 21);
    // Bob was named nine months ago; Alice is a stranger.
    let second = isp.handle(10);
    assert_ne!(second, alice);
    assert_eq!(isp.handle(11), bob);
    isp.now = months_after(isp.now, 21);
    let third = isp.handle(10);
    assert!(third != alice && third != second);
    assert_ne!(isp.handle(11), bob);
}

#[test]
fn the_journal_holds_together_when_its_records_are_erased() {
    let mut isp = Isp::new("handle_rests_months = 20");
    let (alice, bob) = (isp.handle(10), isp.handle(11));
    for handle in [&alice, &bob] {
        let request = isp.request(handle, 1);
        isp.ask(&request);
    }
    isp.now = months_after(at(NOW), 12);
    isp.handle(11);
    isp.now = months_after(at(NOW), 21);
    isp.handle(10);
    let verified = || {
        let files = isp.files();
        let file = |name: &str| files.iter().find(|(known, _)| known == name).unwrap().1.clone();
        let records = file("disclosures.jsonl");
        let lines = records.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        chain::verify(&file(chain::FILE), lines).unwrap()
    };
    let (kept, erased) = (verified().kept, verified().erased);
    assert_eq!((kept, erased), (1, 1));
    // And the desk goes on with it.
    isp.restart();
    assert_eq!(isp.desk().linkings(&bob), 1);
}

#[test]
fn a_first_warning_after_its_window_is_the_first_again_and_the_third_still_needs_a_grant() {
    let mut isp = Isp::new("");
    let alice = isp.handle(10);
    for sequence in [1, 2] {
        let request = isp.request(&alice, sequence);
        assert_eq!(isp.outcome(&request), "disclosed");
    }
    isp.now = months_after(at(NOW), 5);
    let early = isp.request(&alice, 1);
    assert_eq!(isp.outcome(&early), "authorisation_missing");
    isp.now = months_after(at(NOW), 7);
    let again = isp.request(&alice, 1);
    assert_eq!(isp.outcome(&again), "disclosed");
    let third = isp.request(&alice, 3);
    assert_eq!(isp.outcome(&third), "authorisation_missing");
}

#[test]
fn the_months_are_those_agreed_with_each_authority() {
    let authorities = vec![
        authority(AUTHORITY, "handle_rests_months = 20"),
        authority("other", "handle_rests_months = 3"),
    ];
    let mut isp = Isp::with(authorities, None);
    let (mine, others) = (isp.handle(10), isp.handle_for("other", REGIME, 10));
    isp.now = months_after(at(NOW), 4);
    assert_eq!(isp.handle(10), mine);
    assert_ne!(isp.handle_for("other", REGIME, 10), others);
}
