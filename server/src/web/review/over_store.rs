//! The reviewers' desk over the real store. Verifies what comes signed, with public keys only, and
//! lets it happen through the one door.

use entremise_core::authorisation::{
    Denial, Grant, NotGranted, PublicKey, ReviewerKey, Ruling, SignedStatement, Statement,
};
use entremise_core::id::{AuthorisationId, AuthorityId, CaseId, PersonId};
use entremise_core::ledger::Actor;
use entremise_store::{
    AuthorisationOrder, Dossier, ReviewError, ReviewRequest, Store, Trouble, VerifiedRuling,
};
use entremise_wire::authorisation::signature_holds;
use jiff::Timestamp;

use super::desk::{
    AskOrder, AskOutcome, BeforeView, Entered, RequestRow, RequestView, ReviewDesk, ReviewerView,
    RuledRow,
};
use super::file::RequestFile;
use crate::access::{Action, Policy, Resource, Role, Seat};
use crate::config::Reviewer;
use crate::web::desk::DeskTrouble;
use crate::web::passkey::known::known;

/// Rulings shown below what waits.
const RULED_MOST: usize = 20;

/// One authority's reviewers' desk.
pub struct StoreReviewDesk {
    store: Store,
    authority: AuthorityId,
    /// As its files name it to the reader.
    name: String,
    reviewers: Vec<Reviewer>,
    policy: Policy,
}

impl StoreReviewDesk {
    pub fn new(
        store: Store,
        authority: AuthorityId,
        name: String,
        reviewers: Vec<Reviewer>,
    ) -> Self {
        let policy = Policy::built_in().expect("the rules are part of the build and tested");
        Self { store, authority, name, reviewers, policy }
    }

    fn reviewer(&self, person: &PersonId) -> Option<&Reviewer> {
        self.reviewers.iter().find(|reviewer| reviewer.id == *person)
    }

    fn view(&self, reviewer: &Reviewer, keys: &[ReviewerKey]) -> ReviewerView {
        ReviewerView {
            person: reviewer.id.clone(),
            name: reviewer.name.clone(),
            body: reviewer.body.clone(),
            can_sign: keys.iter().any(|key| key.reviewer == reviewer.id),
        }
    }

    /// The request, if it lies before this reviewer.
    fn lies_before(
        &self,
        reviewer: &PersonId,
        request: AuthorisationId,
        now: Timestamp,
    ) -> Result<Option<ReviewRequest>, Trouble> {
        let found = self.store.review_request(&self.authority, request, now)?;
        Ok(found.filter(|found| self.may_read(reviewer, found)))
    }

    /// Whether the rules of the desks let a reviewer read a request.
    fn may_read(&self, reviewer: &PersonId, found: &ReviewRequest) -> bool {
        let seat = Seat { person: reviewer.clone(), role: Role::Reviewer, party: None };
        let about = Resource::ReviewRequest {
            request: found.request.to_string(),
            asked_by: found.requested_by.clone(),
            before: found.reviewer.clone(),
        };
        self.policy.ask(&seat, Action::ReadRequest, &about).allowed
    }

    fn verified(
        &self,
        signed: SignedStatement,
        keys: &[ReviewerKey],
        now: Timestamp,
    ) -> Result<VerifiedRuling, NotGranted> {
        match signed.statement.ruling {
            Ruling::Granted => {
                Grant::verified(signed, keys, now, signature_holds).map(VerifiedRuling::Granted)
            }
            Ruling::Refused => {
                Denial::verified(signed, keys, signature_holds).map(VerifiedRuling::Refused)
            }
        }
    }
}

/// All keys that this authority knows of its reviewers: configured key files and registered
/// passkeys. The keys of whoever is no reviewer any more are not among them.
pub fn reviewer_keys(
    store: &Store,
    authority: &AuthorityId,
    reviewers: &[Reviewer],
) -> Result<Vec<ReviewerKey>, Trouble> {
    let files = reviewers.iter().flat_map(|reviewer| {
        reviewer.keys.iter().map(|key| ReviewerKey {
            id: key.id.clone(),
            reviewer: reviewer.id.clone(),
            body: reviewer.body.clone(),
            key: PublicKey::Ed25519 { public_key: key.public_key.clone() },
        })
    });
    let mut keys: Vec<ReviewerKey> = files.collect();
    for passkey in store.passkeys(authority)? {
        let Some(of) = reviewers.iter().find(|reviewer| reviewer.id == passkey.reviewer) else {
            continue;
        };
        let (body, known) = (of.body.clone(), known(passkey));
        keys.push(ReviewerKey { id: known.id, reviewer: known.owner, body, key: known.key });
    }
    Ok(keys)
}

