//! Orders over the real house, for a provider that carries them out by hand: what lies on its desk
//! is what the cases ask for, and its people's answer is an event with its text as proof.

use entremise_core::case::State;
use entremise_core::effect::Effect;
use entremise_core::event::Event;
use entremise_core::id::{CaseId, EffectId, OrderId, PartyId, PersonId};
use entremise_core::ledger::Actor;
use entremise_core::procedure::measure::{self, Demand, Life, ProviderReport};
use entremise_store::{ApplyError, CaseFile, CaseRef};
use jiff::Timestamp;

use super::desk::{Answered, OrderRow, OrderStanding};
use super::over_house::HouseProvider;
use crate::order_file::{self, Order};
use crate::web::desk::DeskTrouble;
use crate::web::of_house::told;

/// Open measures that are looked at for one page.
const MEASURES_MOST: usize = 10_000;

/// One order and what belongs to it.
pub(super) struct Found {
    pub row: OrderRow,
    pub started: Option<Timestamp>,
    case: CaseId,
    effect: EffectId,
}

impl HouseProvider {
    /// Whether this provider's orders go to its people and not to a connector.
    fn carries_out_by_hand(&self, provider: &PartyId) -> bool {
        let (house, authority) = self.house();
        house.provider(authority, provider).is_some_and(|room| room.answering.is_none())
    }

    pub(super) fn orders(&self, provider: &PartyId) -> Result<Vec<OrderRow>, DeskTrouble> {
        if !self.carries_out_by_hand(provider) {
            return Ok(Vec::new());
        }
        let (house, authority) = self.house();
        let open = house.store.open_measures(authority, MEASURES_MOST).map_err(told)?;
        let mut rows = Vec::new();
        for measure in open.iter().filter(|row| row.case.subject.provider() == provider) {
            let file = house.store.case_file(authority, &measure.case.id).map_err(told)?;
            rows.extend(file.as_ref().and_then(found).map(|found| found.row));
        }
        Ok(rows)
    }

    pub(super) fn ordered(
        &self,
        provider: &PartyId,
        number: &str,
    ) -> Result<Option<Found>, DeskTrouble> {
        let Ok(case) = number.parse::<CaseId>() else { return Ok(None) };
        if !self.carries_out_by_hand(provider) {
            return Ok(None);
        }
        let (house, authority) = self.house();
        let file = house.store.case_file(authority, &case).map_err(told)?;
        let own = file.filter(|file| file.case.subject.provider() == provider);
        Ok(own.as_ref().and_then(found))
    }

    /// The text is kept with the file before the case hears of it.
    pub(super) fn enter(
        &self,
        provider: &PartyId,
        number: &str,
        text: &str,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Answered, DeskTrouble> {
        let Some(found) = self.ordered(provider, number)? else { return Ok(Answered::NotOrdered) };
        let order = &found.row.order;
        let said = match order_file::read(text, order, now) {
            Ok(said) => said,
            Err(why) => return Ok(Answered::Bad(why)),
        };
        let (house, authority) = self.house();
        let proof = order_file::sha256(text.as_bytes());
        let name = format!("provider-{}.txt", &proof.as_str()[..16]);
        house.store.keep_document(found.effect, &name, text.as_bytes(), now).map_err(told)?;
        let (version, reported) = (order.version, said.reported(order));
        let event = Event::MeasureReported(ProviderReport { version, reported, proof });
        let case = CaseRef::Id(authority.clone(), found.case);
        match house.store.apply(&case, &event, &Actor::Person(by.clone()), now) {
            Ok(_) => Ok(Answered::Entered),
            Err(ApplyError::Refused(why)) => Ok(Answered::Refused(why)),
            Err(error) => Err(told(error)),
        }
    }
}

/// The newest order of a measure that the provider may be carrying out.
fn found(file: &CaseFile) -> Option<Found> {
    let State::Measure(state) = &file.case.state else { return None };
    let life = state.life().filter(|life| life.at_provider)?;
    let row = file.orders().pop()?;
    let Effect::OrderMeasure { line, version, demand, decided_by, decision } = &row.effect else {
        return None;
    };
    let order = Order {
        authority: file.case.authority.clone(),
        regime: file.case.regime.clone(),
        order: OrderId(file.case.id.0),
        version: *version,
        line: line.clone(),
        demand: demand.clone(),
        decided_by: *decided_by,
        decision: decision.clone(),
    };
    let standing = standing(state, life, demand);
    let row_of = OrderRow { order, standing, asked_at: row.created_at };
    let started = life.started_at;
    Some(Found { row: row_of, started, case: file.case.id, effect: row.id })
}

fn standing(state: &measure::State, life: &Life, demand: &Demand) -> OrderStanding {
    match (demand, state.bare()) {
        (Demand::Lift, _) => OrderStanding::ToLift,
        (_, measure::State::Ordered { declined: Some(_), .. }) => OrderStanding::Declined,
        (_, measure::State::InForce { .. }) => OrderStanding::InForce,
        _ if life.confirmed => OrderStanding::Accepted,
        _ => OrderStanding::Awaited,
    }
}
