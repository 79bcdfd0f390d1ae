//! The historic exchange with a provider that has no connector: one numbered CSV a day, at most
//! 50,000 rows, returned completed.
//!
//! First line: `entremise-identification`, profile version, `request` or `answer`, the file's
//! number, its day, the regime, the count of rows, and the SHA-256 of the question rows. Second
//! line: the columns. The answer repeats every question column as it was sent; a file that does
//! not is refused with the row and column that differ, for an answer to another question names
//! the wrong subscriber. Only the outcome `identified` may carry a handle: a failed look-up that
//! names somebody is refused (the failure of 2013).
//!
//! Which provider may answer which file is the caller's business.

use entremise_core::id::{Handle, QuestionId, RegimeId};
use entremise_core::identification::{Answer, Assignment, AssignmentKind, Outcome, Question};
use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::table::{quoted, split};
use crate::{address, charset, limits};

const MARK: &str = "entremise-identification";
const VERSION: &str = "1";
const QUESTION: [&str; 8] =
    ["row", "question", "ip", "port", "transport", "at", "until", "error_ms"];
const ANSWER: [&str; 8] =
    ["outcome", "handle", "start", "end", "kind", "holders", "operator", "why"];

/// One file of questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The authority's number of the file, never used twice.
    pub number: String,
    pub date: Date,
    pub regime: RegimeId,
    pub questions: Vec<Question>,
}

/// Why a file is refused. Rows count from 1; the text repeats no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    #[error("a file has {} rows at most, this one has {rows}", limits::IDENTIFICATION_ROWS)]
    TooManyRows { rows: usize },
    #[error("this is no identification file of profile 1: {0}")]
    NotThisFormat(&'static str),
    #[error("this is not the file that was sent: another {0} in the first line")]
    NotTheFileSent(&'static str),
    #[error("this is not the file that was sent: row {row} is missing")]
    RowMissing { row: usize },
    #[error("this is not the file that was sent: there is a row {row}")]
    RowAdded { row: usize },
    #[error("this is not the file that was sent: row {row} stands out of order")]
    RowOutOfOrder { row: usize },
    #[error("this is not the file that was sent: row {row}, column {column} was changed")]
    Changed { row: usize, column: &'static str },
    #[error("row {row}, column {column}: {how}")]
    Field { row: usize, column: &'static str, how: &'static str },
}

/// Writes the file of questions.
pub fn write_request(request: &Request) -> Result<String, BadFile> {
    check_size(request.questions.len())?;
    let rows = question_rows(request);
    let mut file = first_line(request, "request", &rows);
    file.push_str(&format!("{}\n", QUESTION.join(",")));
    for row in &rows {
        file.push_str(&format!("{row}\n"));
    }
    Ok(file)
}

/// Reads a file of questions: the provider's side. Its digest must be its own.
pub fn read_request(bytes: &[u8]) -> Result<Request, BadFile> {
    let text = text(bytes)?;
    let mut lines = text.lines();
    let head = Head::read(lines.next(), "request")?;
    if lines.next() != Some(QUESTION.join(",").as_str()) {
        return Err(BadFile::NotThisFormat("the second line must name the columns"));
    }
    let mut questions = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        check_size(questions.len() + 1)?;
        let row = questions.len() + 1;
        let fields = split(line).map_err(BadFile::NotThisFormat)?;
        questions.push(question(row, &fields)?);
    }
    let request = Request { number: head.number, date: head.date, regime: head.regime, questions };
    let rows = question_rows(&request);
    if head.rows != rows.len() {
        return Err(BadFile::NotTheFileSent("count of rows"));
    }
    if head.digest != digest(&rows) {
        return Err(BadFile::NotTheFileSent("digest"));
    }
    Ok(request)
}

/// Writes the completed file: one answer per question, in the order of the questions.
pub fn write_answer(request: &Request, answers: &[Answer]) -> Result<String, BadFile> {
    check_size(request.questions.len())?;
    let rows = question_rows(request);
    let mut file = first_line(request, "answer", &rows);
    file.push_str(&format!("{},{}\n", QUESTION.join(","), ANSWER.join(",")));
    for (index, row) in rows.iter().enumerate() {
        let number = index + 1;
        let answer = answers.get(index).ok_or(BadFile::RowMissing { row: number })?;
        if answer.id != request.questions[index].id {
            return Err(BadFile::RowOutOfOrder { row: number });
        }
        let fields = answer_fields(answer);
        let fields: Vec<_> = fields.iter().map(|field| quoted(field)).collect();
        file.push_str(&format!("{row},{}\n", fields.join(",")));
    }
    match answers.len() > rows.len() {
        true => Err(BadFile::RowAdded { row: rows.len() + 1 }),
        false => Ok(file),
    }
}

/// Reads the completed file and holds it against the one that was sent.
pub fn read_answer(request: &Request, bytes: &[u8]) -> Result<Vec<Answer>, BadFile> {
    let text = text(bytes)?;
    let mut lines = text.lines();
    let sent = question_rows(request);
    Head::read(lines.next(), "answer")?.must_be(request, &sent)?;
    if lines.next() != Some(format!("{},{}", QUESTION.join(","), ANSWER.join(",")).as_str()) {
        return Err(BadFile::NotThisFormat("the second line must name the columns"));
    }
    let mut answers = Vec::with_capacity(sent.len());
    for line in lines.filter(|line| !line.is_empty()) {
        check_size(answers.len() + 1)?;
        let row = answers.len() + 1;
        let Some(asked) = sent.get(row - 1) else { return Err(BadFile::RowAdded { row }) };
        let fields = split(line).map_err(BadFile::NotThisFormat)?;
        if fields.len() != QUESTION.len() + ANSWER.len() {
            return Err(BadFile::NotThisFormat(
                "a row has not as many fields as there are columns",
            ));
        }
        let (question, answer) = fields.split_at(QUESTION.len());
        same_question(row, sent.len(), asked, question)?;
        answers.push(read_fields(row, request.questions[row - 1].id, answer)?);
    }
    match answers.len() < sent.len() {
        true => Err(BadFile::RowMissing { row: answers.len() + 1 }),
        false => Ok(answers),
    }
}

fn check_size(rows: usize) -> Result<(), BadFile> {
    match rows > limits::IDENTIFICATION_ROWS {
        true => Err(BadFile::TooManyRows { rows }),
        false => Ok(()),
    }
}

fn text(bytes: &[u8]) -> Result<std::borrow::Cow<'_, str>, BadFile> {
    if bytes.len() > limits::INPUT_BYTES {
        return Err(BadFile::NotThisFormat("it is larger than any such file"));
    }
    charset::text(bytes).map_err(|_| BadFile::NotThisFormat("it is not UTF-8"))
}

