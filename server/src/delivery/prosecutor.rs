//! The way to the prosecutor: a folder from which complete files are taken, each a package that
//! stands alone.
//!
//! ```text
//! <folder>/<effect>/transmission.pdf    the statement, with every piece attached
//! <folder>/<effect>/manifest.xml        the same for machines: SEDA 2.1, ArchiveTransfer
//! <folder>/<effect>/content/<piece>     the pieces, one file each
//! ```
//!
//! A package appears whole or not at all: it is written beside its place and renamed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use entremise_core::id::EffectId;
use entremise_core::ledger::hexadecimal;
use entremise_letters::Pdf;
use entremise_letters::seal::{Seal, SealError};
use entremise_letters::transmission::{Piece, PieceLine};
use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

const SEDA: &str = "fr:gouv:culture:archivesdefrance:seda:v2.1";
const STATEMENT: &str = "transmission.pdf";
/// What a reader of the file is shown beside the seal.
const REASON: &str = "Transmission au procureur de la République (CPI R331-14)";

/// A hand-over folder, and the seal that every file in it bears. No `Debug`: it holds a key.
pub struct Prosecutor {
    folder: PathBuf,
    seal: Seal,
}

/// One file on its way. No `Debug`.
pub struct Package<'p> {
    pub effect: EffectId,
    pub file_number: &'p str,
    /// The authority's name, and its own short one.
    pub authority: (&'p str, &'p str),
    pub statement: &'p Pdf,
    pub pieces: &'p [Piece],
    pub at: Timestamp,
}

impl Prosecutor {
    /// Makes the folder where it is absent.
    ///
    /// # Errors
    /// The disk's.
    pub fn open(folder: &Path, seal: Seal) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), seal })
    }

    /// The statement with the authority's seal in it, as of the instant it was written.
    ///
    /// # Errors
    /// The seal's.
    pub fn seal(&self, statement: &Pdf, authority: &str, at: Timestamp) -> Result<Pdf, SealError> {
        self.seal.put_on(statement, authority, REASON, at)
    }

    /// Leaves a package. One that is there was left by an earlier try, and stays as it is.
    ///
    /// # Errors
    /// The disk's: nothing is there then, and it can be tried again.
    pub fn leave(&self, package: &Package<'_>) -> io::Result<()> {
        let place = self.folder.join(package.effect.to_string());
        if place.exists() {
            return Ok(());
        }
        let beside = self.folder.join(format!(".{}.part", package.effect));
        if beside.exists() {
            fs::remove_dir_all(&beside)?;
        }
        let content = beside.join("content");
        fs::create_dir_all(&content)?;
        for piece in package.pieces {
            write(&content.join(&piece.name), &piece.bytes)?;
        }
        write(&beside.join(STATEMENT), &package.statement.bytes)?;
        write(&beside.join("manifest.xml"), &manifest(package)?)?;
        File::open(&beside)?.sync_all()?;
        fs::rename(&beside, &place)?;
        File::open(&self.folder)?.sync_all()
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// What is in the package, with each digest, as archives in France exchange it.
fn manifest(package: &Package<'_>) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let statement = PieceLine {
        name: STATEMENT.to_owned(),
        description: "Procès-verbal récapitulatif, toutes pièces jointes".to_owned(),
        media_type: "application/pdf".to_owned(),
        sha256: hexadecimal(&package.statement.sha256),
    };
    let sizes = std::iter::once(package.statement.bytes.len())
        .chain(package.pieces.iter().map(|piece| piece.bytes.len()));
    let objects: Vec<(PieceLine, usize)> = std::iter::once(statement)
        .chain(package.pieces.iter().map(Piece::line))
        .zip(sizes)
        .collect();
    let (name, id) = package.authority;
    xml.create_element("ArchiveTransfer").with_attribute(("xmlns", SEDA)).write_inner_content(
        |xml| {
            text(xml, "Comment", &format!("SPECIMEN, dossier {}", package.file_number))?;
            text(xml, "Date", &package.at.to_string())?;
            text(xml, "MessageIdentifier", &package.effect.to_string())?;
            xml.create_element("DataObjectPackage").write_inner_content(|xml| {
                for (place, (line, size)) in objects.iter().enumerate() {
                    object(xml, place, line, *size)?;
                }
                described(xml, package, objects.len())
            })?;
            organisation(xml, "ArchivalAgency", "procureur", "Procureur de la République")?;
            organisation(xml, "TransferringAgency", id, name)
        },
    )?;
    let mut written = xml.into_inner();
    written.push(b'\n');
    Ok(written)
}

type Xml = Writer<Vec<u8>>;

fn object(xml: &mut Xml, place: usize, line: &PieceLine, size: usize) -> io::Result<()> {
    let uri = match line.name.as_str() {
        STATEMENT => STATEMENT.to_owned(),
        name => format!("content/{name}"),
    };
    let id = format!("object-{place}");
    xml.create_element("BinaryDataObject")
        .with_attribute(("id", id.as_str()))
        .write_inner_content(|xml| {
            text(xml, "Uri", &uri)?;
            xml.create_element("MessageDigest")
                .with_attribute(("algorithm", "SHA-256"))
                .write_text_content(BytesText::new(&line.sha256))?;
            text(xml, "Size", &size.to_string())?;
            xml.create_element("FormatIdentification")
                .write_inner_content(|xml| text(xml, "MimeType", &line.media_type))?;
            xml.create_element("FileInfo")
                .write_inner_content(|xml| text(xml, "Filename", &line.name))?;
            Ok(())
        })?;
    Ok(())
}

/// One unit that holds all objects: the file.
fn described(xml: &mut Xml, package: &Package<'_>, objects: usize) -> io::Result<()> {
    xml.create_element("DescriptiveMetadata").write_inner_content(|xml| {
        xml.create_element("ArchiveUnit").with_attribute(("id", "dossier")).write_inner_content(
            |xml| {
                xml.create_element("Content").write_inner_content(|xml| {
                    text(xml, "DescriptionLevel", "File")?;
                    text(xml, "Title", &format!("Dossier {}", package.file_number))
                })?;
                for place in 0..objects {
                    xml.create_element("DataObjectReference").write_inner_content(|xml| {
                        text(xml, "DataObjectReferenceId", &format!("object-{place}"))
                    })?;
                }
                Ok(())
            },
        )?;
        Ok(())
    })?;
    Ok(())
}

fn organisation(xml: &mut Xml, element: &str, id: &str, name: &str) -> io::Result<()> {
    xml.create_element(element).write_inner_content(|xml| {
        text(xml, "Identifier", id)?;
        xml.create_element("OrganizationDescriptiveMetadata")
            .write_inner_content(|xml| text(xml, "Name", name))?;
        Ok(())
    })?;
    Ok(())
}

fn text(xml: &mut Xml, element: &str, content: &str) -> io::Result<()> {
    xml.create_element(element).write_text_content(BytesText::new(content)).map(|_| ())
}
