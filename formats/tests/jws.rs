//! The detached signature beside a batch, against the vectors of the RFCs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_formats::jws::{self, Algorithm, BadSignature, PublicKey, SigningKey};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

fn now() -> Timestamp {
    "2026-10-01T12:00:00Z".parse().unwrap()
}

fn keys() -> [SigningKey; 2] {
    let random = SystemRandom::new();
    let ed = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    [
        SigningKey::from_pkcs8(Algorithm::EdDsa, "cle-1", ed.as_ref()).unwrap(),
        SigningKey::from_pkcs8(Algorithm::Es256, "cle-1", p256.as_ref()).unwrap(),
    ]
}

#[test]
fn what_is_signed_verifies_and_nothing_else_does() {
    for key in keys() {
        let jws = key.sign(b"lot SPECIMEN", now());
        let public = key.public();
        let find = |kid: &str| (kid == "cle-1").then(|| public.clone());
        let header = jws::verify(&jws, b"lot SPECIMEN", find).unwrap();
        assert_eq!((header.kid.as_str(), header.iat), ("cle-1", Some(now().as_second())));
        assert_eq!(jws::verify(&jws, b"lot SPECIMEN.", find), Err(BadSignature::Invalid));
        assert_eq!(jws::verify(&jws, b"lot SPECIMEN", |_| None), Err(BadSignature::KeyUnknown));
        let [a, b] = keys().map(|key| key.public());
        let (same, other) = if a.algorithm == public.algorithm { (a, b) } else { (b, a) };
        assert_eq!(jws::verify(&jws, b"lot SPECIMEN", |_| Some(same)), Err(BadSignature::Invalid));
        assert_eq!(
            jws::verify(&jws, b"lot SPECIMEN", |_| Some(other)),
            Err(BadSignature::WrongAlgorithm)
        );
        let (head, signature) = jws.split_once("..").unwrap();
        for wrong in [
            head.to_owned(),
            format!("{head}.x.{signature}"),
            format!("{head}..{signature}="),
            String::new(),
        ] {
            assert_eq!(
                jws::verify(&wrong, b"lot SPECIMEN", find),
                Err(BadSignature::NotDetached),
                "{wrong}"
            );
        }
    }
}

#[test]
fn a_header_that_asks_for_more_or_less_is_refused() {
    for header in [
        r#"{"alg":"none","kid":"a"}"#,
        r#"{"alg":"HS256","kid":"a"}"#,
        r#"{"alg":"EdDSA"}"#,
        r#"{"alg":"EdDSA","kid":"a","crit":["b64"],"b64":false}"#,
        r#"{"alg":"EdDSA","kid":"a","jwk":{}}"#,
        "[]",
    ] {
        let jws = format!("{}..AAAA", URL_SAFE_NO_PAD.encode(header));
        assert!(matches!(jws::header(&jws), Err(BadSignature::Header(_))), "{header}");
    }
}

/// RFC 7515, appendix A.3: key and payload; its header has no `kid`, so the signature is checked
/// with ours over the same input form.
#[test]
fn the_es256_key_of_rfc_7515_is_read() {
    let jwk = serde_json::json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let key = PublicKey::from_jwk(&jwk).unwrap();
    let input = "eyJhbGciOiJFUzI1NiJ9.\
                 eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog\
                 Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, &key.bytes)
        .verify(input.as_bytes(), &signature)
        .unwrap();
}

/// RFC 8037, appendix A: the Ed25519 key, and its signature over the payload of A.4.
#[test]
fn the_ed25519_key_of_rfc_8037_is_read_and_signs_as_printed_there() {
    let jwk = serde_json::json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let public = PublicKey::from_jwk(&jwk).unwrap();
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public.bytes).unwrap();
    assert_eq!(pair.public_key().as_ref(), public.bytes);
    let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let printed =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(URL_SAFE_NO_PAD.encode(pair.sign(input.as_bytes())), printed);
}

#[test]
fn other_kinds_of_key_are_not_read() {
    for jwk in [
        serde_json::json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        serde_json::json!({"kty": "OKP", "crv": "X25519", "x": "A".repeat(43)}),
        serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
    ] {
        assert_eq!(PublicKey::from_jwk(&jwk), None);
    }
    assert!(SigningKey::from_pkcs8(Algorithm::EdDsa, "a", b"no key").is_none());
}
