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

/// The closed list of reasons. The wire name is the snake_case of the variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    // -- the bytes --
    /// Nothing we know how to read.
    FormatUnknown,
    /// The format is known, this version of it is not; the text names the version.
    VersionUnsupported,
    /// Not well-formed (XML, JSON, CSV, MIME).
    Malformed,
    /// Bytes that are not what the declared character set says.
    CharsetInvalid,
    /// Larger, deeper or longer than this house reads.
    TooLarge,
    /// A construction that is never read: DOCTYPE, entity, archive.
    ConstructForbidden,
    /// Well-formed, but not what the format's schema asks for.
    SchemaInvalid,
    /// The clearsigned text and the XML it carries say different things (ACNS `TEXT_XML_MISMATCH`).
    TextXmlMismatch,
    /// A signature is there and does not hold, or the key is not the sender's.
    SignatureInvalid,
    /// The signature holds, and its key had expired when it was received.
    KeyExpired,
    /// The signature holds, and its key is revoked.
    KeyRevoked,
    /// The regime asks for a signature and there is none.
    SignatureMissing,
    // -- the fields --
    FieldMissing,
    FieldInvalid,
    /// An instant without a zone: nobody can say which hour is meant.
    TimestampWithoutZone,
    TimestampInvalid,
    PortOutOfRange,
    /// RFC 6890 special-purpose address: no subscriber can hold it.
    AddressReserved,
    // -- the rules --
    PortMissing,
    TransportMissing,
    TimestampTooOld,
    TimestampInFuture,
    /// The clock is not declared, or its declared error is larger than the regime admits.
    ClockUnqualified,
    UnknownWork,
    MandateMissing,
    /// The sworn agent or the declaration of standing is missing.
    AttestationMissing,
    /// No provider registered with this authority holds the address.
    NotOurNetwork,
    /// The regime does not handle notices of this class.
    ClassNotHandled,
    /// The sender's quota for the day is used up.
    Quota,
    /// The sender is stopped.
    SenderStopped,
    /// A pilot is run, and takes a share of what comes in: this notice was not drawn. Nothing is
    /// wrong with it.
    NotDrawn,
}

impl Code {
    /// The wire name.
    pub fn name(self) -> &'static str {
        use Code::*;
        match self {
            FormatUnknown => "format_unknown",
            VersionUnsupported => "version_unsupported",
            Malformed => "malformed",
            CharsetInvalid => "charset_invalid",
            TooLarge => "too_large",
            ConstructForbidden => "construct_forbidden",
            SchemaInvalid => "schema_invalid",
            TextXmlMismatch => "text_xml_mismatch",
            SignatureInvalid => "signature_invalid",
            KeyExpired => "key_expired",
            KeyRevoked => "key_revoked",
            SignatureMissing => "signature_missing",
            FieldMissing => "field_missing",
            FieldInvalid => "field_invalid",
            TimestampWithoutZone => "timestamp_without_zone",
            TimestampInvalid => "timestamp_invalid",
            PortOutOfRange => "port_out_of_range",
            AddressReserved => "address_reserved",
            PortMissing => "port_missing",
            TransportMissing => "transport_missing",
            TimestampTooOld => "timestamp_too_old",
            TimestampInFuture => "timestamp_in_future",
            ClockUnqualified => "clock_unqualified",
            UnknownWork => "unknown_work",
            MandateMissing => "mandate_missing",
            AttestationMissing => "attestation_missing",
            NotOurNetwork => "not_our_network",
            ClassNotHandled => "class_not_handled",
            Quota => "quota",
            SenderStopped => "sender_stopped",
            NotDrawn => "not_drawn",
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}
