//! The table of a suspension for counterfeiting: every state against every event.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use entremise_core::case::{Case, State, Subject};
use entremise_core::event::{DeliveryReport, DeliveryStatus, Event, Line};
use entremise_core::id::{CaseId, Digest, PersonId};
use entremise_core::procedure::Kept;
use entremise_core::procedure::measure::{
    self, AppealOutcome, Closure, Declined, HowEnded, Life, LiftGround, Pronounced, ProviderReport,
    Reported, Sentence, Terms, Window,
};
use entremise_core::regime::Regime;
use entremise_core::regime::rules::{ChannelKind, Pronouncer, ReturnReason, Spared};
use entremise_core::step::{due, step};
use jiff::Timestamp;

use crate::matrix::{instant, number};

const NOW: &str = "2026-06-15T10:00:00Z";
const PRONOUNCED: &str = "2026-05-04T10:00:00Z";

fn by() -> PersonId {
    "membre-1".parse().unwrap()
}

fn digest() -> Digest {
    "c".repeat(64).parse().unwrap()
}

fn life() -> Life {
    Life {
        terms: Terms::Suspension { days: 30 },
        judged_at: instant(PRONOUNCED),
        enforceable_at: None,
        notified_at: None,
        version: 0,
        carried_by: 0,
        window: None,
        at_provider: false,
        started_at: None,
        running_since: None,
        confirmed: false,
        end_assured: false,
        served_days: 0,
        request: None,
        law_of: instant(PRONOUNCED),
        told: BTreeSet::new(),
    }
}

fn ordered(started: Option<&str>) -> Box<Life> {
    let started_at = started.map(instant);
    let starts_at = instant("2026-06-09T22:00:00Z");
    let window = Some(Window { starts_at, ends_at: instant("2026-07-09T22:00:00Z") });
    let enforceable_at = Some(instant("2026-05-20T10:00:00Z"));
    let notified_at = Some(instant("2026-05-25T10:00:00Z"));
    Box::new(Life {
        enforceable_at,
        notified_at,
        version: 1,
        carried_by: 1,
        window,
        at_provider: true,
        started_at,
        running_since: started_at,
        confirmed: started.is_some(),
        end_assured: started.is_some(),
        ..life()
    })
}

fn states() -> Vec<(&'static str, measure::State)> {
    let since = instant("2026-06-10T00:00:00Z");
    let started = "2026-06-09T22:00:05Z";
    let enforceable = || Box::new(Life { enforceable_at: Some(since), ..life() });
    let lifted = || Box::new(Life { version: 2, window: None, ..*ordered(Some(started)) });
    let until = instant("2026-09-01T00:00:00Z");
    let kept = Some(Kept {
        data: "identity".to_owned(),
        after_stage: "suspension_counterfeiting".to_owned(),
        from: instant(NOW),
        started_by: "measure_ended".to_owned(),
    });
    let closed = |kept| measure::State::Closed {
        closure: Closure::Served,
        at: instant(NOW),
        started: Some(since),
        kept,
    };
    let declined = Some(Declined::LineCeased);
    vec![
        ("open", measure::State::Open),
        ("pronounced", measure::State::Pronounced { life: Box::new(life()) }),
        ("appealed", measure::State::Appealed { life: Box::new(life()), at: since }),
        ("notifying", measure::State::Notifying { life: enforceable(), attempt: 1, since }),
        ("postponed", measure::State::Postponed { life: enforceable(), until, since }),
        ("put off while it ran", measure::State::Postponed { life: lifted(), until, since }),
        ("ordered", measure::State::Ordered { life: ordered(None), since, declined: None }),
        ("declined", measure::State::Ordered { life: ordered(None), since, declined }),
        ("in force", measure::State::InForce { life: ordered(Some(started)), since }),
        ("lifting", measure::State::Lifting { life: lifted(), why: Closure::Served, since }),
        (
            "held",
            measure::State::Held {
                under: Box::new(measure::State::InForce { life: ordered(Some(started)), since }),
                order: digest(),
                until,
            },
        ),
        ("closed, kept", closed(kept)),
        ("closed", closed(None)),
    ]
}

fn acts() -> Vec<(&'static str, Event)> {
    let (document, at) = (digest, instant(NOW));
    let terms = Terms::Suspension { days: 5 };
    let decided = |outcome| Event::AppealDecided {
        by: by(),
        outcome,
        judgment: digest(),
        decided_at: instant(NOW),
    };
    let confirmed = |at: &str| Event::EnforceabilityConfirmed {
        by: by(),
        certificate: digest(),
        at: instant(at),
    };
    let varied = |days| Event::MeasureVaried {
        by: by(),
        decision: digest(),
        terms: Terms::Suspension { days },
    };
    vec![
        ("pronounced", Event::MeasurePronounced { by: by() }),
        ("enforceable, too early", confirmed("2026-05-10T10:00:00Z")),
        ("enforceable", confirmed("2026-05-20T10:00:00Z")),
        (
            "an appeal in time",
            Event::AppealFiled {
                document: document(),
                received_at: instant("2026-05-10T10:00:00Z"),
            },
        ),
        ("a late appeal", Event::AppealFiled { document: document(), received_at: at }),
        ("upheld on appeal", decided(AppealOutcome::Upheld)),
        ("varied on appeal", decided(AppealOutcome::Varied { terms })),
        ("quashed on appeal", decided(AppealOutcome::Quashed)),
        ("served by hand", Event::NotificationServed { by: by(), document: document(), at }),
        (
            "a postponement asked for",
            Event::PostponementRequested { document: document(), received_at: at },
        ),
        ("the postponement refused", Event::PostponementRefused { by: by(), reasons: digest() }),
        (
            "put off",
            Event::MeasurePostponed {
                by: by(),
                order: digest(),
                until: instant("2026-10-01T00:00:00Z"),
            },
        ),
        (
            "put off until a past day",
            Event::MeasurePostponed {
                by: by(),
                order: digest(),
                until: instant("2026-05-01T00:00:00Z"),
            },
        ),
        ("resumed", Event::ExecutionResumed { by: by(), order: digest() }),
        ("made shorter", varied(20)),
        ("made shorter than it ran", varied(5)),
        ("made longer than the law", varied(400)),
        (
            "a court lifts it",
            Event::LiftingOrdered { by: by(), decision: digest(), ground: LiftGround::Court },
        ),
        ("proven lifted", Event::LiftingProven { by: by(), document: document(), at }),
        ("paid or complied with", Event::MeasureFulfilled { by: by(), document: document(), at }),
    ]
}

