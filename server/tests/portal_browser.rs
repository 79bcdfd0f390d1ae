//! The portal in a real browser, as the person concerned meets it: axe finds nothing at 1000 and at
//! 320 points, light and dark, in French and in English, and a person needs no script to write.
//!
//! Needs what `web_browser` needs. Keeps a picture of each page in the folder that
//! `ENTREMISE_PICTURES` names, for whoever wants to look.

use crate::browser::{Browser, Scheme, axe, browser, fits, runtime, serve, without_findings};
use crate::oversight_world::code_of;
use crate::portal_world::{Visitors, visitors};

/// Types number and code where the message says to.
fn open(browser: &Browser, address: &str, path: &str, visitors: &Visitors) {
    let number = visitors.number(visitors.finding.case);
    browser.go(&format!("{address}{path}"));
    browser.type_into("#number", &number);
    browser.type_into("#code", &code_of(&number));
    browser.submit("main form button");
}

#[test]
fn axe_finds_nothing_on_the_persons_pages_and_each_fits_an_old_telephone() {
    let Some(axe) = axe() else { return };
    let visitors = visitors();
    let runtime = runtime();
    let address = serve(&runtime, visitors.public.clone());
    let languages = [
        ("/fr/mon-dossier", ["", "/observations", "/contestation", "/audition", "/situation"]),
        ("/en/my-file", ["", "/observations", "/challenge", "/hearing", "/situation"]),
    ];
    for scheme in [Scheme::Light, Scheme::Dark] {
        let Some(browser) = browser(scheme, true) else { return };
        for (home, _) in &languages {
            browser.go(&format!("{address}{home}"));
            browser.keep_picture(&format!("{}-closed", home.replace('/', "_")));
            without_findings(&browser, &axe, &format!("{home} closed"));
        }
        open(&browser, &address, languages[0].0, &visitors);
        for (home, pages) in &languages {
            for page in pages {
                let path = format!("{home}{page}");
                for width in [1000, 320] {
                    browser.narrow_to(width);
                    browser.go(&format!("{address}{path}"));
                    assert!(!browser.text().contains("⟨?⟩"), "{path}: every text is there");
                    browser.keep_picture(&format!("{}-{width}", path.replace('/', "_")));
                    without_findings(&browser, &axe, &format!("{path} at {width}"));
                    fits(&browser, &path);
                }
            }
        }
    }
}

#[test]
fn without_a_script_a_person_writes_and_holds_an_acknowledgement() {
    let visitors = visitors();
    let runtime = runtime();
    let address = serve(&runtime, visitors.public.clone());
    let Some(browser) = browser(Scheme::Light, false) else { return };
    open(&browser, &address, "/fr/mon-dossier", &visitors);
    browser.go(&format!("{address}/fr/mon-dossier/observations"));
    browser.type_into("textarea", "J’étais absent ce jour-là, et mon réseau était protégé.");
    browser.submit("main form button");
    let told = browser.text();
    assert!(told.contains("reçu"), "{told}");
    browser.keep_picture("accuse");
    let kinds = visitors.lines(visitors.finding.case);
    assert!(kinds.iter().any(|(kind, _)| kind == "event.observations_received"), "{kinds:?}");
}
