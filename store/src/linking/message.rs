//! What one message needs of three compartments: brought together line by line, opened in one go.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use entremise_core::effect::Effect;
use entremise_core::id::{AuthorityId, CaseId, NoticeId, PartyId};
use entremise_core::identification::{Identity, Purpose};
use entremise_core::ledger::{self as form, Actor};
use entremise_core::notice::{Transport, Work};
use jiff::Timestamp;
use uuid::Uuid;

use super::{LinkError, enter, read};
use crate::Store;
use crate::compartment::Compartment;
use crate::conn::{Tx, Value};
use crate::content::{EvidenceIn, TrafficIn};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::outbox::{Claimed, by_authority};
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

/// One message that is to be written: the effect that asks for it, and what its stage links for.
#[derive(Clone, Copy)]
pub struct MessageAsked<'m> {
    pub claim: &'m Claimed,
    pub purpose: Purpose,
}

/// What the cases compartment knows of a message to be sent: where to look.
struct Found {
    /// None where the provider relays: nothing was disclosed.
    question: Option<Uuid>,
    provider: PartyId,
    file_number: String,
    sender_name: String,
}

/// What an effect says of its message.
struct Told {
    notice: NoticeId,
    names_works: bool,
    /// The provider relays it: written without knowing whom it reaches.
    is_relayed: bool,
}

impl Told {
    fn by(effect: &Effect) -> Result<Self, LinkError> {
        let (effect, is_piloted) = effect.in_earnest();
        let (notice, names_works, is_relayed) = match effect {
            Effect::SendMessage { notice, names_works, .. } => (notice, names_works, is_piloted),
            Effect::RelayMessage { notice, names_works, .. } => (notice, names_works, true),
            _ => return Err(LinkError::NotAMessage),
        };
        Ok(Self { notice: *notice, names_works: *names_works, is_relayed })
    }
}

/// A message's line, or why it has none.
type Line = Result<(Told, Found), LinkError>;

/// Records that were opened, by number, each compartment's apart.
#[derive(Default)]
struct Opened {
    identity: HashMap<Uuid, Vec<u8>>,
    traffic: HashMap<Uuid, Vec<u8>>,
    evidence: HashMap<Uuid, Vec<u8>>,
}

impl Store {
    /// As [`Store::message_materials`], for one message.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn message_material(
        &self,
        claim: &Claimed,
        purpose: Purpose,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<MessageMaterial, LinkError> {
        let mut materials =
            self.message_materials(&[MessageAsked { claim, purpose }], actor, now)?;
        materials.pop().unwrap_or(Err(LinkError::NotAMessage))
    }

    /// Brings identity, traffic and (where the message names them) works together, for each of
    /// these messages. Each has a line of its own in the ledger; all of them are on the disk before
    /// anything is opened. The answers stand in the order of the messages.
    ///
    /// # Errors
    /// Where nothing at all could be done. What keeps one message closed keeps no other.
    pub fn message_materials(
        &self,
        asked: &[MessageAsked<'_>],
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Result<MessageMaterial, LinkError>>, Trouble> {
        let mut found: BTreeMap<usize, Line> = BTreeMap::new();
        let mut opened: BTreeMap<&AuthorityId, Opened> = BTreeMap::new();
        for authority in by_authority(asked.iter().map(|asked| asked.claim)).into_keys() {
            let ours = asked.iter().enumerate();
            let ours = ours.filter(|(_, asked)| asked.claim.authority == *authority);
            let lines = self.enter_linkings(authority, ours, actor, now)?;
            let told = lines.iter().filter_map(|(_, line)| line.as_ref().ok());
            opened.insert(authority, self.open_for_messages(authority, told)?);
            found.extend(lines);
        }
        Ok(asked
            .iter()
            .zip(found.into_values())
            .map(|(asked, found)| {
                let (told, found) = found?;
                let opened = opened.get(&asked.claim.authority);
                material(opened.ok_or(LinkError::Erased("identity"))?, &told, found)
            })
            .collect())
    }

    /// Enters the line of each linking, in one transaction.
    fn enter_linkings<'m>(
        &self,
        authority: &AuthorityId,
        asked: impl Iterator<Item = (usize, &'m MessageAsked<'m>)>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<(usize, Line)>, Trouble> {
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let mut linkings = HashMap::new();
            let mut lines = Vec::new();
            for (place, asked) in asked {
                let line = match link(&mut door, asked, actor, &mut linkings) {
                    Err(LinkError::Trouble(trouble)) => return Err(trouble),
                    line => line,
                };
                lines.push((place, line));
            }
            door.close()?;
            self.inner.fault("linking.commit")?;
            Ok(lines)
        })
    }

