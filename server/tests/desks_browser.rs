//! Each desk's main path in a real browser, in French and in English: axe finds nothing at 1000 and
//! at 320 points, what is printed has no buttons, and no script is needed.
//!
//! Needs what `web_browser` needs. Keeps a picture of each page in the folder that
//! `ENTREMISE_PICTURES` names, for whoever wants to look.

use crate::api_house::notice;
use crate::browser::{
    Browser, Scheme, axe, bind, browser, fits, runtime, serve, serve_at, without_findings,
};
use crate::defence_world::finding;
use crate::desks_house::{Desks, known, secret};
use crate::oversight_world::{MEMBER_SECRET, people, web};
use entremise_core::id::NoticeId;
use entremise_core::rejection::{Code, Rejection};
use entremise_server::access::Role;
use entremise_server::intake::{Channel, Sending, receive};
use entremise_server::serve::listeners::{Ways, house_desks_with};
use entremise_server::web::message::over_store::{Messages, Sent};
use entremise_server::web::message::purpose::{Message, ToProvider, ToSender};
use entremise_server::web::passkey::Passkeys;
use entremise_server::web::passkey::known::code_digest;
use entremise_server::web::{Known, office_router};
use entremise_server::worker::{self, publish};
use entremise_store::{Note, Quarantined};
use jiff::SignedDuration;
use tokio::runtime::Runtime;

struct Served {
    house: String,
    parties: String,
    desks: Desks,
    batch: String,
    notice: String,
    /// Of that notice, with a request to either party and a note.
    case: String,
    /// An order of a measure, on the provider's desk.
    order: String,
    _runtime: Runtime,
}

/// A house with something on every desk.
fn served() -> Served {
    let mut desks = Desks::open();
    // What the log of decisions shows: one who was refused.
    desks.get(Role::Operator, "/fr/bureau");
    let (room, now) = (&desks.house.rooms[0], desks.hand.clock()());
    let store = &desks.house.store;
    let bring = |numbers: std::ops::Range<u32>| {
        let at = "2026-06-09T20:00:00Z";
        let lines: Vec<String> = numbers
            .map(|number| notice(&format!("N-{number}"), &format!("198.51.100.{number}"), at))
            .chain([notice("N-99", "203.0.113.9", at)])
            .collect();
        let sending = Sending {
            channel: Channel::Http,
            bytes: lines.join("\n").into_bytes(),
            idempotency_key: None,
            jws: None,
            received_at: now,
        };
        receive(store, room, &room.senders[0], sending).unwrap()
    };
    let first = bring(1..4);
    while !worker::round(&desks.house, now).unwrap().idle() {}
    bring(5..7);
    let claims = store.claim(&["ask_provider"], "test", 60, 1, now).unwrap();
    store.give_up(&claims[0], "provider_refuses", now).unwrap();
    let given = Quarantined {
        authority: room.config.id.clone(),
        regime: room.config.regime.clone(),
        sender: Some(room.senders[0].config.id.clone()),
        channel: "http".to_owned(),
        raw: b"SPECIMEN".to_vec(),
        reasons: vec![Rejection::new(Code::FormatUnknown, "line 1", "this is no format we read")],
        received_at: now,
    };
    store.quarantine(given).unwrap();
    store
        .stop(
            &room.config.id,
            &"second".parse().unwrap(),
            "Envois en boucle",
            &entremise_core::ledger::Actor::House,
            now,
        )
        .unwrap();
    let accepted = first.results.iter().find_map(|result| match &result.verdict {
        entremise_store::ItemVerdict::Accepted { notice } => Some(*notice),
        _ => None,
    });
    let accepted = accepted.unwrap();
    let case = write_about(&desks, accepted);
    publish::ledger(&desks.house, room, now).unwrap();
    let order = desks.ordered().to_string();
    desks.hand.set(now + SignedDuration::from_hours(24 * 16));
    let runtime = runtime();
    let (house, parties) = desks.routers();
    Served {
        house: serve(&runtime, house),
        parties: serve(&runtime, parties),
        batch: first.id.to_string(),
        notice: accepted.to_string(),
        case,
        order,
        desks,
        _runtime: runtime,
    }
}

/// Asks the sender and the provider of a notice something, and notes something for the house.
fn write_about(desks: &Desks, notice: NoticeId) -> String {
    let (room, now) = (&desks.house.rooms[0], desks.hand.clock()());
    let store = &desks.house.store;
    let case = store.notice(&room.config.id, notice).unwrap().unwrap().case.to_string();
    let house = Messages::new(store.clone(), room.config.id.clone());
    let by = "officer-1".parse().unwrap();
    let question = house.on_case(&case).unwrap().unwrap().questions[0];
    for message in [
        Message::Sender(ToSender::CorrectTime, notice),
        Message::Provider(ToProvider::WhyLate, question),
    ] {
        assert_eq!(house.send(&case, message, &by, now).unwrap(), Sent::Done);
    }
    let note = Note::new("À revoir avec le membre jeudi.").unwrap();
    assert!(house.note(&case, &note, &by, now).unwrap());
    case
}

