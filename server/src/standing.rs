//! Where a notice stands, as its sender may know it: the statuses of ACNS's `NoticeStatus`, without
//! any of its fields that tell one person from another.
//!
//! What ACNS calls `AnonUserIdentifier` and its counts are never given: over many notices they
//! would tell a sender whose line is whose. For the same reason nobody learns which step of the
//! ladder a notice led to, or whether it was the first; only that a file went to the prosecutor.

use entremise_core::case::State;
use entremise_core::id::{AuthorityId, NoticeId, PartyId};
use entremise_core::procedure::identification::{self, Closure};
use entremise_core::procedure::ladder;
use entremise_store::{CaseFile, NoticeRow, Store, Trouble};
use jiff::Timestamp;

/// ACNS 1.2, `Disposition/Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    Open,
    Closed,
}

impl Disposition {
    /// As ACNS spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Closed => "CLOSED",
        }
    }
}

/// Where a notice stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeStatus {
    pub disposition: Disposition,
    /// By its name in the catalogue.
    pub reason: &'static str,
    /// Why nobody was identified, by the answer's wire name.
    pub answer: Option<String>,
    /// Whether the sender can still take it back with effect.
    pub may_be_withdrawn: bool,
}

/// A notice, for the sender who brought it.
#[derive(Debug)]
pub struct Standing {
    pub row: NoticeRow,
    /// The case that it opened: for this house's own eyes.
    pub file: CaseFile,
    pub status: NoticeStatus,
    /// What happened to it and when, by names in the catalogue; each once, the oldest first.
    pub steps: Vec<(Timestamp, &'static str)>,
}

impl Standing {
    /// Where a notice of this sender stands. `None` when the sender brought no such notice.
    pub fn find(
        store: &Store,
        authority: &AuthorityId,
        sender: &PartyId,
        notice: NoticeId,
    ) -> Result<Option<Self>, Trouble> {
        let row = store.notice(authority, notice)?;
        let Some(row) = row.filter(|row| row.sender == *sender) else { return Ok(None) };
        let Some(file) = store.case_file(authority, &row.case)? else { return Ok(None) };
        let State::Identification(state) = &file.case.state else { return Ok(None) };
        let court = match state {
            identification::State::Closed { closure: Closure::Identified, .. } => {
                let lines = store.cases_of_fact(authority, notice)?;
                lines.iter().find_map(before_a_court)
            }
            _ => None,
        };
        let mut steps = steps(&file);
        steps.extend(court.map(|court| (court.at, court.reason)));
        let status = NoticeStatus::of(state, court);
        Ok(Some(Self { status, steps, row, file }))
    }

    /// When what may be told of it changed last.
    pub fn changed_at(&self) -> Timestamp {
        self.steps.last().map_or(self.row.received_at, |(at, _)| *at)
    }
}

impl NoticeStatus {
    fn of(state: &identification::State, court: Option<Court>) -> Self {
        let status = |disposition, reason, may_be_withdrawn| Self {
            disposition,
            reason,
            answer: None,
            may_be_withdrawn,
        };
        match state {
            identification::State::Open | identification::State::Waiting { .. } => {
                status(Disposition::Open, "received", true)
            }
            identification::State::Asked { .. } => status(Disposition::Open, "asked", true),
            identification::State::Closed { closure, .. } => match closure {
                Closure::Identified => match court {
                    Some(court) => status(court.disposition, court.reason, false),
                    None => status(Disposition::Open, "followed", false),
                },
                Closure::Unidentified { outcome } => Self {
                    answer: Some(outcome.clone()),
                    ..status(Disposition::Closed, "not_identified", false)
                },
                Closure::Unanswered => status(Disposition::Closed, "unanswered", false),
                Closure::Retracted => status(Disposition::Closed, "withdrawn", false),
                Closure::Trial => status(Disposition::Closed, "trial", false),
            },
        }
    }
}

/// That a file is, or was, before the prosecutor and the court.
#[derive(Clone, Copy)]
struct Court {
    disposition: Disposition,
    reason: &'static str,
    at: Timestamp,
}

/// The one thing that the law has senders told of a file: that it went before the prosecutor, and
/// that it has ended there (CPI L331-23, R331-14). Not how.
fn before_a_court(line: &State) -> Option<Court> {
    let State::Ladder(line) = line else { return None };
    match line.bare() {
        ladder::State::Transmitted { at, .. } => {
            Some(Court { disposition: Disposition::Open, reason: "transmitted", at: *at })
        }
        ladder::State::Closed { closure: ladder::Closure::Judged, at, .. } => {
            Some(Court { disposition: Disposition::Closed, reason: "judged", at: *at })
        }
        _ => None,
    }
}

/// The steps that a sender may know.
fn steps(file: &CaseFile) -> Vec<(Timestamp, &'static str)> {
    let happened = file.history.iter().filter_map(|entry| {
        let step = match entry.kind.as_str() {
            "event.notice_accepted" => "accepted",
            "event.question_asked" => "asked",
            "event.answered" => "answered",
            "event.notice_retracted" => "withdrawn",
            _ => return None,
        };
        Some((entry.at, step))
    });
    happened.collect()
}
