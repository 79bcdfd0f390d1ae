//! Hashes that name a work or a file, in one spelling whatever the sender wrote.

use entremise_core::notice::Hash;

/// Whether every byte is a hexadecimal digit. None is passed over after the first that is not:
/// without a way out of the loop the compiler takes many bytes at a time.
pub(crate) fn is_hexadecimal(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & byte.is_ascii_hexdigit())
}

/// A hash under its algorithm's name in lower case; hexadecimal values in lower case, others
/// (base32, base64) as sent.
pub(crate) fn hash(algorithm: &str, value: &str) -> Hash {
    let value = value.trim();
    let hexadecimal = !value.is_empty() && is_hexadecimal(value);
    let algorithm = algorithm.trim().to_ascii_lowercase();
    Hash {
        algorithm: match algorithm.as_str() {
            "sha-1" => "sha1".to_owned(),
            "sha-256" => "sha256".to_owned(),
            _ => algorithm,
        },
        value: if hexadecimal { value.to_ascii_lowercase() } else { value.to_owned() },
    }
}

/// `sha256:…`.
pub(crate) fn prefixed(given: &str) -> Option<Hash> {
    let (algorithm, value) = given.split_once(':')?;
    Some(hash(algorithm, value))
}

/// The exact topic of a magnet URI: `magnet:?xt=urn:btih:…` (BEP 9, BEP 52).
pub(crate) fn from_magnet(uri: &str) -> Option<Hash> {
    let topic = uri.strip_prefix("magnet:?xt=urn:")?;
    let topic = topic.split('&').next().unwrap_or(topic);
    let (algorithm, value) = topic.split_once(':')?;
    // BEP 52: a multihash; 1220 says SHA-256, 32 bytes.
    let value = match algorithm {
        "btmh" => value.strip_prefix("1220").unwrap_or(value),
        _ => value,
    };
    Some(hash(algorithm, value))
}
