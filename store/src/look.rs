//! What a person asks to see, and how often who has looked. The looking itself is in `linking`.

use std::collections::{BTreeMap, BTreeSet};

use entremise_core::id::{AuthorityId, BatchId, CaseId, NoticeId, PersonId, QuestionId};
use entremise_core::identification::Identity;
use entremise_core::ledger::Actor;
use jiff::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::conn::{Row, Tx, Value};
use crate::document::DocumentId;
use crate::erase::{ids, notices_of};
use crate::message;
use crate::quarantine::QuarantineId;
use crate::trouble::Trouble;

/// What a person looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// All notices and all disclosures of a case.
    Case(CaseId),
    Notice(NoticeId),
    Quarantined(QuarantineId),
    /// All that came at once. Only the house itself opens it.
    Batch(BatchId),
}

/// What for, from a closed list: looks are counted by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookPurpose {
    /// To decide on a step.
    Decide,
    /// To answer a challenge, or a question of the person concerned; to send them the answer.
    Answer,
    /// The person concerned asks what is held, or to have it mended or erased.
    Rights,
    /// An outside reviewer rules on a request.
    Review,
    /// Detection quality is checked on a sample.
    Audit,
    /// What could not be read is looked at by hand.
    Quarantine,
    /// A court asks.
    Court,
    /// A complete file is made for the prosecutor.
    Transmit,
    /// A letter says to the person when they will be heard.
    Convene,
    /// Messages of a pilot are read, which nobody was sent.
    Pilot,
    /// The bytes of a notice are kept with its case before their batch goes.
    Keep,
}

impl LookPurpose {
    pub fn name(self) -> &'static str {
        match self {
            Self::Decide => "decide",
            Self::Answer => "answer",
            Self::Rights => "rights",
            Self::Review => "review",
            Self::Audit => "audit",
            Self::Quarantine => "quarantine",
            Self::Court => "court",
            Self::Transmit => "transmit",
            Self::Convene => "convene",
            Self::Pilot => "pilot",
            Self::Keep => "keep",
        }
    }
}

/// What is opened: a compartment, or one document of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookField {
    /// Works, hashes, claim. For what was set aside: its bytes.
    Evidence,
    /// Address, port, instants.
    Traffic,
    /// What the provider disclosed.
    Identity,
    /// One of a case's documents. The line in the ledger says which.
    Document(DocumentId),
    /// All of them: messages as sent, carriers' proofs, what the person wrote, records and reasons.
    /// For a file that leaves whole.
    Documents,
}

impl LookField {
    pub fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Traffic => "traffic",
            Self::Identity => "identity",
            Self::Document(_) => "document",
            Self::Documents => "documents",
        }
    }
}

/// One look of one person. All of it stands in the ledger before anything is opened.
#[derive(Clone, Debug)]
pub struct Look<'l> {
    pub authority: &'l AuthorityId,
    pub person: &'l PersonId,
    pub about: About,
    pub purpose: LookPurpose,
    /// The text that allows it, such as `Règlement (UE) 2016/679, art. 15`.
    pub legal_basis: &'l str,
    pub fields: &'l [LookField],
}

/// One look at a case that nobody of the house makes: the person whom it concerns looks, or the
/// house itself must write to them.
#[derive(Clone, Debug)]
pub struct OwnLook<'l> {
    pub authority: &'l AuthorityId,
    pub case: CaseId,
    /// The text that allows it.
    pub legal_basis: &'l str,
    pub fields: &'l [LookField],
}

/// A look, whoever looks.
pub(crate) struct Asked<'l> {
    pub authority: &'l AuthorityId,
    pub about: About,
    pub purpose: LookPurpose,
    pub legal_basis: &'l str,
    pub fields: &'l [LookField],
}

impl<'l> From<&Look<'l>> for Asked<'l> {
    fn from(look: &Look<'l>) -> Self {
        let Look { authority, about, purpose, legal_basis, fields, .. } = *look;
        Self { authority, about, purpose, legal_basis, fields }
    }
}

impl<'l> OwnLook<'l> {
    pub(crate) fn asked(&self, purpose: LookPurpose) -> Asked<'l> {
        let OwnLook { authority, case, legal_basis, fields } = *self;
        Asked { authority, about: About::Case(case), purpose, legal_basis, fields }
    }
}

/// What was shown. What is erased is absent. No `Debug`.
#[derive(Default)]
pub struct Seen {
    /// The line of the ledger that says so.
    pub seq: u64,
    pub evidence: Vec<(NoticeId, serde_json::Value)>,
    pub traffic: Vec<(NoticeId, serde_json::Value)>,
    pub identities: Vec<(QuestionId, Identity)>,
    /// By their names, oldest first.
    pub documents: Vec<(String, Vec<u8>)>,
    /// The bytes of what was set aside, or of a batch.
    pub raw: Option<Vec<u8>>,
}

/// Why nobody looks.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// Nor where a document belongs to another case, or is not opened for this purpose.
    #[error("there is nothing of this number")]
    NoSuchThing,
    #[error("a look needs the text that allows it")]
    NoLegalBasis,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Where the records of a look lie.
pub(crate) struct Aim {
    pub regime: String,
    pub notices: Vec<Uuid>,
    pub disclosures: Vec<Uuid>,
    /// Record and name of those that are opened.
    pub documents: Vec<(Uuid, String)>,
    /// What was set aside, or a batch.
    pub bytes: Option<Uuid>,
}

