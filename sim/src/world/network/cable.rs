//! Cable with DHCP: leases of a day, renewed at half, kept as long as the modem is on. Logged by
//! Kea: the lease file and the forensic log.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Agenda, Line, Log, Network, Pool};
use crate::chance::Chance;
use crate::world::truth::{Place, Secs, Truth};

const LEASE: Secs = 86_400;
const HEADER: &str = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,\
                      hostname,state,user_context,pool_id\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    /// The modem asks for an address.
    Ask,
    /// Half of the lease is over. The number is the lease's.
    Renew(u64),
    Expire(u64),
}

#[derive(Clone, Debug)]
struct Lease {
    number: u64,
    address: u32,
    expires: Secs,
    holding: usize,
}

pub struct Cable {
    lines: Vec<Line>,
    leases: Vec<Option<Lease>>,
    /// What each modem had last: it asks for the same again.
    last_had: Vec<Option<u32>>,
    agenda: Agenda<Act>,
    addresses: Pool,
    last_number: u64,
    wrote_header: bool,
}

impl Cable {
    pub fn new(lines: Vec<Line>, from: Secs, chance: &mut Chance) -> Self {
        let mut agenda = Agenda::new();
        for line in 0..lines.len() {
            agenda.add(from + chance.between(0, 1800), line, Act::Ask);
        }
        Self {
            leases: vec![None; lines.len()],
            last_had: vec![None; lines.len()],
            addresses: Pool::new(lines.len() as u32 + 3),
            lines,
            agenda,
            last_number: 0,
            wrote_header: false,
        }
    }

    fn ask(&mut self, at: Secs, line: usize, truth: &mut Truth, chance: &mut Chance) -> String {
        let wanted = self.last_had[line].and_then(|last| self.addresses.take_back(last));
        let address = wanted.unwrap_or_else(|| self.addresses.take(chance));
        self.last_number += 1;
        let number = self.last_number;
        let holding = truth.begin(Place::address(public(address)), at, self.lines[line].subscriber);
        let expires = at + LEASE;
        self.leases[line] = Some(Lease { number, address, expires, holding });
        self.last_had[line] = Some(address);
        self.agenda.add(at + LEASE / 2, line, Act::Renew(number));
        self.agenda.add(expires, line, Act::Expire(number));
        self.logged(at, line, address, "assigned")
    }

    /// The line of the forensic log, with a numeric zone.
    fn logged(&self, at: Secs, line: usize, address: u32, verb: &str) -> String {
        let paris = TimeZone::get("Europe/Paris").expect("the zones are in the binary");
        let local =
            Timestamp::from_second(at).expect("the world's instants are instants").to_zoned(paris);
        let mac = &self.lines[line].account;
        format!(
            "{} Address: {} has been {verb} for 24 hrs 0 min 0 secs to a device with hardware \
             address: hwtype=1 {mac}, client-id: 01:{mac}\n",
            local.strftime("%Y-%m-%d %H:%M:%S %z"),
            public(address),
        )
    }

    fn row(&self, line: usize, lease: &Lease) -> String {
        let mac = &self.lines[line].account;
        format!("{},{mac},01:{mac},{LEASE},{},1,0,0,,0,,0\n", public(lease.address), lease.expires)
    }

    fn lease(&self, line: usize, number: u64) -> Option<Lease> {
        self.leases[line].clone().filter(|lease| lease.number == number)
    }
}

impl Network for Cable {
    fn name(&self) -> &'static str {
        "cable"
    }

    fn announces(&self) -> Vec<IpNet> {
        vec!["203.0.113.0/24".parse().expect("the range is a constant")]
    }

    fn run(&mut self, until: Secs, truth: &mut Truth, chance: &mut Chance) -> Vec<Log> {
        let (mut forensic, mut leases) = (String::new(), String::new());
        if !std::mem::replace(&mut self.wrote_header, true) {
            leases.push_str(HEADER);
        }
        while let Some((at, line, act)) = self.agenda.next(until) {
            match act {
                Act::Ask => {
                    forensic += &self.ask(at, line, truth, chance);
                    if let Some(lease) = &self.leases[line] {
                        leases += &self.row(line, lease);
                    }
                }
                Act::Renew(number) => {
                    let Some(mut lease) = self.lease(line, number) else { continue };
                    // Now and then a modem is switched off and lets its lease run out.
                    if chance.per_mille(35) {
                        let back = lease.expires + chance.between(600, 3 * 86_400);
                        self.agenda.add(back, line, Act::Ask);
                        continue;
                    }
                    lease.expires = at + LEASE;
                    forensic += &self.logged(at, line, lease.address, "renewed");
                    leases += &self.row(line, &lease);
                    self.agenda.add(at + LEASE / 2, line, act);
                    self.agenda.add(lease.expires, line, Act::Expire(number));
                    self.leases[line] = Some(lease);
                }
                Act::Expire(number) => {
                    let expired = self.lease(line, number).filter(|lease| lease.expires == at);
                    let Some(lease) = expired else { continue };
                    truth.end(lease.holding, at);
                    self.addresses.give(lease.address);
                    self.leases[line] = None;
                }
            }
        }
        vec![
            Log { file: "kea-forensic", format: "kea-forensic", text: forensic },
            Log { file: "kea-leases4", format: "kea-lease4", text: leases },
        ]
    }
}

fn public(index: u32) -> IpAddr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(203, 0, 113, 10)) + index).into()
}

/// A modem's hardware address, from the range for documentation (RFC 7042, 2.1.2).
pub fn hardware_address(line: usize) -> String {
    let mut text = String::new();
    write!(text, "00:00:5e:00:53:{:02x}", line + 1).expect("writing to a String does not fail");
    text
}
