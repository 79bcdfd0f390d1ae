//! All that is held, as a person reads it: every field that is kept, under a name in words.

use askama::Template;
use entremise_core::deadline::Zone;
use entremise_core::identification::Identity;
use jiff::Timestamp;
use serde_json::Value;

use super::rectify::Mend;
use super::{AtDesk, Office};
use crate::rights::{Held, HeldNotice};
use crate::web::desk::{CaseView, Procedure};
use crate::web::office::told::{Line, line};
use crate::web::page::Page;

/// What comes first where several fields stand together; the rest follows by name.
const ORDER: [&str; 19] = [
    "observation",
    "from",
    "until",
    "source",
    "ip",
    "port",
    "transport",
    "protocol",
    "works",
    "title",
    "artist",
    "file_name",
    "size_bytes",
    "claim",
    "rights_holder",
    "mandate",
    "sworn_agent",
    "kind",
    "class",
];

/// A field in words and what stands in it.
pub(super) struct Row {
    pub name: String,
    pub value: String,
}

/// A notice with all that is kept of it.
pub(super) struct Notice {
    pub number: String,
    pub rows: Vec<Row>,
}

/// What a provider disclosed, and the form that mends it.
pub(super) struct Disclosed {
    pub number: String,
    pub rows: Vec<Row>,
    pub mend: Mend,
}

#[derive(Template)]
#[template(path = "rights/held.html")]
pub(super) struct HeldPage {
    page: Page,
    case: CaseView,
    entry: u64,
    at: Timestamp,
    /// The case itself: provider, number of the line, state, how long it is kept.
    file: Vec<Row>,
    identities: Vec<Disclosed>,
    notices: Vec<Notice>,
    documents: Vec<Row>,
    lines: Vec<Line>,
}

impl HeldPage {
    pub fn of(page: Page, case: CaseView, held: &Held, office: &Office, desk: &AtDesk) -> Self {
        let title = page.with("rights.held.title", "reference", &case.reference);
        let page = page.titled(title);
        let identities = held.identities.iter().enumerate().map(|(number, one)| {
            let mut mend = Mend::of(one.disclosure, &one.identity, number);
            mend.sign(office, desk, &case.reference, case.version);
            let rows = identity_rows(&one.identity, &page);
            Disclosed { number: one.disclosure.to_string(), rows, mend }
        });
        let documents = held.documents.iter().map(|document| Row {
            name: document.name.clone(),
            value: page.instant(&document.kept_at, &case.zone),
        });
        Self {
            entry: held.seen_by_entry,
            at: desk.now,
            file: file(held, &case, &page),
            identities: identities.collect(),
            notices: held.notices.iter().map(|one| notice(one, &page, &case.zone)).collect(),
            documents: documents.collect(),
            lines: case.timeline.iter().map(|entry| line(entry, &page, &case.zone)).collect(),
            page,
            case,
        }
    }
}

fn file(held: &Held, case: &CaseView, page: &Page) -> Vec<Row> {
    let procedure = match case.procedure {
        Procedure::Identification => "state.identification",
        Procedure::Ladder => "state.ladder",
        Procedure::Measure => "state.measure",
    };
    let provider = held.about.provider();
    let handle = held.about.line().map(|line| line.handle.to_string());
    let until = held.kept_until.map(|until| page.instant(&until, &case.zone));
    let until = until.unwrap_or_else(|| page.t("rights.held.no_end").to_owned());
    let rows = [
        ("case_state", Some(page.named(procedure, held.state))),
        ("case_regime", Some(page.told(&case.regime).to_owned())),
        ("case_opened_at", Some(page.instant(&held.opened_at, &case.zone))),
        ("case_provider", Some(provider.to_string())),
        ("case_handle", handle),
        ("case_kept_until", Some(until)),
    ];
    rows.into_iter()
        .filter_map(|(field, value)| {
            Some(Row { name: page.named("rights.field", field), value: value? })
        })
        .collect()
}

fn notice(notice: &HeldNotice, page: &Page, zone: &Zone) -> Notice {
    let mut rows = Vec::new();
    for part in [&notice.traffic, &notice.evidence].into_iter().flatten() {
        tell(part, "", &mut rows, page, zone);
    }
    Notice { number: notice.notice.to_string(), rows }
}

/// What was disclosed, a row a field.
pub(super) fn identity_rows(identity: &Identity, page: &Page) -> Vec<Row> {
    let fields = [
        ("name", identity.name.clone().into_iter().collect()),
        ("postal_address", identity.postal_address.clone()),
        ("emails", identity.emails.clone()),
        ("telephones", identity.telephones.clone()),
        ("line_address", identity.line_address.clone()),
    ];
    let told = |(field, lines): (&str, Vec<String>)| Row {
        name: page.named("rights.field", field),
        value: lines.join("\n"),
    };
    fields.into_iter().map(told).filter(|row| !row.value.is_empty()).collect()
}

/// Every value below, under the path that leads to it.
fn tell(value: &Value, path: &str, rows: &mut Vec<Row>, page: &Page, zone: &Zone) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            if let (Some(Value::String(algorithm)), Some(Value::String(digest)), 2) =
                (fields.get("algorithm"), fields.get("value"), fields.len())
            {
                return row(path, format!("{algorithm} {digest}"), rows, page);
            }
            let place = |name: &str| ORDER.iter().position(|first| *first == name);
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| (place(name).unwrap_or(ORDER.len()), name.as_str()));
            for (name, value) in fields {
                let below = if path.is_empty() { name.clone() } else { format!("{path}_{name}") };
                tell(value, &below, rows, page, zone);
            }
        }
        Value::Array(values) => {
            for value in values {
                tell(value, path, rows, page, zone);
            }
        }
        Value::String(text) => {
            // To the second and beyond: on an instant hangs whose address it was.
            let exact = text.parse::<Timestamp>().ok();
            let text = match exact {
                Some(at) => format!("{} ({at})", page.instant(&at, zone)),
                None => text.clone(),
            };
            row(path, text, rows, page);
        }
        Value::Bool(yes) => {
            let key = if *yes { "samples.yes" } else { "samples.no" };
            row(path, page.t(key).to_owned(), rows, page);
        }
        Value::Number(number) => row(path, number.to_string(), rows, page),
    }
}

fn row(path: &str, value: String, rows: &mut Vec<Row>, page: &Page) {
    let field = path.strip_prefix("details_").unwrap_or(path);
    let name = page.named("rights.field", field);
    // What a sender added under a name of its own is shown under that name.
    let name = if name == field { field.replace('_', " ") } else { name };
    rows.push(Row { name, value });
}
