//! The person's side of a finding over a real store: what they write is kept sealed, a hearing is
//! held before anything is decided, a member decides with reasons after a look at the facts.

use crate::defence_world::{Finding, Got, finding, signed, value_of};
use crate::oversight_world::{MEMBER_KEY, member_pair};
use axum::http::StatusCode;
use entremise_core::procedure::ladder::{Hearing, State};
use ring::signature::Ed25519KeyPair;

/// What lies sealed and must be on no page that opens nothing.
const SEALED: [&str; 3] = ["Nom-Clair", "198.0.0.", "Heures du port"];
const LETTER: &[u8] = b"%PDF-1.7 SPECIMEN: ce n'est pas moi, j'etais absent";

/// What a form holds, its document, and what the page says is wrong with it.
type Wrong<'w> = (&'w [(&'w str, &'w str)], &'w [u8], &'w str);

fn kinds(finding: &Finding) -> Vec<String> {
    finding.file().history.into_iter().map(|entry| entry.kind).collect()
}

fn documents(finding: &Finding) -> Vec<String> {
    let authority = crate::oversight_world::authority();
    let kept = finding.world.store.documents(&authority, &finding.case).unwrap();
    kept.into_iter().map(|document| document.name).collect()
}

fn entered(got: &Got) {
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert!(got.location.ends_with("?entered=true"), "{}", got.location);
}

#[test]
fn a_letter_of_the_person_is_kept_with_its_digest_and_shown_by_nobody_s_page() {
    let mut finding = finding();
    assert_eq!(finding.state(), "contradictory");
    let got = finding.enter(&[("act", "observations"), ("received_on", "2023-05-10")], LETTER);
    entered(&got);
    let kept = documents(&finding);
    let letter = kept.iter().find(|name| name.starts_with("observations-")).unwrap();
    assert!(letter.ends_with(".pdf"), "{letter}");
    let page = finding.get(&got.location);
    assert!(page.text.contains("C’est inscrit."));
    assert!(page.text.contains("mercredi 10\u{a0}mai 2023"));
    for sealed in SEALED {
        assert!(!page.text.contains(sealed), "{sealed}");
    }
    assert!(!page.text.contains("absent"), "the letter itself stays sealed");
    // The same letter again is the same letter.
    entered(&finding.enter(&[("act", "observations"), ("received_on", "2023-05-10")], LETTER));
    let State::Contradictory { heard, .. } = finding.ladder() else { panic!() };
    assert_eq!(heard.defence.observations.len(), 1);
    assert_eq!(documents(&finding).len(), kept.len());
}

#[test]
fn a_hearing_is_held_before_a_member_can_deliberate() {
    let mut finding = finding();
    entered(&finding.enter(&[("act", "hearing"), ("received_on", "2023-05-10")], b""));
    finding.at("2023-05-26T08:00:00Z");
    finding.late();
    assert_eq!(finding.state(), "contradictory", "the hearing is awaited");
    let path = format!("{}/deliberation", finding.path());
    assert_eq!(finding.get(&path).status, StatusCode::CONFLICT);
    entered(&finding.enter(&[("act", "convene"), ("slot", "2023-06-14T14:00")], b""));
    let State::Contradictory { heard, .. } = finding.ladder() else { panic!() };
    let slot = "2023-06-14T12:00:00Z".parse().unwrap();
    assert_eq!(heard.defence.hearing, Hearing::Convened { slot, presented: None });
    finding.at("2023-06-14T14:30:00Z");
    entered(
        &finding
            .enter(&[("act", "held"), ("counsel", "yes"), ("copied", "yes")], b"%PDF-1.7 SPECIMEN"),
    );
    assert_eq!(finding.state(), "deliberating");
    let page = finding.get(&format!("{}/contradictoire", finding.path()));
    assert!(page.text.contains("en présence du conseil"), "{}", page.text);
}

