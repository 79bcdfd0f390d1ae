//! The portal over the real store: number and code open one file, and everything after that names
//! the case by its own number.

use std::sync::Arc;

use entremise_core::event::Event;
use entremise_core::id::{CaseId, Digest};
use entremise_core::ledger::{Actor, hexadecimal};
use entremise_core::step::step;
use entremise_store::{
    ApplyError, CaseFile, CaseRef, DocumentRow, LookError, LookField, OwnLook, SlotError, Trouble,
};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};

use super::desk::{
    Act, Document, FileView, Opened, Papers, PortalDesk, Reasons, SendOutcome, SentAct, WorksOfFact,
};
use super::view;
use crate::seen;
use crate::web::desk::{DeskTrouble, ReceiptGiven};
use crate::web::measure::REFUSAL_REASONS;
use crate::web::store_desk::StoreDesk;

/// By which a person sees what is held of them.
const OWN_DATA: &str = "Règlement (UE) 2016/679, art. 15";

/// Documents one person may put in one file from here; more can be sent as one, or by post.
pub const DOCUMENTS_MAX: usize = 20;

/// Slots that are offered at once.
const SLOTS_MAX: usize = 60;

/// One authority's portal.
pub struct StorePortal {
    desk: Arc<StoreDesk>,
}

impl StorePortal {
    pub fn new(desk: Arc<StoreDesk>) -> Self {
        Self { desk }
    }

    fn case_file(&self, case: CaseId) -> Result<Option<CaseFile>, DeskTrouble> {
        let file = self.desk.store.case_file(&self.desk.authority, &case).map_err(told)?;
        // Of an erased case nothing is left to show but its numbers, and what is still followed.
        let Some(file) = file else { return Ok(None) };
        let is_kept = has_bodies(&file) || !self.measures(case)?.is_empty();
        Ok(is_kept.then_some(file))
    }

    /// The measures of a file that are not erased.
    fn measures(&self, case: CaseId) -> Result<Vec<CaseFile>, DeskTrouble> {
        let (store, authority) = (&self.desk.store, &self.desk.authority);
        let mut measures = Vec::new();
        for measure in store.measures_of(authority, case).map_err(told)? {
            let found = store.case_file(authority, &measure).map_err(told)?;
            measures.extend(found.filter(has_bodies));
        }
        Ok(measures)
    }

    /// A measure of this file; none of anybody else's.
    fn measure(&self, case: CaseId, measure: CaseId) -> Result<Option<CaseFile>, DeskTrouble> {
        Ok(self.measures(case)?.into_iter().find(|file| file.case.id == measure))
    }

    /// What is sent about a measure: what was written is the act, and a document beside it is kept
    /// with it.
    fn send_about(
        &self,
        (case, measure): (CaseId, CaseId),
        kind: &'static str,
        papers: &Papers,
        now: Timestamp,
        event: impl Fn(Digest) -> Event,
    ) -> Result<SendOutcome, DeskTrouble> {
        let Some(file) = self.measure(case, measure)? else { return Ok(SendOutcome::NoSuchFile) };
        let written = papers
            .text
            .as_ref()
            .map(|text| Document { ending: "txt", bytes: text.clone().into_bytes() });
        let documents: Vec<&Document> = written.iter().chain(papers.document.iter()).collect();
        if self.kept(measure)? + documents.len() > DOCUMENTS_MAX {
            return Ok(SendOutcome::TooMany);
        }
        let Some((first, rest)) = documents.split_first() else {
            return Ok(SendOutcome::Refused("nothing_sent"));
        };
        let outcome = self.enter(&file, (kind, Some(first)), &event(sha256(&first.bytes)?), now)?;
        if let SendOutcome::Entered { .. } = outcome {
            for document in rest {
                self.keep(&file, kind, document, now)?;
            }
        }
        Ok(outcome)
    }

