//! News of messages: bounces from the mailbox, statuses from the post. Late, doubled, reordered and
//! forged news is normal; each is tied to its effect by a token that only this house makes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryStatus, Event};
use entremise_core::ledger::Actor;
use entremise_formats::bounce::{self, Kind, Report, Truth};
use entremise_store::{CaseRef, FoundEffect, Trouble};
use jiff::{SignedDuration, Timestamp};

use super::Round;
use super::send::report;
use crate::delivery::post::{PostEvent, Product, ProofId, ProofKind};
use crate::house::{House, Room};

/// Mails read in one round.
const MAILS_MOST: usize = 500;
/// A bounce is a short mail; what is longer is left for a person.
const MAIL_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// How often the post is asked.
const POST_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// How far back the post's news is asked for: a letter may come back weeks later.
const POST_LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 90);

/// One round over the mailboxes and the post of every authority.
pub fn round(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for room in &house.rooms {
        if let Some(maildir) = &room.config.mail.bounces {
            round += bounces(house, room, maildir, now)?;
        }
        // A pilot has sent nothing, and asks nobody what became of it.
        if !room.config.id.is_pilot() {
            round += post(house, room, now)?;
        }
    }
    Ok(round)
}

fn bounces(house: &House, room: &Room, maildir: &Path, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for path in waiting(maildir).map_err(mailbox)? {
        let size = fs::metadata(&path).map_err(mailbox)?.len();
        let bytes =
            if size <= MAIL_BYTES_MAX { fs::read(&path).map_err(mailbox)? } else { Vec::new() };
        let understood = bounce(house, room, &bytes, now)?;
        if understood {
            // It is kept sealed, and there its time ends with the case's. A copy in the open would
            // outlive it. Crash before this line: it is read again, and is known.
            fs::remove_file(&path).map_err(mailbox)?;
        } else {
            // It says nothing that a program may act on, or of no message of ours.
            flag(maildir, &path).map_err(mailbox)?;
        }
        round.done += 1;
    }
    Ok(round)
}

/// Enters what one mail says. False when a person must read it.
fn bounce(house: &House, room: &Room, bytes: &[u8], now: Timestamp) -> Result<bool, Trouble> {
    let read = bounce::read_report(bytes);
    let Some(row) = effect_of(house, room, &read)? else { return Ok(false) };
    let digest = hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes));
    house.store.keep_document(
        row.row.id,
        &format!("returned-{}.eml", &digest[..16]),
        bytes,
        now,
    )?;
    let Some(status) = status(&read) else { return Ok(read.kind != Kind::Other) };
    enter(house, &row, status, now, now)?;
    Ok(true)
}

/// The effect whose message is reported on. The token's digest was made here, or it is nobody's.
fn effect_of(house: &House, room: &Room, read: &Report) -> Result<Option<FoundEffect>, Trouble> {
    let paths = &room.delivery.composer.return_paths;
    let domain = &room.config.mail.return_domain;
    let by_message = read.original_message_id.as_deref().and_then(|id| paths.effect(id));
    let by_token =
        || read.token.as_deref().and_then(|token| paths.effect(&format!("{token}@{domain}")));
    let Some(effect) = by_message.or_else(by_token) else { return Ok(None) };
    let row = house.store.effect(effect)?;
    Ok(row.filter(|row| row.authority == room.config.id))
}

fn status(read: &Report) -> Option<DeliveryStatus> {
    let recipient = read.recipients.first()?;
    match (recipient.kind, recipient.truth()) {
        (Kind::Delay, _) => Some(DeliveryStatus::Delayed),
        (_, Truth::Delivered) => Some(DeliveryStatus::Delivered),
        (_, Truth::Unreachable) => Some(DeliveryStatus::Bounced),
        (_, Truth::WeAreBlocked) => Some(DeliveryStatus::Blocked),
        (_, Truth::Unknown) => None,
    }
}

fn post(house: &House, room: &Room, now: Timestamp) -> Result<Round, Trouble> {
    let last = room.last_polled.load(Ordering::Relaxed);
    let due = Timestamp::from_microsecond(last)
        .map_or(true, |last| now.duration_since(last) >= POST_EVERY || now < last);
    if !due {
        return Ok(Round::default());
    }
    room.last_polled.store(now.as_microsecond(), Ordering::Relaxed);
    let since = now.saturating_sub(POST_LOOK_BACK).unwrap_or(now);
    let events = match room.delivery.post.statuses(since, now) {
        Ok(events) => events,
        Err(error) => {
            tracing::warn!(authority = %room.config.id, %error, "the post has no news");
            return Ok(Round::default());
        }
    };
    let mut heard = room.heard.lock().unwrap_or_else(PoisonError::into_inner);
    heard.retain(|(at, ..)| *at >= since);
    let mut round = Round::default();
    for event in events {
        let key = (event.at, event.effect, event.code.clone());
        if heard.contains(&key) {
            continue;
        }
        round.done += usize::from(post_event(house, room, &event, now)?);
        if prove(house, room, &event, now)? {
            heard.insert(key);
        }
    }
    Ok(round)
}

