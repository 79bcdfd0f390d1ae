//! The world of one situation: the identification and the ladder it is about, and its law.

use std::borrow::Cow;

use entremise_core::authorisation::Ruling;
use entremise_core::case::{Case, State, Subject};
use entremise_core::deadline::{Deadline, Words};
use entremise_core::effect::Effect;
use entremise_core::event::{
    Decision, DeliveryReport, DeliveryStatus, Event, Fact, Ground, Line, Verdict,
};
use entremise_core::id::{CaseId, NoticeId, QuestionId};
use entremise_core::identification::{Assignment, AssignmentKind, IdentityField, Outcome};
use entremise_core::notice::{Claim, Class, Notice, Observation, Source, Work};
use entremise_core::regime::rules::{ChannelKind, SenderKind, Span};
use entremise_core::regime::{Regime, screening};
use entremise_core::step::{Refusal, step};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::de::DeserializeOwned;
use toml::value::Datetime;
use uuid::Uuid;

use super::expect;
use super::file::Step;
use super::{hearing, measures, reviewer};

/// Line, question and numbers are the same in every situation: one subscriber, one provider.
pub struct World<'a> {
    pub regime: Cow<'a, Regime>,
    pub identification: Option<Case>,
    pub ladder: Option<Case>,
    pub measure: Option<Case>,
    /// The case that the last step moved.
    pub last: Last,
    notices: u128,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Last {
    Identification,
    Ladder,
    Measure,
}

/// What a step did.
pub enum Done {
    Moved(Vec<Effect>),
    Refused(Refusal),
    /// Codes of a screening.
    Screened(Vec<&'static str>),
    Counted(Deadline),
    /// The value and its citation, where it is in force.
    Read(Option<(serde_json::Value, entremise_core::regime::Citation)>),
    Nothing,
}

pub type Because = String;

impl<'a> World<'a> {
    pub fn new(regime: &'a Regime) -> Self {
        Self {
            regime: Cow::Borrowed(regime),
            identification: None,
            ladder: None,
            measure: None,
            last: Last::Ladder,
            notices: 0,
        }
    }

    /// Lets one thing happen, and checks what must follow.
    pub fn take(&mut self, step: &Step) -> Result<(), Because> {
        let at = self.instant(&step.at)?;
        let done = self.happen(step, at)?;
        match &step.then {
            Some(then) => expect::expect(self, then, &done),
            None => match done {
                Done::Refused(refusal) => Err(format!("refused: {refusal}")),
                Done::Screened(codes) if !codes.is_empty() => Err(format!("rejected: {codes:?}")),
                _ => Ok(()),
            },
        }
    }

    fn happen(&mut self, step: &Step, at: Timestamp) -> Result<Done, Because> {
        match step.event.as_str() {
            "notice_received" => self.screen(step, at),
            "rules_read" => {
                let path = wanted(&step.value, "value")?;
                let version = self.regime.version_on(self.regime.zone().day_of(at));
                let version = version.map_err(|error| error.to_string())?;
                let found = version.values.get(path);
                Ok(Done::Read(found.map(|row| (row.value.clone(), row.citation.clone()))))
            }
            "rules_asked" => match self.regime.at(at) {
                Ok(_) => Ok(Done::Nothing),
                Err(_) => {
                    let day = self.regime.zone().day_of(at);
                    Ok(Done::Refused(Refusal::NoRules { day }))
                }
            },
            "counted" => self.count(step, at),
            "holiday_decreed" => {
                let day = self.day(step.day.as_ref().ok_or("a holiday needs its day")?)?;
                let name = wanted(&step.holiday, "holiday")?.to_owned();
                let name = Words { fr: name.clone(), en: name };
                let calendar = self.regime.calendar().clone().with_holiday(day, name, "edited");
                let regime = self.regime.as_ref().clone();
                self.regime = Cow::Owned(regime.with_calendar(calendar));
                Ok(Done::Nothing)
            }
            "nothing" => Ok(Done::Nothing),
            "trial_declared" => {
                self.regime = Cow::Owned(measures::tried(&self.regime)?);
                Ok(Done::Nothing)
            }
            "first_warning" | "second_sent" | "second_warning" | "third_sent" => {
                self.warned(&step.event, at)
            }
            _ => self.move_case(step, at),
        }
    }

