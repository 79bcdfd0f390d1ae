//! Letters: handed over once whatever breaks, and read back as the carrier says.

use crate::delivery_sample as sample;

use std::fs;
use std::time::Duration;

use crate::post::Post;
use entremise_core::event::DeliveryStatus;
use entremise_core::regime::rules::ReturnReason;
use entremise_letters::Pdf;
use entremise_letters::address::PostalAddress;
use entremise_server::delivery::Handover;
use entremise_server::delivery::post::folder::Folder;
use entremise_server::delivery::post::http::Http;
use entremise_server::delivery::post::{
    Carrier, Letter, PostStatus, PostTrouble, Product, ProofKind, Reading,
};
use jiff::Timestamp;
use sample::{at, effect};

fn letter(number: u128) -> Letter {
    Letter {
        effect: effect(number),
        product: Product::Registered,
        pdf: Pdf { bytes: b"%PDF-1.7 specimen\r\n--x".to_vec(), sha256: [3; 32], pages: 2 },
        recipient: PostalAddress::new(["Mme Camille Exemple", "00100 EXEMPLEVILLE"]).unwrap(),
        sender: PostalAddress::new(["Autorité (SPECIMEN)", "00000 EXEMPLE"]).unwrap(),
    }
}

fn simple(number: u128) -> Letter {
    Letter { product: Product::Simple, ..letter(number) }
}

fn later() -> Timestamp {
    "2026-11-25T09:30:00Z".parse().unwrap()
}

fn handed_at(outcome: &Handover) -> Timestamp {
    match outcome {
        Handover::HandedOver { at, .. } => *at,
        other => panic!("{other:?}"),
    }
}

// -- the folder -----------------------------------------------------------------------------

fn folder() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    (place, folder)
}

#[test]
fn a_letter_is_left_whole_with_a_manifest_that_names_its_digest() {
    let (place, folder) = folder();
    assert_eq!(handed_at(&folder.hand_over(&letter(1), at())), at());
    let outbox = place.path().join("outbox");
    let mut names: Vec<String> = fs::read_dir(&outbox)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [format!("{}.json", effect(1)), format!("{}.pdf", effect(1))]);
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(outbox.join(&names[0])).unwrap()).unwrap();
    assert_eq!(manifest["sha256"], "03".repeat(32));
    assert_eq!(manifest["recipient"][1], "00100 EXEMPLEVILLE");
    assert_eq!(manifest["product"], "registered_with_receipt");
    assert_eq!(fs::read(outbox.join(&names[1])).unwrap(), letter(1).pdf.bytes);
}

#[test]
fn the_manifest_of_a_simple_letter_asks_for_no_receipt() {
    let (place, folder) = folder();
    folder.hand_over(&simple(1), at());
    let path = place.path().join(format!("outbox/{}.json", effect(1)));
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(manifest["product"], "simple");
}

#[test]
fn the_same_effect_is_never_left_twice_and_keeps_its_first_date() {
    let (place, folder) = folder();
    folder.hand_over(&letter(1), at());
    let mut again = letter(1);
    again.pdf.bytes = b"another".to_vec();
    assert_eq!(handed_at(&folder.hand_over(&again, later())), at());
    let kept = fs::read(place.path().join(format!("outbox/{}.pdf", effect(1)))).unwrap();
    assert_eq!(kept, letter(1).pdf.bytes);
}

#[test]
fn a_crash_between_letter_and_manifest_is_mended_by_the_next_attempt() {
    let (place, folder) = folder();
    fs::write(place.path().join(format!("outbox/{}.pdf", effect(1))), b"%PDF half").unwrap();
    assert_eq!(handed_at(&folder.hand_over(&letter(1), later())), later());
    let kept = fs::read(place.path().join(format!("outbox/{}.pdf", effect(1)))).unwrap();
    assert_eq!(kept, letter(1).pdf.bytes);
}

