//! The profile for batches: one row per detection, as CSV or NDJSON, one to one with our profile
//! of XARF.
//!
//! CSV: UTF-8, comma, RFC 4180 quoting, first row the header. The columns are fixed in name and
//! meaning; their order is free and optional ones may be left out. NDJSON: one object a line, its
//! members the same names (numbers and booleans may be written as such); a line that is a XARF
//! report is read as one.
//!
//! | column | |
//! |---|---|
//! | `sender_case_id` * | the sender's number of the fact |
//! | `observed_at` * | RFC 3339 with zone |
//! | `observed_until` | last instant, where the observation lasted |
//! | `clock_source`, `clock_offset_ms`, `clock_max_error_ms` | the observer's clock |
//! | `source_ip` *, `source_port`, `transport` | `tcp`, `udp` or an IANA number |
//! | `observer_ip`, `observer_port` | where the observer stood |
//! | `protocol`, `pseudonym`, `provider_name` | |
//! | `title`, `artist`, `file_name`, `size_bytes`, `work_id` | the work |
//! | `info_hash`, `info_hash_v2`, `hashes` | 40 and 64 hexadecimal digits; `sha1:…;ed2k:…` |
//! | `rights_holder`, `mandate`, `sworn_agent`, `standing_declared`, `legal_basis` | the claim |
//! | `retraction` | `true` takes the notice of that number back |
//!
//! Columns with * must be there and filled. Which others a regime demands is in its rules.

mod fields;
mod row;

use std::borrow::Cow;

use entremise_core::rejection::{Code, Rejection};

use crate::json::{self, Json};
use crate::reading::NoticeRead;
use crate::{charset, xarf};

pub(crate) use fields::{quoted, split};
use row::Row;

/// The version of the profile: what `NoticeRead::version` says of a row.
pub const VERSION: &str = "1";

/// The columns, in the order in which we write them.
pub const COLUMNS: [&str; 28] = [
    "sender_case_id",
    "observed_at",
    "observed_until",
    "clock_source",
    "clock_offset_ms",
    "clock_max_error_ms",
    "source_ip",
    "source_port",
    "transport",
    "observer_ip",
    "observer_port",
    "protocol",
    "pseudonym",
    "provider_name",
    "title",
    "artist",
    "file_name",
    "size_bytes",
    "work_id",
    "info_hash",
    "info_hash_v2",
    "hashes",
    "rights_holder",
    "mandate",
    "sworn_agent",
    "standing_declared",
    "legal_basis",
    "retraction",
];

const REQUIRED: [&str; 3] = ["sender_case_id", "observed_at", "source_ip"];

/// Whether a line can only be meant as the profile's header.
pub(crate) fn is_header(line: &[u8]) -> bool {
    let has = |name: &str| crate::contains(line, name.as_bytes());
    line.len() <= crate::limits::ROW_BYTES && has("observed_at") && has("source_ip")
}

/// Whether a line of JSON can only be meant as a row of the profile.
pub(crate) fn is_row(line: &[u8]) -> bool {
    line.starts_with(b"{") && is_header(line)
}

/// Which column of the profile each field of a CSV row is.
pub(crate) struct Columns(Vec<usize>);

impl Columns {
    pub fn from_header(line: &[u8]) -> Result<Self, Rejection> {
        let wrong = |how: String| Rejection::new(Code::SchemaInvalid, "line 1", how);
        let text = charset::text(line.trim_ascii())?;
        if !text.contains(',') && text.contains([';', '\t']) {
            return Err(wrong("separate the columns with commas".to_owned()));
        }
        let names = fields::split(&text).map_err(|how| wrong(how.to_owned()))?;
        let mut columns = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let known = COLUMNS.iter().position(|column| *column == name.trim());
            let Some(column) = known else {
                return Err(wrong(format!("column {} is none of the profile's", index + 1)));
            };
            if columns.contains(&column) {
                return Err(wrong(format!("column {} stands twice", COLUMNS[column])));
            }
            columns.push(column);
        }
        match REQUIRED.iter().find(|name| !columns.iter().any(|column| COLUMNS[*column] == **name))
        {
            Some(missing) => Err(wrong(format!("column {missing} is missing"))),
            None => Ok(Self(columns)),
        }
    }
}

/// Reads one CSV row.
pub(crate) fn read_csv(columns: &Columns, raw: &[u8], line: usize, start: usize) -> NoticeRead {
    let mut item = NoticeRead::new("csv", raw, start);
    item.version = Some(VERSION.to_owned());
    item.place = format!("line {line}");
    let place = |column: &str| format!("line {line}, column {column}");
    let whole = |code, how: &str| vec![Rejection::new(code, format!("line {line}"), how)];
    item.verdict = match charset::text(raw) {
        Err(rejection) => Err(whole(rejection.code, &rejection.how)),
        Ok(text) => match fields::split(&text) {
            Err(how) => Err(whole(Code::Malformed, how)),
            Ok(values) if values.len() != columns.0.len() => {
                Err(whole(Code::Malformed, "this row has not as many fields as the header"))
            }
            Ok(values) => {
                let mut row = Row::default();
                for (column, value) in columns.0.iter().zip(values) {
                    row.set(*column, value);
                }
                row.notice(&place)
            }
        },
    };
    item
}

/// Reads one line of NDJSON: a row of the profile, or a XARF report.
pub(crate) fn read_ndjson(raw: &[u8], line: usize, start: usize) -> NoticeRead {
    let mut item = NoticeRead::new("ndjson", raw, start);
    item.place = format!("line {line}");
    let text = match charset::text(raw) {
        Ok(text) => text,
        Err(rejection) => {
            item.refuse(Rejection { at: format!("line {line}"), ..rejection });
            return item;
        }
    };
    match json::parse(&text) {
        Err(rejection) => item.refuse(Rejection { at: format!("line {line}"), ..rejection }),
        Ok(document) if xarf::is_report(&document) => {
            item = xarf::read_report(&document, &text, start);
            item.place = format!("line {line}");
        }
        Ok(document) => {
            item.version = Some(VERSION.to_owned());
            item.verdict = from_object(&document)
                .map_err(|rejection| vec![rejection])
                .and_then(|row| row.notice(&|column| format!("/{column}")));
        }
    }
    item
}

fn from_object<'a>(document: &Json<'a>) -> Result<Row<'a>, Rejection> {
    let Json::Object(members) = document else {
        return Err(Rejection::new(Code::SchemaInvalid, "", "write one object a line"));
    };
    let mut row = Row::default();
    for (name, value) in members.iter() {
        let Some(column) = COLUMNS.iter().position(|column| column == name) else {
            return Err(Rejection::new(
                Code::SchemaInvalid,
                "",
                "a member is none of the profile's",
            ));
        };
        let value = match value {
            Json::Null => continue,
            Json::Text(text) => text.clone(),
            Json::Bool(bool) => Cow::Borrowed(if *bool { "true" } else { "false" }),
            Json::Number(number) => Cow::Owned(number.to_string()),
            Json::List(_) | Json::Object(_) => {
                let at = format!("/{}", COLUMNS[column]);
                return Err(Rejection::new(Code::SchemaInvalid, at, "write a plain value"));
            }
        };
        row.set(column, value);
    }
    Ok(row)
}
