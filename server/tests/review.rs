//! The prior authorisation, from the member's request to the one effect that it opens: over a real
//! store, with signatures made by key files.

use crate::review_house::{
    ADDRESS, FILE_NAME, JUDGE, MEMBER, SUBSTITUTE, TITLE, WITH_PASSKEY, World, authority, now,
    signed,
};
use entremise_core::authorisation::{Ruling, SignedStatement, Statement};
use entremise_core::event::Event;
use entremise_core::id::AuthorisationId;
use entremise_core::ledger::{Actor, digest};
use entremise_server::web::desk::{Asked, Desk, WorkQuery};
use entremise_server::web::review::desk::{AskOutcome, Dossier, Entered, ReviewDesk};
use entremise_server::web::review::file::{RequestFile, RulingFile};
use entremise_store::{CaseRef, ReviewError, WhyErased};
use jiff::{SignedDuration, Timestamp};

const REASONS: &str = "Trois faits en quatre mois ; les deux avertissements sont prouvés.";
const GATED: &str = "request_authorised_disclosure";

fn ruled(world: &World, by: &str, request: AuthorisationId, ruling: Ruling) -> SignedStatement {
    signed(world.statement(by, request, ruling, REASONS), by)
}

fn enter(world: &World, signed: SignedStatement) -> Entered {
    enter_at(world, signed, now())
}

fn enter_at(world: &World, signed: SignedStatement, at: Timestamp) -> Entered {
    world.reviews.enter(signed, REASONS, at).unwrap()
}

fn asked_and_granted() -> (World, AuthorisationId) {
    let world = World::new();
    let request = world.ask(JUDGE);
    let granted = ruled(&world, JUDGE, request, Ruling::Granted);
    assert_eq!(enter(&world, granted), Entered::Done(Some(Ruling::Granted)));
    (world, request)
}

#[test]
fn a_grant_asks_the_provider_once_and_carries_the_signature() {
    let (world, request) = asked_and_granted();
    assert_eq!(world.state(), "asking");
    assert_eq!(world.effects().iter().filter(|name| **name == GATED).count(), 1);
    let file = world.file();
    let last = file.history.iter().rfind(|entry| entry.kind == "event.authorisation_granted");
    assert_eq!(last.unwrap().actor, format!("person:{JUDGE}"));
    let judge = JUDGE.parse().unwrap();
    let before = world.reviews.before(&judge, now()).unwrap();
    assert!(before.waiting.is_empty());
    assert_eq!((before.ruled[0].request, before.ruled[0].ruling.as_str()), (request, "granted"));
}

#[test]
fn a_refusal_leaves_the_step_barred_and_asks_nobody() {
    let world = World::new();
    let request = world.ask(JUDGE);
    assert_eq!(world.state(), "under_review");
    let refused = ruled(&world, JUDGE, request, Ruling::Refused);
    assert_eq!(enter(&world, refused), Entered::Done(Some(Ruling::Refused)));
    assert_eq!(world.state(), "barred");
    assert!(!world.effects().contains(&GATED));
    // Another request may be made, with a new number.
    assert_ne!(world.ask(SUBSTITUTE), request);
}

#[test]
fn the_same_ruling_twice_changes_something_once() {
    let (world, request) = asked_and_granted();
    assert!(world.store.review_request(&authority(), request, now()).unwrap().is_none());
    let judge = JUDGE.parse().unwrap();
    let gone = world.reviews.statement(&judge, request, Ruling::Granted, REASONS, now()).unwrap();
    assert!(gone.is_none());

    let world = World::new();
    let request = world.ask(JUDGE);
    let granted = ruled(&world, JUDGE, request, Ruling::Granted);
    enter(&world, granted.clone());
    assert_eq!(enter(&world, granted), Entered::Not("out_of_turn"));
    assert_eq!(world.effects().iter().filter(|name| **name == GATED).count(), 1);
}

#[test]
fn a_grant_for_one_request_does_not_answer_the_next() {
    let world = World::new();
    let first = world.ask(JUDGE);
    let kept = ruled(&world, JUDGE, first, Ruling::Granted);
    let refused = ruled(&world, JUDGE, first, Ruling::Refused);
    enter(&world, refused);
    world.ask(JUDGE);
    assert_eq!(enter(&world, kept), Entered::Not("not_before_this_reviewer"));
    assert_eq!(world.state(), "under_review");
}

