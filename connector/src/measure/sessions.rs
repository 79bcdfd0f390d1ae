//! Where an account's sessions are now. Without a query, an account may have one at any access
//! server, and each is asked by the account's name alone. Some servers want to hear the session
//! too: then the provider's own table of open sessions says which, and those are asked.
//!
//! `radacct` is no history of addresses (docs/connector.md); what is open now it knows.

use std::time::Duration;

use entremise_wire::measure::Obstacle;
use postgres::NoTls;
use serde::Deserialize;

use super::radius::AccessServer;

/// A database that does not answer must not hold up the end of a measure.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionsConfig {
    pub postgres: String,
    /// The account is `$1`; columns `access_server` and `session`, both text.
    pub query: String,
}

/// Where something is asked. No `Debug`: it holds the secret.
pub struct Place<'a> {
    pub server: &'a AccessServer,
    /// Acct-Session-Id.
    pub session: Option<String>,
}

/// The places of an account. Where the table cannot be read, every access server is asked.
///
/// # Errors
/// Where a session runs at a server that is not in the configuration.
pub fn places<'a>(
    config: Option<&SessionsConfig>,
    servers: &'a [AccessServer],
    account: &str,
) -> Result<Vec<Place<'a>>, Obstacle> {
    let everywhere = || servers.iter().map(|server| Place { server, session: None }).collect();
    let Some(config) = config else { return Ok(everywhere()) };
    match open_sessions(config, account) {
        Ok(open) => open
            .into_iter()
            .map(|(access_server, session)| {
                match servers.iter().find(|server| is_called(server, &access_server)) {
                    Some(server) => Ok(Place { server, session: Some(session) }),
                    None => Err(Obstacle::AccessServerUnknown { access_server }),
                }
            })
            .collect(),
        Err(what) => {
            // The error's own words may repeat the account.
            tracing::error!("open sessions: {what}; every access server is asked");
            Ok(everywhere())
        }
    }
}

/// By its name here, its NAS-Identifier or its address.
fn is_called(server: &AccessServer, name: &str) -> bool {
    server.name == name
        || server.identifier.as_deref() == Some(name)
        || name.parse().is_ok_and(|address: std::net::IpAddr| address == server.address.ip())
}

fn open_sessions(
    config: &SessionsConfig,
    account: &str,
) -> Result<Vec<(String, String)>, &'static str> {
    let mut database: postgres::Config =
        config.postgres.parse().map_err(|_| "the database's address is none")?;
    let limit = format!("-c statement_timeout={}", PATIENCE.as_millis());
    database.connect_timeout(PATIENCE).tcp_user_timeout(PATIENCE).options(&limit);
    let mut client = database.connect(NoTls).map_err(|_| "the database does not answer")?;
    let rows = client.query(&config.query, &[&account]).map_err(|_| "the query fails")?;
    let text = |row: &postgres::Row, name: &str| row.try_get::<_, String>(name).ok();
    rows.iter()
        .map(|row| Some((text(row, "access_server")?, text(row, "session")?)))
        .collect::<Option<_>>()
        .ok_or("the query gives no text in access_server and session")
}