/// The question columns of every row, as they travel.
fn question_rows(request: &Request) -> Vec<String> {
    let questions = request.questions.iter().enumerate();
    questions.map(|(index, question)| question_row(index + 1, question)).collect()
}

fn question_row(row: usize, question: &Question) -> String {
    let port = question.port.map(|port| port.to_string()).unwrap_or_default();
    let transport = question.transport.map(address::transport_name).unwrap_or_default();
    let until = question.until.map(milliseconds).unwrap_or_default();
    let Question { id, ip, at, error_ms, .. } = question;
    format!("{row},{id},{ip},{port},{transport},{},{until},{error_ms}", milliseconds(*at))
}

fn milliseconds(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn digest(rows: &[String]) -> String {
    let mut digest = Sha256::new();
    for row in rows {
        digest.update(row.as_bytes());
        digest.update(b"\n");
    }
    hex::encode(digest.finalize())
}

fn first_line(request: &Request, what: &str, rows: &[String]) -> String {
    let Request { number, date, regime, .. } = request;
    let number = quoted(number);
    let (count, digest) = (rows.len(), digest(rows));
    format!("{MARK},{VERSION},{what},{number},{date},{regime},{count},{digest}\n")
}

/// The first line, read.
struct Head {
    number: String,
    date: Date,
    regime: RegimeId,
    rows: usize,
    digest: String,
}

impl Head {
    fn read(line: Option<&str>, what: &'static str) -> Result<Self, BadFile> {
        let fields = split(line.unwrap_or_default()).map_err(BadFile::NotThisFormat)?;
        let [mark, version, kind, number, date, regime, rows, digest] = fields.as_slice() else {
            return Err(BadFile::NotThisFormat("the first line must have eight fields"));
        };
        if (mark.as_ref(), version.as_ref(), kind.as_ref()) != (MARK, VERSION, what) {
            return Err(BadFile::NotThisFormat("the first line names another kind or version"));
        }
        let head = || {
            Some(Self {
                number: number.to_string(),
                date: date.parse().ok()?,
                regime: regime.parse().ok()?,
                rows: rows.parse().ok()?,
                digest: digest.to_string(),
            })
        };
        head().ok_or(BadFile::NotThisFormat("the first line cannot be read"))
    }

    fn must_be(&self, request: &Request, rows: &[String]) -> Result<(), BadFile> {
        let differs = [
            ("number", self.number != request.number),
            ("day", self.date != request.date),
            ("regime", self.regime != request.regime),
            ("count of rows", self.rows != rows.len()),
            ("digest", self.digest != digest(rows)),
        ];
        match differs.iter().find(|(_, differs)| *differs) {
            Some((what, _)) => Err(BadFile::NotTheFileSent(what)),
            None => Ok(()),
        }
    }
}

type Fields<'a> = [std::borrow::Cow<'a, str>];

