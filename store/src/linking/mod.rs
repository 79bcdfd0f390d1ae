//! Mise en relation: the only code that opens a compartment beside the cases (but for tags of the
//! register of suspended persons, which say nothing), and the only code that opens two at once.
//! Each look has its line in the ledger (who, for what, which fields), committed before anything is
//! opened. A crash in between leaves a line about no look; never a look without its line.

mod disclosure;
mod message;

use std::collections::HashMap;

use entremise_core::effect::Effect;
use entremise_core::id::{
    AuthorisationId, AuthorityId, CaseId, EffectId, NoticeId, QuestionId, RegimeId,
};
use entremise_core::identification::Identity;
use entremise_core::ledger::{self as form, Actor};
use jiff::Timestamp;
use uuid::Uuid;

pub use self::disclosure::SealedDisclosure;
pub use self::message::{MessageAsked, MessageMaterial};
use crate::Store;
use crate::backfill;
use crate::content::TrafficRecord;
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::look::{self, About, Aim, Asked, Look, LookError, LookField, Seen};
use crate::outbox::Claimed;
use crate::trouble::Trouble;

/// One look at evidence for the review of a linking: by whom, and at what.
pub(crate) struct ReviewLook<'l> {
    pub authority: &'l AuthorityId,
    pub regime: &'l RegimeId,
    pub case: CaseId,
    pub request: AuthorisationId,
    pub fields: Vec<&'static str>,
    pub by: &'l Actor,
}

/// Why compartments stay closed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("only the sending of a message brings identity and content together")]
    NotAMessage,
    #[error("another worker has taken the effect over")]
    LeaseLost,
    #[error("nothing was disclosed for this case and purpose")]
    NothingDisclosed,
    #[error("the {0} is erased")]
    Erased(&'static str),
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Store {
    /// What the questions to a provider need: address, port, transport, instants, clock. Opens the
    /// traffic compartment and no other; what is erased is left out.
    pub fn question_material(
        &self,
        claims: &[Claimed],
        now: Timestamp,
    ) -> Result<Vec<(EffectId, TrafficRecord)>, Trouble> {
        let mut authorities: Vec<&AuthorityId> =
            claims.iter().map(|claim| &claim.authority).collect();
        authorities.sort_unstable();
        authorities.dedup();
        let mut material = Vec::with_capacity(claims.len());
        for authority in authorities {
            let asked: Vec<(&Claimed, NoticeId)> = claims
                .iter()
                .filter(|claim| claim.authority == *authority)
                .filter_map(|claim| match &claim.effect {
                    Effect::AskProvider { notice, .. } => Some((claim, *notice)),
                    _ => None,
                })
                .collect();
            let Some((first, _)) = asked.first() else { continue };
            self.note_questions(authority, first, &asked, now)?;
            let ids: Vec<Uuid> = asked.iter().map(|(_, notice)| notice.0).collect();
            let mut opened: HashMap<Uuid, Vec<u8>> =
                self.inner.traffic.open_records(authority, &ids)?.into_iter().collect();
            for (claim, notice) in asked {
                let Some(content) = opened.remove(&notice.0) else { continue };
                material.push((claim.id, TrafficRecord::of(notice, read(&content)?)));
            }
        }
        Ok(material)
    }

    /// One line for all questions that leave together.
    fn note_questions(
        &self,
        authority: &AuthorityId,
        first: &Claimed,
        asked: &[(&Claimed, NoticeId)],
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let effects: Vec<EffectId> = asked.iter().map(|(claim, _)| claim.id).collect();
        let body = json(&serde_json::json!({
            "purpose": "ask_provider",
            "fields": ["ip", "port", "transport", "observed_at", "clock"],
            "effects": effects,
        }));
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let kind = form::Kind::Linking("ask_provider");
            enter(&mut door, &first.regime, form::Subject::House, kind, Actor::House, body)?;
            door.close()
        })
    }
}

impl Store {
    /// Shows a person what lies in the compartments. Who looks, what for, by which text and at what
    /// is in the ledger before anything is opened.
    pub fn look(&self, look: &Look, now: Timestamp) -> Result<Seen, LookError> {
        self.look_by(Actor::Person(look.person.clone()), look.into(), now)
    }

