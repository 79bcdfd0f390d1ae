//! A world from a seed: three providers with their networks and subscribers, three senders, works,
//! and what everybody does day after day. It knows the truth and speaks to nobody: whoever drives
//! it (the demo, the simulation) carries its logs and papers where they belong.

pub mod network;
pub mod papers;
pub mod people;
pub mod sightings;
pub mod truth;

use jiff::Timestamp;

use crate::chance::Chance;
use network::{Cable, Fibre, Line, Log, Mobile, Network};
use people::Subscriber;
use sightings::{Flaw, Observers, Seen, Sighting};
use truth::{Secs, SubscriberNumber, Truth};

/// How large a world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub fibre: usize,
    pub cable: usize,
    pub mobile: usize,
    /// How many times more than usual everybody shares. Short worlds need it.
    pub zeal: u64,
}

impl Size {
    /// The demo's: three providers with some dozens of subscribers.
    pub const DEMO: Self = Self { fibre: 60, cable: 45, mobile: 60, zeal: 1 };
    /// The simulation's: few lines, much sharing.
    pub const SHORT: Self = Self { fibre: 5, cable: 4, mobile: 6, zeal: 7 };
}

/// A body that sends notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Short name, as registered.
    pub id: &'static str,
    pub name: &'static str,
    pub email: &'static str,
}

/// The three senders, by how they send.
pub const SENDERS: [Sender; 3] = [
    Sender {
        id: "musique",
        name: "Société des musiques (SPECIMEN)",
        email: "constats@musique.example",
    },
    Sender {
        id: "cinema",
        name: "Association du cinéma (SPECIMEN)",
        email: "constats@cinema.example",
    },
    Sender {
        id: "edition",
        name: "Syndicat du livre (SPECIMEN)",
        email: "constats@edition.example",
    },
];

/// What one stretch of time brought.
#[derive(Clone, Debug, Default)]
pub struct Stretch {
    /// Logs to be appended, by place of the provider.
    pub logs: Vec<(usize, Log)>,
    pub sightings: Vec<Sighting>,
}

pub struct World {
    pub subscribers: Vec<Subscriber>,
    pub truth: Truth,
    networks: Vec<Box<dyn Network>>,
    observers: Observers,
    size: Size,
    /// Who still shares: a warning may end it.
    shares: Vec<bool>,
    seen_until: Secs,
    network_chance: Vec<Chance>,
    sharing: Chance,
    /// One stream for each subscriber: which of two warnings came first must change nothing.
    listening: Vec<Chance>,
    flaws: Chance,
}

impl World {
    pub fn new(seed: u64, size: Size, from: Timestamp) -> Self {
        let from = from.as_second();
        let mut people = Chance::of(seed, "people");
        let mut subscribers = Vec::new();
        let counts = [size.fibre, size.cable, size.mobile];
        let mut lines: [Vec<Line>; 3] = Default::default();
        for (provider, count) in counts.into_iter().enumerate() {
            for line in 0..count {
                let number = subscribers.len();
                let (account, domain) = account(provider, line, number);
                lines[provider].push(Line { subscriber: number, account: account.clone() });
                subscribers.push(people::subscriber(
                    number,
                    provider,
                    account,
                    domain,
                    &mut people,
                ));
            }
        }
        let mut network_chance: Vec<Chance> =
            ["fibre", "cable", "mobile"].map(|name| Chance::of(seed, name)).to_vec();
        let [fibre, cable, mobile] = lines;
        let networks: Vec<Box<dyn Network>> = vec![
            Box::new(Fibre::new(fibre, from, &mut network_chance[0])),
            Box::new(Cable::new(cable, from, &mut network_chance[1])),
            Box::new(Mobile::new(mobile, from, &mut network_chance[2])),
        ];
        Self {
            shares: vec![true; subscribers.len()],
            listening: (0..subscribers.len())
                .map(|number| Chance::of(seed, &format!("listening {number}")))
                .collect(),
            subscribers,
            truth: Truth::default(),
            networks,
            observers: Observers::new(SENDERS.len()),
            size,
            // Nothing is reported of the first hours: the networks are only coming up.
            seen_until: from + 6 * 3600,
            network_chance,
            sharing: Chance::of(seed, "sharing"),
            flaws: Chance::of(seed, "flaws"),
        }
    }

