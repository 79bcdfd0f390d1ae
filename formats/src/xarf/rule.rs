//! What a member of a report must look like, and the engine that checks it.
//!
//! The verdicts are those of the published JSON Schemas (draft 2020-12, formats asserted); the
//! schemas' facts are in `core` and `kinds`. Knows nothing of notices.

use entremise_core::rejection::{Code, Rejection};
use uuid::Uuid;

use crate::digests::is_hexadecimal;
use crate::instant;
use crate::json::{Json, Members, mark};
use crate::reading::Complaints;

/// One member of an object.
pub struct Member {
    pub name: &'static str,
    /// The name's mark, see [`mark`].
    mark: u64,
    pub required: bool,
    pub rule: Rule,
}

/// What a value must be. Lengths are in characters, both bounds are admitted values.
pub enum Rule {
    Anything,
    Bool,
    Integer(i64, i64),
    Number(f64, f64),
    /// Text of at most so many characters.
    Text(usize),
    OneOf(&'static [&'static str]),
    DateTime,
    Date,
    Uri,
    Email,
    Hostname,
    Uuid,
    Ip,
    Ipv4,
    Ipv6,
    /// So many hexadecimal digits.
    Hex(usize),
    /// So many capital letters.
    Capitals(usize),
    /// `CVE-2026-1234`, with at least so many digits at the end.
    Cve(usize),
    Cvss3,
    /// A host name in lower case with at least two labels.
    Domain,
    /// `sha256:…` and its like.
    Digest,
    Magnet,
    /// `fr` or `fr-FR`.
    Language,
    /// `4.2.0`.
    Version,
    /// `namespace:predicate`.
    Tag,
    List {
        of: &'static Rule,
        min: usize,
        max: usize,
        unique: bool,
    },
    /// An object with these members, and others where it is [`OPEN`].
    Object(&'static [Member], bool),
}

/// No bound on a text's or list's length but the house's own.
pub const ANY_LENGTH: usize = usize::MAX;
pub const OPEN: bool = true;
pub const CLOSED: bool = false;

pub const fn required(name: &'static str, rule: Rule) -> Member {
    Member { name, mark: mark(name), required: true, rule }
}

pub const fn optional(name: &'static str, rule: Rule) -> Member {
    Member { name, mark: mark(name), required: false, rule }
}

/// Checks the members of an object, at the JSON pointer `at`.
pub(crate) fn check_members(json: &Json, members: &[Member], at: &str, found: &mut Complaints) {
    match json {
        Json::Object(given) => check_all(given, members, &|| at.to_owned(), found),
        // What is no object has no members.
        _ => check_all(&Members::default(), members, &|| at.to_owned(), found),
    }
}

fn check_all(given: &Members, members: &[Member], at: &dyn Fn() -> String, found: &mut Complaints) {
    for member in members {
        match given.get_marked(member.name, member.mark) {
            Some(value) => {
                let at = || format!("{}/{}", at(), member.name);
                check(value, &member.rule, &at, found);
            }
            None if member.required => missing(&at(), member.name, found),
            None => {}
        }
    }
}

/// Notes that a member must be there.
pub(crate) fn missing(at: &str, name: &str, found: &mut Complaints) {
    found.add(Code::FieldMissing, format!("{at}/{name}"), "this member must be given");
}

/// Checks one value. The pointer is only made when there is something to say.
fn check(json: &Json, rule: &Rule, at: &dyn Fn() -> String, found: &mut Complaints) {
    match (rule, json) {
        (Rule::Object(members, open), Json::Object(given)) => {
            check_all(given, members, at, found);
            let known = |name: &str| members.iter().any(|member| member.name == name);
            if !open && given.iter().any(|(name, _)| !known(name)) {
                found.add(Code::SchemaInvalid, at(), "this object holds a member it may not hold");
            }
        }
        (Rule::List { of, min, max, unique }, Json::List(values)) => {
            if values.len() < *min || values.len() > *max {
                found.add(Code::SchemaInvalid, at(), "this list is too short or too long");
            }
            if *unique
                && values.iter().enumerate().any(|(index, value)| values[..index].contains(value))
            {
                found.add(Code::SchemaInvalid, at(), "this list holds a value twice");
            }
            for (index, value) in values.iter().enumerate() {
                check(value, of, &|| format!("{}/{index}", at()), found);
            }
        }
        _ => {
            if let Err((code, how)) = check_plain(json, rule) {
                found.push(Rejection::new(code, at(), how));
            }
        }
    }
}

