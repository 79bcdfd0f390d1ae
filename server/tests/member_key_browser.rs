//! A member comes in through the provider of identities and makes the passkey that signs, in a real
//! browser: the keyboard alone, French and English, axe finds nothing; a browser that cannot make
//! one is told what it lacks.
//!
//! Needs what `web_browser` needs; says and skips what is absent.

use crate::browser::{
    Browser, Scheme, axe, bind, browser, fits, runtime, serve_at, without_findings,
};
use crate::defence_world::Finding;
use crate::federation::World;
use crate::member_key::{behind_the_provider, invite};
use crate::oversight_world::authority;
use tokio::runtime::Runtime;

const CODE: &str = "7K2M9-QX4TA-B3C5D-E6F8G";

/// What a page says, by its language.
struct Says {
    lang: &'static str,
    come_in: &'static str,
    provider: &'static str,
    desk: &'static str,
    way: &'static str,
    go_on: &'static str,
    make: &'static str,
    kept: &'static str,
    no_script: &'static str,
    no_passkeys: &'static str,
}

const FRENCH: Says = Says {
    lang: "fr",
    come_in: "connexion",
    provider: "Se connecter avec",
    desk: "membre",
    way: "Enregistrer une clé d’accès pour signer vos décisions",
    go_on: "Continuer",
    make: "Créer la clé d’accès",
    kept: "elle n’ouvre pas ce bureau",
    no_script: "Ce navigateur n’exécute pas de script",
    no_passkeys: "Ce navigateur ne connaît pas les clés d’accès",
};

const ENGLISH: Says = Says {
    lang: "en",
    come_in: "sign-in",
    provider: "Sign in with",
    desk: "member",
    way: "Register a passkey to sign your decisions",
    go_on: "Go on",
    make: "Make the passkey",
    kept: "it does not open this desk",
    no_script: "This browser runs no script",
    no_passkeys: "This browser knows no passkeys",
};

struct Served {
    finding: Finding,
    address: String,
    _provider: World,
    _runtime: Runtime,
}

/// The member's house with a code handed out, behind a provider of identities.
fn served() -> Served {
    let runtime = runtime();
    let listener = bind(&runtime);
    // Passkeys want a name for the host, not a number.
    let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let (provider, finding) = behind_the_provider(&address);
    invite(&finding, "membre-9", CODE);
    serve_at(&runtime, listener, provider.router());
    Served { finding, address, _provider: provider, _runtime: runtime }
}

impl Served {
    /// Through the provider to the member's desk, as the member's own browser goes.
    fn come_in(&self, browser: &Browser, says: &Says) {
        let Says { lang, come_in, provider, desk, .. } = says;
        browser.go(&format!("{}/{lang}/{come_in}", self.address));
        browser.tab_to(&format!("{provider} AgentConnect SPECIMEN"));
        browser.press(&["Enter"]);
        browser.wait_for(says.way);
        let at = browser.run("return location.pathname");
        assert_eq!(at, format!("/{lang}/{desk}").as_str());
    }

    fn passkeys(&self) -> usize {
        self.finding.world.store.passkeys(&authority()).unwrap().len()
    }
}

/// Looks at the page that is open, wide and narrow, in both lights.
fn look(browser: &Browser, axe: &str, page: &str) {
    for (width, dark) in [(1000, false), (320, true), (320, false), (1000, true)] {
        browser.narrow_to(width);
        browser.shade(if dark { Scheme::Dark } else { Scheme::Light });
        let page = format!("{page}-{width}{}", if dark { "-dark" } else { "" });
        assert!(!browser.text().contains("⟨?⟩"), "{page}: every text is there");
        browser.keep_picture(&page);
        without_findings(browser, axe, &page);
        fits(browser, &page);
    }
    browser.narrow_to(1000);
    browser.shade(Scheme::Light);
}

