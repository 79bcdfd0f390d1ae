//! What must hold between the parts of a regime: order, ways out, proofs, reviews, retention.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};

use super::{Finding, FindingCode};
use crate::regime::build::word;
use crate::regime::file::{ClockFile, Dated, RegimeFile, Row, StageFile};
use crate::regime::rules::{ChannelKind, Field, Gate, Means, Proof, ReturnReason, SenderKind};

/// C-470/21, 30 April 2024: from then on the third linking of one person needs a prior review by a
/// court or an independent body, never wholly automated, whatever the national text says.
const THIRD_LINKING_REVIEWED_FROM: Date = date(2024, 4, 30);

pub(super) fn check(file: &RegimeFile, findings: &mut Vec<Finding>) {
    names(file, findings);
    for (place, stage) in file.stage.iter().enumerate() {
        order(file, place, stage, findings);
        way_out(stage, findings);
        reviewed(stage, findings);
        decided(stage, findings);
        relayed(stage, findings);
        watched(file, stage, findings);
        if !file.letters.contains(&stage.letter) {
            findings.push(Finding::new(
                FindingCode::UnknownLetter,
                format!("stage.{}.letter", stage.id),
                format!("the regime lists no letter called {:?}", stage.letter),
                "add it to letters and to the folder, or name one that is there",
            ));
        }
    }
    deliberations(file, findings);
    retention(file, findings);
}

/// Each name once, and each key of a table a word of its list.
fn names(file: &RegimeFile, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    let all = (file.stage.iter().map(|stage| format!("stage.{}", stage.id)))
        .chain(file.measure.iter().map(|measure| format!("measure.{}", measure.id)))
        .chain(file.deliberation.iter().map(|one| format!("deliberation.{}", one.id)))
        .chain(file.duty.iter().map(|duty| format!("duty.{}", duty.id)))
        .chain(
            file.retention.iter().map(|row| format!("retention.{}.{}", row.data, row.after_stage)),
        );
    for name in all {
        if !seen.insert(name.clone()) {
            findings.push(Finding::new(
                FindingCode::Duplicate,
                name,
                "the name is used twice",
                "give each its own name, or merge the rows",
            ));
        }
    }
    for (kind, rows) in &file.intake.facts_at_most {
        if rows.iter().any(|row| row.get_ref().span().is_some() && row.get_ref().months.is_none()) {
            findings.push(Finding::new(
                FindingCode::MissingUnit,
                format!("intake.facts_at_most.{kind}"),
                "the age of a fact is counted in months",
                "write months =",
            ));
        }
        if word::<SenderKind>(kind).is_none() {
            findings.push(Finding::new(
                FindingCode::UnknownValue,
                format!("intake.facts_at_most.{kind}"),
                "no kind of sender is called so",
                "write rights_holder_body, prosecutor, bailiff_report or agency",
            ));
        }
    }
}

/// A stage follows the one before it, and its linking is counted after that one's.
fn order(file: &RegimeFile, place: usize, stage: &StageFile, findings: &mut Vec<Finding>) {
    let at = format!("stage.{}", stage.id);
    let before = place.checked_sub(1).and_then(|place| file.stage.get(place));
    if stage.after.as_deref() != before.map(|before| before.id.as_str()) {
        findings.push(Finding::new(
            FindingCode::OutOfOrder,
            format!("{at}.after"),
            "a stage follows the stage listed before it, and the first follows none",
            "order the stages as the law does and let after name the one before",
        ));
    }
    let count = |stage: &StageFile| -> Option<i64> {
        let row = stage.linking.sequence.first()?;
        row.get_ref().value.as_ref()?.as_integer()
    };
    if let (Some(before), Some(this)) = (before.and_then(count), count(stage))
        && this <= before
    {
        findings.push(Finding::new(
            FindingCode::OutOfOrder,
            format!("{at}.linking.sequence"),
            format!("linking {this} cannot follow linking {before}"),
            "count the linkings of one person upwards",
        ));
    }
}

