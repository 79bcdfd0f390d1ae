//! The office: today's work, one case on one page, one decision at a time. Every page asks first
//! who is at the desk, and the rules whether they may be there.

mod authorise;
mod batch;
mod case;
mod challenge;
mod decide;
mod defence;
mod federated;
mod gate;
mod measure;
mod on_case;
mod papers;
mod posted;
mod receipt;
mod rights;
mod sign;
mod slots;
mod told;
mod work;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::SET_COOKIE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use entremise_core::deadline::Lang;

use super::entrance::SignOut;
use super::limit::Limiter;
use super::page::{Frame, Page};
use super::place::Place;
use super::seat_place::SeatPlace;
use super::session::Sessions;
use super::sides::Sides;
use super::{Web, absence, member, message, operator, oversight, passkey, provider, sender};

use gate::AtDesk;
pub(super) use gate::SignedIn;
pub(super) use measure::terms_text;
pub(super) use told::{channel_name, ground_name};

/// Secrets tried from one address before it must wait.
const SIGN_INS_MAX: u32 = 10;
/// Steps to and from the provider of identities from one address: it does the guarding of guesses,
/// and a whole house may share an address.
const STEPS_MAX: u32 = 60;
/// Unit: seconds.
const SIGN_INS_WINDOW_SECS: i64 = 15 * 60;

#[derive(Clone)]
pub(super) struct Office {
    pub web: Web,
    pub sides: Sides,
    pub sessions: Arc<Sessions>,
    /// Whose pages those are that anybody sees before they have come in.
    frame: Frame,
    sign_ins: Arc<Limiter>,
    steps: Arc<Limiter>,
}

/// The desks of the house: office, members, oversight, operators.
pub(super) fn rooms(web: Web, sides: Sides, sessions: Sessions) -> Router {
    let office = Office::new(web, sides, sessions, Frame::Office);
    let desks = operator::rooms(member::rooms(oversight::rooms(Router::new())));
    let desks = message::rooms(absence::rooms(desks));
    with_entrance(measure_rooms(paper_rooms(case_rooms(desks))), office)
}

/// The desks of those outside: senders and providers.
pub(super) fn party_rooms(web: Web, sides: Sides, sessions: Sessions) -> Router {
    let desks = message::party_rooms(provider::rooms(sender::rooms(Router::new())));
    with_entrance(desks, Office::new(web, sides, sessions, Frame::Sender))
}

/// Adds the door, through which one comes in and goes out, to the pages behind it.
pub(super) fn with_entrance(mut router: Router<Office>, office: Office) -> Router {
    router = router.route("/", get(sign::front));
    for lang in [Lang::Fr, Lang::En] {
        router = router
            .route(&Place::SignIn.path(lang), get(sign::form).post(sign::sign_in))
            .route(&Place::SignInWith.path(lang), get(federated::begin))
            .route(&Place::SignInReturn.path(lang), get(federated::finish))
            .route(&Place::SignOut.path(lang), post(sign::sign_out));
    }
    let doors = [sign::with_passkey(&office), sign::with_signing_passkey(&office)];
    let with_passkey = doors.into_iter().flatten().map(passkey::rooms);
    let with_passkey = with_passkey.fold(Router::new(), Router::merge);
    let router = router.layer(from_fn_with_state(office.clone(), keep_open)).with_state(office);
    router.merge(with_passkey)
}

