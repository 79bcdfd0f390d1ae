//! A compartment's key as shares for several persons: any so many of them recover it, fewer learn
//! nothing (Shamir, over GF(256)). A share is written down by hand and typed again, so each group
//! of its letters is checked and a mistyped one is named.
//!
//! A group is four letters of Crockford's base 32 and one that checks them and their place
//! (modulo 37): one wrong letter, two exchanged letters and two exchanged groups are always found.

use std::collections::BTreeSet;

use blahaj::{Share, Sharks};
use ring::digest::{SHA256, digest};
use zeroize::{Zeroize, Zeroizing};

use super::{COMPARTMENTS, Key, check_value};

const ALPHABET: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
const LETTERS: usize = 4;
/// Form, compartment, version (2), threshold, number, which key (4), the share (32), sum (3).
const BYTES: usize = 45;
const GROUPS: usize = BYTES * 8 / (5 * LETTERS);
const FORM: u8 = 1;
const SUM_BYTES: usize = 3;

/// One share of one key. No `Debug`.
#[derive(Clone)]
pub struct KeyShare {
    compartment: usize,
    pub version: u32,
    /// How many shares recover the key.
    pub threshold: u8,
    /// Which share this is, from 1.
    pub number: u8,
    /// The first bytes of the key's check value: shares of two keys are not mixed.
    of: [u8; 4],
    y: Key,
}

/// Why shares are not taken. Groups and shares are counted from 1; no letter is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    #[error("there are {0} letters, and a share has {n}", n = GROUPS * (LETTERS + 1))]
    Length(usize),
    #[error("group {0} is mistyped")]
    Group(usize),
    #[error("the groups are right one by one, and the share as a whole is not: type it anew")]
    Whole,
    #[error("share {0} is of another key")]
    OtherKey(u8),
    #[error("share {0} was given twice")]
    Twice(u8),
    #[error("{given} of {needed} shares were given")]
    TooFew { given: usize, needed: u8 },
    #[error("the shares do not yield the key they were made of")]
    NotTheKey,
    #[error("shares: from 2 to 16; needed to recover: from 2 to as many as there are")]
    Numbers,
}

/// Splits a key into shares, `threshold` of which recover it.
pub fn split(
    compartment: &str,
    version: u32,
    key: &Key,
    shares: u8,
    threshold: u8,
) -> Result<Vec<KeyShare>, ShareError> {
    let compartment = COMPARTMENTS.iter().position(|name| *name == compartment);
    let (Some(compartment), 2..=16, 2..) = (compartment, shares, threshold) else {
        return Err(ShareError::Numbers);
    };
    if threshold > shares || version > u32::from(u16::MAX) {
        return Err(ShareError::Numbers);
    }
    let of = which(key);
    let dealt = Sharks(threshold).dealer(&**key).take(usize::from(shares));
    Ok(dealt
        .map(|share| {
            let mut bytes = Zeroizing::new(Vec::from(&share));
            let mut y = Zeroizing::new([0; 32]);
            y.copy_from_slice(&bytes[1..]);
            let number = bytes[0];
            bytes.zeroize();
            KeyShare { compartment, version, threshold, number, of, y }
        })
        .collect())
}

/// Recovers the key from its shares.
pub fn recover(shares: &[KeyShare]) -> Result<Key, ShareError> {
    let first = shares.first().ok_or(ShareError::TooFew { given: 0, needed: 2 })?;
    let mut numbers = BTreeSet::new();
    for share in shares {
        if !share.is_beside(first) {
            return Err(ShareError::OtherKey(share.number));
        }
        if !numbers.insert(share.number) {
            return Err(ShareError::Twice(share.number));
        }
    }
    if shares.len() < usize::from(first.threshold) {
        return Err(ShareError::TooFew { given: shares.len(), needed: first.threshold });
    }
    let dealt = shares.iter().map(|share| {
        let mut bytes = Zeroizing::new(vec![share.number]);
        bytes.extend(share.y.iter());
        Share::try_from(bytes.as_slice()).expect("33 bytes are a share")
    });
    let dealt: Vec<Share> = dealt.collect();
    let sharks = Sharks(first.threshold);
    let secret = Zeroizing::new(sharks.recover(dealt.iter()).map_err(|_| ShareError::NotTheKey)?);
    let key = <[u8; 32]>::try_from(secret.as_slice()).map_err(|_| ShareError::NotTheKey)?;
    let key = Zeroizing::new(key);
    if which(&key) == first.of { Ok(key) } else { Err(ShareError::NotTheKey) }
}

