//! Measures in a real browser, at the office and on the portal: axe finds nothing at 1000 and at
//! 320 points, light and dark, in French and in English; the main paths need no script; what is
//! printed holds no form.
//!
//! Needs what `web_browser` needs. Keeps a picture of each page in the folder that
//! `ENTREMISE_PICTURES` names, for whoever wants to look.

use std::io::Write as _;

use crate::browser::{Browser, Scheme, axe, browser, fits, runtime, serve, without_findings};
use crate::defence_world::{Finding, finding};
use crate::measure_world::{PDF, judged, transmitted};
use crate::oversight_world::{OFFICER_SECRET, OTHER_OFFICER_SECRET, code_of};

fn sign_in(browser: &Browser, address: &str, secret: &str) {
    browser.go(&format!("{address}/fr/connexion"));
    browser.type_into("#secret", secret);
    browser.submit("main form button");
}

/// Types number and code where the message says to.
fn open(browser: &Browser, address: &str, finding: &Finding) {
    let number = finding.file().file_number.unwrap();
    browser.go(&format!("{address}/fr/mon-dossier"));
    browser.type_into("#number", &number);
    browser.type_into("#code", &code_of(&number));
    browser.submit("main form button");
}

/// Looks at pages in both widths.
fn look_at(browser: &Browser, axe: &str, address: &str, pages: &[String], name: &str) {
    for (place, path) in pages.iter().enumerate() {
        for width in [1000, 320] {
            browser.narrow_to(width);
            browser.go(&format!("{address}{path}"));
            assert!(!browser.text().contains("⟨?⟩"), "{path}: every text is there");
            browser.keep_picture(&format!("{name}-{place}-{width}"));
            without_findings(browser, axe, &format!("{path} at {width}"));
            fits(browser, path);
        }
    }
}

fn scheme_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Light => "light",
        Scheme::Dark => "dark",
    }
}

#[test]
fn axe_finds_nothing_on_the_offices_pages_about_measures_and_each_fits_a_narrow_screen() {
    let Some(axe) = axe() else { return };
    let mut judged = judged();
    judged.enter("demande-de-report", &[("on", "2024-01-15")], PDF);
    judged.in_force();
    let runtime = runtime();
    let address = serve(&runtime, judged.finding.router());
    let (suspension, fine) = (judged.suspension, judged.fine);
    let pages: Vec<String> = [
        "/fr/bureau/mesures".to_owned(),
        "/en/office/measures".to_owned(),
        format!("/fr/bureau/mesure/{suspension}"),
        format!("/en/office/measure/{suspension}"),
        format!("/fr/bureau/mesure/{fine}"),
        format!("/fr/bureau/mesure/{suspension}/report"),
        format!("/fr/bureau/mesure/{suspension}/refus-de-report"),
        format!("/en/office/measure/{suspension}/variation"),
        format!("/fr/bureau/mesure/{suspension}/levee"),
        format!("/fr/bureau/mesure/{suspension}/repertoire"),
        format!("/en/office/measure/{suspension}/register"),
        judged.finding.path(),
    ]
    .into();
    for scheme in [Scheme::Light, Scheme::Dark] {
        let name = format!("office-{}", scheme_name(scheme));
        let Some(browser) = browser(scheme, true) else { return };
        sign_in(&browser, &address, OTHER_OFFICER_SECRET);
        look_at(&browser, &axe, &address, &pages, &name);
        browser.narrow_to(1000);
        browser.go(&format!("{address}{}", pages[2]));
        browser.print();
        browser.keep_picture(&format!("{name}-printed"));
        let printed = browser.text();
        assert!(!printed.contains("Inscrire un acte"), "what is printed is not a form");
        assert!(printed.contains("La vie de la mesure"), "{printed}");
        browser.screen();
    }
}

#[test]
fn axe_finds_nothing_on_the_form_of_a_judgment_and_a_person_enters_it_without_a_script() {
    let Some(axe) = axe() else { return };
    let finding = transmitted();
    let runtime = runtime();
    let address = serve(&runtime, finding.router());
    let french = format!("{}/contradictoire", finding.path());
    let english = format!("/en/office/case/{}/defence", finding.file().file_number.unwrap());
    for scheme in [Scheme::Light, Scheme::Dark] {
        let Some(browser) = browser(scheme, true) else { return };
        sign_in(&browser, &address, OFFICER_SECRET);
        let name = format!("outcome-{}", scheme_name(scheme));
        look_at(&browser, &axe, &address, &[french.clone(), english.clone()], &name);
    }
    let Some(browser) = browser(Scheme::Light, false) else { return };
    sign_in(&browser, &address, OFFICER_SECRET);
    browser.go(&format!("{address}{french}"));
    browser.click("#outcome-convicted");
    browser.click("#measure-suspension_counterfeiting");
    browser.type_into("#length-suspension_counterfeiting", "400");
    let mut judgment = tempfile::Builder::new().suffix(".pdf").tempfile().unwrap();
    judgment.write_all(PDF).unwrap();
    browser.choose_file("#outcome-document", judgment.path());
    browser.submit("section[aria-labelledby=outcome] button");
    let told = browser.text();
    assert!(told.contains("Indiquez le jour du jugement"), "{told}");
    browser.keep_picture("outcome-wrong");
    assert_eq!(finding.state(), "transmitted");
}