    pub(crate) fn look_by(
        &self,
        by: Actor,
        look: Asked,
        now: Timestamp,
    ) -> Result<Seen, LookError> {
        if look.legal_basis.trim().is_empty() {
            return Err(LookError::NoLegalBasis);
        }
        let (seq, aim) = self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, look.authority, now, Lateness::Refuse)?;
            let aim = look::aim(door.tx, &look, &by)?;
            let aim = aim.ok_or(LookError::NoSuchThing)?;
            let mut fields: Vec<&str> = look.fields.iter().map(|field| field.name()).collect();
            fields.dedup();
            let documents: Vec<Uuid> = aim.documents.iter().map(|(id, _)| *id).collect();
            let body = json(&serde_json::json!({
                "purpose": look.purpose.name(),
                "legal_basis": look.legal_basis,
                "fields": fields,
                "notices": aim.notices,
                "disclosures": aim.disclosures,
                "documents": documents,
                "bytes": aim.bytes,
            }));
            let subject = match look.about {
                About::Case(case) => form::Subject::Case(case),
                About::Notice(notice) => form::Subject::Notice(notice),
                About::Quarantined(_) | About::Batch(_) => form::Subject::House,
            };
            let kind = form::Kind::Look(look.purpose.name());
            let regime = aim.regime.parse().map_err(|_| Trouble::never("a regime's id is odd"))?;
            let seq = enter(&mut door, &regime, subject, kind, by, body)?;
            door.close()?;
            self.inner.fault("look.commit")?;
            Ok::<_, LookError>((seq, aim))
        })?;
        self.show(&look, seq, &aim).map_err(LookError::from)
    }

    /// The line is on the disk: now, and not before, the compartments are opened.
    fn show(&self, look: &Asked, seq: u64, aim: &Aim) -> Result<Seen, Trouble> {
        let mut seen = Seen { seq, ..Seen::default() };
        let open = |compartment: &crate::compartment::Compartment, ids: &[Uuid]| {
            let mut opened = compartment.open_records(look.authority, ids)?;
            opened.sort_unstable_by_key(|(id, _)| *id);
            Ok::<_, Trouble>(opened)
        };
        for field in look.fields {
            match field {
                LookField::Evidence => {
                    for (id, content) in open(&self.inner.evidence, &aim.notices)? {
                        seen.evidence.push((NoticeId(id), read(&content)?));
                    }
                    let bytes = aim.bytes.map(|id| open(&self.inner.evidence, &[id]));
                    seen.raw = bytes.transpose()?.and_then(|mut raw| Some(raw.pop()?.1));
                }
                LookField::Traffic => {
                    for (id, content) in open(&self.inner.traffic, &aim.notices)? {
                        seen.traffic.push((NoticeId(id), read(&content)?));
                    }
                }
                // All that are asked for are opened at once, below.
                LookField::Document(_) | LookField::Documents => {}
                LookField::Identity => {
                    for (id, content) in open(&self.inner.identity, &aim.disclosures)? {
                        seen.identities.push((QuestionId(id), read(&content)?));
                    }
                }
            }
        }
        if !aim.documents.is_empty() {
            let ids: Vec<Uuid> = aim.documents.iter().map(|(id, _)| *id).collect();
            let mut opened: HashMap<Uuid, Vec<u8>> =
                open(&self.inner.identity, &ids)?.into_iter().collect();
            let kept = aim.documents.iter();
            let kept = kept.filter_map(|(id, name)| Some((name.clone(), opened.remove(id)?)));
            seen.documents.extend(kept);
        }
        Ok(seen)
    }
}

/// Enters the line of an opening, and counts it.
pub(crate) fn enter(
    door: &mut Door,
    regime: &RegimeId,
    subject: form::Subject,
    kind: form::Kind,
    actor: Actor,
    body: Vec<u8>,
) -> Result<u64, Trouble> {
    let (name, who) = (kind.to_string(), actor.to_string());
    let seq = door.enter(regime, subject, kind, actor, body)?;
    let place = i64::try_from(seq).unwrap_or(i64::MAX);
    backfill::note_opening(door.tx, door.authority.as_str(), place, door.at, &name, &who)?;
    Ok(seq)
}

impl Store {
    /// Opens evidence for the review of a linking, after its line. No identity is known yet, and
    /// traffic stays closed.
    pub(crate) fn look_for_review(
        &self,
        look: &ReviewLook,
        records: &[Uuid],
        now: Timestamp,
    ) -> Result<HashMap<Uuid, Vec<u8>>, Trouble> {
        let body = json(&serde_json::json!({
            "purpose": "review",
            "fields": look.fields,
            "request": look.request,
        }));
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, look.authority, now, Lateness::Refuse)?;
            let subject = form::Subject::Case(look.case);
            let kind = form::Kind::Look("review");
            enter(&mut door, look.regime, subject, kind, look.by.clone(), body)?;
            door.close()
        })?;
        Ok(self.inner.evidence.open_records(look.authority, records)?.into_iter().collect())
    }
}

/// An identity that was disclosed, for a letter whose line is in the ledger already.
pub(crate) fn disclosed(
    store: &Store,
    authority: &AuthorityId,
    question: Uuid,
) -> Result<Identity, LinkError> {
    let opened = store.inner.identity.open_record(authority, question)?;
    Ok(read(&opened.ok_or(LinkError::Erased("identity"))?)?)
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(content: &[u8]) -> Result<T, Trouble> {
    // The parser's words could repeat what it read.
    serde_json::from_slice(content)
        .map_err(|_| Trouble::never("a sealed record is not of the form it was written in"))
}
