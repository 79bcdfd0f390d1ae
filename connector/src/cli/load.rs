//! `load`: files into the index. All files of one call become visible together, or none.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::config::{read_options, retention};
use crate::keys::KeyFile;
use crate::load::{FileReport, Loader};
use crate::read::{AccountFrom, Format};

#[derive(clap::Args)]
pub struct LoadArguments {
    /// The index directory; made if it is not there.
    #[arg(long)]
    pub index: PathBuf,
    /// How the files are written.
    #[arg(long, value_enum)]
    pub format: Format,
    /// The key file; by default keys.json in the index, made on the first load.
    #[arg(long)]
    pub keys: Option<PathBuf>,
    /// The zone of local times without a numeric offset, e.g. Europe/Paris.
    #[arg(long)]
    pub zone: Option<String>,
    /// The routing instance (VRF) of the addresses in these files.
    #[arg(long)]
    pub vrf: Option<String>,
    /// Which identifier of a lease names the subscriber; the first that is there counts.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub account_from: Vec<AccountFrom>,
    /// Drop what ended longer ago than this, as the law of the provider's country demands.
    #[arg(long)]
    pub retention_days: Option<u32>,
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

pub fn run(arguments: &LoadArguments, now: Timestamp) -> anyhow::Result<u8> {
    std::fs::create_dir_all(&arguments.index)
        .with_context(|| format!("making {}", arguments.index.display()))?;
    let keys = match &arguments.keys {
        Some(path) => KeyFile::read(path)?,
        None => KeyFile::of_index(&arguments.index)?,
    };
    let mut loader = Loader::open(&arguments.index, &keys)?;
    let space = arguments.vrf.as_deref().map_or(0, |name| loader.space(name));
    let options = read_options(arguments.zone.as_deref(), space, &arguments.account_from)?;
    let now = now.as_millisecond();
    loader.read_at(now);
    if let Some(days) = arguments.retention_days {
        loader.keep_from(now - retention(days));
    }
    let mut reports = Vec::new();
    for path in &arguments.files {
        let bar = progress_bar(path);
        let report = loader
            .load(path, arguments.format, &options, &mut |done| bar.set_position(done))
            .with_context(|| format!("loading {}", path.display()))?;
        bar.finish_and_clear();
        print(path, &report);
        reports.push(report);
    }
    loader.commit()?;
    println!(
        "index {} generation {}: {} records read",
        arguments.index.display(),
        loader.generation(),
        reports.iter().map(|report| report.records).sum::<u64>()
    );
    // Refused lines do not stop a load; a file of which nothing could be read is the wrong file.
    let all_refused = |report: &FileReport| report.records == 0 && report.error_count() > 0;
    Ok(u8::from(reports.iter().any(all_refused)))
}

fn print(path: &Path, report: &FileReport) {
    if report.known {
        println!("{}: already in the index", path.display());
        return;
    }
    println!("{}: {} records", path.display(), report.records);
    for error in &report.shown {
        eprintln!("{}:{}: {}", path.display(), error.line, error.how);
    }
    let refused = report.error_count();
    if refused > report.shown.len() as u64 {
        eprintln!("{}: … {refused} lines refused in all", path.display());
    }
    for (code, count) in &report.errors {
        let code = serde_json::to_string(code).unwrap_or_default();
        eprintln!("{}: {count} × {}", path.display(), code.trim_matches('"'));
    }
}

/// Bytes done of a file, on a terminal only.
fn progress_bar(path: &Path) -> ProgressBar {
    let length = std::fs::metadata(path).map(|metadata| metadata.len()).unwrap_or(0);
    if !std::io::stderr().is_terminal() || length < 1 << 24 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:40} {bytes}/{total_bytes} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(length).with_style(style);
    bar.set_message(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    bar
}
