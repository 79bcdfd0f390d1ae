//! Content that pretends to be someone else: members that XARF 4.2.0 gives to `content`.
//!
//! Names, bounds and word lists follow the published schemas (xarf/xarf-spec, `schemas/v4/types`).
//! Data only: the engine is in `rule`, what becomes of the values in `notice`.

use crate::xarf::rule::Rule::*;
use crate::xarf::rule::*;

pub static BRAND_INFRINGEMENT: &[Member] = &[
    required(
        "infringement_type",
        OneOf(&[
            "counterfeit",
            "typosquatting",
            "lookalike",
            "homograph",
            "unauthorized_reseller",
            "trademark_violation",
            "brand_impersonation",
            "logo_misuse",
            "other",
        ]),
    ),
    required("legitimate_site", Uri),
    optional("similarity_score", Number(0.0, 1.0)),
    optional(
        "trademark_details",
        Object(
            &[
                optional("registration_number", Text(ANY_LENGTH)),
                optional("jurisdiction", Text(ANY_LENGTH)),
                optional(
                    "category",
                    List { of: &Integer(1, 45), min: 0, max: ANY_LENGTH, unique: false },
                ),
            ],
            OPEN,
        ),
    ),
    optional(
        "infringing_elements",
        List {
            of: &OneOf(&[
                "logo",
                "brand_name",
                "tagline",
                "color_scheme",
                "layout",
                "product_images",
                "domain_name",
                "other",
            ]),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional(
        "products_offered",
        List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false },
    ),
    optional(
        "previous_enforcement",
        List {
            of: &Object(
                &[
                    optional("date", Date),
                    optional(
                        "action",
                        OneOf(&[
                            "cease_desist",
                            "takedown_notice",
                            "domain_dispute",
                            "legal_action",
                            "other",
                        ]),
                    ),
                    optional("result", Text(ANY_LENGTH)),
                ],
                OPEN,
            ),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
];

pub static FRAUD: &[Member] = &[
    required(
        "fraud_type",
        OneOf(&[
            "investment",
            "romance",
            "tech_support",
            "lottery",
            "advance_fee",
            "cryptocurrency",
            "shopping",
            "charity",
            "employment",
            "government_impersonation",
            "other",
        ]),
    ),
    optional(
        "payment_methods",
        List {
            of: &OneOf(&[
                "credit_card",
                "bank_transfer",
                "cryptocurrency",
                "gift_cards",
                "wire_transfer",
                "paypal",
                "western_union",
                "moneygram",
                "cashapp",
                "venmo",
                "other",
            ]),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional(
        "cryptocurrency_addresses",
        List {
            of: &Object(
                &[
                    required(
                        "currency",
                        OneOf(&["bitcoin", "ethereum", "usdt", "bnb", "monero", "other"]),
                    ),
                    required("address", Text(ANY_LENGTH)),
                ],
                OPEN,
            ),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional("claimed_entity", Text(ANY_LENGTH)),
    optional(
        "loss_amount",
        Object(
            &[optional("currency", Capitals(3)), optional("amount", Number(0.0, f64::MAX))],
            OPEN,
        ),
    ),
];

pub static PHISHING: &[Member] = &[
    optional(
        "credential_fields",
        List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false },
    ),
    optional("phishing_kit", Text(ANY_LENGTH)),
    optional("redirect_chain", List { of: &Uri, min: 0, max: ANY_LENGTH, unique: false }),
    optional("submission_url", Uri),
    optional("cloned_site", Uri),
    optional(
        "detection_evasion",
        List {
            of: &OneOf(&[
                "geo_blocking",
                "user_agent_filtering",
                "referrer_checking",
                "captcha",
                "time_based_display",
                "ip_blacklisting",
                "obfuscation",
                "other",
            ]),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional(
        "lure_type",
        OneOf(&[
            "account_suspension",
            "security_alert",
            "payment_issue",
            "prize_notification",
            "document_share",
            "password_reset",
            "shipping_notification",
            "tax_refund",
            "other",
        ]),
    ),
];

pub static SUSPICIOUS_REGISTRATION: &[Member] = &[
    required("registration_date", DateTime),
    optional("days_since_registration", Integer(0, i64::MAX)),
    required(
        "suspicious_indicators",
        List {
            of: &OneOf(&[
                "typosquatting",
                "homograph_attack",
                "brand_keyword",
                "suspicious_tld",
                "bulk_registration",
                "privacy_protection",
                "suspicious_registrant",
                "fast_flux",
                "dga_pattern",
                "known_bad_nameserver",
                "suspicious_ssl_cert",
                "immediate_activation",
                "parked_page",
                "other",
            ]),
            min: 1,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional("risk_score", Number(0.0, 1.0)),
    optional(
        "targeted_brands",
        List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false },
    ),
    optional(
        "registrant_details",
        Object(
            &[
                optional("email_domain", Text(ANY_LENGTH)),
                optional("country", Capitals(2)),
                optional("privacy_protected", Bool),
                optional("bulk_registrations", Integer(i64::MIN, i64::MAX)),
            ],
            OPEN,
        ),
    ),
    optional(
        "related_domains",
        List {
            of: &Object(
                &[
                    optional("domain", Text(ANY_LENGTH)),
                    optional(
                        "relationship",
                        OneOf(&[
                            "same_registrant",
                            "same_nameserver",
                            "same_ip",
                            "same_ssl_cert",
                            "similar_pattern",
                            "same_campaign",
                        ]),
                    ),
                ],
                OPEN,
            ),
            min: 0,
            max: 20,
            unique: false,
        },
    ),
    optional(
        "predicted_usage",
        List {
            of: &OneOf(&[
                "phishing",
                "malware",
                "spam",
                "fraud",
                "brand_abuse",
                "botnet_c2",
                "unknown",
            ]),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional(
        "ssl_certificate_details",
        Object(
            &[
                optional("issued_immediately", Bool),
                optional("free_certificate", Bool),
                optional("wildcard", Bool),
            ],
            OPEN,
        ),
    ),
    optional(
        "activation_behavior",
        Object(
            &[
                optional("time_to_activation", Integer(i64::MIN, i64::MAX)),
                optional(
                    "initial_content",
                    OneOf(&[
                        "parked",
                        "under_construction",
                        "immediate_malicious",
                        "cloned_site",
                        "blank",
                        "other",
                    ]),
                ),
            ],
            OPEN,
        ),
    ),
];
