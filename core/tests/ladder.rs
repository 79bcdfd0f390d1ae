//! The ladder of warnings under the French rules, told as dated stories. No sleeping: an instant is
//! an argument.

use std::str::FromStr;

use entremise_core::case::{Case, State, Subject};
use entremise_core::effect::{Alarm, Effect};
use entremise_core::event::{
    Decision, DeliveryReport, DeliveryStatus, DisclosureFailure, Event, Fact, Ground, Line, Verdict,
};
use entremise_core::id::{CaseId, NoticeId, QuestionId};
use entremise_core::identification::IdentityField;
use entremise_core::procedure::ladder;
use entremise_core::regime::rules::{ChannelKind, Gate, Proof, ReturnReason};
use entremise_core::regime::{Regime, embedded};
use entremise_core::step::{Refusal, due, step};
use jiff::Timestamp;

/// A case and the regime it runs under; each call is one event at one instant (Paris time, noon,
/// where only a day is given).
struct Story {
    case: Case,
    regime: Regime,
}

fn instant(text: &str) -> Timestamp {
    if text.contains('T') {
        return Timestamp::from_str(text).unwrap();
    }
    format!("{text}T12:00:00+01:00").parse().unwrap()
}

fn number(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

impl Story {
    fn new() -> Self {
        let line =
            Line { provider: "isp".parse().unwrap(), handle: "h".repeat(43).parse().unwrap() };
        let case = Case::open(
            CaseId(number(1)),
            "autorite".parse().unwrap(),
            "fr-graduated-response".parse().unwrap(),
            Subject::Line(line),
            instant("2026-01-01"),
        );
        Self { case, regime: embedded("fr-graduated-response").unwrap() }
    }

    fn at(&mut self, when: &str, event: Event) -> Result<Vec<Effect>, Refusal> {
        let step = step(&self.case, &event, instant(when), &self.regime)?;
        self.case.state = step.state;
        Ok(step.effects)
    }

    /// A fact observed and reported on the same day.
    fn fact(&mut self, when: &str) -> Result<Vec<Effect>, Refusal> {
        self.fact_of(when, when)
    }

    /// A fact observed on one day and established on a later one.
    fn fact_of(&mut self, observed: &str, when: &str) -> Result<Vec<Effect>, Refusal> {
        let fact = Fact {
            notice: NoticeId(number(7)),
            identification: CaseId(number(8)),
            fact_at: instant(observed),
            received_at: instant(when),
        };
        self.at(when, Event::FactEstablished { fact })
    }

    fn decide(&mut self, when: &str, verdict: Verdict) -> Result<Vec<Effect>, Refusal> {
        let by = "membre-1".parse().unwrap();
        let ground = Ground::FactsEstablished;
        self.at(when, Event::Decided(Decision { by, verdict, ground }))
    }

    fn disclosed(&mut self, when: &str, fields: &[IdentityField]) -> Result<Vec<Effect>, Refusal> {
        let question = QuestionId(number(9));
        self.at(when, Event::Disclosed { question, fields: fields.to_vec() })
    }

    fn news(
        &mut self,
        when: &str,
        stage: usize,
        channel: ChannelKind,
        status: DeliveryStatus,
    ) -> Result<Vec<Effect>, Refusal> {
        let at = instant(when);
        self.at(when, Event::Delivery(DeliveryReport { stage, channel, status, at }))
    }

    fn ladder(&self) -> &ladder::State {
        match &self.case.state {
            State::Ladder(state) => state,
            other => panic!("not on the ladder: {other:?}"),
        }
    }

    /// Warned for the first time, the mail handed over on this day.
    fn warned_once(when: &str) -> Self {
        let mut story = Self::new();
        story.fact(when).unwrap();
        story.decide(when, Verdict::Send).unwrap();
        story.disclosed(when, &[IdentityField::Email]).unwrap();
        story.news(when, 0, ChannelKind::Email, DeliveryStatus::HandedOver).unwrap();
        story
    }

    /// On its way to the second warning: letter and mail left.
    fn second_under_way(first: &str, second: &str) -> Self {
        let mut story = Self::warned_once(first);
        story.fact(second).unwrap();
        story.decide(second, Verdict::Send).unwrap();
        story
            .disclosed(
                second,
                &[IdentityField::Email, IdentityField::Name, IdentityField::PostalAddress],
            )
            .unwrap();
        story
    }
}

fn names(effects: &[Effect]) -> Vec<&'static str> {
    effects.iter().map(Effect::name).collect()
}

