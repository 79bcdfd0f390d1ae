//! A short world with everything that can go wrong, by seed: the same house, no doors, and the
//! oracle at the end. `tests/seeds.rs` runs hundreds of them.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};

use crate::chance::Chance;
use crate::estate::PostBy;
use crate::oracle::{Violation, judge};
use crate::play::{Engine, Play, Staging};
use crate::providers::WayFault;
use crate::world::Size;

/// Days on which worlds begin: plain winter; before a leap day; before the clocks go forward and
/// back; before the law asked for ports; before the third step was barred by the Conseil d'État.
const BEGINNINGS: [&str; 6] = [
    "2026-01-05T06:00:00Z",
    "2024-02-12T06:00:00Z",
    "2026-03-09T06:00:00Z",
    "2026-10-05T06:00:00Z",
    "2021-12-06T06:00:00Z",
    "2026-04-06T06:00:00Z",
];

/// Steps of a day: the house works, the member sits, the post comes.
const STEPS_A_DAY: i64 = 2;

/// What came of one seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub violations: Vec<Violation>,
    /// How much happened, so that a test can tell an empty world from a sound one.
    pub notices: usize,
    pub messages: usize,
    pub faults: usize,
    /// The house's own counts, and how many rounds of its work broke off.
    pub counts: entremise_store::Counts,
    pub troubles: usize,
    /// What was given up, and why.
    pub parked: Vec<String>,
}

/// Runs one seed from beginning to judgement.
pub fn run(seed: u64) -> anyhow::Result<Outcome> {
    let folder = tempfile::tempdir_in(quick_folder())?;
    let mut faults = Chance::of(seed, "faults");
    let from: Timestamp = faults.pick(&BEGINNINGS).parse()?;
    let days = faults.between(18, 28);
    let staging = Staging {
        seed,
        size: Size::SHORT,
        from,
        folder: folder.path(),
        sockets: false,
        keep_mails: false,
        // One world in three has no post over HTTP.
        post_by: if seed % 3 == 2 { PostBy::Folder } else { PostBy::Http },
    };
    let mut play = Play::stage(&staging)?;
    let mut struck = 0;
    let mut now = from;
    let mut log_dice = Chance::of(seed, "log faults");
    for step in 0..days * STEPS_A_DAY {
        now += SignedDuration::from_hours(24 / STEPS_A_DAY);
        // Faults stop some days before the end: what was late must then catch up.
        if step < (days - 5) * STEPS_A_DAY {
            struck += strike(&mut play, &mut faults, now)?;
            struck += trouble_logs(&mut play, &mut log_dice);
        } else {
            calm(&play);
            play.log_faults.late = [false; 3];
            play.log_faults.loses_stops_per_mille = 0;
        }
        play.advance(now)?;
    }
    Ok(Outcome {
        violations: judge(&play)?,
        notices: play.sent.len(),
        messages: play.mail.taken().len() + play.carrier.ways().len(),
        faults: struck,
        counts: play.house().store.counts(&play.authority)?,
        troubles: play.troubles,
        parked: parked(&play)?,
    })
}

fn parked(play: &Play) -> anyhow::Result<Vec<String>> {
    let mut parked = Vec::new();
    for alarm in play.house().store.alarms(&play.authority)? {
        let Some(effect) = alarm.effect else { continue };
        let Some(row) = play.house().store.effect(effect)? else { continue };
        parked.push(format!("{} {}: {}", alarm.name, row.row.effect.name(), alarm.body));
    }
    Ok(parked)
}

/// A folder in memory where there is one: thousands of commits need no disk to be tested.
fn quick_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

/// Everything works again.
fn calm(play: &Play) {
    play.mail.faults.blocks.store(false, Ordering::SeqCst);
    play.mail.faults.is_down.store(false, Ordering::SeqCst);
    if let Engine::InProcess { providers, .. } = &play.engine {
        for provider in providers {
            provider.silent.store(false, Ordering::SeqCst);
        }
    }
}

/// Lets what the dice say go wrong before the next step. Returns how much.
fn strike(play: &mut Play, dice: &mut Chance, now: Timestamp) -> anyhow::Result<usize> {
    let mut struck = 0;
    // What fell silent or stopped comes back, after a day or some.
    if dice.per_mille(350) {
        calm(play);
    }
    if let Engine::InProcess { providers, .. } = &play.engine {
        let provider = dice.pick(providers);
        if dice.per_mille(200) {
            use WayFault::*;
            let fault = *dice.pick(&[LostRequest, LostReply, Doubled, Shuffled, Incomplete]);
            provider.faults.lock().unwrap_or_else(|broken| broken.into_inner()).push_back(fault);
            struck += 1;
        }
        if dice.per_mille(40) {
            provider.silent.store(true, Ordering::SeqCst);
            struck += 1;
        }
    }
    let mail = &play.mail.faults;
    if dice.per_mille(30) {
        mail.blocks.store(true, Ordering::SeqCst);
        struck += 1;
    }
    if dice.per_mille(30) {
        mail.is_down.store(true, Ordering::SeqCst);
        struck += 1;
    }
    if dice.per_mille(60) {
        mail.loses_reply.store(true, Ordering::SeqCst);
        struck += 1;
    }
    if dice.per_mille(60) {
        mail.doubles.fetch_xor(true, Ordering::SeqCst);
        struck += 1;
    }
    if dice.per_mille(60) {
        play.post.lose_answers(1);
        struck += 1;
    }
    if dice.per_mille(60) {
        play.post.stumble(1);
        struck += 1;
    }
    struck += stumble(play, dice, now)?;
    Ok(struck)
}

/// Stops get lost for a while; a collector falls behind, and catches up a day or some later.
fn trouble_logs(play: &mut Play, dice: &mut Chance) -> usize {
    let faults = &mut play.log_faults;
    let mut struck = 0;
    if dice.per_mille(100) {
        faults.loses_stops_per_mille = *dice.pick(&[0, 100, 500]);
        struck += 1;
    }
    let place = dice.below(3) as usize;
    if dice.per_mille(if faults.late[place] { 400 } else { 60 }) {
        faults.late[place] = !faults.late[place];
        struck += 1;
    }
    struck
}

/// The house itself stumbles: it dies between a commit and its effects, a worker dies with work in
/// its hands, the machine's clock jumps.
fn stumble(play: &mut Play, dice: &mut Chance, now: Timestamp) -> anyhow::Result<usize> {
    let mut struck = 0;
    if dice.per_mille(80) {
        play.clock.set(now - SignedDuration::from_hours(1));
        play.let_world_run(now - SignedDuration::from_hours(1))?;
        for _ in 0..dice.below(4) {
            play.round()?;
        }
        play.crash()?;
        struck += 1;
    }
    if dice.per_mille(60) {
        let queues = ["ask_provider", "request_disclosure", "send_message", "establish_fact"];
        let queue = *dice.pick(&queues);
        // Claimed by somebody who is never heard of again.
        let house = play.house();
        house.store.claim(&[queue], "dies-with-it", 300, 3, play.clock.now())?;
        drop(house);
        play.crash()?;
        struck += 1;
    }
    if dice.per_mille(20) {
        // Back by two hours, work, and on again: nothing may be done twice or lost. What the house
        // refuses to do in the past it does when time has caught up.
        play.clock.set(now - SignedDuration::from_hours(14));
        let _ = play.round();
        struck += 1;
    }
    Ok(struck)
}
