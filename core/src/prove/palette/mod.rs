//! What is tried: every kind of event with every content that the law tells apart, at the instants
//! between which nothing can change.
//!
//! Knows which news can come, and not what any of them leads to.

mod challenge;
mod hearing;
mod measure;
mod review;

pub(super) use measure::cases as measures;

use jiff::{SignedDuration, Timestamp};

use super::likeness::Scale;
use crate::case::{Case, State, Subject};
use crate::event::{
    Decision, DeliveryReport, DeliveryStatus, DisclosureFailure, Event, Fact, Ground, Line, Verdict,
};
use crate::id::{CaseId, NoticeId, PartyId, PersonId, QuestionId};
use crate::identification::{Assignment, AssignmentKind, IdentityField, Outcome};
use crate::procedure::{Due, DueKind, identification, ladder};
use crate::regime::Regime;
use crate::regime::rules::{ChannelKind, ReturnReason};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The last instant before another.
fn before(instant: Timestamp) -> Timestamp {
    instant.checked_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN)
}

fn after(instant: Timestamp, length: SignedDuration) -> Timestamp {
    instant.checked_add(length).unwrap_or(Timestamp::MAX)
}

fn number(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

/// Where stories begin: ten o'clock on the first day of each set of rules, and on the day before
/// the last of each, so that every change of the law meets a case at every point of its way.
pub(super) fn beginnings(regime: &Regime, scale: &Scale) -> Vec<Timestamp> {
    let ten = SignedDuration::from_hours(10);
    let first = regime.versions().first().map(|version| regime.zone().start_of(version.from));
    let mut beginnings: Vec<Timestamp> = first.into_iter().map(|first| after(first, ten)).collect();
    for change in scale.changes() {
        let eve = change.checked_sub(DAY + DAY).unwrap_or(Timestamp::MIN);
        beginnings.push(after(eve, ten));
        beginnings.push(after(*change, ten));
    }
    beginnings
}

/// An empty case of each procedure. No name in it means anybody.
pub(super) fn cases(regime: &Regime, at: Timestamp) -> Vec<Case> {
    let provider = || PartyId::try_from("provider".to_owned()).expect("a short name");
    let handle = "h".repeat(43).parse().expect("43 characters of base64url");
    let subjects = [
        Subject::Line(Line { provider: provider(), handle }),
        Subject::Notice { notice: NoticeId(number(7)), provider: provider() },
    ];
    let open = |subject| {
        let authority = "specimen".parse().expect("a short name");
        let id = regime.id().parse().expect("a regime's id is the name of its folder");
        Case::open(CaseId(number(1)), authority, id, subject, at)
    };
    subjects.into_iter().map(open).collect()
}

/// The instants worth trying from here: now; once more is known than at the proof, the day after;
/// and the last instant before and the first after whatever ends or changes.
pub(super) fn instants(
    case: &Case,
    now: Timestamp,
    due: Option<&Due>,
    regime: &Regime,
    scale: &Scale,
) -> Vec<Timestamp> {
    // An alarm leaves a case where it is: what comes just before it is as what comes now.
    let (mut edges, mut instants) = (Vec::new(), vec![now]);
    match due {
        Some(due) if due.what != DueKind::End => instants.push(due.at()),
        due => edges.extend(due.map(Due::at)),
    }
    if let State::Ladder(state) = &case.state {
        let state = state.bare();
        if let ladder::State::Warned { started, .. } = state {
            instants.push(after(started.at, DAY));
        }
        let window = ladder::repeat_window(state, regime).ok().flatten();
        edges.extend(window.map(|window| window.ends_at));
    }
    edges.extend(scale.next_change(now));
    instants.extend(edges.iter().flat_map(|edge| [before(*edge), *edge]));
    instants.retain(|instant| *instant >= now);
    instants.sort_unstable();
    instants.dedup();
    instants
}

/// The events that can come at an instant.
pub(super) fn events(case: &Case, at: Timestamp, due: Option<&Due>, regime: &Regime) -> Vec<Event> {
    let passed = due.filter(|due| due.at() <= at);
    // An alarm that is due is raised first, and a time that is over has ended.
    if passed.is_some_and(|due| due.what != DueKind::End) {
        return vec![Event::DeadlinePassed];
    }
    let mut events = match &case.state {
        State::Ladder(state) if state.challenge().is_some() => {
            challenge::while_open(facts(state.bare(), at, regime), at)
        }
        State::Ladder(state) => {
            let mut events = on_the_ladder(case, state.bare(), at, regime);
            events.extend(challenge::received(state, at));
            events.extend(challenge::news(state, at));
            events
        }
        State::Identification(state) => identifying(state, at),
        State::Measure(state) => measure::events(case, state.bare(), at, regime),
    };
    events.extend(passed.map(|_| Event::DeadlinePassed));
    events
}

fn on_the_ladder(case: &Case, state: &ladder::State, at: Timestamp, regime: &Regime) -> Vec<Event> {
    let mut events = facts(state, at, regime);
    events.extend(review::events(case, state, at, regime));
    events.extend(hearing::events(state, at));
    events.extend(holds(at));
    for verdict in [Verdict::Send, Verdict::Close] {
        events.push(Event::Decided(decision(verdict)));
    }
    events.extend(disclosures());
    events.extend(news(state, at));
    events
}

/// A court has the file kept for a day, or past every time of keeping, and lifts its order.
fn holds(at: Timestamp) -> [Event; 3] {
    let court = || "court".parse().expect("a short name");
    let order = || "d".repeat(64).parse().expect("64 digits");
    let placed =
        |days| Event::HoldPlaced { by: court(), order: order(), until: after(at, DAY * days) };
    [placed(1), placed(3 * 365), Event::HoldLifted { by: court() }]
}

fn decision(verdict: Verdict) -> Decision {
    Decision { by: member(), verdict, ground: Ground::FactsEstablished }
}

fn member() -> PersonId {
    "member".parse().expect("a short name")
}

/// A fact observed just now, one from before the person was warned, and one observed within the
/// window and reported after it.
fn facts(state: &ladder::State, at: Timestamp, regime: &Regime) -> Vec<Event> {
    let mut observed = vec![at];
    if let ladder::State::Warned { started, .. } = state {
        observed.push(started.at);
        let window = ladder::repeat_window(state, regime).ok().flatten();
        observed.extend(window.map(|window| before(window.ends_at)));
    }
    observed.retain(|fact_at| *fact_at <= at);
    observed.sort_unstable();
    observed.dedup();
    let fact = |fact_at| Fact {
        notice: NoticeId(number(7)),
        identification: CaseId(number(8)),
        fact_at,
        received_at: at,
    };
    observed.into_iter().map(|fact_at| Event::FactEstablished { fact: fact(fact_at) }).collect()
}

/// Each set of contact details that sends by one way, by the other, by both, or by none.
fn disclosures() -> Vec<Event> {
    use IdentityField::{Email, Name, PostalAddress};
    let question = QuestionId(number(9));
    let sets =
        [vec![Email, Name, PostalAddress], vec![Email], vec![Name, PostalAddress], Vec::new()];
    let mut events: Vec<Event> =
        sets.into_iter().map(|fields| Event::Disclosed { question, fields }).collect();
    events.extend(
        [
            DisclosureFailure::HandleUnknown,
            DisclosureFailure::AuthorisationMissing,
            DisclosureFailure::Refused,
        ]
        .map(|reason| Event::DisclosureFailed { question, reason }),
    );
    events
}

/// Every news of every message that is on its way. A proof also comes late: dated on the day on
/// which the message left.
fn news(state: &ladder::State, at: Timestamp) -> Vec<Event> {
    let (stage, messages, left) = match state {
        ladder::State::Sending { stage, messages, since, .. } => (*stage, messages, Some(*since)),
        ladder::State::Warned { stage, messages, .. } => (*stage, messages, None),
        ladder::State::Contradictory { heard, .. }
        | ladder::State::Deliberating { heard, .. }
        | ladder::State::Transmitted { heard, .. } => (heard.stage, &heard.messages, None),
        // Elsewhere nothing is on its way; one late news is tried all the same.
        other => {
            return vec![report(
                other.stage().unwrap_or(0),
                ChannelKind::Email,
                DeliveryStatus::HandedOver,
                at,
            )];
        }
    };
    let mut events = Vec::new();
    for channel in messages.keys() {
        let by_post = *channel != ChannelKind::Email;
        let statuses = if by_post { OF_LETTERS } else { OF_MAILS };
        for status in statuses {
            events.push(report(stage, *channel, *status, at));
            if PROOFS.contains(status) {
                let late = left.filter(|left| *left < at);
                events.extend(late.map(|left| report(stage, *channel, *status, left)));
            }
        }
    }
    events.extend(
        stage
            .checked_sub(1)
            .map(|below| report(below, ChannelKind::Email, DeliveryStatus::HandedOver, at)),
    );
    events
}

const PROOFS: [DeliveryStatus; 2] = [DeliveryStatus::HandedOver, DeliveryStatus::Presented];
const OF_MAILS: &[DeliveryStatus] = &[
    DeliveryStatus::HandedOver,
    DeliveryStatus::Relayed,
    DeliveryStatus::Delivered,
    DeliveryStatus::Delayed,
    DeliveryStatus::Bounced,
    DeliveryStatus::Blocked,
    DeliveryStatus::Unknown,
];
const OF_LETTERS: &[DeliveryStatus] = &[
    DeliveryStatus::HandedOver,
    DeliveryStatus::Presented,
    DeliveryStatus::Delivered,
    DeliveryStatus::Returned(ReturnReason::Refused),
    DeliveryStatus::Returned(ReturnReason::Unclaimed),
    DeliveryStatus::Returned(ReturnReason::UnknownAddress),
    DeliveryStatus::Returned(ReturnReason::Deceased),
    DeliveryStatus::Returned(ReturnReason::Lost),
    DeliveryStatus::Unknown,
];

fn report(stage: usize, channel: ChannelKind, status: DeliveryStatus, at: Timestamp) -> Event {
    Event::Delivery(DeliveryReport { stage, channel, status, at })
}

fn identifying(state: &identification::State, at: Timestamp) -> Vec<Event> {
    let (notice, question) = (NoticeId(number(7)), QuestionId(number(9)));
    let party = |name: &str| PartyId::try_from(name.to_owned()).expect("a short name");
    let mut events = vec![
        Event::NoticeAccepted {
            notice,
            sender: party("sender"),
            provider: party("provider"),
            fact_at: at,
        },
        Event::QuestionAsked { question },
        Event::NoticeRetracted { notice },
    ];
    if matches!(state, identification::State::Asked { .. }) {
        events.extend(outcomes(at).map(|outcome| Event::Answered { question, outcome }));
    }
    events
}

fn outcomes(at: Timestamp) -> impl Iterator<Item = Outcome> {
    let handle = "h".repeat(43).parse().expect("43 characters of base64url");
    let assignment = Assignment { kind: AssignmentKind::Static, start: at, end: None };
    [
        Outcome::Identified { handle, assignment },
        Outcome::Ambiguous { holders: 2 },
        Outcome::NotFound,
        Outcome::OutOfRetention,
        Outcome::NotOurAddress,
        Outcome::ResaleOperator { operator: "operator".to_owned() },
        Outcome::SharedUnresolvable,
        Outcome::LogGap,
        Outcome::Refused { reason: "refused".to_owned() },
        Outcome::Error { reason: "error".to_owned() },
    ]
    .into_iter()
}
