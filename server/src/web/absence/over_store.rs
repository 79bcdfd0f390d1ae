//! Who looks after which case and who acts in whose place, over the real store.

use entremise_core::deadline::Zone;
use entremise_core::id::{AuthorityId, PersonId};
use entremise_core::regime::embedded;
use entremise_store::{Absence, NotEntered, Store};
use jiff::Timestamp;

use crate::access::Action;
use crate::web::desk::DeskTrouble;
use crate::web::store_desk;

/// Cases of an absent person that their substitute is shown at once.
const OWED_MAX: usize = 50;

/// One authority's absences. Called from blocking threads.
pub struct Absences {
    store: Store,
    authority: AuthorityId,
}

/// What became of an absence that was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    Done,
    /// By the name of the reason, which the pages word (`absence.no.…`).
    Not(&'static str),
}

impl Absences {
    pub fn new(store: Store, authority: AuthorityId) -> Self {
        Self { store, authority }
    }

    /// The zone in which days are counted here.
    pub fn zone(&self) -> Result<Zone, DeskTrouble> {
        let ids = embedded::ids().into_iter();
        let regime = ids.into_iter().find_map(|id| self.store.regime(&id.parse().ok()?));
        regime.map(|regime| regime.zone().clone()).ok_or(DeskTrouble)
    }

    /// Those that are not over, the soonest first.
    pub fn all(&self, now: Timestamp) -> Result<Vec<Absence>, DeskTrouble> {
        self.store.absences(&self.authority, now).map_err(told)
    }

    pub fn enter(
        &self,
        absence: &Absence,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Entered, DeskTrouble> {
        Ok(match self.store.enter_absence(&self.authority, absence, by, now) {
            Ok(()) => Entered::Done,
            Err(NotEntered::Over) => Entered::Not("over"),
            Err(NotEntered::OwnSubstitute) => Entered::Not("own_substitute"),
            Err(NotEntered::Overlaps) => Entered::Not("overlaps"),
            Err(NotEntered::SubstituteAway) => Entered::Not("substitute_away"),
            Err(NotEntered::Trouble(trouble)) => return Err(told(trouble)),
        })
    }

    /// Yields whether there was one to end.
    pub fn end(
        &self,
        absent: &PersonId,
        starts_at: Timestamp,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble> {
        self.store.end_absence(&self.authority, absent, starts_at, by, now).map_err(told)
    }

    /// Yields whether there is such a case.
    pub fn take_charge(
        &self,
        reference: &str,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble> {
        let file = store_desk::find(&self.store, &self.authority, reference).map_err(told)?;
        let Some(file) = file else { return Ok(false) };
        let taken = self.store.take_charge(&self.authority, file.case.id, person, now);
        taken.map_err(told)?;
        Ok(true)
    }

    /// Who looks after a case.
    pub fn in_charge(&self, reference: &str) -> Result<Option<PersonId>, DeskTrouble> {
        let file = store_desk::find(&self.store, &self.authority, reference).map_err(told)?;
        let Some(file) = file else { return Ok(None) };
        self.store.in_charge(&self.authority, file.case.id).map_err(told)
    }

    /// The absent person in whose place somebody would act on a case now.
    pub fn in_place_of(
        &self,
        reference: &str,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Option<PersonId>, DeskTrouble> {
        let Some(of) = self.in_charge(reference)? else { return Ok(None) };
        self.absent_among(&[of], person, now)
    }

    /// The same of a measure: in the place of whoever looks after it or after the file that was
    /// judged, or who entered the judgment.
    pub fn in_place_on_measure(
        &self,
        cases: &[String],
        entered_by: &[PersonId],
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Option<PersonId>, DeskTrouble> {
        let mut whose = Vec::new();
        for case in cases {
            whose.extend(self.in_charge(case)?);
        }
        whose.extend(entered_by.iter().cloned());
        self.absent_among(&whose, person, now)
    }

    /// The first of these who is away and has this person as a substitute.
    fn absent_among(
        &self,
        whose: &[PersonId],
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Option<PersonId>, DeskTrouble> {
        let all = self.all(now)?;
        let is_away = |of: &&PersonId| {
            all.iter().any(|one| one.absent == **of && one.substitute == *person && one.lasts(now))
        };
        Ok(whose.iter().find(is_away).cloned())
    }

    /// Enters that somebody does something on a case in an absent one's place.
    pub fn acts(
        &self,
        (reference, action): (&str, Action),
        absent: &PersonId,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<(), DeskTrouble> {
        let file = store_desk::find(&self.store, &self.authority, reference).map_err(told)?;
        let case = file.ok_or(DeskTrouble)?.case.id;
        let act = (case, action.name());
        self.store.act_in_place(&self.authority, act, absent, by, now).map_err(told)
    }

    /// The numbers of the open cases that a person looks after, the nearest deadline first.
    pub fn charges(&self, person: &PersonId) -> Result<Vec<String>, DeskTrouble> {
        let cases = self.store.charges(&self.authority, person, OWED_MAX).map_err(told)?;
        Ok(cases.into_iter().map(|case| case.to_string()).collect())
    }
}

fn told(trouble: impl std::fmt::Display) -> DeskTrouble {
    tracing::error!(%trouble, "absences cannot be read or entered");
    DeskTrouble
}
