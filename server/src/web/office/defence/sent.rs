//! A form with a document, as a browser sends it, and the act that it asks for.

use std::collections::BTreeMap;

use axum::extract::multipart::Multipart;
use entremise_core::deadline::Zone;
use entremise_core::procedure::ladder::CourtOutcome;
use entremise_core::procedure::measure::Sentence;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::OUTCOMES;
use crate::web::defence::desk::{DefenceAct, Document};
use crate::web::upload;

/// Fields by name, and the one document.
pub(in crate::web::office) struct Sent {
    fields: BTreeMap<String, String>,
    document: Vec<u8>,
}

/// A field, and the key of what is wrong with it.
pub(in crate::web::office) type Wrong = (&'static str, &'static str);

impl Sent {
    /// None where the form is no form, or larger than may be sent.
    pub async fn read(mut form: Multipart) -> Option<Self> {
        let mut sent = Self { fields: BTreeMap::new(), document: Vec::new() };
        while let Some(field) = form.next_field().await.ok()? {
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.ok()?;
            if name == "document" {
                sent.document = bytes.to_vec();
            } else {
                sent.fields.insert(name, String::from_utf8(bytes.to_vec()).ok()?);
            }
        }
        Some(sent)
    }

    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |value| value.trim())
    }

    pub fn version(&self) -> u64 {
        self.field("version").parse().unwrap_or_default()
    }

    /// The act, or which field stands in its way.
    pub fn act(
        self,
        zone: &Zone,
        measures: Vec<Sentence>,
        now: Timestamp,
    ) -> Result<DefenceAct, Wrong> {
        match self.field("act") {
            "observations" => {
                let received_at = self.received_at(zone, now)?;
                Ok(DefenceAct::Observations { document: self.document()?, received_at })
            }
            "situation" => {
                let received_at = self.received_at(zone, now)?;
                Ok(DefenceAct::Situation { document: self.document()?, received_at })
            }
            "hearing" => Ok(DefenceAct::HearingAsked { received_at: self.received_at(zone, now)? }),
            "convene" => Ok(DefenceAct::Convened { slot: self.slot(zone, now)? }),
            "held" => {
                let (counsel, copied) =
                    (self.field("counsel") == "yes", self.field("copied") == "yes");
                Ok(DefenceAct::Held { record: self.document()?, counsel, copied })
            }
            "missed" => Ok(DefenceAct::Missed),
            "outcome" => {
                let outcome = self.outcome().ok_or(("outcome", "choose"))?;
                Ok(DefenceAct::Outcome { outcome, judgment: self.document()?, measures })
            }
            _ => Err(("act", "choose")),
        }
    }

    /// The outcome that was chosen.
    pub fn outcome(&self) -> Option<CourtOutcome> {
        let named = self.field("outcome");
        OUTCOMES.into_iter().find(|outcome| outcome.name() == named)
    }

    /// The beginning of the day on which a letter came, so that no hour of it is held against the
    /// person; now for a letter of today.
    pub fn received_at(&self, zone: &Zone, now: Timestamp) -> Result<Timestamp, Wrong> {
        let day: Date = self.field("received_on").parse().map_err(|_| ("received_on", "day"))?;
        let begins = zone.start_of(day);
        if begins > now { Err(("received_on", "future")) } else { Ok(begins) }
    }

    fn slot(&self, zone: &Zone, now: Timestamp) -> Result<Timestamp, Wrong> {
        let local: DateTime = self.field("slot").parse().map_err(|_| ("slot", "slot"))?;
        let slot = zone.instant_of(local).ok_or(("slot", "slot"))?;
        if slot <= now { Err(("slot", "past")) } else { Ok(slot) }
    }

    /// The document as it came.
    pub fn into_document(self) -> Vec<u8> {
        self.document
    }

    pub fn has_document(&self) -> bool {
        !self.document.is_empty()
    }

    /// What was typed, to be shown again beside what is wrong with it.
    pub fn fields(&self) -> &BTreeMap<String, String> {
        &self.fields
    }

    /// The document again, where what was typed is needed besides.
    pub fn as_document(&self) -> Result<Document, Wrong> {
        Self { fields: BTreeMap::new(), document: self.document.clone() }.document()
    }

    /// What the bytes say it is; a name proves nothing.
    pub fn document(self) -> Result<Document, Wrong> {
        if self.document.is_empty() {
            return Err(("document", "missing"));
        }
        let ending = upload::ending(&self.document).ok_or(("document", "kind"))?;
        Ok(Document { ending, bytes: self.document })
    }
}