/// Enters one piece of the post's news; false when it was known.
fn post_event(
    house: &House,
    room: &Room,
    event: &PostEvent,
    now: Timestamp,
) -> Result<bool, Trouble> {
    let row = house.store.effect(event.effect)?.filter(|row| row.authority == room.config.id);
    let Some(row) = row else {
        tracing::warn!(effect = %event.effect, "the post speaks of a letter that is not ours");
        return Ok(false);
    };
    let Some(product) = product(&row) else { return Ok(false) };
    match event.reading.delivery_status(product) {
        Some(status) => enter(house, &row, status, event.at, now),
        None => Ok(false),
    }
}

/// Keeps the document that proves a piece of news, unless it is kept. False while the post has
/// none: a receipt is scanned days after the letter was signed for.
fn prove(house: &House, room: &Room, event: &PostEvent, now: Timestamp) -> Result<bool, Trouble> {
    let row = house.store.effect(event.effect)?.filter(|row| row.authority == room.config.id);
    let (Some(row), Some(proof)) = (row, &event.proof) else { return Ok(true) };
    // Nobody signs for a simple letter.
    let can_be = proof.kind == ProofKind::Deposit || product(&row) == Some(Product::Registered);
    if !can_be || is_kept(house, &row, proof)? {
        return Ok(true);
    }
    match room.delivery.post.proof(proof, now) {
        Ok(Some(document)) => {
            house.store.keep_document(row.row.id, &proof.document_name(), &document.0, now)?;
            Ok(true)
        }
        Ok(None) => Ok(false),
        Err(error) => {
            tracing::warn!(effect = %event.effect, %error, "the post does not yield a proof");
            Ok(false)
        }
    }
}

fn is_kept(house: &House, row: &FoundEffect, proof: &ProofId) -> Result<bool, Trouble> {
    let name = proof.document_name();
    let kept = house.store.documents(&row.authority, &row.case)?;
    Ok(kept.iter().any(|document| document.effect == Some(row.row.id) && document.name == name))
}

/// What was bought of the post; None where the effect is no letter.
fn product(row: &FoundEffect) -> Option<Product> {
    match &row.row.effect {
        Effect::SendMessage { channel, .. }
        | Effect::SendConvocation { channel, .. }
        | Effect::SendAnswer { channel, .. }
        | Effect::NotifyMeasure { channel, .. } => Product::of(*channel),
        _ => None,
    }
}

/// Enters a delivery event unless the case's history has the very same one.
fn enter(
    house: &House,
    row: &FoundEffect,
    status: DeliveryStatus,
    at: Timestamp,
    now: Timestamp,
) -> Result<bool, Trouble> {
    let Some(event) = report(&row.row.effect, status, at) else { return Ok(false) };
    if known(house, row, &event)? {
        return Ok(false);
    }
    let case = CaseRef::Id(row.authority.clone(), row.case);
    house.store.apply_many(&[(case, event, Actor::House)], now)?;
    Ok(true)
}

fn known(house: &House, row: &FoundEffect, event: &Event) -> Result<bool, Trouble> {
    let file = house.store.case_file(&row.authority, &row.case)?;
    Ok(file
        .is_some_and(|file| file.history.iter().any(|entry| entry.event.as_ref() == Some(event))))
}

fn waiting(maildir: &Path) -> io::Result<Vec<PathBuf>> {
    let new = maildir.join("new");
    fs::create_dir_all(&new)?;
    let mut mails: Vec<PathBuf> = fs::read_dir(new)?
        .take(MAILS_MOST)
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    mails.sort();
    Ok(mails)
}

/// For a person to look at, as Maildir has it: out of `new`, into `cur`, flagged.
fn flag(maildir: &Path, path: &Path) -> io::Result<()> {
    let cur = maildir.join("cur");
    fs::create_dir_all(&cur)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    fs::rename(path, cur.join(format!("{name}:2,F")))
}

fn mailbox(error: io::Error) -> Trouble {
    Trouble::Again { what: "use the mailbox of returned mails", source: Some(error.into()) }
}
