//! The measures of a file, and how they are followed, on one day.

use std::collections::BTreeMap;

use super::{List, Missing, Reader, word};
use crate::regime::file::{MeasureFile, RegimeFile};
use crate::regime::rules::{
    ChannelKind, Consequence, Execution, Measure, MilderLaw, Pronouncer, Spared,
};

/// Every dated value of measures, by its path.
pub(super) fn values<'a>(list: &mut List<'a>, file: &'a RegimeFile) {
    for measure in &file.measure {
        let at = |rest: &str| format!("measure.{}.{rest}", measure.id);
        list.value::<Pronouncer>(&at("pronounced_by"), &measure.pronounced_by).lapses();
        list.span(&at("duration_max"), &measure.duration_max).lapses();
        list.value::<u32>(&at("fine_euros_max"), &measure.fine_euros_max).lapses();
        list.span(&at("appeal_within"), &measure.appeal_within).lapses();
        list.span(&at("implement_within"), &measure.implement_within).lapses();
        list.span(&at("comply_within"), &measure.comply_within).lapses();
        list.span(&at("prescribed_after"), &measure.prescribed_after).lapses();
        list.value::<Vec<Spared>>(&at("spares"), &measure.spares).lapses();
        list.value::<MilderLaw>(&at("milder_law"), &measure.milder_law).lapses();
    }
    let Some(execution) = &file.execution else { return };
    list.value::<ChannelKind>("execution.notify_by", &execution.notify_by);
    for (reason, rows) in &execution.returned {
        list.value::<Consequence>(&format!("execution.returned.{reason}"), rows);
    }
    let spans = [
        ("enforceable_known_within", &execution.enforceable_known_within),
        ("appeal_decided_within", &execution.appeal_decided_within),
        ("notified_within", &execution.notified_within),
        ("confirmed_within", &execution.confirmed_within),
        ("end_watched_before", &execution.end_watched_before),
        ("lift_proven_within", &execution.lift_proven_within),
        ("lift_given_up_after", &execution.lift_given_up_after),
        ("postponement_decided_within", &execution.postponement_decided_within),
    ];
    for (name, rows) in spans {
        list.span(&format!("execution.{name}"), rows);
    }
}

/// The measures that somebody may pronounce on the day.
pub(super) fn measures(read: &Reader<'_>, file: &RegimeFile) -> Vec<Measure> {
    file.measure.iter().filter_map(|measure| rule(read, measure)).collect()
}

fn rule(read: &Reader<'_>, file: &MeasureFile) -> Option<Measure> {
    let at = |rest: &str| format!("measure.{}.{rest}", file.id);
    Some(Measure {
        id: file.id.clone(),
        kind: file.kind,
        simulation: file.simulation,
        pronounced_by: read.value(&at("pronounced_by")).ok()?,
        duration_max: read.span(&at("duration_max")).ok(),
        fine_euros_max: read.value(&at("fine_euros_max")).ok(),
        appeal_within: read.span(&at("appeal_within")).ok(),
        implement_within: read.span(&at("implement_within")).ok(),
        comply_within: read.span(&at("comply_within")).ok(),
        prescribed_after: read.span(&at("prescribed_after")).ok(),
        spares: read.value(&at("spares")).unwrap_or_default(),
        milder_law: read.value(&at("milder_law")).ok(),
        letter: file.letter.clone(),
    })
}

/// How measures are followed on the day; None where the file has none.
pub(super) fn execution(
    read: &Reader<'_>,
    file: &RegimeFile,
) -> Result<Option<Execution>, Missing> {
    let Some(execution) = &file.execution else { return Ok(None) };
    let mut returned = BTreeMap::new();
    for name in execution.returned.keys() {
        let path = format!("execution.returned.{name}");
        let reason = word(name).ok_or_else(|| read.missing(&path))?;
        returned.insert(reason, read.value(&path)?);
    }
    let span = |name: &str| read.span(&format!("execution.{name}"));
    Ok(Some(Execution {
        notify_by: read.value("execution.notify_by")?,
        returned,
        enforceable_known_within: span("enforceable_known_within")?,
        appeal_decided_within: span("appeal_decided_within")?,
        notified_within: span("notified_within")?,
        confirmed_within: span("confirmed_within")?,
        end_watched_before: span("end_watched_before")?,
        lift_proven_within: span("lift_proven_within")?,
        lift_given_up_after: span("lift_given_up_after")?,
        postponement_decided_within: span("postponement_decided_within")?,
    }))
}
