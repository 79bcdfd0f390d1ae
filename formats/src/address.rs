//! Internet addresses and ports as senders write them.
//!
//! Where a notice accuses a line (copyright), reading refuses an address that no line can have
//! (`core::regime::address`). Documentation addresses pass: examples, tests and the demo live
//! there, and screening decides about them.

use std::net::{IpAddr, Ipv6Addr};

use entremise_core::notice::Transport;
use entremise_core::regime::address::{Use, use_of};
use entremise_core::rejection::{Code, Rejection};

/// What stands for "no address is known" in a report about a host name: the unspecified address
/// of RFC 4291, 2.5.2, whose meaning is the absence of an address. No provider holds it, so an
/// identification can never follow from it.
pub const ABSENT: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// An address a subscriber could hold, from its text. An IPv4 address written in IPv6 form comes
/// out as IPv4. Documentation addresses pass.
pub(crate) fn public(given: &str, at: &str) -> Result<IpAddr, Rejection> {
    let ip = any(given, at)?;
    match use_of(ip) {
        Use::Public | Use::Documentation => Ok(ip),
        Use::Reserved => Err(Rejection::new(
            Code::AddressReserved,
            at,
            "no subscriber can hold a private, shared or otherwise reserved address; \
             give the address seen on the Internet",
        )),
    }
}

/// Any address from its text: a vulnerable machine may well be reported by its private one.
pub(crate) fn any(given: &str, at: &str) -> Result<IpAddr, Rejection> {
    let ip: IpAddr = given.trim().parse().map_err(|_| {
        Rejection::new(Code::FieldInvalid, at, "write one IPv4 or IPv6 address, without a mask")
    })?;
    Ok(ip.to_canonical())
}

/// A port from its text: 1 to 65535. Port 0 names no connection.
pub(crate) fn port(given: &str, at: &str) -> Result<u16, Rejection> {
    let number: i128 = given.trim().parse().map_err(|_| {
        Rejection::new(Code::FieldInvalid, at, "write the port as a decimal number")
    })?;
    port_number(number, at)
}

pub(crate) fn port_number(number: i128, at: &str) -> Result<u16, Rejection> {
    u16::try_from(number)
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| Rejection::new(Code::PortOutOfRange, at, "a port is between 1 and 65535"))
}

/// A transport by name (`tcp`, `udp`) or IANA number, 0 to 254.
pub(crate) fn transport(given: &str, at: &str) -> Result<Transport, Rejection> {
    let given = given.trim();
    if given.eq_ignore_ascii_case("tcp") {
        return Ok(Transport::Tcp);
    }
    if given.eq_ignore_ascii_case("udp") {
        return Ok(Transport::Udp);
    }
    match given.parse::<u8>() {
        Ok(number @ 0..=254) => Ok(Transport::from_number(number)),
        _ => Err(Rejection::new(
            Code::FieldInvalid,
            at,
            "write the transport as tcp, udp or an IANA protocol number from 0 to 254",
        )),
    }
}

/// The wire name of a transport: `tcp`, `udp`, or the number.
pub(crate) fn transport_name(transport: Transport) -> String {
    match transport {
        Transport::Tcp => "tcp".to_owned(),
        Transport::Udp => "udp".to_owned(),
        Transport::Other(number) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_no_line_can_have_is_refused_and_a_documentation_address_passes() {
        for reserved in ["0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "::", "::1", "fe80::1"] {
            assert_eq!(
                public(reserved, "a").unwrap_err().code,
                Code::AddressReserved,
                "{reserved}"
            );
        }
        assert_eq!(public("::ffff:10.0.0.1", "a").unwrap_err().code, Code::AddressReserved);
        for public_one in ["192.0.2.1", "2001:db8::1", "8.8.8.8", "2a01:cb00::1"] {
            assert!(public(public_one, "a").is_ok(), "{public_one}");
        }
        assert_eq!(public("192.0.2.0/24", "a").unwrap_err().code, Code::FieldInvalid);
    }

    #[test]
    fn port_zero_and_ports_above_65535_are_out_of_range() {
        assert_eq!(port("0", "p").unwrap_err().code, Code::PortOutOfRange);
        assert_eq!(port("65536", "p").unwrap_err().code, Code::PortOutOfRange);
        assert_eq!(port("-1", "p").unwrap_err().code, Code::PortOutOfRange);
        assert_eq!(port("http", "p").unwrap_err().code, Code::FieldInvalid);
        assert_eq!(port("65535", "p"), Ok(65535));
    }
}
