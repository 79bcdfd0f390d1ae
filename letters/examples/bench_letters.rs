//! Sets N letters and prints letters per second, by the wall and by processor time, and the largest
//! memory used.
//!
//! `cargo run --release -p entremise-letters --example bench_letters -- [N] [THREADS] [LETTERS]`
//!
//! Without a third argument it sets the two registered letters of the French ladder, two pages
//! each. With the file of letters that the peers set (`letters.json`) it sets their text on one
//! page, in our layout: archivable, tagged, with the facts attached.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use entremise_letters::address::PostalAddress;
use entremise_letters::{
    Authority, Deadline, Fact, Language, LetterData, Renderer, Template, templates,
};
use serde::Deserialize;

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The peers' text in our layout.
const ONE_PAGE: Template = Template {
    regime: "fr-graduated-response",
    name: "one-page",
    language: Language::Fr,
    source: include_str!("one_page.typ"),
    layout: include_str!("../../regimes/fr-graduated-response/letters/letter.typ"),
};

/// A letter of the peers' input.
#[derive(Deserialize)]
struct Theirs {
    #[serde(rename = "ref")]
    reference: String,
    lrar: String,
    nom: String,
    adresse: String,
    cp: String,
    ville: String,
    date: String,
    faits: Vec<TheirFact>,
}

#[derive(Deserialize)]
struct TheirFact {
    date: String,
    ip: String,
    port: u16,
    protocole: String,
    oeuvre: String,
    empreinte: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default| {
        arguments.get(index).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (letters, threads): (usize, usize) = (number(0, 200), number(1, 1));
    let theirs: Vec<Theirs> = match arguments.get(2) {
        Some(path) => serde_json::from_slice(&std::fs::read(path)?)?,
        None => Vec::new(),
    };
    let renderer = Renderer::new();
    let (next, bytes, pages) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let at = "2026-11-21T10:00:00Z".parse()?;
    // As the peers do: what is prepared once is prepared before the clock starts.
    let (template, data) = one(0, &theirs);
    renderer.render(template, &data, at)?;
    let (started, cpu) = (Instant::now(), cpu_secs());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= letters {
                        return;
                    }
                    let (template, data) = one(index, &theirs);
                    let pdf =
                        renderer.render(template, &data, at).expect("a complete letter can be set");
                    pages.fetch_max(pdf.pages, Ordering::Relaxed);
                    bytes.fetch_add(pdf.bytes.len(), Ordering::Relaxed);
                }
            });
        }
    });
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), (cpu_secs() - cpu).max(0.01));
    println!(
        "{{\"letters\":{letters},\"pages_at_most\":{},\"threads\":{threads},\
         \"seconds\":{seconds:.2},\
         \"letters_per_second\":{:.1},\"letters_per_cpu_second\":{:.1},\"bytes_each\":{},\
         \"peak_rss_kib\":{}}}",
        pages.load(Ordering::Relaxed),
        letters as f64 / seconds,
        letters as f64 / cpu,
        bytes.load(Ordering::Relaxed) / letters.max(1),
        peak_rss_kib(),
    );
    Ok(())
}

/// The letter of a number, and the wording it is set with.
fn one(index: usize, theirs: &[Theirs]) -> (&'static Template, LetterData) {
    if !theirs.is_empty() {
        return (&ONE_PAGE, their_letter(&theirs[index % theirs.len()]));
    }
    let name = if index.is_multiple_of(2) { "first" } else { "second" };
    let template = templates::find("fr-graduated-response", name, Language::Fr)
        .expect("the wording is compiled in");
    (template, letter(index))
}

/// Seconds of processor time that this process has used in all its threads, user and system.
fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks =
        |index: usize| fields.get(index).and_then(|field| field.parse().ok()).unwrap_or(0.0);
    // utime and stime are the 14th and 15th field of proc(5), in hundredths of a second.
    (ticks(11) + ticks(12)) / 100.0
}

/// The process's high-water mark (`VmHWM`), KiB; 0 where /proc is absent.
fn peak_rss_kib() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

fn authority() -> Authority {
    Authority {
        name: "Autorité de protection des œuvres (SPECIMEN)".to_owned(),
        address_lines: vec!["1 place de l’Exemple".to_owned(), "00000 EXEMPLE".to_owned()],
        email: "dossiers@autorite.example".to_owned(),
        verify_at: "https://autorite.example/verifier".to_owned(),
        offers_at: "https://autorite.example/offres".to_owned(),
        signatory: "Pour l’Autorité, le membre chargé de la réponse graduée".to_owned(),
    }
}

fn their_letter(theirs: &Theirs) -> LetterData {
    let town = format!("{} {}", theirs.cp, theirs.ville);
    let observed_at = "2026-11-18T20:14:33Z".parse().expect("an instant");
    let facts = theirs.faits.iter().map(|fact| Fact {
        observed_at,
        observed_at_text: fact.date.clone(),
        address: Some(fact.ip.clone()),
        port: Some(fact.port),
        protocol: Some(fact.protocole.clone()),
        works: vec![fact.oeuvre.clone(), fact.empreinte.clone()],
    });
    LetterData {
        authority: authority(),
        file_number: theirs.reference.clone(),
        verification_code: "7K3M-Q9TZ-4HXC".to_owned(),
        date: theirs.date.clone(),
        recipient: PostalAddress::new([&theirs.nom, &theirs.adresse, &town])
            .expect("their addresses fit the window"),
        provider: "Opérateur Exemple".to_owned(),
        facts: facts.collect(),
        deadlines: Vec::new(),
        cites: Vec::new(),
        answer: None,
        registered_number: Some(theirs.lrar.clone()),
    }
}

fn letter(index: usize) -> LetterData {
    let observed_at = "2026-11-18T20:14:33Z".parse().expect("an instant");
    LetterData {
        authority: authority(),
        file_number: format!("2026-{index:07}"),
        verification_code: "7K3M-Q9TZ-4HXC".to_owned(),
        date: "21\u{a0}novembre 2026".to_owned(),
        recipient: PostalAddress::new([
            format!("Mme Camille Exemple{index}"),
            "12 rue des Essais".to_owned(),
            "00000 Exempleville".to_owned(),
        ])
        .expect("an address that fits"),
        provider: "Opérateur Exemple".to_owned(),
        facts: (0..1 + index % 3)
            .map(|number| Fact {
                observed_at,
                observed_at_text:
                    "18\u{a0}novembre 2026 à 21\u{a0}h\u{a0}14\u{a0}min\u{a0}33\u{a0}s (UTC+1)"
                        .to_owned(),
                address: Some("192.0.2.17".to_owned()),
                port: Some(51_413),
                protocol: Some("BitTorrent".to_owned()),
                works: vec![format!("Œuvre d’essai n° {index}-{number}")],
            })
            .collect(),
        deadlines: vec![Deadline {
            what: "Vous pourrez recevoir une deuxième recommandation si de nouveaux faits sont \
                   constatés jusqu’au"
                .to_owned(),
            until: "21\u{a0}mai 2027".to_owned(),
            why: "Six mois après l’envoi de cette lettre.".to_owned(),
        }],
        cites: vec!["CPI, art. L. 331-20".to_owned(), "CPI, art. L. 336-3".to_owned()],
        answer: None,
        registered_number: None,
    }
}
