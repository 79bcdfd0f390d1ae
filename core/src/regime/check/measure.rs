//! What a measure must have before anybody may be subjected to it: a court, an end, somebody who
//! looks after its lifting, what it spares, and the day on which the person's data go.

use super::{Finding, FindingCode};
use crate::regime::build::word;
use crate::regime::file::{Dated, ExecutionFile, MeasureFile, RegimeFile};
use crate::regime::rules::{ChannelKind, Consequence, MeasureKind, Pronouncer, ReturnReason};

pub(super) fn check(file: &RegimeFile, findings: &mut Vec<Finding>) {
    let of_persons: Vec<&MeasureFile> =
        file.measure.iter().filter(|measure| measure.kind != MeasureKind::ProviderFine).collect();
    for measure in &of_persons {
        court(measure, findings);
        ends(measure, findings);
        spares(measure, findings);
        letter(file, measure, findings);
        retention(file, measure, findings);
    }
    match (&file.execution, of_persons.is_empty()) {
        (None, false) => findings.push(Finding::new(
            FindingCode::MeasureWithoutLift,
            "execution",
            "there are measures, and nobody looks after their notification, end and lifting",
            "add [execution] with its times",
        )),
        (Some(execution), _) => notified(execution, findings),
        (None, true) => {}
    }
}

/// No administrative body may cut an access (CC 2009-580 DC): such a text can be simulated only.
fn court(measure: &MeasureFile, findings: &mut Vec<Finding>) {
    let by_authority = measure.pronounced_by.iter().any(|row| {
        let value = row.get_ref().value.clone();
        value.and_then(|value| value.try_into::<Pronouncer>().ok()) == Some(Pronouncer::Authority)
    });
    if by_authority && !measure.simulation {
        findings.push(Finding::new(
            FindingCode::CourtMissing,
            format!("measure.{}.pronounced_by", measure.id),
            "an authority pronounces this measure by itself (CC 2009-580 DC)",
            "let a court pronounce it, or mark it simulation = true",
        ));
    }
}

fn ends(measure: &MeasureFile, findings: &mut Vec<Finding>) {
    let suspends = measure.kind == MeasureKind::Suspension;
    let enjoins = measure.kind == MeasureKind::Injunction;
    let needed: [(&str, &Dated, bool); 5] = [
        ("duration_max", &measure.duration_max, suspends),
        ("implement_within", &measure.implement_within, suspends),
        ("comply_within", &measure.comply_within, enjoins),
        ("prescribed_after", &measure.prescribed_after, true),
        ("milder_law", &measure.milder_law, true),
    ];
    for (name, rows, is_needed) in needed {
        if is_needed && rows.is_empty() {
            findings.push(Finding::new(
                FindingCode::MeasureWithoutEnd,
                format!("measure.{}.{name}", measure.id),
                "without it a measure could wait or last without end",
                "add the value with its text",
            ));
        }
    }
}

fn spares(measure: &MeasureFile, findings: &mut Vec<Finding>) {
    let nothing = |row: &toml::Spanned<crate::regime::Row>| {
        let value = row.get_ref().value.as_ref();
        value.and_then(toml::Value::as_array).is_some_and(Vec::is_empty)
    };
    let unsaid = measure.spares.is_empty() || measure.spares.iter().any(nothing);
    if measure.kind == MeasureKind::Suspension && unsaid {
        findings.push(Finding::new(
            FindingCode::MeasureWithoutSpares,
            format!("measure.{}.spares", measure.id),
            "nothing says what must run on while the access is suspended",
            "list telephony, television",
        ));
    }
}

fn letter(file: &RegimeFile, measure: &MeasureFile, findings: &mut Vec<Finding>) {
    let unknown = measure.letter.as_ref().filter(|letter| !file.letters.contains(letter));
    if let Some(letter) = unknown {
        findings.push(Finding::new(
            FindingCode::UnknownLetter,
            format!("measure.{}.letter", measure.id),
            format!("the regime lists no letter called {letter:?}"),
            "add it to letters and to the folder, or name one that is there",
        ));
    }
}

/// Whoever was subjected to it is forgotten when it is over (CPI L331-22).
fn retention(file: &RegimeFile, measure: &MeasureFile, findings: &mut Vec<Finding>) {
    let is_kept = |row: &crate::regime::file::RetentionFile| {
        row.data == "identity" && row.after_stage == measure.id
    };
    if !file.retention.iter().any(is_kept) {
        findings.push(Finding::new(
            FindingCode::NoRetention,
            format!("retention after {}", measure.id),
            "nothing says when the identity goes once the measure is over",
            "add a retention with data = \"identity\" and this after_stage",
        ));
    }
}

/// The person is notified with a proof, and every way in which the letter comes back has its
/// consequence.
fn notified(execution: &ExecutionFile, findings: &mut Vec<Finding>) {
    let proven = |row: &toml::Spanned<crate::regime::Row>| {
        row.get_ref().value.as_ref().and_then(toml::Value::as_str).and_then(word::<ChannelKind>)
            == Some(ChannelKind::RegisteredLetter)
    };
    if !execution.notify_by.iter().all(proven) {
        findings.push(Finding::new(
            FindingCode::ClockWithoutProof,
            "execution.notify_by",
            "only a letter against signature proves that the person was notified",
            "write registered_letter",
        ));
    }
    use ReturnReason::*;
    let answered = |reason: ReturnReason| {
        execution.returned.iter().any(|(name, rows)| {
            let consequence = rows.first().and_then(|row| row.get_ref().value.clone());
            word::<ReturnReason>(name) == Some(reason)
                && consequence.is_some_and(|value| value.try_into::<Consequence>().is_ok())
        })
    };
    let all = [Refused, Unclaimed, UnknownAddress, Deceased, Lost];
    let known = execution.returned.keys().all(|name| word::<ReturnReason>(name).is_some());
    if !known || !all.into_iter().all(answered) {
        findings.push(Finding::new(
            FindingCode::ReturnUnanswered,
            "execution.returned",
            "a letter can come back in ways without a consequence",
            "say for refused, unclaimed, unknown_address, deceased and lost what follows",
        ));
    }
}