    pub fn networks(&self) -> impl Iterator<Item = &dyn Network> {
        self.networks.iter().map(AsRef::as_ref)
    }

    /// Lets the world run until the instant.
    pub fn run(&mut self, until: Timestamp) -> Stretch {
        let until = until.as_second();
        let mut stretch = Stretch::default();
        for (provider, network) in self.networks.iter_mut().enumerate() {
            let chance = &mut self.network_chance[provider];
            let logs = network.run(until, &mut self.truth, chance);
            stretch.logs.extend(
                logs.into_iter().filter(|log| !log.text.is_empty()).map(|log| (provider, log)),
            );
        }
        let from = self.seen_until;
        if until > from {
            self.seen_until = until;
            stretch.sightings = self.watch(from, until);
        }
        stretch
    }

    /// A warning reached somebody: they may stop.
    pub fn warn(&mut self, subscriber: SubscriberNumber) {
        let listens = self.subscribers[subscriber].habit.listens_per_mille;
        if self.listening[subscriber].per_mille(listens) {
            self.shares[subscriber] = false;
        }
    }

    fn watch(&mut self, from: Secs, until: Secs) -> Vec<Sighting> {
        let days = u64::try_from((until - from) / 3600).unwrap_or(0);
        let mut sightings = Vec::new();
        for number in 0..self.subscribers.len() {
            let habit = self.subscribers[number].habit;
            // The chance of a day, shared among its hours.
            let chances = habit.days_per_mille * self.size.zeal * days / 24;
            if !self.shares[number] || !self.sharing.per_mille(chances.min(900)) {
                continue;
            }
            for _ in 0..1 + self.sharing.below(3) {
                let instant = self.sharing.between(from, until);
                sightings.extend(self.see(number, instant, from));
            }
        }
        sightings
    }

    /// What comes of one moment of sharing: nothing if the line is down, else a report, at times
    /// a spoilt one or several.
    fn see(&mut self, number: SubscriberNumber, at: Secs, from: Secs) -> Vec<Sighting> {
        let held = self.truth.held_by(number, at);
        if held.is_empty() {
            return Vec::new();
        }
        let holding = self.truth.holding(*self.sharing.pick(&held)).clone();
        let subscriber = self.subscribers[number].clone();
        let network = self.networks[subscriber.provider].name();
        let left_before = self.truth.left_before(&holding);
        let seen = Seen {
            subscriber: &subscriber,
            holding: &holding,
            at: at.max(from),
            network,
            left_before,
        };
        let mut sighting = self.observers.report(&seen, &mut self.sharing);
        let flaw = flaw(&mut self.flaws);
        self.observers.spoil(&mut sighting, flaw, &seen, &mut self.flaws);
        // Some senders take days over it.
        if self.flaws.per_mille(150) {
            sighting.send_from += self.flaws.between(86_400, 9 * 86_400);
        }
        let mut also = sighting.clone();
        match flaw {
            Flaw::Repeated => also.send_from += self.flaws.between(0, 3 * 86_400),
            Flaw::ByAnotherToo => {
                also.sender = (sighting.sender + 1) % self.observers.senders;
                also.report_id = self.flaws.bytes();
                self.observers.number(&mut also);
            }
            _ => return vec![sighting],
        }
        vec![sighting, also]
    }
}

/// The name of a line in the provider's logs, and the provider's mail domain.
fn account(provider: usize, line: usize, number: usize) -> (String, &'static str) {
    match provider {
        0 => (format!("fti/f{number:04}@fibre.example"), "fibre.example"),
        1 => (network::hardware_address(line), "cable.example"),
        _ => (format!("m{number:04}@mobile.example"), "mobile.example"),
    }
}

