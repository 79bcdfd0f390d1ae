//! Requests for a reviewer's authorisation as they stand. Opens no compartment.

use entremise_core::authorisation::LinkingAsked;
use entremise_core::case::State;
use entremise_core::deadline::Deadline;
use entremise_core::id::{AuthorisationId, AuthorityId, CaseId, Digest, PersonId, RegimeId};
use entremise_core::procedure::ladder;
use entremise_core::step::due;
use jiff::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::conn::{Row, Tx, Value};
use crate::rows;
use crate::trouble::Trouble;

/// A request that waits for its ruling.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewRequest {
    pub request: AuthorisationId,
    pub case: CaseId,
    pub regime: RegimeId,
    pub file_number: Option<String>,
    /// The stage's name in the regime.
    pub stage: String,
    /// Before whom it lies now.
    pub reviewer: PersonId,
    pub requested_by: PersonId,
    pub asked_at: Timestamp,
    pub evidence: Digest,
    pub linking: LinkingAsked,
    /// When it lapses unanswered.
    pub lapses: Option<Deadline>,
    /// The latest expiry of a grant that is given now.
    pub grant_expires: Timestamp,
}

/// A request that was ruled on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuledRequest {
    pub request: AuthorisationId,
    pub case: CaseId,
    /// `granted` or `refused`.
    pub ruling: String,
    pub ruled_at: Timestamp,
}

impl Store {
    /// All requests of an authority that wait for a ruling, oldest first.
    pub fn review_requests(
        &self,
        authority: &AuthorityId,
        now: Timestamp,
    ) -> Result<Vec<ReviewRequest>, Trouble> {
        self.inner.cases.read(|tx| {
            let rows = tx.query(
                "-- review-requests-open
                 SELECT r.request_id, r.case_id FROM review_request r
                 JOIN cases c ON c.case_id = r.case_id
                 WHERE r.authority = $1 AND c.state_name = 'under_review'
                 ORDER BY r.asked_at, r.request_id",
                &[authority.as_str().into()],
            )?;
            rows.iter()
                .filter_map(|row| self.open_request(tx, authority, row, now).transpose())
                .collect()
        })
    }

    /// One request, as long as it waits for its ruling.
    pub fn review_request(
        &self,
        authority: &AuthorityId,
        request: AuthorisationId,
        now: Timestamp,
    ) -> Result<Option<ReviewRequest>, Trouble> {
        self.inner.cases.read(|tx| {
            let row = tx.query_one(
                "-- review-request
                 SELECT request_id, case_id FROM review_request
                 WHERE request_id = $1 AND authority = $2",
                &[Value::id(&request.0), authority.as_str().into()],
            )?;
            match row {
                Some(row) => self.open_request(tx, authority, &row, now),
                None => Ok(None),
            }
        })
    }

    /// What a reviewer ruled on last.
    pub fn rulings_of(
        &self,
        authority: &AuthorityId,
        reviewer: &PersonId,
        most: usize,
    ) -> Result<Vec<RuledRequest>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- rulings-of-reviewer
                 SELECT request_id, case_id, ruling, ruled_at FROM review_ruling
                 WHERE authority = $1 AND reviewer = $2 ORDER BY ruled_at DESC LIMIT $3",
                &[authority.as_str().into(), reviewer.as_str().into(), Value::count(most)],
            )
        })?;
        rows.iter()
            .map(|row| {
                Ok(RuledRequest {
                    request: AuthorisationId(row.id(0)?),
                    case: CaseId(row.id(1)?),
                    ruling: row.text(2)?.to_owned(),
                    ruled_at: row.time(3)?,
                })
            })
            .collect()
    }

    /// Numbers of the sealed evidence that the review of a case made: its dossiers and reasons.
    pub fn review_records(&self, case: CaseId) -> Result<Vec<Uuid>, Trouble> {
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- review-records-of-case
                 SELECT request_id FROM review_request WHERE case_id = $1
                 UNION ALL SELECT reasons_id FROM review_ruling WHERE case_id = $1",
                &[Value::id(&case.0)],
            )
        })?;
        rows.iter().map(|row| row.id(0)).collect()
    }

    fn open_request(
        &self,
        tx: &mut Tx,
        authority: &AuthorityId,
        row: &Row,
        now: Timestamp,
    ) -> Result<Option<ReviewRequest>, Trouble> {
        let (id, case) = (AuthorisationId(row.id(0)?), CaseId(row.id(1)?));
        let Some(stored) = rows::case_by_id(tx, authority, case)? else { return Ok(None) };
        let State::Ladder(state) = &stored.case.state else { return Ok(None) };
        let ladder::State::UnderReview {
            stage,
            request,
            requested_by,
            reviewer,
            evidence,
            since,
            ..
        } = state.bare()
        else {
            return Ok(None);
        };
        let Some(regime) = self.inner.regimes.get(&stored.case.regime) else { return Ok(None) };
        let (Ok(linking), Ok(grant_expires)) =
            (ladder::linking_asked(&stored.case, regime), ladder::grant_expires(now, regime))
        else {
            return Ok(None);
        };
        if *request != id {
            return Ok(None);
        }
        let rung = regime.at(*since).ok().and_then(|rules| rules.stages.get(*stage));
        Ok(Some(ReviewRequest {
            request: id,
            case,
            regime: stored.case.regime.clone(),
            file_number: stored.file_number.clone(),
            stage: rung.map(|rung| rung.id.clone()).unwrap_or_default(),
            reviewer: reviewer.clone(),
            requested_by: requested_by.clone(),
            asked_at: *since,
            evidence: evidence.clone(),
            linking,
            lapses: due(&stored.case, regime).ok().flatten().map(|due| due.deadline),
            grant_expires,
        }))
    }
}
