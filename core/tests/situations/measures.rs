//! Measures, as situations write them: what a court, a person, the post and the provider do.

use entremise_core::case::{Case, State, Subject};
use entremise_core::event::{DeliveryReport, DeliveryStatus, Event};
use entremise_core::id::{CaseId, Digest, PersonId};
use entremise_core::procedure::measure::{
    AppealOutcome, HowEnded, LiftGround, Pronounced, ProviderReport, Reported, Sentence, Terms,
};
use entremise_core::regime::rules::{ChannelKind, Pronouncer};
use entremise_core::regime::{Regime, embedded};
use jiff::Timestamp;
use uuid::Uuid;

use super::file::Step;
use super::world::{Because, World, line, text, wanted, word};

/// What a step pronounces, if it names a measure.
pub fn pronounced(on: &Step, at: Timestamp) -> Result<Option<Sentence>, Because> {
    let Some(measure) = on.measure.clone() else { return Ok(None) };
    let by = match on.by.as_deref() {
        Some(by) => word(by)?,
        None => Pronouncer::Court,
    };
    Ok(Some(Sentence { measure, by, court: None, pronounced_at: at, terms: terms(on) }))
}

fn terms(on: &Step) -> Terms {
    match (on.days, on.euros) {
        (Some(days), _) => Terms::Suspension { days },
        (None, Some(euros)) => Terms::Fine { euros },
        (None, None) => Terms::Injunction,
    }
}

/// The same regime, only tried from its first day on.
pub fn tried(regime: &Regime) -> Result<Regime, Because> {
    let mode = "mode = [{ value = \"pilot\", from = 2010-01-01, cite = \"essai\", sure = \"H\" }]";
    let law = regime.text().replacen("[in_force]", &format!("{mode}\n\n[in_force]"), 1);
    Regime::parse("tried.toml", &law, &embedded::calendars().map_err(text)?).map_err(text)
}

/// The event of a step that is about a measure; none where it is about something else.
pub fn event(world: &mut World<'_>, on: &Step, at: Timestamp) -> Result<Option<Event>, Because> {
    let happened = on.happened.as_ref().map_or(Ok(at), |given| world.instant(given))?;
    let (received_at, document) = (happened, digest("a")?);
    Ok(Some(match on.event.as_str() {
        "measure_pronounced" => {
            world.measure = Some(open(world, on, happened, at)?);
            Event::MeasurePronounced { by: by()? }
        }
        "enforceability_confirmed" => {
            Event::EnforceabilityConfirmed { by: by()?, certificate: document, at: happened }
        }
        "appeal_filed" => Event::AppealFiled { document, received_at },
        "appeal_decided" => {
            let outcome = match wanted(&on.outcome, "outcome")? {
                "upheld" => AppealOutcome::Upheld,
                "varied" => AppealOutcome::Varied { terms: terms(on) },
                _ => AppealOutcome::Quashed,
            };
            let decided_at = happened;
            Event::AppealDecided { by: by()?, outcome, judgment: document, decided_at }
        }
        "notification_served" => Event::NotificationServed { by: by()?, document, at: happened },
        "letter_presented" => letter(DeliveryStatus::Presented, happened),
        "letter_returned" => {
            letter(DeliveryStatus::Returned(word(wanted(&on.reason, "reason")?)?), happened)
        }
        "postponement_requested" => Event::PostponementRequested { document, received_at },
        "postponement_refused" => Event::PostponementRefused { by: by()?, reasons: document },
        "measure_postponed" => {
            let until = world.instant(on.until.as_ref().ok_or("until when?")?)?;
            Event::MeasurePostponed { by: by()?, order: document, until }
        }
        "execution_resumed" => Event::ExecutionResumed { by: by()?, order: document },
        "measure_varied" => {
            Event::MeasureVaried { by: by()?, decision: document, terms: terms(on) }
        }
        "lifting_ordered" => {
            let ground = on.reason.as_deref().map_or(Ok(LiftGround::Court), word)?;
            Event::LiftingOrdered { by: by()?, decision: document, ground }
        }
        "measure_reported" => Event::MeasureReported(report(world, on, happened)?),
        "lifting_proven" => Event::LiftingProven { by: by()?, document, at: happened },
        "measure_fulfilled" => Event::MeasureFulfilled { by: by()?, document, at: happened },
        "hold_on_measure" => {
            let until = world.instant(on.until.as_ref().ok_or("until when?")?)?;
            Event::HoldPlaced { by: by()?, order: document, until }
        }
        _ => return Ok(None),
    }))
}

fn open(
    world: &World<'_>,
    on: &Step,
    pronounced_at: Timestamp,
    at: Timestamp,
) -> Result<Case, Because> {
    let sentence = pronounced(on, pronounced_at)?.ok_or("which measure?")?;
    let pronounced = Pronounced {
        line: line()?,
        file: CaseId(Uuid::from_u128(8)),
        sentence,
        decision: digest("f")?,
    };
    let authority = "autorite".parse().map_err(text)?;
    let regime = world.regime.id().parse().map_err(text)?;
    let subject = Subject::Measure(Box::new(pronounced));
    Ok(Case::open(CaseId(Uuid::from_u128(9)), authority, regime, subject, at))
}

fn report(world: &World<'_>, on: &Step, at: Timestamp) -> Result<ProviderReport, Because> {
    let case = world.measure.as_ref().ok_or("no measure is open")?;
    let State::Measure(state) = &case.state else { return Err("no measure".into()) };
    let version = on.version.or(state.life().map(|life| life.version)).unwrap_or_default();
    let until = on.ends.as_ref().map(|given| world.instant(given)).transpose()?;
    let spared = on.spared.iter().map(|one| word(one)).collect::<Result<_, _>>()?;
    let reported = match wanted(&on.outcome, "outcome")? {
        "taken" => Reported::Taken,
        "approved" => Reported::Approved { at },
        "declined" => Reported::Declined { reason: word(wanted(&on.reason, "reason")?)? },
        "implemented" => Reported::Implemented { at, until, spared },
        "not_lifted" => Reported::NotLifted,
        "ended" => Reported::Ended { started: until, at, how: HowEnded::Expired },
        "stopped" => Reported::Ended { started: until, at, how: HowEnded::Stopped },
        "never_begun" => Reported::Ended { started: None, at, how: HowEnded::NeverBegun },
        other => return Err(format!("a provider says no {other}")),
    };
    Ok(ProviderReport { version, reported, proof: digest("b")? })
}

fn letter(status: DeliveryStatus, at: Timestamp) -> Event {
    let channel = ChannelKind::RegisteredLetter;
    Event::Delivery(DeliveryReport { stage: 0, channel, status, at })
}

fn by() -> Result<PersonId, Because> {
    "membre".parse().map_err(text)
}

fn digest(letter: &str) -> Result<Digest, Because> {
    letter.repeat(64).parse().map_err(text)
}
