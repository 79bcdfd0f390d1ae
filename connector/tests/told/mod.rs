//! Shared by the stories: an index in a temporary directory, questions in short words.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use entremise_connector::answering::Answering;
use entremise_connector::identify::{Identifier, Network};
use entremise_connector::index::Index;
use entremise_connector::index::manifest::Manifest;
use entremise_connector::keys::KeyFile;
use entremise_connector::load::{FileReport, Loader};
use entremise_connector::read::{Format, ReadOptions};
use entremise_core::id::QuestionId;
use entremise_core::identification::{Answer, Outcome, Question};
use entremise_core::notice::Transport;
use jiff::Timestamp;
use tempfile::TempDir;

/// A provider with its records.
pub struct Provider {
    pub directory: TempDir,
    pub keys: KeyFile,
    pub network: Network,
    /// Elsewhere on the network life goes on: after each load the records of others are taken as
    /// read up to the end of the year, unless the story is about what was not read yet.
    others_go_on: bool,
    files: u32,
}

impl Provider {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("index")).unwrap();
        let keys = KeyFile::of_index(&directory.path().join("index")).unwrap();
        Self { directory, keys, network: Network::default(), others_go_on: true, files: 0 }
    }

    /// A provider of whom no more is read than the story loads.
    pub fn standing_still() -> Self {
        Self { others_go_on: false, ..Self::new() }
    }

    pub fn index_path(&self) -> PathBuf {
        self.directory.path().join("index")
    }

    /// Loads a text as a file of its own.
    pub fn load(&mut self, format: Format, text: &str) -> FileReport {
        self.load_as(format, text, |_| ReadOptions::default())
    }

    pub fn load_as(
        &mut self,
        format: Format,
        text: &str,
        options: impl FnOnce(&mut Loader) -> ReadOptions,
    ) -> FileReport {
        self.files += 1;
        let path = self.directory.path().join(format!("file-{}", self.files));
        std::fs::write(&path, text).unwrap();
        self.load_file(format, &path, options)
    }

    pub fn load_file(
        &mut self,
        format: Format,
        path: &Path,
        options: impl FnOnce(&mut Loader) -> ReadOptions,
    ) -> FileReport {
        let mut loader = Loader::open(&self.index_path(), &self.keys).unwrap();
        let options = options(&mut loader);
        let report = loader.load(path, format, &options, &mut |_| {}).unwrap();
        loader.commit().unwrap();
        if self.others_go_on {
            self.read_to_the_end_of_the_year();
        }
        report
    }

    /// As if a record of somebody else had been read on the last day of the year in each source.
    pub fn read_to_the_end_of_the_year(&self) {
        let mut manifest = Manifest::read(&self.index_path()).unwrap().unwrap();
        for entry in manifest.sources.values_mut() {
            entry.last = Some(at("2026-12-31T00:00:00Z").as_millisecond());
        }
        manifest.write(&self.index_path()).unwrap();
    }

    pub fn ask(&self, question: &Question) -> Answer {
        let index = Index::open(&self.index_path(), &self.keys).unwrap();
        let (authority, regime) =
            ("autorite".parse().unwrap(), "fr-graduated-response".parse().unwrap());
        let answering = Answering::new(&index, &self.keys, &authority, &regime);
        let identifier = Identifier::new(&index, &self.network);
        let found = identifier.find(question, at("2026-12-31T00:00:00Z"));
        answering.answer(question, identifier.explain(question, found)).answer
    }

    /// The account an answer names, or the outcome's name: what a story asserts.
    pub fn who(&self, question: &Question) -> String {
        let index = Index::open(&self.index_path(), &self.keys).unwrap();
        let (authority, regime) =
            ("autorite".parse().unwrap(), "fr-graduated-response".parse().unwrap());
        let answering = Answering::new(&index, &self.keys, &authority, &regime);
        let identifier = Identifier::new(&index, &self.network);
        let found = identifier.find(question, at("2026-12-31T00:00:00Z"));
        let answered = answering.answer(question, identifier.explain(question, found));
        match answered.account {
            Some(account) => String::from_utf8(account).unwrap(),
            None => match answered.answer.outcome {
                Outcome::Ambiguous { holders } => format!("ambiguous({holders})"),
                other => other.name().to_owned(),
            },
        }
    }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A question about a whole address, from an observer with a perfect clock.
pub fn question(ip: &str, when: &str) -> Question {
    Question {
        id: QuestionId(uuid::Uuid::from_u128(1)),
        ip: ip.parse::<IpAddr>().unwrap(),
        port: None,
        transport: None,
        at: at(when),
        until: None,
        error_ms: 0,
    }
}

/// The same with a TCP port.
pub fn with_port(ip: &str, port: u16, when: &str) -> Question {
    Question { port: Some(port), transport: Some(Transport::Tcp), ..question(ip, when) }
}

/// The same with an error of the observer's clock.
pub fn give_or_take(error_ms: u32, question: Question) -> Question {
    Question { error_ms, ..question }
}

/// One accounting record as FreeRADIUS writes it. `when` in RFC 3339; more lines as they are.
pub fn radius(status: &str, account: &str, session: &str, when: &str, more: &[&str]) -> String {
    let mut text = format!(
        "Thu Jan  1 00:00:00 1970\n\tAcct-Status-Type = {status}\n\tUser-Name = \"{account}\"\n\
         \tAcct-Unique-Session-Id = \"{session}\"\n\tNAS-IP-Address = 192.0.2.254\n"
    );
    for line in more {
        text.push_str(&format!("\t{line}\n"));
    }
    text.push_str(&format!("\tTimestamp = {}\n\n", at(when).as_second()));
    text
}
