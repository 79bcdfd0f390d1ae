//! Bytes and a channel in; screened notices out, entered in one store transaction.
//!
//! Order: kill-switch, signature, reading, screening, provider, store. Whatever cannot be read is
//! kept raw in quarantine, so that a fix of ours can replay it.

pub mod acknowledgement;
pub mod folder;
pub mod mailbox;
pub mod networks;
pub mod report;

use entremise_core::id::{BatchId, RegimeId};
use entremise_core::notice::Notice;
use entremise_core::pilot::Standing;
use entremise_core::regime::Regime;
use entremise_core::regime::screening::screen;
use entremise_core::rejection::{Code, Rejection};
use entremise_formats::{Hint, NoticeRead, Reading, Signature, jws};
use entremise_store::{
    BatchReport, IncomingBatch, IncomingNotice, IntakeError, Quarantined, Store, Trouble,
};
use jiff::Timestamp;

use crate::house::{Room, SenderRoom};

/// How a sending came in. Part of its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Http,
    Mail,
    Folder,
}

impl Channel {
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Mail => "mail",
            Self::Folder => "folder",
        }
    }
}

/// One piece of input from one sender.
pub struct Sending<'a> {
    pub channel: Channel,
    pub bytes: Vec<u8>,
    pub idempotency_key: Option<String>,
    /// Detached JWS over the bytes (RFC 7515 appendix F), where the sender signs its batches.
    pub jws: Option<&'a str>,
    pub received_at: Timestamp,
}

/// Why a sending was not taken as a whole. Single notices are answered in the report.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    #[error("this sender is stopped: {why}")]
    Stopped { why: String },
    #[error("{0}")]
    Rejected(Rejection),
    /// Nothing in it could be read. The bytes are kept for replay.
    #[error("{0}")]
    Quarantined(Rejection),
    #[error("this Idempotency-Key was used for another content")]
    KeyReused,
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Takes one sending to its report.
pub fn receive(
    store: &Store,
    room: &Room,
    sender: &SenderRoom,
    sending: Sending<'_>,
) -> Result<BatchReport, NotTaken> {
    let party = (&room.config.id, &sender.config.id);
    let stopped = store.why_stopped(std::iter::once(party))?.pop().flatten();
    match prepare(store, room, sender, sending, stopped)? {
        Prepared::Batch(batch) => store.intake(batch).map_err(NotTaken::from),
        Prepared::Unreadable(raw, why) => Err(set_aside(store, raw, why)),
    }
}

/// A sending that was read, or could not be.
pub enum Prepared {
    Batch(IncomingBatch),
    Unreadable(Quarantined, Rejection),
}

/// Keeps what cannot be read, and says why it cannot.
pub fn set_aside(store: &Store, raw: Quarantined, why: Rejection) -> NotTaken {
    match store.quarantine(raw) {
        Ok(_) => NotTaken::Quarantined(why),
        Err(trouble) => NotTaken::Trouble(trouble),
    }
}

/// Reads and screens one sending, up to what only the store can decide. `stopped`: why its sender
/// is, if it is.
pub fn prepare(
    store: &Store,
    room: &Room,
    sender: &SenderRoom,
    sending: Sending<'_>,
    stopped: Option<String>,
) -> Result<Prepared, NotTaken> {
    let regime_id = &room.config.regime;
    let regime = store.regime(regime_id).ok_or_else(|| unknown_regime(regime_id))?;
    if let Some(why) = stopped {
        return Err(NotTaken::Stopped { why });
    }
    let authority = &room.config.id;
    let standing = match room.config.pilot {
        Some(_) => store.pilot_standing(authority)?,
        None => Standing::Live,
    };
    let proof = check_signature(sender, &sending)?;
    let received_at = Some(sending.received_at);
    let hint = Hint { openpgp_keys: &sender.openpgp, received_at };
    let reading = entremise_formats::read(&sending.bytes, hint);
    if let Some(rejection) = unreadable(&reading) {
        let why = rejection.clone();
        return Ok(Prepared::Unreadable(unread(room, sender, sending, &why), why));
    }
    let signed = proof.is_some();
    let notices = reading
        .outcomes
        .into_iter()
        .map(|item| incoming(item, room, sender, signed, sending.received_at, regime))
        .map(|incoming| drawn(incoming, &standing))
        .collect();
    let digest = ring::digest::digest(&ring::digest::SHA256, &sending.bytes);
    Ok(Prepared::Batch(IncomingBatch {
        id: BatchId(store.new_id(sending.received_at)),
        authority: match standing {
            Standing::Live => authority.clone(),
            Standing::Pilot { .. } => {
                authority.pilot().ok_or_else(|| Trouble::Never { what: NO_PILOT, source: None })?
            }
        },
        regime: regime_id.clone(),
        sender: sender.config.id.clone(),
        format: reading.format,
        channel: sending.channel.name(),
        raw: sending.bytes,
        received_at: sending.received_at,
        idempotency_key: sending.idempotency_key,
        body_digest: digest.as_ref().try_into().expect("SHA-256 yields 32 bytes"),
        proof,
        notices,
    }))
}

