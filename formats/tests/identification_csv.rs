//! The CSV exchange with a provider: what comes back must be the file that was sent, completed.

use entremise_core::id::QuestionId;
use entremise_core::identification::{Answer, Assignment, AssignmentKind, Outcome, Question};
use entremise_core::notice::Transport;
use entremise_formats::identification_csv::*;

fn request(rows: u128) -> Request {
    let question = |number| Question {
        id: QuestionId(uuid::Uuid::from_u128(number)),
        ip: "203.0.113.7".parse().unwrap(),
        port: (number % 2 == 0).then_some(51413),
        transport: (number % 3 != 0).then_some(Transport::Udp),
        at: "2026-10-01T12:00:00.250Z".parse().unwrap(),
        until: (number == 1).then(|| "2026-10-01T12:00:09Z".parse().unwrap()),
        error_ms: 500,
    };
    Request {
        number: "SPECIMEN-2026-0042".to_owned(),
        date: "2026-10-02".parse().unwrap(),
        regime: "fr-graduated-response".parse().unwrap(),
        questions: (1..=rows).map(question).collect(),
    }
}

fn answers(request: &Request) -> Vec<Answer> {
    let identified = Outcome::Identified {
        handle: "A".repeat(43).parse().unwrap(),
        assignment: Assignment {
            kind: AssignmentKind::PortBlock,
            start: "2026-10-01T11:00:00Z".parse().unwrap(),
            end: None,
        },
    };
    let outcomes = [
        identified,
        Outcome::Ambiguous { holders: 2 },
        Outcome::NotFound,
        Outcome::OutOfRetention,
        Outcome::NotOurAddress,
        Outcome::ResaleOperator { operator: "Opérateur SPECIMEN, S.A.".to_owned() },
        Outcome::SharedUnresolvable,
        Outcome::LogGap,
        Outcome::Refused { reason: "said \"no\", twice".to_owned() },
        Outcome::Error { reason: "down".to_owned() },
    ];
    let pairs = request.questions.iter().zip(outcomes.into_iter().cycle());
    pairs
        .map(|(question, outcome)| {
            let why = match &outcome {
                Outcome::Refused { reason } | Outcome::Error { reason } => reason.clone(),
                _ => "as the records say".to_owned(),
            };
            Answer { id: question.id, outcome, evidence: None, why }
        })
        .collect()
}

#[test]
fn questions_and_answers_come_back_as_they_were_sent() {
    let request = request(10);
    let file = write_request(&request).unwrap();
    assert_eq!(read_request(file.as_bytes()).unwrap(), request);
    let answers = answers(&request);
    let completed = write_answer(&request, &answers).unwrap();
    assert_eq!(read_answer(&request, completed.as_bytes()).unwrap(), answers);
    // A spreadsheet's line ends and mark change nothing.
    let windows = format!("\u{feff}{}", completed.replace('\n', "\r\n"));
    assert_eq!(read_answer(&request, windows.as_bytes()).unwrap(), answers);
}

#[test]
fn a_file_that_is_not_the_one_sent_is_refused_with_row_and_column() {
    use BadFile::*;
    let request = request(10);
    let file = write_answer(&request, &answers(&request)).unwrap();
    let lines: Vec<&str> = file.lines().collect();
    let without = |line: usize| [&lines[..line], &lines[line + 1..]].concat().join("\n");
    let swapped = {
        let mut l = lines.clone();
        l.swap(4, 6);
        l.join("\n")
    };
    let repeated = {
        let mut l = lines.clone();
        l.insert(5, lines[5]);
        l.join("\n")
    };
    let added = format!("{file}{}", lines[2].replacen("1,", "11,", 1));
    let change = |from: &str, to: &str| {
        assert!(file.contains(from), "{from}");
        file.replacen(from, to, 1)
    };
    let rows = [
        (change("SPECIMEN-2026-0042", "SPECIMEN-2026-0041"), NotTheFileSent("number")),
        (change("2026-10-02", "2026-10-03"), NotTheFileSent("day")),
        (change("fr-graduated-response", "fr-other"), NotTheFileSent("regime")),
        (change(",10,", ",9,"), NotTheFileSent("count of rows")),
        (without(4), RowMissing { row: 3 }),
        (without(11), RowMissing { row: 10 }),
        (swapped, RowOutOfOrder { row: 3 }),
        (repeated, RowOutOfOrder { row: 5 }),
        (added, RowAdded { row: 11 }),
        (change("203.0.113.7", "203.0.113.8"), Changed { row: 1, column: "ip" }),
        (change("51413", "51414"), Changed { row: 2, column: "port" }),
        (change("12:00:00.250", "12:00:00.251"), Changed { row: 1, column: "at" }),
        (change(",500,", ",0,"), Changed { row: 1, column: "error_ms" }),
        (
            change("identified,AAAA", "identified,AAA"),
            Field { row: 1, column: "handle", how: "write 43 characters of base64url" },
        ),
        (
            change("port_block", "port-block"),
            Field { row: 1, column: "kind", how: "use one of the seven kinds of assignment" },
        ),
        (
            change("ambiguous,,,,,2", "ambiguous,,,,,1"),
            Field { row: 2, column: "holders", how: "write how many, two or more" },
        ),
        (
            change(",not_found,", ",nobody,"),
            Field { row: 3, column: "outcome", how: "use one of the ten outcomes" },
        ),
        (
            change(",not_found,", ",,"),
            Field { row: 3, column: "outcome", how: "every row must be answered" },
        ),
        (
            change("entremise-identification,1,answer", "entremise-identification,2,answer"),
            NotThisFormat("the first line names another kind or version"),
        ),
        (
            change("row,question", "question,row"),
            NotThisFormat("the second line must name the columns"),
        ),
        (String::new(), NotThisFormat("the first line must have eight fields")),
    ];
    for (file, expected) in rows {
        assert_eq!(read_answer(&request, file.as_bytes()), Err(expected));
    }
}

#[test]
fn a_failed_look_up_that_names_a_subscriber_is_refused() {
    let request = request(3);
    let file = write_answer(&request, &answers(&request)).unwrap();
    let named = file.replacen(",not_found,,", &format!(",not_found,{},", "A".repeat(43)), 1);
    let how = "this must be empty for this outcome";
    let expected = BadFile::Field { row: 3, column: "handle", how };
    assert_eq!(read_answer(&request, named.as_bytes()), Err(expected));
}

#[test]
fn a_changed_request_is_found_by_its_own_digest() {
    let file = write_request(&request(3)).unwrap();
    let changed = file.replacen("203.0.113.7", "203.0.113.9", 1);
    assert_eq!(read_request(changed.as_bytes()), Err(BadFile::NotTheFileSent("digest")));
    let shorter = file.lines().take(4).collect::<Vec<_>>().join("\n");
    assert_eq!(read_request(shorter.as_bytes()), Err(BadFile::NotTheFileSent("count of rows")));
}

#[test]
fn more_than_fifty_thousand_rows_are_refused() {
    let full = request(50_000);
    let file = write_request(&full).unwrap();
    assert_eq!(read_request(file.as_bytes()).unwrap().questions.len(), 50_000);
    let more = request(50_001);
    assert_eq!(write_request(&more), Err(BadFile::TooManyRows { rows: 50_001 }));
    let last = file.lines().last().unwrap().replacen("50000,", "50001,", 1);
    let longer = format!("{file}{last}\n");
    assert_eq!(read_request(longer.as_bytes()), Err(BadFile::TooManyRows { rows: 50_001 }));
}
