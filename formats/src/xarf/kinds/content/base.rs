//! What every report about harmful content may say: members that XARF 4.2.0 gives to `content`.
//!
//! Names, bounds and word lists follow the published schemas (xarf/xarf-spec, `schemas/v4/types`).
//! Data only: the engine is in `rule`, what becomes of the values in `notice`.

use crate::xarf::rule::Rule::*;
use crate::xarf::rule::*;

pub static BASE: &[Member] = &[
    required("url", Uri),
    optional("domain", Domain),
    optional("registrar", Text(ANY_LENGTH)),
    optional("nameservers", List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false }),
    optional(
        "dns_records",
        Object(
            &[
                optional("a", List { of: &Ipv4, min: 0, max: ANY_LENGTH, unique: false }),
                optional("aaaa", List { of: &Ipv6, min: 0, max: ANY_LENGTH, unique: false }),
                optional(
                    "mx",
                    List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false },
                ),
                optional(
                    "txt",
                    List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false },
                ),
            ],
            OPEN,
        ),
    ),
    optional("screenshot_url", Uri),
    optional("verified_at", DateTime),
    optional(
        "verification_method",
        OneOf(&["manual", "automated_crawler", "user_report", "honeypot", "threat_intelligence"]),
    ),
    optional(
        "attack_vector",
        OneOf(&[
            "phishing",
            "malware",
            "fraud",
            "brand_infringement",
            "copyright_infringement",
            "data_leak",
            "remote_compromise",
            "suspicious_registration",
        ]),
    ),
    optional("target_brand", Text(ANY_LENGTH)),
    optional("hosting_provider", Text(ANY_LENGTH)),
    optional("asn", Integer(1, 4294967295)),
    optional("country_code", Capitals(2)),
    optional(
        "ssl_certificate",
        Object(
            &[
                optional("issuer", Text(ANY_LENGTH)),
                optional("subject", Text(ANY_LENGTH)),
                optional("valid_from", DateTime),
                optional("valid_to", DateTime),
                optional("fingerprint", Text(ANY_LENGTH)),
            ],
            OPEN,
        ),
    ),
    optional(
        "whois",
        Object(
            &[
                optional("registrant", Text(ANY_LENGTH)),
                optional("created_date", DateTime),
                optional("updated_date", DateTime),
                optional("expiry_date", DateTime),
                optional("registrar_abuse_contact", Email),
            ],
            OPEN,
        ),
    ),
    optional(
        "dns_response",
        Object(
            &[
                optional("query_time", DateTime),
                optional("authoritative", Bool),
                optional("response_code", OneOf(&["NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED"])),
            ],
            OPEN,
        ),
    ),
];
