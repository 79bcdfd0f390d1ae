//! Messages with a fixed purpose and notes, over the real store.

use entremise_core::case::Subject;
use entremise_core::deadline::Zone;
use entremise_core::effect::Effect;
use entremise_core::id::{AuthorityId, NoticeId, PartyId, PersonId, QuestionId};
use entremise_store::{
    About, CaseFile, Look, LookField, LookPurpose, Note, PartyMessage, Store, is_note,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::purpose::Message;
use crate::web::desk::DeskTrouble;
use crate::web::store_desk;

/// The text by which people of the house read their own notes.
const TO_WORK: &str = "CPI L331-17";
/// Messages that a party is shown.
const MESSAGES_MAX: usize = 50;

/// One authority's messages. Called from blocking threads.
pub struct Messages {
    store: Store,
    authority: AuthorityId,
}

/// What can be written about on a case, and what was.
pub struct OnCase {
    pub zone: Zone,
    pub notices: Vec<NoticeId>,
    pub questions: Vec<QuestionId>,
    pub sent: Vec<PartyMessage>,
    /// How many notes lie sealed with the case.
    pub notes: usize,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Done,
    /// It was sent before, and is not sent twice.
    Known,
    /// Neither a notice nor a question of this case.
    NotOfThisCase,
}

impl Messages {
    pub fn new(store: Store, authority: AuthorityId) -> Self {
        Self { store, authority }
    }

    fn file(&self, reference: &str) -> Result<Option<CaseFile>, DeskTrouble> {
        store_desk::find(&self.store, &self.authority, reference).map_err(told)
    }

    /// None where there is no such case. Opens nothing.
    pub fn on_case(&self, reference: &str) -> Result<Option<OnCase>, DeskTrouble> {
        let Some(file) = self.file(reference)? else { return Ok(None) };
        let regime = self.store.regime(&file.case.regime).ok_or(DeskTrouble)?;
        let documents = self.store.documents(&self.authority, &file.case.id).map_err(told)?;
        let files = self.files(&file)?;
        Ok(Some(OnCase {
            zone: regime.zone().clone(),
            notices: files.iter().filter_map(notice_of).map(|(notice, _)| notice).collect(),
            questions: files.iter().flat_map(questions_of).map(|(question, _)| question).collect(),
            sent: self.store.messages_on(&self.authority, file.case.id).map_err(told)?,
            notes: documents.iter().filter(|row| is_note(&row.name)).count(),
        }))
    }

    /// Sends a message to whoever brought the notice, or was asked the question.
    pub fn send(
        &self,
        reference: &str,
        message: Message,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Sent, DeskTrouble> {
        let Some(file) = self.file(reference)? else { return Ok(Sent::NotOfThisCase) };
        let files = self.files(&file)?;
        let to = match message {
            Message::Sender(_, notice) => {
                let is_here = files.iter().filter_map(notice_of).any(|(one, _)| one == notice);
                let row = self.store.notice(&self.authority, notice).map_err(told)?;
                row.filter(|_| is_here).map(|row| row.sender)
            }
            Message::Provider(_, question) => {
                let mut asked = files.iter().flat_map(questions_of);
                asked.find(|(one, _)| *one == question).map(|(_, provider)| provider)
            }
        };
        let Some(to) = to else { return Ok(Sent::NotOfThisCase) };
        let what = (&to, message.purpose(), message.about());
        let sent = self.store.send_message(&self.authority, file.case.id, what, by, now);
        Ok(if sent.map_err(told)? { Sent::Done } else { Sent::Known })
    }

    /// Yields whether there is such a case.
    pub fn note(
        &self,
        reference: &str,
        note: &Note,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble> {
        let Some(file) = self.file(reference)? else { return Ok(false) };
        self.store.keep_note(&self.authority, file.case.id, note, by, now).map_err(told)?;
        Ok(true)
    }

    /// The notes of a case, opened after the ledger has the look, and nothing beside them.
    pub fn notes(
        &self,
        reference: &str,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<String>, DeskTrouble> {
        let Some(file) = self.file(reference)? else { return Ok(Vec::new()) };
        let kept = self.store.documents(&self.authority, &file.case.id).map_err(told)?;
        let notes = kept.iter().filter(|row| is_note(&row.name));
        let notes: Vec<LookField> = notes.map(|row| LookField::Document(row.id)).collect();
        if notes.is_empty() {
            return Ok(Vec::new());
        }
        let look = Look {
            authority: &self.authority,
            person: by,
            about: About::Case(file.case.id),
            purpose: LookPurpose::Answer,
            legal_basis: TO_WORK,
            fields: &notes,
        };
        let notes = self.store.look(&look, now).map_err(told)?.documents.into_iter();
        Ok(notes.filter_map(|(_, bytes)| String::from_utf8(bytes).ok()).collect())
    }

    /// The messages to one party, the newest first.
    pub fn to_party(&self, party: &PartyId) -> Result<Vec<PartyMessage>, DeskTrouble> {
        self.store.messages_to(&self.authority, party, MESSAGES_MAX).map_err(told)
    }

    /// Yields whether there was such a message, still without an answer.
    pub fn answer(
        &self,
        party: &PartyId,
        answer: (Uuid, &str),
        now: Timestamp,
    ) -> Result<bool, DeskTrouble> {
        self.store.answer_message(&self.authority, party, answer, now).map_err(told)
    }

    /// The case itself, and the identifications whose facts stand against its line.
    fn files(&self, file: &CaseFile) -> Result<Vec<CaseFile>, DeskTrouble> {
        let mut files = vec![file.clone()];
        for case in &file.identifications {
            files.extend(self.store.case_file(&self.authority, case).map_err(told)?);
        }
        Ok(files)
    }
}

/// The notice of an identification, and the provider that is asked about it.
fn notice_of(file: &CaseFile) -> Option<(NoticeId, PartyId)> {
    match &file.case.subject {
        Subject::Notice { notice, provider } => Some((*notice, provider.clone())),
        _ => None,
    }
}

/// The questions that a case put, each with the provider that was asked.
fn questions_of(file: &CaseFile) -> Vec<(QuestionId, PartyId)> {
    let provider = match &file.case.subject {
        Subject::Notice { provider, .. } => provider,
        Subject::Line(line) => &line.provider,
        Subject::Measure(_) => return Vec::new(),
    };
    let asks = |effect: &Effect| {
        matches!(
            effect,
            Effect::AskProvider { .. }
                | Effect::RequestDisclosure { .. }
                | Effect::RequestAuthorisedDisclosure { .. }
        )
    };
    let rows = file.effects.iter().filter(|row| asks(&row.effect));
    rows.map(|row| (QuestionId(row.id.0), provider.clone())).collect()
}

fn told(trouble: impl std::fmt::Display) -> DeskTrouble {
    tracing::error!(%trouble, "messages cannot be read or entered");
    DeskTrouble
}
