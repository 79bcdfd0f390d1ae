//! A letter service over HTTP, in the shape of the public French ones: a sending is a draft that
//! gets documents and recipients and is then submitted; OAuth 2 client credentials. A registered
//! letter asks for its receipt as an image; a simple one asks for none, and for news of its return.
//!
//! Idempotent by `custom_id` (the effect): before anything is made, the service is asked whether it
//! already has it. So a submission whose answer was lost is found again, not repeated.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Carrier, Letter, PostEvent, PostTrouble, Product, Proof, ProofId, ProofKind, Reading};
use crate::delivery::Handover;
use crate::delivery::reply::Reply;

const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// A token is renewed this long before it ends.
const TOKEN_MARGIN: SignedDuration = SignedDuration::from_secs(30);
/// Rows of one page of news.
const PAGE: usize = 500;
/// How long the service keeps the letter and its proofs (3, 6 or 10 years are sold).
const ARCHIVING_YEARS: u32 = 3;

/// One account at a letter service. It has no `Debug`: it holds a secret.
pub struct Http {
    client: Client,
    /// Without a trailing slash.
    base: String,
    client_id: String,
    client_secret: String,
    token: Mutex<Option<(String, Timestamp)>>,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    expires_in: i64,
}

#[derive(Deserialize)]
struct Sending {
    id: String,
    status: String,
    #[serde(default)]
    submission_date: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Sendings {
    sendings: Vec<Sending>,
}

#[derive(Deserialize)]
struct Statuses {
    delivery_statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    sending_id: String,
    recipient_id: String,
    custom_id: String,
    code: String,
    date: Timestamp,
}

#[derive(Serialize)]
struct NewSending<'a> {
    name: &'a str,
    custom_id: &'a str,
    /// `registered` or `economic`.
    postage_type: &'static str,
    acknowledgement_of_receipt: bool,
    acknowledgement_of_receipt_scanning: bool,
    /// What cannot be delivered is reported, with the reason.
    treat_undelivered_mail: bool,
    duplex_printing: bool,
    archiving_duration: u32,
    #[serde(flatten)]
    sender: Value,
}

impl Http {
    /// `client` brings its own TLS roots and time limits.
    pub fn new(client: Client, base: &str, client_id: &str, client_secret: &str) -> Self {
        Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            token: Mutex::new(None),
        }
    }

    fn bearer(&self, now: Timestamp) -> Result<String, Handover> {
        let mut held = self.token.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((token, ends)) = held.as_ref()
            && now < *ends
        {
            return Ok(token.clone());
        }
        let response = self
            .client
            .post(format!("{}/token", self.base))
            .basic_auth(&self.client_id, Some(&self.client_secret))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .map_err(|trouble| again(&trouble))?;
        let token: Token = checked(response)?.json().map_err(|trouble| again(&trouble))?;
        let ends = now
            .saturating_add(SignedDuration::from_secs(token.expires_in) - TOKEN_MARGIN)
            .unwrap_or(now);
        *held = Some((token.access_token.clone(), ends));
        Ok(token.access_token)
    }

    fn get(&self, token: &str, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base)).bearer_auth(token)
    }

    fn post(&self, token: &str, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base)).bearer_auth(token)
    }

    fn try_hand_over(&self, letter: &Letter, now: Timestamp) -> Result<Handover, Handover> {
        let token = self.bearer(now)?;
        let custom_id = letter.effect.to_string();
        let known = self.get(&token, &format!("/sendings?custom_id={custom_id}"));
        let known: Sendings = sent(known)?.json().map_err(|trouble| again(&trouble))?;
        for sending in known.sendings {
            match sending.status.as_str() {
                // An attempt that broke off before submission: nothing was posted.
                "DRAFT" => {
                    let path = format!("{}/sendings/{}", self.base, sending.id);
                    sent(self.client.delete(path).bearer_auth(&token))?;
                }
                "REJECTED" => {
                    let reply = Reply::new(422, "the service rejected this sending");
                    return Err(Handover::Refused { reply });
                }
                _ => {
                    let at = sending.submission_date.unwrap_or(now);
                    return Ok(Handover::HandedOver { reference: sending.id, at });
                }
            }
        }
        let id = self.draft(&token, &custom_id, letter)?;
        // From here on an answer that does not come leaves the outcome open; the next attempt
        // finds the sending by its custom_id and settles it.
        match self.post(&token, &format!("/sendings/{id}/submit")).send() {
            Ok(response) => {
                checked(response)?;
                Ok(Handover::HandedOver { reference: id, at: now })
            }
            Err(trouble) if trouble.is_connect() => Err(again(&trouble)),
            Err(trouble) => Ok(Handover::Unknown { reason: plain(trouble) }),
        }
    }

    /// Sending, document, recipient: still without any effect on paper.
    fn draft(&self, token: &str, custom_id: &str, letter: &Letter) -> Result<String, Handover> {
        let is_registered = letter.product == Product::Registered;
        let sending = NewSending {
            name: custom_id,
            custom_id,
            postage_type: if is_registered { "registered" } else { "economic" },
            acknowledgement_of_receipt: is_registered,
            acknowledgement_of_receipt_scanning: is_registered,
            treat_undelivered_mail: true,
            duplex_printing: true,
            archiving_duration: ARCHIVING_YEARS,
            sender: address_lines("sender_address_line", letter.sender.lines()),
        };
        let made = sent(self.post(token, "/sendings").json(&sending))?;
        let id = made.json::<Sending>().map_err(|trouble| again(&trouble))?.id;

        let (boundary, body) = document(custom_id, letter);
        let document = self
            .post(token, &format!("/sendings/{id}/documents"))
            .header("Content-Type", format!("multipart/form-data; boundary={boundary}"))
            .body(body);
        sent(document)?;

        let mut recipient = address_lines("address_line", letter.recipient.lines());
        recipient["custom_id"] = json!(custom_id);
        recipient["country_code"] = json!("FR");
        sent(self.post(token, &format!("/sendings/{id}/recipients")).json(&recipient))?;
        Ok(id)
    }

    fn try_statuses(
        &self,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<PostEvent>, PostTrouble> {
        let token = self.bearer(now).map_err(|outcome| said(&outcome))?;
        let mut events = Vec::new();
        for start in (1..).step_by(PAGE) {
            let path = format!("/delivery_statuses?since={since}&start_index={start}&count={PAGE}");
            let page: Statuses = sent(self.get(&token, &path))
                .map_err(|outcome| said(&outcome))?
                .json()
                .map_err(|trouble| PostTrouble::Unexpected(plain(trouble)))?;
            let rows = page.delivery_statuses.len();
            for row in page.delivery_statuses {
                // Other senders of the same account may use other names.
                let Ok(effect) = row.custom_id.parse() else { continue };
                let reading = Reading::of(&row.code);
                let proof = proof_id(&row, reading);
                events.push(PostEvent { effect, reading, code: row.code, at: row.date, proof });
            }
            if rows < PAGE {
                break;
            }
        }
        events.sort_by_key(|event| (event.at, event.effect));
        Ok(events)
    }

    fn try_proof(&self, id: &ProofId, now: Timestamp) -> Result<Option<Proof>, PostTrouble> {
        let token = self.bearer(now).map_err(|outcome| said(&outcome))?;
        let response = self
            .get(&token, &id.number)
            .send()
            .map_err(|trouble| PostTrouble::Unreached(plain(trouble)))?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let bytes = checked(response)
            .map_err(|outcome| said(&outcome))?
            .bytes()
            .map_err(|trouble| PostTrouble::Unreached(plain(trouble)))?;
        Ok(Some(Proof(bytes.to_vec())))
    }
}

