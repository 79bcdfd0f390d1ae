//! The time of one duty: when it ends, and how a refusal moves its end.
//!
//! Every end is a `Deadline` with its reason in words; nothing here knows which act is owed.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Duties;
use super::file::Time;
use crate::deadline::{Deadline, Lang, Words, after_event, instant_words};
use crate::regime::rules::Span;

/// A time that runs.
#[derive(Clone, Debug)]
pub(super) struct Running {
    /// Where the count begins: the start, or where the clock was let run again.
    from: Timestamp,
    /// What is counted; none where the start itself said until when.
    span: Option<Span>,
    cite: String,
    pub deadline: Deadline,
}

/// A clock that stood still, and why.
pub(super) struct Stop<'a> {
    pub from: Timestamp,
    pub to: Timestamp,
    pub reason: &'a Words,
    /// What let it run again, with its article.
    pub resumed_by: &'a Words,
}

impl Duties {
    /// The time that begins at an instant; none where the law names no figure and the start no day.
    pub(super) fn runs(
        &self,
        start: Timestamp,
        time: Time,
        (started_by, stated): (&Words, Option<Timestamp>),
        (at_least, cite): (Option<Span>, &str),
    ) -> Option<Running> {
        let counted = |span| Running {
            from: start,
            span: Some(span),
            cite: cite.to_owned(),
            deadline: after_event(start, span, started_by, cite, &self.zone, &self.calendar),
        };
        let said = stated.filter(|_| time == Time::Stated).map(|ends_at| Running {
            from: start,
            span: None,
            cite: cite.to_owned(),
            deadline: self.stated(ends_at, started_by, cite),
        });
        let least = at_least.map(counted);
        match time {
            Time::Span(span) => Some(counted(span)),
            Time::AtOnce | Time::OnceDone => None,
            Time::Stated => match (said, least) {
                (Some(said), Some(least)) if said.deadline.ends_at < least.deadline.ends_at => {
                    Some(least)
                }
                (Some(said), _) => Some(said),
                (None, least) => least,
            },
        }
    }

    /// What the starting event itself sets, exclusive.
    fn stated(&self, ends_at: Timestamp, started_by: &Words, cite: &str) -> Deadline {
        let (fr, en) = (&started_by.fr, &started_by.en);
        let at = |lang| instant_words(ends_at, &self.zone, lang);
        Deadline {
            ends_at,
            last_day: self.last_day(ends_at),
            explanation: Words {
                fr: format!("{}\u{a0}: terme que fixe {fr}\u{202f}; {cite}", at(Lang::Fr)),
                en: format!("{}: the term set by {en}; {cite}", at(Lang::En)),
            },
        }
    }

    /// The rest of the time runs from the end of the stop. Hours to the minute; days and working
    /// days whole: neither the day of the stop nor that of its end is counted.
    pub(super) fn moved(&self, running: &Running, stop: &Stop<'_>) -> Running {
        let (start, stopped) = (self.day_of(running.from), self.day_of(stop.from));
        let rest = match running.span {
            None | Some(Span::Hours(_)) => return self.shifted(running, stop),
            Some(Span::WorkingDays(count)) => {
                let used = between(start, stopped).filter(|day| self.calendar.is_working_day(*day));
                Span::WorkingDays(count - used.count() as i32)
            }
            Some(Span::Days(_) | Span::Months(_)) => {
                let last = running.deadline.last_day;
                let whole = between(start, last).count() as i32 + i32::from(start < last);
                Span::Days(whole - between(start, stopped).count() as i32)
            }
        };
        self.anew(running, rest, stop)
    }

    /// A whole time from the end of the stop.
    pub(super) fn restarted(&self, running: &Running, stop: &Stop<'_>) -> Running {
        match running.span {
            Some(span) => self.anew(running, span, stop),
            None => self.shifted(running, stop),
        }
    }

    fn anew(&self, running: &Running, span: Span, stop: &Stop<'_>) -> Running {
        let (cite, by) = (&running.cite, stop.resumed_by);
        let mut deadline = after_event(stop.to, span, by, cite, &self.zone, &self.calendar);
        self.say(&mut deadline, stop);
        Running { from: stop.to, span: Some(span), cite: cite.clone(), deadline }
    }

    fn shifted(&self, running: &Running, stop: &Stop<'_>) -> Running {
        let mut running = running.clone();
        let stood: SignedDuration = stop.to.duration_since(stop.from);
        let before = running.deadline.ends_at;
        let ends_at = before.checked_add(stood).unwrap_or(Timestamp::MAX);
        running.deadline.ends_at = ends_at;
        running.deadline.last_day = self.last_day(ends_at);
        let at = |lang| instant_words(ends_at, &self.zone, lang);
        let was = &running.deadline.explanation;
        running.deadline.explanation = Words {
            fr: format!("{}\u{a0}; sans la suspension, {}", at(Lang::Fr), was.fr),
            en: format!("{}; without the stop, {}", at(Lang::En), was.en),
        };
        self.say(&mut running.deadline, stop);
        running
    }

    /// Adds to the reason from when to when the clock stood, and why.
    fn say(&self, deadline: &mut Deadline, stop: &Stop<'_>) {
        let words = |lang| {
            let from = instant_words(stop.from, &self.zone, lang);
            let to = instant_words(stop.to, &self.zone, lang);
            (from, to, stop.reason.in_lang(lang))
        };
        let (from, to, why) = words(Lang::Fr);
        let fr = format!("\u{202f}; temps suspendu, {from}, et repris, {to}\u{a0}: {why}");
        deadline.explanation.fr.push_str(&fr);
        let (from, to, why) = words(Lang::En);
        deadline.explanation.en.push_str(&format!("; stood still {from} until {to}: {why}"));
    }

    fn last_day(&self, ends_at: Timestamp) -> Date {
        let last = ends_at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(ends_at);
        self.day_of(last)
    }
}

/// The days after the first and before the last.
fn between(first: Date, last: Date) -> impl Iterator<Item = Date> {
    first.series(jiff::Span::new().days(1)).skip(1).take_while(move |day| *day < last)
}
