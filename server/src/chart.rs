//! Bars for the eye, as SVG made here: no script, no style from elsewhere. The figures always stand
//! in a table beside them; whoever does not see the bars misses nothing.

use std::fmt::Write as _;

/// One line of a chart: what it is, and one value for each series.
pub struct Bar {
    pub label: String,
    pub values: Vec<f64>,
    /// The values in words, as they stand behind the bars.
    pub told: Vec<String>,
}

/// Colours that differ in lightness too, so that print and colour-blind eyes tell them apart.
const FILLS: [&str; 2] = ["#1f4e79", "#c77f1b"];
const WIDTH: f64 = 820.0;
const LABEL: f64 = 310.0;
const TOLD: f64 = 110.0;
const BAR: f64 = 16.0;
const GAP: f64 = 12.0;

/// Horizontal bars, as long as their values say. `series` names what each line shows side by side;
/// one name needs no legend.
pub fn bars(id: &str, title: &str, series: &[&str], rows: &[Bar]) -> String {
    let most = rows.iter().flat_map(|row| row.values.iter().copied()).fold(0.0_f64, f64::max);
    let room = WIDTH - LABEL - TOLD;
    let legend = if series.len() > 1 { 28.0 } else { 4.0 };
    let tall = |row: &Bar| row.values.len() as f64 * (BAR + 2.0) + GAP;
    let height = legend + rows.iter().map(tall).sum::<f64>();
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-labelledby=\"{id}\" \
         xmlns=\"http://www.w3.org/2000/svg\"><title id=\"{id}\">{}</title>",
        escaped(title)
    );
    if series.len() > 1 {
        for (place, name) in series.iter().enumerate() {
            let x = LABEL + place as f64 * room / 2.0;
            let fill = FILLS[place % FILLS.len()];
            push(
                &mut svg,
                format_args!(
                    "<rect x=\"{x}\" y=\"4\" width=\"12\" height=\"12\" fill=\"{fill}\"/>"
                ),
            );
            push(
                &mut svg,
                format_args!("<text x=\"{}\" y=\"15\">{}</text>", x + 18.0, escaped(name)),
            );
        }
    }
    let mut y = legend;
    for row in rows {
        let middle = y + row.values.len() as f64 * (BAR + 2.0) / 2.0 + 4.0;
        let label = escaped(&row.label);
        push(
            &mut svg,
            format_args!(
                "<text x=\"{}\" y=\"{middle:.1}\" text-anchor=\"end\">{label}</text>",
                LABEL - 10.0
            ),
        );
        for (place, (value, told)) in row.values.iter().zip(&row.told).enumerate() {
            let share = if most > 0.0 { value / most } else { 0.0 };
            // One is never drawn as none.
            let length = if *value > 0.0 { (share * room).max(1.5) } else { 0.0 };
            let top = y + place as f64 * (BAR + 2.0);
            let fill = FILLS[place % FILLS.len()];
            push(
                &mut svg,
                format_args!(
                    "<rect x=\"{LABEL}\" y=\"{top:.1}\" width=\"{length:.1}\" \
                     height=\"{BAR}\" fill=\"{fill}\"/>"
                ),
            );
            push(
                &mut svg,
                format_args!(
                    "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                    LABEL + length + 6.0,
                    top + 12.5,
                    escaped(told)
                ),
            );
        }
        y += tall(row);
    }
    svg.push_str("</svg>\n");
    svg
}

/// A page that needs nothing but itself: styles inside, no script, prints well.
pub fn page(lang: &str, title: &str, body: &str) -> String {
    let style = "body{font:16px/1.5 'Atkinson Hyperlegible',system-ui,sans-serif;max-width:54rem;\
                 margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}\
                 h1{font-size:1.7rem;line-height:1.2}h2{margin-top:2.2rem;font-size:1.25rem}\
                 table{border-collapse:collapse;width:100%;margin:1rem 0}\
                 caption{position:absolute;width:1px;height:1px;overflow:hidden;\
                 clip-path:inset(50%)}\
                 th,td{padding:.35rem .6rem;border-bottom:1px solid #bbb;text-align:left;\
                 vertical-align:top}\
                 td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
                 svg{width:100%;height:auto;font-size:13px}\
                 .note{border-left:4px solid #c77f1b;padding:.2rem 1rem;background:#fdf6ea}\
                 @media print{body{margin:0;max-width:none}section{break-inside:avoid}}";
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n"
    )
}

/// A table: the first column says what a line is, the others are figures.
pub fn table(caption: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = format!("<table>\n<caption>{}</caption>\n<thead><tr>", escaped(caption));
    for (place, name) in head.iter().enumerate() {
        let class = if place == 0 { "" } else { " class=\"n\"" };
        push(&mut html, format_args!("<th scope=\"col\"{class}>{}</th>", escaped(name)));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let cell = escaped(cell);
            match place {
                0 => push(&mut html, format_args!("<th scope=\"row\">{cell}</th>")),
                _ => push(&mut html, format_args!("<td class=\"n\">{cell}</td>")),
            }
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n");
    html
}

/// The same table for a terminal: columns as wide as what stands in them, figures to the right.
pub fn columns(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |place: usize| {
        let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count());
        cells.chain([head[place].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (place, (cell, width)) in cells.zip(&widths).enumerate() {
            match place {
                0 => push(&mut line, format_args!("{cell:<width$}")),
                _ => push(&mut line, format_args!("  {cell:>width$}")),
            }
        }
        line.trim_end().to_owned() + "\n"
    };
    let mut text = line(&mut head.iter().copied());
    text.push_str(&"─".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1)));
    text.push('\n');
    for row in rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

/// Text as it may stand in HTML and SVG.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A whole number with its thousands apart, as the language writes them.
pub fn number(n: f64, decimals: usize, lang: entremise_core::deadline::Lang) -> String {
    use entremise_core::deadline::Lang;
    let (thousands, point) = match lang {
        Lang::Fr => ("\u{202f}", ","),
        Lang::En => (",", "."),
    };
    let plain = format!("{:.decimals$}", n.abs());
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push_str(thousands);
        }
        grouped.push(digit);
    }
    let sign = if n < 0.0 && plain.chars().any(|digit| digit.is_ascii_digit() && digit != '0') {
        "\u{2212}"
    } else {
        ""
    };
    match rest {
        "" => format!("{sign}{grouped}"),
        rest => format!("{sign}{grouped}{point}{rest}"),
    }
}

fn push(to: &mut String, what: std::fmt::Arguments<'_>) {
    to.write_fmt(what).expect("writing to a String does not fail");
}