fn which(key: &Key) -> [u8; 4] {
    check_value(key)[..4].try_into().expect("four of eight bytes")
}

impl KeyShare {
    /// Whether the two are shares of one key, made together.
    pub fn is_beside(&self, other: &Self) -> bool {
        (self.compartment, self.version, self.threshold, self.of)
            == (other.compartment, other.version, other.threshold, other.of)
    }

    pub fn compartment(&self) -> &'static str {
        COMPARTMENTS[self.compartment]
    }

    /// The letters to be written down: lines of six groups.
    pub fn lines(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES));
        bytes.extend([FORM, u8::try_from(self.compartment).unwrap_or(u8::MAX)]);
        bytes.extend(u16::try_from(self.version).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend([self.threshold, self.number]);
        bytes.extend(self.of);
        bytes.extend(self.y.iter());
        let sum = sum(&bytes);
        bytes.extend(sum);
        let mut lines = Zeroizing::new(String::with_capacity(GROUPS * (LETTERS + 2)));
        for group in 0..GROUPS {
            let value = group_value(&bytes, group);
            for place in (0..LETTERS).rev() {
                lines.push(char::from(ALPHABET[(value >> (5 * place)) as usize & 31]));
            }
            lines.push(char::from(ALPHABET[check(value, group)]));
            lines.push(if group % 6 == 5 { '\n' } else { ' ' });
        }
        lines
    }

    /// Reads what was typed. Spaces, hyphens and case do not matter; O is 0, I and L are 1.
    pub fn read(typed: &str) -> Result<Self, ShareError> {
        let letters = Zeroizing::new(
            typed
                .chars()
                .filter(|given| !given.is_whitespace() && *given != '-')
                .collect::<Vec<char>>(),
        );
        if letters.len() != GROUPS * (LETTERS + 1) {
            return Err(ShareError::Length(letters.len()));
        }
        let mut bytes = Zeroizing::new(vec![0; BYTES]);
        for (place, group) in letters.chunks_exact(LETTERS + 1).enumerate() {
            let wrong = ShareError::Group(place + 1);
            let mut value = 0;
            for letter in &group[..LETTERS] {
                value = value << 5 | number(*letter).filter(|number| *number < 32).ok_or(wrong)?;
            }
            if number(group[LETTERS]) != u32::try_from(check(value, place)).ok() {
                return Err(wrong);
            }
            // Two groups are five bytes.
            let into = &mut bytes[place / 2 * 5..][..5];
            let mut whole = [0; 8];
            whole[3..].copy_from_slice(into);
            let shift = if place % 2 == 0 { 20 } else { 0 };
            let whole = u64::from_be_bytes(whole) | u64::from(value) << shift;
            into.copy_from_slice(&whole.to_be_bytes()[3..]);
        }
        Self::from_bytes(&bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, ShareError> {
        let (body, sum_given) = bytes.split_at(BYTES - SUM_BYTES);
        let compartment = usize::from(body[1]);
        if sum(body) != sum_given || body[0] != FORM || compartment >= COMPARTMENTS.len() {
            return Err(ShareError::Whole);
        }
        let mut y = Zeroizing::new([0; 32]);
        y.copy_from_slice(&body[10..]);
        Ok(Self {
            compartment,
            version: u32::from(u16::from_be_bytes([body[2], body[3]])),
            threshold: body[4],
            number: body[5],
            of: body[6..10].try_into().expect("four of the bytes"),
            y,
        })
    }
}

fn sum(bytes: &[u8]) -> [u8; SUM_BYTES] {
    digest(&SHA256, bytes).as_ref()[..SUM_BYTES].try_into().expect("three of 32 bytes")
}

/// Twenty bits of the bytes.
fn group_value(bytes: &[u8], group: usize) -> u32 {
    let mut whole = [0; 8];
    whole[3..].copy_from_slice(&bytes[group / 2 * 5..][..5]);
    let whole = u64::from_be_bytes(whole);
    let value = if group.is_multiple_of(2) { whole >> 20 } else { whole & 0xF_FFFF };
    u32::try_from(value).expect("twenty bits")
}

fn check(value: u32, group: usize) -> usize {
    let placed = (group as u64) << (5 * LETTERS) | u64::from(value);
    usize::try_from(placed % 37).expect("less than 37")
}

fn number(letter: char) -> Option<u32> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = ALPHABET.iter().position(|given| char::from(*given) == letter)?;
    u32::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares() -> (Key, Vec<KeyShare>) {
        let key = Zeroizing::new(std::array::from_fn(|place| place as u8 * 7 + 1));
        let shares = split("evidence", 2, &key, 5, 3).unwrap();
        (key, shares)
    }

    #[test]
    fn any_three_of_five_recover_the_key_and_two_do_not() {
        let (key, shares) = shares();
        for a in 0..5 {
            for b in a + 1..5 {
                let two = [shares[a].clone(), shares[b].clone()];
                assert_eq!(recover(&two), Err(ShareError::TooFew { given: 2, needed: 3 }));
                for c in b + 1..5 {
                    let three = [shares[a].clone(), shares[c].clone(), shares[b].clone()];
                    assert_eq!(recover(&three).unwrap(), key);
                }
            }
        }
        let again = [shares[0].clone(), shares[1].clone(), shares[0].clone()];
        assert_eq!(recover(&again), Err(ShareError::Twice(1)));
    }

    #[test]
    fn a_share_is_read_as_it_was_written_whatever_its_spaces_and_case() {
        let (key, shares) = shares();
        let typed: Vec<KeyShare> = shares[1..4]
            .iter()
            .map(|share| {
                let lines = share.lines().to_lowercase().replace([' ', '\n'], "").replace('0', "o");
                KeyShare::read(&lines).unwrap_or_else(|error| panic!("{error}"))
            })
            .collect();
        assert_eq!((typed[0].compartment(), typed[0].version), ("evidence", 2));
        assert_eq!((typed[0].number, typed[0].threshold), (2, 3));
        assert_eq!(recover(&typed).unwrap(), key);
    }

    #[test]
    fn every_wrong_letter_is_found_and_its_group_named() {
        let (_, shares) = shares();
        let written: Vec<char> =
            shares[0].lines().chars().filter(|letter| !letter.is_whitespace()).collect();
        for place in 0..written.len() {
            for letter in ALPHABET.iter().copied().map(char::from) {
                let mut typed = written.clone();
                typed[place] = letter;
                let read = KeyShare::read(&typed.iter().collect::<String>());
                if letter != written[place] {
                    assert_eq!(read.err(), Some(ShareError::Group(place / 5 + 1)));
                }
            }
        }
    }

    #[test]
    fn exchanged_letters_exchanged_groups_and_missing_letters_are_found() {
        let (_, shares) = shares();
        let lines = shares[2].lines();
        let groups: Vec<&str> = lines.split_whitespace().collect();
        for place in 1..groups.len() {
            let mut typed = groups.clone();
            typed.swap(place - 1, place);
            assert_eq!(KeyShare::read(&typed.join(" ")).err(), Some(ShareError::Group(place)));
        }
        assert_eq!(KeyShare::read(&groups[1..].join(" ")).err(), Some(ShareError::Length(85)));
    }

    #[test]
    fn shares_of_two_keys_are_not_mixed() {
        let (_, shares) = shares();
        let other = split("evidence", 2, &Zeroizing::new([9; 32]), 5, 3).unwrap();
        let mixed = [shares[0].clone(), shares[1].clone(), other[2].clone()];
        assert_eq!(recover(&mixed), Err(ShareError::OtherKey(3)));
        assert!(split("evidence", 1, &Zeroizing::new([9; 32]), 5, 1).is_err());
        assert!(split("evidence", 1, &Zeroizing::new([9; 32]), 2, 3).is_err());
    }
}
