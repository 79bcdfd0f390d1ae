//! What a verification says: for people as text, for machines as JSON.

use std::fmt;

use serde::Serialize;

use super::promise::Promise;
use super::story::Story;
use super::walk::Counts;
use crate::cosignature::Cosigned;
use crate::head::Head;

/// More findings than this are only counted: a ledger with its levels exchanged has millions.
const FINDINGS_MAX: usize = 100;

/// What was verified at a place.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub place: String,
    pub ledgers: Vec<LedgerReport>,
}

impl Report {
    /// Whether nothing at all was found.
    pub fn is_sound(&self) -> bool {
        self.ledgers.iter().all(LedgerReport::is_sound)
    }

    /// Entries of all ledgers together.
    pub fn entries(&self) -> u64 {
        self.ledgers.iter().map(|ledger| ledger.size).sum()
    }

    /// The report as one JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a report is strings and numbers")
    }
}

/// What was verified of one ledger.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerReport {
    /// Its folder, where the place holds several.
    pub folder: String,
    pub origin: String,
    pub authority: String,
    /// Entries that the checkpoint promises.
    pub size: u64,
    /// Root hash in base64, as the checkpoint writes it.
    pub root: String,
    pub signed_by: String,
    /// False: the key was taken from beside the checkpoint and proves nothing about who signed.
    pub key_is_trusted: bool,
    /// Witnesses you named that cosigned the checkpoint.
    pub cosigned: Vec<Cosigned>,
    pub sound: bool,
    pub checks: Vec<Check>,
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub further_findings: u64,
}

/// Something that was looked at, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub count: u64,
    pub words: String,
}

/// What kind of harm was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Harm {
    /// A byte is not what was signed.
    ChangedByte,
    /// A file is gone.
    Missing,
    /// The files end before the checkpoint says.
    Shorter,
    /// The tree is complete and is not the one that was signed.
    WrongRoot,
    /// Signed, but by somebody else.
    WrongKey,
    /// Fewer entries than an older checkpoint promised.
    RolledBack,
    /// Other entries than an older checkpoint promised.
    Rewritten,
    /// Two ledgers of one size under one key: different people were shown different books.
    SplitView,
    /// Too few of the named witnesses cosigned.
    NotCosigned,
    /// An entry dated before a moment at which it provably was not there.
    DatedBack,
    /// An entry dated after a moment at which it provably was there.
    DatedAhead,
    /// A time stamp that does not hold.
    BadTimestamp,
    /// An entry of the older copy is not here any more.
    Dropped,
    /// An entry that the older copy does not have stands between those it has.
    Inserted,
    /// An entry of the older copy stands elsewhere.
    Reordered,
    /// An entry of the older copy bears another date.
    DateChanged,
    /// An entry that is not in the one form that entries have.
    MalformedEntry,
    /// An entry that bears another number than its place.
    WrongNumber,
    /// An entry dated before the one in front of it.
    BackInTime,
    /// An outcome of something that nobody intended.
    OutcomeWithoutIntent,
    /// An entry of another authority.
    OtherAuthority,
    /// An entry that does not say under which rules.
    NoRules,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub harm: Harm,
    /// Path inside the ledger's folder.
    pub file: String,
    /// Number of the entry, where one can be named.
    pub entry: Option<u64>,
    pub words: String,
}

/// Findings while they come in.
#[derive(Default)]
pub struct Findings {
    list: Vec<Finding>,
    further: u64,
}

impl Findings {
    pub fn add(&mut self, harm: Harm, file: &str, entry: Option<u64>, words: String) {
        if self.list.len() < FINDINGS_MAX {
            self.list.push(Finding { harm, file: file.to_owned(), entry, words });
        } else {
            self.further += 1;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether something was found in this file.
    pub fn names(&self, file: &str) -> bool {
        self.list.iter().any(|finding| finding.file == file)
    }
}

impl LedgerReport {
    pub(super) fn new(folder: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            origin: String::new(),
            authority: String::new(),
            size: 0,
            root: String::new(),
            signed_by: String::new(),
            key_is_trusted: false,
            cosigned: Vec::new(),
            sound: false,
            checks: Vec::new(),
            findings: Vec::new(),
            further_findings: 0,
        }
    }

    pub fn is_sound(&self) -> bool {
        self.sound
    }

    pub(super) fn take_head(&mut self, head: &Head) {
        self.origin.clone_from(&head.origin);
        self.size = head.size;
        self.root = head.root.to_string();
        self.signed_by.clone_from(&head.signed_by);
        if !head.signed_by.is_empty() {
            let whose = if self.key_is_trusted {
                "a key you trust"
            } else {
                "the key that lies beside it, which proves nothing about who signed"
            };
            let words = format!("checkpoint signed by {}, {whose}", head.signed_by);
            self.check("signature", 1, words);
        }
    }

    pub(super) fn take_counts(&mut self, counts: &Counts, story: &Story, promises: &[Promise]) {
        self.authority = story.authority().to_owned();
        self.check("entries", counts.entries, "entries hashed, of the one form, in order".into());
        self.check("hashes", counts.hashes, "hashes in tiles compared with the entries".into());
        self.check("files", counts.files, "files read to their last byte".into());
        self.check("root", 1, format!("root {} computed from all entries", self.root));
        self.check("numbers", counts.entries, "numbers without a gap".into());
        self.check("instants", counts.entries, "instants that never run backwards".into());
        self.check(
            "rules",
            counts.entries,
            "entries that name the rules they were made under".into(),
        );
        let outcomes = story.outcomes();
        self.check("outcomes", outcomes, "outcomes behind an intent for the same subject".into());
        for promise in promises {
            let words = format!("{} of {} entries still holds", promise.whose, promise.head.size);
            self.check("since", promise.head.size, words);
        }
    }

    pub(super) fn check(&mut self, name: &'static str, count: u64, words: String) {
        self.checks.push(Check { name, count, words });
    }

    pub(super) fn take_findings(&mut self, findings: Findings) {
        self.sound = findings.is_empty();
        self.findings = findings.list;
        self.further_findings = findings.further;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.place)?;
        self.ledgers.iter().try_for_each(|ledger| ledger.fmt(formatter))
    }
}

impl fmt::Display for LedgerReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "\n{} · {} entries", self.origin, self.size)?;
        if self.sound {
            for check in &self.checks {
                writeln!(formatter, "  checked  {:>12}  {}", check.count, check.words)?;
            }
            return writeln!(formatter, "  sound: every byte is what was signed");
        }
        for finding in &self.findings {
            let entry = finding.entry.map_or_else(String::new, |entry| format!(", entry {entry}"));
            writeln!(formatter, "  WRONG    {}{entry}: {}", finding.file, finding.words)?;
        }
        if self.further_findings > 0 {
            writeln!(formatter, "  and {} more", self.further_findings)?;
        }
        writeln!(
            formatter,
            "  not sound: this is not the ledger that was signed, or it breaks its own rules"
        )
    }
}
