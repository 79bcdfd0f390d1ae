//! All that is held about the person behind a case, gathered in one place for whoever answers:
//! Règlement (UE) 2016/679, art. 15. The look stands in the ledger before anything is opened.

use std::collections::BTreeMap;

use entremise_core::case::Subject;
use entremise_core::id::{AuthorityId, CaseId, NoticeId, PersonId, QuestionId, RegimeId};
use entremise_core::identification::Identity;
use entremise_core::procedure::DueKind;
use entremise_store::{About, Look, LookError, LookField, LookPurpose, Store};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// Everything that can be held of a person.
const ALL: &[LookField] = &[LookField::Evidence, LookField::Traffic, LookField::Identity];

/// All that is held: what lies open in the case, and, by a look, what is sealed. No `Debug`.
#[derive(Serialize)]
pub struct Held {
    pub file: Option<String>,
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub opened_at: Timestamp,
    pub state: &'static str,
    pub about: Subject,
    /// The day on which the case or its data end if nothing happens.
    pub kept_until: Option<Timestamp>,
    pub notices: Vec<HeldNotice>,
    pub identities: Vec<HeldIdentity>,
    pub documents: Vec<HeldDocument>,
    pub history: Vec<HeldLine>,
    /// The line of the ledger that says who was shown this.
    pub seen_by_entry: u64,
}

/// A notice as it lies in two compartments.
#[derive(Serialize)]
pub struct HeldNotice {
    pub notice: NoticeId,
    pub evidence: Option<Value>,
    pub traffic: Option<Value>,
}

/// What a provider disclosed.
#[derive(Serialize)]
pub struct HeldIdentity {
    pub disclosure: QuestionId,
    pub identity: Identity,
}

/// A message or a proof that is kept; its bytes stay where they are.
#[derive(Serialize)]
pub struct HeldDocument {
    pub name: String,
    pub kept_at: Timestamp,
    pub bytes: u64,
}

/// A line of the ledger.
#[derive(Serialize)]
pub struct HeldLine {
    pub entry: u64,
    pub at: Timestamp,
    pub what: String,
    pub by: String,
}

/// Looks, and gathers all that is held of a case.
///
/// # Errors
/// [`LookError`].
pub fn held(
    store: &Store,
    authority: &AuthorityId,
    case: CaseId,
    by: &PersonId,
    legal_basis: &str,
    now: Timestamp,
) -> Result<Held, LookError> {
    let look = Look {
        authority,
        person: by,
        about: About::Case(case),
        purpose: LookPurpose::Rights,
        legal_basis,
        fields: ALL,
    };
    let seen = store.look(&look, now)?;
    let file = store.case_file(authority, &case)?.ok_or(LookError::NoSuchThing)?;
    // The compartments forget each in its own time: what is in one of them is held.
    let mut notices: BTreeMap<NoticeId, HeldNotice> = BTreeMap::new();
    let empty = |notice| HeldNotice { notice, evidence: None, traffic: None };
    for (notice, evidence) in seen.evidence {
        notices.entry(notice).or_insert_with(|| empty(notice)).evidence = Some(evidence);
    }
    for (notice, traffic) in seen.traffic {
        notices.entry(notice).or_insert_with(|| empty(notice)).traffic = Some(traffic);
    }
    let identities = seen.identities.into_iter();
    let documents = store.documents(authority, &case)?.into_iter();
    Ok(Held {
        file: file.file_number,
        authority: authority.clone(),
        regime: file.case.regime,
        opened_at: file.case.opened_at,
        state: file.case.state.name(),
        about: file.case.subject,
        kept_until: file.due.filter(|due| due.what == DueKind::End).map(|due| due.at()),
        notices: notices.into_values().collect(),
        identities: identities
            .map(|(disclosure, identity)| HeldIdentity { disclosure, identity })
            .collect(),
        documents: documents
            .map(|document| HeldDocument {
                name: document.name,
                kept_at: document.kept_at,
                bytes: document.size_bytes,
            })
            .collect(),
        history: file
            .history
            .into_iter()
            .map(|line| HeldLine { entry: line.seq, at: line.at, what: line.kind, by: line.actor })
            .collect(),
        seen_by_entry: seen.seq,
    })
}
