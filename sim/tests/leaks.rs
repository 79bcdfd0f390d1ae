//! Nobody is seen where nobody must be: everything that a demonstration writes is searched for its
//! subscribers and their addresses, the logs at their most talkative included.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use entremise_sim::estate::{AUTHORITY, PostBy};
use entremise_sim::play::{Engine, Play, Staging};
use entremise_sim::report::{Report, leave};
use entremise_sim::search::{Found, Search};
use entremise_sim::world::Size;
use jiff::{SignedDuration, Timestamp};
use tracing_subscriber::fmt::MakeWriter;

const SIZE: Size = Size { fibre: 8, cable: 6, mobile: 8, zeal: 4 };
/// A legal year: every step of the ladder that the law leaves open is taken in it.
const DAYS: i64 = 365;

/// Where persons must be, and why. Everything else is searched.
const MUST_HOLD: [(&str, &str); 6] = [
    ("providers/*/logs", "the provider's own records, which its machines write"),
    ("providers/*/subscribers.csv", "the provider's own directory"),
    ("mail/mailboxes", "the subscribers' own mailboxes"),
    ("mail/returned", "the world's own copies of what mail servers returned"),
    ("senders/edition", "a sender's own files, and the answers in its folder"),
    ("post", "letters and their envelopes, on their way to the post"),
];

/// Where persons are until the house has looked: what it has taken in is sealed, and removed.
const ON_THEIR_WAY_IN: [&str; 2] = ["mail/bounces/new", "mail/notices/new"];

/// Where papers lie that a person asked to have copied out.
const COPIED_OUT: [&str; 2] = ["mails", "letters"];

/// All that the program logs, in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn all(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn listen() -> Log {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    log
}

fn played(folder: &Path) -> Play {
    let from: Timestamp = "2026-01-05T05:00:00Z".parse().unwrap();
    let mut play = Play::stage(&Staging {
        seed: 11,
        size: SIZE,
        from,
        folder,
        sockets: true,
        keep_mails: true,
        post_by: PostBy::Folder,
    })
    .unwrap();
    for half_day in 1..DAYS * 2 {
        play.advance(from + SignedDuration::from_hours(12 * half_day)).unwrap();
    }
    play
}

/// What the doors answer: pages, figures, and what they say to input that is wrong.
fn answers(play: &Play, search: &Search) -> Vec<Found> {
    let Engine::Sockets { service, client, office, .. } = &play.engine else { panic!() };
    let doors = &service.doors;
    let public = doors.pages[0].public;
    let somebody = &play.world.subscribers[0];
    let sighting = &play.sent[0].sighting;
    let mut found = Vec::new();
    for address in [
        format!("http://{}/metrics", doors.operator),
        format!("http://{}/openapi.json", doors.api),
        format!("http://{public}/"),
        format!("http://{public}/{}", somebody.email.as_deref().unwrap_or("nobody")),
    ] {
        let text = client.get(&address).send().unwrap().text().unwrap();
        assert!(!text.is_empty(), "{address}");
        found.extend(search.bytes("a page", text.as_bytes()));
    }
    let work = office.page("/en/office").unwrap();
    found.extend(search.bytes("today's work", work.as_bytes()));
    for wrong in [
        format!("{{\"xarf_version\":\"4.2.0\",\"source_identifier\":\"{}\"", sighting.ip),
        format!("source_ip,observed_at\n{},{}\n", sighting.ip, somebody.name),
        format!("<Infringement><Source><IP_Address>{}</IP_Address>", sighting.ip),
        format!("nothing of {} can be read", somebody.name),
    ] {
        let answer = client
            .post(format!("http://{}/v1/{AUTHORITY}/notices", doors.api))
            .bearer_auth(&play.estate.token)
            .header("idempotency-key", format!("wrong-{}", wrong.len()))
            .body(wrong)
            .send()
            .unwrap();
        // A table is answered row by row, the others as a whole.
        assert!(!answer.status().is_server_error(), "{}", answer.status());
        found.extend(search.bytes("an answer to wrong input", &answer.bytes().unwrap()));
    }
    for alarm in play.house().store.alarms(&play.authority).unwrap() {
        found.extend(search.bytes("an alarm", alarm.body.to_string().as_bytes()));
    }
    found
}

#[test]
fn whatever_is_written_names_nobody_outside_the_places_that_must() {
    let log = listen();
    let folder = tempfile::tempdir().unwrap();
    let play = played(folder.path());
    let report = Report::of(&play, "2026-01-05T05:00:00Z".parse().unwrap(), DAYS).unwrap();
    // A world in which nobody is warned shows nothing.
    assert!(!report.emails.is_empty() && !report.letters.is_empty(), "{report:?}");
    let search = Search::of(&play).unwrap();
    let out = tempfile::tempdir().unwrap();
    leave(&play, &report, out.path()).unwrap();
    let mut found = answers(&play, &search);

    let mut spared: Vec<&str> = MUST_HOLD.iter().map(|(place, _)| *place).collect();
    spared.extend(ON_THEIR_WAY_IN);
    found.extend(search.folder(folder.path(), &spared).unwrap());
    found.extend(search.folder(out.path(), &COPIED_OUT).unwrap());
    let logged = log.all();
    assert!(logged.len() > 100_000, "the log was listened to: {} bytes", logged.len());
    found.extend(search.bytes("the log", &logged));
    let shown: Vec<String> = found.iter().take(20).map(|one| format!("{one:?}")).collect();
    assert!(found.is_empty(), "{} places:\n{}", found.len(), shown.join("\n"));

    // The search is not blind: each place that must hold somebody does, and a name that slips into
    // a line of the log is seen.
    for (place, why) in MUST_HOLD {
        let others: Vec<&str> = spared.iter().copied().filter(|other| *other != place).collect();
        let there = search.folder(folder.path(), &others).unwrap();
        assert!(!there.is_empty(), "{place} holds nobody: {why}");
    }
    let before = log.all().len();
    tracing::debug!(name = %play.world.subscribers[0].name, "planted");
    let planted = search.bytes("the log", &log.all()[before..]);
    assert_eq!(planted.len(), 1, "{planted:?}");
}
