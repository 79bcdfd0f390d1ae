//! The third step and what follows: a member asks for leave, an outside reviewer rules with a key
//! that the house never holds, the person answers and may be heard, a member deliberates, and a
//! prosecutor says what became of it. At the house's own desks, behind their pages.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::authorisation::{PublicKey, Ruling, Signature, SignedStatement};
use entremise_core::case::State;
use entremise_core::event::Ground;
use entremise_core::id::{AuthorisationId, AuthorityId, CaseId, PersonId};
use entremise_core::procedure::ladder::{self, CourtOutcome, Hearing};
use entremise_core::regime::rules::{DeliberationOutcome, Gate};
use entremise_server::config::{KeyFile, Reviewer};
use entremise_server::house::House;
use entremise_server::web::defence::desk::{
    Decided, DefenceAct, DefenceDesk, DefenceOrder, Document, ExamineOutcome, ToSign,
};
use entremise_server::web::defence::over_store::StoreDefence;
use entremise_server::web::defence::statement::{DecisionFile, MemberKey};
use entremise_server::web::desk::OnCase;
use entremise_server::web::review::desk::{AskOrder, ReviewDesk};
use entremise_server::web::review::over_store::StoreReviewDesk;
use entremise_store::{CaseFile, WorkOrder};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::chance::Chance;
use crate::estate::MEMBER;

/// The reviewer's number; nobody of the authority.
pub const REVIEWER: &str = "controle-1";
const BODY: &str = "Formation de contrôle préalable (SPECIMEN)";
const REASONS: &str = "Les deux avertissements sont prouvés et les faits se répètent. SPECIMEN.";

/// The key that the reviewer holds, and nobody else.
pub struct ReviewerKey(Ed25519KeyPair);

impl ReviewerKey {
    pub fn new(seed: u64) -> anyhow::Result<Self> {
        Ok(Self(pair_of(seed, "the reviewer's key")?))
    }

    fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public_key())
    }

    /// As the house knows the reviewer.
    pub fn reviewer(&self) -> anyhow::Result<Reviewer> {
        let key = KeyFile { id: format!("cle-{REVIEWER}").parse()?, public_key: self.public() };
        Ok(Reviewer {
            id: REVIEWER.parse()?,
            name: "Magistrate SPECIMEN".to_owned(),
            body: BODY.to_owned(),
            keys: vec![key],
            substitutes: Vec::new(),
        })
    }

    /// What a provider's engineer writes down, from the reviewer's own mouth.
    pub fn pin(&self) -> String {
        format!(
            "\n[[authority.reviewer]]\nid = \"cle-{REVIEWER}\"\nreviewer = \"{REVIEWER}\"\n\
             body = \"{BODY}\"\nkind = \"ed25519\"\npublic_key = \"{}\"\n",
            self.public()
        )
    }
}

/// The key with which the member signs what they decide.
pub struct Pen(Ed25519KeyPair);

impl Pen {
    pub fn new(seed: u64) -> anyhow::Result<Self> {
        Ok(Self(pair_of(seed, "the member's key")?))
    }

    /// As the house knows it.
    pub fn known(&self) -> anyhow::Result<KeyFile> {
        let public_key = URL_SAFE_NO_PAD.encode(self.0.public_key());
        Ok(KeyFile { id: format!("cle-{MEMBER}").parse()?, public_key })
    }

    fn keys(&self) -> anyhow::Result<Vec<MemberKey>> {
        let KeyFile { id, public_key } = self.known()?;
        Ok(vec![MemberKey { member: MEMBER.parse()?, id, key: PublicKey::Ed25519 { public_key } }])
    }
}

fn pair_of(seed: u64, whose: &'static str) -> anyhow::Result<Ed25519KeyPair> {
    let secret: [u8; 32] = Chance::of(seed, whose).bytes();
    let pair = Ed25519KeyPair::from_seed_unchecked(&secret);
    pair.map_err(|_| anyhow::anyhow!("32 bytes are a seed"))
}

fn signature(pair: &Ed25519KeyPair, text: &str) -> Signature {
    Signature::Ed25519 { signature: URL_SAFE_NO_PAD.encode(pair.sign(text.as_bytes())) }
}

/// What comes next in a case, and whose turn it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Ask,
    Rule,
    Observe,
    AskHearing,
    Convene,
    Record,
    Deliberate,
    Answer,
}

/// Everybody who acts once a third fact stands against a line.
pub struct ThirdStep {
    chance: Chance,
    key: ReviewerKey,
    pen: Pen,
    /// Cases that came before the gate.
    cases: BTreeSet<CaseId>,
    /// When somebody will come to it; none where they never will.
    turns: BTreeMap<(CaseId, Turn), Option<Timestamp>>,
    /// What the reviewer granted, and when: the reviewer's own list, for the oracle.
    pub granted: BTreeMap<CaseId, Timestamp>,
    /// What was done, by name, for the report.
    pub done: BTreeMap<String, u64>,
}

