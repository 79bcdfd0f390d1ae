//! One transaction's work on one authority: cases taken through `core::step` in memory, then
//! written with their ledger lines, effects and alarms, all or nothing.
//!
//! Everything that changes a case goes through here. Knows no compartment but the cases.

use std::collections::{BTreeMap, HashMap};

use entremise_core::case::{Case, State, Subject};
use entremise_core::effect::Effect;
use entremise_core::event::{Event, Line};
use entremise_core::id::{AuthorityId, CaseId, EffectId, RegimeId};
use entremise_core::ledger::{self as form, Actor, Entry};
use entremise_core::procedure::identification;
use entremise_core::regime::Regime;
use entremise_core::step::{Refusal, due, step};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::Inner;
use crate::apply::{Applied, CaseRef};
use crate::backfill;
use crate::conn::Tx;
use crate::entropy::Draw;
use crate::ledger::{self, Head, Lateness};
use crate::measure;
use crate::oversight::Counted;
use crate::rows::{self, AlarmLine, CaseLine, EffectLine};
use crate::trouble::Trouble;

pub(crate) use crate::rows::json;

/// The name under which a change that follows no regime stands in the ledger.
pub(crate) const HOUSE: &str = "house";

/// A case in hand.
pub(crate) struct InHand {
    pub case: Case,
    pub file_number: Option<String>,
    question: Option<Uuid>,
    /// Tally name before anything was done; none for a case opened here.
    was: Option<String>,
    changed: bool,
    due_at: Option<Timestamp>,
}

/// Where an event leads.
struct Next {
    state: State,
    due_at: Option<Timestamp>,
    effects: Vec<Effect>,
}

pub(crate) struct Door<'t, 'c> {
    pub tx: &'t mut Tx<'c>,
    pub draw: Draw<'t>,
    /// The instant under which this transaction's lines are entered.
    pub at: Timestamp,
    inner: &'t Inner,
    pub authority: AuthorityId,
    size: u64,
    lines: Vec<ledger::Draft>,
    cases: Vec<InHand>,
    by_id: HashMap<CaseId, usize>,
    open_lines: HashMap<(RegimeId, Line), usize>,
    effects: Vec<EffectLine>,
    alarms: Vec<AlarmLine>,
    tally: BTreeMap<(&'static str, String), i64>,
    /// Notices that now stand against a case.
    facts: Vec<(Uuid, CaseId)>,
    counted: Counted,
    /// Regimes whose text is known to be in this ledger.
    texts: Vec<RegimeId>,
    /// When the last identification that began to wait is due: regime, receipt, deadline.
    waiting_due: Option<(RegimeId, Timestamp, Option<Timestamp>)>,
}

/// What a line about an event says.
#[derive(Serialize)]
struct EventBody<'b> {
    event: &'b Event,
    /// What the case is about, on the line that opens it: with it, replay needs only the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    opens: Option<&'b Subject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effects: Option<&'b [EffectId]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
}

impl<'t, 'c> Door<'t, 'c> {
    /// Locks the authority and says under which instant it all happens.
    pub fn open(
        tx: &'t mut Tx<'c>,
        inner: &'t Inner,
        authority: &AuthorityId,
        now: Timestamp,
        late: Lateness,
    ) -> Result<Self, Trouble> {
        let head: Head = ledger::lock(tx, authority)?;
        let at = head.instant(now, late)?;
        Ok(Self {
            tx,
            draw: Draw::new(&*inner.entropy),
            at,
            inner,
            authority: authority.clone(),
            size: head.size,
            lines: Vec::new(),
            cases: Vec::new(),
            by_id: HashMap::new(),
            open_lines: HashMap::new(),
            effects: Vec::new(),
            alarms: Vec::new(),
            tally: BTreeMap::new(),
            facts: Vec::new(),
            counted: Counted::default(),
            texts: Vec::new(),
            waiting_due: None,
        })
    }

    /// Takes a case in hand; none where there is no such case.
    pub fn find(&mut self, wanted: &CaseRef) -> Result<Option<usize>, Trouble> {
        match wanted {
            CaseRef::Id(_, id) => self.by_id(*id),
            CaseRef::Line { regime, line, .. } => self.by_line(regime, line).map(Some),
            CaseRef::Measure { regime, measure, .. } => {
                let id = CaseId(self.draw.id(self.at));
                Ok(Some(self.open_case(id, regime, Subject::Measure(measure.clone()))))
            }
        }
    }

