//! The authority's service, as a library: `entremise` opens it, the simulation drives it.

pub mod access;
pub mod api;
pub mod chart;
pub mod cli;
pub mod config;
pub mod cost;
pub mod delivery;
pub mod handover;
pub mod house;
pub mod intake;
pub mod order_file;
pub mod oversight;
pub mod pilot;
pub mod provider;
pub mod quarantine;
pub mod receipt;
pub mod register;
pub mod rights;
pub mod seen;
pub mod serve;
pub mod simulate;
pub mod standing;
pub mod telemetry;
pub mod web;
pub mod worker;
