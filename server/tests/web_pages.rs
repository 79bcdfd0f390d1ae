//! The pages as a browser gets them: status, headers, words, and what a hostile text can't do.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::web_desk::{
    CODE, HOSTILE, Invented, NUMBER, SECRET, TO_DECIDE, clock, now, officers, web,
};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use entremise_core::event::{Ground, Verdict};
use entremise_server::web::desk::DecideOutcome;
use entremise_server::web::{Web, office_router, public_router};
use jiff::{SignedDuration, Timestamp};
use tower_service::Service;

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Got {
    fn header(&self, name: impl axum::http::header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(router: &mut Router, request: Request<Body>) -> Got {
    let response = router.call(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 4 << 20).await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Got { status: parts.status, headers: parts.headers, text }
}

fn request(method: Method, path: &str, form: &str, cookie: &str, from: &str) -> Request<Body> {
    let address: SocketAddr = from.parse().unwrap();
    let mut request = Request::builder().method(method).uri(path);
    if !form.is_empty() {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    if !cookie.is_empty() {
        request = request.header(COOKIE, cookie);
    }
    request.extension(ConnectInfo(address)).body(Body::from(form.to_owned())).unwrap()
}

async fn get(router: &mut Router, path: &str, cookie: &str) -> Got {
    send(router, request(Method::GET, path, "", cookie, "192.0.2.1:1")).await
}

async fn post(router: &mut Router, path: &str, form: &str, cookie: &str) -> Got {
    send(router, request(Method::POST, path, form, cookie, "192.0.2.1:1")).await
}

fn public() -> Router {
    public_router(web(Invented::new()))
}

fn office(desk: Invented) -> Router {
    office_router(web(desk), officers()).unwrap()
}

async fn signed_in(router: &mut Router) -> String {
    let got = post(router, "/fr/connexion", &format!("secret={SECRET}"), "").await;
    assert_eq!(got.status, StatusCode::SEE_OTHER);
    got.header(SET_COOKIE).split(';').next().unwrap().to_owned()
}

fn value_of<'a>(text: &'a str, name: &str) -> &'a str {
    // The last form of a page is its own; the first one signs out.
    let after = text.rsplit(&format!("name=\"{name}\" value=\"")).next().unwrap();
    after.split('"').next().unwrap()
}

const PUBLIC: [&str; 6] =
    ["/fr", "/en", "/fr/verifier", "/en/check", "/fr/accessibilite", "/en/accessibility"];

#[tokio::test]
async fn every_public_page_answers_without_a_cookie_and_with_a_policy_that_allows_no_script() {
    let mut router = public();
    for path in PUBLIC {
        let got = get(&mut router, path, "").await;
        assert_eq!(got.status, StatusCode::OK, "{path}");
        let policy = got.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        assert!(!policy.contains("script") && !policy.contains("unsafe"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"));
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        assert_eq!(got.header("referrer-policy"), "no-referrer");
        assert_eq!(got.header("cache-control"), "no-store");
        assert!(got.headers.get(SET_COOKIE).is_none(), "{path}");
        assert!(got.text.contains("SPECIMEN"), "{path}");
        for inline in ["<script", "style=\"", "onclick", "javascript:", "http://", "//cdn"] {
            assert!(!got.text.contains(inline), "{path} holds {inline}");
        }
    }
}

#[tokio::test]
async fn the_front_door_opens_in_the_language_the_browser_prefers() {
    let mut router = public();
    for (wanted, to) in [
        ("en-GB,en;q=0.9,fr;q=0.5", "/en"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "/fr"),
        ("de", "/fr"),
        ("", "/fr"),
        ("fr;q=0.1, en;q=nonsense", "/en"),
    ] {
        let mut request = request(Method::GET, "/", "", "", "192.0.2.1:1");
        request.headers_mut().insert("accept-language", wanted.parse().unwrap());
        let got = send(&mut router, request).await;
        assert_eq!((got.status, got.header(LOCATION)), (StatusCode::SEE_OTHER, to), "{wanted}");
    }
}

#[tokio::test]
async fn each_page_links_to_itself_in_the_other_language() {
    let mut router = public();
    for pair in PUBLIC.chunks(2) {
        assert!(
            get(&mut router, pair[0], "").await.text.contains(&format!("href=\"{}\"", pair[1]))
        );
        assert!(
            get(&mut router, pair[1], "").await.text.contains(&format!("href=\"{}\"", pair[0]))
        );
    }
}

#[tokio::test]
async fn a_genuine_message_is_known_by_its_number_and_code() {
    let mut router = public();
    let form = format!("number= {NUMBER}&code=K7M4+PQ2X");
    let got = post(&mut router, "/fr/verifier", &form, "").await;
    assert_eq!(got.status, StatusCode::OK);
    assert!(got.text.contains("Ce message vient bien de nous"));
    assert!(got.text.contains("jeudi 1er\u{a0}octobre 2026") || got.text.contains("octobre 2026"));
    assert!(got.text.contains("Nous ne demandons jamais d’argent."));
    // The form that fetches a receipt carries the code; no reader sees it, no address holds it.
    let carried = format!("<input type=\"hidden\" name=\"code\" value=\"{CODE}\">");
    assert!(got.text.contains(&carried));
    assert!(!got.text.replace(&carried, "").contains(CODE), "the code is not shown back");
    assert!(got.headers.get(SET_COOKIE).is_none());
}

#[tokio::test]
async fn a_wrong_number_and_a_wrong_code_get_the_same_answer() {
    let mut router = public();
    let code = post(&mut router, "/en/check", &format!("number={NUMBER}&code=AAAAAAAA"), "").await;
    let number =
        post(&mut router, "/en/check", &format!("number=2026-999999&code={CODE}"), "").await;
    assert_eq!((code.status, number.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(code.text.replace(NUMBER, "#"), number.text.replace("2026-999999", "#"));
    assert!(code.text.contains("We do not know this message"));
}

#[tokio::test]
async fn number_and_code_are_never_taken_from_an_address() {
    let mut router = public();
    let got = get(&mut router, &format!("/fr/verifier?number={NUMBER}&code={CODE}"), "").await;
    assert!(!got.text.contains("Ce message vient bien de nous"));
    assert!(got.text.contains("method=\"post\""));
}

#[tokio::test]
async fn a_missing_field_is_named_and_linked() {
    let mut router = public();
    for form in [format!("number={NUMBER}&code="), format!("number={NUMBER}"), String::new()] {
        let got = post(&mut router, "/fr/verifier", &form, "").await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(got.text.contains("href=\"#code\"") && got.text.contains("aria-invalid=\"true\""));
    }
}

#[tokio::test]
async fn one_address_may_not_guess_on() {
    let mut router = public();
    for place in 0..20 {
        let form = format!("number=2026-{place}&code=x");
        assert_eq!(post(&mut router, "/fr/verifier", &form, "").await.status, StatusCode::OK);
    }
    let got = post(&mut router, "/fr/verifier", &format!("number={NUMBER}&code={CODE}"), "").await;
    assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(got.header(RETRY_AFTER), "3600");
    assert!(!got.text.contains("Ce message vient bien de nous"));
    let elsewhere = request(
        Method::POST,
        "/fr/verifier",
        &format!("number={NUMBER}&code={CODE}"),
        "",
        "[2001:db8::1]:1",
    );
    assert_eq!(send(&mut router, elsewhere).await.status, StatusCode::OK);
}

#[tokio::test]
async fn one_number_may_not_be_guessed_from_many_addresses() {
    let mut router = public();
    let mut last = StatusCode::OK;
    for place in 0..11 {
        let from = format!("192.0.2.{place}:1");
        let form = format!("number={NUMBER}&code=wrong{place}");
        last = send(&mut router, request(Method::POST, "/en/check", &form, "", &from)).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn whoever_waited_may_try_again() {
    let later: Timestamp = now() + SignedDuration::from_hours(1);
    let instant = Arc::new(std::sync::Mutex::new(now()));
    let shown = instant.clone();
    let clock = Arc::new(move || *shown.lock().unwrap());
    let mut router = public_router(Web { clock, ..web(Invented::new()) });
    for _ in 0..11 {
        post(&mut router, "/en/check", &format!("number={NUMBER}&code=x"), "").await;
    }
    *instant.lock().unwrap() = later;
    let got = post(&mut router, "/en/check", &format!("number={NUMBER}&code={CODE}"), "").await;
    assert!(got.text.contains("This message does come from us"));
}

#[tokio::test]
async fn a_form_that_is_too_long_is_refused_before_it_is_read() {
    let form = format!("number={}&code=x", "9".repeat(20_000));
    let got = post(&mut public(), "/fr/verifier", &form, "").await;
    assert!(got.status.is_client_error());
}

#[tokio::test]
async fn a_house_in_trouble_says_so_and_says_nothing_else() {
    let got = post(&mut public(), "/en/check", "number=trouble&code=x", "").await;
    assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(got.text.contains("Nothing is lost"));
}

#[tokio::test]
async fn who_found_a_weakness_finds_where_to_report_it() {
    let got = get(&mut public(), "/.well-known/security.txt", "").await;
    assert!(got.text.contains("Contact: mailto:securite@autorite.example"));
    assert!(got.text.contains("Expires: 2027-05-22T08:30:00Z"));
}

#[tokio::test]
async fn assets_may_be_kept_and_what_is_not_there_is_not_found_in_words() {
    let mut router = public();
    let page = get(&mut router, "/fr", "").await.text;
    let style = page.split("stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let got = get(&mut router, style, "").await;
    assert_eq!(got.header(CONTENT_TYPE), "text/css; charset=utf-8");
    assert!(got.header("cache-control").contains("immutable"));
    let got = get(&mut router, "/en/nothing", "").await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    assert!(got.text.contains("This page does not exist"));
}

#[tokio::test]
async fn the_office_is_not_among_the_public_pages_and_shows_nothing_to_a_stranger() {
    let got = get(&mut public(), "/fr/bureau", "").await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    let mut router = office(Invented::new());
    for path in ["/fr/bureau", "/en/office/case/2026-004127", "/fr/bureau/dossier/x/decision"] {
        let got = get(&mut router, path, "").await;
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{path}");
        assert!(got.header(LOCATION).contains("back="), "{path}");
    }
}

#[tokio::test]
async fn a_session_ends_after_eight_hours_and_a_changed_cookie_opens_nothing() {
    let mut router = office(Invented::new());
    let cookie = signed_in(&mut router).await;
    assert_eq!(get(&mut router, "/fr/bureau", &cookie).await.status, StatusCode::OK);
    let forged = cookie.replace("officer-7", "officer-8");
    assert_eq!(get(&mut router, "/fr/bureau", &forged).await.status, StatusCode::SEE_OTHER);
    let late = web(Invented::new());
    let instant = Arc::new(std::sync::Mutex::new(now()));
    let shown = instant.clone();
    let late = Web { clock: Arc::new(move || *shown.lock().unwrap()), ..late };
    let mut router = office_router(late, officers()).unwrap();
    let cookie = signed_in(&mut router).await;
    *instant.lock().unwrap() = now() + SignedDuration::from_hours(8);
    assert_eq!(get(&mut router, "/fr/bureau", &cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_host_and_tls() {
    let mut router =
        office_router(Web { secure: true, ..web(Invented::new()) }, officers()).unwrap();
    let got = post(&mut router, "/fr/connexion", &format!("secret={SECRET}"), "").await;
    let cookie = got.header(SET_COOKIE);
    assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure"), "{cookie}");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    assert!(got.header("strict-transport-security").contains("max-age"));
}

#[tokio::test]
async fn a_wrong_secret_opens_nothing_and_too_many_are_refused() {
    let mut router = office(Invented::new());
    for _ in 0..10 {
        let got = post(&mut router, "/en/sign-in", "secret=wrong", "").await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(got.headers.get(SET_COOKIE).is_none());
    }
    let got = post(&mut router, "/en/sign-in", &format!("secret={SECRET}"), "").await;
    assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn sign_in_leads_back_to_where_one_came_from_and_never_elsewhere() {
    for (back, to) in [
        ("/fr/bureau/dossier/2026-004127", "/fr/bureau/dossier/2026-004127"),
        ("//evil.example/fr/bureau", "/en/office"),
        ("https://evil.example", "/en/office"),
        ("/fr/bureau\\@evil.example", "/en/office"),
        ("/fr/bureau/../../x", "/en/office"),
    ] {
        let mut router = office(Invented::new());
        let form = format!("secret={SECRET}&back={}", back.replace('/', "%2F"));
        let got = post(&mut router, "/en/sign-in", &form, "").await;
        assert_eq!(got.header(LOCATION), to, "{back}");
    }
}

#[tokio::test]
async fn work_is_grouped_by_what_is_late_and_what_ends_today() {
    let mut router = office(Invented::new());
    let cookie = signed_in(&mut router).await;
    let text = get(&mut router, "/fr/bureau", &cookie).await.text;
    let order = ["group-late", "group-today", "group-week", "group-later", "group-none"];
    let places: Vec<_> = order.iter().map(|id| text.find(&format!("id=\"{id}\""))).collect();
    assert!(places.iter().all(Option::is_some), "{places:?}");
    assert!(places.is_sorted());
    assert!(text.contains("Pourquoi cette date") && text.contains("à compter de"));
    let none = office(Invented::with_rows(0));
    let mut none = none;
    let cookie = signed_in(&mut none).await;
    assert!(get(&mut none, "/en/office", &cookie).await.text.contains("Nothing to do here"));
}

#[tokio::test]
async fn a_long_list_goes_on_page_by_page_and_keeps_what_it_was_narrowed_to() {
    let mut router = office(Invented::with_rows(400));
    let cookie = signed_in(&mut router).await;
    let mut path = "/en/office?asked=decide".to_owned();
    let mut seen = 0;
    loop {
        let text = get(&mut router, &path, &cookie).await.text;
        seen += text.matches("<li>\n<h3>").count();
        let Some(rest) = text.split("rel=\"next\" href=\"").nth(1) else { break };
        path = rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        assert!(path.contains("asked=decide"), "{path}");
    }
    assert_eq!(seen, 200);
}

#[tokio::test]
async fn a_decision_takes_a_choice_a_confirmation_and_is_entered_once() {
    let desk = Invented::new();
    let orders = desk.orders.clone();
    let mut router = office(desk);
    let cookie = signed_in(&mut router).await;
    let case = format!("/fr/bureau/dossier/{TO_DECIDE}");
    let page = get(&mut router, &case, &cookie).await.text;
    assert!(!page.contains(" checked"), "nothing is chosen beforehand");
    let chosen = format!("{case}/decision?choice=close_evidence&version=12");
    let confirm = get(&mut router, &chosen, &cookie).await;
    assert_eq!(confirm.status, StatusCode::OK);
    assert!(orders.lock().unwrap().is_empty(), "looking decides nothing");
    let token = value_of(&confirm.text, "token").to_owned();
    let form = format!("choice=close_evidence&version=12&token={token}");
    let got = post(&mut router, &format!("{case}/decision"), &form, &cookie).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER);
    let after = get(&mut router, got.header(LOCATION), &cookie).await.text;
    assert!(after.contains("Votre décision est enregistrée"));
    let orders = orders.lock().unwrap();
    assert_eq!(orders.len(), 1);
    assert_eq!((orders[0].verdict, orders[0].ground), (Verdict::Close, Ground::EvidenceWeak));
    assert_eq!((orders[0].version, orders[0].by.as_str()), (12, "officer-7"));
}

#[tokio::test]
async fn a_form_of_another_session_case_or_version_decides_nothing() {
    let desk = Invented::new();
    let orders = desk.orders.clone();
    let mut router = office(desk);
    let (one, other) = (signed_in(&mut router).await, signed_in(&mut router).await);
    let case = format!("/en/office/case/{TO_DECIDE}/decision");
    let page = get(&mut router, &format!("{case}?choice=send&version=12"), &one).await.text;
    let token = value_of(&page, "token").to_owned();
    for (path, version, cookie) in [
        (case.as_str(), 12, &other),
        ("/en/office/case/2026-004102/decision", 12, &one),
        (case.as_str(), 13, &one),
    ] {
        let form = format!("choice=send&version={version}&token={token}");
        assert_eq!(post(&mut router, path, &form, cookie).await.status, StatusCode::FORBIDDEN);
    }
    let got = post(&mut router, &case, "choice=send&version=12", &one).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert!(orders.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_case_that_moved_is_not_decided_and_a_choice_must_be_made() {
    let mut desk = Invented::new();
    desk.outcome = DecideOutcome::Stale;
    let mut router = office(desk);
    let cookie = signed_in(&mut router).await;
    let case = format!("/en/office/case/{TO_DECIDE}/decision");
    let old = get(&mut router, &format!("{case}?choice=send&version=11"), &cookie).await;
    assert_eq!(old.status, StatusCode::CONFLICT);
    let none = get(&mut router, &format!("{case}?version=12"), &cookie).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text.contains("href=\"#choice-send\""));
    let page = get(&mut router, &format!("{case}?choice=send&version=12"), &cookie).await.text;
    let form = format!("choice=send&version=12&token={}", value_of(&page, "token"));
    assert_eq!(post(&mut router, &case, &form, &cookie).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_alarm_leaves_the_board_by_the_form_that_showed_it_and_no_other() {
    let desk = Invented::new();
    let settled = desk.settled.clone();
    let mut router = office(desk);
    let cookie = signed_in(&mut router).await;
    let page = get(&mut router, "/fr/bureau", &cookie).await.text;
    let (alarm, token) = (value_of(&page, "alarm"), value_of(&page, "token"));
    let form = format!("alarm=alarm-1&token={token}");
    assert_ne!(alarm, "alarm-1");
    let got = post(&mut router, "/fr/bureau/alarme", &form, &cookie).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    let form = format!("alarm={alarm}&token={token}");
    let got = post(&mut router, "/fr/bureau/alarme", &form, &cookie).await;
    assert_eq!((got.status, got.header(LOCATION)), (StatusCode::SEE_OTHER, "/fr/bureau"));
    assert_eq!(*settled.lock().unwrap(), [format!("{alarm} by officer-7")]);
}

#[tokio::test]
async fn signing_out_needs_the_form_of_the_session() {
    let mut router = office(Invented::new());
    let cookie = signed_in(&mut router).await;
    let got = post(&mut router, "/fr/deconnexion", "token=x", &cookie).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    let page = get(&mut router, "/fr/bureau", &cookie).await.text;
    let sign_out = page.split("action=\"/fr/deconnexion\"").nth(1).unwrap();
    let sign_out = sign_out.split("</form>").next().unwrap();
    let form = format!("token={}", value_of(sign_out, "token"));
    let got = post(&mut router, "/fr/deconnexion", &form, &cookie).await;
    assert!(got.header(SET_COOKIE).contains("Max-Age=0"));
}

#[tokio::test]
async fn hostile_text_in_every_field_stays_text() {
    let encoded = entremise_server::web::place::encoded(HOSTILE);
    let mut router = office(Invented::hostile());
    let cookie = signed_in(&mut router).await;
    let mut pages = Vec::new();
    for lang in ["/fr/bureau", "/en/office"] {
        pages.push(get(&mut router, lang, &cookie).await);
    }
    for case in ["/fr/bureau/dossier/", "/en/office/case/"] {
        for reference in [encoded.as_str(), TO_DECIDE, NUMBER] {
            pages.push(get(&mut router, &format!("{case}{reference}"), &cookie).await);
        }
        let decision = format!("{case}{TO_DECIDE}/decision?choice=send&version=12");
        pages.push(get(&mut router, &decision, &cookie).await);
    }
    let mut router = public_router(web(Invented::hostile()));
    for form in [format!("number={encoded}&code={encoded}"), format!("number={NUMBER}&code={CODE}")]
    {
        pages.push(post(&mut router, "/fr/verifier", &form, "").await);
    }
    for page in pages {
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.text.contains("<script"), "{}", page.text);
        assert!(!page.text.contains("\"'>"), "{}", page.text);
    }
    assert_eq!(clock()(), now());
}
