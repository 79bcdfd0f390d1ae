//! The whole table of the ladder, and of a measure: every state against every event, under the
//! rules of June 2026.
//!
//! `matrix.txt` beside this file *is* the reviewable state machine. A change of the machine shows
//! there as changed lines, for a lawyer to read. To accept a new table after reading it:
//! `ENTREMISE_ACCEPT=1 cargo test -p entremise-core matrix`.

use crate::matrix_measures;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use entremise_core::authorisation::{
    self, Denial, Grant, PublicKey, ReviewerKey, Ruling, Signature, SignedStatement,
};
use entremise_core::case::{Case, State, Subject};
use entremise_core::event::{
    AnswerReport, ConvocationReport, Decision, DeliveryReport, DeliveryStatus, DisclosureFailure,
    Event, Fact, Ground, Line, Verdict,
};
use entremise_core::id::{AuthorisationId, CaseId, NoticeId, QuestionId};
use entremise_core::identification::IdentityField;
use entremise_core::procedure::Kept;
use entremise_core::procedure::ladder::{
    self, Challenge, ChallengeAnswer, ChallengeGround, ChallengeVerdict, Closure, CourtOutcome,
    Defence, Deliberated, Facts, Heard, Hearing, Message, Reached, Started,
};
use entremise_core::regime::embedded;
use entremise_core::regime::rules::{ChannelKind, DeliberationOutcome, Gate, Proof, ReturnReason};
use entremise_core::step::{due, step};
use jiff::Timestamp;

/// When a hearing of these states is convened for.
const SLOT: &str = "2026-06-15T08:00:00Z";

pub fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn number(n: u128) -> uuid::Uuid {
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
    let told_by = stage.checked_sub(1).map(|below| messages(below).into_keys().collect());
    let told_by = told_by.unwrap_or_default();
    Facts {
        leading: fact("2026-06-13T10:00:00Z"),
        further: 0,
        before,
        told_by,
        in_vain: Vec::new(),
    }
}

fn messages(stage: usize) -> BTreeMap<ChannelKind, Message> {
    let message = Message::sent(1);
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
                    defence: Defence::default(),
                    since,
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
    states.push(("under review 2".to_owned(), under_review(since)));
    states.extend(heard(since).map(|(name, state)| (name.to_owned(), state)));
    let held = |under: ladder::State, until| ladder::State::Held {
        under: Box::new(under),
        order: "d".repeat(64).parse().unwrap(),
        until: instant(until),
    };
    let proposed = ladder::State::Proposed { stage: 0, facts: facts(0), since, alarmed: true };
    states.push(("held 0".to_owned(), held(proposed, "2027-01-01T00:00:00Z")));
    states.push(("challenged 0".to_owned(), challenged(0, since)));
    states.push(("challenged 1".to_owned(), challenged(1, since)));
    let kept = Some(Kept {
        data: "referral".to_owned(),
        after_stage: "none".to_owned(),
        from: since,
        started_by: "received".to_owned(),
    });
    let closed = |closure, kept| ladder::State::Closed { closure, at: since, kept };
    states.push(("upheld, kept".to_owned(), closed(Closure::ChallengeUpheld, kept.clone())));
    states.push(("closed, kept".to_owned(), closed(Closure::Dismissed, kept)));
    states.push(("closed".to_owned(), closed(Closure::Dismissed, None)));
    states
}

/// A warning whose challenge nobody answered yet.
fn challenged(stage: usize, since: Timestamp) -> ladder::State {
    let by = if stage == 0 { Proof::HandedOver } else { Proof::Presented };
    let warned = ladder::State::Warned {
        stage,
        facts: facts(stage),
        started: Started { by, at: instant(STARTED) },
        messages: messages(stage),
    };
    ladder::State::Challenged {
        under: Box::new(warned),
        challenge: Challenge {
            grounds: vec![ChallengeGround::NotMe],
            document: "7".repeat(64).parse().unwrap(),
            received_at: since,
            reached: Reached { stage, channels: messages(stage).into_keys().collect() },
        },
        alarmed: false,
    }
}

