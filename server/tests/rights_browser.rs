//! The pages about a person's rights in a real browser: axe finds nothing, a phone is wide enough,
//! and no script is needed. Needs what `web_browser` needs.

use crate::browser::{Browser, Scheme, axe, browser, fits, runtime, serve, without_findings};
use crate::oversight_world::{OFFICER_SECRET, people, web};
use crate::rights_world::{DISCLOSED, Two, two};
use entremise_server::web::office_router;

struct Served {
    two: Two,
    address: String,
    _runtime: tokio::runtime::Runtime,
}

fn served() -> Served {
    let two = two();
    two.disclose_all();
    let runtime = runtime();
    let address = serve(&runtime, office_router(web(&two.world.store), people()).unwrap());
    Served { two, address, _runtime: runtime }
}

/// Axe finds nothing, and a phone of 320 points is wide enough.
fn look(browser: &Browser, axe: &str, page: &str) {
    without_findings(browser, axe, page);
    fits(browser, page);
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
