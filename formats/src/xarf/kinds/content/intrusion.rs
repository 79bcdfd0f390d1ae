//! Content that attacks machines or lays data open: members that XARF 4.2.0 gives to `content`.
//!
//! Names, bounds and word lists follow the published schemas (xarf/xarf-spec, `schemas/v4/types`).
//! Data only: the engine is in `rule`, what becomes of the values in `notice`.

use crate::xarf::rule::Rule::*;
use crate::xarf::rule::*;

pub static EXPOSED_DATA: &[Member] = &[
    required(
        "data_types",
        List {
            of: &OneOf(&[
                "personal_information",
                "credentials",
                "financial",
                "medical",
                "government_id",
                "email_addresses",
                "phone_numbers",
                "api_keys",
                "database_dumps",
                "source_code",
                "internal_documents",
                "customer_data",
                "employee_data",
                "intellectual_property",
                "other",
            ]),
            min: 1,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    required(
        "exposure_method",
        OneOf(&[
            "misconfigured_server",
            "open_directory",
            "database_exposure",
            "git_repository",
            "backup_file",
            "log_file",
            "cloud_storage",
            "paste_site",
            "forum_post",
            "ransomware_leak",
            "intentional_leak",
            "other",
        ]),
    ),
    optional("record_count", Integer(0, i64::MAX)),
    optional("affected_organization", Text(ANY_LENGTH)),
    optional(
        "data_format",
        OneOf(&["plaintext", "csv", "json", "xml", "sql", "excel", "pdf", "mixed", "other"]),
    ),
    optional(
        "sensitive_fields",
        List { of: &Text(ANY_LENGTH), min: 0, max: ANY_LENGTH, unique: false },
    ),
    optional(
        "encryption_status",
        OneOf(&["unencrypted", "encrypted", "partially_encrypted", "hashed", "unknown"]),
    ),
    optional(
        "accessibility",
        OneOf(&["public", "requires_authentication", "requires_payment", "dark_web", "removed"]),
    ),
    optional(
        "discovery_source",
        OneOf(&[
            "security_researcher",
            "automated_scan",
            "breach_monitoring",
            "user_report",
            "law_enforcement",
            "threat_intelligence",
            "other",
        ]),
    ),
    optional(
        "sample_records",
        List {
            of: &Object(
                &[
                    optional("description", Text(ANY_LENGTH)),
                    optional("redacted_sample", Text(ANY_LENGTH)),
                ],
                OPEN,
            ),
            min: 0,
            max: 5,
            unique: false,
        },
    ),
];

pub static MALWARE: &[Member] = &[
    optional("malware_family", Text(ANY_LENGTH)),
    optional(
        "malware_type",
        OneOf(&[
            "trojan",
            "ransomware",
            "dropper",
            "loader",
            "backdoor",
            "rootkit",
            "infostealer",
            "banking_trojan",
            "cryptominer",
            "adware",
            "spyware",
            "worm",
            "bot",
            "rat",
            "other",
        ]),
    ),
    optional(
        "file_hashes",
        Object(
            &[
                optional("md5", Hex(32)),
                optional("sha1", Hex(40)),
                optional("sha256", Hex(64)),
                optional("ssdeep", Text(ANY_LENGTH)),
            ],
            OPEN,
        ),
    ),
    optional(
        "file_metadata",
        Object(
            &[
                optional("filename", Text(ANY_LENGTH)),
                optional("file_size", Integer(0, i64::MAX)),
                optional("file_type", Text(ANY_LENGTH)),
                optional("mime_type", Text(ANY_LENGTH)),
            ],
            OPEN,
        ),
    ),
    optional(
        "distribution_method",
        OneOf(&[
            "direct_download",
            "drive_by_download",
            "email_attachment",
            "malvertising",
            "exploit_kit",
            "watering_hole",
            "supply_chain",
            "social_engineering",
            "other",
        ]),
    ),
    optional(
        "c2_servers",
        List {
            of: &Object(
                &[
                    optional("address", Text(ANY_LENGTH)),
                    optional("port", Integer(1, 65535)),
                    optional("protocol", OneOf(&["http", "https", "tcp", "udp", "dns", "other"])),
                ],
                OPEN,
            ),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional(
        "sandbox_analysis",
        Object(
            &[
                optional("sandbox_name", Text(ANY_LENGTH)),
                optional("analysis_url", Uri),
                optional("verdict", OneOf(&["malicious", "suspicious", "clean", "unknown"])),
                optional("score", Number(0.0, 100.0)),
            ],
            OPEN,
        ),
    ),
    optional("exploit_cve", List { of: &Cve(4), min: 0, max: ANY_LENGTH, unique: false }),
    optional(
        "persistence_mechanism",
        List {
            of: &OneOf(&[
                "registry",
                "scheduled_task",
                "service",
                "startup_folder",
                "dll_hijacking",
                "wmi",
                "other",
            ]),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional(
        "targeted_platforms",
        List {
            of: &OneOf(&["windows", "linux", "macos", "android", "ios", "multi_platform"]),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
];

pub static REMOTE_COMPROMISE: &[Member] = &[
    required(
        "compromise_type",
        OneOf(&[
            "webshell",
            "backdoor",
            "defacement",
            "malicious_redirect",
            "seo_spam",
            "cryptominer",
            "phishing_kit",
            "malware_host",
            "c2_server",
            "proxy",
            "scanner",
            "other",
        ]),
    ),
    optional(
        "compromise_indicators",
        List {
            of: &Object(
                &[
                    required(
                        "type",
                        OneOf(&[
                            "file_path",
                            "process",
                            "network_connection",
                            "user_account",
                            "scheduled_task",
                            "registry_key",
                            "service",
                        ]),
                    ),
                    required("value", Text(ANY_LENGTH)),
                    optional("description", Text(ANY_LENGTH)),
                ],
                OPEN,
            ),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional(
        "webshell_details",
        Object(
            &[
                optional("family", Text(ANY_LENGTH)),
                optional(
                    "capabilities",
                    List {
                        of: &OneOf(&[
                            "file_manager",
                            "command_execution",
                            "database_access",
                            "network_scanning",
                            "privilege_escalation",
                            "persistence",
                            "other",
                        ]),
                        min: 0,
                        max: ANY_LENGTH,
                        unique: false,
                    },
                ),
                optional("password_protected", Bool),
            ],
            OPEN,
        ),
    ),
    optional(
        "affected_cms",
        OneOf(&[
            "wordpress",
            "joomla",
            "drupal",
            "magento",
            "prestashop",
            "opencart",
            "custom",
            "unknown",
            "other",
        ]),
    ),
    optional(
        "vulnerability_exploited",
        Object(
            &[
                optional("cve", Cve(4)),
                optional("description", Text(ANY_LENGTH)),
                optional("component", Text(ANY_LENGTH)),
            ],
            OPEN,
        ),
    ),
    optional(
        "persistence_mechanisms",
        List {
            of: &OneOf(&[
                "cron_job",
                "modified_core_files",
                "hidden_admin_account",
                "autoload_backdoor",
                "htaccess_modification",
                "database_backdoor",
                "other",
            ]),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional(
        "malicious_activities",
        List {
            of: &OneOf(&[
                "spam_sending",
                "ddos_attacks",
                "cryptocurrency_mining",
                "data_exfiltration",
                "lateral_movement",
                "hosting_malware",
                "hosting_phishing",
                "scanning",
                "other",
            ]),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    optional(
        "cleanup_status",
        OneOf(&["not_cleaned", "partially_cleaned", "cleaned", "reinfected", "unknown"]),
    ),
];
