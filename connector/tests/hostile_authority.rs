//! A wholly hostile authority. It owns every key and database of its own house: its requests bear
//! the signature that the provider pinned, its counts say what it likes, its reviewers are its
//! friends. What it cannot have is the key of a reviewer whom the provider pinned, nor the
//! provider's own journal. It gets two linkings of a subscriber, as the law allows without prior
//! review, and no third identity.

use crate::authorities::*;
use crate::told::at;
use entremise_connector::chain;
use entremise_core::authorisation::{Ruling, Signature};
use entremise_core::id::Handle;
use entremise_core::identification::{Disclosure, DisclosureRequest, IdentityField, Purpose};
use entremise_wire::sealing::open;

fn reviewer() -> Reviewer {
    Reviewer::new("r-dupont", 1)
}

/// A provider that pinned one reviewer, and a subscriber who was linked twice, whole.
fn linked_twice() -> (Isp, Handle) {
    let mut isp = Isp::new(&reviewer().pinned());
    let handle = isp.handle(10);
    for sequence in [1, 2] {
        let request = whole(isp.request(&handle, sequence));
        assert_eq!(isp.outcome(&request), "disclosed");
    }
    (isp, handle)
}

/// Everything the provider knows of the subscriber.
fn whole(request: DisclosureRequest) -> DisclosureRequest {
    use IdentityField::*;
    DisclosureRequest {
        fields: vec![Name, PostalAddress, Email, Telephone, LineAddress],
        ..request
    }
}

fn finding(request: DisclosureRequest) -> DisclosureRequest {
    DisclosureRequest { purpose: Purpose::Finding, ..request }
}

#[test]
fn a_grant_of_a_pinned_reviewer_opens_the_third_linking_and_nothing_else_does() {
    let (mut isp, handle) = linked_twice();
    let mut third = finding(isp.request(&handle, 3));
    assert_eq!(isp.outcome(&third), "authorisation_missing");
    third.authorisation = Some(reviewer().sign(statement(&third, 1)));
    let disclosed = isp.ask(&third);
    let Disclosure::Disclosed { id, encapsulated_key, sealed, .. } = &disclosed else { panic!() };
    let identity = open(encapsulated_key, sealed, &isp.vault, *id, Purpose::Finding).ok().unwrap();
    assert_eq!(identity.name.as_deref(), Some("Camille SPECIMEN"));
    assert_eq!(isp.desk().linkings(&handle), 3);
    // The same request again, also after a restart: the same sealed bytes.
    assert_eq!(isp.ask(&third), disclosed);
    isp.restart();
    assert_eq!(isp.ask(&third), disclosed);
}

#[test]
fn the_third_is_refused_whatever_it_is_called() {
    let (mut isp, handle) = linked_twice();
    for sequence in [3, 4, 1_000, u32::MAX] {
        let request = isp.request(&handle, sequence);
        assert_eq!(isp.outcome(&request), "authorisation_missing", "{sequence}");
        assert_eq!(isp.outcome(&finding(request)), "authorisation_missing", "{sequence}");
    }
    // Counting anew from one, or from nothing.
    for sequence in [1, 2] {
        let request = isp.request(&handle, sequence);
        assert_eq!(isp.outcome(&request), "authorisation_missing");
    }
    let request = isp.request(&handle, 0);
    assert_eq!(isp.outcome(&request), "sequence_invalid");
    // A restart of the provider forgets nothing.
    isp.restart();
    let request = isp.request(&handle, 1);
    assert_eq!(isp.outcome(&request), "authorisation_missing");
    assert_eq!(isp.desk().linkings(&handle), 2);
}

#[test]
fn numbers_that_are_jumped_over_are_not_kept_for_later() {
    let mut isp = Isp::new(&reviewer().pinned());
    let handle = isp.handle(10);
    for (sequence, expected) in [(2, "disclosed"), (1, "disclosed"), (3, "authorisation_missing")] {
        let request = whole(isp.request(&handle, sequence));
        assert_eq!(isp.outcome(&request), expected);
    }
}

