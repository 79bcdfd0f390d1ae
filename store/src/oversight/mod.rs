//! What those see who watch over the authority: figures, oddities, and samples of notices.
//!
//! Figures never name a subscriber. They are moved by the one door with the line that moves them,
//! so they are what a recount of the ledger yields, and they outlive the bodies of its lines.

mod figures;
mod sample;
mod unusual;

pub(crate) use figures::Counted;
pub use figures::{Figure, MonthFigure};
pub use sample::{
    Drawing, EvidenceShown, Finding, Remark, Sample, SampleError, SampleId, Sampled, SampledNotice,
    draw, drawing_key,
};
pub use unusual::{OftenNamed, often_named, unusual_readers};
