//! Sets a sheet as an SVG drawing: A4 pages below each other, in sizes that print.
//!
//! Sureness is a letter in a mark, never a colour alone. Each section is a group with a title, in
//! reading order; nothing is drawn that is not also text.

use super::sheet::{Line, Section, SectionKind, Sheet};
use super::{Citation, Sure};
use crate::deadline::Lang;

/// A4 at 96 dots an inch.
const WIDTH: f64 = 794.0;
const PAGE: f64 = 1123.0;
const MARGIN: f64 = 36.0;
/// Room on the left for the rail with the rung's number.
const RAIL: f64 = 40.0;
/// Where the citations begin.
const CITES: f64 = 508.0;
const LEADING: f64 = 13.5;
const TEXT: f64 = 10.8;
const SMALL: f64 = 9.5;
/// A generous mean width of a character, in parts of its size, so that no line runs over.
const GLYPH: f64 = 0.5;

pub(super) fn draw(sheet: &Sheet, lang: Lang) -> String {
    let mut canvas = Canvas { body: String::new(), y: MARGIN };
    canvas.heading(sheet);
    for (number, section) in sheet.sections.iter().enumerate() {
        let block = |canvas: &mut Canvas| {
            match &section.arrow {
                Some(arrow) => canvas.arrow(arrow),
                None => canvas.y += 12.0,
            }
            canvas.section(section, number);
        };
        // Drawn once to see how high it is: a block that would cross a page's end starts the next.
        let mut trial = Canvas { body: String::new(), y: canvas.y };
        block(&mut trial);
        let page_ends = (canvas.y / PAGE).ceil() * PAGE - MARGIN;
        if trial.y > page_ends {
            canvas.y = page_ends + 2.0 * MARGIN;
        }
        block(&mut canvas);
    }
    let height = canvas.y + MARGIN;
    let language = match lang {
        Lang::Fr => "fr",
        Lang::En => "en",
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
         width=\"{WIDTH}\" height=\"{height:.0}\" role=\"img\" xml:lang=\"{language}\" \
         aria-labelledby=\"title desc\">\n<title id=\"title\">{}</title>\n<desc \
         id=\"desc\">{}</desc>\n{STYLE}\n<rect class=\"page\" width=\"{WIDTH}\" \
         height=\"{height:.0}\"/>\n{}</svg>\n",
        escape(&sheet.title),
        escape(&description(sheet)),
        canvas.body
    )
}

