//! Rules about people: nobody is taken for another, nobody is warned twice for one stage, nobody
//! is taken further than the law goes.

use std::collections::BTreeMap;

use entremise_core::case::State;
use entremise_core::effect::{Alarm, Effect};
use entremise_core::event::{DisclosureFailure, Event};
use entremise_core::procedure::ladder::{self, Closure};
use entremise_core::regime::rules::ChannelKind;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};

use super::{Books, Message, Violation};
use crate::mail::header;
use crate::world::sightings::Sighting;
use crate::world::truth::SubscriberNumber;

pub(super) fn judge(books: &Books<'_>, violations: &mut Vec<Violation>) {
    nobody_is_taken_for_another(books, violations);
    every_message_reaches_its_line(books, violations);
    nobody_is_warned_twice(books, violations);
    a_second_stage_follows_a_first(books, violations);
    nobody_is_taken_to_the_third_step(books, violations);
    presented_letters_start_their_clock(books, violations);
    letters_are_sent_as_what_they_are(books, violations);
    nobody_is_dropped_in_silence(books, violations);
    only_a_third_linking_is_refused(books, violations);
}

fn violation(rule: &'static str, what: String) -> Violation {
    Violation { rule, what }
}

/// What a log's times and an observer's times leave open beside the declared error, seconds.
const GRANULARITY: i64 = 2;

/// Whether this subscriber held the reported place at an instant the report may mean, and nobody
/// else did at any that it does mean.
fn blames(books: &Books<'_>, sighting: &Sighting, subscriber: SubscriberNumber) -> bool {
    let error = i64::from(sighting.clock_error_ms.div_ceil(1000));
    let holders = |error: i64| {
        let (from, until) = (sighting.at - error, sighting.at + error);
        books.play.world.truth.holders(sighting.ip, sighting.port, from, until)
    };
    let meant = holders(error);
    (meant.is_empty() || meant == [subscriber])
        && holders(error + GRANULARITY).contains(&subscriber)
}

fn nobody_is_taken_for_another(books: &Books<'_>, violations: &mut Vec<Violation>) {
    let rule =
        "whoever is identified held the address and port at the instant, and nobody else did";
    for (notice, handle) in books.identified() {
        let Some(subscriber) = books.handles.get(handle) else {
            violations.push(violation(rule, format!("notice {notice}: nobody's handle")));
            continue;
        };
        if !books.candidates(notice).any(|sighting| blames(books, sighting, *subscriber)) {
            let known: Vec<_> = books.candidates(notice).collect();
            violations.push(violation(
                rule,
                format!("notice {notice} named subscriber {subscriber}: {known:?}"),
            ));
        }
    }
}

fn every_message_reaches_its_line(books: &Books<'_>, violations: &mut Vec<Violation>) {
    for message in &books.messages {
        let line = books.cases.get(&message.case).and_then(|file| books.line_of(file));
        if message.addressee.is_none() || message.addressee != line {
            let rule = "a message goes to the subscriber of its case and to nobody else";
            violations.push(violation(
                rule,
                format!("{}: to {:?}, the line is {line:?}", message.effect, message.addressee),
            ));
            continue;
        }
        let Some(addressee) = message.addressee else { continue };
        if !books.candidates(message.notice).any(|sighting| blames(books, sighting, addressee)) {
            let rule = "nobody is warned who did not hold the address at the instant";
            let known: Vec<_> = books.candidates(message.notice).collect();
            violations.push(violation(
                rule,
                format!("{} to {addressee} for {}: {known:?}", message.effect, message.notice),
            ));
        }
        if message.channel == ChannelKind::Email {
            says_only_what_a_mail_may(books, message, addressee, violations);
        }
    }
}

/// A mail may land with a stranger: it names neither person nor address, and it is a SPECIMEN.
fn says_only_what_a_mail_may(
    books: &Books<'_>,
    message: &Message,
    addressee: SubscriberNumber,
    violations: &mut Vec<Violation>,
) {
    let person = &books.play.world.subscribers[addressee];
    let text = decoded(&message.bytes);
    let surname = person.name.split_once(' ').map_or(person.name.as_str(), |(_, last)| last);
    let told = std::iter::once(surname).chain(person.address.iter().map(String::as_str));
    for private in told.chain([person.account.as_str()]) {
        if text.contains(private) {
            let rule = "a mail names nobody and no address";
            violations.push(violation(rule, format!("{}", message.effect)));
        }
    }
    if !text.contains("SPECIMEN") {
        let rule = "everything that leaves bears SPECIMEN";
        violations.push(violation(rule, format!("{}", message.effect)));
    }
}

