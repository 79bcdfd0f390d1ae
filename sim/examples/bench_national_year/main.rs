//! A national year in virtual time: so many notices, and what follows from them, through the real
//! store and the real workers. `bench_national_year [PART] [FOLDER]`: a PART of the year 2023 (1
//! is all of it: 2.6 M notices, 137,000 first warnings, 33,000 second), in a folder that is
//! removed behind it. The third stage, a thousandth of the notices, needs reviewers and is not in
//! it.
//!
//! In-process doubles stand for the provider and the post; the mails go, signed with RSA-2048 and
//! Ed25519, over SMTP to a taker on loopback; each letter is set. Notices arrive read (reading is
//! measured by itself), a thousand at a time. An officer decides on every proposal: on so many in
//! a hundred that the year's figures come out.

mod doubles;

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use doubles::{Post, Provider, configuration, taker};
use entremise_core::case::State;
use entremise_core::event::{Decision, DeliveryReport, DeliveryStatus, Event, Ground, Verdict};
use entremise_core::id::{AuthorityId, BatchId, EffectId, PersonId};
use entremise_core::ledger::Actor;
use entremise_core::notice::{
    Claim, Class, Clock, Hash, Notice, Observation, Source, Transport, Work,
};
use entremise_core::procedure::ladder;
use entremise_core::regime::rules::ChannelKind;
use entremise_server::config::Config;
use entremise_server::house::House;
use entremise_server::serve;
use entremise_server::worker::{clock, erasure, outbox};
use entremise_sim::entropy::SeededEntropy;
use entremise_store::{CaseRef, IncomingBatch, IncomingNotice, WorkOrder};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEED: u64 = 2023;
const DAYS: u32 = 365;
const NOTICES: f64 = 2_600_000.0;
/// Lines on which notices fall: about two in a year on each that is named at all.
const LINES: f64 = 1_300_000.0;
/// Of a hundred proposals of a stage, so many are sent; the others are closed.
const SENT_IN_A_HUNDRED: [u8; 2] = [7, 60];
const BATCH: u32 = 1_000;
/// Between the hand-over of a registered letter and its presentation.
const POST_DAYS: i64 = 3;

fn main() -> anyhow::Result<()> {
    let part: f64 = std::env::args().nth(1).map_or(Ok(0.01), |text| text.parse())?;
    let place = std::env::args().nth(2).map_or_else(std::env::temp_dir, Into::into);
    let folder = tempfile::tempdir_in(place)?;
    let mut year = Year::open(folder.path(), part)?;
    let begun = Instant::now();
    let bar = ProgressBar::new(u64::from(DAYS));
    bar.set_style(ProgressStyle::with_template("{bar:40} day {pos}/{len}, {msg}")?);
    for day in 0..DAYS {
        year.day(day)?;
        let sent: u32 = year.decided.iter().sum();
        bar.set_message(format!("{} notices, {sent} decided to warn", year.notices));
        bar.inc(1);
    }
    bar.finish();
    let minutes = begun.elapsed().as_secs_f64() / 60.0;
    let [first, second] = year.decided;
    println!(
        "{{\"part\":{part},\"notices\":{},\"first\":{first},\"second\":{second},\
         \"letters\":{},\"ledger_entries\":{},\"minutes\":{minutes:.2},\
         \"whole_year_minutes\":{:.1},\"seconds\":{},\"mib_on_disk\":{}}}",
        year.notices,
        year.post.letters(),
        year.house.store.ledger_size(&authority())?,
        minutes / part,
        year.spent_as_json(),
        mebibytes(folder.path())?
    );
    Ok(())
}

fn authority() -> AuthorityId {
    "autorite".parse().expect("a short word is an id")
}

