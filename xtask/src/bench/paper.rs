//! docs/benchmarks.md: what was measured, beside whom, under which circumstances.
//!
//! A row that was not measured this time stays as it was, with its own day and commit.

use std::process::Command;

use anyhow::Result;

use super::measurement::{Goal, Measurement, Peer};
use super::measurements::ALL;
use super::median;
use crate::command::answer;
use crate::place;

const HEAD: &str = "\
# Measurements

The table is written by `cargo xtask bench --peers`. Ours and the peer run turn by turn in the same
run on the same inputs, and the medians are compared: on this kind of machine absolute figures drift
by a factor of two, and only the ratio means something. The goals are those that the project set
itself first. `cargo xtask bench NAME --peers` measures one row again.

| measurement | work | ours | peer | theirs | ratio | goal | circumstances |
|---|---|---:|---|---:|---:|---:|---|
";

/// One line of the table.
pub struct Row {
    measurement: &'static str,
    peer: &'static str,
    text: String,
}

impl Row {
    /// Ours and a peer's, from the same turns.
    pub fn beside(
        measurement: &Measurement,
        peer: &Peer,
        ours: &[f64],
        theirs: &[f64],
        disk: Option<f64>,
    ) -> Self {
        let (our, their) = (median(ours), median(theirs));
        let mark = if our / their >= peer.goal { "" } else { " (missed)" };
        let text = format!(
            "| `{}` | {} | {} {} | {} | {} | **{:.2}** | {}{mark} | {} |",
            measurement.name,
            measurement.work,
            figure(our),
            measurement.unit,
            peer.name,
            figure(their),
            our / their,
            peer.goal,
            circumstances(ours.len(), disk),
        );
        Self::new(measurement, peer.name, text)
    }

    /// Ours without a peer.
    pub fn alone(measurement: &Measurement, ours: &[f64], disk: Option<f64>) -> Self {
        let our = median(ours);
        let text = format!(
            "| `{}` | {} | {} {} | – | – | – | {} | {} |",
            measurement.name,
            measurement.work,
            figure(our),
            measurement.unit,
            measurement.goal.map_or_else(|| "–".to_owned(), |goal| reached(goal, our)),
            circumstances(ours.len(), disk),
        );
        Self::new(measurement, "–", text)
    }

    fn new(measurement: &Measurement, peer: &'static str, text: String) -> Self {
        println!("{text}");
        let name = ALL.iter().find(|one| one.name == measurement.name).map_or("", |one| one.name);
        Self { measurement: name, peer, text }
    }
}

/// A goal without a peer, and whether it was missed.
fn reached(goal: Goal, our: f64) -> String {
    let (words, is_reached) = match goal {
        Goal::AtLeast(least) => (format!("at least {}", figure(least)), our >= least),
        Goal::Under(most) => (format!("under {}", figure(most)), our < most),
    };
    if is_reached { words } else { format!("{words} (missed)") }
}

/// Turns, day, commit, machine, and how busy it was.
fn circumstances(turns: usize, disk: Option<f64>) -> String {
    let day = answer(Command::new("date").args(["-u", "+%F"])).unwrap_or_default();
    let mut commit = Command::new("git");
    commit.args(["describe", "--always", "--dirty", "--abbrev=8"]);
    let commit = answer(&mut commit).unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    let disk = disk.map_or_else(String::new, |rate| format!(", disk {} flushes/s", figure(rate)));
    let machine = machine();
    format!("{turns} turns, {}, {}, {machine}, load {load}{disk}", day.trim(), commit.trim())
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("?", |model| model.trim_start_matches([' ', '\t', ':']));
    format!("{cores} cores of {model}")
}

/// Three digits that mean something, with commas between thousands.
fn figure(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Puts the rows into the table, in the order of the measurements.
pub fn write(rows: &[Row]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let path = place::root().join("docs/benchmarks.md");
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
    std::fs::write(&path, merged(&before, rows))?;
    println!("\nwritten: docs/benchmarks.md");
    Ok(())
}

fn merged(before: &str, rows: &[Row]) -> String {
    let mut text = HEAD.to_owned();
    for measurement in &ALL {
        let start = format!("| `{}` |", measurement.name);
        let fresh: Vec<&Row> =
            rows.iter().filter(|row| row.measurement == measurement.name).collect();
        let is_stale = |line: &str| {
            let replaces = |row: &&Row| {
                row.peer == "–"
                    || line.contains(&format!("| {} |", row.peer))
                    || line.contains("| – |")
            };
            fresh.iter().any(replaces)
        };
        let kept = before.lines().filter(|line| line.starts_with(&start) && !is_stale(line));
        for line in kept.chain(fresh.iter().map(|row| row.text.as_str())) {
            text.push_str(line);
            text.push('\n');
        }
    }
    // What a person wrote below the table stays.
    if let Some(written) = before.find("\n## ") {
        text.push_str(&before[written..]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(measurement: &'static str, peer: &'static str, ours: &str) -> Row {
        let text = format!("| `{measurement}` | work | {ours} | {peer} |");
        Row { measurement, peer, text }
    }

    #[test]
    fn a_row_measured_again_replaces_its_own_and_no_other() {
        let (weasy, typst) = (row("letters", "WeasyPrint", "1"), row("letters", "typst", "1"));
        let first = merged("", &[weasy, typst, row("mails", "Postfix", "1")]);
        let first = first + "\n## By hand\n\nWords.\n";
        let second = merged(&first, &[row("letters", "typst", "2")]);
        assert!(second.ends_with("|\n\n## By hand\n\nWords.\n"), "{second}");
        let rows: Vec<&str> = second.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(
            rows,
            [
                "| `letters` | work | 1 | WeasyPrint |",
                "| `letters` | work | 2 | typst |",
                "| `mails` | work | 1 | Postfix |",
            ]
        );
    }

    #[test]
    fn a_large_figure_is_readable() {
        assert_eq!(figure(1_234_567.8), "1,234,568");
        assert_eq!(figure(12.34), "12.3");
    }
}
