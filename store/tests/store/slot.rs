//! Hearings' slots: offered once, taken once, and nothing is taken that the law refuses.

use entremise_store::{ApplyError, CaseRef, SlotError};
use jiff::SignedDuration;

use crate::support::*;

#[test]
fn a_slot_is_offered_once_and_taken_back_while_nobody_has_it() {
    on_both(|world| {
        let (store, now) = (&world.store, world.now);
        let by = "officer-7".parse().unwrap();
        let slot = now + SignedDuration::from_hours(48);
        assert_eq!(store.publish_slots(&authority(), &[slot], &by, now).unwrap(), 1);
        assert_eq!(store.publish_slots(&authority(), &[slot], &by, now).unwrap(), 0);
        let slots = store.slots(&authority(), now, 10).unwrap();
        assert_eq!(slots.len(), 1);
        assert_eq!((slots[0].starts_at, slots[0].taken_by), (slot, None));
        assert!(store.slots(&authority(), slot, 10).unwrap().is_empty(), "what is past is no slot");
        assert!(store.withdraw_slot(&authority(), slot, &by, now).unwrap());
        assert!(!store.withdraw_slot(&authority(), slot, &by, now).unwrap());
    });
}

#[test]
fn what_the_law_refuses_takes_no_slot_and_stands_in_the_ledger() {
    on_both(|mut world| {
        let now = world.now;
        let by = "officer-7".parse().unwrap();
        let slot = now + SignedDuration::from_hours(48);
        world.store.publish_slots(&authority(), &[slot], &by, now).unwrap();
        let of = CaseRef::Line { authority: authority(), regime: regime(), line: line() };
        let event = entremise_core::event::Event::FactEstablished { fact: fact(1) };
        let house = entremise_core::ledger::Actor::House;
        let case = world.store.apply(&of, &event, &house, now).unwrap().case.id;
        let refused = world.store.ask_for_slot((&authority(), case), slot, now);
        assert!(
            matches!(refused, Err(SlotError::Apply(ApplyError::Refused(_)))),
            "nothing was sent to this person yet"
        );
        let file = world.store.case_file(&authority(), &case).unwrap().unwrap();
        let last = file.history.last().unwrap();
        assert_eq!((last.kind.as_str(), last.actor.as_str()), ("refusal.out_of_turn", "concerned"));
        assert_eq!(world.store.slots(&authority(), now, 10).unwrap()[0].taken_by, None);
        let never = now + SignedDuration::from_hours(49);
        let not_offered = world.store.ask_for_slot((&authority(), case), never, now);
        assert!(matches!(not_offered, Err(SlotError::NotFree)));
        world.now = now;
    });
}
