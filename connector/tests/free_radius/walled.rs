//! A FreeRADIUS that is an access server whose sessions are changed, and that answers logins with
//! the policy that the manual shows.

use super::{DICTIONARIES, Server, free_port, program};

/// Who logs in gets `open`; who is restricted, what the manual's policy says.
fn configuration(login: u16, dynamic: u16) -> String {
    let manual = include_str!("../../../docs/connector.md");
    let mut shown = manual.split("```unlang\n").skip(1).map(|rest| rest.split("```").next());
    let (module, policy) = (shown.next().unwrap().unwrap(), shown.next().unwrap().unwrap());
    // A story has a clock of its own, which the packet of a login brings.
    let policy = policy.replace("\"%l\"", "\"%{%{NAS-Port}:-%l}\"");
    let module = module.replace("${modconfdir}/files/entremise-measures", "{root}/restricted");
    format!(
        r#"
modules {{
    files accounts {{
        filename = {{root}}/accounts
    }}
    {module}
    pap {{ }}
    linelog changes {{
        filename = {{root}}/changes
        format = "%{{Packet-Type}} %{{User-Name}} %{{Filter-Id}}"
    }}
    always ok {{ rcode = ok }}
    always fail {{ rcode = fail }}
}}
listen {{
    type = control
    socket = {{root}}/control.sock
    mode = rw
}}
server login {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {login}
    }}
    authorize {{
        accounts
        pap
    }}
    authenticate {{
        Auth-Type PAP {{
            pap
        }}
    }}
    {policy}
}}
server dynamic {{
    listen {{
        type = coa
        ipaddr = 127.0.0.1
        port = {dynamic}
    }}
    recv-coa {{
        changes
        if (&User-Name == "bob") {{
            update reply {{
                &Error-Cause := Session-Context-Not-Found
            }}
            fail
        }}
        ok
    }}
    send-coa {{
        ok
    }}
}}
"#
    )
}

/// The server, and what its side saw.
pub struct Radius {
    server: Server,
    login: u16,
    /// Where sessions are changed.
    pub dynamic: u16,
    /// What makes it read the list again.
    pub reload: Vec<String>,
    directory: tempfile::TempDir,
}

impl Radius {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let accounts = "DEFAULT Cleartext-Password := \"specimen\"\n\tFilter-Id := \"open\"\n";
        std::fs::write(root.join("accounts"), accounts).unwrap();
        std::fs::write(root.join("restricted"), "").unwrap();
        let (login, dynamic) = (free_port(), free_port());
        let server = Server::start(root, &configuration(login, dynamic));
        let word = |word: &str| word.to_owned();
        let reload = vec![
            program("radmin"),
            word("-d"),
            root.join("raddb").display().to_string(),
            word("-D"),
            word(DICTIONARIES),
            word("-f"),
            root.join("control.sock").display().to_string(),
            word("-e"),
            word("hup entremise_measures"),
        ];
        let mut radius = Self { server, login, dynamic, reload, directory };
        assert_eq!(radius.profile("alice"), "open");
        radius
    }

    pub fn list(&self) -> std::path::PathBuf {
        self.directory.path().join("restricted")
    }

    /// The Filter-Id that an account gets when it logs in.
    pub fn profile(&mut self, account: &str) -> String {
        self.profile_by(account, "")
    }

    /// The same, where the clock of the story says so many seconds.
    #[allow(dead_code, reason = "the simulation measures by a clock of its own")]
    pub fn profile_at(&mut self, account: &str, seconds: i64) -> String {
        self.profile_by(account, &format!("NAS-Port = {seconds}\n"))
    }

    fn profile_by(&mut self, account: &str, more: &str) -> String {
        let account = account.replace('\\', "\\\\").replace('"', "\\\"");
        let packet = format!(
            "User-Name = \"{account}\"\nUser-Password = \"specimen\"\n\
             Message-Authenticator = 0x00\n{more}"
        );
        let said = self.server.send(self.login, "auth", &packet);
        let (_, answer) = said.split_once("Access-Accept").unwrap();
        let (_, profile) = answer.split_once("Filter-Id = \"").unwrap();
        profile.split('"').next().unwrap().to_owned()
    }

    /// What was asked of the running sessions so far.
    pub fn changes(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.directory.path().join("changes"));
        text.unwrap_or_default().lines().map(|line| line.trim_end().to_owned()).collect()
    }
}
