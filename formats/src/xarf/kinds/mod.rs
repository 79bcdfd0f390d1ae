//! The 32 types of XARF 4.2.0, in 7 categories: which members each has, and which it must have.
//!
//! `content/base` holds what all nine content types share; the members common to all reports are
//! in `xarf::core`.

pub mod connection;
pub mod content;
pub mod copyright;
pub mod infrastructure;
pub mod messaging;
pub mod reputation;
pub mod vulnerability;

use entremise_core::notice::Class;

use crate::xarf::rule::Member;

/// One type of report: where it belongs and what it may and must say.
pub struct Kind {
    pub class: Class,
    /// The type's word within its category.
    pub name: &'static str,
    /// Two lists, because a content type adds to what all content types share.
    pub members: [&'static [Member]; 2],
}

/// The type that a report's category and type name, or None where XARF 4.2.0 has no such pair.
pub fn find(category: &str, name: &str) -> Option<&'static Kind> {
    let class = class(category)?;
    KINDS.iter().find(|kind| kind.class == class && kind.name == name)
}

/// The class of notice a category stands for.
pub fn class(category: &str) -> Option<Class> {
    Some(match category {
        "copyright" => Class::Copyright,
        "connection" => Class::Connection,
        "content" => Class::Content,
        "infrastructure" => Class::Infrastructure,
        "messaging" => Class::Messaging,
        "reputation" => Class::Reputation,
        "vulnerability" => Class::Vulnerability,
        _ => return None,
    })
}

const fn kind(class: Class, name: &'static str, members: &'static [Member]) -> Kind {
    Kind { class, name, members: [members, &[]] }
}

const fn about_content(name: &'static str, members: &'static [Member]) -> Kind {
    Kind { class: Class::Content, name, members: [content::base::BASE, members] }
}

/// Copyright first: nearly every report that arrives is one.
static KINDS: [Kind; 32] = [
    kind(Class::Copyright, "p2p", copyright::P2P),
    kind(Class::Copyright, "copyright", copyright::COPYRIGHT),
    kind(Class::Copyright, "cyberlocker", copyright::CYBERLOCKER),
    kind(Class::Copyright, "link_site", copyright::LINK_SITE),
    kind(Class::Copyright, "ugc_platform", copyright::UGC_PLATFORM),
    kind(Class::Copyright, "usenet", copyright::USENET),
    kind(Class::Connection, "ddos", connection::DDOS),
    kind(Class::Connection, "infected_host", connection::INFECTED_HOST),
    kind(Class::Connection, "login_attack", connection::LOGIN_ATTACK),
    kind(Class::Connection, "port_scan", connection::PORT_SCAN),
    kind(Class::Connection, "reconnaissance", connection::RECONNAISSANCE),
    kind(Class::Connection, "scraping", connection::SCRAPING),
    kind(Class::Connection, "sql_injection", connection::SQL_INJECTION),
    kind(Class::Connection, "vulnerability_scan", connection::VULNERABILITY_SCAN),
    about_content("brand_infringement", content::deception::BRAND_INFRINGEMENT),
    about_content("fraud", content::deception::FRAUD),
    about_content("phishing", content::deception::PHISHING),
    about_content("suspicious_registration", content::deception::SUSPICIOUS_REGISTRATION),
    about_content("csam", content::exploitation::CSAM),
    about_content("csem", content::exploitation::CSEM),
    about_content("exposed_data", content::intrusion::EXPOSED_DATA),
    about_content("malware", content::intrusion::MALWARE),
    about_content("remote_compromise", content::intrusion::REMOTE_COMPROMISE),
    kind(Class::Infrastructure, "botnet", infrastructure::BOTNET),
    kind(Class::Infrastructure, "compromised_server", infrastructure::COMPROMISED_SERVER),
    kind(Class::Messaging, "bulk_messaging", messaging::BULK_MESSAGING),
    kind(Class::Messaging, "spam", messaging::SPAM),
    kind(Class::Reputation, "blocklist", reputation::BLOCKLIST),
    kind(Class::Reputation, "threat_intelligence", reputation::THREAT_INTELLIGENCE),
    kind(Class::Vulnerability, "cve", vulnerability::CVE),
    kind(Class::Vulnerability, "misconfiguration", vulnerability::MISCONFIGURATION),
    kind(Class::Vulnerability, "open_service", vulnerability::OPEN_SERVICE),
];