/// Writes down that a session is in use.
async fn keep_open(State(office): State<Office>, request: Request, next: Next) -> Response {
    let renewed = office.sessions.renewed(request.headers(), (office.web.clock)());
    let mut response = next.run(request).await;
    // Whoever comes in or goes out is given another one.
    if let Some(cookie) = renewed.filter(|_| !response.headers().contains_key(SET_COOKIE)) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// The pages about work and cases.
fn case_rooms(mut router: Router<Office>) -> Router<Office> {
    for lang in [Lang::Fr, Lang::En] {
        let case = Place::Case(String::new()).path(lang);
        let of_case =
            |place: Place| place.path(lang).replacen(&case, &format!("{case}{{reference}}"), 1);
        router = router
            .route(&Place::Work.path(lang), get(work::today))
            .route(&Place::Seat(SeatPlace::Batch).path(lang), get(batch::choose).post(batch::enter))
            .route(&Place::Alarm.path(lang), post(work::settle_alarm))
            .route(&format!("{case}{{reference}}"), get(case::show))
            .route(
                &format!("{case}{{reference}}/decision"),
                get(decide::confirm).post(decide::enter),
            )
            .route(
                &of_case(Place::Authorisation(String::new())),
                get(authorise::form).post(authorise::enter),
            )
            .route(
                &format!("{}{{entry}}", of_case(Place::Line(String::new(), String::new()))),
                get(receipt::fetch),
            )
            .route(&of_case(Place::Rights(String::new())), get(rights::form).post(rights::access))
            .route(
                &of_case(Place::Rectification(String::new())),
                get(rights::back).post(rights::rectify),
            )
            .route(
                &of_case(Place::Erasure(String::new())),
                get(rights::confirm_erasure).post(rights::erase),
            )
            .route(
                &of_case(Place::Challenge(String::new())),
                get(challenge::form)
                    .post(challenge::enter)
                    .layer(DefaultBodyLimit::max(defence::REASONS_BYTES_MAX)),
            )
            .route(
                &of_case(Place::PostedChallenge(String::new())),
                get(posted::form)
                    .post(posted::enter)
                    .layer(DefaultBodyLimit::max(defence::SENT_BYTES_MAX)),
            )
            .route(
                &of_case(Place::Defence(String::new())),
                get(defence::show)
                    .post(defence::enter)
                    .layer(DefaultBodyLimit::max(defence::SENT_BYTES_MAX)),
            )
            .route(
                &of_case(Place::Deliberation(String::new())),
                get(defence::deliberation)
                    .post(defence::deliberate)
                    .layer(DefaultBodyLimit::max(defence::REASONS_BYTES_MAX)),
            )
            .route(
                &of_case(Place::DeliberationFile(String::new())),
                post(defence::to_sign).layer(DefaultBodyLimit::max(defence::REASONS_BYTES_MAX)),
            )
            .route(
                &of_case(Place::DeliberationKey(String::new())),
                post(defence::signed_here).layer(DefaultBodyLimit::max(defence::REASONS_BYTES_MAX)),
            )
            .route(
                &of_case(Place::DeliberationSigned(String::new())),
                post(defence::signed).layer(DefaultBodyLimit::max(2 * defence::REASONS_BYTES_MAX)),
            );
    }
    router
}

/// When persons can be heard, and what they handed in.
fn paper_rooms(mut router: Router<Office>) -> Router<Office> {
    for lang in [Lang::Fr, Lang::En] {
        let case = Place::Case(String::new()).path(lang);
        let papers = Place::Papers(String::new()).path(lang);
        let papers = papers.replacen(&case, &format!("{case}{{reference}}"), 1);
        router = router
            .route(&Place::Slots.path(lang), get(slots::show).post(slots::change))
            .route(&papers, get(papers::list).post(papers::open));
    }
    router
}

/// The pages about what courts pronounced.
fn measure_rooms(mut router: Router<Office>) -> Router<Office> {
    for lang in [Lang::Fr, Lang::En] {
        let measure = Place::Measure(String::new()).path(lang);
        let register = Place::MeasureRegister(String::new()).path(lang);
        let register = register.replacen(&measure, &format!("{measure}{{reference}}"), 1);
        router = router
            .route(&Place::Measures.path(lang), get(measure::list))
            .route(&format!("{measure}{{reference}}"), get(measure::show))
            .route(&register, get(measure::register_form).post(measure::enlist))
            .route(
                &format!("{measure}{{reference}}/{{act}}"),
                get(measure::form)
                    .post(measure::enter)
                    .layer(DefaultBodyLimit::max(defence::SENT_BYTES_MAX)),
            );
    }
    router
}

impl Office {
    pub fn new(web: Web, sides: Sides, sessions: Sessions, frame: Frame) -> Self {
        let sign_ins = Arc::new(Limiter::new(SIGN_INS_MAX, SIGN_INS_WINDOW_SECS));
        let steps = Arc::new(Limiter::new(STEPS_MAX, SIGN_INS_WINDOW_SECS));
        Self { web, sides, sessions: Arc::new(sessions), frame, sign_ins, steps }
    }

    /// The frame of a page for the person at the desk.
    pub fn page(&self, desk: &SignedIn, place: Place) -> Page {
        let mut page = Page::new(desk.lang, place, &self.web.authority);
        page.frame = Frame::of(desk.seat.role);
        page.sign_out = Some(SignOut::token(&self.sessions, &desk.session));
        page
    }
}
