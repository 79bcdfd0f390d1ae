//! Dynamic authorisation over RADIUS (RFC 5176), as its client: what a session may do is changed
//! while it runs, or the session is ended. Knows access servers, and no order.
//!
//! Written here because no crate does it: the one there is (radius 0.4) computes no
//! Message-Authenticator and brings a second calendar. The digests are RustCrypto's.

mod packet;

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;

pub use self::packet::{Answer, Attribute, Code, NotAnAnswer, build, read_answer};
use crate::keys::random;

/// How often a packet is sent before the access server counts as silent.
const TRIES: u32 = 3;
/// So many foreign datagrams are passed over in one wait. More is somebody's flood.
const FOREIGN_MAX: u32 = 16;
/// RFC 5176, section 3.5: there is no such session here.
pub const SESSION_CONTEXT_NOT_FOUND: u32 = 503;

/// RFC 2865, section 5.1: User-Name.
const ACCOUNT_NAME: u8 = 1;
/// RFC 2866, section 5.5.
const ACCT_SESSION_ID: u8 = 44;
const NAS_IDENTIFIER: u8 = 32;
const EVENT_TIMESTAMP: u8 = 55;

/// An access server as the configuration names it. No `Debug`: it holds the secret.
#[derive(Clone)]
pub struct AccessServer {
    pub name: String,
    pub address: SocketAddr,
    pub secret: Vec<u8>,
    /// NAS-Identifier, where it wants to hear its own.
    pub identifier: Option<String>,
    pub wait: Duration,
}

/// What is asked of an access server for one session of an account, or for all it has there.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    pub code: Code,
    pub account: &'a str,
    /// Acct-Session-Id.
    pub session: Option<&'a str>,
    pub attributes: &'a [Attribute],
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Acknowledged { code: u8 },
    /// The account has no session there: nothing is to be changed.
    NoSession { code: u8 },
    /// It was not done, for the reason of RFC 5176, section 3.5, if any.
    Refused { error_cause: Option<u32> },
    /// Nothing came that this access server can have said.
    Silent,
}

impl AccessServer {
    /// Asks, and asks again with the very same packet: so a lost answer changes nothing twice
    /// (RFC 5176, section 2.3; the identifier only changes with the attributes). The packet says
    /// when it was made, so that nobody plays it again later (section 6.3).
    ///
    /// # Errors
    /// Where this machine cannot send. What the other side does is an [`Outcome`].
    pub fn ask(&self, change: Change<'_>, now: Timestamp) -> anyhow::Result<Outcome> {
        let [identifier] = random::<1>()?;
        let attributes = self.attributes(change, now)?;
        let request = build(change.code, identifier, &attributes, &self.secret)
            .context("the packet for an access server is too long")?;
        let local = if self.address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(local).context("opening a socket for an access server")?;
        socket.connect(self.address).with_context(|| format!("reaching {}", self.name))?;
        socket.set_read_timeout(Some(self.wait))?;
        for _ in 0..TRIES {
            // A refused port shows at the next call: as silent as no answer.
            if socket.send(&request).is_err() {
                continue;
            }
            if let Some(answer) = self.wait_for_answer(&socket, &request)? {
                return Ok(outcome(change.code, answer));
            }
        }
        Ok(Outcome::Silent)
    }

    fn attributes(&self, change: Change<'_>, now: Timestamp) -> anyhow::Result<Vec<Attribute>> {
        let seconds = u32::try_from(now.as_second()).context("a clock beyond RADIUS's seconds")?;
        let mut attributes = vec![Attribute::text(ACCOUNT_NAME, change.account)];
        attributes.extend(change.session.map(|id| Attribute::text(ACCT_SESSION_ID, id)));
        if let Some(identifier) = &self.identifier {
            attributes.push(Attribute::text(NAS_IDENTIFIER, identifier));
        }
        attributes.push(Attribute { kind: EVENT_TIMESTAMP, value: seconds.to_be_bytes().to_vec() });
        attributes.extend_from_slice(change.attributes);
        Ok(attributes)
    }

    /// None where it kept silent for the time given, or only strangers spoke.
    fn wait_for_answer(
        &self,
        socket: &UdpSocket,
        request: &[u8],
    ) -> anyhow::Result<Option<Answer>> {
        let mut bytes = [0; packet::LENGTH_MAX];
        for _ in 0..FOREIGN_MAX {
            match socket.recv(&mut bytes) {
                Ok(length) => match read_answer(&bytes[..length], request, &self.secret) {
                    Ok(answer) => return Ok(Some(answer)),
                    Err(why) => tracing::warn!(server = self.name, "not an answer: {why}"),
                },
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock
                    | ErrorKind::TimedOut
                    | ErrorKind::ConnectionRefused
                    | ErrorKind::Interrupted => return Ok(None),
                    _ => return Err(error).context("hearing an access server"),
                },
            }
        }
        Ok(None)
    }
}

fn outcome(asked: Code, answer: Answer) -> Outcome {
    if answer.code == asked.acknowledged() {
        return Outcome::Acknowledged { code: answer.code };
    }
    match answer.error_cause {
        Some(SESSION_CONTEXT_NOT_FOUND) => Outcome::NoSession { code: answer.code },
        error_cause => Outcome::Refused { error_cause },
    }
}
