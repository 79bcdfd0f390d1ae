//! A warning as a message on the wire: multipart/alternative, signed, with the effect's token in
//! its return path and Message-ID.
//!
//! No link, no remote content, no List-Unsubscribe (one cannot unsubscribe from the law), nothing
//! that follows the reader. The same effect and instant give the same bytes.

use entremise_core::id::EffectId;
use entremise_letters::Language;
use entremise_letters::mail::MailTexts;
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::MimePart;

use super::dkim::Signer;
use super::token::ReturnPaths;

/// One mailbox on the Internet. It is somebody's: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(String);

/// The text is no address that a relay would take. Says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mail address of the form name@domain in ASCII")]
pub struct BadMailAddress;

impl MailAddress {
    /// Takes the plain form of RFC 5321: no quoted names, no comments, no other scripts, so that
    /// nothing in it can end a command or a header field.
    pub fn new(text: &str) -> Result<Self, BadMailAddress> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(BadMailAddress)?;
        let fits = (1..=64).contains(&local.len())
            && (1..=253).contains(&domain.len())
            && local.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
            })
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            });
        if fits { Ok(Self(text.to_owned())) } else { Err(BadMailAddress) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

/// Composes the mails of one authority. It has no `Debug`: it holds keys.
pub struct Composer {
    pub authority_name: String,
    pub from: MailAddress,
    /// Where observations are read.
    pub reply_to: MailAddress,
    pub return_paths: ReturnPaths,
    pub signer: Signer,
}

/// A message ready for the relay. It names a recipient: no `Debug`.
#[derive(Clone)]
pub struct OutgoingMail {
    pub effect: EffectId,
    /// The envelope's sender: a bounce goes there.
    pub return_path: String,
    pub recipient: MailAddress,
    /// Without angle brackets.
    pub message_id: String,
    pub bytes: Vec<u8>,
}

/// Why no message could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    #[error("the message could not be written")]
    Unwritten,
    #[error("a DKIM key did not sign")]
    Unsigned,
}

impl Composer {
    /// The message of one effect. `at` becomes its date.
    pub fn compose(
        &self,
        effect: EffectId,
        recipient: MailAddress,
        texts: &MailTexts,
        language: Language,
        at: Timestamp,
    ) -> Result<OutgoingMail, ComposeError> {
        let message_id = self.return_paths.message_id(effect);
        let part = |kind: &'static str, text: &str| {
            MimePart::new(ContentType::new(kind).attribute("charset", "utf-8"), text.to_owned())
        };
        // A boundary of our own: the builder's would be made of the clock.
        let boundary = format!("entremise-{}", effect.0.simple());
        let alternatives = MimePart::new(
            ContentType::new("multipart/alternative").attribute("boundary", boundary),
            vec![part("text/plain", &texts.text), part("text/html", &texts.html)],
        );
        let message = MessageBuilder::new()
            .from((self.authority_name.as_str(), self.from.as_str()))
            .to(recipient.as_str())
            .reply_to(self.reply_to.as_str())
            .subject(texts.subject.as_str())
            .date(at.as_second())
            .message_id(message_id.as_str())
            .header("Auto-Submitted", HeaderType::Raw(Raw::new("auto-generated")))
            .header("Content-Language", HeaderType::Raw(Raw::new(language.tag())))
            .body(alternatives)
            .write_to_vec()
            .map_err(|_| ComposeError::Unwritten)?;
        let bytes = self.signer.sign(&message, at).ok_or(ComposeError::Unsigned)?;
        let return_path = self.return_paths.address(effect);
        Ok(OutgoingMail { effect, return_path, recipient, message_id, bytes })
    }
}
