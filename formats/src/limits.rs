//! How much this house reads before it says `too_large`: every bound in one place, with its reason.
//!
//! Hostile input is bounded by these before it is understood; nothing here depends on a regime.

/// One piece handed to [`crate::read`], bytes. Mail servers cut at 10 to 50 MB; a larger batch
/// comes as a stream ([`crate::batch::Batch`]), whose memory does not depend on its length.
pub const INPUT_BYTES: usize = 32 << 20;

/// One notice within a stream, bytes. XARF admits 5 MiB for one piece of evidence, in base64.
pub const DOCUMENT_BYTES: usize = 16 << 20;

/// One CSV row, bytes: 40 columns of a hundred bytes, sixteen times over.
pub const ROW_BYTES: usize = 64 << 10;

/// Notices in one piece. 100 MB of the shortest rows hold fewer; more come as a stream.
pub const NOTICES: usize = 200_000;

/// Nested XML elements. The deepest path of the ACNS 1.2 schema has 7.
pub const XML_DEPTH: usize = 24;

/// Nested JSON arrays and objects. The deepest path of the XARF 4.2.0 schemas has 5.
pub const JSON_DEPTH: usize = 24;

/// Values in one JSON document. The published samples have fewer than 80.
pub const JSON_VALUES: usize = 20_000;

/// One field that becomes part of a notice, bytes. A file name on common systems has at most 255
/// characters, a title on the copyright registers at most 500.
pub const FIELD_BYTES: usize = 4 << 10;

/// Works in one notice. The French sworn agents name one to five; ACNS lists files of a server.
pub const WORKS: usize = 1_000;

/// What is told about one notice. Twenty complaints say no more than sixteen.
pub const REJECTIONS: usize = 16;

/// Faulty notices in one piece. More is not a batch with faults but a faulty program, and each
/// fault costs many times the bytes that made it.
pub const FAULTY: usize = 10_000;

/// Notices of one document that are not well-formed, before the rest is given up: each one costs
/// a new search through what follows it.
pub const MALFORMED: usize = 100;

/// MIME parts of one mail. A forward of a forward has fewer than ten.
pub const MAIL_PARTS: usize = 200;

/// Signatures over one text. Each is held against every key of the sender.
pub const SIGNATURES: usize = 8;

/// Mails within mails.
pub const MAIL_DEPTH: usize = 6;

/// Bytes of a mail's parts that are laid out again to find one notice's own, each part up to twice.
pub const DECODED_BYTES: usize = 2 * INPUT_BYTES;

/// Recipients of one delivery report. Servers split a message at 100 recipients (RFC 5321
/// 4.5.3.1.8), and ours carry one each.
pub const RECIPIENTS: usize = 100;

/// Rows of one identification file: the historic French protocol's runaway guard.
pub const IDENTIFICATION_ROWS: usize = 50_000;
