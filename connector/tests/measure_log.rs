//! What a measure's life leaves in the log and on the disk. A process of its own: what one test
//! logs is nobody else's.

use std::io::Write;
use std::sync::{Arc, Mutex};

use crate::measured::*;
use entremise_wire::measure::MeasureOrder;

const ORDERED: &str = "2026-03-02T12:00:00Z";
const APPROVED: &str = "2026-03-03T09:00:00Z";

/// Where a log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn neither_log_nor_journal_nor_alarm_names_a_subscriber() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let handle = tracing::subscriber::with_default(subscriber, || {
        let double = AccessServerDouble::start();
        let mut house = House::new(&[double.address], "");
        let handle = house.isp.handle(10);
        let order = order(1, 1, &handle);
        house.taken(&order, ORDERED);
        house.approve_both(1, APPROVED);
        double.will(&[Manner::Refuse(None)]);
        house.tick(START);
        house.tick("2026-03-10T00:05:00Z");
        double.will(&[Manner::Refuse(Some(404))]);
        house.tick(END);
        house.refused(&MeasureOrder { version: 9, ..order.clone() }, "2026-05-01T00:00:00Z");
        for (name, bytes) in house.isp.files() {
            let text = String::from_utf8_lossy(&bytes);
            let is_sealed_here = ["measures.jsonl", "handles.jsonl", "answers.jsonl"];
            let handle = text.contains(order.handle.as_str());
            assert!(!handle || is_sealed_here.contains(&name.as_str()), "{name}");
            assert!(!text.contains("alice"), "{name}");
        }
        order.handle
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("could not be changed"), "{log}");
    assert!(!log.contains("alice") && !log.contains(handle.as_str()), "{log}");
}
