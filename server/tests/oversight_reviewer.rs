//! A reviewer, or whoever plays one, goes beyond what was asked: the case does not move.

use entremise_core::authorisation::{
    Grant, PublicKey, ReviewerKey, Ruling, Signature, SignedStatement, Statement,
};
use entremise_core::case::{Case, State, Subject};
use entremise_core::event::{Decision, Event, Fact, Ground, Line, Verdict};
use entremise_core::id::{AuthorisationId, CaseId, NoticeId};
use entremise_core::procedure::ladder::{self, Facts};
use entremise_core::regime::embedded;
use entremise_core::regime::rules::Gate;
use entremise_core::step::{Refusal, step};
use jiff::Timestamp;
use uuid::Uuid;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn request() -> AuthorisationId {
    AuthorisationId(Uuid::from_u128(5))
}

fn facts() -> Facts {
    let leading = Fact {
        notice: NoticeId(Uuid::from_u128(1)),
        identification: CaseId(Uuid::from_u128(2)),
        fact_at: at("2026-06-01T10:00:00Z"),
        received_at: at("2026-06-02T10:00:00Z"),
    };
    let started = ladder::Started {
        by: entremise_core::regime::rules::Proof::Presented,
        at: at("2026-02-01T10:00:00Z"),
    };
    Facts { leading, further: 0, before: Some(started), told_by: Vec::new(), in_vain: Vec::new() }
}

fn case(state: ladder::State) -> Case {
    let line = Line { provider: "isp".parse().unwrap(), handle: "h".repeat(43).parse().unwrap() };
    let (id, opened_at) = (CaseId(Uuid::from_u128(9)), at("2026-01-01T10:00:00Z"));
    let (authority, regime) =
        ("autorite".parse().unwrap(), "fr-graduated-response".parse().unwrap());
    let mut case = Case::open(id, authority, regime, Subject::Line(line), opened_at);
    case.state = State::Ladder(state);
    case
}

fn under_review() -> Case {
    case(ladder::State::UnderReview {
        stage: 2,
        facts: facts(),
        request: request(),
        requested_by: "membre-1".parse().unwrap(),
        reviewer: "magistrat-1".parse().unwrap(),
        evidence: "e".repeat(64).parse().unwrap(),
        since: at("2026-06-14T12:00:00Z"),
    })
}

/// A grant as this reviewer would sign it, after a change. The signature is taken on trust here:
/// `wire` tries forged ones.
fn granted(change: impl Fn(&mut Statement)) -> Event {
    let regime = embedded("fr-graduated-response").unwrap();
    let mut statement = Statement {
        request: request(),
        ruling: Ruling::Granted,
        reviewer: "magistrat-1".parse().unwrap(),
        linking: ladder::linking_asked(&under_review(), &regime).unwrap(),
        evidence: "e".repeat(64).parse().unwrap(),
        reasons: "f".repeat(64).parse().unwrap(),
        expires_at: at("2026-07-01T00:00:00Z"),
    };
    change(&mut statement);
    let key = ReviewerKey {
        id: "cle-1".parse().unwrap(),
        reviewer: statement.reviewer.clone(),
        body: "Formation de contrôle (SPECIMEN)".to_owned(),
        key: PublicKey::Ed25519 { public_key: String::new() },
    };
    let signature = Signature::Ed25519 { signature: String::new() };
    let signed = SignedStatement { statement, key: key.id.clone(), signature };
    let now = at("2026-06-15T12:00:00Z");
    let grant = Grant::verified(signed, &[key], now, |_, _, _| true).unwrap();
    Event::AuthorisationGranted { grant }
}

fn take(case: &Case, event: &Event) -> Result<(), Refusal> {
    let regime = embedded("fr-graduated-response").unwrap();
    step(case, event, at("2026-06-15T12:00:00Z"), &regime).map(|_| ())
}

#[test]
fn a_reviewer_rules_only_on_what_lies_before_them() {
    let case = under_review();
    take(&case, &granted(|_| {})).unwrap();
    let refused = |change: &dyn Fn(&mut Statement)| take(&case, &granted(change)).unwrap_err();
    let other = AuthorisationId(Uuid::from_u128(6));
    let elsewhere = Refusal::NotBeforeThisReviewer;
    assert_eq!(refused(&|one| one.request = other), elsewhere);
    assert_eq!(refused(&|one| one.reviewer = "magistrat-9".parse().unwrap()), elsewhere);
    let evidence = |one: &mut Statement| one.evidence = "0".repeat(64).parse().unwrap();
    assert_eq!(refused(&evidence), Refusal::OtherEvidence);
    let more = |one: &mut Statement| one.linking.sequence += 1;
    assert!(matches!(refused(&more), Refusal::NotAuthorised(_)));
    let wider = |one: &mut Statement| {
        one.linking.fields.push(entremise_core::identification::IdentityField::Telephone);
    };
    assert!(matches!(refused(&wider), Refusal::NotAuthorised(_)));
}

#[test]
fn whoever_asked_never_reviews_not_even_as_a_substitute() {
    let to = Event::AuthorisationHandedOver {
        request: request(),
        from: "magistrat-1".parse().unwrap(),
        to: "membre-1".parse().unwrap(),
    };
    assert_eq!(take(&under_review(), &to), Err(Refusal::RequesterReviews));
    let gate = Gate::ReviewerAuthorisation;
    let since = at("2026-06-14T12:00:00Z");
    let barred = case(ladder::State::Barred { stage: 2, facts: facts(), gate, since });
    let asked = |reviewer: &str| Event::AuthorisationRequested {
        request: request(),
        decision: Decision {
            by: "membre-1".parse().unwrap(),
            verdict: Verdict::Send,
            ground: Ground::FactsEstablished,
        },
        reviewer: reviewer.parse().unwrap(),
        evidence: "e".repeat(64).parse().unwrap(),
    };
    assert_eq!(take(&barred, &asked("membre-1")), Err(Refusal::RequesterReviews));
    assert_eq!(take(&barred, &asked("magistrat-1")), Ok(()));
}
