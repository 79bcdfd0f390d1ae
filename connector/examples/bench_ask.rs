//! One identification per request: a connector that serves over HTTPS with mutual TLS, asked by
//! connections that stay open, one signed question a request, each answer durable and signed.
//!
//!     cargo run --release --example bench_ask -- DATA [CONNECTIONS] [SECONDS]
//!
//! DATA holds the inputs of the benchmark generator (10 M leases). The authority's requests are
//! signed before the clock starts, as it would do on its own machine; of its answers every
//! hundredth is checked whole, the others for their status and outcome. First as fast as it goes,
//! then at half of that speed by a timetable: a late answer counts from when it was due.

mod leases;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use axum_server::Handle;
use entremise_connector::config::Config;
use entremise_connector::keys::KeyFile;
use entremise_connector::serve::Service;
use entremise_core::id::BatchId;
use entremise_core::identification::Question;
use entremise_wire::message::{CONTENT_TYPE, IDENTIFICATIONS_PATH, IdentificationBatch};
use entremise_wire::signature::{
    AnswerParts, RequestParts, SignatureHeaders, SigningKey, VerifyingKey, sign_request,
    verify_answer,
};
use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use uuid::Uuid;

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NAME: &str = "connector.isp.example";
const URL: &str = "https://connector.isp.example:8443/v1/identifications";
/// Of so many answers one has its signature checked.
const CHECKED_ONE_IN: usize = 100;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: usize| {
        arguments.get(index).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let data = PathBuf::from(arguments.first().map_or("data", String::as_str));
    let (connections, seconds) = (number(1, 32), number(2, 6));
    let directory = tempfile::tempdir_in(data.parent().unwrap_or(&data))?;
    let asker = serve(&data, directory.path())?;
    eprintln!("the index is built and the provider answers");
    let questions = leases::questions(&std::fs::read(data.join("queries.bin"))?, 0);

    // A short run says how many requests are worth signing beforehand.
    let (warm, rest) = questions.split_at(4_000);
    let rate = asker.ask(warm, connections, None)?.per_second();
    let worth = (rate * seconds as f64) as usize;
    let (fast, rest) = rest.split_at(worth.min(rest.len() / 2));
    let full = asker.ask(fast, connections, None)?;
    let (half, _) = rest.split_at(fast.len().div_ceil(2).min(rest.len()));
    let calm = asker.ask(half, connections, Some(full.per_second() / 2.0))?;
    println!(
        "{{\"asked\":{},\"identified\":{},\"connections\":{connections},\"per_second\":{:.0},\
         \"p50_ms\":{:.2},\"p99_ms\":{:.2},\"half_load_per_second\":{:.0},\
         \"half_load_p50_ms\":{:.2},\"half_load_p99_ms\":{:.2}}}",
        full.took.len(),
        full.identified,
        full.per_second(),
        full.quantile(0.5),
        full.quantile(0.99),
        calm.per_second(),
        calm.quantile(0.5),
        calm.quantile(0.99),
    );
    asker.handle.shutdown();
    Ok(())
}

/// The authority, and the provider that it asks.
struct Asker {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    tls: Arc<ClientConfig>,
    signing: SigningKey,
    provider: VerifyingKey,
}

/// What one run showed.
struct Measured {
    /// Of each question, from when it was due, ascending.
    took: Vec<Duration>,
    identified: usize,
    wall: Duration,
}

impl Measured {
    fn per_second(&self) -> f64 {
        self.took.len() as f64 / self.wall.as_secs_f64()
    }

    fn quantile(&self, part: f64) -> f64 {
        let index = (self.took.len() as f64 * part) as usize;
        self.took.get(index).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
    }
}

/// A signed request as it goes over the line, and its digest.
struct Request {
    bytes: Vec<u8>,
    digest: String,
}

impl Asker {
    fn ask(
        &self,
        questions: &[Question],
        connections: usize,
        per_second: Option<f64>,
    ) -> anyhow::Result<Measured> {
        let shares = questions.chunks(questions.len().div_ceil(connections));
        let shares: Vec<Vec<Request>> = shares
            .map(|share| share.iter().map(|question| self.request(question)).collect())
            .collect::<Result<_, _>>()?;
        let mut lines: Vec<Line> = shares.iter().map(|_| self.line()).collect::<Result<_, _>>()?;
        let pause = per_second.map(|rate| Duration::from_secs_f64(shares.len() as f64 / rate));
        let begun = Instant::now();
        let done: Vec<anyhow::Result<(Vec<Duration>, usize)>> = std::thread::scope(|scope| {
            let running: Vec<_> = shares
                .iter()
                .zip(&mut lines)
                .enumerate()
                .map(|(number, (share, line))| {
                    // The lines do not all begin in the same instant.
                    let first = pause.map(|pause| pause * number as u32 / connections as u32);
                    let first = begun + first.unwrap_or_default();
                    scope.spawn(move || self.ask_in_turn(share, line, first, pause))
                })
                .collect();
            running.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
        });
        let wall = begun.elapsed();
        let mut measured = Measured { took: Vec::new(), identified: 0, wall };
        for part in done {
            let (took, identified) = part?;
            measured.took.extend(took);
            measured.identified += identified;
        }
        measured.took.sort_unstable();
        Ok(measured)
    }

    fn ask_in_turn(
        &self,
        requests: &[Request],
        line: &mut Line,
        first: Instant,
        pause: Option<Duration>,
    ) -> anyhow::Result<(Vec<Duration>, usize)> {
        let mut took = Vec::with_capacity(requests.len());
        let mut identified = 0;
        for (number, request) in requests.iter().enumerate() {
            let due = match pause {
                Some(pause) => first + pause * number as u32,
                None => Instant::now(),
            };
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            line.get_mut().write_all(&request.bytes)?;
            let answer = Answer::read(line)?;
            took.push(due.elapsed());
            if number.is_multiple_of(CHECKED_ONE_IN) {
                self.check(&answer, request)?;
            }
            let body = std::str::from_utf8(&answer.body)?;
            identified += usize::from(body.contains("\"outcome\":\"identified\""));
        }
        Ok((took, identified))
    }

