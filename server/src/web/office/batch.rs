//! Several decisions in one go, each with its own ground: nothing is chosen beforehand, no ground
//! counts for two cases, and all of them are read once more before any is entered.
//!
//! Only warnings: a finding is decided by a member, alone on its page.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::decide::Choice;
use super::gate::deciding;
use super::{AtDesk, Office};
use crate::web::ask;
use crate::web::desk::{Asked, CaseView, DecideOutcome, DecisionOrder, WorkQuery};
use crate::web::page::{Page, render, said};
use crate::web::place::Place;
use crate::web::seat_place::SeatPlace;

/// As many as a person reads with care in one sitting.
const CASES_MAX: usize = 20;

#[derive(Template)]
#[template(path = "batch/choose.html")]
struct Choose {
    page: Page,
    /// With what may be decided of each.
    cases: Vec<(CaseView, Vec<Choice>)>,
    token: String,
    /// The form came back without any choice.
    nothing_chosen: bool,
}

impl Choose {
    fn first_fact(&self, case: &CaseView) -> Option<String> {
        let fact = case.facts.iter().find(|fact| fact.leading)?;
        Some(self.page.instant(&fact.fact_at, &case.zone))
    }

    fn is_sent(&self, case: &CaseView) -> bool {
        case.messages.iter().any(|message| message.status.is_some())
    }
}

#[derive(Template)]
#[template(path = "batch/confirm.html")]
struct Confirm {
    page: Page,
    chosen: Vec<Chosen>,
    token: String,
}

/// What was chosen of one case.
struct Chosen {
    reference: String,
    version: u64,
    choice: Choice,
}

#[derive(Template)]
#[template(path = "batch/done.html")]
struct Done {
    page: Page,
    /// Which case, what became of it, and what was chosen.
    results: Vec<(String, &'static str, &'static str)>,
}

/// The cases that wait for a decision on a warning, the nearest deadline first.
pub(super) async fn choose(State(office): State<Office>, desk: AtDesk) -> Response {
    list(&office, &desk, false).await
}

async fn list(office: &Office, desk: &AtDesk, nothing_chosen: bool) -> Response {
    let now = desk.now;
    let found = ask(&office.web.desk, move |house| {
        let query = WorkQuery { asked: Some(Asked::Decide), after: None, rows_max: 2 * CASES_MAX };
        let rows = house.today(&query, now)?.rows;
        let rows = rows.into_iter().filter(|row| !row.finding).take(CASES_MAX);
        let cases = rows.map(|row| house.case(&row.reference, now));
        cases.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()
    });
    let page = office.page(desk, Place::Seat(SeatPlace::Batch));
    let title = page.t("batch.title");
    let page = page.titled(title).with_error(nothing_chosen);
    let Ok(cases) = found.await else {
        return said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble");
    };
    let token =
        office.sessions.form_token(&desk.session, &purpose(&cases.iter().map(key).collect()));
    let offered = |case: CaseView| {
        let choices = Choice::of(office, desk, &case);
        (case, choices)
    };
    let cases = cases.into_iter().map(offered).collect();
    let status = if nothing_chosen { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(status, &Choose { page, cases, token, nothing_chosen })
}

/// Reads what was chosen once more, or enters it.
pub(super) async fn enter(
    State(office): State<Office>,
    desk: AtDesk,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let sent = Sent::of(&fields);
    let page = || office.page(&desk, Place::Seat(SeatPlace::Batch));
    if !office.sessions.form_token_fits(&desk.session, &purpose(&sent.seen), &sent.token) {
        return said(StatusCode::FORBIDDEN, page(), "foreign_form");
    }
    if sent.chosen.is_empty() {
        return list(&office, &desk, true).await;
    }
    let shown = page();
    if !sent.confirmed {
        let token = office.sessions.form_token(&desk.session, &purpose(&sent.chosen_keys()));
        let title = shown.t("batch.confirm");
        let page = shown.titled(title);
        return render(StatusCode::OK, &Confirm { page, chosen: sent.chosen, token });
    }
    let mut results = Vec::new();
    for chosen in sent.chosen {
        let name = chosen.choice.name;
        let reference = chosen.reference.clone();
        results.push((reference, decide(&office, &desk, chosen).await, name));
    }
    let title = shown.t("batch.done");
    render(StatusCode::OK, &Done { page: shown.titled(title), results })
}

/// Decides one case, for itself: what becomes of it changes nothing for the others.
async fn decide(office: &Office, desk: &AtDesk, chosen: Chosen) -> &'static str {
    let (now, reference) = (desk.now, chosen.reference.clone());
    let found = ask(&office.web.desk, move |house| house.case(&reference, now)).await;
    let case = match found {
        Ok(Some(case)) => case,
        Ok(None) => return "no_case",
        Err(_) => return "trouble",
    };
    let is_offered = Choice::of(office, desk, &case).contains(&chosen.choice);
    if case.finding || desk.may_on(office, deciding(&case), &case).await.is_err() {
        return "not_yours";
    }
    if !is_offered {
        return "stale";
    }
    let order = DecisionOrder {
        reference: chosen.reference,
        version: chosen.version,
        verdict: chosen.choice.verdict,
        ground: chosen.choice.ground,
        by: desk.session.person.clone(),
    };
    match ask(&office.web.desk, move |house| house.decide(&order, now)).await {
        Ok(DecideOutcome::Entered) => "entered",
        Ok(DecideOutcome::Stale) => "stale",
        Ok(DecideOutcome::Refused(_)) => "refused",
        Ok(DecideOutcome::NoSuchCase) => "no_case",
        Err(_) => "trouble",
    }
}

/// What the form brought: which cases were on the page as they stood, and what was chosen.
#[derive(Default)]
struct Sent {
    token: String,
    confirmed: bool,
    /// Number and version of each case that was on the page.
    seen: BTreeMap<String, u64>,
    chosen: Vec<Chosen>,
}

impl Sent {
    fn of(fields: &[(String, String)]) -> Self {
        let mut sent = Self::default();
        for (name, value) in fields {
            match name.split_once(':') {
                None if name == "token" => sent.token.clone_from(value),
                None if name == "confirmed" => sent.confirmed = value == "yes",
                Some(("version", reference)) => {
                    sent.seen.insert(reference.to_owned(), value.parse().unwrap_or_default());
                }
                _ => {}
            }
        }
        for (name, value) in fields {
            if let Some(("choice", reference)) = name.split_once(':')
                && let Some(version) = sent.seen.get(reference)
                && let Some(choice) = Choice::named(value)
            {
                let (reference, version) = (reference.to_owned(), *version);
                sent.chosen.push(Chosen { reference, version, choice });
            }
        }
        sent
    }

    fn chosen_keys(&self) -> BTreeMap<String, u64> {
        self.chosen.iter().map(|one| (one.reference.clone(), one.version)).collect()
    }
}

fn key(case: &CaseView) -> (String, u64) {
    (case.reference.clone(), case.version)
}

/// What the form's token is tied to: these cases as they stood.
fn purpose(cases: &BTreeMap<String, u64>) -> String {
    let cases: Vec<String> =
        cases.iter().map(|(reference, version)| format!("{version} {reference}")).collect();
    format!("batch\n{}", cases.join("\n"))
}
