//! The complete file for the prosecutor: one document to read, with every piece attached, as
//! PDF/A-3a and PDF/UA-1. It stands alone: whoever has it needs no second inquiry.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use typst::foundations::Bytes;
use typst_layout::PagedDocument;

use crate::data::{Authority, Fact};
use crate::render::{LetterError, Pdf, Renderer, archivable, refused};
use crate::world::{LetterWorld, file_id};

const NAME: &str = "transmission";
const SOURCE: &str = include_str!("../../regimes/fr-graduated-response/letters/transmission.typ");
const LAYOUT: &str = include_str!("../../regimes/fr-graduated-response/letters/letter.typ");

/// All that the statement says. Holds identity: it has no `Debug`.
#[derive(Clone, Serialize)]
pub struct Transmission {
    pub authority: Authority,
    pub file_number: String,
    /// The day of the decision, in words.
    pub date: String,
    pub decided_by: String,
    pub reasons: String,
    pub person: Person,
    pub provider: String,
    pub facts: Vec<Fact>,
    /// What each identification rests on, a sentence for each fact, in their order.
    pub identifications: Vec<String>,
    /// What was sent, and the proof of each.
    pub steps: Vec<Step>,
    /// What the person answered, a sentence each; empty where they said nothing.
    pub answers: Vec<String>,
    pub pieces: Vec<PieceLine>,
    /// The ledger in which all of it stands.
    pub ledger_origin: String,
}

/// The subscriber, as the provider disclosed.
#[derive(Clone, Default, Serialize)]
pub struct Person {
    pub name: String,
    pub postal_address: Vec<String>,
    pub emails: Vec<String>,
    pub telephones: Vec<String>,
}

/// One warning or finding.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    pub what: String,
    /// A sentence each: handed over, presented, returned.
    pub proofs: Vec<String>,
}

/// A piece, as the list names it.
#[derive(Clone, Debug, Serialize)]
pub struct PieceLine {
    pub name: String,
    pub description: String,
    pub media_type: String,
    /// Hexadecimal.
    pub sha256: String,
}

/// A piece to be attached. No `Debug`.
pub struct Piece {
    /// A plain file name, told apart from all others of the file.
    pub name: String,
    pub description: String,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

impl Piece {
    pub fn line(&self) -> PieceLine {
        let digest = Sha256::digest(&self.bytes);
        PieceLine {
            name: self.name.clone(),
            description: self.description.clone(),
            media_type: self.media_type.to_owned(),
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

impl Renderer {
    /// Sets the statement with its pieces attached. The same arguments give the same bytes.
    ///
    /// # Errors
    /// [`LetterError`].
    pub fn transmission(
        &self,
        data: &Transmission,
        pieces: &[Piece],
        at: Timestamp,
    ) -> Result<Pdf, LetterError> {
        let main = self.read("main.typ", SOURCE);
        let layout = self.read("letter.typ", LAYOUT);
        let mut files = vec![
            (file_id("data.json"), self.printed(data)),
            // The layout is that of every letter, and names this file.
            (file_id("facts.json"), Bytes::from_string("{}".to_owned())),
        ];
        files.extend(pieces.iter().map(|piece| {
            (file_id(&format!("pieces/{}", piece.name)), Bytes::new(piece.bytes.clone()))
        }));
        let world = LetterWorld {
            library: &self.library,
            fonts: &self.fonts,
            main: &main,
            layout: &layout,
            files: &files,
        };
        let document = typst::compile::<PagedDocument>(&world)
            .output
            .map_err(|diagnostics| refused(NAME, &diagnostics))?;
        let ident = format!("{}/{}/{NAME}/{at}", data.authority.name, data.file_number);
        let options = archivable(ident, at)?;
        let bytes = typst_pdf::pdf(&document, &options)
            .map_err(|diagnostics| refused(NAME, &diagnostics))?;
        // A file's pieces can be large, and no other file has the same.
        typst::comemo::evict(0);
        Ok(Pdf { sha256: Sha256::digest(&bytes).into(), pages: document.pages().len(), bytes })
    }
}
