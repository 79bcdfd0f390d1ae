//! What an access server, the provider's plug and a hostile authority do to a measure.

use std::collections::BTreeSet;
use std::net::UdpSocket;

use crate::measured::*;
use entremise_connector::alarm::{AlarmFile, AlarmLine, Why};
use entremise_connector::desk::CallRefused;
use entremise_connector::measure::notes::Verdict;
use entremise_connector::measure::switch::{self, Switch};
use entremise_core::id::Handle;
use entremise_wire::measure::*;

const ORDERED: &str = "2026-03-02T12:00:00Z";
const APPROVED: &str = "2026-03-03T09:00:00Z";

fn approved() -> (AccessServerDouble, House, MeasureOrder) {
    let double = AccessServerDouble::start();
    let mut house = House::new(&[double.address], "");
    let handle = house.isp.handle(10);
    let order = order(1, 1, &handle);
    house.taken(&order, ORDERED);
    house.approve_both(1, APPROVED);
    (double, house, order)
}

fn alarms(house: &House) -> Vec<Why> {
    let alarms = AlarmFile::open(&house.index()).unwrap();
    let why = |line: &&AlarmLine| match line {
        AlarmLine::Measure { why, .. } => *why,
        other => panic!("{other:?}"),
    };
    alarms.raised().iter().map(why).collect()
}

#[test]
fn a_lost_answer_is_asked_for_with_the_very_same_packet() {
    let (double, house, _) = approved();
    double.will(&[Manner::Lose, Manner::Lose]);
    house.tick(START);
    let heard = double.heard();
    assert_eq!(heard.len(), 3);
    assert!(heard.iter().all(|again| again.packet == heard[0].packet));
    assert_eq!(house.state(1, START), "implemented");
    // It says when it was made: played again in five minutes, it is stale (RFC 5176, 6.3).
    let mut event_timestamp = vec![55, 6];
    event_timestamp.extend(u32::try_from(seconds(START)).unwrap().to_be_bytes());
    assert!(heard[0].packet.windows(6).any(|bytes| bytes == event_timestamp));
}

#[test]
fn a_foreign_packet_is_no_answer_and_a_second_answer_is_none_either() {
    let (double, house, _) = approved();
    double.will(&[Manner::Stutter]);
    house.tick(START);
    // The forged one said that there was no session; the true one that it was done.
    let MeasureState::Implemented { acknowledgements, .. } = house.status(1, START).state else {
        panic!("not implemented")
    };
    assert_eq!((acknowledgements[0].code, acknowledgements[0].error_cause), (44, None));
    assert_eq!(double.heard().len(), 1);
}

#[test]
fn a_measure_that_cannot_be_lifted_raises_the_alarm_is_told_and_is_tried_again() {
    let (double, house, _) = approved();
    house.tick(START);
    double.heard();
    double.will(&[Manner::Refuse(Some(506)), Manner::Refuse(None)]);
    house.tick(END);
    assert_eq!(alarms(&house), [Why::MeasureNotLifted]);
    let MeasureState::NotLifted { started, obstacle } = house.status(1, END).state else {
        panic!("lifted?")
    };
    assert_eq!(started, Some(instant(START)));
    let access_server = "bng-0".to_owned();
    assert_eq!(obstacle, Obstacle::AccessServerRefused { access_server, error_cause: Some(506) });
    // Whoever logs in anew is free already.
    assert!(house.restricted().is_empty());
    // Not every second, and not never.
    house.tick("2026-04-10T00:00:01Z");
    assert_eq!(double.heard().len(), 1);
    house.tick("2026-04-10T00:02:00Z");
    house.tick("2026-04-10T00:06:00Z");
    assert_eq!(double.heard().len(), 2);
    assert_eq!(house.state(1, "2026-04-10T00:06:00Z"), "ended expired");
    assert_eq!(alarms(&house), []);
}

