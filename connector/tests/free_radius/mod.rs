//! Shared by the stories with a real FreeRADIUS: how it is started, fed and stopped.

pub mod walled;

use std::fs;
use std::io::Write;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const SECRET: &str = "specimen-secret";
/// Where Debian keeps the dictionaries.
pub const DICTIONARIES: &str = "/usr/share/freeradius";

/// The server, stopped by its own process id when the test ends, however it ends.
pub struct Server {
    process: Child,
    directory: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What every configuration begins with; `{root}` is the server's own folder.
const HEAD: &str = r#"
prefix = /usr
name = radiusd
logdir = {root}/log
run_dir = {root}
pidfile = {root}/radiusd.pid
libdir = /usr/lib/freeradius
max_request_time = 30
cleanup_delay = 1
max_requests = 1024
hostname_lookups = no
log {
    destination = files
    file = {root}/log/radius.log
}
security {
    allow_vulnerable_openssl = yes
}
client loopback {
    ipaddr = 127.0.0.1
    secret = specimen-secret
}
thread pool {
    start_servers = 1
    max_servers = 1
    min_spare_servers = 1
    max_spare_servers = 1
    max_requests_per_server = 0
}
"#;

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    /// Starts with the modules and virtual servers of the story.
    pub fn start(directory: &Path, rest: &str) -> Self {
        let raddb = directory.join("raddb");
        for folder in [directory.to_owned(), raddb.clone(), directory.join("log")] {
            let _ = fs::create_dir(&folder);
            // FreeRADIUS refuses a configuration that others can write.
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let file = raddb.join("radiusd.conf");
        let root = directory.display().to_string();
        fs::write(&file, [HEAD, rest].concat().replace("{root}", &root)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(raddb.join("dictionary"), "").unwrap();
        let process = Command::new(program("freeradius"))
            .args(["-f", "-d"])
            .arg(&raddb)
            .args(["-D", DICTIONARIES, "-l", "stdout"])
            .env("TZ", "UTC")
            .stdout(fs::File::create(directory.join("server.out")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, directory: directory.to_owned() }
    }

    /// Sends one packet and waits for the server's answer, which is given back in the words of
    /// `radclient`. It sends again until there is one, so that a server that is still starting
    /// needs no waiting for.
    pub fn send(&mut self, port: u16, kind: &str, packet: &str) -> String {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let mut client = Command::new(program("radclient"))
                .args(["-x", "-r", "5", "-t", "1", "-D", DICTIONARIES])
                .arg(format!("127.0.0.1:{port}"))
                .args([kind, SECRET])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            client.stdin.take().unwrap().write_all(packet.as_bytes()).unwrap();
            let output = client.wait_with_output().unwrap();
            if output.status.success() {
                return String::from_utf8(output.stdout).unwrap();
            }
            let ended = self.process.try_wait().unwrap().is_some();
            if ended || Instant::now() > until {
                let out = self.directory.join("server.out");
                let said = fs::read_to_string(out).unwrap_or_default();
                panic!("FreeRADIUS does not answer: {said}");
            }
        }
    }
}

pub fn program(name: &str) -> String {
    ["/usr/sbin", "/usr/bin"]
        .iter()
        .map(|folder| format!("{folder}/{name}"))
        .find(|path| Path::new(path).exists())
        .unwrap_or_else(|| name.to_owned())
}

pub fn is_missing() -> bool {
    let missing =
        ["freeradius", "radclient"].iter().any(|name| !Path::new(&program(name)).exists());
    if missing && std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_some() {
        panic!("FreeRADIUS is required here: apt-get install freeradius freeradius-utils");
    }
    if missing {
        println!("skipped: apt-get install freeradius freeradius-utils");
    }
    missing
}