/// The request as a file, with its dossier: one look, by whoever fetches it.
pub fn request_file(
    store: &Store,
    authority: &AuthorityId,
    name: &str,
    found: &ReviewRequest,
    by: &Actor,
    now: Timestamp,
) -> Result<RequestFile, ReviewError> {
    let dossier = store.open_dossier(authority, found.request, by, now)?;
    let dossier = String::from_utf8(dossier).map_err(|_| ReviewError::Erased("dossier"))?;
    Ok(RequestFile {
        form: RequestFile::form(),
        authority: name.to_owned(),
        request: found.request,
        reviewer: found.reviewer.clone(),
        linking: found.linking.clone(),
        evidence: found.evidence.clone(),
        lapses_at: found.lapses.as_ref().map(|deadline| deadline.ends_at),
        grant_expires_at: found.grant_expires,
        dossier,
    })
}

impl ReviewDesk for StoreReviewDesk {
    fn reviewers(&self) -> Result<Vec<ReviewerView>, DeskTrouble> {
        let keys = reviewer_keys(&self.store, &self.authority, &self.reviewers).map_err(told)?;
        Ok(self.reviewers.iter().map(|reviewer| self.view(reviewer, &keys)).collect())
    }

    fn ask(&self, order: &AskOrder, now: Timestamp) -> Result<AskOutcome, DeskTrouble> {
        let keys = reviewer_keys(&self.store, &self.authority, &self.reviewers).map_err(told)?;
        let can_sign = keys.iter().any(|key| key.reviewer == order.reviewer);
        if !can_sign {
            return Ok(AskOutcome::NoSuchReviewer);
        }
        let case = match order.reference.parse::<CaseId>() {
            Ok(id) => Some(id),
            Err(_) => self.store.find_file(&self.authority, &order.reference).map_err(told)?,
        };
        let Some(case) = case else { return Ok(AskOutcome::NoSuchCase) };
        let file = self.store.case_file(&self.authority, &case).map_err(told)?;
        let Some(file) = file else { return Ok(AskOutcome::NoSuchCase) };
        let events = file.history.iter().filter(|entry| entry.kind.starts_with("event."));
        if events.count() as u64 != order.version {
            return Ok(AskOutcome::Stale);
        }
        let asked = AuthorisationOrder {
            authority: self.authority.clone(),
            case,
            ground: order.ground,
            by: order.by.clone(),
            reviewer: order.reviewer.clone(),
        };
        match self.store.request_authorisation(&asked, now) {
            Ok(request) => Ok(AskOutcome::Asked(request)),
            Err(ReviewError::Refused(refusal)) => {
                Ok(AskOutcome::Refused(refusal.name().to_owned()))
            }
            Err(ReviewError::CaseMoved) => Ok(AskOutcome::Stale),
            Err(ReviewError::NoSuchRequest) => Ok(AskOutcome::NoSuchCase),
            Err(other) => Err(troubled(&other)),
        }
    }

    fn before(&self, reviewer: &PersonId, now: Timestamp) -> Result<BeforeView, DeskTrouble> {
        let waiting = self.store.review_requests(&self.authority, now).map_err(told)?;
        let ruled = self.store.rulings_of(&self.authority, reviewer, RULED_MOST).map_err(told)?;
        let regime = waiting.first().and_then(|found| self.store.regime(&found.regime));
        let regime = match (regime, ruled.first()) {
            (None, Some(last)) => self
                .store
                .case_file(&self.authority, &last.case)
                .map_err(told)?
                .and_then(|file| self.store.regime(&file.case.regime)),
            (found, _) => found,
        };
        let zone = regime.map(|regime| regime.zone().clone());
        let waiting =
            waiting.into_iter().filter(|found| found.reviewer == *reviewer).map(row).collect();
        let ruled = ruled
            .into_iter()
            .map(|ruled| RuledRow {
                request: ruled.request,
                ruling: ruled.ruling,
                ruled_at: ruled.ruled_at,
            })
            .collect();
        Ok(BeforeView { zone, waiting, ruled })
    }