    /// How many documents of the person a case holds.
    fn kept(&self, case: CaseId) -> Result<usize, DeskTrouble> {
        let kept = self.desk.store.documents(&self.desk.authority, &case).map_err(told)?;
        let of_person = |name: &str| KINDS.iter().any(|kind| name.starts_with(kind));
        Ok(kept.iter().filter(|document| of_person(&document.name)).count())
    }

    fn keep(
        &self,
        file: &CaseFile,
        kind: &str,
        document: &Document,
        now: Timestamp,
    ) -> Result<(), DeskTrouble> {
        let digest = sha256(&document.bytes)?;
        let name = format!("{kind}-{}.{}", &digest.as_str()[..12], document.ending);
        let (store, authority) = (&self.desk.store, &self.desk.authority);
        store
            .keep_case_document(
                authority,
                file.case.id,
                &name,
                &document.bytes,
                &Actor::Concerned,
                now,
            )
            .map(|_| ())
            .map_err(told)
    }

    /// Whether the law takes the event; what it refuses keeps no document.
    fn would_take(&self, file: &CaseFile, event: &Event, now: Timestamp) -> bool {
        let regime = self.desk.store.regime(&file.case.regime);
        regime.is_some_and(|regime| step(&file.case, event, now, regime).is_ok())
    }

    /// Keeps a document and enters the event that names it. What came before is not entered again.
    fn enter(
        &self,
        file: &CaseFile,
        (kind, document): (&str, Option<&Document>),
        event: &Event,
        now: Timestamp,
    ) -> Result<SendOutcome, DeskTrouble> {
        if let Some(entry) = already(file, event) {
            return Ok(SendOutcome::Entered { entry });
        }
        let (authority, case) = (&self.desk.authority, file.case.id);
        if let Some(document) = document
            && self.would_take(file, event, now)
        {
            self.keep(file, kind, document, now)?;
        }
        let of = CaseRef::Id(authority.clone(), case);
        entered(self.desk.store.apply(&of, event, &Actor::Concerned, now))
    }

    /// The papers of an act: the text is the act, and a document beside it joins the file.
    fn send_papers(
        &self,
        file: &CaseFile,
        kind: &'static str,
        papers: &Papers,
        now: Timestamp,
        event: impl Fn(Digest) -> Event,
    ) -> Result<SendOutcome, DeskTrouble> {
        let written = papers
            .text
            .as_ref()
            .map(|text| Document { ending: "txt", bytes: text.clone().into_bytes() });
        let documents: Vec<&Document> = written.iter().chain(papers.document.iter()).collect();
        if self.kept(file.case.id)? + documents.len() > DOCUMENTS_MAX {
            return Ok(SendOutcome::TooMany);
        }
        let Some((first, rest)) = documents.split_first() else {
            return Ok(SendOutcome::Refused("nothing_sent"));
        };
        let outcome = self.enter(file, (kind, Some(first)), &event(sha256(&first.bytes)?), now)?;
        if let SendOutcome::Entered { .. } = outcome {
            for document in rest {
                let beside = Event::ObservationsReceived {
                    document: sha256(&document.bytes)?,
                    received_at: now,
                };
                self.enter(file, ("observations", Some(document)), &beside, now)?;
            }
        }
        Ok(outcome)
    }

    fn look(
        &self,
        case: CaseId,
        fields: &[LookField],
        now: Timestamp,
    ) -> Result<Option<entremise_store::Seen>, DeskTrouble> {
        let authority = &self.desk.authority;
        let look = OwnLook { authority, case, legal_basis: OWN_DATA, fields };
        match self.desk.store.look_of_concerned(&look, now) {
            Ok(seen) => Ok(Some(seen)),
            Err(LookError::NoSuchThing) => Ok(None),
            Err(LookError::NoLegalBasis) => Err(DeskTrouble),
            Err(LookError::Trouble(trouble)) => Err(told(trouble)),
        }
    }
}

/// What a document that the person sent is called by.
const KINDS: [&str; 5] =
    ["observations-", "challenge-", "situation-", "postponement-request-", "appeal-"];

