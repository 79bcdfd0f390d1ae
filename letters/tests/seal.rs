//! The seal in a file for the prosecutor, as programs that are not ours see it.

use crate::parts;
use crate::sample;
use std::path::Path;
use std::process::Command;

use entremise_letters::seal::{Seal, SealError};
use entremise_letters::{Pdf, Renderer};
use sha2::{Digest, Sha256};

fn file() -> Pdf {
    let (data, pieces) = sample::transmission::transmission();
    Renderer::new().transmission(&data, &pieces, sample::at()).unwrap()
}

fn sealed(pdf: &Pdf) -> Pdf {
    sample::seal::seal().put_on(pdf, "Autorité SPECIMEN", "Transmission", sample::at()).unwrap()
}

/// What pdfsig says of a file's signatures, in English.
fn pdfsig(bytes: &[u8]) -> Option<String> {
    if !parts::present("pdfsig") {
        parts::skipped_for_want_of("pdfsig");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.pdf");
    std::fs::write(&path, bytes).unwrap();
    let said = Command::new("pdfsig")
        .arg("-nocert")
        .arg(&path)
        // Whose certificates somebody trusts here is not asked.
        .env("HOME", folder.path())
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    Some(String::from_utf8_lossy(&said.stdout).into_owned())
}

#[test]
fn a_stranger_finds_the_seal_sound_and_over_the_whole_file() {
    let Some(said) = pdfsig(&sealed(&file()).bytes) else { return };
    assert!(said.contains("Signature is Valid."), "{said}");
    assert!(said.contains("Total document signed"), "{said}");
    assert!(said.contains("ETSI.CAdES.detached"), "{said}");
    assert!(said.contains("Cachet SPECIMEN"), "{said}");
}

#[test]
fn one_byte_changed_in_the_file_breaks_the_seal() {
    let mut changed = sealed(&file()).bytes;
    let title = b"/Title";
    let place = changed.windows(title.len()).position(|bytes| bytes == title).unwrap();
    changed[place + title.len() + 4] ^= 1;
    let Some(said) = pdfsig(&changed) else { return };
    assert!(!said.contains("Signature is Valid."), "{said}");
}

#[test]
fn what_is_written_behind_the_seal_is_seen() {
    let mut longer = sealed(&file()).bytes;
    longer.extend_from_slice(b"\n% and one thing more\n%%EOF\n");
    let Some(said) = pdfsig(&longer) else { return };
    assert!(!said.contains("Total document signed"), "{said}");
}

/// RFC 5652 as OpenSSL reads it, and the tie between signature and certificate (RFC 5035).
#[test]
fn the_signature_inside_is_one_that_openssl_verifies_with_the_certificate_alone() {
    if !parts::present("openssl") {
        return parts::skipped_for_want_of("openssl");
    }
    let (certificate, key) = sample::seal::pem();
    let seal = Seal::read(&certificate, &key).unwrap();
    let bytes = seal.put_on(&file(), "Autorité", "Transmission", sample::at()).unwrap().bytes;
    let (signature, signed) = taken_apart(&bytes);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("seal.pem"), certificate).unwrap();
    std::fs::write(at("signature.der"), signature).unwrap();
    std::fs::write(at("signed"), signed).unwrap();
    assert!(openssl_verifies(folder.path()));
    std::fs::write(at("seal.pem"), sample::seal::pem().0).unwrap();
    assert!(!openssl_verifies(folder.path()), "another seal's certificate vouches for nothing");
}

fn openssl_verifies(folder: &Path) -> bool {
    let asked = ["cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any"];
    let files = ["-in", "signature.der", "-content", "signed", "-CAfile", "seal.pem"];
    let mut openssl = Command::new("openssl");
    openssl.args(asked).args(files).args(["-out", "verified"]).current_dir(folder);
    openssl.output().unwrap().status.success()
}

/// The signature and what it is over, by the file's own `/ByteRange`.
fn taken_apart(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mark = b"/ByteRange";
    let place = bytes.windows(mark.len()).rposition(|window| window == mark).unwrap();
    let told = String::from_utf8_lossy(&bytes[place..place + 80]).into_owned();
    let told = told.split_once('[').unwrap().1.split_once(']').unwrap().0.to_owned();
    let offsets: Vec<usize> = told.split_whitespace().map(|part| part.parse().unwrap()).collect();
    let [start, length, next, rest] = offsets[..] else { panic!("four offsets, not {told}") };
    assert_eq!((start, next + rest), (0, bytes.len()), "all of the file but the signature");
    let signature = hex(&bytes[length + 1..next - 1]);
    (signature, [&bytes[..length], &bytes[next..]].concat())
}

/// What follows the signature's own length is filling.
fn hex(digits: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(digits).unwrap();
    let octet = |place| u8::from_str_radix(&text[place..place + 2], 16).unwrap();
    let octets: Vec<u8> = (0..text.len()).step_by(2).map(octet).collect();
    assert_eq!(octets[..2], [0x30, 0x82], "a sequence with a length of two octets");
    let length = 4 + usize::from(u16::from_be_bytes([octets[2], octets[3]]));
    octets[..length].to_vec()
}

#[test]
fn the_file_that_was_set_stands_unchanged_before_its_seal() {
    let pdf = file();
    let sealed = sealed(&pdf);
    assert_eq!(sealed.bytes[..pdf.bytes.len()], pdf.bytes[..]);
    assert_eq!(sealed.sha256[..], Sha256::digest(&sealed.bytes)[..]);
}

#[test]
fn the_same_file_sealed_again_gives_the_same_bytes() {
    let (pdf, seal) = (file(), sample::seal::seal());
    let again = || seal.put_on(&pdf, "Autorité", "Transmission", sample::at()).unwrap().bytes;
    assert!(again() == again());
}

#[test]
fn a_key_that_is_not_the_certificates_is_refused() {
    let ((certificate, _), (_, key)) = (sample::seal::pem(), sample::seal::pem());
    assert!(matches!(Seal::read(&certificate, &key), Err(SealError::OtherKey)));
    assert!(matches!(Seal::read("nothing", &key), Err(SealError::Certificate(_))));
    assert!(matches!(Seal::read(&certificate, "nothing"), Err(SealError::Key)));
}

#[test]
fn what_is_no_pdf_is_not_sealed() {
    let pdf = Pdf { bytes: b"%PDF-1.7 and nothing else".to_vec(), pages: 1, sha256: [0; 32] };
    let refused = sample::seal::seal().put_on(&pdf, "Autorité", "Transmission", sample::at());
    assert!(matches!(refused, Err(SealError::Pdf(_))));
}
