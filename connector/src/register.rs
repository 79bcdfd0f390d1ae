//! A closed question to an authority before a new subscription: may this person not subscribe? The
//! person is blinded here, and read back here; neither a log nor a file of this house gets the
//! name.

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_core::id::{AuthorityId, QuestionId};
use entremise_wire::register::{Asked, Person, RegisterAnswer};
use entremise_wire::signature::{RequestParts, SignatureHeaders, SigningKey, sign_request};
use jiff::Timestamp;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

use crate::keys::random;

const JSON: &str = "application/json";
/// The longest answer read: some ten thousand tags.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// `[authority.register]`: where an authority's register is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterConfig {
    /// `https://…/v1/<authority>/register`.
    pub url: String,
    /// As the authority published it (`entremise register key`), base64url.
    pub public_key: String,
    /// PEM of who signed the authority's certificate.
    pub ca: PathBuf,
}

/// One signed question on its way, and what is needed to read its answer.
pub struct Outgoing {
    pub headers: SignatureHeaders,
    pub body: Vec<u8>,
    asked: Asked,
}

/// Makes a question about a person: blinded, with a number of its own, signed.
pub fn question(
    person: &Person,
    authority: &AuthorityId,
    url: &str,
    key: &SigningKey,
    now: Timestamp,
) -> anyhow::Result<Outgoing> {
    let id = QuestionId(uuid::Builder::from_random_bytes(random()?).into_uuid());
    let (asked, question) = Asked::about(person, authority.clone(), id)?;
    let body = serde_json::to_vec(&question)?;
    let parts = RequestParts { method: "POST", target_uri: url, content_type: JSON, body: &body };
    let nonce = URL_SAFE_NO_PAD.encode(random::<16>()?);
    let headers = sign_request(key, parts, now, &nonce)?;
    Ok(Outgoing { headers, body, asked })
}

impl Outgoing {
    /// Yes or no, proven by the key that the authority published. Uses the question up.
    pub fn read(self, answer: &[u8], public_key: &str) -> anyhow::Result<bool> {
        let answer: RegisterAnswer =
            serde_json::from_slice(answer).context("the answer is not one of a register")?;
        Ok(self.asked.read(&answer, public_key)?)
    }
}

/// Asks, and waits for the answer.
pub fn ask(
    person: &Person,
    authority: &AuthorityId,
    register: &RegisterConfig,
    key: &SigningKey,
    now: Timestamp,
) -> anyhow::Result<bool> {
    let outgoing = question(person, authority, &register.url, key, now)?;
    let ca = std::fs::read(&register.ca)
        .with_context(|| format!("{} cannot be read", register.ca.display()))?;
    let ca = reqwest::Certificate::from_pem(&ca).context("the register's ca is no certificate")?;
    let client = reqwest::blocking::Client::builder()
        .tls_certs_only([ca])
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(CALL_TIMEOUT)
        .build()?;
    let SignatureHeaders { content_digest, signature_input, signature } = &outgoing.headers;
    let answer = client
        .post(&register.url)
        .header("content-type", JSON)
        .header("content-digest", content_digest)
        .header("signature-input", signature_input)
        .header("signature", signature)
        .body(outgoing.body.clone())
        .send()
        .context("the authority's register is not reached")?;
    let status = answer.status();
    let bytes = answer.bytes()?;
    if bytes.len() > ANSWER_BYTES_MAX {
        bail!("the register answers without end");
    }
    match status.as_u16() {
        200 => outgoing.read(&bytes, &register.public_key),
        401 => bail!("the authority does not know our key (keys public)"),
        403 => bail!("the authority has stopped us"),
        404 => bail!("{authority} keeps no register at this address"),
        429 => bail!("too many questions: later, or tomorrow"),
        other => bail!("the register answered {other}"),
    }
}
