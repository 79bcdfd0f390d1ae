//! The prior authorisation on the authority's side: the request with its dossier, the reviewer's
//! ruling with its reasons. Dossier and reasons lie sealed in evidence and are erased with the
//! case.
//!
//! Whether a ruling may be given is for `core` to say, whether a signature holds for whoever made
//! the [`VerifiedRuling`]. Here it is entered, once.

mod dossier;
mod keys;
mod requests;

use std::collections::HashMap;

use entremise_core::authorisation::{Denial, Grant, Statement};
use entremise_core::event::{Decision, Event, Ground, Verdict};
use entremise_core::id::{AuthorisationId, AuthorityId, CaseId, Digest, NoticeId, PersonId};
use entremise_core::ledger::{self as form, Actor};
use entremise_core::notice::Work;
use entremise_core::procedure::ladder;
use entremise_core::regime::Regime;
use entremise_core::regime::rules::Shown;
use entremise_core::step::{Refusal, step};
use jiff::Timestamp;
use uuid::Uuid;

pub use dossier::{Dossier, EarlierStep, FactShown, GroundShown, ProofShown, WorkShown};
pub use keys::{NewPasskey, NotRegistered, Passkey};
pub use requests::{ReviewRequest, RuledRequest};

use crate::Store;
use crate::apply::{Applied, ApplyError, CaseRef};
use crate::compartment::{Fresh, Record, RecordKind};
use crate::conn::{Tx, Value};
use crate::content::EvidenceIn;
use crate::door::Door;
use crate::entropy::Draw;
use crate::ledger::Lateness;
use crate::linking::{ReviewLook, read};
use crate::read::CaseFile;
use crate::rows;
use crate::trouble::Trouble;

/// What a member asks a reviewer for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorisationOrder {
    pub authority: AuthorityId,
    pub case: CaseId,
    pub ground: Ground,
    pub by: PersonId,
    pub reviewer: PersonId,
}

/// A ruling whose signature was verified with the keys of this authority's reviewers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifiedRuling {
    Granted(Grant),
    Refused(Denial),
}

impl VerifiedRuling {
    pub fn statement(&self) -> &Statement {
        match self {
            Self::Granted(grant) => grant.statement(),
            Self::Refused(denial) => denial.statement(),
        }
    }

    fn event(&self) -> Event {
        match self {
            Self::Granted(grant) => Event::AuthorisationGranted { grant: grant.clone() },
            Self::Refused(denial) => Event::AuthorisationRefused { denial: denial.clone() },
        }
    }
}

