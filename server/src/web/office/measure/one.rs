//! One measure on one page: what was pronounced, where it stands, what comes and why, its life
//! drawn and told, what can be entered, and all that was.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use entremise_core::deadline::Deadline;
use entremise_core::procedure::measure::{Awaits, Terms, Told};
use entremise_core::regime::rules::{MeasureKind, Spared};
use entremise_core::step::Refusal;
use jiff::civil::Date;
use serde::Deserialize;

use super::{AtDesk, Office, measure};
use crate::access::Resource;
use crate::web::measure::ActKind;
use crate::web::measure::desk::{MeasureView, OnRegister, Phase};
use crate::web::office::gate::measure_as_asked;
use crate::web::office::told::{Line, line};
use crate::web::page::{Page, render};
use crate::web::place::Place;
use crate::web::words::{self, filled};

#[derive(Template)]
#[template(path = "measure/one.html")]
struct OnePage {
    page: Page,
    measure: MeasureView,
    life: Life,
    lines: Vec<Line>,
    acts: Vec<Offered>,
    entered: bool,
}

/// An act that the page names: where it is entered, or why not now.
struct Offered {
    kind: ActKind,
    path: String,
    /// The law does not take it yet, or another person must enter it.
    not_now: Option<String>,
}

/// The life of a measure, drawn from its first day to its last.
struct Life {
    from: String,
    until: String,
    /// Where today stands. Unit: thousandths of the drawing.
    today: u64,
    stretches: Vec<Stretch>,
}

struct Stretch {
    phase: Phase,
    /// Unit: thousandths of the drawing.
    x: u64,
    width: u64,
    dates: String,
}

impl OnePage {
    /// Where the person stands on the register, and whether something is to be done about it.
    fn on_register(&self) -> Option<(String, bool)> {
        let told = |key: &str, until: jiff::Timestamp| {
            self.page.with(key, "until", self.page.day(self.measure.last_day(until)))
        };
        match self.measure.register {
            OnRegister::Nothing => None,
            OnRegister::Owed { until } => Some((told("measure.register.owed", until), true)),
            OnRegister::Until { until, entered } if until == entered => {
                Some((told("measure.register.entered", entered), false))
            }
            OnRegister::Until { until, .. } => Some((told("measure.register.behind", until), true)),
        }
    }

    fn register_path(&self) -> String {
        Place::MeasureRegister(self.measure.reference.clone()).path(self.page.lang)
    }
}

#[derive(Deserialize, Default)]
pub(in crate::web::office) struct Entered {
    #[serde(default)]
    entered: bool,
}

pub(in crate::web::office) async fn show(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    entered: Result<Query<Entered>, QueryRejection>,
) -> Response {
    let entered = entered.is_ok_and(|Query(told)| told.entered);
    let measure = match measure(&office, &desk, &reference).await {
        Ok(measure) => measure,
        Err(response) => return *response,
    };
    let page = office.page(&desk, Place::Measure(reference));
    let title = page.with("measure.title", "what", page.told(&measure.title));
    let page = page.titled(title);
    let lines = measure.timeline.iter().map(|entry| line(entry, &page, &measure.zone)).collect();
    let acts = offered(&office, &desk, &page, &measure);
    let life = Life::of(&measure, &page, &desk);
    render(StatusCode::OK, &OnePage { page, measure, life, lines, acts, entered })
}

/// What can be entered by whoever looks; nothing for a person who enters nothing here.
fn offered(office: &Office, desk: &AtDesk, page: &Page, measure: &MeasureView) -> Vec<Offered> {
    let mine = measure_as_asked(measure);
    let of_nobody = match &mine {
        Resource::Measure { reference, regime, .. } => Resource::Measure {
            reference: reference.clone(),
            regime: regime.clone(),
            entered_by: Vec::new(),
            in_place_of: None,
        },
        other => other.clone(),
    };
    let acts = measure.acts.iter().filter_map(|(kind, refused)| {
        // What this person may never enter is not named at all.
        desk.is_offered(office, kind.action(), &of_nobody).then_some(())?;
        let not_now = match refused {
            Some(refusal) => Some(refused_text(refusal, page, measure)),
            None if desk.is_offered(office, kind.action(), &mine) => None,
            None => Some(page.t("measure.another_person").to_owned()),
        };
        let path = Place::MeasureAct(measure.reference.clone(), *kind).path(page.lang);
        Some(Offered { kind: *kind, path, not_now })
    });
    let mut acts: Vec<Offered> = acts.collect();
    // What can be entered comes first.
    acts.sort_by_key(|offered| offered.not_now.is_some());
    acts
}

