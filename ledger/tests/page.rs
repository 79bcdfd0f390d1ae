//! The static page in a real browser: it finds what the package finds, from a disk and from the
//! web, in two languages, with the keyboard alone.
//!
//! Needs chromium with chromedriver, and axe-core (`ENTREMISE_AXE_JS`) for one test. What is absent
//! is said and skipped, unless `ENTREMISE_REQUIRE_PARTS` is set.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;

use crate::driver::{Browser, Scheme};
use crate::support::*;
use entremise_audit::{Folder, PAGE};
use entremise_ledger::receipt::make;

/// The browser, or a word about why there is none.
fn browser(scheme: Scheme) -> Option<Browser> {
    match Browser::start(scheme, true) {
        Ok(browser) => Some(browser),
        Err(why) => absent(&why),
    }
}

fn absent<T>(why: &str) -> Option<T> {
    assert!(std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_none(), "{why}");
    println!("skipped: {why}");
    None
}

/// A ledger of 700 entries with the page beside it, as the publisher leaves them.
fn published() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    publish_in_steps(&[520, 700], folder.path());
    assert!(folder.path().join("index.html").exists(), "the publisher puts the page there");
    folder
}

/// Serves a folder until the test ends; says nothing but the file and its kind.
fn served(folder: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut header) = (String::new(), String::new());
            reader.read_line(&mut line).unwrap_or_default();
            while reader.read_line(&mut header).is_ok_and(|length| length > 2) {
                header.clear();
            }
            let path = line.split(' ').nth(1).unwrap_or("/").trim_start_matches('/');
            let path = if path.is_empty() { "index.html" } else { path };
            let kind = match path.rsplit('.').next() {
                Some("html") => "text/html; charset=utf-8",
                Some("css") => "text/css",
                Some("js") => "text/javascript",
                _ => "application/octet-stream",
            };
            let (status, body) = match std::fs::read(folder.join(path)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
                 connection: close\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    format!("http://{address}/")
}

/// Waits until the page has shown as many results.
fn wait_for_result(browser: &Browser, count: u32) -> String {
    let script = format!(
        "const done = arguments[0]; const outcome = document.getElementById('outcome'); \
         const look = () => outcome.dataset.done >= {count} ? done() : setTimeout(look, 20); \
         look();"
    );
    browser.run_and_wait(&script);
    let report = browser.run("return document.getElementById('outcome').innerText");
    report.as_str().unwrap().to_owned()
}

fn in_english(browser: &Browser) {
    browser.run("language = 'en'; speak()");
}

#[test]
fn the_ledger_beside_the_page_is_verified_to_its_last_byte() {
    let Some(browser) = browser(Scheme::Light) else { return };
    let folder = published();
    browser.go(&served(folder.path()));
    in_english(&browser);
    browser.type_into("#key", key().public().as_str());
    browser.click("#fetch");
    let report = wait_for_result(&browser, 1);
    for words in [
        "every byte is what was signed (700 entries)",
        "a key you trust",
        "700 entries, each of the one form",
        "702 hashes compared",
    ] {
        assert!(report.contains(words), "{words}: {report}");
    }
    // The same number of hashes as the package compares.
    assert!(verified(folder.path()).to_string().contains(" 702  hashes"));
    browser.type_into("#key", "");
    browser.click("#fetch");
    let report = wait_for_result(&browser, 2);
    assert!(report.contains("nothing proves who signed"), "{report}");
    browser.type_into("#key", other_key().public().as_str());
    browser.click("#fetch");
    let report = wait_for_result(&browser, 3);
    assert!(report.contains("not sound") && report.contains("does not hold for this key"));
}

