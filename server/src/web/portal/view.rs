//! A file as the person may see it, read from the case and its history alone. Opens nothing, and
//! tells only of facts that a message told of.

use entremise_core::case::State;
use entremise_core::deadline::Deadline;
use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryStatus, Event};
use entremise_core::id::{Digest, NoticeId};
use entremise_core::procedure::DueKind;
use entremise_core::procedure::ladder::{
    self, ChallengeGround, Hearing, State as Ladder, answer_due, observations_until,
};
use entremise_core::regime::Regime;
use entremise_core::regime::rules::Statement;
use entremise_core::step::{due, step};
use entremise_store::CaseFile;
use jiff::Timestamp;

use super::desk::{Answered, Can, Dated, FileView, SentAct, Stands, Told, Verdict, When};

/// The view of a file with the measures of its judgment.
pub(super) fn of(
    file: &CaseFile,
    measures: &[CaseFile],
    regime: &Regime,
    slots: bool,
    now: Timestamp,
) -> FileView {
    let State::Ladder(state) = &file.case.state else { return nothing(file, regime) };
    FileView {
        told: told(file, regime),
        stands: stands(state),
        dates: dates(file, measures, state, regime),
        works: !facts_with_works(file, regime).is_empty(),
        can: can(file, state, regime, slots, now),
        sent: all_sent(file, measures, state, regime),
        answers: all_answers(file, measures, regime),
        hearing: hearing(state).cloned(),
        measures: super::measures::of(measures, regime, now),
        ..nothing(file, regime)
    }
}

/// A file of which there is nothing to say.
fn nothing(file: &CaseFile, regime: &Regime) -> FileView {
    FileView {
        zone: regime.zone().clone(),
        number: file.file_number.clone().unwrap_or_default(),
        told: Vec::new(),
        stands: Stands::Examined,
        dates: Vec::new(),
        works: false,
        can: Can::default(),
        sent: Vec::new(),
        answers: Vec::new(),
        hearing: None,
        measures: Vec::new(),
    }
}

/// A message that was asked for: its stage by place and name, the fact, and whether it names works.
struct Message {
    stage: usize,
    id: String,
    notice: NoticeId,
    further: u32,
    works: bool,
}

/// The messages of a file, each stage once.
fn messages(file: &CaseFile, regime: &Regime) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for row in &file.effects {
        let (Effect::SendMessage { stage, stage_id, names_works, notice, further_facts, .. }
        | Effect::RelayMessage { stage, stage_id, names_works, notice, further_facts, .. }) =
            &row.effect
        else {
            continue;
        };
        if messages.iter().any(|known| known.stage == *stage) {
            continue;
        }
        let rules = regime.at(row.created_at).ok();
        let says = rules.and_then(|rules| rules.stages.get(*stage)).map(|rung| &rung.must_say);
        let on_request = says.is_some_and(|says| says.contains(&Statement::WorksOnRequest));
        messages.push(Message {
            stage: *stage,
            id: stage_id.clone(),
            notice: *notice,
            further: *further_facts,
            works: *names_works || on_request,
        });
    }
    messages
}

/// When the fact of a notice was observed.
fn fact_at(file: &CaseFile, notice: NoticeId) -> Option<Timestamp> {
    file.history.iter().find_map(|line| match &line.event {
        Some(Event::FactEstablished { fact }) if fact.notice == notice => Some(fact.fact_at),
        _ => None,
    })
}

/// The facts whose works the law lets the person know: named in the message, or given to whoever
/// asks expressly (the law of 2009 to 2021).
pub(super) fn facts_with_works(file: &CaseFile, regime: &Regime) -> Vec<(NoticeId, Timestamp)> {
    let told = messages(file, regime).into_iter().filter(|message| message.works);
    told.filter_map(|message| Some((message.notice, fact_at(file, message.notice)?))).collect()
}

fn told(file: &CaseFile, regime: &Regime) -> Vec<Told> {
    let told = messages(file, regime).into_iter().map(|message| Told {
        fact_at: fact_at(file, message.notice),
        further: message.further,
        left: left(file, message.stage, regime),
        stage: message.id,
    });
    told.collect()
}

/// By which channels the message of a stage went, and when its carrier took it.
fn left(
    file: &CaseFile,
    of: usize,
    regime: &Regime,
) -> Vec<(entremise_core::regime::rules::ChannelKind, Option<jiff::civil::Date>)> {
    let mut left = Vec::new();
    for row in &file.effects {
        let channel = match &row.effect {
            Effect::SendMessage { stage, channel, .. } if *stage == of => *channel,
            Effect::RelayMessage { stage, .. } if *stage == of => {
                entremise_core::regime::rules::ChannelKind::Email
            }
            _ => continue,
        };
        let taken = file.history.iter().find_map(|line| match &line.event {
            Some(Event::Delivery(report))
                if report.stage == of && report.channel == channel && has_left(report.status) =>
            {
                Some(regime.zone().day_of(report.at))
            }
            _ => None,
        });
        if left.iter().all(|(known, _)| *known != channel) {
            left.push((channel, taken));
        }
    }
    left
}

/// Whatever is heard of a message on its way says that it left.
fn has_left(status: DeliveryStatus) -> bool {
    use DeliveryStatus::{Delivered, HandedOver, Presented, Relayed};
    matches!(status, HandedOver | Relayed | Delivered | Presented)
}

