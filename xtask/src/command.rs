//! Runs other programs, and listens to what they say while a person reads it too.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail};

/// What a program said and how it ended.
pub struct Heard {
    pub ok: bool,
    /// Both streams, line by line, in the order in which they came.
    pub lines: Vec<String>,
}

/// Runs a program and passes everything on as it comes.
pub fn listen(command: &mut Command) -> Result<Heard> {
    let name = name_of(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{name} cannot be started"))?;
    let lines = Arc::new(Mutex::new(Vec::new()));
    let out = child.stdout.take().context("its output was asked for")?;
    let err = child.stderr.take().context("its output was asked for")?;
    std::thread::scope(|scope| {
        scope.spawn(|| pass_on(out, std::io::stdout(), &lines));
        scope.spawn(|| pass_on(err, std::io::stderr(), &lines));
    });
    let ok = child.wait().with_context(|| format!("{name} was lost"))?.success();
    let lines = std::mem::take(&mut *lines.lock().unwrap_or_else(|poison| poison.into_inner()));
    Ok(Heard { ok, lines })
}

/// What it cannot pass on it still keeps: a closed terminal must not end a test.
fn pass_on(from: impl Read, mut to: impl Write, lines: &Mutex<Vec<String>>) {
    for line in BufReader::new(from).split(b'\n').map_while(|line| line.ok()) {
        let line = String::from_utf8_lossy(&line).into_owned();
        writeln!(to, "{line}").ok();
        lines.lock().unwrap_or_else(|poison| poison.into_inner()).push(line);
    }
}

/// Runs a program that must succeed; its output goes to the terminal.
pub fn must(command: &mut Command) -> Result<()> {
    let name = name_of(command);
    let status = command.stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("{name} cannot be started"))?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

/// Runs a program that must succeed and gives what it printed; quiet unless it fails.
pub fn answer(command: &mut Command) -> Result<String> {
    let name = name_of(command);
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("{name} cannot be started"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{name} failed ({}): {}", output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn name_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The cargo that started us.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
