//! A measure's life at the provider, told by instants: two persons, a start, an end of its own, and
//! what may go wrong between.

use crate::measured::*;
use entremise_connector::alarm::AlarmFile;
use entremise_connector::measure::notes::Verdict;
use entremise_wire::measure::*;

const ORDERED: &str = "2026-03-02T12:00:00Z";
const APPROVED: &str = "2026-03-03T09:00:00Z";

/// A house with one access server and one order for alice, which was taken.
fn ordered() -> (AccessServerDouble, House, MeasureOrder) {
    let double = AccessServerDouble::start();
    let mut house = House::new(&[double.address], "");
    let handle = house.isp.handle(10);
    let order = order(1, 1, &handle);
    assert_eq!(house.taken(&order, ORDERED).state, MeasureState::Received);
    (double, house, order)
}

/// The same, approved and in force.
fn in_force() -> (AccessServerDouble, House, MeasureOrder) {
    let (double, house, order) = ordered();
    house.approve_both(1, APPROVED);
    house.tick(START);
    assert_eq!(house.state(1, START), "implemented");
    assert_eq!(double.heard().len(), 1);
    (double, house, order)
}

#[test]
fn nothing_is_carried_out_before_two_different_persons_approved() {
    let (double, house, _) = ordered();
    house.tick(START);
    house.approve(&house.martin, 1, START);
    // The same person a second time, and somebody with another key under the other's name.
    house.approve(&house.martin, 1, START);
    let stranger = Person { name: "a-petit", key: person("a-petit", 9).key };
    house.approve(&stranger, 1, START);
    // Somebody who is no person of the provider's: the authority's own key, say.
    house.approve(&person("autorite", 7), 1, START);
    // A word of the other person's, on what the order does not say.
    let mut changed = house.note(&house.petit, 1, Verdict::Approved, START);
    changed.digest = "0".repeat(64);
    changed.leave(&house.index()).unwrap();
    house.tick(START);
    assert_eq!(house.state(1, START), "received");
    assert_eq!(double.heard(), []);
    assert!(house.restricted().is_empty());
    house.approve(&house.petit, 1, START);
    assert_eq!(house.state(1, START), "implemented");
    let heard = double.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].code, heard[0].account.as_str()), (43, "alice"));
    assert_eq!(heard[0].filter.as_deref(), Some("walled-garden"));
    assert_eq!(house.restricted(), [("alice".to_owned(), seconds(END))].into());
    // Who said yes, and the signature by which it can be shown, are in the journal.
    let journal = house.journal();
    for name in ["c-martin", "a-petit"] {
        assert_eq!(journal.matches(&format!("\"by\":\"{name}\"")).count(), 1);
    }
}

#[test]
fn a_measure_begins_at_its_start_and_ends_at_its_end_with_nobody_asking() {
    let (double, house, _) = ordered();
    house.approve_both(1, APPROVED);
    assert_eq!(house.state(1, APPROVED), "approved");
    house.tick("2026-03-09T23:59:59Z");
    assert_eq!(double.heard(), []);
    house.tick(START);
    let MeasureState::Implemented { at, until, acknowledgements } = house.status(1, START).state
    else {
        panic!("not implemented")
    };
    assert_eq!((at, until), (instant(START), instant(END)));
    assert_eq!(
        (acknowledgements[0].code, acknowledgements[0].access_server.as_str()),
        (44, "bng-0")
    );
    house.tick("2026-04-09T23:59:59Z");
    assert_eq!(double.heard().len(), 1);
    house.tick(END);
    let heard = double.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].filter.as_deref(), Some("open"));
    assert!(house.restricted().is_empty());
    let status = house.status(1, END);
    let MeasureState::Ended { started, at, how, acknowledgements } = &status.state else {
        panic!("not ended")
    };
    assert_eq!((*started, *at, *how), (Some(instant(START)), instant(END), End::Expired));
    assert_eq!(acknowledgements[0].code, 44);
    // Each step has its line, and the lines hold.
    let steps: Vec<String> = status
        .proofs
        .iter()
        .map(|proof| {
            assert!(proof.holds() && house.journal().contains(&proof.line));
            let line: serde_json::Value = serde_json::from_str(&proof.line).unwrap();
            line["step"].as_str().unwrap().to_owned()
        })
        .collect();
    let expected =
        ["ordered", "approved", "approved", "carrying", "implemented", "lifted", "ended"];
    assert_eq!(steps, expected);
    // Nothing more ever happens.
    house.tick("2026-05-10T00:00:00Z");
    assert_eq!(double.heard(), []);
}

