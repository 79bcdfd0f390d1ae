//! The member's desk over the real store: what awaits deliberation lies there, and only a member
//! gets further than looking.

use crate::defence_world::{Finding, finding};
use axum::http::StatusCode;

/// Before the member: the time to answer is over.
fn ripe() -> Finding {
    let mut finding = finding();
    finding.at("2023-05-26T08:00:00Z");
    finding.late();
    finding
}

#[test]
fn what_awaits_deliberation_lies_on_the_members_desk_and_leads_to_its_page() {
    let mut finding = ripe();
    assert_eq!(finding.state(), "deliberating");
    for (path, heading) in [("/fr/membre", "Délibérations"), ("/en/member", "Deliberations")] {
        let desk = finding.as_member(path);
        assert_eq!(desk.status, StatusCode::OK);
        assert!(desk.text.contains(heading), "{}", desk.text);
        assert!(desk.text.contains("/deliberation\">"), "{}", desk.text);
        assert!(!desk.text.contains("⟨?⟩"), "every text is there");
        assert!(!desk.text.contains("Nom-Clair"), "nobody is named");
    }
}

#[test]
fn an_officer_neither_deliberates_nor_sits_at_the_members_desk() {
    let mut finding = ripe();
    assert_eq!(finding.get("/fr/membre").status, StatusCode::FORBIDDEN);
    let path = format!("{}/deliberation", finding.path());
    assert_eq!(finding.as_officer(&path).status, StatusCode::FORBIDDEN);
    let form = "application/x-www-form-urlencoded";
    let got = finding.post_as_officer(&path, form, b"outcome=transmit&reasons=x".to_vec());
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert_eq!(finding.state(), "deliberating");
}

#[test]
fn a_member_reads_cases_and_answers_nobody_in_the_officers_place() {
    let mut finding = ripe();
    let case = finding.path();
    assert_eq!(finding.as_member(&case).status, StatusCode::OK);
    assert_eq!(finding.as_member("/fr/bureau").status, StatusCode::OK);
    assert_eq!(finding.as_member(&format!("{case}/droits")).status, StatusCode::FORBIDDEN);
    assert_eq!(finding.as_member("/fr/controle").status, StatusCode::FORBIDDEN);
}

#[test]
fn each_refusal_and_each_permitted_act_stands_in_the_log_that_oversight_reads() {
    let mut finding = ripe();
    let path = format!("{}/deliberation", finding.path());
    finding.as_officer(&path);
    let page = finding.get(&path);
    finding.deliberate(&page, "", "");
    let log = finding.as_overseer("/en/oversight/decisions");
    assert_eq!(log.status, StatusCode::OK);
    assert!(log.text.contains("no rule permits it"), "{}", log.text);
    assert!(log.text.contains("<code>member-decides</code>"), "{}", log.text);
    assert!(!log.text.contains("Nom-Clair"), "numbers only");
    assert_eq!(finding.as_member("/en/oversight/decisions").status, StatusCode::FORBIDDEN);
}
