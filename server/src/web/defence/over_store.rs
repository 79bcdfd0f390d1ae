//! The person's side over the real store.

use std::borrow::Cow;

use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, Digest, PersonId};
use entremise_core::ledger::{Actor, hexadecimal};
use entremise_core::procedure::ladder::{ChallengeAnswer, Deliberated};
use entremise_core::step::step;
use entremise_store::{
    About, ApplyError, CaseFile, CaseRef, Look, LookError, LookField, LookPurpose, Seen, Store,
    Trouble,
};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};

use super::challenges;
use super::desk::{
    ChallengeView, Decided, DefenceAct, DefenceDesk, DefenceOrder, DefenceOutcome, Document,
    ExamineOutcome, Examined, SlotsView, ToSign, WrittenOutcome,
};
use super::papers::{self, Opened, PapersView, ToRead};
use super::statement::{MemberKey, SignedDecision, Statement};
use crate::seen;
use crate::web::desk::{DeskTrouble, NotDone, OnCase};
use crate::web::passkey::known::{KnownPasskey, known};
use crate::web::store_desk;

/// The text by which a member looks at the facts again.
pub(super) const FRESH_LOOK: &str = "CPI R331-14";

/// One authority's cases, from the person's side.
pub struct StoreDefence {
    pub(super) store: Store,
    pub(super) authority: AuthorityId,
    /// With which members sign their decisions: key files.
    keys: Vec<MemberKey>,
    /// Members who sign with the passkeys that they registered here.
    with_passkeys: Vec<PersonId>,
}

impl StoreDefence {
    pub fn new(store: Store, authority: AuthorityId, keys: Vec<MemberKey>) -> Self {
        Self { store, authority, keys, with_passkeys: Vec::new() }
    }

    /// Lets these members sign with the passkeys that they registered here.
    pub fn signed_with_passkeys(self, members: Vec<PersonId>) -> Self {
        Self { with_passkeys: members, ..self }
    }

    /// The passkeys with which a member signs.
    fn passkeys_of(&self, member: &PersonId) -> Result<Vec<KnownPasskey>, DeskTrouble> {
        if !self.with_passkeys.contains(member) {
            return Ok(Vec::new());
        }
        let all = self.store.passkeys(&self.authority).map_err(told)?;
        Ok(all.into_iter().map(known).filter(|passkey| passkey.owner == *member).collect())
    }

    /// What is signed to decide so on this case.
    fn statement_on(
        &self,
        file: &CaseFile,
        by: &PersonId,
        decision: &Decided,
    ) -> Result<Statement, DeskTrouble> {
        Ok(Statement {
            authority: self.authority.clone(),
            case: file.case.id,
            file_number: file.file_number.clone().unwrap_or_default(),
            by: by.clone(),
            outcome: decision.outcome,
            examined: decision.examined.clone(),
            reasons: sha256(decision.reasons.as_bytes())?,
        })
    }

    /// The decision with the key by which this member signed it, on this case, as it would be
    /// entered; none where they did not.
    fn signed(
        &self,
        file: &CaseFile,
        by: &PersonId,
        signed: &SignedDecision,
    ) -> Result<Option<SignedDecision>, DeskTrouble> {
        let SignedDecision { statement, reasons, .. } = signed;
        let decision = Decided {
            outcome: statement.outcome,
            reasons: reasons.clone(),
            examined: statement.examined.clone(),
        };
        if *statement != self.statement_on(file, by, &decision)? {
            return Ok(None);
        }
        let mut keys = self.keys.clone();
        keys.extend(self.passkeys_of(by)?.into_iter().map(|passkey| MemberKey {
            member: passkey.owner,
            id: passkey.id,
            key: passkey.key,
        }));
        let Some(key) = signed.signed_with(&keys) else { return Ok(None) };
        let mut known = signed.clone();
        known.public_key = Some(key.clone());
        Ok(Some(known))
    }

    /// The case of an order, if it still stands where the officer saw it.
    pub(super) fn case(&self, of: &OnCase) -> Result<Result<CaseFile, NotDone>, DeskTrouble> {
        let file = store_desk::find(&self.store, &self.authority, &of.reference).map_err(told)?;
        Ok(match file {
            None => Err(NotDone::NoSuchCase),
            Some(file) if store_desk::version(&file) != of.version => Err(NotDone::Stale),
            Some(file) => Ok(file),
        })
    }

    /// Whether the law takes the event; what it refuses is for the ledger, and keeps no document.
    pub(super) fn would_take(&self, file: &CaseFile, event: &Event, now: Timestamp) -> bool {
        let regime = self.store.regime(&file.case.regime);
        regime.is_some_and(|regime| step(&file.case, event, now, regime).is_ok())
    }
}