/// Holds the question columns of one row against what was sent.
fn same_question(row: usize, rows: usize, asked: &str, given: &Fields) -> Result<(), BadFile> {
    match given[0].trim().parse::<usize>() {
        Ok(number) if number == row => {}
        Ok(number) if number == row + 1 && number <= rows => {
            return Err(BadFile::RowMissing { row });
        }
        _ => return Err(BadFile::RowOutOfOrder { row }),
    }
    for ((column, asked), given) in QUESTION.iter().zip(asked.split(',')).zip(given) {
        if asked != given.trim() {
            return Err(BadFile::Changed { row, column });
        }
    }
    Ok(())
}

fn question(row: usize, fields: &Fields) -> Result<Question, BadFile> {
    let [number, id, ip, port, transport, at, until, error_ms] = fields else {
        return Err(BadFile::NotThisFormat("a row has not as many fields as there are columns"));
    };
    if number.parse() != Ok(row) {
        return Err(BadFile::RowOutOfOrder { row });
    }
    let bad = |column, how| BadFile::Field { row, column, how };
    let filled = |field: &str| (!field.is_empty()).then(|| field.to_owned());
    let instant = |column, text: &str| {
        crate::instant::parse(text, "").map_err(|_| bad(column, "write an instant with its zone"))
    };
    Ok(Question {
        id: id.parse::<QuestionId>().map_err(|_| bad("question", "write a UUID"))?,
        ip: ip.parse().map_err(|_| bad("ip", "write one IP address"))?,
        port: filled(port)
            .map(|port| address::port(&port, "").map_err(|_| bad("port", "write 1 to 65535")))
            .transpose()?,
        transport: filled(transport)
            .map(|name| {
                address::transport(&name, "")
                    .map_err(|_| bad("transport", "write tcp, udp or a number"))
            })
            .transpose()?,
        at: instant("at", at)?,
        until: filled(until).map(|until| instant("until", &until)).transpose()?,
        error_ms: error_ms.parse().map_err(|_| bad("error_ms", "write milliseconds"))?,
    })
}

fn answer_fields(answer: &Answer) -> [String; 8] {
    let mut fields: [String; 8] = Default::default();
    fields[0] = answer.outcome.name().to_owned();
    fields[7] = answer.why.clone();
    match &answer.outcome {
        Outcome::Identified { handle, assignment } => {
            fields[1] = handle.to_string();
            fields[2] = milliseconds(assignment.start);
            fields[3] = assignment.end.map(milliseconds).unwrap_or_default();
            fields[4] = kind_name(assignment.kind).to_owned();
        }
        Outcome::Ambiguous { holders } => fields[5] = holders.to_string(),
        Outcome::ResaleOperator { operator } => fields[6] = operator.clone(),
        Outcome::Refused { reason } | Outcome::Error { reason } => fields[7] = reason.clone(),
        _ => {}
    }
    // A line end within a field would part the row.
    fields.map(|field| field.replace(['\r', '\n'], " "))
}

