//! From one row of the profile to the canonical notice.

use std::borrow::Cow;
use std::collections::BTreeMap;

use entremise_core::notice::{Claim, Class, Clock, Hash, Notice, Observation, Source, Work};
use entremise_core::rejection::{Code, Rejection};
use jiff::Timestamp;

use super::COLUMNS;
use crate::reading::Complaints;
use crate::{address, digests, instant, limits};

/// The values of one row, by column; an empty field is none.
#[derive(Default)]
pub(super) struct Row<'a> {
    values: [Option<Cow<'a, str>>; COLUMNS.len()],
}

/// Where a column's value stands, for the rejection.
type Place<'p> = &'p dyn Fn(&str) -> String;

impl<'a> Row<'a> {
    pub fn set(&mut self, column: usize, value: Cow<'a, str>) {
        if !value.trim_ascii().is_empty() {
            self.values[column] = Some(value);
        }
    }

    fn get(&self, column: &str) -> Option<&str> {
        let column = COLUMNS.iter().position(|known| *known == column)?;
        self.values[column].as_deref().map(str::trim_ascii)
    }

    fn text(&self, column: &str) -> Option<String> {
        self.get(column).map(str::to_owned)
    }

    /// The notice, or everything that is wrong with the row.
    pub fn notice(&self, place: Place) -> Result<Notice, Vec<Rejection>> {
        let mut found = Complaints::default();
        for (column, value) in COLUMNS.iter().zip(&self.values) {
            if value.as_ref().is_some_and(|value| value.len() > limits::FIELD_BYTES) {
                found.add(Code::TooLarge, place(column), "this field is longer than 4096 bytes");
            }
        }
        for column in super::REQUIRED {
            if self.get(column).is_none() {
                found.add(Code::FieldMissing, place(column), "this field must be filled");
            }
        }
        let observation = self.observation(place, &mut found);
        let source = self.source("source_ip", "source_port", place, &mut found);
        let observer = self.observer(place, &mut found);
        let works = self.works(place, &mut found);
        let claim = self.claim(place, &mut found);
        let notice = observation.zip(source).map(|(observation, source)| Notice {
            sender_case_id: self.text("sender_case_id"),
            class: Class::Copyright,
            kind: "p2p".to_owned(),
            observation,
            source,
            observer,
            protocol: self.get("protocol").map(str::to_lowercase),
            pseudonym: self.text("pseudonym"),
            provider_name: self.text("provider_name"),
            works,
            claim,
            details: BTreeMap::new(),
        });
        found.verdict(notice)
    }

    fn instant(&self, column: &str, place: Place, found: &mut Complaints) -> Option<Timestamp> {
        let given = self.get(column)?;
        found.keep(instant::parse(given, &place(column)))
    }

    fn observation(&self, place: Place, found: &mut Complaints) -> Option<Observation> {
        let from = self.instant("observed_at", place, found);
        let until = self.instant("observed_until", place, found);
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            let how = "the observation ends before it begins";
            found.add(Code::TimestampInvalid, place("observed_until"), how);
        }
        let clock = self.clock(place, found);
        let from = from?;
        Some(Observation { from, until: until.filter(|until| *until != from), clock })
    }

    fn clock(&self, place: Place, found: &mut Complaints) -> Option<Clock> {
        let offset_ms = self.number("clock_offset_ms", place, found);
        let max_error_ms = self.number("clock_max_error_ms", place, found);
        match self.text("clock_source") {
            Some(source) => Some(Clock { source, offset_ms, max_error_ms }),
            None if offset_ms.is_some() || max_error_ms.is_some() => {
                let how = "say what the clock is set by: ntp, gps, ptp";
                found.add(Code::FieldMissing, place("clock_source"), how);
                None
            }
            None => None,
        }
    }

    fn number<T: std::str::FromStr>(
        &self,
        column: &str,
        place: Place,
        found: &mut Complaints,
    ) -> Option<T> {
        let number = self.get(column)?.parse().ok();
        if number.is_none() {
            found.add(Code::FieldInvalid, place(column), "write a whole number");
        }
        number
    }

    fn source(&self, ip: &str, port: &str, place: Place, found: &mut Complaints) -> Option<Source> {
        let given = self.get(port);
        let port = given.and_then(|given| found.keep(address::port(given, &place(port))));
        let given = self.get("transport");
        let transport =
            given.and_then(|given| found.keep(address::transport(given, &place("transport"))));
        let ip = found.keep(address::public(self.get(ip)?, &place(ip)))?;
        Some(Source { ip, port, transport })
    }

    /// The observer may stand anywhere, behind a translator too.
    fn observer(&self, place: Place, found: &mut Complaints) -> Option<Source> {
        let given = self.get("observer_port");
        let port =
            given.and_then(|given| found.keep(address::port(given, &place("observer_port"))));
        let ip = self.get("observer_ip")?.parse().ok();
        if ip.is_none() {
            found.add(Code::FieldInvalid, place("observer_ip"), "write one IP address");
        }
        Some(Source { ip: ip?, port, transport: None })
    }

    fn works(&self, place: Place, found: &mut Complaints) -> Vec<Work> {
        let mut hashes = Vec::new();
        for (column, algorithm, digits) in [("info_hash", "btih", 40), ("info_hash_v2", "btmh", 64)]
        {
            let Some(given) = self.get(column) else {
                continue;
            };
            if given.len() == digits && digests::is_hexadecimal(given) {
                hashes.push(digests::hash(algorithm, given));
            } else {
                let how = format!("write {digits} hexadecimal digits");
                found.add(Code::FieldInvalid, place(column), how);
            }
        }
        for given in self.get("hashes").into_iter().flat_map(|given| given.split(';')) {
            match digests::prefixed(given) {
                Some(hash) => hashes.push(hash),
                None => {
                    let how = "write the hashes as sha1:…;ed2k:…";
                    found.add(Code::FieldInvalid, place("hashes"), how);
                }
            }
        }
        let work = self.work(hashes, place, found);
        if work == Work::default() { Vec::new() } else { vec![work] }
    }

    fn work(&self, hashes: Vec<Hash>, place: Place, found: &mut Complaints) -> Work {
        Work {
            title: self.text("title"),
            artist: self.text("artist"),
            file_name: self.text("file_name"),
            size_bytes: self.number("size_bytes", place, found),
            hashes,
            work_id: self.text("work_id"),
        }
    }

    fn claim(&self, place: Place, found: &mut Complaints) -> Claim {
        Claim {
            rights_holder: self.text("rights_holder"),
            mandate: self.text("mandate"),
            sworn_agent: self.text("sworn_agent"),
            standing_declared: self.truth("standing_declared", place, found),
            legal_basis: self.text("legal_basis"),
            retraction: self.truth("retraction", place, found),
        }
    }

    fn truth(&self, column: &str, place: Place, found: &mut Complaints) -> bool {
        match self.get(column) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                found.add(Code::FieldInvalid, place(column), "write true or false");
                false
            }
        }
    }
}