    fn move_case(&mut self, on: &Step, at: Timestamp) -> Result<Done, Because> {
        if let Some(event) = measures::event(self, on, at)? {
            return self.apply(Last::Measure, &event, at);
        }
        let (which, event) = self.event(on, at)?;
        self.apply(which, &event, at)
    }

    fn apply(&mut self, which: Last, event: &Event, at: Timestamp) -> Result<Done, Because> {
        self.last = which;
        let case = match which {
            Last::Identification => &mut self.identification,
            Last::Ladder => &mut self.ladder,
            Last::Measure => &mut self.measure,
        };
        let fresh = match event {
            Event::NoticeAccepted { .. } => true,
            _ => case.is_none(),
        };
        if fresh {
            *case = Some(open(which, &self.regime, self.notices, at));
        }
        let case = case.as_mut().ok_or("no case is open")?;
        match step(case, event, at, &self.regime) {
            Ok(step) => {
                case.state = step.state;
                Ok(Done::Moved(step.effects))
            }
            Err(refusal) => Ok(Done::Refused(refusal)),
        }
    }

    /// Several events of one instant that many situations begin with: fact, decision, disclosure,
    /// and the news of the message that starts the clock.
    fn warned(&mut self, name: &str, at: Timestamp) -> Result<Done, Because> {
        use IdentityField::{Email, Name, PostalAddress};
        let stage = match name {
            "first_warning" => 0,
            "third_sent" => 2,
            _ => 1,
        };
        let notice = NoticeId(Uuid::from_u128(1));
        let identification = CaseId(Uuid::from_u128(8));
        let fact = Fact { notice, identification, fact_at: at, received_at: at };
        let by = "membre".parse().map_err(text)?;
        let (verdict, ground) = (Verdict::Send, Ground::FactsEstablished);
        let question = QuestionId(Uuid::from_u128(9));
        let fields = if stage == 0 { vec![Email] } else { vec![Email, Name, PostalAddress] };
        let report =
            |channel, status| Event::Delivery(DeliveryReport { stage, channel, status, at });
        let mut events = vec![
            Event::FactEstablished { fact },
            Event::Decided(Decision { by, verdict, ground }),
            Event::Disclosed { question, fields },
        ];
        match name {
            "first_warning" => events.push(report(ChannelKind::Email, DeliveryStatus::HandedOver)),
            "second_warning" => {
                events.push(report(ChannelKind::RegisteredLetter, DeliveryStatus::Presented));
            }
            _ => {}
        }
        let mut effects = Vec::new();
        for event in &events {
            match self.apply(Last::Ladder, event, at)? {
                Done::Moved(done) => effects = done,
                Done::Refused(refusal) => return Err(format!("{}: {refusal}", event.name())),
                _ => {}
            }
        }
        Ok(Done::Moved(effects))
    }

    /// The event of a step, and the case it belongs to.
    fn event(&mut self, on: &Step, at: Timestamp) -> Result<(Last, Event), Because> {
        use Last::{Identification, Ladder};
        let slot = on.slot.as_ref().map(|slot| self.instant(slot)).transpose()?;
        if let Some(event) = hearing::event(on, at, slot)? {
            return Ok((Ladder, event));
        }
        let fact_at = match &on.fact {
            Some(fact) => self.instant(fact)?,
            None => at,
        };
        let question = QuestionId(Uuid::from_u128(9));
        let notice = NoticeId(Uuid::from_u128(self.notices.max(1)));
        Ok(match on.event.as_str() {
            "notice_accepted" => {
                self.notices += 1;
                let notice = NoticeId(Uuid::from_u128(self.notices));
                let sender = "saisissant".parse().map_err(text)?;
                let provider = line()?.provider;
                (Identification, Event::NoticeAccepted { notice, sender, provider, fact_at })
            }
            "question_asked" => (Identification, Event::QuestionAsked { question }),
            "answered" => {
                let outcome = outcome(wanted(&on.outcome, "outcome")?, at)?;
                (Identification, Event::Answered { question, outcome })
            }
            "notice_retracted" => (Identification, Event::NoticeRetracted { notice }),
            "fact_established" => {
                let identification = CaseId(Uuid::from_u128(8));
                let fact = Fact { notice, identification, fact_at, received_at: at };
                (Ladder, Event::FactEstablished { fact })
            }
            "decided" => {
                let verdict = word(wanted(&on.verdict, "verdict")?)?;
                let by = "membre".parse().map_err(text)?;
                (Ladder, Event::Decided(Decision { by, verdict, ground: Ground::Discretion }))
            }
            "disclosed" => {
                let fields = on.fields.iter().map(|field| word(field)).collect::<Result<_, _>>()?;
                (Ladder, Event::Disclosed { question, fields })
            }
            "disclosure_failed" => {
                let reason = word(wanted(&on.reason, "reason")?)?;
                (Ladder, Event::DisclosureFailed { question, reason })
            }
            "delivery" => (Ladder, Event::Delivery(self.report(on, at)?)),
            "deadline_passed" => {
                let of = match on.of.as_deref() {
                    Some("identification") => Identification,
                    Some("ladder") => Ladder,
                    Some("measure") => Last::Measure,
                    Some(other) => return Err(format!("no case is called {other}")),
                    None => self.last,
                };
                (of, Event::DeadlinePassed)
            }
            "authorisation_requested" => (Ladder, reviewer::requested(on)?),
            "authorisation_handed_over" => (Ladder, reviewer::handed_over(on)?),
            "authorisation_granted" => (Ladder, self.ruled(on, Ruling::Granted, at)?),
            "authorisation_refused" => (Ladder, self.ruled(on, Ruling::Refused, at)?),
            "hold_placed" => {
                let until = self.instant(on.until.as_ref().ok_or("a hold needs until")?)?;
                let (by, order) = ("membre".parse().map_err(text)?, "d".repeat(64));
                let order = order.parse().map_err(text)?;
                (Ladder, Event::HoldPlaced { by, order, until })
            }
            "hold_lifted" => (Ladder, Event::HoldLifted { by: "membre".parse().map_err(text)? }),
            other => return Err(format!("no event is called {other}")),
        })
    }