/// Leaves the page by what has these words, with the keyboard.
fn press(browser: &Browser, words: &str) {
    browser.leaving(|| {
        browser.tab_to(words);
        browser.press(&["Enter"]);
    });
}

/// Types a code with the keyboard and goes on.
fn type_code(browser: &Browser, code: &str, says: &Says) {
    browser.tab_to("code");
    browser.press_text(code);
    press(browser, says.go_on);
}

#[test]
fn a_member_makes_the_passkey_that_signs_with_the_keyboard_alone() {
    let Some(axe) = axe() else { return };
    for says in [FRENCH, ENGLISH] {
        let served = served();
        let Some(browser) = browser(Scheme::Light, true) else { return };
        browser.plug_in_passkeys();
        served.come_in(&browser, &says);
        press(&browser, says.way);
        look(&browser, &axe, &format!("{}-own-key-code", says.lang));
        type_code(&browser, "AAAAA-AAAAA-AAAAA-AAAAA", &says);
        look(&browser, &axe, &format!("{}-own-key-wrong", says.lang));
        type_code(&browser, CODE, &says);
        look(&browser, &axe, &format!("{}-own-key-make", says.lang));
        assert_eq!(served.passkeys(), 0, "showing keeps nothing");
        press(&browser, says.make);
        let text = browser.text();
        assert!(text.contains(says.kept), "{text}");
        assert_eq!(served.passkeys(), 1);
        look(&browser, &axe, &format!("{}-own-key-kept", says.lang));
    }
}

#[test]
fn without_script_the_page_says_what_is_missing_and_the_code_stays_good() {
    let Some(axe) = axe() else { return };
    for says in [FRENCH, ENGLISH] {
        let served = served();
        let Some(plain) = browser(Scheme::Light, false) else { return };
        served.come_in(&plain, &says);
        press(&plain, says.way);
        assert!(plain.text().contains(says.no_script), "{}", plain.text());
        type_code(&plain, CODE, &says);
        let text = plain.text();
        assert!(text.contains(says.no_script), "{text}");
        assert!(!text.contains(says.make), "no dead button: {text}");
        plain.keep_picture(&format!("{}-own-key-no-script", says.lang));
        let Some(able) = browser(Scheme::Light, true) else { return };
        able.plug_in_passkeys();
        served.come_in(&able, &says);
        press(&able, says.way);
        assert!(!able.text().contains(says.no_script), "{}", able.text());
        type_code(&able, CODE, &says);
        press(&able, says.make);
        assert_eq!(served.passkeys(), 1);
        without_findings(&able, &axe, says.lang);
    }
}

#[test]
fn a_browser_without_passkeys_says_so_and_shows_no_dead_button() {
    let Some(axe) = axe() else { return };
    for says in [FRENCH, ENGLISH] {
        let served = served();
        let Some(browser) = browser(Scheme::Light, true) else { return };
        browser.forget_passkeys();
        served.come_in(&browser, &says);
        press(&browser, says.way);
        type_code(&browser, CODE, &says);
        let text = browser.text();
        assert!(text.contains(says.no_passkeys), "{text}");
        assert!(!text.contains(says.make), "{text}");
        look(&browser, &axe, &format!("{}-own-key-unable", says.lang));
    }
}

#[test]
fn a_device_that_declines_makes_no_passkey_and_the_page_says_so() {
    let Some(axe) = axe() else { return };
    let served = served();
    let Some(browser) = browser(Scheme::Light, true) else { return };
    browser.plug_in_what_recognises_nobody();
    served.come_in(&browser, &FRENCH);
    press(&browser, FRENCH.way);
    type_code(&browser, CODE, &FRENCH);
    browser.tab_to(FRENCH.make);
    browser.press(&["Enter"]);
    browser.wait_for("Aucune clé d’accès n’a été créée");
    look(&browser, &axe, "fr-own-key-declined");
    assert_eq!(served.passkeys(), 0);
}
