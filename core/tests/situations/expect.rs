//! What must follow a step, compared with what did.

use entremise_core::deadline::Deadline;
use entremise_core::effect::Effect;
use entremise_core::procedure::ladder::{self, State};
use entremise_core::procedure::measure::{self, Demand};
use entremise_core::step::due;
use serde::Serialize;

use super::file::Then;
use super::world::{Done, World, ladder_state, text};

type Because = String;

pub fn expect(world: &World<'_>, then: &Then, done: &Done) -> Result<(), Because> {
    match done {
        Done::Refused(refusal) => {
            let refused = then.refused.as_deref();
            same("refused", refused.unwrap_or("not at all"), refusal.name())?;
        }
        _ if then.refused.is_some() => return Err("it was not refused".into()),
        Done::Screened(codes) => {
            let wanted = then.rejected.clone().ok_or("say rejected = [...] (empty: accepted)")?;
            same("rejected", &wanted.join(" "), &codes.join(" "))?;
        }
        Done::Counted(deadline) => counted(world, then, deadline)?,
        Done::Read(found) => read(then, found.as_ref())?,
        Done::Moved(effects) => moved(world, then, effects)?,
        Done::Nothing => {}
    }
    stands(world, then)?;
    match done {
        Done::Counted(_) => Ok(()),
        _ => waits(world, then),
    }
}

fn moved(world: &World<'_>, then: &Then, effects: &[Effect]) -> Result<(), Because> {
    let names: Vec<&str> = effects.iter().map(Effect::name).collect();
    if let Some(wanted) = &then.effects {
        same("effects", &wanted.join(" "), &names.join(" "))?;
    }
    let alarms = effects.iter().filter_map(|effect| match effect {
        Effect::RaiseAlarm { alarm } => Some(alarm.name()),
        _ => None,
    });
    if let Some(wanted) = &then.alarm {
        same("alarm", wanted, &alarms.collect::<Vec<_>>().join(" "))?;
    }
    ordered(world, then, effects)?;
    let mut channels = Vec::new();
    for effect in effects {
        match effect {
            Effect::RequestDisclosure { fields, sequence, .. } => {
                if let Some(wanted) = &then.fields {
                    same("fields", &wanted.join(" "), &words(fields)?)?;
                }
                compare("sequence", then.sequence, *sequence)?;
            }
            Effect::RequestAuthorisedDisclosure { grant, .. } => {
                let linking = &grant.statement().linking;
                if let Some(wanted) = &then.fields {
                    same("fields", &wanted.join(" "), &words(&linking.fields)?)?;
                }
                compare("sequence", then.sequence, linking.sequence)?;
            }
            Effect::SendMessage { channel, names_works, attempt, further_facts, .. } => {
                channels.push(*channel);
                compare("names_works", then.names_works, *names_works)?;
                compare("attempt", then.attempt, *attempt)?;
                compare("further_facts", then.further_facts, *further_facts)?;
            }
            Effect::SendAnswer { channel, .. } => channels.push(*channel),
            _ => {}
        }
    }
    let asked =
        names.contains(&"request_disclosure") || names.contains(&"request_authorised_disclosure");
    if (then.fields.is_some() || then.sequence.is_some()) && !asked {
        return Err("nothing was asked of the provider".into());
    }
    let sent = then.names_works.is_some() || then.attempt.is_some();
    if sent && channels.is_empty() {
        return Err("no message left".into());
    }
    match &then.channels {
        Some(wanted) => same("channels", &wanted.join(" "), &words(&channels)?),
        None => Ok(()),
    }
}

/// What is ordered of the provider.
fn ordered(world: &World<'_>, then: &Then, effects: &[Effect]) -> Result<(), Because> {
    let order = effects.iter().find_map(|effect| match effect {
        Effect::OrderMeasure { version, demand, .. } => Some((version, demand)),
        _ => None,
    });
    let asked = then.demand.is_some() || then.version.is_some() || then.until.is_some();
    let Some((version, demand)) = order else {
        return if asked { Err("nothing was ordered of the provider".into()) } else { Ok(()) };
    };
    compare("version", then.version, *version)?;
    let (name, window) = match demand {
        Demand::Carry { window, .. } => ("carry", Some(window)),
        Demand::Lift => ("lift", None),
    };
    if let Some(wanted) = &then.demand {
        same("demand", wanted, name)?;
    }
    let zone = world.regime.zone();
    if let (Some(wanted), Some(window)) = (&then.first_day, window) {
        same("first_day", &wanted.to_string(), &zone.day_of(window.starts_at).to_string())?;
    }
    if let (Some(wanted), Some(window)) = (&then.until, window) {
        let last = zone.day_of(window.ends_at).yesterday().map_err(text)?;
        same("until", &wanted.to_string(), &last.to_string())?;
    }
    Ok(())
}