#[test]
fn nothing_is_opened_for_a_deliberation_before_its_form_is_sent_and_the_look_is_entered_first() {
    let mut finding = ripe();
    let before = kinds(&finding).iter().filter(|kind| *kind == "look.decide").count();
    let page = finding.get(&format!("{}/deliberation", finding.path()));
    for sealed in SEALED {
        assert!(!page.text.contains(sealed), "{sealed}");
    }
    let opened = finding.deliberate(&page, "", "");
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.text);
    assert!(opened.text.contains("Les Heures du port, épisode 5"), "{}", opened.text);
    assert!(opened.text.contains("198.0.0.4, port 40000"), "{}", opened.text);
    assert!(!opened.text.contains("Nom-Clair"), "a deliberation is not about a name");
    let after = kinds(&finding).iter().filter(|kind| *kind == "look.decide").count();
    assert_eq!(after, before + 1);
    assert_eq!(finding.state(), "deliberating", "looking decides nothing");
}

#[test]
fn a_decision_needs_an_outcome_and_reasons_and_the_facts_as_they_were_shown() {
    let mut finding = ripe();
    let page = finding.get(&format!("{}/deliberation", finding.path()));
    let opened = finding.deliberate(&page, "", "");
    let unreasoned = finding.deliberate(&opened, "transmit", "  ");
    assert_eq!(unreasoned.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unreasoned.text.contains("Écrivez les motifs"), "{}", unreasoned.text);
    let undecided = finding.deliberate(&opened, "", "Les faits sont établis.");
    assert_eq!(undecided.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(undecided.text.contains("Les faits sont établis."), "what was typed is not lost");
    // Other facts than those that were shown: the form's token does not fit.
    let mut other = finding.deliberate(&page, "", "");
    let digest = value_of(&other, "examined");
    other.text = other.text.replace(&digest, &"0".repeat(64));
    let forged = finding.deliberate(&other, "transmit", "Motifs.");
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(finding.state(), "deliberating");
    let opened = finding.deliberate(&page, "", "");
    entered(&finding.decide(&opened, "transmit", "Les observations ne convainquent pas."));
    assert_eq!(finding.state(), "transmitted");
    let State::Transmitted { decision, .. } = finding.ladder() else { panic!() };
    assert_eq!(decision.examined.as_str(), digest, "the same facts have the same digest");
    assert!(documents(&finding).iter().any(|name| name.starts_with("reasons-")));
    let effects = finding.file().effects;
    assert!(effects.iter().any(|row| row.effect.name() == "transmit_file"));
}

#[test]
fn a_decision_that_its_member_did_not_sign_word_for_word_decides_nothing() {
    let mut finding = ripe();
    let page = finding.get(&format!("{}/deliberation", finding.path()));
    let opened = finding.deliberate(&page, "", "");
    let shown = finding.deliberate(&opened, "transmit", "Les faits sont établis.");
    assert!(shown.text.contains("outcome transmit"), "{}", shown.text);
    assert_eq!(finding.state(), "deliberating", "showing what is signed decides nothing");
    let file = finding.fetch_to_sign(&shown, "transmit", "Les faits sont établis.").text;
    let good = signed(&file, &member_pair(), MEMBER_KEY);
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let kept = documents(&finding).len();
    for (wrong, why) in [
        (file.clone(), "not signed at all"),
        (signed(&file, &other, MEMBER_KEY), "signed with another key"),
        (signed(&file, &member_pair(), "cle-officer-8"), "by a key nobody knows"),
        (good.replace("établis", "douteux"), "for other reasons"),
        (good.replace("\"transmit\"", "\"close\""), "for another outcome"),
        (good.replace(&finding.case.to_string(), &"0".repeat(36)), "on another case"),
        (good.replace("membre-1\",\n    \"outcome", "membre-2\",\n    \"outcome"), "by another"),
    ] {
        assert_ne!(wrong, good, "{why}");
        let got = finding.hand_in(&shown, wrong.as_bytes());
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        assert_eq!(finding.state(), "deliberating", "{why}");
    }
    assert_eq!(documents(&finding).len(), kept);
    entered(&finding.hand_in(&shown, good.as_bytes()));
    assert_eq!(finding.state(), "transmitted");
    assert!(documents(&finding).iter().any(|name| name.starts_with("deliberation-")));
}

#[test]
fn a_hearing_that_is_asked_for_too_late_is_refused_in_words_and_in_the_ledger() {
    let mut finding = ripe();
    let got = finding.enter(&[("act", "hearing"), ("received_on", "2023-05-26")], b"");
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("La demande vient trop tard"), "{}", got.text);
    assert!(kinds(&finding).iter().any(|kind| kind == "refusal.too_late"), "{:?}", kinds(&finding));
    // Late observations are joined all the same.
    entered(&finding.enter(&[("act", "observations"), ("received_on", "2023-05-26")], LETTER));
    // A request that came in time and was opened late is in time.
    entered(&finding.enter(&[("act", "hearing"), ("received_on", "2023-05-23")], b""));
    assert_eq!(finding.state(), "contradictory");
}

