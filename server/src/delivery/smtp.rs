//! Hands mails to a relay: the provider's, authenticated and encrypted, or one on this machine.
//!
//! One connection carries many mails. Every step has a time limit. What happens if the line breaks
//! depends on when: before the final dot nothing was handed over; after it nobody knows.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mail_send::{Credentials, Error, SmtpClient};
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::Handover;
use super::email::OutgoingMail;
use super::reply::{Reply, Step};

/// How long to leave a relay alone that could not be reached.
const UNREACHED_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// How the line to a relay is protected.
#[derive(Clone)]
pub enum Security {
    /// On a private link or this machine. A login is never sent over it.
    Plain,
    /// STARTTLS before anything else (RFC 3207). A relay that does not offer it gets no mail.
    StartTls(Arc<ClientConfig>),
    /// TLS from the first byte (RFC 8314).
    ImplicitTls(Arc<ClientConfig>),
}

/// Name and password at a relay. No `Debug`.
#[derive(Clone)]
pub struct Login {
    pub name: String,
    pub password: String,
}

/// A place that takes mails.
#[derive(Clone)]
pub struct Relay {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub login: Option<Login>,
    /// The name we greet with (RFC 5321, 4.1.1.1).
    pub our_name: String,
    /// The longest a single step may take. RFC 5321, 4.5.3.2 asks for 5 minutes before most
    /// replies and 10 after the final dot; a relay under contract answers faster.
    pub step_timeout: Duration,
}

trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<Stream: AsyncRead + AsyncWrite + Unpin + Send> Line for Stream {}

type Client = SmtpClient<Box<dyn Line>>;

impl Relay {
    /// Hands `mails` over on up to `connections` lines; the outcomes are in the order of the
    /// mails. `now` is the instant that stands for the hand-over.
    ///
    /// A relay that cannot be reached costs one time limit per line, however many mails wait.
    pub async fn hand_over(
        &self,
        mails: Vec<OutgoingMail>,
        connections: usize,
        now: Timestamp,
    ) -> Vec<Handover> {
        let number = mails.len();
        let lines = connections.clamp(1, number.max(1));
        let mut shares: Vec<Vec<(usize, OutgoingMail)>> = (0..lines).map(|_| Vec::new()).collect();
        for (index, mail) in mails.into_iter().enumerate() {
            shares[index % lines].push((index, mail));
        }
        let mut tasks = JoinSet::new();
        for share in shares {
            let relay = self.clone();
            tasks.spawn(async move { relay.hand_over_share(share, now).await });
        }
        // A task that dies (it should not) has said nothing: its mails' outcome is unknown.
        let lost = Handover::Unknown { reason: "the worker on this line died".to_owned() };
        let mut outcomes = vec![lost; number];
        while let Some(share) = tasks.join_next().await {
            for (index, outcome) in share.unwrap_or_default() {
                outcomes[index] = outcome;
            }
        }
        outcomes
    }

    async fn hand_over_share(
        &self,
        share: Vec<(usize, OutgoingMail)>,
        now: Timestamp,
    ) -> Vec<(usize, Handover)> {
        let mut outcomes = Vec::with_capacity(share.len());
        let mut line: Option<Client> = None;
        let mut mails = share.into_iter();
        while let Some((index, mail)) = mails.next() {
            let reused = line.is_some();
            let mut outcome = match self.ready(&mut line).await {
                Ok(client) => send(client, &mail, now).await,
                Err(trouble) => {
                    outcomes.push((index, trouble.clone()));
                    outcomes.extend(mails.map(|(index, _)| (index, trouble.clone())));
                    return outcomes;
                }
            };
            if reused && matches!(outcome, Sent::LineGoneBefore(_)) {
                // Relays close a line after so many mails; a new one is no second attempt.
                line = None;
                outcome = match self.ready(&mut line).await {
                    Ok(client) => send(client, &mail, now).await,
                    Err(trouble) => Sent::LineGone(trouble),
                };
            }
            outcomes.push((
                index,
                match outcome {
                    Sent::Settled(outcome) => outcome,
                    Sent::LineGone(outcome) | Sent::LineGoneBefore(outcome) => {
                        line = None;
                        outcome
                    }
                },
            ));
        }
        if let Some(client) = line {
            let _ = client.quit().await;
        }
        outcomes
    }

