//! One `Infringement` element, pulled event by event into the texts that matter to a notice.
//!
//! Nothing is interpreted here: a port is still the text between its tags.

use entremise_core::rejection::{Code, Rejection};
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::limits;

/// The texts of one notice; None where the element is absent.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// The attributes of the root as written, namespaces and schema location, where they do not
    /// declare the version.
    pub root_attributes: String,
    pub schema_version: Option<String>,
    pub case_id: Option<String>,
    pub complainant: Option<String>,
    pub provider: Option<String>,
    pub source: Source,
    pub items: Vec<Item>,
    /// `Type@Retraction`.
    pub retraction: Option<String>,
    /// The scheme and value of `Detection/Asset/OriginalAssetID`.
    pub asset_id: Option<(String, String)>,
    /// The type and body of each `Declarations`.
    pub declarations: Vec<(String, String)>,
    pub complainant_email: bool,
    pub provider_email: bool,
}

#[derive(Debug, Default)]
pub(super) struct Source {
    pub time_stamp: Option<String>,
    pub ip: Option<String>,
    pub port: Option<String>,
    /// The IANA number of the transport.
    pub protocol: Option<String>,
    pub kind: Option<String>,
    pub base_type: Option<String>,
    pub application_protocol: Option<String>,
    pub user_name: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Item {
    pub time_stamp: Option<String>,
    pub also_seen: Vec<(String, String)>,
    pub title: Option<String>,
    pub artist: Option<String>,
    pub file_name: Option<String>,
    pub file_size: Option<String>,
    /// The algorithm and value of each hash.
    pub hashes: Vec<(String, String)>,
}

/// The elements that matter; what is not listed is passed over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Infringement,
    Case,
    Id,
    Complainant,
    ServiceProvider,
    Entity,
    Email,
    Source,
    TimeStamp,
    IpAddress,
    Port,
    Protocol,
    Type,
    SubType,
    UserName,
    Content,
    Item,
    AlsoSeen,
    Title,
    Artist,
    FileName,
    FileSize,
    Hash,
    Detection,
    Asset,
    OriginalAssetId,
    Declarations,
    Body,
    Other,
}

impl Tag {
    fn of(name: &str) -> Self {
        match name {
            "Infringement" => Self::Infringement,
            "Case" => Self::Case,
            "ID" => Self::Id,
            "Complainant" => Self::Complainant,
            "Service_Provider" => Self::ServiceProvider,
            "Entity" => Self::Entity,
            "Email" => Self::Email,
            "Source" => Self::Source,
            "TimeStamp" => Self::TimeStamp,
            "IP_Address" => Self::IpAddress,
            "Port" => Self::Port,
            "Protocol" => Self::Protocol,
            "Type" => Self::Type,
            "SubType" => Self::SubType,
            "UserName" => Self::UserName,
            "Content" => Self::Content,
            "Item" => Self::Item,
            "AlsoSeen" => Self::AlsoSeen,
            "Title" => Self::Title,
            "Artist" => Self::Artist,
            "FileName" => Self::FileName,
            "FileSize" => Self::FileSize,
            "Hash" => Self::Hash,
            "Detection" => Self::Detection,
            "Asset" => Self::Asset,
            "OriginalAssetID" => Self::OriginalAssetId,
            "Declarations" => Self::Declarations,
            "Body" => Self::Body,
            _ => Self::Other,
        }
    }
}

pub(super) fn doctype() -> Rejection {
    let how = "a document type or an entity of one's own is never read; send plain XML";
    Rejection::new(Code::ConstructForbidden, "/", how)
}

/// Parses the element that the text starts with; also its length in bytes.
pub(super) fn parse(text: &str) -> Result<(Document, usize), Rejection> {
    let mut reader = Reader::from_str(text);
    // The commonest fault of real senders: "Smith & Sons".
    reader.config_mut().allow_dangling_amp = true;
    let mut walk = Walk {
        // Room enough for nearly every notice, so that neither grows step by step.
        path: Vec::with_capacity(limits::XML_DEPTH),
        text: String::with_capacity(256),
        ..Walk::default()
    };
    loop {
        let before = reader.buffer_position();
        match reader.read_event() {
            Ok(Event::Start(start)) => walk.open(&start, before)?,
            Ok(Event::Empty(start)) => {
                walk.open(&start, before)?;
                walk.close()?;
            }
            Ok(Event::End(_)) => walk.close()?,
            Ok(Event::Text(text)) => walk.text(&text)?,
            Ok(Event::CData(text)) => walk.text(&text)?,
            Ok(Event::GeneralRef(reference)) => walk.reference(&reference)?,
            Ok(Event::DocType(_)) => return Err(doctype()),
            Ok(Event::Comment(_) | Event::PI(_) | Event::Decl(_)) => {}
            Ok(Event::Eof) | Err(_) => return Err(malformed(before)),
        }
        if walk.path.is_empty() {
            return Ok((walk.document, reader.buffer_position() as usize));
        }
    }
}