/// The finding's letter, and everything after its presentation.
fn heard(since: Timestamp) -> [(&'static str, ladder::State); 7] {
    let letter = BTreeMap::from([(
        ChannelKind::RegisteredLetter,
        Message { status: Some(DeliveryStatus::Presented), ..Message::sent(1) },
    )]);
    let heard = |hearing| {
        Box::new(Heard {
            stage: 2,
            facts: facts(2),
            started: Started { by: Proof::Presented, at: instant("2026-06-08T10:00:00Z") },
            messages: letter.clone(),
            defence: Defence { hearing, ..Defence::default() },
        })
    };
    let answering =
        |hearing| ladder::State::Contradictory { heard: heard(hearing), alarmed: false };
    let slot = instant(SLOT);
    let decision = Box::new(deliberated(DeliberationOutcome::Transmit));
    let was_heard = || heard(Hearing::NotAttended { at: slot });
    [
        (
            "sending 2",
            ladder::State::Sending {
                stage: 2,
                facts: facts(2),
                messages: BTreeMap::from([(ChannelKind::RegisteredLetter, Message::sent(1))]),
                defence: Defence::default(),
                since,
            },
        ),
        ("answering 2", answering(Hearing::NotAsked)),
        ("hearing asked", answering(Hearing::Asked { at: since })),
        ("convened 2", answering(Hearing::Convened { slot, presented: None })),
        (
            "told of it 2",
            answering(Hearing::Convened { slot, presented: Some(instant("2026-05-20T08:00:00Z")) }),
        ),
        (
            "deliberating 2",
            ladder::State::Deliberating { heard: was_heard(), since, alarmed: false },
        ),
        (
            "transmitted 2",
            ladder::State::Transmitted { heard: was_heard(), decision, at: since, alarmed: false },
        ),
    ]
}

fn deliberated(outcome: DeliberationOutcome) -> Deliberated {
    let digest = |letter: &str| letter.repeat(64).parse().unwrap();
    let by = "membre-1".parse().unwrap();
    Deliberated { by, outcome, reasons: digest("a"), examined: digest("b") }
}

fn answered(verdict: ChallengeVerdict) -> Event {
    let (by, reasons) = ("membre-1".parse().unwrap(), "8".repeat(64).parse().unwrap());
    Event::ChallengeAnswered(ChallengeAnswer { by, verdict, reasons })
}

/// News of the message that answers a challenge.
fn answer_told(channel: ChannelKind, status: DeliveryStatus) -> Event {
    let (challenged_at, at) = (instant("2026-06-14T12:00:00Z"), instant(NOW));
    Event::AnswerReported(AnswerReport { stage: 0, challenged_at, channel, status, at })
}

/// News of the convocation to the hearing that states here await.
fn told(status: DeliveryStatus) -> Event {
    let (slot, at) = (instant(SLOT), instant("2026-05-20T08:00:00Z"));
    let channel = ChannelKind::RegisteredLetter;
    Event::ConvocationReported(ConvocationReport { slot, channel, status, at })
}

/// What the person says and asks, and what is done about it.
fn hearings() -> Vec<(&'static str, Event)> {
    let by = || "membre-1".parse().unwrap();
    let document = || "c".repeat(64).parse().unwrap();
    let received_at = instant(NOW);
    vec![
        ("observations", Event::ObservationsReceived { document: document(), received_at }),
        (
            "a challenge",
            Event::ChallengeReceived {
                grounds: vec![ChallengeGround::Misidentified],
                document: document(),
                received_at,
            },
        ),
        ("the challenge is upheld", answered(ChallengeVerdict::Upheld)),
        ("the challenge is rejected", answered(ChallengeVerdict::Rejected)),
        ("the answer handed over", answer_told(ChannelKind::Email, DeliveryStatus::HandedOver)),
        ("the answer bounced", answer_told(ChannelKind::Email, DeliveryStatus::Bounced)),
        (
            "the answer unclaimed",
            answer_told(
                ChannelKind::RegisteredLetter,
                DeliveryStatus::Returned(ReturnReason::Unclaimed),
            ),
        ),
        ("means and charges", Event::SituationStated { document: document(), received_at }),
        ("a hearing is asked for", Event::HearingRequested { received_at }),
        ("convened", Event::HearingConvened { by: by(), slot: instant("2026-07-01T08:00:00Z") }),
        (
            "convened for a past day",
            Event::HearingConvened { by: by(), slot: instant("2026-06-01T08:00:00Z") },
        ),
        (
            "heard",
            Event::HearingHeld {
                by: by(),
                record: document(),
                counsel: true,
                copied: true,
                held_at: received_at,
            },
        ),
        ("the convocation presented", told(DeliveryStatus::Presented)),
        ("the convocation undeliverable", told(DeliveryStatus::Bounced)),
        ("did not come", Event::HearingMissed { by: by() }),
        ("deliberated: close", Event::Deliberated(deliberated(DeliberationOutcome::Close))),
        ("deliberated: transmit", Event::Deliberated(deliberated(DeliberationOutcome::Transmit))),
        (
            "a court's outcome",
            Event::OutcomeReported {
                by: by(),
                outcome: CourtOutcome::Convicted,
                judgment: document(),
                measures: Vec::new(),
            },
        ),
    ]
}

fn under_review(since: Timestamp) -> ladder::State {
    ladder::State::UnderReview {
        stage: 2,
        facts: facts(2),
        request: AuthorisationId(number(5)),
        requested_by: "membre-1".parse().unwrap(),
        reviewer: "magistrat-1".parse().unwrap(),
        evidence: "e".repeat(64).parse().unwrap(),
        since,
    }
}

/// A reviewer's statement on the request above; the signature is taken on trust here.
fn signed(ruling: Ruling) -> (SignedStatement, ReviewerKey) {
    let case = case(under_review(instant("2026-06-14T12:00:00Z")));
    let regime = embedded("fr-graduated-response").unwrap();
    let statement = authorisation::Statement {
        request: AuthorisationId(number(5)),
        ruling,
        reviewer: "magistrat-1".parse().unwrap(),
        linking: ladder::linking_asked(&case, &regime).unwrap(),
        evidence: "e".repeat(64).parse().unwrap(),
        reasons: "f".repeat(64).parse().unwrap(),
        expires_at: instant("2026-07-01T00:00:00Z"),
    };
    let signature = Signature::Ed25519 { signature: String::new() };
    let key = ReviewerKey {
        id: "cle-1".parse().unwrap(),
        reviewer: "magistrat-1".parse().unwrap(),
        body: "Formation de contrôle (SPECIMEN)".to_owned(),
        key: PublicKey::Ed25519 { public_key: String::new() },
    };
    (SignedStatement { statement, key: key.id.clone(), signature }, key)
}

fn rulings() -> Vec<(&'static str, Event)> {
    let request = AuthorisationId(number(5));
    let asked = |by: &str, reviewer: &str| Event::AuthorisationRequested {
        request,
        decision: Decision {
            by: by.parse().unwrap(),
            verdict: Verdict::Send,
            ground: Ground::FactsEstablished,
        },
        reviewer: reviewer.parse().unwrap(),
        evidence: "e".repeat(64).parse().unwrap(),
    };
    let handed_to = |to: &str| Event::AuthorisationHandedOver {
        request,
        from: "magistrat-1".parse().unwrap(),
        to: to.parse().unwrap(),
    };
    let (granted, key) = signed(Ruling::Granted);
    let (refused, _) = signed(Ruling::Refused);
    let mut other = granted.clone();
    other.statement.linking.sequence = 4;
    let grant = |signed| {
        let keys = std::slice::from_ref(&key);
        let grant = Grant::verified(signed, keys, instant(NOW), |_, _, _| true).unwrap();
        Event::AuthorisationGranted { grant }
    };
    let denial = Denial::verified(refused, std::slice::from_ref(&key), |_, _, _| true).unwrap();
    vec![
        ("leave asked of a reviewer", asked("membre-1", "magistrat-1")),
        ("leave asked of oneself", asked("membre-1", "membre-1")),
        ("handed to a substitute", handed_to("magistrat-2")),
        ("handed to the requester", handed_to("membre-1")),
        ("granted", grant(granted)),
        ("granted: another linking", grant(other)),
        ("refused by the reviewer", Event::AuthorisationRefused { denial }),
    ]
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
            "disclosure refused",
            Event::DisclosureFailed { question, reason: DisclosureFailure::Refused },
        ),
        (
            "disclosure: grant missing",
            Event::DisclosureFailed { question, reason: DisclosureFailure::AuthorisationMissing },
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
    events.extend(rulings());
    events.extend(hearings());
    let member = || "membre-1".parse().unwrap();
    let until = instant("2027-06-01T00:00:00Z");
    let order = "d".repeat(64).parse().unwrap();
    events.push(("a court's hold", Event::HoldPlaced { by: member(), order, until }));
    events.push(("the hold is lifted", Event::HoldLifted { by: member() }));
    events.push(("the pilot ends", Event::PilotEnded));
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
            _ => unreachable!("this part of the table is the ladder's"),
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
            writeln!(table, "{name:14} {label:29} {}", outcome.trim_end()).unwrap();
        }
        table.push('\n');
    }
    matrix_measures::write(&mut table, &regime);
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
    for row in table().lines().filter(|row| row.starts_with("closed  ")) {
        assert!(row.contains("-- out_of_turn"), "{row}");
    }
}