#[test]
fn an_access_server_without_the_session_has_nothing_to_change_and_a_silent_one_is_asked_again() {
    let (here, elsewhere) = (AccessServerDouble::start(), AccessServerDouble::start());
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut house = House::new(&[here.address, elsewhere.address], "");
    let handle = house.isp.handle(10);
    house.taken(&order(1, 1, &handle), ORDERED);
    house.approve_both(1, APPROVED);
    elsewhere.will(&[Manner::Refuse(Some(503))]);
    house.tick(START);
    let MeasureState::Implemented { acknowledgements, .. } = house.status(1, START).state else {
        panic!("not implemented")
    };
    let codes: Vec<_> =
        acknowledgements.iter().map(|given| (given.code, given.error_cause)).collect();
    assert_eq!(codes, [(44, None), (45, Some(503))]);

    let mut house = House::new(&[here.address, silent.local_addr().unwrap()], "");
    let handle = house.isp.handle(10);
    house.taken(&order(1, 1, &handle), ORDERED);
    house.approve_both(1, APPROVED);
    for when in [START, "2026-03-10T00:02:00Z", "2026-03-10T00:06:00Z"] {
        house.tick(when);
    }
    let obstacle = Obstacle::AccessServerSilent { access_server: "bng-1".to_owned() };
    let expected = MeasureState::Approved { at: instant(APPROVED), obstacle: Some(obstacle) };
    assert_eq!(house.status(1, START).state, expected);
    assert_eq!(alarms(&house), [Why::MeasureNotApplied]);
    // What may hold at one of them is lifted at its end like anything else.
    here.heard();
    house.tick(END);
    assert_eq!(here.heard()[0].filter.as_deref(), Some("open"));
}

#[test]
fn a_radius_server_that_does_not_read_the_list_again_is_no_start_of_a_measure() {
    let double = AccessServerDouble::start();
    let mut house = House::new(&[double.address], "reload = [\"/bin/false\"]");
    let handle = house.isp.handle(10);
    house.taken(&order(1, 1, &handle), ORDERED);
    house.approve_both(1, APPROVED);
    house.tick(START);
    assert_eq!(double.heard(), []);
    let obstacle = Some(Obstacle::LoginListNotTaken);
    let expected = MeasureState::Approved { at: instant(APPROVED), obstacle };
    assert_eq!(house.status(1, START).state, expected);
}

#[test]
fn the_plug_lifts_what_is_in_force_at_once_and_takes_nothing_new() {
    let (double, mut house, first) = approved();
    house.tick(START);
    let handle = house.isp.handle(11);
    let second = order(2, 1, &handle);
    house.taken(&second, START);
    house.approve(&house.martin, 2, START);
    // Signed and not yet taken when the plug is pulled.
    let lying = house.note(&house.petit, 2, Verdict::Approved, START);
    double.heard();
    let authority = "autorite".parse().unwrap();
    let (pulled, resumed) = ("2026-03-12T00:00:00Z", "2026-03-13T00:00:00Z");
    switch::stop(&house.index(), Some(&authority), Switch::Lift).unwrap();
    lying.leave(&house.index()).unwrap();
    house.tick(pulled);
    assert_eq!(double.heard()[0].filter.as_deref(), Some("open"));
    assert!(house.restricted().is_empty());
    assert_eq!(house.state(1, pulled), "ended stopped");
    let third = order(3, 1, &handle);
    assert_eq!(house.refused(&third, pulled), MeasureRefused::AuthorityStopped);
    // A lifting is taken all the same.
    let lift = MeasureOrder { version: 2, demand: Demand::Lift, ..second.clone() };
    house.taken(&lift, pulled);
    assert!(house.journal().contains("\"step\":\"stopped\""));
    // Let go again, nothing comes back by itself: not the approvals, not what was in force.
    switch::resume(&house.index(), Some(&authority)).unwrap();
    house.taken(&third, resumed);
    let mut note = house.note(&house.martin, 3, Verdict::Approved, pulled);
    note.leave(&house.index()).unwrap();
    note = house.note(&house.petit, 3, Verdict::Approved, resumed);
    note.leave(&house.index()).unwrap();
    house.tick(resumed);
    house.tick("2026-03-14T00:00:00Z");
    assert_eq!(double.heard(), []);
    assert_eq!(house.state(3, resumed), "received");
    // The authority may order it anew, and two persons may approve it.
    let anew = MeasureOrder { version: 2, ..first };
    house.taken(&anew, "2026-03-14T00:00:00Z");
    house.approve_both(1, "2026-03-14T00:00:00Z");
    assert_eq!(house.state(1, "2026-03-14T00:00:00Z"), "implemented");
}