    fn by_id(&mut self, id: CaseId) -> Result<Option<usize>, Trouble> {
        if let Some(index) = self.by_id.get(&id) {
            return Ok(Some(*index));
        }
        let stored = rows::case_by_id(self.tx, &self.authority, id)?;
        stored.map(|line| self.take_in_hand(line)).transpose()
    }

    /// Takes many cases in hand with one look: what `find` would do one by one.
    pub fn prepare<'r>(
        &mut self,
        wanted: impl Iterator<Item = &'r CaseRef>,
    ) -> Result<(), Trouble> {
        let mut ids: Vec<CaseId> = wanted
            .filter_map(|case| match case {
                CaseRef::Id(_, id) => Some(*id),
                CaseRef::Line { .. } | CaseRef::Measure { .. } => None,
            })
            .filter(|id| !self.by_id.contains_key(id))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        for stored in rows::cases_by_id(self.tx, &self.authority, &ids)? {
            self.take_in_hand(stored)?;
        }
        Ok(())
    }

    /// The open case of a line; where there is none, a new one that nothing has happened to.
    fn by_line(&mut self, regime: &RegimeId, line: &Line) -> Result<usize, Trouble> {
        let key = (regime.clone(), line.clone());
        if let Some(index) = self.open_lines.get(&key)
            && !self.cases[*index].case.state.is_closed()
        {
            return Ok(*index);
        }
        let stored = rows::open_case_of_line(self.tx, &self.authority, regime, line)?;
        // The row may be of a case that this very transaction has closed.
        let index = match stored.filter(|stored| !self.by_id.contains_key(&stored.case.id)) {
            Some(stored) => self.take_in_hand(stored)?,
            None => {
                let id = CaseId(self.draw.id(self.at));
                self.open_case(id, regime, Subject::Line(line.clone()))
            }
        };
        self.open_lines.insert(key, index);
        Ok(index)
    }

    fn take_in_hand(&mut self, stored: CaseLine) -> Result<usize, Trouble> {
        self.by_id.insert(stored.case.id, self.cases.len());
        self.cases.push(InHand {
            was: Some(rows::tally_name(&stored.case.state)),
            case: stored.case,
            file_number: stored.file_number,
            question: stored.question,
            changed: false,
            due_at: stored.due_at,
        });
        Ok(self.cases.len() - 1)
    }

    /// Makes room for so many new cases, each with a line and an effect.
    pub fn expect(&mut self, cases: usize) {
        self.cases.reserve(cases);
        self.by_id.reserve(cases);
        self.lines.reserve(cases);
        self.effects.reserve(cases);
    }

    /// A case that is not written unless an event moves it.
    pub fn open_case(&mut self, id: CaseId, regime: &RegimeId, subject: Subject) -> usize {
        let case = Case::open(id, self.authority.clone(), regime.clone(), subject, self.at);
        self.by_id.insert(id, self.cases.len());
        self.cases.push(InHand {
            case,
            file_number: None,
            question: None,
            was: None,
            changed: false,
            due_at: None,
        });
        self.cases.len() - 1
    }

    /// Lets an event happen to a case in hand. A refusal is entered too, and changes nothing else.
    pub fn take(
        &mut self,
        index: usize,
        event: &Event,
        actor: &Actor,
    ) -> Result<Result<Applied, Refusal>, Trouble> {
        let inner = self.inner;
        let regime = inner
            .regimes
            .get(&self.cases[index].case.regime)
            .ok_or_else(|| Trouble::never("the case's regime is not among those loaded"))?;
        match self.next(index, event, regime) {
            Ok(next) => self.moved(index, event, actor, regime, next).map(Ok),
            Err(refusal) => {
                self.refused(index, event, actor, regime, &refusal)?;
                Ok(Err(refusal))
            }
        }
    }

    /// The step, and when the new state must be looked at. A step whose next deadline no rule gives
    /// is refused whole: the case would else wait for ever, in silence.
    fn next(&mut self, index: usize, event: &Event, regime: &Regime) -> Result<Next, Refusal> {
        let case = &self.cases[index].case;
        let step = step(case, event, self.at, regime)?;
        // A waiting identification ends so long after its receipt, whatever else it holds. A batch
        // has one instant of receipt: the words of that date are not made for each notice.
        let received_at = match &step.state {
            State::Identification(identification::State::Waiting { received }) => {
                Some(received.received_at)
            }
            _ => None,
        };
        if let Some((regime_id, at, due_at)) = &self.waiting_due
            && (regime_id, Some(*at)) == (&case.regime, received_at)
        {
            return Ok(Next { state: step.state, due_at: *due_at, effects: step.effects });
        }
        let moved = Case { state: step.state, ..case.clone() };
        let due_at = due(&moved, regime)?.map(|due| due.at());
        if let Some(received_at) = received_at {
            self.waiting_due = Some((moved.regime, received_at, due_at));
        }
        Ok(Next { state: moved.state, due_at, effects: step.effects })
    }

    fn moved(
        &mut self,
        index: usize,
        event: &Event,
        actor: &Actor,
        regime: &Regime,
        next: Next,
    ) -> Result<Applied, Trouble> {
        let opens = self.cases[index].was.is_none() && !self.cases[index].changed;
        if opens && matches!(self.cases[index].case.subject, Subject::Line(_)) {
            let year = regime.zone().day_of(self.at).year();
            let number = rows::next_file_number(self.tx, &self.authority, year)?;
            self.cases[index].file_number = Some(number);
        }
        if opens && let Subject::Measure(measure) = &self.cases[index].case.subject {
            measure::note(self.tx, self.cases[index].case.id, measure.file)?;
        }
        let in_hand = &mut self.cases[index];
        if let Event::QuestionAsked { question } = event {
            in_hand.question = Some(question.0);
        }
        if let Event::FactEstablished { fact } = event {
            self.facts.push((fact.notice.0, in_hand.case.id));
        }
        let before = std::mem::replace(&mut in_hand.case.state, next.state);
        in_hand.due_at = next.due_at;
        in_hand.changed = true;
        let case = in_hand.case.clone();
        self.counted.step(regime, &before, event, &case, &next.effects, self.at);
        let ids: Vec<EffectId> =
            next.effects.iter().map(|_| EffectId(self.draw.id(self.at))).collect();
        let body = json(&EventBody {
            event,
            opens: opens.then_some(&case.subject),
            effects: (!ids.is_empty()).then_some(&ids),
            refusal: None,
        });
        for (id, effect) in ids.iter().zip(next.effects) {
            self.ask(*id, &case, effect);
        }
        let subject = form::Subject::Case(case.id);
        let kind = form::Kind::Event(event.name());
        let seq = self.enter(&case.regime, subject, kind, actor.clone(), body)?;
        Ok(Applied { case, effects: ids, seq })
    }

    fn refused(
        &mut self,
        index: usize,
        event: &Event,
        actor: &Actor,
        regime: &Regime,
        refusal: &Refusal,
    ) -> Result<(), Trouble> {
        let case = &self.cases[index].case;
        let body = json(&EventBody {
            event,
            opens: None,
            effects: None,
            refusal: Some(refusal.to_string()),
        });
        let is_stored = self.cases[index].was.is_some() || self.cases[index].changed;
        let subject = match (is_stored, &case.subject) {
            (true, _) => form::Subject::Case(case.id),
            // A case that was not opened after all has no number that anyone could look up.
            (false, Subject::Notice { notice, .. }) => form::Subject::Notice(*notice),
            (false, Subject::Line(_) | Subject::Measure(_)) => form::Subject::House,
        };
        let regime_id = case.regime.clone();
        if is_stored && *event == Event::DeadlinePassed {
            self.reset_clock(index, regime);
        }
        self.enter(&regime_id, subject, form::Kind::Refusal(refusal.name()), actor.clone(), body)?;
        Ok(())
    }

    /// After a refused deadline: the stored instant was wrong, or it would be offered for ever.
    fn reset_clock(&mut self, index: usize, regime: &Regime) {
        let at = self.at;
        let in_hand = &mut self.cases[index];
        let due_at = due(&in_hand.case, regime).ok().flatten().map(|due| due.at());
        in_hand.due_at = due_at.filter(|due_at| *due_at > at);
        in_hand.changed = true;
        if due_at.is_some() && self.cases[index].due_at.is_none() {
            let case = self.cases[index].case.clone();
            self.raise(&case, None, "deadline_refused", "{}".to_owned());
        }
    }

    /// Puts an effect into the outbox, and an alarm on the board at once.
    fn ask(&mut self, id: EffectId, case: &Case, effect: Effect) {
        if let Effect::RaiseAlarm { alarm } = &effect {
            self.raise(case, Some(id), alarm.name(), rows::alarm_body(alarm));
        }
        self.effects.push(EffectLine {
            id,
            regime: case.regime.clone(),
            case: case.id,
            party: rows::addressee(&effect, &case.subject).cloned(),
            effect,
        });
    }

    pub fn raise(
        &mut self,
        case: &Case,
        effect: Option<EffectId>,
        name: &'static str,
        body: String,
    ) {
        let id = self.draw.id(self.at);
        let regime = case.regime.clone();
        self.alarms.push(AlarmLine { id, regime, case: case.id, effect, name, body });
    }

    /// Counts something that no page should have to count.
    pub fn count(&mut self, what: &'static str, name: impl Into<String>, by: i64) {
        *self.tally.entry((what, name.into())).or_default() += by;
    }

    /// Enters a line about the house itself.
    pub fn enter_house(
        &mut self,
        name: &'static str,
        actor: &Actor,
        body: Vec<u8>,
    ) -> Result<u64, Trouble> {
        let regime: RegimeId = HOUSE.parse().expect("the word is a short name");
        let subject = form::Subject::House;
        self.enter(&regime, subject, form::Kind::House(name), actor.clone(), body)
    }

    /// Enters a line. The first line under a regime is preceded by the regime's own text.
    pub fn enter(
        &mut self,
        regime: &RegimeId,
        subject: form::Subject,
        kind: form::Kind,
        actor: Actor,
        body: Vec<u8>,
    ) -> Result<u64, Trouble> {
        let inner = self.inner;
        let loaded = inner.regimes.get(regime);
        if let Some(loaded) = loaded
            && !self.texts.contains(regime)
        {
            self.texts.push(regime.clone());
            self.enter_text(regime, loaded)?;
        }
        let digest = loaded.map_or(String::new(), |loaded| loaded.digest().to_owned());
        Ok(self.push(regime, digest, subject, kind, actor, body))
    }

    /// The law's text goes into the ledger once, so that replay uses the law of the day.
    fn enter_text(&mut self, regime: &RegimeId, loaded: &Regime) -> Result<(), Trouble> {
        if rows::text_is_in_ledger(self.tx, &self.authority, regime, loaded.digest())? {
            return Ok(());
        }
        rows::note_text_in_ledger(self.tx, &self.authority, regime, loaded.digest(), self.size)?;
        let kind = form::Kind::House("regime_entered");
        let digest = loaded.digest().to_owned();
        let body = loaded.text().into_bytes();
        self.push(regime, digest, form::Subject::House, kind, Actor::House, body);
        Ok(())
    }

    fn push(
        &mut self,
        regime: &RegimeId,
        regime_digest: String,
        subject: form::Subject,
        kind: form::Kind,
        actor: Actor,
        body: Vec<u8>,
    ) -> u64 {
        let seq = self.size;
        self.counted.line(self.inner.regimes.get(regime), &kind, &actor, self.at);
        let regime = regime.clone();
        let entry = Entry { at: self.at, regime, regime_digest, subject, kind, actor, body };
        let salt = self.draw.array();
        self.lines.push(ledger::Draft { seq, entry, salt });
        self.size += 1;
        seq
    }

    /// Writes all of it. The caller's transaction makes it real.
    pub fn close(mut self) -> Result<(), Trouble> {
        let has_lines = !self.lines.is_empty();
        let drafts = std::mem::take(&mut self.lines);
        let lines = ledger::Making::begin(&self.inner.ledger_hand, &self.authority, drafts);
        for index in 0..self.cases.len() {
            let in_hand = &self.cases[index];
            if !in_hand.changed {
                continue;
            }
            let now = rows::tally_name(&in_hand.case.state);
            if in_hand.was.as_ref() != Some(&now) {
                if let Some(was) = in_hand.was.clone() {
                    self.count("case", was, -1);
                }
                self.count("case", now, 1);
            }
        }
        let changed = self.cases.into_iter().filter(|in_hand| in_hand.changed);
        let changed: Vec<CaseLine> = changed.map(InHand::into_line).collect();
        rows::write_cases(self.tx, &changed, self.at)?;
        rows::write_effects(self.tx, &self.authority, &self.effects, self.at)?;
        rows::write_alarms(self.tx, &self.authority, &self.alarms, self.at)?;
        rows::write_tally(self.tx, &self.authority, &self.tally)?;
        for (notice, case) in &self.facts {
            backfill::note_fact(self.tx, notice, &case.0)?;
        }
        self.counted.write(self.tx, &self.authority)?;
        lines.write(self.tx, &self.authority)?;
        if has_lines {
            ledger::advance(self.tx, &self.authority, self.size, self.at)
        } else {
            Ok(())
        }
    }
}

impl InHand {
    fn into_line(self) -> CaseLine {
        CaseLine {
            case: self.case,
            file_number: self.file_number,
            question: self.question,
            due_at: self.due_at,
        }
    }
}
