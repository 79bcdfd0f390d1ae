//! Samples of notices for checking how well facts are detected, drawn by the auditor's own seed.
//!
//! Whoever knows the seed and the published leaves draws the same notices again: neither the
//! operator nor the authority can steer which ones are looked at. Nothing here leads to a person.

use entremise_core::case::Subject;
use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, CaseId, NoticeId, PartyId, PersonId, RegimeId};
use entremise_core::ledger::{self as form, Actor};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use crate::content::EvidenceShown;

use crate::Store;
use crate::conn::{Row, Tx, Value};
use crate::door::{Door, json};
use crate::ledger::Lateness;
use crate::look::{About, Look, LookError, LookField, LookPurpose};
use crate::rows;
use crate::trouble::Trouble;

/// The first line of what is hashed for each notice.
const TAG: &str = "entremise sample v1";
/// Leaves looked at in one go.
const LEAVES_AT_ONCE: usize = 10_000;
/// A sample that one person can check.
const SIZE_MAX: usize = 500;
const SEED_CHARS: std::ops::RangeInclusive<usize> = 8..=64;
const LEGAL_BASIS_CHARS_MAX: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleId(pub Uuid);

/// What is to be drawn: so many notices among those accepted in a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// As the auditor typed it: 8 to 64 printable ASCII characters.
    pub seed: String,
    pub begins_at: Timestamp,
    /// The first instant that no longer counts.
    pub ends_at: Timestamp,
    pub size: usize,
}

/// A sample that was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub id: SampleId,
    pub drawing: Drawing,
    /// The text that allows the auditor to look at the notices.
    pub legal_basis: String,
    /// How many notices were accepted in the stretch.
    pub population: u64,
    pub drawn_by: String,
    pub drawn_at: Timestamp,
    /// In the order of the drawing.
    pub notices: Vec<Sampled>,
}

/// One notice of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampled {
    pub case: CaseId,
    pub finding: Option<(Finding, Remark)>,
    pub found_by: Option<String>,
    pub found_at: Option<Timestamp>,
}

/// What the auditor found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The notice proves what it says.
    Correct,
    /// It may.
    Doubtful,
    /// It does not.
    Wrong,
}

impl Finding {
    pub const ALL: [Self; 3] = [Self::Correct, Self::Doubtful, Self::Wrong];

    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Doubtful => "doubtful",
            Self::Wrong => "wrong",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|finding| finding.name() == name)
    }
}

/// Why, from a closed list: a free text would sooner or later name somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    None,
    /// What was shared is not the work that is named.
    AnotherWork,
    /// The work cannot be told from the title and the hashes given.
    WorkUnclear,
    /// The hash is missing, or of a kind that proves nothing.
    HashWeak,
    /// Mandate, standing or sworn agent is missing.
    StandingUnclear,
    /// The day or its clock cannot be right.
    DateInDoubt,
    /// The evidence is erased: nothing is left to check.
    Erased,
}

impl Remark {
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::AnotherWork,
        Self::WorkUnclear,
        Self::HashWeak,
        Self::StandingUnclear,
        Self::DateInDoubt,
        Self::Erased,
    ];

    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::AnotherWork => "another_work",
            Self::WorkUnclear => "work_unclear",
            Self::HashWeak => "hash_weak",
            Self::StandingUnclear => "standing_unclear",
            Self::DateInDoubt => "date_in_doubt",
            Self::Erased => "erased",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|remark| remark.name() == name)
    }
}

/// Why nothing was drawn or entered.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    #[error("a seed is 8 to 64 printable characters of ASCII, without a space at its ends")]
    BadSeed,
    #[error("a sample is 1 to {SIZE_MAX} notices")]
    BadSize,
    #[error("no notice was accepted in this time")]
    NothingToDraw,
    #[error("a sample needs the text that allows it, in {LEGAL_BASIS_CHARS_MAX} characters")]
    NoLegalBasis,
    #[error("no such sample, or no such place in it")]
    NoSuchPlace,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Where a notice stands in the order of a drawing: SHA-256 of the tag, the seed and the subject of