#[test]
fn a_folder_that_takes_nothing_is_tried_again() {
    let (place, folder) = folder();
    fs::remove_dir_all(place.path().join("outbox")).unwrap();
    assert_eq!(folder.hand_over(&letter(1), at()).name(), "again");
}

#[test]
fn news_dropped_into_the_inbox_come_back_dated_with_their_proof() {
    let (place, folder) = folder();
    let inbox = place.path().join("inbox");
    fs::write(inbox.join("receipt-1.pdf"), b"a scanned receipt").unwrap();
    let rows = format!(
        "effect,code,at,proof\n{0},D01,2026-11-25T09:30:00Z,receipt-1.pdf\n\
         {0},A02,2026-11-24T10:00:00+01:00,\n{0},A02,2026-11-24T10:00:00+01:00,\n",
        effect(1)
    );
    fs::write(inbox.join("statuses.csv"), rows).unwrap();
    let news = folder.statuses(Timestamp::UNIX_EPOCH, at()).unwrap();
    assert_eq!(news.len(), 2, "the doubled row counts once");
    let status = |place: usize| news[place].reading.delivery_status(Product::Registered);
    assert_eq!(status(0), Some(DeliveryStatus::Presented));
    assert_eq!(status(1), Some(DeliveryStatus::Delivered));
    let proof = news[1].proof.as_ref().unwrap();
    assert_eq!(proof.kind, ProofKind::Receipt);
    let document = folder.proof(proof, at()).unwrap().unwrap();
    assert_eq!(document.0, b"a scanned receipt");
    fs::remove_file(inbox.join("receipt-1.pdf")).unwrap();
    assert!(folder.proof(proof, at()).unwrap().is_none());
    fs::write(inbox.join("receipt-1.pdf"), b"a scanned receipt").unwrap();
    assert_eq!(folder.statuses(later(), at()).unwrap().len(), 1);
}

#[test]
fn a_row_that_cannot_be_read_says_where_and_loses_nothing() {
    for (row, line) in [
        ("x,D01,2026-11-25T09:30:00Z,", 2),
        ("0190e000-0000-7000-8000-000000000001,D01,25/11/2026,", 2),
        ("0190e000-0000-7000-8000-000000000001,D01,2026-11-25T09:30:00,", 2),
        ("0190e000-0000-7000-8000-000000000001,D01", 2),
        ("0190e000-0000-7000-8000-000000000001,D01,2026-11-25T09:30:00Z,../outbox/x.pdf", 2),
        ("0190e000-0000-7000-8000-000000000001,D01,2026-11-25T09:30:00Z,absent.pdf", 2),
    ] {
        let (place, folder) = folder();
        let text = format!("effect,code,at,proof\n{row}\n");
        fs::write(place.path().join("inbox/statuses.csv"), text).unwrap();
        match folder.statuses(Timestamp::UNIX_EPOCH, at()) {
            Err(PostTrouble::Unreadable { line: found, .. }) => assert_eq!(found, line, "{row}"),
            other => panic!("{row}: {other:?}"),
        }
    }
}

// -- the HTTP interface ---------------------------------------------------------------------

/// The simulated service on a port of its own, and our adapter to it.
struct Counter {
    post: Post,
    adapter: Http,
    _runtime: tokio::runtime::Runtime,
}

fn counter() -> Counter {
    counter_with("specimen")
}

fn counter_with(secret: &str) -> Counter {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let post = Post::new(at());
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = post.router();
    runtime.spawn(async move { axum::serve(listener, router).await });
    let client =
        reqwest::blocking::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    Counter { post, adapter: Http::new(client, &base, "demo", secret), _runtime: runtime }
}

#[test]
fn a_letter_becomes_one_submitted_sending_with_document_and_recipient() {
    let service = counter();
    assert_eq!(service.adapter.hand_over(&letter(1), at()).name(), "handed_over");
    let letters = service.post.letters();
    assert_eq!((letters.len(), service.post.drafts()), (1, 0));
    assert_eq!(letters[0].custom_id, effect(1).to_string());
    assert_eq!(letters[0].documents, [letter(1).pdf.bytes]);
    let recipient = letters[0].recipient.as_ref().unwrap();
    assert_eq!(recipient["address_line_2"], "00100 EXEMPLEVILLE");
}

