//! A measure that a court pronounced travels from the house to a provider's connector and back, and
//! everything that may befall it on the way. The house's workers, the connector and its access
//! server are the real ones or speak as they do; the way between them is what the story says.

use std::path::Path;
use std::process::Command;

use crate::measure_town::{ACCOUNT, DAYS, Lie, NAME, Plan, Town, digest};
use crate::measured::{AccessServerDouble, Manner};
use entremise_connector::measure::notes::Verdict;
use entremise_connector::measure::switch::{self, Switch};
use entremise_core::event::Event;
use entremise_core::procedure::measure::{
    AppealOutcome, Declined, HowEnded, LiftGround, Reported, Terms,
};
use entremise_sim::estate::MEMBER;
use entremise_sim::providers::WayFault;
use entremise_wire::measure::Impossible;
use jiff::{SignedDuration, Timestamp};

/// What a restricted session gets.
const GARDEN: &str = "walled-garden";

/// A town whose provider has one access server.
fn judged() -> (AccessServerDouble, Town) {
    let double = AccessServerDouble::start();
    let servers = [double.address];
    let plan = Plan { far: false, servers: &servers, more: "", measures: true, list: None };
    let town = Town::judged(&plan);
    (double, town)
}

/// The same, with the letter presented and the order sent.
fn ordered() -> (AccessServerDouble, Town) {
    let (double, mut town) = judged();
    town.notified();
    assert_eq!(town.state(), "ordered");
    (double, town)
}

/// The same, approved and in force since its first instant.
fn in_force() -> (AccessServerDouble, Town) {
    let (double, mut town) = ordered();
    town.approved_by_two();
    let (start, _) = town.window();
    town.at(start);
    town.minutes(2);
    assert_eq!(town.state(), "in_force");
    double.heard();
    (double, town)
}

/// What the provider said so far, as the case heard it.
fn heard(town: &Town) -> Vec<Reported> {
    let history = town.file(town.measure).history;
    let events = history.into_iter().filter(|entry| entry.kind.starts_with("event."));
    events
        .filter_map(|entry| match entry.event {
            Some(Event::MeasureReported(report)) => Some(report.reported),
            _ => None,
        })
        .collect()
}

/// The words of a letter; none where the tool that reads them is absent.
fn text_of(letter: &Path) -> Option<String> {
    if let Some(folder) = std::env::var_os("ENTREMISE_PICTURES") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(letter, Path::new(&folder).join("suspension.pdf")).unwrap();
    }
    let told = Command::new("pdftotext").arg("-layout").arg(letter).arg("-").output();
    let Ok(told) = told else {
        assert!(std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_none(), "pdftotext is absent");
        return None;
    };
    Some(String::from_utf8_lossy(&told.stdout).replace('\u{a0}', " "))
}