/// Whether anything of a case is left to show.
fn has_bodies(file: &CaseFile) -> bool {
    // The line that says that a case is erased keeps its own body.
    file.history.iter().any(|line| line.body.is_some() && line.kind != "house.erasure")
}

impl PortalDesk for StorePortal {
    fn open(&self, number: &str, code: &str) -> Result<Opened, DeskTrouble> {
        Ok(match self.desk.opened_by(number, code)? {
            None => Opened::NotKnown,
            Some(None) => Opened::Erased,
            Some(Some(file)) => match self.case_file(file.case.id)? {
                Some(file) => Opened::File(file.case.id),
                None => Opened::Erased,
            },
        })
    }

    fn file(&self, case: CaseId, now: Timestamp) -> Result<Option<FileView>, DeskTrouble> {
        let Some(file) = self.case_file(case)? else { return Ok(None) };
        let Some(regime) = self.desk.store.regime(&file.case.regime) else { return Ok(None) };
        let slots = !self.slots(now)?.is_empty();
        let measures = self.measures(case)?;
        Ok(Some(view::of(&file, &measures, regime, slots, now)))
    }

    fn works(&self, case: CaseId, now: Timestamp) -> Result<Vec<WorksOfFact>, DeskTrouble> {
        let Some(file) = self.case_file(case)? else { return Ok(Vec::new()) };
        let Some(regime) = self.desk.store.regime(&file.case.regime) else {
            return Ok(Vec::new());
        };
        let facts = view::facts_with_works(&file, regime);
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        let Some(seen) = self.look(case, &[LookField::Evidence], now)? else {
            return Ok(Vec::new());
        };
        let mut works = seen::works(&seen).map_err(|error| {
            tracing::error!(%error, "a kept notice cannot be read");
            DeskTrouble
        })?;
        let told = facts.into_iter().filter_map(|(notice, fact_at)| {
            Some(WorksOfFact { fact_at, titles: works.remove(&notice)? })
        });
        Ok(told.collect())
    }

    fn slots(&self, now: Timestamp) -> Result<Vec<Timestamp>, DeskTrouble> {
        let slots = self.desk.store.slots(&self.desk.authority, now, SLOTS_MAX).map_err(told)?;
        let free = slots.into_iter().filter(|slot| slot.taken_by.is_none());
        Ok(free.map(|slot| slot.starts_at).collect())
    }

    fn send(&self, case: CaseId, act: &Act, now: Timestamp) -> Result<SendOutcome, DeskTrouble> {
        let Some(file) = self.case_file(case)? else { return Ok(SendOutcome::NoSuchFile) };
        let received_at = now;
        match act {
            Act::Observations { papers } => {
                self.send_papers(&file, "observations", papers, now, |document| {
                    Event::ObservationsReceived { document, received_at }
                })
            }
            Act::Situation { papers } => {
                self.send_papers(&file, "situation", papers, now, |document| {
                    Event::SituationStated { document, received_at }
                })
            }
            Act::Challenge { grounds, papers } => {
                self.send_papers(&file, "challenge", papers, now, |document| {
                    let grounds = grounds.clone();
                    Event::ChallengeReceived { grounds, document, received_at }
                })
            }
            Act::Postponement { measure, papers } => {
                let of = (case, *measure);
                self.send_about(of, "postponement-request", papers, now, |document| {
                    Event::PostponementRequested { document, received_at }
                })
            }
            Act::Appeal { measure, papers } => {
                self.send_about((case, *measure), "appeal", papers, now, |document| {
                    Event::AppealFiled { document, received_at }
                })
            }
            Act::Hearing { slot: None } => {
                self.enter(&file, ("hearing", None), &Event::HearingRequested { received_at }, now)
            }
            Act::Hearing { slot: Some(slot) } => {
                let of = (&self.desk.authority, case);
                match self.desk.store.ask_for_slot(of, *slot, now) {
                    Ok(applied) => Ok(SendOutcome::Entered { entry: applied.seq }),
                    Err(SlotError::NotFree) => Ok(SendOutcome::SlotTaken),
                    Err(SlotError::Apply(why)) => entered(Err(why)),
                }
            }
        }
    }

