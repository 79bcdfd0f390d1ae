//! What-if: other rules change what they change, the same rules change nothing, and what persons
//! and carriers did is done again.

use entremise_core::case::{Case, Subject};
use entremise_core::effect::Effect;
use entremise_core::event::{
    Decision, DeliveryReport, DeliveryStatus, Event, Fact, Ground, Line, Verdict,
};
use entremise_core::id::{CaseId, NoticeId, QuestionId};
use entremise_core::identification::IdentityField;
use entremise_core::regime::rules::{ChannelKind, ReturnReason};
use entremise_core::regime::{Regime, embedded};
use entremise_core::replay::{Entered, replay};
use entremise_core::simulate::{Counts, LineHistory, Policy, Script, Synthetic, play};
use entremise_core::step::due;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn french() -> Regime {
    embedded("fr-graduated-response").unwrap().without_words()
}

/// The French rules with a passage changed wherever it stands.
fn changed(passages: &[(&str, &str)]) -> Regime {
    let mut text = embedded::text("fr-graduated-response").unwrap().to_owned();
    for (passage, with) in passages {
        assert!(text.contains(passage), "{passage:?}");
        text = text.replace(passage, with);
    }
    let calendars = embedded::calendars().unwrap();
    Regime::parse("changed.toml", &text, &calendars).unwrap().without_words()
}

fn made_up(seed: u64, lines: u64) -> Synthetic {
    Synthetic { seed, lines, from: at("2024-06-01T00:00:00Z"), to: at("2026-06-01T00:00:00Z") }
}

