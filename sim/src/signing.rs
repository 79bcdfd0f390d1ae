//! How a sender signs its mails: PGP/MIME (RFC 3156, 5), with a key that is worth nothing outside
//! this world. The same part at the same instant has the same signature. Also the form in which
//! other signers take the seed of a key.

use anyhow::Context;
use jiff::Timestamp;
use pgp::composed::{ArmorOptions, Deserializable, DetachedSignature, SignedSecretKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::types::{KeyDetails, Password, Timestamp as KeyTime};

/// The public half, as the sender registered it.
pub const PUBLIC: &str = include_str!("specimen-openpgp.pub.asc");
const SECRET: &str = include_str!("specimen-openpgp.asc");

/// Who signs the mails of one sender.
pub struct MailSigner(SignedSecretKey);

impl MailSigner {
    pub fn specimen() -> anyhow::Result<Self> {
        let (key, _) = SignedSecretKey::from_string(SECRET).context("the specimen key")?;
        Ok(Self(key))
    }

    /// A mail whose one part, with its header fields, is signed. `head` are the mail's own header
    /// fields; both have lines that end in CR LF, `part` without the last line end.
    pub fn mail(&self, head: &str, part: &str, at: Timestamp) -> anyhow::Result<String> {
        let key = &self.0.primary_key;
        let made_at = KeyTime::from_secs(u32::try_from(at.as_second())?);
        let mut config =
            SignatureConfig::v4(SignatureType::Binary, key.algorithm(), HashAlgorithm::Sha512);
        config.hashed_subpackets = vec![
            Subpacket::regular(SubpacketData::SignatureCreationTime(made_at))?,
            Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
        ];
        let signature = config.sign(key, &Password::empty(), part.as_bytes())?;
        let armoured =
            DetachedSignature::new(signature).to_armored_string(ArmorOptions::default())?;
        let armoured = armoured.replace("\r\n", "\n").replace('\n', "\r\n");
        let boundary = "=_signed";
        Ok(format!(
            "{head}Content-Type: multipart/signed; micalg=pgp-sha512; \
             protocol=\"application/pgp-signature\"; boundary=\"{boundary}\"\r\n\r\n\
             --{boundary}\r\n{part}\r\n--{boundary}\r\n\
             Content-Type: application/pgp-signature; name=\"signature.asc\"\r\n\r\n\
             {armoured}\r\n--{boundary}--\r\n"
        ))
    }
}

/// PKCS #8 (RFC 8410) around an Ed25519 seed.
pub fn pkcs8(seed: &[u8; 32]) -> Vec<u8> {
    const HEAD: [u8; 16] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    [&HEAD[..], seed].concat()
}