/// What observers do wrong, and how often.
fn flaw(chance: &mut Chance) -> Flaw {
    match chance.below(1000) {
        0..60 => Flaw::Repeated,
        60..100 => Flaw::ByAnotherToo,
        100..130 => Flaw::WrongPort,
        130..145 => Flaw::ClockDrift,
        145..165 => Flaw::LooseClock,
        165..180 => Flaw::TooOld,
        180..190 => Flaw::FromTheFuture,
        190..225 => Flaw::PortMissing,
        225..240 => Flaw::UnknownNetwork,
        240..250 => Flaw::ReservedAddress,
        250..265 => Flaw::Unattested,
        265..280 => Flaw::Broken,
        280..310 => Flaw::AtTheBoundary,
        310..325 => Flaw::NobodyThere,
        325..375 => Flaw::AtTheChange,
        _ => Flaw::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(seed: u64) -> (Vec<String>, usize) {
        let from: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        let mut world = World::new(seed, Size::SHORT, from);
        let mut written = Vec::new();
        let mut logged = 0;
        for day in 1..=30 {
            let stretch = world.run(from + jiff::SignedDuration::from_hours(24 * day));
            logged += stretch.logs.iter().map(|(_, log)| log.text.len()).sum::<usize>();
            written.extend(stretch.sightings.iter().map(|seen| papers::xarf(seen, "X")));
        }
        (written, logged)
    }

    #[test]
    fn one_seed_makes_one_world_and_another_seed_another() {
        assert_eq!(month(7), month(7));
        assert_ne!(month(7), month(8));
    }

    #[test]
    fn it_does_not_matter_who_was_warned_first() {
        let shares_after = |order: &dyn Fn(&mut World)| {
            let mut world = World::new(7, Size::SHORT, "2026-01-05T00:00:00Z".parse().unwrap());
            order(&mut world);
            world.shares
        };
        let all = |world: &World| 0..world.subscribers.len();
        let forwards = shares_after(&|world| all(world).for_each(|number| world.warn(number)));
        let backwards =
            shares_after(&|world| all(world).rev().for_each(|number| world.warn(number)));
        assert!(forwards.contains(&true) && forwards.contains(&false), "{forwards:?}");
        assert_eq!(forwards, backwards);
    }

    #[test]
    fn what_has_no_flaw_on_paper_is_read_by_the_house() {
        let from: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        let mut world = World::new(5, Size::SHORT, from);
        let stretch = world.run(from + jiff::SignedDuration::from_hours(24 * 20));
        let hint = || entremise_formats::Hint::default();
        let fine = stretch.sightings.iter().filter(|seen| seen.flaw == Flaw::None);
        for sighting in fine {
            let papers = [
                papers::csv(&[sighting], "X"),
                papers::xarf_lines(&[sighting], "X"),
                papers::acns(sighting, "X"),
                papers::acns_mail(sighting, "X", "a@b.example", from, None).unwrap(),
            ];
            for paper in papers {
                let reading = entremise_formats::read(paper.as_bytes(), hint());
                assert_eq!(reading.outcomes.len(), 1, "{paper}");
                let verdict = &reading.outcomes[0].verdict;
                let notice = verdict.as_ref().unwrap_or_else(|no| panic!("{no:?}\n{paper}"));
                assert_eq!(notice.source.ip, sighting.ip);
                assert_eq!(notice.source.port, sighting.port);
                assert_eq!(notice.observation.from.as_second(), sighting.at);
            }
        }
    }

    #[test]
    fn a_true_sighting_blames_exactly_the_one_who_shared() {
        let from: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        let mut world = World::new(3, Size::DEMO, from);
        let stretch = world.run(from + jiff::SignedDuration::from_hours(24 * 20));
        let good: Vec<_> =
            stretch.sightings.iter().filter(|seen| seen.flaw == Flaw::None).collect();
        assert!(good.len() > 20, "{}", good.len());
        for sighting in good {
            assert_eq!(sightings::blamed(sighting, &world.truth).len(), 1, "{sighting:?}");
        }
    }
}
