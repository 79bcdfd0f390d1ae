//! What really was: who held which address and ports from when to when. Only the world and the
//! oracle know it; the house and the connectors see nothing but logs.

use std::collections::HashMap;
use std::net::IpAddr;

/// Seconds since 1970.
pub type Secs = i64;

/// A subscriber by their place in the world's list.
pub type SubscriberNumber = usize;

/// One stretch of time in which a subscriber held a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    pub place: Place,
    pub from: Secs,
    /// None while it lasts.
    pub until: Option<Secs>,
    pub subscriber: SubscriberNumber,
}

/// An address, or the first one of a delegated prefix, with its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub ip: IpAddr,
    /// 32 or 128 for one address.
    pub prefix_length: u8,
    pub ports: (u16, u16),
}

impl Place {
    pub fn address(ip: IpAddr) -> Self {
        let prefix_length = if ip.is_ipv4() { 32 } else { 128 };
        Self { ip, prefix_length, ports: (0, u16::MAX) }
    }
}

/// All holdings, found by address.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    holdings: Vec<Holding>,
    by_network: HashMap<(IpAddr, u8), Vec<usize>>,
    by_subscriber: HashMap<SubscriberNumber, Vec<usize>>,
    lengths: Vec<u8>,
}

impl Truth {
    /// Notes that a subscriber begins to hold a place; returns the number to end it with.
    pub fn begin(&mut self, place: Place, from: Secs, subscriber: SubscriberNumber) -> usize {
        let number = self.holdings.len();
        self.holdings.push(Holding { place, from, until: None, subscriber });
        self.by_network.entry((place.ip, place.prefix_length)).or_default().push(number);
        self.by_subscriber.entry(subscriber).or_default().push(number);
        if !self.lengths.contains(&place.prefix_length) {
            self.lengths.push(place.prefix_length);
        }
        number
    }

    pub fn end(&mut self, holding: usize, until: Secs) {
        self.holdings[holding].until = Some(until);
    }

    /// What a subscriber held at an instant, by the numbers of the holdings.
    pub fn held_by(&self, subscriber: SubscriberNumber, at: Secs) -> Vec<usize> {
        let of = self.by_subscriber.get(&subscriber).map(Vec::as_slice).unwrap_or_default();
        let holds = |number: &&usize| {
            let held = &self.holdings[**number];
            held.from <= at && held.until.is_none_or(|end| end > at)
        };
        of.iter().filter(holds).copied().collect()
    }

    pub fn holding(&self, number: usize) -> &Holding {
        &self.holdings[number]
    }

    /// When somebody else last left the place that this holding began at.
    pub fn left_before(&self, holding: &Holding) -> Option<Secs> {
        let of_place = self.by_network.get(&(holding.place.ip, holding.place.prefix_length))?;
        let others = of_place
            .iter()
            .map(|number| &self.holdings[*number])
            .filter(|other| other.place == holding.place && other.subscriber != holding.subscriber);
        others.filter_map(|other| other.until).filter(|until| *until <= holding.from).max()
    }

    /// Everybody who held the address and port at any instant of `[from, until]`, once each.
    /// Without a port: everybody who held any port of it.
    pub fn holders(
        &self,
        ip: IpAddr,
        port: Option<u16>,
        from: Secs,
        until: Secs,
    ) -> Vec<SubscriberNumber> {
        let mut holders: Vec<SubscriberNumber> = self
            .lengths
            .iter()
            .filter_map(|length| self.by_network.get(&(network(ip, *length)?, *length)))
            .flatten()
            .map(|number| &self.holdings[*number])
            .filter(|held| held.from <= until && held.until.is_none_or(|end| end > from))
            .filter(|held| {
                port.is_none_or(|port| (held.place.ports.0..=held.place.ports.1).contains(&port))
            })
            .map(|held| held.subscriber)
            .collect();
        holders.sort_unstable();
        holders.dedup();
        holders
    }
}

/// The network of that length an address lies in; None where the length is the other family's.
fn network(ip: IpAddr, length: u8) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(_) => (length == 32).then_some(ip),
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            let mask = if length == 0 { 0 } else { mask };
            // A length of 32 is an IPv4 address here: no network in this world is that large.
            (length != 32).then(|| IpAddr::V6((u128::from(v6) & mask).into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_who_shared_an_address_are_told_apart_by_their_ports() {
        let mut truth = Truth::default();
        let ip: IpAddr = "192.0.2.1".parse().unwrap();
        let ports = |low, high| Place { ports: (low, high), ..Place::address(ip) };
        truth.begin(ports(1024, 2047), 100, 1);
        let second = truth.begin(ports(2048, 3071), 100, 2);
        truth.end(second, 200);
        assert_eq!(truth.holders(ip, Some(1500), 150, 150), [1]);
        assert_eq!(truth.holders(ip, Some(2048), 199, 199), [2]);
        assert_eq!(truth.holders(ip, Some(2048), 200, 200), [0; 0]);
        assert_eq!(truth.holders(ip, None, 150, 150), [1, 2]);
    }

    #[test]
    fn an_address_inside_a_delegated_prefix_is_the_holder_s() {
        let mut truth = Truth::default();
        let place = Place {
            ip: "2001:db8:f000:100::".parse().unwrap(),
            prefix_length: 56,
            ports: (0, u16::MAX),
        };
        truth.begin(place, 0, 7);
        assert_eq!(truth.holders("2001:db8:f000:1ab::9".parse().unwrap(), Some(1), 5, 5), [7]);
        assert_eq!(truth.holders("2001:db8:f000:200::9".parse().unwrap(), Some(1), 5, 5), [0; 0]);
    }
}
