//! Access servers that want to hear the session, and a real PostgreSQL that knows which are open.

use crate::measured::*;
use entremise_connector::measure::sessions::SessionsConfig;
use entremise_wire::measure::*;
use postgres::{Client, NoTls};

const ORDERED: &str = "2026-03-02T12:00:00Z";
const APPROVED: &str = "2026-03-03T09:00:00Z";
const QUERY: &str = "SELECT host(nasipaddress) AS access_server, acctsessionid AS session \
                     FROM radacct WHERE username = $1 AND acctstoptime IS NULL \
                     ORDER BY acctsessionid";

/// The columns of FreeRADIUS's own table that matter here; none without PostgreSQL.
fn radacct(rows: &str) -> Option<String> {
    let url = entremise_parts::postgres::shared()?.database().unwrap();
    let table = "CREATE TABLE radacct (username text, nasipaddress inet, acctsessionid text, \
                 acctstoptime timestamptz);";
    let rows = format!("{table} INSERT INTO radacct VALUES {rows}");
    Client::connect(&url, NoTls).unwrap().batch_execute(&rows).unwrap();
    Some(url)
}

/// A house whose access server is asked by session, with an approved order for alice.
fn house(double: &AccessServerDouble, postgres: String, query: &str) -> House {
    let mut house = House::new(&[double.address], "");
    house.config.sessions = Some(SessionsConfig { postgres, query: query.to_owned() });
    house.restart(|_| {});
    let handle = house.isp.handle(10);
    house.taken(&order(1, 1, &handle), ORDERED);
    house.approve_both(1, APPROVED);
    house
}

/// The Acct-Session-Id of what was heard.
fn sessions(double: &AccessServerDouble) -> Vec<Option<String>> {
    let mut heard: Vec<_> = double.heard().into_iter().map(|heard| heard.session).collect();
    heard.sort();
    heard
}

#[test]
fn every_open_session_of_the_account_is_changed_and_no_other() {
    let Some(url) = radacct(
        "('alice', '127.0.0.1', 'a1', NULL), ('alice', '127.0.0.1', 'a2', NULL), \
         ('alice', '127.0.0.1', 'a0', '2026-03-01T00:00:00Z'), ('bob', '127.0.0.1', 'b1', NULL)",
    ) else {
        return;
    };
    let double = AccessServerDouble::start();
    let house = house(&double, url, QUERY);
    house.tick(START);
    assert_eq!(house.state(1, START), "implemented");
    assert_eq!(sessions(&double), [Some("a1".to_owned()), Some("a2".to_owned())]);
}

#[test]
fn who_has_no_open_session_is_restricted_at_the_next_login_alone() {
    let Some(url) = radacct("('bob', '127.0.0.1', 'b1', NULL)") else { return };
    let double = AccessServerDouble::start();
    let house = house(&double, url, QUERY);
    house.tick(START);
    assert_eq!(house.state(1, START), "implemented");
    assert_eq!(sessions(&double), []);
    assert_eq!(house.restricted().len(), 1);
}

#[test]
fn a_session_at_a_server_that_nobody_configured_is_told_and_not_passed_over() {
    let Some(url) = radacct("('alice', '192.0.2.1', 'a1', NULL)") else { return };
    let double = AccessServerDouble::start();
    let house = house(&double, url, QUERY);
    house.tick(START);
    let obstacle = Obstacle::AccessServerUnknown { access_server: "192.0.2.1".to_owned() };
    let expected = MeasureState::Approved { at: instant(APPROVED), obstacle: Some(obstacle) };
    assert_eq!(house.status(1, START).state, expected);
}

#[test]
fn a_table_that_cannot_be_read_holds_nobody_up() {
    let Some(url) = radacct("('alice', '127.0.0.1', 'a1', NULL)") else { return };
    let wrong =
        [(url.clone(), "SELECT nothing FROM nowhere WHERE a = $1"), (url + "_absent", QUERY)];
    for (url, query) in wrong {
        let double = AccessServerDouble::start();
        let house = house(&double, url, query);
        house.tick(START);
        house.tick(END);
        assert_eq!(house.state(1, END), "ended expired");
        assert_eq!(sessions(&double), [None, None]);
    }
}