    /// A reviewer's ruling, given now unless the step says when.
    fn ruled(&self, on: &Step, ruling: Ruling, at: Timestamp) -> Result<Event, Because> {
        let given = match &on.happened {
            Some(happened) => self.instant(happened)?,
            None => at,
        };
        let case = self.ladder.as_ref().ok_or("no case is open")?;
        reviewer::ruled(on, ruling, case, given, at, &self.regime)
    }

    fn report(&self, on: &Step, at: Timestamp) -> Result<DeliveryReport, Because> {
        let at = match &on.happened {
            Some(happened) => self.instant(happened)?,
            None => at,
        };
        let status = status(on)?;
        let stage = self.place_of(wanted(&on.stage, "stage")?)?;
        let channel = word(wanted(&on.channel, "channel")?)?;
        Ok(DeliveryReport { stage, channel, status, at })
    }

    /// The place of a stage on the ladder, by its id.
    pub fn place_of(&self, stage: &str) -> Result<usize, Because> {
        let stages = &self.regime.file().stage;
        let place = stages.iter().position(|known| known.id == stage);
        place.ok_or_else(|| format!("no stage is called {stage}"))
    }

    fn screen(&self, on: &Step, at: Timestamp) -> Result<Done, Because> {
        let fact_at = match &on.fact {
            Some(fact) => self.instant(fact)?,
            None => at,
        };
        let sender: SenderKind = word(on.sender.as_deref().unwrap_or("rights_holder_body"))?;
        let notice = notice(on, fact_at)?;
        Ok(Done::Screened(match screening::screen(&notice, sender, at, &self.regime, false) {
            Ok(()) => Vec::new(),
            Err(found) => found.iter().map(|rejection| rejection.code.name()).collect(),
        }))
    }

    /// A time of the rules, counted from the instant of the step.
    fn count(&self, on: &Step, at: Timestamp) -> Result<Done, Because> {
        let path = wanted(&on.value, "value")?;
        let day = self.regime.zone().day_of(at);
        let version = self.regime.version_on(day).map_err(|error| error.to_string())?;
        let row = version.values.get(path).ok_or_else(|| format!("{path} is not in force"))?;
        let span: Span = serde_json::from_value(row.value.clone()).map_err(text)?;
        let started_by = on.started_by.as_deref().unwrap_or("received");
        Ok(Done::Counted(self.regime.deadline(at, span, started_by, path)))
    }

    pub fn case(&self) -> Option<&Case> {
        match self.last {
            Last::Identification => self.identification.as_ref(),
            Last::Ladder => self.ladder.as_ref(),
            Last::Measure => self.measure.as_ref(),
        }
    }

