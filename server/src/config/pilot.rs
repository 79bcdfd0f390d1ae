//! A pilot of an authority: what the operator sets, and its room, which is that of the authority
//! with the ways out walled up. Beside it, who may ask the register of suspended persons.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::id::PersonId;
use serde::{Deserialize, Serialize};

use super::{Answers, Authority, Pages, Post};

/// A pilot of an authority. Whether it runs is an act of two persons, not a setting.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pilot {
    /// The pilot's own pages: its cases are seen here and nowhere else.
    pub pages: Pages,
    /// Days after which a letter against signature is taken for presented.
    #[serde(default = "presented_after_days")]
    pub presented_after_days: u16,
    /// Who may begin and end it; it takes two.
    #[serde(rename = "signatory")]
    pub signatories: Vec<Signatory>,
    /// What things cost, with sources, for the report (docs/pilot.md).
    #[serde(default)]
    pub costs: Option<PathBuf>,
}

fn presented_after_days() -> u16 {
    3
}

/// A person whose signature counts, by a key that never lies on this machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signatory {
    pub id: PersonId,
    /// Ed25519, 32 bytes, base64url.
    pub public_key: String,
}

/// Who may ask the register how often (docs/register.md).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Its address as providers see it: what they sign their questions for.
    pub url: String,
    /// Of one provider on one day.
    #[serde(default = "questions_per_day")]
    pub questions_per_day_max: u32,
    /// Of one provider, averaged over ten seconds.
    #[serde(default = "questions_per_second")]
    pub questions_per_second_max: u32,
}

fn questions_per_day() -> u32 {
    10_000
}

fn questions_per_second() -> u32 {
    5
}

/// What is wrong with an authority's name or its pilot.
pub(super) fn check(authority: &Authority) -> Result<(), &'static str> {
    if authority.id.is_pilot() {
        return Err("a name that ends in -pilot is kept for the pilot of another authority");
    }
    let Some(pilot) = &authority.pilot else { return Ok(()) };
    if authority.id.pilot().is_none() {
        return Err("its pilot needs a name of 58 characters at most");
    }
    let mut persons: Vec<_> = pilot.signatories.iter().map(|one| &one.id).collect();
    let mut keys: Vec<_> = pilot.signatories.iter().map(|one| &one.public_key).collect();
    let count = persons.len();
    persons.sort_unstable();
    persons.dedup();
    keys.sort_unstable();
    keys.dedup();
    if count < 2 || persons.len() != count || keys.len() != count {
        return Err("a pilot has two signatories at least, each with a key of their own");
    }
    let whole = |key: &&String| URL_SAFE_NO_PAD.decode(key).is_ok_and(|bytes| bytes.len() == 32);
    if !keys.iter().all(whole) {
        return Err("a signatory has a key that is not 32 bytes of base64url");
    }
    Ok(())
}

impl Authority {
    /// The room of this authority's pilot, where it has one: the same parties under a name of its
    /// own, no way in (what comes in comes to the authority), and no way out but the question who
    /// held an address.
    pub fn piloted(&self, data: &Path) -> Option<Self> {
        let pilot = self.pilot.as_ref()?;
        let mut room = self.clone();
        room.id = self.id.pilot()?;
        room.pages = pilot.pages.clone();
        room.ledger_origin = format!("{}/pilot", self.ledger_origin);
        for name in room.name.values_mut() {
            name.push_str(" (pilote)");
        }
        room.reviewers.clear();
        room.prosecutor = None;
        room.register = None;
        room.mail.bounces = None;
        room.mail.notices = None;
        // The form of a room asks for a carrier; no effect of a pilot reaches it, and nobody
        // collects from this folder.
        room.post = Post::Folder { folder: data.join("pilot").join(room.id.as_str()) };
        for sender in &mut room.senders {
            sender.folder = None;
            sender.mail_from.clear();
            sender.token_sha256 = None;
        }
        for provider in &mut room.providers {
            if let Answers::File { folder } = &mut provider.answers {
                folder.push("pilot");
            }
            // TCP port 0 leads nowhere.
            provider.relay.port = 0;
        }
        Some(room)
    }
}