/// Why a request, a ruling or a look came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The law says no; the refusal is in the ledger.
    #[error(transparent)]
    Refused(Refusal),
    #[error("there is no such request")]
    NoSuchRequest,
    #[error("the case has moved: begin again")]
    CaseMoved,
    #[error("the {0} is erased")]
    Erased(&'static str),
    /// The reasons that came along are not those that were signed.
    #[error("the reasons are not those that were signed")]
    OtherReasons,
    #[error("a grant given now may run until {latest} at the latest")]
    ExpiresTooLate { latest: Timestamp },
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Store {
    /// Puts a case before a reviewer: builds the dossier, keeps it sealed, and asks. Where the law
    /// refuses, nothing is opened.
    pub fn request_authorisation(
        &self,
        order: &AuthorisationOrder,
        now: Timestamp,
    ) -> Result<AuthorisationId, ReviewError> {
        let file =
            self.case_file(&order.authority, &order.case)?.ok_or(ReviewError::NoSuchRequest)?;
        let regime = self.regime_of(&file)?;
        let request = AuthorisationId(self.new_id(now));
        let unread = event(order, request, form::digest(b""));
        if step(&file.case, &unread, now, regime).is_err() {
            return Err(self.refused(order, &unread, now));
        }
        let dossier = self.build(&file, regime, order, request, now)?.to_bytes();
        self.ask(&file, order, request, dossier, now)?;
        Ok(request)
    }

    /// The dossier as it was put before the reviewer: one look, entered first.
    pub fn open_dossier(
        &self,
        authority: &AuthorityId,
        request: AuthorisationId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<u8>, ReviewError> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- review-dossier
                 SELECT case_id, sha256, regime FROM review_request
                 WHERE request_id = $1 AND authority = $2",
                &[Value::id(&request.0), authority.as_str().into()],
            )
        })?;
        let row = row.ok_or(ReviewError::NoSuchRequest)?;
        let look = ReviewLook {
            authority,
            regime: &row.word(2)?,
            case: CaseId(row.id(0)?),
            request,
            fields: vec!["dossier"],
            by,
        };
        let mut opened = self.look_for_review(&look, &[request.0], now)?;
        let bytes = opened.remove(&request.0).ok_or(ReviewError::Erased("dossier"))?;
        if form::digest(&bytes).as_str() != form::hexadecimal(row.bytes(1)?) {
            return Err(Trouble::never("a dossier is not the one that was kept").into());
        }
        Ok(bytes)
    }

    /// Enters a ruling, once, with its reasons sealed beside it.
    pub fn rule(
        &self,
        authority: &AuthorityId,
        ruling: &VerifiedRuling,
        reasons: &str,
        now: Timestamp,
    ) -> Result<Applied, ReviewError> {
        let statement = ruling.statement();
        if form::digest(reasons.as_bytes()) != statement.reasons {
            return Err(ReviewError::OtherReasons);
        }
        let case = self.case_of(authority, statement.request)?;
        let file = self.case_file(authority, &case)?.ok_or(ReviewError::NoSuchRequest)?;
        if let VerifiedRuling::Granted(_) = ruling {
            let latest =
                ladder::grant_expires(now, self.regime_of(&file)?).map_err(ReviewError::Refused)?;
            if statement.expires_at > latest {
                return Err(ReviewError::ExpiresTooLate { latest });
            }
        }
        let reasons_id = self.new_id(now);
        let record = self.record(reasons_id, reasons.as_bytes().to_vec());
        let regime = &file.case.regime;
        self.inner
            .cases
            .write(|tx| {
                let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
                let index = door
                    .find(&CaseRef::Id(authority.clone(), case))?
                    .ok_or(ReviewError::NoSuchRequest)?;
                let by = Actor::Person(statement.reviewer.clone());
                match door.take(index, &ruling.event(), &by)? {
                    Ok(applied) => {
                        self.inner.evidence.keep(
                            authority,
                            regime,
                            std::iter::once(record),
                            now,
                        )?;
                        note_ruling(door.tx, authority, case, ruling, reasons_id, now)?;
                        door.close()?;
                        Ok(Ok(applied))
                    }
                    Err(refusal) => {
                        door.close()?;
                        Ok(Err(ReviewError::Refused(refusal)))
                    }
                }
            })
            .and_then(|entered| entered)
    }

    /// Passes a request on to a substitute.
    pub fn hand_over(
        &self,
        authority: &AuthorityId,
        request: AuthorisationId,
        from: &PersonId,
        to: &PersonId,
        now: Timestamp,
    ) -> Result<(), ReviewError> {
        let case = CaseRef::Id(authority.clone(), self.case_of(authority, request)?);
        let event = Event::AuthorisationHandedOver { request, from: from.clone(), to: to.clone() };
        match self.apply(&case, &event, &Actor::Person(from.clone()), now) {
            Ok(_) => Ok(()),
            Err(ApplyError::Refused(refusal)) => Err(ReviewError::Refused(refusal)),
            Err(ApplyError::NoSuchCase) => Err(ReviewError::NoSuchRequest),
            Err(ApplyError::Trouble(trouble)) => Err(ReviewError::Trouble(trouble)),
        }
    }

    /// Opens the evidence that the dossier shows, after its line, and puts the dossier together.
    fn build(
        &self,
        file: &CaseFile,
        regime: &Regime,
        order: &AuthorisationOrder,
        request: AuthorisationId,
        now: Timestamp,
    ) -> Result<Dossier, ReviewError> {
        let rules = regime.at(now).map_err(|_| ReviewError::Refused(Refusal::NoReview))?;
        let review = rules.review.as_ref().ok_or(ReviewError::Refused(Refusal::NoReview))?;
        let facts = dossier::facts(file);
        let senders = self.inner.cases.read(|tx| dossier::senders(tx, &order.authority, &facts))?;
        let mut works: HashMap<NoticeId, Vec<Work>> = HashMap::new();
        if review.shows.contains(&Shown::Works) {
            let look = ReviewLook {
                authority: &order.authority,
                regime: &file.case.regime,
                case: order.case,
                request,
                fields: review.shows.iter().map(|shown| shown.name()).collect(),
                by: &Actor::Person(order.by.clone()),
            };
            let ids: Vec<Uuid> = facts.iter().map(|fact| fact.notice.0).collect();
            for (notice, content) in self.look_for_review(&look, &ids, now)? {
                let evidence: EvidenceIn = read(&content)?;
                works.insert(NoticeId(notice), evidence.works);
            }
        }
        let asking = dossier::Asking { by: &order.by, ground: order.ground };
        Ok(dossier::assemble(file, (rules, review), &asking, &senders, &works))
    }

    /// Keeps the dossier and lets the request happen, if the case still stands where it was read.
    fn ask(
        &self,
        file: &CaseFile,
        order: &AuthorisationOrder,
        request: AuthorisationId,
        dossier: Vec<u8>,
        now: Timestamp,
    ) -> Result<(), ReviewError> {
        let authority = &order.authority;
        let regime = &file.case.regime;
        let evidence = form::digest(&dossier);
        let record = self.record(request.0, dossier);
        self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let stored = rows::case_by_id(door.tx, authority, order.case)?;
            if stored.is_none_or(|stored| stored.case.state != file.case.state) {
                return Err(ReviewError::CaseMoved);
            }
            self.inner.evidence.keep(authority, regime, std::iter::once(record), now)?;
            let index = door
                .find(&CaseRef::Id(authority.clone(), order.case))?
                .ok_or(ReviewError::NoSuchRequest)?;
            let by = Actor::Person(order.by.clone());
            door.take(index, &event(order, request, evidence.clone()), &by)?
                .map_err(ReviewError::Refused)?;
            let at = door.at;
            door.tx.execute(
                "-- review-request-note
                 INSERT INTO review_request (request_id, authority, regime, case_id, asked_at,
                     sha256)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[
                    Value::id(&request.0),
                    authority.as_str().into(),
                    regime.as_str().into(),
                    Value::id(&order.case.0),
                    Value::time(at),
                    Value::Bytes(&bytes_of(&evidence)),
                ],
            )?;
            Ok(door.close()?)
        })
    }

    /// Enters the refusal of a request that the law does not know.
    fn refused(&self, order: &AuthorisationOrder, event: &Event, now: Timestamp) -> ReviewError {
        let authority = &order.authority;
        let entered = self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let case = CaseRef::Id(authority.clone(), order.case);
            let index = door.find(&case)?.ok_or(ReviewError::NoSuchRequest)?;
            let by = Actor::Person(order.by.clone());
            let Err(refusal) = door.take(index, event, &by)? else {
                return Err(ReviewError::CaseMoved);
            };
            door.close()?;
            Ok(refusal)
        });
        match entered {
            Ok(refusal) => ReviewError::Refused(refusal),
            Err(error) => error,
        }
    }

    fn case_of(
        &self,
        authority: &AuthorityId,
        request: AuthorisationId,
    ) -> Result<CaseId, ReviewError> {
        let row = self.inner.cases.read(|tx| {
            tx.query_one(
                "-- review-request-case
                 SELECT case_id FROM review_request WHERE request_id = $1 AND authority = $2",
                &[Value::id(&request.0), authority.as_str().into()],
            )
        })?;
        Ok(CaseId(row.ok_or(ReviewError::NoSuchRequest)?.id(0)?))
    }

    fn regime_of(&self, file: &CaseFile) -> Result<&Regime, Trouble> {
        self.regime(&file.case.regime)
            .ok_or_else(|| Trouble::never("the case's regime is not among those loaded"))
    }

    fn record(&self, id: Uuid, content: Vec<u8>) -> Record {
        let fresh = Fresh::draw(&mut Draw::new(&*self.inner.entropy));
        Record { id, kind: RecordKind::Document, fresh, content }
    }
}

