//! Messages on the side of the ladder: when a person is heard, what became of their challenge. They
//! warn of nothing and start no clock; they go as a stage's messages go.
//!
//! Nothing is opened for them but where the person is reached and, for a letter that answers, the
//! reasons that it repeats. A mail can reach a stranger, so it repeats none.

use entremise_core::effect::Effect;
use entremise_core::id::{Digest, PartyId};
use entremise_core::identification::Identity;
use entremise_core::ledger::hexadecimal;
use entremise_core::procedure::ladder::ChallengeAnswer;
use entremise_core::regime::Regime;
use entremise_core::regime::rules::ChannelKind;
use entremise_store::{
    Claimed, DocumentRow, LookError, LookField, LookPurpose, OwnLook, Seen, Trouble,
};
use jiff::Timestamp;

use super::send::{Addressee, Composed, Written, compose, impossible, send};
use super::{Round, content};
use crate::delivery::render::WarningContent;
use crate::house::{House, Room};

pub(super) const QUEUES: [&str; 2] = ["send_convocation", "send_answer"];

/// The text by which the addressee of a convocation is looked up.
const CONVENES: &str = "CPI R331-13";

/// Sends what these claims ask for.
pub(super) fn messages(
    house: &House,
    claims: Vec<Claimed>,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let (mut round, mut written) = (Round::default(), Vec::new());
    for claim in claims {
        let Some(room) = house.room(&claim.authority) else { continue };
        house.store.intend(&claim, now)?;
        match worded(house, room, &claim, now)? {
            Ok((provider, composed)) => written.push(Written { claim, provider, composed }),
            Err(why) => round += impossible(house, &claim, &why, now)?,
        }
    }
    round += send(house, written, now)?;
    Ok(round)
}

/// What such a message asks for, whichever it is.
struct Wanted<'c> {
    stage: usize,
    channel: ChannelKind,
    purpose: LookPurpose,
    legal_basis: String,
    /// The document whose words it repeats.
    repeats: Option<&'c Digest>,
}

impl<'c> Wanted<'c> {
    fn of(effect: &'c Effect, regime: &Regime, at: Timestamp) -> Option<Self> {
        match effect {
            Effect::SendConvocation { stage, channel, .. } => Some(Self {
                stage: *stage,
                channel: *channel,
                purpose: LookPurpose::Convene,
                legal_basis: CONVENES.to_owned(),
                repeats: None,
            }),
            Effect::SendAnswer { stage, channel, answer, .. } => Some(Self {
                stage: *stage,
                channel: *channel,
                purpose: LookPurpose::Answer,
                legal_basis: content::answers_by(regime, at),
                repeats: repeated(*channel, answer.as_ref()),
            }),
            _ => None,
        }
    }
}

/// The reasons of an answer, where it goes as a letter.
fn repeated(channel: ChannelKind, answer: Option<&ChallengeAnswer>) -> Option<&Digest> {
    match channel {
        ChannelKind::Email => None,
        ChannelKind::Letter | ChannelKind::RegisteredLetter => Some(&answer?.reasons),
    }
}

/// The message in its carrier's form, and whose relay takes it if it is a mail; or why there is
/// none. As of the effect's own instant, so that every try sends the bytes that are kept.
fn worded(
    house: &House,
    room: &Room,
    claim: &Claimed,
    now: Timestamp,
) -> Result<Result<(PartyId, Composed), String>, Trouble> {
    let at = claim.asked_at;
    let Some(regime) = house.store.regime(&claim.regime) else {
        return Ok(Err(format!("no regime {}", claim.regime)));
    };
    let Some(wanted) = Wanted::of(&claim.effect, regime, at) else {
        return Ok(Err("no message beside the ladder".to_owned()));
    };
    let file = house.store.case_file(&claim.authority, &claim.case)?;
    let Some(number) = file.and_then(|file| file.file_number) else {
        return Ok(Err("a case without a file number".to_owned()));
    };
    let seen = match looked(house, claim, &wanted, now) {
        Ok(seen) => seen,
        Err(LookError::Trouble(trouble)) => return Err(trouble),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let content = match content_of(room, claim, &wanted, &seen, (regime, number)) {
        Ok(content) => content,
        Err(why) => return Ok(Err(why)),
    };
    let Some(identity) = reached(&seen, wanted.channel) else {
        return Ok(Err("nobody is known".to_owned()));
    };
    let to = Addressee { channel: wanted.channel, identity };
    let composed = compose(room, claim, to, &content, regime);
    Ok(Ok((claim.subject.provider().clone(), composed)))
}

fn looked(
    house: &House,
    claim: &Claimed,
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Seen, LookError> {
    let mut fields = vec![LookField::Identity];
    if let Some(repeated) = wanted.repeats {
        let kept = house.store.documents(&claim.authority, &claim.case)?;
        let is_it = |row: &&DocumentRow| hexadecimal(&row.sha256) == repeated.as_str();
        let document = kept.iter().find(is_it).ok_or(LookError::NoSuchThing)?;
        fields.push(LookField::Document(document.id));
    }
    let look = OwnLook {
        authority: &claim.authority,
        case: claim.case,
        legal_basis: &wanted.legal_basis,
        fields: &fields,
    };
    house.store.look_for_letter(&look, wanted.purpose, now)
}

/// The last that was disclosed and can be reached this way; the last of all, where none can.
fn reached(seen: &Seen, channel: ChannelKind) -> Option<&Identity> {
    let known = || seen.identities.iter().rev().map(|(_, identity)| identity);
    let can = |identity: &&Identity| match channel {
        ChannelKind::Email => !identity.emails.is_empty(),
        ChannelKind::Letter | ChannelKind::RegisteredLetter => !identity.postal_address.is_empty(),
    };
    known().find(can).or_else(|| known().next())
}

fn content_of(
    room: &Room,
    claim: &Claimed,
    wanted: &Wanted<'_>,
    seen: &Seen,
    (regime, number): (&Regime, String),
) -> Result<WarningContent, String> {
    let rung = regime.at(claim.asked_at).ok().and_then(|rules| rules.stages.get(wanted.stage));
    let rung = rung.ok_or("no such stage on that day")?;
    match &claim.effect {
        Effect::SendConvocation { slot, .. } => {
            Ok(content::convocation(room, claim, rung, regime, *slot, number))
        }
        Effect::SendAnswer { challenged_at, answer, .. } => {
            let reasons = match wanted.repeats {
                Some(_) => Some(text_of(seen).ok_or("the reasons are not kept as a text")?),
                None => None,
            };
            let verdict = answer.as_ref().map(|answer| answer.verdict);
            let answered = content::Answered { verdict, challenged_at: *challenged_at, reasons };
            Ok(content::answer(room, claim, rung, regime, answered, number))
        }
        _ => Err("no message beside the ladder".to_owned()),
    }
}

/// The one document that was opened.
fn text_of(seen: &Seen) -> Option<&str> {
    let (_, bytes) = seen.documents.iter().find(|(name, _)| name.ends_with(".txt"))?;
    std::str::from_utf8(bytes).ok()
}
