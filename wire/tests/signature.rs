//! Signed messages, told as attempts to change them on the way.

use entremise_wire::signature::*;
use jiff::Timestamp;

const URL: &str = "https://connector.isp.example:8443/v1/identifications";

fn key(id: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(id, &[seed; 32]).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn request(body: &[u8]) -> RequestParts<'_> {
    RequestParts { method: "POST", target_uri: URL, content_type: "application/json", body }
}

fn signed(body: &[u8]) -> SignatureHeaders {
    sign_request(&key("authority-1", 1), request(body), at("2026-03-01T10:00:00Z"), "n1").unwrap()
}

fn verified(body: &[u8], headers: &SignatureHeaders) -> Result<Signed, SignatureTrouble> {
    let pinned = [key("authority-1", 1).verifying_key()];
    verify_request(&pinned, request(body), headers, at("2026-03-01T10:00:01Z"))
}

#[test]
fn a_signed_request_says_who_made_it_and_when() {
    let said = verified(b"{}", &signed(b"{}")).unwrap();
    assert_eq!(said.key_id, "authority-1");
    assert_eq!(said.created, at("2026-03-01T10:00:00Z"));
    assert_eq!(said.nonce.as_deref(), Some("n1"));
}

#[test]
fn the_headers_have_the_form_of_rfc_9421_and_rfc_9530() {
    let headers = signed(b"{}");
    // SHA-256 of "{}", by `printf '{}' | openssl dgst -sha256 -binary | base64`.
    assert_eq!(headers.content_digest, "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:");
    assert_eq!(
        headers.signature_input,
        "sig=(\"@method\" \"@target-uri\" \"content-digest\" \"content-type\")\
         ;created=1772359200;nonce=\"n1\";alg=\"ed25519\";keyid=\"authority-1\""
    );
}

#[test]
fn a_changed_body_is_seen() {
    assert_eq!(verified(b"{ }", &signed(b"{}")), Err(SignatureTrouble::BodyChanged));
    let mut redigested = signed(b"{}");
    redigested.content_digest = content_digest(b"{ }");
    assert_eq!(verified(b"{ }", &redigested), Err(SignatureTrouble::DoesNotHold));
}

#[test]
fn a_request_signed_for_another_address_is_refused() {
    let pinned = [key("authority-1", 1).verifying_key()];
    let mut elsewhere = request(b"{}");
    elsewhere.target_uri = "https://connector.isp.example:8443/v1/disclosures";
    let checked = verify_request(&pinned, elsewhere, &signed(b"{}"), at("2026-03-01T10:00:01Z"));
    assert_eq!(checked, Err(SignatureTrouble::DoesNotHold));
}

#[test]
fn a_key_that_is_not_pinned_is_refused_by_name() {
    let stranger = key("stranger", 9);
    let created = at("2026-03-01T10:00:00Z");
    let headers = sign_request(&stranger, request(b"{}"), created, "n").unwrap();
    assert_eq!(verified(b"{}", &headers), Err(SignatureTrouble::UnknownKey("stranger".into())));
    let impostor = key("authority-1", 9);
    let headers = sign_request(&impostor, request(b"{}"), created, "n").unwrap();
    assert_eq!(verified(b"{}", &headers), Err(SignatureTrouble::DoesNotHold));
}

#[test]
fn a_signature_is_good_for_five_minutes_either_way() {
    let pinned = [key("authority-1", 1).verifying_key()];
    let headers = signed(b"{}");
    let checked = |now| verify_request(&pinned, request(b"{}"), &headers, at(now)).is_ok();
    assert!(checked("2026-03-01T10:05:00Z"));
    assert!(!checked("2026-03-01T10:05:01Z"));
    assert!(checked("2026-03-01T09:55:00Z"));
    assert!(!checked("2026-03-01T09:54:59Z"));
}

#[test]
fn a_signature_that_covers_less_is_refused() {
    let mut headers = signed(b"{}");
    headers.signature_input = headers.signature_input.replace(" \"content-digest\"", "");
    assert!(matches!(verified(b"{}", &headers), Err(SignatureTrouble::CoversTooLittle(_))));
}

#[test]
fn an_answer_cannot_be_put_under_another_question() {
    let provider = key("provider-1", 2);
    let asked = content_digest(b"question one");
    let answer = AnswerParts {
        status: 200,
        content_type: "application/json",
        body: b"[]",
        request_digest: &asked,
    };
    let now = at("2026-03-01T10:00:00Z");
    let headers = sign_answer(&provider, answer, now).unwrap();
    let pinned = [provider.verifying_key()];
    assert!(verify_answer(&pinned, answer, &headers, now).is_ok());
    let other = content_digest(b"question two");
    let moved = AnswerParts { request_digest: &other, ..answer };
    assert_eq!(verify_answer(&pinned, moved, &headers, now), Err(SignatureTrouble::DoesNotHold));
}

#[test]
fn a_pinned_key_reads_from_either_base64() {
    let public = key("authority-1", 1).verifying_key();
    let standard = public.to_base64();
    let url_safe = standard.replace('+', "-").replace('/', "_");
    let url_safe = url_safe.trim_end_matches('=');
    assert_eq!(VerifyingKey::from_base64("authority-1", &standard), Ok(public.clone()));
    assert_eq!(VerifyingKey::from_base64("authority-1", url_safe), Ok(public));
}