/// A clock that ends, started by a proof that can come.
fn way_out(stage: &StageFile, findings: &mut Vec<Finding>) {
    let at = format!("stage.{}.clock", stage.id);
    let Some(clock) = stage.clock.as_ref().filter(|clock| !clock.repeat_within.is_empty()) else {
        findings.push(Finding::new(
            FindingCode::NoWayOut,
            at,
            "a case that enters this stage never leaves it: no time runs out",
            "give it a clock: starts_at and repeat_within",
        ));
        return;
    };
    let by_post = offers(&stage.channels, ChannelKind::RegisteredLetter);
    let proofs: Vec<Proof> = clock.starts_at.iter().filter_map(|row| read(row.get_ref())).collect();
    if proofs.contains(&Proof::Presented) && !by_post {
        findings.push(Finding::new(
            FindingCode::ClockWithoutProof,
            format!("{at}.starts_at"),
            "only a letter against signature proves a presentation, and the stage sends none",
            "add registered_letter to its channels, or start the clock at handed_over",
        ));
    }
    if by_post {
        returns(stage, clock, findings);
    }
}

fn returns(stage: &StageFile, clock: &ClockFile, findings: &mut Vec<Finding>) {
    use ReturnReason::*;
    let answered: BTreeSet<ReturnReason> =
        clock.returned.keys().filter_map(|name| word(name)).collect();
    let all = [Refused, Unclaimed, UnknownAddress, Deceased, Lost];
    let open: Vec<_> = all.iter().filter(|reason| !answered.contains(reason)).collect();
    if !open.is_empty() || answered.len() != clock.returned.len() {
        findings.push(Finding::new(
            FindingCode::ReturnUnanswered,
            format!("stage.{}.clock.returned", stage.id),
            format!("a letter can come back in ways without a consequence: {open:?}"),
            "say for refused, unclaimed, unknown_address, deceased and lost what follows",
        ));
    }
}

/// No third linking without the review that the law demands before it.
fn reviewed(stage: &StageFile, findings: &mut Vec<Finding>) {
    let third = stage.linking.sequence.iter().any(|row| {
        row.get_ref().value.as_ref().and_then(toml::Value::as_integer).is_some_and(|n| n >= 3)
    });
    let open = stage.gate.iter().find(|row| {
        let row = row.get_ref();
        let still = row.until.is_none_or(|until| until >= THIRD_LINKING_REVIEWED_FROM);
        still && read::<Gate>(row).is_none()
    });
    if third && (open.is_some() || stage.gate.is_empty()) {
        findings.push(Finding::new(
            FindingCode::GateMissing,
            format!("stage.{}.gate", stage.id),
            format!(
                "a third linking is open without prior review on or after \
                 {THIRD_LINKING_REVIEWED_FROM} (CJEU C-470/21)"
            ),
            "from that day on write reviewer_authorisation or barred",
        ));
    }
}

/// A provider relays mails, and needs nobody's leave to learn what it knows already.
fn relayed(stage: &StageFile, findings: &mut Vec<Finding>) {
    let relays = stage.linking.means.iter().any(|row| read(row.get_ref()) == Some(Means::Relay));
    let by_post = offers(&stage.channels, ChannelKind::RegisteredLetter)
        || offers(&stage.channels, ChannelKind::Letter)
        || !stage.fallback.is_empty();
    let gated = stage.gate.iter().any(|row| read::<Gate>(row.get_ref()).is_some());
    if relays && (by_post || gated) {
        findings.push(Finding::new(
            FindingCode::RelayImpossible,
            format!("stage.{}.linking.means", stage.id),
            "the provider relays mails only, and no review opens what is not disclosed",
            "let channels be [\"email\"] without fallback and gate none, or means disclosure",
        ));
    }
}

/// On each day on which a stage may send a letter, a time says when somebody looks after it.
fn watched(file: &RegimeFile, stage: &StageFile, findings: &mut Vec<Finding>) {
    let post = file.post.as_ref();
    let times = [
        (ChannelKind::Letter, "taken_over_within", post.map(|post| &post.taken_over_within)),
        (
            ChannelKind::RegisteredLetter,
            "presented_within",
            post.map(|post| &post.presented_within),
        ),
    ];
    let life = file.in_force.get_ref();
    for (kind, name, rows) in times {
        let unwatched = stage.channels.iter().chain(&stage.fallback).any(|row| {
            let sent = row.get_ref();
            let first = sent.from.max(life.from).unwrap_or(Date::MIN);
            let last = sent.until.or(life.until).unwrap_or(Date::MAX);
            let is_watched =
                |day| rows.into_iter().flatten().any(|row| row.get_ref().holds_on(day));
            words(sent).iter().any(|name| word::<ChannelKind>(name) == Some(kind))
                && !(is_watched(first) && is_watched(last))
        });
        if unwatched {
            findings.push(Finding::new(
                FindingCode::PostUnwatched,
                format!("post.{name}"),
                format!("stage {} sends letters on days on which it is not given", stage.id),
                "add [post] with the time after which somebody looks after such a letter",
            ));
        }
    }
}

