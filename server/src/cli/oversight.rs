//! `entremise oversight`: the yearly report, and a drawing of notices redone. Changes nothing.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};
use entremise_core::id::AuthorityId;
use entremise_store::SystemEntropy;
use entremise_store::oversight::Drawing;
use jiff::civil::Date;

use super::Outcome;
use crate::config::Config;
use crate::house::{House, Room};
use crate::serve::{open, wall_clock};
use crate::web::oversight::StoreOversight;

#[derive(Subcommand)]
pub enum Command {
    /// What may be published of a year: small numbers are kept back, the file states the rule.
    Report {
        #[command(flatten)]
        of: Of,
        #[arg(long)]
        year: i16,
        /// JSON instead of CSV.
        #[arg(long)]
        json: bool,
    },
    /// Which notices a seed draws among those accepted from a day to a day. Enters nothing: a
    /// sample that counts is drawn at the oversight desk.
    Sample {
        #[command(flatten)]
        of: Of,
        /// 8 to 64 plain characters of the auditor's own.
        #[arg(long)]
        seed: String,
        /// How many notices.
        #[arg(long)]
        n: usize,
        #[arg(long)]
        first: Date,
        /// This day counts.
        #[arg(long)]
        last: Date,
    },
}

/// Whose figures.
#[derive(Args)]
pub struct Of {
    #[arg(long)]
    config: PathBuf,
    #[arg(long)]
    authority: AuthorityId,
}

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let clock = wall_clock();
    match command {
        Command::Report { of, year, json } => {
            let house = house(&of)?;
            let report = desk(&house, &of)?.report_of(year, clock())?;
            match json {
                true => println!("{:#}", report.to_json()),
                false => print!("{}", report.to_csv()),
            }
        }
        Command::Sample { of, seed, n, first, last } => {
            let house = house(&of)?;
            let room = room(&house, &of)?;
            let regime = house.store.regime(&room.config.regime);
            let zone = regime.context("the authority's regime is not built in")?.zone();
            let drawing = Drawing {
                seed,
                begins_at: zone.start_of(first),
                ends_at: zone.end_of(last),
                size: n,
            };
            let (cases, population) = house.store.draw(&of.authority, &drawing)?;
            eprintln!("{} of {population} notices", cases.len());
            for case in cases {
                println!("case:{case}");
            }
        }
    }
    Ok(Outcome::Fine)
}

fn house(of: &Of) -> anyhow::Result<House> {
    open(&Config::read(&of.config)?, &wall_clock(), Arc::new(SystemEntropy::default()))
}

fn room<'h>(house: &'h House, of: &Of) -> anyhow::Result<&'h Room> {
    house.room(&of.authority).with_context(|| format!("no authority {}", of.authority))
}

fn desk(house: &House, of: &Of) -> anyhow::Result<StoreOversight> {
    let config = &room(house, of)?.config;
    Ok(StoreOversight::new(
        house.store.clone(),
        config.id.clone(),
        config.regime.clone(),
        config.name.get("fr").cloned().unwrap_or_default(),
        config.specimen,
    ))
}
