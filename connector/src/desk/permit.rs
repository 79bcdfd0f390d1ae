//! Whether something may be given: the same tests for an identity and for a message, made of what
//! the provider pinned and counted itself. Nothing that the authority says is believed but its
//! signature, which was checked at the door.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_core::authorisation::{Grant, LinkingAsked, SignedStatement};
use entremise_core::id::{AuthorisationId, AuthorityId, Handle, QuestionId, RegimeId};
use entremise_core::identification::{IdentityField, Purpose};
use entremise_wire::authorisation::signature_holds;
use jiff::Timestamp;

use super::given::{Counted, Part};
use super::records::{Record, Records};
use super::rest::months_before;
use super::{Behind, Desk, HandleLine, TOO_OFTEN};
use crate::chain::{Act, Entry};
use crate::config::Authority;

/// Under what a request is made.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub authority: &'a Authority,
    pub regime: &'a RegimeId,
    pub now: Timestamp,
}

/// What is asked for, in the words that disclosures and relays share.
pub(super) struct Asked<'a> {
    pub act: Act,
    pub id: QuestionId,
    pub handle: &'a Handle,
    pub purpose: Purpose,
    pub sequence: u32,
    pub expires_at: Timestamp,
    /// In ascending order, each once; none where a message is to be handed over.
    pub fields: Vec<IdentityField>,
    pub authorisation: Option<&'a SignedStatement>,
}

/// What makes a request good.
pub(super) struct Permit {
    /// The account name. No `Debug`.
    pub account: String,
    pub grant: Option<AuthorisationId>,
}

/// Why nothing is given. Not kept under the request's id: what passes must not stick to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotGiven {
    HandleUnknown,
    Refused(&'static str),
}

impl Asked<'_> {
    pub fn parts(&self) -> Vec<Part> {
        match self.act {
            Act::Disclosure => self.fields.iter().copied().map(Part::Field).collect(),
            Act::Relay => vec![Part::Message],
        }
    }
}

impl Desk {
    pub(super) fn permit(
        &self,
        call: Call<'_>,
        asked: &Asked<'_>,
        records: &Records,
    ) -> anyhow::Result<Result<Permit, NotGiven>> {
        let refused = |reason| Ok(Err(NotGiven::Refused(reason)));
        if asked.expires_at <= call.now {
            return refused("request_expired");
        }
        if asked.sequence == 0 {
            return refused("sequence_invalid");
        }
        let parts = asked.parts();
        if parts.is_empty() {
            return refused("nothing_asked_for");
        }
        let (authority, regime) = (&call.authority.id, call.regime);
        let Some(account) = self.account_of(asked.handle, authority, regime)? else {
            return Ok(Err(NotGiven::HandleUnknown));
        };
        let given = records.memory.given.get(asked.handle).cloned().unwrap_or_default();
        let free = call.authority.linkings_without_grant;
        let recent = months_before(call.now, call.authority.linking_again_after_months);
        let mut grant = None;
        let needs_grant = match asked.act {
            Act::Disclosure => {
                let (purpose, sequence) = (asked.purpose, asked.sequence);
                given.needs_grant(&Counted { purpose, sequence, parts: &parts }, free, recent)
            }
            // No identity leaves with a warning, the tenth as little as the first.
            Act::Relay => asked.purpose == Purpose::Finding,
        };
        if needs_grant {
            match granted(call, asked, records) {
                Ok(request) => grant = Some(request),
                Err(reason) => return refused(reason),
            }
        }
        if self.is_alarmed(&account)? {
            return refused(TOO_OFTEN);
        }
        Ok(Ok(Permit { account: String::from_utf8_lossy(&account).into_owned(), grant }))
    }

    /// Enters what was not given.
    pub(super) fn enter_nothing(
        &self,
        call: Call<'_>,
        asked: &Asked<'_>,
        outcome: &str,
        reason: Option<&str>,
    ) -> anyhow::Result<()> {
        let mut entry = entry(call, asked, outcome);
        entry.reason = reason.map(str::to_owned);
        self.chain.enter(entry)
    }

