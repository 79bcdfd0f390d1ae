//! Our answers as JSON: what the command line prints, and what a sender gets back for a batch.
//!
//! The members of [`check_report`] and [`mail_report`] are a contract with scripts; a change to
//! them is a change of version.

use entremise_core::notice::{Notice, Work};
use entremise_core::rejection::Rejection;
use serde_json::{Value, json};

use crate::acns::ack;
use crate::address;
use crate::bounce::Report;
use crate::reading::NoticeRead;

/// `entremise notice check --json`: one object per notice. `file` is the name it was read under.
pub fn check_report(file: &str, item: &NoticeRead) -> Value {
    let (verdict, rejection, notice) = match &item.verdict {
        Ok(notice) => ("accepted", None, Some(notice)),
        Err(rejections) => ("rejected", rejections.first(), None),
    };
    json!({
        "file": file,
        "format": item.format,
        "version": item.version,
        "verdict": verdict,
        "code": rejection.map(|rejection| rejection.code.name()),
        "at": rejection.map(|rejection| &rejection.at),
        "notice": notice.map(notice_json),
    })
}

fn notice_json(notice: &Notice) -> Value {
    let source = &notice.source;
    json!({
        "sender_case_id": notice.sender_case_id,
        "observed_at": notice.observation.from,
        "source_ip": (source.ip != address::ABSENT).then_some(source.ip),
        "source_port": source.port,
        "transport": source.transport.map(address::transport_name),
        "protocol": notice.protocol,
        "works": notice.works.iter().map(work_json).collect::<Vec<_>>(),
    })
}

fn work_json(work: &Work) -> Value {
    json!({
        "title": work.title,
        "file_name": work.file_name,
        "size_bytes": work.size_bytes,
        "hashes": work.hashes,
    })
}

/// `entremise mail read --json`: one object per recipient; one without a recipient where the mail
/// names none.
pub fn mail_report(file: &str, report: &Report) -> Vec<Value> {
    if report.recipients.is_empty() {
        return vec![json!({
            "file": file,
            "kind": report.kind.name(),
            "recipient": null,
            "status": null,
            "reason": null,
            "permanent": null,
        })];
    }
    let of_one = |recipient: &crate::bounce::Recipient| {
        json!({
            "file": file,
            "kind": recipient.kind.name(),
            "recipient": recipient.address,
            "status": recipient.status,
            "reason": recipient.reason.name(),
            "permanent": recipient.permanent,
        })
    };
    report.recipients.iter().map(of_one).collect()
}

/// What became of one item of a batch.
#[derive(Clone, Copy, Debug)]
pub enum Acceptance<'a> {
    /// This house's number of the notice.
    Accepted {
        notice: &'a str,
    },
    /// The fact was reported before, under this number.
    DuplicateOf {
        notice: &'a str,
    },
    Rejected(&'a [Rejection]),
}

/// One item of a batch as its sender knows it.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Its position in the batch, from 0.
    pub index: usize,
    pub sender_case_id: Option<&'a str>,
    pub acceptance: Acceptance<'a>,
}

/// The acceptance report: one result per item, in the order of the batch, and their counts.
pub fn acceptance_report<'a>(lines: impl IntoIterator<Item = Line<'a>>) -> Value {
    let (mut accepted, mut duplicates, mut rejected) = (0, 0, 0);
    let items: Vec<Value> = lines
        .into_iter()
        .map(|line| {
            match line.acceptance {
                Acceptance::Accepted { .. } => accepted += 1,
                Acceptance::DuplicateOf { .. } => duplicates += 1,
                Acceptance::Rejected(_) => rejected += 1,
            }
            line_json(&line)
        })
        .collect();
    json!({
        "accepted": accepted,
        "duplicates": duplicates,
        "rejected": rejected,
        "items": items,
    })
}

/// One result of the acceptance report.
pub fn line_json(line: &Line<'_>) -> Value {
    let Line { index, sender_case_id, acceptance } = line;
    match acceptance {
        Acceptance::Accepted { notice } => json!({
            "index": index, "sender_case_id": sender_case_id, "result": "accepted",
            "notice": notice,
        }),
        Acceptance::DuplicateOf { notice } => json!({
            "index": index, "sender_case_id": sender_case_id, "result": "duplicate_of",
            "notice": notice, "acns_reason": "MULTIPLE",
        }),
        Acceptance::Rejected(rejections) => json!({
            "index": index, "sender_case_id": sender_case_id, "result": "rejected",
            "acns_reason": ack::reason(rejections),
            "rejections": rejections.iter().map(|rejection| json!({
                "code": rejection.code,
                "pointer": rejection.at,
                "how": rejection.how,
                "acns_reason": ack::reason_of(rejection.code),
            })).collect::<Vec<_>>(),
        }),
    }
}