#[test]
fn a_submission_whose_answer_was_lost_is_found_again_and_not_repeated() {
    let service = counter();
    service.post.lose_answers(1);
    assert_ne!(service.adapter.hand_over(&letter(1), at()).name(), "handed_over");
    let outcome = service.adapter.hand_over(&letter(1), later());
    assert_eq!(handed_at(&outcome), at(), "the date is the service's, not the second attempt's");
    assert_eq!(service.post.letters().len(), 1);
}

#[test]
fn a_draft_left_by_a_broken_attempt_is_thrown_away_before_the_next() {
    let service = counter();
    service.post.stumble(1);
    assert_eq!(service.adapter.hand_over(&letter(1), at()).name(), "again");
    assert_eq!((service.post.letters().len(), service.post.drafts()), (0, 1));
    assert_eq!(service.adapter.hand_over(&letter(1), later()).name(), "handed_over");
    assert_eq!((service.post.letters().len(), service.post.drafts()), (1, 0));
}

#[test]
fn one_access_token_serves_until_it_ends() {
    let service = counter();
    for number in 1..=3 {
        service.adapter.hand_over(&letter(number), at());
    }
    assert_eq!(service.post.tokens(), 1);
    service.adapter.hand_over(&letter(4), later());
    assert_eq!(service.post.tokens(), 2);
}

#[test]
fn a_service_that_does_not_know_us_blocks_us_and_says_nothing_about_the_letter() {
    let service = counter_with("wrong");
    assert_eq!(service.adapter.hand_over(&letter(1), at()).name(), "blocked");
}

#[test]
fn a_service_that_is_not_there_is_tried_again() {
    // Under nextest this test is a process of its own; `main` does it for the service.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::blocking::Client::new();
    let nobody = Http::new(client, "http://127.0.0.1:9", "demo", "specimen");
    assert_eq!(nobody.hand_over(&letter(1), at()).name(), "again");
    assert!(matches!(nobody.statuses(at(), at()), Err(PostTrouble::Unreached(_))));
}

#[test]
fn news_of_the_service_come_with_proofs_of_deposit_and_of_receipt() {
    let service = counter();
    service.adapter.hand_over(&letter(1), at());
    let id = effect(1).to_string();
    service.post.say(&id, "A01", at(), Some(b"deposit".to_vec()));
    service.post.say(&id, "A02", later(), None);
    service.post.say(&id, "N01", later(), Some(b"receipt".to_vec()));
    service.post.say("someone-else", "D01", later(), None);
    let news = service.adapter.statuses(at(), later()).unwrap();
    let proofs: Vec<Option<ProofKind>> =
        news.iter().map(|event| event.proof.as_ref().map(|proof| proof.kind)).collect();
    assert_eq!(proofs, [Some(ProofKind::Deposit), None, Some(ProofKind::Receipt)]);
    assert_eq!(service.post.downloads(), 0, "news names proofs, and fetches none");
    let fetched: Vec<Vec<u8>> = news
        .iter()
        .filter_map(|event| event.proof.as_ref())
        .map(|id| service.adapter.proof(id, later()).unwrap().unwrap().0)
        .collect();
    assert_eq!(fetched, [b"deposit".to_vec(), b"receipt".to_vec()]);
    let since = service.adapter.statuses(later(), later()).unwrap();
    assert_eq!(since.len(), 2);
}

