//! The whole table of the ladder: every state against every event, under the rules of June 2026.
//!
//! `matrix.txt` beside this file *is* the reviewable state machine. A change of the machine shows
//! there as changed lines, for a lawyer to read. To accept a new table after reading it:
//! `ENTREMISE_ACCEPT=1 cargo test -p entremise-core --test matrix`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use entremise_core::case::{Case, State, Subject};
use entremise_core::event::{
    Decision, DeliveryReport, DeliveryStatus, DisclosureFailure, Event, Fact, Ground, Line, Verdict,
};
use entremise_core::id::{CaseId, NoticeId, QuestionId};
use entremise_core::identification::IdentityField;
use entremise_core::procedure::ladder::{self, Closure, Facts, Message, Started};
use entremise_core::regime::embedded;
use entremise_core::regime::rules::{ChannelKind, Gate, Proof, ReturnReason};
use entremise_core::step::{due, step};
use jiff::Timestamp;

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn number(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

const NOW: &str = "2026-06-15T10:00:00Z";
const STARTED: &str = "2026-05-04T10:00:00Z";

fn fact(at: &str) -> Fact {
    Fact {
        notice: NoticeId(number(7)),
        identification: CaseId(number(8)),
        fact_at: instant(at),
        received_at: instant("2026-06-14T10:00:00Z"),
    }
}

fn facts(stage: usize) -> Facts {
    let by = if stage == 2 { Proof::Presented } else { Proof::HandedOver };
    let before = (stage > 0).then(|| Started { by, at: instant(STARTED) });
    Facts { leading: fact("2026-06-13T10:00:00Z"), further: 0, before }
}

fn messages(stage: usize) -> BTreeMap<ChannelKind, Message> {
    let message = Message { status: None, attempt: 1 };
    let channels: &[ChannelKind] = if stage == 0 {
        &[ChannelKind::Email]
    } else {
        &[ChannelKind::Email, ChannelKind::RegisteredLetter]
    };
    channels.iter().map(|channel| (*channel, message)).collect()
}

fn states() -> Vec<(String, ladder::State)> {
    let since = instant("2026-06-14T12:00:00Z");
    let mut states = vec![("open".to_owned(), ladder::State::Open)];
    for stage in 0..2 {
        let channels = messages(stage).into_keys().collect();
        let by = if stage == 0 { Proof::HandedOver } else { Proof::Presented };
        states.extend([
            (
                format!("proposed {stage}"),
                ladder::State::Proposed { stage, facts: facts(stage), since, alarmed: false },
            ),
            (
                format!("asking {stage}"),
                ladder::State::Asking {
                    stage,
                    facts: facts(stage),
                    channels,
                    since,
                    alarmed: false,
                },
            ),
            (
                format!("sending {stage}"),
                ladder::State::Sending {
                    stage,
                    facts: facts(stage),
                    messages: messages(stage),
                    since,
                    alarmed: false,
                },
            ),
            (
                format!("warned {stage}"),
                ladder::State::Warned {
                    stage,
                    facts: facts(stage),
                    started: Started { by, at: instant(STARTED) },
                    messages: messages(stage),
                },
            ),
        ]);
    }
    let gate = Gate::ReviewerAuthorisation;
    states.push((
        "barred 2".to_owned(),
        ladder::State::Barred { stage: 2, facts: facts(2), gate, since },
    ));
    let closed = ladder::State::Closed { closure: Closure::Dismissed, at: since };
    states.push(("closed".to_owned(), closed));
    states
}

fn events(stage: usize) -> Vec<(&'static str, Event)> {
    let question = QuestionId(number(9));
    let decided = |verdict| {
        let by = "membre-1".parse().unwrap();
        Event::Decided(Decision { by, verdict, ground: Ground::FactsEstablished })
    };
    let news = |channel, status| {
        Event::Delivery(DeliveryReport { stage, channel, status, at: instant(NOW) })
    };
    let letter = ChannelKind::RegisteredLetter;
    let everything = vec![IdentityField::Email, IdentityField::Name, IdentityField::PostalAddress];
    let mut events = vec![
        (
            "a fact before the warning",
            Event::FactEstablished { fact: fact("2026-05-01T10:00:00Z") },
        ),
        ("a fact within the window", Event::FactEstablished { fact: fact("2026-06-13T10:00:00Z") }),
        (
            "a fact after every window",
            Event::FactEstablished { fact: fact("2027-06-13T10:00:00Z") },
        ),
        ("decided: send", decided(Verdict::Send)),
        ("decided: close", decided(Verdict::Close)),
        ("disclosed: everything", Event::Disclosed { question, fields: everything }),
        (
            "disclosed: the mail address",
            Event::Disclosed { question, fields: vec![IdentityField::Email] },
        ),
        ("disclosed: nothing", Event::Disclosed { question, fields: vec![] }),
        (
            "disclosure failed",
            Event::DisclosureFailed { question, reason: DisclosureFailure::Refused },
        ),
        ("mail handed over", news(ChannelKind::Email, DeliveryStatus::HandedOver)),
        ("mail delivered", news(ChannelKind::Email, DeliveryStatus::Delivered)),
        ("mail bounced", news(ChannelKind::Email, DeliveryStatus::Bounced)),
        ("mail blocked", news(ChannelKind::Email, DeliveryStatus::Blocked)),
        ("letter handed over", news(letter, DeliveryStatus::HandedOver)),
        ("letter presented", news(letter, DeliveryStatus::Presented)),
        ("letter signed for", news(letter, DeliveryStatus::Delivered)),
    ];
    for (name, reason) in [
        ("letter refused", ReturnReason::Refused),
        ("letter unclaimed", ReturnReason::Unclaimed),
        ("letter: address unknown", ReturnReason::UnknownAddress),
        ("letter: addressee deceased", ReturnReason::Deceased),
        ("letter lost", ReturnReason::Lost),
    ] {
        events.push((name, news(letter, DeliveryStatus::Returned(reason))));
    }
    events.push(("a deadline, too early", Event::DeadlinePassed));
    events
}

fn case(state: ladder::State) -> Case {
    let line = Line { provider: "isp".parse().unwrap(), handle: "h".repeat(43).parse().unwrap() };
    let mut case = Case::open(
        CaseId(number(1)),
        "autorite".parse().unwrap(),
        "fr-graduated-response".parse().unwrap(),
        Subject::Line(line),
        instant("2026-01-01T00:00:00Z"),
    );
    case.state = State::Ladder(state);
    case
}

fn table() -> String {
    let regime = embedded("fr-graduated-response").unwrap();
    let mut table = String::new();
    for (name, state) in states() {
        let case = case(state);
        let stage = match &case.state {
            State::Ladder(state) => state.stage().unwrap_or(0),
            State::Identification(_) => unreachable!("the table is the ladder's"),
        };
        let mut rows: Vec<(&str, Event, Timestamp)> =
            events(stage).into_iter().map(|(label, event)| (label, event, instant(NOW))).collect();
        if let Some(due) = due(&case, &regime).unwrap() {
            rows.push(("its deadline", Event::DeadlinePassed, due.at()));
        }
        for (label, event, now) in rows {
            let outcome = match step(&case, &event, now, &regime) {
                Ok(step) => {
                    let State::Ladder(after) = &step.state else { unreachable!("same procedure") };
                    let rung = after.stage().map(|stage| format!(" {stage}")).unwrap_or_default();
                    let effects: Vec<_> = step.effects.iter().map(|effect| effect.name()).collect();
                    format!("{}{rung:4} {}", after.name(), effects.join(" + "))
                }
                Err(refusal) => format!("-- {}", refusal.name()),
            };
            writeln!(table, "{name:11} {label:29} {}", outcome.trim_end()).unwrap();
        }
        table.push('\n');
    }
    table
}

#[test]
fn the_table_is_the_one_a_lawyer_has_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/matrix.txt");
    let table = table();
    if std::env::var_os("ENTREMISE_ACCEPT").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let read = std::fs::read_to_string(path).unwrap_or_default();
    for (line, (was, is)) in read.lines().zip(table.lines()).enumerate() {
        assert_eq!(was, is, "matrix.txt, line {}", line + 1);
    }
    assert_eq!(read.lines().count(), table.lines().count());
}

#[test]
fn a_closed_case_takes_nothing() {
    for row in table().lines().filter(|row| row.starts_with("closed")) {
        assert!(row.contains("-- out_of_turn"), "{row}");
    }
}

#[test]
fn only_a_decision_or_a_fallback_asks_who_somebody_is() {
    for row in table().lines().filter(|row| row.contains("request_disclosure")) {
        let by_a_person = row.contains("decided: send");
        let by_fallback = row.contains("mail bounced") || row.contains("disclosed:");
        assert!(by_a_person || by_fallback, "{row}");
    }
}