impl Carrier for Http {
    fn hand_over(&self, letter: &Letter, now: Timestamp) -> Handover {
        self.try_hand_over(letter, now).unwrap_or_else(|outcome| outcome)
    }

    fn statuses(&self, since: Timestamp, now: Timestamp) -> Result<Vec<PostEvent>, PostTrouble> {
        self.try_statuses(since, now)
    }

    fn proof(&self, id: &ProofId, now: Timestamp) -> Result<Option<Proof>, PostTrouble> {
        self.try_proof(id, now)
    }
}

/// Where the service has the document that belongs to the news: its path is its number.
fn proof_id(row: &Status, reading: Reading) -> Option<ProofId> {
    let kind = ProofKind::of(reading)?;
    let download = match kind {
        ProofKind::Deposit => "download_deposit_proof",
        ProofKind::Receipt => "download_acknowledgement_of_receipt",
    };
    let (sending, recipient) = (&row.sending_id, &row.recipient_id);
    let number = format!("/sendings/{sending}/recipients/{recipient}/{download}");
    Some(ProofId { kind, number })
}

fn sent(request: RequestBuilder) -> Result<Response, Handover> {
    checked(request.send().map_err(|trouble| again(&trouble))?)
}

/// The answer, or what its status code means for the letter.
fn checked(response: Response) -> Result<Response, Handover> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let reply = Reply::new(status.as_u16(), status.canonical_reason().unwrap_or("no reason"));
    Err(match status {
        // Our account, not this letter.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED => {
            Handover::Blocked { reply }
        }
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Handover::Refused { reply },
        _ => Handover::Again { after: AGAIN_AFTER, reason: reply.to_string() },
    })
}

fn again(trouble: &reqwest::Error) -> Handover {
    let reason = if trouble.is_timeout() { "no answer in time" } else { "not reached" };
    Handover::Again { after: AGAIN_AFTER, reason: format!("the post: {reason}") }
}

fn said(outcome: &Handover) -> PostTrouble {
    PostTrouble::Unreached(match outcome {
        Handover::Again { reason, .. } | Handover::Unknown { reason } => reason.clone(),
        Handover::Blocked { reply } | Handover::Refused { reply } => reply.to_string(),
        Handover::HandedOver { .. } => "an answer to another question".to_owned(),
    })
}

/// A library's error without the URL, which names a letter.
fn plain(trouble: reqwest::Error) -> String {
    trouble.without_url().to_string()
}

/// `prefix_1` … `prefix_6`.
fn address_lines(prefix: &str, lines: &[String]) -> Value {
    lines
        .iter()
        .enumerate()
        .map(|(index, line)| (format!("{prefix}_{}", index + 1), json!(line)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The PDF as a form of two parts (RFC 7578). The boundary is the letter's digest: it can't stand
/// in the letter.
fn document(custom_id: &str, letter: &Letter) -> (String, Vec<u8>) {
    let boundary = hex::encode(letter.pdf.sha256);
    let metadata = json!({ "name": format!("{custom_id}.pdf"), "priority": 1 });
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\
         Content-Type: application/json\r\n\r\n{metadata}\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"document\"; \
         filename=\"{custom_id}.pdf\"\r\nContent-Type: application/pdf\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(&letter.pdf.bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (boundary, body)
}
