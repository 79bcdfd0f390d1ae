//! Messages with a fixed purpose and notes, over a whole house: a purpose goes where its list says
//! and nowhere else, nothing in one's own words leaves, a note reaches nobody outside.

use crate::api_house::notice;
use crate::desks_house::{Desks, Got, value_after};
use axum::http::StatusCode;
use entremise_core::id::{AuthorityId, NoticeId};
use entremise_server::access::Role;
use entremise_server::intake::{Channel, Sending, receive};
use entremise_server::web::message::purpose::{Message, ToProvider, ToSender};
use entremise_server::worker;
use entremise_store::{
    About, ItemVerdict, Look, LookField, LookPurpose, NOTE_CHARS_MAX, Note, OwnLook,
};

/// What an officer typed, and what must reach nobody.
const OWN_WORDS: &str = "Cette personne est coupable SPECIMEN";

struct House {
    desks: Desks,
    notice: NoticeId,
    /// A notice of the same sender, of another case.
    elsewhere: NoticeId,
    /// The page of the case's messages.
    path: String,
}

fn house() -> House {
    let desks = Desks::open();
    let (room, now) = (&desks.house.rooms[0], desks.hand.clock()());
    let lines = [
        notice("N-1", "198.51.100.1", "2026-06-09T20:00:00Z"),
        notice("N-2", "198.51.100.2", "2026-06-09T20:00:00Z"),
    ];
    let sending = Sending {
        channel: Channel::Http,
        bytes: lines.join("\n").into_bytes(),
        idempotency_key: None,
        jws: None,
        received_at: now,
    };
    let report = receive(&desks.house.store, room, &room.senders[0], sending).unwrap();
    while !worker::round(&desks.house, now).unwrap().idle() {}
    let accepted = |place: usize| match &report.results[place].verdict {
        ItemVerdict::Accepted { notice } => *notice,
        other => panic!("{other:?}"),
    };
    let (notice, elsewhere) = (accepted(0), accepted(1));
    let row = desks.house.store.notice(&room.config.id, notice).unwrap().unwrap();
    let path = format!("/fr/bureau/dossier/{}/messages", row.case);
    House { desks, notice, elsewhere, path }
}

impl House {
    fn authority(&self) -> AuthorityId {
        self.desks.house.rooms[0].config.id.clone()
    }

    fn page(&mut self) -> Got {
        let path = self.path.clone();
        self.desks.get(Role::Officer, &path)
    }

    fn post(&mut self, fields: &[(&str, &str)]) -> Got {
        let page = self.page();
        let token = value_after(&page, "<main", "token");
        let mut all = vec![("token", token.as_str())];
        all.extend(fields);
        let path = self.path.clone();
        self.desks.post(Role::Officer, &path, &all)
    }

    fn ask_sender(&mut self, purpose: &str) -> Got {
        let notice = self.notice.to_string();
        self.post(&[("to", "sender"), ("purpose", purpose), ("about", &notice)])
    }

    /// The number of the question that the case put, as its page offers it.
    fn question(&mut self) -> String {
        let page = self.page();
        let (_, rest) = page.text.split_once("id=\"question\"").expect("a question was put");
        let (_, rest) = rest.split_once("value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

#[test]
fn a_sender_is_asked_to_mend_its_notice_and_answers_once_from_a_closed_list() {
    let mut house = house();
    let sent = house.ask_sender("correct_time");
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text);
    assert!(sent.text.contains("La demande est sur le bureau"), "{}", sent.text);
    let again = house.ask_sender("correct_time");
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "nobody is asked twice");
    for (path, said) in [
        ("/fr/messages", "Envoyez une saisine corrigée"),
        ("/en/messages", "Send a corrected notice"),
    ] {
        let page = house.desks.get(Role::Sender, path);
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains(said), "{}", page.text);
        assert!(page.text.contains(&house.notice.to_string()));
        assert!(!page.text.contains("⟨?⟩"), "every text is there");
        assert!(!page.text.contains("198.51.100"), "not even an address");
        assert!(!page.text.contains("officer-1"), "nor who asks");
    }
    let page = house.desks.get(Role::Sender, "/fr/messages");
    let (token, message) =
        (value_after(&page, "<main", "token"), value_after(&page, "<main", "message"));
    let answer = |answer: &'static str| {
        [("token", token.clone()), ("message", message.clone()), ("answer", answer.to_owned())]
    };
    let send = |house: &mut House, role: Role, fields: [(&str, String); 3]| {
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        house.desks.post(role, "/fr/messages", &fields)
    };
    for foreign in ["records_gone", "Nous savons qui c’est", ""] {
        let got = send(
            &mut house,
            Role::Sender,
            [
                ("token", token.clone()),
                ("message", message.clone()),
                ("answer", foreign.to_owned()),
            ],
        );
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{foreign}");
    }
    let done = send(&mut house, Role::Sender, answer("new_notice"));
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let twice = send(&mut house, Role::Sender, answer("cannot_mend"));
    assert_eq!(twice.status, StatusCode::NOT_FOUND, "an answer stands");
    assert!(house.page().text.contains("Une saisine corrigée suit."));
}