type Fault = (Code, &'static str);

fn check_plain(json: &Json, rule: &Rule) -> Result<(), Fault> {
    match (rule, json) {
        (Rule::Anything, _) | (Rule::Bool, Json::Bool(_)) => Ok(()),
        (Rule::Bool, _) => Err((Code::FieldInvalid, "write true or false")),
        (Rule::Integer(min, max), _) => match json.integer() {
            Some(number) if (i128::from(*min)..=i128::from(*max)).contains(&number) => Ok(()),
            Some(_) if *max == 65_535 => {
                Err((Code::PortOutOfRange, "a port is between 1 and 65535"))
            }
            Some(_) => Err((Code::FieldInvalid, "the number is out of its bounds")),
            None => Err((Code::FieldInvalid, "write a whole number")),
        },
        (Rule::Number(min, max), Json::Number(number)) => match number.as_f64() {
            Some(number) if (*min..=*max).contains(&number) => Ok(()),
            _ => Err((Code::FieldInvalid, "the number is out of its bounds")),
        },
        (Rule::Number(..), _) => Err((Code::FieldInvalid, "write a number")),
        (Rule::List { .. }, _) => Err((Code::SchemaInvalid, "write a list")),
        (Rule::Object(..), _) => Err((Code::SchemaInvalid, "write an object")),
        (_, Json::Text(text)) => check_text(text, rule),
        _ => Err((Code::FieldInvalid, "write a text")),
    }
}

fn check_text(text: &str, rule: &Rule) -> Result<(), Fault> {
    let (fits, how) = match rule {
        Rule::Text(max) => {
            // Bytes first: no text has more characters than bytes.
            (text.len() <= *max || text.chars().count() <= *max, "the text is too long")
        }
        Rule::OneOf(words) => (words.contains(&text), "use one of the words XARF lists here"),
        Rule::DateTime => {
            return instant::parse(text, "").map(drop).map_err(|rejection| match rejection.code {
                Code::TimestampWithoutZone => (
                    Code::TimestampWithoutZone,
                    "say which zone is meant: end the instant with Z or an offset such as +01:00",
                ),
                code => (code, "write the instant as in RFC 3339: 2026-01-31T12:34:56Z"),
            });
        }
        Rule::Date => (is_date(text), "write the day as 2026-01-31"),
        Rule::Uri => (is_uri(text), "write an absolute URI"),
        Rule::Email => (is_email(text), "write a mail address"),
        Rule::Hostname => (is_hostname(text), "write a host name"),
        Rule::Uuid => (is_uuid(text), "write a UUID"),
        Rule::Ip => (text.parse::<std::net::IpAddr>().is_ok(), "write an IP address"),
        Rule::Ipv4 => (text.parse::<std::net::Ipv4Addr>().is_ok(), "write an IPv4 address"),
        Rule::Ipv6 => (text.parse::<std::net::Ipv6Addr>().is_ok(), "write an IPv6 address"),
        Rule::Hex(digits) => (
            text.len() == *digits && is_hexadecimal(text),
            "write the hash in hexadecimal, in its full length",
        ),
        Rule::Capitals(letters) => (
            text.len() == *letters && text.bytes().all(|byte| byte.is_ascii_uppercase()),
            "write the code in capital letters",
        ),
        Rule::Cve(digits) => (is_cve(text, *digits), "write the number as CVE-2026-1234"),
        Rule::Cvss3 => (
            text.starts_with("CVSS:3.0/") || text.starts_with("CVSS:3.1/"),
            "write a CVSS 3.0 or 3.1 vector",
        ),
        Rule::Domain => (is_domain(text), "write a domain name in lower case"),
        Rule::Digest => (is_digest(text), "write the digest as sha256:… in hexadecimal"),
        Rule::Magnet => (text.starts_with("magnet:?xt=urn:"), "write a magnet URI with xt=urn:"),
        Rule::Language => (is_language(text), "write the language as fr or fr-FR"),
        Rule::Version => (is_version(text), "write the version as 4.2.0"),
        Rule::Tag => (is_tag(text), "write the tag as namespace:predicate, in lower case"),
        _ => (false, "a text cannot stand here"),
    };
    if fits { Ok(()) } else { Err((Code::FieldInvalid, how)) }
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// RFC 3986: a scheme, a colon, and only characters a URI can hold.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
}

/// An RFC 5321 mailbox without quoting.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    (1..=64).contains(&local.len())
        && local.as_bytes().split(|byte| *byte == b'.').all(|atom| {
            !atom.is_empty()
                && atom.iter().all(|byte| {
                    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(byte)
                })
        })
        && is_hostname(domain)
}

/// RFC 1123.
fn is_hostname(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.as_bytes().split(|byte| *byte == b'.').all(|label| {
            (1..=63).contains(&label.len())
                && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
                && !label.starts_with(b"-")
                && !label.ends_with(b"-")
        })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

fn is_cve(text: &str, digits: usize) -> bool {
    let Some((year, number)) = text.strip_prefix("CVE-").and_then(|rest| rest.split_once('-'))
    else {
        return false;
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    year.len() == 4 && all_digits(year) && number.len() >= digits && all_digits(number)
}

fn is_domain(text: &str) -> bool {
    let Some((labels, last)) = text.rsplit_once('.') else {
        return false;
    };
    last.len() >= 2
        && last.bytes().all(|byte| byte.is_ascii_lowercase())
        && labels.split('.').all(|label| {
            label.split('-').all(|part| {
                !part.is_empty()
                    && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            })
        })
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, value)| {
        matches!(algorithm, "md5" | "sha1" | "sha256" | "sha512")
            && !value.is_empty()
            && is_hexadecimal(value)
    })
}

fn is_language(text: &str) -> bool {
    let (language, country) = match text.split_once('-') {
        Some((language, country)) => (language, Some(country)),
        None => (text, None),
    };
    language.len() == 2
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && country.is_none_or(|country| {
            country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase())
        })
}

fn is_version(text: &str) -> bool {
    text.strip_prefix("4.").and_then(|rest| rest.split_once('.')).is_some_and(|(minor, patch)| {
        let number =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        number(minor) && number(patch)
    })
}

fn is_tag(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && part.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_+-".contains(&byte)
            })
    };
    text.split_once(':').is_some_and(|(space, predicate)| part(space) && part(predicate))
}
