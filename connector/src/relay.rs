//! Hands the authority's message to the provider's own mail system, for one subscriber's address.
//! The address comes from the provider's directory and goes nowhere else.
//!
//! One mail, one connection. A mail carries the request's id as its Message-ID: where the line
//! breaks after the last dot and it is sent again, both copies are known as one.

use std::time::Duration;

use anyhow::Context;
use entremise_core::id::QuestionId;
use entremise_wire::message::RelayedMessage;
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::raw::Raw;
use mail_send::smtp::message::Message;
use mail_send::{Error, SmtpClientBuilder};

use crate::config::{RelayConfig, RelaySecurity};

/// How long the mail system may take for one mail.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The provider's mail system.
pub struct MailSystem {
    config: RelayConfig,
    password: Option<String>,
}

/// What it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    Over,
    /// Not now.
    Temporary,
    /// It will never take this one.
    Refused,
}

impl MailSystem {
    /// Reads the password, so that what is wrong shows at the start.
    pub fn new(config: &RelayConfig) -> anyhow::Result<Self> {
        let password = config.password.as_ref().map(|path| {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("reading {}", path.display()))?;
            Ok::<_, anyhow::Error>(text.trim_end().to_owned())
        });
        anyhow::ensure!(
            config.login.is_some() == config.password.is_some(),
            "[relay] needs login and password together"
        );
        anyhow::ensure!(
            config.login.is_none() || config.security != RelaySecurity::Plain,
            "[relay] sends no password over an unprotected line"
        );
        Ok(Self { config: config.clone(), password: password.transpose()? })
    }

    /// Hands one message over. Called from a thread of its own, never from an async task.
    pub fn hand_over(
        &self,
        id: QuestionId,
        address: &str,
        message: &RelayedMessage,
        now: Timestamp,
    ) -> anyhow::Result<Handed> {
        let mail = self.mail(id, address, message, now)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let envelope = Message::new(self.config.from.as_str(), [address], mail);
        Ok(match runtime.block_on(self.send(envelope)) {
            Ok(()) => Handed::Over,
            // A reply of 5yz is final (RFC 5321 § 4.2.1); all else may pass.
            Err(Error::UnexpectedReply(reply)) if reply.code / 100 == 5 => Handed::Refused,
            Err(_) => Handed::Temporary,
        })
    }

    async fn send(&self, envelope: Message<'_>) -> mail_send::Result<()> {
        let config = &self.config;
        let builder = SmtpClientBuilder::new(config.host.as_str(), config.port)
            .map_err(|_| Error::InvalidTLSName)?
            .implicit_tls(config.security == RelaySecurity::Tls)
            .timeout(TIMEOUT);
        if config.security == RelaySecurity::Plain {
            return builder.connect_plain().await?.send(envelope).await;
        }
        let builder = match (config.login.as_deref(), self.password.as_deref()) {
            (Some(login), Some(password)) => builder.credentials((login, password)),
            _ => builder,
        };
        builder.connect().await?.send(envelope).await
    }

    fn mail(
        &self,
        id: QuestionId,
        address: &str,
        message: &RelayedMessage,
        now: Timestamp,
    ) -> anyhow::Result<Vec<u8>> {
        let domain = self.config.from.rsplit('@').next().unwrap_or_default();
        let mail = MessageBuilder::new()
            .from(self.config.from.as_str())
            .to(address)
            .date(now.as_second())
            .message_id(format!("{id}@{domain}"))
            .subject(message.subject.as_str())
            .header("Content-Language", Raw::new(message.language.as_str()))
            .header("Auto-Submitted", Raw::new("auto-generated"))
            .text_body(message.text.as_str())
            .html_body(message.html.as_str());
        mail.write_to_vec().context("writing the mail")
    }
}

/// Whether a message can be made a mail at all: a line break in a header field would let the
/// authority write headers of its own.
pub fn is_sound(message: &RelayedMessage) -> bool {
    let one_line = |text: &str| !text.contains(['\r', '\n', '\0']);
    let is_tag = |text: &str| {
        (2..=35).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    one_line(&message.subject) && !message.subject.is_empty() && is_tag(&message.language)
}

/// Whether an address of the directory can stand in an SMTP command as it is.
pub fn is_sendable(address: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>".contains(&byte);
    address.contains('@') && address.bytes().all(plain)
}