const STYLE: &str = "<style>
text { font-family: 'Source Sans 3', 'Liberation Sans', Arial, sans-serif; fill: #1b1b1f }
.page { fill: #fff }
.box { fill: #f7f7f4; stroke: #b9b8ae; stroke-width: 1 }
.rung { fill: #eef3f8; stroke: #23527c; stroke-width: 1.4 }
.gate { fill: #fdf3e4; stroke: #8a4b08; stroke-width: 1.4; stroke-dasharray: 6 3 }
.flow { stroke: #4a4a52; stroke-width: 1.4; fill: none }
.tip { fill: #4a4a52 }
.disc { fill: #23527c }
.number { fill: #fff; font-weight: 700; text-anchor: middle }
.label { font-weight: 600 }
.cite { fill: #3a3a42 }
.note { fill: #55555e; font-style: italic }
.arrow { fill: #3a3a42; font-style: italic }
.mark { font-weight: 700; text-anchor: middle }
.H { fill: #e3efe3; stroke: #2c662c }
.M { fill: #fff; stroke: #23527c }
.L { fill: #fff; stroke: #8a4b08; stroke-dasharray: 2 1.5 }
</style>";

/// The ladder in one sentence per section, for whoever cannot see the drawing.
fn description(sheet: &Sheet) -> String {
    let sections = sheet.sections.iter().map(|section| {
        let lines: Vec<String> =
            section.lines.iter().map(|line| format!("{} {}", line.label, line.value)).collect();
        let arrow = section.arrow.as_ref().map(|arrow| format!("{arrow}. ")).unwrap_or_default();
        format!("{arrow}{}: {}.", section.heading, lines.join("; "))
    });
    sections.collect::<Vec<_>>().join(" ")
}

struct Canvas {
    body: String,
    /// The next free height.
    y: f64,
}

impl Canvas {
    fn heading(&mut self, sheet: &Sheet) {
        self.y += 14.0;
        for line in wrap(&sheet.title, WIDTH - 2.0 * MARGIN, 18.0) {
            self.text(MARGIN, 18.0, "label", &line);
            self.y += 22.0;
        }
        for (size, text) in [(TEXT, &sheet.subtitle), (SMALL, &sheet.legend)] {
            for line in wrap(text, WIDTH - 2.0 * MARGIN, size) {
                self.text(MARGIN, size, "cite", &line);
                self.y += LEADING;
            }
        }
        self.y += 4.0;
    }

    fn arrow(&mut self, label: &str) {
        let x = MARGIN + RAIL / 2.0;
        let (from, to) = (self.y, self.y + 26.0);
        self.body.push_str(&format!(
            "<path class=\"flow\" d=\"M{x} {from:.1}V{:.1}\"/><path class=\"tip\" d=\"M{} \
             {:.1}h9l-4.5 8z\"/>\n",
            to - 6.0,
            x - 4.5,
            to - 8.0
        ));
        self.y += 17.0;
        self.text(MARGIN + RAIL, TEXT, "arrow", label);
        self.y = to;
    }

    fn section(&mut self, section: &Section, number: usize) {
        let top = self.y;
        let start = self.body.len();
        let inside = MARGIN + RAIL + 4.0;
        self.y += 20.0;
        self.text(inside, 13.0, "label", &section.heading);
        self.y += LEADING + 2.0;
        for line in &section.lines {
            self.line(inside, line);
        }
        let height = self.y - top - 2.0;
        self.y = top + height;
        let (class, badge) = match section.kind {
            SectionKind::Plain => ("box", String::new()),
            SectionKind::Rung(place) => ("rung", disc(top, &place.to_string())),
            SectionKind::Gate => ("gate", lock(top)),
        };
        let frame = format!(
            "<g role=\"group\" aria-labelledby=\"s{number}\"><title \
             id=\"s{number}\">{}</title><rect class=\"{class}\" x=\"{MARGIN}\" y=\"{top:.1}\" \
             width=\"{}\" height=\"{height:.1}\" rx=\"5\"/>{badge}\n",
            escape(&section.heading),
            WIDTH - 2.0 * MARGIN,
        );
        self.body.insert_str(start, &frame);
        self.body.push_str("</g>\n");
    }

    /// One value on the left, its citation on the right, each as high as it needs.
    fn line(&mut self, x: f64, line: &Line) {
        let top = self.y;
        // The label runs into the value: one paragraph.
        let width = CITES - x - 20.0;
        let paragraph = format!("{}\u{1}{}", line.label, line.value);
        let mut labelled = false;
        for text in wrap(&paragraph, width, TEXT) {
            match text.split_once('\u{1}') {
                Some((label, value)) => {
                    self.labelled(x, label, value);
                    labelled = true;
                }
                None if labelled => self.text(x + 10.0, TEXT, "value", &text),
                None => self.text(x, TEXT, "label", &text),
            }
            self.y += LEADING;
        }
        let left = self.y;
        self.y = top;
        if let Some(citation) = &line.citation {
            self.citation(citation);
        }
        self.y = self.y.max(left) + 3.0;
    }

    fn labelled(&mut self, x: f64, label: &str, value: &str) {
        self.body.push_str(&format!(
            "<text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"{TEXT}\"><tspan class=\"label\">{}</tspan> \
             <tspan dx=\"6\">{}</tspan></text>\n",
            self.y,
            escape(label),
            escape(value)
        ));
    }

    fn citation(&mut self, citation: &Citation) {
        let (sure, centre) = (citation.sure, CITES - 6.0);
        let letter = match sure {
            Sure::H => "H",
            Sure::M => "M",
            Sure::L => "L",
        };
        self.body.push_str(&format!(
            "<circle class=\"{letter}\" cx=\"{centre}\" cy=\"{:.1}\" r=\"6.5\"/><text \
             class=\"mark\" x=\"{centre}\" y=\"{:.1}\" font-size=\"8.5\">{letter}</text>\n",
            self.y - 3.6,
            self.y - 0.6
        ));
        let width = WIDTH - MARGIN - CITES - 14.0;
        let note = citation.note.iter().map(|note| ("note", note.as_str()));
        for (class, text) in [("cite", citation.cite.as_str())].into_iter().chain(note) {
            for text in wrap(&super::typeset(text), width, SMALL) {
                self.text(CITES + 6.0, SMALL, class, &text);
                self.y += LEADING - 2.0;
            }
        }
    }

    fn text(&mut self, x: f64, size: f64, class: &str, text: &str) {
        self.body.push_str(&format!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" font-size=\"{size}\">{}</text>\n",
            self.y,
            escape(text)
        ));
    }
}

fn disc(top: f64, number: &str) -> String {
    let (x, y) = (MARGIN + RAIL / 2.0, top + 20.0);
    format!(
        "<circle class=\"disc\" cx=\"{x}\" cy=\"{y:.1}\" r=\"12\"/><text class=\"number\" \
         x=\"{x}\" y=\"{:.1}\" font-size=\"13\">{number}</text>",
        y + 4.6
    )
}

/// A padlock, drawn.
fn lock(top: f64) -> String {
    let (x, y) = (MARGIN + RAIL / 2.0, top + 18.0);
    format!(
        "<path d=\"M{:.1} {y:.1}v-4a5 5 0 0 1 10 0v4\" fill=\"none\" stroke=\"#8a4b08\" \
         stroke-width=\"2\"/><rect x=\"{:.1}\" y=\"{y:.1}\" width=\"16\" height=\"11\" rx=\"2\" \
         fill=\"#8a4b08\"/>",
        x - 5.0,
        x - 8.0
    )
}

/// Breaks a text at blanks into lines that fit a width.
fn wrap(text: &str, width: f64, size: f64) -> Vec<String> {
    let room = (width / (size * GLYPH)).max(8.0);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        let length = line.chars().count() + word.chars().count() + 1;
        // `room` is far below 2^52, and so are lines.
        if !line.is_empty() && length as f64 > room {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
