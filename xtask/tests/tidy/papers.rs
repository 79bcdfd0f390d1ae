//! Links in the documents lead somewhere, and no file tells on the machine it was written on.

use super::nothing_in;
use super::source::{files, read, root};

/// Targets of Markdown links in a text; code is not text.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        // Every second piece between back-quotes is code.
        for prose in line.split('`').step_by(2) {
            for (at, _) in prose.match_indices("](") {
                let target = prose[at + 2..].split([')', ' ']).next().unwrap_or("");
                found.push(target.to_owned());
            }
        }
    }
    found
}

fn is_relative(link: &str) -> bool {
    !link.is_empty()
        && !link.starts_with('#')
        && !link.contains("://")
        && !link.starts_with("mailto:")
}

fn broken_links(path: &str, text: &str) -> Vec<String> {
    let full = root().join(path);
    let folder = full.parent().expect("a file lies in a folder");
    let relative = links(text).into_iter().filter(|link| is_relative(link));
    relative
        .filter(|link| !folder.join(link.split('#').next().unwrap_or(link)).exists())
        .map(|link| format!("{path}: {link}"))
        .collect()
}

/// Folders of the machines on which this is written. Put together here, so as not to name them.
fn machine_paths() -> [String; 4] {
    ["work", "tmp", "root", "home/"].map(|folder| {
        let folder = folder.trim_end_matches('/');
        format!("/{folder}/")
    })
}

/// Places in a text that name a folder of the machine; an address on the web may contain anything.
fn tells_on_the_machine(path: &str, text: &str) -> Vec<String> {
    let names = machine_paths();
    let tells = |line: &str| {
        names.iter().any(|name| {
            line.match_indices(name.as_str()).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                before.is_none_or(|before| !before.is_alphanumeric() && !"./-_}".contains(before))
            })
        })
    };
    let lines = text.lines().enumerate().filter(|(_, line)| tells(line));
    lines.map(|(at, line)| format!("{path}:{}: {}", at + 1, line.trim())).collect()
}

#[test]
fn every_relative_link_in_the_documents_resolves() {
    let papers = files(".md").into_iter();
    let findings = papers.flat_map(|path| broken_links(&path, &read(&path)));
    nothing_in(&findings.collect::<Vec<_>>(), "Say where it is now.");
}

#[test]
fn no_file_names_a_folder_of_the_machine_it_was_written_on() {
    let findings = files("").into_iter().flat_map(|path| tells_on_the_machine(&path, &read(&path)));
    nothing_in(&findings.collect::<Vec<_>>(), "Name it relative to this repository.");
}

#[test]
fn what_breaks_the_papers_is_seen() {
    let text = "[a](nowhere.md) `[b](code.md)` [c](https://example.org) [d](#part)\n\
                ```\n[e](code.md)\n```\n[f](Cargo.toml#x)";
    assert_eq!(broken_links("README.md", text), ["README.md: nowhere.md"]);
    let [work, tmp, ..] = machine_paths();
    let text = format!("see {work}main\n/var{tmp}x\nhttps://example.org{work}x\n");
    assert_eq!(tells_on_the_machine("a", &text).len(), 1);
}
