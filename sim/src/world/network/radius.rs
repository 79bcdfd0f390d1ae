//! Accounting packets as FreeRADIUS's detail module writes them.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::world::truth::Secs;

/// One accounting packet.
pub struct Packet<'a> {
    pub at: Secs,
    /// `Start`, `Interim-Update` or `Stop`.
    pub status: &'static str,
    pub account: &'a str,
    /// The access server's own number of the session.
    pub session: u64,
    pub server: &'static str,
    /// Seconds since the session began.
    pub lasted: Secs,
    /// The address attributes, name and value.
    pub held: Vec<(&'static str, String)>,
}

impl Packet<'_> {
    /// The block of the detail file. Its first line is in the server's local time without a zone,
    /// as FreeRADIUS writes it; the instant is in `Event-Timestamp` and `Timestamp`.
    pub fn write(&self, out: &mut String) {
        let utc = Timestamp::from_second(self.at)
            .expect("the world's instants are instants")
            .to_zoned(TimeZone::UTC);
        let local =
            utc.with_time_zone(TimeZone::get("Europe/Paris").expect("the zones are in the binary"));
        let mut line = |text: std::fmt::Arguments<'_>| {
            out.write_fmt(text).expect("writing to a String does not fail");
            out.push('\n');
        };
        line(format_args!("{}", local.strftime("%a %b %e %H:%M:%S %Y")));
        line(format_args!("\tAcct-Status-Type = {}", self.status));
        line(format_args!("\tUser-Name = \"{}\"", self.account));
        line(format_args!("\tAcct-Session-Id = \"{:08X}\"", self.session));
        line(format_args!("\tNAS-IP-Address = {}", self.server));
        line(format_args!("\tNAS-Port-Type = Virtual"));
        for (name, value) in &self.held {
            line(format_args!("\t{name} = {value}"));
        }
        if self.status != "Start" {
            line(format_args!("\tAcct-Session-Time = {}", self.lasted));
        }
        line(format_args!("\tEvent-Timestamp = \"{}\"", utc.strftime("%b %e %Y %H:%M:%S UTC")));
        line(format_args!("\tAcct-Delay-Time = 0"));
        line(format_args!("\tAcct-Unique-Session-Id = \"{:032x}\"", self.session));
        line(format_args!("\tTimestamp = {}", self.at));
        out.push('\n');
    }
}
