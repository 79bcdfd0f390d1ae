//! All that a template may see: itself, the regime's shared layout, and two data files.
//!
//! Every other path, every package and today's date are denied, so a template cannot read the
//! machine and cannot give another letter tomorrow.

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World};

use crate::fonts::Fonts;

/// One letter's view of the world.
pub(crate) struct LetterWorld<'a> {
    pub(crate) library: &'a LazyHash<Library>,
    pub(crate) fonts: &'a Fonts,
    pub(crate) main: &'a Source,
    pub(crate) layout: &'a Source,
    /// What the template prints (`data.json`), and what it attaches.
    pub(crate) files: &'a [(FileId, Bytes)],
}

/// The id of a file at the root of a letter's little world.
pub(crate) fn file_id(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("the names of our own files are valid paths");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

impl World for LetterWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() {
            Ok(self.main.clone())
        } else if id == self.layout.id() {
            Ok(self.layout.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let found = self.files.iter().find(|(known, _)| *known == id);
        found.map(|(_, bytes)| bytes.clone()).ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
