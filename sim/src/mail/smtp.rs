//! The relay's conversation (RFC 5321), with 8BITMIME, SIZE and AUTH (RFC 4954). Any login opens
//! it: this relay is nobody's.

use std::io;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{MailWorld, Says};

/// The largest message taken, bytes.
const MESSAGE_BYTES_MAX: u64 = 10 << 20;

/// Answers every client; with `tls` from the first byte on (RFC 8314, 3.3).
pub(super) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, world: MailWorld) {
    while let Ok((stream, _)) = listener.accept().await {
        let (world, tls) = (world.clone(), tls.clone());
        tokio::spawn(async move {
            // A client that breaks off has said all it wanted to say.
            let _ = greet(stream, tls, world).await;
        });
    }
}

async fn greet(stream: TcpStream, tls: Option<TlsAcceptor>, world: MailWorld) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => converse(BufReader::new(Box::new(stream)), world).await,
        Some(tls) => {
            let stream = tls.accept(stream).await?;
            converse(BufReader::new(Box::new(stream)), world).await
        }
    }
}

/// A line, protected or not.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// The envelope of the message being handed over.
#[derive(Default)]
struct Envelope {
    sender: Option<String>,
    recipients: Vec<String>,
}

async fn converse(mut stream: Line, world: MailWorld) -> io::Result<()> {
    if world.faults.is_down.load(Ordering::SeqCst) {
        return say(&mut stream, "421 4.3.2 System not accepting network messages").await;
    }
    say(&mut stream, "220 relay.example ESMTP SPECIMEN").await?;
    let mut envelope = Envelope::default();
    loop {
        let mut line = String::new();
        let read = (&mut stream).take(4096).read_line(&mut line).await?;
        if read == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                let lines = "250-relay.example\r\n250-8BITMIME\r\n250-SIZE 10485760\r\n\
                             250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN LOGIN";
                say(&mut stream, lines).await?;
            }
            "HELO" => say(&mut stream, "250 relay.example").await?,
            "AUTH" => authenticate(&mut stream, line).await?,
            "MAIL" => {
                envelope = Envelope { sender: Some(address(line)), recipients: Vec::new() };
                say(&mut stream, "250 2.1.0 Ok").await?;
            }
            "RCPT" => recipient(&mut stream, &world, &mut envelope, &address(line)).await?,
            "DATA" if envelope.recipients.is_empty() => {
                say(&mut stream, "503 5.5.1 RCPT first").await?;
            }
            "DATA" => {
                if !content(&mut stream, &world, &envelope).await? {
                    return Ok(());
                }
                envelope = Envelope::default();
            }
            "RSET" => {
                envelope = Envelope::default();
                say(&mut stream, "250 2.0.0 Ok").await?;
            }
            "NOOP" => say(&mut stream, "250 2.0.0 Ok").await?,
            "QUIT" => return say(&mut stream, "221 2.0.0 Bye").await,
            _ => say(&mut stream, "502 5.5.2 Not implemented").await?,
        }
    }
}

type Line = BufReader<Box<dyn Wire>>;

async fn say(stream: &mut Line, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes()).await?;
    stream.write_all(b"\r\n").await?;
    stream.flush().await
}

async fn authenticate(stream: &mut Line, line: &str) -> io::Result<()> {
    // AUTH PLAIN may bring its answer along; LOGIN asks twice.
    let words: Vec<&str> = line.split_whitespace().collect();
    let asks = match words.get(1).map(|word| word.to_ascii_uppercase()).as_deref() {
        Some("PLAIN") => usize::from(words.len() < 3),
        Some("LOGIN") => 2,
        _ => return say(stream, "504 5.5.4 Unrecognized authentication type").await,
    };
    for _ in 0..asks {
        say(stream, "334 ").await?;
        let mut answer = String::new();
        stream.take(4096).read_line(&mut answer).await?;
    }
    say(stream, "235 2.7.0 Authentication successful").await
}

async fn recipient(
    stream: &mut Line,
    world: &MailWorld,
    envelope: &mut Envelope,
    recipient: &str,
) -> io::Result<()> {
    if envelope.sender.is_none() {
        return say(stream, "503 5.5.1 MAIL first").await;
    }
    match world.greet(recipient) {
        Says::Welcome => {
            envelope.recipients.push(recipient.to_owned());
            say(stream, "250 2.1.5 Ok").await
        }
        Says::Unknown => say(stream, "550 5.1.1 User unknown").await,
        Says::Later => say(stream, "451 4.7.1 Greylisted, please try again").await,
        Says::Blocked => say(stream, "550 5.7.1 Message blocked: sender reputation").await,
    }
}

/// Reads the message and answers. False where the line is broken instead of an answer.
async fn content(stream: &mut Line, world: &MailWorld, envelope: &Envelope) -> io::Result<bool> {
    say(stream, "354 End data with <CR><LF>.<CR><LF>").await?;
    let mut message = Vec::new();
    loop {
        let start = message.len();
        let read = stream.take(MESSAGE_BYTES_MAX).read_until(b'\n', &mut message).await?;
        if read == 0 {
            return Ok(false);
        }
        if &message[start..] == b".\r\n" {
            message.truncate(start);
            break;
        }
        if message[start] == b'.' {
            message.remove(start);
        }
    }
    let mut reference = String::new();
    for recipient in &envelope.recipients {
        let sender = envelope.sender.as_deref().unwrap_or_default();
        reference = world.take(sender, recipient, message.clone())?;
    }
    if world.faults.loses_reply.swap(false, Ordering::SeqCst) {
        return Ok(false);
    }
    say(stream, &format!("250 2.0.0 Ok: queued as {reference}")).await?;
    Ok(true)
}

/// What stands between the angle brackets.
fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or(String::new(), |(address, _)| address.to_owned())
}