#[test]
fn every_damage_that_the_package_finds_the_page_finds() {
    let Some(browser) = browser(Scheme::Light) else { return };
    let whole = published();
    type Damage<'d> = (&'d str, &'d dyn Fn(&Path));
    let damages: [Damage; 7] = [
        ("is not that of what lies below", &|at| flip_bit(&at.join("tile/entries/001"), 3000, 0)),
        ("is not that of what lies below", &|at| flip_bit(&at.join("tile/0/002.p/188"), 70, 0)),
        ("is not that of what lies below", &|at| flip_bit(&at.join("tile/1/000.p/2"), 40, 0)),
        ("the file is missing", &|at| std::fs::remove_file(at.join("tile/entries/000")).unwrap()),
        ("does not hold for this key", &|at| flip_bit(&at.join("checkpoint"), 50, 0)),
        ("has not the length", &|at| std::fs::write(at.join("tile/0/000"), b"short").unwrap()),
        ("calls itself number", &|at| {
            let mut book = Book::of(700);
            book.leaves[300].seq = 301;
            let leaves: Vec<u8> = book.leaves[256..512]
                .iter()
                .flat_map(|leaf| {
                    let leaf = leaf.to_bytes();
                    [&u16::try_from(leaf.len()).unwrap().to_be_bytes(), leaf.as_slice()].concat()
                })
                .collect();
            std::fs::write(at.join("tile/entries/001"), leaves).unwrap();
        }),
    ];
    for (words, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(whole.path(), folder.path());
        for (name, text) in PAGE {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        damage(folder.path());
        assert!(!verified(folder.path()).is_sound());
        browser.go(&served(folder.path()));
        in_english(&browser);
        browser.type_into("#key", key().public().as_str());
        browser.click("#fetch");
        let report = wait_for_result(&browser, 1);
        assert!(report.contains("not sound") && report.contains(words), "{words}: {report}");
    }
}

#[test]
fn opened_from_a_disk_the_page_verifies_a_folder_and_a_receipt() {
    let Some(browser) = browser(Scheme::Light) else { return };
    let folder = published();
    let witness = witness_key("temoin.example/w1", 1);
    cosign_blindly(folder.path(), &witness, "2026-01-11T00:00:05Z".parse().unwrap());
    let receipt = make(&Folder(folder.path().to_owned()), 421).unwrap();
    let receipt = receipt.opened(&[7; 16], &421u64.to_be_bytes());
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("421.tlog-proof");
    std::fs::write(&file, receipt.to_string()).unwrap();
    for (name, bytes) in PAGE {
        std::fs::write(elsewhere.path().join(name), bytes).unwrap();
    }
    browser.go(&format!("file://{}", elsewhere.path().join("index.html").display()));
    in_english(&browser);
    assert_eq!(browser.run("return document.getElementById('beside').hidden"), true);

    browser.type_into("#receipt", file.to_str().unwrap());
    let report = wait_for_result(&browser, 1);
    assert!(report.contains("enter the ledger’s public key first"), "{report}");
    browser.type_into("#key", key().public().as_str());
    browser.run("document.querySelector('details').open = true");
    browser.type_into("#witnesses", &witness.public().to_string());
    browser.type_into("#receipt", file.to_str().unwrap());
    let report = wait_for_result(&browser, 2);
    for words in
        ["was entered as entry 421", "before 2026-01-11 00:00:05 UTC", "in full (verified)"]
    {
        assert!(report.contains(words), "{words}: {report}");
    }
    let mut forged = receipt.clone();
    forged.extra.leaf = forged.extra.leaf.replace("intent", "effect").replace("event", "never");
    std::fs::write(&file, forged.to_string()).unwrap();
    browser.type_into("#receipt", file.to_str().unwrap());
    let report = wait_for_result(&browser, 3);
    assert!(report.contains("proves nothing"), "{report}");

    browser.type_into("#folder", folder.path().to_str().unwrap());
    let report = wait_for_result(&browser, 4);
    assert!(report.contains("The ledger is sound"), "{report}");
    assert!(report.contains("Cosigned by the witness temoin.example/w1"), "{report}");
    browser.type_into("#witnesses", &witness_key("autre.example", 2).public().to_string());
    browser.type_into("#folder", folder.path().to_str().unwrap());
    let report = wait_for_result(&browser, 5);
    assert!(report.contains("did not cosign"), "{report}");
}

#[test]
fn the_keyboard_alone_is_enough_and_the_result_is_announced() {
    let Some(browser) = browser(Scheme::Dark) else { return };
    let folder = published();
    browser.go(&served(folder.path()));
    browser.tab_to("language");
    browser.tab_to("key");
    browser.press_text(key().public().as_str());
    browser.tab_to("fetch");
    browser.press(&["Enter"]);
    wait_for_result(&browser, 1);
    assert_eq!(browser.focused(), "result-title");
    let live = browser.run("return document.getElementById('status').getAttribute('aria-live')");
    assert_eq!(live, "polite");
}

#[test]
fn both_languages_say_everything_and_axe_finds_nothing() {
    let Some(browser) = browser(Scheme::Light) else { return };
    let folder = published();
    browser.go(&served(folder.path()));
    let said = browser.run(
        "const kinds = (all) => JSON.stringify(Object.entries(all).map(([name, words]) => \
         [name, typeof words])); return [kinds(WORDS.fr), kinds(WORDS.en)]",
    );
    assert_eq!(said[0], said[1]);
    browser.run("language = 'fr'; speak()");
    browser.click("#fetch");
    let report = wait_for_result(&browser, 1);
    assert!(report.contains("Le registre est intact"), "{report}");
    assert_eq!(browser.title(), "Vérifier un registre");
    browser.narrow_to(320);
    let wide = browser.run("return document.documentElement.scrollWidth > screen.width");
    assert_eq!(wide, false, "nothing is wider than a narrow screen");
    let Some(axe) = std::env::var_os("ENTREMISE_AXE_JS") else {
        return absent("ENTREMISE_AXE_JS does not name axe.min.js").unwrap_or_default();
    };
    browser.run(&std::fs::read_to_string(axe).unwrap());
    let found = browser
        .run_and_wait("axe.run().then((all) => arguments[0](all.violations.map((one) => one.id)))");
    assert_eq!(found, serde_json::json!([]));
}
