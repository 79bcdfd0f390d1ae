//! The members that every XARF v4 report has, and those that our profile adds.
//!
//! Data only. `docs/formats.md` shows a report of the profile in full.

use crate::xarf::rule::Rule::*;
use crate::xarf::rule::*;

/// Common to all reports (xarf-core.json, 4.2.0).
pub static CORE: &[Member] = &[
    required("xarf_version", Version),
    required("report_id", Uuid),
    required("timestamp", DateTime),
    required("reporter", CONTACT),
    required("sender", CONTACT),
    required("source_identifier", Text(ANY_LENGTH)),
    optional("source_port", Integer(1, 65_535)),
    required("category", Text(ANY_LENGTH)),
    required("type", Text(ANY_LENGTH)),
    optional("evidence_source", Text(ANY_LENGTH)),
    optional("evidence", List { of: &EVIDENCE, min: 0, max: 50, unique: false }),
    optional("tags", List { of: &Tag, min: 0, max: 20, unique: false }),
    optional("confidence", Number(0.0, 1.0)),
    optional("description", Text(1000)),
    optional("legacy_version", OneOf(&["3"])),
    optional("_internal", Object(&[], OPEN)),
];

const CONTACT: Rule = Object(
    &[required("org", Text(200)), required("contact", Email), required("domain", Hostname)],
    CLOSED,
);

const EVIDENCE: Rule = Object(
    &[
        required("content_type", Text(ANY_LENGTH)),
        optional("description", Text(500)),
        required("payload", Text(ANY_LENGTH)),
        optional("hash", Digest),
        optional("size", Integer(0, 5_242_880)),
    ],
    CLOSED,
);

/// What our profile adds for copyright detections. XARF admits further members at the top level;
/// where they carry these names they mean this, in every class.
pub static PROFILE: &[Member] = &[
    // The sender's own number; without it `report_id` is.
    optional("case_id", Text(200)),
    // `tcp`, `udp`, or an IANA protocol number.
    optional("transport", Anything),
    // First and last instant of the observation; without them `timestamp` is the only one.
    optional("observed_first", DateTime),
    optional("observed_last", DateTime),
    optional("clock", CLOCK),
    // Where the observer stood.
    optional("observer", OBSERVER),
    // BitTorrent v2 (BEP 52): SHA-256. `swarm_info.info_hash` admits SHA-1 only.
    optional("info_hash_v2", Hex(64)),
    // What was received from the source, and that its hash was right.
    optional("piece_proof", PIECE_PROOF),
    // `isan:…`, `eidr:…`, `isrc:…`.
    optional("work_id", Text(200)),
    optional("file_name", Text(1000)),
    optional("artist", Text(500)),
    // Several works of one observation; then the single-work members are not read.
    optional("works", List { of: &WORK, min: 1, max: 1000, unique: false }),
    optional("pseudonym", Text(200)),
    optional("provider_name", Text(200)),
    optional("mandate", Text(200)),
    optional("sworn_agent", Text(200)),
    optional("standing_declared", Bool),
    optional("legal_basis", Text(500)),
    optional("retraction", Bool),
];

const CLOCK: Rule = Object(
    &[
        required("source", Text(100)),
        optional("offset_ms", Integer(-86_400_000, 86_400_000)),
        optional("max_error_ms", Integer(0, 86_400_000)),
    ],
    CLOSED,
);

const OBSERVER: Rule = Object(
    &[required("ip", Ip), optional("port", Integer(1, 65_535)), optional("transport", Anything)],
    CLOSED,
);

const PIECE_PROOF: Rule = Object(
    &[
        required("bytes_received", Integer(0, i64::MAX)),
        optional("piece_index", Integer(0, i64::MAX)),
        optional("hash_verified", Bool),
    ],
    CLOSED,
);

const WORK: Rule = Object(
    &[
        optional("title", Text(500)),
        optional("artist", Text(500)),
        optional("file_name", Text(1000)),
        optional("size_bytes", Integer(0, i64::MAX)),
        optional("hashes", List { of: &HASH, min: 0, max: 20, unique: false }),
        optional("work_id", Text(200)),
    ],
    CLOSED,
);

const HASH: Rule = Object(&[required("algorithm", Text(20)), required("value", Text(200))], CLOSED);
