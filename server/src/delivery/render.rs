//! From what a warning must say to the two forms it leaves in: a mail and a letter.
//!
//! The only place where instants become words. What may be shown (titles, addresses) is decided by
//! the rules of the day and arrives here as data.

use entremise_letters::address::PostalAddress;
use entremise_letters::mail::{self, MailData, MailError, MailTexts};
use entremise_letters::{
    Answer, Authority, Deadline, Fact, Language, LetterData, LetterError, Pdf, Renderer, Template,
    templates, wording,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::code::CodeKey;

/// All a warning says, before it is put into words. Names nobody.
#[derive(Clone)]
pub struct WarningContent {
    pub regime: String,
    /// The stage's letter (`first`, `second`).
    pub letter: String,
    pub language: Language,
    pub authority: Authority,
    pub file_number: String,
    pub provider: String,
    pub facts: Vec<WarningFact>,
    /// Whether the rules of the day name the works (2009–2021: on request only).
    pub names_works: bool,
    pub deadlines: Vec<Deadline>,
    pub cites: Vec<String>,
    /// What became of a challenge, where this answers one: in a letter only.
    pub answer: Option<Answer>,
}

/// One observed fact.
#[derive(Clone)]
pub struct WarningFact {
    pub observed_at: Timestamp,
    /// Shown in a letter only: a mail may be read by a stranger.
    pub address: Option<String>,
    pub port: Option<u16>,
    /// In lower case, as notices carry it (`bittorrent`).
    pub protocol: Option<String>,
    pub works: Vec<String>,
}

/// Why a warning could not be put into form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("nobody worded {letter} of {regime} in {language}")]
    NotWorded { regime: String, letter: String, language: &'static str },
    #[error(transparent)]
    Letter(#[from] LetterError),
    #[error(transparent)]
    Mail(#[from] MailError),
}

impl WarningContent {
    /// The mail. `at` is the instant of the message, `zone` the regime's time zone.
    pub fn mail(
        &self,
        key: &CodeKey,
        at: Timestamp,
        zone: &TimeZone,
    ) -> Result<MailTexts, RenderError> {
        let data = MailData {
            authority: self.authority.clone(),
            file_number: self.file_number.clone(),
            verification_code: key.code(&self.file_number),
            date: wording::day(at.to_zoned(zone.clone()).date(), self.language),
            provider: self.provider.clone(),
            facts: self
                .facts
                .iter()
                .map(|fact| mail::MailFact {
                    observed_at_text: self.told(fact, zone),
                    works: self.works(fact),
                })
                .collect(),
            deadlines: self.deadlines.clone(),
            cites: self.cites.clone(),
        };
        Ok(mail::word(self.template()?, &data)?)
    }

    /// The letter to one addressee.
    pub fn letter(
        &self,
        renderer: &Renderer,
        key: &CodeKey,
        recipient: PostalAddress,
        at: Timestamp,
        zone: &TimeZone,
    ) -> Result<Pdf, RenderError> {
        let data = LetterData {
            authority: self.authority.clone(),
            file_number: self.file_number.clone(),
            verification_code: key.code(&self.file_number),
            date: wording::day(at.to_zoned(zone.clone()).date(), self.language),
            recipient,
            provider: self.provider.clone(),
            facts: self
                .facts
                .iter()
                .map(|fact| Fact {
                    observed_at: fact.observed_at,
                    observed_at_text: self.told(fact, zone),
                    address: fact.address.clone(),
                    port: fact.port,
                    protocol: fact.protocol.as_deref().map(protocol_name),
                    works: self.works(fact),
                })
                .collect(),
            deadlines: self.deadlines.clone(),
            cites: self.cites.clone(),
            answer: self.answer.clone(),
            registered_number: None,
        };
        Ok(renderer.render(self.template()?, &data, at)?)
    }

    fn template(&self) -> Result<&'static Template, RenderError> {
        templates::find(&self.regime, &self.letter, self.language).ok_or_else(|| {
            RenderError::NotWorded {
                regime: self.regime.clone(),
                letter: self.letter.clone(),
                language: self.language.tag(),
            }
        })
    }

    fn told(&self, fact: &WarningFact, zone: &TimeZone) -> String {
        wording::instant(&fact.observed_at.to_zoned(zone.clone()), self.language)
    }

    fn works(&self, fact: &WarningFact) -> Vec<String> {
        if self.names_works { fact.works.clone() } else { Vec::new() }
    }
}

/// The name readers know a protocol by.
fn protocol_name(protocol: &str) -> String {
    match protocol {
        "bittorrent" => "BitTorrent".to_owned(),
        "ed2k" | "edonkey" => "eDonkey".to_owned(),
        "gnutella" => "Gnutella".to_owned(),
        other => other.to_owned(),
    }
}