#[test]
fn axe_finds_nothing_on_the_persons_pages_about_measures_and_no_script_is_needed_to_ask() {
    let Some(axe) = axe() else { return };
    for (name, is_in_force) in [("pronounced", false), ("in_force", true)] {
        let mut judged = judged();
        if is_in_force {
            judged.in_force();
        }
        let visitors = judged.visitors();
        let runtime = runtime();
        let address = serve(&runtime, visitors.public.clone());
        let mut pages = vec!["/fr/mon-dossier".to_owned(), "/en/my-file".to_owned()];
        for place in [1, 2] {
            pages.push(format!("/fr/mon-dossier/mesure/{place}/report"));
            pages.push(format!("/en/my-file/measure/{place}/appeal"));
        }
        for scheme in [Scheme::Light, Scheme::Dark] {
            let Some(browser) = browser(scheme, true) else { return };
            open(&browser, &address, &visitors.finding);
            let name = format!("portal-{name}-{}", scheme_name(scheme));
            look_at(&browser, &axe, &address, &pages, &name);
        }
        let Some(browser) = browser(Scheme::Light, false) else { return };
        open(&browser, &address, &visitors.finding);
        browser.go(&format!("{address}/fr/mon-dossier/mesure/1/report"));
        browser.type_into("textarea", "Je passe un examen en ligne le 2 juin.");
        browser.submit("main form button");
        let told = browser.text();
        assert!(told.contains("Votre demande de report"), "{told}");
        browser.keep_picture(&format!("portal-{name}-sent"));
        browser.go(&format!("{address}/fr/mon-dossier"));
        browser.print();
        browser.keep_picture(&format!("portal-{name}-printed"));
        browser.screen();
    }
}

#[test]
fn without_a_script_an_officer_follows_a_measure_from_the_list_to_what_is_entered() {
    let mut judged = judged();
    judged.enter("demande-de-report", &[("on", "2024-01-15")], PDF);
    let runtime = runtime();
    let address = serve(&runtime, judged.finding.router());
    let Some(browser) = browser(Scheme::Light, false) else { return };
    sign_in(&browser, &address, OFFICER_SECRET);
    browser.go(&format!("{address}/fr/bureau/mesures"));
    browser.leaving(|| browser.click("section.asked ol.measures a"));
    assert!(browser.text().contains("Ce qui a été prononcé"), "{}", browser.text());
    browser.leaving(|| browser.click("ul.acts a[href$='refus-de-report']"));
    browser.type_into("#reasons", "Aucun motif grave n’est invoqué.");
    browser.submit("main form button");
    let told = browser.text();
    assert!(told.contains("C’est inscrit"), "{told}");
    assert!(told.contains("Le report est refusé"), "{told}");
    browser.keep_picture("office-entered");
}

#[test]
fn axe_finds_nothing_where_a_persons_papers_are_opened_and_a_posted_challenge_is_entered() {
    let Some(axe) = axe() else { return };
    let mut finding = finding();
    let letter = [("act", "observations"), ("received_on", "2023-05-10")];
    assert!(finding.enter(&letter, PDF).location.ends_with("?entered=true"));
    let runtime = runtime();
    let address = serve(&runtime, finding.router());
    let french = finding.path();
    let english = format!("/en/office/case/{}", finding.file().file_number.unwrap());
    let mut pages = vec![format!("{french}/documents"), format!("{english}/documents")];
    pages.push(format!("{french}/contestation/courrier"));
    pages.push(format!("{english}/challenge/post"));
    let Some(dark) = browser(Scheme::Dark, true) else { return };
    sign_in(&dark, &address, OFFICER_SECRET);
    look_at(&dark, &axe, &address, &pages, "papers-dark");
    let fields =
        [("received_on", "2023-05-10"), ("ground-not_me", "yes"), ("text", "Ce n’était pas moi.")];
    let got = finding.send_form(&pages[2], &fields, PDF);
    let entered = vec![got.location, format!("{}?entered=true", pages[3])];
    look_at(&dark, &axe, &address, &entered, "posted-dark");
}
