//! A form of the portal as a browser sends it, within its bounds, and the act that it asks for.

use std::collections::BTreeMap;

use axum::extract::multipart::{Multipart, MultipartError};
use axum::http::StatusCode;
use entremise_core::id::CaseId;
use entremise_core::procedure::ladder::ChallengeGround;
use jiff::Timestamp;

use super::desk::{Act, Document, Papers};
use super::place::PortalPlace;
use crate::web::upload;

/// The largest document: some photographed pages. Unit: bytes.
pub(super) const DOCUMENT_BYTES_MAX: usize = 5 * 1024 * 1024;
/// The largest form: a document with the longest text, each letter of which may be four bytes.
pub(super) const SENT_BYTES_MAX: usize = DOCUMENT_BYTES_MAX + 128 * 1024;
/// Some ten printed pages.
pub(super) const TEXT_CHARS_MAX: usize = 20_000;
/// No form here has more parts.
const PARTS_MAX: usize = 16;

/// Fields by name, each as often as it came, and the one document.
#[derive(Default)]
pub(super) struct Sent {
    fields: BTreeMap<String, Vec<String>>,
    document: Vec<u8>,
}

/// A field, and the key of what is wrong with it.
pub(super) type Wrong = (&'static str, &'static str);

impl Sent {
    pub async fn read(mut form: Multipart) -> Result<Self, Wrong> {
        let mut sent = Self::default();
        let mut parts = 0;
        while let Some(field) = form.next_field().await.map_err(wrong)? {
            parts += 1;
            if parts > PARTS_MAX {
                return Err(("document", "unreadable"));
            }
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(wrong)?;
            if name == "document" {
                sent.document = bytes.to_vec();
            } else {
                let value = String::from_utf8(bytes.to_vec());
                let value = value.map_err(|_| ("text", "unreadable"))?;
                sent.fields.entry(name).or_default().push(value);
            }
        }
        Ok(sent)
    }

    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).and_then(|values| values.first()).map_or("", |value| value.trim())
    }

    /// The grounds that were ticked, of those there are.
    pub fn grounds(&self) -> Vec<ChallengeGround> {
        let ticked = self.fields.get("ground").map_or(&[][..], |values| values);
        let named = |ground: &ChallengeGround| ticked.iter().any(|name| name == ground.name());
        ChallengeGround::ALL.into_iter().filter(named).collect()
    }

    /// What was written, without what no keyboard writes.
    pub fn text(&self) -> String {
        let text = self.field("text").replace("\r\n", "\n");
        text.chars().filter(|sign| !sign.is_control() || matches!(sign, '\n' | '\t')).collect()
    }

    /// The act, or which field stands in its way. `measure` is the one of the place, if it has one.
    pub fn act(
        &self,
        place: PortalPlace,
        slots: &[Timestamp],
        measure: Option<CaseId>,
    ) -> Result<Act, Wrong> {
        Ok(match (place, measure) {
            (PortalPlace::Postponement(_), Some(measure)) => {
                // Whoever answers must know why.
                if self.text().is_empty() {
                    return Err(("text", "postponement"));
                }
                Act::Postponement { measure, papers: self.papers()? }
            }
            (PortalPlace::Appeal(_), Some(measure)) => {
                Act::Appeal { measure, papers: self.papers()? }
            }
            (place, _) => self.act_on_file(place, slots)?,
        })
    }

    fn act_on_file(&self, place: PortalPlace, slots: &[Timestamp]) -> Result<Act, Wrong> {
        Ok(match place {
            PortalPlace::Challenge => {
                let grounds = self.grounds();
                if grounds.is_empty() {
                    return Err(("ground", "choose"));
                }
                // A ground without its reasons cannot be answered.
                if self.text().is_empty() {
                    return Err(("text", "reasons"));
                }
                Act::Challenge { grounds, papers: self.papers()? }
            }
            PortalPlace::Situation => Act::Situation { papers: self.papers()? },
            PortalPlace::Hearing if slots.is_empty() => Act::Hearing { slot: None },
            PortalPlace::Hearing => {
                let slot: Timestamp = self.field("slot").parse().map_err(|_| ("slot", "choose"))?;
                Act::Hearing { slot: Some(slot) }
            }
            _ => Act::Observations { papers: self.papers()? },
        })
    }

    fn papers(&self) -> Result<Papers, Wrong> {
        let text = self.text();
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(("text", "too_long"));
        }
        let text = (!text.is_empty()).then_some(text);
        let document = match self.document.as_slice() {
            [] => None,
            bytes if bytes.len() > DOCUMENT_BYTES_MAX => return Err(("document", "too_large")),
            bytes => {
                let ending = upload::ending(bytes).ok_or(("document", "kind"))?;
                Some(Document { ending, bytes: bytes.to_vec() })
            }
        };
        if text.is_none() && document.is_none() {
            return Err(("text", "missing"));
        }
        Ok(Papers { text, document })
    }
}

fn wrong(error: MultipartError) -> Wrong {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        ("document", "too_large")
    } else {
        ("document", "unreadable")
    }
}
