//! The member and the office in a real browser: a decision signed with a passkey on its page, an
//! absence announced and what its substitute finds. French and English; axe finds nothing.
//!
//! Needs what `web_browser` needs; says and skips what is absent.

use crate::browser;
use std::sync::Arc;

use crate::browser::{
    Browser, Scheme, axe, bind, browser, fits, runtime, serve_at, without_findings,
};
use crate::defence_world::{Finding, finding};
use crate::oversight_world::{MEMBER_SECRET, OFFICER_SECRET, authority, people};
use axum::Router;
use entremise_server::access::{Role, Seat};
use entremise_server::web::absence::over_store::Absences;
use entremise_server::web::defence::over_store::StoreDefence;
use entremise_server::web::passkey::Passkeys;
use entremise_server::web::passkey::known::code_digest;
use entremise_server::web::{Known, Sides, house_router};
use jiff::SignedDuration;
use tokio::runtime::Runtime;

const CODE: &str = "7K2M9-QX4TA-B3C5D-E6F8G";
const SUBSTITUTE_SECRET: &str = "specimen-substitute-secret-19b4";
const REASONS: &str = "Les faits sont établis ; les observations ne convainquent pas.";

struct Served {
    finding: Finding,
    address: String,
    _runtime: Runtime,
}

/// A finding that a member decides on, behind one door on which passkeys are good.
fn served() -> Served {
    let mut finding = finding();
    finding.at("2023-05-26T08:00:00Z");
    finding.late();
    let (store, now) = (finding.world.store.clone(), finding.now());
    let (whose, by) = ("membre-1".parse().unwrap(), "exploitant-1".parse().unwrap());
    let times = (now, now + SignedDuration::from_hours(1));
    store.invite_reviewer(&authority(), &whose, &code_digest(CODE), &by, times).unwrap();
    let runtime = runtime();
    let listener = bind(&runtime);
    // Passkeys want a name for the host, not a number.
    let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let mut router = None;
    finding.behind(|mut web| {
        let defence = StoreDefence::new(store.clone(), authority(), Vec::new());
        let members = vec!["membre-1".parse().unwrap()];
        web.defence = Some(Arc::new(defence.signed_with_passkeys(members)));
        let passkeys = Passkeys::at_office(&store, &authority(), &address).unwrap();
        let sides = Sides {
            passkeys: Some(Arc::new(passkeys)),
            absences: Some(Arc::new(Absences::new(store.clone(), authority()))),
            ..Sides::default()
        };
        let made: Router = house_router(web, known(), sides).unwrap();
        router = Some(made.clone());
        made
    });
    serve_at(&runtime, listener, router.unwrap());
    Served { finding, address, _runtime: runtime }
}

/// The member comes in with a secret here, and signs with a passkey.
fn known() -> Vec<Known> {
    let mut known: Vec<Known> = people().into_iter().map(Known::from).collect();
    for one in &mut known {
        one.has_passkey = one.seat.role == Role::Member;
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, SUBSTITUTE_SECRET.as_bytes());
    known.push(Known {
        seat: Seat { person: "officer-8".parse().unwrap(), role: Role::Officer, party: None },
        secret_sha256: Some(digest.as_ref().try_into().unwrap()),
        subject: None,
        has_passkey: false,
        signs_with_passkey: false,
    });
    known
}

fn sign_in(browser: &Browser, served: &Served, secret: &str) {
    browser.go(&format!("{}/fr/connexion", served.address));
    browser.type_into("#secret", secret);
    browser.submit("main form button");
}

/// Looks at the page that is open, wide and narrow.
fn look(browser: &Browser, axe: &str, page: &str) {
    for width in [1000, 320] {
        browser.narrow_to(width);
        assert!(!browser.text().contains("⟨?⟩"), "{page}: every text is there");
        browser.keep_picture(&format!("{page}-{width}"));
        without_findings(browser, axe, &format!("{page} at {width}"));
        fits(browser, page);
    }
    browser.narrow_to(1000);
}