#[test]
fn what_was_approved_before_the_plug_was_pulled_does_not_begin_when_it_is_let_go() {
    let (double, house, _) = approved();
    switch::stop(&house.index(), None, Switch::Lift).unwrap();
    house.tick("2026-03-04T00:00:00Z");
    switch::resume(&house.index(), None).unwrap();
    house.tick(START);
    assert_eq!(house.state(1, START), "received");
    assert_eq!(double.heard(), []);
    house.approve_both(1, START);
    assert_eq!(double.heard().len(), 1);
}

#[test]
fn the_plug_that_keeps_lets_what_is_in_force_run_to_its_end() {
    let (double, mut house, _) = approved();
    let handle = house.isp.handle(11);
    let later = MeasureOrder { demand: carry("2026-03-20T00:00:00Z", END), ..order(2, 1, &handle) };
    house.taken(&later, ORDERED);
    house.approve_both(2, APPROVED);
    house.tick(START);
    switch::stop(&house.index(), None, Switch::Keep).unwrap();
    house.tick("2026-03-12T00:00:00Z");
    house.tick("2026-03-20T00:00:00Z");
    // Approved before, and not begun any more.
    assert_eq!(house.state(2, "2026-03-20T00:00:00Z"), "received");
    assert_eq!(house.restricted().len(), 1);
    assert_eq!(double.heard().len(), 1);
    house.tick(END);
    assert_eq!(house.state(1, END), "ended expired");
    assert_eq!(double.heard().len(), 1);
}

