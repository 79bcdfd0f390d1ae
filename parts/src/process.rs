//! A child process that does not outlive its test.

use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

/// How long a part may take to end by itself once it was asked to.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// A started part. Dropping it stops it, by its id.
pub struct Process(Child);

impl Process {
    pub fn start(command: &mut Command) -> std::io::Result<Self> {
        command.spawn().map(Self)
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> std::io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    /// Asks it to end (`INT`: PostgreSQL's fast shutdown), then ends it.
    pub fn stop(&mut self) {
        self.stop_by("INT");
    }

    /// As `stop`, with another word for it.
    pub fn stop_by(&mut self, signal: &str) {
        if !matches!(self.0.try_wait(), Ok(None)) {
            // Its number may be another's by now.
            return;
        }
        let number = self.0.id().to_string();
        let asked = Command::new("kill").args(["-s", signal, &number]).status();
        let mut waited = Duration::ZERO;
        while asked.is_ok() && waited < PATIENCE {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
        // Both fail only where it has ended in between.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}
