//! The fonts inside the binary. The system's are never read: they differ from machine to machine,
//! and a letter must come out the same everywhere.
//!
//! Atkinson Hyperlegible (Braille Institute, OFL 1.1; `letters/fonts`) is drawn for readers with
//! low vision and keeps 0, O, 1, l and I apart, which a typed verification code needs. Libertinus
//! Serif and DejaVu Sans Mono, embedded by typst-kit, cover what it lacks.

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst_kit::fonts::{FontStore, embedded};

const OURS: [&[u8]; 3] = [
    include_bytes!("../fonts/AtkinsonHyperlegible-Regular.ttf"),
    include_bytes!("../fonts/AtkinsonHyperlegible-Bold.ttf"),
    include_bytes!("../fonts/AtkinsonHyperlegible-Italic.ttf"),
];

/// Families of typst-kit that may step in for a missing sign.
const FALLBACKS: [&str; 2] = ["Libertinus Serif", "DejaVu Sans Mono"];

pub(crate) struct Fonts {
    store: FontStore,
    /// One flag per code point of the basic multilingual plane: some font has the sign.
    covered: Vec<bool>,
}

impl Fonts {
    pub(crate) fn new() -> Self {
        let mut store = FontStore::new();
        let mut covered = vec![false; 0x1_0000];
        let ours = OURS.into_iter().flat_map(|data| Font::iter(Bytes::new(data)));
        let stand_ins = embedded()
            .filter(|(_, info)| FALLBACKS.contains(&info.family.as_str()))
            .map(|(font, _)| font);
        for font in ours.chain(stand_ins) {
            let info = font.info().clone();
            for code in info.coverage.iter().filter(|code| *code < 0x1_0000) {
                covered[code as usize] = true;
            }
            store.push((font, info));
        }
        Self { store, covered }
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        self.store.book()
    }

    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        self.store.font(index)
    }

    /// The text with every sign that no font has replaced by U+FFFD, and signs that would turn
    /// or hide their neighbours (controls, bidirectional overrides) by a space.
    ///
    /// PDF/A forbids a missing glyph, and a work's title is a stranger's text: without this, one
    /// title in Japanese would stop a letter. The attached data keep the title as it came.
    pub(crate) fn printable(&self, text: &str) -> String {
        text.chars()
            .map(|sign| match sign {
                '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => ' ',
                '\u{feff}' | '\u{ad}' => ' ',
                sign if sign.is_control() => ' ',
                ' ' | '\u{a0}' => sign,
                sign if self.covered.get(sign as usize).copied().unwrap_or(false) => sign,
                _ => '\u{fffd}',
            })
            .collect()
    }
}
