//! What a substitute finds on their desk: the cases that an absent person looks after.

use std::sync::Arc;

use entremise_core::deadline::Deadline;
use entremise_core::id::PersonId;
use jiff::{SignedDuration, Timestamp};

use super::over_store::Absences;
use crate::web::desk::{Asked, Desk, DeskTrouble};
use crate::web::office::{Office, SignedIn};

/// The cases of one absent person, with when their substitute stops acting.
pub(in crate::web) struct Owed {
    pub absent: PersonId,
    /// The last instant of the absence.
    pub until: Timestamp,
    pub rows: Vec<OwedRow>,
}

pub(in crate::web) struct OwedRow {
    pub reference: String,
    pub asked: Asked,
    pub deadline: Option<Deadline>,
}

/// What the person at this desk owes in the place of others. Nothing where nobody is away.
pub(in crate::web) async fn owed(
    office: &Office,
    desk: &SignedIn,
) -> Result<Vec<Owed>, DeskTrouble> {
    let Some(absences) = office.sides.absences.clone() else { return Ok(Vec::new()) };
    let (cases, person, now) =
        (Arc::clone(&office.web.desk), desk.session.person.clone(), desk.now);
    let found =
        tokio::task::spawn_blocking(move || of(&absences, cases.as_ref(), &person, now)).await;
    found.unwrap_or(Err(DeskTrouble))
}

fn of(
    absences: &Absences,
    cases: &dyn Desk,
    person: &PersonId,
    now: Timestamp,
) -> Result<Vec<Owed>, DeskTrouble> {
    let mut owed = Vec::new();
    for absence in absences.all(now)? {
        if absence.substitute != *person || !absence.lasts(now) {
            continue;
        }
        let mut rows = Vec::new();
        for number in absences.charges(&absence.absent)? {
            let Some(case) = cases.case(&number, now)? else { continue };
            let mut deadlines = case.next.into_iter().filter_map(|next| next.deadline);
            rows.push(OwedRow {
                reference: case.reference,
                asked: case.asked,
                deadline: deadlines.next(),
            });
        }
        owed.push(Owed {
            absent: absence.absent,
            until: absence.ends_at - SignedDuration::from_nanos(1),
            rows,
        });
    }
    Ok(owed)
}