    fn request(
        &self,
        reviewer: &PersonId,
        request: AuthorisationId,
        now: Timestamp,
    ) -> Result<Option<RequestView>, DeskTrouble> {
        let Some(found) = self.lies_before(reviewer, request, now).map_err(told)? else {
            return Ok(None);
        };
        let Some(regime) = self.store.regime(&found.regime) else { return Ok(None) };
        let by = Actor::Person(reviewer.clone());
        let bytes = match self.store.open_dossier(&self.authority, request, &by, now) {
            Ok(bytes) => bytes,
            Err(other) => return Err(troubled(&other)),
        };
        let Some(dossier) = Dossier::of_bytes(&bytes) else {
            tracing::error!("a dossier is not of the form it was written in");
            return Err(DeskTrouble);
        };
        let keys = reviewer_keys(&self.store, &self.authority, &self.reviewers).map_err(told)?;
        let substitutes = self.reviewer(reviewer).map_or(&[][..], |of| &of.substitutes);
        let substitutes = substitutes
            .iter()
            .filter(|id| **id != found.requested_by)
            .filter_map(|id| self.reviewer(id))
            .map(|of| self.view(of, &keys))
            .collect();
        Ok(Some(RequestView {
            zone: regime.zone().clone(),
            requested_by: found.requested_by.clone(),
            linking: found.linking.clone(),
            evidence: found.evidence.clone(),
            row: row(found),
            dossier,
            substitutes,
        }))
    }

    fn statement(
        &self,
        reviewer: &PersonId,
        request: AuthorisationId,
        ruling: Ruling,
        reasons: &str,
        now: Timestamp,
    ) -> Result<Option<Statement>, DeskTrouble> {
        let found = self.lies_before(reviewer, request, now).map_err(told)?;
        Ok(found.map(|found| Statement {
            request,
            ruling,
            reviewer: found.reviewer,
            linking: found.linking,
            evidence: found.evidence,
            reasons: entremise_core::ledger::digest(reasons.as_bytes()),
            expires_at: found.grant_expires,
        }))
    }

    fn file(
        &self,
        reviewer: &PersonId,
        request: AuthorisationId,
        now: Timestamp,
    ) -> Result<Option<RequestFile>, DeskTrouble> {
        let Some(found) = self.lies_before(reviewer, request, now).map_err(told)? else {
            return Ok(None);
        };
        let by = Actor::Person(reviewer.clone());
        request_file(&self.store, &self.authority, &self.name, &found, &by, now)
            .map(Some)
            .map_err(|other| troubled(&other))
    }

    fn enter(
        &self,
        signed: SignedStatement,
        reasons: &str,
        now: Timestamp,
    ) -> Result<Entered, DeskTrouble> {
        let keys = reviewer_keys(&self.store, &self.authority, &self.reviewers).map_err(told)?;
        let ruling = match self.verified(signed, &keys, now) {
            Ok(ruling) => ruling,
            // Nothing that nobody known has signed is entered anywhere.
            Err(not) => return Ok(Entered::Not(not.name())),
        };
        match self.store.rule(&self.authority, &ruling, reasons, now) {
            Ok(_) => Ok(Entered::Done(Some(ruling.statement().ruling))),
            Err(other) => entered_not(&other),
        }
    }

    fn hand_over(
        &self,
        reviewer: &PersonId,
        request: AuthorisationId,
        to: &PersonId,
        now: Timestamp,
    ) -> Result<Entered, DeskTrouble> {
        let is_substitute = self.reviewer(reviewer).is_some_and(|of| of.substitutes.contains(to));
        if !is_substitute {
            return Ok(Entered::Not("no_substitute"));
        }
        match self.store.hand_over(&self.authority, request, reviewer, to, now) {
            Ok(()) => Ok(Entered::Done(None)),
            Err(other) => entered_not(&other),
        }
    }
}

fn row(found: ReviewRequest) -> RequestRow {
    RequestRow {
        request: found.request,
        file_number: found.file_number.unwrap_or_else(|| found.case.to_string()),
        stage: found.stage,
        asked_at: found.asked_at,
        lapses: found.lapses,
    }
}

fn entered_not(error: &ReviewError) -> Result<Entered, DeskTrouble> {
    match error {
        ReviewError::Refused(entremise_core::step::Refusal::NotAuthorised(why)) => {
            Ok(Entered::Not(why.name()))
        }
        ReviewError::Refused(refusal) => Ok(Entered::Not(refusal.name())),
        ReviewError::NoSuchRequest => Ok(Entered::Not("no_such_request")),
        ReviewError::OtherReasons => Ok(Entered::Not("other_reasons")),
        ReviewError::ExpiresTooLate { .. } => Ok(Entered::Not("expires_too_late")),
        ReviewError::CaseMoved | ReviewError::Erased(_) | ReviewError::Trouble(_) => {
            Err(troubled(error))
        }
    }
}

fn told(trouble: Trouble) -> DeskTrouble {
    tracing::error!(%trouble, "the reviewers' desk cannot answer");
    DeskTrouble
}

fn troubled(error: &ReviewError) -> DeskTrouble {
    tracing::error!(%error, "the reviewers' desk cannot answer");
    DeskTrouble
}
