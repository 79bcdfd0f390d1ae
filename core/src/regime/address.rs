//! Addresses that no subscriber can hold: the special-purpose registries of RFC 6890.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the registries say of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A provider can have given it to somebody.
    Public,
    /// Only for examples (RFC 5737, RFC 3849, RFC 9637): admitted where everything is a specimen.
    Documentation,
    /// Private, shared, loopback, multicast …: seen from outside it is nobody's.
    Reserved,
}

/// The use of an address. An IPv4 address written as IPv6 is the IPv4 address.
pub fn use_of(address: IpAddr) -> Use {
    match address.to_canonical() {
        IpAddr::V4(address) => use_of_v4(address),
        IpAddr::V6(address) => use_of_v6(address),
    }
}

/// IANA IPv4 special-purpose address registry, and class D.
const RESERVED_V4: [(Ipv4Addr, u32); 12] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared by a provider's own subscribers (RFC 6598): never seen from outside.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// RFC 5737.
const DOCUMENTATION_V4: [(Ipv4Addr, u32); 3] = [
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
];

fn use_of_v4(address: Ipv4Addr) -> Use {
    let within = |ranges: &[(Ipv4Addr, u32)]| {
        ranges.iter().any(|(network, length)| {
            let mask = u32::MAX << (32 - length);
            address.to_bits() & mask == network.to_bits()
        })
    };
    if within(&DOCUMENTATION_V4) {
        Use::Documentation
    } else if within(&RESERVED_V4) {
        Use::Reserved
    } else {
        Use::Public
    }
}

/// Subscribers' addresses lie in 2000::/3, but for the ranges below.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// IANA IPv6 special-purpose address registry, within 2000::/3: protocol assignments (with Teredo)
/// and 6to4.
const RESERVED_V6: [(Ipv6Addr, u32); 2] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

/// RFC 3849 and RFC 9637.
const DOCUMENTATION_V6: [(Ipv6Addr, u32); 2] = [
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn use_of_v6(address: Ipv6Addr) -> Use {
    let within = |ranges: &[(Ipv6Addr, u32)]| {
        ranges.iter().any(|(network, length)| {
            let mask = u128::MAX << (128 - length);
            address.to_bits() & mask == network.to_bits()
        })
    };
    if within(&DOCUMENTATION_V6) {
        Use::Documentation
    } else if !within(&[GLOBAL_V6]) || within(&RESERVED_V6) {
        Use::Reserved
    } else {
        Use::Public
    }
}