#[test]
fn a_closed_case_that_keeps_something_takes_its_end_a_hold_and_news_of_its_answer_only() {
    let table = table();
    let moved: Vec<&str> = table
        .lines()
        .filter(|row| row.starts_with("closed, kept") && !row.contains("-- "))
        .map(|row| row[15..44].trim())
        .collect();
    let news = ["the answer handed over", "the answer bounced", "the answer unclaimed"];
    let [over, bounced, unclaimed] = news;
    assert_eq!(moved, [over, bounced, unclaimed, "a court's hold", "its deadline"]);
    // Whoever is right is told so after the case closed: news of that opens and ends nothing.
    for row in table.lines().filter(|row| news.iter().any(|news| row.contains(news))) {
        assert!(!row.contains("erase_personal_data"), "{row}");
    }
}

#[test]
fn only_a_grant_for_this_linking_asks_for_an_authorised_disclosure() {
    let table = table();
    let asked: Vec<&str> =
        table.lines().filter(|row| row.contains("request_authorised_disclosure")).collect();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("under review 2 granted  "), "{}", asked[0]);
}

#[test]
fn only_a_decision_or_a_fallback_asks_who_somebody_is() {
    for row in table().lines().filter(|row| row.contains("request_disclosure")) {
        let by_a_person = row.contains("decided: send");
        let by_fallback = row.contains("mail bounced") || row.contains("disclosed:");
        assert!(by_a_person || by_fallback, "{row}");
    }
}