/// Why the law does not take an act, in a sentence.
pub(super) fn refused_text(refusal: &Refusal, page: &Page, measure: &MeasureView) -> String {
    let whole = |until: jiff::Timestamp| page.day(measure.last_day(until));
    match refusal {
        Refusal::StillAppealable { until } => {
            page.with("measure.refused.still_appealable", "day", whole(*until))
        }
        Refusal::TooLate { ended_at } => {
            page.with("measure.refused.too_late", "day", whole(*ended_at))
        }
        Refusal::BeyondTheLaw { at_most } => {
            beyond_the_law(*at_most, measure.sentence.terms.kind(), page)
        }
        Refusal::NotYetDue { .. } => page.t("measure.refused.not_yet_due").to_owned(),
        Refusal::NotToCome { .. } => page.t("measure.refused.not_to_come").to_owned(),
        Refusal::NothingRequested => page.t("measure.refused.nothing_requested").to_owned(),
        Refusal::OnlyPiloted => page.t("measure.refused.only_piloted").to_owned(),
        _ => page.t("measure.refused.other").to_owned(),
    }
}

/// How much the law allows at most, in a sentence.
pub(super) fn beyond_the_law(at_most: u32, kind: MeasureKind, page: &Page) -> String {
    let key = match kind {
        MeasureKind::Fine | MeasureKind::ProviderFine => "measure.refused.beyond_the_law_euros",
        _ => "measure.refused.beyond_the_law_days",
    };
    page.with(key, "count", page.number(u64::from(at_most)))
}

/// What is to be carried out, in a phrase.
pub(in crate::web) fn terms_text(terms: Terms, page: &Page) -> String {
    match terms {
        Terms::Suspension { days: 1 } => page.t("measure.terms.day").to_owned(),
        Terms::Suspension { days } => {
            page.with("measure.terms.days", "count", page.number(u64::from(days)))
        }
        Terms::Fine { euros } => {
            page.with("measure.terms.euros", "count", page.number(u64::from(euros)))
        }
        Terms::Injunction => page.t("measure.terms.injunction").to_owned(),
    }
}

impl Life {
    fn of(measure: &MeasureView, page: &Page, desk: &AtDesk) -> Self {
        let phases = &measure.phases;
        let seconds = |at: jiff::Timestamp| at.as_second();
        let now = seconds(desk.now);
        let from = phases.first().map_or(now, |phase| seconds(phase.from));
        let last = phases.iter().map(|phase| seconds(phase.until)).max().unwrap_or(now);
        let until = if measure.closed { last } else { last.max(now) };
        let span = until.saturating_sub(from).max(1);
        let place = |at: i64| {
            let share = i128::from(at.clamp(from, until) - from) * 1_000 / i128::from(span);
            u64::try_from(share).unwrap_or_default()
        };
        let day = |at: i64| {
            let at = jiff::Timestamp::from_second(at).unwrap_or(desk.now);
            measure.zone.day_of(at)
        };
        let stretches = phases.iter().map(|phase| {
            let x = place(seconds(phase.from));
            // A stretch of an hour is drawn all the same.
            let width = place(seconds(phase.until)).saturating_sub(x).max(6);
            Stretch {
                x: x.min(994),
                width,
                dates: dates(phase, day(seconds(phase.from)), measure, page),
                phase: phase.clone(),
            }
        });
        Self {
            stretches: stretches.collect(),
            from: page.day(day(from)),
            until: page.day(day(until)),
            today: place(now).min(998),
        }
    }
}

