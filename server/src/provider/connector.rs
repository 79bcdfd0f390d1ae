//! The client of a provider's connector: HTTPS with mutual TLS, every request and answer signed
//! (RFC 9421), every batch repeatable under its id.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::identification::{Answer, Disclosure};
use entremise_wire::measure::{
    MEASURE_STATES_PATH, MEASURES_PATH, MeasureAnswer, MeasureAnswers, MeasureBatch, MeasureStates,
    MeasureStatus, StatesAsked,
};
use entremise_wire::message::{
    CONTENT_TYPE, DISCLOSURES_PATH, DisclosureAnswers, DisclosureBatch, IDENTIFICATIONS_PATH,
    IdentificationAnswers, IdentificationBatch, Problem, RELAYS_PATH, RelayAnswers, RelayBatch,
    Relayed,
};
use entremise_wire::signature::{
    AnswerParts, RequestParts, SignatureHeaders, SigningKey, VerifyingKey, sign_request,
    verify_answer,
};
use jiff::Timestamp;
use reqwest::blocking::{Client, Response};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Answering, ProviderTrouble};

/// How long one call may take. A full batch of 50,000 questions is answered within seconds; what
/// takes longer is asked again under the same id.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer read, bytes: 50,000 answers of at most about 600 bytes, and room.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What is needed to speak with one connector.
pub struct Keys {
    /// PEM of the authority that signed the connector's certificate.
    pub ca: Vec<u8>,
    /// PEM of our client certificate and key.
    pub client: Vec<u8>,
    pub signing: SigningKey,
    /// The connector's key for its answers, pinned.
    pub answers: VerifyingKey,
}

/// Why a connector's client cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    #[error("{what} is not PEM of the kind expected")]
    Pem { what: &'static str },
    #[error("the client certificate and key do not fit")]
    Tls(#[from] rustls::Error),
    #[error("the HTTP client cannot be built")]
    Http(#[from] reqwest::Error),
}

/// One provider's connector.
pub struct Connector {
    url: String,
    client: Client,
    signing: SigningKey,
    answers: [VerifyingKey; 1],
}

impl Connector {
    /// `url` is the connector's origin, such as `https://connector.isp.example:8443`.
    pub fn new(url: &str, keys: Keys) -> Result<Self, SetUpError> {
        let client = Client::builder()
            .tls_backend_preconfigured(mutual_tls(&keys)?)
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .build()?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            client,
            signing: keys.signing,
            answers: [keys.answers],
        })
    }

    fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        question: &Q,
        now: Timestamp,
    ) -> Result<A, ProviderTrouble> {
        let target = format!("{}{path}", self.url);
        let body = serde_json::to_vec(question).map_err(|error| ProviderTrouble::Untrusted {
            what: format!("our own request cannot be written: {error}"),
        })?;
        let parts = RequestParts {
            method: "POST",
            target_uri: &target,
            content_type: CONTENT_TYPE,
            body: &body,
        };
        let signed = sign_request(&self.signing, parts, now, &nonce()?)
            .map_err(|error| ProviderTrouble::Untrusted { what: error.to_string() })?;
        let digest = signed.content_digest.clone();
        let answer = self
            .client
            .post(&target)
            .header("content-type", CONTENT_TYPE)
            .header("content-digest", signed.content_digest)
            .header("signature-input", signed.signature_input)
            .header("signature", signed.signature)
            .body(body)
            .send()
            .map_err(|error| again(&error))?;
        self.read(answer, &digest, now)
    }

    /// An answer counts only when its signature ties it to our question.
    fn read<A: DeserializeOwned>(
        &self,
        answer: Response,
        request_digest: &str,
        now: Timestamp,
    ) -> Result<A, ProviderTrouble> {
        let status = answer.status().as_u16();
        let header = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let headers = SignatureHeaders {
            content_digest: header("content-digest").unwrap_or_default(),
            signature_input: header("signature-input").unwrap_or_default(),
            signature: header("signature").unwrap_or_default(),
        };
        let content_type = header("content-type").unwrap_or_default();
        let after_secs = header("retry-after").and_then(|text| text.parse().ok());
        if answer.content_length().is_some_and(|length| length > ANSWER_BYTES_MAX) {
            return Err(ProviderTrouble::Untrusted { what: "the answer is too long".to_owned() });
        }
        let body = bounded(answer)?;
        if status != 200 {
            return Err(refused(status, &body, after_secs));
        }
        let parts =
            AnswerParts { status, content_type: &content_type, body: &body, request_digest };
        verify_answer(&self.answers, parts, &headers, now)
            .map_err(|error| ProviderTrouble::Untrusted { what: error.to_string() })?;
        serde_json::from_slice(&body).map_err(|error| ProviderTrouble::Untrusted {
            what: format!("line {}, column {}", error.line(), error.column()),
        })
    }
}

