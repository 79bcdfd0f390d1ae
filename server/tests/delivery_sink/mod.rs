//! A mail server that does exactly one thing wrong, on a port of its own.

pub mod tls;

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Takes,
    /// Accepts the connection and never says a word.
    NeverGreets,
    /// Takes the whole message and never answers.
    SilentAfterTheDot,
    /// Takes the whole message and hangs up.
    HangsUpAfterTheDot,
    /// Hangs up when the message should come.
    HangsUpBeforeTheBody,
    /// Closes the line after each second message with 421.
    ClosesAfterTwo,
    /// Answers one command with these words.
    Says {
        to: &'static str,
        words: &'static str,
    },
}

#[derive(Clone, Default)]
pub struct Seen {
    pub connections: usize,
    pub messages: Vec<Message>,
}

#[derive(Clone)]
pub struct Message {
    pub from: String,
    pub to: String,
    pub bytes: Vec<u8>,
}

pub struct Sink {
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
}

impl Sink {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, manner, Arc::clone(&shared)));
            }
        });
        Self { port, seen }
    }

    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, manner: Manner, seen: Arc<Mutex<Seen>>) -> std::io::Result<()> {
    let mut line = BufReader::new(stream);
    if manner == Manner::NeverGreets {
        let mut nothing = Vec::new();
        line.read_to_end(&mut nothing).await?;
        return Ok(());
    }
    line.write_all(b"220 sink.example ESMTP\r\n").await?;
    let (mut from, mut to, mut taken) = (String::new(), String::new(), 0);
    loop {
        let mut command = String::new();
        if line.read_line(&mut command).await? == 0 {
            return Ok(());
        }
        let command = command.trim_end();
        if let Manner::Says { to, words } = manner
            && command.starts_with(to)
        {
            line.write_all(format!("{words}\r\n").as_bytes()).await?;
            continue;
        }
        let answer = if let Some(address) = command.strip_prefix("MAIL FROM:") {
            from = address.trim_matches(['<', '>']).to_owned();
            if manner == Manner::ClosesAfterTwo && taken == 2 {
                line.write_all(b"421 4.7.0 enough for this line\r\n").await?;
                return Ok(());
            }
            "250 2.1.0 ok"
        } else if let Some(address) = command.strip_prefix("RCPT TO:") {
            to = address.trim_matches(['<', '>']).to_owned();
            "250 2.1.5 ok"
        } else if command == "DATA" {
            if manner == Manner::HangsUpBeforeTheBody {
                return Ok(());
            }
            line.write_all(b"354 go on\r\n").await?;
            let bytes = body(&mut line).await?;
            match manner {
                Manner::HangsUpAfterTheDot => return Ok(()),
                Manner::SilentAfterTheDot => continue,
                Manner::Says { to: ".", words } => {
                    line.write_all(format!("{words}\r\n").as_bytes()).await?;
                    continue;
                }
                _ => {}
            }
            taken += 1;
            let message = Message { from: from.clone(), to: to.clone(), bytes };
            seen.lock().unwrap().messages.push(message);
            "250 2.0.0 taken as Q0001"
        } else if command == "QUIT" {
            line.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else {
            "250 ok"
        };
        line.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// The message up to its final dot, dots unstuffed.
async fn body(line: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut row = Vec::new();
        if line.read_until(b'\n', &mut row).await? == 0 || row == b".\r\n" {
            return Ok(bytes);
        }
        bytes.extend_from_slice(row.strip_prefix(b".").unwrap_or(&row));
    }
}
