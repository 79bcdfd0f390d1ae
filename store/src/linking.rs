//! Mise en relation: the only code that opens a compartment beside the cases (but for tags of the
//! register of suspended persons, which say nothing), and the only code that opens two at once.
//! Each look has its line in the ledger (who, for what, which fields), committed before anything is
//! opened. A crash in between leaves a line about no look; never a look without its line.

use std::collections::HashMap;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::effect::Effect;
use entremise_core::id::{
    AuthorisationId, AuthorityId, CaseId, EffectId, NoticeId, PartyId, QuestionId, RegimeId,
};
use entremise_core::identification::{Identity, Purpose};
use entremise_core::ledger::{self as form, Actor};
use entremise_core::notice::{Transport, Work};
use entremise_wire::sealing;
use jiff::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::backfill;
use crate::compartment::{Fresh, Record, RecordKind};
use crate::conn::{Tx, Value};
use crate::content::{EvidenceIn, TrafficIn, TrafficRecord};
use crate::door::{Door, json};
use crate::entropy::Draw;
use crate::erase;
use crate::ledger::{self, Lateness};
use crate::look::{self, About, Aim, Asked, Look, LookError, LookField, Seen};
use crate::outbox::Claimed;
use crate::party;
use crate::rows;
use crate::trouble::Trouble;

/// All that one message needs, together for as long as it is written. No `Debug`.
pub struct MessageMaterial {
    pub identity: Identity,
    pub provider: PartyId,
    pub observed_at: Timestamp,
    pub observed_until: Option<Timestamp>,
    pub source_ip: IpAddr,
    pub source_port: Option<u16>,
    pub source_transport: Option<Transport>,
    pub protocol: Option<String>,
    /// None unless the effect says that the message names the works.
    pub works: Option<Vec<Work>>,
    pub file_number: String,
    /// Of the notice's sender, as it is registered.
    pub sender_name: String,
}

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

/// What the cases compartment knows of a message to be sent: where to look.
struct Found {
    /// None where the provider relays: nothing was disclosed.
    question: Option<Uuid>,
    provider: PartyId,
    file_number: String,
    sender_name: String,
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

