//! One thing that is entered about a measure: its form, with what follows from it, and the act.
//! Each rests on a document, which is kept sealed with the measure.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::deadline::Zone;
use entremise_core::procedure::measure::{AppealOutcome, LiftGround, Terms};
use entremise_core::regime::rules::MeasureKind;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::one::{refused_text, terms_text};
use super::{AtDesk, Office, measure, trouble, with_measures};
use crate::web::defence::desk::Document;
use crate::web::desk::{NotDone, OnCase};
use crate::web::measure::desk::{ActOrder, ActOutcome, MeasureView};
use crate::web::measure::{Act, ActKind, Deed};
use crate::web::office::defence::{Sent, Wrong};
use crate::web::office::gate::measure_as_asked;
use crate::web::page::{Page, render, said, said_with};
use crate::web::place::Place;
use crate::web::words;

/// Reasons are kept as they are typed; longer ones are sent as a document. Unit: characters.
const REASONS_CHARS_MAX: usize = 10_000;
/// No measure of any law is longer or dearer. Keeps what is typed within what can be counted.
const AMOUNT_MAX: u32 = 100_000;

const OUTCOMES: [&str; 3] = ["upheld", "varied", "quashed"];
const GROUNDS: [LiftGround; 5] = [
    LiftGround::Court,
    LiftGround::Pardon,
    LiftGround::Amnesty,
    LiftGround::Mistake,
    LiftGround::Deceased,
];

#[derive(Template)]
#[template(path = "measure/act.html")]
struct ActPage {
    page: Page,
    measure: MeasureView,
    kind: ActKind,
    token: String,
    wrong: Option<Wrong>,
    /// What was typed stays where it must be typed again.
    typed: BTreeMap<String, String>,
    today: Date,
}

impl ActPage {
    fn w(&self, part: &str) -> String {
        let (prefix, kind) = (format!("measure.{part}"), self.measure.sentence.terms.kind());
        // What follows differs where no provider carries it out.
        let of_kind = format!("{}_{}", self.kind.name(), kind.name());
        let special = words::known(self.page.lang, &prefix, &of_kind);
        special.map_or_else(|| self.page.named(&prefix, self.kind.name()), str::to_owned)
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.wrong.is_some_and(|(of, _)| of == field)
    }

    fn typed(&self, field: &str) -> &str {
        self.typed.get(field).map_or("", String::as_str)
    }

    fn is_typed(&self, field: &str, value: &str) -> bool {
        self.typed(field) == value
    }

    fn dated(&self) -> bool {
        !matches!(
            self.kind,
            ActKind::Postponed
                | ActKind::PostponementRefused
                | ActKind::Resumed
                | ActKind::Varied
                | ActKind::Lifted
        )
    }

    fn outcomes(&self) -> Vec<&'static str> {
        // There is nothing of an injunction that could be varied.
        let varies = self.measure.sentence.terms.kind() != MeasureKind::Injunction;
        OUTCOMES.into_iter().filter(|name| varies || *name != "varied").collect()
    }

    fn grounds(&self) -> [LiftGround; 5] {
        GROUNDS
    }

    fn asks_terms(&self) -> bool {
        let varies = matches!(self.kind, ActKind::Varied | ActKind::AppealDecided);
        varies && self.measure.sentence.terms.kind() != MeasureKind::Injunction
    }

    fn is_suspension(&self) -> bool {
        self.measure.sentence.terms.kind() == MeasureKind::Suspension
    }

    fn terms(&self) -> String {
        let now = self.measure.terms.unwrap_or(self.measure.sentence.terms);
        terms_text(now, &self.page)
    }

    fn takes_reasons(&self) -> bool {
        self.kind == ActKind::PostponementRefused
    }

    fn judged(&self) -> String {
        let zone = &self.measure.zone;
        zone.day_of(self.measure.sentence.pronounced_at).to_string()
    }
}

/// The form of one act, as the law and the rules of the desks let it be entered now.
pub(in crate::web::office) async fn form(
    State(office): State<Office>,
    desk: AtDesk,
    Path((reference, address)): Path<(String, String)>,
) -> Response {
    let (measure, kind) = match asked(&office, &desk, &reference, &address).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    page(&office, &desk, measure, kind, None, BTreeMap::new())
}

