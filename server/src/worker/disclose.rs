//! Requests for disclosure: each is one call that the provider counts and answers alone; what they
//! brought is kept and entered for many at once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::effect::Effect;
use entremise_core::event::{DisclosureFailure, Event};
use entremise_core::id::{QuestionId, RegimeId};
use entremise_core::identification::{Disclosure, DisclosureRequest, IdentityField};
use entremise_core::ledger::Actor;
use entremise_store::{CaseRef, Claimed, SealedDisclosure, Settlement, Trouble};
use entremise_wire::message::DisclosureBatch;
use jiff::Timestamp;

use super::Round;
use super::outbox::{batch_until, by_provider, expires_at, park, put_back, settle_all};
use crate::house::{House, ProviderRoom};
use crate::provider::{Answering, ProviderTrouble};

/// Calls between an intent and its outcome on the disk: few enough that a slow provider answers
/// them all within a lease.
const AT_ONCE: usize = 25;

/// What came of one call.
enum Said {
    Disclosed { key: Vec<u8>, sealed: Vec<u8>, fields: Vec<IdentityField> },
    Not(DisclosureFailure),
    Nothing(ProviderTrouble),
}

pub(super) fn requests(
    house: &House,
    claims: Vec<Claimed>,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for ((authority, regime, provider), claims) in by_provider(claims) {
        let room = house.provider(&authority, &provider);
        let Some((room, answering)) =
            room.and_then(|room| Some((room, room.answering.as_deref()?)))
        else {
            round += park(house, &claims, "provider_does_not_disclose", now)?;
            continue;
        };
        for claims in claims.chunks(AT_ONCE) {
            round += disclose(house, room, answering, &regime, claims, now)?;
        }
    }
    Ok(round)
}

/// One request, one call: one that is refused takes no other with it.
fn disclose(
    house: &House,
    room: &ProviderRoom,
    answering: &dyn Answering,
    regime: &RegimeId,
    claims: &[Claimed],
    now: Timestamp,
) -> Result<Round, Trouble> {
    house.store.intend_many(claims, now)?;
    let said: Vec<Said> = claims
        .iter()
        .map(|claim| match request(house, claim, now) {
            Some(request) => call(room, answering, regime, (claim, request), now),
            None => Said::Nothing(untrusted("it was asked for nothing")),
        })
        .collect();
    let does_open = keep(house, claims, &said, now)?;
    let (mut round, mut settlements) = (Round::default(), Vec::new());
    for ((claim, said), does_open) in claims.iter().zip(said).zip(does_open) {
        let question = QuestionId(claim.id.0);
        let (outcome, event) = match said {
            Said::Disclosed { fields, .. } if does_open => {
                ("disclosed", Event::Disclosed { question, fields })
            }
            Said::Disclosed { .. } => {
                let trouble = untrusted("what it sealed does not open");
                round += put_back(house, vec![claim.clone()], &trouble, now)?;
                continue;
            }
            Said::Not(reason) => (outcome(&reason), Event::DisclosureFailed { question, reason }),
            Said::Nothing(trouble) => {
                round += put_back(house, vec![claim.clone()], &trouble, now)?;
                continue;
            }
        };
        let case = CaseRef::Id(claim.authority.clone(), claim.case);
        let actor = Actor::Party(room.config.id.clone());
        let (claim, event) = (claim.clone(), Some((case, event)));
        settlements.push(Settlement { claim, outcome, event, actor });
    }
    round.done += settlements.len();
    settle_all(house, settlements, now)?;
    Ok(round)
}

fn call(
    room: &ProviderRoom,
    answering: &dyn Answering,
    regime: &RegimeId,
    (claim, request): (&Claimed, DisclosureRequest),
    now: Timestamp,
) -> Said {
    let question = request.id;
    let batch = DisclosureBatch {
        batch: batch_until(claim, request.expires_at),
        authority: room.authority.clone(),
        regime: regime.clone(),
        requests: vec![request],
    };
    let answer = match answering.disclose(&batch, now) {
        Ok(answers) => answers.into_iter().next(),
        Err(trouble) => return Said::Nothing(trouble),
    };
    match answer {
        Some(Disclosure::Disclosed { id, fields, encapsulated_key, sealed }) if id == question => {
            match (URL_SAFE_NO_PAD.decode(encapsulated_key), URL_SAFE_NO_PAD.decode(sealed)) {
                (Ok(key), Ok(sealed)) => Said::Disclosed { key, sealed, fields },
                _ => Said::Nothing(untrusted("what it sealed is not base64url")),
            }
        }
        Some(Disclosure::HandleUnknown { id }) if id == question => {
            Said::Not(DisclosureFailure::HandleUnknown)
        }
        Some(Disclosure::Refused { id, reason }) if id == question => {
            Said::Not(match reason.as_str() {
                "authorisation_missing" => DisclosureFailure::AuthorisationMissing,
                _ => DisclosureFailure::Refused,
            })
        }
        _ => Said::Nothing(untrusted("another question was answered")),
    }
}

/// Keeps what was disclosed. Yields for each claim whether it opened.
fn keep(
    house: &House,
    claims: &[Claimed],
    said: &[Said],
    now: Timestamp,
) -> Result<Vec<bool>, Trouble> {
    let mut places = Vec::new();
    let mut sealed = Vec::new();
    for (place, (claim, said)) in claims.iter().zip(said).enumerate() {
        if let Said::Disclosed { key, sealed: bytes, .. } = said {
            places.push(place);
            let question = QuestionId(claim.id.0);
            sealed.push(SealedDisclosure { claim, question, encapsulated_key: key, sealed: bytes });
        }
    }
    let mut does_open = vec![false; claims.len()];
    if !sealed.is_empty() {
        for (place, answer) in places.into_iter().zip(house.store.keep_disclosures(&sealed, now)?) {
            does_open[place] = answer.is_ok();
        }
    }
    Ok(does_open)
}

fn untrusted(what: &str) -> ProviderTrouble {
    ProviderTrouble::Untrusted { what: what.to_owned() }
}

fn outcome(reason: &DisclosureFailure) -> &'static str {
    match reason {
        DisclosureFailure::HandleUnknown => "handle_unknown",
        _ => "refused",
    }
}

/// The request of one effect, numbered as the effect is. With a grant it says what was granted.
fn request(house: &House, claim: &Claimed, now: Timestamp) -> Option<DisclosureRequest> {
    let (line, purpose, fields, sequence, grant) = match &claim.effect {
        Effect::RequestDisclosure { line, purpose, fields, sequence, .. } => {
            (line, *purpose, fields, *sequence, None)
        }
        Effect::RequestAuthorisedDisclosure { line, grant, .. } => {
            let linking = &grant.statement().linking;
            (line, linking.purpose, &linking.fields, linking.sequence, Some(grant))
        }
        _ => return None,
    };
    Some(DisclosureRequest {
        id: QuestionId(claim.id.0),
        handle: line.handle.clone(),
        purpose,
        fields: fields.clone(),
        sequence,
        expires_at: expires_at(claim, now),
        seal_to: house.store.seal_to(),
        authorisation: grant.map(|grant| grant.signed().clone()),
    })
}
