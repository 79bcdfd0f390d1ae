//! An order on a measure as a text for people who carry it out by hand, and their answer on the
//! same text. The form on the provider's page makes this text too: whichever way an answer comes,
//! these are the bytes that are kept as its proof.
//!
//! Lines of `name: value`; what begins with `#` is for the reader, and below the order stands the
//! signature of the authority (C2SP signed-note, with the key of its ledger). Knows no store and no
//! page.

use std::collections::{BTreeMap, BTreeSet};

use entremise_core::event::Line;
use entremise_core::id::{AuthorityId, Digest, OrderId, RegimeId};
use entremise_core::procedure::measure::{Declined, Demand, HowEnded, Reported};
use entremise_core::regime::rules::{Pronouncer, Spared};
use entremise_ledger::{KeyError, LogKey};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

const TITLE: &str = "entremise order v1";
/// Longer is no answer of ours. Unit: bytes.
pub const BYTES_MAX: usize = 16 * 1024;

/// The newest version of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub authority: AuthorityId,
    pub regime: RegimeId,
    pub order: OrderId,
    pub version: u32,
    pub line: Line,
    pub demand: Demand,
    pub decided_by: Pronouncer,
    pub decision: Digest,
}

/// What the provider's people say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// They will carry it out.
    Accepted {
        at: Timestamp,
    },
    InForce {
        at: Timestamp,
        ends_by_itself: bool,
        spared: BTreeSet<Spared>,
    },
    Declined {
        reason: Declined,
    },
    /// Over, or never begun and not to begin any more.
    Ended {
        started: Option<Timestamp>,
        at: Timestamp,
    },
}

/// Why a text is no answer to this order. Line numbers count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    #[error("line {line}: expected `name: value`")]
    NoValue { line: usize },
    #[error("line {line}: {name} stands there twice")]
    Twice { line: usize, name: String },
    #[error("{name} was changed, or is of another version of the order")]
    Changed { name: &'static str },
    #[error("{name} is absent or cannot be read")]
    Unreadable { name: &'static str },
    #[error("{name} lies in the future")]
    Future { name: &'static str },
}

/// Why a provider's people may decline, by the words of the file.
pub const REASONS: [Declined; 5] = [
    Declined::LineCeased,
    Declined::LineOfNecessity,
    Declined::SparingImpossible,
    Declined::DecisionDoubtful,
    Declined::HandleUnknown,
];

/// The order, signed with the authority's key, and the forms of an answer for the reader.
///
/// # Errors
/// Where a name in the order has a control character in it.
pub fn write(order: &Order, key: &LogKey) -> Result<String, KeyError> {
    let reasons = REASONS.map(|reason| word(&reason)).join(" | ");
    let signed = key.sign_text(&head(order))?;
    Ok(format!(
        "{signed}\n\
         # Vérifiez la signature avant d’exécuter. Check the signature before you act:\n\
         # entremise-audit text FILE --key VKEY\n\
         #\n\
         # Répondez en ajoutant, sous ces lignes et sans les changer, l’une des formes suivantes.\n\
         # Answer by adding one of these forms below these lines, which stay as they are.\n\
         #\n\
         # answer: accepted\n\
         # at: 2026-03-01T09:00:00+01:00\n\
         #\n\
         # answer: in_force\n\
         # at: 2026-03-16T00:00:00+01:00\n\
         # ends_by_itself: yes\n\
         # spared: telephony television\n\
         #\n\
         # answer: declined\n\
         # reason: {reasons}\n\
         #\n\
         # answer: ended\n\
         # started: 2026-03-16T00:00:00+01:00\n\
         # at: 2026-03-31T00:00:00+02:00\n"
    ))
}

/// The answer as a completed file would have it.
pub fn answered(order: &Order, said: &Word) -> String {
    let answer = match said {
        Word::Accepted { at } => format!("answer: accepted\nat: {at}\n"),
        Word::InForce { at, ends_by_itself, spared } => format!(
            "answer: in_force\nat: {at}\nends_by_itself: {}\nspared: {}\n",
            if *ends_by_itself { "yes" } else { "no" },
            words(spared)
        ),
        Word::Declined { reason } => format!("answer: declined\nreason: {}\n", word(reason)),
        Word::Ended { started, at } => {
            let started = started.map(|at| format!("started: {at}\n")).unwrap_or_default();
            format!("answer: ended\n{started}at: {at}\n")
        }
    };
    format!("{}\n{answer}", head(order))
}

/// Reads a completed text.
///
/// # Errors
/// [`NoAnswer`], with the place.
pub fn read(text: &str, order: &Order, now: Timestamp) -> Result<Word, NoAnswer> {
    let given = lines(text)?;
    for (name, value) in fields(order) {
        if given.get(name).map(String::as_str) != Some(value.as_str()) {
            return Err(NoAnswer::Changed { name });
        }
    }
    let value = |name: &'static str| {
        given.get(name).map(String::as_str).ok_or(NoAnswer::Unreadable { name })
    };
    let instant = |name: &'static str| {
        let at: Timestamp = value(name)?.parse().map_err(|_| NoAnswer::Unreadable { name })?;
        if now < at { Err(NoAnswer::Future { name }) } else { Ok(at) }
    };
    Ok(match value("answer")? {
        "accepted" => Word::Accepted { at: instant("at")? },
        "in_force" => Word::InForce {
            at: instant("at")?,
            ends_by_itself: match value("ends_by_itself")? {
                "yes" => true,
                "no" => false,
                _ => return Err(NoAnswer::Unreadable { name: "ends_by_itself" }),
            },
            spared: value("spared")?
                .split_ascii_whitespace()
                .map(|name| read_word(name).ok_or(NoAnswer::Unreadable { name: "spared" }))
                .collect::<Result<_, _>>()?,
        },
        "declined" => {
            let reason = read_word(value("reason")?);
            let reason = reason.filter(|reason| REASONS.contains(reason));
            Word::Declined { reason: reason.ok_or(NoAnswer::Unreadable { name: "reason" })? }
        }
        "ended" => {
            let started = given.contains_key("started").then(|| instant("started")).transpose()?;
            Word::Ended { started, at: instant("at")? }
        }
        _ => return Err(NoAnswer::Unreadable { name: "answer" }),
    })
}

