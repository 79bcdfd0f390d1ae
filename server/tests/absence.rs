//! Absence and substitution over the real store: who may announce what, what a substitute finds and
//! until when, and in whose name what they do is entered.

use std::sync::Arc;

use crate::defence_world::{Finding, Got, encoded, finding, value_of, with_document};
use crate::measure_world::{Judged, PDF, judged};
use crate::oversight_world::{MEMBER_SECRET, OFFICER_SECRET, authority, people};
use axum::http::StatusCode;
use entremise_server::access::{Role, Seat};
use entremise_server::web::absence::over_store::Absences;
use entremise_server::web::{Known, Sides, house_router};

const SUBSTITUTE_SECRET: &str = "specimen-substitute-secret-19b4";
const OTHER_MEMBER_SECRET: &str = "specimen-other-member-secret-60e2";

fn somebody(id: &str, secret: &str, role: Role) -> Known {
    let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
    Known {
        seat: Seat { person: id.parse().unwrap(), role, party: None },
        secret_sha256: Some(digest.as_ref().try_into().unwrap()),
        subject: None,
        has_passkey: false,
        signs_with_passkey: false,
    }
}

/// Two officers and two members, and a case on which something is to be done.
fn house() -> Finding {
    let mut finding = finding();
    with_absences(&mut finding);
    finding
}

fn with_absences(finding: &mut Finding) {
    let store = finding.world.store.clone();
    finding.behind(|web| {
        let absences = Some(Arc::new(Absences::new(store, authority())));
        let mut known: Vec<Known> = people().into_iter().map(Known::from).collect();
        known.push(somebody("officer-8", SUBSTITUTE_SECRET, Role::Officer));
        known.push(somebody("membre-2", OTHER_MEMBER_SECRET, Role::Member));
        house_router(web, known, Sides { absences, ..Sides::default() }).unwrap()
    });
}

const ABSENCES: &str = "/fr/bureau/absences";

fn get(house: &mut Finding, secret: &str, path: &str) -> Got {
    let cookie = house.come_in(secret);
    house.get_with(path, &cookie)
}

fn post(house: &mut Finding, secret: &str, path: &str, fields: &[(&str, &str)]) -> Got {
    let cookie = house.come_in(secret);
    let page = house.get_with(ABSENCES, &cookie);
    let token = value_of(&page, "token");
    post_in(house, &cookie, path, &token, fields)
}

/// The token belongs to the session of its page.
fn post_in(
    house: &mut Finding,
    cookie: &str,
    path: &str,
    token: &str,
    fields: &[(&str, &str)],
) -> Got {
    let form: Vec<String> = fields
        .iter()
        .chain([&("token", token)])
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    let kind = "application/x-www-form-urlencoded";
    house.post_with(path, kind, form.join("&").into_bytes(), cookie)
}

fn announce(house: &mut Finding, by: &str, who: (&str, &str), days: (&str, &str)) -> Got {
    let fields =
        [("absent", who.0), ("substitute", who.1), ("first_day", days.0), ("last_day", days.1)];
    post(house, by, ABSENCES, &fields)
}

/// Lets a person look after the case.
fn take_charge(house: &mut Finding, secret: &str) {
    let cookie = house.come_in(secret);
    let case = house.path();
    let page = house.get_with(&case, &cookie);
    let form = page.text.split_once("class=\"charge\"").expect("the form is there").1;
    let token = form.split_once("name=\"token\" value=\"").unwrap().1;
    let token = token.split('"').next().unwrap().to_owned();
    let got = post_in(house, &cookie, &format!("{case}/prise-en-charge"), &token, &[]);
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
}

/// Kinds and actors of the lines about the house.
fn lines(house: &Finding) -> Vec<String> {
    let store = &house.world.store;
    let size = usize::try_from(store.ledger_size(&authority()).unwrap()).unwrap();
    let leaves = store.ledger_leaves(&authority(), 0, size).unwrap();
    let told = |leaf: &Vec<u8>| {
        let leaf: serde_json::Value = serde_json::from_slice(leaf).unwrap();
        format!("{} {}", leaf["kind"].as_str().unwrap(), leaf["actor"].as_str().unwrap())
    };
    leaves.iter().map(told).filter(|line| line.starts_with("house.")).collect()
}

const OWED: &str = "À la place de officer-7";