#[test]
fn only_a_member_s_deliberation_sends_a_file_and_only_once_the_person_was_heard() {
    let table = table();
    let sent: Vec<&str> = table.lines().filter(|row| row.contains("transmit_file")).collect();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].starts_with("deliberating 2 deliberated: transmit"), "{}", sent[0]);
    for waiting in ["answering 2", "hearing asked", "convened 2"] {
        let refused = format!("{waiting:14} {:29} -- still_heard", "deliberated: transmit");
        assert!(table.lines().any(|row| row == refused), "{refused}");
    }
}

#[test]
fn the_member_may_close_at_any_rung_once_nothing_is_on_its_way() {
    let table = table();
    let closed: Vec<&str> = table
        .lines()
        .filter(|row| row[15.min(row.len())..].starts_with("decided: close"))
        .filter(|row| row.contains(" dismissed"))
        .map(|row| row[..14].trim())
        .collect();
    assert_eq!(
        closed,
        [
            "proposed 0",
            "warned 0",
            "proposed 1",
            "warned 1",
            "barred 2",
            "under review 2",
            "answering 2",
            "hearing asked",
            "convened 2",
            "told of it 2",
            "deliberating 2",
            "held 0",
            "challenged 0",
            "challenged 1",
        ]
    );
}

#[test]
fn an_answer_needs_a_challenge_and_a_challenge_a_message_that_may_have_reached_the_person() {
    let table = table();
    let took = |event: &str| -> Vec<String> {
        let taken = table.lines().filter(|row| row.contains(event) && !row.contains("-- "));
        taken.map(|row| row[..14].trim().to_owned()).collect()
    };
    assert_eq!(took(" the challenge is upheld"), ["challenged 0", "challenged 1"]);
    assert_eq!(took(" the challenge is rejected"), ["challenged 0", "challenged 1"]);
    assert_eq!(
        took(" a challenge  "),
        [
            "sending 0",
            "warned 0",
            "proposed 1",
            "asking 1",
            "sending 1",
            "warned 1",
            "barred 2",
            "under review 2",
            "sending 2",
            "answering 2",
            "hearing asked",
            "convened 2",
            "told of it 2",
            "deliberating 2",
        ]
    );
}
