//! A made-up seal: a key and a certificate that vouches for itself.

use entremise_letters::seal::Seal;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, KeyUsagePurpose};

/// The certificate and the key, both PEM.
pub fn pem() -> (String, String) {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut asked = CertificateParams::default();
    asked.distinguished_name = DistinguishedName::new();
    asked.distinguished_name.push(DnType::CommonName, "Cachet SPECIMEN");
    asked.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    (asked.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

pub fn seal() -> Seal {
    let (certificate, key) = pem();
    Seal::read(&certificate, &key).unwrap()
}
