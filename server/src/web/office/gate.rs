//! Who is at a desk, and whether the rules let them do what they came for.
//!
//! Every page behind the door passes here. What is refused is entered in the log of decisions, and
//! so is every act that is let through: one that cannot be entered is not done.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use entremise_core::deadline::Lang;
use entremise_core::id::PersonId;
use jiff::Timestamp;

use super::Office;
use crate::access::{Action, Decided, Resource, Seat};
use crate::web::absence;
use crate::web::desk::CaseView;
use crate::web::measure::desk::MeasureView;
use crate::web::page::{Frame, said};
use crate::web::place::{self, Place};
use crate::web::session::Session;

/// A person who is signed in, at whichever desk. Whoever has no session is sent to the sign-in
/// page, which brings them back.
pub(in crate::web) struct SignedIn {
    pub session: Session,
    pub seat: Seat,
    pub lang: Lang,
    pub now: Timestamp,
}

impl FromRequestParts<Office> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Office) -> Result<Self, Response> {
        let now = (office.web.clock)();
        let path = parts.uri.path();
        let lang = place::of_path(path).unwrap_or(Lang::Fr);
        let session = office.sessions.read(&parts.headers, now);
        let known = session
            .and_then(|session| Some((office.sessions.seat(&session.person)?.clone(), session)));
        match known {
            Some((seat, session)) => Ok(Self { session, seat, lang, now }),
            None => {
                let back = place::encoded(path);
                let to = format!("{}?back={back}", Place::SignIn.path(lang));
                Err(Redirect::to(&to).into_response())
            }
        }
    }
}

