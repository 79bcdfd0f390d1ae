//! The senders' API over a real store: what a sender gets for what it sends.

use std::sync::Arc;

use crate::api_house::{Hand, OTHER_TOKEN, TOKEN, house, notice};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use entremise_core::ledger::Actor;
use entremise_ledger::{Receipt, Witnesses};
use entremise_server::api::{self, Now};
use entremise_server::house::House;
use entremise_server::worker::publish;
use serde_json::Value;
use tower_service::Service as _;

const NOON: &str = "2026-06-15T12:00:00Z";
const SEEN: &str = "2026-06-14T21:03:04.500Z";

struct Door {
    _folder: tempfile::TempDir,
    house: Arc<House>,
    router: Router,
}

fn door() -> Door {
    let folder = tempfile::tempdir().unwrap();
    let hand = Hand::at(NOON);
    let house = house(folder.path(), &hand);
    let now = Now(hand.clock()());
    let router = api::router(house.clone()).layer(axum::Extension(now));
    Door { _folder: folder, house, router }
}

fn post(token: &str) -> axum::http::request::Builder {
    Request::post("/v1/autorite/notices").header("authorization", format!("Bearer {token}"))
}

impl Door {
    async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().call(request).await.unwrap()
    }

    async fn bring(&self, token: &str, body: &str) -> (StatusCode, Value) {
        let request = post(token).body(Body::from(body.to_owned())).unwrap();
        read(self.send(request).await).await
    }

    async fn bring_under(&self, key: &str, body: &str) -> (StatusCode, Value) {
        let request =
            post(TOKEN).header("idempotency-key", key).body(Body::from(body.to_owned())).unwrap();
        read(self.send(request).await).await
    }
}

async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_good_notice_is_accepted_and_its_repetition_is_a_duplicate() {
    let door = door();
    let body = notice("A-1", "198.51.100.7", SEEN);
    let (status, first) = door.bring(TOKEN, &body).await;
    assert_eq!(status, StatusCode::OK, "{first}");
    assert_eq!(first["accepted"], 1, "{first}");
    let (_, again) = door.bring(TOKEN, &body).await;
    assert_eq!(again["duplicates"], 1);
    assert_eq!(again["results"][0]["notice"], first["results"][0]["notice"]);
}

#[tokio::test]
async fn one_bad_notice_does_not_hold_up_the_batch() {
    let door = door();
    let body = [
        notice("A-1", "198.51.100.7", SEEN),
        notice("A-2", "198.51.100.8", "2026-06-14 21:03:04"),
        notice("A-3", "203.0.113.9", SEEN),
        notice("A-4", "198.51.100.9", SEEN),
    ]
    .join("\n");
    let (status, report) = door.bring(TOKEN, &body).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!((&report["accepted"], &report["rejected"]), (&2.into(), &2.into()), "{report}");
    let codes: Vec<_> = report["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["rejections"][0]["code"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(codes, ["-", "timestamp_without_zone", "not_our_network", "-"]);
}

#[tokio::test]
async fn a_retry_under_one_key_gets_the_same_report() {
    let door = door();
    let body = notice("A-1", "198.51.100.7", SEEN);
    let (_, first) = door.bring_under("key-1", &body).await;
    let (status, again) = door.bring_under("key-1", &body).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(first, again);
}

#[tokio::test]
async fn one_key_for_two_contents_is_refused() {
    let door = door();
    door.bring_under("key-1", &notice("A-1", "198.51.100.7", SEEN)).await;
    let (status, problem) = door.bring_under("key-1", &notice("A-2", "198.51.100.8", SEEN)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["type"], "/problems/idempotency-key-reused");
}

#[tokio::test]
async fn sendings_that_come_at_once_are_each_answered_alone() {
    let door = door();
    let (authority, second) = ("autorite".parse().unwrap(), "second".parse().unwrap());
    let by = Actor::Person("officer-1".parse().unwrap());
    door.house.store.stop(&authority, &second, "as a test", &by, NOON.parse().unwrap()).unwrap();
    // One is too large for others to wait for it.
    let many: Vec<String> =
        (0..100).map(|at| notice(&format!("L-{at}"), &format!("198.51.100.{at}"), SEEN)).collect();
    let at = |number: usize| match number {
        3 => (TOKEN, "key-3".to_owned(), "<Infringement><Case>".to_owned()),
        5 => (OTHER_TOKEN, "key-5".to_owned(), notice("B-5", "198.51.100.5", SEEN)),
        7 => (TOKEN, "key-7".to_owned(), many.join("\n")),
        // The same sending twice.
        8 | 9 => (TOKEN, "key-8".to_owned(), notice("A-8", "198.51.100.208", SEEN)),
        _ => {
            let body = notice(&format!("A-{number}"), &format!("198.51.100.2{number:02}"), SEEN);
            (TOKEN, format!("key-{number}"), body)
        }
    };
    let sent = (0..20).map(|number| {
        let (token, key, body) = at(number);
        let request = post(token).header("idempotency-key", key).body(Body::from(body)).unwrap();
        let mut router = door.router.clone();
        tokio::spawn(async move { read(router.call(request).await.unwrap()).await })
    });
    let sent: Vec<_> = sent.collect();
    let mut answers = Vec::new();
    for one in sent {
        answers.push(one.await.unwrap());
    }
    for (number, (status, answer)) in answers.iter().enumerate() {
        match number {
            3 => assert_eq!(answer["type"], "/problems/unreadable", "{answer}"),
            5 => assert_eq!(*status, StatusCode::FORBIDDEN, "{answer}"),
            7 => assert_eq!(answer["accepted"], 100, "{answer}"),
            _ => {
                assert_eq!((*status, &answer["accepted"]), (StatusCode::OK, &1.into()), "{answer}");
                let own = format!("A-{}", if number == 9 { 8 } else { number });
                assert_eq!(answer["results"][0]["sender_case_id"], own);
            }
        }
    }
    assert_eq!(answers[8], answers[9]);
}

#[tokio::test]
async fn without_a_token_or_with_a_wrong_one_nothing_is_said() {
    let door = door();
    let body = notice("A-1", "198.51.100.7", SEEN);
    let (wrong, problem) = door.bring("guess", &body).await;
    assert_eq!(wrong, StatusCode::UNAUTHORIZED);
    let elsewhere = Request::post("/v1/another/notices")
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Body::from(body))
        .unwrap();
    let (status, other) = read(door.send(elsewhere).await).await;
    assert_eq!((status, &other), (StatusCode::UNAUTHORIZED, &problem));
}