    /// A day alone means its noon; an instant without an offset is local.
    pub fn instant(&self, given: &Datetime) -> Result<Timestamp, Because> {
        if given.offset.is_some() {
            return given.to_string().parse().map_err(text);
        }
        let local: DateTime = match given.time {
            Some(_) => given.to_string().parse().map_err(text)?,
            None => self.day(given)?.at(12, 0, 0, 0),
        };
        let zoned = local.in_tz(self.regime.zone().name()).map_err(text)?;
        Ok(zoned.timestamp())
    }

    pub fn day(&self, given: &Datetime) -> Result<Date, Because> {
        given.to_string().parse().map_err(text)
    }
}

fn open(which: Last, regime: &Regime, notices: u128, at: Timestamp) -> Case {
    let line = line().expect("the line is well-formed");
    let subject = match which {
        Last::Identification => Subject::Notice {
            notice: NoticeId(Uuid::from_u128(notices.max(1))),
            provider: line.provider,
        },
        Last::Ladder | Last::Measure => Subject::Line(line),
    };
    let authority = "autorite".parse().expect("well-formed");
    let id = regime.id().parse().expect("well-formed");
    Case::open(CaseId(Uuid::from_u128(8)), authority, id, subject, at)
}

pub fn line() -> Result<Line, Because> {
    let handle = "h".repeat(43).parse().map_err(text)?;
    Ok(Line { provider: "operateur".parse().map_err(text)?, handle })
}

/// A notice that the rules of every day accept, but for what the step takes away.
fn notice(on: &Step, from: Timestamp) -> Result<Notice, Because> {
    let has = |field: &str| !on.without.iter().any(|missing| missing == field);
    let given = |field: &str, text: &str| has(field).then(|| text.to_owned());
    let class = on.class.as_deref().map_or(Ok(Class::Copyright), word)?;
    let ip = on.ip.as_deref().unwrap_or("8.8.4.4").parse().map_err(text)?;
    let work = Work { title: Some("Œuvre d’exemple".into()), ..Work::default() };
    Ok(Notice {
        sender_case_id: None,
        class,
        kind: "p2p".into(),
        observation: Observation { from, until: None, clock: None },
        source: Source { ip, port: has("source_port").then_some(51_413), transport: None },
        observer: None,
        protocol: given("protocol", "bittorrent"),
        pseudonym: None,
        provider_name: given("provider", "Opérateur d’exemple"),
        works: if has("work") { vec![work] } else { Vec::new() },
        claim: Claim {
            sworn_agent: given("sworn_agent", "AG-7"),
            standing_declared: has("standing"),
            retraction: on.retraction,
            ..Claim::default()
        },
        details: Default::default(),
    })
}

fn outcome(name: &str, at: Timestamp) -> Result<Outcome, Because> {
    Ok(match name {
        "identified" => Outcome::Identified {
            handle: line()?.handle,
            assignment: Assignment { kind: AssignmentKind::Session, start: at, end: None },
        },
        "ambiguous" => Outcome::Ambiguous { holders: 2 },
        "not_found" => Outcome::NotFound,
        "out_of_retention" => Outcome::OutOfRetention,
        "not_our_address" => Outcome::NotOurAddress,
        "resale_operator" => Outcome::ResaleOperator { operator: "Revendeur d’exemple".into() },
        "shared_unresolvable" => Outcome::SharedUnresolvable,
        "log_gap" => Outcome::LogGap,
        "refused" => Outcome::Refused { reason: "port manquant".into() },
        "error" => Outcome::Error { reason: "base indisponible".into() },
        other => return Err(format!("no outcome is called {other}")),
    })
}

/// What a carrier says.
pub fn status(on: &Step) -> Result<DeliveryStatus, Because> {
    match (wanted(&on.status, "status")?, &on.reason) {
        ("returned", Some(reason)) => Ok(DeliveryStatus::Returned(word(reason)?)),
        (status, _) => word(status),
    }
}

pub fn wanted<'a>(given: &'a Option<String>, name: &str) -> Result<&'a str, Because> {
    given.as_deref().ok_or_else(|| format!("the step needs {name}"))
}

/// A word of one of the house's closed lists.
pub fn word<T: DeserializeOwned>(name: &str) -> Result<T, Because> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).map_err(text)
}

pub fn text(error: impl std::fmt::Display) -> Because {
    error.to_string()
}

/// The ladder's state, for what only it knows.
pub fn ladder_state(case: &Case) -> Option<&entremise_core::procedure::ladder::State> {
    match &case.state {
        State::Ladder(state) => Some(state),
        State::Identification(_) | State::Measure(_) => None,
    }
}
