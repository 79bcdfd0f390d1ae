//! The authority's electronic seal in a file for the prosecutor (eIDAS, art. 36): a signature that
//! travels inside the PDF, as PAdES baseline B-B has it (ETSI EN 319 142-1, clause 6).
//!
//! The PDF that was set stays as it is, byte for byte; the signature is an incremental update
//! behind it (ISO 32000-1, 7.5.6). Its field takes no place on the page: the file stays PDF/A-3a
//! and PDF/UA-1. The same file, seal and instant give the same bytes.

use cms::builder::{SignedDataBuilder, SignerInfoBuilder};
use cms::cert::x509::attr::{Attribute, AttributeValue};
use cms::cert::x509::der::asn1::{ObjectIdentifier, OctetString, SequenceOf, SetOfVec};
use cms::cert::x509::der::{self, Encode};
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::ContentInfo;
use cms::signed_data::{EncapsulatedContentInfo, SignerIdentifier};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lopdf::{
    Dictionary, Document, IncrementalDocument, Object, ObjectId, StringFormat, dictionary,
};
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey as _;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;

use crate::render::Pdf;

/// id-data and SHA-256 (RFC 5652, 4; RFC 5754, 2.2), and the attribute that ties the signature to
/// its certificate (RFC 5035, 3).
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// Room for the signature and its chain of certificates.
const SIGNATURE_BYTES: usize = 12_288;
/// Ten digits: what stands in the place of an offset until it is known.
const OFFSET: i64 = 9_999_999_999;

/// The key and the certificates with which files are sealed. No `Debug`.
pub struct Seal {
    key: SigningKey,
    /// The seal's own first, then those that vouch for it.
    certificates: Vec<Certificate>,
}