#[test]
fn a_substitute_finds_the_absent_ones_cases_while_the_absence_lasts_and_not_a_day_longer() {
    let mut house = house();
    take_charge(&mut house, OFFICER_SECRET);
    let number = house.file().file_number.unwrap();
    let got = announce(
        &mut house,
        OFFICER_SECRET,
        ("officer-7", "officer-8"),
        ("2023-05-12", "2023-05-14"),
    );
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    let listed = get(&mut house, SUBSTITUTE_SECRET, ABSENCES);
    assert!(listed.text.contains("au dimanche 14\u{a0}mai 2023"), "{}", listed.text);
    let is_owed = |house: &mut Finding| {
        let desk = get(house, SUBSTITUTE_SECRET, "/fr/bureau");
        assert_eq!(desk.status, StatusCode::OK);
        let owed = desk.text.contains(OWED);
        let row = desk.text.split_once(OWED).map(|(_, rest)| rest.to_owned());
        if let Some(row) = row {
            assert!(row.contains(&number) && row.contains("pour officer-7"), "{row}");
        }
        owed
    };
    // Days of Paris: two hours ahead of UTC.
    for (at, expected) in [
        ("2023-05-11T21:59:00Z", false),
        ("2023-05-11T22:00:00Z", true),
        ("2023-05-14T21:59:00Z", true),
        ("2023-05-14T22:00:00Z", false),
    ] {
        house.clock_at(at);
        assert_eq!(is_owed(&mut house), expected, "{at}");
    }
    house.clock_at("2023-05-13T08:00:00Z");
    let members = get(&mut house, MEMBER_SECRET, "/fr/membre");
    assert!(!members.text.contains(OWED), "nobody else's desk changes");
}

#[test]
fn what_a_substitute_does_is_entered_in_their_own_name_with_the_absent_ones_beside_it() {
    let mut house = house();
    take_charge(&mut house, OFFICER_SECRET);
    let days = ("2023-05-10", "2023-05-14");
    announce(&mut house, OFFICER_SECRET, ("officer-7", "officer-8"), days);
    house.clock_at("2023-05-13T08:00:00Z");
    let path = format!("{}/contradictoire", house.path());
    let write = |house: &mut Finding, secret: &str, day: &str| {
        let cookie = house.come_in(secret);
        let page = house.get_with(&path, &cookie);
        let (version, token) = (value_of(&page, "version"), value_of(&page, "token"));
        let fields = [
            ("act", "observations"),
            ("received_on", day),
            ("version", version.as_str()),
            ("token", token.as_str()),
        ];
        let (kind, body) = with_document(&fields, format!("%PDF-1.7 SPECIMEN {day}").as_bytes());
        let got = house.post_with(&path, &kind, body, &cookie);
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
        lines(house).into_iter().filter(|line| line.contains("acted_in_place")).collect::<Vec<_>>()
    };
    let own = write(&mut house, OFFICER_SECRET, "2023-05-10");
    assert!(own.is_empty(), "{own:?}");
    let substitutes = write(&mut house, SUBSTITUTE_SECRET, "2023-05-11");
    assert_eq!(substitutes, ["house.acted_in_place person:officer-8"]);
    house.clock_at("2023-05-15T08:00:00Z");
    let after = write(&mut house, SUBSTITUTE_SECRET, "2023-05-12");
    assert_eq!(after.len(), 1, "once it is over, they act for themselves: {after:?}");
}

