//! A warning, or word that an answer waits, as a mail: subject, text, HTML of the same words.
//!
//! A mailbox can belong to a stranger (a subscriber once gave somebody else's address, and the
//! stranger read a full identity). So a mail's data have no place for a name, a postal address, an
//! IP address or a port: what is not there cannot leak.

use askama::Template as _;
use serde::{Deserialize, Serialize};

use crate::data::{Authority, Deadline, Language, LetterData};
use crate::templates::Template;

/// All a mail says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailData {
    pub authority: Authority,
    pub file_number: String,
    pub verification_code: String,
    pub date: String,
    pub provider: String,
    pub facts: Vec<MailFact>,
    pub deadlines: Vec<Deadline>,
    pub cites: Vec<String>,
}

/// A fact as a mail may tell it: when, and which works where the rules name them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailFact {
    pub observed_at_text: String,
    pub works: Vec<String>,
}

/// A worded mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailTexts {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why a mail could not be worded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    #[error("no mail is worded for {name} of {regime} in this language")]
    NotWorded { regime: &'static str, name: &'static str },
    #[error("the mail template {name} cannot be filled: {reason}")]
    Template { name: &'static str, reason: String },
}

impl From<&LetterData> for MailData {
    /// Leaves the addressee, the IP addresses, the ports and the answer to a challenge behind.
    fn from(letter: &LetterData) -> Self {
        Self {
            authority: letter.authority.clone(),
            file_number: letter.file_number.clone(),
            verification_code: letter.verification_code.clone(),
            date: letter.date.clone(),
            provider: letter.provider.clone(),
            facts: letter
                .facts
                .iter()
                .map(|fact| MailFact {
                    observed_at_text: fact.observed_at_text.clone(),
                    works: fact.works.clone(),
                })
                .collect(),
            deadlines: letter.deadlines.clone(),
            cites: letter.cites.clone(),
        }
    }
}

/// The data as the templates read them: one line each, so that a title with a line break in it
/// cannot add a paragraph of its own.
struct Fields {
    authority: Authority,
    file_number: String,
    verification_code: String,
    date: String,
    provider: String,
    address: String,
    facts: Vec<MailFact>,
    deadlines: Vec<Deadline>,
    cites: String,
}

macro_rules! wording {
    ($name:ident, $path:literal) => {
        #[derive(askama::Template)]
        #[template(path = $path)]
        struct $name<'a> {
            mail: &'a Fields,
        }
    };
}

wording!(FirstFrText, "fr-graduated-response/letters/first.txt");
wording!(FirstFrHtml, "fr-graduated-response/letters/first.html");
wording!(FirstEnText, "fr-graduated-response/letters/first.en.txt");
wording!(FirstEnHtml, "fr-graduated-response/letters/first.en.html");
wording!(SecondFrText, "fr-graduated-response/letters/second.txt");
wording!(SecondFrHtml, "fr-graduated-response/letters/second.html");
wording!(SecondEnText, "fr-graduated-response/letters/second.en.txt");
wording!(SecondEnHtml, "fr-graduated-response/letters/second.en.html");
wording!(AnswerFrText, "fr-graduated-response/letters/answer.txt");
wording!(AnswerFrHtml, "fr-graduated-response/letters/answer.html");
wording!(AnswerEnText, "fr-graduated-response/letters/answer.en.txt");
wording!(AnswerEnHtml, "fr-graduated-response/letters/answer.en.html");
wording!(NoticeEnText, "xx-specimen/letters/notice.txt");
wording!(NoticeEnHtml, "xx-specimen/letters/notice.html");
wording!(FinalEnText, "xx-specimen/letters/final.txt");
wording!(FinalEnHtml, "xx-specimen/letters/final.html");
wording!(AnswerText, "xx-specimen/letters/answer.txt");
wording!(AnswerHtml, "xx-specimen/letters/answer.html");

/// Words the mail that belongs to a letter's template.
pub fn word(template: &Template, data: &MailData) -> Result<MailTexts, MailError> {
    let mail = &Fields::from(data);
    let (text, html) = match (template.regime, template.name, template.language) {
        ("fr-graduated-response", "first", Language::Fr) => {
            (FirstFrText { mail }.render(), FirstFrHtml { mail }.render())
        }
        ("fr-graduated-response", "first", Language::En) => {
            (FirstEnText { mail }.render(), FirstEnHtml { mail }.render())
        }
        ("fr-graduated-response", "second", Language::Fr) => {
            (SecondFrText { mail }.render(), SecondFrHtml { mail }.render())
        }
        ("fr-graduated-response", "second", Language::En) => {
            (SecondEnText { mail }.render(), SecondEnHtml { mail }.render())
        }
        ("fr-graduated-response", "answer", Language::Fr) => {
            (AnswerFrText { mail }.render(), AnswerFrHtml { mail }.render())
        }
        ("fr-graduated-response", "answer", Language::En) => {
            (AnswerEnText { mail }.render(), AnswerEnHtml { mail }.render())
        }
        ("xx-specimen", "answer", Language::En) => {
            (AnswerText { mail }.render(), AnswerHtml { mail }.render())
        }
        ("xx-specimen", "notice", Language::En) => {
            (NoticeEnText { mail }.render(), NoticeEnHtml { mail }.render())
        }
        ("xx-specimen", "final", Language::En) => {
            (FinalEnText { mail }.render(), FinalEnHtml { mail }.render())
        }
        (regime, name, _) => return Err(MailError::NotWorded { regime, name }),
    };
    let broken = |reason: String| MailError::Template { name: template.name, reason };
    let text = text.map_err(|trouble| broken(trouble.to_string()))?;
    let html = html.map_err(|trouble| broken(trouble.to_string()))?;
    // The first line of the text is the subject, as in the file a lawyer reads.
    let (head, body) = text
        .split_once("\n\n")
        .ok_or_else(|| broken("no empty line after the subject".to_owned()))?;
    let subject = head
        .strip_prefix("Subject: ")
        .ok_or_else(|| broken("the first line is not a subject".to_owned()))?;
    Ok(MailTexts { subject: subject.to_owned(), text: body.to_owned(), html })
}

impl From<&MailData> for Fields {
    fn from(data: &MailData) -> Self {
        let authority = Authority {
            name: one_line(&data.authority.name),
            address_lines: Vec::new(),
            email: one_line(&data.authority.email),
            verify_at: one_line(&data.authority.verify_at),
            offers_at: one_line(&data.authority.offers_at),
            signatory: one_line(&data.authority.signatory),
        };
        let mut address = vec![authority.name.clone()];
        address.extend(data.authority.address_lines.iter().map(|line| one_line(line)));
        Self {
            authority,
            file_number: one_line(&data.file_number),
            verification_code: one_line(&data.verification_code),
            date: one_line(&data.date),
            provider: one_line(&data.provider),
            address: address.join(", "),
            facts: data
                .facts
                .iter()
                .map(|fact| MailFact {
                    observed_at_text: one_line(&fact.observed_at_text),
                    works: fact.works.iter().map(|work| one_line(work)).collect(),
                })
                .collect(),
            deadlines: data
                .deadlines
                .iter()
                .map(|deadline| Deadline {
                    what: one_line(&deadline.what),
                    until: one_line(&deadline.until),
                    why: one_line(&deadline.why),
                })
                .collect(),
            cites: data.cites.iter().map(|cite| one_line(cite)).collect::<Vec<_>>().join(" · "),
        }
    }
}

/// The text without control characters and without signs that turn the direction of writing.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|sign| match sign {
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
            sign if sign.is_control() => ' ',
            sign => sign,
        })
        .collect()
}
