//! What the rights holders' observers see and report: true sightings, and the errors that real
//! observers make. Each sighting keeps what went wrong with it, for the oracle alone.

use std::net::IpAddr;

use crate::chance::Chance;
use crate::world::people::Subscriber;
use crate::world::truth::{Holding, Place, Secs, SubscriberNumber};

/// Invented works. The sender of a work is the one at `number % senders`.
pub const TITLES: [&str; 18] = [
    "Les Horloges de verre (SPECIMEN)",
    "Chanson pour un relais (SPECIMEN)",
    "Le Dernier Spécimen (SPECIMEN)",
    "Minuit à Fictiville (SPECIMEN)",
    "Sonate pour deux modems (SPECIMEN)",
    "La Géographie des ombres (SPECIMEN)",
    "Port-Spécimen, saison 2 (SPECIMEN)",
    "Valse des paquets perdus (SPECIMEN)",
    "Traité des lumières lentes (SPECIMEN)",
    "L’Été du bail (SPECIMEN)",
    "Berceuse à bas débit (SPECIMEN)",
    "Petit dictionnaire du silence (SPECIMEN)",
    "Une adresse inconnue (SPECIMEN)",
    "Refrain du quai sud (SPECIMEN)",
    "Grammaire des marées (SPECIMEN)",
    "Les Trois Préfixes (SPECIMEN)",
    "Nocturne en fibre (SPECIMEN)",
    "Le Carnet d’essai (SPECIMEN)",
];

/// What is the matter with a sighting. Only the world and the oracle know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    None,
    /// Sent a second time, word for word.
    Repeated,
    /// The same fact, reported by another sender too.
    ByAnotherToo,
    WrongPort,
    /// The observer's clock is off and its sender does not know.
    ClockDrift,
    /// An honest, large clock error is declared.
    LooseClock,
    TooOld,
    FromTheFuture,
    PortMissing,
    UnknownNetwork,
    ReservedAddress,
    Unattested,
    /// The bytes cannot be read.
    Broken,
    /// Within a second of the moment at which the address changed hands.
    AtTheBoundary,
    /// While the address changed hands: the declared clock error reaches both holders.
    AtTheChange,
    /// An address of a provider that nobody held.
    NobodyThere,
}

/// One sighting as its sender will report it.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// The sender's own number for it.
    pub case_id: String,
    /// Place of the sender in the world's list.
    pub sender: usize,
    pub flaw: Flaw,
    /// As reported: seconds since 1970.
    pub at: Secs,
    /// As declared, either way.
    pub clock_error_ms: u32,
    pub ip: IpAddr,
    pub port: Option<u16>,
    pub udp: bool,
    pub title: &'static str,
    pub file_hash: String,
    pub size_bytes: u64,
    /// The network's name as the sender believes it.
    pub network: String,
    pub report_id: [u8; 16],
    /// When the sender sends it, at the earliest.
    pub send_from: Secs,
}

impl Sighting {
    /// The file's name on the source's machine.
    pub fn file_name(&self) -> String {
        let plain: String = self
            .title
            .trim_end_matches(" (SPECIMEN)")
            .chars()
            .map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '.' })
            .collect();
        format!("{plain}.SPECIMEN.bin")
    }
}

/// Where and when something true was seen.
pub struct Seen<'a> {
    pub subscriber: &'a Subscriber,
    pub holding: &'a Holding,
    pub at: Secs,
    pub network: &'static str,
    /// When somebody else left that very place, before this holder came.
    pub left_before: Option<Secs>,
}

/// The longest that an honest observer's clock may be off, seconds.
const CLOCK_ERROR_MOST: Secs = 3600;

/// Numbers sightings and draws what the observer writes down.
#[derive(Clone, Debug)]
pub struct Observers {
    pub senders: usize,
    last: u64,
}

impl Observers {
    pub fn new(senders: usize) -> Self {
        Self { senders, last: 0 }
    }

