//! What the oversight pages ask of the house, and the views it answers with.
//!
//! Figures, numbers of cases that stand in the public ledger anyway, and the evidence of sampled
//! notices. No view holds an address or an identity: a page cannot show what it was never given.

use entremise_core::deadline::Zone;
use entremise_core::id::PersonId;
use entremise_store::oversight::{
    Drawing, EvidenceShown, Finding, MonthFigure, OftenNamed, Remark, Sample, SampleId,
    SampledNotice,
};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::oversight::Figures;
use crate::oversight::report::Report;
use crate::web::desk::DeskTrouble;

/// The house as those see it who watch over it. Called from blocking threads.
pub trait OversightDesk: Send + Sync + 'static {
    /// The figures of a year; of the running one where none is given.
    fn overview(&self, year: Option<i16>, now: Timestamp) -> Result<Overview, DeskTrouble>;

    /// The samples, the newest first.
    fn samples(&self) -> Result<Vec<Sample>, DeskTrouble>;

    /// Draws a sample and enters it, with the text that allows the auditor to look at it.
    fn draw(
        &self,
        what: (&Drawing, &str),
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Drawn, DeskTrouble>;

    /// What is known of a sampled notice without opening anything.
    fn sampled(&self, place: (SampleId, usize)) -> Result<Option<SampledNotice>, DeskTrouble>;

    /// Opens the evidence of a sampled notice, after its line in the ledger.
    fn look(
        &self,
        place: (SampleId, usize),
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Look, DeskTrouble>;

    /// Enters what was found. Yields whether there is such a place.
    fn record(
        &self,
        place: (SampleId, usize),
        found: (Finding, Remark),
        by: &PersonId,
        now: Timestamp,
    ) -> Result<bool, DeskTrouble>;

    /// The yearly report.
    fn report(&self, year: i16, now: Timestamp) -> Result<Report, DeskTrouble>;

    /// The days of a month of the rules, as instants.
    fn zone(&self) -> Zone;
}

/// The figures of a year, with what should be looked at.
pub struct Overview {
    pub zone: Zone,
    pub year: i16,
    /// The years that can be asked for, the newest first.
    pub years: Vec<i16>,
    pub first: Date,
    pub last: Date,
    pub figures: Figures,
    pub months: Vec<MonthFigure>,
    /// The rungs of the rules of the day, in order.
    pub stages: Vec<String>,
    pub often_named: Vec<OftenNamed>,
    /// Person, day, looks.
    pub unusual_readers: Vec<(String, String, u64)>,
    /// Alarms that nobody has settled, by name, and how many in all.
    pub open_alarms: Vec<(String, u64)>,
    pub open_alarms_total: u64,
}

/// What became of a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drawn {
    Entered(SampleId),
    BadSeed,
    BadSize,
    NoLegalBasis,
    NothingToDraw,
}

/// What a look at a sampled notice shows.
pub enum Look {
    Shown(Box<(SampledNotice, EvidenceShown)>),
    Erased(SampledNotice),
    NoSuchPlace,
}
