//! Who may do what, asked of the rules that ship: every sort of person against every action.

use entremise_core::id::{PartyId, PersonId};
use entremise_server::access::{Action, Policy, Resource, Role, Seat};

fn seat(role: Role) -> Seat {
    let party = match role {
        Role::Sender => Some("ayants-droit-1".parse::<PartyId>().unwrap()),
        Role::Provider => Some("fai-exemple".parse().unwrap()),
        _ => None,
    };
    Seat { person: person("person-1"), role, party }
}

fn person(number: &str) -> PersonId {
    number.parse().unwrap()
}

fn case(finding: bool, proposed_by: &[&str]) -> Resource {
    case_under("fr-graduated-response", finding, proposed_by)
}

fn case_under(regime: &str, finding: bool, proposed_by: &[&str]) -> Resource {
    Resource::Case {
        reference: "2026-000001-4".to_owned(),
        regime: regime.to_owned(),
        finding,
        proposed_by: proposed_by.iter().map(|number| person(number)).collect(),
        in_place_of: None,
    }
}

fn absence(absent: &str, role: Role, substitute_role: Role) -> Resource {
    let substitute = person("person-2");
    Resource::Absence { absent: person(absent), role, substitute, substitute_role }
}

fn request(asked_by: &str, before: &str) -> Resource {
    Resource::ReviewRequest {
        request: "1".to_owned(),
        asked_by: person(asked_by),
        before: person(before),
    }
}

fn measure(entered_by: &[&str]) -> Resource {
    Resource::Measure {
        reference: "0192a000-0000-7000-8000-000000000001".to_owned(),
        regime: "fr-graduated-response".to_owned(),
        entered_by: entered_by.iter().map(|number| person(number)).collect(),
        in_place_of: None,
    }
}

fn holding(party: &str) -> Resource {
    Resource::Holding { party: party.parse().unwrap() }
}

/// Everything a desk can be about, as the person's own.
fn things() -> Vec<Resource> {
    vec![
        Resource::Work,
        Resource::Figures,
        Resource::Machines,
        case(false, &[]),
        case(true, &[]),
        request("officer-7", "person-1"),
        measure(&["officer-7"]),
        holding("ayants-droit-1"),
        holding("fai-exemple"),
        absence("person-1", Role::Officer, Role::Officer),
        absence("person-1", Role::Member, Role::Member),
    ]
}

fn may(policy: &Policy, role: Role, action: Action, about: &Resource) -> bool {
    policy.ask(&seat(role), action, about).allowed
}

/// What a sort of person may do with anything at all.
fn all_of(policy: &Policy, role: Role) -> Vec<&'static str> {
    let allowed =
        |action: &&Action| things().iter().any(|about| may(policy, role, **action, about));
    Action::ALL.iter().filter(allowed).map(|action| action.name()).collect()
}

#[test]
fn the_rules_that_ship_hold_against_their_schema_and_each_has_a_name() {
    let policy = Policy::built_in().unwrap();
    let names = policy.names();
    assert!(names.len() > 10, "{names:?}");
    let mut once = names.clone();
    once.dedup();
    assert_eq!(names, once, "no name stands twice");
}

