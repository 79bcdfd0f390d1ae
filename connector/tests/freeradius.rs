//! A real FreeRADIUS writes the detail file, fed by `radclient`; the connector reads what it wrote.

mod told;

use std::fs;
use std::io::Write;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use entremise_connector::read::{Format::RadiusDetail, ReadOptions};
use told::*;

/// The whole configuration: one client, one accounting listener, one detail file.
fn configuration(directory: &Path, port: u16) -> String {
    let root = directory.display();
    format!(
        r#"
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
log {{ destination = files
       file = {root}/log/radius.log }}
security {{ allow_vulnerable_openssl = yes }}
client loopback {{
    ipaddr = 127.0.0.1
    secret = specimen-secret
}}
thread pool {{
    start_servers = 1
    max_servers = 1
    min_spare_servers = 1
    max_spare_servers = 1
    max_requests_per_server = 0
}}
modules {{
    detail {{
        filename = {root}/detail
        permissions = 0600
    }}
    always ok {{ rcode = ok }}
    expr {{ }}
}}
instantiate {{
    expr
}}
server default {{
    listen {{
        type = acct
        ipaddr = 127.0.0.1
        port = {port}
    }}
    preacct {{
        update request {{
            &Acct-Unique-Session-Id := "%{{md5:%{{User-Name}},%{{Acct-Session-Id}},%{{NAS-IP-Address}}}}"
        }}
    }}
    accounting {{
        detail
        ok
    }}
}}
"#
    )
}

/// The server, stopped by its own process id when the test ends, however it ends.
struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(directory: &Path) -> Self {
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let raddb = directory.join("raddb");
        for folder in [directory.to_owned(), raddb.clone(), directory.join("log")] {
            let _ = fs::create_dir(&folder);
            // FreeRADIUS refuses a configuration that others can write.
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let file = raddb.join("radiusd.conf");
        fs::write(&file, configuration(directory, port)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(raddb.join("dictionary"), "").unwrap();
        let process = Command::new(program("freeradius"))
            .args(["-f", "-d"])
            .arg(&raddb)
            .args(["-D", "/usr/share/freeradius", "-l", "stdout"])
            .env("TZ", "UTC")
            .stdout(fs::File::create(directory.join("server.out")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, port }
    }

    /// Sends one packet and waits for the server's answer. `radclient` sends again until there is
    /// one, so that a server that is still starting needs no waiting for.
    fn send(&mut self, directory: &Path, packet: &str) {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let mut client = Command::new(program("radclient"))
                .args(["-r", "5", "-t", "1", "-D", "/usr/share/freeradius"])
                .arg(format!("127.0.0.1:{}", self.port))
                .args(["acct", "specimen-secret"])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            client.stdin.take().unwrap().write_all(packet.as_bytes()).unwrap();
            if client.wait().unwrap().success() {
                return;
            }
            let ended = self.process.try_wait().unwrap().is_some();
            if ended || Instant::now() > until {
                let said = fs::read_to_string(directory.join("server.out")).unwrap_or_default();
                panic!("FreeRADIUS does not answer: {said}");
            }
        }
    }
}

fn program(name: &str) -> String {
    ["/usr/sbin", "/usr/bin"]
        .iter()
        .map(|folder| format!("{folder}/{name}"))
        .find(|path| Path::new(path).exists())
        .unwrap_or_else(|| name.to_owned())
}

fn is_missing() -> bool {
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

/// An accounting packet in the words of `radclient`.
fn packet(status: &str, account: &str, session: &str, when: &str, more: &str) -> String {
    format!(
        "Acct-Status-Type = {status}\nUser-Name = \"{account}\"\nAcct-Session-Id = \"{session}\"\n\
         NAS-IP-Address = 192.0.2.254\nEvent-Timestamp = {}\n{more}\n",
        at(when).as_second()
    )
}

#[test]
fn what_a_real_freeradius_writes_is_read() {
    if is_missing() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let mut server = Server::start(root);
    let v4 = "Framed-IP-Address = 192.0.2.10\n";
    let both = "Framed-IP-Address = 192.0.2.10\nFramed-IPv6-Prefix = 2001:db8:0:1::/64\n\
                Delegated-IPv6-Prefix = 2001:db8:100::/56\n";
    let moved = "Framed-IP-Address = 192.0.2.11\n";
    for packet in [
        packet("Start", "alice \"a\"@isp.example", "s1", "2026-03-01T10:00:00Z", both),
        packet("Interim-Update", "alice \"a\"@isp.example", "s1", "2026-03-01T10:30:00Z", moved),
        packet("Start", "bob@isp.example", "s2", "2026-03-01T10:40:00Z", v4),
        packet("Stop", "alice \"a\"@isp.example", "s1", "2026-03-01T11:00:00Z", moved),
        packet("Accounting-Off", "", "", "2026-03-01T12:00:00Z", ""),
    ] {
        // radclient wants its own quotes escaped.
        server.send(root, &packet.replace(" \"a\"@", " \\\"a\\\"@"));
    }
    drop(server);
    let mut provider = Provider::new();
    let report = provider.load_file(RadiusDetail, &root.join("detail"), |_| ReadOptions::default());
    assert_eq!((report.records, report.error_count()), (5, 0), "{:?}", report.shown);
    let who = |ip, when| provider.who(&question(ip, when));
    assert_eq!(who("192.0.2.10", "2026-03-01T10:15:00Z"), "alice \"a\"@isp.example");
    assert_eq!(who("192.0.2.11", "2026-03-01T10:45:00Z"), "alice \"a\"@isp.example");
    assert_eq!(who("192.0.2.10", "2026-03-01T10:45:00Z"), "bob@isp.example");
    assert_eq!(who("2001:db8:100:aa::1", "2026-03-01T10:45:00Z"), "alice \"a\"@isp.example");
    assert_eq!(who("2001:db8:0:1::7", "2026-03-01T10:45:00Z"), "alice \"a\"@isp.example");
    assert_eq!(who("192.0.2.10", "2026-03-01T12:30:00Z"), "not_found");
    assert_eq!(who("192.0.2.11", "2026-03-01T11:30:00Z"), "not_found");
}
