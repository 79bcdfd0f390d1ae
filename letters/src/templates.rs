//! The wordings that travel in the binary, by regime, letter and language.
//!
//! They lie beside the rules (`regimes/<regime>/letters`), where a lawyer reads them; here is only
//! the list.

use crate::data::Language;

/// One letter's wording in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    pub regime: &'static str,
    /// The name a stage of the regime gives (`letter = "first"`).
    pub name: &'static str,
    pub language: Language,
    /// The Typst source of the letter.
    pub source: &'static str,
    /// The layout it imports as `letter.typ`.
    pub layout: &'static str,
}

// One layout for every regime: the window of an envelope is where it is, whatever the law.
macro_rules! wording {
    ($regime:literal, $name:literal, $language:expr, $file:literal) => {
        Template {
            regime: $regime,
            name: $name,
            language: $language,
            source: include_str!(concat!("../../regimes/", $regime, "/letters/", $file)),
            layout: include_str!("../../regimes/fr-graduated-response/letters/letter.typ"),
        }
    };
}

/// Every letter this binary can set.
pub const ALL: [Template; 12] = [
    wording!("fr-graduated-response", "first", Language::Fr, "first.typ"),
    wording!("fr-graduated-response", "first", Language::En, "first.en.typ"),
    wording!("fr-graduated-response", "second", Language::Fr, "second.typ"),
    wording!("fr-graduated-response", "second", Language::En, "second.en.typ"),
    wording!("fr-graduated-response", "third", Language::Fr, "third.typ"),
    wording!("fr-graduated-response", "convocation", Language::Fr, "convocation.typ"),
    wording!("fr-graduated-response", "answer", Language::Fr, "answer.typ"),
    wording!("fr-graduated-response", "answer", Language::En, "answer.en.typ"),
    wording!("fr-graduated-response", "suspension", Language::Fr, "suspension.typ"),
    wording!("xx-specimen", "notice", Language::En, "notice.typ"),
    wording!("xx-specimen", "final", Language::En, "final.typ"),
    wording!("xx-specimen", "answer", Language::En, "answer.typ"),
];

/// The wording a stage asks for, or None where nobody wrote it.
pub fn find(regime: &str, name: &str, language: Language) -> Option<&'static Template> {
    ALL.iter().find(|template| {
        template.regime == regime && template.name == name && template.language == language
    })
}