fn sign_in(browser: &Browser, address: &str, secret: &str) {
    browser.go(&format!("{address}/en/sign-in"));
    browser.type_into("#secret", secret);
    browser.submit("main form button");
}

/// Looks at one page as every page is looked at.
fn look(browser: &Browser, axe: &str, address: &str, path: &str) {
    for width in [1000, 320] {
        browser.narrow_to(width);
        browser.go(&format!("{address}{path}"));
        assert!(!browser.text().contains("⟨?⟩"), "{path}: every text is there");
        browser.keep_picture(&format!("{}-{width}", path.replace(['/', '?', '='], "_")));
        without_findings(browser, axe, &format!("{path} at {width}"));
        fits(browser, path);
    }
    browser.print();
    let shown = browser.run(
        "return [...document.querySelectorAll('main button, header nav')]
             .filter(one => one.offsetParent !== null).length",
    );
    assert_eq!(shown.as_u64(), Some(0), "{path}: what is printed has no button and no navigation");
    browser.screen();
}

#[test]
fn axe_finds_nothing_on_the_desks_of_operator_sender_and_provider_and_each_fits_a_phone() {
    let Some(axe) = axe() else { return };
    let served = served();
    let (batch, notice) = (&served.batch, &served.notice);
    let sender = [
        "/fr/envois".to_owned(),
        "/fr/messages".to_owned(),
        "/en/messages".to_owned(),
        "/en/sendings".to_owned(),
        format!("/fr/envois/{batch}"),
        format!("/en/sendings/{batch}"),
        format!("/fr/envois/saisine/{notice}"),
        format!("/en/sendings/notice/{notice}/withdrawal"),
    ];
    let provider = [
        "/fr/fournisseur".to_owned(),
        "/en/provider".to_owned(),
        "/fr/fournisseur/retards".to_owned(),
        "/fr/messages".to_owned(),
        format!("/fr/fournisseur/ordres/{}", served.order),
        format!("/en/provider/orders/{}", served.order),
    ];
    let operator = [
        "/fr/exploitation",
        "/en/operation",
        "/fr/exploitation/quarantaine",
        "/en/operation/quarantine",
        "/fr/exploitation/parties",
        "/en/operation/parties",
    ];
    let operator = operator.map(str::to_owned);
    let overseer = ["/fr/controle/decisions", "/en/oversight/decisions"].map(str::to_owned);
    let case = &served.case;
    let officer = [
        "/fr/bureau".to_owned(),
        "/fr/bureau/lot".to_owned(),
        "/en/office/batch".to_owned(),
        format!("/fr/bureau/dossier/{case}/messages"),
        format!("/en/office/case/{case}/messages"),
    ];
    let desks: [(Role, &str, &[String]); 5] = [
        (Role::Sender, &served.parties, &sender),
        (Role::Provider, &served.parties, &provider),
        (Role::Operator, &served.house, &operator),
        (Role::Overseer, &served.house, &overseer),
        (Role::Officer, &served.house, &officer),
    ];
    for (place, (role, address, paths)) in desks.into_iter().enumerate() {
        let scheme = if place % 2 == 0 { Scheme::Light } else { Scheme::Dark };
        let Some(browser) = browser(scheme, true) else { return };
        sign_in(&browser, address, &secret(role));
        for path in paths {
            look(&browser, &axe, address, path);
        }
    }
}

#[test]
fn axe_finds_nothing_on_the_members_desk_and_the_member_reaches_the_deliberation_by_keyboard() {
    let Some(axe) = axe() else { return };
    let mut finding = finding();
    finding.at("2023-05-26T08:00:00Z");
    finding.late();
    let now = finding.now();
    let mut pages = web(&finding.world.store);
    pages.clock = std::sync::Arc::new(move || now);
    let runtime = runtime();
    let address = serve(&runtime, office_router(pages, people()).unwrap());
    let Some(browser) = browser(Scheme::Light, true) else { return };
    sign_in(&browser, &address, MEMBER_SECRET);
    assert!(browser.title().starts_with("To deliberate"), "{}", browser.title());
    for path in ["/fr/membre", "/en/member"] {
        look(&browser, &axe, &address, path);
    }
    browser.go(&format!("{address}/en/member"));
    let number = browser.run("return document.querySelector('.work h3 a').textContent");
    browser.tab_to(number.as_str().unwrap());
    browser.leaving(|| browser.press(&["Enter"]));
    assert!(browser.text().contains("Deliberat"), "{}", browser.text());
}

