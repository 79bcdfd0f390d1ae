//! The inputs of the benchmark generator (`leases.bin`, `queries.bin`, `expected.bin`): leases put
//! into an index, and questions about them.

use std::net::Ipv4Addr;
use std::path::Path;

use entremise_connector::index::build::{Builder, OpenEnds};
use entremise_connector::interval::{Holder, OPEN, Place, Prefix, Span};
use entremise_connector::keys::KeyFile;
use entremise_connector::load::state::State;
use entremise_connector::read::{Format, Names as _};
use entremise_core::id::QuestionId;
use entremise_core::identification::{AssignmentKind, Question};
use jiff::Timestamp;
use uuid::Uuid;

/// Puts the generator's leases into the index; gives the account number of each subscriber.
pub fn build(leases: &[u8], directory: &Path, keys: &KeyFile) -> anyhow::Result<Vec<u32>> {
    let mut builder = Builder::open(directory, keys)?;
    let mut accounts = vec![u32::MAX; 2_000_001];
    for lease in leases.chunks_exact(20) {
        let word = |at: usize| u32::from_le_bytes(lease[at..at + 4].try_into().expect("4 bytes"));
        let half = |at: usize| u16::from_le_bytes(lease[at..at + 2].try_into().expect("2 bytes"));
        let subscriber = word(16);
        let known = &mut accounts[subscriber as usize];
        if *known == u32::MAX {
            *known = builder.names().account(format!("subscriber-{subscriber}").as_bytes());
        }
        let prefix = Prefix::address(Ipv4Addr::from(word(0)).into());
        let (port_low, port_high) = (half(4), half(6));
        let place = Place { port_low, port_high, ..Place::whole(0, prefix) };
        let shared = place.is_shared();
        let end = if word(12) >= 4_102_444_800 { OPEN } else { i64::from(word(12)) * 1000 };
        builder.push(Span {
            place,
            start: i64::from(word(8)) * 1000,
            end,
            holder: Holder::Account(*known),
            kind: if shared { AssignmentKind::PortBlock } else { AssignmentKind::Dhcp },
            // Instants of the generator are exact: no second of granularity is added.
            source: Format::Deterministic,
            sure: true,
            records: [[0; 32]; 2],
        })?;
    }
    builder.commit(OpenEnds {
        rewritten: Some((Vec::new(), State::default().to_bytes()?)),
        ..OpenEnds::default()
    })?;
    Ok(accounts)
}

/// The generator's questions, each with its number as its id.
pub fn questions(bytes: &[u8], error_ms: u32) -> Vec<Question> {
    bytes
        .chunks_exact(12)
        .enumerate()
        .map(|(number, row)| Question {
            id: QuestionId(Uuid::from_u128(number as u128)),
            ip: Ipv4Addr::from(u32::from_le_bytes(row[..4].try_into().expect("4 bytes"))).into(),
            port: Some(u16::from_le_bytes(row[4..6].try_into().expect("2 bytes"))),
            transport: None,
            at: Timestamp::from_second(
                u32::from_le_bytes(row[8..].try_into().expect("4 bytes")).into(),
            )
            .expect("32 bits of seconds are a timestamp"),
            until: None,
            error_ms,
        })
        .collect()
}
