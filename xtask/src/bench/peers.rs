//! The peers' side: their packages in an environment of their own, their inputs made once, their
//! servers started and stopped by us.
//!
//! The harnesses are not part of this repository; where they do not lie beside it, there are no
//! peers to run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::measurement::{Needs, Peer};
use crate::command::{answer, must};
use crate::place::{self, program};
use crate::python;

/// Appends of one pgbench script, in rows a second. The harness's own script runs every
/// combination; a turn here needs one.
const PGBENCH_RATE: &str = "\
script=$1 clients=$2 rows=$3
tps=$(pgbench -h 127.0.0.1 -p 54321 -U postgres -n -M prepared -j 2 -c \"$clients\" -T 5 \\
  -f \"$BENCH/$script.pgbench.sql\" postgres 2>/dev/null | awk '/^tps/{print $3}')
echo \"label=$script-c$clients rate=$(echo \"$tps*$rows\" | bc -l)\"
";

/// Leases and questions with the one index that a look-up of ours would need too, once. The
/// harness's own script also builds what other measurements ask.
const LOAD_LEASES: &str = "\
set -e
psql() { command psql -h 127.0.0.1 -p 54321 -U postgres -v ON_ERROR_STOP=1 -qAt \"$@\"; }
[ \"$(psql -c \"select to_regclass('leases_ip_lo_start') is not null\")\" = t ] && exit
psql <<SQL
drop table if exists leases, queries;
create table leases(ip bigint not null, port_lo int not null, port_hi int not null,
  start bigint not null, \"end\" bigint not null, subscriber bigint not null);
create table queries(qid int primary key, ip bigint, port int, ts bigint);
\\copy leases from data/leases.csv csv
\\copy queries from data/queries.csv csv
create index leases_ip_lo_start on leases(ip, port_lo, start)
  include(port_hi, \"end\", subscriber);
vacuum analyze leases;
vacuum analyze queries;
SQL
";

pub struct Peers {
    has_started_postgres: bool,
}

impl Peers {
    pub fn new() -> Result<Self> {
        std::fs::create_dir_all(Self::work())?;
        Ok(Self { has_started_postgres: false })
    }

    /// Where the peers work and the inputs lie.
    pub fn work() -> PathBuf {
        place::target().join("peers")
    }

    fn scripts() -> PathBuf {
        Self::work().join("scripts")
    }

    /// Makes sure that a peer can run.
    pub fn prepare(&mut self, peer: &Peer) -> Result<()> {
        lay_out()?;
        for needs in peer.needs {
            match needs {
                Needs::Packages(packages) => install(packages)?,
                Needs::Program(name, package) if program(name).is_none() => {
                    bail!("it needs `apt-get install {package}`, which may displace other servers")
                }
                Needs::Program(..) => {}
                Needs::Postgres => self.postgres()?,
                Needs::AuditTables => self.audit_tables()?,
                Needs::LeaseTables => self.lease_tables()?,
                Needs::Postfix => {
                    super::postfix::is_possible()?;
                    super::postfix::unpack(&Self::work())?;
                }
                Needs::Leases | Needs::Notices | Needs::MailKeys => Self::make_inputs(&[*needs])?,
            }
        }
        Ok(())
    }

    /// Makes inputs that are not there yet.
    pub fn make_inputs(inputs: &[Needs]) -> Result<()> {
        for needs in inputs {
            match needs {
                Needs::Leases => leases()?,
                Needs::Notices => notices()?,
                Needs::MailKeys => mail_keys()?,
                Needs::Postfix => super::postfix::unpack(&Self::work())?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Runs a peer once.
    pub fn figure(&mut self, peer: &Peer) -> Result<f64> {
        let words: Vec<String> = peer.command.iter().map(|word| filled_in(word)).collect();
        let (name, arguments) = words.split_first().context("a peer has a command")?;
        let said = answer(self.command(name).args(arguments))?;
        let is_it = |line: &&str| field(line, "label").as_deref() == Some(peer.label);
        let line = said.lines().rfind(is_it);
        let line = line.with_context(|| format!("it printed no label={}", peer.label))?;
        let figure = field(line, peer.figure).and_then(|figure| figure.parse().ok());
        figure.with_context(|| format!("{} is not in {line}", peer.figure))
    }

    /// What the disk alone does: appends of 4 KiB, each flushed.
    pub fn disk_flushes_per_s(&mut self) -> Result<f64> {
        let binary = Self::work().join("fsync_rate");
        if !binary.is_file() {
            let source = Self::scripts().join("fsync_rate.c");
            must(Command::new("cc").arg("-O2").arg("-o").arg(&binary).arg(source))?;
        }
        let said = answer(
            self.command(&binary.display().to_string()).args(["disk", "4096", "2", "append"]),
        )?;
        field(&said, "ops/s").and_then(|rate| rate.parse().ok()).context("the disk says no rate")
    }

    /// Stops what was started here.
    pub fn stop(&mut self) {
        if std::mem::take(&mut self.has_started_postgres) {
            let stop = Self::scripts().join("pg_start.sh");
            if let Err(trouble) = answer(self.command("bash").arg(stop).arg("stop")) {
                eprintln!("the peers' PostgreSQL still runs: {trouble:#}");
            }
        }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.current_dir(Self::work()).env("BENCH", Self::scripts());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = place::system_folders().into_iter().chain(std::env::split_paths(&path));
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
        command
    }

    fn postgres(&mut self) -> Result<()> {
        if !self.has_started_postgres {
            must(self.command("bash").arg(Self::scripts().join("pg_start.sh")))?;
            self.has_started_postgres = true;
        }
        Ok(())
    }

    fn audit_tables(&mut self) -> Result<()> {
        self.postgres()?;
        let mut psql = self.command("psql");
        psql.args(["-h", "127.0.0.1", "-p", "54321", "-U", "postgres", "-qf"]);
        must(psql.arg(Self::scripts().join("audit_init.sql")))
    }

    fn lease_tables(&mut self) -> Result<()> {
        leases()?;
        self.postgres()?;
        must(self.command("bash").args(["-c", LOAD_LEASES]))
    }
}

fn filled_in(word: &str) -> String {
    let python = Peers::work().join("venv/bin/python");
    word.replace("{python}", &python.display().to_string())
        .replace("{scripts}", &Peers::scripts().display().to_string())
        .replace("{work}", &Peers::work().display().to_string())
}

/// `name=value` in a line of a harness.
fn field(line: &str, name: &str) -> Option<String> {
    let (_, value) = line
        .split_whitespace()
        .find_map(|word| word.split_once('=').filter(|(found, _)| *found == name))?;
    Some(value.to_owned())
}

/// The harnesses find each other below the folder they work in. One of them names an empty folder
/// where it means its own, and those of HTTP change their folder before they name it: both are
/// mended in the copy.
fn copy_scripts(from: &Path, to: &Path) -> Result<()> {
    if to.join("http").is_dir() {
        return Ok(());
    }
    let work = Peers::work().display().to_string();
    for folder in ["", "letters", "http"] {
        std::fs::create_dir_all(to.join(folder))?;
        for entry in std::fs::read_dir(from.join(folder))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let text = std::fs::read_to_string(entry.path())?;
                let text = text.replace("os.chmod('',0o755)", "os.chmod('.',0o755)");
                let text = if folder == "http" {
                    text.replace("$PWD", &work)
                        .replace("cd $H;", &format!("cd {work};"))
                        .replace("uvicorn app:app", "uvicorn --app-dir $H app:app")
                        .replace("-s post.lua", "-s $H/post.lua")
                } else {
                    text
                };
                std::fs::write(to.join(folder).join(entry.file_name()), text)?;
            }
        }
    }
    std::fs::write(to.join("pgbench_rate.sh"), PGBENCH_RATE)?;
    Ok(())
}

/// The folders that the harnesses expect.
fn lay_out() -> Result<()> {
    let harnesses = place::harnesses();
    if !harnesses.is_dir() {
        bail!("the peers' harnesses and the generators of inputs are not beside this repository");
    }
    for folder in ["disk", "data/n", "letters"] {
        std::fs::create_dir_all(Peers::work().join(folder))?;
    }
    copy_scripts(&harnesses, &Peers::scripts())
}

/// All peers share one environment; each adds what it needs.
fn install(packages: &[&str]) -> Result<()> {
    let folder = Peers::work().join("venv");
    let list = folder.join(".packages");
    let had = std::fs::read_to_string(&list).unwrap_or_default();
    let mut all: Vec<&str> = had.lines().collect();
    all.extend(packages.iter().filter(|package| !had.lines().any(|line| line == **package)));
    python::environment(&folder, &all).map(|_| ())
}

fn leases() -> Result<()> {
    make("gen_leases.py", &["data"], "data/expected.bin", &["numpy", "pyarrow"])
}

fn mail_keys() -> Result<()> {
    let made: [(&str, &[&str]); 2] = [
        ("rsa.pem", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        ("ed25519.pem", &["-algorithm", "ed25519"]),
    ];
    for (name, how) in made {
        let path = Peers::work().join(name);
        if !path.is_file() {
            answer(Command::new("openssl").arg("genpkey").args(how).arg("-out").arg(path))?;
        }
    }
    // The harness of Postfix has its own copy, in an older form.
    let theirs = Peers::work().join("data/dkim2048.pem");
    if !theirs.is_file() {
        std::fs::create_dir_all(Peers::work().join("data"))?;
        let ours = Peers::work().join("rsa.pem");
        let mut convert = Command::new("openssl");
        convert.args(["rsa", "-traditional", "-in"]).arg(ours).arg("-out").arg(theirs);
        answer(&mut convert)?;
    }
    Ok(())
}

fn notices() -> Result<()> {
    leases()?;
    make("gen_notices.py", &["data", "data/n"], "data/n/mails.json", &["numpy", "pyarrow"])
}

/// Runs a generator of inputs, unless its last output is there.
fn make(script: &str, arguments: &[&str], output: &str, packages: &[&str]) -> Result<()> {
    if Peers::work().join(output).is_file() {
        return Ok(());
    }
    lay_out()?;
    install(packages)?;
    println!("making the inputs of {script}");
    let mut command = Command::new(filled_in("{python}"));
    command.arg(Peers::scripts().join(script)).args(arguments).current_dir(Peers::work());
    must(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_read_from_a_line_of_a_harness() {
        let line = "label=lxml n=5 ok=5 rate=19700.1 cpurate=30000.0";
        assert_eq!(field(line, "cpurate").as_deref(), Some("30000.0"));
        assert_eq!(field(line, "secs"), None);
    }
}
