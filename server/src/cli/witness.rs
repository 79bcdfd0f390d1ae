//! `entremise witness`: the witness's key, and its door. What it cosigns is decided in
//! `entremise_ledger::witness`; here are the socket and the clock.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use clap::{Args, Subcommand};
use entremise_ledger::witness::{KnownLog, Witness};
use entremise_ledger::{PublicKey, WitnessSigner};
use entremise_store::{Entropy as _, SystemEntropy};

use super::Outcome;
use crate::serve::{Clock, wall_clock};

/// A request holds 63 hashes and a checkpoint with its signatures.
const BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(Subcommand)]
pub enum Command {
    /// Answer ledgers that ask for a cosignature (C2SP tlog-witness).
    Serve(Serve),
    /// The witness's key.
    #[command(subcommand)]
    Key(Key),
}

#[derive(Subcommand)]
pub enum Key {
    /// Make a key and print its public half. Never overwrites a file.
    Make {
        /// The witness's name, like `temoin.example/w1`.
        #[arg(long)]
        name: String,
        /// Where the secret is written, readable by its owner alone.
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Args)]
pub struct Serve {
    /// The witness's secret key.
    #[arg(long)]
    key: PathBuf,
    /// What it remembers. Lost or rolled back, it would cosign a second history.
    #[arg(long)]
    state: PathBuf,
    /// Where it listens; behind a proxy that speaks TLS.
    #[arg(long)]
    listen: SocketAddr,
    /// A ledger it knows, `ORIGIN=VKEY`; may be given again, also with a second key.
    #[arg(long = "log", required = true)]
    logs: Vec<String>,
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Serve(serve) => serve.run()?,
        Command::Key(Key::Make { name, out }) => {
            let mut seed = [0; 32];
            SystemEntropy::default().fill(&mut seed);
            println!("{}", WitnessSigner::make(&out, &name, &seed)?.public());
        }
    }
    Ok(Outcome::Fine)
}

impl Serve {
    fn run(self) -> anyhow::Result<()> {
        let logs = known(&self.logs)?;
        let witness = Witness::open(WitnessSigner::load(&self.key)?, logs, &self.state)?;
        let key = witness.key().clone();
        let door = Door { witness: Arc::new(witness), clock: wall_clock() };
        let runtime = tokio::runtime::Runtime::new().context("the network runtime")?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(self.listen)
                .await
                .with_context(|| format!("{} cannot be listened on", self.listen))?;
            println!("the witness {key} listens on http://{}", listener.local_addr()?);
            let mut terminate =
                tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            let stop = async move {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminate.recv() => {}
                }
            };
            Ok(axum::serve(listener, router(door)).with_graceful_shutdown(stop).await?)
        })
    }
}

/// Ledgers by origin, each with its keys.
fn known(logs: &[String]) -> anyhow::Result<Vec<KnownLog>> {
    let mut known: Vec<KnownLog> = Vec::new();
    for log in logs {
        let (origin, key) =
            log.split_once('=').ok_or_else(|| anyhow!("--log {log:?} is not ORIGIN=VKEY"))?;
        let key = PublicKey::parse(key).with_context(|| format!("--log {origin}"))?;
        match known.iter_mut().find(|log| log.origin == origin) {
            Some(log) => log.keys.push(key),
            None => known.push(KnownLog { origin: origin.to_owned(), keys: vec![key] }),
        }
    }
    Ok(known)
}

#[derive(Clone)]
struct Door {
    witness: Arc<Witness>,
    clock: Clock,
}

fn router(door: Door) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(door)
}

/// Answers after the disk has it.
async fn add_checkpoint(State(door): State<Door>, body: Bytes) -> Response {
    let now = (door.clock)();
    let work = move || door.witness.add_checkpoint(&body, now);
    let answer = match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer.map_err(|trouble| trouble.to_string()),
        Err(trouble) => Err(trouble.to_string()),
    };
    match answer {
        Ok(answer) => {
            let (status, kind, body) = answer.to_http();
            tracing::info!(status, "add-checkpoint");
            let status = StatusCode::from_u16(status).expect("the protocol's numbers are statuses");
            (status, [(header::CONTENT_TYPE, kind)], body).into_response()
        }
        Err(trouble) => {
            tracing::error!(trouble, "a checkpoint could not be remembered and is not cosigned");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
