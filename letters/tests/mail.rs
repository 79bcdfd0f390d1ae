//! What a warning's mail says, and what it may never say.

use crate::sample;
use entremise_letters::mail::{MailData, MailError, MailTexts, word};
use entremise_letters::{LetterData, Outcome, templates};

fn worded(template: &templates::Template) -> MailTexts {
    word(template, &MailData::from(&sample::letter())).unwrap()
}

/// The wordings that leave as mails too. A finding of negligence is a letter and nothing else.
fn mailed() -> impl Iterator<Item = &'static templates::Template> {
    templates::ALL
        .iter()
        .filter(|template| !["third", "convocation", "suspension"].contains(&template.name))
}

/// Those of a stage: they tell what happened.
fn warnings() -> impl Iterator<Item = &'static templates::Template> {
    mailed().filter(|template| template.name != "answer")
}

/// The words a reader sees, in order; bullets are the list's own signs, not words.
fn words_of_text(text: &str) -> Vec<String> {
    text.split_whitespace().filter(|word| *word != "-").map(str::to_owned).collect()
}

fn words_of_html(html: &str) -> Vec<String> {
    let body = html.split_once("<body>").unwrap().1.split_once("</body>").unwrap().0;
    let mut plain = String::new();
    let mut inside_tag = false;
    for sign in body.chars() {
        match sign {
            '<' => {
                // Inline emphasis does not part words; a block, an entry or a break does.
                inside_tag = true;
            }
            '>' => inside_tag = false,
            sign if !inside_tag => plain.push(sign),
            _ => {}
        }
    }
    let plain = plain
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&");
    words_of_text(&plain)
}

#[test]
fn text_and_html_say_the_same_words_in_the_same_order() {
    for template in mailed() {
        let mail = worded(template);
        assert_eq!(words_of_text(&mail.text), words_of_html(&mail.html), "{}", template.name);
    }
}

#[test]
fn a_finding_of_negligence_is_never_a_mail() {
    let third = templates::ALL.iter().find(|template| template.name == "third").unwrap();
    let worded = word(third, &MailData::from(&sample::letter()));
    assert!(matches!(worded, Err(MailError::NotWorded { name: "third", .. })), "{worded:?}");
}

#[test]
fn a_mail_names_no_subscriber_and_no_address() {
    for template in mailed() {
        let mail = worded(template);
        let whole = format!("{}\n{}\n{}", mail.subject, mail.text, mail.html);
        for secret in ["Camille", "Spécimen", "EXEMPLEVILLE", "Exempleville", "192.0.2.17", "51413"]
        {
            assert!(!whole.contains(secret), "{secret} in {}", template.name);
        }
    }
}

#[test]
fn a_mail_bears_file_number_code_instant_provider_and_works() {
    for template in warnings() {
        let mail = worded(template);
        for said in [
            "2026-0001234",
            "7K3M-Q9TZ-4HXC",
            "21\u{a0}h\u{a0}14",
            "Opérateur Exemple",
            "Les Jours d’essai",
            "https://autorite.example/verifier",
            "SPECIMEN",
        ] {
            assert!(mail.text.contains(said), "{said} not in {}", template.name);
        }
        assert!(mail.subject.contains("SPECIMEN") && mail.subject.contains("2026-0001234"));
    }
}

#[test]
fn a_mail_says_that_the_authority_never_asks_for_money() {
    for template in mailed() {
        let text = worded(template).text;
        assert!(
            text.contains("L’Autorité ne demande jamais d’argent")
                || text.contains("The Authority never asks for money")
        );
    }
}

#[test]
fn a_mail_says_that_an_answer_waits_and_never_which() {
    for template in mailed().filter(|template| template.name == "answer") {
        let mail = worded(template);
        for said in ["2026-0001234", "7K3M-Q9TZ-4HXC", "https://autorite.example/verifier"] {
            assert!(mail.text.contains(said), "{said} not in {}", template.regime);
        }
        let of = |outcome| {
            let answer = Some(sample::answer(outcome));
            word(template, &MailData::from(&LetterData { answer, ..sample::letter() })).unwrap()
        };
        assert_eq!(of(Outcome::Upheld), of(Outcome::Rejected), "whatever the outcome is");
        let whole = format!("{}\n{}\n{}", mail.subject, mail.text, mail.html);
        for secret in ["Wi-Fi", "absente", "Seconde", "Les Jours d’essai", "21\u{a0}h\u{a0}14"] {
            assert!(!whole.contains(secret), "{secret} in {}", template.regime);
        }
    }
}

#[test]
fn a_mail_links_nowhere_and_loads_nothing() {
    for template in mailed() {
        let html = worded(template).html.to_lowercase();
        for forbidden in ["<a ", "href", "src=", "<img", "url(", "<script", "<form", "@import"] {
            assert!(!html.contains(forbidden), "{forbidden} in {}", template.name);
        }
    }
}

#[test]
fn a_title_cannot_add_markup_or_a_paragraph_of_its_own() {
    let mut letter = sample::letter();
    letter.facts =
        vec![sample::fact("<a href=\"https://pay.example\">x</a>\r\n\r\nPayez 450 euros")];
    let template = &templates::ALL[0];
    let mail = word(template, &MailData::from(&letter)).unwrap();
    assert!(!mail.html.contains("<a href"));
    assert!(!mail.text.lines().any(|line| line.starts_with("Payez")));
    assert_eq!(words_of_text(&mail.text), words_of_html(&mail.html));
}

#[test]
fn works_that_the_rules_keep_back_are_said_to_be_given_on_request() {
    let mut letter = sample::letter();
    letter.facts.iter_mut().for_each(|fact| fact.works.clear());
    let mail = word(&templates::ALL[0], &MailData::from(&letter)).unwrap();
    assert!(mail.text.contains("communiquée sur demande"));
}

#[test]
fn french_mails_never_break_a_line_before_a_tall_sign() {
    for template in mailed().filter(|template| template.language.tag() == "fr") {
        let text = worded(template).text;
        for broken in [" :", " ;", " !", " ?", " »", "« "] {
            assert!(!text.contains(broken), "{broken:?} in {}", template.name);
        }
    }
}
