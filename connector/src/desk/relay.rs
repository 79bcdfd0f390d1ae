//! The third call: the authority's message is handed to the subscriber by the provider's own mail
//! system, and no identity leaves. It is a linking all the same, and counts before an identity is
//! disclosed; but the warning itself needs no grant, however many there were.

use entremise_wire::message::{QUESTIONS_MAX, RelayAnswers, RelayBatch, RelayRequest, Relayed};
use jiff::Timestamp;

use super::permit::{Asked, Call, NotGiven};
use super::records::{Answered, Record};
use super::{CallRefused, Desk};
use crate::chain::Act;
use crate::read::digest;
use crate::relay::{Handed, is_sendable, is_sound};

impl Desk {
    /// Hands messages over. A message that was handed over is not sent a second time.
    pub fn relays(
        &self,
        batch: &RelayBatch,
        asked: &str,
        now: Timestamp,
    ) -> Result<RelayAnswers, CallRefused> {
        let authority = self.agreed(&batch.authority, &batch.regime)?;
        if batch.relays.len() > QUESTIONS_MAX {
            return Err(CallRefused::TooMany);
        }
        self.let_rest(now)?;
        let _calls = self.at_work();
        self.is_same_batch(batch.batch, asked)?;
        let call = Call { authority, regime: &batch.regime, now };
        let relays = batch
            .relays
            .iter()
            .map(|request| self.relay(call, request))
            .collect::<anyhow::Result<_>>()?;
        self.keep_batch(batch.batch, asked)?;
        Ok(RelayAnswers { batch: batch.batch, relays })
    }

    fn relay(&self, call: Call<'_>, request: &RelayRequest) -> anyhow::Result<Relayed> {
        let id = request.id;
        // Each try may name a later end: it is the same request all the same.
        let lasting = RelayRequest { expires_at: Timestamp::UNIX_EPOCH, ..request.clone() };
        let said = serde_json::to_vec(&(&call.authority.id, call.regime, &lasting))?;
        let digest = hex::encode(digest(&said));
        let asked = asked(request);
        let mut records = self.records();
        if let Some(record) = records.of(id)?
            && record.asked == digest
            && let Answered::Relay(relayed) = record.answered
        {
            return Ok(relayed);
        }
        let refused = |reason: &str| Relayed::Refused { id, reason: reason.to_owned() };
        let permit = match (records.of(id)?, self.mail.as_ref()) {
            (Some(_), _) => Err(NotGiven::Refused("question_changed")),
            (None, None) => Err(NotGiven::Refused("no_relay_here")),
            _ if !is_sound(&request.message) => Err(NotGiven::Refused("message_not_sound")),
            (None, Some(mail)) => self.permit(call, &asked, &records)?.map(|permit| (permit, mail)),
        };
        let relayed = match permit {
            Err(NotGiven::HandleUnknown) => Relayed::HandleUnknown { id },
            Err(NotGiven::Refused(reason)) => refused(reason),
            Ok((permit, mail)) => {
                let identity = self.subscribers.identity(&permit.account)?;
                match identity.emails.iter().find(|address| is_sendable(address)) {
                    None => Relayed::NoAddress { id },
                    Some(address) => {
                        match mail.hand_over(id, address, &request.message, call.now)? {
                            Handed::Over => Relayed::HandedOver { id, at: call.now },
                            Handed::Temporary => Relayed::Temporary { id },
                            Handed::Refused => refused("mail_refused"),
                        }
                    }
                }
            }
        };
        match &relayed {
            Relayed::HandedOver { .. } => {
                let answered = Answered::Relay(relayed.clone());
                let record = Record::new(
                    asked.handle,
                    &digest,
                    asked.sequence,
                    asked.parts(),
                    call.now,
                    answered,
                )?;
                self.enter_given(call, &asked, relayed.name(), None, record, &mut records)?;
            }
            Relayed::Refused { reason, .. } => {
                self.enter_nothing(call, &asked, relayed.name(), Some(reason))?;
            }
            _ => self.enter_nothing(call, &asked, relayed.name(), None)?,
        }
        Ok(relayed)
    }
}

fn asked(request: &RelayRequest) -> Asked<'_> {
    Asked {
        act: Act::Relay,
        id: request.id,
        handle: &request.handle,
        purpose: request.purpose,
        sequence: request.sequence,
        expires_at: request.expires_at,
        fields: Vec::new(),
        // What needs a reviewer's grant needs an identity: it is not done by mail.
        authorisation: None,
    }
}
