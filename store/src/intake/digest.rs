//! By what a duplicate is known: keyed digests, so that the cases compartment can find one without
//! holding an address, a port or a sender's number.

use std::collections::HashMap;

use entremise_core::id::{CaseId, NoticeId};
use entremise_core::notice::Notice;
use ring::hmac;

use super::{Ids, IncomingBatch};
use crate::conn::Tx;
use crate::trouble::Trouble;

/// Where a key lies in its index (4 bytes), then what tells it from its neighbours: 96 bits of the
/// HMAC. The place keeps notices that come together on the same pages: scattered keys would make
/// every batch write a page of the index per notice.
pub(super) const BYTES: usize = 16;
const PLACE_BYTES: usize = 4;

/// Numbers that are alike but for so many last bytes are neighbours: senders count upwards.
const COUNTED_BYTES: usize = 3;

#[derive(Clone, Copy)]
pub(super) struct Digests {
    /// Of the sender and its own number, where it gave one.
    pub by_number: Option<[u8; BYTES]>,
    /// Of what was seen: address, port, transport, second, and the hashes of the works.
    pub by_observation: [u8; BYTES],
}

impl Digests {
    pub fn keys(&self) -> impl Iterator<Item = [u8; BYTES]> {
        self.by_number.into_iter().chain(std::iter::once(self.by_observation))
    }
}

/// The digests of each notice that is one.
pub(super) fn of_batch(key: &hmac::Key, batch: &IncomingBatch) -> Vec<Option<Digests>> {
    let scope = format!("{}\0{}\0", batch.authority, batch.regime);
    let mut signing = Signing { key, scope: &scope, buffer: Vec::with_capacity(256) };
    let digests = batch.notices.iter().map(|incoming| {
        let (notice, _) = incoming.verdict.as_ref().ok()?;
        Some(Digests {
            by_number: notice
                .sender_case_id
                .as_ref()
                .map(|number| of_number(&mut signing, batch, number.as_bytes())),
            by_observation: placed(
                observed(notice),
                signing.sign(b"observation", |buffer| seen(buffer, notice)),
            ),
        })
    });
    digests.collect()
}

fn of_number(signing: &mut Signing, batch: &IncomingBatch, number: &[u8]) -> [u8; BYTES] {
    let sender = batch.sender.as_str().as_bytes();
    let stem = &number[..number.len().saturating_sub(COUNTED_BYTES)];
    let mut sign = |what: &[u8], number: &[u8]| {
        signing.sign(what, |buffer| {
            field(buffer, sender);
            field(buffer, number);
        })
    };
    let place = sign(b"number stem", stem);
    placed([place[0], place[1], place[2], place[3]], sign(b"number", number))
}

/// The second of the observation, which the case holds openly too: the law counts from it.
fn observed(notice: &Notice) -> [u8; PLACE_BYTES] {
    u32::try_from(notice.observation.from.as_second()).unwrap_or(0).to_be_bytes()
}

fn placed(place: [u8; PLACE_BYTES], mut digest: [u8; BYTES]) -> [u8; BYTES] {
    digest[..PLACE_BYTES].copy_from_slice(&place);
    digest
}

/// What makes two reports one fact, whoever sends them.
fn seen(buffer: &mut Vec<u8>, notice: &Notice) {
    let source = &notice.source;
    let ip = match source.ip {
        std::net::IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        std::net::IpAddr::V6(ip) => ip.octets(),
    };
    buffer.extend(ip);
    buffer.extend(source.port.map_or([0; 3], |port| {
        let [high, low] = port.to_be_bytes();
        [1, high, low]
    }));
    buffer.extend(source.transport.map_or([0; 2], |transport| [1, transport.number()]));
    buffer.extend(notice.observation.from.as_second().to_be_bytes());
    field(buffer, notice.kind.as_bytes());
    let mut hashes: Vec<(&str, &str)> = notice
        .works
        .iter()
        .flat_map(|work| &work.hashes)
        .map(|hash| (hash.algorithm.as_str(), hash.value.as_str()))
        .collect();
    hashes.sort_unstable();
    for (algorithm, value) in hashes {
        field(buffer, algorithm.as_bytes());
        field(buffer, value.as_bytes());
    }
}

/// A field with its length before it, so that no two lists of fields run together.
fn field(buffer: &mut Vec<u8>, bytes: &[u8]) {
    buffer.extend((bytes.len() as u64).to_be_bytes());
    buffer.extend(bytes);
}

/// Signs fields within a scope, one buffer for all.
struct Signing<'k> {
    key: &'k hmac::Key,
    scope: &'k str,
    buffer: Vec<u8>,
}

impl Signing<'_> {
    fn sign(&mut self, what: &[u8], fill: impl FnOnce(&mut Vec<u8>)) -> [u8; BYTES] {
        self.buffer.clear();
        field(&mut self.buffer, what);
        field(&mut self.buffer, self.scope.as_bytes());
        fill(&mut self.buffer);
        let tag = hmac::sign(self.key, &self.buffer);
        tag.as_ref()[..BYTES].try_into().expect("HMAC-SHA256 yields 32 bytes")
    }
}

/// A short keyed digest of a sender's idempotency key: it is the sender's own text.
pub(super) fn of_key(key: &hmac::Key, batch: &IncomingBatch) -> Option<[u8; BYTES]> {
    let given = batch.idempotency_key.as_ref()?;
    let scope = format!("{}\0{}\0", batch.authority, batch.sender);
    let mut signing = Signing { key, scope: &scope, buffer: Vec::new() };
    Some(signing.sign(b"idempotency", |buffer| field(buffer, given.as_bytes())))
}

/// Which of the digests were seen before, and on what.
pub(super) fn known<'d>(
    tx: &mut Tx,
    digests: impl Iterator<Item = &'d Digests>,
) -> Result<HashMap<[u8; BYTES], Ids>, Trouble> {
    let mut numbers: Vec<&[u8]> = Vec::new();
    let mut observations: Vec<&[u8]> = Vec::new();
    for digests in digests {
        numbers.extend(digests.by_number.as_ref().map(<[u8; BYTES]>::as_slice));
        observations.push(&digests.by_observation);
    }
    let mut rows = tx.query_each(
        "-- notice-by-number
         SELECT by_number, notice_id, case_id FROM notice
         WHERE by_number IS NOT NULL AND by_number = $1[]",
        &numbers,
        &[],
    )?;
    rows.extend(tx.query_each(
        "-- notice-by-observation
         SELECT by_observation, notice_id, case_id FROM notice WHERE by_observation = $1[]",
        &observations,
        &[],
    )?);
    rows.iter()
        .map(|row| {
            let key = row
                .bytes(0)?
                .try_into()
                .map_err(|_| Trouble::never("a stored digest is not 16 bytes long"))?;
            Ok((key, Ids { notice: NoticeId(row.id(1)?), case: CaseId(row.id(2)?) }))
        })
        .collect()
}
