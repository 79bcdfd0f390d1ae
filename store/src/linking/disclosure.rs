//! What providers disclose: opened with the identities' key alone, sealed again, kept.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::effect::Effect;
use entremise_core::id::{AuthorityId, QuestionId, RegimeId};
use entremise_core::identification::{Identity, Purpose};
use entremise_wire::sealing::{self, OpeningKey};
use jiff::Timestamp;

use crate::Store;
use crate::compartment::{Fresh, Record, RecordKind};
use crate::conn::{Tx, Value};
use crate::door::json;
use crate::entropy::Draw;
use crate::erase;
use crate::ledger;
use crate::outbox::Claimed;
use crate::trouble::Trouble;

/// What a provider answered to one request for disclosure: sealed, and so without `Debug`.
#[derive(Clone, Copy)]
pub struct SealedDisclosure<'d> {
    pub claim: &'d Claimed,
    pub question: QuestionId,
    /// The bytes, not their base64url.
    pub encapsulated_key: &'d [u8],
    pub sealed: &'d [u8],
}

/// One disclosure that opened.
struct Told<'d> {
    from: SealedDisclosure<'d>,
    purpose: Purpose,
    identity: Identity,
}

impl Store {
    /// As [`Store::keep_disclosures`], for one.
    ///
    /// # Errors
    /// Also where it does not open.
    pub fn keep_disclosure(
        &self,
        claim: &Claimed,
        question: QuestionId,
        encapsulated_key: &[u8],
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let from = SealedDisclosure { claim, question, encapsulated_key, sealed };
        self.keep_disclosures(&[from], now)?.into_iter().collect()
    }

    /// Takes sealed disclosures into the identity compartment, those of one authority and regime in
    /// one transaction. Only the identity key opens them, and each is sealed again, under a key of
    /// its own, before it is kept. Idempotent by question.
    ///
    /// The answers stand in the order of the disclosures: one that does not open is in the way of
    /// no other.
    ///
    /// # Errors
    /// Where none could be kept.
    pub fn keep_disclosures(
        &self,
        sealed: &[SealedDisclosure<'_>],
        now: Timestamp,
    ) -> Result<Vec<Result<(), Trouble>>, Trouble> {
        let keys = self.inner.identity.opening_keys()?;
        let mut answers = Vec::with_capacity(sealed.len());
        let mut owners: BTreeMap<(&AuthorityId, &RegimeId), Vec<Told<'_>>> = BTreeMap::new();
        for from in sealed {
            answers.push(open(from, &keys).map(|told| {
                let owner = (&from.claim.authority, &from.claim.regime);
                owners.entry(owner).or_default().push(told);
            }));
        }
        for (owner, told) in owners {
            self.keep_told(owner, &told, now)?;
        }
        Ok(answers)
    }

    fn keep_told(
        &self,
        (authority, regime): (&AuthorityId, &RegimeId),
        told: &[Told<'_>],
        now: Timestamp,
    ) -> Result<(), Trouble> {
        self.inner.cases.write(|tx| {
            // The lock keeps the sweep of orphans away from what is about to be noted.
            ledger::lock(tx, authority)?;
            let mut fresh = Vec::with_capacity(told.len());
            for told in told {
                let (claim, question) = (told.from.claim, told.from.question);
                if !is_disclosed(tx, question)? && !erase::is_erased(tx, claim.case)? {
                    fresh.push(told);
                }
            }
            if fresh.is_empty() {
                return Ok(());
            }
            let records = fresh.iter().map(|told| Record {
                id: told.from.question.0,
                kind: RecordKind::Disclosure,
                fresh: Fresh::draw(&mut Draw::new(&*self.inner.entropy)),
                content: json(&told.identity),
            });
            self.inner.identity.keep(authority, regime, records, now)?;
            self.inner.fault("disclosure.identity")?;
            fresh.into_iter().try_for_each(|told| note(tx, told, now))
        })
    }
}

/// Opens what a provider sealed: to the current pair, or to the one before a rotation.
fn open<'d>(from: &SealedDisclosure<'d>, keys: &[OpeningKey]) -> Result<Told<'d>, Trouble> {
    let purpose = match &from.claim.effect {
        Effect::RequestDisclosure { purpose, .. } => *purpose,
        Effect::RequestAuthorisedDisclosure { grant, .. } => grant.statement().linking.purpose,
        _ => return Err(Trouble::never("only a request for disclosure brings a disclosure")),
    };
    let encapsulated_key = URL_SAFE_NO_PAD.encode(from.encapsulated_key);
    let sealed = URL_SAFE_NO_PAD.encode(from.sealed);
    let mut said = Trouble::never("the identities have no key");
    for key in keys {
        match sealing::open(&encapsulated_key, &sealed, key, from.question, purpose) {
            Ok(identity) => return Ok(Told { from: *from, purpose, identity }),
            Err(error) => said = Trouble::never_from("the disclosure does not open", error),
        }
    }
    Err(said)
}

fn note(tx: &mut Tx, told: &Told<'_>, now: Timestamp) -> Result<(), Trouble> {
    let claim = told.from.claim;
    tx.execute(
        "-- disclosure-note
         INSERT INTO disclosure (question_id, authority, regime, case_id, effect_id,
             purpose, kept_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (question_id) DO NOTHING",
        &[
            Value::id(&told.from.question.0),
            claim.authority.as_str().into(),
            claim.regime.as_str().into(),
            Value::id(&claim.case.0),
            Value::id(&claim.id.0),
            told.purpose.name().into(),
            Value::time(now),
        ],
    )
    .map(|_| ())
}

fn is_disclosed(tx: &mut Tx, question: QuestionId) -> Result<bool, Trouble> {
    let row = tx.query_one(
        "-- disclosure-noted
         SELECT question_id FROM disclosure WHERE question_id = $1",
        &[Value::id(&question.0)],
    )?;
    Ok(row.is_some())
}
