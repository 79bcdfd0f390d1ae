//! A measure that a court pronounced travels from the house to a provider's connector and back, and
//! everything that may befall it on the way. The house's workers, the connector and its access
//! server are the real ones or speak as they do; the way between them is what the story says.

#[path = "../../connector/tests/authorities/mod.rs"]
mod authorities;
mod measure_town;
#[path = "../../connector/tests/measured/mod.rs"]
mod measured;
#[path = "../../server/tests/review_house/mod.rs"]
mod review_house;
#[path = "../../connector/tests/told/mod.rs"]
mod told;

use entremise_connector::measure::notes::Verdict;
use entremise_connector::measure::switch::{self, Switch};
use entremise_core::event::Event;
use entremise_core::procedure::measure::{LiftGround, Reported, Terms};
use entremise_sim::estate::MEMBER;
use entremise_sim::providers::WayFault;
use entremise_wire::measure::Impossible;
use jiff::{SignedDuration, Timestamp};
use measure_town::{ACCOUNT, DAYS, Plan, Town, digest};
use measured::{AccessServerDouble, Manner};

/// A town whose provider has one access server.
fn judged() -> (AccessServerDouble, Town) {
    let double = AccessServerDouble::start();
    let servers = [double.address];
    let town = Town::judged(&Plan { far: false, servers: &servers, more: "", measures: true });
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

fn filters(double: &AccessServerDouble) -> Vec<String> {
    double.heard().into_iter().filter_map(|heard| heard.filter).collect()
}

#[test]
fn a_measure_is_notified_ordered_approved_by_two_in_force_ended_proven_and_erased() {
    let (double, mut town) = judged();
    let letter = town.notified();
    assert!(letter.exists());
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
    let kinds = town.kinds();
    assert!(kinds.iter().any(|kind| kind.starts_with("erased")), "{kinds:?}");
}
