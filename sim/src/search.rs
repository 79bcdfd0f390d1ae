//! Looks for persons in what was written: names, mail and postal addresses, accounts and IP
//! addresses of a world, in every form in which text usually lies about.
//!
//! It sees bytes and knows no format: a database page, a log and a PDF are the same to it.

use std::fs;
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, MatchKind};
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::play::Play;

/// A text shorter than this is found by chance when it is encoded.
const ENCODED_BYTES_MIN: usize = 10;

/// What is looked for.
pub struct Search {
    forms: AhoCorasick,
    /// What each form stands for: whose, and what.
    meaning: Vec<String>,
}

/// One place where somebody stands in the clear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// A file, or what else was searched.
    pub place: String,
    pub offset: usize,
    /// `name of subscriber 7`; never the text itself.
    pub what: String,
}

impl Search {
    /// Everything that must not be seen of a world's persons, so far.
    pub fn of(play: &Play) -> anyhow::Result<Self> {
        let mut wanted: Vec<(String, String)> = Vec::new();
        for person in &play.world.subscribers {
            let number = person.number;
            let surname =
                person.name.split_once(' ').map_or(person.name.as_str(), |(_, last)| last);
            wanted.push((format!("name of subscriber {number}"), surname.to_owned()));
            wanted.push((format!("account of subscriber {number}"), person.account.clone()));
            if let Some(email) = &person.email {
                wanted.push((format!("mail address of subscriber {number}"), email.clone()));
            }
            // The last line is a town's, and others live there too.
            let street = person.address.iter().rev().nth(1);
            if let Some(street) = street {
                wanted.push((format!("postal address of subscriber {number}"), street.clone()));
            }
        }
        let mut addresses: Vec<String> =
            play.sent.iter().map(|sent| sent.sighting.ip.to_string()).collect();
        addresses.sort();
        addresses.dedup();
        wanted.extend(addresses.into_iter().map(|ip| ("an IP address".to_owned(), ip)));
        Self::for_texts(&wanted)
    }

    /// `wanted`: what a text is, and the text.
    pub fn for_texts(wanted: &[(String, String)]) -> anyhow::Result<Self> {
        let (mut forms, mut meaning) = (Vec::new(), Vec::new());
        for (what, text) in wanted {
            for (name, form) in forms_of(text) {
                forms.push(form);
                meaning.push(format!("{what}, {name}"));
            }
        }
        let forms = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(forms)
            .context("the forms that are looked for")?;
        Ok(Self { forms, meaning })
    }

    pub fn bytes(&self, place: &str, bytes: &[u8]) -> Vec<Found> {
        self.forms
            .find_iter(bytes)
            .map(|hit| Found {
                place: place.to_owned(),
                offset: hit.start(),
                what: self.meaning[hit.pattern().as_usize()].clone(),
            })
            .collect()
    }

    /// Every file below a folder, named from there; files whose path one of `spared` begins are
    /// passed over. `*` stands for one folder's name.
    pub fn folder(&self, root: &Path, spared: &[&str]) -> anyhow::Result<Vec<Found>> {
        let mut found = Vec::new();
        for path in files(root)? {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            if spared.iter().any(|one| begins(&name, one)) {
                continue;
            }
            found.extend(self.bytes(&name, &fs::read(&path)?));
        }
        Ok(found)
    }
}

/// A text as it stands, and as JSON, addresses and encodings write it.
fn forms_of(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![("in the clear", text.as_bytes().to_vec())];
    let escaped: String = text
        .encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    let percent = |space: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b' ' => space.to_owned(),
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    forms.push(("escaped as JSON does", escaped.into_bytes()));
    forms.push(("escaped as addresses do", percent("%20").into_bytes()));
    forms.push(("escaped as forms do", percent("+").into_bytes()));
    if text.len() >= ENCODED_BYTES_MIN {
        forms.push(("in hexadecimal", hex::encode(text).into_bytes()));
        for before in 0..3 {
            forms.push(("in base64", in_base64(&STANDARD_NO_PAD, text, before)));
            forms.push(("in base64", in_base64(&URL_SAFE_NO_PAD, text, before)));
        }
    }
    forms.sort();
    forms.dedup_by(|left, right| left.1 == right.1);
    forms
}

/// The signs that a text is sure to have in base64 behind so many other bytes.
fn in_base64(alphabet: &impl Engine, text: &str, before: usize) -> Vec<u8> {
    let encoded = alphabet.encode([&vec![0; before][..], text.as_bytes()].concat());
    // Signs that also hold bits of what stands before or behind are not sure.
    let first = (before * 8).div_ceil(6);
    let last = (before + text.len()) * 8 / 6;
    encoded.as_bytes()[first..last].to_vec()
}

/// Every file below a folder, in the order of their names.
fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                waiting.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn begins(name: &str, pattern: &str) -> bool {
    let mut parts = name.split('/');
    pattern
        .split('/')
        .all(|wanted| parts.next().is_some_and(|part| wanted == "*" || part == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(text: &str) -> Search {
        Search::for_texts(&[("a name".to_owned(), text.to_owned())]).unwrap()
    }

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let name = "Éloïse Hautecombe";
        let search = search(name);
        let mut written = vec![
            format!("log: {name} called"),
            format!("LOG: {}", name.to_uppercase().replace(['É', 'Ï'], "?")),
            serde_json::json!({ "a": name }).to_string(),
            r#"{"a":"\u00c9lo\u00efse Hautecombe"}"#.to_owned(),
            "?name=%C3%89lo%C3%AFse+Hautecombe".to_owned(),
            hex::encode(format!("before {name} behind")),
        ];
        for before in ["", "a", "ab", "abc"] {
            written.push(STANDARD_NO_PAD.encode(format!("{before}{name} behind")));
        }
        for (place, text) in written.iter().enumerate() {
            // In capitals the accents are others: that one form is not looked for.
            assert_eq!(search.bytes("x", text.as_bytes()).len(), usize::from(place != 1), "{text}");
        }
        assert_eq!(search.bytes("x", "Éloïse Haute-Combe".as_bytes()), []);
    }

    #[test]
    fn a_folder_is_spared_by_its_own_path_only() {
        let root = tempfile::tempdir().unwrap();
        for path in ["mail/box/1.eml", "mail/notes.txt", "house/cases.db"] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x Hautecombe x").unwrap();
        }
        let places = |spared: &[&str]| -> Vec<String> {
            let found = search("Hautecombe").folder(root.path(), spared).unwrap();
            found.into_iter().map(|found| found.place).collect()
        };
        assert_eq!(places(&["mail/box"]), ["house/cases.db", "mail/notes.txt"]);
        assert_eq!(places(&["*/box", "house"]), ["mail/notes.txt"]);
    }
}