#[test]
fn a_measure_whose_end_comes_while_the_machine_is_down_is_lifted_when_it_is_back() {
    let (double, mut house, _) = in_force();
    house.restart(|_| {});
    house.tick("2026-04-10T06:00:00Z");
    assert_eq!(double.heard()[0].filter.as_deref(), Some("open"));
    assert_eq!(house.state(1, END), "ended expired");
}

#[test]
fn a_death_between_the_acknowledgement_and_the_note_of_it_is_made_good_by_doing_it_again() {
    for (back_at, state, filter) in
        [(START, "implemented", "walled-garden"), (END, "ended never_implemented", "open")]
    {
        let (double, mut house, _) = in_force();
        // The line of the acknowledgement never reached the disk.
        house.restart(|house| {
            let path = house.index().join("measures.jsonl");
            let text = std::fs::read_to_string(&path).unwrap();
            let (kept, last) = text.trim_end().rsplit_once('\n').unwrap();
            assert!(last.contains("\"event\":\"implemented\""));
            std::fs::write(&path, format!("{kept}\n")).unwrap();
        });
        house.tick(back_at);
        assert_eq!(house.state(1, back_at), state);
        // Also where its end came meanwhile: what may be in force is lifted.
        assert_eq!(double.heard()[0].filter.as_deref(), Some(filter));
    }
}

#[test]
fn an_order_that_is_never_approved_dies_at_its_end() {
    let (double, house, order) = ordered();
    house.approve(&house.martin, 1, APPROVED);
    // Ten of the fifteen days are gone: somebody is told.
    house.tick("2026-03-13T00:00:00Z");
    assert_eq!(AlarmFile::open(&house.index()).unwrap().raised().len(), 1);
    house.tick(END);
    assert_eq!(house.state(1, END), "ended never_approved");
    assert_eq!(AlarmFile::open(&house.index()).unwrap().raised(), Vec::<&_>::new());
    let late = house.note(&house.petit, 1, Verdict::Approved, END);
    late.leave(&house.index()).unwrap();
    house.tick(END);
    assert_eq!(double.heard(), []);
    let mut house = house;
    let longer = MeasureOrder { version: 2, demand: carry(START, "2026-05-01T00:00:00Z"), ..order };
    assert_eq!(house.refused(&longer, END), MeasureRefused::MeasureAlreadyOver);
}

#[test]
fn an_older_version_that_arrives_late_changes_nothing() {
    let (double, mut house, first) = ordered();
    let shorter =
        MeasureOrder { version: 3, demand: carry(START, "2026-03-20T00:00:00Z"), ..first.clone() };
    house.taken(&shorter, ORDERED);
    let between = MeasureOrder { version: 2, demand: carry(START, END), ..first.clone() };
    assert_eq!(house.taken(&between, ORDERED).version, 3);
    assert_eq!(house.taken(&first, ORDERED).version, 3);
    house.approve_both(1, APPROVED);
    house.tick(START);
    house.tick("2026-03-20T00:00:00Z");
    assert_eq!(house.state(1, END), "ended expired");
    assert_eq!(double.heard().len(), 2);
    // The same version with another content is no later one.
    let other = MeasureOrder { version: 3, ..first };
    assert_eq!(house.refused(&other, ORDERED), MeasureRefused::VersionInvalid);
}

#[test]
fn a_lifting_that_arrives_before_its_order_keeps_it_from_beginning() {
    let double = AccessServerDouble::start();
    let mut house = House::new(&[double.address], "");
    let handle = house.isp.handle(10);
    let first = order(1, 1, &handle);
    let lift = MeasureOrder { version: 2, demand: Demand::Lift, ..first.clone() };
    house.taken(&lift, ORDERED);
    assert_eq!(house.taken(&first, ORDERED).version, 2);
    house.tick(START);
    assert_eq!(house.state(1, START), "ended lifted");
    assert_eq!(double.heard(), []);
}

