//! A member signs a deliberation with a passkey: what is signed is good for this decision, on this
//! case, by this member, once; and a stranger can say so later from the file alone.

use std::sync::Arc;

use crate::authenticator::{ORIGIN, TOUCHED, VERIFIED, answer, field, form, pair, passkey};
use crate::defence_world::{Finding, Got, finding};
use crate::oversight_world::{authority, people};
use axum::http::StatusCode;
use entremise_core::authorisation::Signature;
use entremise_server::access::Role;
use entremise_server::web::defence::over_store::StoreDefence;
use entremise_server::web::defence::statement::{DecisionFile, SignedDecision};
use entremise_server::web::passkey::Passkeys;
use entremise_server::web::{Known, Sides, house_router};
use entremise_store::{About, Look, LookField, LookPurpose};
use jiff::SignedDuration;
use ring::signature::EcdsaKeyPair;

const REASONS: &str = "Les faits sont établis.\nLes observations ne convainquent pas.";

/// The member's own passkey, and another member's.
struct Keys {
    own: EcdsaKeyPair,
    others: EcdsaKeyPair,
}

/// Before a member who signs with a passkey; another member has one, too.
fn ripe() -> (Finding, Keys) {
    let mut finding = finding();
    finding.at("2023-05-26T08:00:00Z");
    finding.late();
    let (store, now) = (finding.world.store.clone(), finding.now());
    let keys = Keys { own: pair(), others: pair() };
    for (number, whose, key) in [(1, "membre-1", &keys.own), (2, "membre-2", &keys.others)] {
        let times = (now, now + SignedDuration::from_hours(1));
        let (whose, by) = (whose.parse().unwrap(), "exploitant-1".parse().unwrap());
        store.invite_reviewer(&authority(), &whose, &[number; 32], &by, times).unwrap();
        let passkey = passkey(number, key);
        store.register_passkey(&authority(), &[number; 32], &passkey, now).unwrap();
    }
    finding.behind(|mut web| {
        let members = vec!["membre-1".parse().unwrap(), "membre-2".parse().unwrap()];
        let defence = StoreDefence::new(store.clone(), authority(), Vec::new());
        web.defence = Some(Arc::new(defence.signed_with_passkeys(members)));
        let passkeys = Passkeys::at_office(&store, &authority(), ORIGIN).unwrap();
        let sides = Sides { passkeys: Some(Arc::new(passkeys)), ..Sides::default() };
        let people: Vec<Known> = people().into_iter().map(Known::from).collect();
        assert!(people.iter().any(|known| known.seat.role == Role::Member));
        house_router(web, people, sides).unwrap()
    });
    (finding, keys)
}

/// The page that shows what is to be signed.
fn to_sign(finding: &mut Finding, outcome: &str) -> Got {
    let page = finding.get(&format!("{}/deliberation", finding.path()));
    let opened = finding.deliberate(&page, "", "");
    let shown = finding.deliberate(&opened, outcome, REASONS);
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    shown
}

/// The fields of the form that a passkey signs, before it does.
fn fields(page: &Got) -> Vec<(&'static str, String)> {
    let main = page.text.split_once("data-passkey").unwrap().1;
    let mut fields: Vec<_> =
        ["version", "token", "examined", "outcome"].map(|name| (name, field(main, name))).into();
    // A browser sends a text area with other line ends.
    fields.push(("reasons", REASONS.replace('\n', "\r\n")));
    fields
}

fn send(finding: &mut Finding, fields: &[(&str, String)]) -> Got {
    let path = format!("{}/deliberation/cle", finding.path());
    finding.post(&path, "application/x-www-form-urlencoded", form(fields).into_bytes())
}

/// Signs the page and sends it.
fn sign(finding: &mut Finding, page: &Got, number: u8, key: &EcdsaKeyPair, flags: u8) -> Got {
    let mut fields = fields(page);
    fields.extend(answer(&page.text, number, key, flags));
    send(finding, &fields)
}

fn signed_file(finding: &Finding) -> SignedDecision {
    let look = Look {
        authority: &authority(),
        person: &"membre-1".parse().unwrap(),
        about: About::Case(finding.case),
        purpose: LookPurpose::Answer,
        legal_basis: "SPECIMEN",
        fields: &[LookField::Documents],
    };
    let seen = finding.world.store.look(&look, finding.now()).unwrap();
    let kept = seen.documents.into_iter().find(|(name, _)| name.starts_with("deliberation-"));
    SignedDecision::read(std::str::from_utf8(&kept.unwrap().1).unwrap()).unwrap()
}

#[test]
fn a_decision_signed_with_the_members_passkey_is_entered_and_a_stranger_can_verify_it() {
    let (mut finding, keys) = ripe();
    let page = to_sign(&mut finding, "transmit");
    assert!(page.text.contains("Signer avec votre clé d’accès"), "{}", page.text);
    let fresh = field(&page.text, "text");
    assert!(fresh.starts_with("entremise office deliberation v1\n"), "{fresh}");
    assert!(page.text.contains(&fresh), "the words of the house are shown, too");
    let got = sign(&mut finding, &page, 1, &keys.own, VERIFIED);
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert_eq!(finding.state(), "transmitted");
    let kept = signed_file(&finding);
    let key = kept.public_key.clone().unwrap();
    assert!(kept.holds_under(&key), "from the file alone");
    let mut bare = kept.clone();
    bare.fresh = None;
    assert!(!bare.holds_under(&key), "the house's words are part of what was signed");
}

