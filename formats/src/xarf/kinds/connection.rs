//! Attacks seen on the wire: the members that XARF 4.2.0 gives to each type of `connection`.
//!
//! Names, bounds and word lists follow the published schemas (xarf/xarf-spec, `schemas/v4/types`).
//! Data only: the engine is in `rule`, what becomes of the values in `notice`.

use crate::xarf::rule::Rule::*;
use crate::xarf::rule::*;

pub static DDOS: &[Member] = &[
    optional(
        "evidence_source",
        OneOf(&[
            "firewall_logs",
            "ids_detection",
            "flow_analysis",
            "traffic_monitoring",
            "honeypot",
        ]),
    ),
    optional("destination_ip", Ip),
    optional("destination_port", Integer(1, 65535)),
    required("protocol", OneOf(&["tcp", "udp", "icmp", "sctp"])),
    optional("attack_vector", Text(ANY_LENGTH)),
    optional("peak_pps", Integer(1, i64::MAX)),
    optional("peak_bps", Integer(1, i64::MAX)),
    optional("duration_seconds", Integer(1, i64::MAX)),
    optional("amplification_factor", Number(1.0, f64::MAX)),
    required("first_seen", DateTime),
    optional("last_seen", DateTime),
    optional("threshold_exceeded", DateTime),
    optional("mitigation_applied", Bool),
    optional("service_impact", OneOf(&["none", "degraded", "unavailable"])),
];

pub static INFECTED_HOST: &[Member] = &[
    optional("destination_ip", Ip),
    optional("destination_port", Integer(1, 65535)),
    required("protocol", OneOf(&["tcp", "udp"])),
    required(
        "bot_type",
        OneOf(&[
            "search_engine",
            "ai_agent",
            "monitoring",
            "seo_analyzer",
            "link_checker",
            "feed_reader",
            "social_media",
            "advertising",
            "malicious",
            "unknown",
        ]),
    ),
    optional("bot_name", Text(ANY_LENGTH)),
    optional("user_agent", Text(ANY_LENGTH)),
    optional(
        "behavior_pattern",
        OneOf(&[
            "legitimate_crawling",
            "aggressive_crawling",
            "api_abuse",
            "form_submission",
            "comment_spam",
            "account_creation",
            "content_harvesting",
            "vulnerability_probing",
            "mixed",
        ]),
    ),
    optional("request_rate", Number(f64::MIN, f64::MAX)),
    optional("total_requests", Integer(1, i64::MAX)),
    optional("respects_robots_txt", Bool),
    optional("follows_crawl_delay", Bool),
    optional("javascript_execution", Bool),
    optional("accepts_cookies", Bool),
    optional(
        "api_endpoints_accessed",
        List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false },
    ),
    optional("verification_status", OneOf(&["verified", "unverified", "spoofed", "unknown"])),
    required("first_seen", DateTime),
    optional("last_seen", DateTime),
];

pub static LOGIN_ATTACK: &[Member] = &[
    optional("destination_ip", Ip),
    optional("destination_port", Integer(1, 65535)),
    required("protocol", OneOf(&["tcp", "udp", "icmp", "sctp"])),
    required("first_seen", DateTime),
    optional("last_seen", DateTime),
];

pub static PORT_SCAN: &[Member] = &[
    optional("destination_ip", Ip),
    optional("destination_port", Integer(1, 65535)),
    required("protocol", OneOf(&["tcp", "udp", "icmp", "sctp"])),
    required("first_seen", DateTime),
    optional("last_seen", DateTime),
];

