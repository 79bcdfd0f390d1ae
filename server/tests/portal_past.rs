//! A day that is behind is told in the past tense on the portal, in both languages; on the last day
//! itself there is still time, and the page says so.

use crate::measure_world::judged;
use crate::oversight_world::{at, authority};
use crate::portal_world::{FILE, Visitors, visitors};
use axum::http::StatusCode;

/// The file as it is told at an instant, in French and in English.
fn told(visitors: &mut Visitors, instant: &str) -> (String, String) {
    visitors.at(instant);
    let cookie = visitors.open(visitors.finding.case);
    (visitors.get(FILE, &cookie).text, visitors.get("/en/my-file", &cookie).text)
}

/// One sentence on the last day, the other from the first moment after it.
fn turns(
    visitors: &mut Visitors,
    (last, after): (&str, &str),
    (fr, fr_past): (&str, &str),
    (en, en_past): (&str, &str),
) {
    let (french, english) = told(visitors, last);
    for (page, has, not) in [(&french, fr, fr_past), (&english, en, en_past)] {
        assert!(page.contains(has), "{has}\n{page}");
        assert!(!page.contains(not), "{not} on the last day itself\n{page}");
    }
    let (french, english) = told(visitors, after);
    for (page, has, not) in [(&french, fr_past, fr), (&english, en_past, en)] {
        assert!(page.contains(has), "{has}\n{page}");
        assert!(!page.contains(not), "{not} though it is behind\n{page}");
    }
}

#[test]
fn the_time_for_observations_is_told_as_over_once_its_last_day_is_behind() {
    // Midnight of Paris is 22:00 UTC in summer.
    turns(
        &mut visitors(),
        ("2023-05-24T21:59:00Z", "2023-05-24T22:01:00Z"),
        (
            "est le dernier jour pour répondre",
            "Le délai pour répondre ou demander à être entendu a pris fin le mercredi 24\u{a0}mai",
        ),
        ("is the last day to answer", "to be heard ended on Wednesday 24\u{a0}May 2023"),
    );
}

#[test]
fn the_time_to_appeal_is_told_as_over_once_its_last_day_is_behind() {
    turns(
        &mut judged().visitors(),
        ("2024-01-22T22:59:00Z", "2024-01-22T23:01:00Z"),
        (
            "est le dernier jour pour faire appel",
            "Le délai pour faire appel a pris fin le lundi 22\u{a0}janvier 2024",
        ),
        ("is the last day to appeal", "The time to appeal ended on Monday 22\u{a0}January 2024"),
    );
}

#[test]
fn an_answer_that_the_house_owes_is_told_as_owed_once_its_day_is_behind() {
    let mut visitors = visitors();
    let cookie = visitors.open(visitors.finding.case);
    let fields = [("ground", "not_me"), ("text", "Ce n’était pas moi. SPECIMEN")];
    let got = visitors.send("contestation", &cookie, &fields, b"");
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    let acknowledged = got.location().to_owned();
    let (fr, fr_past) = (
        "est le dernier jour où nous devons répondre",
        "Nous devions répondre à votre contestation au plus tard le",
    );
    // Twenty working days from 10 May 2023 end on 8 June.
    let en = ("we must answer your challenge", "We had to answer your challenge by");
    turns(&mut visitors, ("2023-06-08T12:00:00Z", "2023-06-12T12:00:00Z"), (fr, fr_past), en);
    let cookie = visitors.open(visitors.finding.case);
    let page = visitors.get(&acknowledged, &cookie).text;
    assert!(page.contains(fr_past) && !page.contains(fr), "{page}");
}

#[test]
fn a_hearing_is_told_as_past_once_its_hour_is_behind() {
    let mut visitors = visitors();
    let (store, by) = (visitors.finding.world.store.clone(), "officer-7".parse().unwrap());
    let (slot, now) = (at("2023-06-15T12:00:00Z"), at("2023-05-10T08:30:00Z"));
    assert_eq!(store.publish_slots(&authority(), &[slot], &by, now).unwrap(), 1);
    let cookie = visitors.open(visitors.finding.case);
    let got = visitors.send("audition", &cookie, &[("slot", &slot.to_string())], b"");
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    turns(
        &mut visitors,
        ("2023-06-15T11:59:00Z", "2023-06-15T12:01:00Z"),
        (
            "est le jour et l’heure où vous serez entendu",
            "Votre audition était fixée au 15\u{a0}juin 2023 à 14",
        ),
        ("at which you will be heard", "Your hearing was set for 15\u{a0}June 2023"),
    );
}

#[test]
fn every_page_is_small_enough_for_an_old_telephone_on_a_bad_line() {
    let mut visitors = visitors();
    let cookie = visitors.open(visitors.finding.case);
    let number = visitors.get(FILE, "").text;
    let style = number.split_once("rel=\"stylesheet\" href=\"").expect("there is a style").1;
    let style = visitors.get(style.split('"').next().unwrap(), "").text.len();
    assert!(style < 32 * 1024, "the style, once for all pages: {style}");
    for page in ["", "/contestation", "/observations", "/audition", "/situation"] {
        let bytes = visitors.get(&format!("{FILE}{page}"), &cookie).text.len();
        eprintln!("SIZE {FILE}{page}: {bytes}, with style {}", bytes + style);
        assert!(bytes < 12 * 1024, "{FILE}{page}: {bytes}");
    }
    eprintln!("SIZE number and code: {}, with style {}", number.len(), number.len() + style);
}