#[test]
fn a_simple_letter_is_sent_as_one_and_has_no_receipt_whatever_is_said_of_it() {
    let service = counter();
    assert_eq!(service.adapter.hand_over(&simple(1), at()).name(), "handed_over");
    assert!(!service.post.letters()[0].is_registered);
    let id = effect(1).to_string();
    service.post.say(&id, "A06", at(), Some(b"deposit".to_vec()));
    service.post.say(&id, "N01", later(), Some(b"somebody else's receipt".to_vec()));
    let news = service.adapter.statuses(at(), later()).unwrap();
    let fetched: Vec<Option<Vec<u8>>> = news
        .iter()
        .map(|event| service.adapter.proof(event.proof.as_ref().unwrap(), later()).unwrap())
        .map(|proof| proof.map(|proof| proof.0))
        .collect();
    assert_eq!(fetched, [Some(b"deposit".to_vec()), None]);
}

#[test]
fn more_news_than_fit_on_a_page_are_all_read() {
    let service = counter();
    service.adapter.hand_over(&letter(1), at());
    for _ in 0..1_001 {
        service.post.say(&effect(1).to_string(), "A05", later(), None);
    }
    assert_eq!(service.adapter.statuses(at(), later()).unwrap().len(), 1_001);
}

// -- the codes ------------------------------------------------------------------------------

#[test]
fn only_a_word_about_presentation_starts_the_clock() {
    let status = |code| Reading::of(code).delivery_status(Product::Registered);
    assert_eq!(status("A02"), Some(DeliveryStatus::Presented));
    assert_eq!(status("P01"), None);
    assert_eq!(status("A05"), None);
    assert_eq!(status("P02"), None);
}

#[test]
fn no_word_about_a_simple_letter_proves_a_presentation() {
    let status = |code| Reading::of(code).delivery_status(Product::Simple);
    assert_eq!(status("A06"), Some(DeliveryStatus::HandedOver));
    for code in ["A02", "D01", "P01", "P02", "A05"] {
        assert_eq!(status(code), None, "{code}");
    }
    assert_eq!(status("N01"), Some(DeliveryStatus::Unknown), "it speaks of another letter");
    let unknown = DeliveryStatus::Returned(ReturnReason::UnknownAddress);
    assert_eq!(status("A21"), Some(unknown));
}

#[test]
fn each_way_back_has_its_own_reason() {
    let returned = |code| match Reading::of(code).delivery_status(Product::Registered) {
        Some(DeliveryStatus::Returned(reason)) => Some(reason),
        _ => None,
    };
    assert_eq!(returned("n05"), Some(ReturnReason::Refused));
    assert_eq!(returned("P03"), Some(ReturnReason::Unclaimed));
    assert_eq!(returned("A23"), Some(ReturnReason::UnknownAddress));
    assert_eq!(returned("N04"), Some(ReturnReason::Deceased));
    assert_eq!(returned("lost"), Some(ReturnReason::Lost));
}

#[test]
fn an_unknown_or_unclear_code_goes_to_a_person() {
    for code in ["Z99", "", "A26", "P06", "N06", "A19"] {
        let reading = Reading::of(code);
        assert!(reading.check_cause, "{code}");
        for product in [Product::Simple, Product::Registered] {
            assert_eq!(reading.delivery_status(product), Some(DeliveryStatus::Unknown), "{code}");
        }
    }
    assert_eq!(Reading::of("Z99").status, PostStatus::Unknown);
}

#[test]
fn the_published_codes_are_read_as_the_corpus_reads_them() {
    let corpus = ["../../shared", "../shared"]
        .map(|up| {
            format!(
                "{}/{up}/corpus/registered-mail/delivery-statuses.csv",
                env!("CARGO_MANIFEST_DIR")
            )
        })
        .into_iter()
        .find_map(|path| fs::read_to_string(path).ok());
    let Some(corpus) = corpus else {
        return println!("skipped: the corpus is absent");
    };
    for row in corpus.lines().skip(1) {
        let columns: Vec<&str> = row.split(',').collect();
        let [_, code, .., normalised, terminal, legal] = columns[..] else { panic!("{row}") };
        let reading = Reading::of(code);
        assert_eq!(reading.status.name(), normalised, "{row}");
        assert_eq!(reading.terminal, terminal == "yes", "{row}");
        assert_eq!(reading.check_cause, matches!(legal, "check cause" | "review"), "{row}");
    }
}
