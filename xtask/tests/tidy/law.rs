//! No value of the law without the text that it comes from and how surely that was read.

use super::nothing_in;
use super::source::{files, read};

/// Sureness: official text read, secondary source, from memory.
const SURE: [&str; 3] = ["H", "M", "L"];

/// Walks a regime and names every value that does not say where it comes from.
fn uncited(value: &toml::Value, at: &str, findings: &mut Vec<String>) {
    match value {
        toml::Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                uncited(value, &format!("{at}[{index}]"), findings);
            }
        }
        toml::Value::Table(table) => {
            if table.contains_key("value") || table.contains_key("from") {
                let text = |key: &str| table.get(key).and_then(toml::Value::as_str).unwrap_or("");
                if text("cite").trim().is_empty() {
                    findings.push(format!("{at}: no cite"));
                }
                if !SURE.contains(&text("sure")) {
                    findings.push(format!("{at}: sure is none of {}", SURE.join(", ")));
                }
            }
            for (key, value) in table {
                uncited(value, &format!("{at}.{key}"), findings);
            }
        }
        _ => {}
    }
}

fn uncited_in(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    match text.parse::<toml::Table>() {
        Ok(table) => uncited(&toml::Value::Table(table), path, &mut findings),
        Err(trouble) => findings.push(format!("{path}: {trouble}")),
    }
    findings
}

#[test]
fn every_value_of_a_regime_names_its_text_and_its_sureness() {
    let all = ["regime.toml", "duties.toml"].into_iter().flat_map(files);
    let regimes = all.filter(|path| path.starts_with("regimes/"));
    let findings = regimes.flat_map(|path| uncited_in(&path, &read(&path)));
    nothing_in(&findings.collect::<Vec<_>>(), "A value without a text is not law.");
}

#[test]
fn a_value_without_its_text_is_seen() {
    let text =
        "a = [{ value = 1, from = 2026-01-01, sure = \"H\" }]\nb = { value = 2, cite = \"x\" }";
    let seen = ["r.a[0]: no cite", "r.b: sure is none of H, M, L"];
    assert_eq!(uncited_in("r", text), seen);
}