#[test]
fn a_provider_is_asked_why_and_sees_its_question_alone() {
    let mut house = house();
    let question = house.question();
    let fields = [("to", "provider"), ("purpose", "why_late"), ("about", question.as_str())];
    let sent = house.post(&fields);
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text);
    let page = house.desks.get(Role::Provider, "/fr/messages");
    assert!(page.text.contains("Dites pourquoi elle tarde"), "{}", page.text);
    assert!(page.text.contains(&question));
    assert!(!page.text.contains(&house.notice.to_string()), "no notice at a provider's desk");
    let senders = house.desks.get(Role::Sender, "/fr/messages");
    assert!(senders.text.contains("ne vous demande rien"), "{}", senders.text);
}

#[test]
fn a_purpose_goes_to_no_other_addressee_than_its_own_list_says() {
    let mut house = house();
    let (notice, question) = (house.notice.to_string(), house.question());
    for (to, purpose, about) in [
        ("sender", "why_late", notice.as_str()),
        ("provider", "correct_time", question.as_str()),
        // About what belongs to the other.
        ("sender", "correct_time", question.as_str()),
        ("provider", "why_late", notice.as_str()),
        ("person", "accuse", notice.as_str()),
        ("sender", "accuse", notice.as_str()),
        ("", "", ""),
    ] {
        let got = house.post(&[("to", to), ("purpose", purpose), ("about", about)]);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{to} {purpose} {about}");
    }
    for role in [Role::Sender, Role::Provider] {
        let page = house.desks.get(role, "/fr/messages");
        assert!(page.text.contains("ne vous demande rien"), "{}", page.text);
    }
    // The lists share no purpose, so that a name says whom it is for.
    for one in ToSender::ALL {
        assert!(ToProvider::ALL.iter().all(|other| other.name() != one.name()));
        assert_eq!(Message::read("provider", one.name(), &notice), None);
    }
}