fn event(order: &AuthorisationOrder, request: AuthorisationId, evidence: Digest) -> Event {
    let decision = Decision { by: order.by.clone(), verdict: Verdict::Send, ground: order.ground };
    Event::AuthorisationRequested { request, decision, reviewer: order.reviewer.clone(), evidence }
}

fn note_ruling(
    tx: &mut Tx,
    authority: &AuthorityId,
    case: CaseId,
    ruling: &VerifiedRuling,
    reasons: Uuid,
    now: Timestamp,
) -> Result<(), Trouble> {
    let statement = ruling.statement();
    tx.execute(
        "-- review-ruling-note
         INSERT INTO review_ruling (request_id, authority, case_id, reviewer, ruling, ruled_at,
             reasons_id, sha256)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            Value::id(&statement.request.0),
            authority.as_str().into(),
            Value::id(&case.0),
            statement.reviewer.as_str().into(),
            statement.ruling.name().into(),
            Value::time(now),
            Value::id(&reasons),
            Value::Bytes(&bytes_of(&statement.reasons)),
        ],
    )
    .map(|_| ())
}

/// The 32 bytes behind a digest's digits.
fn bytes_of(digest: &Digest) -> Vec<u8> {
    let digits = digest.as_str().as_bytes();
    digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("a digest is of ASCII digits");
            u8::from_str_radix(pair, 16).expect("a digest is of hexadecimal digits")
        })
        .collect()
}
