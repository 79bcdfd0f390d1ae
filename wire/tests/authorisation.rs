//! What a reviewer signed holds, and nothing else does: key files and passkeys.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::authorisation::{
    Grant, LinkingAsked, NotGranted, PublicKey, ReviewerKey, Ruling, Signature, SignedStatement,
    Statement,
};
use entremise_core::id::AuthorisationId;
use entremise_core::identification::{IdentityField, Purpose};
use entremise_wire::authorisation::{challenge, signature_holds};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

const ORIGIN: &str = "https://controle.example";
const PRESENT: u8 = 0b001;
const VERIFIED: u8 = 0b100;

fn linking() -> LinkingAsked {
    LinkingAsked {
        authority: "autorite".parse().unwrap(),
        regime: "fr-graduated-response".parse().unwrap(),
        provider: "fai".parse().unwrap(),
        handle: "h".repeat(43).parse().unwrap(),
        purpose: Purpose::Finding,
        sequence: 3,
        fields: vec![IdentityField::Name, IdentityField::PostalAddress],
    }
}

fn statement(ruling: Ruling) -> Statement {
    Statement {
        request: AuthorisationId(uuid::Uuid::from_u128(1)),
        ruling,
        reviewer: "magistrat-1".parse().unwrap(),
        linking: linking(),
        evidence: "a".repeat(64).parse().unwrap(),
        reasons: "b".repeat(64).parse().unwrap(),
        expires_at: "2026-07-01T00:00:00Z".parse().unwrap(),
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A reviewer with a key file.
struct Filed(Ed25519KeyPair);

impl Filed {
    fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    fn key(&self) -> ReviewerKey {
        let public_key = encode(self.0.public_key());
        reviewer(PublicKey::Ed25519 { public_key })
    }

    fn sign(&self, statement: Statement) -> SignedStatement {
        let signature = encode(self.0.sign(statement.text().as_bytes()));
        let signature = Signature::Ed25519 { signature };
        SignedStatement { statement, key: "cle-1".parse().unwrap(), signature }
    }
}

fn reviewer(key: PublicKey) -> ReviewerKey {
    ReviewerKey {
        id: "cle-1".parse().unwrap(),
        reviewer: "magistrat-1".parse().unwrap(),
        body: "Formation de contrôle (SPECIMEN)".to_owned(),
        key,
    }
}

fn granted(signed: SignedStatement, key: &ReviewerKey, on: &str) -> Result<Grant, NotGranted> {
    Grant::verified(signed, std::slice::from_ref(key), on.parse().unwrap(), signature_holds)
}

const IN_TIME: &str = "2026-06-20T00:00:00Z";

#[test]
fn a_reviewer_s_signature_makes_a_grant_that_fits_its_linking_only() {
    let reviewer = Filed::new();
    let grant = granted(reviewer.sign(statement(Ruling::Granted)), &reviewer.key(), IN_TIME);
    let grant = grant.unwrap();
    assert_eq!(grant.fits(&linking()), Ok(()));
    let other = LinkingAsked { handle: "i".repeat(43).parse().unwrap(), ..linking() };
    assert_eq!(grant.fits(&other), Err(NotGranted::ForAnother("handle")));
    let more = LinkingAsked { sequence: 4, ..linking() };
    assert_eq!(grant.fits(&more), Err(NotGranted::ForAnother("sequence")));
    let mut wider = linking();
    wider.fields.push(IdentityField::Telephone);
    assert_eq!(grant.fits(&wider), Err(NotGranted::ForAnother("set of fields")));
}

#[test]
fn a_changed_statement_an_unknown_key_a_refusal_and_a_late_use_are_no_grant() {
    let reviewer = Filed::new();
    let mut changed = reviewer.sign(statement(Ruling::Granted));
    changed.statement.linking.sequence = 4;
    assert_eq!(granted(changed, &reviewer.key(), IN_TIME), Err(NotGranted::BadSignature));

    let by_another = Filed::new().sign(statement(Ruling::Granted));
    assert_eq!(granted(by_another, &reviewer.key(), IN_TIME), Err(NotGranted::BadSignature));

    let mut unknown = reviewer.sign(statement(Ruling::Granted));
    unknown.key = "cle-2".parse().unwrap();
    assert_eq!(granted(unknown, &reviewer.key(), IN_TIME), Err(NotGranted::UnknownReviewer));

    let refused = reviewer.sign(statement(Ruling::Refused));
    assert_eq!(granted(refused, &reviewer.key(), IN_TIME), Err(NotGranted::Refused));

    let late = reviewer.sign(statement(Ruling::Granted));
    let at_expiry = "2026-07-01T00:00:00Z";
    assert_eq!(granted(late, &reviewer.key(), at_expiry), Err(NotGranted::Expired));
}

/// A reviewer with a passkey, as an authenticator and a browser would sign.
struct Passkey(EcdsaKeyPair);

impl Passkey {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random);
        Self(pair.unwrap())
    }

    fn key(&self) -> ReviewerKey {
        reviewer(PublicKey::Passkey {
            public_key: encode(self.0.public_key()),
            rp_id: "controle.example".to_owned(),
            origin: ORIGIN.to_owned(),
        })
    }

    fn sign(&self, statement: Statement, origin: &str, flags: u8) -> SignedStatement {
        let mut data = digest(&SHA256, b"controle.example").as_ref().to_vec();
        data.push(flags);
        data.extend([0; 4]);
        let client = serde_json::json!({
            "type": "webauthn.get",
            "challenge": challenge(&statement.text()),
            "origin": origin,
            "crossOrigin": false,
        });
        let client = client.to_string();
        let mut signed = data.clone();
        signed.extend_from_slice(digest(&SHA256, client.as_bytes()).as_ref());
        let signature = self.0.sign(&SystemRandom::new(), &signed).unwrap();
        let signature = Signature::Passkey {
            authenticator_data: encode(data),
            client_data: encode(client),
            signature: encode(signature),
        };
        SignedStatement { statement, key: "cle-1".parse().unwrap(), signature }
    }
}

#[test]
fn a_passkey_s_assertion_is_bound_to_text_place_and_owner() {
    let passkey = Passkey::new();
    let sign = |origin, flags| passkey.sign(statement(Ruling::Granted), origin, flags);
    let try_it = |signed| granted(signed, &passkey.key(), IN_TIME).map(drop);
    assert_eq!(try_it(sign(ORIGIN, PRESENT | VERIFIED)), Ok(()));
    let elsewhere = sign("https://autorite.example", PRESENT | VERIFIED);
    assert_eq!(try_it(elsewhere), Err(NotGranted::BadSignature));
    assert_eq!(try_it(sign(ORIGIN, PRESENT)), Err(NotGranted::BadSignature));
    let mut moved = sign(ORIGIN, PRESENT | VERIFIED);
    moved.statement.linking.handle = "i".repeat(43).parse().unwrap();
    assert_eq!(try_it(moved), Err(NotGranted::BadSignature));
}

#[test]
fn the_signed_text_is_the_one_that_a_reader_of_the_documents_expects() {
    let text = statement(Ruling::Granted).text();
    let first: Vec<&str> = text.lines().take(4).collect();
    assert_eq!(
        first,
        [
            "entremise authorisation v1",
            "request 00000000-0000-0000-0000-000000000001",
            "ruling granted",
            "reviewer magistrat-1",
        ]
    );
    assert!(text.contains("\nfields name postal_address\n"));
    assert!(text.ends_with("expires 2026-07-01T00:00:00Z\n"));
}