/// The desks of one round.
struct Desks<'h> {
    house: &'h House,
    authority: &'h AuthorityId,
    reviews: StoreReviewDesk,
    defence: StoreDefence,
    now: Timestamp,
}

impl ThirdStep {
    pub fn new(seed: u64) -> anyhow::Result<Self> {
        Ok(Self {
            chance: Chance::of(seed, "the third step"),
            key: ReviewerKey::new(seed)?,
            pen: Pen::new(seed)?,
            cases: BTreeSet::new(),
            turns: BTreeMap::new(),
            granted: BTreeMap::new(),
            done: BTreeMap::new(),
        })
    }

    /// Whoever's turn it is acts.
    pub fn sit(
        &mut self,
        house: &House,
        authority: &AuthorityId,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let name = "Autorité de protection des œuvres (SPECIMEN)".to_owned();
        let reviewers = vec![self.key.reviewer()?];
        let store = house.store.clone();
        let reviews = StoreReviewDesk::new(store.clone(), authority.clone(), name, reviewers);
        let keys = self.pen.keys()?;
        let defence = StoreDefence::new(store, authority.clone(), keys);
        let desks = Desks { house, authority, reviews, defence, now };
        self.find(&desks)?;
        for case in self.cases.clone() {
            let file = house.store.case_file(authority, &case)?.context("a case is kept")?;
            let State::Ladder(state) = &file.case.state else { continue };
            self.act(&desks, &file, state.bare().clone())?;
        }
        Ok(())
    }