/// The operator's own desk, reached with a passkey and with nothing else.
#[test]
fn a_person_registers_a_passkey_with_a_code_once_and_comes_in_with_it() {
    let Some(axe) = axe() else { return };
    let desks = Desks::open();
    let runtime = runtime();
    let listener = bind(&runtime);
    // Passkeys want a name for the host, not a number.
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let (room, store) = (&desks.house.rooms[0], &desks.house.store);
    let operator = Known { secret_sha256: None, has_passkey: true, ..known(Role::Operator) };
    let passkeys = Passkeys::at_office(store, &room.config.id, &origin).unwrap();
    let ways = Ways { federation: None, passkeys: Some(std::sync::Arc::new(passkeys)) };
    let people = vec![operator, known(Role::Officer)];
    let router =
        house_desks_with(&desks.house, room, &desks.hand.clock(), people, false, ways).unwrap();
    serve_at(&runtime, listener, router);
    let code = "7K2M9-QX4TA-B3C5D-E6F8G";
    let now = desks.hand.clock()();
    let times = (now, now + SignedDuration::from_hours(1));
    let (whose, by) = ("operator-1".parse().unwrap(), "operator-2".parse().unwrap());
    store.invite_reviewer(&room.config.id, &whose, &code_digest(code), &by, times).unwrap();
    let Some(browser) = browser(Scheme::Light, true) else { return };
    browser.plug_in_passkeys();
    let at = |path: &str| format!("{origin}{path}");
    let register = |code: &str| {
        browser.go(&at("/en/sign-in/register"));
        browser.type_into("#code", code);
        browser.submit("main form button");
    };
    register("WRONG-WRONG-WRONG-WRONG");
    assert!(browser.text().contains("This code is not good"), "{}", browser.text());
    register(code);
    without_findings(&browser, &axe, "make");
    browser.submit("main form button");
    assert!(browser.text().contains("Your passkey is registered"), "{}", browser.text());
    register(code);
    assert!(browser.text().contains("This code is not good"), "once: {}", browser.text());
    browser.go(&at("/en/sign-in"));
    browser.leaving(|| browser.click("main .call a"));
    without_findings(&browser, &axe, "come in");
    browser.submit("main form button");
    assert!(browser.title().starts_with("How the machines are"), "{}", browser.text());
    browser.go(&at("/en/sign-in"));
    assert_eq!(
        browser.run("return document.querySelectorAll('script').length").as_u64(),
        Some(0),
        "pages without passkeys run nothing"
    );
}

#[test]
fn an_operator_puts_back_and_stops_a_party_by_keyboard_and_without_any_script() {
    let served = served();
    let Some(browser) = browser(Scheme::Light, false) else { return };
    sign_in(&browser, &served.house, &secret(Role::Operator));
    browser.tab_to("Put back into its queue");
    browser.press(&["Enter"]);
    browser.wait_for("It is back in its queue");
    browser.go(&format!("{}/en/operation/parties", served.house));
    browser.tab_to("Stop this party (Premier saisissant SPECIMEN)");
    browser.press(&["Enter"]);
    browser.tab_to("why-first");
    browser.press_text("Boucle");
    browser.tab_to("Stop now");
    browser.press(&["Enter"]);
    browser.wait_for("The party is stopped.");
    let authority = &served.desks.house.rooms[0].config.id;
    let party = served.desks.house.store.party(authority, &"first".parse().unwrap()).unwrap();
    assert_eq!(party.unwrap().stopped.unwrap().why, "Boucle");
}

#[test]
fn a_sender_withdraws_a_notice_by_keyboard_and_without_any_script() {
    let served = served();
    let Some(browser) = browser(Scheme::Light, false) else { return };
    sign_in(&browser, &served.parties, &secret(Role::Sender));
    browser.go(&format!("{}/en/sendings/notice/{}", served.parties, served.notice));
    browser.tab_to("Withdraw this notice");
    browser.leaving(|| browser.press(&["Enter"]));
    browser.tab_to("Confirm the withdrawal");
    browser.leaving(|| browser.press(&["Enter"]));
    assert!(browser.text().contains("The notice is withdrawn."), "{}", browser.text());
}

#[test]
fn a_sender_answers_a_request_by_keyboard_and_without_any_script() {
    let served = served();
    let Some(browser) = browser(Scheme::Dark, false) else { return };
    sign_in(&browser, &served.parties, &secret(Role::Sender));
    browser.tab_to("Messages");
    browser.leaving(|| browser.press(&["Enter"]));
    assert!(browser.text().contains("Send a corrected notice"), "{}", browser.text());
    browser.tab_to("answer-1-new_notice");
    browser.press(&[" "]);
    browser.tab_to("Answer");
    browser.press(&["Enter"]);
    browser.wait_for("Answer: A corrected notice follows.");
}
