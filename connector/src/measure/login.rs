//! The list that the provider's RADIUS server reads, so that a measure holds at the next login too.
//! Written whole from what is in force, never changed by hand, and mended when it was.
//!
//! It is a file for FreeRADIUS's module `files`. An entry gives no right and takes none: it sets
//! `control:Tmp-Integer-0` to the second at which the measure ends, and the policy in
//! docs/connector.md looks at its own clock. So an entry that nobody takes out any more ends by
//! itself.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};

/// How often, and after which time, it is seen whether the reloading program has ended: 10 s.
const LOOKS: u32 = 200;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// FreeRADIUS passes over a second reading within two seconds of another, without a word
/// (3.2, `module_hup_module`); so readings keep this distance.
const BETWEEN_READINGS: SignedDuration = SignedDuration::from_secs(3);

/// Accounts that must be restricted, each with the end of the last measure.
pub type Restricted = BTreeMap<String, Timestamp>;

/// The file, and the program that makes it read.
pub struct LoginList {
    path: PathBuf,
    reload: Vec<String>,
}

/// Whether an account can stand in the list without meaning something else there.
pub fn is_expressible(account: &str) -> bool {
    // A radius attribute has at most 253 bytes of value; the list has lines.
    (1..=253).contains(&account.len()) && !account.chars().any(char::is_control)
}

/// How far the RADIUS server has read the list.
#[derive(Debug)]
pub struct Reading {
    /// It has not read the newest one, as far as is known.
    unread: bool,
    /// It read it, and reads it once more: somebody else's reading may have come just before.
    again: bool,
    last: Option<Timestamp>,
}

impl Default for Reading {
    fn default() -> Self {
        Self { unread: true, again: false, last: None }
    }
}

impl LoginList {
    pub fn new(path: &Path, reload: &[String]) -> Self {
        Self { path: path.to_owned(), reload: reload.to_vec() }
    }

    /// Brings the file to what it must be, and makes the server read it. True where it has; false
    /// where the reading has to wait for a moment.
    ///
    /// # Errors
    /// Where the file cannot be written, or the reading fails. It is owed then.
    pub fn align(
        &self,
        restricted: &Restricted,
        reading: &mut Reading,
        now: Timestamp,
    ) -> anyhow::Result<bool> {
        let text = text(restricted);
        if !fs::read(&self.path).is_ok_and(|there| there == text.as_bytes()) {
            reading.unread = true;
            self.write(&text)?;
        }
        if self.reload.is_empty() {
            return Ok(true);
        }
        let is_too_soon = reading
            .last
            .is_some_and(|last| last <= now && now.duration_since(last) < BETWEEN_READINGS);
        if is_too_soon || !(reading.unread || reading.again) {
            return Ok(!reading.unread);
        }
        let is_first = std::mem::replace(&mut reading.unread, true);
        self.read_again()?;
        *reading = Reading { unread: false, again: is_first, last: Some(now) };
        Ok(true)
    }

    fn write(&self, text: &str) -> anyhow::Result<()> {
        let fresh = self.path.with_extension("new");
        let _ = fs::remove_file(&fresh);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o640)
            .open(&fresh)
            .with_context(|| format!("writing {}", fresh.display()))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path).with_context(|| format!("writing {}", self.path.display()))
    }

    fn read_again(&self) -> anyhow::Result<()> {
        let (program, arguments) = self.reload.split_first().context("no program is named")?;
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {program}"))?;
        for _ in 0..LOOKS {
            match process.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("{program} ended with {status}"),
                None => thread::park_timeout(BETWEEN_LOOKS),
            }
        }
        // A program that hangs must not hold up the end of a measure.
        let _ = process.kill();
        let _ = process.wait();
        bail!("{program} did not end")
    }
}

/// The file's text. Single quotes: nothing in them is expanded.
fn text(restricted: &Restricted) -> String {
    let mut text = String::from("# Written by entremise-connector; a change by hand is undone.\n");
    for (account, until) in restricted {
        let account = account.replace('\\', "\\\\").replace('\'', "\\'");
        let until = until.as_second();
        text.push_str(&format!(
            "DEFAULT User-Name == '{account}', Tmp-Integer-0 := {until}\n\tFall-Through = Yes\n"
        ));
    }
    text
}
