//! The portal over a real store: number and code open one file and no other; what a person sends is
//! kept sealed, entered and acknowledged; whoever guesses, repeats, forges or floods gets nothing.

use crate::oversight_world::{at, authority, code_of};
use crate::portal_world;
use crate::portal_world::{FILE, visitors, visitors_with};
use axum::http::{StatusCode, header};
use entremise_core::event::Event;
use entremise_core::ledger::Actor;
use entremise_core::procedure::ladder::{ChallengeGround, Hearing, State};
use entremise_store::CaseRef;

/// What lies sealed and must be on no page of the portal.
const SEALED: [&str; 4] = ["Nom-Clair", "198.0.0.", "isp-riviere", "isp-colline"];
const MINE: &str = "J’étais absent : mon réseau était protégé.";

#[test]
fn number_and_code_open_the_file_and_no_page_names_anybody() {
    let mut visitors = visitors();
    let case = visitors.finding.case;
    let cookie = visitors.open(case);
    let page = visitors.get(FILE, &cookie);
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for said in [
        "Ce message vient bien de nous",
        "Il n’y a rien à payer",
        "Vous n’êtes pas condamné",
        "Constat de négligence caractérisée",
        "mercredi 24\u{a0}mai 2023",
        "quinze jours à compter de la présentation de la lettre",
    ] {
        assert!(page.text.contains(said), "{said}\n{}", page.text);
    }
    for sealed in SEALED {
        assert!(!page.text.contains(sealed), "{sealed}");
    }
    assert!(!page.text.contains("Les Heures du port"), "works are opened by a form only");
    let number = visitors.number(case);
    assert!(!cookie.contains(&number) && !cookie.contains(&code_of(&number)), "{cookie}");
    assert!(!page.text.contains(&code_of(&number)));
    let english = visitors.get("/en/my-file", &cookie);
    assert!(english.text.contains("There is nothing to pay"), "{}", english.text);
}