fn malformed(at: u64) -> Rejection {
    let how = "the XML is not well-formed here, or ends too early";
    Rejection::new(Code::Malformed, format!("byte {at} of the notice"), how)
}

/// Where the reader stands, and what it has gathered.
#[derive(Default)]
struct Walk {
    document: Document,
    path: Vec<Tag>,
    /// The text of the open element, where it matters.
    text: String,
    /// Attributes of the open element that its text belongs to.
    attribute: String,
}

impl Walk {
    fn open(&mut self, start: &BytesStart, at: u64) -> Result<(), Rejection> {
        let tag = match Tag::of(start.name().as_ref()) {
            // Perhaps it has a prefix.
            Tag::Other => Tag::of(start.local_name().as_ref()),
            tag => tag,
        };
        if self.path.len() == limits::XML_DEPTH {
            let how = "the XML is nested too deeply";
            return Err(Rejection::new(Code::TooLarge, format!("byte {at} of the notice"), how));
        }
        if tag == Tag::Infringement && !self.path.is_empty() {
            return Err(malformed(at));
        }
        self.text.clear();
        self.attribute.clear();
        self.path.push(tag);
        use Tag::*;
        match self.path.as_slice() {
            [Infringement] => {
                self.document.schema_version = attribute(start, "schemaVersion");
                if self.document.schema_version.is_none() {
                    self.document.root_attributes = start.attributes_raw().to_owned();
                }
            }
            [Infringement, Source, SubType] => {
                self.document.source.base_type = attribute(start, "BaseType");
                self.document.source.application_protocol = attribute(start, "Protocol");
            }
            [Infringement, Type] => self.document.retraction = attribute(start, "Retraction"),
            [Infringement, Content, Item] => {
                if self.document.items.len() == limits::WORKS {
                    let how = "a notice has 1000 works at most";
                    return Err(Rejection::new(Code::TooLarge, "/Infringement/Content", how));
                }
                self.document.items.push(Default::default());
            }
            [Infringement, Content, Item, AlsoSeen] => {
                if let (Some(item), Some(begin), Some(end)) = (
                    self.document.items.last_mut(),
                    attribute(start, "Start"),
                    attribute(start, "End"),
                ) && item.also_seen.len() < limits::WORKS
                {
                    item.also_seen.push((begin, end));
                }
            }
            [Infringement, Content, Item, Hash] => {
                self.attribute = attribute(start, "Type").unwrap_or_default();
            }
            [Infringement, Detection, Asset, OriginalAssetId] => {
                self.attribute = attribute(start, "type").unwrap_or_default();
            }
            [Infringement, Declarations] if self.document.declarations.len() < 50 => {
                self.document.declarations.push(Default::default());
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Rejection> {
        // Free text and what is not listed stays where it is: in the raw notice.
        if !matches!(self.path.last(), None | Some(Tag::Other | Tag::Infringement)) {
            if self.text.len() + text.len() > limits::FIELD_BYTES {
                if text.trim_ascii().is_empty() {
                    return Ok(());
                }
                let how = "this field is longer than 4096 bytes";
                return Err(Rejection::new(Code::TooLarge, self.place(), how));
            }
            self.text.push_str(text);
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef) -> Result<(), Rejection> {
        let mut buffer = [0; 4];
        match reference.resolve_char_ref() {
            Ok(Some(character)) => self.text(character.encode_utf8(&mut buffer)),
            Ok(None) => match resolve_xml_entity(reference) {
                Some(text) => self.text(text),
                None => Err(doctype()),
            },
            Err(_) => {
                Err(Rejection::new(Code::Malformed, self.place(), "there is no such character"))
            }
        }
    }

    fn close(&mut self) -> Result<(), Rejection> {
        let text = self.text.trim_ascii();
        if let Some(slot) = slot(&mut self.document, &self.path) {
            if slot.is_some() {
                let how = "this element may stand once";
                return Err(Rejection::new(Code::SchemaInvalid, self.place(), how));
            }
            *slot = Some(text.to_owned());
        } else if !text.is_empty() {
            keep(&mut self.document, &self.path, &mut self.attribute, text);
        }
        self.path.pop();
        self.text.clear();
        Ok(())
    }

    /// The path of the open element, as far as it is one we know.
    fn place(&self) -> String {
        let mut place = String::new();
        for tag in &self.path {
            place.push('/');
            place.push_str(name(*tag));
        }
        place
    }
}

/// Where the text of an element that may stand once goes.
fn slot<'d>(document: &'d mut Document, path: &[Tag]) -> Option<&'d mut Option<String>> {
    use Tag::*;
    let [Infringement, path @ ..] = path else {
        return None;
    };
    match path {
        [Case, Id] => Some(&mut document.case_id),
        [Complainant, Entity] => Some(&mut document.complainant),
        [ServiceProvider, Entity] => Some(&mut document.provider),
        [Source, TimeStamp] => Some(&mut document.source.time_stamp),
        [Source, IpAddress] => Some(&mut document.source.ip),
        [Source, Port] => Some(&mut document.source.port),
        [Source, Protocol] => Some(&mut document.source.protocol),
        [Source, Type] => Some(&mut document.source.kind),
        [Source, UserName] => Some(&mut document.source.user_name),
        [Content, Item, leaf] => {
            let item = document.items.last_mut()?;
            match leaf {
                TimeStamp => Some(&mut item.time_stamp),
                Title => Some(&mut item.title),
                Artist => Some(&mut item.artist),
                FileName => Some(&mut item.file_name),
                FileSize => Some(&mut item.file_size),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Keeps the text of an element that may stand several times, or whose presence is enough.
fn keep(document: &mut Document, path: &[Tag], attribute: &mut String, text: &str) {
    use Tag::*;
    match path {
        [Infringement, Complainant, Email] => document.complainant_email = true,
        [Infringement, ServiceProvider, Email] => document.provider_email = true,
        [Infringement, Content, Item, Hash] => {
            if let Some(item) = document.items.last_mut()
                && item.hashes.len() < 20
            {
                item.hashes.push((std::mem::take(attribute), text.to_owned()));
            }
        }
        [Infringement, Detection, Asset, OriginalAssetId] => {
            document.asset_id = Some((std::mem::take(attribute), text.to_owned()));
        }
        [Infringement, Declarations, part @ (Type | Body)] => {
            if let Some(declaration) = document.declarations.last_mut() {
                let to = if *part == Type { &mut declaration.0 } else { &mut declaration.1 };
                text.clone_into(to);
            }
        }
        _ => {}
    }
}

fn name(tag: Tag) -> &'static str {
    use Tag::*;
    match tag {
        Infringement => "Infringement",
        Case => "Case",
        Id => "ID",
        Complainant => "Complainant",
        ServiceProvider => "Service_Provider",
        Entity => "Entity",
        Email => "Email",
        Source => "Source",
        TimeStamp => "TimeStamp",
        IpAddress => "IP_Address",
        Port => "Port",
        Protocol => "Protocol",
        Type => "Type",
        SubType => "SubType",
        UserName => "UserName",
        Content => "Content",
        Item => "Item",
        AlsoSeen => "AlsoSeen",
        Title => "Title",
        Artist => "Artist",
        FileName => "FileName",
        FileSize => "FileSize",
        Hash => "Hash",
        Detection => "Detection",
        Asset => "Asset",
        OriginalAssetId => "OriginalAssetID",
        Declarations => "Declarations",
        Body => "Body",
        Other => "*",
    }
}

/// An attribute's value by its local name; as written where it cannot be unescaped.
fn attribute(start: &BytesStart, name: &str) -> Option<String> {
    start.attributes().with_checks(false).flatten().find_map(|attribute| {
        if attribute.key.local_name().as_ref() != name {
            return None;
        }
        let value = attribute.value.as_ref();
        if value.len() > limits::FIELD_BYTES {
            return None;
        }
        let unescaped = quick_xml::escape::unescape(value).unwrap_or(value.into());
        Some(unescaped.trim().to_owned())
    })
}
