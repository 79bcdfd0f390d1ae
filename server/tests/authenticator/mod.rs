//! A security key without a browser: answers the forms of our pages as WebAuthn says (level 3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_store::NewPasskey;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

pub const ORIGIN: &str = "https://bureau.autorite.example";
pub const RP_ID: &str = "bureau.autorite.example";

/// Somebody was there, and the device made sure that it was its owner.
pub const VERIFIED: u8 = 0b0000_0101;
/// Somebody touched the device, whoever it was.
pub const TOUCHED: u8 = 0b0000_0001;

pub fn pair() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

/// What the house keeps of a key.
pub fn passkey(credential: u8, key: &EcdsaKeyPair) -> NewPasskey {
    NewPasskey {
        credential_id: vec![credential; 16],
        public_key: URL_SAFE_NO_PAD.encode(key.public_key()),
        rp_id: RP_ID.to_owned(),
        origin: ORIGIN.to_owned(),
    }
}

/// What a form of a page holds under a name.
pub fn field(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).expect(name);
    rest.split('"').next().unwrap().to_owned()
}

/// The fields that an authenticator fills in: it signs the challenge of the page's form.
pub fn answer(
    page: &str,
    credential: u8,
    key: &EcdsaKeyPair,
    flags: u8,
) -> [(&'static str, String); 6] {
    let (_, rest) = page.split_once("data-challenge=\"").unwrap();
    let challenge = rest.split('"').next().unwrap();
    let client_data = serde_json::json!({
        "type": "webauthn.get", "challenge": challenge, "origin": ORIGIN,
    });
    let client_data = client_data.to_string();
    let mut data = digest(&SHA256, RP_ID.as_bytes()).as_ref().to_vec();
    data.extend_from_slice(&[flags, 0, 0, 0, 1]);
    let signed = [&data[..], digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
    let signature = key.sign(&SystemRandom::new(), &signed).unwrap();
    [
        ("text", field(page, "text")),
        ("tag", field(page, "tag")),
        ("credential_id", URL_SAFE_NO_PAD.encode([credential; 16])),
        ("authenticator_data", URL_SAFE_NO_PAD.encode(&data)),
        ("client_data", URL_SAFE_NO_PAD.encode(&client_data)),
        ("signature", URL_SAFE_NO_PAD.encode(signature)),
    ]
}

/// The fields that an authenticator fills in that makes a key for the page's form.
pub fn make(page: &str, credential: u8, key: &EcdsaKeyPair) -> [(&'static str, String); 7] {
    let (_, rest) = page.split_once("data-challenge=\"").unwrap();
    let challenge = rest.split('"').next().unwrap();
    let client_data = serde_json::json!({
        "type": "webauthn.create", "challenge": challenge, "origin": ORIGIN,
    });
    let (id, point) = ([credential; 16], key.public_key().as_ref());
    let mut data = digest(&SHA256, RP_ID.as_bytes()).as_ref().to_vec();
    // Present, verified, a credential attached; the counter; no model.
    data.extend_from_slice(&[0b0100_0101, 0, 0, 0, 0]);
    data.extend_from_slice(&[0; 16]);
    data.extend_from_slice(&[0, 16]);
    data.extend_from_slice(&id);
    data.extend_from_slice(&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
    data.extend_from_slice(&point[1..33]);
    data.extend_from_slice(&[0x22, 0x58, 0x20]);
    data.extend_from_slice(&point[33..]);
    // SubjectPublicKeyInfo of a P-256 key (RFC 5480).
    let spki = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
    [
        ("code", field(page, "code")),
        ("text", field(page, "text")),
        ("tag", field(page, "tag")),
        ("credential_id", URL_SAFE_NO_PAD.encode(id)),
        ("public_key", URL_SAFE_NO_PAD.encode([&spki, point].concat())),
        ("authenticator_data", URL_SAFE_NO_PAD.encode(&data)),
        ("client_data", URL_SAFE_NO_PAD.encode(client_data.to_string())),
    ]
}

/// A form as a browser sends it.
pub fn form(fields: &[(&str, String)]) -> String {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}
