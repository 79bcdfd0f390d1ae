//! The token that ties a bounce to its message: in the return path (VERP) and in the Message-ID.
//!
//! It says nothing about the person, and a keyed digest in it keeps a stranger from forging a
//! bounce for an effect whose number they guessed or saw.

use entremise_core::id::EffectId;
use ring::hmac;
use uuid::Uuid;

/// Letters and digits that survive being folded to small letters, as some relays do to a local
/// part; 32 of them.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const EFFECT_BYTES: usize = 16;
/// 80 bits of digest; with the effect's 128 bits the local part stays under 64 signs (RFC 5321).
const DIGEST_BYTES: usize = 10;
const LOCAL_PART: &str = "retour+";

/// Makes and reads return paths of one domain. It has no `Debug`: it holds a key.
pub struct ReturnPaths {
    key: hmac::Key,
    domain: String,
}

impl ReturnPaths {
    pub fn new(secret: &[u8], domain: impl Into<String>) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret), domain: domain.into() }
    }

    /// The envelope sender of an effect's message: `retour+<token>@<domain>`.
    pub fn address(&self, effect: EffectId) -> String {
        format!("{LOCAL_PART}{}@{}", self.token(effect), self.domain)
    }

    /// The Message-ID, without angle brackets. The same for every attempt of one effect.
    pub fn message_id(&self, effect: EffectId) -> String {
        format!("{}@{}", self.token(effect), self.domain)
    }

    /// The effect that a return path or a Message-ID of ours belongs to; None for anybody else's,
    /// and for one whose digest does not hold.
    pub fn effect(&self, address: &str) -> Option<EffectId> {
        let address = address.trim().trim_start_matches('<').trim_end_matches('>');
        let (local, domain) = address.rsplit_once('@')?;
        if !domain.eq_ignore_ascii_case(&self.domain) {
            return None;
        }
        let local = local.to_ascii_lowercase();
        let bytes = read(local.strip_prefix(LOCAL_PART).unwrap_or(&local))?;
        let (effect, digest) = bytes.split_at_checked(EFFECT_BYTES)?;
        let expected = self.digest(effect);
        // As in `code`: a check that leaks nothing about where the two differ.
        hmac::verify(&self.key, digest, hmac::sign(&self.key, &expected).as_ref()).ok()?;
        Some(EffectId(Uuid::from_slice(effect).ok()?))
    }

    fn token(&self, effect: EffectId) -> String {
        let mut bytes = effect.0.as_bytes().to_vec();
        let digest = self.digest(&bytes);
        bytes.extend_from_slice(&digest);
        write(&bytes)
    }

    fn digest(&self, effect: &[u8]) -> [u8; DIGEST_BYTES] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"entremise return path 1\0");
        context.update(effect);
        let tag = context.sign();
        std::array::from_fn(|index| tag.as_ref()[index])
    }
}

fn write(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(ALPHABET[(bits >> held & 31) as usize]));
        }
    }
    if held > 0 {
        text.push(char::from(ALPHABET[(bits << (5 - held) & 31) as usize]));
    }
    text
}

fn read(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut held) = (0u32, 0u32);
    for sign in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == sign)?;
        bits = bits << 5 | u32::try_from(value).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 255) as u8);
        }
    }
    (write(&bytes) == text).then_some(bytes)
}