#[test]
fn each_sort_of_person_does_what_belongs_to_its_desk_and_nothing_else() {
    let policy = Policy::built_in().unwrap();
    let expected: [(Role, &[&str]); 7] = [
        (
            Role::Officer,
            &[
                "see_work",
                "read_case",
                "search",
                "settle_alarm",
                "take_charge",
                "enter_absence",
                "end_absence",
                "send_message",
                "write_note",
                "act_on_case",
                "answer_person",
                "open_document",
                "enter_answer",
                "ask_review",
                "decide_warning",
                "follow_measure",
                "order_measure",
            ],
        ),
        (
            Role::Member,
            &[
                "see_work",
                "read_case",
                "search",
                "take_charge",
                "enter_absence",
                "end_absence",
                "send_message",
                "write_note",
                "open_document",
                "see_deliberations",
                "ask_review",
                "decide_warning",
                "decide_finding",
                "deliberate",
            ],
        ),
        (Role::Reviewer, &["read_request", "rule", "hand_over"]),
        (Role::Sender, &["read_sendings", "withdraw_notice", "read_messages", "answer_message"]),
        (
            Role::Provider,
            &["read_requests", "take_file", "hand_in_file", "read_messages", "answer_message"],
        ),
        (Role::Overseer, &["read_figures", "read_sample", "draw_sample", "read_decisions"]),
        (
            Role::Operator,
            &["read_health", "put_back", "replay", "stop_party", "resume_party", "settle_trouble"],
        ),
    ];
    for (role, actions) in expected {
        assert_eq!(all_of(&policy, role), actions, "{role:?}");
    }
}

#[test]
fn whoever_entered_a_judgment_follows_its_measure_and_does_not_have_it_carried_out() {
    let policy = Policy::built_in().unwrap();
    let (own, others) = (measure(&["officer-7", "person-1"]), measure(&["officer-7"]));
    assert!(may(&policy, Role::Officer, Action::FollowMeasure, &own));
    assert!(may(&policy, Role::Officer, Action::OrderMeasure, &others));
    let ruled = policy.ask(&seat(Role::Officer), Action::OrderMeasure, &own);
    assert!(!ruled.allowed);
    assert_eq!(ruled.by, ["who-entered-the-judgment-does-not-have-it-carried-out"]);
}

#[test]
fn the_substitute_of_whoever_entered_a_judgment_orders_and_nobody_is_two_persons() {
    let policy = Policy::built_in().unwrap();
    let in_place = |entered_by: &[&str]| match measure(entered_by) {
        Resource::Measure { reference, regime, entered_by, .. } => {
            let in_place_of = Some(person("officer-7"));
            Resource::Measure { reference, regime, entered_by, in_place_of }
        }
        other => other,
    };
    let ruled = policy.ask(&seat(Role::Officer), Action::OrderMeasure, &in_place(&["officer-7"]));
    let rule = "a-substitute-of-whoever-entered-the-judgment-is-the-second-person".to_owned();
    assert!(ruled.allowed && ruled.by.contains(&rule), "{:?}", ruled.by);
    assert!(in_place(&[]).name().ends_with(" for officer-7"), "the log says in whose place");
    for entered_by in [&["person-1"][..], &["officer-7", "person-1"]] {
        let about = in_place(entered_by);
        assert!(!may(&policy, Role::Officer, Action::OrderMeasure, &about), "{entered_by:?}");
    }
    assert!(!may(&policy, Role::Member, Action::OrderMeasure, &in_place(&["officer-7"])));
}

#[test]
fn only_a_member_deliberates_and_decides_a_finding() {
    let policy = Policy::built_in().unwrap();
    for role in Role::ALL {
        for action in [Action::DecideFinding, Action::Deliberate] {
            let allowed = may(&policy, role, action, &case(true, &[]));
            assert_eq!(allowed, role == Role::Member, "{role:?} {action:?}");
        }
    }
}

#[test]
fn a_finding_is_never_decided_as_if_it_were_a_warning() {
    let policy = Policy::built_in().unwrap();
    for role in [Role::Officer, Role::Member] {
        assert!(may(&policy, role, Action::DecideWarning, &case(false, &[])));
        let ruled = policy.ask(&seat(role), Action::DecideWarning, &case(true, &[]));
        assert!(!ruled.allowed);
        assert_eq!(ruled.by, ["a-finding-is-no-warning"]);
    }
}

#[test]
fn who_proposed_a_finding_does_not_deliberate_where_the_regime_keeps_the_two_apart() {
    let policy = Policy::built_in().unwrap();
    let may = |about: &Resource| may(&policy, Role::Member, Action::Deliberate, about);
    assert!(!may(&case_under("xx-specimen", true, &["person-1"])));
    assert!(may(&case_under("xx-specimen", true, &["person-2"])));
    assert!(may(&case(true, &["person-1"])), "in the French law one member does both");
}

