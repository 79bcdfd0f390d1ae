//! A compartment's key is replaced while the house runs: a new version wraps what comes, all that
//! is there is wrapped anew page by page, then the old version is destroyed. What was erased before
//! stays shut even to who has the old key and an old copy of the register.
//!
//! Each step is done again without harm: after a crash the same command goes on where it stopped.

use entremise_core::ledger::Actor;
use entremise_wire::sealing::OpeningKey;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::Store;
use crate::compartment::{Compartment, VersionState};
use crate::door::{Door, json};
use crate::entropy::Draw;
use crate::keys;
use crate::ledger::Lateness;
use crate::trouble::Trouble;

/// A rotation that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub compartment: &'static str,
    /// The version that wraps from now on.
    pub version: u32,
    /// Record keys that were wrapped anew.
    pub rewrapped: u64,
    /// Versions whose key a person must still destroy, where the house cannot.
    pub by_hand: Vec<u32>,
}

/// One version of one compartment's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyState {
    pub compartment: &'static str,
    pub version: u32,
    /// `current`, `old` (a rotation is under way), `destroyed`.
    pub state: &'static str,
    /// Tells keys apart; hexadecimal.
    pub check: String,
}

impl Store {
    /// Which versions of the compartments' keys there are. Shows no key.
    pub fn key_states(&self) -> Result<Vec<KeyState>, Trouble> {
        let mut states = Vec::new();
        for compartment in self.sealed() {
            let name = compartment.register.name;
            for (version, state, check) in compartment.register.versions()? {
                let state = match state {
                    VersionState::Current => "current",
                    VersionState::Old => "old",
                    VersionState::Destroyed => "destroyed",
                };
                let check = entremise_core::ledger::hexadecimal(&check);
                states.push(KeyState { compartment: name, version, state, check });
            }
        }
        Ok(states)
    }

    /// Replaces the key of evidence, traffic or identity, or ends a replacement that was cut off.
    pub fn rotate_keys(
        &self,
        compartment: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Rotation, Trouble> {
        let wanted = self.sealed().into_iter().find(|one| one.register.name == compartment);
        let compartment = wanted.ok_or(Trouble::never(
            "only the keys of evidence, traffic and identity rotate: duplicates are found by the \
             cases' key",
        ))?;
        let register = &compartment.register;
        let source = register
            .with_ring(|ring| ring.source())
            .ok_or(Trouble::never("keys that lie nowhere cannot be rotated"))?;
        let draw = &mut Draw::new(&*self.inner.entropy);
        let mut old: Vec<u32> = numbers(compartment, VersionState::Old)?;
        if old.is_empty() {
            old = numbers(compartment, VersionState::Current)?;
            let next = old.iter().max().map_or(1, |newest| newest + 1);
            register.read_keys_again()?;
            // A crash may have left it: then it is this one that is announced.
            if register.with_ring(|ring| ring.version(next).is_none()) {
                source.add(register.name, next, &Zeroizing::new(draw.array()))?;
                register.read_keys_again()?;
            }
            let check = register.with_ring(|ring| {
                ring.version(next)
                    .map(|key| keys::check_value(key))
                    .ok_or(Trouble::never("the new key cannot be read back"))
            })?;
            register.announce(next, &check, now)?;
            self.inner.fault("rotate.announced")?;
        }
        let rewrapped = self.rewrap(compartment, &old, draw)?;
        let current = numbers(compartment, VersionState::Current)?;
        let version = *current.first().ok_or(Trouble::never("a compartment has no current key"))?;
        self.note_rotation(register.name, &old, version, by, now)?;
        let mut by_hand = Vec::new();
        for number in old {
            register.note_destroyed(number, now)?;
            self.inner.fault("rotate.destroyed")?;
            // Credentials are the operator's to take away.
            if source.destroy(register.name, number).is_err() {
                by_hand.push(number);
            }
        }
        // What an earlier crash left lying.
        for number in numbers(compartment, VersionState::Destroyed)? {
            let _ = source.destroy(register.name, number);
        }
        register.read_keys_again()?;
        Ok(Rotation { compartment: register.name, version, rewrapped, by_hand })
    }

    fn rewrap(
        &self,
        compartment: &Compartment,
        old: &[u32],
        draw: &mut Draw,
    ) -> Result<u64, Trouble> {
        let register = &compartment.register;
        if let ("identity", Some(last)) = (register.name, old.iter().max()) {
            let pair = register.with_ring(|ring| ring.version(*last).map(|key| keys::pair(key)));
            let pair = pair.ok_or(Trouble::never("the retiring key is not where the keys lie"))?;
            register.keep_pair(*last, &pair, draw)?;
        }
        let mut rewrapped = 0;
        // Nobody writes under an old version any more; a second round is for what a crash undid.
        while register.has_old_keys()? {
            let mut after = None;
            loop {
                let (last, page) = register.rewrap_page(after, draw)?;
                rewrapped += page;
                self.inner.fault("rotate.page")?;
                if last.is_none() {
                    break;
                }
                after = last;
            }
        }
        Ok(rewrapped)
    }

    /// Every authority's ledger says that the key was replaced, and by whom.
    fn note_rotation(
        &self,
        compartment: &str,
        old: &[u32],
        version: u32,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        self.inner.cases.write(|tx| {
            for row in tx.query("-- authorities\nSELECT authority FROM ledger_head", &[])? {
                let authority = row.word(0)?;
                let mut door = Door::open(tx, &self.inner, &authority, now, Lateness::Admit)?;
                let body = serde_json::json!({
                    "compartment": compartment, "version": version, "destroyed": old,
                });
                door.enter_house("key_rotated", by, json(&body))?;
                door.close()?;
            }
            Ok(())
        })
    }

    fn sealed(&self) -> [&Compartment; 3] {
        [&self.inner.evidence, &self.inner.traffic, &self.inner.identity]
    }
}

impl Compartment {
    /// The pairs that a provider may have sealed to, the newest first.
    pub fn opening_keys(&self) -> Result<Vec<OpeningKey>, Trouble> {
        // A rotation elsewhere shows itself with the current version.
        self.register.pool.write(|tx| self.register.current(tx).map(|_| ()))?;
        let mut pairs = self.register.with_ring(|ring| ring.pairs());
        pairs.extend(self.register.kept_pair()?);
        pairs.iter().map(keys::opening_key).collect()
    }
}

fn numbers(compartment: &Compartment, wanted: VersionState) -> Result<Vec<u32>, Trouble> {
    let versions = compartment.register.versions()?;
    let wanted = versions.into_iter().filter(|(_, state, _)| *state == wanted);
    Ok(wanted.map(|(number, _, _)| number).collect())
}
