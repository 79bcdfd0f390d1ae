//! What the pages about reviews ask of the house, and the views it answers with: the office's,
//! where a member asks, and the reviewers' own. Views hold what the rules let a reviewer see.

use entremise_core::authorisation::{LinkingAsked, Ruling, SignedStatement, Statement};
use entremise_core::deadline::{Deadline, Zone};
use entremise_core::event::Ground;
use entremise_core::id::{AuthorisationId, Digest, PersonId};
use jiff::Timestamp;

pub use entremise_store::Dossier;

use super::file::RequestFile;
use crate::web::desk::DeskTrouble;

/// The house as reviewers, and those who ask them, see it. Called from blocking threads.
pub trait ReviewDesk: Send + Sync + 'static {
    /// Who can be asked: the configured reviewers, whether they have a key yet or not.
    fn reviewers(&self) -> Result<Vec<ReviewerView>, DeskTrouble>;

    /// Puts a barred case before a reviewer.
    fn ask(&self, order: &AskOrder, now: Timestamp) -> Result<AskOutcome, DeskTrouble>;

    /// What lies before one reviewer, and what they ruled on last. Opens nothing.
    fn before(&self, reviewer: &PersonId, now: Timestamp) -> Result<BeforeView, DeskTrouble>;

    /// One request with its dossier: a look, entered in the ledger. None unless it lies before
    /// this reviewer.
    fn request(
        &self,
        reviewer: &PersonId,
        request: AuthorisationId,
        now: Timestamp,
    ) -> Result<Option<RequestView>, DeskTrouble>;

    /// The text of a ruling as it would be signed now. Opens nothing.
    fn statement(
        &self,
        reviewer: &PersonId,
        request: AuthorisationId,
        ruling: Ruling,
        reasons: &str,
        now: Timestamp,
    ) -> Result<Option<Statement>, DeskTrouble>;

    /// The request as a file: a look, too.
    fn file(
        &self,
        reviewer: &PersonId,
        request: AuthorisationId,
        now: Timestamp,
    ) -> Result<Option<RequestFile>, DeskTrouble>;

    /// Verifies a signed ruling with the reviewers' keys and enters it.
    fn enter(
        &self,
        signed: SignedStatement,
        reasons: &str,
        now: Timestamp,
    ) -> Result<Entered, DeskTrouble>;

    /// Passes a request on to a substitute of this reviewer.
    fn hand_over(
        &self,
        reviewer: &PersonId,
        request: AuthorisationId,
        to: &PersonId,
        now: Timestamp,
    ) -> Result<Entered, DeskTrouble>;
}

/// A reviewer as members and substitutes see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewerView {
    pub person: PersonId,
    pub name: String,
    pub body: String,
    /// Without a key, nobody can rule: there is no use in asking.
    pub can_sign: bool,
}

/// A member's request, as the form brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskOrder {
    pub reference: String,
    pub version: u64,
    pub ground: Ground,
    pub reviewer: PersonId,
    pub by: PersonId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskOutcome {
    Asked(AuthorisationId),
    /// The case has moved since the person looked at it.
    Stale,
    /// The law says no, by the refusal's name.
    Refused(String),
    NoSuchCase,
    /// Nobody by this number may be asked.
    NoSuchReviewer,
}

/// What lies before a reviewer.
#[derive(Clone, Debug)]
pub struct BeforeView {
    pub zone: Option<Zone>,
    pub waiting: Vec<RequestRow>,
    pub ruled: Vec<RuledRow>,
}

#[derive(Clone, Debug)]
pub struct RequestRow {
    pub request: AuthorisationId,
    pub file_number: String,
    /// The stage's name in the regime.
    pub stage: String,
    pub asked_at: Timestamp,
    pub lapses: Option<Deadline>,
}

#[derive(Clone, Debug)]
pub struct RuledRow {
    pub request: AuthorisationId,
    pub ruling: String,
    pub ruled_at: Timestamp,
}

/// One request on one page.
#[derive(Clone)]
pub struct RequestView {
    pub row: RequestRow,
    pub zone: Zone,
    pub requested_by: PersonId,
    pub linking: LinkingAsked,
    pub evidence: Digest,
    pub dossier: Dossier,
    /// To whom it may be handed over.
    pub substitutes: Vec<ReviewerView>,
}

/// What became of a ruling or a hand-over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    Done(Option<Ruling>),
    /// By the name of the reason, which the pages word (`review.no.…`).
    Not(&'static str),
}
