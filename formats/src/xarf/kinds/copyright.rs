//! Infringements of copyright: the members that XARF 4.2.0 gives to each type of `copyright`.
//!
//! Names, bounds and word lists follow the published schemas (xarf/xarf-spec, `schemas/v4/types`).
//! Data only: the engine is in `rule`, what becomes of the values in `notice`.

use crate::xarf::rule::Rule::*;
use crate::xarf::rule::*;

pub static COPYRIGHT: &[Member] = &[
    required("infringing_url", Uri),
    optional("work_title", Text(500)),
    optional("rights_holder", Text(200)),
    optional("original_url", Uri),
    optional(
        "infringement_type",
        OneOf(&["direct_copy", "modified_copy", "streaming", "download", "distribution"]),
    ),
];

pub static CYBERLOCKER: &[Member] = &[
    optional(
        "evidence_source",
        OneOf(&[
            "automated_crawl",
            "manual_discovery",
            "user_report",
            "rights_holder",
            "search_engine",
        ]),
    ),
    required("infringing_url", Uri),
    required("hosting_service", Text(200)),
    optional(
        "file_info",
        Object(
            &[
                optional("filename", Text(500)),
                optional("file_size", Integer(0, i64::MAX)),
                optional("file_hash", Digest),
                optional("upload_date", DateTime),
                optional("download_count", Integer(0, i64::MAX)),
            ],
            CLOSED,
        ),
    ),
    optional(
        "uploader_info",
        Object(
            &[
                optional("username", Text(200)),
                optional("user_id", Text(100)),
                optional("account_type", OneOf(&["free", "premium", "business", "unknown"])),
            ],
            CLOSED,
        ),
    ),
    optional("work_title", Text(500)),
    optional("rights_holder", Text(200)),
    optional(
        "work_category",
        OneOf(&[
            "movie",
            "tv_show",
            "music",
            "software",
            "ebook",
            "audiobook",
            "game",
            "document",
            "other",
        ]),
    ),
    optional(
        "access_method",
        OneOf(&[
            "direct_link",
            "password_protected",
            "premium_only",
            "time_limited",
            "captcha_protected",
        ]),
    ),
    optional(
        "takedown_info",
        Object(
            &[
                optional("previous_requests", Integer(0, i64::MAX)),
                optional("service_response_time", Text(ANY_LENGTH)),
                optional("automated_removal", Bool),
            ],
            CLOSED,
        ),
    ),
];

pub static LINK_SITE: &[Member] = &[
    optional(
        "evidence_source",
        OneOf(&[
            "automated_crawl",
            "manual_monitoring",
            "user_report",
            "rights_holder",
            "search_monitoring",
        ]),
    ),
    required("infringing_url", Uri),
    required("site_name", Text(200)),
    optional(
        "site_category",
        OneOf(&[
            "torrent_index",
            "direct_download_links",
            "streaming_links",
            "usenet_index",
            "search_engine",
            "forum_links",
            "other",
        ]),
    ),
    optional(
        "link_info",
        Object(
            &[
                optional("page_title", Text(500)),
                optional("posting_date", DateTime),
                optional("uploader", Text(200)),
                optional("download_count", Integer(0, i64::MAX)),
                optional("link_count", Integer(1, i64::MAX)),
                optional("comments_count", Integer(0, i64::MAX)),
            ],
            CLOSED,
        ),
    ),
    optional(
        "linked_content",
        List {
            of: &Object(
                &[
                    required("target_url", Uri),
                    required(
                        "link_type",
                        OneOf(&[
                            "torrent_file",
                            "magnet_link",
                            "direct_download",
                            "streaming_link",
                            "usenet_nzb",
                            "other",
                        ]),
                    ),
                    optional("hosting_service", Text(200)),
                    optional("file_size", Integer(0, i64::MAX)),
                ],
                CLOSED,
            ),
            min: 0,
            max: 50,
            unique: false,
        },
    ),
    optional("work_title", Text(500)),
    optional("rights_holder", Text(200)),
    optional(
        "work_category",
        OneOf(&[
            "movie",
            "tv_show",
            "music",
            "software",
            "ebook",
            "audiobook",
            "game",
            "adult_content",
            "other",
        ]),
    ),
    optional("search_terms", List { of: &Text(200), min: 0, max: 10, unique: false }),
    optional(
        "site_ranking",
        Object(
            &[
                optional("alexa_rank", Integer(1, i64::MAX)),
                optional("popularity_score", Number(0.0, 10.0)),
            ],
            CLOSED,
        ),
    ),
];