/// Each stage says who decides; a finding is never decided by nobody.
fn decided(stage: &StageFile, findings: &mut Vec<Finding>) {
    let at = format!("stage.{}.decides", stage.id);
    let nobody = stage
        .decides
        .iter()
        .any(|row| row.get_ref().value.as_ref().and_then(toml::Value::as_str) == Some("none"));
    let finding =
        stage.linking.purpose.iter().any(|row| {
            row.get_ref().value.as_ref().and_then(toml::Value::as_str) == Some("finding")
        });
    if stage.decides.is_empty() {
        findings.push(Finding::new(
            FindingCode::DeciderMissing,
            at,
            "the stage does not say who decides",
            "name the decider, or write none with the text that leaves no choice",
        ));
    } else if nobody && finding {
        findings.push(Finding::new(
            FindingCode::DeciderMissing,
            at,
            "a finding that opens the way to a sanction is decided by no person",
            "name the decider: no such decision may be wholly automated (C-470/21)",
        ));
    }
}

fn deliberations(file: &RegimeFile, findings: &mut Vec<Finding>) {
    for one in &file.deliberation {
        let at = format!("deliberation.{}", one.id);
        if !file.stage.iter().any(|stage| stage.id == one.after_stage) {
            findings.push(Finding::new(
                FindingCode::OutOfOrder,
                format!("{at}.after_stage"),
                format!("no stage is called {:?}", one.after_stage),
                "name the stage after which a person decides",
            ));
        }
        if one.outcomes.is_empty() {
            findings.push(Finding::new(
                FindingCode::NoWayOut,
                format!("{at}.outcomes"),
                "a case that is decided here has nowhere to go",
                "list what the person may decide",
            ));
        }
    }
}

/// Whatever names or leads to a person is let go of, at each place where a case can stop.
fn retention(file: &RegimeFile, findings: &mut Vec<Finding>) {
    let mut held = intake_data(&file.intake.must_carry);
    let mut places = vec![("none", held.clone())];
    for stage in &file.stage {
        held.extend(stage.linking.fields.iter().flat_map(|row| words(row.get_ref())));
        places.push((stage.id.as_str(), held.clone()));
    }
    for (place, data) in places {
        let let_go: BTreeSet<&str> = file
            .retention
            .iter()
            .filter(|row| row.after_stage == place)
            .flat_map(|row| row.holds.iter().map(String::as_str))
            .collect();
        for datum in data.iter().filter(|datum| !let_go.contains(datum.as_str())) {
            findings.push(Finding::new(
                FindingCode::NoRetention,
                format!("retention after {place}"),
                format!("nothing says how long {datum} is kept when a case stops there"),
                "add it to holds of a retention with this after_stage",
            ));
        }
    }
}

/// The fields of a notice that lead to a person: the line's, and the agent's own.
fn intake_data(must_carry: &Dated) -> BTreeSet<String> {
    let personal = [Field::SourceIp, Field::SourcePort, Field::SwornAgent];
    must_carry
        .iter()
        .flat_map(|row| words(row.get_ref()))
        .filter(|name| word::<Field>(name).is_some_and(|field| personal.contains(&field)))
        .collect()
}

fn words(row: &Row) -> Vec<String> {
    let list = row.value.as_ref().and_then(toml::Value::as_array);
    list.into_iter().flatten().filter_map(toml::Value::as_str).map(str::to_owned).collect()
}

fn offers(channels: &Dated, wanted: ChannelKind) -> bool {
    channels
        .iter()
        .flat_map(|row| words(row.get_ref()))
        .any(|name| word::<ChannelKind>(&name) == Some(wanted))
}

fn read<T: serde::de::DeserializeOwned>(row: &Row) -> Option<T> {
    row.value.clone()?.try_into().ok()
}
