//! The closed question: the right yes and no, nothing else for either side, and nothing for
//! whoever cheats.

use std::collections::BTreeSet;

use entremise_core::id::{AuthorityId, QuestionId};
use entremise_wire::register::{
    Asked, Person, RegisterKey, RegisterQuestion, RegisterTrouble, TAGS_AT_LEAST,
};
use uuid::Uuid;

fn person(family_name: &str, given_name: &str, born_on: &str) -> Person {
    Person {
        family_name: family_name.to_owned(),
        given_name: given_name.to_owned(),
        born_on: born_on.parse().unwrap(),
        born_in: "75056".to_owned(),
    }
}

fn barred() -> Person {
    person("Spécimen-Œuvrard", "Élodie Marie", "1980-01-31")
}

fn key() -> RegisterKey {
    RegisterKey::from_seed(&[7; 32]).unwrap()
}

fn authority() -> AuthorityId {
    "autorite".parse().unwrap()
}

fn ask(about: &Person) -> (Asked, RegisterQuestion) {
    Asked::about(about, authority(), QuestionId(Uuid::from_u128(1))).unwrap()
}

fn answered(about: &Person) -> bool {
    let tags = [key().tag(&barred()).unwrap()];
    let (asked, question) = ask(about);
    asked.read(&key().answer(&question, &tags).unwrap(), &key().public()).unwrap()
}

#[test]
fn whoever_is_on_the_register_is_a_yes_and_whoever_differs_in_anything_is_a_no() {
    assert!(answered(&barred()));
    for other in [
        person("Spécimen-Œuvrard", "Élodie", "1980-01-30"),
        person("Spécimen-Œuvrard", "Élodi", "1980-01-31"),
        person("Spécimen", "Élodie", "1980-01-31"),
        Person { born_in: "69123".to_owned(), ..barred() },
    ] {
        assert!(!answered(&other));
    }
}

#[test]
fn how_a_name_is_typed_makes_no_difference() {
    for (family, given) in [
        ("SPECIMEN OEUVRARD", "ELODIE"),
        ("spécimen-œuvrard", "élodie"),
        ("Spe\u{301}cimen Œuvrard", "Élodie, Marie"),
        (" Specimen’Oeuvrard ", " Elodie Marie Jeanne"),
    ] {
        assert!(answered(&person(family, given, "1980-01-31")), "{family} {given}");
    }
}

#[test]
fn a_question_about_nobody_is_none() {
    for about in [person("-", "Élodie", "1980-01-31"), person("Spécimen", " ", "1980-01-31")] {
        let refused = Asked::about(&about, authority(), QuestionId(Uuid::nil()));
        assert!(matches!(refused.map(|_| ()), Err(RegisterTrouble::NobodyAskedAbout)));
        assert!(key().tag(&about).is_err());
    }
}

#[test]
fn the_authority_sees_another_element_each_time_and_cannot_tell_two_questions_apart() {
    let seen: BTreeSet<String> = (0..20).map(|_| ask(&barred()).1.blinded).collect();
    assert_eq!(seen.len(), 20);
}

#[test]
fn an_answer_made_with_another_key_than_the_published_one_is_refused() {
    let marked = RegisterKey::from_seed(&[8; 32]).unwrap();
    let tags = [marked.tag(&barred()).unwrap()];
    let (asked, question) = ask(&barred());
    let answer = marked.answer(&question, &tags).unwrap();
    assert_eq!(asked.read(&answer, &key().public()), Err(RegisterTrouble::OtherKey));
}

#[test]
fn an_answer_to_another_question_or_of_no_form_says_nothing() {
    let tags = [key().tag(&barred()).unwrap()];
    let (first, question) = ask(&barred());
    let good = key().answer(&question, &tags).unwrap();
    let mut other = good.clone();
    other.id = QuestionId(Uuid::from_u128(2));
    assert_eq!(first.read(&other, &key().public()), Err(RegisterTrouble::OtherQuestion));
    // The answer to an earlier question, under this one's number: another blind.
    let (again, _) = ask(&barred());
    assert_eq!(again.read(&good, &key().public()), Err(RegisterTrouble::OtherKey));
    let (asked, question) = ask(&barred());
    let mut broken = key().answer(&question, &tags).unwrap();
    broken.proof.truncate(20);
    assert_eq!(asked.read(&broken, &key().public()), Err(RegisterTrouble::Malformed));
    let nonsense = RegisterQuestion { blinded: "AAAA".to_owned(), ..question };
    assert_eq!(key().answer(&nonsense, &tags), Err(RegisterTrouble::Malformed));
}

#[test]
fn two_answers_share_no_tag_and_their_number_says_little() {
    let tags: Vec<_> = (1..=9)
        .map(|day| key().tag(&person("Spécimen", "Camille", &format!("1980-01-0{day}"))).unwrap())
        .collect();
    let answers = [&tags[..], &tags[..3], &[]].map(|tags| {
        let (_, question) = ask(&barred());
        key().answer(&question, tags).unwrap().tags
    });
    let all: BTreeSet<&String> = answers.iter().flatten().collect();
    assert_eq!(all.len(), 3 * TAGS_AT_LEAST, "a tag that comes again would be followed over time");
    assert!(answers.iter().all(|tags| tags.len() == TAGS_AT_LEAST && tags.is_sorted()));
}

#[test]
fn what_lies_on_the_register_cannot_be_tried_without_the_authority() {
    // Whoever stole the tags and knows whom to try still needs the key.
    let stolen = key().tag(&barred()).unwrap();
    let guessed = RegisterKey::from_seed(&[9; 32]).unwrap().tag(&barred()).unwrap();
    assert!(stolen != guessed);
}
