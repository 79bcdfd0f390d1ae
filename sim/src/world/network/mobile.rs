//! Mobile behind carrier-grade NAT: an inside address per session (RADIUS), and blocks of 512
//! ports of a few public addresses (Juniper port-block allocation).

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use jiff::Timestamp;

use super::radius::Packet;
use super::{Agenda, Line, Log, Network, Pool};
use crate::chance::Chance;
use crate::world::truth::{Place, Secs, Truth};

const INTERIM: Secs = 6 * 3600;
const BLOCK_PORTS: u32 = 512;
/// Blocks of one public address: ports 1024 to 65,535.
const BLOCKS_PER_ADDRESS: u32 = (65_536 - 1024) / BLOCK_PORTS;
/// Lines per public address: several, so that they really share.
const LINES_PER_ADDRESS: u32 = 20;
const SERVER: &str = "10.30.0.1";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Attach,
    Translate(u64),
    Interim(u64),
    Release(u64),
    Detach(u64),
}

#[derive(Clone, Debug)]
struct Session {
    number: u64,
    since: Secs,
    inside: u32,
    block: Option<Block>,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    index: u32,
    since: Secs,
    holding: usize,
}

pub struct Mobile {
    lines: Vec<Line>,
    sessions: Vec<Option<Session>>,
    agenda: Agenda<Act>,
    inside: Pool,
    blocks: Pool,
    addresses: u32,
    last_number: u64,
}

impl Mobile {
    pub fn new(lines: Vec<Line>, from: Secs, chance: &mut Chance) -> Self {
        let mut agenda = Agenda::new();
        for line in 0..lines.len() {
            agenda.add(from + chance.between(0, 3600), line, Act::Attach);
        }
        let number = lines.len() as u32;
        let addresses = number.div_ceil(LINES_PER_ADDRESS).max(1);
        Self {
            sessions: vec![None; lines.len()],
            lines,
            agenda,
            inside: Pool::new(number + 4),
            // Few blocks are in use at once: what one leaves another soon has.
            blocks: Pool::new(number + 2),
            addresses,
            last_number: 0,
        }
    }

    /// The place of a block: the addresses are filled in turn.
    fn place(&self, block: u32) -> Place {
        let ip = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1 + (block % self.addresses) as u8));
        let nth = block / self.addresses % BLOCKS_PER_ADDRESS;
        let low = (1024 + nth * BLOCK_PORTS) as u16;
        Place { ports: (low, low + (BLOCK_PORTS - 1) as u16), ..Place::address(ip) }
    }

    fn accounting(&self, at: Secs, line: usize, session: &Session, status: &'static str) -> String {
        let mut text = String::new();
        Packet {
            at,
            status,
            account: &self.lines[line].account,
            session: session.number,
            server: SERVER,
            lasted: at - session.since,
            held: vec![("Framed-IP-Address", inside(session.inside).to_string())],
        }
        .write(&mut text);
        text
    }

    /// A line of the translator. `epoch` is the allocation's instant, or the release's.
    fn translation(&self, at: Secs, session: &Session, block: Block, event: &str) -> String {
        let place = self.place(block.index);
        let epoch = if event == "RELEASE" { at } else { block.since };
        let stamp = Timestamp::from_second(at).expect("the world's instants are instants");
        format!(
            "<14>1 {} cgn1 RT_NAT - RT_SRC_NAT_PBA_{event} [junos@2636.1.1.1.2.129 \
             internal-ip=\"{}\" block-used=\"1\" block-max-per-host=\"1\" \
             block-port-low=\"{}\" block-port-high=\"{}\" reflexive-ip=\"{}\" \
             nat-pool-name=\"residential\" logical-system-id=\"0\" \
             epoch-time-64=\"{epoch:x}\"]\n",
            stamp.strftime("%Y-%m-%dT%H:%M:%SZ"),
            inside(session.inside),
            place.ports.0,
            place.ports.1,
            place.ip,
        )
    }

    fn session(&self, line: usize, number: u64) -> Option<Session> {
        self.sessions[line].clone().filter(|session| session.number == number)
    }

    fn attach(&mut self, at: Secs, line: usize, chance: &mut Chance) -> Session {
        self.last_number += 1;
        let number = self.last_number;
        let session = Session { number, since: at, inside: self.inside.take(chance), block: None };
        let lasts = chance.between(2 * 3600, 40 * 3600);
        self.agenda.add(at + 2, line, Act::Translate(number));
        self.agenda.add(at + INTERIM, line, Act::Interim(number));
        self.agenda.add(at + lasts, line, Act::Release(number));
        self.agenda.add(at + lasts + 1, line, Act::Detach(number));
        session
    }
}

impl Network for Mobile {
    fn name(&self) -> &'static str {
        "mobile"
    }

    fn announces(&self) -> Vec<IpNet> {
        vec!["192.0.2.0/24".parse().expect("the range is a constant")]
    }

    fn run(&mut self, until: Secs, truth: &mut Truth, chance: &mut Chance) -> Vec<Log> {
        let (mut radius, mut translator) = (String::new(), String::new());
        while let Some((at, line, act)) = self.agenda.next(until) {
            let known = match act {
                Act::Attach => {
                    let session = self.attach(at, line, chance);
                    radius += &self.accounting(at, line, &session, "Start");
                    self.sessions[line] = Some(session);
                    continue;
                }
                Act::Translate(number)
                | Act::Interim(number)
                | Act::Release(number)
                | Act::Detach(number) => self.session(line, number),
            };
            let Some(mut session) = known else { continue };
            match (act, session.block) {
                (Act::Translate(_), _) => {
                    let index = self.blocks.take(chance);
                    let subscriber = self.lines[line].subscriber;
                    let holding = truth.begin(self.place(index), at, subscriber);
                    let block = Block { index, since: at, holding };
                    session.block = Some(block);
                    translator += &self.translation(at, &session, block, "ALLOC");
                    self.sessions[line] = Some(session);
                }
                (Act::Interim(number), block) => {
                    radius += &self.accounting(at, line, &session, "Interim-Update");
                    if let Some(block) = block {
                        translator += &self.translation(at, &session, block, "INTERIM");
                    }
                    self.agenda.add(at + INTERIM, line, Act::Interim(number));
                }
                (Act::Release(_), Some(block)) => {
                    translator += &self.translation(at, &session, block, "RELEASE");
                    truth.end(block.holding, at);
                    self.blocks.give(block.index);
                    session.block = None;
                    self.sessions[line] = Some(session);
                }
                (Act::Detach(_), _) => {
                    radius += &self.accounting(at, line, &session, "Stop");
                    self.inside.give(session.inside);
                    self.sessions[line] = None;
                    self.agenda.add(at + chance.between(120, 6 * 3600), line, Act::Attach);
                }
                (Act::Attach | Act::Release(_), _) => {}
            }
        }
        vec![
            Log { file: "radius", format: "radius-detail", text: radius },
            Log { file: "cgnat", format: "cgnat-juniper", text: translator },
        ]
    }
}

fn inside(index: u32) -> IpAddr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(100, 64, 0, 10)) + index).into()
}
