//! The acceptance report: one result per item, in order, each with what the sender can act on.

use entremise_core::rejection::{Code, Rejection};
use entremise_formats::report::{Acceptance, Line, acceptance_report};
use serde_json::json;

#[test]
fn a_batch_is_answered_item_by_item() {
    let rejections = [
        Rejection::new(Code::PortMissing, "/source_port", "give the port"),
        Rejection::new(Code::NotOurNetwork, "/source_identifier", "held elsewhere"),
    ];
    let line = |index, acceptance| Line { index, sender_case_id: Some("SPECIMEN-1"), acceptance };
    let report = acceptance_report([
        line(0, Acceptance::Accepted { notice: "n-1" }),
        line(1, Acceptance::DuplicateOf { notice: "n-1" }),
        Line { index: 2, sender_case_id: None, acceptance: Acceptance::Rejected(&rejections) },
    ]);
    let expected = json!({
        "accepted": 1, "duplicates": 1, "rejected": 1,
        "items": [
            { "index": 0, "sender_case_id": "SPECIMEN-1", "result": "accepted", "notice": "n-1" },
            {
                "index": 1, "sender_case_id": "SPECIMEN-1", "result": "duplicate_of",
                "notice": "n-1", "acns_reason": "MULTIPLE",
            },
            {
                "index": 2, "sender_case_id": null, "result": "rejected",
                "acns_reason": "IP_OUT_OF_RANGE",
                "rejections": [
                    {
                        "code": "port_missing", "pointer": "/source_port",
                        "how": "give the port", "acns_reason": "OTHER",
                    },
                    {
                        "code": "not_our_network", "pointer": "/source_identifier",
                        "how": "held elsewhere", "acns_reason": "IP_OUT_OF_RANGE",
                    },
                ],
            },
        ],
    });
    assert_eq!(report, expected);
}
