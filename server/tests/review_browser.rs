//! The reviewers' desk in a real browser with a passkey of its own: registered with a code, used to
//! come in and to sign; and the way without script, with a key file. axe finds nothing.
//!
//! Needs what `web_browser` needs; says and skips what is absent.

use std::sync::Arc;

use crate::browser::{Browser, Scheme, axe, bind, browser, runtime, serve_at, without_findings};
use crate::review_house::{JUDGE, MEMBER, TITLE, WITH_PASSKEY, World, authority, now, signed};
use entremise_core::authorisation::Ruling;
use entremise_core::deadline::Words;
use entremise_server::web::passkey::Passkeys;
use entremise_server::web::passkey::known::code_digest;
use entremise_server::web::review::desk::ReviewDesk;
use entremise_server::web::review::file::{RequestFile, RulingFile};
use entremise_server::web::{Authority, OfficeRole, Officer, Web, office_router, review_router};

const CODE: &str = "7K2M9-QX4TA-B3C5D-E6F8G";
const SECRET: &str = "specimen-member-secret-5d2a";
const REASONS: &str = "Les trois faits sont établis,\net deux avertissements les précèdent.";

struct Served {
    world: World,
    review: String,
    office: String,
    _runtime: tokio::runtime::Runtime,
}

/// Both desks on loopback. Passkeys want a name for the host, not a number.
fn served() -> Served {
    let world = World::new();
    let runtime = runtime();
    let web = Web {
        desk: world.desk.clone(),
        review: Some(world.reviews.clone()),
        oversight: None,
        rights: None,
        defence: None,
        measures: None,
        portal: None,
        authority: Authority {
            name: Words {
                fr: "Autorité de protection des œuvres (SPECIMEN)".to_owned(),
                en: "Authority for the Protection of Works (SPECIMEN)".to_owned(),
            },
            email: "contact@autorite.example".to_owned(),
            post: vec!["00000 SPECIMEN-VILLE".to_owned()],
            origin: "https://autorite.example".to_owned(),
            security_contact: "mailto:securite@autorite.example".to_owned(),
        },
        clock: Arc::new(now),
        secure: false,
    };
    let digest = ring::digest::digest(&ring::digest::SHA256, SECRET.as_bytes());
    let officer = Officer {
        person: MEMBER.parse().unwrap(),
        secret_sha256: digest.as_ref().try_into().unwrap(),
        role: OfficeRole::Officer,
    };
    let (at_review, at_office) = (bind(&runtime), bind(&runtime));
    let origin = |at: &tokio::net::TcpListener| {
        format!("http://localhost:{}", at.local_addr().unwrap().port())
    };
    let (review, office) = (origin(&at_review), origin(&at_office));
    let passkeys = Passkeys::at_review(&world.store, &authority(), &review).unwrap();
    let reviews = review_router(web.clone(), world.reviews.clone(), passkeys).unwrap();
    serve_at(&runtime, at_review, reviews);
    serve_at(&runtime, at_office, office_router(web, vec![officer]).unwrap());
    Served { world, review, office, _runtime: runtime }
}

/// Looks at the page with axe, where there is one.
fn look(browser: &Browser, axe: Option<&String>, page: &str) {
    let Some(axe) = axe else { return };
    without_findings(browser, axe, page);
}

fn invite(served: &Served) {
    let (reviewer, by) = (WITH_PASSKEY.parse().unwrap(), "exploitant-1".parse().unwrap());
    let times = (now(), now() + jiff::SignedDuration::from_hours(1));
    let store = &served.world.store;
    store.invite_reviewer(&authority(), &reviewer, &code_digest(CODE), &by, times).unwrap();
}

fn register(browser: &Browser, served: &Served, axe: Option<&String>) {
    browser.go(&format!("{}/fr/controle/inscription", served.review));
    look(browser, axe, "register");
    browser.type_into("#code", &CODE.to_lowercase());
    browser.submit("main form button");
    look(browser, axe, "make");
    browser.submit("form[data-passkey] button");
    assert!(browser.text().contains("Votre clé d’accès est enregistrée"), "{}", browser.text());
    look(browser, axe, "registered");
}

fn come_in(browser: &Browser, served: &Served, axe: Option<&String>) {
    browser.go(&format!("{}/fr/controle", served.review));
    look(browser, axe, "sign in");
    browser.submit("form[data-passkey] button");
    assert!(browser.title().starts_with("Demandes à examiner"), "{}", browser.title());
}