#[test]
fn fields_asked_for_one_by_one_are_still_two_linkings() {
    let mut isp = Isp::new(&reviewer().pinned());
    let handle = isp.handle(10);
    let fields = whole(isp.request(&handle, 1)).fields;
    let mut disclosed = 0;
    for sequence in 0..6 {
        for field in &fields {
            for _ in 0..3 {
                let request =
                    DisclosureRequest { fields: vec![*field], ..isp.request(&handle, sequence) };
                disclosed += usize::from(isp.outcome(&request) == "disclosed");
            }
        }
    }
    // Each field twice: what two whole linkings give.
    assert_eq!((disclosed, isp.desk().linkings(&handle)), (2 * fields.len(), 2));
    let nothing = DisclosureRequest { fields: Vec::new(), ..isp.request(&handle, 2) };
    assert_eq!(isp.outcome(&nothing), "nothing_asked_for");
}

#[test]
fn other_batches_and_other_ids_do_not_make_another_request() {
    let (mut isp, handle) = linked_twice();
    let known = isp.request(&handle, 3);
    let granted = DisclosureRequest {
        authorisation: Some(reviewer().sign(statement(&known, 1))),
        ..known.clone()
    };
    assert_eq!(isp.outcome(&granted), "disclosed");
    // Its id stands for it: nothing else is had under it.
    let more = DisclosureRequest { fields: vec![IdentityField::PostalAddress], ..granted.clone() };
    assert_eq!(isp.outcome(&more), "question_changed");
    // Each call is a batch of its own here; a new id is a new request, and its grant is used up.
    let again = DisclosureRequest { id: isp.request(&handle, 3).id, ..granted };
    assert_eq!(isp.outcome(&again), "authorisation_used");
    isp.restart();
    assert_eq!(isp.outcome(&again), "authorisation_used");
}

#[test]
fn reviewers_of_its_own_are_nobody_here() {
    let (mut isp, handle) = linked_twice();
    let third = isp.request(&handle, 3);
    // An invented one, and one that bears the pinned one's name and key id.
    let friend = Reviewer::new("r-friend", 2);
    let mut by_friend = statement(&third, 1);
    by_friend.reviewer = "r-friend".parse().unwrap();
    let impostor = Reviewer::new("r-dupont", 2);
    for (signed, expected) in [
        (friend.sign(by_friend), "authorisation_by_unknown_reviewer"),
        (friend.sign(statement(&third, 1)), "authorisation_by_unknown_reviewer"),
        (impostor.sign(statement(&third, 1)), "authorisation_bad_signature"),
    ] {
        let asked = DisclosureRequest { authorisation: Some(signed), ..third.clone() };
        assert_eq!(isp.outcome(&asked), expected);
    }
}

#[test]
fn a_grant_for_something_else_opens_nothing() {
    let (mut isp, handle) = linked_twice();
    let other = isp.handle(11);
    let third = isp.request(&handle, 3);
    let good = statement(&third, 1);
    let mut others = vec![good.clone(); 7];
    others[0].linking.handle = other;
    others[1].linking.regime = "other-regime".parse().unwrap();
    others[2].linking.sequence = 2;
    others[3].linking.fields = vec![IdentityField::Name];
    others[4].linking.purpose = Purpose::Finding;
    others[5].linking.authority = "another".parse().unwrap();
    others[6].linking.provider = "isp-2".parse().unwrap();
    for statement in others {
        let signed = reviewer().sign(statement);
        let asked = DisclosureRequest { authorisation: Some(signed), ..third.clone() };
        assert_eq!(isp.outcome(&asked), "authorisation_for_another");
    }
}