    /// The lines are on the disk: now, and not before, the compartments are opened.
    fn open_for_messages<'f>(
        &self,
        authority: &AuthorityId,
        lines: impl Iterator<Item = &'f (Told, Found)>,
    ) -> Result<Opened, Trouble> {
        let (mut questions, mut notices, mut named) = (Vec::new(), Vec::new(), Vec::new());
        for (told, found) in lines {
            questions.extend(found.question);
            notices.push(told.notice.0);
            named.extend(told.names_works.then_some(told.notice.0));
        }
        let open = |compartment: &Compartment, mut ids: Vec<Uuid>| {
            ids.sort_unstable();
            ids.dedup();
            match ids.is_empty() {
                true => Ok(HashMap::new()),
                false => Ok(compartment.open_records(authority, &ids)?.into_iter().collect()),
            }
        };
        Ok::<_, Trouble>(Opened {
            identity: open(&self.inner.identity, questions)?,
            traffic: open(&self.inner.traffic, notices)?,
            evidence: open(&self.inner.evidence, named)?,
        })
    }
}

/// Enters one linking. `linkings` counts those of each case, this transaction's included.
fn link(
    door: &mut Door,
    asked: &MessageAsked<'_>,
    actor: &Actor,
    linkings: &mut HashMap<CaseId, i64>,
) -> Result<(Told, Found), LinkError> {
    let MessageAsked { claim, purpose } = *asked;
    let told = Told::by(&claim.effect)?;
    let disclosed = match told.is_relayed {
        true => None,
        false => Some(disclosed_for(door.tx, claim, purpose)?),
    };
    let found = look_up(door.tx, claim, told.notice, disclosed)?;
    let before = match linkings.get(&claim.case) {
        Some(before) => *before,
        None => linkings_of(door.tx, claim.case)?,
    };
    linkings.insert(claim.case, before + 1);
    let mut fields: Vec<&str> = disclosed.map(|_| "identity").into_iter().collect();
    fields.extend(["source", "observed_at"]);
    fields.extend(told.names_works.then_some("works"));
    let body = json(&serde_json::json!({
        "purpose": purpose.name(),
        "fields": fields,
        "effect_id": claim.id,
        "question": found.question,
        "linking": before + 1,
    }));
    let subject = form::Subject::Case(claim.case);
    let kind = form::Kind::Linking(purpose.name());
    enter(door, &claim.regime, subject, kind, actor.clone(), body)?;
    Ok((told, found))
}

fn part<'r>(
    records: &'r HashMap<Uuid, Vec<u8>>,
    id: &Uuid,
    what: &'static str,
) -> Result<&'r [u8], LinkError> {
    records.get(id).map(Vec::as_slice).ok_or(LinkError::Erased(what))
}

/// Puts one message's parts together. A notice may be in two messages.
fn material(opened: &Opened, told: &Told, found: Found) -> Result<MessageMaterial, LinkError> {
    let identity = match &found.question {
        Some(question) => read(part(&opened.identity, question, "identity")?)?,
        None => Identity::default(),
    };
    let traffic: TrafficIn = read(part(&opened.traffic, &told.notice.0, "observation")?)?;
    let works = if told.names_works {
        let evidence: EvidenceIn = read(part(&opened.evidence, &told.notice.0, "evidence")?)?;
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
