//! A relay under contract: STARTTLS or TLS from the first byte, and a login; for one connection.
//!
//! Debian 12's OpenSMTPD cannot finish a TLS handshake (its key engine and OpenSSL 3 disagree), so
//! the protected line is tested against rustls's own server side, on a thread of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// `\0autorite\0secret`, base64.
const LOGIN: &str = "AUTH PLAIN AGF1dG9yaXRlAHNlY3JldA==";

pub struct Contract {
    pub port: u16,
    thread: JoinHandle<Vec<String>>,
}

impl Contract {
    pub fn start(implicit: bool) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let chain =
            CertificateDer::pem_slice_iter(include_bytes!("../delivery_keys/localhost.pem"))
                .collect::<Result<Vec<_>, _>>()
                .unwrap();
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("../delivery_keys/localhost.key"))
            .unwrap();
        let config = Arc::new(
            ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut heard = Vec::new();
            let _ = serve(stream, implicit, config, &mut heard);
            heard
        });
        Self { port, thread }
    }

    /// The commands heard, each with `tls ` before it where the line was protected.
    pub fn heard(self) -> Vec<String> {
        self.thread.join().unwrap()
    }
}

fn serve(
    mut stream: TcpStream,
    implicit: bool,
    config: Arc<ServerConfig>,
    heard: &mut Vec<String>,
) -> std::io::Result<()> {
    if !implicit {
        stream.write_all(b"220 contract.example ESMTP\r\n")?;
        loop {
            let command = line(&mut stream)?;
            heard.push(command.clone());
            match command.as_str() {
                "" => return Ok(()),
                "STARTTLS" => {
                    stream.write_all(b"220 go on\r\n")?;
                    break;
                }
                _ => stream.write_all(b"250-contract.example\r\n250 STARTTLS\r\n")?,
            }
        }
    }
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut line = BufReader::new(StreamOwned::new(connection, stream));
    if implicit {
        line.get_mut().write_all(b"220 contract.example ESMTP\r\n")?;
    }
    let mut known = false;
    loop {
        let mut command = String::new();
        if line.read_line(&mut command)? == 0 {
            return Ok(());
        }
        let command = command.trim_end();
        heard.push(format!("tls {command}"));
        let answer = match command {
            _ if command.starts_with("EHLO") => "250-contract.example\r\n250 AUTH PLAIN",
            LOGIN => {
                known = true;
                "235 2.7.0 welcome"
            }
            _ if command.starts_with("AUTH") => "535 5.7.8 not you",
            _ if !known => "530 5.7.0 log in first",
            "DATA" => {
                line.get_mut().write_all(b"354 go on\r\n")?;
                let mut row = Vec::new();
                while row != b".\r\n" {
                    row.clear();
                    line.read_until(b'\n', &mut row)?;
                }
                "250 2.0.0 taken as T1"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        line.get_mut().write_all(format!("{answer}\r\n").as_bytes())?;
    }
}

/// One command, byte by byte: what follows STARTTLS belongs to TLS.
fn line(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n") && stream.read(&mut byte)? == 1 {
        bytes.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}