    /// Cases whose next step a reviewer could open.
    fn find(&mut self, desks: &Desks<'_>) -> anyhow::Result<()> {
        let mut after = None;
        loop {
            let order = WorkOrder { limit: 200, after };
            let rows = desks.house.store.standing(desks.authority, "barred", order)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.place);
            self.cases.extend(rows.iter().filter_map(|row| match &row.case.state {
                State::Ladder(state) => match state.bare() {
                    ladder::State::Barred { gate: Gate::ReviewerAuthorisation, .. } => {
                        Some(row.case.id)
                    }
                    _ => None,
                },
                State::Identification(_) | State::Measure(_) => None,
            }));
        }
    }

    fn act(
        &mut self,
        desks: &Desks<'_>,
        file: &CaseFile,
        state: ladder::State,
    ) -> anyhow::Result<()> {
        let now = desks.now;
        for (turn, per_mille, days) in turns(&state, now) {
            if self.ripe(file, *turn, *per_mille, *days, now) {
                return self.take(desks, file, &state, *turn);
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        desks: &Desks<'_>,
        file: &CaseFile,
        state: &ladder::State,
        turn: Turn,
    ) -> anyhow::Result<()> {
        let received_at = desks.now;
        match (turn, state) {
            (Turn::Rule, ladder::State::UnderReview { request, .. }) => {
                self.rule(desks, file.case.id, *request)
            }
            (Turn::Ask | Turn::Rule, _) => self.ask(desks, file),
            (Turn::Observe, _) => {
                let document = document("observations de la personne");
                let act = DefenceAct::Observations { document, received_at };
                self.enter(desks, file, act, "observations")
            }
            (Turn::AskHearing, _) => {
                self.enter(desks, file, DefenceAct::HearingAsked { received_at }, "hearing_asked")
            }
            (Turn::Convene, _) => {
                let slot = desks.now + SignedDuration::from_hours(14 * 24);
                self.enter(desks, file, DefenceAct::Convened { slot }, "convened")
            }
            (Turn::Record, _) => self.record(desks, file),
            (Turn::Deliberate, _) => self.deliberate(desks, file),
            (Turn::Answer, _) => {
                let outcomes =
                    [CourtOutcome::Dropped, CourtOutcome::Alternative, CourtOutcome::Convicted];
                let outcome = *self.chance.pick(&outcomes);
                let (judgment, measures) = (document("avis du parquet"), Vec::new());
                let act = DefenceAct::Outcome { outcome, judgment, measures };
                self.enter(desks, file, act, outcome.name())
            }
        }
    }

    /// Whether somebody has come to it by now. Drawn once: whether they ever will, and when.
    fn ripe(
        &mut self,
        file: &CaseFile,
        turn: Turn,
        per_mille: u64,
        (first, last): (i64, i64),
        now: Timestamp,
    ) -> bool {
        let chance = &mut self.chance;
        let at = self.turns.entry((file.case.id, turn)).or_insert_with(|| {
            let days = chance.between(first, last + 1);
            chance.per_mille(per_mille).then(|| now + SignedDuration::from_hours(24 * days))
        });
        let ripe = at.is_some_and(|at| at <= now);
        if ripe {
            *at = None;
        }
        ripe
    }

    fn ask(&mut self, desks: &Desks<'_>, file: &CaseFile) -> anyhow::Result<()> {
        let order = AskOrder {
            reference: file.case.id.to_string(),
            version: version(file),
            ground: Ground::FactsEstablished,
            reviewer: REVIEWER.parse()?,
            by: MEMBER.parse()?,
        };
        desks.reviews.ask(&order, desks.now)?;
        self.count("asked");
        Ok(())
    }

    /// The reviewer reads the dossier, decides, and signs on a machine of their own.
    fn rule(
        &mut self,
        desks: &Desks<'_>,
        case: CaseId,
        request: AuthorisationId,
    ) -> anyhow::Result<()> {
        let reviewer: PersonId = REVIEWER.parse()?;
        let grants = self.chance.per_mille(800);
        let ruling = if grants { Ruling::Granted } else { Ruling::Refused };
        let now = desks.now;
        desks.reviews.request(&reviewer, request, now)?;
        let statement = desks.reviews.statement(&reviewer, request, ruling, REASONS, now)?;
        let Some(statement) = statement else { return Ok(()) };
        let signature = signature(&self.key.0, &statement.text());
        let signed =
            SignedStatement { statement, key: format!("cle-{REVIEWER}").parse()?, signature };
        desks.reviews.enter(signed, REASONS, now)?;
        if grants {
            self.granted.entry(case).or_insert(now);
        }
        self.count(if grants { "granted" } else { "refused" });
        Ok(())
    }

    fn record(&mut self, desks: &Desks<'_>, file: &CaseFile) -> anyhow::Result<()> {
        if self.chance.per_mille(850) {
            let counsel = self.chance.per_mille(400);
            let record = document("procès-verbal d’audition");
            let act = DefenceAct::Held { record, counsel, copied: true };
            self.enter(desks, file, act, "heard")
        } else {
            self.enter(desks, file, DefenceAct::Missed, "missed")
        }
    }

    /// The member opens the facts again, and decides with reasons.
    fn deliberate(&mut self, desks: &Desks<'_>, file: &CaseFile) -> anyhow::Result<()> {
        let examined = match desks.defence.examine(&on(file)?, desks.now)? {
            ExamineOutcome::Shown(examined) => examined.digest,
            ExamineOutcome::Not(_) => return Ok(()),
        };
        let outcome = if self.chance.per_mille(500) {
            DeliberationOutcome::Transmit
        } else {
            DeliberationOutcome::Close
        };
        let reasons = "Les faits et les réponses ont été examinés. SPECIMEN.".to_owned();
        let decided = Decided { outcome, reasons: reasons.clone(), examined };
        let ToSign::Statement { statement, .. } = desks.defence.statement(&on(file)?, &decided)?
        else {
            return Ok(());
        };
        let signature = signature(&self.pen.0, &statement.text());
        let signed = DecisionFile::new(*statement, reasons).signed(self.pen.known()?.id, signature);
        let act = DefenceAct::Deliberated { signed: Box::new(signed) };
        let name = match outcome {
            DeliberationOutcome::Transmit => "transmitted",
            DeliberationOutcome::Close => "closed",
        };
        self.enter(desks, file, act, name)
    }

    fn enter(
        &mut self,
        desks: &Desks<'_>,
        file: &CaseFile,
        act: DefenceAct,
        name: &str,
    ) -> anyhow::Result<()> {
        desks.defence.enter(&DefenceOrder { of: on(file)?, act }, desks.now)?;
        self.count(name);
        Ok(())
    }

    fn count(&mut self, name: &str) {
        *self.done.entry(name.to_owned()).or_default() += 1;
    }
}

/// Whose turn it can be: how many in a thousand ever come to it, and within which days.
type Chances = &'static [(Turn, u64, (i64, i64))];

fn turns(state: &ladder::State, now: Timestamp) -> Chances {
    match state {
        ladder::State::Barred { .. } => &[(Turn::Ask, 900, (1, 6))],
        ladder::State::UnderReview { .. } => &[(Turn::Rule, 920, (1, 9))],
        ladder::State::Contradictory { heard, .. } => match heard.defence.hearing {
            // The person writes, asks to be heard, or says nothing.
            Hearing::NotAsked => &[(Turn::Observe, 400, (2, 10)), (Turn::AskHearing, 250, (3, 12))],
            Hearing::Asked { .. } => &[(Turn::Convene, 1_000, (1, 5))],
            Hearing::Convened { slot, .. } if slot <= now => &[(Turn::Record, 1_000, (0, 1))],
            _ => &[],
        },
        ladder::State::Deliberating { .. } => &[(Turn::Deliberate, 1_000, (2, 12))],
        ladder::State::Transmitted { .. } => &[(Turn::Answer, 900, (40, 120))],
        _ => &[],
    }
}

fn on(file: &CaseFile) -> anyhow::Result<OnCase> {
    Ok(OnCase { reference: file.case.id.to_string(), version: version(file), by: MEMBER.parse()? })
}

/// How many events the case has taken: what its page showed.
fn version(file: &CaseFile) -> u64 {
    file.history.iter().filter(|entry| entry.kind.starts_with("event.")).count() as u64
}

fn document(what: &str) -> Document {
    Document { ending: "txt", bytes: format!("SPECIMEN : {what}\n").into_bytes() }
}