/// The measure and the kind of act of an address, or the page that says why not.
async fn asked(
    office: &Office,
    desk: &AtDesk,
    reference: &str,
    address: &str,
) -> Result<(MeasureView, ActKind), Box<Response>> {
    let measure = measure(office, desk, reference).await?;
    let place = Place::Measure(reference.to_owned());
    let Some(kind) = ActKind::of_address(address) else {
        return Err(Box::new(said(StatusCode::NOT_FOUND, office.page(desk, place), "not_found")));
    };
    Ok((measure, kind))
}

fn page(
    office: &Office,
    desk: &AtDesk,
    measure: MeasureView,
    kind: ActKind,
    wrong: Option<Wrong>,
    typed: BTreeMap<String, String>,
) -> Response {
    let back = || office.page(desk, Place::Measure(measure.reference.clone()));
    match measure.acts.iter().find(|(known, _)| *known == kind) {
        None => return said(StatusCode::CONFLICT, back(), "measure.not_now"),
        Some((_, Some(refusal))) => {
            let page = back();
            let why = refused_text(refusal, &page, &measure);
            return said_with(StatusCode::CONFLICT, page, "measure.not_yet", ("why", &why));
        }
        Some((_, None)) => {}
    }
    if !desk.is_offered(office, kind.action(), &measure_as_asked(&measure)) {
        return said(StatusCode::FORBIDDEN, back(), "measure.not_you");
    }
    let purpose = purpose(&measure.reference, measure.version, kind);
    let token = office.sessions.form_token(&desk.session, &purpose);
    let page = office.page(desk, Place::MeasureAct(measure.reference.clone(), kind));
    let title = page.named("measure.act", kind.name());
    let page = page.titled(title).with_error(wrong.is_some());
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let today = measure.zone.day_of(desk.now);
    render(status, &ActPage { page, measure, kind, token, wrong, typed, today })
}