pub static P2P: &[Member] = &[
    optional(
        "evidence_source",
        OneOf(&[
            "automated_crawl",
            "manual_monitoring",
            "user_report",
            "rights_holder",
            "watermark_detection",
        ]),
    ),
    required("p2p_protocol", OneOf(&["bittorrent", "edonkey", "gnutella", "kademlia", "other"])),
    optional(
        "swarm_info",
        Object(
            &[
                optional("info_hash", Hex(40)),
                optional("magnet_uri", Magnet),
                optional("torrent_name", Text(500)),
                optional("file_count", Integer(1, i64::MAX)),
                optional("total_size", Integer(0, i64::MAX)),
            ],
            CLOSED,
        ),
    ),
    optional(
        "peer_info",
        Object(
            &[
                optional("peer_id", Text(100)),
                optional("client_version", Text(100)),
                optional("upload_amount", Integer(0, i64::MAX)),
                optional("download_amount", Integer(0, i64::MAX)),
            ],
            CLOSED,
        ),
    ),
    optional("work_title", Text(500)),
    optional("rights_holder", Text(200)),
    optional(
        "work_category",
        OneOf(&["movie", "tv_show", "music", "software", "ebook", "audiobook", "game", "other"]),
    ),
    optional("release_date", Date),
    optional(
        "detection_method",
        OneOf(&["automated_crawl", "fingerprinting", "metadata_match", "manual_verification"]),
    ),
];

pub static UGC_PLATFORM: &[Member] = &[
    optional(
        "evidence_source",
        OneOf(&[
            "automated_detection",
            "user_report",
            "rights_holder",
            "content_id_match",
            "fingerprint_match",
            "manual_review",
        ]),
    ),
    required("infringing_url", Uri),
    required("platform_name", Text(200)),
    optional(
        "content_info",
        Object(
            &[
                optional("content_id", Text(200)),
                optional("content_title", Text(500)),
                optional("content_description", Text(2000)),
                optional("upload_date", DateTime),
                optional("content_duration", Integer(0, i64::MAX)),
                optional("view_count", Integer(0, i64::MAX)),
                optional("like_count", Integer(0, i64::MAX)),
            ],
            CLOSED,
        ),
    ),
    optional(
        "uploader_info",
        Object(
            &[
                optional("username", Text(200)),
                optional("user_id", Text(100)),
                optional("account_verified", Bool),
                optional("subscriber_count", Integer(0, i64::MAX)),
                optional("account_creation_date", DateTime),
            ],
            CLOSED,
        ),
    ),
    optional("work_title", Text(500)),
    optional("rights_holder", Text(200)),
    optional(
        "work_category",
        OneOf(&[
            "movie",
            "tv_show",
            "music",
            "music_video",
            "audiobook",
            "podcast",
            "live_performance",
            "sports_event",
            "documentary",
            "other",
        ]),
    ),
    optional(
        "infringement_type",
        OneOf(&[
            "full_work",
            "substantial_portion",
            "compilation",
            "remix_unauthorized",
            "background_music",
            "clip_mashup",
        ]),
    ),
    optional(
        "match_details",
        Object(
            &[
                optional("match_confidence", Number(0.0, 1.0)),
                optional("match_duration", Integer(0, i64::MAX)),
                optional("match_percentage", Number(0.0, 100.0)),
                optional("reference_id", Text(200)),
            ],
            CLOSED,
        ),
    ),
    optional(
        "monetization_info",
        Object(
            &[
                optional("monetized", Bool),
                optional("ad_revenue", Bool),
                optional("premium_content", Bool),
            ],
            CLOSED,
        ),
    ),
];

pub static USENET: &[Member] = &[
    optional(
        "evidence_source",
        OneOf(&[
            "automated_monitoring",
            "newsgroup_crawl",
            "user_report",
            "rights_holder",
            "nzb_index_monitoring",
        ]),
    ),
    required("newsgroup", Text(200)),
    optional(
        "message_info",
        Object(
            &[
                optional("message_id", Text(500)),
                optional("subject", Text(500)),
                optional("from_header", Text(200)),
                optional("posting_date", DateTime),
                optional("part_number", Integer(1, i64::MAX)),
                optional("total_parts", Integer(1, i64::MAX)),
                optional("file_size", Integer(0, i64::MAX)),
            ],
            CLOSED,
        ),
    ),
    optional(
        "nzb_info",
        Object(
            &[
                optional("nzb_name", Text(500)),
                optional("nzb_url", Uri),
                optional("indexer_site", Text(200)),
                optional("completion_percentage", Number(0.0, 100.0)),
            ],
            CLOSED,
        ),
    ),
    optional(
        "server_info",
        Object(
            &[
                optional("nntp_server", Text(200)),
                optional("server_group", Text(200)),
                optional("retention_days", Integer(1, i64::MAX)),
            ],
            CLOSED,
        ),
    ),
    optional("work_title", Text(500)),
    optional("rights_holder", Text(200)),
    optional(
        "work_category",
        OneOf(&[
            "movie",
            "tv_show",
            "music",
            "software",
            "ebook",
            "audiobook",
            "magazine",
            "game",
            "adult_content",
            "other",
        ]),
    ),
    optional(
        "encoding_info",
        Object(
            &[
                optional("encoding_format", OneOf(&["yenc", "uuencode", "base64", "other"])),
                optional("par2_recovery", Bool),
                optional("rar_compression", Bool),
            ],
            CLOSED,
        ),
    ),
    optional(
        "detection_method",
        OneOf(&["subject_line_match", "header_analysis", "content_sampling", "nzb_metadata"]),
    ),
];
