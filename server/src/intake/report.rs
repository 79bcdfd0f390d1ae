//! The report of a sending as JSON says it: in the API, beside a file, in answer to a mail.

use entremise_core::rejection::Rejection;
use entremise_store::{BatchReport, ItemVerdict};
use serde::Serialize;
use utoipa::ToSchema;

/// What became of each notice of one sending, in the order of the sending.
#[derive(Debug, Serialize, ToSchema)]
pub struct Report {
    /// This house's number for the sending.
    pub batch: String,
    /// RFC 3339, UTC.
    pub received_at: String,
    pub accepted: usize,
    pub duplicates: usize,
    pub rejected: usize,
    pub results: Vec<NoticeReport>,
}

/// What became of one notice.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeReport {
    /// Where it stands in the sending.
    pub place: String,
    /// The sender's own number, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_case_id: Option<String>,
    pub verdict: Verdict,
    /// This house's number: of the notice, or of the one it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejections: Vec<RejectionReport>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Accepted,
    DuplicateOf,
    Rejected,
}

/// One thing to correct.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectionReport {
    pub code: String,
    /// A JSON pointer, an XML path, or line and column.
    pub at: String,
    pub how: String,
}

impl From<&Rejection> for RejectionReport {
    fn from(rejection: &Rejection) -> Self {
        Self {
            code: rejection.code.name().to_owned(),
            at: rejection.at.clone(),
            how: rejection.how.clone(),
        }
    }
}

impl From<&BatchReport> for Report {
    fn from(report: &BatchReport) -> Self {
        let results: Vec<NoticeReport> = report
            .results
            .iter()
            .map(|result| {
                let (verdict, notice, rejections) = match &result.verdict {
                    ItemVerdict::Accepted { notice } => (Verdict::Accepted, Some(notice), &[][..]),
                    ItemVerdict::DuplicateOf { notice } => {
                        (Verdict::DuplicateOf, Some(notice), &[][..])
                    }
                    ItemVerdict::Rejected { rejections } => {
                        (Verdict::Rejected, None, rejections.as_slice())
                    }
                };
                NoticeReport {
                    place: result.place.clone(),
                    sender_case_id: result.sender_case_id.clone(),
                    verdict,
                    notice: notice.map(ToString::to_string),
                    rejections: rejections.iter().map(RejectionReport::from).collect(),
                }
            })
            .collect();
        let count = |verdict| results.iter().filter(|result| result.verdict == verdict).count();
        Self {
            batch: report.id.to_string(),
            received_at: report.received_at.to_string(),
            accepted: count(Verdict::Accepted),
            duplicates: count(Verdict::DuplicateOf),
            rejected: count(Verdict::Rejected),
            results,
        }
    }
}