    async fn ready<'a>(&self, line: &'a mut Option<Client>) -> Result<&'a mut Client, Handover> {
        let client = match line.take() {
            Some(client) => client,
            None => match tokio::time::timeout(self.step_timeout * 4, self.connect()).await {
                Ok(client) => client.map_err(not_connected)?,
                Err(_) => return Err(not_connected(Error::Timeout)),
            },
        };
        Ok(line.insert(client))
    }

    async fn connect(&self) -> Result<Client, Error> {
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        let stream = tokio::time::timeout(self.step_timeout, connecting)
            .await
            .map_err(|_| Error::Timeout)??;
        // Without this each mail waits 40 ms for an acknowledgement of its last part (Nagle).
        stream.set_nodelay(true)?;
        let mut client = SmtpClient { stream, timeout: self.step_timeout };
        match &self.security {
            Security::Plain => {
                greeting(&mut client).await?;
                let mut client = boxed(client);
                client.ehlo(&self.our_name).await?;
                Ok(client)
            }
            Security::StartTls(tls) => {
                greeting(&mut client).await?;
                client.ehlo(&self.our_name).await?;
                let client = client.start_tls(&tls.clone().into(), &self.host).await?;
                self.introduce(boxed(client)).await
            }
            Security::ImplicitTls(tls) => {
                let mut client = client.into_tls(&tls.clone().into(), &self.host).await?;
                greeting(&mut client).await?;
                self.introduce(boxed(client)).await
            }
        }
    }

    /// EHLO and AUTH on a protected line.
    async fn introduce(&self, mut client: Client) -> Result<Client, Error> {
        let capabilities = client.ehlo(&self.our_name).await?;
        if let Some(login) = &self.login {
            let credentials = Credentials::new(login.name.as_str(), login.password.as_str());
            client.authenticate(&credentials, &capabilities).await?;
        }
        Ok(client)
    }
}

fn boxed<Stream: Line + 'static>(client: SmtpClient<Stream>) -> Client {
    SmtpClient { stream: Box::new(client.stream), timeout: client.timeout }
}

async fn greeting<Stream: AsyncRead + AsyncWrite + Unpin>(
    client: &mut SmtpClient<Stream>,
) -> Result<(), Error> {
    let heard =
        tokio::time::timeout(client.timeout, client.read()).await.map_err(|_| Error::Timeout)??;
    if heard.code == 220 { Ok(()) } else { Err(Error::UnexpectedReply(heard)) }
}

/// Nothing was said about any mail yet.
fn not_connected(trouble: Error) -> Handover {
    match trouble {
        Error::UnexpectedReply(heard) | Error::AuthenticationFailed(heard) => {
            Reply::heard(heard.code, heard.esc, &heard.message).outcome(Step::Greeting)
        }
        trouble => again(&trouble),
    }
}

fn again(trouble: &Error) -> Handover {
    Handover::Again { after: UNREACHED_AGAIN_AFTER, reason: trouble.to_string() }
}

/// One mail's outcome, and whether the line can carry another.
enum Sent {
    Settled(Handover),
    LineGone(Handover),
    /// The line was gone before the first word about this mail.
    LineGoneBefore(Handover),
}

async fn send(client: &mut Client, mail: &OutgoingMail, now: Timestamp) -> Sent {
    let commands = [
        (Step::Sender, format!("MAIL FROM:<{}>\r\n", mail.return_path), 250),
        (Step::Recipient, format!("RCPT TO:<{}>\r\n", mail.recipient.as_str()), 250),
        (Step::Content, "DATA\r\n".to_owned(), 354),
    ];
    for (step, command, expected) in commands {
        match client.cmd(command.as_bytes()).await {
            Ok(heard) if heard.code == expected || expected == 250 && heard.code == 251 => {}
            Ok(heard) => {
                let closes = heard.code == 421;
                let outcome = Reply::heard(heard.code, heard.esc, &heard.message)
                    .forgetting(mail.recipient.local_part())
                    .outcome(step);
                return if closes && step == Step::Sender {
                    Sent::LineGoneBefore(outcome)
                } else if closes || client.rset().await.is_err() {
                    Sent::LineGone(outcome)
                } else {
                    Sent::Settled(outcome)
                };
            }
            Err(trouble) if step == Step::Sender => return Sent::LineGoneBefore(again(&trouble)),
            Err(trouble) => return Sent::LineGone(again(&trouble)),
        }
    }
    content(client, mail, now).await
}

/// The message itself. Until the final dot has left, a broken line means that nothing was taken;
/// from then on only an answer settles it.
async fn content(client: &mut Client, mail: &OutgoingMail, now: Timestamp) -> Sent {
    let (timeout, stuffed) = (client.timeout, dot_stuffed(&mail.bytes));
    let body = async {
        client.stream.write_all(&stuffed).await?;
        client.stream.flush().await
    };
    match tokio::time::timeout(timeout, body).await {
        Ok(Ok(())) => {}
        Ok(Err(trouble)) => return Sent::LineGone(again(&Error::Io(trouble))),
        Err(_) => return Sent::LineGone(again(&Error::Timeout)),
    }
    match client.cmd(b".\r\n").await {
        Ok(heard) => {
            let reply = Reply::heard(heard.code, heard.esc, &heard.message)
                .forgetting(mail.recipient.local_part());
            Sent::Settled(if heard.code == 250 {
                Handover::HandedOver { reference: reply.text, at: now }
            } else {
                reply.outcome(Step::Content)
            })
        }
        Err(trouble) => Sent::LineGone(Handover::Unknown {
            reason: format!("no answer after the whole message: {trouble}"),
        }),
    }
}

/// The message with every leading dot doubled (RFC 5321, 4.5.2), ending on a line end. Our own
/// messages have CR LF line ends only; a lone CR or LF before a dot is treated as one all the same,
/// so that no relay can be made to see a second message in ours.
fn dot_stuffed(message: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(message.len() + 64);
    for piece in message.split_inclusive(|byte| matches!(byte, b'\r' | b'\n')) {
        if piece.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(piece);
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed
}