/// Enters an act.
pub(in crate::web::office) async fn enter(
    State(office): State<Office>,
    desk: AtDesk,
    Path((reference, address)): Path<(String, String)>,
    form: Multipart,
) -> Response {
    let (measure, kind) = match asked(&office, &desk, &reference, &address).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let Some(sent) = Sent::read(form).await else {
        let wrong = Some(("document", "unreadable"));
        return page(&office, &desk, measure, kind, wrong, BTreeMap::new());
    };
    let purpose = purpose(&reference, sent.version(), kind);
    if !office.sessions.form_token_fits(&desk.session, &purpose, sent.field("token")) {
        let page = office.page(&desk, Place::Measure(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    }
    if let Err(refused) = desk.may_on_measure(&office, kind.action(), &measure).await {
        return *refused;
    }
    let (version, typed) = (sent.version(), sent.fields().clone());
    let act = match act(sent, kind, &measure, desk.now) {
        Ok(act) => act,
        Err(wrong) => return page(&office, &desk, measure, kind, Some(wrong), typed),
    };
    let by = desk.session.person.clone();
    let order = ActOrder { of: OnCase { reference: reference.clone(), version, by }, act };
    let now = desk.now;
    let outcome = with_measures(&office, move |side| side.enter(&order, now)).await;
    let back = || office.page(&desk, Place::Measure(reference.clone()));
    match outcome {
        Ok(Some(ActOutcome::Entered)) => {
            let to = format!("{}?entered=true", Place::Measure(reference.clone()).path(desk.lang));
            Redirect::to(&to).into_response()
        }
        Ok(Some(ActOutcome::Refused(refusal))) => {
            let page = back();
            let why = refused_text(&refusal, &page, &measure);
            said_with(StatusCode::UNPROCESSABLE_ENTITY, page, "measure.refused", ("why", &why))
        }
        Ok(Some(ActOutcome::Not(NotDone::Stale))) => said(StatusCode::CONFLICT, back(), "stale"),
        Ok(_) => {
            let page = office.page(&desk, Place::Measures);
            said(StatusCode::NOT_FOUND, page, "measure.no_such")
        }
        Err(_) => trouble(&office, &desk),
    }
}

/// The act that a form asks for, or which field stands in its way.
fn act(sent: Sent, kind: ActKind, measure: &MeasureView, now: Timestamp) -> Result<Act, Wrong> {
    let zone = &measure.zone;
    let on = || on(&sent, measure, now);
    let deed = match kind {
        ActKind::Enforceable => Deed::Enforceable { at: on()? },
        ActKind::Served => Deed::Served { at: on()? },
        ActKind::LiftProven => Deed::LiftProven { at: on()? },
        ActKind::Fulfilled => Deed::Fulfilled { at: on()? },
        ActKind::Appealed => Deed::Appealed { at: on()? },
        ActKind::PostponementAsked => Deed::PostponementAsked { at: on()? },
        ActKind::AppealDecided => {
            Deed::AppealDecided { outcome: outcome(&sent, measure)?, at: on()? }
        }
        ActKind::Postponed => Deed::Postponed { until: until(&sent, zone, now)? },
        ActKind::Varied => Deed::Varied { terms: terms(&sent, measure)? },
        ActKind::Lifted => {
            let named = sent.field("ground");
            let ground = GROUNDS.into_iter().find(|ground| ground.name() == named);
            Deed::Lifted { ground: ground.ok_or(("ground", "choose"))? }
        }
        ActKind::PostponementRefused => Deed::PostponementRefused,
        ActKind::Resumed => Deed::Resumed,
    };
    let document = match kind {
        ActKind::PostponementRefused if !sent.has_document() => reasons(&sent)?,
        _ => sent.document()?,
    };
    Ok(Act { deed, document })
}

/// The beginning of the day on which it happened, so that no hour of it is held against the person.
fn on(sent: &Sent, measure: &MeasureView, now: Timestamp) -> Result<Timestamp, Wrong> {
    let day: Date = sent.field("on").parse().map_err(|_| ("on", "day"))?;
    let begins = measure.zone.start_of(day);
    if begins > now {
        return Err(("on", "future"));
    }
    if day < measure.zone.day_of(measure.sentence.pronounced_at) {
        return Err(("on", "before_judgment"));
    }
    Ok(begins)
}

/// The midnight after the last day of a postponement.
fn until(sent: &Sent, zone: &Zone, now: Timestamp) -> Result<Timestamp, Wrong> {
    let day: Date = sent.field("until").parse().map_err(|_| ("until", "day"))?;
    let after = day.checked_add(1.day()).map_err(|_| ("until", "day"))?;
    if zone.start_of(after) <= now { Err(("until", "past")) } else { Ok(zone.start_of(after)) }
}

fn outcome(sent: &Sent, measure: &MeasureView) -> Result<AppealOutcome, Wrong> {
    match sent.field("outcome") {
        "upheld" => Ok(AppealOutcome::Upheld),
        "varied" => Ok(AppealOutcome::Varied { terms: terms(sent, measure)? }),
        "quashed" => Ok(AppealOutcome::Quashed),
        _ => Err(("outcome", "choose")),
    }
}

/// What is to be carried out from now on, whole: days that were served already are among them.
fn terms(sent: &Sent, measure: &MeasureView) -> Result<Terms, Wrong> {
    let amount: u32 = sent.field("amount").parse().map_err(|_| ("amount", "amount"))?;
    if amount == 0 || amount > AMOUNT_MAX {
        return Err(("amount", "amount"));
    }
    match measure.sentence.terms.kind() {
        MeasureKind::Suspension => Ok(Terms::Suspension { days: amount }),
        MeasureKind::Fine => Ok(Terms::Fine { euros: amount }),
        _ => Err(("amount", "amount")),
    }
}

/// Reasons that were typed rather than sent as a document.
fn reasons(sent: &Sent) -> Result<Document, Wrong> {
    let text = sent.field("reasons").replace("\r\n", "\n");
    if text.is_empty() || text.chars().count() > REASONS_CHARS_MAX {
        return Err(("reasons", "reasons"));
    }
    Ok(Document { ending: "txt", bytes: text.into_bytes() })
}

/// What the form's token is tied to: this act on this measure as it stood.
fn purpose(reference: &str, version: u64, kind: ActKind) -> String {
    format!("measure\n{version}\n{}\n{reference}", kind.name())
}
