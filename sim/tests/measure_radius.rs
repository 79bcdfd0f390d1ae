//! A measure from the judgment to its last day with every real part in its place: the house, the
//! provider's connector behind mutual TLS, and a FreeRADIUS whose session is changed and which
//! answers the logins. Only the clock is the story's.

use std::time::{Duration, Instant};

use crate::free_radius::is_missing;
use crate::free_radius::walled::Radius;
use crate::measure_town::{ACCOUNT, Plan, Town};
use jiff::SignedDuration;

/// Lets the story's clock go on with the machine's until it is so: the connector looks at its
/// orders each second, and FreeRADIUS passes over a list that comes within two of another.
fn until(town: &mut Town, what: &str, mut is_so: impl FnMut(&mut Town) -> bool) {
    let (begun, from) = (Instant::now(), town.now);
    while !is_so(town) {
        assert!(begun.elapsed() < Duration::from_secs(60), "not so: {what}: {}", town.state());
        std::thread::park_timeout(Duration::from_millis(200));
        let passed = i64::try_from(begun.elapsed().as_secs()).unwrap();
        town.now = from + SignedDuration::from_secs(passed);
        town.clock.set(town.now);
        // The house asks its providers once a minute; here the minutes are short.
        town.asks_at_once();
        town.work();
    }
}

#[test]
fn a_measure_travels_from_the_judgment_to_the_access_server_and_its_proof_comes_back() {
    if is_missing() {
        return;
    }
    let mut radius = Radius::start();
    let servers = [([127, 0, 0, 1], radius.dynamic).into()];
    let more = format!("reload = {:?}", radius.reload);
    let list = radius.list();
    let mut town = Town::judged(&Plan {
        far: true,
        servers: &servers,
        more: &more,
        measures: true,
        list: Some(&list),
    });
    town.notified();
    assert_eq!(town.state(), "ordered");
    let (start, end) = town.window();
    town.approved_by_two();
    until(&mut town, "approved", |town| town.has_heard("approved"));
    let at = |town: &Town| town.now.as_second();
    assert_eq!(radius.profile_at(ACCOUNT, at(&town)), "open");

    town.at(start);
    until(&mut town, "in force", |town| town.state() == "in_force");
    until(&mut town, "read", |town| radius.profile_at(ACCOUNT, at(town)) == "walled-garden");
    assert_eq!(radius.changes(), [format!("CoA-Request {ACCOUNT} walled-garden")]);
    for spared in ["alice-voice", "bob"] {
        assert_eq!(radius.profile_at(spared, at(&town)), "open", "{spared}");
    }

    // By its own clock the login server lets go at the second, whoever is still there.
    assert_eq!(radius.profile_at(ACCOUNT, end.as_second()), "open");
    town.at(end);
    until(&mut town, "served", |town| town.state() == "served");
    let changes = ["walled-garden", "open"].map(|to| format!("CoA-Request {ACCOUNT} {to}"));
    assert_eq!(radius.changes(), changes);
    assert_eq!(town.alarms(), [""; 0]);
    let journal = town.journal();
    for step in ["ordered", "carrying", "implemented", "lifted", "ended"] {
        assert!(journal.contains(&format!("\"step\":\"{step}\"")), "{step}");
    }
    town.at(end + SignedDuration::from_hours(25));
    town.work();
    assert!(town.is_erased());
}
