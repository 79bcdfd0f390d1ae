//! What a load must remember for the next one: sessions, leases and blocks that are still open,
//! and the parameters of deterministic translation. Holds account numbers, never names.

use std::fs::File;
use std::path::Path;

use anyhow::Context;
use memmap2::Mmap;
use serde::{Deserialize, Serialize};

use crate::index::manifest::Manifest;
use crate::interval::block::Blocks;
use crate::interval::lease::Leases;
use crate::interval::session::Sessions;
use crate::interval::{Holder, Millis, Span};
use crate::read::Format;
use crate::read::deterministic::Map;

/// The open ends of every source.
#[derive(Default, Serialize, Deserialize)]
pub struct State {
    /// Comes first, so that a reader of the index decodes nothing else.
    pub parameters: Vec<ParameterFile>,
    pub folds: Vec<Fold>,
}

/// One file of parameters; loading it again replaces what it said before.
#[derive(Serialize, Deserialize)]
pub struct ParameterFile {
    pub path: String,
    pub maps: Vec<Map>,
    pub spans: Vec<StoredSpan>,
}

/// A span of an address given for good.
#[derive(Serialize, Deserialize)]
pub struct StoredSpan {
    pub place: crate::interval::Place,
    pub start: i64,
    pub end: i64,
    pub holder: crate::interval::Holder,
    pub kind: entremise_core::identification::AssignmentKind,
    pub record: [u8; 32],
}

/// One fold: a format within a routing instance.
#[derive(Serialize, Deserialize)]
pub struct Fold {
    pub format: Format,
    pub space: u16,
    pub content: Content,
}

#[derive(Serialize, Deserialize)]
pub enum Content {
    Sessions(Sessions),
    Leases(Leases),
    Blocks(Blocks),
}

impl State {
    pub fn read(directory: &Path, manifest: &Manifest) -> anyhow::Result<Self> {
        let Some(bytes) = bytes(directory, manifest)? else { return Ok(Self::default()) };
        postcard::from_bytes(&bytes).context("the state of the index is damaged")
    }

    /// Only the parameters of deterministic translation.
    pub fn read_maps(directory: &Path, manifest: &Manifest) -> anyhow::Result<Vec<Map>> {
        let Some(bytes) = bytes(directory, manifest)? else { return Ok(Vec::new()) };
        // Mapped, not read: what follows may be large and is the loader's alone.
        let (parameters, _): (Vec<ParameterFile>, _) =
            postcard::take_from_bytes(&bytes).context("the state of the index is damaged")?;
        Ok(parameters.into_iter().flat_map(|file| file.maps).collect())
    }

    pub fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        postcard::to_allocvec(self).context("writing the state of the index")
    }

    /// The fold of a source, made when it is not there yet.
    pub fn fold(&mut self, format: Format, space: u16) -> &mut Content {
        let known = self.folds.iter().position(|fold| fold.format == format && fold.space == space);
        let index = known.unwrap_or_else(|| {
            self.folds.push(Fold { format, space, content: Content::new(format) });
            self.folds.len() - 1
        });
        &mut self.folds[index].content
    }

    /// Every span that may still change.
    pub fn open_spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        for fold in &self.folds {
            let mut emit = |span| spans.push(span);
            match &fold.content {
                Content::Sessions(sessions) => sessions.open_spans(&mut emit),
                Content::Leases(leases) => leases.open_spans(fold.format, &mut emit),
                Content::Blocks(blocks) => blocks.open_spans(fold.format, &mut emit),
            }
        }
        for stored in self.parameters.iter().flat_map(|file| &file.spans) {
            spans.push(stored.span());
        }
        spans
    }
}

impl State {
    /// Drops what ended before this instant and may be kept no longer. True where there was any.
    pub fn forget_before(&mut self, instant: Millis) -> bool {
        let mut forgot = false;
        for fold in &mut self.folds {
            forgot |= match &mut fold.content {
                Content::Sessions(sessions) => sessions.forget_before(instant),
                Content::Leases(leases) => leases.forget_before(instant),
                Content::Blocks(blocks) => blocks.forget_before(instant),
            };
        }
        forgot
    }

    /// The accounts that are named here.
    pub fn accounts(&self) -> Vec<u32> {
        let mut holders = Vec::new();
        for fold in &self.folds {
            match &fold.content {
                Content::Sessions(sessions) => holders.extend(sessions.holders()),
                Content::Leases(leases) => holders.extend(leases.holders()),
                // A translator's blocks are held by inside addresses.
                Content::Blocks(_) => {}
            }
        }
        holders.extend(self.parameters.iter().flat_map(|file| &file.spans).map(|span| span.holder));
        let account = |holder| match holder {
            Holder::Account(number) => Some(number),
            Holder::Inside { .. } | Holder::Unusable => None,
        };
        holders.into_iter().filter_map(account).collect()
    }
}

impl Content {
    fn new(format: Format) -> Self {
        match format {
            Format::RadiusDetail => Self::Sessions(Sessions::default()),
            Format::KeaLease4 | Format::KeaLease6 | Format::KeaForensic | Format::IscDhcpd => {
                Self::Leases(Leases::default())
            }
            Format::CgnatJuniper
            | Format::CgnatA10
            | Format::CgnatCiscoXr
            | Format::Deterministic => Self::Blocks(Blocks::default()),
        }
    }
}

impl StoredSpan {
    pub fn of(span: &Span) -> Self {
        Self {
            place: span.place,
            start: span.start,
            end: span.end,
            holder: span.holder,
            kind: span.kind,
            record: span.records[0],
        }
    }

    fn span(&self) -> Span {
        Span {
            place: self.place,
            start: self.start,
            end: self.end,
            holder: self.holder,
            kind: self.kind,
            source: Format::Deterministic,
            sure: true,
            records: [self.record; 2],
        }
    }
}

fn bytes(directory: &Path, manifest: &Manifest) -> anyhow::Result<Option<Mmap>> {
    let Some(name) = &manifest.state else { return Ok(None) };
    let path = directory.join(name);
    let file = File::open(&path).with_context(|| format!("reading {}", path.display()))?;
    // SAFETY: as for segments: written once, named by the manifest, never changed.
    Ok(Some(unsafe { Mmap::map(&file) }.with_context(|| path.display().to_string())?))
}