#[test]
fn a_grant_that_was_changed_expired_or_refused_opens_nothing() {
    let (mut isp, handle) = linked_twice();
    let third = isp.request(&handle, 3);
    let asked = |signed| DisclosureRequest { authorisation: Some(signed), ..third.clone() };
    // A signed statement whose words were put right afterwards.
    let mut for_two = statement(&third, 1);
    for_two.linking.sequence = 2;
    let mut changed = reviewer().sign(for_two);
    changed.statement.linking.sequence = 3;
    assert_eq!(isp.outcome(&asked(changed)), "authorisation_bad_signature");
    let mut nonsense = reviewer().sign(statement(&third, 1));
    nonsense.signature = Signature::Ed25519 { signature: "?".to_owned() };
    assert_eq!(isp.outcome(&asked(nonsense)), "authorisation_bad_signature");
    let mut late = statement(&third, 1);
    late.expires_at = at(NOW);
    assert_eq!(isp.outcome(&asked(reviewer().sign(late))), "authorisation_expired");
    let mut refusal = statement(&third, 1);
    refusal.ruling = Ruling::Refused;
    assert_eq!(isp.outcome(&asked(reviewer().sign(refusal))), "authorisation_refused_by_reviewer");
    // None of these tries has used the grant up.
    let good = asked(reviewer().sign(statement(&third, 1)));
    assert_eq!(isp.outcome(&good), "disclosed");
}

#[test]
fn without_pinned_reviewers_there_is_no_third_linking_at_all() {
    let mut isp = Isp::new("");
    let handle = isp.handle(10);
    let third = finding(isp.request(&handle, 3));
    let signed = reviewer().sign(statement(&third, 1));
    let asked = DisclosureRequest { authorisation: Some(signed), ..third };
    assert_eq!(isp.outcome(&asked), "authorisation_by_unknown_reviewer");
}

#[test]
fn a_request_that_lies_around_is_worth_nothing() {
    let (mut isp, handle) = linked_twice();
    let third = isp.request(&handle, 3);
    let asked =
        DisclosureRequest { authorisation: Some(reviewer().sign(statement(&third, 1))), ..third };
    isp.now = asked.expires_at;
    assert_eq!(isp.outcome(&asked), "request_expired");
}

#[test]
fn everything_it_tried_stands_in_the_providers_own_journal() {
    let (mut isp, handle) = linked_twice();
    for sequence in [1, 3] {
        let request = isp.request(&handle, sequence);
        isp.ask(&request);
    }
    let unknown = Handle::try_from("A".repeat(43)).unwrap();
    let request = isp.request(&unknown, 1);
    isp.ask(&request);
    let files = isp.files();
    let file = |name: &str| files.iter().find(|(known, _)| known == name).unwrap().1.clone();
    let (journal, records) = (file(chain::FILE), file("disclosures.jsonl"));
    let lines = |bytes: &[u8]| -> Vec<Vec<u8>> {
        bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let kept = lines(&records);
    let verify = |journal: &[u8]| chain::verify(journal, kept.iter().map(Vec::as_slice));
    let verified = verify(&journal).unwrap();
    let counts: Vec<(String, u64)> =
        verified.counts.iter().map(|((.., outcome), n)| (outcome.clone(), *n)).collect();
    let expected =
        [("disclosed", 2), ("handle_unknown", 1), ("refused (authorisation_missing)", 2)];
    assert_eq!(counts, expected.map(|(outcome, count)| (outcome.to_owned(), count)));
    assert_eq!((verified.head.lines, verified.kept, verified.erased), (5, 2, 0));
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_entremise-connector"))
        .args(["journal", "verify", "--index"])
        .arg(isp.provider.index_path())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("autorite\tdisclosure\twarn\tdisclosed\t2\n"), "{printed}");
    assert!(printed.contains(&format!("5 lines, head {}", verified.head.digest)), "{printed}");
    // It names no subscriber and no handle.
    assert!(!String::from_utf8(journal.clone()).unwrap().contains(handle.as_str()));
    // Taken out, changed, moved, or cut within a line: seen.
    let all = lines(&journal);
    let joined = |lines: &[Vec<u8>]| [lines.join(&b"\n"[..]), b"\n".to_vec()].concat();
    for place in 0..4 {
        let mut fewer = all.clone();
        fewer.remove(place);
        assert!(verify(&joined(&fewer)).is_err(), "without line {place}");
        let mut swapped = all.clone();
        swapped.swap(place, place + 1);
        assert!(verify(&joined(&swapped)).is_err(), "with line {place} moved");
        let mut changed = all.clone();
        changed[place] = String::from_utf8(changed[place].clone())
            .unwrap()
            .replace("\"purpose\":\"warn\"", "\"purpose\":\"finding\"")
            .into_bytes();
        assert!(verify(&joined(&changed)).is_err(), "with line {place} changed");
    }
    assert!(verify(&journal[..journal.len() - 1]).is_err());
    // Records whose line was cut off the end are seen too.
    assert!(verify(&joined(&all[..1])).is_err());
}

