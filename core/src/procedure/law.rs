//! What the procedures ask of a regime, with a refusal where the law of the day has no answer.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::procedure::{Due, DueKind};
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

    /// When data of this kind must go, counted from a proven start, by the rules of that start.
    pub(crate) fn end_of_keeping(
        &self,
        data: &str,
        after_stage: &str,
        start: Timestamp,
        started_by: &str,
    ) -> Result<Due, Refusal> {
        let retention = self
            .rules_at(start)?
            .retention
            .iter()
            .find(|retention| retention.data == data && retention.after_stage == after_stage)
            .ok_or_else(|| Refusal::NoRetention {
                regime: self.id().to_owned(),
                data: data.to_owned(),
                stage: after_stage.to_owned(),
            })?;
        let path = format!("retention.{data}.{after_stage}.keep");
        let deadline = self.deadline(start, retention.keep, started_by, &path);
        Ok(Due { what: DueKind::End, deadline })
    }
}