#[test]
fn a_wrong_number_a_wrong_code_and_another_files_code_get_the_same_answer() {
    let mut visitors = visitors();
    let (mine, others) = (visitors.number(visitors.finding.case), visitors.number(visitors.other));
    let tries = [
        ("RG-2099-000000-00".to_owned(), code_of(&mine)),
        (mine.clone(), "C0DE-0000".to_owned()),
        (mine.clone(), code_of(&others)),
    ];
    let answers = tries.map(|(number, code)| {
        let got = visitors.type_in(&number, &code);
        assert_eq!(got.status, StatusCode::OK);
        assert!(got.cookie().is_none(), "nothing is opened");
        got.text.replace(&number, "…")
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
    assert!(answers[0].contains("n’ouvrent aucun dossier"), "{}", answers[0]);
}

#[test]
fn guessing_at_the_portal_and_at_the_check_page_is_counted_together() {
    let mut visitors = visitors();
    let number = visitors.number(visitors.finding.case);
    for guess in 0..5 {
        visitors.type_in(&number, &format!("WR0NG-{guess}"));
        visitors.post("/fr/verifier", "", &format!("number={number}&code=WR0NG-{guess}"));
    }
    // Even the right code has to wait, or the limit would tell it from the others.
    let got = visitors.type_in(&number, &code_of(&number));
    assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(got.cookie().is_none());
    assert!(got.headers.contains_key(header::RETRY_AFTER));
    let page = visitors.post("/fr/verifier", "", &format!("number={number}&code=WR0NG"));
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
}

#[test]
fn without_a_visit_nothing_is_shown_and_nothing_sent() {
    let mut visitors = visitors();
    let before = visitors.lines(visitors.finding.case).len();
    for path in
        ["/observations", "/contestation", "/audition", "/situation", "/accuse/1", "/recu/1"]
    {
        let got = visitors.get(&format!("{FILE}{path}"), "");
        assert_eq!((got.status, got.location()), (StatusCode::SEE_OTHER, FILE), "{path}");
    }
    let cookie = visitors.open(visitors.finding.case);
    let token = visitors.get(&format!("{FILE}/observations"), &cookie).value_of("token");
    let (body, _, tag) = {
        let mut parts = cookie.rsplitn(2, '.');
        let tag = parts.next().unwrap().to_owned();
        (parts.next().unwrap().to_owned(), (), tag)
    };
    let other = visitors.other.to_string();
    let mine = visitors.finding.case.to_string();
    let forged = [
        format!("{}.{tag}", body.replace(&mine, &other)),
        format!("{body}.{}", tag.chars().rev().collect::<String>()),
        format!("entremise-file={other}.1683709200.1683709200.x"),
    ];
    for cookie in forged {
        let got = visitors.get(FILE, &cookie);
        assert!(got.text.contains("Ouvrir mon dossier"), "{cookie}");
        let path = format!("{FILE}/observations");
        let got = visitors.send_with(&path, &cookie, &token, &[("text", MINE)], b"");
        assert_eq!(got.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(visitors.lines(visitors.finding.case).len(), before);
}

#[test]
fn a_visit_ends_by_itself_and_what_was_written_is_given_back_to_our_own_page_alone() {
    let mut visitors = visitors();
    let cookie = visitors.open(visitors.finding.case);
    let path = format!("{FILE}/observations");
    let token = visitors.get(&path, &cookie).value_of("token");
    visitors.at("2023-05-10T10:00:00Z");
    let got = visitors.send_with(&path, &cookie, &token, &[("text", MINE)], b"");
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert!(got.text.contains(MINE), "what was written is not lost: {}", got.text);
    let body = portal_world::multipart(&[("text", "PAYEZ ICI")], b"");
    let foreign = axum::http::Request::post(&path)
        .header("sec-fetch-site", "cross-site")
        .header(
            header::CONTENT_TYPE,
            format!("multipart/form-data; boundary={}", portal_world::BOUNDARY),
        )
        .body(axum::body::Body::from(body));
    let got = visitors.call(foreign.unwrap());
    assert!(!got.text.contains("PAYEZ"), "nobody else puts words on our page");
    assert!(visitors.documents(visitors.finding.case).iter().all(|name| !name.ends_with(".txt")));
}

#[test]
fn what_is_written_is_kept_sealed_entered_and_acknowledged_with_its_digest() {
    let mut visitors = visitors();
    let case = visitors.finding.case;
    let cookie = visitors.open(case);
    let got = visitors.send("observations", &cookie, &[("text", MINE)], b"%PDF-1.7 SPECIMEN");
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert!(got.location().starts_with("/fr/mon-dossier/accuse/"), "{}", got.location());
    let kept = visitors.documents(case);
    assert_eq!(kept.iter().filter(|name| name.starts_with("observations-")).count(), 2, "{kept:?}");
    let by_person: Vec<_> =
        visitors.lines(case).into_iter().filter(|(_, actor)| actor == "concerned").collect();
    assert_eq!(
        by_person.iter().filter(|(kind, _)| kind == "event.observations_received").count(),
        2,
        "{by_person:?}"
    );
    let place = got.location().to_owned();
    let page = visitors.get(&place, &cookie);
    assert!(page.text.contains("C’est bien arrivé"), "{}", page.text);
    let State::Contradictory { heard, .. } = visitors.finding.ladder() else { panic!() };
    let digest = heard.defence.observations[0].document.to_string();
    assert!(page.text.contains(&digest));
    assert!(!page.text.contains("absent"), "the text itself stays sealed");
    // The same form again, as a tired finger sends it, is the same act.
    let again = visitors.send("observations", &cookie, &[("text", MINE)], b"%PDF-1.7 SPECIMEN");
    assert_eq!(again.location(), place);
    assert_eq!(visitors.documents(case), kept);
    let State::Contradictory { heard, .. } = visitors.finding.ladder() else { panic!() };
    assert_eq!(heard.defence.observations.len(), 2);
}

#[test]
fn works_are_named_to_whoever_asks_expressly_and_the_look_is_entered_before() {
    let mut visitors = visitors();
    let case = visitors.finding.case;
    let cookie = visitors.open(case);
    let token = visitors.get(FILE, &cookie).value_of("token");
    let forged = visitors.post(&format!("{FILE}/oeuvres"), &cookie, "token=x");
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let looks = |visitors: &portal_world::Visitors| {
        let lines = visitors.lines(case);
        lines.iter().filter(|line| **line == ("look.rights".into(), "concerned".into())).count()
    };
    assert_eq!(looks(&visitors), 0);
    let page = visitors.post(&format!("{FILE}/oeuvres"), &cookie, &format!("token={token}"));
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("Les Heures du port"), "{}", page.text);
    for sealed in SEALED {
        assert!(!page.text.contains(sealed), "{sealed}");
    }
    assert_eq!(looks(&visitors), 1);
}

#[test]
fn a_challenge_needs_a_ground_and_reasons_and_lies_open_until_it_is_answered() {
    let mut visitors = visitors();
    let case = visitors.finding.case;
    let cookie = visitors.open(case);
    let bare = visitors.send("contestation", &cookie, &[("text", MINE)], b"");
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bare.text.contains("Choisissez au moins une réponse"));
    assert!(bare.text.contains(MINE), "what was typed stays");
    let mute = visitors.send("contestation", &cookie, &[("ground", "not_me")], b"");
    assert_eq!(mute.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(mute.text.contains("Expliquez avec vos mots ce qui ne va pas"));
    let made_up = [("ground", "reptilians"), ("text", MINE)];
    let made_up = visitors.send("contestation", &cookie, &made_up, b"");
    assert_eq!(made_up.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("ground", "not_me"), ("ground", "misidentified"), ("text", MINE)];
    let got = visitors.send("contestation", &cookie, &fields, b"");
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    let state = visitors.finding.ladder();
    let (challenge, alarmed) = state.challenge().expect("the challenge is open");
    assert_eq!(challenge.grounds, [ChallengeGround::NotMe, ChallengeGround::Misidentified]);
    assert!(!alarmed);
    assert_eq!(state.name(), "contradictory", "it stops nothing by itself");
    let place = got.location().to_owned();
    let page = visitors.get(&place, &cookie);
    assert!(page.text.contains("vendredi 9\u{a0}juin 2023"), "twenty working days: {}", page.text);
    let again = visitors.get(&format!("{FILE}/contestation"), &cookie);
    assert_eq!(again.status, StatusCode::CONFLICT, "one is open already");
}

#[test]
fn a_hearing_is_chosen_among_what_is_offered_and_nobody_gets_the_same_time_twice() {
    let mut visitors = visitors();
    let (case, store) = (visitors.finding.case, visitors.finding.world.store.clone());
    let by = "officer-7".parse().unwrap();
    let (first, second) = (at("2023-06-14T12:00:00Z"), at("2023-06-15T12:00:00Z"));
    let now = at("2023-05-10T08:30:00Z");
    assert_eq!(store.publish_slots(&authority(), &[first, second], &by, now).unwrap(), 2);
    let cookie = visitors.open(case);
    let form = visitors.get(&format!("{FILE}/audition"), &cookie);
    assert!(form.text.contains("14\u{a0}juin 2023 à 14\u{a0}h\u{a0}00"), "{}", form.text);
    let unasked = visitors.send("audition", &cookie, &[("slot", "2023-06-16T12:00:00Z")], b"");
    assert_eq!(unasked.status, StatusCode::UNPROCESSABLE_ENTITY, "it was never offered");
    assert!(unasked.text.contains("Quelqu’un d’autre vient de prendre ce créneau"));
    let got = visitors.send("audition", &cookie, &[("slot", &first.to_string())], b"");
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    let State::Contradictory { heard, .. } = visitors.finding.ladder() else { panic!() };
    assert_eq!(heard.defence.hearing, Hearing::Convened { slot: first, presented: None });
    let place = got.location().to_owned();
    assert!(visitors.get(&place, &cookie).text.contains("Vous serez entendu le"));
    let of = (&authority(), visitors.other);
    let taken = store.ask_for_slot(of, first, at("2023-05-10T09:30:00Z"));
    assert!(matches!(taken, Err(entremise_store::SlotError::NotFree)), "{taken:?}");
    let again = visitors.get(&format!("{FILE}/audition"), &cookie);
    assert_eq!(again.status, StatusCode::CONFLICT, "the hearing is settled");
}

#[test]
fn a_form_of_another_visit_or_another_act_enters_nothing() {
    let mut visitors = visitors();
    let case = visitors.finding.case;
    let (mine, others) = (visitors.open(case), visitors.open(visitors.other));
    let before = (visitors.lines(case).len(), visitors.lines(visitors.other).len());
    let path = format!("{FILE}/observations");
    let of_other = visitors.get(&path, &others).value_of("token");
    let of_challenge = visitors.get(&format!("{FILE}/contestation"), &mine).value_of("token");
    for token in [of_other.as_str(), &of_challenge, "", "AAAA"] {
        let got = visitors.send_with(&path, &mine, token, &[("text", MINE)], b"");
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{token}");
    }
    let leave = visitors.post(&format!("{FILE}/quitter"), &mine, "token=x");
    assert_eq!(leave.status, StatusCode::FORBIDDEN);
    let after = (visitors.lines(case).len(), visitors.lines(visitors.other).len());
    assert_eq!(before, after);
}

#[test]
fn an_acknowledgement_and_a_receipt_of_another_file_are_not_there() {
    let mut visitors = visitors();
    let (mine, others) = (visitors.open(visitors.finding.case), visitors.open(visitors.other));
    let got = visitors.send("observations", &mine, &[("text", MINE)], b"");
    let entry = got.location().rsplit('/').next().unwrap().to_owned();
    let words = ["accuse", "recu"];
    for word in words {
        let path = format!("{FILE}/{word}/{entry}");
        assert_eq!(visitors.get(&path, &others).status, StatusCode::NOT_FOUND, "{word}");
    }
    // A line of one's own file that is no act of one's own has no receipt here either.
    let decided = visitors.mine().history.into_iter().find(|line| line.kind == "event.decided");
    let path = format!("{FILE}/recu/{}", decided.unwrap().seq);
    assert_eq!(visitors.get(&path, &mine).status, StatusCode::NOT_FOUND);
    assert_eq!(visitors.get(&format!("{FILE}/accuse/x"), &mine).status, StatusCode::NOT_FOUND);
}

#[test]
fn what_is_too_large_too_long_too_many_or_strange_is_said_and_not_kept() {
    let mut visitors = visitors();
    let case = visitors.finding.case;
    let cookie = visitors.open(case);
    let kept = visitors.documents(case).len();
    let large = [b"%PDF-1.7 ".as_slice(), &vec![b'x'; 5 * 1024 * 1024]].concat();
    let huge = vec![b'x'; 6 * 1024 * 1024];
    let long = "a".repeat(20_001);
    let cases: [(&str, &[u8], &str); 6] = [
        ("", b"", "Écrivez quelque chose"),
        (" \r\n\t ", b"", "Écrivez quelque chose"),
        (MINE, b"MZ\0\x01 a program", "ni un PDF"),
        (MINE, &large, "dépasse 5\u{a0}Mo"),
        (MINE, &huge, "dépasse 5\u{a0}Mo"),
        (&long, b"", "trop long"),
    ];
    for (text, document, said) in cases {
        let got = visitors.send("observations", &cookie, &[("text", text)], document);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(got.text.contains(said), "{said}: {}", got.text);
    }
    assert_eq!(visitors.documents(case).len(), kept);
    for number in 0..20 {
        let got = visitors.send("observations", &cookie, &[("text", &number.to_string())], b"");
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{number}: {}", got.text);
    }
    let more = visitors.send("observations", &cookie, &[("text", "encore")], b"");
    assert_eq!(more.status, StatusCode::TOO_MANY_REQUESTS, "twenty an hour");
    visitors.at("2023-05-11T09:00:00Z");
    let cookie = visitors.open(case);
    let more = visitors.send("observations", &cookie, &[("text", "encore")], b"");
    assert_eq!(more.status, StatusCode::UNPROCESSABLE_ENTITY, "twenty documents a file");
    assert!(more.text.contains("déjà le nombre de documents permis"), "{}", more.text);
}

#[test]
fn a_closed_case_shows_its_end_and_takes_nothing_more() {
    let mut visitors = visitors();
    let case = visitors.finding.case;
    let cookie = visitors.open(case);
    let path = format!("{FILE}/observations");
    let token = visitors.get(&path, &cookie).value_of("token");
    let store = visitors.finding.world.store.clone();
    let event = Event::Decided(entremise_core::event::Decision {
        by: "officer-7".parse().unwrap(),
        verdict: entremise_core::event::Verdict::Close,
        ground: entremise_core::event::Ground::Discretion,
    });
    let by = Actor::Person("officer-7".parse().unwrap());
    let of = CaseRef::Id(authority(), case);
    store.apply(&of, &event, &by, at("2023-05-10T09:05:00Z")).unwrap();
    visitors.at("2023-05-10T09:10:00Z");
    let page = visitors.get(FILE, &cookie);
    assert!(page.text.contains("Le dossier est clos"), "{}", page.text);
    assert!(page.text.contains("plus rien à envoyer"));
    assert_eq!(visitors.get(&path, &cookie).status, StatusCode::CONFLICT);
    let got = visitors.send_with(&path, &cookie, &token, &[("text", MINE)], b"");
    assert_eq!(got.status, StatusCode::CONFLICT, "{}", got.text);
    assert!(visitors.documents(case).iter().all(|name| !name.ends_with(".txt")));
}

#[test]
fn over_tls_the_cookie_is_bound_to_host_and_tls_and_leaving_ends_the_visit() {
    let mut visitors = visitors_with(|web| entremise_server::web::Web { secure: true, ..web });
    let number = visitors.number(visitors.finding.case);
    let got = visitors.type_in(&number, &code_of(&number));
    let cookie = got.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-"), "{cookie}");
    for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = got.cookie().unwrap();
    let page = visitors.get(FILE, &cookie);
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    let main = page.text.rsplit_once("/quitter").unwrap().1;
    let token = main.split_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let left = visitors.post(&format!("{FILE}/quitter"), &cookie, &format!("token={token}"));
    assert!(left.text.contains("Votre dossier est fermé"), "{}", left.text);
    assert!(left.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
}

#[test]
fn an_answer_needs_a_look_and_reasons_of_its_own_and_the_person_reads_it_on_their_file() {
    let mut visitors = visitors();
    let case = visitors.finding.case;
    let cookie = visitors.open(case);
    visitors.send("contestation", &cookie, &[("ground", "not_me"), ("text", MINE)], b"");
    visitors.at("2023-05-10T09:20:00Z");
    let (store, now) = (visitors.finding.world.store.clone(), visitors.finding.now());
    let (of, house) = (crate::oversight_world::authority(), Actor::House);
    store.keep_case_document(&of, case, "letter.pdf", b"%PDF-1.7", &house, now).unwrap();
    let path = format!("{}/contestation", visitors.finding.path());
    let page = visitors.finding.get(&path);
    assert!(page.text.contains("Ce n’est pas moi"), "{}", page.text);
    assert!(!page.text.contains("absent"), "nothing is opened before its form is sent");
    let opened = answer(&mut visitors, &path, &page, "", "", "");
    assert!(opened.text.contains(MINE), "{}", opened.text);
    assert!(
        visitors.lines(case).contains(&("look.answer".into(), "person:officer-7".into())),
        "{:?}",
        visitors.lines(case)
    );
    let kept = store.documents(&of, &case).unwrap();
    let theirs = kept.iter().filter(|row| row.name.starts_with("challenge-"));
    let theirs: Vec<_> = theirs.map(|row| row.id.0).collect();
    let file = visitors.finding.file();
    let line = file.history.iter().rfind(|line| line.kind == "look.answer").unwrap();
    let named = &line.body.as_ref().unwrap()["documents"];
    assert_eq!(named, &serde_json::json!(theirs), "what the person wrote, and no letter");
    assert!(theirs.len() < kept.len());
    let mute = answer(&mut visitors, &path, &opened, "yes", "rejected", " ");
    assert_eq!(mute.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Whoever did not open what was written cannot answer it.
    let unread = answer(&mut visitors, &path, &page, "yes", "rejected", "Non.");
    assert_eq!(unread.status, StatusCode::FORBIDDEN);
    let opened = answer(&mut visitors, &path, &page, "", "", "");
    let reasons = "Votre contrat dit que vous veillez sur votre acces.";
    let given = answer(&mut visitors, &path, &opened, "yes", "rejected", reasons);
    assert_eq!(given.status, StatusCode::SEE_OTHER, "{}", given.text);
    assert!(visitors.finding.ladder().challenge().is_none());
    let cookie = visitors.open(case);
    let page = visitors.get(FILE, &cookie);
    assert!(page.text.contains("Nous ne sommes pas de votre avis"), "{}", page.text);
    assert!(!page.text.contains(reasons), "reasons are opened by a form");
    let (place, rest) = page
        .text
        .split_once("/fr/mon-dossier/reponse/")
        .map(|(_, rest)| {
            let (entry, rest) = rest.split_once('"').unwrap();
            (format!("{FILE}/reponse/{entry}"), rest.to_owned())
        })
        .unwrap();
    let token = rest.split_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let read = visitors.post(&place, &cookie, &format!("token={token}"));
    assert!(read.text.contains(reasons), "{}", read.text);
    let file = visitors.finding.file();
    let line = file.history.iter().rfind(|line| line.kind == "look.rights").unwrap();
    let opened = &line.body.as_ref().unwrap()["documents"];
    assert_eq!(opened.as_array().unwrap().len(), 1, "the reasons, and nothing beside them");
    let others = visitors.open(visitors.other);
    let foreign = visitors.post(&place, &others, &format!("token={token}"));
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
}

/// Sends the office's form of a challenge.
fn answer(
    visitors: &mut portal_world::Visitors,
    path: &str,
    page: &crate::defence_world::Got,
    answers: &str,
    verdict: &str,
    reasons: &str,
) -> crate::defence_world::Got {
    let value = |name| crate::defence_world::value_of(page, name);
    let form = format!(
        "version={}&token={}&answers={answers}&verdict={verdict}&reasons={}",
        value("version"),
        value("token"),
        portal_world::encoded(reasons)
    );
    visitors.finding.post(path, "application/x-www-form-urlencoded", form.into_bytes())
}

#[test]
fn the_office_offers_slots_and_takes_back_what_nobody_chose() {
    let mut visitors = visitors();
    visitors.at("2023-05-10T09:20:00Z");
    let page = visitors.finding.get("/fr/bureau/creneaux");
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let token = crate::defence_world::value_of(&page, "token");
    let kind = "application/x-www-form-urlencoded";
    let mut change =
        |form: String| visitors.finding.post("/fr/bureau/creneaux", kind, form.into_bytes());
    let past = change(format!("token={token}&slot=2023-05-01T14%3A00"));
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(change("token=x&slot=2023-06-14T14%3A00".to_owned()).status, StatusCode::FORBIDDEN);
    let offered = change(format!("token={token}&slot=2023-06-14T14%3A00"));
    assert_eq!(offered.status, StatusCode::SEE_OTHER, "{}", offered.text);
    let store = visitors.finding.world.store.clone();
    let now = at("2023-05-10T09:20:00Z");
    let slots = store.slots(&authority(), now, 10).unwrap();
    assert_eq!(slots[0].starts_at, at("2023-06-14T12:00:00Z"));
    let gone = visitors.finding.post(
        "/fr/bureau/creneaux",
        kind,
        format!("token={token}&withdraw=2023-06-14T12%3A00%3A00Z").into_bytes(),
    );
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert!(store.slots(&authority(), now, 10).unwrap().is_empty());
}
