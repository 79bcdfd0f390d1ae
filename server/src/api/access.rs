//! Who is calling: a bearer token, known here only by its SHA-256.

use axum::http::{HeaderMap, header};
use entremise_core::id::{AuthorityId, PartyId};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use utoipa::Modify;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use super::Api;
use super::problem::Problem;
use crate::house::{Room, SenderRoom};

/// Describes the scheme in the OpenAPI document.
pub(super) struct Bearer;

impl Modify for Bearer {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        description.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// The room and the sender that this token opens, and no other.
pub(super) fn sender<'a>(
    api: &'a Api,
    authority: &str,
    headers: &HeaderMap,
) -> Result<(&'a Room, &'a SenderRoom), Problem> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(Problem::unauthorised)?;
    let known = hex::encode(digest(&SHA256, token.as_bytes()));
    let room = api
        .house
        .rooms
        .iter()
        // What comes in comes to the authority; its standing says where it goes.
        .find(|room| room.config.id.as_str() == authority && !room.config.id.is_pilot())
        .ok_or_else(Problem::unauthorised)?;
    // Digests are compared, not tokens: the time taken says nothing about a token.
    room.senders
        .iter()
        .find(|sender| sender.config.token_sha256.as_deref() == Some(known.as_str()))
        .map(|sender| (room, sender))
        .ok_or_else(Problem::unauthorised)
}

/// Whoever reads what became of their own: the names of authority and sender, once the call is
/// within the pace that was agreed.
pub(super) fn reader(
    api: &Api,
    authority: &str,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<(AuthorityId, PartyId), Problem> {
    let (room, sender) = sender(api, authority, headers)?;
    let (authority, sender_id) = (room.config.id.clone(), sender.config.id.clone());
    api.rates
        .pass(&authority, &sender_id, sender.config.requests_per_second_max, now)
        .map_err(Problem::too_fast)?;
    Ok((authority, sender_id))
}