impl DefenceDesk for StoreDefence {
    fn enter(&self, order: &DefenceOrder, now: Timestamp) -> Result<DefenceOutcome, DeskTrouble> {
        let file = match self.case(&order.of)? {
            Ok(file) => file,
            Err(not) => return Ok(DefenceOutcome::Not(not)),
        };
        let by = Actor::Person(order.of.by.clone());
        let (event, documents) = if let DefenceAct::Deliberated { signed } = &order.act {
            match self.signed(&file, &order.of.by, signed)? {
                Some(signed) => deliberated(signed)?,
                None => return Ok(DefenceOutcome::NotSigned),
            }
        } else {
            told_by(order, now)?
        };
        let documents = if self.would_take(&file, &event, now) { documents } else { Vec::new() };
        for (kind, ending, bytes, digest) in documents {
            let name = format!("{kind}-{}.{ending}", &digest.as_str()[..12]);
            let (authority, case) = (&self.authority, file.case.id);
            self.store
                .keep_case_document(authority, case, &name, &bytes, &by, now)
                .map_err(told)?;
        }
        let case = CaseRef::Id(self.authority.clone(), file.case.id);
        match self.store.apply(&case, &event, &by, now) {
            Ok(_) => Ok(DefenceOutcome::Entered),
            Err(ApplyError::Refused(refusal)) => Ok(DefenceOutcome::Refused(refusal.name())),
            Err(ApplyError::NoSuchCase) => Ok(DefenceOutcome::Not(NotDone::NoSuchCase)),
            Err(ApplyError::Trouble(trouble)) => Err(told(trouble)),
        }
    }

    fn challenge(&self, reference: &str) -> Result<Option<ChallengeView>, DeskTrouble> {
        challenges::open(self, reference)
    }

    fn written(&self, of: &OnCase, now: Timestamp) -> Result<WrittenOutcome, DeskTrouble> {
        challenges::written(self, of, now)
    }

    fn takes_challenge(&self, reference: &str, now: Timestamp) -> Result<bool, DeskTrouble> {
        papers::takes_challenge(self, reference, now)
    }

    fn papers(&self, reference: &str) -> Result<Option<PapersView>, DeskTrouble> {
        papers::papers(self, reference)
    }

    fn open_paper(
        &self,
        of: (&str, &str),
        by: &PersonId,
        why: ToRead,
        now: Timestamp,
    ) -> Result<Option<Opened>, DeskTrouble> {
        papers::open(self, of, by, why, now)
    }

    fn slots(&self, now: Timestamp) -> Result<SlotsView, DeskTrouble> {
        challenges::slots(self, now)
    }

    fn publish_slots(
        &self,
        slots: &[Timestamp],
        by: &PersonId,
        now: Timestamp,
    ) -> Result<u64, DeskTrouble> {
        self.store.publish_slots(&self.authority, slots, by, now).map_err(told)
    }

    fn withdraw_slot(
        &self,
        slot: Timestamp,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble> {
        self.store.withdraw_slot(&self.authority, slot, by, now).map_err(told)
    }

    fn statement(&self, of: &OnCase, decision: &Decided) -> Result<ToSign, DeskTrouble> {
        let file = match self.case(of)? {
            Ok(file) => file,
            Err(not) => return Ok(ToSign::Not(not)),
        };
        let statement = Box::new(self.statement_on(&file, &of.by, decision)?);
        let has_key = self.keys.iter().any(|key| key.member == of.by);
        Ok(ToSign::Statement { statement, has_key, passkeys: self.passkeys_of(&of.by)? })
    }

    fn examine(&self, of: &OnCase, now: Timestamp) -> Result<ExamineOutcome, DeskTrouble> {
        let file = match self.case(of)? {
            Ok(file) => file,
            Err(not) => return Ok(ExamineOutcome::Not(not)),
        };
        let look = Look {
            authority: &self.authority,
            person: &of.by,
            about: About::Case(file.case.id),
            purpose: LookPurpose::Decide,
            legal_basis: FRESH_LOOK,
            fields: &[LookField::Evidence, LookField::Traffic],
        };
        match self.store.look(&look, now) {
            Ok(seen) => Ok(ExamineOutcome::Shown(Box::new(examined(&seen)?))),
            Err(LookError::NoSuchThing) => Ok(ExamineOutcome::Not(NotDone::NoSuchCase)),
            Err(LookError::NoLegalBasis) => Err(DeskTrouble),
            Err(LookError::Trouble(trouble)) => Err(told(trouble)),
        }
    }
}

/// A document to keep: its kind, its ending, its bytes and their digest.
type Kept<'o> = (&'static str, &'static str, Cow<'o, [u8]>, Digest);