#[test]
fn a_form_says_what_is_wrong_with_it_and_keeps_nothing() {
    let mut finding = finding();
    let kept = documents(&finding).len();
    let wrongs: [Wrong<'_>; 5] = [
        (&[("act", ""), ("received_on", "2023-05-10")], LETTER, "Choisissez une réponse"),
        (&[("act", "observations"), ("received_on", "2023-05-10")], b"", "Joignez le document"),
        (&[("act", "observations"), ("received_on", "2023-05-11")], LETTER, "ne peut être à venir"),
        (
            &[("act", "observations"), ("received_on", "2023-05-10")],
            b"MZ\0\x01 a program",
            "ni un PDF",
        ),
        (&[("act", "observations"), ("received_on", "hier")], LETTER, "Indiquez le jour"),
    ];
    for (fields, document, said) in wrongs {
        let got = finding.enter(fields, document);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(got.text.contains(said), "{said}: {}", got.text);
    }
    assert_eq!(documents(&finding).len(), kept);
    // Nobody can record a hearing that was never convened.
    let got = finding.enter(&[("act", "held")], b"%PDF-1.7 SPECIMEN");
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(documents(&finding).len(), kept, "what the law refuses keeps no document");
}

#[test]
fn an_outcome_closes_the_file_and_keeps_the_judgment() {
    let mut finding = ripe();
    let page = finding.get(&format!("{}/deliberation", finding.path()));
    let opened = finding.deliberate(&page, "", "");
    entered(&finding.decide(&opened, "transmit", "Motifs."));
    finding.at("2024-01-15T09:00:00Z");
    let undecided = finding.enter(&[("act", "outcome")], b"%PDF-1.7 jugement SPECIMEN");
    assert_eq!(undecided.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("act", "outcome"), ("outcome", "dropped")];
    entered(&finding.enter(&fields, b"%PDF-1.7 avis SPECIMEN"));
    assert_eq!(finding.state(), "judged");
    assert!(documents(&finding).iter().any(|name| name.starts_with("judgment-")));
}

#[test]
fn a_member_may_close_while_the_person_may_answer_and_can_send_nothing() {
    let mut finding = finding();
    let case = finding.path();
    let officers = finding.get(&case);
    assert!(!officers.text.contains("choice-close_discretion"), "only the member decides here");
    finding.act_as_member();
    let page = finding.get(&case);
    assert!(page.text.contains("choice-close_discretion"), "{}", page.text);
    assert!(!page.text.contains("choice-send"), "{}", page.text);
    let version = value_of(&page, "version");
    let sent = finding.get(&format!("{case}/decision?choice=send&version={version}"));
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
    let confirm =
        finding.get(&format!("{case}/decision?choice=close_discretion&version={version}"));
    let token = value_of(&confirm, "token");
    let form = format!("choice=close_discretion&version={version}&token={token}");
    let kind = "application/x-www-form-urlencoded";
    let done = finding.post(&format!("{case}/decision"), kind, form.into_bytes());
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(finding.state(), "dismissed");
}

/// The person let the fifteen days pass.
fn ripe() -> Finding {
    let mut finding = finding();
    finding.at("2023-05-26T08:00:00Z");
    finding.late();
    assert_eq!(finding.state(), "deliberating");
    finding
}
