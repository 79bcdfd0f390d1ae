//! The oversight desk in a real browser: axe finds nothing, a phone is wide enough, the keyboard
//! alone draws a sample and enters a finding. Needs what `web_browser` needs.

use crate::browser::{Browser, Scheme, axe, browser, fits, runtime, serve, without_findings};
use crate::oversight_world::{OVERSEER_SECRET, World, people, web};
use entremise_server::web::office_router;

struct Served {
    address: String,
    _world: World,
    _runtime: tokio::runtime::Runtime,
}

fn served() -> Served {
    let world = World::year();
    let runtime = runtime();
    let address = serve(&runtime, office_router(web(&world.store), people()).unwrap());
    Served { address, _world: world, _runtime: runtime }
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
        let Some(browser) = browser(scheme, true) else { return };
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
    let Some(browser) = browser(Scheme::Light, true) else { return };
    sign_in(&browser, &served);
    draw(&browser, &served);
    browser.narrow_to(320);
    let wide = |path: &str| fits(&browser, path);
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
    let Some(browser) = browser(Scheme::Light, true) else { return };
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