/// its leaf (`case:…`), a line feed between each. The lowest are drawn.
pub fn drawing_key(seed: &str, subject: &str) -> [u8; 32] {
    let text = format!("{TAG}\n{seed}\n{subject}");
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    key
}

/// The cases that a seed draws, in the order of the drawing. Needs nothing but the leaves: those of
/// kind `event.notice_accepted`, by their subjects.
pub fn draw(seed: &str, subjects: impl Iterator<Item = String>, size: usize) -> Vec<String> {
    let mut keyed: Vec<([u8; 32], String)> =
        subjects.map(|subject| (drawing_key(seed, &subject), subject)).collect();
    keyed.sort_unstable();
    keyed.truncate(size);
    keyed.into_iter().map(|(_, subject)| subject).collect()
}

impl Drawing {
    fn check(&self) -> Result<(), SampleError> {
        let printable = self.seed.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !printable || !SEED_CHARS.contains(&self.seed.len()) || self.seed.trim() != self.seed {
            return Err(SampleError::BadSeed);
        }
        if self.size == 0 || self.size > SIZE_MAX {
            return Err(SampleError::BadSize);
        }
        Ok(())
    }
}

impl Store {
    /// Draws without entering anything: which cases, among how many. For trying out, and for the
    /// command line of whoever checks a drawing.
    pub fn draw(
        &self,
        authority: &AuthorityId,
        drawing: &Drawing,
    ) -> Result<(Vec<CaseId>, u64), SampleError> {
        drawing.check()?;
        let cases = self.accepted_between(authority, drawing.begins_at, drawing.ends_at)?;
        let population = cases.len() as u64;
        let subjects = cases.into_iter().map(|case| form::Subject::Case(case).to_string());
        let drawn = draw(&drawing.seed, subjects, drawing.size);
        let cases = drawn.iter().filter_map(|subject| subject.strip_prefix("case:")?.parse().ok());
        Ok((cases.collect(), population))
    }

    /// Draws a sample and enters it: the seed, the stretch and what was drawn stand in the ledger
    /// before anything is looked at, so that no drawing can be thrown away in silence.
    pub fn draw_sample(
        &self,
        authority: &AuthorityId,
        regime: &RegimeId,
        (drawing, legal_basis): (&Drawing, &str),
        by: &Actor,
        now: Timestamp,
    ) -> Result<SampleId, SampleError> {
        let is_plain = !legal_basis.chars().any(char::is_control);
        let is_short = legal_basis.chars().count() <= LEGAL_BASIS_CHARS_MAX;
        if legal_basis.trim().is_empty() || !is_plain || !is_short {
            return Err(SampleError::NoLegalBasis);
        }
        let (cases, population) = self.draw(authority, drawing)?;
        if cases.is_empty() {
            return Err(SampleError::NothingToDraw);
        }
        let id = self.inner.cases.write(|tx| {
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let id = door.draw.id(door.at);
            let body = json(&serde_json::json!({
                "sample": id,
                "seed": drawing.seed,
                "legal_basis": legal_basis,
                "begins_at": drawing.begins_at,
                "ends_at": drawing.ends_at,
                "population": population,
                "cases": cases,
            }));
            let kind = form::Kind::House("sample_drawn");
            door.enter(regime, form::Subject::House, kind, by.clone(), body)?;
            keep(&mut door, id, (drawing, legal_basis), population, by)?;
            for (place, case) in cases.iter().enumerate() {
                door.tx.execute(
                    "-- sampled-keep
                     INSERT INTO sampled (sample_id, place, case_id) VALUES ($1, $2, $3)",
                    &[Value::id(&id), Value::count(place), Value::id(&case.0)],
                )?;
            }
            door.close()?;
            Ok::<_, Trouble>(id)
        })?;
        Ok(SampleId(id))
    }

