//! A member whom the provider of identities brought in registers a passkey on their own page, with
//! a code, and signs a deliberation with it. The passkey opens no door.

use std::sync::Arc;

use crate::authenticator::{ORIGIN, VERIFIED, answer, field, form, make, pair};
use crate::defence_world::{Finding, Got, finding, value_of};
use crate::federation::{SUBJECT, World, at_origin, session};
use crate::oversight_world::{MEMBER_SECRET, OFFICER_SECRET, authority, people};
use axum::http::StatusCode;
use entremise_server::web::defence::over_store::StoreDefence;
use entremise_server::web::passkey::Passkeys;
use entremise_server::web::passkey::known::code_digest;
use entremise_server::web::{Known, Sides, house_router};
use jiff::SignedDuration;
use ring::signature::EcdsaKeyPair;

const NOW: &str = "2023-05-26T08:00:00Z";
const KEY: &str = "/fr/membre/cle";
const FORM: &str = "application/x-www-form-urlencoded";

/// Before a deliberation, by a member who is to come in through the provider of identities.
struct Desk {
    finding: Finding,
    /// The member's session, that the provider's word opened.
    cookie: String,
}

fn desk() -> Desk {
    let (mut door, finding) = behind_the_provider(ORIGIN);
    let got = door.come_in();
    assert_eq!(got.status, StatusCode::OK, "{}", got.text);
    Desk { cookie: session(&got), finding }
}

/// The house at this address, and the door of the provider of identities before it.
pub fn behind_the_provider(origin: &str) -> (World, Finding) {
    let mut finding = finding();
    finding.at(NOW);
    finding.late();
    let store = finding.world.store.clone();
    let door = at_origin(origin, NOW, |federation, _, _| {
        finding.behind(|mut web| {
            let defence = StoreDefence::new(store.clone(), authority(), Vec::new());
            let defence = defence.signed_with_passkeys(vec!["membre-9".parse().unwrap()]);
            web.defence = Some(Arc::new(defence));
            let passkeys =
                Some(Arc::new(Passkeys::at_office(&store, &authority(), origin).unwrap()));
            let federation = Some(federation);
            let mut people: Vec<Known> = people().into_iter().map(Known::from).collect();
            let is_member = |one: &&mut Known| one.seat.person.as_str() == "membre-1";
            let member = people.iter_mut().find(is_member).unwrap();
            member.signs_with_passkey = true;
            let mut recognised = member.clone();
            recognised.seat.person = "membre-9".parse().unwrap();
            recognised.secret_sha256 = None;
            recognised.subject = Some(SUBJECT.to_owned());
            recognised.signs_with_passkey = true;
            people.push(recognised);
            house_router(web, people, Sides { passkeys, federation, ..Sides::default() }).unwrap()
        });
        finding.router()
    });
    (door, finding)
}

/// A code is handed to a member.
pub fn invite(finding: &Finding, whose: &str, code: &str) {
    let now = finding.now();
    let times = (now, now + SignedDuration::from_hours(1));
    let (who, by) = (whose.parse().unwrap(), "exploitant-1".parse().unwrap());
    let store = &finding.world.store;
    store.invite_reviewer(&authority(), &who, &code_digest(code), &by, times).unwrap();
}

impl Desk {
    fn invite(&self, whose: &str, code: &str) {
        invite(&self.finding, whose, code);
    }

    fn get(&mut self, path: &str) -> Got {
        let cookie = self.cookie.clone();
        self.finding.get_with(path, &cookie)
    }

    fn send(&mut self, path: &str, fields: &[(&str, String)]) -> Got {
        let cookie = self.cookie.clone();
        self.finding.post_with(path, FORM, form(fields).into_bytes(), &cookie)
    }

    fn type_code(&mut self, code: &str) -> Got {
        self.send(KEY, &[("code", code.to_owned())])
    }

    fn register(&mut self, credential: u8, key: &EcdsaKeyPair) {
        self.invite("membre-9", "CODE-9");
        let page = self.type_code("CODE-9");
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let kept = self.send(&format!("{KEY}/inscription"), &make(&page.text, credential, key));
        assert_eq!(kept.status, StatusCode::OK, "{}", kept.text);
        assert!(kept.text.contains("elle n’ouvre pas ce bureau"), "{}", kept.text);
    }

