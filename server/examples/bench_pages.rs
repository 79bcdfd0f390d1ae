//! How long the office's and the oversight's pages take with many cases: `bench_pages [N] [TOTAL]`.
//!
//! Makes N cases through the store's own doors (a notice, an answer and a proposed warning for each
//! tenth; a proposed warning for the rest). Where TOTAL is more, the lines among them are copied by
//! `sqlite3` until there are so many: each with a number and a handle of its own, on the desk at an
//! instant of its own; ledger and sealed records are not multiplied. Then each page is asked for a
//! hundred times: the median and the 99th of a hundred. Rendering and the store's reads are both in
//! it; the network is not.

#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/oversight_world/mod.rs"]
mod oversight_world;

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use entremise_core::event::{Event, Fact, Line};
use entremise_core::id::{CaseId, NoticeId};
use entremise_core::ledger::Actor;
use entremise_server::web::office_router;
use entremise_store::{CaseRef, WorkOrder};
use jiff::SignedDuration;
use oversight_world::{
    OFFICER_SECRET, OVERSEER_SECRET, World, at, authority, named, people, regime, web,
};
use tower_service::Service as _;
use uuid::Uuid;

const TIMES: usize = 100;
const AT_ONCE: usize = 1_000;

fn main() {
    let cases = std::env::args().nth(1).and_then(|cases| cases.parse().ok()).unwrap_or(10_000);
    let began = Instant::now();
    let world = made(cases);
    println!("{cases} cases made in {:.1} s", began.elapsed().as_secs_f64());
    let total = std::env::args().nth(2).and_then(|total| total.parse().ok()).unwrap_or(cases);
    if total > cases {
        multiply(&world, cases, total);
        println!("{total} cases after {:.1} s", began.elapsed().as_secs_f64());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut router = office_router(web(&world.store), people()).unwrap();
    let order = WorkOrder { limit: 1, after: None };
    let case = world.store.work(&authority(), order).unwrap()[0].case.id;
    let officer = cookie(&runtime, &mut router, OFFICER_SECRET);
    let overseer = cookie(&runtime, &mut router, OVERSEER_SECRET);
    println!("{:28} {:>10} {:>10} {:>10}", "page", "p50", "p99", "bytes");
    let mut slowest = Duration::ZERO;
    for (name, path, cookie) in [
        ("today's work", "/fr/bureau".to_owned(), &officer),
        ("today's work, narrowed", "/fr/bureau?asked=message".to_owned(), &officer),
        ("one case", format!("/fr/bureau/dossier/{case}"), &officer),
        ("oversight", "/fr/controle".to_owned(), &overseer),
        ("yearly report", "/fr/controle/rapport.json?year=2026".to_owned(), &overseer),
    ] {
        let mut took = Vec::with_capacity(TIMES);
        let mut bytes = 0;
        for _ in 0..TIMES {
            let begin = Instant::now();
            bytes = page(&runtime, &mut router, &path, cookie).len();
            took.push(begin.elapsed());
        }
        took.sort_unstable();
        let ms = |took: Duration| format!("{:.1} ms", took.as_secs_f64() * 1_000.0);
        let (p50, p99) = (took[TIMES / 2 - 1], took[TIMES * 99 / 100 - 1]);
        println!("{name:28} {:>10} {:>10} {bytes:>10}", ms(p50), ms(p99));
        if path.starts_with("/fr/bureau") {
            slowest = slowest.max(p99);
        }
    }
    println!("{{\"office_p99_ms\":{:.1}}}", slowest.as_secs_f64() * 1e3);
}

fn made(cases: usize) -> World {
    let begin = at("2026-11-02T08:00:00Z");
    let mut world = World::empty(begin);
    let noticed = u32::try_from(cases / 10).expect("a number of cases that one machine can hold");
    for first in (0..noticed).step_by(AT_ONCE) {
        let numbers = first..noticed.min(first + AT_ONCE as u32);
        world.bring(numbers.collect(), begin);
        world.answer(begin + SignedDuration::from_mins(1), named);
    }
    let lines: Vec<(CaseRef, Event, Actor)> =
        (cases / 10..cases).map(|number| proposed(number as u128)).collect();
    let later = begin + SignedDuration::from_mins(2);
    for chunk in lines.chunks(AT_ONCE) {
        world.store.apply_many(chunk, later).unwrap();
    }
    world
}

/// Copies the lines beside the store, a transaction for each copy of all of them.
fn multiply(world: &World, cases: usize, total: usize) {
    let mut script = String::from(
        "PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000;
         CREATE TEMP TABLE line AS SELECT * FROM cases WHERE handle IS NOT NULL;\n",
    );
    let lines = cases - cases / 10;
    for copy in 1..=(total - cases).div_ceil(lines) {
        script += &format!(
            "INSERT INTO cases (case_id, authority, regime, procedure, state_name, closed, provider,
                 handle, subject, state, opened_at, changed_at, due_at, desk_at, asked)
             SELECT CAST(printf('%06d%010d', {copy}, rowid) AS BLOB), authority, regime, procedure,
                 state_name, closed, provider, printf('%021d%022d', {copy}, rowid),
                 replace(subject, handle, printf('%021d%022d', {copy}, rowid)), state,
                 opened_at, changed_at, due_at, desk_at + abs(random()) % 86400000000,
                 asked
             FROM line;\n"
        );
    }
    let mut sqlite = std::process::Command::new("sqlite3")
        .arg(world.folder.path().join("cases.db"))
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("sqlite3 is installed");
    std::io::Write::write_all(&mut sqlite.stdin.take().unwrap(), script.as_bytes()).unwrap();
    assert!(sqlite.wait().unwrap().success());
}

fn proposed(number: u128) -> (CaseRef, Event, Actor) {
    let fact = Fact {
        notice: NoticeId(Uuid::from_u128(number)),
        identification: CaseId(Uuid::from_u128(number + (1 << 64))),
        fact_at: at("2026-10-20T08:00:00Z"),
        received_at: at("2026-10-22T08:00:00Z") + SignedDuration::from_secs(number as i64 % 86_400),
    };
    let handle = format!("{number:043}").parse().unwrap();
    let line = Line { provider: "isp-riviere".parse().unwrap(), handle };
    let case = CaseRef::Line { authority: authority(), regime: regime(), line };
    (case, Event::FactEstablished { fact }, Actor::House)
}

fn cookie(runtime: &tokio::runtime::Runtime, router: &mut Router, secret: &str) -> String {
    let request = Request::post("/fr/connexion")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("secret={secret}")))
        .unwrap();
    let response = runtime.block_on(router.call(request)).unwrap();
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap_or_default().to_owned()
}

fn page(
    runtime: &tokio::runtime::Runtime,
    router: &mut Router,
    path: &str,
    cookie: &str,
) -> axum::body::Bytes {
    let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    runtime.block_on(async {
        let response = router.call(request).await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap()
    })
}