    /// Takes a sealed disclosure into the identity compartment. Only the identity key opens it, and
    /// it is sealed again, under a key of its own, before it is kept. Idempotent by question.
    ///
    /// `encapsulated_key` and `sealed` are the bytes, not their base64url.
    pub fn keep_disclosure(
        &self,
        claim: &Claimed,
        question: QuestionId,
        encapsulated_key: &[u8],
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let purpose = match &claim.effect {
            Effect::RequestDisclosure { purpose, .. } => *purpose,
            Effect::RequestAuthorisedDisclosure { grant, .. } => grant.statement().linking.purpose,
            _ => return Err(Trouble::never("only a request for disclosure brings a disclosure")),
        };
        let identity = self.open_disclosure(question, purpose, encapsulated_key, sealed)?;
        let record = Record {
            id: question.0,
            kind: RecordKind::Disclosure,
            fresh: Fresh::draw(&mut Draw::new(&*self.inner.entropy)),
            content: json(&identity),
        };
        let records = std::iter::once(record);
        self.inner.cases.write(|tx| {
            // The lock keeps the sweep of orphans away from what is about to be noted.
            ledger::lock(tx, &claim.authority)?;
            if is_disclosed(tx, question)? || erase::is_erased(tx, claim.case)? {
                return Ok(());
            }
            self.inner.identity.keep(&claim.authority, &claim.regime, records, now)?;
            self.inner.fault("disclosure.identity")?;
            tx.execute(
                "-- disclosure-note
                 INSERT INTO disclosure (question_id, authority, regime, case_id, effect_id,
                     purpose, kept_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (question_id) DO NOTHING",
                &[
                    Value::id(&question.0),
                    claim.authority.as_str().into(),
                    claim.regime.as_str().into(),
                    Value::id(&claim.case.0),
                    Value::id(&claim.id.0),
                    purpose.name().into(),
                    Value::time(now),
                ],
            )
            .map(|_| ())
        })
    }

    /// Opens what a provider sealed: to the current pair, or to the one before a rotation.
    fn open_disclosure(
        &self,
        question: QuestionId,
        purpose: Purpose,
        encapsulated_key: &[u8],
        sealed: &[u8],
    ) -> Result<Identity, Trouble> {
        let encapsulated_key = URL_SAFE_NO_PAD.encode(encapsulated_key);
        let sealed = URL_SAFE_NO_PAD.encode(sealed);
        let mut said = Trouble::never("the identities have no key");
        for key in self.inner.identity.opening_keys()? {
            match sealing::open(&encapsulated_key, &sealed, &key, question, purpose) {
                Ok(identity) => return Ok(identity),
                Err(error) => said = Trouble::never_from("the disclosure does not open", error),
            }
        }
        Err(said)
    }

    /// Brings identity, traffic and (where the message names them) works together, for one message.
    pub fn message_material(
        &self,
        claim: &Claimed,
        purpose: Purpose,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<MessageMaterial, LinkError> {
        // A message that the provider relays is written without knowing whom it reaches.
        let (effect, is_piloted) = claim.effect.in_earnest();
        let (notice, names_works, is_relayed) = match effect {
            Effect::SendMessage { notice, names_works, .. } => (notice, names_works, is_piloted),
            Effect::RelayMessage { notice, names_works, .. } => (notice, names_works, true),
            _ => return Err(LinkError::NotAMessage),
        };
        let found = self.inner.cases.write(|tx| {
            let authority = &claim.authority;
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let disclosed = match is_relayed {
                true => None,
                false => Some(disclosed_for(door.tx, claim, purpose)?),
            };
            let found = look_up(door.tx, claim, *notice, disclosed)?;
            let mut fields: Vec<&str> = disclosed.map(|_| "identity").into_iter().collect();
            fields.extend(["source", "observed_at"]);
            fields.extend(names_works.then_some("works"));
            let body = json(&serde_json::json!({
                "purpose": purpose.name(),
                "fields": fields,
                "effect_id": claim.id,
                "question": found.question,
                "linking": linkings_of(door.tx, claim.case)? + 1,
            }));
            let subject = form::Subject::Case(claim.case);
            let kind = form::Kind::Linking(purpose.name());
            enter(&mut door, &claim.regime, subject, kind, actor.clone(), body)?;
            door.close()?;
            self.inner.fault("linking.commit")?;
            Ok::<_, LinkError>(found)
        })?;
        // The line is on the disk: now, and not before, the compartments are opened.
        let open = |compartment: &crate::compartment::Compartment, id, what| {
            compartment.open_record(&claim.authority, id)?.ok_or(LinkError::Erased(what))
        };
        let identity = match found.question {
            Some(question) => read(&open(&self.inner.identity, question, "identity")?)?,
            None => Identity::default(),
        };
        let traffic: TrafficIn = read(&open(&self.inner.traffic, notice.0, "observation")?)?;
        let works = if *names_works {
            let evidence: EvidenceIn = read(&open(&self.inner.evidence, notice.0, "evidence")?)?;
            Some(evidence.works)
        } else {
            None
        };
        Ok(MessageMaterial {
            identity,
            provider: found.provider,
            observed_at: traffic.observation.from,
            observed_until: traffic.observation.until,
            source_ip: traffic.source.ip,
            source_port: traffic.source.port,
            source_transport: traffic.source.transport,
            protocol: traffic.protocol,
            works,
            file_number: found.file_number,
            sender_name: found.sender_name,
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
            let fields: Vec<&str> = look.fields.iter().map(|field| field.name()).collect();
            let body = json(&serde_json::json!({
                "purpose": look.purpose.name(),
                "legal_basis": look.legal_basis,
                "fields": fields,
                "notices": aim.notices,
                "disclosures": aim.disclosures,
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
                LookField::Documents => {
                    let ids: Vec<Uuid> = aim.documents.iter().map(|(id, _)| *id).collect();
                    let mut opened: HashMap<Uuid, Vec<u8>> =
                        open(&self.inner.identity, &ids)?.into_iter().collect();
                    let kept = aim.documents.iter().filter_map(|(id, name)| {
                        opened.remove(id).map(|bytes| (name.clone(), bytes))
                    });
                    seen.documents.extend(kept);
                }
                LookField::Identity => {
                    for (id, content) in open(&self.inner.identity, &aim.disclosures)? {
                        seen.identities.push((QuestionId(id), read(&content)?));
                    }
                }
            }
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

/// The last thing that was disclosed for this case and purpose.
fn disclosed_for(tx: &mut Tx, claim: &Claimed, purpose: Purpose) -> Result<Uuid, LinkError> {
    let disclosed = tx
        .query_one(
            "-- disclosure-latest
             SELECT question_id FROM disclosure
             WHERE case_id = $1 AND authority = $2 AND purpose = $3
             ORDER BY kept_at DESC, question_id DESC LIMIT 1",
            &[Value::id(&claim.case.0), claim.authority.as_str().into(), purpose.name().into()],
        )?
        .ok_or(LinkError::NothingDisclosed)?;
    Ok(disclosed.id(0)?)
}

/// Checks that the effect is this worker's to carry out, and finds where the parts lie.
fn look_up(
    tx: &mut Tx,
    claim: &Claimed,
    notice: NoticeId,
    question: Option<Uuid>,
) -> Result<Found, LinkError> {
    let held = tx.query_one(
        "-- outbox-held
         SELECT effect_id FROM outbox WHERE effect_id = $1 AND state = 'leased' AND attempts = $2",
        &[Value::id(&claim.id.0), i64::from(claim.attempts).into()],
    )?;
    if held.is_none() {
        return Err(LinkError::LeaseLost);
    }
    let stored = rows::case_by_id(tx, &claim.authority, claim.case)?
        .ok_or_else(|| Trouble::never("an effect's case is not there"))?;
    let sender = tx
        .query_one(
            "-- notice-sender\nSELECT sender FROM notice WHERE notice_id = $1 AND authority = $2",
            &[Value::id(&notice.0), claim.authority.as_str().into()],
        )?
        .ok_or_else(|| Trouble::never("a message is about a notice that is not there"))?;
    let sender: PartyId = sender.word(0)?;
    let party = party::find(tx, &claim.authority, &sender)?;
    let provider = stored.case.subject.provider().clone();
    Ok(Found {
        question,
        provider,
        file_number: stored.file_number.unwrap_or_default(),
        sender_name: party.map_or_else(|| sender.to_string(), |party| party.name),
    })
}

/// How often compartments were brought together for this case before.
fn linkings_of(tx: &mut Tx, case: CaseId) -> Result<i64, Trouble> {
    let row = tx.query_one(
        "-- linkings-of-case
         SELECT COUNT(seq) FROM ledger
         WHERE subject = $1 AND subject IS NOT NULL AND kind LIKE 'linking.%'",
        &[Value::id(&case.0)],
    )?;
    row.map_or(Ok(0), |row| row.integer(0))
}

fn is_disclosed(tx: &mut Tx, question: QuestionId) -> Result<bool, Trouble> {
    let row = tx.query_one(
        "-- disclosure-noted
         SELECT question_id FROM disclosure WHERE question_id = $1",
        &[Value::id(&question.0)],
    )?;
    Ok(row.is_some())
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(content: &[u8]) -> Result<T, Trouble> {
    // The parser's words could repeat what it read.
    serde_json::from_slice(content)
        .map_err(|_| Trouble::never("a sealed record is not of the form it was written in"))
}