#[test]
fn the_dossier_shows_what_the_rules_list_and_nothing_else() {
    let world = World::new();
    let request = world.ask(JUDGE);
    let by = Actor::Person(JUDGE.parse().unwrap());
    let bytes = world.store.open_dossier(&authority(), request, &by, now()).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    for hidden in [ADDRESS, FILE_NAME, "Pseudo-Clair", "4000", "btih", "h".repeat(43).as_str()] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    let dossier = Dossier::of_bytes(&bytes).unwrap();
    assert_eq!(dossier.facts.len(), 3);
    for fact in &dossier.facts {
        assert!(fact.observed_at.is_some() && fact.sender.as_deref() == Some("alpa"));
        assert_eq!(fact.works.as_ref().unwrap()[0].title.as_deref(), Some(TITLE));
    }
    let steps = dossier.earlier_steps.as_ref().unwrap();
    let stages: Vec<&str> = steps.iter().map(|step| step.stage.as_str()).collect();
    assert_eq!(stages, ["first", "second"]);
    assert!(steps.iter().all(|step| !step.proofs.is_empty()));
    assert_eq!(dossier.ground.as_ref().unwrap().asked_by.as_str(), MEMBER);
    assert_eq!(dossier.to_bytes(), bytes, "the form is canonical");
}

#[test]
fn members_of_the_dossier_stand_in_the_order_of_canonical_json() {
    let world = World::new();
    let request = world.ask(JUDGE);
    let by = Actor::Person(JUDGE.parse().unwrap());
    let bytes = world.store.open_dossier(&authority(), request, &by, now()).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let sorted = sort(&value);
    assert_eq!(String::from_utf8(bytes).unwrap(), serde_json::to_string(&sorted).unwrap());
}

/// With the members of every object in alphabetical order, whatever order they were read in.
fn sort(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            names.into_iter().map(|name| (name.clone(), sort(&members[name]))).collect()
        }
        serde_json::Value::Array(list) => list.iter().map(sort).collect(),
        other => other.clone(),
    }
}

#[test]
fn each_look_at_the_dossier_has_its_line_and_a_refused_request_opens_nothing() {
    let world = World::new();
    let looks =
        |world: &World| world.lines().iter().filter(|kind| kind.as_str() == "look.review").count();
    let order = entremise_server::web::review::desk::AskOrder {
        reviewer: MEMBER.parse().unwrap(),
        ..world.order(JUDGE)
    };
    let told = world.reviews.ask(&order, now()).unwrap();
    assert_eq!(told, AskOutcome::Refused("requester_reviews".to_owned()));
    assert_eq!(looks(&world), 0);
    assert!(world.lines().contains(&"refusal.requester_reviews".to_owned()));
    let request = world.ask(JUDGE);
    assert_eq!(looks(&world), 1, "what the dossier was made of");
    let judge = JUDGE.parse().unwrap();
    world.reviews.request(&judge, request, now()).unwrap().unwrap();
    world.reviews.file(&judge, request, now()).unwrap().unwrap();
    assert_eq!(looks(&world), 3);
}

#[test]
fn the_line_about_a_look_stands_before_the_request_it_is_for() {
    let world = World::new();
    world.ask(JUDGE);
    let lines = world.lines();
    let place = |kind: &str| lines.iter().position(|line| line == kind).unwrap();
    assert!(place("look.review") < place("event.authorisation_requested"));
}

#[test]
fn nobody_but_the_reviewer_it_lies_before_sees_or_rules() {
    let world = World::new();
    let request = world.ask(JUDGE);
    let other = SUBSTITUTE.parse().unwrap();
    assert!(world.reviews.request(&other, request, now()).unwrap().is_none());
    assert!(world.reviews.file(&other, request, now()).unwrap().is_none());
    assert!(world.reviews.before(&other, now()).unwrap().waiting.is_empty());
    let statement = Statement {
        reviewer: SUBSTITUTE.parse().unwrap(),
        ..world.statement(JUDGE, request, Ruling::Granted, REASONS)
    };
    let told = enter(&world, signed(statement, SUBSTITUTE));
    assert_eq!(told, Entered::Not("not_before_this_reviewer"));
    assert!(!world.effects().contains(&GATED));
}