/// The house, and what happened so far.
struct Year {
    house: House,
    post: Post,
    part: f64,
    dice: fastrand::Rng,
    begin: Timestamp,
    notices: u32,
    batches: u128,
    decided: [u32; 2],
    /// Registered letters on their way, oldest first.
    on_the_way: VecDeque<(Timestamp, EffectId)>,
    spent: [(&'static str, Duration); 6],
}

impl Year {
    fn open(folder: &Path, part: f64) -> anyhow::Result<Self> {
        let begin: Timestamp = "2026-01-05T06:00:00Z".parse()?;
        let path = folder.join("entremise.toml");
        std::fs::write(&path, configuration(taker()?))?;
        let reader: serve::Clock = Arc::new(move || begin);
        let entropy = Arc::new(SeededEntropy::new(SEED));
        let mut house = serve::open(&Config::read(&path)?, &reader, entropy)?;
        let post = Post::default();
        let provider = Provider { lines: (LINES * part) as u64 };
        let room = house.rooms.first_mut().context("one authority")?;
        room.delivery.post = Box::new(post.clone());
        room.providers.first_mut().context("one provider")?.answering = Some(Arc::new(provider));
        Ok(Self {
            house,
            post,
            part,
            dice: fastrand::Rng::with_seed(SEED),
            begin,
            notices: 0,
            batches: 0,
            decided: [0; 2],
            on_the_way: VecDeque::new(),
            spent: ["intake", "workers", "decisions", "post", "clock", "erasure"]
                .map(|name| (name, Duration::ZERO)),
        })
    }

    /// Notices in the morning; answers and facts; decisions at noon; messages; then what is due,
    /// and what must be erased.
    fn day(&mut self, day: u32) -> anyhow::Result<()> {
        let morning = self.begin + SignedDuration::from_hours(24 * i64::from(day));
        let hour = |hours| morning + SignedDuration::from_hours(hours);
        self.timed(0, |year| year.bring(day, morning))?;
        self.timed(1, |year| year.work(hour(4)))?;
        self.timed(2, |year| year.decide(hour(6)))?;
        self.timed(1, |year| year.work(hour(8)))?;
        self.timed(3, |year| year.present(hour(9)))?;
        self.timed(4, |year| {
            while !clock::round(&year.house, hour(12))?.idle() {}
            Ok(())
        })?;
        self.timed(5, |year| {
            while !erasure::round(&year.house, hour(14))?.idle() {}
            Ok(())
        })
    }

    fn timed(
        &mut self,
        place: usize,
        work: impl FnOnce(&mut Self) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        let done = work(self);
        self.spent[place].1 += begun.elapsed();
        done
    }

    fn bring(&mut self, day: u32, now: Timestamp) -> anyhow::Result<()> {
        let until = (NOTICES * self.part * f64::from(day + 1) / f64::from(DAYS)) as u32;
        while self.notices < until {
            let size = BATCH.min(until - self.notices);
            let first = self.notices;
            let notices = (0..size).map(|place| IncomingNotice {
                place: format!("line {}", place + 1),
                verdict: Ok((notice(first + place, now), "isp".parse().expect("an id"))),
            });
            self.batches += 1;
            self.house.store.intake(IncomingBatch {
                id: BatchId(Uuid::from_u128(self.batches)),
                authority: authority(),
                regime: "fr-graduated-response".parse()?,
                sender: "first".parse()?,
                format: "ndjson",
                channel: "api",
                raw: raw(size),
                received_at: now,
                idempotency_key: Some(format!("batch {}", self.batches)),
                body_digest: [0; 32],
                proof: None,
                notices: notices.collect(),
            })?;
            self.notices += size;
        }
        Ok(())
    }

    /// The workers' rounds until nothing is left to do.
    fn work(&mut self, now: Timestamp) -> anyhow::Result<()> {
        while !outbox::round(&self.house, now)?.idle() {}
        let fresh = self.post.take();
        self.on_the_way.extend(fresh.into_iter().map(|effect| (now, effect)));
        Ok(())
    }

    /// A person goes through the desk, a page at a time.
    fn decide(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let by: PersonId = "membre-1".parse()?;
        let mut after = None;
        loop {
            let order = WorkOrder { limit: BATCH as usize, after };
            let rows = self.house.store.work(&authority(), order)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.place);
            let mut events = Vec::with_capacity(rows.len());
            for row in rows {
                let State::Ladder(state) = &row.case.state else { continue };
                let Some(event) = self.decision(state, &by) else { continue };
                let case = CaseRef::Id(authority(), row.case.id);
                events.push((case, event, Actor::Person(by.clone())));
            }
            self.apply(&events, now)?;
        }
    }

    fn decision(&mut self, state: &ladder::State, by: &PersonId) -> Option<Event> {
        let decision = |verdict, ground| Decision { by: by.clone(), verdict, ground };
        let ladder::State::Proposed { stage, .. } = state else { return None };
        let share = SENT_IN_A_HUNDRED.get(*stage)?;
        if self.dice.u8(..100) >= *share {
            return Some(Event::Decided(decision(Verdict::Close, Ground::Discretion)));
        }
        self.decided[*stage] += 1;
        Some(Event::Decided(decision(Verdict::Send, Ground::FactsEstablished)))
    }

    /// Letters that were on their way long enough are presented.
    fn present(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let ripe = now - SignedDuration::from_hours(24 * POST_DAYS);
        let mut events = Vec::new();
        while self.on_the_way.front().is_some_and(|(since, _)| *since <= ripe) {
            let Some((_, effect)) = self.on_the_way.pop_front() else { break };
            let found = self.house.store.effect(effect)?.context("a letter's effect is kept")?;
            let report = DeliveryReport {
                stage: 1,
                channel: ChannelKind::RegisteredLetter,
                status: DeliveryStatus::Presented,
                at: now,
            };
            let case = CaseRef::Id(found.authority, found.case);
            events.push((case, Event::Delivery(report), Actor::House));
        }
        self.apply(&events, now)
    }

    fn apply(&self, events: &[(CaseRef, Event, Actor)], now: Timestamp) -> anyhow::Result<()> {
        for answer in self.house.store.apply_many(events, now)? {
            answer?;
        }
        Ok(())
    }

    fn spent_as_json(&self) -> String {
        let parts = self.spent.iter();
        let parts: Vec<String> =
            parts.map(|(name, spent)| format!("\"{name}\":{:.1}", spent.as_secs_f64())).collect();
        format!("{{{}}}", parts.join(","))
    }
}

/// As many lines as notices, each as long as one: what stands against a line is carved out of them.
fn raw(size: u32) -> Vec<u8> {
    let lines = (0..size).map(|place| format!("{{\"sender_case_id\":\"{place:0>752}\"}}\n"));
    lines.collect::<String>().into_bytes()
}

fn notice(number: u32, now: Timestamp) -> Notice {
    let scattered = number.wrapping_mul(2_654_435_761);
    let [_, b, c, d] = scattered.to_be_bytes();
    let back = SignedDuration::from_secs(3_600 + i64::from(scattered % 170_000));
    Notice {
        sender_case_id: Some(format!("2023-{number:09}")),
        class: Class::Copyright,
        kind: "p2p".to_owned(),
        observation: Observation {
            from: now - back,
            until: None,
            clock: Some(Clock {
                source: "ntp".to_owned(),
                offset_ms: Some(3),
                max_error_ms: Some(100),
            }),
        },
        source: Source {
            ip: IpAddr::V4(Ipv4Addr::new(198, b, c, d)),
            port: Some((number % 60_000) as u16 + 1024),
            transport: Some(Transport::Tcp),
        },
        observer: None,
        protocol: Some("bittorrent".to_owned()),
        pseudonym: None,
        provider_name: Some("Opérateur SPECIMEN".to_owned()),
        works: vec![Work {
            title: Some("Un film SPECIMEN".to_owned()),
            file_name: Some("un.film.specimen.2023.mkv".to_owned()),
            size_bytes: Some(734_003_200),
            hashes: vec![Hash { algorithm: "btih".to_owned(), value: format!("{number:040x}") }],
            ..Work::default()
        }],
        claim: Claim {
            rights_holder: Some("Ayants droit SPECIMEN".to_owned()),
            mandate: Some("M-2023-17".to_owned()),
            sworn_agent: Some("AA-0042".to_owned()),
            standing_declared: true,
            ..Claim::default()
        },
        details: std::collections::BTreeMap::new(),
    }
}

fn mebibytes(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                bytes += entry.metadata()?.len();
            }
        }
    }
    Ok(bytes >> 20)
}
