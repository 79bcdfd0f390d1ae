//! The two languages of the pages: one catalogue file each, and the words for dates and lengths.
//!
//! Knows no case and no page. `tests/web_words.rs` checks that both catalogues have the same keys
//! and that every key a template or a source file asks for exists.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use entremise_core::deadline::{Lang, Zone, date_words};
use jiff::Timestamp;
use jiff::civil::Date;

/// Every text of the pages in one language, by dotted key.
pub type Catalogue = BTreeMap<String, String>;

static FR: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../assets/words.fr.toml")));
static EN: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../assets/words.en.toml")));

/// The catalogue of a language.
pub fn catalogue(lang: Lang) -> &'static Catalogue {
    match lang {
        Lang::Fr => &FR,
        Lang::En => &EN,
    }
}

/// The text of a key. A key that is missing shows itself: the page stays up, the test does not.
pub fn text(lang: Lang, key: &str) -> &'static str {
    match catalogue(lang).get_key_value(key) {
        Some((_, text)) => text,
        None => missing(key),
    }
}

/// The text of `prefix.name`, or `None` where the catalogue has no words for that name: names of
/// stages come from regimes, and a regime may know stages that no page has met.
pub fn known(lang: Lang, prefix: &str, name: &str) -> Option<&'static str> {
    catalogue(lang).get(&format!("{prefix}.{name}")).map(String::as_str)
}

/// A text with its places filled: `{name}` becomes the value.
pub fn filled(lang: Lang, key: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = text(lang, key);
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        let value = values.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
        filled.push_str(value.unwrap_or(name));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// `1 204` with the narrow no-break space of French, `1,204` in English.
pub fn number(lang: Lang, count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(match lang {
                Lang::Fr => '\u{202f}',
                Lang::En => ',',
            });
        }
        text.push(digit);
    }
    text
}

/// `lun. 23`: beside six others of the same week.
pub fn short_day(lang: Lang, day: Date) -> String {
    const FR: [&str; 7] = ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."];
    const EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let place = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default();
    let name = match lang {
        Lang::Fr => FR[place],
        Lang::En => EN[place],
    };
    format!("{name}\u{a0}{}", day.day())
}

/// `lundi 23 novembre 2026`.
pub fn day(lang: Lang, day: Date) -> String {
    const FR: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
    const EN: [&str; 7] =
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let place = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default();
    let name = match lang {
        Lang::Fr => FR[place],
        Lang::En => EN[place],
    };
    format!("{name} {}", date_words(day, lang).replacen(' ', "\u{a0}", 1))
}

/// `23 novembre 2026 à 9 h 05`, in the time zone of the rules.
pub fn instant(lang: Lang, at: Timestamp, zone: &Zone) -> String {
    let local = zone.local(at);
    let day = date_words(local.date(), lang).replacen(' ', "\u{a0}", 1);
    let (hour, minute) = (local.hour(), local.minute());
    match lang {
        Lang::Fr => format!("{day} à {hour}\u{a0}h\u{a0}{minute:02}"),
        Lang::En => format!("{day} at {hour:02}:{minute:02}"),
    }
}

fn missing(key: &str) -> &'static str {
    tracing::error!(key, "no text for this key");
    "⟨?⟩"
}

fn read(text: &str) -> Catalogue {
    let table: toml::Table = text.parse().expect("the catalogue is part of the build and tested");
    let mut catalogue = Catalogue::new();
    flatten("", &table, &mut catalogue);
    catalogue
}

fn flatten(prefix: &str, table: &toml::Table, into: &mut Catalogue) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::String(text) => {
                into.insert(key, text.clone());
            }
            toml::Value::Table(inner) => flatten(&key, inner, into),
            _ => {}
        }
    }
}