/// From when until when a stretch goes, in words.
fn dates(phase: &Phase, from: Date, measure: &MeasureView, page: &Page) -> String {
    let until = phase.until.checked_sub(jiff::SignedDuration::from_nanos(1));
    let until = measure.zone.day_of(until.unwrap_or(phase.until)).max(from);
    let key = match (phase.when.name(), from == until) {
        ("past", true) => "measure.life.on",
        ("past", false) => "measure.life.past",
        ("planned", _) => "measure.life.planned",
        (_, true) => "measure.life.since",
        _ => "measure.life.now",
    };
    filled(page.lang, key, &[("from", &page.day(from)), ("until", &page.day(until))])
}

impl OnePage {
    fn state(&self) -> String {
        self.page.named("state.measure", self.measure.state)
    }

    fn means(&self) -> String {
        let of_kind =
            format!("{}_{}", self.measure.state, self.measure.sentence.terms.kind().name());
        let special = words::known(self.page.lang, "measure.means", &of_kind);
        special.map_or_else(|| self.page.named("measure.means", self.measure.state), str::to_owned)
    }

    fn terms(&self, terms: &Terms) -> String {
        terms_text(*terms, &self.page)
    }

    /// That the person asked for a postponement, and on which day.
    fn requested(&self) -> Option<String> {
        let day = self.measure.zone.day_of(self.measure.request?);
        Some(self.page.with("measure.requested_on", "at", self.page.day(day)))
    }

    /// Whether something else is to be carried out than what was pronounced.
    fn is_changed(&self) -> bool {
        self.measure.terms.is_some_and(|terms| terms != self.measure.sentence.terms)
    }

    fn awaits(&self, what: &Awaits) -> String {
        self.page.named("measure.awaits", what.name())
    }

    fn why<'d>(&self, deadline: &'d Deadline) -> &'d str {
        deadline.explanation.in_lang(self.page.lang)
    }

    fn told(&self, told: &Told) -> String {
        self.page.named("measure.told", told.name())
    }

    fn spares(&self) -> String {
        spared(&self.measure.spares, &self.page)
    }

    /// The days of its life that are known, in the order in which they come.
    fn days(&self) -> Vec<(&'static str, String)> {
        let dates = &self.measure.dates;
        let known = [
            ("measure.day.judged", dates.judged),
            ("measure.day.appeal_until", dates.appeal_until),
            ("measure.day.enforceable", dates.enforceable),
            ("measure.day.notified", dates.notified),
            ("measure.day.started", dates.started),
            ("measure.day.first", dates.first.filter(|_| dates.started.is_none())),
            ("measure.day.last", dates.last),
        ];
        let told = known
            .into_iter()
            .filter_map(|(key, day)| Some((self.page.t(key), self.page.day(day?))));
        told.collect()
    }

    fn phase(&self, stretch: &Stretch) -> String {
        self.page.named("measure.phase", stretch.phase.state)
    }

    fn act(&self, offered: &Offered) -> String {
        self.page.named("measure.act", offered.kind.name())
    }

    fn act_means(&self, offered: &Offered) -> String {
        let kind = self.measure.sentence.terms.kind();
        let of_kind = format!("{}_{}", offered.kind.name(), kind.name());
        let special = words::known(self.page.lang, "measure.act_short", &of_kind);
        special.map_or_else(
            || self.page.named("measure.act_short", offered.kind.name()),
            str::to_owned,
        )
    }

    fn declined(&self) -> Option<String> {
        let reason = self.measure.declined?;
        let name = serde_json::to_value(reason).ok()?;
        Some(self.page.named("measure.declined", name.as_str()?))
    }
}

/// What must run on, in a list.
pub(super) fn spared(spares: &[Spared], page: &Page) -> String {
    let names = spares.iter().map(|spared| match spared {
        Spared::Telephony => page.t("measure.spared.telephony"),
        Spared::Television => page.t("measure.spared.television"),
    });
    names.collect::<Vec<_>>().join(", ")
}