impl Word {
    /// As the case hears it. What ends by itself ends with the window that was ordered.
    pub fn reported(&self, order: &Order) -> Reported {
        let window = match &order.demand {
            Demand::Carry { window, .. } => Some(*window),
            Demand::Lift => None,
        };
        match self {
            Self::Accepted { at } => Reported::Approved { at: *at },
            Self::InForce { at, ends_by_itself, spared } => Reported::Implemented {
                at: *at,
                until: window.filter(|_| *ends_by_itself).map(|window| window.ends_at),
                spared: spared.clone(),
            },
            Self::Declined { reason } => Reported::Declined { reason: *reason },
            Self::Ended { started, at } => {
                let how = match (started, window) {
                    (None, _) => HowEnded::NeverBegun,
                    (Some(_), None) => HowEnded::Lifted,
                    (Some(_), Some(window)) if window.ends_at <= *at => HowEnded::Expired,
                    (Some(_), Some(_)) => HowEnded::Stopped,
                };
                Reported::Ended { started: *started, at: *at, how }
            }
        }
    }
}

/// What must come back as it went out.
fn fields(order: &Order) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("authority", order.authority.to_string()),
        ("regime", order.regime.to_string()),
        ("order", order.order.to_string()),
        ("version", order.version.to_string()),
        ("handle", order.line.handle.as_str().to_owned()),
    ];
    match &order.demand {
        Demand::Carry { window, spares } => fields.extend([
            ("do", "carry".to_owned()),
            ("starts_at", window.starts_at.to_string()),
            ("ends_at", window.ends_at.to_string()),
            ("spares", words(spares)),
        ]),
        Demand::Lift => fields.push(("do", "lift".to_owned())),
    }
    fields.push(("decided_by", order.decided_by.name().to_owned()));
    fields.push(("decision", order.decision.to_string()));
    fields
}

fn head(order: &Order) -> String {
    let lines = fields(order).into_iter().map(|(name, value)| format!("{name}: {value}\n"));
    format!("# {TITLE}\n{}", lines.collect::<String>())
}

fn lines(text: &str) -> Result<BTreeMap<String, String>, NoAnswer> {
    let mut given = BTreeMap::new();
    for (place, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches('\u{feff}');
        // The signature is the authority's, and no part of an answer.
        if line.is_empty() || line.starts_with(['#', '—']) {
            continue;
        }
        let number = place + 1;
        let (name, value) = line.split_once(':').ok_or(NoAnswer::NoValue { line: number })?;
        let name = name.trim().to_owned();
        if given.insert(name.clone(), value.trim().to_owned()).is_some() {
            return Err(NoAnswer::Twice { line: number, name });
        }
    }
    Ok(given)
}

fn words(spared: &BTreeSet<Spared>) -> String {
    spared.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// By which an answer is proven later to be the one that was given.
pub fn sha256(bytes: &[u8]) -> Digest {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    hex::encode(digest).parse().expect("64 digits of hexadecimal are a digest")
}

/// A value's wire name.
pub fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The value of a wire name.
pub fn read_word<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}
