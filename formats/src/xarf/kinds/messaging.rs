//! Unwanted messages: the members that XARF 4.2.0 gives to each type of `messaging`.
//!
//! Names, bounds and word lists follow the published schemas (xarf/xarf-spec, `schemas/v4/types`).
//! Data only: the engine is in `rule`, what becomes of the values in `notice`.

use crate::xarf::rule::Rule::*;
use crate::xarf::rule::*;

pub static BULK_MESSAGING: &[Member] = &[
    optional(
        "evidence_source",
        OneOf(&["user_complaint", "automated_filter", "reputation_feed", "volume_analysis"]),
    ),
    required(
        "protocol",
        OneOf(&[
            "smtp",
            "sms",
            "whatsapp",
            "telegram",
            "social_media",
            "push_notification",
            "other",
        ]),
    ),
    optional("smtp_from", Email),
    optional("subject", Text(500)),
    optional("sender_name", Text(200)),
    required("recipient_count", Integer(100, i64::MAX)),
    optional("unsubscribe_provided", Bool),
    optional("opt_in_evidence", Bool),
    optional(
        "bulk_indicators",
        Object(
            &[
                optional("high_volume", Bool),
                optional("template_based", Bool),
                optional("commercial_sender", Bool),
            ],
            CLOSED,
        ),
    ),
];

pub static SPAM: &[Member] = &[
    optional(
        "evidence_source",
        OneOf(&[
            "spamtrap",
            "user_complaint",
            "automated_filter",
            "honeypot",
            "content_analysis",
            "reputation_feed",
        ]),
    ),
    required(
        "protocol",
        OneOf(&[
            "smtp",
            "sms",
            "whatsapp",
            "telegram",
            "signal",
            "chat",
            "social_media",
            "push_notification",
            "other",
        ]),
    ),
    optional("smtp_from", Email),
    optional("smtp_to", Email),
    optional("subject", Text(500)),
    optional("sender_name", Text(200)),
    optional("message_id", Text(200)),
    optional("user_agent", Text(200)),
    optional("recipient_count", Integer(1, i64::MAX)),
    optional("language", Language),
    optional(
        "spam_indicators",
        Object(
            &[
                optional(
                    "suspicious_links",
                    List { of: &Uri, min: 0, max: ANY_LENGTH, unique: false },
                ),
                optional("commercial_content", Bool),
                optional("bulk_characteristics", Bool),
            ],
            CLOSED,
        ),
    ),
];
