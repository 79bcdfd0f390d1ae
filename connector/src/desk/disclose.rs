//! The second call: from a handle to the means to reach the subscriber, or who it is, sealed for
//! the authority's identity compartment.

use entremise_core::identification::{Disclosure, DisclosureRequest};
use entremise_wire::message::{DisclosureAnswers, DisclosureBatch, QUESTIONS_MAX};
use entremise_wire::sealing;
use jiff::Timestamp;

use super::permit::{Asked, Call, NotGiven};
use super::records::{Answered, Record};
use super::{CallRefused, Desk};
use crate::chain::Act;
use crate::directory::only;
use crate::read::digest;

impl Desk {
    /// Answers disclosure requests. A repeated request gets the same sealed bytes.
    pub fn disclosures(
        &self,
        batch: &DisclosureBatch,
        asked: &str,
        now: Timestamp,
    ) -> Result<DisclosureAnswers, CallRefused> {
        let authority = self.agreed(&batch.authority, &batch.regime)?;
        if batch.requests.len() > QUESTIONS_MAX {
            return Err(CallRefused::TooMany);
        }
        self.let_rest(now)?;
        let _calls = self.at_work();
        self.is_same_batch(batch.batch, asked)?;
        let call = Call { authority, regime: &batch.regime, now };
        let disclosures = batch
            .requests
            .iter()
            .map(|request| self.disclosure(call, request))
            .collect::<anyhow::Result<_>>()?;
        self.keep_batch(batch.batch, asked)?;
        Ok(DisclosureAnswers { batch: batch.batch, disclosures })
    }

    fn disclosure(
        &self,
        call: Call<'_>,
        request: &DisclosureRequest,
    ) -> anyhow::Result<Disclosure> {
        let id = request.id;
        let refused = |reason: &str| Disclosure::Refused { id, reason: reason.to_owned() };
        // Each try may name a later end: it is the same request all the same.
        let lasting = DisclosureRequest { expires_at: Timestamp::UNIX_EPOCH, ..request.clone() };
        let said = serde_json::to_vec(&(&call.authority.id, call.regime, &lasting))?;
        let digest = hex::encode(digest(&said));
        let asked = asked(request);
        let mut records = self.records();
        if let Some(record) = records.of(id)? {
            return Ok(match record.answered {
                Answered::Disclosure(disclosure) if record.asked == digest => disclosure,
                _ => {
                    self.enter_nothing(call, &asked, "refused", Some("question_changed"))?;
                    refused("question_changed")
                }
            });
        }
        let permit = match self.permit(call, &asked, &records)? {
            Ok(permit) => permit,
            Err(NotGiven::HandleUnknown) => {
                self.enter_nothing(call, &asked, "handle_unknown", None)?;
                return Ok(Disclosure::HandleUnknown { id });
            }
            Err(NotGiven::Refused(reason)) => {
                self.enter_nothing(call, &asked, "refused", Some(reason))?;
                return Ok(refused(reason));
            }
        };
        let (identity, fields) = only(self.subscribers.identity(&permit.account)?, &request.fields);
        let Ok(sealed) = sealing::seal(&identity, &request.seal_to, id, request.purpose) else {
            self.enter_nothing(call, &asked, "refused", Some("seal_to_is_no_key"))?;
            return Ok(refused("seal_to_is_no_key"));
        };
        let disclosure = Disclosure::Disclosed {
            id,
            fields,
            encapsulated_key: sealed.encapsulated_key,
            sealed: sealed.ciphertext,
        };
        let answered = Answered::Disclosure(disclosure.clone());
        let record =
            Record::new(asked.handle, &digest, asked.sequence, asked.parts(), call.now, answered)?;
        self.enter_given(call, &asked, "disclosed", permit.grant, record, &mut records)?;
        Ok(disclosure)
    }
}

fn asked(request: &DisclosureRequest) -> Asked<'_> {
    let mut fields = request.fields.clone();
    fields.sort();
    fields.dedup();
    Asked {
        act: Act::Disclosure,
        id: request.id,
        handle: &request.handle,
        purpose: request.purpose,
        sequence: request.sequence,
        expires_at: request.expires_at,
        fields,
        authorisation: request.authorisation.as_ref(),
    }
}