#[test]
fn who_asked_does_not_review_and_a_reviewer_sees_only_what_lies_before_them() {
    let policy = Policy::built_in().unwrap();
    for action in [Action::ReadRequest, Action::Rule, Action::HandOver] {
        let may = |about: &Resource| may(&policy, Role::Reviewer, action, about);
        assert!(may(&request("officer-7", "person-1")));
        assert!(!may(&request("officer-7", "person-2")), "it lies before another");
        assert!(!may(&request("person-1", "person-1")), "who asked does not review");
    }
}

#[test]
fn a_party_sees_its_own_holdings_and_nobody_elses() {
    let policy = Policy::built_in().unwrap();
    for (role, action, own, other) in [
        (Role::Sender, Action::ReadSendings, "ayants-droit-1", "ayants-droit-2"),
        (Role::Provider, Action::ReadRequests, "fai-exemple", "fai-autre"),
    ] {
        assert!(may(&policy, role, action, &holding(own)));
        assert!(!may(&policy, role, action, &holding(other)));
    }
}

#[test]
fn a_rule_that_names_what_the_schema_does_not_know_is_no_policy() {
    let schema = include_str!("../policies/desks.cedarschema");
    for wrong in [
        "@id(\"a\") permit (principal is Operator, action == Action::\"read_case\", resource);",
        "@id(\"a\") permit (principal is Clerk, action, resource);",
        "@id(\"a\") permit (principal is Sender, action, resource is Holding)
         when { resource.owner == principal.party };",
        "permit (principal is Officer, action == Action::\"read_case\", resource);",
        "permit (",
    ] {
        assert!(Policy::read(schema, wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_absence_opens_no_desk_and_is_entered_by_who_is_away_or_by_a_member_for_an_officer() {
    let policy = Policy::built_in().unwrap();
    let (officer, member) = (Role::Officer, Role::Member);
    for (by, absent, role, substitute_role, is_allowed) in [
        (officer, "person-1", officer, officer, true),
        (officer, "person-1", officer, member, false),
        (officer, "person-3", officer, officer, false),
        (officer, "person-3", member, member, false),
        (member, "person-1", member, member, true),
        (member, "person-1", member, officer, false),
        (member, "person-3", officer, officer, true),
        (member, "person-3", officer, member, false),
        (member, "person-3", member, member, false),
    ] {
        let about = absence(absent, role, substitute_role);
        let allowed = may(&policy, by, Action::EnterAbsence, &about);
        assert_eq!(allowed, is_allowed, "{by:?} enters {about:?}");
    }
    let own = Resource::Absence {
        absent: person("person-1"),
        role: officer,
        substitute: person("person-1"),
        substitute_role: officer,
    };
    assert!(!may(&policy, officer, Action::EnterAbsence, &own), "nobody substitutes themselves");
}

#[test]
fn what_binds_the_absent_person_binds_their_substitute_too() {
    let policy = Policy::built_in().unwrap();
    let deliberates = |regime: &str, proposed_by: &str, absent: Option<&str>| {
        let about = Resource::Case {
            reference: "2026-000001-4".to_owned(),
            regime: regime.to_owned(),
            finding: true,
            proposed_by: vec![person(proposed_by)],
            in_place_of: absent.map(person),
        };
        may(&policy, Role::Member, Action::Deliberate, &about)
    };
    assert!(deliberates("xx-specimen", "person-3", None));
    assert!(!deliberates("xx-specimen", "person-1", None), "what they did themselves");
    assert!(!deliberates("xx-specimen", "person-3", Some("person-3")), "what the absent one did");
    assert!(!deliberates("xx-specimen", "person-1", Some("person-3")), "in nobody's place either");
    assert!(
        deliberates("fr-graduated-response", "person-3", Some("person-3")),
        "one member does both"
    );
}