#[test]
fn a_hostile_authority_gets_no_further_than_the_provider_agreed() {
    let double = AccessServerDouble::start();
    let mut house = House::new(&[double.address], "");
    let handle = house.isp.handle(10);
    let good = order(1, 1, &handle);
    let stranger = Handle::try_from("A".repeat(43)).unwrap();
    let elsewhere = house.isp.handle_for("autorite", "other-regime", 10);
    let spares = |spared| {
        let spares = BTreeSet::from([Spared::Telephony, spared]);
        Demand::Carry { starts_at: instant(START), ends_at: instant(END), spares }
    };
    for (order, reason) in [
        // 60 days were agreed, 61 are asked for.
        (
            MeasureOrder { demand: carry(START, "2026-05-10T00:00:00Z"), ..good.clone() },
            MeasureRefused::TooLong,
        ),
        (MeasureOrder { demand: carry(END, START), ..good.clone() }, MeasureRefused::WindowInvalid),
        (
            MeasureOrder {
                demand: carry("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
                ..good.clone()
            },
            MeasureRefused::MeasureAlreadyOver,
        ),
        (MeasureOrder { handle: stranger, ..good.clone() }, MeasureRefused::HandleUnknown),
        (MeasureOrder { handle: elsewhere, ..good.clone() }, MeasureRefused::HandleUnknown),
        (
            MeasureOrder { kind: MeasureKind::Unknown, ..good.clone() },
            MeasureRefused::KindNotSupported,
        ),
        (
            MeasureOrder { decided_by: DecidedBy::Authority, ..good.clone() },
            MeasureRefused::DeciderNotAccepted,
        ),
        (
            MeasureOrder { demand: spares(Spared::Unknown), ..good.clone() },
            MeasureRefused::SparesNotPossible,
        ),
        (MeasureOrder { version: 0, ..good.clone() }, MeasureRefused::VersionInvalid),
    ] {
        assert_eq!(house.refused(&order, ORDERED), reason);
    }
    // A regime that was agreed for questions, and not for measures.
    let outcome = house.send_under("other-regime", &good, ORDERED);
    assert!(matches!(outcome, Err(CallRefused::NotAgreed)));
    house.taken(&good, ORDERED);
    let handle = house.isp.handle(11);
    let moved = MeasureOrder { version: 2, handle, ..good.clone() };
    assert_eq!(house.refused(&moved, ORDERED), MeasureRefused::OrderChanged);
    house.tick(START);
    assert_eq!((double.heard(), house.restricted().len()), (vec![], 0));
}

#[test]
fn a_runaway_authority_is_stopped_for_the_day_before_anything_is_written() {
    let double = AccessServerDouble::start();
    let mut house = House::new(&[double.address], "");
    let handle = house.isp.handle(10);
    for number in 1..=20 {
        house.taken(&order(number, 1, &handle), ORDERED);
    }
    let before = house.journal();
    let outcome = house.send_under("fr-graduated-response", &order(21, 1, &handle), ORDERED);
    let Err(CallRefused::Quota { retry_after_secs }) = outcome else { panic!("taken") };
    assert_eq!(retry_after_secs, 12 * 3_600);
    assert_eq!(house.journal(), before);
    // Starting anew is no way around it.
    house.restart(|_| {});
    let outcome = house.send_under("fr-graduated-response", &order(21, 1, &handle), ORDERED);
    assert!(matches!(outcome, Err(CallRefused::Quota { .. })));
    // What is known costs nothing, and the next day is another one.
    house.taken(&order(1, 1, &handle), ORDERED);
    house.taken(&order(21, 1, &handle), APPROVED);
}

#[test]
fn refused_orders_are_counted_against_the_day_across_a_restart_too() {
    let double = AccessServerDouble::start();
    let mut house = House::new(&[double.address], "");
    let nobody: Handle = "A".repeat(43).try_into().unwrap();
    for number in 1..=20 {
        let refused = house.refused(&order(number, 1, &nobody), ORDERED);
        assert_eq!(refused, MeasureRefused::HandleUnknown);
    }
    house.restart(|_| {});
    let outcome = house.send_under("fr-graduated-response", &order(21, 1, &nobody), ORDERED);
    assert!(matches!(outcome, Err(CallRefused::Quota { .. })));
}

#[test]
fn a_silent_access_server_is_waited_for_once_however_many_are_to_be_let_go() {
    let (here, gone) = (AccessServerDouble::start(), AccessServerDouble::start());
    let mut house = House::new(&[here.address, gone.address], "");
    let handles = [house.isp.handle(10), house.isp.handle(11)];
    for (number, handle) in (1..).zip(&handles) {
        house.taken(&order(number, 1, handle), ORDERED);
        house.approve_both(number, APPROVED);
    }
    house.tick(START);
    gone.heard();
    gone.will(&[Manner::Lose; 8]);
    here.heard();
    house.tick(END);
    // Three tries for the first of them, and none for the second; the other server heard both.
    assert_eq!((gone.heard().len(), here.heard().len()), (3, 2));
    assert!(house.restricted().is_empty());
}

#[test]
fn a_measure_that_is_prolonged_piece_by_piece_ends_at_the_agreed_length_all_the_same() {
    let (_double, mut house, first) = approved();
    house.tick(START);
    let longer = |version, until| {
        let demand = carry("2026-04-05T00:00:00Z", until);
        MeasureOrder { version, demand, ..first.clone() }
    };
    let when = "2026-04-05T00:00:00Z";
    // 26 days have passed: 34 more are 60, and one more is not.
    assert_eq!(house.refused(&longer(2, "2026-05-09T00:00:01Z"), when), MeasureRefused::TooLong);
    house.taken(&longer(2, "2026-05-09T00:00:00Z"), when);
}

#[test]
fn an_account_that_the_alarm_holds_back_is_not_cut_off() {
    let (double, mut house, _) = approved();
    // Named so often since that the records may be wrong (law.md A7).
    for _ in 0..60 {
        house.isp.handle_or_refusal(10);
    }
    house.tick(START);
    assert_eq!(double.heard(), []);
    assert!(house.restricted().is_empty());
    let obstacle = Some(Obstacle::AccountInDoubt);
    let expected = MeasureState::Approved { at: instant(APPROVED), obstacle };
    assert_eq!(house.status(1, START).state, expected);
}