/// The text of a mail with quoted-printable undone, well enough to look for words in it.
fn decoded(bytes: &[u8]) -> String {
    let joined = String::from_utf8_lossy(bytes).replace("=\r\n", "");
    let mut plain = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let [first, tail @ ..] = rest {
        let byte = (*first == b'=' && tail.len() >= 2)
            .then(|| std::str::from_utf8(&tail[..2]).ok())
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                plain.push(byte);
                rest = &tail[2..];
            }
            None => {
                plain.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// Months of the authority's calendar, the last day included.
fn within_months(from: Timestamp, fact: Timestamp, months: i32) -> bool {
    fact > from && day(fact) <= day(from).saturating_add(months.months())
}

fn day(at: Timestamp) -> Date {
    let paris = TimeZone::get("Europe/Paris").expect("the zones are in the binary");
    at.to_zoned(paris).date()
}

/// When the fact of a message was seen, by the latest sighting it may be.
fn fact_at(books: &Books<'_>, message: &Message) -> Option<Timestamp> {
    let latest = books.candidates(message.notice).map(|sighting| sighting.at).max()?;
    Timestamp::from_second(latest).ok()
}

fn nobody_is_warned_twice(books: &Books<'_>, violations: &mut Vec<Violation>) {
    let rule = "nobody is warned twice for one stage";
    let mut by_person: BTreeMap<_, Vec<&Message>> = BTreeMap::new();
    for message in &books.messages {
        let key = (message.addressee, message.stage, message.channel);
        by_person.entry(key).or_default().push(message);
    }
    for messages in by_person.values() {
        for (place, later) in messages.iter().enumerate() {
            for earlier in &messages[..place] {
                if !may_follow(books, earlier, later) {
                    violations.push(violation(
                        rule,
                        format!("{} after {}", later.effect, earlier.effect),
                    ));
                }
            }
        }
    }
}

/// Whether a message may leave to the same person for the same stage by the same channel again.
fn may_follow(books: &Books<'_>, earlier: &Message, later: &Message) -> bool {
    if earlier.effect == later.effect {
        // A lost answer: the message is offered again, under the number by which mailboxes and
        // their owners recognise the repetition.
        let number = |message: &Message| header(&message.bytes, "message-id");
        return earlier.channel == ChannelKind::Email && number(earlier) == number(later);
    }
    let window = if earlier.stage == 0 { 6 } else { 12 };
    let out_of_window =
        fact_at(books, later).is_some_and(|fact| !within_months(earlier.taken_at, fact, window));
    if earlier.case == later.case {
        // The post lost the first one, or the window was over and the ladder began again.
        return later.attempt == 2 || out_of_window;
    }
    let closed = books.cases.get(&earlier.case).is_some_and(|file| {
        matches!(&file.case.state, State::Ladder(ladder::State::Closed { at, .. })
            if *at <= later.taken_at)
    });
    closed || out_of_window
}

fn a_second_stage_follows_a_first(books: &Books<'_>, violations: &mut Vec<Violation>) {
    let rule = "a second recommendation follows a first that was handed over, for a fact in its \
                window";
    for later in books.messages.iter().filter(|message| message.stage == 1) {
        let Some(fact) = fact_at(books, later) else { continue };
        let has_first = books.messages.iter().any(|first| {
            first.stage == 0
                && first.case == later.case
                && first.addressee == later.addressee
                && first.taken_at < later.taken_at
                && within_months(first.taken_at, fact, 6)
        });
        if !has_first {
            violations.push(violation(rule, format!("{}", later.effect)));
        }
    }
}

/// From this day a third linking needs somebody else's authorisation (CJEU C-470/21, 30 April
/// 2024; CE 433539, 30 April 2026), which nobody can give yet.
const THIRD_STEP_BARRED_FROM: Date = jiff::civil::date(2024, 4, 30);

/// By the reviewer's own list of what they granted, not by the house's.
fn nobody_is_taken_to_the_third_step(books: &Books<'_>, violations: &mut Vec<Violation>) {
    let rule = "the third step links nothing and sends nothing that no reviewer granted";
    for (case, file) in books.ladders() {
        let granted = books.play.third_step.granted.get(case);
        for row in &file.effects {
            let reviewed = day(row.created_at) >= THIRD_STEP_BARRED_FROM;
            let allowed = match &row.effect {
                Effect::RequestDisclosure { stage, .. } => *stage < 2 || !reviewed,
                Effect::RequestAuthorisedDisclosure { .. } => {
                    granted.is_some_and(|at| *at <= row.created_at)
                }
                Effect::SendMessage { stage, .. } => {
                    *stage < 2 || !reviewed || granted.is_some_and(|at| *at <= row.created_at)
                }
                _ => true,
            };
            if !allowed {
                violations.push(violation(rule, format!("case {case}: {}", row.effect.name())));
            }
        }
    }
}

/// A registered letter proves a presentation, and costs; a simple one does neither.
fn letters_are_sent_as_what_they_are(books: &Books<'_>, violations: &mut Vec<Violation>) {
    let rule = "a letter is bought as what the rules of its stage ask for";
    for way in books.play.carrier.ways() {
        let message = books.messages.iter().find(|sent| sent.effect.to_string() == way.custom_id);
        let Some(message) = message else { continue };
        if (message.channel == ChannelKind::RegisteredLetter) != way.is_registered {
            violations.push(violation(rule, format!("{}", message.effect)));
        }
    }
}

/// How long news of the post may take to be entered.
const NEWS_TAKES: SignedDuration = SignedDuration::from_hours(48);

fn presented_letters_start_their_clock(books: &Books<'_>, violations: &mut Vec<Violation>) {
    let rule = "a letter that was shown to the person starts the clock of its stage";
    let now = books.play.clock.now();
    for way in books.play.carrier.ways() {
        let Some(presented) = way.presented_at().filter(|at| *at + NEWS_TAKES < now) else {
            continue;
        };
        let message = books.messages.iter().find(|sent| sent.effect.to_string() == way.custom_id);
        let Some(message) = message.filter(|sent| sent.channel == ChannelKind::RegisteredLetter)
        else {
            continue;
        };
        let Some(file) = books.cases.get(&message.case) else { continue };
        let waits_still = matches!(&file.case.state,
            State::Ladder(ladder::State::Sending { stage, .. }) if *stage == message.stage);
        if waits_still {
            violations.push(violation(
                rule,
                format!("case {}: presented {presented}, {:?}", message.case, way.stations),
            ));
        }
    }
}

/// A step that a member decided and that reaches nobody is told to somebody.
fn nobody_is_dropped_in_silence(books: &Books<'_>, violations: &mut Vec<Violation>) {
    let rule = "a decided step leaves, or an alarm says why it does not";
    for (case, file) in books.ladders() {
        let failed = file.history.iter().any(|entry| {
            matches!(&entry.event, Some(Event::DisclosureFailed { .. }))
                && entry.kind.starts_with("event.")
        });
        let is_told = file.effects.iter().any(|row| {
            let Effect::RaiseAlarm { alarm } = &row.effect else { return false };
            matches!(alarm, Alarm::Unreachable { .. } | Alarm::DisclosureRefused { .. })
        });
        let is_unreachable = matches!(
            &file.case.state,
            State::Ladder(ladder::State::Closed { closure: Closure::Unreachable, .. })
        );
        if (failed || is_unreachable) && !is_told {
            violations.push(violation(rule, format!("case {case}: {:?}", file.case.state)));
        }
    }
}

/// The shortest window of the rules: before it a linking is forgotten.
const LINKINGS_COUNT: i32 = 6;

/// The providers refuse for want of a grant those whom they disclosed twice, and nobody else.
fn only_a_third_linking_is_refused(books: &Books<'_>, violations: &mut Vec<Violation>) {
    let rule = "a grant is missing for a third linking and for no other";
    let mut disclosed: BTreeMap<SubscriberNumber, Vec<Timestamp>> = BTreeMap::new();
    let mut refused = Vec::new();
    for (case, file) in books.ladders() {
        let Some(subscriber) = books.line_of(file) else { continue };
        for entry in file.history.iter().filter(|entry| entry.kind.starts_with("event.")) {
            match &entry.event {
                Some(Event::Disclosed { .. }) => {
                    disclosed.entry(subscriber).or_default().push(entry.at);
                }
                Some(Event::DisclosureFailed {
                    reason: DisclosureFailure::AuthorisationMissing,
                    ..
                }) => refused.push((*case, subscriber, entry.at)),
                _ => {}
            }
        }
    }
    for (case, subscriber, at) in refused {
        let before = disclosed.get(&subscriber).into_iter().flatten();
        let recent = before
            .filter(|earlier| **earlier < at && within_months(**earlier, at, LINKINGS_COUNT))
            .count();
        if recent < 2 {
            violations.push(violation(rule, format!("case {case}: after {recent}")));
        }
    }
}
