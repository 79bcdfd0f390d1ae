//! What the authority sends, and what it is answered. Everything it says is held against what the
//! provider agreed to itself; nothing here touches a line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entremise_core::id::RegimeId;
use entremise_wire::measure::{
    Demand, MeasureAnswer, MeasureAnswers, MeasureBatch, MeasureKind, MeasureOrder, MeasureRefused,
    MeasureStates, ORDERS_MAX, StatesAsked,
};
use jiff::Timestamp;

use super::config::OrderingAuthority;
use super::login::is_expressible;
use super::order::{Happened, Key, Order, Window, digest_of};
use super::state::word;
use super::{Measures, account, switch};
use crate::chain::{MeasureAct, MeasureEntry};
use crate::desk::{Behind, CallRefused, Desk};

const DAY_SECS: i64 = 86_400;

/// An order, and where it comes from.
struct Sent<'a> {
    authority: &'a OrderingAuthority,
    regime: &'a RegimeId,
    order: &'a MeasureOrder,
    now: Timestamp,
}

impl Sent<'_> {
    fn key(&self) -> Key {
        (self.authority.id.clone(), self.order.order)
    }
}

impl Measures {
    /// Takes or refuses orders, one by one. `asked` is the digest of the body.
    pub fn receive(
        &self,
        desk: &Desk,
        batch: &MeasureBatch,
        asked: &str,
        now: Timestamp,
    ) -> Result<MeasureAnswers, CallRefused> {
        let is_agreed = |authority: &&OrderingAuthority| {
            authority.id == batch.authority && authority.regimes.contains(&batch.regime)
        };
        let authority =
            self.config.authorities.iter().find(is_agreed).ok_or(CallRefused::NotAgreed)?;
        if batch.orders.len() > ORDERS_MAX {
            return Err(CallRefused::TooMany);
        }
        desk.is_same_batch(batch.batch, asked)?;
        self.count(authority, &batch.orders, now)?;
        let answers = batch
            .orders
            .iter()
            .map(|order| self.take(desk, &Sent { authority, regime: &batch.regime, order, now }))
            .collect::<anyhow::Result<_>>()?;
        desk.keep_batch(batch.batch, asked)?;
        Ok(MeasureAnswers { batch: batch.batch, answers })
    }

    /// Counts what is new, before any of it is looked at: each may write lines that stay.
    fn count(
        &self,
        authority: &OrderingAuthority,
        orders: &[MeasureOrder],
        now: Timestamp,
    ) -> Result<(), CallRefused> {
        let mut state = self.state();
        let is_new = |order: &&MeasureOrder| {
            let known = state.memory.orders.get(&(authority.id.clone(), order.order));
            known.is_none_or(|known| known.order.version < order.version)
        };
        let new = u32::try_from(orders.iter().filter(is_new).count()).unwrap_or(u32::MAX);
        let today = now.as_second().div_euclid(DAY_SECS);
        let day = state.days.entry(authority.id.clone()).or_insert((today, 0));
        if day.0 != today {
            *day = (today, 0);
        }
        if day.1.saturating_add(new) > authority.orders_per_day {
            let retry_after_secs = DAY_SECS - now.as_second().rem_euclid(DAY_SECS);
            return Err(CallRefused::Quota { retry_after_secs });
        }
        day.1 += new;
        Ok(())
    }

    /// Where orders stand, with the lines that prove it.
    pub fn states(
        &self,
        asked: &StatesAsked,
        now: Timestamp,
    ) -> Result<MeasureStates, CallRefused> {
        if !self.config.authorities.iter().any(|authority| authority.id == asked.authority) {
            return Err(CallRefused::NotAgreed);
        }
        if asked.orders.len() > ORDERS_MAX {
            return Err(CallRefused::TooMany);
        }
        let state = self.state();
        let status = |number| {
            let key = (asked.authority.clone(), number);
            let obstacle = state.troubles.get(&key).map(|trouble| &trouble.obstacle);
            Some(state.memory.orders.get(&key)?.status(now, obstacle))
        };
        Ok(MeasureStates { states: asked.orders.iter().copied().filter_map(status).collect() })
    }

    fn take(&self, desk: &Desk, sent: &Sent<'_>) -> anyhow::Result<MeasureAnswer> {
        let key = sent.key();
        // Held throughout: two versions of one order do not overtake each other here.
        let mut state = self.state();
        let known = state.memory.orders.get(&key);
        let taken = match self.new_account(desk, sent, known)? {
            Judged::Known => Ok(()),
            Judged::Refused(reason) => Err(reason),
            Judged::New(account) => {
                let order = sent.order.clone();
                let regime = sent.regime.clone();
                let ordered = Happened::Ordered { regime, order, account, at: sent.now };
                state.note(desk.chain(), &key, ordered)?;
                Ok(())
            }
        };
        match (taken, state.memory.orders.get(&key)) {
            (Ok(()), Some(order)) => {
                let obstacle = state.troubles.get(&key).map(|trouble| &trouble.obstacle);
                Ok(MeasureAnswer::Taken(order.status(sent.now, obstacle)))
            }
            (taken, _) => {
                let reason = taken.err().unwrap_or(MeasureRefused::VersionInvalid);
                refuse(desk, sent, reason)
            }
        }
    }