/// The answer columns of one row. What the outcome does not call for must be empty.
fn read_fields(row: usize, id: QuestionId, fields: &Fields) -> Result<Answer, BadFile> {
    let get = |column: &str| {
        let index = ANSWER.iter().position(|known| *known == column).unwrap_or_default();
        fields[index].trim()
    };
    let bad = |column, how| BadFile::Field { row, column, how };
    let why = get("why").to_owned();
    let outcome = match get("outcome") {
        "identified" => identified(row, &get)?,
        "ambiguous" => Outcome::Ambiguous {
            holders: get("holders")
                .parse()
                .ok()
                .filter(|holders| *holders >= 2)
                .ok_or(bad("holders", "write how many, two or more"))?,
        },
        "not_found" => Outcome::NotFound,
        "out_of_retention" => Outcome::OutOfRetention,
        "not_our_address" => Outcome::NotOurAddress,
        "resale_operator" if get("operator").is_empty() => {
            return Err(bad("operator", "name the operator to ask"));
        }
        "resale_operator" => Outcome::ResaleOperator { operator: get("operator").to_owned() },
        "shared_unresolvable" => Outcome::SharedUnresolvable,
        "log_gap" => Outcome::LogGap,
        "refused" => Outcome::Refused { reason: why.clone() },
        "error" => Outcome::Error { reason: why.clone() },
        "" => return Err(bad("outcome", "every row must be answered")),
        _ => return Err(bad("outcome", "use one of the ten outcomes")),
    };
    let wanted: &[&str] = match outcome {
        Outcome::Identified { .. } => &["handle", "start", "end", "kind"],
        Outcome::Ambiguous { .. } => &["holders"],
        Outcome::ResaleOperator { .. } => &["operator"],
        _ => &[],
    };
    for column in &ANSWER[1..7] {
        if !wanted.contains(column) && !get(column).is_empty() {
            return Err(bad(column, "this must be empty for this outcome"));
        }
    }
    Ok(Answer { id, outcome, evidence: None, why })
}

fn identified<'a>(row: usize, get: &impl Fn(&str) -> &'a str) -> Result<Outcome, BadFile> {
    let bad = |column, how| BadFile::Field { row, column, how };
    let instant = |column: &'static str| {
        crate::instant::parse(get(column), "")
            .map_err(|_| bad(column, "write an instant with its zone"))
    };
    let handle: Handle =
        get("handle").parse().map_err(|_| bad("handle", "write 43 characters of base64url"))?;
    let start = instant("start")?;
    let end = if get("end").is_empty() { None } else { Some(instant("end")?) };
    if end.is_some_and(|end| end < start) {
        return Err(bad("end", "the assignment ends before it begins"));
    }
    let kind = KINDS.iter().find(|kind| kind_name(**kind) == get("kind"));
    let kind = *kind.ok_or(bad("kind", "use one of the seven kinds of assignment"))?;
    Ok(Outcome::Identified { handle, assignment: Assignment { kind, start, end } })
}

const KINDS: [AssignmentKind; 7] = [
    AssignmentKind::Static,
    AssignmentKind::Dhcp,
    AssignmentKind::Ppp,
    AssignmentKind::PrefixDelegation,
    AssignmentKind::PortBlock,
    AssignmentKind::Session,
    AssignmentKind::Deterministic,
];

fn kind_name(kind: AssignmentKind) -> &'static str {
    match kind {
        AssignmentKind::Static => "static",
        AssignmentKind::Dhcp => "dhcp",
        AssignmentKind::Ppp => "ppp",
        AssignmentKind::PrefixDelegation => "prefix_delegation",
        AssignmentKind::PortBlock => "port_block",
        AssignmentKind::Session => "session",
        AssignmentKind::Deterministic => "deterministic",
    }
}