/// A member asks the reviewer with a passkey, through the office's pages.
fn ask_at_the_office(browser: &Browser, served: &Served, axe: Option<&String>) {
    browser.go(&format!("{}/fr/connexion", served.office));
    browser.type_into("#secret", SECRET);
    browser.submit("main form button");
    browser.go(&format!("{}/fr/bureau/dossier/{}", served.office, served.world.case));
    look(browser, axe, "a barred case");
    browser.submit("a[href$='/autorisation']");
    look(browser, axe, "asking");
    browser.click(&format!("#reviewer-{WITH_PASSKEY}"));
    browser.click("#ground-facts_established");
    browser.submit("main form button[type=submit]");
    assert!(browser.text().contains("Votre décision est enregistrée"), "{}", browser.text());
    assert_eq!(served.world.state(), "under_review");
}

#[test]
fn a_passkey_is_registered_comes_in_and_signs_the_grant_that_asks_the_provider() {
    let served = served();
    let Some(browser) = browser(Scheme::Light, true) else { return };
    let axe = axe();
    let axe = axe.as_ref();
    browser.plug_in_passkeys();
    invite(&served);
    register(&browser, &served, axe);
    ask_at_the_office(&browser, &served, axe);
    come_in(&browser, &served, axe);
    look(&browser, axe, "list");
    browser.submit("main ul a");
    assert!(browser.text().contains(TITLE), "{}", browser.text());
    look(&browser, axe, "request");
    browser.click("#ruling-granted");
    browser.submit(".deciding form button");
    assert!(browser.title().starts_with("Erreur"), "reasons are asked for: {}", browser.title());
    look(&browser, axe, "request with what is missing");
    browser.type_into("#reasons", REASONS);
    browser.submit(".deciding form button");
    let text = browser.text();
    assert!(text.contains("entremise authorisation v1") && text.contains("ruling granted"));
    look(&browser, axe, "text to sign");
    browser.submit("form[data-passkey] button");
    let said = browser.text();
    assert!(said.contains("Vous avez autorisé la mise en relation"), "{said}");
    look(&browser, axe, "granted");
    assert_eq!(served.world.state(), "asking");
    assert!(served.world.effects().contains(&"request_authorised_disclosure"));
}

#[test]
fn a_code_registers_one_passkey_and_another_s_passkey_does_not_come_in() {
    let served = served();
    let Some(browser) = browser(Scheme::Light, true) else { return };
    browser.plug_in_passkeys();
    invite(&served);
    register(&browser, &served, None);
    browser.go(&format!("{}/fr/controle/inscription", served.review));
    browser.type_into("#code", CODE);
    browser.submit("main form button");
    assert!(browser.title().starts_with("Erreur"), "{}", browser.title());
    let key = served.world.store.passkeys(&authority()).unwrap().remove(0).key;
    let by = "exploitant-1".parse().unwrap();
    assert!(served.world.store.withdraw_passkey(&authority(), &key, &by, now()).unwrap());
    browser.go(&format!("{}/fr/controle", served.review));
    browser.submit("form[data-passkey] button");
    assert!(browser.text().contains("Vous n’êtes pas entré"), "{}", browser.text());
}

#[test]
fn without_script_a_ruling_signed_with_a_key_file_is_handed_in() {
    let served = served();
    let world = &served.world;
    let request = world.ask(JUDGE);
    let file = world.reviews.file(&JUDGE.parse().unwrap(), request, now()).unwrap().unwrap();
    let read = RequestFile::read(&file.to_json()).unwrap();
    let signed = signed(read.statement(Ruling::Refused, REASONS), JUDGE);
    let path = world.folder.path().join("decision.json");
    std::fs::write(&path, RulingFile::new(signed, REASONS.to_owned()).to_json()).unwrap();
    let Some(browser) = browser(Scheme::Dark, false) else { return };
    browser.go(&format!("{}/fr/controle", served.review));
    assert!(browser.text().contains("déposez la décision signée"), "{}", browser.text());
    assert!(!browser.text().contains("Entrer avec ma clé d’accès"), "a dead button is not shown");
    browser.go(&format!("{}/fr/controle/depot", served.review));
    browser.choose_file("#ruling", &path);
    browser.submit("main form button");
    assert!(browser.text().contains("Vous avez refusé la mise en relation"), "{}", browser.text());
    assert_eq!(world.state(), "barred");
    browser.go(&format!("{}/en/review/hand-in", served.review));
    browser.choose_file("#ruling", &path);
    browser.submit("main form button");
    assert!(browser.text().contains("waits for no ruling any more"), "{}", browser.text());
}