    /// Enters what is given: first the erasable record, then the journal's line. Only then does it
    /// count, and may it leave.
    pub(super) fn enter_given(
        &self,
        call: Call<'_>,
        asked: &Asked<'_>,
        outcome: &str,
        grant: Option<AuthorisationId>,
        record: Record,
        records: &mut Records,
    ) -> anyhow::Result<()> {
        let (digest, place) = records.write(&record)?;
        let mut entry = entry(call, asked, outcome);
        entry.authorisation = grant;
        entry.record = Some(digest);
        if let Err(error) = self.chain.enter(entry) {
            records.journal.cut(place)?;
            return Err(error);
        }
        records.memory.remember(record, place);
        records.grants_used.extend(grant.map(|grant| (call.authority.id.clone(), grant)));
        Ok(())
    }

    /// Who is behind a handle that was given to this authority under this regime.
    pub fn behind(
        &self,
        authority: &AuthorityId,
        regime: &RegimeId,
        handle: &Handle,
    ) -> anyhow::Result<Behind> {
        let _calls = self.at_work();
        let Some(account) = self.account_of(handle, authority, regime)? else {
            return Ok(Behind::Nobody);
        };
        let is_alarmed = self.is_alarmed(&account)?;
        Ok(if is_alarmed { Behind::InDoubt } else { Behind::Account(account) })
    }

    /// The account behind a handle that was given to this authority under this regime.
    fn account_of(
        &self,
        handle: &Handle,
        authority: &AuthorityId,
        regime: &RegimeId,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(place) = self.memory().handles.get(handle).copied() else { return Ok(None) };
        let line: HandleLine = self.handles.read(place)?;
        if line.authority != *authority || line.regime != *regime {
            return Ok(None);
        }
        let sealed = STANDARD.decode(&line.account)?;
        Ok(self.sealer.open(&sealed, handle.as_str().as_bytes()))
    }

    /// Whether the frequency alarm holds an account back.
    pub fn is_alarmed(&self, account: &[u8]) -> anyhow::Result<bool> {
        let id = hex::encode(self.seal.keyed(account));
        let mut memory = self.memory();
        memory.alarms.refresh()?;
        Ok(memory.alarms.is_raised(&id))
    }
}

/// The grant that comes with a request: signed by a reviewer whom the provider pinned for this
/// authority, for exactly this linking, not expired, and never used before.
fn granted(
    call: Call<'_>,
    asked: &Asked<'_>,
    records: &Records,
) -> Result<AuthorisationId, &'static str> {
    let signed = asked.authorisation.ok_or("authorisation_missing")?;
    let grant =
        Grant::verified(signed.clone(), &call.authority.reviewers, call.now, signature_holds)
            .map_err(|not_granted| not_granted.name())?;
    let provider = call.authority.provider.clone().ok_or("authorisation_for_another")?;
    let linking = LinkingAsked {
        authority: call.authority.id.clone(),
        regime: call.regime.clone(),
        provider,
        handle: asked.handle.clone(),
        purpose: asked.purpose,
        sequence: asked.sequence,
        fields: asked.fields.clone(),
    };
    grant.fits(&linking).map_err(|not_granted| not_granted.name())?;
    let request = grant.statement().request;
    if records.grants_used.contains(&(call.authority.id.clone(), request)) {
        return Err("authorisation_used");
    }
    Ok(request)
}

fn entry(call: Call<'_>, asked: &Asked<'_>, outcome: &str) -> Entry {
    Entry {
        at: call.now,
        act: asked.act,
        authority: call.authority.id.clone(),
        regime: call.regime.clone(),
        request: asked.id,
        purpose: asked.purpose,
        sequence: asked.sequence,
        fields: asked.fields.clone(),
        outcome: outcome.to_owned(),
        reason: None,
        authorisation: None,
        record: None,
    }
}