#[tokio::test]
async fn what_cannot_be_read_is_quarantined_and_said_to_be() {
    let door = door();
    let (status, problem) = door.bring(TOKEN, "<Infringement><Case>").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["type"], "/problems/unreadable", "{problem}");
    let authority = "autorite".parse().unwrap();
    assert_eq!(door.house.store.quarantined(&authority).unwrap().len(), 1);
}

#[tokio::test]
async fn a_stopped_sender_is_told_so_at_once_and_resumes_where_it_was() {
    let door = door();
    let (authority, sender) = ("autorite".parse().unwrap(), "first".parse().unwrap());
    let by = Actor::Person("officer-1".parse().unwrap());
    let now = NOON.parse().unwrap();
    let body = notice("A-1", "198.51.100.7", SEEN);
    door.house.store.stop(&authority, &sender, "test server leaks", &by, now).unwrap();
    let (status, problem) = door.bring(TOKEN, &body).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(problem["detail"], "test server leaks");
    let (other, _) = door.bring(OTHER_TOKEN, &body).await;
    assert_eq!(other, StatusCode::OK, "another sender is not concerned");
    door.house.store.resume(&authority, &sender, &by, now).unwrap();
    let (status, _) = door.bring(TOKEN, &body).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_sender_that_calls_too_fast_is_told_when_to_come_back() {
    let door = door();
    let mut last = StatusCode::OK;
    let mut retry_after = None;
    for number in 0..12 {
        let body = notice(&format!("B-{number}"), "198.51.100.7", SEEN);
        let request = post(OTHER_TOKEN).body(Body::from(body)).unwrap();
        let response = door.send(request).await;
        last = response.status();
        retry_after = response.headers().get("retry-after").cloned();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert!(retry_after.is_some());
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_without_being_held() {
    let door = door();
    let chunk = vec![b'x'; 1 << 20];
    let stream = pieces_of(chunk, api::BODY_BYTES_MAX / (1 << 20) + 2);
    let request = post(TOKEN).body(stream).unwrap();
    let response = door.send(request).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}

/// A body that arrives in pieces, without saying how long it will be.
fn pieces_of(chunk: Vec<u8>, times: usize) -> Body {
    let pieces = (0..times).map(move |_| Ok::<_, std::io::Error>(chunk.clone()));
    Body::from_stream(futures_util::stream::iter(pieces))
}

#[tokio::test]
async fn an_acknowledgement_can_be_had_in_the_sender_s_own_language() {
    let door = door();
    let request = post(TOKEN)
        .header("accept", "application/xml")
        .body(Body::from(notice("A-1", "198.51.100.7", SEEN)))
        .unwrap();
    let response = door.send(request).await;
    assert_eq!(response.headers()["content-type"], "application/xml");
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let xml = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(xml.contains("<NoticeAck") && xml.contains("Accepted=\"true\""), "{xml}");
}

#[tokio::test]
async fn where_a_notice_stands_is_told_to_its_sender_alone_in_both_tongues() {
    let door = door();
    let (_, report) = door.bring(TOKEN, &notice("A-1", "198.51.100.7", SEEN)).await;
    let number = report["results"][0]["notice"].as_str().unwrap().to_owned();
    let get = |token: &str, accept: &str| {
        Request::get(format!("/v1/autorite/notices/{number}/status"))
            .header("authorization", format!("Bearer {token}"))
            .header("accept", accept)
            .body(Body::empty())
            .unwrap()
    };
    let body = |response: axum::response::Response| async {
        axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()
    };
    let response = door.send(get(TOKEN, "application/json")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let status: serde_json::Value = serde_json::from_slice(&body(response).await).unwrap();
    assert_eq!(status["disposition"], "OPEN");
    assert_eq!(status["reason"], "received");
    assert_eq!(status["sender_case_id"], "A-1");
    assert_eq!(status["may_be_withdrawn"], true);
    let response = door.send(get(TOKEN, "application/xml")).await;
    assert_eq!(response.headers()["content-type"], "application/xml");
    let xml = String::from_utf8(body(response).await).unwrap();
    assert!(xml.contains("<NoticeStatus") && xml.contains("CaseID=\"A-1\""), "{xml}");
    let response = door.send(get(OTHER_TOKEN, "application/json")).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND, "somebody else's notice");
}

#[tokio::test]
async fn a_report_is_read_again_by_its_sender_and_by_nobody_else() {
    let door = door();
    let (_, report) = door.bring(TOKEN, &notice("A-1", "198.51.100.7", SEEN)).await;
    let get = |token: &str| {
        Request::get(format!("/v1/autorite/batches/{}", report["batch"].as_str().unwrap()))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap()
    };
    let (status, again) = read(door.send(get(TOKEN)).await).await;
    assert_eq!((status, &again), (StatusCode::OK, &report));
    let (status, _) = read(door.send(get(OTHER_TOKEN)).await).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[test]
fn the_description_is_openapi_3_1_and_names_every_address() {
    let description = serde_json::to_value(api::description()).unwrap();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    for path in ["/v1/{authority}/notices", "/v1/{authority}/batches/{batch}", "/health"] {
        assert!(description["paths"][path].is_object(), "{path}");
    }
}

fn ask_for_receipt(token: &str, notice: &str) -> Request<Body> {
    Request::get(format!("/v1/autorite/notices/{notice}/receipt"))
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn a_sender_gets_a_receipt_that_holds_without_us() {
    let door = door();
    let (_, report) = door.bring(TOKEN, &notice("A-1", "198.51.100.7", SEEN)).await;
    let number = report["results"][0]["notice"].as_str().unwrap();
    // Before the next checkpoint there is none.
    let early = door.send(ask_for_receipt(TOKEN, number)).await;
    assert_eq!(early.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(early.headers()["retry-after"], "15");
    let room = &door.house.rooms[0];
    publish::ledger(&door.house, room, NOON.parse().unwrap()).unwrap();
    let response = door.send(ask_for_receipt(TOKEN, number)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let receipt = Receipt::parse(&text).unwrap();
    let keys = [room.ledger_key.public().clone()];
    let proven = receipt.check(&keys, &Witnesses::default(), &[]).unwrap();
    assert_eq!(proven.kind, "event.notice_accepted");
    // It says which notice, from whom: what the sender knows, and the ledger keeps to itself.
    let body = proven.body.unwrap();
    assert!(body.contains(number) && body.contains("first"), "{body}");
}

#[tokio::test]
async fn a_receipt_is_for_whoever_brought_the_notice_and_for_nobody_else() {
    let door = door();
    let (_, report) = door.bring(TOKEN, &notice("A-1", "198.51.100.7", SEEN)).await;
    let number = report["results"][0]["notice"].as_str().unwrap();
    publish::ledger(&door.house, &door.house.rooms[0], NOON.parse().unwrap()).unwrap();
    for (token, number, status) in [
        (OTHER_TOKEN, number, StatusCode::NOT_FOUND),
        ("guess", number, StatusCode::UNAUTHORIZED),
        (TOKEN, "00000000-0000-0000-0000-000000000001", StatusCode::NOT_FOUND),
        (TOKEN, "none", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(door.send(ask_for_receipt(token, number)).await.status(), status);
    }
}
