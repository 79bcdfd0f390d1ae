//! Rules about the books: every act has its entries, in order; a person stands behind every
//! message; nothing is lost; the ledger verifies and its replay is the state.

use entremise_core::case::{Case, State};
use entremise_core::effect::Effect;
use entremise_core::procedure::identification;
use entremise_core::replay::{Entered, replay};
use entremise_ledger::{Options, Place, verify};
use entremise_store::{CaseFile, EffectRow, HistoryEntry};
use jiff::SignedDuration;

use super::{Books, Violation};

pub(super) fn judge(books: &Books<'_>, violations: &mut Vec<Violation>) -> anyhow::Result<()> {
    for file in books.cases.values() {
        if is_erased(file) {
            what_is_erased_is_absent(books, file, violations)?;
        } else {
            acts_have_their_entries(file, violations);
            a_person_stands_behind_each_message(file, violations);
            replay_is_the_state(books, file, violations);
        }
        ends_or_waits_for_somebody(books, file, violations);
    }
    messages_have_an_intent(books, violations);
    nothing_accepted_is_lost(books, violations)?;
    the_ledger_verifies(books, violations)
}

fn violation(rule: &'static str, what: String) -> Violation {
    Violation { rule, what }
}

/// Whether the bodies of a case's lines are gone: by its own erasure or that of its line's case.
fn is_erased(file: &CaseFile) -> bool {
    file.history.iter().any(|entry| entry.body.is_none())
}

fn what_is_erased_is_absent(
    books: &Books<'_>,
    file: &CaseFile,
    violations: &mut Vec<Violation>,
) -> anyhow::Result<()> {
    let store = &books.play.house().store;
    let kept = store.documents(&file.case.authority, &file.case.id)?;
    if !kept.is_empty() {
        let rule = "erased means absent";
        violations.push(violation(rule, format!("{} documents of {}", kept.len(), file.case.id)));
    }
    Ok(())
}

/// Effects that act on somebody outside.
fn acts_outside(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::AskProvider { .. }
            | Effect::RequestDisclosure { .. }
            | Effect::RequestAuthorisedDisclosure { .. }
            | Effect::RelayMessage { .. }
            | Effect::SendMessage { .. }
            | Effect::SendConvocation { .. }
            | Effect::SendAnswer { .. }
    )
}

fn entries<'f>(
    file: &'f CaseFile,
    kind: &str,
    row: &EffectRow,
) -> impl Iterator<Item = &'f HistoryEntry> {
    // An intent is named after the effect, an outcome after what came of it.
    let kind = format!("{kind}.");
    let id = row.id.to_string();
    file.history.iter().filter(move |entry| {
        entry.kind.starts_with(&kind)
            && entry.body.as_ref().is_some_and(|body| body.to_string().contains(&id))
    })
}

fn acts_have_their_entries(file: &CaseFile, violations: &mut Vec<Violation>) {
    let rule = "every act has an intent before it and an outcome after it";
    for row in file.effects.iter().filter(|row| acts_outside(&row.effect)) {
        let intent = entries(file, "intent", row).map(|entry| entry.seq).min();
        let outcome = entries(file, "outcome", row).map(|entry| entry.seq).max();
        let wrong = match (row.state.as_str(), intent, outcome) {
            ("done", Some(intent), Some(outcome)) => outcome <= intent,
            ("done", ..) => true,
            // One that is not done may have been tried, with or without an outcome so far.
            (_, None, Some(_)) => true,
            _ => false,
        };
        if wrong {
            violations.push(violation(
                rule,
                format!(
                    "{} {}: {intent:?}, {outcome:?}, {:?}",
                    row.effect.name(),
                    row.id,
                    row.outcome
                ),
            ));
        }
    }
}

fn messages_have_an_intent(books: &Books<'_>, violations: &mut Vec<Violation>) {
    let rule = "nothing leaves before its intent is entered";
    for message in &books.messages {
        let intended = books.cases.get(&message.case).is_some_and(|file| {
            file.effects.iter().filter(|row| row.id == message.effect).any(|row| {
                is_erased(file)
                    || entries(file, "intent", row).any(|entry| entry.at <= message.taken_at)
            })
        });
        if !intended {
            violations.push(violation(rule, format!("{}", message.effect)));
        }
    }
}

/// What a member decides alone, and what a member puts before a reviewer.
const DECISIONS: [&str; 2] = ["event.decided", "event.authorisation_requested"];

