//! Machines used for attacks: the members that XARF 4.2.0 gives to each type of `infrastructure`.
//!
//! Names, bounds and word lists follow the published schemas (xarf/xarf-spec, `schemas/v4/types`).
//! Data only: the engine is in `rule`, what becomes of the values in `notice`.

use crate::xarf::rule::Rule::*;
use crate::xarf::rule::*;

pub static BOTNET: &[Member] = &[
    optional("malware_family", Text(200)),
    optional("c2_server", Text(ANY_LENGTH)),
    optional("c2_protocol", OneOf(&["http", "https", "tcp", "udp", "dns", "irc", "p2p", "custom"])),
    optional(
        "bot_capabilities",
        List {
            of: &OneOf(&[
                "ddos",
                "spam",
                "proxy",
                "keylogger",
                "file_download",
                "remote_shell",
                "cryptocurrency_mining",
                "data_theft",
            ]),
            min: 0,
            max: ANY_LENGTH,
            unique: false,
        },
    ),
    required("compromise_evidence", Text(ANY_LENGTH)),
];

pub static COMPROMISED_SERVER: &[Member] = &[required("compromise_method", Text(ANY_LENGTH))];