#[test]
fn another_members_passkey_a_forged_one_and_one_that_asked_nobody_decide_nothing() {
    let (mut finding, keys) = ripe();
    for (number, key, flags, why) in [
        (2, &keys.others, VERIFIED, "another member's"),
        (1, &keys.others, VERIFIED, "the member's number, another's key"),
        (3, &keys.own, VERIFIED, "a credential nobody knows"),
        (1, &keys.own, TOUCHED, "its owner was not verified"),
    ] {
        let page = to_sign(&mut finding, "transmit");
        let got = sign(&mut finding, &page, number, key, flags);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}: {}", got.text);
        assert_eq!(finding.state(), "deliberating", "{why}");
    }
}

#[test]
fn a_signature_is_good_for_no_other_text() {
    let (mut finding, keys) = ripe();
    let page = to_sign(&mut finding, "close");
    for (name, other) in [("outcome", "transmit"), ("reasons", "D’autres motifs.")] {
        let mut fields = fields(&page);
        let field = fields.iter_mut().find(|(field, _)| *field == name).unwrap();
        field.1 = other.to_owned();
        fields.extend(answer(&page.text, 1, &keys.own, VERIFIED));
        let got = send(&mut finding, &fields);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {}", got.text);
        assert_eq!(finding.state(), "deliberating", "{name}");
    }
    // Words of the house that are for something else: to come in.
    let door = finding.get("/fr/connexion/cle");
    let mut fields = fields(&page);
    fields.extend(answer(&door.text, 1, &keys.own, VERIFIED));
    assert_eq!(send(&mut finding, &fields).status, StatusCode::UNPROCESSABLE_ENTITY);
    // And of another house.
    let (mut elsewhere, _) = ripe();
    let theirs = to_sign(&mut elsewhere, "close");
    let mut fields = self::fields(&page);
    fields.extend(answer(&theirs.text, 1, &keys.own, VERIFIED));
    assert_eq!(send(&mut finding, &fields).status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(finding.state(), "deliberating");
}

#[test]
fn a_signature_is_good_on_no_other_case_once_and_for_ten_minutes() {
    let (mut finding, keys) = ripe();
    let page = to_sign(&mut finding, "transmit");
    let mut signed = fields(&page);
    signed.extend(answer(&page.text, 1, &keys.own, VERIFIED));
    // Another case: the form's token is tied to this one.
    let path = "/fr/bureau/dossier/2022-000001-0/deliberation/cle";
    let kind = "application/x-www-form-urlencoded";
    let got = finding.post(path, kind, form(&signed).into_bytes());
    assert_eq!(got.status, StatusCode::FORBIDDEN, "{}", got.text);
    assert_eq!(send(&mut finding, &signed).status, StatusCode::SEE_OTHER);
    assert_eq!(finding.state(), "transmitted");
    let again = send(&mut finding, &signed);
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.text);
    // Ten minutes later the words are stale, though the case stands where it stood.
    let (mut finding, keys) = ripe();
    let page = to_sign(&mut finding, "transmit");
    let mut signed = fields(&page);
    signed.extend(answer(&page.text, 1, &keys.own, VERIFIED));
    finding.clock_at("2023-05-26T08:10:00Z");
    assert_eq!(send(&mut finding, &signed).status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(finding.state(), "deliberating");
}

#[test]
fn words_that_were_signed_once_are_not_signed_again_even_where_nothing_was_entered() {
    let (mut finding, keys) = ripe();
    let page = to_sign(&mut finding, "transmit");
    let mut signed = fields(&page);
    signed.extend(answer(&page.text, 1, &keys.own, VERIFIED));
    // The case moves between the page and the signature: nothing is entered, the words are used.
    let letter = [("act", "observations"), ("received_on", "2023-05-26")];
    assert_eq!(finding.enter(&letter, b"%PDF-1.7 SPECIMEN").status, StatusCode::SEE_OTHER);
    let got = send(&mut finding, &signed);
    assert_eq!(got.status, StatusCode::CONFLICT, "{}", got.text);
    let again = send(&mut finding, &signed);
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.text);
    assert_eq!(finding.state(), "deliberating");
}

#[test]
fn a_file_signed_with_a_passkey_is_not_taken_in_place_of_a_key_files() {
    let (mut finding, keys) = ripe();
    let page = to_sign(&mut finding, "transmit");
    let fields = answer(&page.text, 1, &keys.own, VERIFIED);
    let of = |name: &str| fields.iter().find(|(field, _)| *field == name).unwrap().1.clone();
    let file = finding.fetch_to_sign(&page, "transmit", REASONS).text;
    let all = finding.world.store.passkeys(&authority()).unwrap();
    let own = all.into_iter().find(|key| key.reviewer.as_str() == "membre-1").unwrap();
    let signature = Signature::Passkey {
        authenticator_data: of("authenticator_data"),
        client_data: of("client_data"),
        signature: of("signature"),
    };
    let mut signed = DecisionFile::read(&file).unwrap().signed(own.key, signature);
    signed.fresh = Some(of("text"));
    let got = finding.hand_in(&page, signed.to_json().as_bytes());
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", got.text);
    assert_eq!(finding.state(), "deliberating");
    // The signature itself is good: on the page it decides.
    let mut form = self::fields(&page);
    form.extend(fields.clone());
    assert_eq!(send(&mut finding, &form).status, StatusCode::SEE_OTHER);
}
