//! The reviewer of the situations: outside the authority, with a signature taken on trust (whether
//! signatures hold is tested where they are checked).

use entremise_core::authorisation::{
    Denial, Grant, PublicKey, ReviewerKey, Ruling, Signature, SignedStatement, Statement,
};
use entremise_core::case::Case;
use entremise_core::event::{Decision, Event, Ground, Verdict};
use entremise_core::id::AuthorisationId;
use entremise_core::procedure::ladder;
use entremise_core::regime::Regime;
use jiff::Timestamp;
use uuid::Uuid;

use super::file::Step;
use super::world::text;

type Because = String;

const REVIEWER: &str = "magistrat";

fn request() -> AuthorisationId {
    AuthorisationId(Uuid::from_u128(5))
}

fn evidence() -> entremise_core::id::Digest {
    "e".repeat(64).parse().expect("64 digits")
}

/// A member asks for leave; `by` may be the reviewer, which must be refused.
pub fn requested(on: &Step) -> Result<Event, Because> {
    let by = on.by.as_deref().unwrap_or("membre").parse().map_err(text)?;
    Ok(Event::AuthorisationRequested {
        request: request(),
        decision: Decision { by, verdict: Verdict::Send, ground: Ground::FactsEstablished },
        reviewer: REVIEWER.parse().map_err(text)?,
        evidence: evidence(),
    })
}

pub fn handed_over(on: &Step) -> Result<Event, Because> {
    Ok(Event::AuthorisationHandedOver {
        request: request(),
        from: REVIEWER.parse().map_err(text)?,
        to: on.by.as_deref().unwrap_or("suppleant").parse().map_err(text)?,
    })
}

/// The ruling, by the reviewer or whom the step names, used at an instant after it was given.
pub fn ruled(
    on: &Step,
    ruling: Ruling,
    case: &Case,
    given: Timestamp,
    used: Timestamp,
    regime: &Regime,
) -> Result<Event, Because> {
    let reviewer = on.by.as_deref().unwrap_or(REVIEWER);
    let mut linking = ladder::linking_asked(case, regime).map_err(text)?;
    if let Some(sequence) = on.sequence {
        linking.sequence = sequence;
    }
    let statement = Statement {
        request: request(),
        ruling,
        reviewer: reviewer.parse().map_err(text)?,
        linking,
        evidence: evidence(),
        reasons: "f".repeat(64).parse().map_err(text)?,
        expires_at: ladder::grant_expires(given, regime).map_err(text)?,
    };
    let key = ReviewerKey {
        id: "cle".parse().map_err(text)?,
        reviewer: statement.reviewer.clone(),
        body: "Formation de contrôle (SPECIMEN)".to_owned(),
        key: PublicKey::Ed25519 { public_key: String::new() },
    };
    let signature = Signature::Ed25519 { signature: String::new() };
    let signed = SignedStatement { statement, key: key.id.clone(), signature };
    let keys = std::slice::from_ref(&key);
    let trusted = |_: &ReviewerKey, _: &str, _: &Signature| true;
    Ok(match ruling {
        Ruling::Granted => Event::AuthorisationGranted {
            grant: Grant::verified(signed, keys, used.min(given), trusted).map_err(text)?,
        },
        Ruling::Refused => Event::AuthorisationRefused {
            denial: Denial::verified(signed, keys, trusted).map_err(text)?,
        },
    })
}
