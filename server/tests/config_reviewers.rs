//! Who may not be a reviewer, by the configuration alone: whoever asks, whoever runs the machines,
//! and whoever cannot be asked.

use crate::api_house;
use entremise_server::config::Config;

/// A reviewer as the operator would enter one, and what else stands with it.
fn read(with: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    api_house::config(folder.path());
    let path = folder.path().join("entremise.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let desk = "review = { listen = \"127.0.0.1:0\", origin = \"https://controle.example\" }";
    let pages = text.replace("security_contact =", &format!("{desk}, security_contact ="));
    let operators = "specimen = true\noperators = [\"exploitante-1\"]";
    let text = pages.replace("specimen = true", operators) + with;
    std::fs::write(&path, text).unwrap();
    Config::read(&path).map(|_| ()).map_err(|error| error.to_string())
}

fn reviewer(id: &str, more: &str) -> String {
    format!(
        "\n[[authority.reviewer]]\nid = \"{id}\"\nname = \"Personne (SPECIMEN)\"\n\
         body = \"Formation de contrôle (SPECIMEN)\"\n{more}"
    )
}

fn officer(id: &str) -> String {
    format!("\n[[authority.officer]]\nid = \"{id}\"\nsecret_sha256 = \"{}\"\n", "0".repeat(64))
}

#[test]
fn a_reviewer_who_is_nothing_else_is_taken() {
    assert_eq!(read(&(officer("membre-1") + &reviewer("magistrate-1", ""))), Ok(()));
}

#[test]
fn whoever_asks_or_runs_the_machines_or_cannot_be_asked_reviews_nothing() {
    let substitute = reviewer("magistrate-1", "substitutes = [\"nobody\"]\n");
    let short = "[[authority.reviewer.key]]\nid = \"cle-1\"\npublic_key = \"AAAA\"\n";
    for (with, why) in [
        (officer("membre-1") + &reviewer("membre-1", ""), "is also an officer"),
        (reviewer("exploitante-1", ""), "is also an operator"),
        (reviewer("magistrate-1", "") + &reviewer("magistrate-1", ""), "is there twice"),
        (substitute, "has a substitute who is no other reviewer"),
        (reviewer("magistrate-1", short), "has a key that is not 32 bytes"),
    ] {
        let said = read(&with).unwrap_err();
        assert!(said.contains(why) && said.contains("reviewer "), "{said}");
    }
}
