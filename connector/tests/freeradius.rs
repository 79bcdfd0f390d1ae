//! A real FreeRADIUS writes the detail file, fed by `radclient`; the connector reads what it wrote.

use crate::free_radius::{Server, free_port, is_missing};
use crate::told::*;
use entremise_connector::read::{Format::RadiusDetail, ReadOptions};

/// One accounting listener, one detail file.
fn configuration(port: u16) -> String {
    format!(
        r#"
modules {{
    detail {{
        filename = {{root}}/detail
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
    let port = free_port();
    let mut server = Server::start(root, &configuration(port));
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
        server.send(port, "acct", &packet.replace(" \"a\"@", " \\\"a\\\"@"));
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