#[test]
fn what_takes_away_works_at_once_and_what_adds_waits_for_two_persons() {
    let (double, mut house, order) = in_force();
    // Postponed by three weeks and as long as before: let go now, and not taken up by itself.
    let (from, until) = ("2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z");
    let postponed = MeasureOrder { version: 2, demand: carry(from, until), ..order.clone() };
    house.taken(&postponed, "2026-03-12T00:00:00Z");
    house.tick("2026-03-12T00:00:00Z");
    assert_eq!(double.heard()[0].filter.as_deref(), Some("open"));
    assert!(house.restricted().is_empty());
    assert_eq!(house.state(1, "2026-03-12T00:00:00Z"), "received");
    // Days that were approved before and are asked for still: no further.
    house.tick(from);
    assert_eq!(house.restricted(), [("alice".to_owned(), seconds(END))].into());
    house.tick(END);
    assert!(house.restricted().is_empty());
    house.approve_both(1, "2026-04-12T00:00:00Z");
    assert_eq!(house.restricted(), [("alice".to_owned(), seconds(until))].into());
    // A lifting needs nobody.
    double.heard();
    let lift = MeasureOrder { version: 3, demand: Demand::Lift, ..order };
    house.taken(&lift, "2026-04-15T00:00:00Z");
    house.tick("2026-04-15T00:00:00Z");
    assert_eq!(double.heard()[0].filter.as_deref(), Some("open"));
    assert_eq!(house.state(1, "2026-04-15T00:00:00Z"), "ended lifted");
}

#[test]
fn a_person_who_says_that_it_cannot_be_done_is_enough() {
    let (double, house, _) = ordered();
    house.approve(&house.martin, 1, APPROVED);
    let verdict = Verdict::Declined { reason: Impossible::LineOfNecessity };
    house.note(&house.petit, 1, verdict, APPROVED).leave(&house.index()).unwrap();
    house.tick(APPROVED);
    let expected =
        MeasureState::Impossible { at: instant(APPROVED), reason: Impossible::LineOfNecessity };
    assert_eq!(house.status(1, APPROVED).state, expected);
    house.tick(START);
    assert_eq!(double.heard(), []);
}

#[test]
fn two_orders_for_one_line_end_with_the_later_one() {
    let (double, mut house, first) = in_force();
    let later = order(2, 1, &first.handle);
    let later = MeasureOrder { demand: carry(START, "2026-04-20T00:00:00Z"), ..later };
    house.taken(&later, START);
    house.approve_both(2, START);
    double.heard();
    house.tick(END);
    // The first is over, and nobody was let go too early.
    assert_eq!(house.state(1, END), "ended expired");
    assert_eq!(double.heard(), []);
    assert_eq!(house.restricted(), [("alice".to_owned(), seconds("2026-04-20T00:00:00Z"))].into());
    house.tick("2026-04-20T00:00:00Z");
    assert_eq!(double.heard().len(), 1);
    assert!(house.restricted().is_empty());
}

#[test]
fn the_list_that_somebody_changed_by_hand_is_mended() {
    let (_double, house, _) = in_force();
    std::fs::write(&house.config.login_list, "DEFAULT User-Name == 'bob', Auth-Type := Reject\n")
        .unwrap();
    house.tick("2026-03-11T00:00:00Z");
    assert_eq!(house.restricted(), [("alice".to_owned(), seconds(END))].into());
}

#[test]
fn an_order_is_erased_after_its_time_and_the_journal_stays_whole() {
    let (_double, house, order) = in_force();
    house.tick(END);
    let text =
        |house: &House| std::fs::read_to_string(house.index().join("measures.jsonl")).unwrap();
    house.tick("2026-07-01T00:00:00Z");
    assert!(text(&house).contains(order.handle.as_str()));
    house.tick("2026-07-12T00:00:00Z");
    assert_eq!(text(&house), "");
    let journal = house.journal();
    assert!(journal.contains("\"step\":\"ended\""));
    let verified =
        entremise_connector::chain::verify(journal.as_bytes(), std::iter::empty()).unwrap();
    assert_eq!(verified.head.lines, 7);
}