    fn request(&self, question: &Question) -> anyhow::Result<Request> {
        let batch = IdentificationBatch {
            batch: BatchId(Uuid::from_u128(question.id.0.as_u128() | 1 << 100)),
            authority: "autorite".parse()?,
            regime: "fr-graduated-response".parse()?,
            questions: vec![question.clone()],
        };
        let body = serde_json::to_vec(&batch)?;
        let parts = RequestParts {
            method: "POST",
            target_uri: URL,
            content_type: CONTENT_TYPE,
            body: &body,
        };
        let nonce = question.id.to_string();
        let signed = sign_request(&self.signing, parts, Timestamp::now(), &nonce)?;
        let mut bytes = format!(
            "POST {IDENTIFICATIONS_PATH} HTTP/1.1\r\nhost: {NAME}:8443\r\n\
             content-type: {CONTENT_TYPE}\r\ncontent-length: {}\r\ncontent-digest: {}\r\n\
             signature-input: {}\r\nsignature: {}\r\n\r\n",
            body.len(),
            signed.content_digest,
            signed.signature_input,
            signed.signature
        )
        .into_bytes();
        bytes.extend(body);
        Ok(Request { bytes, digest: signed.content_digest })
    }

    fn check(&self, answer: &Answer, request: &Request) -> anyhow::Result<()> {
        let parts = AnswerParts {
            status: 200,
            content_type: CONTENT_TYPE,
            body: &answer.body,
            request_digest: &request.digest,
        };
        let pinned = std::slice::from_ref(&self.provider);
        verify_answer(pinned, parts, &answer.signature, Timestamp::now())?;
        Ok(())
    }

    fn line(&self) -> anyhow::Result<Line> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(NAME)?;
        let connection = ClientConnection::new(Arc::clone(&self.tls), name)?;
        Ok(BufReader::new(StreamOwned::new(connection, stream)))
    }
}

type Line = BufReader<StreamOwned<ClientConnection, TcpStream>>;

/// What came back.
struct Answer {
    signature: SignatureHeaders,
    body: Vec<u8>,
}

impl Answer {
    fn read(line: &mut Line) -> anyhow::Result<Self> {
        let mut row = String::new();
        line.read_line(&mut row)?;
        ensure!(row.starts_with("HTTP/1.1 200"), "answered {row:?}");
        let (mut signature, mut length) = (SignatureHeaders::default(), 0);
        loop {
            row.clear();
            line.read_line(&mut row)?;
            let Some((name, value)) = row.trim_end().split_once(": ") else { break };
            match name {
                "content-length" => length = value.parse()?,
                "content-digest" => value.clone_into(&mut signature.content_digest),
                "signature-input" => value.clone_into(&mut signature.signature_input),
                "signature" => value.clone_into(&mut signature.signature),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        line.read_exact(&mut body)?;
        Ok(Self { signature, body })
    }
}

/// Builds the index, starts the provider on it, and gives who may ask.
fn serve(data: &Path, root: &Path) -> anyhow::Result<Asker> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let index = root.join("index");
    std::fs::create_dir(&index)?;
    let keys = KeyFile::of_index(&index)?;
    leases::build(&std::fs::read(data.join("leases.bin"))?, &index, &keys)?;

    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let signing = SigningKey::from_seed("autorite-1", &[7; 32])?;
    let certificate = |name: &str| -> anyhow::Result<(String, String)> {
        let key = KeyPair::generate()?;
        let signed = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &issuer)?;
        Ok((signed.pem(), key.serialize_pem()))
    };
    let (server, server_key) = certificate(NAME)?;
    for (name, text) in [("tls.pem", &server), ("tls.key", &server_key), ("ca.pem", &issuer.pem())]
    {
        std::fs::write(root.join(name), text)?;
    }
    let configured = root.join("connector.toml");
    std::fs::write(&configured, configuration(root, &signing.verifying_key()))?;
    let service = Service::prepare(Config::read(&configured)?)?;
    let address = service.address()?;
    let handle = Handle::new();
    let stopper = handle.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.expect("a runtime starts").block_on(service.run(stopper)).expect("it serves");
    });

    let (client, client_key) = certificate("authority.example")?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(issuer.pem().as_bytes()).context("our own CA")?)?;
    let client = CertificateDer::from_pem_slice(client.as_bytes()).context("our own name")?;
    let client_key = PrivateKeyDer::from_pem_slice(client_key.as_bytes()).context("our own key")?;
    let mut tls = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![client], client_key)?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let provider = keys.signing_key()?.verifying_key();
    Ok(Asker { address, handle, tls: Arc::new(tls), signing, provider })
}

fn configuration(root: &Path, authority: &VerifyingKey) -> String {
    let root = root.display();
    let key = authority.to_base64();
    format!(
        "index = \"{root}/index\"\nlisten = \"127.0.0.1:0\"\n\
         public_url = \"https://{NAME}:8443\"\n\
         [tls]\ncertificate = \"{root}/tls.pem\"\nkey = \"{root}/tls.key\"\n\
         client_ca = \"{root}/ca.pem\"\n\
         [network]\nprefixes = [\"0.0.0.0/0\"]\n\
         [[authority]]\nid = \"autorite\"\nregimes = [\"fr-graduated-response\"]\n\
         key_id = \"autorite-1\"\npublic_key = \"{key}\"\nquestions_per_day = 100000000\n"
    )
}
