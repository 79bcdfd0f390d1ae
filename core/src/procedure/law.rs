//! What the procedures ask of a regime, with a refusal where the law of the day has no answer.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::procedure::{Due, DueKind, Kept};
use crate::regime::{Regime, Rules};
use crate::step::Refusal;

impl Regime {
    /// The rules of the local day of an instant.
    pub(crate) fn rules_at(&self, instant: Timestamp) -> Result<&Rules, Refusal> {
        self.at(instant).map_err(|_| Refusal::NoRules { day: self.day_of(instant) })
    }

    pub(crate) fn day_of(&self, instant: Timestamp) -> Date {
        self.zone().day_of(instant)
    }

    /// When what is kept must go, by the rules of the instant it is counted from.
    pub(crate) fn end_of_keeping(&self, kept: &Kept) -> Result<Due, Refusal> {
        let Kept { data, after_stage, from, started_by } = kept;
        let retention = self
            .rules_at(*from)?
            .retention
            .iter()
            .find(|retention| retention.data == *data && retention.after_stage == *after_stage)
            .ok_or_else(|| Refusal::NoRetention {
                regime: self.id().to_owned(),
                data: data.clone(),
                stage: after_stage.clone(),
            })?;
        let path = format!("retention.{data}.{after_stage}.keep");
        let deadline = self.deadline(*from, retention.keep, started_by, &path);
        Ok(Due { what: DueKind::End, deadline })
    }
}
