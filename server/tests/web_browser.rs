//! The pages in a real browser: axe finds nothing, the keyboard alone is enough, and nothing needs
//! JavaScript.
//!
//! Needs chromium with chromedriver, and axe-core (`ENTREMISE_AXE_JS`: the path of `axe.min.js`).
//! What is absent is said and skipped, unless `ENTREMISE_REQUIRE_PARTS` is set.

use crate::browser::{Browser, Scheme, axe, browser, findings, fits, runtime, serve};
use crate::web_desk::{CODE, Invented, NUMBER, SECRET, TO_DECIDE, officers, web};
use entremise_server::web::{office_router, public_router};
use serde_json::Value;

/// A server on loopback, for as long as the test runs.
struct Served {
    public: String,
    office: String,
    _runtime: tokio::runtime::Runtime,
}

fn served() -> Served {
    let runtime = runtime();
    let public = serve(&runtime, public_router(web(Invented::new())));
    let office = serve(&runtime, office_router(web(Invented::new()), officers()).unwrap());
    Served { public, office, _runtime: runtime }
}

fn sign_in(browser: &Browser, served: &Served) {
    browser.go(&format!("{}/en/sign-in", served.office));
    browser.type_into("#secret", SECRET);
    browser.submit("main form button");
    assert!(browser.title().starts_with("Today’s work"), "{}", browser.title());
}

fn ask(browser: &Browser, served: &Served, path: &str, number: &str, code: &str) {
    browser.go(&format!("{}{path}", served.public));
    browser.type_into("#number", number);
    browser.type_into("#code", code);
    browser.submit("main form button");
}

const PUBLIC: [&str; 8] = [
    "/fr",
    "/en",
    "/fr/verifier",
    "/en/check",
    "/fr/accessibilite",
    "/en/accessibility",
    "/fr/rien",
    "/en/nothing",
];

const OFFICE: [&str; 14] = [
    "/fr/bureau/lot",
    "/en/office/batch",
    "/fr/bureau",
    "/en/office",
    "/fr/bureau?asked=message",
    "/en/office?asked=decide",
    "/fr/bureau/dossier/2026-004127",
    "/en/office/case/2026-004127",
    "/fr/bureau/dossier/2026-002210",
    "/en/office/case/2026-002210",
    "/fr/bureau/dossier/2026-004127/decision?choice=send&version=12",
    "/en/office/case/2026-004127/decision?choice=send&version=12",
    "/fr/bureau/dossier/2026-004127/decision?version=12",
    "/en/office/case/2026-004127/decision?version=12",
];

#[test]
fn axe_finds_nothing_on_any_page_in_either_language_and_scheme() {
    let Some(axe) = axe() else { return };
    let served = served();
    for scheme in [Scheme::Light, Scheme::Dark] {
        let Some(browser) = browser(scheme, true) else { return };
        for path in PUBLIC {
            browser.go(&format!("{}{path}", served.public));
            without_findings(&browser, &axe, path, scheme);
        }
        for path in ["/fr/verifier", "/en/check"] {
            for (number, code) in [(NUMBER, CODE), (NUMBER, "wrong"), ("", "x")] {
                ask(&browser, &served, path, number, code);
                without_findings(&browser, &axe, &format!("{path} {number} {code}"), scheme);
            }
        }
        for path in ["/fr/connexion", "/en/sign-in"] {
            browser.go(&format!("{}{path}", served.office));
            without_findings(&browser, &axe, path, scheme);
            browser.type_into("#secret", "wrong");
            browser.submit("main form button");
            without_findings(&browser, &axe, &format!("{path} wrong"), scheme);
        }
        sign_in(&browser, &served);
        for path in OFFICE {
            browser.go(&format!("{}{path}", served.office));
            // What is folded must be as readable as the rest.
            browser.run("document.querySelectorAll('details').forEach(one => one.open = true)");
            without_findings(&browser, &axe, path, scheme);
        }
    }
}

#[test]
fn axe_would_find_a_picture_without_words() {
    let Some(axe) = axe() else { return };
    let Some(browser) = browser(Scheme::Light, true) else { return };
    browser.go("data:text/html,<title>x</title><img src=x>");
    assert!(findings(&browser, &axe).as_array().is_some_and(|found| !found.is_empty()));
}

fn without_findings(browser: &Browser, axe: &str, page: &str, scheme: Scheme) {
    let found = findings(browser, axe);
    assert_eq!(found, Value::Array(Vec::new()), "{page} {scheme:?}");
}

#[test]
fn no_page_is_wider_than_a_phone_of_320_points() {
    let served = served();
    let Some(browser) = browser(Scheme::Light, true) else { return };
    browser.narrow_to(320);
    let wide = |path: &str| fits(&browser, path);
    for path in PUBLIC {
        browser.go(&format!("{}{path}", served.public));
        wide(path);
    }
    sign_in(&browser, &served);
    for path in OFFICE {
        browser.go(&format!("{}{path}", served.office));
        wide(path);
    }
}

#[test]
fn a_subscriber_checks_a_message_with_the_keyboard_alone() {
    let served = served();
    let Some(browser) = browser(Scheme::Light, true) else { return };
    browser.go(&format!("{}/en/check", served.public));
    browser.press(&["Tab"]);
    assert_eq!(browser.focused(), "Skip to content");
    browser.press(&["Enter", "Tab"]);
    assert_eq!(browser.focused(), "number");
    browser.press_text(NUMBER);
    browser.press(&["Tab"]);
    assert_eq!(browser.focused(), "code");
    browser.press_text(CODE);
    let ring = "return getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(browser.run(ring), "solid", "the focus is seen");
    browser.press(&["Tab"]);
    assert_eq!(browser.focused(), "Check");
    browser.leaving(|| browser.press(&["Enter"]));
    assert!(browser.text().contains("This message does come from us"), "{}", browser.text());
}

#[test]
fn an_officer_decides_with_the_keyboard_alone() {
    let served = served();
    let Some(browser) = browser(Scheme::Light, true) else { return };
    sign_in(&browser, &served);
    browser.go(&format!("{}/en/office/case/{TO_DECIDE}", served.office));
    browser.tab_to("Go to the decision");
    browser.press(&["Enter"]);
    browser.tab_to("choice-send");
    browser.press(&["ArrowDown"]);
    assert_eq!(browser.focused(), "choice-close_evidence");
    browser.tab_to("Go on to the confirmation");
    browser.leaving(|| browser.press(&["Enter"]));
    assert!(browser.text().contains("Close – the evidence is weak"));
    browser.tab_to("Confirm and enter");
    browser.leaving(|| browser.press(&["Enter"]));
    assert!(browser.text().contains("Your decision is entered"), "{}", browser.text());
}

#[test]
fn everything_works_without_javascript() {
    let served = served();
    let Some(browser) = browser(Scheme::Light, false) else { return };
    browser.go(&format!("{}/fr/verifier", served.public));
    browser.type_into("#number", NUMBER);
    browser.type_into("#code", CODE);
    browser.submit("main form button");
    assert!(browser.text().contains("Ce message vient bien de nous"));
    browser.go(&format!("{}/fr/connexion", served.office));
    browser.type_into("#secret", SECRET);
    browser.submit("main form button");
    browser.go(&format!("{}/fr/bureau/dossier/{TO_DECIDE}", served.office));
    browser.click("#choice-send");
    browser.submit(".deciding button");
    browser.submit("main form button");
    assert!(browser.text().contains("Votre décision est enregistrée"));
}