fn a_person_stands_behind_each_message(file: &CaseFile, violations: &mut Vec<Violation>) {
    let rule = "no message without a person's decision before it";
    for row in &file.effects {
        let Effect::SendMessage { stage, .. } = &row.effect else { continue };
        let intent = entries(file, "intent", row).map(|entry| entry.seq).min();
        let Some(intent) = intent else { continue };
        let decisions = file
            .history
            .iter()
            .filter(|entry| entry.actor.starts_with("person:"))
            .filter(|entry| DECISIONS.contains(&entry.kind.as_str()))
            .filter(|entry| entry.seq < intent)
            .count();
        // One decision for each stage up to this one, at the least.
        if decisions <= *stage {
            violations.push(violation(rule, format!("{} of stage {stage}", row.id)));
        }
    }
}

fn replay_is_the_state(books: &Books<'_>, file: &CaseFile, violations: &mut Vec<Violation>) {
    let rule = "replaying a case's history gives its state";
    let house = books.play.house();
    let Some(regime) = house.store.regime(&file.case.regime) else { return };
    let case = &file.case;
    let open = Case::open(
        case.id,
        case.authority.clone(),
        case.regime.clone(),
        case.subject.clone(),
        case.opened_at,
    );
    let history: Vec<Entered> = file
        .history
        .iter()
        .filter(|entry| entry.kind.starts_with("event."))
        .filter_map(|entry| Some(Entered { at: entry.at, event: entry.event.clone()? }))
        .collect();
    let (replayed, _) = replay(open, &history, regime);
    if replayed.state != case.state {
        violations.push(violation(
            rule,
            format!("case {}: {:?} is not {:?}", case.id, replayed.state, case.state),
        ));
    }
}

/// How late the clock worker may be: it looks some times a day.
const LOOKED_AT_WITHIN: SignedDuration = SignedDuration::from_hours(72);

/// No case waits for nobody: whatever is open has work in the outbox, a deadline ahead, or a
/// person to whom an alarm speaks.
fn ends_or_waits_for_somebody(books: &Books<'_>, file: &CaseFile, violations: &mut Vec<Violation>) {
    if file.case.state.is_closed() {
        return;
    }
    let now = books.play.clock.now();
    match &file.due {
        None => violations.push(violation(
            "every open case has a deadline",
            format!("case {} is {}", file.case.id, file.case.state.name()),
        )),
        Some(due) if due.at() + LOOKED_AT_WITHIN < now => violations.push(violation(
            "no deadline passes unseen",
            format!("case {}: due {}, now {now}", file.case.id, due.at()),
        )),
        Some(_) => {}
    }
    let asks = matches!(file.case.state, State::Identification(identification::State::Open));
    if asks {
        violations.push(violation(
            "an accepted notice leads to a question",
            format!("case {}", file.case.id),
        ));
    }
}

fn nothing_accepted_is_lost(
    books: &Books<'_>,
    violations: &mut Vec<Violation>,
) -> anyhow::Result<()> {
    let rule = "every notice that was accepted has a case, and only those";
    let house = books.play.house();
    let counted = house.store.counts(&books.play.authority)?;
    let accepted = counted.notices.get("accepted").copied().unwrap_or(0);
    let notices = books.sightings.len() as u64;
    if accepted != notices {
        violations.push(violation(rule, format!("{accepted} accepted, {notices} cases")));
    }
    for (notice, candidates) in &books.sightings {
        if candidates.is_empty() {
            violations.push(violation(
                "every notice was sent by somebody",
                format!("{notice} is nobody's sighting"),
            ));
        }
    }
    // The sender that speaks HTTP was told how many; it must not be fewer than there are.
    let told = books.play.told_accepted[0];
    let kept = books
        .cases
        .values()
        .flat_map(|file| &file.history)
        .filter(|entry| entry.kind == "event.notice_accepted" && entry.actor == "party:musique")
        .count() as u64;
    if told != kept {
        violations.push(violation(
            "what a sender is told is accepted is kept",
            format!("{told} told, {kept} kept"),
        ));
    }
    Ok(())
}

fn the_ledger_verifies(books: &Books<'_>, violations: &mut Vec<Violation>) -> anyhow::Result<()> {
    books.play.publish()?;
    let folder = books.play.ledger_folder();
    let place = Place::folder(&folder);
    let report = verify(&place, Options::default())?;
    if !report.is_sound() {
        violations.push(violation("the ledger verifies", report.to_json()));
    }
    let size = books.play.house().store.ledger_size(&books.play.authority)?;
    if report.entries() != size {
        violations.push(violation(
            "the published ledger is whole",
            format!("{} published, {size} entered", report.entries()),
        ));
    }
    Ok(())
}
