//! `ask`: one question to the index, with the whole answer. Needs no configuration; with one, it
//! knows the provider's prefixes, retention and clocks too.

use std::net::IpAddr;
use std::path::PathBuf;

use entremise_core::id::{AuthorityId, QuestionId, RegimeId};
use entremise_core::identification::{Outcome, Question};
use entremise_core::notice::Transport;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answering::Answering;
use crate::config::Config;
use crate::identify::{Identifier, Network};
use crate::index::Index;
use crate::keys::KeyFile;

#[derive(clap::Args)]
pub struct AskArguments {
    #[arg(long)]
    pub index: PathBuf,
    #[arg(long)]
    pub keys: Option<PathBuf>,
    /// Prefixes, retention and clocks from the configuration of `serve`.
    #[arg(long)]
    pub config: Option<PathBuf>,
    #[arg(long)]
    pub ip: IpAddr,
    #[arg(long)]
    pub port: Option<u16>,
    /// tcp, udp, or an IANA protocol number.
    #[arg(long, value_parser = transport)]
    pub transport: Option<Transport>,
    /// RFC 3339, with offset.
    #[arg(long)]
    pub at: Timestamp,
    /// Last instant, where the observation lasted.
    #[arg(long)]
    pub until: Option<Timestamp>,
    /// The observer's clock error, milliseconds, either way.
    #[arg(long, default_value_t = 0)]
    pub error_ms: u32,
    /// Whose handle is wanted: handles differ between authorities and regimes.
    #[arg(long, default_value = "engineer")]
    pub authority: AuthorityId,
    #[arg(long, default_value = "none")]
    pub regime: RegimeId,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: &AskArguments, now: Timestamp) -> anyhow::Result<u8> {
    let network = match &arguments.config {
        Some(path) => Config::read(path)?.network()?,
        None => Network::default(),
    };
    let keys = match &arguments.keys {
        Some(path) => KeyFile::read(path)?,
        None => KeyFile::read(&KeyFile::path_in(&arguments.index))?,
    };
    let index = Index::open(&arguments.index, &keys)?;
    let question = Question {
        id: QuestionId(Uuid::nil()),
        ip: arguments.ip,
        port: arguments.port,
        transport: arguments.transport,
        at: arguments.at,
        until: arguments.until,
        error_ms: arguments.error_ms,
    };
    let identifier = Identifier::new(&index, &network);
    let answering = Answering::new(&index, &keys, &arguments.authority, &arguments.regime);
    let found = identifier.find(&question, now);
    let answer = answering.answer(&question, identifier.explain(&question, found)).answer;
    let (handle, assignment) = match &answer.outcome {
        Outcome::Identified { handle, assignment } => (Some(handle), Some(assignment)),
        _ => (None, None),
    };
    if !arguments.json {
        println!("{}: {}", answer.outcome.name(), answer.why);
        if let Some(assignment) = assignment {
            let end = assignment.end.map_or("…".to_owned(), |end| end.to_string());
            println!("held {} – {end}", assignment.start);
        }
        return Ok(0);
    }
    let mut object = serde_json::to_value(&answer.outcome)?;
    object["handle"] = json!(handle);
    object["assignment"] = match assignment {
        Some(assignment) => json!({
            "kind": assignment.kind, "start": assignment.start, "end": assignment.end,
        }),
        None => Value::Null,
    };
    object["evidence"] = json!(answer.evidence);
    object["why"] = json!(answer.why);
    println!("{object}");
    Ok(0)
}

fn transport(text: &str) -> Result<Transport, String> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" => Ok(Transport::Tcp),
        "udp" => Ok(Transport::Udp),
        number => number
            .parse()
            .map(Transport::from_number)
            .map_err(|_| "expected tcp, udp, or a protocol number up to 255".to_owned()),
    }
}