fn told(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn filters(double: &AccessServerDouble) -> Vec<String> {
    double.heard().into_iter().filter_map(|heard| heard.filter).collect()
}

#[test]
fn a_measure_is_notified_ordered_approved_by_two_in_force_ended_proven_and_erased() {
    let (double, mut town) = judged();
    let letter = town.notified();
    if let Some(said) = text_of(&letter) {
        for wanted in [
            NAME,
            "Tribunal judiciaire de Spécimen.",
            "Elle dure 15 jours",
            "Elle ne commence pas avant le",
            "télévision",
        ] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
    }
    assert_eq!(town.state(), "ordered");
    // Nobody at the provider said yes yet: nothing begins.
    let (start, end) = town.window();
    // From midnight to midnight in Paris; in between the clocks go forward.
    let paris = |at: Timestamp| at.in_tz("Europe/Paris").unwrap().datetime();
    let length = paris(end).since(paris(start)).unwrap();
    assert_eq!((length.get_days(), length.get_hours()), (i32::try_from(DAYS).unwrap(), 0));
    assert_eq!(paris(start).hour(), 0);
    town.approved_by_two();
    town.minutes(2);
    assert!(matches!(heard(&town)[..], [Reported::Taken, Reported::Approved { .. }]));
    assert_eq!(double.heard().len(), 0);
    town.at(start);
    town.minutes(2);
    assert_eq!(town.state(), "in_force");
    assert_eq!(filters(&double), ["walled-garden"]);
    assert!(town.login_list().contains(&format!("'{ACCOUNT}'")));
    town.at(end);
    town.minutes(2);
    assert_eq!(town.state(), "served");
    assert_eq!(filters(&double), ["open"]);
    assert!(!town.login_list().contains(ACCOUNT));
    assert_eq!(town.alarms(), [""; 0]);
    // The identity goes with the day on which it ended.
    assert!(!town.is_erased());
    town.hours(25);
    assert!(town.is_erased());
}

#[test]
fn an_order_whose_call_or_answer_is_lost_or_doubled_is_one_order() {
    for fault in
        [WayFault::LostRequest, WayFault::LostReply, WayFault::Doubled, WayFault::Incomplete]
    {
        let (double, mut town) = judged();
        town.near().order_faults.lock().unwrap().push_back(fault);
        town.notified();
        // Whoever has it already may approve it before the house knows that they have it.
        town.hours(1);
        town.approved_by_two();
        town.hours(1);
        let times = |step: &str| town.journal().matches(&format!("\"step\":\"{step}\"")).count();
        assert_eq!((times("ordered"), times("approved")), (1, 2), "{fault:?}");
        assert!(heard(&town).iter().any(|said| matches!(said, Reported::Approved { .. })));
        town.at(town.window().0);
        town.minutes(2);
        assert_eq!(town.state(), "in_force", "{fault:?}");
        assert_eq!(filters(&double), ["walled-garden"], "{fault:?}");
        assert_eq!(town.alarms(), [""; 0], "{fault:?}");
    }
}

#[test]
fn a_silent_provider_is_told_of_before_the_start_and_its_order_is_never_given_up() {
    let (double, mut town) = judged();
    town.provider_is_silent(true);
    town.notified();
    town.hours(24 * 9);
    assert_eq!(town.alarms(), [""; 0]);
    town.hours(24 * 2);
    // Ten of the fifteen days are gone: somebody can still call.
    assert_eq!(town.alarms(), ["measure_unconfirmed"]);
    assert!(town.now < town.window().0);
    town.provider_is_silent(false);
    town.hours(2);
    town.approved_by_two();
    town.at(town.window().0);
    town.minutes(2);
    assert_eq!(town.state(), "in_force");
    assert_eq!(filters(&double), ["walled-garden"]);
}

#[test]
fn a_provider_that_stays_silent_to_the_end_cut_nobody_off() {
    let (double, mut town) = judged();
    town.provider_is_silent(true);
    town.notified();
    let (start, end) = town.window();
    town.at(start);
    town.at(end);
    assert_eq!(town.state(), "lifting");
    town.provider_is_silent(false);
    town.hours(2);
    // The lifting is the first that the provider hears of it.
    assert_eq!(town.state(), "never_executed");
    assert!(town.journal().contains("\"step\":\"ended\""));
    assert_eq!(double.heard().len(), 0);
}

#[test]
fn a_person_of_the_provider_who_declines_says_why_and_only_a_person_goes_on() {
    let (double, mut town) = ordered();
    let reason = Impossible::LineOfNecessity;
    town.person_says("a-petit", Verdict::Declined { reason });
    town.minutes(2);
    let reason = Declined::LineOfNecessity;
    assert_eq!(heard(&town).last(), Some(&Reported::Declined { reason }));
    assert_eq!(town.alarms(), ["measure_declined"]);
    town.at(town.window().0);
    town.minutes(2);
    assert_eq!((town.state().as_str(), double.heard().len()), ("ordered", 0));
    // Ordered anew it is another version, and two persons are asked again.
    let by = MEMBER.parse().unwrap();
    town.apply(town.measure, Event::ExecutionResumed { by, order: digest('e') });
    town.minutes(2);
    town.at(town.window().0);
    town.minutes(2);
    assert_eq!((town.state().as_str(), double.heard().len()), ("ordered", 0));
    town.approved_by_two();
    town.minutes(2);
    assert_eq!((town.state().as_str(), filters(&double)), ("in_force", vec![GARDEN.to_owned()]));
}

#[test]
fn a_provider_that_pulled_its_plug_refuses_an_order_with_its_reason() {
    let (_double, mut town) = judged();
    switch::stop(&town.index(), None, Switch::Lift).unwrap();
    town.notified();
    let reason = Declined::Stopped;
    assert_eq!(heard(&town), [Reported::Declined { reason }]);
    assert_eq!(town.alarms(), ["measure_declined"]);
    assert_eq!(town.state(), "ordered");
}

#[test]
fn a_plug_that_is_pulled_while_it_is_in_force_ends_it_and_somebody_is_told() {
    let (double, mut town) = in_force();
    switch::stop(&town.index(), None, Switch::Lift).unwrap();
    town.minutes(2);
    assert_eq!(filters(&double), ["open"]);
    assert_eq!((town.state().as_str(), town.alarms()), ("ordered", told(&["measure_declined"])));
    town.at(town.window().1);
    assert_eq!(town.state(), "ended_early");
}

#[test]
fn a_lifting_while_the_provider_cannot_be_reached_is_told_and_the_providers_own_clock_ends_it() {
    let (double, mut town) = in_force();
    town.provider_is_silent(true);
    town.lift(LiftGround::Court);
    assert_eq!(town.state(), "lifting");
    town.hours(23);
    assert_eq!(town.alarms(), [""; 0]);
    town.hours(2);
    assert_eq!(town.alarms(), ["measure_not_lifted"]);
    let (_, end) = town.window();
    while town.now < end {
        town.hours(1);
    }
    town.minutes(2);
    // Nobody asked the provider: it ended it at the second that two of its persons signed.
    assert_eq!((town.state().as_str(), filters(&double)), ("lifting", vec!["open".to_owned()]));
    town.provider_is_silent(false);
    town.hours(2);
    assert_eq!(town.state(), "lifted");
    let said = heard(&town);
    let Some(Reported::Ended { at, how, .. }) = said.last() else { panic!("{said:?}") };
    assert!(*at >= end && *how == HowEnded::Expired, "{said:?}");
    assert!(!town.kinds().iter().any(|kind| kind.contains("given_up")));
}

#[test]
fn a_lifting_needs_no_approval_and_raises_no_alarm_while_it_is_carried_out() {
    let (double, mut town) = in_force();
    town.lift(LiftGround::Mistake);
    town.minutes(2);
    assert_eq!((town.state().as_str(), filters(&double)), ("lifted", vec!["open".to_owned()]));
    assert_eq!(town.alarms(), [""; 0]);
}

#[test]
fn an_access_server_that_does_not_let_go_is_an_alarm_at_once() {
    let (double, mut town) = in_force();
    double.will(&[Manner::Refuse(Some(506))]);
    town.at(town.window().1);
    town.minutes(1);
    assert_eq!(town.state(), "lifting");
    assert!(town.alarms().contains(&"measure_not_lifted".to_owned()), "{:?}", town.alarms());
    town.minutes(5);
    assert_eq!(town.state(), "served");
}

#[test]
fn a_measure_that_is_put_off_while_it_is_ordered_begins_by_a_person_and_never_by_the_calendar() {
    let (double, mut town) = ordered();
    town.approved_by_two();
    town.minutes(2);
    let until = town.now + SignedDuration::from_hours(24 * 20);
    let by = || MEMBER.parse().unwrap();
    town.apply(town.measure, Event::MeasurePostponed { by: by(), order: digest('e'), until });
    let (start, _) = town.window();
    town.minutes(2);
    assert_eq!(town.state(), "postponed");
    assert!(matches!(heard(&town).last(), Some(Reported::Ended { started: None, .. })));
    town.at(start);
    town.minutes(2);
    town.at(until);
    town.hours(24);
    assert_eq!((town.state().as_str(), double.heard().len()), ("postponed", 0));
    assert_eq!(town.alarms(), ["postponement_over"]);
    town.apply(town.measure, Event::ExecutionResumed { by: by(), order: digest('f') });
    town.minutes(2);
    town.approved_by_two();
    town.at(town.window().0);
    town.minutes(2);
    assert_eq!((town.state().as_str(), filters(&double)), ("in_force", vec![GARDEN.to_owned()]));
}

#[test]
fn a_measure_that_is_resumed_before_its_lifting_was_heard_of_is_not_taken_for_declined() {
    let (double, mut town) = in_force();
    town.provider_is_silent(true);
    let until = town.now + SignedDuration::from_hours(24 * 3);
    let by = || MEMBER.parse().unwrap();
    town.apply(town.measure, Event::MeasurePostponed { by: by(), order: digest('e'), until });
    // The lifting reaches the provider, and its answer is lost; then nobody answers.
    town.provider_is_silent(false);
    town.near().order_faults.lock().unwrap().push_back(WayFault::LostReply);
    town.provider_says_nothing_of_states();
    town.work();
    town.provider_is_silent(true);
    town.minutes(5);
    assert_eq!(filters(&double), ["open"]);
    town.apply(town.measure, Event::ExecutionResumed { by: by(), order: digest('f') });
    town.provider_is_silent(false);
    town.near().order_faults.lock().unwrap().push_back(WayFault::LostRequest);
    town.minutes(1);
    assert_eq!((town.state().as_str(), town.alarms()), ("ordered", told(&[])));
    town.minutes(5);
    town.approved_by_two();
    town.at(town.window().0);
    town.minutes(2);
    assert_eq!((town.state().as_str(), filters(&double)), ("in_force", vec![GARDEN.to_owned()]));
    // What was served before counts.
    let days = town.days_of_the_last_order();
    assert!(days < DAYS, "{days}");
}

#[test]
fn an_appeal_in_time_that_comes_to_light_while_it_is_in_force_lifts_it_and_a_late_one_does_not() {
    let (double, mut town) = in_force();
    let appeal = |received_at| Event::AppealFiled { document: digest('e'), received_at };
    let late = town.now;
    assert!(town.refuses(appeal(late)));
    assert_eq!(town.state(), "in_force");
    let judged_at = town.judged_at();
    town.apply(town.measure, appeal(judged_at + SignedDuration::from_hours(24 * 3)));
    town.minutes(2);
    assert_eq!((town.state().as_str(), filters(&double)), ("appealed", vec!["open".to_owned()]));
    let (by, judgment, decided_at) = (MEMBER.parse().unwrap(), digest('f'), town.now);
    let outcome = AppealOutcome::Quashed;
    town.apply(town.measure, Event::AppealDecided { by, outcome, judgment, decided_at });
    assert_eq!(town.state(), "quashed");
}

#[test]
fn a_shorter_term_works_at_once_and_a_longer_one_waits_for_two_persons() {
    let (double, mut town) = in_force();
    let (start, end) = town.window();
    let by = || MEMBER.parse().unwrap();
    let varied = |days| Event::MeasureVaried {
        by: by(),
        decision: digest('e'),
        terms: Terms::Suspension { days },
    };
    town.apply(town.measure, varied(5));
    town.minutes(2);
    let shorter = town.window();
    assert_eq!(shorter.0, start);
    assert!(shorter.1 < end);
    town.apply(town.measure, varied(DAYS + 5));
    town.minutes(2);
    assert!(town.window().1 > end);
    town.at(shorter.1);
    town.minutes(2);
    // Two persons signed for the first end, not for the later one.
    assert_eq!((town.state().as_str(), filters(&double).len()), ("in_force", 0));
    town.at(end);
    town.minutes(2);
    assert_eq!(filters(&double), ["open"]);
}

#[test]
fn a_house_that_dies_between_its_intent_and_the_answer_orders_once() {
    let (_double, mut town) = judged();
    town.enforceable();
    town.letter_is_presented_and_the_house_dies_with_the_order_in_its_hands();
    town.minutes(2);
    assert!(!town.journal().contains("\"step\":\"ordered\""), "the claim is another's");
    town.minutes(5);
    assert_eq!(town.journal().matches("\"step\":\"ordered\"").count(), 1);
    assert_eq!(heard(&town), [Reported::Taken]);
}

#[test]
fn a_word_whose_proof_does_not_hold_or_of_a_version_that_was_never_ordered_is_no_word() {
    for lie in [Lie::ChangedLine, Lie::LaterVersion, Lie::OlderVersion] {
        let (_double, mut town) = judged();
        town.speaks_through(lie);
        town.notified();
        town.minutes(3);
        assert_eq!(heard(&town), [], "{lie:?}");
        assert_eq!(town.state(), "ordered", "{lie:?}");
        town.speaks_the_truth();
        town.hours(2);
        assert_eq!(heard(&town), [Reported::Taken], "{lie:?}");
    }
}

#[test]
fn an_order_that_a_later_one_overtook_is_never_sent() {
    let (double, mut town) = judged();
    town.provider_is_silent(true);
    town.notified();
    town.lift(LiftGround::Mistake);
    town.provider_is_silent(false);
    town.hours(2);
    assert_eq!(town.state(), "lifted");
    assert_eq!(town.journal().matches("\"step\":\"ordered\"").count(), 1);
    assert!(town.journal().contains("\"version\":2") && !town.journal().contains("\"version\":1"));
    assert_eq!(double.heard().len(), 0);
}