    /// The page that shows what is to be signed.
    fn page_to_sign(&mut self) -> Got {
        let path = format!("{}/deliberation", self.finding.path());
        let page = self.get(&path);
        let mut fields: Vec<_> = ["version", "token"].map(|one| (one, value_of(&page, one))).into();
        let looked = self.send(&path, &fields);
        fields = ["version", "token", "examined"].map(|one| (one, value_of(&looked, one))).into();
        fields.push(("outcome", "close".to_owned()));
        fields.push(("reasons", "Motifs SPECIMEN.".to_owned()));
        let shown = self.send(&path, &fields);
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        shown
    }

    fn sign(&mut self, page: &Got, credential: u8, key: &EcdsaKeyPair, reasons: &str) -> Got {
        let main = page.text.split_once("data-passkey").expect("a passkey is asked for").1;
        let names = ["version", "token", "examined", "outcome"];
        let mut fields: Vec<_> = names.map(|name| (name, field(main, name))).into();
        fields.push(("reasons", reasons.to_owned()));
        fields.extend(answer(&page.text, credential, key, VERIFIED));
        self.send(&format!("{}/deliberation/cle", self.finding.path()), &fields)
    }
}

#[test]
fn a_member_whom_the_provider_brought_in_registers_a_passkey_and_signs_with_it() {
    let (mut desk, key) = (desk(), pair());
    assert!(desk.get("/fr/membre").text.contains(KEY), "the way there is on the member's desk");
    let page = desk.page_to_sign();
    assert!(page.text.contains("Vous n’avez pas de clé ici") && page.text.contains(KEY));
    desk.register(9, &key);
    let page = desk.page_to_sign();
    let got = desk.sign(&page, 9, &key, "Motifs SPECIMEN.");
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert_eq!(desk.finding.state(), "dismissed");
    let again = desk.sign(&page, 9, &key, "Motifs SPECIMEN.");
    assert_ne!(again.status, StatusCode::SEE_OTHER, "once");
}

#[test]
fn another_persons_passkey_and_another_text_decide_nothing() {
    let (mut desk, key, others) = (desk(), pair(), pair());
    desk.register(9, &key);
    for (credential, with, reasons, why) in [
        (9, &others, "Motifs SPECIMEN.", "another's key under the member's number"),
        (8, &others, "Motifs SPECIMEN.", "a passkey that nobody knows"),
        (9, &key, "D’autres motifs.", "another text"),
    ] {
        let page = desk.page_to_sign();
        let got = desk.sign(&page, credential, with, reasons);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}: {}", got.text);
        assert_eq!(desk.finding.state(), "deliberating", "{why}");
    }
}

#[test]
fn nobody_registers_a_signing_passkey_for_somebody_else_without_a_code_or_before_coming_in() {
    let mut desk = desk();
    desk.invite("membre-9", "CODE-9");
    desk.invite("membre-1", "CODE-1");
    for (code, why) in [("CODE-1", "another member's code"), ("CODE-0", "no code")] {
        let got = desk.type_code(code);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}: {}", got.text);
    }
    let good = desk.type_code("CODE-9");
    assert_eq!(good.status, StatusCode::OK, "{}", good.text);
    let (member, officer) =
        (desk.finding.come_in(MEMBER_SECRET), desk.finding.come_in(OFFICER_SECRET));
    let made = form(&make(&good.text, 9, &pair())).into_bytes();
    let keep = format!("{KEY}/inscription");
    for (cookie, why) in [("", "nobody came in"), (officer.as_str(), "an officer")] {
        let got = desk.finding.post_with(&keep, FORM, made.clone(), cookie);
        assert_eq!(got.location, "/fr/connexion", "{why}: {}", got.text);
        assert_eq!(desk.finding.get_with(KEY, cookie).location, "/fr/connexion", "{why}");
    }
    let got = desk.finding.post_with(&keep, FORM, made, &member);
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "another member: {}", got.text);
    assert!(desk.finding.world.store.passkeys(&authority()).unwrap().is_empty());
    // Nor at the door, where whoever found the code would need nothing else.
    let open = "/fr/connexion/inscription";
    let got = desk.finding.post_with(open, FORM, b"code=CODE-9".to_vec(), "");
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", got.text);
}

#[test]
fn a_passkey_that_signs_opens_no_door() {
    let (mut desk, key) = (desk(), pair());
    desk.register(9, &key);
    let door = desk.finding.get_with("/fr/connexion/cle", "");
    let signed = form(&answer(&door.text, 9, &key, VERIFIED)).into_bytes();
    let got = desk.finding.post_with("/fr/connexion/cle", FORM, signed, "");
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", got.text);
}
