//! Rows of the cases compartment, to and from core's types. Only `door` writes cases with these.

use std::collections::BTreeMap;

use entremise_core::asked::Asked;
use entremise_core::case::{Case, State, Subject};
use entremise_core::effect::{Alarm, Effect};
use entremise_core::event::Line;
use entremise_core::id::{AuthorityId, CaseId, EffectId, PartyId, RegimeId};
use entremise_core::procedure::{identification, ladder};
use jiff::Timestamp;
use uuid::Uuid;

use crate::conn::{Bulk, Kind, Row, Tx, Value};
use crate::file_number;
use crate::trouble::Trouble;

/// Rows made ready together: each is written while what was made for it is still near.
const WRITTEN_AT_ONCE: usize = 512;

/// The place on the desk of what has no deadline: at its bottom.
pub(crate) const NEVER_DUE: i64 = i64::MAX;

/// A case as its row has it.
pub(crate) struct CaseLine {
    pub case: Case,
    pub file_number: Option<String>,
    pub question: Option<Uuid>,
    pub due_at: Option<Timestamp>,
}

/// An effect on its way into the outbox.
pub(crate) struct EffectLine {
    pub id: EffectId,
    pub regime: RegimeId,
    pub case: CaseId,
    pub party: Option<PartyId>,
    pub effect: Effect,
}

/// An alarm on its way onto the board.
pub(crate) struct AlarmLine {
    pub id: Uuid,
    pub regime: RegimeId,
    pub case: CaseId,
    pub effect: Option<EffectId>,
    pub name: &'static str,
    pub body: String,
}

/// Columns: case_id, authority, regime, subject, state, opened_at, file_number, question, due_at.
pub(crate) fn read_case(row: &Row) -> Result<CaseLine, Trouble> {
    Ok(CaseLine {
        case: Case {
            id: CaseId(row.id(0)?),
            authority: row.word(1)?,
            regime: row.word(2)?,
            subject: row.json(3)?,
            state: row.json(4)?,
            opened_at: row.time(5)?,
        },
        file_number: row.maybe_text(6)?.map(str::to_owned),
        question: row.maybe_id(7)?,
        due_at: row.maybe_time(8)?,
    })
}

pub(crate) fn case_by_id(
    tx: &mut Tx,
    authority: &AuthorityId,
    id: CaseId,
) -> Result<Option<CaseLine>, Trouble> {
    let row = tx.query_one(
        "-- case-by-id
         SELECT case_id, authority, regime, subject, state, opened_at, file_number, question, due_at
         FROM cases WHERE case_id = $1 AND authority = $2",
        &[Value::id(&id.0), authority.as_str().into()],
    )?;
    row.as_ref().map(read_case).transpose()
}

/// As `case_by_id`, for many; those that are not there are left out. In the order of the numbers.
pub(crate) fn cases_by_id(
    tx: &mut Tx,
    authority: &AuthorityId,
    ids: &[CaseId],
) -> Result<Vec<CaseLine>, Trouble> {
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.0.as_bytes().as_slice()).collect();
    let rows = tx.query_each(
        "-- cases-by-id
         SELECT case_id, authority, regime, subject, state, opened_at, file_number, question, due_at
         FROM cases WHERE case_id = $1[] AND authority = $2",
        &keys,
        &[authority.as_str().into()],
    )?;
    let mut lines = rows.iter().map(read_case).collect::<Result<Vec<_>, _>>()?;
    lines.sort_unstable_by_key(|line| line.case.id);
    Ok(lines)
}

/// The one open case of a line, as the unique index keeps it.
pub(crate) fn open_case_of_line(
    tx: &mut Tx,
    authority: &AuthorityId,
    regime: &RegimeId,
    line: &Line,
) -> Result<Option<CaseLine>, Trouble> {
    let row = tx.query_one(
        "-- case-of-line
         SELECT case_id, authority, regime, subject, state, opened_at, file_number, question, due_at
         FROM cases WHERE authority = $1 AND regime = $2 AND provider = $3 AND handle = $4
             AND handle IS NOT NULL AND closed = 0",
        &[
            authority.as_str().into(),
            regime.as_str().into(),
            line.provider.as_str().into(),
            line.handle.as_str().into(),
        ],
    )?;
    row.as_ref().map(read_case).transpose()
}

