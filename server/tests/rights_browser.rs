//! The pages about a person's rights in a real browser: axe finds nothing, a phone is wide enough,
//! and no script is needed. Needs what `web_browser` needs.

#[path = "web_browser/driver.rs"]
#[allow(dead_code, reason = "the other browser tests use the rest")]
mod driver;
mod rights_world;

use std::net::SocketAddr;

use driver::{Browser, Scheme};
use entremise_server::web::office_router;
use rights_world::oversight_world::{OFFICER_SECRET, people, web};
use rights_world::{DISCLOSED, Two, two};
use serde_json::Value;

struct Served {
    two: Two,
    address: String,
    _runtime: tokio::runtime::Runtime,
}

fn served() -> Served {
    let two = two();
    two.disclose_all();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = office_router(web(&two.world.store), people()).unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    runtime.spawn(async move { axum::serve(listener, service).await });
    Served { two, address, _runtime: runtime }
}

fn browser(scheme: Scheme, scripts: bool) -> Option<Browser> {
    match Browser::start(scheme, scripts) {
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

/// Axe finds nothing, and a phone of 320 points is wide enough.
fn look(browser: &Browser, axe: &str, page: &str) {
    browser.run("document.querySelectorAll('details').forEach(one => one.open = true)");
    browser.run(axe);
    let found = browser.run_and_wait(
        "const done = arguments[arguments.length - 1];
         axe.run(document, { resultTypes: ['violations'] }).then(told => done(
             told.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html).join())))",
    );
    assert_eq!(found, Value::Array(Vec::new()), "{page}");
    let over = browser.run("return document.documentElement.scrollWidth - screen.width");
    assert!(over.as_i64() <= Some(0), "{page} is {over} points too wide");
}

fn sign_in(browser: &Browser, served: &Served) {
    browser.go(&format!("{}/en/sign-in", served.address));
    browser.type_into("#secret", OFFICER_SECRET);
    browser.submit("main form button");
}

#[test]
fn axe_finds_nothing_on_any_page_and_each_fits_a_phone_in_either_language_and_scheme() {
    let Some(axe) = axe() else { return };
    let served = served();
    let number = served.two.number(served.two.warned);
    for (scheme, lang, rights, erasure) in [
        (Scheme::Light, "fr/bureau/dossier", "droits", "effacement"),
        (Scheme::Dark, "en/office/case", "rights", "erasure"),
    ] {
        let Some(browser) = browser(scheme, true) else { return };
        browser.narrow_to(320);
        sign_in(&browser, &served);
        let rights = format!("{}/{lang}/{number}/{rights}", served.address);
        browser.go(&rights);
        look(&browser, &axe, "ask");
        browser.type_into("#legal_basis", "");
        browser.submit("main form button");
        look(&browser, &axe, "ask again");
        browser.type_into("#legal_basis", "art. 15");
        browser.submit("main form button");
        look(&browser, &axe, "held");
        browser.type_into("#emails-0", "no address");
        browser.submit("details form button");
        look(&browser, &axe, "mend");
        browser.type_into("#emails-0", "juste@exemple.example");
        browser.submit("main form button");
        look(&browser, &axe, "rectify");
        browser.submit("main form button");
        look(&browser, &axe, "rectified");
        browser.go(&format!("{rights}/{erasure}"));
        look(&browser, &axe, "erase");
        browser.submit("main form button");
        look(&browser, &axe, "not erased");
    }
}

#[test]
fn a_person_is_answered_by_keyboard_alone_and_without_any_script() {
    let served = served();
    let Some(browser) = browser(Scheme::Light, false) else { return };
    sign_in(&browser, &served);
    let number = served.two.number(served.two.warned);
    browser.go(&format!("{}/en/office/case/{number}", served.address));
    browser.tab_to("The person’s rights");
    browser.leaving(|| browser.press(&["Enter"]));
    browser.tab_to("Enter and open");
    browser.leaving(|| browser.press(&["Enter"]));
    assert!(browser.text().contains(DISCLOSED), "{}", browser.text());
    browser.tab_to("Rectify these contact details (Disclosure 1)");
    browser.press(&["Enter"]);
    browser.tab_to("name-0");
    browser.press_text(" Juste");
    browser.tab_to("Read again before entering");
    browser.leaving(|| browser.press(&["Enter"]));
    browser.tab_to("Confirm and replace");
    browser.leaving(|| browser.press(&["Enter"]));
    assert!(browser.text().contains("The contact details are rectified"), "{}", browser.text());
}