/// Where the case stands now.
fn stands(world: &World<'_>, then: &Then) -> Result<(), Because> {
    let nothing = then.state.is_none()
        && then.stage.is_none()
        && then.gate.is_none()
        && then.window.is_none()
        && then.executed.is_none();
    if nothing {
        return Ok(());
    }
    let case = world.case().ok_or("no case is open")?;
    if let Some(wanted) = &then.state {
        same("state", wanted, case.state.name())?;
    }
    let state = ladder_state(case);
    if let Some(wanted) = &then.stage {
        let stage = state.and_then(State::stage);
        compare("stage", Some(Some(world.place_of(wanted)?)), stage)?;
    }
    if let Some(wanted) = then.executed {
        let entremise_core::case::State::Measure(state) = &case.state else {
            return Err("only a measure is executed".into());
        };
        let measure::State::Closed { started, .. } = state.bare() else {
            return Err(format!("the measure is {}", state.name()));
        };
        compare("executed", Some(wanted), started.is_some())?;
    }
    if let Some(wanted) = &then.gate {
        let Some(State::Barred { gate, .. }) = state else {
            return Err(format!("the case is {} and not barred", case.state.name()));
        };
        same("gate", wanted, &words(std::slice::from_ref(gate))?)?;
    }
    if let Some(wanted) = &then.window {
        let state = state.ok_or("only a ladder has a window")?;
        let window = ladder::repeat_window(state, &world.regime).map_err(text)?;
        let window = window.ok_or("no window is open")?;
        same("window", &wanted.to_string(), &window.last_day.to_string())?;
    }
    Ok(())
}

/// What the case waits for next.
fn waits(world: &World<'_>, then: &Then) -> Result<(), Because> {
    if then.due.is_none() && then.due_at.is_none() && then.due_what.is_none() {
        return Ok(());
    }
    let case = world.case().ok_or("no case is open")?;
    let due = due(case, &world.regime).map_err(text)?.ok_or("nothing is due")?;
    if let Some(wanted) = &then.due {
        same("due", &wanted.to_string(), &due.deadline.last_day.to_string())?;
    }
    if let Some(wanted) = &then.due_at {
        compare("due_at", Some(world.instant(wanted)?), due.at())?;
    }
    if let Some(wanted) = &then.due_what {
        same("due_what", wanted, &words(&[due.what])?)?;
    }
    says(then, &due.deadline)
}

fn counted(world: &World<'_>, then: &Then, deadline: &Deadline) -> Result<(), Because> {
    if let Some(wanted) = &then.last_day {
        same("last_day", &wanted.to_string(), &deadline.last_day.to_string())?;
    }
    if let Some(wanted) = &then.due_at {
        compare("due_at", Some(world.instant(wanted)?), deadline.ends_at)?;
    }
    says(then, deadline)
}

fn says(then: &Then, deadline: &Deadline) -> Result<(), Because> {
    let words = &deadline.explanation;
    match &then.says {
        Some(part) if !words.fr.contains(part) && !words.en.contains(part) => {
            Err(format!("{part:?} is not in {:?}", words.fr))
        }
        _ => Ok(()),
    }
}

fn read(
    then: &Then,
    found: Option<&(serde_json::Value, entremise_core::regime::Citation)>,
) -> Result<(), Because> {
    let wanted = then.is.as_ref().map(|value| serde_json::to_value(value).map_err(text));
    let wanted = wanted.transpose()?;
    let absent = serde_json::Value::String("absent".into());
    match (wanted, found) {
        (Some(wanted), None) => compare("is", Some(&wanted), &absent)?,
        (Some(wanted), Some((value, _))) => compare("is", Some(&wanted), value)?,
        (None, _) => {}
    }
    let more = then.contains.is_some() || then.cite.is_some() || then.sure.is_some();
    if found.is_none() && more {
        return Err("the value is not in force".into());
    }
    if let Some((value, citation)) = found {
        let has = |word: &String| {
            value.as_array().is_some_and(|list| list.iter().any(|one| one.as_str() == Some(word)))
        };
        if let Some(word) = then.contains.as_ref().filter(|word| !has(word)) {
            return Err(format!("{word} is not in {value}"));
        }
        if let Some(word) = then.lacks.as_ref().filter(|word| has(word)) {
            return Err(format!("{word} is in {value}"));
        }
        if let Some(cite) = then.cite.as_ref().filter(|cite| !citation.cite.contains(*cite)) {
            return Err(format!("{cite:?} is not in {:?}", citation.cite));
        }
        if let Some(sure) = &then.sure {
            same("sure", sure, &format!("{:?}", citation.sure))?;
        }
    }
    Ok(())
}

fn same(what: &str, wanted: &str, found: &str) -> Result<(), Because> {
    if wanted == found {
        return Ok(());
    }
    Err(format!("{what} should be {wanted:?} and is {found:?}"))
}

fn compare<T: PartialEq + std::fmt::Debug>(
    what: &str,
    wanted: Option<T>,
    found: T,
) -> Result<(), Because> {
    match wanted {
        Some(wanted) if wanted != found => {
            Err(format!("{what} should be {wanted:?} and is {found:?}"))
        }
        _ => Ok(()),
    }
}

/// Wire names of words, with blanks between them.
fn words<T: Serialize>(list: &[T]) -> Result<String, Because> {
    let names = list.iter().map(|one| {
        let value = serde_json::to_value(one).map_err(text)?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    });
    names.collect::<Result<Vec<String>, Because>>().map(|names| names.join(" "))
}