    /// The true report of what was seen.
    pub fn report(&mut self, seen: &Seen<'_>, chance: &mut Chance) -> Sighting {
        let place = seen.holding.place;
        let title = chance.below(TITLES.len() as u64) as usize;
        let mut sighting = Sighting {
            case_id: String::new(),
            sender: title % self.senders,
            flaw: Flaw::None,
            at: seen.at,
            clock_error_ms: 500,
            ip: somewhere_in(place, chance),
            port: Some(port_in(place, chance)),
            udp: chance.per_mille(400),
            title: TITLES[title],
            file_hash: chance.hexadecimal(40),
            size_bytes: 1_000_000 + chance.below(4_000_000_000),
            network: seen.network.to_owned(),
            report_id: chance.bytes(),
            send_from: seen.at + 3600,
        };
        self.number(&mut sighting);
        sighting
    }

    /// Gives a sighting the next number of its sender.
    pub fn number(&mut self, sighting: &mut Sighting) {
        self.last += 1;
        sighting.case_id = format!("S{}-{:06}", sighting.sender + 1, self.last);
    }

    /// Spoils a true sighting, in place, as observers do.
    pub fn spoil(
        &mut self,
        sighting: &mut Sighting,
        flaw: Flaw,
        seen: &Seen<'_>,
        chance: &mut Chance,
    ) {
        sighting.flaw = flaw;
        match flaw {
            Flaw::None | Flaw::Repeated | Flaw::Broken | Flaw::ByAnotherToo => {}
            Flaw::WrongPort => sighting.port = Some(chance.between(1024, 65_536) as u16),
            Flaw::ClockDrift => sighting.at += chance.between(-7200, 7200),
            Flaw::LooseClock => sighting.clock_error_ms = chance.between(60_000, 3_600_000) as u32,
            Flaw::TooOld => {
                // A fact of more than six months ago, found in a drawer.
                sighting.at -= 190 * 86_400;
            }
            Flaw::FromTheFuture => sighting.at = sighting.send_from + 86_400,
            Flaw::PortMissing => sighting.port = None,
            Flaw::UnknownNetwork => sighting.ip = IpAddr::from([8, 8, 8, 8]),
            Flaw::ReservedAddress => sighting.ip = IpAddr::from([10, 0, 0, 7]),
            Flaw::Unattested => {}
            Flaw::AtTheBoundary => {
                let edge = seen.holding.until.unwrap_or(seen.holding.from);
                sighting.at = edge + chance.between(-1, 2);
                sighting.send_from = sighting.send_from.max(sighting.at + 3600);
            }
            Flaw::AtTheChange => {
                let began = seen.holding.from;
                let gap = seen.left_before.map(|left| began - left);
                if let Some(gap) = gap.filter(|gap| *gap < CLOCK_ERROR_MOST) {
                    sighting.at = began - gap / 2;
                    sighting.clock_error_ms = u32::try_from((gap + 5) * 1000).unwrap_or(u32::MAX);
                } else {
                    sighting.flaw = Flaw::None;
                }
            }
            Flaw::NobodyThere => {
                // The last addresses of each network are never handed out.
                sighting.ip = match seen.network {
                    "fibre" => IpAddr::from([198, 51, 100, 251]),
                    "cable" => IpAddr::from([203, 0, 113, 251]),
                    _ => IpAddr::from([192, 0, 2, 251]),
                };
            }
        }
    }
}

/// An address of the place: the address itself, or one inside the prefix.
fn somewhere_in(place: Place, chance: &mut Chance) -> IpAddr {
    match place.ip {
        IpAddr::V6(first) if place.prefix_length < 128 => {
            let within = u128::from(chance.below(u64::MAX)) | 1;
            IpAddr::V6((u128::from(first) | within).into())
        }
        ip => ip,
    }
}

fn port_in(place: Place, chance: &mut Chance) -> u16 {
    let low = place.ports.0.max(1024);
    chance.between(low.into(), i64::from(place.ports.1) + 1) as u16
}

/// Who is to blame for a sighting, if the reported place and instant were right.
pub fn blamed(sighting: &Sighting, truth: &crate::world::truth::Truth) -> Vec<SubscriberNumber> {
    truth.holders(sighting.ip, sighting.port, sighting.at, sighting.at)
}