static CASES: Bulk = Bulk {
    name: "case-write",
    table: "cases",
    columns: &[
        ("case_id", Kind::Bytes),
        ("authority", Kind::Text),
        ("regime", Kind::Text),
        ("procedure", Kind::Text),
        ("state_name", Kind::Text),
        ("closed", Kind::Integer),
        ("provider", Kind::Text),
        ("handle", Kind::Text),
        ("subject", Kind::Text),
        ("state", Kind::Text),
        ("opened_at", Kind::Integer),
        ("changed_at", Kind::Integer),
        ("question", Kind::Bytes),
        ("file_number", Kind::Text),
        ("due_at", Kind::Integer),
        ("desk_at", Kind::Integer),
        ("asked", Kind::Text),
        ("held_until", Kind::Integer),
    ],
    // Who it is about, where it was opened and its number never change.
    conflict: "ON CONFLICT (case_id) DO UPDATE SET state_name = excluded.state_name, \
               closed = excluded.closed, state = excluded.state, \
               changed_at = excluded.changed_at, question = excluded.question, \
               due_at = excluded.due_at, desk_at = excluded.desk_at, \
               asked = excluded.asked, \
               held_until = excluded.held_until",
};

pub(crate) fn write_cases(
    tx: &mut Tx,
    cases: &[CaseLine],
    changed_at: Timestamp,
) -> Result<(), Trouble> {
    cases.chunks(WRITTEN_AT_ONCE).try_for_each(|some| write_some_cases(tx, some, changed_at))
}

fn write_some_cases(tx: &mut Tx, cases: &[CaseLine], changed_at: Timestamp) -> Result<(), Trouble> {
    let json: Vec<(String, String)> =
        cases.iter().map(|line| (text(&line.case.subject), text(&line.case.state))).collect();
    let mut values = Vec::with_capacity(cases.len() * CASES.columns.len());
    for (line, (subject, state)) in cases.iter().zip(&json) {
        let case = &line.case;
        let (provider, handle) = match &case.subject {
            Subject::Notice { provider, .. } => (provider, Value::Null),
            Subject::Line(line) => (&line.provider, line.handle.as_str().into()),
            // The handle's column finds the one open case on the ladder; a measure is found by it.
            Subject::Measure(measure) => (&measure.line.provider, Value::Null),
        };
        values.extend([
            Value::id(&case.id.0),
            case.authority.as_str().into(),
            case.regime.as_str().into(),
            case.state.procedure().into(),
            case.state.name().into(),
            i64::from(case.state.is_closed()).into(),
            provider.as_str().into(),
            handle,
            Value::Text(subject),
            Value::Text(state),
            Value::time(case.opened_at),
            Value::time(changed_at),
            Value::maybe(line.question.as_ref(), Value::id),
            Value::maybe(line.file_number.as_deref(), Value::Text),
            Value::maybe(line.due_at, Value::time),
            desk_at(line),
            asked(&line.case.state),
            held_until(&case.state),
        ]);
    }
    tx.insert(&CASES, &values)
}

/// Whether the case lies on somebody's desk: a decision is asked for, or somebody is late.
fn waits_for_a_person(state: &State) -> bool {
    match state {
        State::Identification(identification::State::Asked { alarmed, .. }) => *alarmed,
        State::Ladder(state) if state.challenge().is_some() => true,
        State::Ladder(state) if state.has_late_message() => true,
        State::Ladder(ladder::State::Proposed { .. } | ladder::State::Deliberating { .. }) => true,
        State::Ladder(ladder::State::Contradictory { heard, alarmed }) => {
            *alarmed || heard.defence.hearing.is_awaited()
        }
        State::Ladder(
            ladder::State::Asking { alarmed, .. } | ladder::State::Transmitted { alarmed, .. },
        ) => *alarmed,
        State::Measure(state) => state.waits_for_a_person(),
        _ => false,
    }
}

