//! Why a sender must correct what was sent: a code a program can act on, the place, the remedy.
//!
//! A rejection never repeats the sender's data: it is shown, logged and counted.

use serde::{Deserialize, Serialize};

/// One thing the sender must correct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code} at {at}: {how}")]
pub struct Rejection {
    pub code: Code,
    /// Where: a JSON pointer, an XML path, `line 12, column source_port`, or a mail part.
    pub at: String,
    /// What is wrong and how to mend it, in a sentence.
    pub how: String,
}

impl Rejection {
    pub fn new(code: Code, at: impl Into<String>, how: impl Into<String>) -> Self {
        Self { code, at: at.into(), how: how.into() }
    }
}

/// The list is written once: the type, its names and [`Code::ALL`] cannot differ.
macro_rules! codes {
    ($($(#[$says:meta])* $variant:ident $name:literal,)*) => {
        /// The closed list of reasons. The wire name is the snake_case of the variant.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum Code { $($(#[$says])* #[serde(rename = $name)] $variant,)* }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The wire name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

codes! {
    // -- the bytes --
    /// Nothing we know how to read.
    FormatUnknown "format_unknown",
    /// The format is known, this version of it is not; the text names the version.
    VersionUnsupported "version_unsupported",
    /// Not well-formed (XML, JSON, CSV, MIME).
    Malformed "malformed",
    /// Bytes that are not what the declared character set says.
    CharsetInvalid "charset_invalid",
    /// Larger, deeper or longer than this house reads.
    TooLarge "too_large",
    /// A construction that is never read: DOCTYPE, entity, archive.
    ConstructForbidden "construct_forbidden",
    /// Well-formed, but not what the format's schema asks for.
    SchemaInvalid "schema_invalid",
    /// The clearsigned text and the XML it carries say different things (ACNS `TEXT_XML_MISMATCH`).
    TextXmlMismatch "text_xml_mismatch",
    /// A signature is there and does not hold, or the key is not the sender's.
    SignatureInvalid "signature_invalid",
    /// The signature holds, and its key had expired when it was received.
    KeyExpired "key_expired",
    /// The signature holds, and its key is revoked.
    KeyRevoked "key_revoked",
    /// The regime asks for a signature and there is none.
    SignatureMissing "signature_missing",
    // -- the fields --
    FieldMissing "field_missing",
    FieldInvalid "field_invalid",
    /// An instant without a zone: nobody can say which hour is meant.
    TimestampWithoutZone "timestamp_without_zone",
    TimestampInvalid "timestamp_invalid",
    PortOutOfRange "port_out_of_range",
    /// RFC 6890 special-purpose address: no subscriber can hold it.
    AddressReserved "address_reserved",
    // -- the rules --
    PortMissing "port_missing",
    TransportMissing "transport_missing",
    TimestampTooOld "timestamp_too_old",
    TimestampInFuture "timestamp_in_future",
    /// The clock is not declared, or its declared error is larger than the regime admits.
    ClockUnqualified "clock_unqualified",
    UnknownWork "unknown_work",
    MandateMissing "mandate_missing",
    /// The sworn agent or the declaration of standing is missing.
    AttestationMissing "attestation_missing",
    /// No provider registered with this authority holds the address.
    NotOurNetwork "not_our_network",
    /// The regime does not handle notices of this class.
    ClassNotHandled "class_not_handled",
    /// The sender's quota for the day is used up.
    Quota "quota",
    /// The sender is stopped.
    SenderStopped "sender_stopped",
    /// A pilot is run, and takes a share of what comes in: this notice was not drawn. Nothing is
    /// wrong with it.
    NotDrawn "not_drawn",
}

impl std::fmt::Display for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}
