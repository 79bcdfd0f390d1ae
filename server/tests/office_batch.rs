//! Several decisions in one go, and finding a case by its number: over the invented desk, which
//! keeps what it was asked to decide.

use crate::web_desk::{Invented, Orders, SECRET, TO_DECIDE, officers, web};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use entremise_core::event::{Ground, Verdict};
use entremise_server::web::desk::DecideOutcome;
use entremise_server::web::office_router;
use tower_service::Service as _;

struct Office {
    router: Router,
    cookie: String,
    orders: Orders,
}

struct Got {
    status: StatusCode,
    location: String,
    text: String,
}

fn office(desk: Invented) -> Office {
    let orders = desk.orders.clone();
    let router = office_router(web(desk), officers()).unwrap();
    let mut office = Office { router, cookie: String::new(), orders };
    let form = Some(format!("secret={SECRET}"));
    office.cookie = office.send("/fr/connexion", form).1;
    office
}

impl Office {
    fn send(&mut self, path: &str, form: Option<String>) -> (Got, String) {
        let request = match &form {
            Some(_) => Request::post(path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
            None => Request::get(path),
        };
        let body = form.map_or_else(Body::empty, Body::from);
        let request = request.header(header::COOKIE, &self.cookie).body(body).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let response = runtime.block_on(self.router.call(request)).unwrap();
        let text_of = |name| {
            let value = response.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let cookie = text_of(header::SET_COOKIE).split(';').next().unwrap().to_owned();
        let (status, location) = (response.status(), text_of(header::LOCATION));
        let body = runtime.block_on(axum::body::to_bytes(response.into_body(), 1 << 20)).unwrap();
        (Got { status, location, text: String::from_utf8(body.to_vec()).unwrap() }, cookie)
    }

    fn get(&mut self, path: &str) -> Got {
        self.send(path, None).0
    }

    /// Sends the form of a page back, with what is chosen.
    fn choose(&mut self, page: &Got, chosen: &[(&str, &str)]) -> Got {
        let fields = hidden(page).into_iter().chain(
            chosen.iter().map(|(case, choice)| (format!("choice:{case}"), (*choice).to_owned())),
        );
        let form: Vec<String> =
            fields.map(|(name, value)| format!("{}={value}", name.replace(':', "%3A"))).collect();
        self.send("/en/office/batch", Some(form.join("&"))).0
    }
}

/// The hidden fields of the form in the page's main part.
fn hidden(page: &Got) -> Vec<(String, String)> {
    let main = page.text.split_once("<main").expect("a page").1;
    let fields = main.split("<input type=\"hidden\" name=\"").skip(1);
    let field = |rest: &str| {
        let (name, rest) = rest.split_once("\" value=\"").unwrap();
        (name.to_owned(), rest.split('"').next().unwrap().to_owned())
    };
    fields.map(field).collect()
}

#[test]
fn each_case_is_decided_with_its_own_ground_after_all_were_read_once_more() {
    let mut office = office(Invented::new());
    let page = office.get("/en/office/batch");
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(!page.text.contains(" checked"), "nothing is chosen beforehand");
    assert!(!page.text.contains("⟨?⟩"), "every text is there");
    let confirm = office.choose(&page, &[(TO_DECIDE, "close_evidence")]);
    assert_eq!(confirm.status, StatusCode::OK, "{}", confirm.text);
    assert!(office.orders.lock().unwrap().is_empty(), "nothing is entered yet");
    let done = office.choose(&confirm, &[]);
    assert!(done.text.contains("Entered."), "{}", done.text);
    let orders = office.orders.lock().unwrap();
    assert_eq!(orders.len(), 1);
    assert_eq!((orders[0].reference.as_str(), orders[0].version), (TO_DECIDE, 12));
    assert_eq!((orders[0].verdict, orders[0].ground), (Verdict::Close, Ground::EvidenceWeak));
}

#[test]
fn what_was_not_on_the_page_or_not_confirmed_there_is_not_decided() {
    let mut office = office(Invented::new());
    let page = office.get("/en/office/batch");
    let nothing = office.choose(&page, &[]);
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let confirm = office.choose(&page, &[(TO_DECIDE, "send")]);
    let foreign = Got { text: confirm.text.replace(TO_DECIDE, "2026-009999"), ..confirm };
    assert_eq!(office.choose(&foreign, &[]).status, StatusCode::FORBIDDEN);
    assert!(office.orders.lock().unwrap().is_empty());
}

#[test]
fn one_case_that_moved_on_holds_up_no_other_and_says_so() {
    let mut desk = Invented::new();
    desk.outcome = DecideOutcome::Stale;
    let mut office = office(desk);
    let page = office.get("/en/office/batch");
    let confirm = office.choose(&page, &[(TO_DECIDE, "send")]);
    let done = office.choose(&confirm, &[]);
    assert!(done.text.contains("Not entered: the case has changed"), "{}", done.text);
}

#[test]
fn a_case_is_found_by_its_number_and_by_nothing_else() {
    let mut office = office(Invented::new());
    let found = office.get(&format!("/en/office?number={TO_DECIDE}"));
    assert_eq!(found.location, format!("/en/office/case/{TO_DECIDE}"));
    let none = office.get("/en/office?number=Durand");
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let empty = office.get("/en/office?number=");
    assert_eq!(empty.status, StatusCode::OK);
}