    fn receipt(&self, case: CaseId, entry: u64) -> Result<ReceiptGiven, DeskTrouble> {
        let files: Vec<CaseFile> =
            self.case_file(case)?.into_iter().chain(self.measures(case)?).collect();
        let line = files.iter().flat_map(|file| &file.history).find(|line| line.seq == entry);
        let event = line.filter(|line| line.kind.starts_with("event."));
        match event.and_then(|line| line.event.as_ref()) {
            // Behind the person's own act lies what they sent, by its digest.
            Some(event) if SentAct::of(event).is_some() => self.desk.receipt(entry, true),
            Some(
                Event::ChallengeAnswered(_)
                | Event::PostponementRefused { .. }
                | Event::MeasurePostponed { .. },
            ) => self.desk.receipt(entry, false),
            _ => Ok(ReceiptGiven::NotKnown),
        }
    }

    fn answer(
        &self,
        case: CaseId,
        entry: u64,
        now: Timestamp,
    ) -> Result<Option<Reasons>, DeskTrouble> {
        let Some(file) = self.case_file(case)? else { return Ok(None) };
        let files = std::iter::once(file).chain(self.measures(case)?);
        let found = files.flat_map(|file| {
            let of = file.case.id;
            file.history.into_iter().map(move |line| (of, line))
        });
        let mut found = found.filter(|(_, line)| line.seq == entry);
        let Some((of, line)) = found.next() else { return Ok(None) };
        let (kind, reasons) = match line.event {
            Some(Event::ChallengeAnswered(answer)) => ("answer", answer.reasons),
            Some(Event::PostponementRefused { reasons, .. }) => (REFUSAL_REASONS, reasons),
            _ => return Ok(None),
        };
        let kept = self.desk.store.documents(&self.desk.authority, &of).map_err(told)?;
        let is_it = |row: &DocumentRow| {
            row.name.starts_with(kind) && hexadecimal(&row.sha256) == reasons.to_string()
        };
        let Some(row) = kept.into_iter().find(is_it) else { return Ok(None) };
        // Of all that lies with the case, this is opened.
        let seen = self.look(of, &[LookField::Document(row.id)], now)?;
        let opened = seen.and_then(|seen| seen.documents.into_iter().next());
        Ok(opened.map(|(name, bytes)| {
            let text = name.ends_with(".txt").then(|| String::from_utf8(bytes).ok()).flatten();
            text.map_or(Reasons::Document, Reasons::Text)
        }))
    }
}

/// The line of the same act, if it stands in the file already: a form that is sent twice is sent
/// once.
fn already(file: &CaseFile, event: &Event) -> Option<u64> {
    let (kind, _, document) = SentAct::of(event)?;
    let document = document?;
    file.history.iter().find_map(|line| {
        let (known, _, kept) = SentAct::of(line.event.as_ref()?)?;
        let same = known == kind && kept == Some(document) && line.kind.starts_with("event.");
        same.then_some(line.seq)
    })
}

fn entered(
    applied: Result<entremise_store::Applied, ApplyError>,
) -> Result<SendOutcome, DeskTrouble> {
    match applied {
        Ok(applied) => Ok(SendOutcome::Entered { entry: applied.seq }),
        Err(ApplyError::Refused(refusal)) => Ok(SendOutcome::Refused(refusal.name())),
        Err(ApplyError::NoSuchCase) => Ok(SendOutcome::NoSuchFile),
        Err(ApplyError::Trouble(trouble)) => Err(told(trouble)),
    }
}

fn sha256(bytes: &[u8]) -> Result<Digest, DeskTrouble> {
    hexadecimal(digest(&SHA256, bytes).as_ref()).parse().map_err(|_| DeskTrouble)
}

fn told(trouble: Trouble) -> DeskTrouble {
    tracing::error!(%trouble, "the portal cannot answer");
    DeskTrouble
}