/// The event of an act, and the documents that go with it.
fn told_by(order: &DefenceOrder, now: Timestamp) -> Result<(Event, Vec<Kept<'_>>), DeskTrouble> {
    let by = || order.of.by.clone();
    Ok(match &order.act {
        DefenceAct::Observations { document, received_at } => {
            let kept = as_it_came("observations", document)?;
            let (document, received_at) = (kept.3.clone(), *received_at);
            (Event::ObservationsReceived { document, received_at }, vec![kept])
        }
        DefenceAct::Situation { document, received_at } => {
            let kept = as_it_came("situation", document)?;
            let (document, received_at) = (kept.3.clone(), *received_at);
            (Event::SituationStated { document, received_at }, vec![kept])
        }
        DefenceAct::HearingAsked { received_at } => {
            (Event::HearingRequested { received_at: *received_at }, Vec::new())
        }
        DefenceAct::Convened { slot } => {
            (Event::HearingConvened { by: by(), slot: *slot }, Vec::new())
        }
        DefenceAct::Held { record, counsel, copied } => {
            let kept = as_it_came("hearing-record", record)?;
            let (record, counsel, copied) = (kept.3.clone(), *counsel, *copied);
            (Event::HearingHeld { by: by(), record, counsel, copied, held_at: now }, vec![kept])
        }
        DefenceAct::Missed => (Event::HearingMissed { by: by() }, Vec::new()),
        DefenceAct::Challenged { grounds, text, scan, received_at } => {
            let document = sha256(text.as_bytes())?;
            let (grounds, received_at) = (grounds.clone(), *received_at);
            let written = Cow::Borrowed(text.as_bytes());
            let mut kept = vec![("challenge", "txt", written, document.clone())];
            // The letter itself lies beside what it says.
            kept.extend(scan.as_ref().map(|scan| as_it_came("challenge", scan)).transpose()?);
            (Event::ChallengeReceived { grounds, document, received_at }, kept)
        }
        DefenceAct::ChallengeAnswered { verdict, reasons } => {
            let digest = sha256(reasons.as_bytes())?;
            let kept = ("answer", "txt", Cow::Borrowed(reasons.as_bytes()), digest.clone());
            let answer = ChallengeAnswer { by: by(), verdict: *verdict, reasons: digest };
            (Event::ChallengeAnswered(answer), vec![kept])
        }
        DefenceAct::Deliberated { signed } => return deliberated((**signed).clone()),
        DefenceAct::Outcome { outcome, judgment, measures } => {
            let kept = as_it_came("judgment", judgment)?;
            let (outcome, judgment, measures) = (*outcome, kept.3.clone(), measures.clone());
            (Event::OutcomeReported { by: by(), outcome, judgment, measures }, vec![kept])
        }
    })
}

/// The event of a decision, with its reasons and the signed file to keep.
fn deliberated(signed: SignedDecision) -> Result<(Event, Vec<Kept<'static>>), DeskTrouble> {
    let file = signed.to_json().into_bytes();
    let SignedDecision { statement, reasons: words, .. } = signed;
    let Statement { by, outcome, reasons, examined, .. } = statement;
    let digest = sha256(&file)?;
    let kept = vec![
        ("reasons", "txt", Cow::Owned(words.into_bytes()), reasons.clone()),
        ("deliberation", "json", Cow::Owned(file), digest),
    ];
    Ok((Event::Deliberated(Deliberated { by, outcome, reasons, examined }), kept))
}

fn as_it_came<'o>(kind: &'static str, document: &'o Document) -> Result<Kept<'o>, DeskTrouble> {
    let digest = sha256(&document.bytes)?;
    Ok((kind, document.ending, Cow::Borrowed(&document.bytes), digest))
}

/// What was opened, and its digest.
fn examined(seen: &Seen) -> Result<Examined, DeskTrouble> {
    let opened = serde_json::json!({ "evidence": &seen.evidence, "traffic": &seen.traffic });
    let facts = seen::facts(seen).map_err(|error| {
        tracing::error!(%error, "a kept notice cannot be read");
        DeskTrouble
    })?;
    Ok(Examined { facts, digest: sha256(opened.to_string().as_bytes())? })
}

fn sha256(bytes: &[u8]) -> Result<Digest, DeskTrouble> {
    hexadecimal(digest(&SHA256, bytes).as_ref()).parse().map_err(|_| DeskTrouble)
}

pub(super) fn told(trouble: Trouble) -> DeskTrouble {
    tracing::error!(%trouble, "the person's side could not be entered");
    DeskTrouble
}