fn stands(state: &Ladder) -> Stands {
    match state.bare() {
        Ladder::Sending { .. } => Stands::Sending,
        Ladder::Warned { .. } => Stands::Warned,
        Ladder::Contradictory { heard, .. } if heard.defence.hearing.is_awaited() => {
            Stands::HearingAwaited
        }
        Ladder::Contradictory { .. } => Stands::MayAnswer,
        Ladder::Deliberating { .. } => Stands::Deliberated,
        Ladder::Transmitted { .. } => Stands::Transmitted,
        Ladder::Closed { closure, .. } => Stands::Closed(*closure),
        _ => Stands::Examined,
    }
}

fn hearing(state: &Ladder) -> Option<&Hearing> {
    match state.bare() {
        Ladder::Sending { defence, .. } => Some(&defence.hearing),
        Ladder::Contradictory { heard, .. }
        | Ladder::Deliberating { heard, .. }
        | Ladder::Transmitted { heard, .. } => Some(&heard.defence.hearing),
        _ => None,
    }
}

/// The days that count, the soonest first, each with its why.
fn dates(file: &CaseFile, measures: &[CaseFile], state: &Ladder, regime: &Regime) -> Vec<Dated> {
    let day = |what, deadline: Deadline| Dated {
        what,
        on: When::Day(deadline.last_day),
        why: Some(deadline.explanation),
    };
    let mut dates = Vec::new();
    if let Some(Hearing::Convened { slot, .. }) = hearing(state) {
        dates.push(Dated { what: "hearing", on: When::Instant(*slot), why: None });
    }
    dates.extend(observations_until(state, regime).map(|deadline| day("answer", deadline)));
    dates.extend(answer_due(state, regime).map(|due| day("challenge", due.deadline)));
    let window = ladder::repeat_window(state.bare(), regime).ok().flatten();
    dates.extend(window.map(|deadline| day("repeat", deadline)));
    // Whom a measure concerns stays known until its own end.
    if measures.is_empty() {
        dates.extend(end(file, regime).map(|deadline| day("end", deadline)));
    }
    dates
}

/// When the file ends, or what is kept of it, if nothing else happens.
fn end(file: &CaseFile, regime: &Regime) -> Option<Deadline> {
    let due = due(&file.case, regime).ok()??;
    (due.what == DueKind::End).then_some(due.deadline)
}

/// What the law of the day takes now: tried on the case as it stands, and not entered.
fn can(file: &CaseFile, state: &Ladder, regime: &Regime, slots: bool, now: Timestamp) -> Can {
    let takes = |event: Event| step(&file.case, &event, now, regime).is_ok();
    let document = || -> Digest { "0".repeat(64).parse().expect("64 digits are a digest") };
    let received_at = now;
    let grounds = vec![ChallengeGround::Other];
    let asks = matches!(
        hearing(state),
        Some(Hearing::NotAsked | Hearing::NotAttended { .. } | Hearing::Asked { .. })
    );
    let hearing = asks && takes(Event::HearingRequested { received_at });
    let chooses =
        matches!(state.bare(), Ladder::Contradictory { .. } | Ladder::Deliberating { .. });
    let asked = matches!(self::hearing(state), Some(Hearing::Asked { .. }));
    Can {
        observations: takes(Event::ObservationsReceived { document: document(), received_at }),
        challenge: takes(Event::ChallengeReceived { grounds, document: document(), received_at }),
        situation: takes(Event::SituationStated { document: document(), received_at }),
        // Whoever asked already can still choose a slot.
        hearing: hearing && (!asked || (slots && chooses)),
        slot: hearing && slots && chooses,
    }
}

/// What the person sent, the newest first, about the file and about its measures.
fn all_sent(
    file: &CaseFile,
    measures: &[CaseFile],
    state: &Ladder,
    regime: &Regime,
) -> Vec<SentAct> {
    let of_measures = measures.iter().flat_map(|measure| super::measures::sent(measure, regime));
    let mut all: Vec<SentAct> = sent(file, state, regime).into_iter().chain(of_measures).collect();
    all.sort_by_key(|act| std::cmp::Reverse(act.entry));
    all
}

/// What was answered, in the order of the ledger.
fn all_answers(file: &CaseFile, measures: &[CaseFile], regime: &Regime) -> Vec<Answered> {
    let of_measures = measures.iter().flat_map(|measure| super::measures::answers(measure, regime));
    let mut all: Vec<Answered> = answers(file).into_iter().chain(of_measures).collect();
    all.sort_by_key(|answer| answer.entry);
    all
}

/// What the person sent about the file itself.
fn sent(file: &CaseFile, state: &Ladder, regime: &Regime) -> Vec<SentAct> {
    let mut sent: Vec<SentAct> = Vec::new();
    for line in file.history.iter().filter(|line| line.kind.starts_with("event.")) {
        let Some((kind, at, document)) = line.event.as_ref().and_then(SentAct::of) else {
            continue;
        };
        let open = state.challenge().map(|(challenge, _)| &challenge.document);
        let answer_by = (kind == "challenge" && document == open)
            .then(|| answer_due(state, regime))
            .flatten()
            .map(|due| Dated {
                what: "challenge",
                on: When::Day(due.deadline.last_day),
                why: Some(due.deadline.explanation),
            });
        sent.push(SentAct { entry: line.seq, kind, at, document: document.cloned(), answer_by });
    }
    sent
}

fn answers(file: &CaseFile) -> Vec<Answered> {
    let answered = file.history.iter().filter_map(|line| match &line.event {
        Some(Event::ChallengeAnswered(answer)) if line.kind.starts_with("event.") => {
            Some(Answered {
                entry: line.seq,
                at: line.at,
                verdict: Verdict::Challenge(answer.verdict),
            })
        }
        _ => None,
    });
    answered.collect()
}
