//! The verification code: printed on every mail and letter, typed by the reader on the
//! authority's known page to learn whether a message is genuine.
//!
//! It is derived from a key and the file number, so the page checks it without looking anything
//! up, and whoever copies our letters cannot make one.

use ring::hmac;

/// Crockford's base 32: no I, L, O, U, so that nobody mistypes a 0 or a 1.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 60 bits: one guess in 10^18 is right.
const CHARACTERS: usize = 12;
const GROUP: usize = 4;

/// The key from which codes are made. It has no `Debug`.
pub struct CodeKey(hmac::Key);

impl CodeKey {
    /// At least 32 random bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The code of a file, in groups: `7K3M-Q9TZ-4HXC`.
    pub fn code(&self, file_number: &str) -> String {
        let mut grouped = String::with_capacity(CHARACTERS + CHARACTERS / GROUP);
        for (index, sign) in self.signs(file_number).into_iter().enumerate() {
            if index > 0 && index % GROUP == 0 {
                grouped.push('-');
            }
            grouped.push(char::from(sign));
        }
        grouped
    }

    /// Whether `typed` is the file's code. Small letters, spaces, missing or other dashes, and the
    /// usual confusions (O for 0, I and L for 1) are forgiven. Takes the same time for every
    /// wrong code.
    pub fn holds(&self, file_number: &str, typed: &str) -> bool {
        let typed: Vec<u8> = typed
            .chars()
            .filter(|sign| !sign.is_whitespace() && !matches!(sign, '-' | '–' | '—' | '.'))
            .map(|sign| match sign.to_ascii_uppercase() {
                'O' => b'0',
                'I' | 'L' => b'1',
                sign => u8::try_from(sign).unwrap_or(b'?'),
            })
            .collect();
        // Comparing digests by the library's own check leaks nothing about where they differ.
        let expected = hmac::sign(&self.0, &self.signs(file_number));
        hmac::verify(&self.0, &typed, expected.as_ref()).is_ok()
    }

    fn signs(&self, file_number: &str) -> [u8; CHARACTERS] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(b"entremise verification code 1\0");
        context.update(file_number.trim().as_bytes());
        let tag = context.sign();
        let mut first_eight = [0; 8];
        first_eight.copy_from_slice(&tag.as_ref()[..8]);
        let bits = u64::from_be_bytes(first_eight);
        std::array::from_fn(|index| ALPHABET[(bits >> (59 - 5 * index)) as usize & 31])
    }
}