#[test]
fn a_substitute_rules_after_the_hand_over_and_the_first_reviewer_no_more() {
    let world = World::new();
    let request = world.ask(JUDGE);
    let early = ruled(&world, JUDGE, request, Ruling::Granted);
    let (judge, substitute) = (JUDGE.parse().unwrap(), SUBSTITUTE.parse().unwrap());
    let handed = world.reviews.hand_over(&judge, request, &substitute, now()).unwrap();
    assert_eq!(handed, Entered::Done(None));
    assert_eq!(enter(&world, early), Entered::Not("not_before_this_reviewer"));
    let granted = ruled(&world, SUBSTITUTE, request, Ruling::Granted);
    assert_eq!(enter(&world, granted), Entered::Done(Some(Ruling::Granted)));
}

#[test]
fn a_request_is_handed_over_to_a_named_substitute_only_and_never_to_whoever_asked() {
    let world = World::new();
    let request = world.ask(JUDGE);
    let judge = JUDGE.parse().unwrap();
    let stranger = WITH_PASSKEY.parse().unwrap();
    let told = world.reviews.hand_over(&judge, request, &stranger, now()).unwrap();
    assert_eq!(told, Entered::Not("no_substitute"));
    let asker = MEMBER.parse().unwrap();
    let told = world.reviews.hand_over(&judge, request, &asker, now()).unwrap();
    assert_eq!(told, Entered::Not("requester_reviews"));
    let shown = world.reviews.request(&judge, request, now()).unwrap().unwrap();
    assert!(shown.substitutes.iter().all(|other| other.person != asker));
}

#[test]
fn whoever_has_no_key_cannot_be_asked() {
    let world = World::new();
    let told = world.reviews.ask(&world.order(WITH_PASSKEY), now()).unwrap();
    assert_eq!(told, AskOutcome::NoSuchReviewer);
    let told = world.reviews.ask(&world.order("personne"), now()).unwrap();
    assert_eq!(told, AskOutcome::NoSuchReviewer);
}

#[test]
fn a_forged_or_unknown_signature_is_not_even_a_refusal() {
    let world = World::new();
    let request = world.ask(JUDGE);
    let before = world.lines().len();
    let statement = world.statement(JUDGE, request, Ruling::Granted, REASONS);
    let mut by_another = signed(statement.clone(), SUBSTITUTE);
    by_another.key = format!("cle-{JUDGE}").parse().unwrap();
    assert_eq!(enter(&world, by_another), Entered::Not("authorisation_bad_signature"));
    let mut unknown = signed(statement.clone(), JUDGE);
    unknown.key = "cle-de-personne".parse().unwrap();
    assert_eq!(enter(&world, unknown), Entered::Not("authorisation_by_unknown_reviewer"));
    let mut turned = signed(Statement { ruling: Ruling::Refused, ..statement }, JUDGE);
    turned.statement.ruling = Ruling::Granted;
    assert_eq!(enter(&world, turned), Entered::Not("authorisation_bad_signature"));
    assert_eq!(world.lines().len(), before);
}

#[test]
fn a_changed_dossier_changed_reasons_and_another_linking_are_refused() {
    let world = World::new();
    let request = world.ask(JUDGE);
    let statement = world.statement(JUDGE, request, Ruling::Granted, REASONS);
    let other = Statement { evidence: digest(b"another"), ..statement.clone() };
    assert_eq!(enter(&world, signed(other, JUDGE)), Entered::Not("other_evidence"));
    let other = Statement { reasons: digest(b"another"), ..statement.clone() };
    assert_eq!(enter(&world, signed(other, JUDGE)), Entered::Not("other_reasons"));
    let mut other = statement.clone();
    other.linking.sequence += 1;
    assert_eq!(enter(&world, signed(other, JUDGE)), Entered::Not("authorisation_for_another"));
    assert!(!world.effects().contains(&GATED));
    assert_eq!(
        enter(&world, signed(statement, JUDGE)),
        Entered::Done(Some(Ruling::Granted)),
        "the true one still counts"
    );
}

#[test]
fn a_grant_that_has_expired_or_would_run_too_long_is_refused() {
    let world = World::new();
    let request = world.ask(JUDGE);
    let statement = world.statement(JUDGE, request, Ruling::Granted, REASONS);
    let short = Statement { expires_at: now(), ..statement.clone() };
    assert_eq!(enter(&world, signed(short, JUDGE)), Entered::Not("authorisation_expired"));
    let long = Statement {
        expires_at: statement.expires_at + SignedDuration::from_secs(1),
        ..statement.clone()
    };
    assert_eq!(enter(&world, signed(long, JUDGE)), Entered::Not("expires_too_late"));
    assert_eq!(enter(&world, signed(statement, JUDGE)), Entered::Done(Some(Ruling::Granted)));
}

