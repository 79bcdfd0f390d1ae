//! `entremise oversight`: the yearly report, and a drawing of notices redone. Changes nothing.

use anyhow::Context;
use clap::Subcommand;
use entremise_store::oversight::Drawing;
use jiff::civil::Date;

use super::Outcome;
use super::at::At;
use crate::config::Authority;
use crate::house::House;
use crate::serve::wall_clock;
use crate::web::oversight::StoreOversight;

#[derive(Subcommand)]
pub enum Command {
    /// What may be published of a year: small numbers are kept back, the file states the rule.
    Report {
        #[command(flatten)]
        at: At,
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
        at: At,
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

pub fn run(command: Command) -> anyhow::Result<Outcome> {
    let clock = wall_clock();
    match command {
        Command::Report { at, year, json } => {
            let (house, authority) = at.house()?;
            let report = desk(&house, &authority).report_of(year, clock())?;
            match json {
                true => println!("{:#}", report.to_json()),
                false => print!("{}", report.to_csv()),
            }
        }
        Command::Sample { at, seed, n, first, last } => {
            let (house, authority) = at.house()?;
            let regime = house.store.regime(&authority.regime);
            let zone = regime.context("the authority's regime is not built in")?.zone();
            let drawing = Drawing {
                seed,
                begins_at: zone.start_of(first),
                ends_at: zone.end_of(last),
                size: n,
            };
            let (cases, population) = house.store.draw(&authority.id, &drawing)?;
            eprintln!("{} of {population} notices", cases.len());
            for case in cases {
                println!("case:{case}");
            }
        }
    }
    Ok(Outcome::Fine)
}

fn desk(house: &House, authority: &Authority) -> StoreOversight {
    StoreOversight::new(
        house.store.clone(),
        authority.id.clone(),
        authority.regime.clone(),
        authority.name.get("fr").cloned().unwrap_or_default(),
        authority.specimen,
    )
}