/// Opens the facts: the page that shows them has the title of the one before.
fn open_facts(browser: &Browser) {
    browser.click("main form button");
    browser.wait_for("Les Heures du port");
}

#[test]
fn a_member_signs_a_decision_on_its_page_with_a_passkey() {
    let Some(axe) = axe() else { return };
    for (lang, desk) in [("fr", "membre"), ("en", "member")] {
        let served = served();
        let Some(browser) = browser(Scheme::Light, true) else { return };
        browser.plug_in_passkeys();
        let register = if lang == "fr" { "connexion/inscription" } else { "sign-in/register" };
        browser.go(&format!("{}/{lang}/{register}", served.address));
        browser.type_into("#code", CODE);
        browser.submit("main form button");
        look(&browser, &axe, &format!("{lang}-make"));
        browser.submit("form[data-passkey] button");
        sign_in(&browser, &served, MEMBER_SECRET);
        browser.go(&format!("{}/{lang}/{desk}", served.address));
        browser.submit(".work h3 a");
        open_facts(&browser);
        browser.click("#outcome-transmit");
        browser.type_into("#reasons", REASONS);
        browser.submit(".deciding form button");
        let text = browser.text();
        assert!(text.contains("outcome transmit"), "{text}");
        assert!(text.contains("entremise office deliberation v1"), "{text}");
        look(&browser, &axe, &format!("{lang}-sign"));
        assert_eq!(served.finding.state(), "deliberating", "showing decides nothing");
        browser.submit("form[data-passkey] button");
        assert_eq!(served.finding.state(), "transmitted", "{}", browser.text());
    }
}

#[test]
fn without_script_the_page_says_that_a_passkey_needs_one_and_shows_no_dead_button() {
    let served = served();
    let Some(browser) = browser(Scheme::Dark, true) else { return };
    browser.plug_in_passkeys();
    browser.go(&format!("{}/fr/connexion/inscription", served.address));
    browser.type_into("#code", CODE);
    browser.submit("main form button");
    browser.submit("form[data-passkey] button");
    let Some(plain) = self::browser::browser(Scheme::Dark, false) else { return };
    sign_in(&plain, &served, MEMBER_SECRET);
    plain.go(&format!("{}/fr/membre", served.address));
    plain.submit(".work h3 a");
    open_facts(&plain);
    plain.click("#outcome-transmit");
    plain.type_into("#reasons", REASONS);
    plain.submit(".deciding form button");
    assert!(!plain.text().contains("Signer et rendre la décision"), "{}", plain.text());
}

#[test]
fn an_absence_is_announced_and_its_substitute_finds_the_case_marked() {
    let Some(axe) = axe() else { return };
    let served = served();
    let Some(browser) = browser(Scheme::Light, true) else { return };
    sign_in(&browser, &served, OFFICER_SECRET);
    let number = served.finding.file().file_number.unwrap();
    browser.go(&format!("{}/fr/bureau/dossier/{number}", served.address));
    look(&browser, &axe, "fr-case-charge");
    browser.click("form.charge button");
    browser.wait_for("Vous suivez ce dossier");
    for path in ["/en/office/absences", "/fr/bureau/absences"] {
        browser.go(&format!("{}{path}", served.address));
        look(&browser, &axe, &path.replace('/', "_"));
    }
    browser.run(
        "document.querySelector('#last_day').value = '2023-06-02';
         document.querySelector('#substitute').value = 'officer-8'; return 1",
    );
    browser.click("main form.card button");
    browser.wait_for("Mettre fin à cette absence");
    look(&browser, &axe, "fr-absence-entered");
    browser.submit("header form button");
    sign_in(&browser, &served, SUBSTITUTE_SECRET);
    for (path, said) in
        [("/fr/bureau", "À la place de officer-7"), ("/en/office", "In the place of officer-7")]
    {
        browser.go(&format!("{}{path}", served.address));
        assert!(browser.text().contains(said), "{}", browser.text());
        assert!(browser.text().contains(&number), "{}", browser.text());
        look(&browser, &axe, &format!("{}-substitute", path.replace('/', "_")));
    }
}
