//! The oversight desk in a real browser: axe finds nothing, a phone is wide enough, the keyboard
//! alone draws a sample and enters a finding. Needs what `web_browser` needs.

#[path = "web_browser/driver.rs"]
#[allow(dead_code, reason = "the other browser tests use the rest")]
mod driver;
mod oversight_world;

use std::net::SocketAddr;

use driver::{Browser, Scheme};
use entremise_server::web::office_router;
use oversight_world::{OVERSEER_SECRET, World, people, web};
use serde_json::Value;

struct Served {
    address: String,
    _world: World,
    _runtime: tokio::runtime::Runtime,
}

fn served() -> Served {
    let world = World::year();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = office_router(web(&world.store), people()).unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    runtime.spawn(async move { axum::serve(listener, service).await });
    Served { address, _world: world, _runtime: runtime }
}

fn browser(scheme: Scheme) -> Option<Browser> {
    match Browser::start(scheme, true) {
        Ok(browser) => Some(browser),
        Err(why) => absent(&why),
    }
}

fn absent<T>(why: &str) -> Option<T> {
    assert!(std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_none(), "{why}");
    println!("skipped: {why}");
    None
}

fn axe() -> Option<String> {
    let Some(path) = std::env::var_os("ENTREMISE_AXE_JS") else {
        return absent("ENTREMISE_AXE_JS does not name axe.min.js");
    };
    Some(std::fs::read_to_string(path).expect("ENTREMISE_AXE_JS names a file that can be read"))
}

fn sign_in(browser: &Browser, served: &Served) {
    browser.go(&format!("{}/en/sign-in", served.address));
    browser.type_into("#secret", OVERSEER_SECRET);
    browser.submit("main form button");
    assert!(browser.title().starts_with("Oversight, 2026"), "{}", browser.title());
}

/// Draws a sample by keyboard, and leaves the browser on its page.
fn draw(browser: &Browser, served: &Served) {
    browser.go(&format!("{}/en/oversight/samples", served.address));
    browser.tab_to("seed");
    browser.press_text("42 dice rolls");
    browser.press(&["Tab"]);
    browser.press_text("2026-06-01");
    browser.press(&["Tab"]);
    browser.press_text("2026-06-30");
    browser.press(&["Tab"]);
    browser.press_text("5");
    browser.press(&["Tab"]);
    browser.press_text("Example Act, s 9");
    browser.press(&["Tab"]);
    assert_eq!(browser.focused(), "Draw and enter");
    browser.leaving(|| browser.press(&["Enter"]));
    assert!(browser.text().contains("to be checked"), "{}", browser.text());
}

fn without_findings(browser: &Browser, axe: &str, page: &str) {
    browser.run("document.querySelectorAll('details').forEach(one => one.open = true)");
    browser.run(axe);
    let found = browser.run_and_wait(
        "const done = arguments[arguments.length - 1];
         axe.run(document, { resultTypes: ['violations'] }).then(told => done(
             told.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html).join())))",
    );
    assert_eq!(found, Value::Array(Vec::new()), "{page}");
}

const PAGES: [&str; 5] = [
    "/fr/controle",
    "/en/oversight",
    "/en/oversight?year=2024",
    "/fr/controle/echantillons",
    "/en/oversight/samples",
];

#[test]
fn axe_finds_nothing_at_the_oversight_desk() {
    let Some(axe) = axe() else { return };
    let served = served();
    for scheme in [Scheme::Light, Scheme::Dark] {
        let Some(browser) = browser(scheme) else { return };
        sign_in(&browser, &served);
        draw(&browser, &served);
        without_findings(&browser, &axe, "a sample");
        browser.leaving(|| browser.click(".sampled a"));
        without_findings(&browser, &axe, "a closed notice");
        browser.submit("main form button");
        assert!(browser.text().contains("Les Heures du port"), "{}", browser.text());
        without_findings(&browser, &axe, "an open notice");
        for path in PAGES {
            browser.go(&format!("{}{path}", served.address));
            without_findings(&browser, &axe, path);
        }
    }
}

#[test]
fn no_oversight_page_is_wider_than_a_phone_of_320_points() {
    let served = served();
    let Some(browser) = browser(Scheme::Light) else { return };
    sign_in(&browser, &served);
    draw(&browser, &served);
    browser.narrow_to(320);
    let wide = |path: &str| {
        let over = browser.run("return document.documentElement.scrollWidth - screen.width");
        assert!(over.as_i64() <= Some(0), "{path} is {over} points too wide");
    };
    wide("a sample");
    browser.leaving(|| browser.click(".sampled a"));
    wide("a closed notice");
    browser.submit("main form button");
    wide("an open notice");
    for path in PAGES {
        browser.go(&format!("{}{path}", served.address));
        wide(path);
    }
}

#[test]
fn an_auditor_draws_opens_and_enters_with_the_keyboard_alone() {
    let served = served();
    let Some(browser) = browser(Scheme::Light) else { return };
    sign_in(&browser, &served);
    draw(&browser, &served);
    browser.tab_to("Notice 1");
    browser.leaving(|| browser.press(&["Enter"]));
    browser.tab_to("Open the evidence");
    browser.leaving(|| browser.press(&["Enter"]));
    browser.tab_to("finding-correct");
    browser.press(&["ArrowDown"]);
    assert_eq!(browser.focused(), "finding-doubtful");
    browser.tab_to("remark");
    browser.press(&["ArrowDown"]);
    browser.tab_to("Enter the finding");
    browser.leaving(|| browser.press(&["Enter"]));
    assert!(browser.text().contains("Your finding is entered"), "{}", browser.text());
    assert!(browser.text().contains("Another work than the one named"), "{}", browser.text());
}