pub static RECONNAISSANCE: &[Member] = &[
    optional("destination_ip", Ip),
    optional("destination_port", Integer(1, 65535)),
    required("protocol", OneOf(&["tcp", "udp"])),
    required(
        "probed_resources",
        List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false },
    ),
    optional(
        "resource_categories",
        List {
            of: &OneOf(&[
                "environment_files",
                "version_control",
                "configuration_files",
                "backup_files",
                "admin_panels",
                "database_files",
                "log_files",
                "credential_files",
                "api_endpoints",
                "debug_endpoints",
                "other",
            ]),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional(
        "http_methods",
        List {
            of: &OneOf(&["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT"]),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional(
        "response_codes",
        List { of: &Integer(i64::MIN, i64::MAX), min: 0, max: ANY_LENGTH, unique: false },
    ),
    optional(
        "successful_probes",
        List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false },
    ),
    optional("user_agent", Text(ANY_LENGTH)),
    required("first_seen", DateTime),
    optional("last_seen", DateTime),
    optional("total_probes", Integer(1, i64::MAX)),
    optional("automated_tool", Bool),
];

pub static SCRAPING: &[Member] = &[
    optional("destination_ip", Ip),
    optional("destination_port", Integer(1, 65535)),
    required("protocol", OneOf(&["tcp", "udp"])),
    optional(
        "scraping_pattern",
        OneOf(&[
            "sequential",
            "random",
            "targeted",
            "sitemap_following",
            "api_harvesting",
            "deep_crawling",
            "breadth_first",
            "depth_first",
        ]),
    ),
    optional(
        "target_content",
        OneOf(&[
            "product_data",
            "pricing_information",
            "user_profiles",
            "contact_information",
            "news_articles",
            "images",
            "documents",
            "api_data",
            "search_results",
            "general_content",
            "other",
        ]),
    ),
    optional("user_agent", Text(ANY_LENGTH)),
    optional("bot_signature", Text(ANY_LENGTH)),
    optional("request_rate", Number(f64::MIN, f64::MAX)),
    required("total_requests", Integer(1, i64::MAX)),
    optional("unique_urls", Integer(1, i64::MAX)),
    optional("data_volume", Integer(i64::MIN, i64::MAX)),
    optional("respects_robots_txt", Bool),
    optional("session_duration", Integer(i64::MIN, i64::MAX)),
    optional("concurrent_connections", Integer(i64::MIN, i64::MAX)),
    required("first_seen", DateTime),
    optional("last_seen", DateTime),
];

pub static SQL_INJECTION: &[Member] = &[
    optional("destination_ip", Ip),
    optional("destination_port", Integer(1, 65535)),
    required("protocol", OneOf(&["tcp", "udp"])),
    optional("http_method", OneOf(&["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])),
    optional("target_url", Uri),
    optional(
        "injection_point",
        OneOf(&["query_parameter", "post_body", "cookie", "header", "path", "json_parameter"]),
    ),
    optional("payload_sample", Text(1000)),
    optional(
        "attack_technique",
        OneOf(&[
            "union_based",
            "error_based",
            "boolean_blind",
            "time_blind",
            "stacked_queries",
            "out_of_band",
            "second_order",
            "other",
        ]),
    ),
    required("first_seen", DateTime),
    optional("last_seen", DateTime),
    optional("attempts_count", Integer(1, i64::MAX)),
];

pub static VULNERABILITY_SCAN: &[Member] = &[
    optional("destination_ip", Ip),
    required(
        "scan_type",
        OneOf(&[
            "port_scan",
            "vulnerability_scan",
            "version_detection",
            "os_fingerprinting",
            "service_enumeration",
            "web_vuln_scan",
            "directory_brute_force",
            "mixed",
        ]),
    ),
    optional("scanner_signature", Text(ANY_LENGTH)),
    optional(
        "targeted_ports",
        List { of: &Integer(1, 65535), min: 0, max: ANY_LENGTH, unique: false },
    ),
    optional(
        "targeted_services",
        List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false },
    ),
    optional(
        "vulnerabilities_probed",
        List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false },
    ),
    optional("scan_rate", Number(f64::MIN, f64::MAX)),
    required("protocol", OneOf(&["tcp", "udp", "icmp", "mixed"])),
    required("first_seen", DateTime),
    optional("last_seen", DateTime),
    optional("total_requests", Integer(1, i64::MAX)),
    optional("user_agent", Text(ANY_LENGTH)),
];
