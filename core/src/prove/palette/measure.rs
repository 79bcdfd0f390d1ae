//! What can happen to a measure: each measure of the file, on the first day of each law, and every
//! act, word and silence that the procedure tells apart.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{DAY, OF_LETTERS, after, before, holds, member, number};
use crate::case::{Case, Subject};
use crate::event::{DeliveryReport, Event, Line};
use crate::id::{CaseId, Digest, PartyId};
use crate::procedure::measure::{
    AppealOutcome, Declined, HowEnded, Life, LiftGround, Pronounced, ProviderReport, Reported,
    Sentence, State, Terms,
};
use crate::regime::Regime;
use crate::regime::rules::{ChannelKind, Measure, MeasureKind};

/// A case of each measure that may be pronounced on a day.
pub(in crate::prove) fn cases(regime: &Regime, at: Timestamp) -> Vec<Case> {
    let measures = regime.at(at).ok().into_iter().flat_map(|rules| &rules.measures);
    measures
        .filter_map(|rule| {
            let subject = Subject::Measure(Box::new(pronounced(rule, at)?));
            let authority = "specimen".parse().expect("a short name");
            let id = regime.id().parse().expect("a regime's id is the name of its folder");
            Some(Case::open(CaseId(number(1)), authority, id, subject, at))
        })
        .collect()
}

fn pronounced(rule: &Measure, pronounced_at: Timestamp) -> Option<Pronounced> {
    let terms = match rule.kind {
        MeasureKind::Suspension => Terms::Suspension { days: 20 },
        MeasureKind::Fine => Terms::Fine { euros: 1 },
        MeasureKind::Injunction => Terms::Injunction,
        MeasureKind::ProviderFine => return None,
    };
    let provider = PartyId::try_from("provider".to_owned()).expect("a short name");
    let handle = "h".repeat(43).parse().expect("43 characters of base64url");
    Some(Pronounced {
        line: Line { provider, handle },
        file: CaseId(number(2)),
        sentence: Sentence {
            measure: rule.id.clone(),
            by: rule.pronounced_by,
            court: None,
            pronounced_at,
            terms,
        },
        decision: digest(),
    })
}

pub(super) fn events(case: &Case, state: &State, at: Timestamp, regime: &Regime) -> Vec<Event> {
    let Some(life) = state.life() else {
        let mut events = vec![Event::MeasurePronounced { by: member() }];
        events.extend(holds(at));
        return events;
    };
    let by = member;
    let shorter = match life.terms {
        Terms::Suspension { .. } => Terms::Suspension { days: 10 },
        other => other,
    };
    let mut events = vec![
        Event::MeasureVaried { by: by(), decision: digest(), terms: shorter },
        Event::LiftingOrdered { by: by(), decision: digest(), ground: LiftGround::Court },
        Event::ExecutionResumed { by: by(), order: digest() },
        Event::LiftingProven { by: by(), document: digest(), at },
        Event::MeasureFulfilled { by: by(), document: digest(), at },
    ];
    match state {
        State::Pronounced { .. } => {
            events.push(Event::EnforceabilityConfirmed { by: by(), certificate: digest(), at });
            events.push(Event::AppealFiled { document: digest(), received_at: at });
            events.push(Event::AppealFiled { document: digest(), received_at: before(at) });
        }
        State::Appealed { .. } => {
            let varied = AppealOutcome::Varied { terms: shorter };
            let outcomes = [AppealOutcome::Upheld, varied, AppealOutcome::Quashed];
            events.extend(outcomes.map(|outcome| {
                let (judgment, decided_at) = (digest(), at);
                Event::AppealDecided { by: by(), outcome, judgment, decided_at }
            }));
        }
        State::Notifying { .. } => {
            events.push(Event::NotificationServed { by: by(), document: digest(), at });
            events.extend(OF_LETTERS.iter().map(|status| {
                let channel = ChannelKind::RegisteredLetter;
                Event::Delivery(DeliveryReport { stage: 0, channel, status: *status, at })
            }));
        }
        // What the person asks is asked once, where it is answered by the harshest silence.
        State::InForce { .. } => {
            events.push(Event::PostponementRequested { document: digest(), received_at: at });
            events.push(Event::PostponementRefused { by: by(), reasons: digest() });
        }
        State::Lifting { .. } => events.extend(holds(at)),
        _ => {}
    }
    // Out of their turn in most states: tried all the same, they lead nowhere.
    events.push(Event::AppealFiled { document: digest(), received_at: at });
    if !matches!(state, State::Postponed { .. }) {
        let until = after(at, DAY * 30);
        events.push(Event::MeasurePostponed { by: by(), order: digest(), until });
    }
    events.extend(reports(case, life, at, regime));
    events
}

/// The provider's words: about the newest version, and about the one before.
fn reports(case: &Case, life: &Life, at: Timestamp, regime: &Regime) -> Vec<Event> {
    let Subject::Measure(pronounced) = &case.subject else { return Vec::new() };
    let rules = regime.at(pronounced.sentence.pronounced_at).ok();
    let rule = rules.and_then(|rules| {
        rules.measures.iter().find(|rule| rule.id == pronounced.sentence.measure)
    });
    let spared: BTreeSet<_> = rule.into_iter().flat_map(|rule| rule.spares.clone()).collect();
    let until = life.window.map(|window| window.ends_at);
    let late = until.map(|until| after(until, DAY));
    let implemented = |until| Reported::Implemented { at, until, spared: spared.clone() };
    let ended = |started, how| Reported::Ended { started, at, how };
    let words = [
        Reported::Taken,
        Reported::Approved { at },
        Reported::Declined { reason: Declined::LineCeased },
        implemented(None),
        implemented(until),
        implemented(late),
        Reported::NotLifted,
        ended(None, HowEnded::NeverBegun),
        ended(Some(at), HowEnded::Expired),
        ended(Some(at), HowEnded::Stopped),
    ];
    let mut events = Vec::new();
    for version in [life.version, life.version.saturating_sub(1)] {
        for reported in &words {
            let (reported, proof) = (reported.clone(), digest());
            events.push(Event::MeasureReported(ProviderReport { version, reported, proof }));
        }
    }
    events
}

fn digest() -> Digest {
    "f".repeat(64).parse().expect("64 digits")
}
