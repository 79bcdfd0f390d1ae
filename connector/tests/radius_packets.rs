//! RADIUS packets as bytes: what is built proves itself, and what was touched is not believed.

use entremise_connector::measure::radius::{
    Answer, Attribute, Code, NotAnAnswer, build, read_answer,
};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use proptest::prelude::*;

const SECRET: &[u8] = b"specimen-secret";

fn request() -> Vec<u8> {
    let attributes = [Attribute::text(1, "alice"), Attribute::text(11, "walled-garden")];
    build(Code::ChangeOfAuthorisation, 7, &attributes, SECRET).unwrap()
}

/// An answer as an access server makes it, with attributes as they are.
fn answer(code: u8, attributes: &[u8], secret: &[u8]) -> Vec<u8> {
    let request = request();
    let mut packet = vec![code, 7, 0, 0];
    packet.extend_from_slice(&request[4..20]);
    packet.extend_from_slice(attributes);
    let length = u16::try_from(packet.len()).unwrap();
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    let proof = Md5::new().chain_update(&packet).chain_update(secret).finalize();
    packet[4..20].copy_from_slice(&proof);
    packet
}

#[test]
fn a_request_proves_itself_twice() {
    let packet = request();
    assert_eq!((packet[0], packet[1], usize::from(packet[3])), (43, 7, packet.len()));
    // RFC 5176, section 2.3: the Request Authenticator is computed with zeros in its place …
    let mut zeroed = packet.clone();
    zeroed[4..20].fill(0);
    let proof = Md5::new().chain_update(&zeroed).chain_update(SECRET).finalize();
    assert_eq!(packet[4..20], proof[..]);
    // … and the Message-Authenticator before it, with zeros in both.
    assert_eq!(packet[20..22], [80, 18]);
    zeroed[22..38].fill(0);
    let mac = Hmac::<Md5>::new_from_slice(SECRET).unwrap().chain_update(&zeroed).finalize();
    assert_eq!(packet[22..38], mac.into_bytes()[..]);
    assert_eq!(packet[38..45], *b"\x01\x07alice");
}

#[test]
fn a_vendors_attribute_is_wrapped_as_the_standard_says_and_none_is_longer_than_it_can_be() {
    let attribute = Attribute::of_vendor(9, 1, b"ip:x").unwrap();
    assert_eq!((attribute.kind, attribute.value), (26, b"\0\0\0\x09\x01\x06ip:x".to_vec()));
    assert_eq!(Attribute::of_vendor(9, 1, &[b'x'; 254]), None);
    let long = [Attribute::text(11, &"x".repeat(254))];
    assert_eq!(build(Code::Disconnect, 1, &long, SECRET), None);
    let many = vec![Attribute::text(11, &"x".repeat(253)); 17];
    assert_eq!(build(Code::Disconnect, 1, &many, SECRET), None);
}

#[test]
fn an_answer_says_its_code_and_why_not() {
    let read = |bytes: &[u8]| read_answer(bytes, &request(), SECRET);
    assert_eq!(read(&answer(44, &[], SECRET)), Ok(Answer { code: 44, error_cause: None }));
    let cause = [101, 6, 0, 0, 1, 247];
    assert_eq!(read(&answer(45, &cause, SECRET)), Ok(Answer { code: 45, error_cause: Some(503) }));
    // Padding behind the length is nobody's.
    let padded = [answer(44, &[], SECRET), vec![0; 9]].concat();
    assert!(read(&padded).is_ok());
    assert_eq!(read(&answer(44, &[], b"other")), Err(NotAnAnswer::NotAuthentic));
    assert_eq!(read(&answer(41, &[], SECRET)), Err(NotAnAnswer::OfAnother));
    let mut another = answer(44, &[], SECRET);
    another[1] = 8;
    assert_eq!(read(&another), Err(NotAnAnswer::OfAnother));
    for torn in [&[101, 1][..], &[101, 7, 0], &[18]] {
        assert_eq!(read(&answer(45, torn, SECRET)), Err(NotAnAnswer::Torn));
    }
    // The answer's own Message-Authenticator is not there for ornament.
    let ornament = [&[80, 18][..], &[0; 16]].concat();
    assert_eq!(read(&answer(44, &ornament, SECRET)), Err(NotAnAnswer::NotAuthentic));
}

#[test]
fn an_answer_with_its_message_authenticator_is_believed() {
    let request = request();
    let mut packet = vec![44, 7, 0, 38];
    packet.extend_from_slice(&request[4..20]);
    packet.extend([80, 18]);
    packet.extend([0; 16]);
    let mac = Hmac::<Md5>::new_from_slice(SECRET).unwrap().chain_update(&packet).finalize();
    let attribute = [&[80, 18][..], &mac.into_bytes()].concat();
    assert!(read_answer(&answer(44, &attribute, SECRET), &request, SECRET).is_ok());
}

proptest! {
    #[test]
    fn no_bytes_make_it_stumble(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_answer(&bytes, &request(), SECRET);
        let _ = read_answer(&answer(44, &bytes, SECRET), &request(), SECRET);
    }

    #[test]
    fn a_changed_bit_is_seen(at in 0usize..26, bit in 0u8..8) {
        let mut packet = answer(45, &[101, 6, 0, 0, 1, 247], SECRET);
        packet[at] ^= 1 << bit;
        prop_assert!(read_answer(&packet, &request(), SECRET).is_err());
    }
}