#[test]
fn a_first_fact_only_proposes_a_person_decides() {
    let mut story = Story::new();
    assert_eq!(story.fact("2026-06-01"), Ok(vec![]));
    assert_eq!(story.ladder().name(), "proposed");
    let effects = story.decide("2026-06-02", Verdict::Send).unwrap();
    assert_eq!(names(&effects), ["request_disclosure"]);
}

#[test]
fn the_first_warning_asks_the_provider_for_the_mail_address_and_nothing_else() {
    let mut story = Story::new();
    story.fact("2026-06-01").unwrap();
    let effects = story.decide("2026-06-02", Verdict::Send).unwrap();
    let [Effect::RequestDisclosure { fields, sequence, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(fields, &[IdentityField::Email]);
    assert_eq!(*sequence, 1);
}

#[test]
fn a_member_may_close_at_the_first_rung() {
    let mut story = Story::new();
    story.fact("2026-06-01").unwrap();
    assert_eq!(story.decide("2026-06-02", Verdict::Close), Ok(vec![]));
    assert_eq!(story.ladder().name(), "dismissed");
}

#[test]
fn several_facts_before_the_warning_are_one_step() {
    let mut story = Story::new();
    story.fact("2026-06-01").unwrap();
    story.fact("2026-06-01").unwrap();
    story.fact("2026-06-02").unwrap();
    let ladder::State::Proposed { stage, facts, .. } = story.ladder() else { panic!() };
    assert_eq!((*stage, facts.further), (0, 2));
}

#[test]
fn a_repeat_on_the_last_day_of_the_window_brings_the_second_rung() {
    let mut story = Story::warned_once("2026-01-10");
    story.fact_of("2026-07-10T23:59:59+02:00", "2026-07-12").unwrap();
    assert_eq!(story.ladder().stage(), Some(1));
}

#[test]
fn a_repeat_one_second_after_the_window_starts_again_at_the_first_rung() {
    let mut story = Story::warned_once("2026-01-10");
    story.fact_of("2026-07-11T00:00:00+02:00", "2026-07-12").unwrap();
    assert_eq!(story.ladder().stage(), Some(0));
}

#[test]
fn a_fact_older_than_the_warning_is_no_repeat() {
    let mut story = Story::warned_once("2026-01-10");
    assert_eq!(story.fact_of("2026-01-09", "2026-01-20"), Ok(vec![]));
    assert_eq!(story.ladder().name(), "warned");
    assert_eq!(story.ladder().stage(), Some(0));
}

#[test]
fn the_second_clock_starts_at_presentation_and_never_at_the_mail() {
    let mut story = Story::second_under_way("2026-01-10", "2026-03-01");
    story.news("2026-03-02", 1, ChannelKind::Email, DeliveryStatus::HandedOver).unwrap();
    assert_eq!(story.ladder().name(), "sending");
    story.news("2026-03-03", 1, ChannelKind::RegisteredLetter, DeliveryStatus::HandedOver).unwrap();
    assert_eq!(story.ladder().name(), "sending");
    story.news("2026-03-05", 1, ChannelKind::RegisteredLetter, DeliveryStatus::Presented).unwrap();
    let ladder::State::Warned { started, .. } = story.ladder() else { panic!() };
    assert_eq!(started.at, instant("2026-03-05"));
}

#[test]
fn a_letter_signed_for_was_presented_but_a_delivered_mail_was_not() {
    let mut story = Story::second_under_way("2026-01-10", "2026-03-01");
    story.news("2026-03-02", 1, ChannelKind::Email, DeliveryStatus::Delivered).unwrap();
    assert_eq!(story.ladder().name(), "sending");
    story.news("2026-03-04", 1, ChannelKind::RegisteredLetter, DeliveryStatus::Delivered).unwrap();
    let ladder::State::Warned { started, .. } = story.ladder() else { panic!() };
    assert_eq!(started.at, instant("2026-03-04"));
}

#[test]
fn an_unclaimed_letter_counts_as_presented_and_the_first_date_holds() {
    let mut story = Story::second_under_way("2026-01-10", "2026-03-01");
    let letter = ChannelKind::RegisteredLetter;
    story.news("2026-03-05", 1, letter, DeliveryStatus::Presented).unwrap();
    let unclaimed = DeliveryStatus::Returned(ReturnReason::Unclaimed);
    story.news("2026-03-21", 1, letter, unclaimed).unwrap();
    let ladder::State::Warned { started, .. } = story.ladder() else { panic!() };
    assert_eq!(started.at, instant("2026-03-05"));
}

#[test]
fn a_letter_to_an_unknown_address_warned_nobody() {
    let mut story = Story::second_under_way("2026-01-10", "2026-03-01");
    let unknown = DeliveryStatus::Returned(ReturnReason::UnknownAddress);
    story.news("2026-03-09", 1, ChannelKind::RegisteredLetter, unknown).unwrap();
    assert_eq!(story.ladder().name(), "not_notified");
}

#[test]
fn a_presentation_that_the_post_takes_back_voids_the_clock_and_rings() {
    let mut story = Story::second_under_way("2026-01-10", "2026-03-01");
    let letter = ChannelKind::RegisteredLetter;
    story.news("2026-03-05", 1, letter, DeliveryStatus::Presented).unwrap();
    let unknown = DeliveryStatus::Returned(ReturnReason::UnknownAddress);
    let effects = story.news("2026-03-20", 1, letter, unknown).unwrap();
    let alarm = Alarm::PresentationContradicted { stage: 1 };
    assert_eq!(effects, [Effect::RaiseAlarm { alarm }]);
    assert_eq!(story.ladder().name(), "not_notified");
}

#[test]
fn a_lost_letter_is_sent_once_more_and_then_counts_as_never_sent() {
    let mut story = Story::second_under_way("2026-01-10", "2026-03-01");
    let (letter, lost) =
        (ChannelKind::RegisteredLetter, DeliveryStatus::Returned(ReturnReason::Lost));
    let again = story.news("2026-03-20", 1, letter, lost).unwrap();
    let [Effect::SendMessage { attempt, .. }] = again.as_slice() else { panic!("{again:?}") };
    assert_eq!(*attempt, 2);
    assert_eq!(story.news("2026-04-20", 1, letter, lost), Ok(vec![]));
    assert_eq!(story.ladder().name(), "not_notified");
}

#[test]
fn a_bounced_first_mail_falls_back_to_a_letter_and_stops_the_clock() {
    let mut story = Story::warned_once("2026-01-10");
    let effects = story.news("2026-01-11", 0, ChannelKind::Email, DeliveryStatus::Bounced).unwrap();
    let [Effect::RequestDisclosure { fields, sequence, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(fields, &[IdentityField::Name, IdentityField::PostalAddress]);
    assert_eq!(*sequence, 1, "the same linking, by another way");
    assert_eq!(story.ladder().name(), "asking");
}

#[test]
fn before_2022_a_bounced_mail_had_no_letter_to_fall_back_on() {
    let mut story = Story::warned_once("2015-01-10");
    let effects = story.news("2015-01-11", 0, ChannelKind::Email, DeliveryStatus::Bounced).unwrap();
    assert_eq!(effects, [Effect::RaiseAlarm { alarm: Alarm::Unreachable { stage: 0 } }]);
    assert_eq!(story.ladder().name(), "warned", "the law counted from the sending");
}

#[test]
fn a_blocked_mail_says_nothing_about_the_person() {
    let mut story = Story::warned_once("2026-01-10");
    let effects = story.news("2026-01-11", 0, ChannelKind::Email, DeliveryStatus::Blocked).unwrap();
    assert_eq!(effects, [Effect::RaiseAlarm { alarm: Alarm::MailBlocked { stage: 0 } }]);
    assert_eq!(story.ladder().name(), "warned");
}

#[test]
fn without_a_mail_address_the_first_warning_goes_by_letter() {
    let mut story = Story::new();
    story.fact("2026-06-01").unwrap();
    story.decide("2026-06-02", Verdict::Send).unwrap();
    let asked = story.disclosed("2026-06-03", &[]).unwrap();
    assert_eq!(names(&asked), ["request_disclosure"]);
    let fields = [IdentityField::Name, IdentityField::PostalAddress];
    let sent = story.disclosed("2026-06-04", &fields).unwrap();
    let [Effect::SendMessage { channel, .. }] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(*channel, ChannelKind::Letter);
}

#[test]
fn a_simple_letter_that_comes_back_refused_starts_no_clock_of_presentation() {
    let mut story = Story::new();
    story.fact("2026-06-01").unwrap();
    story.decide("2026-06-02", Verdict::Send).unwrap();
    story.disclosed("2026-06-03", &[]).unwrap();
    let fields = [IdentityField::Name, IdentityField::PostalAddress];
    story.disclosed("2026-06-04", &fields).unwrap();
    let refused = DeliveryStatus::Returned(ReturnReason::Refused);
    assert_eq!(story.news("2026-06-09", 0, ChannelKind::Letter, refused), Ok(vec![]));
    assert_eq!(story.ladder().name(), "sending");
    story.news("2026-06-10", 0, ChannelKind::Letter, DeliveryStatus::HandedOver).unwrap();
    let ladder::State::Warned { started, .. } = story.ladder() else { panic!() };
    assert_eq!(started.by, Proof::HandedOver);
}

#[test]
fn a_provider_that_no_longer_knows_the_handle_ends_the_case_without_a_warning() {
    let mut story = Story::new();
    story.fact("2026-06-01").unwrap();
    story.decide("2026-06-02", Verdict::Send).unwrap();
    let question = QuestionId(number(9));
    let reason = DisclosureFailure::HandleUnknown;
    let effects = story.at("2026-06-03", Event::DisclosureFailed { question, reason }).unwrap();
    assert_eq!(story.ladder().name(), "unreachable");
    assert!(effects.contains(&Effect::RaiseAlarm { alarm: Alarm::Unreachable { stage: 0 } }));
}

#[test]
fn a_provider_that_counts_a_third_linking_is_believed_and_a_person_is_told() {
    let refused = |reason| {
        let mut story = Story::new();
        story.fact("2026-06-01").unwrap();
        story.decide("2026-06-02", Verdict::Send).unwrap();
        let question = QuestionId(number(9));
        let effects = story.at("2026-06-03", Event::DisclosureFailed { question, reason }).unwrap();
        let alarm = Alarm::DisclosureRefused { stage: 0 };
        assert_eq!(effects, [Effect::RaiseAlarm { alarm }]);
        // Another fact asks nothing again, or it would be asked and refused for ever.
        assert_eq!(story.fact("2026-06-09"), Ok(vec![]));
        match story.ladder() {
            ladder::State::Barred { gate, .. } => *gate,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(DisclosureFailure::AuthorisationMissing), Gate::ReviewerAuthorisation);
    assert_eq!(refused(DisclosureFailure::Refused), Gate::Barred);
}

#[test]
fn the_third_rung_is_barred_until_a_reviewer_signs() {
    let mut story = Story::second_under_way("2026-05-10", "2026-06-01");
    let letter = ChannelKind::RegisteredLetter;
    story.news("2026-06-05", 1, letter, DeliveryStatus::Presented).unwrap();
    assert_eq!(story.fact("2026-09-01"), Ok(vec![]));
    let ladder::State::Barred { stage, gate, .. } = story.ladder() else { panic!() };
    assert_eq!((*stage, *gate), (2, Gate::ReviewerAuthorisation));
    assert!(story.decide("2026-09-02", Verdict::Send).is_err());
}

#[test]
fn a_late_decision_rings_once_and_the_case_ends_with_the_referral_s_two_months() {
    let mut story = Story::new();
    story.fact("2026-06-01").unwrap();
    let first = due(&story.case, &story.regime).unwrap().unwrap();
    let rung = story.at(&first.at().to_string(), Event::DeadlinePassed).unwrap();
    assert_eq!(rung, [Effect::RaiseAlarm { alarm: Alarm::DecisionLate { stage: 0 } }]);
    let end = due(&story.case, &story.regime).unwrap().unwrap();
    assert_eq!(end.deadline.last_day.to_string(), "2026-08-01");
    story.at(&end.at().to_string(), Event::DeadlinePassed).unwrap();
    assert_eq!(story.ladder().name(), "out_of_time");
}

#[test]
fn a_file_after_the_first_warning_lapses_after_fourteen_months() {
    let mut story = Story::warned_once("2026-01-10");
    let end = due(&story.case, &story.regime).unwrap().unwrap();
    assert_eq!(end.deadline.last_day.to_string(), "2027-03-10");
    let early = story.at("2027-03-10T23:59:59+01:00", Event::DeadlinePassed);
    assert!(matches!(early, Err(Refusal::NotYetDue { .. })));
    story.at("2027-03-11T00:00:00+01:00", Event::DeadlinePassed).unwrap();
    assert_eq!(story.ladder().name(), "lapsed");
}

#[test]
fn no_event_but_a_decision_asks_for_an_identity() {
    let mut story = Story::new();
    story.fact("2026-06-01").unwrap();
    for event in [
        Event::DeadlinePassed,
        Event::Disclosed { question: QuestionId(number(9)), fields: vec![IdentityField::Email] },
        Event::Delivery(DeliveryReport {
            stage: 0,
            channel: ChannelKind::Email,
            status: DeliveryStatus::HandedOver,
            at: instant("2026-06-01"),
        }),
    ] {
        let effects = story.at("2026-06-02", event).unwrap_or_default();
        assert!(!names(&effects).contains(&"request_disclosure"));
    }
}

/// The specimen's first notice, relayed by the provider from the first day on.
fn relaying() -> Story {
    let law = entremise_core::regime::embedded::text("xx-specimen").unwrap();
    let law = law.replacen("value = \"disclosure\"", "value = \"relay\"", 1);
    let calendars = entremise_core::regime::embedded::calendars().unwrap();
    let mut story = Story::new();
    story.regime = Regime::parse("relay.toml", &law, &calendars).unwrap();
    story
}

#[test]
fn where_the_provider_relays_nobody_is_asked_who_it_is() {
    let mut story = relaying();
    let effects = story.fact("2026-06-01").unwrap();
    let [Effect::RelayMessage { stage, sequence, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((*stage, *sequence), (0, 1));
    let mail = ChannelKind::Email;
    assert_eq!(story.news("2026-06-02", 0, mail, DeliveryStatus::HandedOver), Ok(vec![]));
    assert_eq!(story.ladder().name(), "warned");
}

#[test]
fn a_relay_that_reaches_nobody_ends_the_case_and_tells_a_person() {
    let mut story = relaying();
    story.fact("2026-06-01").unwrap();
    let effects = story.news("2026-06-02", 0, ChannelKind::Email, DeliveryStatus::Bounced).unwrap();
    assert_eq!(names(&effects), ["raise_alarm"]);
    assert_eq!(story.ladder().name(), "unreachable");
}