    fn new_account(
        &self,
        desk: &Desk,
        sent: &Sent<'_>,
        known: Option<&Order>,
    ) -> anyhow::Result<Judged> {
        let refused = |reason| Ok(Judged::Refused(reason));
        if let Some(known) = known {
            if known.regime != *sent.regime || known.order.handle != sent.order.handle {
                return refused(MeasureRefused::OrderChanged);
            }
            if sent.order.version < known.order.version {
                return Ok(Judged::Known);
            }
            if sent.order.version == known.order.version {
                let is_same = digest_of(sent.regime, sent.order) == known.digest;
                let changed = Judged::Refused(MeasureRefused::VersionInvalid);
                return Ok(if is_same { Judged::Known } else { changed });
            }
            if !known.can_be_taken_up() {
                return refused(MeasureRefused::MeasureAlreadyOver);
            }
        }
        if sent.order.version == 0 {
            return refused(MeasureRefused::VersionInvalid);
        }
        if sent.order.demand == Demand::Lift {
            // Nothing stands against it. What never came before is thereby never begun.
            return Ok(Judged::New(None));
        }
        if let Err(reason) = self.agreed_to(sent, known) {
            return refused(reason);
        }
        self.account_of(desk, sent, known)
    }

    /// Whether the order stays within what the provider agreed to.
    fn agreed_to(&self, sent: &Sent<'_>, known: Option<&Order>) -> Result<(), MeasureRefused> {
        let Demand::Carry { starts_at, ends_at, spares } = &sent.order.demand else {
            return Ok(());
        };
        let window = Window { from: *starts_at, until: *ends_at };
        let seconds = match known {
            Some(known) => known.seconds_with(window, sent.now),
            None => window.until.as_second() - window.from.as_second(),
        };
        let longest = i64::from(sent.authority.longest_days) * 86_400;
        let refusals = [
            (switch::of(&self.directory, &sent.authority.id).is_some(), {
                MeasureRefused::AuthorityStopped
            }),
            (sent.order.kind != MeasureKind::SuspendAccess, MeasureRefused::KindNotSupported),
            (
                !sent.authority.decided_by.contains(&sent.order.decided_by),
                MeasureRefused::DeciderNotAccepted,
            ),
            (window.until <= window.from, MeasureRefused::WindowInvalid),
            (window.until <= sent.now, MeasureRefused::MeasureAlreadyOver),
            (seconds > longest, MeasureRefused::TooLong),
            (!spares.is_subset(&self.config.spares), MeasureRefused::SparesNotPossible),
        ];
        let reason = refusals.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason);
        reason.map_or(Ok(()), Err)
    }

    /// The sealed account that the order is about.
    fn account_of(
        &self,
        desk: &Desk,
        sent: &Sent<'_>,
        known: Option<&Order>,
    ) -> anyhow::Result<Judged> {
        let number = sent.order.order;
        if let Some(sealed) = known.and_then(|known| known.account.clone()) {
            // The handle may have rested meanwhile; the order has not.
            let Some(account) = account(&self.sealer, number, Some(&sealed)) else {
                return Ok(Judged::Refused(MeasureRefused::HandleUnknown));
            };
            let is_doubted = desk.is_alarmed(account.as_bytes())?;
            let doubted = Judged::Refused(MeasureRefused::AccountInDoubt);
            return Ok(if is_doubted { doubted } else { Judged::New(Some(sealed)) });
        }
        let refused = match desk.behind(&sent.authority.id, sent.regime, &sent.order.handle)? {
            Behind::Nobody => MeasureRefused::HandleUnknown,
            Behind::InDoubt => MeasureRefused::AccountInDoubt,
            Behind::Account(account) => match String::from_utf8(account) {
                // An inside address of a translator is no name that an access server knows.
                Ok(name) if is_expressible(&name) && !name.starts_with("inside:") => {
                    let sealed = self.sealer.seal(name.as_bytes(), number.0.as_bytes())?;
                    return Ok(Judged::New(Some(STANDARD.encode(sealed))));
                }
                _ => MeasureRefused::AccountNotExpressible,
            },
        };
        Ok(Judged::Refused(refused))
    }
}

/// What becomes of an order that was sent.
enum Judged {
    /// Nothing new: where it stands is the answer.
    Known,
    /// A new version, with the sealed account it is about.
    New(Option<String>),
    Refused(MeasureRefused),
}

fn refuse(desk: &Desk, sent: &Sent<'_>, reason: MeasureRefused) -> anyhow::Result<MeasureAnswer> {
    let (order, version) = (sent.order.order, sent.order.version);
    let proof = desk.chain().enter_measure(MeasureEntry {
        at: sent.now,
        act: MeasureAct::Measure,
        authority: sent.authority.id.clone(),
        step: "refused".to_owned(),
        regime: Some(sent.regime.clone()),
        order: Some(order),
        version: Some(version),
        reason: Some(word(&reason)),
        by: None,
        signature: None,
        acknowledgements: Vec::new(),
    })?;
    Ok(MeasureAnswer::Refused { order, version, reason, proof })
}