/// Finds what a look is about; none where there is no such thing of this authority.
pub(crate) fn aim(tx: &mut Tx, look: &Asked, by: &Actor) -> Result<Option<Aim>, Trouble> {
    let (authority, about) = (look.authority, look.about);
    let (sql, id) = match about {
        About::Case(case) => (
            "-- look-case
             SELECT regime, procedure FROM cases WHERE case_id = $1 AND authority = $2",
            case.0,
        ),
        About::Notice(notice) => (
            "-- look-notice\nSELECT regime FROM notice WHERE notice_id = $1 AND authority = $2",
            notice.0,
        ),
        About::Quarantined(quarantined) => (
            "-- look-quarantined
             SELECT regime FROM quarantine WHERE quarantine_id = $1 AND authority = $2",
            quarantined.0,
        ),
        About::Batch(batch) => (
            "-- look-batch
             SELECT regime FROM batch
             WHERE batch_id = $1 AND authority = $2 AND erased_at IS NULL",
            batch.0,
        ),
    };
    let Some(row) = tx.query_one(sql, &[Value::id(&id), authority.as_str().into()])? else {
        return Ok(None);
    };
    let regime = row.text(0)?.to_owned();
    let mut aim = Aim {
        regime,
        notices: Vec::new(),
        disclosures: Vec::new(),
        documents: Vec::new(),
        bytes: None,
    };
    match about {
        About::Notice(notice) => aim.notices.push(notice.0),
        About::Quarantined(quarantined) => aim.bytes = Some(quarantined.0),
        About::Batch(batch) => aim.bytes = Some(batch.0),
        About::Case(case) => {
            aim.notices = if row.text(1)? == "ladder" {
                notices_of(tx, case)?.into_iter().map(|notice| notice.0).collect()
            } else {
                ids(&tx.query(
                    "-- look-notice-of\nSELECT notice_id FROM notice WHERE case_id = $1",
                    &[Value::id(&case.0)],
                )?)?
            };
            aim.disclosures = ids(&tx.query(
                "-- look-disclosures
                 SELECT question_id FROM disclosure WHERE case_id = $1
                 ORDER BY kept_at, question_id",
                &[Value::id(&case.0)],
            )?)?;
            aim.documents = documents(tx, case)?;
            if !message::opens_notes(by, look.purpose) {
                aim.documents.retain(|(_, name)| !message::is_note(name));
            }
        }
    }
    Ok(asked_for(&mut aim, look.fields).then_some(aim))
}

/// Leaves the documents that are asked for. Yields whether all of them can be opened by this look.
fn asked_for(aim: &mut Aim, fields: &[LookField]) -> bool {
    if fields.contains(&LookField::Documents) {
        return true;
    }
    let single = |field: &LookField| match field {
        LookField::Document(DocumentId(id)) => Some(*id),
        _ => None,
    };
    let wanted: BTreeSet<Uuid> = fields.iter().filter_map(single).collect();
    aim.documents.retain(|(id, _)| wanted.contains(id));
    aim.documents.len() == wanted.len()
}

fn documents(tx: &mut Tx, case: CaseId) -> Result<Vec<(Uuid, String)>, Trouble> {
    let rows = tx.query(
        "-- look-documents
         SELECT record_id, name FROM document WHERE case_id = $1 ORDER BY kept_at, record_id",
        &[Value::id(&case.0)],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.text(1)?.to_owned()))).collect()
}

impl Store {
    /// Shows the person concerned what their case holds. It stands in the ledger before, as any
    /// look; nobody's name stands there, because nobody of the house looks.
    pub fn look_of_concerned(&self, look: &OwnLook, now: Timestamp) -> Result<Seen, LookError> {
        self.look_by(Actor::Concerned, look.asked(LookPurpose::Rights), now)
    }

    /// Opens what a letter about the procedure needs: where its addressee lives, and a document
    /// whose words it repeats. No notice and no address on the network is opened with it.
    pub fn look_for_letter(
        &self,
        look: &OwnLook,
        purpose: LookPurpose,
        now: Timestamp,
    ) -> Result<Seen, LookError> {
        self.look_by(Actor::House, look.asked(purpose), now)
    }

    /// How often each person looked, for what: person and purpose.
    pub fn reads_by_agent(
        &self,
        authority: &AuthorityId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<BTreeMap<(PersonId, String), u64>, Trouble> {
        let mut reads = BTreeMap::new();
        for row in self.openings(authority, from, until)? {
            let kind = row.text(0)?.strip_prefix("look.");
            let person = row.text(1)?.strip_prefix("person:");
            if let (Some(purpose), Some(person)) = (kind, person)
                && let Ok(person) = person.parse()
            {
                *reads.entry((person, purpose.to_owned())).or_default() += count(&row)?;
            }
        }
        Ok(reads)
    }

    /// How often compartments were brought together, by purpose.
    pub fn linkings_by_purpose(
        &self,
        authority: &AuthorityId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<BTreeMap<String, u64>, Trouble> {
        let mut linkings = BTreeMap::new();
        for row in self.openings(authority, from, until)? {
            if let Some(purpose) = row.text(0)?.strip_prefix("linking.") {
                *linkings.entry(purpose.to_owned()).or_default() += count(&row)?;
            }
        }
        Ok(linkings)
    }

    fn openings(
        &self,
        authority: &AuthorityId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Row>, Trouble> {
        self.inner.cases.read(|tx| {
            tx.query(
                "-- openings
                 SELECT kind, actor, COUNT(seq) FROM opening
                 WHERE authority = $1 AND opened_at >= $2 AND opened_at < $3
                 GROUP BY kind, actor ORDER BY kind, actor",
                &[authority.as_str().into(), Value::time(from), Value::time(until)],
            )
        })
    }
}

fn count(row: &Row) -> Result<u64, Trouble> {
    Ok(u64::try_from(row.integer(2)?).unwrap_or(0))
}
