//! A PostgreSQL cluster of one's own: `initdb` into a temporary folder, a unix socket, no network,
//! no fsync. One per test process; a database for each test that asks.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use postgres::{Client, NoTls};
use tempfile::TempDir;

use crate::Process;

/// How long a cluster may take to answer on a machine that is busy with everything else.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// A running cluster.
pub struct Cluster {
    // Stopped before its folder goes. None between `stop` and `start_again`.
    server: Option<Process>,
    folder: TempDir,
    databases: AtomicU32,
}

impl Cluster {
    /// Starts a cluster; none where PostgreSQL is not installed.
    pub fn start() -> io::Result<Option<Self>> {
        let Some(programs) = programs() else { return Ok(None) };
        let folder = TempDir::with_prefix("entremise-postgres-")?;
        let owner = owner();
        if let Some(owner) = &owner {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
            chown(folder.path(), Some(owner.user), Some(owner.group))?;
        }
        let data = folder.path().join("data");
        let made = as_owner(&programs.join("initdb"), owner.as_ref())
            .args(["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--username"])
            .args(["postgres", "--pgdata"])
            .arg(&data)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .output()?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(io::Error::other(format!("initdb: {said}")));
        }
        let mut cluster = Self { server: None, folder, databases: AtomicU32::new(0) };
        cluster.start_again()?;
        Ok(Some(cluster))
    }

    /// Stops the server as an operator would (every session is cut off); its data stay.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Ends the server as a crash would: at once, in the middle of everything (`QUIT`). Not by
    /// `KILL`: its sessions would live on for a while and keep a new server from starting.
    pub fn crash(&mut self) {
        if let Some(server) = &mut self.server {
            server.stop_by("QUIT");
        }
        self.server = None;
    }

    /// Starts the server on the data that are there, and waits until it answers.
    pub fn start_again(&mut self) -> io::Result<()> {
        let programs = programs().ok_or_else(|| io::Error::other("PostgreSQL is gone"))?;
        let folder = self.folder.path();
        let log = fs::File::options().create(true).append(true).open(folder.join("log"))?;
        let mut command = as_owner(&programs.join("postgres"), owner().as_ref());
        command
            .arg("-D")
            .arg(folder.join("data"))
            .arg("-k")
            .arg(folder)
            .args(["-h", "", "-c", "fsync=off", "-c", "full_page_writes=off"])
            .args(["-c", "max_connections=200", "-c", "shared_buffers=64MB"])
            .current_dir(folder)
            .stdout(log.try_clone()?)
            .stderr(log);
        self.server = Some(Process::start(&mut command)?);
        self.wait()
    }

    /// Waits until it answers, or has ended.
    fn wait(&mut self) -> io::Result<()> {
        let mut waited = Duration::ZERO;
        loop {
            match Client::connect(&self.address("postgres"), NoTls) {
                Ok(_) => return Ok(()),
                Err(_) if waited < PATIENCE && !self.has_ended()? => {
                    std::thread::sleep(PAUSE);
                    waited += PAUSE;
                }
                Err(error) => {
                    let log = fs::read_to_string(self.folder.path().join("log"));
                    return Err(io::Error::other(format!(
                        "PostgreSQL does not answer: {error}; {}",
                        log.unwrap_or_default()
                    )));
                }
            }
        }
    }

    fn has_ended(&mut self) -> io::Result<bool> {
        self.server.as_mut().map_or(Ok(true), |server| Ok(server.ended()?.is_some()))
    }

    /// Makes an empty database and yields its address.
    pub fn database(&self) -> io::Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        Client::connect(&self.address("postgres"), NoTls)
            .and_then(|mut client| client.batch_execute(&format!("CREATE DATABASE {name}")))
            .map_err(io::Error::other)?;
        Ok(self.address(&name))
    }

    /// `postgres://…` by way of the unix socket.
    fn address(&self, database: &str) -> String {
        let socket = self.folder.path().to_string_lossy().replace('/', "%2F");
        format!("postgres://postgres@{socket}/{database}")
    }

    /// The server's process id; none while it is stopped.
    pub fn id(&self) -> Option<u32> {
        self.server.as_ref().map(Process::id)
    }
}

/// The cluster that all tests of this process share; none where PostgreSQL is not installed.
///
/// # Panics
/// Where it is installed and does not start, or is absent and [`crate::REQUIRE`] is set.
pub fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    let cluster = SHARED.get_or_init(|| {
        let cluster = Cluster::start().expect("an installed PostgreSQL starts");
        if let Some(cluster) = &cluster {
            stop_with_this_process(cluster);
        } else {
            crate::absent("PostgreSQL");
        }
        cluster
    });
    cluster.as_ref()
}

/// A static is never dropped: a shell waits for this process to end and then stops the server and
/// removes its folder.
fn stop_with_this_process(cluster: &Cluster) {
    let script = "while kill -0 \"$1\" 2>/dev/null; do sleep 0.2; done; kill -INT \"$2\"; \
                  while kill -0 \"$2\" 2>/dev/null; do sleep 0.1; done; rm -rf \"$3\"";
    let watcher = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(std::process::id().to_string())
        .arg(cluster.id().unwrap_or(0).to_string())
        .arg(cluster.folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    assert!(watcher.is_ok(), "a shell is there to stop PostgreSQL when the tests are done");
}

/// Where `initdb` and `postgres` lie: on the path, or where Debian puts them, the newest first.
fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut debian: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    debian.sort();
    let has_both =
        |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    on_path.chain(debian.into_iter().rev()).find(has_both)
}

/// Whom the server runs as: PostgreSQL refuses to run as root.
struct Owner {
    user: u32,
    group: u32,
}

fn owner() -> Option<Owner> {
    let number = |flag, name: &[&str]| -> Option<u32> {
        let said = Command::new("id").arg(flag).args(name).output().ok()?;
        String::from_utf8(said.stdout).ok()?.trim().parse().ok()
    };
    if number("-u", &[]) != Some(0) {
        return None;
    }
    let user = number("-u", &["postgres"]).or_else(|| number("-u", &["nobody"]))?;
    let group = number("-g", &["postgres"]).or_else(|| number("-g", &["nobody"]))?;
    Some(Owner { user, group })
}

fn as_owner(program: &Path, owner: Option<&Owner>) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    if let Some(owner) = owner {
        command.uid(owner.user).gid(owner.group);
    }
    command
}
