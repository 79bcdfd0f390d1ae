//! What can pass between a member and an outside reviewer: a request, its handing over, and every
//! ruling that is right or wrong in one thing.
//!
//! The signatures are taken as good here: who may sign is shown where signatures are checked.

use jiff::Timestamp;

use super::{DAY, after, decision, number};
use crate::authorisation::{
    Denial, Grant, LinkingAsked, PublicKey, ReviewerKey, Ruling, Signature, SignedStatement,
    Statement,
};
use crate::case::Case;
use crate::event::{Event, Verdict};
use crate::id::{AuthorisationId, Digest, PersonId, ReviewerKeyId};
use crate::procedure::ladder::{self, State};
use crate::regime::Regime;

pub(super) fn events(case: &Case, state: &State, at: Timestamp, regime: &Regime) -> Vec<Event> {
    let mut events: Vec<Event> = ["reviewer", "member"].map(requested).into();
    // Without a request before a reviewer there is nothing that a statement could name.
    if let (State::UnderReview { reviewer, .. }, Ok(asked)) =
        (state, ladder::linking_asked(case, regime))
    {
        let other = if reviewer.as_str() == "reviewer" { "substitute" } else { "reviewer" };
        events.extend([other, "member"].map(|to| handed_over(reviewer, person(to))));
        events.extend(granted(reviewer, &asked, at));
        events.push(refused(reviewer, asked, at));
    }
    events
}

fn person(name: &str) -> PersonId {
    name.parse().expect("a short name")
}

fn evidence() -> Digest {
    "e".repeat(64).parse().expect("64 digits")
}

fn requested(reviewer: &str) -> Event {
    Event::AuthorisationRequested {
        request: AuthorisationId(number(5)),
        decision: decision(Verdict::Send),
        reviewer: person(reviewer),
        evidence: evidence(),
    }
}

fn handed_over(from: &PersonId, to: PersonId) -> Event {
    Event::AuthorisationHandedOver { request: AuthorisationId(number(5)), from: from.clone(), to }
}

/// The grant that was asked for; and one for another linking, one from somebody else, one on
/// another dossier, and one that answers another request.
fn granted(reviewer: &PersonId, asked: &LinkingAsked, at: Timestamp) -> Vec<Event> {
    let right = statement(Ruling::Granted, reviewer.clone(), asked.clone(), at);
    let mut statements = vec![right.clone(); 5];
    statements[1].linking.sequence += 1;
    statements[2].reviewer = person("stranger");
    statements[3].evidence = "f".repeat(64).parse().expect("64 digits");
    statements[4].request = AuthorisationId(number(6));
    statements
        .into_iter()
        .filter_map(|statement| {
            let (signed, key) = signed(statement);
            Grant::verified(signed, &[key], at, |_, _, _| true).ok()
        })
        .map(|grant| Event::AuthorisationGranted { grant })
        .collect()
}

fn refused(reviewer: &PersonId, asked: LinkingAsked, at: Timestamp) -> Event {
    let (signed, key) = signed(statement(Ruling::Refused, reviewer.clone(), asked, at));
    let denial = Denial::verified(signed, &[key], |_, _, _| true);
    Event::AuthorisationRefused { denial: denial.expect("a refusal under its own key") }
}

fn statement(
    ruling: Ruling,
    reviewer: PersonId,
    linking: LinkingAsked,
    at: Timestamp,
) -> Statement {
    Statement {
        request: AuthorisationId(number(5)),
        ruling,
        reviewer,
        linking,
        evidence: evidence(),
        reasons: "a".repeat(64).parse().expect("64 digits"),
        expires_at: after(at, DAY),
    }
}

fn signed(statement: Statement) -> (SignedStatement, ReviewerKey) {
    let id: ReviewerKeyId = "key".parse().expect("a short name");
    let key = ReviewerKey {
        id: id.clone(),
        reviewer: statement.reviewer.clone(),
        body: "court".to_owned(),
        key: PublicKey::Ed25519 { public_key: String::new() },
    };
    let signature = Signature::Ed25519 { signature: String::new() };
    (SignedStatement { statement, key: id, signature }, key)
}