    /// Enters what the auditor found about one notice of a sample. A second finding replaces the
    /// first on the page; both stay in the ledger.
    pub fn record_finding(
        &self,
        authority: &AuthorityId,
        (sample, place): (SampleId, usize),
        (finding, remark): (Finding, Remark),
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), SampleError> {
        self.inner.cases.write(|tx| {
            let at = case_at(tx, authority, sample, place)?;
            let (case, _) = at.ok_or(SampleError::NoSuchPlace)?;
            let regime = regime_of(tx, authority, case)?;
            let mut door = Door::open(tx, &self.inner, authority, now, Lateness::Refuse)?;
            let body = json(&serde_json::json!({
                "sample": sample, "place": place, "finding": finding, "remark": remark,
            }));
            let kind = form::Kind::House("sample_checked");
            door.enter(&regime, form::Subject::Case(case), kind, by.clone(), body)?;
            door.tx.execute(
                "-- sampled-find
                 UPDATE sampled SET finding = $3, remark = $4, found_by = $5, found_at = $6
                 WHERE sample_id = $1 AND place = $2",
                &[
                    Value::id(&sample.0),
                    Value::count(place),
                    finding.name().into(),
                    remark.name().into(),
                    Value::Text(&by.to_string()),
                    Value::time(door.at),
                ],
            )?;
            door.close()?;
            Ok(())
        })
    }

    /// The samples of an authority, the newest first, with their notices.
    pub fn samples(&self, authority: &AuthorityId) -> Result<Vec<Sample>, Trouble> {
        self.inner.cases.read(|tx| {
            let rows = tx.query(
                "-- samples
                 SELECT sample_id, seed, begins_at, ends_at, size, population, drawn_by, drawn_at,
                     legal_basis
                 FROM sample WHERE authority = $1 ORDER BY drawn_at DESC, sample_id DESC",
                &[authority.as_str().into()],
            )?;
            rows.iter().map(|row| read_sample(tx, row)).collect()
        })
    }

    /// What stands behind a place of a sample: which case, which notice, when it was observed.
    pub fn sampled_notice(
        &self,
        authority: &AuthorityId,
        (sample, place): (SampleId, usize),
    ) -> Result<Option<SampledNotice>, Trouble> {
        let case = self.inner.cases.read(|tx| case_at(tx, authority, sample, place))?;
        let Some((case, legal_basis)) = case else { return Ok(None) };
        let Some(file) = self.case_file(authority, &case)? else { return Ok(None) };
        let Subject::Notice { notice, .. } = file.case.subject else { return Ok(None) };
        let accepted = file.history.iter().find_map(|entry| match &entry.event {
            Some(Event::NoticeAccepted { fact_at, sender, .. }) => Some((*fact_at, sender.clone())),
            _ => None,
        });
        Ok(Some(SampledNotice {
            case,
            notice,
            regime: file.case.regime,
            received_at: file.case.opened_at,
            accepted,
            legal_basis,
        }))
    }

    /// Shows a person the evidence of one sampled notice: a look like any other, entered first.
    /// Opens the evidence compartment and no other; none once it is erased.
    pub fn evidence_shown(
        &self,
        authority: &AuthorityId,
        sampled: &SampledNotice,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Option<EvidenceShown>, LookError> {
        let seen = self.look(
            &Look {
                authority,
                person,
                about: About::Notice(sampled.notice),
                purpose: LookPurpose::Audit,
                legal_basis: &sampled.legal_basis,
                fields: &[LookField::Evidence],
            },
            now,
        )?;
        let evidence = seen.evidence.into_iter().next().map(|(_, evidence)| evidence);
        // The parser's words could repeat what it read.
        let odd = |_| Trouble::never("a sealed record is not of the form it was written in");
        Ok(evidence.map(serde_json::from_value).transpose().map_err(odd)?)
    }

    /// The identifications opened by notices accepted in a stretch of time, in the ledger's order.
    fn accepted_between(
        &self,
        authority: &AuthorityId,
        begins_at: Timestamp,
        ends_at: Timestamp,
    ) -> Result<Vec<CaseId>, Trouble> {
        let mut cases = Vec::new();
        let mut after = -1;
        loop {
            let rows = self.inner.cases.read(|tx| {
                tx.query(
                    "-- notices-accepted
                     SELECT seq, subject FROM ledger
                     WHERE authority = $1 AND seq > $2 AND entered_at >= $3 AND entered_at < $4
                         AND kind = 'event.notice_accepted' AND subject IS NOT NULL
                     ORDER BY seq LIMIT $5",
                    &[
                        authority.as_str().into(),
                        after.into(),
                        Value::time(begins_at),
                        Value::time(ends_at),
                        Value::count(LEAVES_AT_ONCE),
                    ],
                )
            })?;
            for row in &rows {
                after = row.integer(0)?;
                cases.push(CaseId(row.id(1)?));
            }
            if rows.len() < LEAVES_AT_ONCE {
                return Ok(cases);
            }
        }
    }
}

/// A notice of a sample, as far as the cases know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampledNotice {
    pub case: CaseId,
    pub notice: NoticeId,
    pub regime: RegimeId,
    pub received_at: Timestamp,
    /// When the fact was observed, and by whom reported; none once that is erased.
    pub accepted: Option<(Timestamp, PartyId)>,
    /// The text that allows a look at it.
    pub legal_basis: String,
}