const NO_PILOT: &str = "the authority's name is too long for a pilot";

/// A notice of a network that the pilot's draw leaves out is answered, and is no case.
fn drawn(incoming: IncomingNotice, standing: &Standing) -> IncomingNotice {
    let Standing::Pilot { draw } = standing else { return incoming };
    let verdict = incoming.verdict.and_then(|(notice, provider)| {
        if draw.takes(notice.source.ip) {
            return Ok((notice, provider));
        }
        let how = "a pilot takes a share of the networks, and this one was not drawn; the notice \
                   is in order, and nothing follows from it";
        Err(vec![Rejection::new(Code::NotDrawn, "", how)])
    });
    IncomingNotice { verdict, ..incoming }
}

impl From<IntakeError> for NotTaken {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::KeyReused => Self::KeyReused,
            IntakeError::Trouble(trouble) => Self::Trouble(trouble),
        }
    }
}

fn unknown_regime(regime: &RegimeId) -> NotTaken {
    tracing::error!(%regime, "no such regime is loaded");
    NotTaken::Trouble(Trouble::Never { what: "the regime is not loaded", source: None })
}

/// The batch's own signature: required, absent, or held against the sender's key.
fn check_signature(
    sender: &SenderRoom,
    sending: &Sending<'_>,
) -> Result<Option<Vec<u8>>, NotTaken> {
    match (sending.jws, &sender.jws_key) {
        (Some(jws), Some(key)) => jws::verify(jws, &sending.bytes, |_| Some(key.clone()))
            .map(|_| Some(jws.as_bytes().to_vec()))
            .map_err(|error| {
                NotTaken::Rejected(Rejection::new(
                    Code::SignatureInvalid,
                    "entremise-signature",
                    format!("the detached JWS does not hold over these bytes: {error}"),
                ))
            }),
        (Some(_), None) => Err(NotTaken::Rejected(Rejection::new(
            Code::SignatureInvalid,
            "entremise-signature",
            "no key of this sender is registered; register one or send without a signature",
        ))),
        (None, _) => Ok(None),
    }
}

/// The reason, when not even one notice could be made out.
fn unreadable(reading: &Reading) -> Option<&Rejection> {
    let [only] = reading.outcomes.as_slice() else { return None };
    let Err(rejections) = &only.verdict else { return None };
    rejections.iter().find(|rejection| {
        matches!(
            rejection.code,
            Code::FormatUnknown
                | Code::Malformed
                | Code::CharsetInvalid
                | Code::TooLarge
                | Code::ConstructForbidden
        )
    })
}

fn unread(
    room: &Room,
    sender: &SenderRoom,
    sending: Sending<'_>,
    rejection: &Rejection,
) -> Quarantined {
    Quarantined {
        authority: room.config.id.clone(),
        regime: room.config.regime.clone(),
        sender: Some(sender.config.id.clone()),
        channel: sending.channel.name().to_owned(),
        raw: sending.bytes,
        reasons: vec![rejection.clone()],
        received_at: sending.received_at,
    }
}

/// One notice on its way to the store: proven, screened, and with the provider that is to be asked.
fn incoming(
    item: NoticeRead,
    room: &Room,
    sender: &SenderRoom,
    batch_signed: bool,
    received_at: Timestamp,
    regime: &Regime,
) -> IncomingNotice {
    let signed = batch_signed || matches!(item.signature, Signature::Verified { .. });
    let verdict = item.verdict.and_then(|notice| {
        let mut rejections =
            screen(&notice, sender.config.kind, received_at, regime, room.config.specimen)
                .err()
                .unwrap_or_default();
        if sender.config.must_sign && !signed {
            rejections.push(Rejection::new(
                Code::SignatureMissing,
                "",
                "this sender agreed to sign: sign the batch (detached JWS) or the mail (OpenPGP)",
            ));
        }
        addressed(notice, room, rejections)
    });
    IncomingNotice { place: item.place, verdict }
}

fn addressed(
    notice: Notice,
    room: &Room,
    mut rejections: Vec<Rejection>,
) -> Result<(Notice, entremise_core::id::PartyId), Vec<Rejection>> {
    match room.networks.holder(notice.source.ip) {
        Some(provider) if rejections.is_empty() => Ok((notice, provider.clone())),
        Some(_) => Err(rejections),
        None => {
            rejections.push(Rejection::new(
                Code::NotOurNetwork,
                "/source_identifier",
                "no provider under this authority announces the address; send it where it belongs",
            ));
            Err(rejections)
        }
    }
}
