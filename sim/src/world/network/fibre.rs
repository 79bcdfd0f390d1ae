//! Fibre over PPPoE: a session, an IPv4 address from a tight pool, a delegated IPv6 prefix; both
//! change at every new session. Logged by RADIUS accounting.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::radius::Packet;
use super::{Agenda, Line, Log, Network, Pool};
use crate::chance::Chance;
use crate::world::truth::{Place, Secs, Truth};

/// Interim-Updates come this often.
const INTERIM: Secs = 6 * 3600;
const SERVER: &str = "10.20.0.1";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Connect,
    /// Of the session of this number, if it still lasts.
    Interim(u64),
    Disconnect(u64),
}

#[derive(Clone, Debug)]
struct Session {
    number: u64,
    since: Secs,
    v4: u32,
    prefix: u32,
    holdings: [usize; 2],
}

pub struct Fibre {
    lines: Vec<Line>,
    sessions: Vec<Option<Session>>,
    agenda: Agenda<Act>,
    v4: Pool,
    prefixes: Pool,
    last_number: u64,
}

impl Fibre {
    pub fn new(lines: Vec<Line>, from: Secs, chance: &mut Chance) -> Self {
        let mut agenda = Agenda::new();
        for line in 0..lines.len() {
            agenda.add(from + chance.between(0, 1800), line, Act::Connect);
        }
        // A third more addresses than lines: what one leaves another soon has.
        let size = lines.len() as u32 * 4 / 3 + 2;
        Self {
            sessions: vec![None; lines.len()],
            lines,
            agenda,
            v4: Pool::new(size),
            prefixes: Pool::new(size),
            last_number: 0,
        }
    }

    fn connect(&mut self, at: Secs, line: usize, truth: &mut Truth, chance: &mut Chance) -> String {
        self.last_number += 1;
        let number = self.last_number;
        let (v4, prefix) = (self.v4.take(chance), self.prefixes.take(chance));
        let subscriber = self.lines[line].subscriber;
        let holdings = [
            truth.begin(Place::address(address(v4)), at, subscriber),
            truth.begin(
                Place { ip: delegated(prefix), prefix_length: 56, ports: (0, u16::MAX) },
                at,
                subscriber,
            ),
        ];
        let session = Session { number, since: at, v4, prefix, holdings };
        self.agenda.add(at + INTERIM, line, Act::Interim(number));
        // Most sessions last days; some break soon.
        let lasts = if chance.per_mille(150) {
            chance.between(1800, 6 * 3600)
        } else {
            chance.between(2 * 86_400, 12 * 86_400)
        };
        self.agenda.add(at + lasts, line, Act::Disconnect(number));
        let text = self.logged(at, line, &session, "Start");
        self.sessions[line] = Some(session);
        text
    }

    fn logged(&self, at: Secs, line: usize, session: &Session, status: &'static str) -> String {
        let mut text = String::new();
        Packet {
            at,
            status,
            account: &self.lines[line].account,
            session: session.number,
            server: SERVER,
            lasted: at - session.since,
            held: vec![
                ("Framed-IP-Address", address(session.v4).to_string()),
                ("Delegated-IPv6-Prefix", format!("{}/56", delegated(session.prefix))),
            ],
        }
        .write(&mut text);
        text
    }

    /// The line's session, if it is the one of that number.
    fn session(&self, line: usize, number: u64) -> Option<Session> {
        self.sessions[line].clone().filter(|session| session.number == number)
    }
}

impl Network for Fibre {
    fn name(&self) -> &'static str {
        "fibre"
    }

    fn announces(&self) -> Vec<IpNet> {
        ["198.51.100.0/24", "2001:db8:f000::/36"]
            .map(|range| range.parse().expect("the range is a constant"))
            .to_vec()
    }

    fn run(&mut self, until: Secs, truth: &mut Truth, chance: &mut Chance) -> Vec<Log> {
        let mut text = String::new();
        while let Some((at, line, act)) = self.agenda.next(until) {
            match act {
                Act::Connect => text += &self.connect(at, line, truth, chance),
                Act::Interim(number) => {
                    let Some(session) = self.session(line, number) else { continue };
                    text += &self.logged(at, line, &session, "Interim-Update");
                    self.agenda.add(at + INTERIM, line, act);
                }
                Act::Disconnect(number) => {
                    let Some(session) = self.session(line, number) else { continue };
                    text += &self.logged(at, line, &session, "Stop");
                    session.holdings.iter().for_each(|holding| truth.end(*holding, at));
                    self.v4.give(session.v4);
                    self.prefixes.give(session.prefix);
                    self.sessions[line] = None;
                    self.agenda.add(at + chance.between(20, 900), line, Act::Connect);
                }
            }
        }
        vec![Log { file: "radius", format: "radius-detail", text }]
    }
}

fn address(index: u32) -> IpAddr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 51, 100, 10)) + index).into()
}

/// The `/56` of that index under 2001:db8:f000::/40.
fn delegated(index: u32) -> IpAddr {
    let base: u128 = 0x2001_0db8_f000 << 80;
    Ipv6Addr::from(base + (u128::from(index) << 72)).into()
}