#[test]
fn an_unanswered_request_lapses_and_no_late_grant_revives_it() {
    let world = World::new();
    let request = world.ask(JUDGE);
    let late = ruled(&world, JUDGE, request, Ruling::Granted);
    let found = world.store.review_request(&authority(), request, now()).unwrap().unwrap();
    let end = found.lapses.unwrap().ends_at;
    let case = CaseRef::Id(authority(), world.case);
    world.store.apply(&case, &Event::DeadlinePassed, &Actor::House, end).unwrap();
    assert_eq!(world.state(), "barred");
    let judge = JUDGE.parse().unwrap();
    assert!(world.reviews.before(&judge, end).unwrap().waiting.is_empty());
    assert_eq!(enter_at(&world, late, end), Entered::Not("out_of_turn"));
    assert!(world.effects().contains(&"raise_alarm") && !world.effects().contains(&GATED));
}

#[test]
fn a_case_that_moved_since_the_member_looked_is_not_brought_before_anybody() {
    let world = World::new();
    let order = world.order(JUDGE);
    world.ask(JUDGE);
    assert_eq!(world.reviews.ask(&order, now()).unwrap(), AskOutcome::Stale);
    let view = world.desk.case(&world.case.to_string(), now()).unwrap().unwrap();
    assert!(!view.opens_by_review);
}

#[test]
fn the_two_files_come_back_as_they_left_and_a_changed_dossier_is_seen() {
    let world = World::new();
    let request = world.ask(JUDGE);
    let judge = JUDGE.parse().unwrap();
    let file = world.reviews.file(&judge, request, now()).unwrap().unwrap();
    let read = RequestFile::read(&file.to_json()).unwrap();
    assert_eq!(
        read.statement(Ruling::Granted, REASONS),
        world.statement(JUDGE, request, Ruling::Granted, REASONS)
    );
    let changed = file.to_json().replace(TITLE, "Un autre film");
    assert!(RequestFile::read(&changed).is_err());
    let signed = signed(read.statement(Ruling::Granted, REASONS), JUDGE);
    let back = RulingFile::new(signed, REASONS.to_owned()).to_json();
    let back = RulingFile::read(&back).unwrap();
    assert_eq!(
        world.reviews.enter(back.signed, &back.reasons, now()).unwrap(),
        Entered::Done(Some(Ruling::Granted))
    );
}

#[test]
fn dossier_and_reasons_die_with_the_case() {
    let world = World::new();
    let request = world.ask(JUDGE);
    let refused = ruled(&world, JUDGE, request, Ruling::Refused);
    enter(&world, refused);
    let (case, mut at) = (CaseRef::Id(authority(), world.case), now());
    while !world.file().case.state.is_closed() {
        at = world.file().due.expect("a case that is open ends").at();
        world.store.apply(&case, &Event::DeadlinePassed, &Actor::House, at).unwrap();
    }
    let member = Actor::Person(MEMBER.parse().unwrap());
    world.store.erase(&authority(), world.case, WhyErased::Asked, &member, at).unwrap();
    let told = world.store.open_dossier(&authority(), request, &member, at);
    assert!(matches!(told, Err(ReviewError::Erased(_))));
}

#[test]
fn dossier_and_reasons_are_swept_by_nobody_and_belong_to_the_case() {
    let (world, request) = asked_and_granted();
    world.store.sweep_orphans(now() + SignedDuration::from_hours(24)).unwrap();
    let by = Actor::Person(JUDGE.parse().unwrap());
    world.store.open_dossier(&authority(), request, &by, now()).unwrap();
    assert_eq!(world.store.review_records(world.case).unwrap().len(), 2);
}

#[test]
fn a_barred_case_lies_on_no_desk_and_is_found_all_the_same() {
    let world = World::new();
    let wanted = |asked| WorkQuery { asked, after: None, rows_max: 10 };
    let listed = |asked| world.desk.today(&wanted(asked), now()).unwrap().rows.len();
    assert_eq!(listed(None), 0);
    assert_eq!(listed(Some(Asked::Barred)), 1);
    assert_eq!(listed(Some(Asked::Review)), 0);
    world.ask(JUDGE);
    assert_eq!(listed(Some(Asked::Barred)), 0);
    assert_eq!(listed(Some(Asked::Review)), 1);
}
