//! Kea's memfile lease files, IPv4 and IPv6 (CSV with a header row that names the columns).
//!
//! A row states one lease whole; several rows for one address follow each other in time and the
//! last one wins. start = expire − valid_lifetime. A row with a lifetime of 0 deletes the lease,
//! state 1 is declined (nobody held it), state 2 is reclaimed (it ended at `expire`). Commas
//! inside a field are written `&#x2c`. After Kea's own clean-up the file is a snapshot and no
//! history: load it often, or load the forensic log instead.

use std::borrow::Cow;

use entremise_core::identification::AssignmentKind;

use super::instant::number;
use super::{AccountFrom, ErrorCode, LineError, Names, ReadOptions, digest, holder, is_usable};
use crate::interval::lease::{Row, Says};
use crate::interval::{Holder, Place, Prefix, SECOND};

const MALFORMED: LineError = LineError {
    line: 0,
    code: ErrorCode::Malformed,
    how: "a row needs address, valid_lifetime, expire and state as numbers and an address",
};

/// Which column holds what; from the header row, or Kea's present order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    address: usize,
    hardware: Option<usize>,
    client: Option<usize>,
    lifetime: usize,
    expire: usize,
    state: Option<usize>,
    lease_type: Option<usize>,
    prefix_length: Option<usize>,
    context: Option<usize>,
}

impl Columns {
    /// From a header row; None if the row is not one.
    pub fn from_header(row: &[u8]) -> Option<Self> {
        let names: Vec<&[u8]> = row.trim_ascii().split(|byte| *byte == b',').collect();
        let find = |name: &str| names.iter().position(|column| *column == name.as_bytes());
        Some(Self {
            address: find("address")?,
            hardware: find("hwaddr"),
            client: find("client_id").or_else(|| find("duid")),
            lifetime: find("valid_lifetime")?,
            expire: find("expire")?,
            state: find("state"),
            lease_type: find("lease_type"),
            prefix_length: find("prefix_len"),
            context: find("user_context"),
        })
    }

    /// The order Kea has written since 2.0, for a file whose header was rotated away.
    pub fn usual(v6: bool) -> Self {
        let header: &[u8] = if v6 {
            b"address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,\
              prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context"
        } else {
            b"address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,\
              hostname,state,user_context"
        };
        Self::from_header(header).expect("the header above names every needed column")
    }
}

/// Reads one row. A header row sets the columns and yields nothing.
pub fn read(
    line: &[u8],
    columns: &mut Option<Columns>,
    v6: bool,
    options: &ReadOptions,
    names: &mut dyn Names,
    out: &mut Vec<Row>,
) -> Result<(), LineError> {
    let row = line.trim_ascii();
    if row.is_empty() || row.starts_with(b"#") {
        return Ok(());
    }
    if row.starts_with(b"address,") {
        *columns = Some(Columns::from_header(row).ok_or(MALFORMED)?);
        return Ok(());
    }
    let columns = columns.get_or_insert_with(|| Columns::usual(v6));
    // Room for all columns Kea has: one allocation a row.
    let mut fields: Vec<&[u8]> = Vec::with_capacity(24);
    fields.extend(row.split(|byte| *byte == b','));
    let field = |column: usize| fields.get(column).copied().ok_or(MALFORMED);
    let optional = |column: Option<usize>| column.and_then(|at| fields.get(at).copied());
    let figure = |column: usize| field(column).and_then(|text| number(text).ok_or(MALFORMED));

    let address = std::str::from_utf8(field(columns.address)?).ok().and_then(Prefix::parse);
    let address = address
        .ok_or(LineError::new(ErrorCode::AddressInvalid, "the address column is no address"))?;
    let delegated = optional(columns.lease_type) == Some(b"2");
    let (prefix, kind) = if delegated {
        let length = optional(columns.prefix_length).and_then(number).unwrap_or(128);
        let length = u8::try_from(length).map_err(|_| MALFORMED)?;
        (address.shortened(length), AssignmentKind::PrefixDelegation)
    } else {
        (address, AssignmentKind::Dhcp)
    };
    let lifetime = figure(columns.lifetime)?;
    let expire = figure(columns.expire)?;
    let says = match (optional(columns.state).and_then(number).unwrap_or(0), lifetime) {
        // Declined: another device was found on the address. The lease was nobody's.
        (1, _) => return Ok(()),
        (_, 0) => Says::Deleted,
        _ => Says::Held {
            holder: subscriber(&fields, columns, options, names)?,
            start: (expire - lifetime) * SECOND,
            end: expire * SECOND,
        },
    };
    out.push(Row { place: Place::whole(options.space, prefix), kind, record: digest(row), says });
    Ok(())
}

/// The identifier that names the subscriber. An all-zero hardware address spoils the whole row:
/// it is a failed look-up upstream, and what stands beside it is no better.
fn subscriber(
    fields: &[&[u8]],
    columns: &Columns,
    options: &ReadOptions,
    names: &mut dyn Names,
) -> Result<Holder, LineError> {
    let optional = |column: Option<usize>| {
        column.and_then(|at| fields.get(at).copied()).filter(|text| !text.is_empty())
    };
    let hardware = optional(columns.hardware);
    if hardware.is_some_and(|address| !is_usable(address)) {
        return Ok(Holder::Unusable);
    }
    for wanted in &options.account_from {
        let name = match wanted {
            AccountFrom::HardwareAddress => hardware.map(Cow::from),
            AccountFrom::ClientId => optional(columns.client).map(Cow::from),
            AccountFrom::CircuitId => relayed(optional(columns.context), "circuit-id"),
            AccountFrom::RemoteId => relayed(optional(columns.context), "remote-id"),
            AccountFrom::SubscriberId => relayed(optional(columns.context), "subscriber-id"),
        };
        if let Some(mut name) = name {
            if name.iter().any(u8::is_ascii_uppercase) {
                name.to_mut().make_ascii_lowercase();
            }
            return Ok(holder(&name, names));
        }
    }
    Ok(Holder::Unusable)
}

/// An option-82 sub-option out of the user context, where Kea stores extended information:
/// `{ "ISC": { "relay-agent-info": { "sub-options": "0x…", "remote-id": "…" } } }`.
fn relayed(context: Option<&[u8]>, name: &str) -> Option<Cow<'static, [u8]>> {
    let text = std::str::from_utf8(context?).ok()?.replace("&#x2c", ",");
    let context: serde_json::Value = serde_json::from_str(&text).ok()?;
    let info = &context["ISC"]["relay-agent-info"];
    info[name].as_str().map(|value| value.as_bytes().to_vec().into())
}