#[test]
fn a_notice_of_another_case_cannot_be_written_about_and_nothing_typed_ever_leaves() {
    let mut house = house();
    let nowhere = uuid::Uuid::from_u128(7).to_string();
    for about in [house.elsewhere.to_string(), nowhere] {
        let fields = [("to", "sender"), ("purpose", "correct_time"), ("about", about.as_str())];
        assert_eq!(house.post(&fields).status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let notice = house.notice.to_string();
    // A form that was tampered with: words of one's own beside the purpose, and another addressee.
    let fields = [
        ("to", "sender"),
        ("purpose", "show_mandate"),
        ("about", notice.as_str()),
        ("note", OWN_WORDS),
        ("text", OWN_WORDS),
        ("party", "isp"),
    ];
    assert_eq!(house.post(&fields).status, StatusCode::OK);
    let page = house.desks.get(Role::Sender, "/fr/messages");
    assert!(page.text.contains("Justifier du mandat") && !page.text.contains(OWN_WORDS));
    let provider = house.desks.get(Role::Provider, "/fr/messages");
    assert!(provider.text.contains("ne vous demande rien"), "{}", provider.text);
    assert!(!house.page().text.contains(OWN_WORDS), "it was kept nowhere");
}

#[test]
fn a_note_is_short_sealed_read_after_a_look_and_reaches_nobody_outside() {
    let mut house = house();
    let long = "é".repeat(NOTE_CHARS_MAX + 1);
    for note in ["", "   ", long.as_str()] {
        let got = house.post(&[("to", "note"), ("note", note)]);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert!(Note::new(&"é".repeat(NOTE_CHARS_MAX)).is_some());
    let kept = house.post(&[("to", "note"), ("note", OWN_WORDS)]);
    assert!(kept.text.contains("La note est conservée"), "{}", kept.text);
    assert!(!house.page().text.contains(OWN_WORDS), "nothing is opened by a page that is shown");
    let (authority, store) = (house.authority(), house.desks.house.store.clone());
    let case = store.notice(&authority, house.notice).unwrap().unwrap().case;
    let looks = || {
        let file = store.case_file(&authority, &case).unwrap().unwrap();
        file.history.iter().filter(|line| line.kind == "look.answer").count()
    };
    let before = looks();
    let read = house.post(&[("to", "read")]);
    assert!(read.text.contains(OWN_WORDS), "{}", read.text);
    assert_eq!(looks(), before + 1, "the reading stands in the ledger");
    let file = store.case_file(&authority, &case).unwrap().unwrap();
    let line = file.history.iter().rfind(|line| line.kind == "look.answer").unwrap();
    let notes: Vec<_> = store.documents(&authority, &case).unwrap();
    let notes: Vec<_> = notes.iter().filter(|row| row.name.starts_with("note-")).collect();
    let opened = &line.body.as_ref().unwrap()["documents"];
    assert_eq!(opened, &serde_json::json!([notes[0].id.0]), "the note alone");
    for role in [Role::Sender, Role::Provider] {
        let page = house.desks.get(role, "/fr/messages");
        assert!(!page.text.contains(OWN_WORDS));
    }
    // What is made for others opens none, whoever makes it.
    let now = house.desks.hand.clock()();
    let (person, fields) = ("membre-1".parse().unwrap(), [LookField::Documents]);
    let holds = |purpose| {
        let look = Look {
            authority: &authority,
            person: &person,
            about: About::Case(case),
            purpose,
            legal_basis: "SPECIMEN",
            fields: &fields,
        };
        let seen = store.look(&look, now).unwrap();
        seen.documents.iter().any(|(name, _)| name.starts_with("note-"))
    };
    for purpose in [
        LookPurpose::Transmit,
        LookPurpose::Court,
        LookPurpose::Review,
        LookPurpose::Convene,
        LookPurpose::Pilot,
    ] {
        assert!(!holds(purpose), "{purpose:?}");
    }
    assert!(holds(LookPurpose::Rights), "the person may ask what is held of them");
    let own = OwnLook { authority: &authority, case, legal_basis: "SPECIMEN", fields: &fields };
    let seen = store.look_of_concerned(&own, now).unwrap();
    assert!(seen.documents.iter().all(|(name, _)| !name.starts_with("note-")), "nor the portal");
}

#[test]
fn only_officers_and_members_ask_and_only_the_addressee_answers() {
    let mut house = house();
    let path = house.path.clone();
    for role in [Role::Overseer, Role::Operator] {
        assert_eq!(house.desks.get(role, &path).status, StatusCode::FORBIDDEN, "{role:?}");
    }
    assert_eq!(house.desks.get(Role::Member, &path).status, StatusCode::OK);
    house.ask_sender("correct_source");
    let page = house.desks.get(Role::Sender, "/fr/messages");
    let message = value_after(&page, "<main", "message");
    let theirs = house.desks.get(Role::Provider, "/fr/messages");
    assert!(!theirs.text.contains(&message));
    let store = &house.desks.house.store;
    let (authority, now) = (house.authority(), house.desks.hand.clock()());
    for other in ["second", "isp"] {
        let answer = (message.parse().unwrap(), "new_notice");
        let other = other.parse().unwrap();
        assert!(!store.answer_message(&authority, &other, answer, now).unwrap());
    }
}