fn keep(
    door: &mut Door,
    id: Uuid,
    (drawing, legal_basis): (&Drawing, &str),
    population: u64,
    by: &Actor,
) -> Result<(), Trouble> {
    door.tx
        .execute(
            "-- sample-keep
         INSERT INTO sample (sample_id, authority, seed, begins_at, ends_at, size, population,
             drawn_by, drawn_at, legal_basis)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            &[
                Value::id(&id),
                door.authority.as_str().into(),
                Value::Text(&drawing.seed),
                Value::time(drawing.begins_at),
                Value::time(drawing.ends_at),
                Value::count(drawing.size),
                i64::try_from(population).unwrap_or(i64::MAX).into(),
                Value::Text(&by.to_string()),
                Value::time(door.at),
                Value::Text(legal_basis),
            ],
        )
        .map(|_| ())
}

fn case_at(
    tx: &mut Tx,
    authority: &AuthorityId,
    sample: SampleId,
    place: usize,
) -> Result<Option<(CaseId, String)>, Trouble> {
    let row = tx.query_one(
        "-- sampled-case
         SELECT sampled.case_id, sample.legal_basis
         FROM sampled JOIN sample ON sample.sample_id = sampled.sample_id
         WHERE sampled.sample_id = $1 AND sampled.place = $2 AND sample.authority = $3",
        &[Value::id(&sample.0), Value::count(place), authority.as_str().into()],
    )?;
    row.map(|row| Ok((CaseId(row.id(0)?), row.text(1)?.to_owned()))).transpose()
}

fn regime_of(tx: &mut Tx, authority: &AuthorityId, case: CaseId) -> Result<RegimeId, Trouble> {
    let stored = rows::case_by_id(tx, authority, case)?
        .ok_or_else(|| Trouble::never("a sampled case is not there"))?;
    Ok(stored.case.regime)
}

fn read_sample(tx: &mut Tx, row: &Row) -> Result<Sample, Trouble> {
    let id = row.id(0)?;
    let rows = tx.query(
        "-- sampled-of-sample
         SELECT case_id, finding, remark, found_by, found_at FROM sampled
         WHERE sample_id = $1 ORDER BY place",
        &[Value::id(&id)],
    )?;
    Ok(Sample {
        id: SampleId(id),
        drawing: Drawing {
            seed: row.text(1)?.to_owned(),
            begins_at: row.time(2)?,
            ends_at: row.time(3)?,
            size: usize::try_from(row.integer(4)?).unwrap_or(0),
        },
        population: u64::try_from(row.integer(5)?).unwrap_or(0),
        drawn_by: row.text(6)?.to_owned(),
        drawn_at: row.time(7)?,
        legal_basis: row.text(8)?.to_owned(),
        notices: rows.iter().map(read_sampled).collect::<Result<_, _>>()?,
    })
}

fn read_sampled(row: &Row) -> Result<Sampled, Trouble> {
    let finding = row.maybe_text(1)?.and_then(Finding::named);
    let remark = row.maybe_text(2)?.and_then(Remark::named);
    Ok(Sampled {
        case: CaseId(row.id(0)?),
        finding: finding.zip(remark),
        found_by: row.maybe_text(3)?.map(str::to_owned),
        found_at: row.maybe_time(4)?,
    })
}