#[test]
fn a_member_is_substituted_by_a_member_and_nobody_announces_whom_they_may_not() {
    let mut house = house();
    let days = ("2023-05-12", "2023-05-14");
    for (by, who, allowed) in [
        (OFFICER_SECRET, ("officer-7", "membre-1"), false),
        (OFFICER_SECRET, ("officer-8", "officer-7"), false),
        (OFFICER_SECRET, ("membre-1", "membre-2"), false),
        (MEMBER_SECRET, ("membre-1", "officer-7"), false),
        (MEMBER_SECRET, ("membre-2", "membre-1"), false),
        (MEMBER_SECRET, ("auditor-2", "membre-1"), false),
        (MEMBER_SECRET, ("membre-1", "membre-2"), true),
        (MEMBER_SECRET, ("officer-7", "officer-8"), true),
    ] {
        let got = announce(&mut house, by, who, days);
        let expected = if allowed { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
        assert_eq!(got.status, expected, "{by} {who:?}: {}", got.text);
    }
    let entered = lines(&house).into_iter().filter(|line| line.contains("absence_entered"));
    assert_eq!(entered.count(), 2);
}

#[test]
fn an_absence_that_makes_no_sense_is_said_to_be_so_and_not_entered() {
    let mut house = house();
    let who = ("officer-7", "officer-8");
    assert_eq!(
        announce(&mut house, OFFICER_SECRET, who, ("2023-05-12", "2023-05-14")).status,
        StatusCode::SEE_OTHER
    );
    for (by, who, days, said) in [
        (OFFICER_SECRET, who, ("2023-05-14", "2023-05-20"), "déjà annoncée absente"),
        (OFFICER_SECRET, who, ("2023-06-14", "2023-06-12"), "finit avant de commencer"),
        (OFFICER_SECRET, who, ("2023-05-01", "2023-05-09"), "déjà passée"),
        (OFFICER_SECRET, who, ("demain", "2023-05-20"), "premier et le dernier jour"),
        (OFFICER_SECRET, ("officer-7", "officer-99"), ("2023-06-01", "2023-06-02"), "de la maison"),
        // The substitute cannot go while they act for somebody: nobody would be left.
        (
            SUBSTITUTE_SECRET,
            ("officer-8", "officer-7"),
            ("2023-05-13", "2023-05-13"),
            "est absente ces jours-là",
        ),
    ] {
        let got = announce(&mut house, by, who, days);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{who:?} {days:?}");
        assert!(got.text.contains(said), "{said}: {}", got.text);
    }
    let entered = lines(&house).into_iter().filter(|line| line.contains("absence_entered"));
    assert_eq!(entered.count(), 1);
}

#[test]
fn an_absence_that_is_ended_early_ends_the_substitution_at_once() {
    let mut house = house();
    take_charge(&mut house, OFFICER_SECRET);
    let days = ("2023-05-10", "2023-05-30");
    announce(&mut house, OFFICER_SECRET, ("officer-7", "officer-8"), days);
    assert!(get(&mut house, SUBSTITUTE_SECRET, "/fr/bureau").text.contains(OWED));
    let page = get(&mut house, OFFICER_SECRET, ABSENCES);
    let starts = value_of(&page, "ends");
    let fields = [("absent", "officer-7"), ("ends", starts.as_str())];
    let not_theirs = post(&mut house, SUBSTITUTE_SECRET, ABSENCES, &fields);
    assert_eq!(not_theirs.status, StatusCode::FORBIDDEN);
    assert!(get(&mut house, SUBSTITUTE_SECRET, "/fr/bureau").text.contains(OWED));
    let ended = post(&mut house, OFFICER_SECRET, ABSENCES, &fields);
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.text);
    assert!(!get(&mut house, SUBSTITUTE_SECRET, "/fr/bureau").text.contains(OWED));
    assert!(get(&mut house, OFFICER_SECRET, ABSENCES).text.contains("Personne n’est annoncé"));
}

/// Has the suspension carried out, which whoever entered the judgment may not.
fn order(judged: &mut Judged, secret: &str) -> Got {
    judged.finding.act_as(secret);
    judged.enter("executoire", &[("on", "2024-01-23")], PDF)
}

#[test]
fn the_substitute_of_whoever_entered_a_judgment_orders_the_measure_in_their_own_name() {
    let mut judged = judged();
    with_absences(&mut judged.finding);
    judged.finding.at("2024-01-26T09:00:00Z");
    let days = ("2024-01-26", "2024-01-30");
    announce(&mut judged.finding, OFFICER_SECRET, ("officer-7", "officer-8"), days);
    let got = order(&mut judged, SUBSTITUTE_SECRET);
    assert!(got.location.ends_with("?entered=true"), "{} {}", got.status, got.text);
    assert_eq!(judged.state(), "notifying");
    let in_place: Vec<String> =
        lines(&judged.finding).into_iter().filter(|line| line.contains("acted_in_place")).collect();
    assert_eq!(in_place.len(), 1, "{in_place:?}");
    assert!(in_place[0].contains("officer-8"), "{in_place:?}");
}

#[test]
fn whoever_entered_a_judgment_does_not_order_the_measure_in_anybodys_place() {
    let mut judged = judged();
    with_absences(&mut judged.finding);
    take_charge(&mut judged.finding, SUBSTITUTE_SECRET);
    judged.finding.at("2024-01-26T09:00:00Z");
    let days = ("2024-01-26", "2024-01-30");
    announce(&mut judged.finding, SUBSTITUTE_SECRET, ("officer-8", "officer-7"), days);
    let got = order(&mut judged, OFFICER_SECRET);
    assert_eq!(got.status, StatusCode::FORBIDDEN, "{}", got.text);
    assert_eq!(judged.state(), "pronounced");
    assert!(!lines(&judged.finding).iter().any(|line| line.contains("acted_in_place")));
}

#[test]
fn no_page_and_no_line_asks_or_says_why_somebody_is_away() {
    let mut house = house();
    let page = get(&mut house, OFFICER_SECRET, ABSENCES);
    assert!(!page.text.contains("<textarea"), "{}", page.text);
    assert!(!page.text.contains("type=\"text\""), "{}", page.text);
    let fields = [
        ("absent", "officer-7"),
        ("substitute", "officer-8"),
        ("first_day", "2023-05-12"),
        ("last_day", "2023-05-14"),
        ("reason", "malade"),
    ];
    post(&mut house, OFFICER_SECRET, ABSENCES, &fields);
    let store = &house.world.store;
    let last = store.ledger_size(&authority()).unwrap() - 1;
    let line = store.ledger_opening(&authority(), last).unwrap().unwrap();
    assert!(!format!("{line:?}").contains("malade"));
}
