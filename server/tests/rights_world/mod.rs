//! Two lines of a small house, for the tests of a person's rights: one was warned and its case
//! runs, the other's case was closed by decision and is still kept.

use entremise_core::id::CaseId;
use entremise_core::identification::Identity;
use entremise_core::ledger::Actor;
use entremise_store::{CaseFile, WorkOrder};

use crate::oversight_world::{World, at, authority, named};

/// What the provider disclosed of the line that was warned.
pub const DISCLOSED: &str = "Nom-Clair";

pub struct Two {
    pub world: World,
    /// The case of the line that was warned.
    pub warned: CaseId,
    /// The closed case of the other line.
    pub closed: CaseId,
}

pub fn two() -> Two {
    let mut world = World::empty(at("2026-11-02T08:00:00Z"));
    world.bring(vec![1], at("2026-11-04T09:00:00Z"));
    world.answer(at("2026-11-05T05:00:00Z"), named);
    // A day later, so that the desk lists it second.
    world.bring(vec![2], at("2026-11-05T09:00:00Z"));
    world.answer(at("2026-11-06T05:00:00Z"), named);
    let order = WorkOrder { limit: 10, after: None };
    let cases: Vec<CaseId> =
        world.store.work(&authority(), order).unwrap().iter().map(|row| row.case.id).collect();
    world.decide(at("2026-11-07T09:00:00Z"), |place| place == 0);
    world.carry(at("2026-11-07T12:00:00Z"));
    Two { world, warned: cases[0], closed: cases[1] }
}

impl Two {
    pub fn file(&self, case: CaseId) -> CaseFile {
        self.world.store.case_file(&authority(), &case).unwrap().unwrap()
    }

    pub fn number(&self, case: CaseId) -> String {
        self.file(case).file_number.unwrap()
    }

    /// Kinds of the case's ledger lines.
    pub fn lines(&self, case: CaseId) -> Vec<String> {
        self.file(case).history.into_iter().map(|entry| entry.kind).collect()
    }

    /// Gives the warned line all that a provider can disclose.
    pub fn disclose_all(&self) {
        let right = Identity {
            name: Some(DISCLOSED.to_owned()),
            postal_address: vec!["12 rue de l’Exemple".to_owned(), "00000 SPECIMEN".to_owned()],
            emails: vec!["nom-clair@exemple.example".to_owned()],
            telephones: vec!["+33 0 00 00 00 00".to_owned()],
            line_address: vec!["12 rue de l’Exemple".to_owned(), "00000 SPECIMEN".to_owned()],
        };
        let disclosed =
            self.file(self.warned).history.into_iter().find_map(|entry| match entry.event? {
                entremise_core::event::Event::Disclosed { question, .. } => Some(question),
                _ => None,
            });
        let (by, now) = (Actor::House, at("2026-11-08T09:00:00Z"));
        let store = &self.world.store;
        store
            .rectify(&authority(), self.warned, disclosed.unwrap(), &right, &by, now)
            .unwrap_or_else(|error| panic!("{error}"));
    }
}