impl Answering for Connector {
    fn identify(
        &self,
        batch: &IdentificationBatch,
        now: Timestamp,
    ) -> Result<Vec<Answer>, ProviderTrouble> {
        let answers: IdentificationAnswers = self.call(IDENTIFICATIONS_PATH, batch, now)?;
        Ok(answers.answers)
    }

    fn disclose(
        &self,
        batch: &DisclosureBatch,
        now: Timestamp,
    ) -> Result<Vec<Disclosure>, ProviderTrouble> {
        let answers: DisclosureAnswers = self.call(DISCLOSURES_PATH, batch, now)?;
        Ok(answers.disclosures)
    }

    fn relay(&self, batch: &RelayBatch, now: Timestamp) -> Result<Vec<Relayed>, ProviderTrouble> {
        let answers: RelayAnswers = self.call(RELAYS_PATH, batch, now)?;
        Ok(answers.relays)
    }

    fn order(
        &self,
        batch: &MeasureBatch,
        now: Timestamp,
    ) -> Result<Vec<MeasureAnswer>, ProviderTrouble> {
        let answers: MeasureAnswers = self.call(MEASURES_PATH, batch, now)?;
        Ok(answers.answers)
    }

    fn measure_states(
        &self,
        asked: &StatesAsked,
        now: Timestamp,
    ) -> Result<Vec<MeasureStatus>, ProviderTrouble> {
        let states: MeasureStates = self.call(MEASURE_STATES_PATH, asked, now)?;
        Ok(states.states)
    }
}

/// The body, and not a byte more than is read: a connector need not say how long it is.
fn bounded(answer: Response) -> Result<Vec<u8>, ProviderTrouble> {
    let mut body = Vec::new();
    let mut reader = answer.take(ANSWER_BYTES_MAX + 1);
    reader.read_to_end(&mut body).map_err(|_| ProviderTrouble::Again {
        what: "the connection broke off".to_owned(),
        after_secs: None,
    })?;
    if body.len() as u64 > ANSWER_BYTES_MAX {
        return Err(ProviderTrouble::Untrusted { what: "the answer is too long".to_owned() });
    }
    Ok(body)
}

fn mutual_tls(keys: &Keys) -> Result<rustls::ClientConfig, SetUpError> {
    let pem = |what| move |_| SetUpError::Pem { what };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&keys.ca) {
        roots.add(certificate.map_err(pem("the connector's certificate authority"))?)?;
    }
    let chain = CertificateDer::pem_slice_iter(&keys.client)
        .collect::<Result<Vec<_>, _>>()
        .map_err(pem("our client certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(&keys.client).map_err(pem("our client key"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?)
}

fn nonce() -> Result<String, ProviderTrouble> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| ProviderTrouble::Again {
        what: "the system has no randomness to give".to_owned(),
        after_secs: None,
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn again(error: &reqwest::Error) -> ProviderTrouble {
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke off"
    };
    ProviderTrouble::Again { what: what.to_owned(), after_secs: None }
}

fn refused(status: u16, body: &[u8], after_secs: Option<i64>) -> ProviderTrouble {
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let what = problem.map_or_else(
        || format!("status {status}"),
        |problem| format!("status {status}, {}", problem.kind),
    );
    match status {
        408 | 425 | 500 | 502 | 504 => ProviderTrouble::Again { what, after_secs },
        _ => ProviderTrouble::Refused { what, after_secs },
    }
}