/// The party an effect goes to. What stays in the house goes to nobody.
pub(crate) fn addressee<'e>(effect: &'e Effect, subject: &'e Subject) -> Option<&'e PartyId> {
    match effect {
        Effect::AskProvider { provider, .. } => Some(provider),
        Effect::RequestDisclosure { line, .. }
        | Effect::RequestAuthorisedDisclosure { line, .. }
        | Effect::RelayMessage { line, .. } => Some(&line.provider),
        Effect::OrderMeasure { line, .. } => Some(&line.provider),
        Effect::SendMessage { .. } | Effect::SendConvocation { .. } | Effect::SendAnswer { .. } => {
            Some(subject.provider())
        }
        Effect::OpenMeasure { .. } | Effect::NotifyMeasure { .. } => None,
        Effect::EstablishFact { .. }
        | Effect::RaiseAlarm { .. }
        | Effect::TransmitFile { .. }
        | Effect::KeepInHouse { .. }
        | Effect::ErasePersonalData => None,
    }
}

/// By its deadline; what has none lies at the bottom of the desk.
fn desk_at(line: &CaseLine) -> Value<'static> {
    if !waits_for_a_person(&line.case.state) {
        return Value::Null;
    }
    line.due_at.map_or(Value::Integer(NEVER_DUE), Value::time)
}

/// On which list of the desk it stands.
fn asked(state: &State) -> Value<'static> {
    if !waits_for_a_person(state) {
        return Value::Null;
    }
    Asked::of(state).name().into()
}

fn held_until(state: &State) -> Value<'static> {
    match state {
        State::Ladder(state) => Value::maybe(state.held_until(), Value::time),
        State::Measure(state) => Value::maybe(state.held_until(), Value::time),
        State::Identification(_) => Value::Null,
    }
}

static EFFECTS: Bulk = Bulk {
    name: "outbox-write",
    table: "outbox",
    columns: &[
        ("effect_id", Kind::Bytes),
        ("authority", Kind::Text),
        ("regime", Kind::Text),
        ("case_id", Kind::Bytes),
        ("queue", Kind::Text),
        ("party", Kind::Text),
        ("lane", Kind::Text),
        ("body", Kind::Text),
        ("state", Kind::Text),
        ("attempts", Kind::Integer),
        ("intended", Kind::Integer),
        ("available_at", Kind::Integer),
        ("created_at", Kind::Integer),
    ],
    conflict: "",
};

pub(crate) fn write_effects(
    tx: &mut Tx,
    authority: &AuthorityId,
    effects: &[EffectLine],
    at: Timestamp,
) -> Result<(), Trouble> {
    effects.chunks(WRITTEN_AT_ONCE).try_for_each(|some| write_some_effects(tx, authority, some, at))
}

fn write_some_effects(
    tx: &mut Tx,
    authority: &AuthorityId,
    effects: &[EffectLine],
    at: Timestamp,
) -> Result<(), Trouble> {
    let texts: Vec<(String, String)> = effects
        .iter()
        .map(|line| (text(&line.effect), lane(authority, line.party.as_ref())))
        .collect();
    let mut values = Vec::with_capacity(effects.len() * EFFECTS.columns.len());
    for (line, (body, lane)) in effects.iter().zip(&texts) {
        values.extend([
            Value::id(&line.id.0),
            authority.as_str().into(),
            line.regime.as_str().into(),
            Value::id(&line.case.0),
            line.effect.name().into(),
            Value::maybe(line.party.as_ref(), |party| party.as_str().into()),
            Value::Text(lane),
            Value::Text(body),
            "ready".into(),
            0.into(),
            0.into(),
            Value::time(at),
            Value::time(at),
        ]);
    }
    tx.insert(&EFFECTS, &values)
}

/// The authority and the party, as one word that sorts by authority.
pub(crate) fn lane(authority: &AuthorityId, party: Option<&PartyId>) -> String {
    format!("{authority}/{}", party.map_or("", PartyId::as_str))
}