#[test]
fn a_desk_does_not_go_on_with_a_journal_that_was_changed() {
    let (isp, _) = linked_twice();
    let directory = isp.provider.index_path();
    let path = directory.join(chain::FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"sequence\":1", "\"sequence\":7", 1)).unwrap();
    let error = chain::Chain::open(&directory, |_| {}).err().unwrap();
    assert!(format!("{error:#}").contains("line 2 does not follow line 1"), "{error:#}");
}

#[test]
fn a_journal_that_is_taken_away_takes_no_count_away() {
    let (mut isp, handle) = linked_twice();
    let path = isp.provider.index_path().join(chain::FILE);
    let whole = std::fs::read(&path).unwrap();
    isp.close();
    std::fs::write(&path, b"").unwrap();
    let error = isp.open().err().unwrap();
    assert!(format!("{error:#}").contains("does not speak of the record"), "{error:#}");
    std::fs::write(&path, whole).unwrap();
    isp.restart();
    assert_eq!(isp.desk().linkings(&handle), 2);
}

#[test]
fn a_crash_between_record_and_journal_counts_for_nothing() {
    let (mut isp, handle) = linked_twice();
    let path = isp.provider.index_path().join(chain::FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    isp.close();
    // The second answer never left: its line is not there, or half of it.
    let first = text.find('\n').unwrap() + 1;
    for left in [first, first + 40] {
        std::fs::write(&path, &text[..left]).unwrap();
        isp.restart();
        assert_eq!(isp.desk().linkings(&handle), 1);
        isp.close();
    }
    isp.restart();
    let request = isp.request(&handle, 2);
    assert_eq!(isp.outcome(&request), "disclosed");
}

#[test]
fn a_subscribers_handles_of_two_authorities_or_regimes_have_nothing_in_common() {
    let mut isp = Isp::with(vec![authority(AUTHORITY, ""), authority("other", "")], None);
    let mut handles = Vec::new();
    for name in [AUTHORITY, "other"] {
        for regime in [REGIME, "other-regime"] {
            handles.push((name, regime, isp.handle_for(name, regime, 10)));
        }
    }
    for (at, (_, _, handle)) in handles.iter().enumerate() {
        assert!(handles[..at].iter().all(|(.., other)| other != handle));
        // Nor do they share parts that could be compared.
        let parts = |handle: &Handle| -> Vec<String> {
            handle.as_str().as_bytes().windows(8).map(|part| format!("{part:?}")).collect()
        };
        let mine = parts(handle);
        assert!(handles[..at].iter().all(|(.., o)| parts(o).iter().all(|p| !mine.contains(p))));
    }
    // A handle is worth something to the one it was given to, under its regime, and to nobody else.
    for (name, regime, handle) in handles {
        for (asker, under) in [(AUTHORITY, REGIME), ("other", REGIME), ("other", "other-regime")] {
            let request = isp.request(&handle, 1);
            let known = word(isp.ask_as(asker, under, &request)) == "disclosed";
            assert_eq!(known, (asker, under) == (name, regime));
        }
    }
}