/// Why there is no seal.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("no certificate can be read; it must be PEM, the seal's own first: {0}")]
    Certificate(#[source] der::Error),
    #[error("the key cannot be read; it must be an unencrypted PKCS #8 PEM on the curve P-256")]
    Key,
    #[error("the certificate is another key's")]
    OtherKey,
    #[error("the file cannot be added to: {0}")]
    Pdf(#[from] lopdf::Error),
    #[error("the file cannot be written: {0}")]
    Written(#[from] std::io::Error),
    #[error("the signature cannot be encoded: {0}")]
    Encoding(#[from] der::Error),
    #[error("the signature cannot be made: {0}")]
    Signature(String),
    #[error("the signature and its certificates need {needed} bytes; there is room for {room}")]
    TooLong { needed: usize, room: usize },
    #[error("the place that was kept for the signature is not in the file")]
    NoPlace,
}

// It is no `std::error::Error`.
impl From<cms::builder::Error> for SealError {
    fn from(error: cms::builder::Error) -> Self {
        Self::Signature(error.to_string())
    }
}

impl Seal {
    /// Reads a seal: certificates in PEM, the seal's own first, and its key (PKCS #8, P-256).
    ///
    /// # Errors
    /// One of them cannot be read, or they do not belong together.
    pub fn read(certificates: &str, key: &str) -> Result<Self, SealError> {
        let certificates =
            Certificate::load_pem_chain(certificates.as_bytes()).map_err(SealError::Certificate)?;
        let key = SigningKey::from_pkcs8_pem(key).map_err(|_| SealError::Key)?;
        let Some(own) = certificates.first() else {
            return Err(SealError::Certificate(der::ErrorKind::Failed.into()));
        };
        let public = own.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes();
        if public != key.verifying_key().to_encoded_point(false).as_bytes() {
            return Err(SealError::OtherKey);
        }
        Ok(Self { key, certificates })
    }

    /// The file with the seal in it, as of an instant. `name` is who seals, `reason` what for: both
    /// are shown by whatever reads the file.
    ///
    /// # Errors
    /// The file is no PDF that can be added to, or the chain of certificates is too long.
    pub fn put_on(
        &self,
        pdf: &Pdf,
        name: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<Pdf, SealError> {
        let (mut bytes, place) = with_place(&pdf.bytes, name, reason, at)?;
        // All of the file but the place of the signature itself.
        let (before, after) = (&bytes[..place.start], &bytes[place.end..]);
        let digest = Sha256::new().chain_update(before).chain_update(after).finalize();
        let signature = self.sign(&digest)?.to_der()?;
        if signature.len() > SIGNATURE_BYTES {
            let (needed, room) = (signature.len(), SIGNATURE_BYTES);
            return Err(SealError::TooLong { needed, room });
        }
        // Behind the opening bracket; what is left of the place stays zero.
        for (octet, pair) in signature.iter().zip(bytes[place.start + 1..].chunks_exact_mut(2)) {
            pair.copy_from_slice(format!("{octet:02x}").as_bytes());
        }
        Ok(Pdf { sha256: Sha256::digest(&bytes).into(), pages: pdf.pages, bytes })
    }

    /// A detached signature over a digest (RFC 5652, 5), with what PAdES wants signed beside it.
    fn sign(&self, digest: &[u8]) -> Result<ContentInfo, SealError> {
        let own = &self.certificates[0];
        let sha_256 = || AlgorithmIdentifierOwned { oid: SHA_256, parameters: None };
        let content = EncapsulatedContentInfo { econtent_type: DATA, econtent: None };
        let signer = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: own.tbs_certificate.issuer.clone(),
            serial_number: own.tbs_certificate.serial_number.clone(),
        });
        let mut signed =
            SignerInfoBuilder::new(&self.key, signer, sha_256(), &content, Some(digest))?;
        signed.add_signed_attribute(signing_certificate(own)?)?;
        let mut data = SignedDataBuilder::new(&content);
        data.add_digest_algorithm(sha_256())?;
        for certificate in &self.certificates {
            data.add_certificate(CertificateChoices::Certificate(certificate.clone()))?;
        }
        data.add_signer_info::<SigningKey, DerSignature>(signed)?;
        Ok(data.build()?)
    }
}

/// `SigningCertificateV2` with the digest of the seal's own certificate; SHA-256 is its default.
fn signing_certificate(own: &Certificate) -> der::Result<Attribute> {
    fn sequence<T>(of: T) -> der::Result<SequenceOf<T, 1>> {
        let mut sequence = SequenceOf::new();
        sequence.add(of)?;
        Ok(sequence)
    }
    let digest = OctetString::new(Sha256::digest(own.to_der()?).as_slice())?;
    let value = AttributeValue::encode_from(&sequence(sequence(sequence(digest)?)?)?)?;
    let mut values = SetOfVec::new();
    values.insert(value)?;
    Ok(Attribute { oid: SIGNING_CERTIFICATE, values })
}

/// Where the signature goes, brackets included.
struct Place {
    start: usize,
    end: usize,
}

/// The file with an empty signature behind it whose `/ByteRange` is right already.
fn with_place(
    pdf: &[u8],
    name: &str,
    reason: &str,
    at: Timestamp,
) -> Result<(Vec<u8>, Place), SealError> {
    let document = Document::load_mem(pdf)?;
    let catalog = document.trailer.get(b"Root")?.as_reference()?;
    let page = document.page_iter().next().ok_or(lopdf::Error::PageNumberNotFound(1))?;
    let mut added = IncrementalDocument::create_from(pdf.to_vec(), document);
    let signature = added.new_document.add_object(empty_signature(name, reason, at));
    let field = added.new_document.add_object(field(signature, page, name));
    added.opt_clone_object_to_new_document(catalog)?;
    let entries = added.new_document.get_object_mut(catalog)?.as_dict_mut()?;
    let fields = Object::Array(vec![field.into()]);
    // Signatures are there, and nothing may be written but behind them (ISO 32000-1, table 219).
    entries.set("AcroForm", dictionary! { "Fields" => fields.clone(), "SigFlags" => 3 });
    added.opt_clone_object_to_new_document(page)?;
    let entries = added.new_document.get_object_mut(page)?.as_dict_mut()?;
    match entries.get_mut(b"Annots").and_then(Object::as_array_mut) {
        Ok(annotations) => annotations.push(field.into()),
        Err(_) => entries.set("Annots", fields),
    }
    // PDF/UA-1, 7.18.3.
    entries.set("Tabs", Object::Name(b"S".to_vec()));
    let mut bytes = Vec::with_capacity(pdf.len() + 4 * SIGNATURE_BYTES);
    added.save_to(&mut bytes)?;
    let place = fill_in_range(&mut bytes, pdf.len())?;
    Ok((bytes, place))
}

fn empty_signature(name: &str, reason: &str, at: Timestamp) -> Dictionary {
    let range = [0, OFFSET, OFFSET, OFFSET].map(Object::Integer);
    let at = at.to_zoned(TimeZone::UTC).strftime("D:%Y%m%d%H%M%SZ").to_string();
    dictionary! {
        "Type" => "Sig",
        "Filter" => "Adobe.PPKLite",
        "SubFilter" => "ETSI.CAdES.detached",
        "ByteRange" => range.to_vec(),
        "Contents" => Object::String(vec![0; SIGNATURE_BYTES], StringFormat::Hexadecimal),
        "Name" => lopdf::text_string(name),
        "Reason" => lopdf::text_string(reason),
        "M" => Object::string_literal(at),
    }
}

/// A field that is read aloud and not seen: it lies outside the page, and has no extent.
fn field(signature: ObjectId, page: ObjectId, name: &str) -> Dictionary {
    const PRINTED_AND_LOCKED: i64 = 4 + 128;
    dictionary! {
        "Type" => "Annot",
        "Subtype" => "Widget",
        "FT" => "Sig",
        "T" => Object::string_literal("cachet"),
        "TU" => lopdf::text_string(&format!("Cachet électronique : {name}")),
        "V" => signature,
        "P" => page,
        "F" => PRINTED_AND_LOCKED,
        "Rect" => [-1; 4].map(Object::Integer).to_vec(),
    }
}

/// Finds the place behind `from`, and puts the offsets around it where they were left out.
fn fill_in_range(bytes: &mut [u8], from: usize) -> Result<Place, SealError> {
    let digits = OFFSET.to_string();
    let zeros = vec![b'0'; 2 * SIGNATURE_BYTES];
    let hexadecimal = find(bytes, &zeros, from).ok_or(SealError::NoPlace)?;
    let place = Place { start: hexadecimal - 1, end: hexadecimal + zeros.len() + 1 };
    if bytes[place.start] != b'<' || bytes[place.end - 1] != b'>' {
        return Err(SealError::NoPlace);
    }
    let mut next = from;
    for offset in [place.start, place.end, bytes.len() - place.end] {
        let at = find(bytes, digits.as_bytes(), next).ok_or(SealError::NoPlace)?;
        let width = digits.len();
        bytes[at..at + width].copy_from_slice(format!("{offset:<width$}").as_bytes());
        next = at + width;
    }
    Ok(place)
}

fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let found = bytes[from..].windows(needle.len()).position(|window| window == needle);
    found.map(|place| from + place)
}