static ALARMS: Bulk = Bulk {
    name: "alarm-raise",
    table: "alarm",
    columns: &[
        ("alarm_id", Kind::Bytes),
        ("authority", Kind::Text),
        ("regime", Kind::Text),
        ("case_id", Kind::Bytes),
        ("effect_id", Kind::Bytes),
        ("name", Kind::Text),
        ("body", Kind::Text),
        ("raised_at", Kind::Integer),
    ],
    conflict: "",
};

pub(crate) fn write_alarms(
    tx: &mut Tx,
    authority: &AuthorityId,
    alarms: &[AlarmLine],
    at: Timestamp,
) -> Result<(), Trouble> {
    let mut values = Vec::with_capacity(alarms.len() * ALARMS.columns.len());
    for line in alarms {
        values.extend([
            Value::id(&line.id),
            authority.as_str().into(),
            line.regime.as_str().into(),
            Value::id(&line.case.0),
            Value::maybe(line.effect.as_ref(), |effect| Value::id(&effect.0)),
            line.name.into(),
            Value::Text(&line.body),
            Value::time(at),
        ]);
    }
    tx.insert(&ALARMS, &values)
}

pub(crate) fn write_tally(
    tx: &mut Tx,
    authority: &AuthorityId,
    tally: &BTreeMap<(&'static str, String), i64>,
) -> Result<(), Trouble> {
    for ((what, name), by) in tally.iter().filter(|(_, by)| **by != 0) {
        tx.execute(
            "-- tally-move
             INSERT INTO tally (authority, what, name, n) VALUES ($1, $2, $3, $4)
             ON CONFLICT (authority, what, name) DO UPDATE SET n = tally.n + excluded.n",
            &[authority.as_str().into(), (*what).into(), Value::Text(name), (*by).into()],
        )?;
    }
    Ok(())
}

/// The next number of the authority's year. Gapless: drawn in the transaction that uses it.
pub(crate) fn next_file_number(
    tx: &mut Tx,
    authority: &AuthorityId,
    year: i16,
) -> Result<String, Trouble> {
    let row = tx.query_one(
        "-- file-number-next
         INSERT INTO file_number_head (authority, year, last) VALUES ($1, $2, 1)
         ON CONFLICT (authority, year) DO UPDATE SET last = file_number_head.last + 1
         RETURNING last",
        &[authority.as_str().into(), i64::from(year).into()],
    )?;
    let last = row.map_or(Ok(1), |row| row.integer(0))?;
    Ok(file_number::written(year, last))
}

pub(crate) fn text_is_in_ledger(
    tx: &mut Tx,
    authority: &AuthorityId,
    regime: &RegimeId,
    digest: &str,
) -> Result<bool, Trouble> {
    let row = tx.query_one(
        "-- regime-in-ledger
         SELECT seq FROM regime_in_ledger WHERE authority = $1 AND regime = $2 AND digest = $3",
        &[authority.as_str().into(), regime.as_str().into(), digest.into()],
    )?;
    Ok(row.is_some())
}

pub(crate) fn note_text_in_ledger(
    tx: &mut Tx,
    authority: &AuthorityId,
    regime: &RegimeId,
    digest: &str,
    seq: u64,
) -> Result<(), Trouble> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    tx.execute(
        "-- regime-in-ledger-note
         INSERT INTO regime_in_ledger (authority, regime, digest, seq) VALUES ($1, $2, $3, $4)",
        &[authority.as_str().into(), regime.as_str().into(), digest.into(), seq.into()],
    )
    .map(|_| ())
}

/// JSON of a value of the house's own types.
pub(crate) fn json(value: &impl serde::Serialize) -> Vec<u8> {
    // Most are some hundred bytes long.
    let mut bytes = Vec::with_capacity(512);
    serde_json::to_writer(&mut bytes, value)
        .expect("types with string keys and finite numbers always serialise");
    bytes
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value)
        .expect("types with string keys and finite numbers always serialise")
}

/// A state's name among those that are counted.
pub(crate) fn tally_name(state: &State) -> String {
    format!("{}.{}", state.procedure(), state.name())
}

/// What the board shows of an alarm.
pub(crate) fn alarm_body(alarm: &Alarm) -> String {
    serde_json::to_string(alarm).expect("an alarm of names and numbers always serialises")
}
