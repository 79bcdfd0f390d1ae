//! The person's side of a case as its pages see it: documents in, a hearing, a decision with its
//! reasons. What is shown for a deliberation is shown after the ledger has the look.

use entremise_core::deadline::{Deadline, Zone};
use entremise_core::id::{Digest, PersonId};
use entremise_core::procedure::ladder::{ChallengeGround, ChallengeVerdict, CourtOutcome, Defence};
use entremise_core::procedure::measure::Sentence;
use entremise_core::regime::rules::DeliberationOutcome;
use jiff::Timestamp;

use super::papers::{Opened, PapersView, ToRead};
use super::statement::{SignedDecision, Statement};
use crate::seen::SeenFact;
use crate::web::desk::{DeskTrouble, NotDone, OnCase};
use crate::web::passkey::known::KnownPasskey;

/// The house as an officer enters the person's side. Called from blocking threads.
pub trait DefenceDesk: Send + Sync + 'static {
    /// Keeps the document of an act, if it has one, and enters the act. What the law refuses keeps
    /// no document; the refusal is in the ledger.
    fn enter(&self, order: &DefenceOrder, now: Timestamp) -> Result<DefenceOutcome, DeskTrouble>;

    /// A fresh look at the facts, for a deliberation: entered before anything is opened.
    fn examine(&self, of: &OnCase, now: Timestamp) -> Result<ExamineOutcome, DeskTrouble>;

    /// The challenge of a case that waits for an answer; none where none does.
    fn challenge(&self, reference: &str) -> Result<Option<ChallengeView>, DeskTrouble>;

    /// What the person wrote, opened after the ledger has the look.
    fn written(&self, of: &OnCase, now: Timestamp) -> Result<WrittenOutcome, DeskTrouble>;

    /// Whether the law takes a challenge of this case now. Enters nothing.
    fn takes_challenge(&self, reference: &str, now: Timestamp) -> Result<bool, DeskTrouble>;

    /// What the person handed in, closed; none where there is no such case.
    fn papers(&self, reference: &str) -> Result<Option<PapersView>, DeskTrouble>;

    /// One document of the person's, by the case and its name in the house: opened after the ledger
    /// has the look. None where there is no such document.
    fn open_paper(
        &self,
        of: (&str, &str),
        by: &PersonId,
        why: ToRead,
        now: Timestamp,
    ) -> Result<Option<Opened>, DeskTrouble>;

    /// When persons can be heard from now on, taken or not.
    fn slots(&self, now: Timestamp) -> Result<SlotsView, DeskTrouble>;

    /// Offers slots. Yields how many are new.
    fn publish_slots(
        &self,
        slots: &[Timestamp],
        by: &PersonId,
        now: Timestamp,
    ) -> Result<u64, DeskTrouble>;

    /// Takes a slot back that nobody chose. Yields whether there was one.
    fn withdraw_slot(
        &self,
        slot: Timestamp,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble>;

    /// What a member would sign to decide so. Changes nothing.
    fn statement(&self, of: &OnCase, decision: &Decided) -> Result<ToSign, DeskTrouble>;
}

/// What a case says about the person's side, for its page.
#[derive(Clone, Debug)]
pub struct DefenceView {
    pub defence: Defence,
    /// The person may still write: letters of theirs can be entered.
    pub writes: bool,
    /// A hearing can be convened, or moved.
    pub convenes: bool,
    /// The day of the hearing has come: its record, or that nobody came.
    pub records: bool,
    pub deliberates: bool,
    pub awaits_outcome: bool,
}

/// A challenge that waits for its answer.
#[derive(Clone, Debug)]
pub struct ChallengeView {
    pub grounds: Vec<ChallengeGround>,
    pub received_at: Timestamp,
    /// SHA-256 of what was written.
    pub document: Digest,
    /// Until when the answer is due, and why then.
    pub answer_by: Option<Deadline>,
}

pub enum WrittenOutcome {
    /// By name, the oldest first. Texts as they were written; of other documents nothing but their
    /// name: no page shows or runs them.
    Shown(Vec<(String, Option<String>)>),
    Not(NotDone),
}

/// When persons can be heard, in the rules' time zone.
#[derive(Clone, Debug)]
pub struct SlotsView {
    pub zone: Zone,
    /// Each with whether somebody took it.
    pub slots: Vec<(Timestamp, bool)>,
}

pub struct DefenceOrder {
    pub of: OnCase,
    pub act: DefenceAct,
}

/// A document as it came. No `Debug`: it may name anybody.
pub struct Document {
    /// `pdf`, `png`, `jpg`, `txt`.
    pub ending: &'static str,
    pub bytes: Vec<u8>,
}

pub enum DefenceAct {
    Observations {
        document: Document,
        received_at: Timestamp,
    },
    Situation {
        document: Document,
        received_at: Timestamp,
    },
    HearingAsked {
        received_at: Timestamp,
    },
    Convened {
        slot: Timestamp,
    },
    Held {
        record: Document,
        counsel: bool,
        copied: bool,
    },
    Missed,
    /// A challenge that came by post. `text` is what it says, `scan` the letter itself.
    Challenged {
        grounds: Vec<ChallengeGround>,
        text: String,
        scan: Option<Document>,
        received_at: Timestamp,
    },
    ChallengeAnswered {
        verdict: ChallengeVerdict,
        reasons: String,
    },
    Deliberated {
        signed: Box<SignedDecision>,
    },
    /// `measures` is what a conviction pronounced: each becomes a case of its own.
    Outcome {
        outcome: CourtOutcome,
        judgment: Document,
        measures: Vec<Sentence>,
    },
}

pub enum DefenceOutcome {
    Entered,
    /// The law says no, by the refusal's name.
    Refused(&'static str),
    /// The member did not sign this decision, or not with a key of theirs.
    NotSigned,
    Not(NotDone),
}

/// A decision as a member words it.
#[derive(Clone)]
pub struct Decided {
    pub outcome: DeliberationOutcome,
    pub reasons: String,
    /// What the member was shown.
    pub examined: Digest,
}

pub enum ToSign {
    Statement {
        statement: Box<Statement>,
        /// Whether the house knows a key file of this member.
        has_key: bool,
        /// The passkeys with which this member may sign.
        passkeys: Vec<KnownPasskey>,
    },
    Not(NotDone),
}

pub enum ExamineOutcome {
    Shown(Box<Examined>),
    Not(NotDone),
}

/// The facts, as they were shown to whoever deliberates. No `Debug`.
pub struct Examined {
    pub facts: Vec<SeenFact>,
    /// SHA-256 of what was opened.
    pub digest: Digest,
}
