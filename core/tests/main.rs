//! Every test of this room from outside, in one program: what it stands on is linked once.

mod deadline;
mod deadline_calendar;
mod deadline_properties;
mod duties;
mod duties_check;
mod ladder;
mod matrix;
mod matrix_measures;
mod pilot;
mod prove;
mod prove_measures;
mod regime_check;
mod regime_embedded;
mod regime_screening;
mod regime_show;
mod simulate;
mod situations;