fn all(history: &Synthetic, regime: &Regime) -> Counts {
    let mut counts = Counts::default();
    for number in 0..history.lines {
        counts.take_in(&play(&history.line(number), regime, &Policy::default(), history.to));
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn an_unchanged_regime_changes_nothing_whatever_the_history(seed in any::<u64>()) {
        let history = made_up(seed, 60);
        prop_assert_eq!(all(&history, &french()), all(&history, &changed(&[])));
    }
}

#[test]
fn a_window_of_twelve_months_yields_more_second_warnings_than_one_of_six() {
    let six = "{ months = 6, from = 2022-01-01, cite = \"CPI L331-20, al. 2\", sure = \"H\" }";
    let longer = changed(&[(six, &six.replace("months = 6", "months = 12"))]);
    let history = made_up(7, 600);
    let (was, is) = (all(&history, &french()), all(&history, &longer));
    let second = |counts: &Counts| counts.get("stage.second.warned");
    assert!(second(&was) > 20 && second(&is) > second(&was) * 5 / 4, "{was:?}\n{is:?}");
    assert!(is.get("message.registered_letter") > was.get("message.registered_letter"));
    assert_eq!(is.get("fact"), was.get("fact"), "the facts are what they were");
    assert!(is.get("stage.first.warned") < was.get("stage.first.warned"), "no new beginning");
}

#[test]
fn a_shorter_time_for_facts_leaves_old_ones_out() {
    let passage = "{ months = 6, from = 2022-01-01, cite = \"CPI L331-19\", sure = \"H\" }";
    let none = changed(&[(passage, &passage.replace("months = 6", "months = 0"))]);
    let history = made_up(3, 50);
    let (was, is) = (all(&history, &french()), all(&history, &none));
    // What came on the very day is still in time.
    assert_eq!(was.get("notice.too_old"), 0);
    assert!(is.get("notice.too_old") > is.get("fact"), "{is:?}");
    assert_eq!(is.get("notice.too_old") + is.get("fact"), was.get("fact"));
}

fn line() -> Line {
    Line { provider: "isp".parse().unwrap(), handle: "h".repeat(43).parse().unwrap() }
}

fn fact(number: u128, fact_at: &str) -> Event {
    let id = uuid::Uuid::from_u128(number);
    let received_at = at(fact_at) + SignedDuration::from_hours(2);
    let identification = CaseId(id);
    Event::FactEstablished {
        fact: Fact { notice: NoticeId(id), identification, fact_at: at(fact_at), received_at },
    }
}

fn decided(verdict: Verdict) -> Event {
    let by = "membre-1".parse().unwrap();
    Event::Decided(Decision { by, verdict, ground: Ground::FactsEstablished })
}

fn news(stage: usize, channel: ChannelKind, status: DeliveryStatus, when: &str) -> Event {
    Event::Delivery(DeliveryReport { stage, channel, status, at: at(when) })
}

fn disclosed(fields: &[IdentityField]) -> Event {
    Event::Disclosed { question: QuestionId(uuid::Uuid::nil()), fields: fields.to_vec() }
}

fn open() -> Case {
    Case::open(
        CaseId(uuid::Uuid::from_u128(1)),
        "autorite".parse().unwrap(),
        "fr-graduated-response".parse().unwrap(),
        Subject::Line(line()),
        at("2025-03-03T10:00:00Z"),
    )
}

/// A first warning whose mail bounced, so that a letter went; a second one, presented.
fn lived() -> Vec<Entered> {
    let entered = |when: &str, event| Entered { at: at(when), event };
    let (mail, letter) = (ChannelKind::Email, ChannelKind::RegisteredLetter);
    let everything = [IdentityField::Email, IdentityField::Name, IdentityField::PostalAddress];
    let lost = DeliveryStatus::Returned(ReturnReason::Unclaimed);
    vec![
        entered("2025-03-03T10:00:00Z", fact(1, "2025-03-01T20:00:00Z")),
        entered("2025-03-06T10:00:00Z", decided(Verdict::Send)),
        entered("2025-03-06T11:00:00Z", disclosed(&everything)),
        entered(
            "2025-03-06T11:30:00Z",
            news(0, mail, DeliveryStatus::HandedOver, "2025-03-06T11:30:00Z"),
        ),
        entered("2025-07-01T10:00:00Z", fact(2, "2025-06-30T20:00:00Z")),
        entered("2025-07-03T10:00:00Z", decided(Verdict::Send)),
        entered("2025-07-03T11:00:00Z", disclosed(&everything)),
        entered(
            "2025-07-03T12:00:00Z",
            news(1, mail, DeliveryStatus::HandedOver, "2025-07-03T12:00:00Z"),
        ),
        entered(
            "2025-07-04T12:00:00Z",
            news(1, letter, DeliveryStatus::HandedOver, "2025-07-04T12:00:00Z"),
        ),
        entered("2025-07-22T12:00:00Z", news(1, letter, lost, "2025-07-22T12:00:00Z")),
    ]
}

#[test]
fn a_history_under_its_own_rules_is_what_happened_and_nothing_is_assumed() {
    let events = lived();
    let (_, told) = replay(open(), &events, &french());
    let sent = told.iter().filter_map(|told| told.result.as_ref().ok()).flatten();
    let sent = sent.filter(|effect| matches!(effect, Effect::SendMessage { .. })).count() as u64;
    let history = LineHistory::read(line(), vec![(open(), events)], &french());
    let counts = play(&history, &french(), &Policy::default(), at("2026-01-01T00:00:00Z"));
    assert_eq!(counts.assumed, 0, "{counts:?}");
    let messages: u64 = counts.messages.values().sum();
    assert_eq!((messages, sent), (3, 3));
    assert_eq!((counts.get("decision"), counts.get("stage.second.warned")), (2, 1));
    assert_eq!(counts.messages["2025-07"], 2);
}

#[test]
fn a_member_who_closed_then_closes_here_too_and_one_who_was_never_asked_says_yes() {
    let mut events = lived();
    events.truncate(5);
    events.push(Entered { at: at("2025-07-03T10:00:00Z"), event: decided(Verdict::Close) });
    let history = LineHistory::read(line(), vec![(open(), events.clone())], &french());
    let until = at("2026-01-01T00:00:00Z");
    let counts = play(&history, &french(), &Policy::default(), until);
    assert_eq!((counts.get("closed.dismissed"), counts.get("stage.second.warned")), (1, 0));
    let never = LineHistory { script: Script::default(), ..history };
    let counts = play(&never, &french(), &Policy::default(), until);
    assert_eq!((counts.get("closed.dismissed"), counts.get("stage.second.warned")), (0, 1));
    assert!(counts.assumed > 0);
}

#[test]
fn nothing_after_the_end_is_counted() {
    let history = LineHistory::read(line(), vec![(open(), lived())], &french());
    let counts = play(&history, &french(), &Policy::default(), at("2025-07-01T00:00:00Z"));
    assert_eq!((counts.get("fact"), counts.get("decision")), (1, 1), "{counts:?}");
}

#[test]
fn what_is_asked_of_persons_and_raised_is_counted_as_the_house_asks_for_it() {
    let events = lived();
    let (_, told) = replay(open(), &events, &french());
    let asked = |name: &str| {
        let effects = told.iter().filter_map(|told| told.result.as_ref().ok()).flatten();
        effects.filter(|effect| effect.name() == name).count() as u64
    };
    let history = LineHistory::read(line(), vec![(open(), events.clone())], &french());
    let until = at("2025-07-30T00:00:00Z");
    let counts = play(&history, &french(), &Policy::default(), until);
    assert_eq!(counts.get("disclosure"), asked("request_disclosure"), "{counts:?}");
    assert_eq!(counts.get("disclosure"), 2);
    let by_channel = counts.of.iter().filter(|(what, _)| what.starts_with("message."));
    assert_eq!(by_channel.map(|(_, n)| n).sum::<u64>(), counts.messages.values().sum::<u64>());
    // Nobody carried anything: somebody is told.
    let slow = Policy { mailed_after_minutes: 60 * 24 * 60, ..Policy::default() };
    let never = LineHistory { script: Script::default(), ..history };
    let counts = play(&never, &french(), &slow, at("2025-06-30T00:00:00Z"));
    let alarms = counts.of.iter().filter(|(what, _)| what.starts_with("alarm."));
    assert!(alarms.map(|(_, n)| n).sum::<u64>() > 0, "{counts:?}");
}

#[test]
fn counts_of_lines_add_up_and_another_seed_is_another_history() {
    let history = made_up(7, 40);
    let whole = all(&history, &french());
    let each: Vec<Counts> = (0..40)
        .map(|number| play(&history.line(number), &french(), &Policy::default(), history.to))
        .collect();
    assert_eq!(whole.assumed, each.iter().map(|counts| counts.assumed).sum::<u64>());
    let messages = |counts: &Counts| counts.messages.values().sum::<u64>();
    assert_eq!(messages(&whole), each.iter().map(messages).sum::<u64>());
    assert!(whole.assumed > 0 && messages(&whole) > 0);
    assert_ne!(history.line(1).facts, made_up(8, 40).line(1).facts);
}

#[test]
fn the_end_is_not_in_it_and_at_its_deadline_a_case_looks_at_the_clock_before_the_letters() {
    let mut first = lived();
    first.truncate(4);
    let (case, _) = replay(open(), &first, &french());
    let lapses_at = due(&case, &french()).unwrap().unwrap().at();
    let late = fact(2, &(lapses_at - SignedDuration::from_hours(8)).to_string());
    first.push(Entered { at: lapses_at, event: late });
    let history = LineHistory::read(line(), vec![(open(), first)], &french());
    let counts = play(&history, &french(), &Policy::default(), lapses_at);
    assert_eq!((counts.get("fact"), counts.get("closed.lapsed")), (1, 0), "{counts:?}");
    let after = lapses_at + SignedDuration::from_hours(24 * 20);
    let counts = play(&history, &french(), &Policy::default(), after);
    assert_eq!((counts.get("fact"), counts.get("closed.lapsed")), (2, 1), "{counts:?}");
    assert_eq!(counts.get("stage.second.proposed"), 0);
}

#[test]
fn where_the_history_ends_in_the_middle_of_a_step_the_policy_goes_on() {
    let mut events = lived();
    // The second message left; nobody said what became of it.
    events.truncate(7);
    let history = LineHistory::read(line(), vec![(open(), events)], &french());
    let counts = play(&history, &french(), &Policy::default(), at("2025-12-01T00:00:00Z"));
    assert_eq!(counts.assumed, 3, "a mail handed over, a letter too, and presented: {counts:?}");
    assert_eq!(counts.get("stage.second.warned"), 1);
}

#[test]
fn an_answer_at_another_instant_says_that_instant() {
    let mut history = LineHistory::read(line(), vec![(open(), lived())], &french());
    let until = at("2026-01-01T00:00:00Z");
    let then = play(&history, &french(), &Policy::default(), until);
    let year = SignedDuration::from_hours(24 * 364);
    for (at, fact) in &mut history.facts {
        *at -= year;
        fact.fact_at -= year;
        fact.received_at -= year;
    }
    let before = play(&history, &french(), &Policy::default(), until - year);
    assert_eq!(before.of, then.of, "a year before, the same");
}
