//! Template and data in, PDF/A-3a and PDF/UA-1 in one file out.
//!
//! Typst refuses to write a file that breaks either standard (no title, no date, no alternative
//! text); those refusals are tests, and veraPDF checks again from outside.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use typst::diag::SourceDiagnostic;
use typst::foundations::{Bytes, Datetime, Smart};
use typst::syntax::Source;
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::data::{Deadline, Fact, LetterData};
use crate::fonts::Fonts;
use crate::templates::Template;
use crate::typeset::{Places, typeset};
use crate::world::{LetterWorld, file_id};

/// How many letters an unused memo survives. Typst remembers every layout it ever made: without
/// this, 5,000 letters grow by 6 GB. Below 2, two wordings in turn and two threads would throw away
/// what the other is using; above it, what nobody will use again is walked through every time.
const MEMO_AGE_LETTERS: usize = 2;

/// A finished letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Pdf {
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, for the ledger.
    pub sha256: [u8; 32],
    pub pages: usize,
}

/// Why a letter could not be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// The template is wrong, or would make a file that breaks PDF/A or PDF/UA.
    #[error("the template {template} cannot be set: {reasons}")]
    Template { template: &'static str, reasons: String },
    /// The instant has no place in a PDF (years 0 to 9999).
    #[error("the instant of the letter cannot be written in a PDF")]
    Instant,
}

/// Sets letters. Made once (it reads the fonts), used by any number of threads.
pub struct Renderer {
    pub(crate) library: LazyHash<Library>,
    pub(crate) fonts: Fonts,
    /// Templates that were read before, by file name and text.
    read: Mutex<HashMap<(&'static str, &'static str), Source>>,
    /// Where things stood in the last letter of each wording.
    places: Mutex<HashMap<&'static str, Places>>,
}

/// What is attached to the letter as `facts.json`: what it says, for machines, without the
/// addressee. The schema's name changes with its shape.
#[derive(Serialize)]
struct AttachedFacts<'a> {
    schema: &'static str,
    specimen: bool,
    authority: &'a str,
    regime: &'a str,
    letter: &'a str,
    language: &'a str,
    file_number: &'a str,
    issued_at: Timestamp,
    provider: &'a str,
    facts: &'a [Fact],
    deadlines: &'a [Deadline],
    cites: &'a [String],
}

impl Renderer {
    pub fn new() -> Self {
        Self {
            library: LazyHash::new(Library::default()),
            fonts: Fonts::new(),
            read: Mutex::default(),
            places: Mutex::default(),
        }
    }

    /// Sets one letter.
    ///
    /// `at` is the instant of the letter: it becomes the document's date, so the same arguments
    /// give the same bytes on every machine and every day.
    pub fn render(
        &self,
        template: &Template,
        data: &LetterData,
        at: Timestamp,
    ) -> Result<Pdf, LetterError> {
        let refuse = |diagnostics: &[SourceDiagnostic]| refused(template.name, diagnostics);
        let main = self.read("main.typ", template.source);
        let layout = self.read("letter.typ", template.layout);
        let world = LetterWorld {
            library: &self.library,
            fonts: &self.fonts,
            main: &main,
            layout: &layout,
            files: &[
                (file_id("data.json"), self.printed(data)),
                (file_id("facts.json"), attached(template, data, at)),
            ],
        };
        let before = self.places_of(template);
        let document =
            typeset(&world, before.as_ref()).map_err(|diagnostics| refuse(&diagnostics))?;
        self.keep_places(template, document.introspector());
        let ident =
            format!("{}/{}/{}/{}", data.authority.name, data.file_number, template.name, at);
        let options = archivable(ident, at)?;
        let bytes =
            typst_pdf::pdf(&document, &options).map_err(|diagnostics| refuse(&diagnostics))?;
        typst::comemo::evict(MEMO_AGE_LETTERS);
        Ok(Pdf { sha256: Sha256::digest(&bytes).into(), pages: document.pages().len(), bytes })
    }

    /// A template's text, read once: its tree and its digest serve every letter.
    pub(crate) fn read(&self, name: &'static str, text: &'static str) -> Source {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let source = read.entry((name, text));
        source.or_insert_with(|| Source::new(file_id(name), text.to_owned())).clone()
    }

    fn places_of(&self, template: &Template) -> Option<Places> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(template.source).cloned()
    }

    fn keep_places(&self, template: &Template, fresh: &Places) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(template.source, Places::clone(fresh));
    }

    /// The data as the template prints them: every text made of signs the fonts have.
    pub(crate) fn printed(&self, data: &impl Serialize) -> Bytes {
        let mut value = serde_json::to_value(data).expect("letter data are plain JSON");
        self.make_printable(&mut value);
        Bytes::from_string(value.to_string())
    }

    fn make_printable(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.fonts.printable(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.make_printable(value)),
            Value::Object(fields) => {
                fields.values_mut().for_each(|value| self.make_printable(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

fn attached(template: &Template, data: &LetterData, at: Timestamp) -> Bytes {
    let facts = AttachedFacts {
        schema: "https://autorite.example/schemas/letter-facts/1",
        specimen: true,
        authority: &data.authority.name,
        regime: template.regime,
        letter: template.name,
        language: template.language.tag(),
        file_number: &data.file_number,
        issued_at: at,
        provider: &data.provider,
        facts: &data.facts,
        deadlines: &data.deadlines,
        cites: &data.cites,
    };
    let mut text = serde_json::to_string_pretty(&facts).expect("facts are plain JSON");
    text.push('\n');
    Bytes::from_string(text)
}

/// A file for archives and for screen readers, dated as it says.
pub(crate) fn archivable(ident: String, at: Timestamp) -> Result<PdfOptions, LetterError> {
    Ok(PdfOptions {
        ident: Smart::Custom(ident),
        creator: Smart::Custom(Some("Entremise".to_owned())),
        timestamp: Some(document_date(at).ok_or(LetterError::Instant)?),
        standards: PdfStandards::new(&[PdfStandard::A_3a, PdfStandard::Ua_1])
            .expect("PDF/A-3a and PDF/UA-1 share PDF 1.7"),
        ..PdfOptions::default()
    })
}

/// What a template refused to become.
pub(crate) fn refused(template: &'static str, diagnostics: &[SourceDiagnostic]) -> LetterError {
    let reasons = diagnostics.iter().map(|diagnostic| diagnostic.message.to_string());
    LetterError::Template { template, reasons: reasons.collect::<Vec<_>>().join("; ") }
}

fn document_date(at: Timestamp) -> Option<typst_pdf::Timestamp> {
    let moment = at.to_zoned(TimeZone::UTC);
    let datetime = Datetime::from_ymd_hms(
        i32::from(moment.year()),
        moment.month().try_into().ok()?,
        moment.day().try_into().ok()?,
        moment.hour().try_into().ok()?,
        moment.minute().try_into().ok()?,
        moment.second().try_into().ok()?,
    )?;
    Some(typst_pdf::Timestamp::new_utc(datetime))
}