impl SignedIn {
    /// Asks the rules. What they refuse gets a page that says so.
    ///
    /// # Errors
    /// That page; or one that says that the act could not be entered in the log.
    pub async fn may(
        &self,
        office: &Office,
        action: Action,
        about: Resource,
    ) -> Result<(), Box<Response>> {
        let ruled = office.sides.policy.ask(&self.seat, action, &about);
        if ruled.allowed && action.only_reads() {
            return Ok(());
        }
        let decided = Decided::new(&self.seat, action, &about, &ruled, self.now);
        let log = Arc::clone(&office.sides.decisions);
        let is_kept = tokio::task::spawn_blocking(move || log.enter(decided)).await;
        let place = || Frame::of(self.seat.role).home();
        if !ruled.allowed {
            let page = office.page(self, place());
            return Err(Box::new(said(StatusCode::FORBIDDEN, page, "other_role")));
        }
        if !is_kept.unwrap_or(false) {
            let page = office.page(self, place());
            return Err(Box::new(said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble")));
        }
        Ok(())
    }

    /// Asks the rules about an act on a case. Where the person acts in an absent one's place, the
    /// rules know, and the ledger has it before the act.
    ///
    /// # Errors
    /// As [`Self::may`].
    pub async fn may_on(
        &self,
        office: &Office,
        action: Action,
        case: &CaseView,
    ) -> Result<(), Box<Response>> {
        let absent = self.in_place_of(office, &case.reference).await?;
        self.may(office, action, about(case, absent.clone())).await?;
        self.entered(office, &case.reference, action, absent).await
    }

    /// The same of an act on a measure. The absent person is whoever looks after it or after the
    /// file that was judged, or who entered the judgment.
    ///
    /// # Errors
    /// As [`Self::may`].
    pub async fn may_on_measure(
        &self,
        office: &Office,
        action: Action,
        measure: &MeasureView,
    ) -> Result<(), Box<Response>> {
        let absent = if office.sides.absences.is_none() {
            None
        } else {
            let cases = [measure.reference.clone(), measure.file.clone()];
            let entered_by = measure.entered_by.clone();
            let (person, now) = (self.session.person.clone(), self.now);
            let found = absence::ask(office, move |house| {
                house.in_place_on_measure(&cases, &entered_by, &person, now)
            });
            found.await.map_err(|_| self.trouble(office))?
        };
        self.may(office, action, about_measure(measure, absent.clone())).await?;
        self.entered(office, &measure.reference, action, absent).await
    }

    /// Enters in whose place this person is about to do something on a case, if in anybody's.
    ///
    /// # Errors
    /// The page that says that it could not be entered.
    pub async fn acts_in_place(
        &self,
        office: &Office,
        reference: &str,
        action: Action,
    ) -> Result<(), Box<Response>> {
        let absent = self.in_place_of(office, reference).await?;
        self.entered(office, reference, action, absent).await
    }

    /// The absent person in whose place this one would act on a case.
    async fn in_place_of(
        &self,
        office: &Office,
        reference: &str,
    ) -> Result<Option<PersonId>, Box<Response>> {
        if office.sides.absences.is_none() {
            return Ok(None);
        }
        let (case, person, now) = (reference.to_owned(), self.session.person.clone(), self.now);
        let found = absence::ask(office, move |house| house.in_place_of(&case, &person, now)).await;
        found.map_err(|_| self.trouble(office))
    }

    /// Enters in whose place something is about to be done, if in anybody's.
    async fn entered(
        &self,
        office: &Office,
        reference: &str,
        action: Action,
        absent: Option<PersonId>,
    ) -> Result<(), Box<Response>> {
        let Some(absent) = absent else { return Ok(()) };
        let (case, by, now) = (reference.to_owned(), self.session.person.clone(), self.now);
        let acts =
            absence::ask(office, move |house| house.acts((&case, action), &absent, &by, now));
        acts.await.map_err(|_| self.trouble(office))
    }

    fn trouble(&self, office: &Office) -> Box<Response> {
        let page = office.page(self, Frame::of(self.seat.role).home());
        Box::new(said(StatusCode::SERVICE_UNAVAILABLE, page, "trouble"))
    }

    /// Whether the rules would let this person do it: for what a page offers. Enters nothing.
    pub fn is_offered(&self, office: &Office, action: Action, about: &Resource) -> bool {
        office.sides.policy.ask(&self.seat, action, about).allowed
    }
}

/// A person of the office, or a member, on a page that the rules open to them.
pub(super) struct AtDesk(SignedIn);

impl std::ops::Deref for AtDesk {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl FromRequestParts<Office> for AtDesk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Office) -> Result<Self, Response> {
        let signed_in = SignedIn::from_request_parts(parts, office).await?;
        let action = action(&parts.method, parts.uri.path());
        let asked = async {
            signed_in.may(office, action, Resource::Work).await?;
            // A decision and a deliberation are asked about once more, with their case.
            if let Some(case) =
                acted_on(&parts.method, parts.uri.path()).filter(|_| !action.only_reads())
            {
                signed_in.acts_in_place(office, &case, action).await?;
            }
            Ok::<_, Box<Response>>(())
        };
        match asked.await {
            Ok(()) => Ok(Self(signed_in)),
            Err(refused) => Err(*refused),
        }
    }
}

/// What a page of the office does, by its address. A decision and a deliberation are asked about
/// once more, with their case, by the pages themselves.
fn action(method: &Method, path: &str) -> Action {
    let shows = method == Method::GET || method == Method::HEAD;
    // After the language: the office, what is in it, which case, which page of it.
    let parts: Vec<&str> = path.trim_matches('/').split('/').skip(2).collect();
    match (parts.as_slice(), shows) {
        ([] | [_], true) => Action::SeeWork,
        (["lot" | "batch"], _) => Action::ReadCase,
        (["creneaux" | "hearings"], false) => Action::EnterAnswer,
        ([_], false) => Action::SettleAlarm,
        // An act on a measure is asked about once more, with the measure.
        (["mesure" | "measure", ..], _) => Action::ReadCase,
        ([_, _, "autorisation" | "authorisation", ..], _) => Action::AskReview,
        ([_, _, "droits" | "rights", ..], _) => Action::AnswerPerson,
        ([_, _, "documents"], false) => Action::OpenDocument,
        ([_, _, "contestation" | "challenge", ..], _) => Action::EnterAnswer,
        ([_, _, "contradictoire" | "defence", ..], false) => Action::EnterAnswer,
        ([_, _, "deliberation", ..], _) => Action::SeeDeliberations,
        ([_, _, "decision"], _) => Action::ReadCase,
        (_, true) => Action::ReadCase,
        (_, false) => Action::ActOnCase,
    }
}

/// The number of the case on which a form acts.
fn acted_on(method: &Method, path: &str) -> Option<String> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').skip(2).collect();
    match (method, parts.as_slice()) {
        (&Method::POST, ["dossier" | "case", reference, ..]) => Some((*reference).to_owned()),
        _ => None,
    }
}

/// A case as the rules see it, for what a page offers.
pub(super) fn as_asked(case: &CaseView) -> Resource {
    about(case, None)
}

fn about(case: &CaseView, in_place_of: Option<PersonId>) -> Resource {
    Resource::Case {
        reference: case.reference.clone(),
        regime: case.regime_id.clone(),
        finding: case.finding,
        proposed_by: case.proposed_by.clone(),
        in_place_of,
    }
}

/// A measure as the rules see it.
pub(super) fn measure_as_asked(measure: &MeasureView) -> Resource {
    about_measure(measure, None)
}

fn about_measure(measure: &MeasureView, in_place_of: Option<PersonId>) -> Resource {
    Resource::Measure {
        in_place_of,
        reference: measure.reference.clone(),
        regime: measure.regime_id.clone(),
        entered_by: measure.entered_by.clone(),
    }
}

/// Deciding the step that a case proposes.
pub(super) fn deciding(case: &CaseView) -> Action {
    if case.finding { Action::DecideFinding } else { Action::DecideWarning }
}