fn words() -> Vec<(&'static str, Event)> {
    let at = instant("2026-06-15T09:00:00Z");
    let letter = |status| {
        let channel = ChannelKind::RegisteredLetter;
        Event::Delivery(DeliveryReport { stage: 0, channel, status, at })
    };
    let returned = |reason| letter(DeliveryStatus::Returned(reason));
    let both = BTreeSet::from([Spared::Telephony, Spared::Television]);
    let report = |version, reported| {
        Event::MeasureReported(ProviderReport { version, reported, proof: digest() })
    };
    let implemented = |until: Option<&str>, spared: &BTreeSet<Spared>| Reported::Implemented {
        at,
        until: until.map(instant),
        spared: spared.clone(),
    };
    let in_time = Some("2026-07-09T22:00:00Z");
    let ended = |started, how| Reported::Ended { started, at, how };
    vec![
        ("letter presented", letter(DeliveryStatus::Presented)),
        ("letter unclaimed", returned(ReturnReason::Unclaimed)),
        ("letter: address unknown", returned(ReturnReason::UnknownAddress)),
        ("letter lost", returned(ReturnReason::Lost)),
        ("letter: addressee deceased", returned(ReturnReason::Deceased)),
        ("1: approved", report(1, Reported::Approved { at })),
        ("1: declined", report(1, Reported::Declined { reason: Declined::LineCeased })),
        ("1: in force, ends by itself", report(1, implemented(in_time, &both))),
        ("1: in force, ends nobody knows", report(1, implemented(None, &both))),
        ("1: in force, ends too late", report(1, implemented(Some("2026-08-01T00:00:00Z"), &both))),
        ("1: in force, spares nothing", report(1, implemented(in_time, &BTreeSet::new()))),
        ("1: not lifted", report(1, Reported::NotLifted)),
        ("1: over, before its time", report(1, ended(Some(at), HowEnded::Stopped))),
        ("2: not lifted", report(2, Reported::NotLifted)),
        ("2: over", report(2, ended(Some(at), HowEnded::Lifted))),
        ("2: over, never begun", report(2, ended(None, HowEnded::NeverBegun))),
        ("3: a version nobody sent", report(3, Reported::Taken)),
        (
            "a court's hold",
            Event::HoldPlaced { by: by(), order: digest(), until: instant("2027-06-01T00:00:00Z") },
        ),
        ("the hold is lifted", Event::HoldLifted { by: by() }),
        ("a deadline, too early", Event::DeadlinePassed),
    ]
}

fn case(state: measure::State) -> Case {
    let line = Line { provider: "isp".parse().unwrap(), handle: "h".repeat(43).parse().unwrap() };
    let sentence = Sentence {
        measure: "suspension_counterfeiting".to_owned(),
        by: Pronouncer::Court,
        court: None,
        pronounced_at: instant(PRONOUNCED),
        terms: Terms::Suspension { days: 30 },
    };
    let pronounced = Pronounced { line, file: CaseId(number(1)), sentence, decision: digest() };
    let mut case = Case::open(
        CaseId(number(2)),
        "autorite".parse().unwrap(),
        "fr-graduated-response".parse().unwrap(),
        Subject::Measure(Box::new(pronounced)),
        instant(PRONOUNCED),
    );
    case.state = State::Measure(state);
    case
}

/// Writes the table below that of the ladder.
pub fn write(table: &mut String, regime: &Regime) {
    writeln!(table, "A suspension for counterfeiting\n").unwrap();
    for (name, state) in states() {
        let case = case(state);
        let mut rows: Vec<(&str, Event, Timestamp)> = acts()
            .into_iter()
            .chain(words())
            .map(|(label, event)| (label, event, instant(NOW)))
            .collect();
        if let Some(due) = due(&case, regime).unwrap() {
            rows.push(("its deadline", Event::DeadlinePassed, due.at()));
        }
        for (label, event, now) in rows {
            let outcome = match step(&case, &event, now, regime) {
                Ok(step) => {
                    let effects: Vec<_> = step.effects.iter().map(|effect| effect.name()).collect();
                    format!("{:14} {}", step.state.name(), effects.join(" + "))
                }
                Err(refusal) => format!("-- {}", refusal.name()),
            };
            writeln!(table, "m. {name:20} {label:30} {}", outcome.trim_end()).unwrap();
        }
        table.push('\n');
    }
}
