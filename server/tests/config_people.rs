//! Who may not come in, by the configuration alone: two desks for one person, two ways for one
//! person, no way at all.

use crate::api_house;
use entremise_server::config::Config;

const SIGN_IN: &str = "\n[authority.pages.sign_in]\nissuer = \"https://identite.example\"\n\
                       name = \"SPECIMEN\"\nclient_id = \"entremise\"\nclient_secret = \"secret\"\n\
                       origin = \"https://bureau.autorite.example\"\nacr = [\"eidas2\"]\n";

/// The configuration with these people, and with what else.
fn read(people: &[&str], with: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    api_house::config(folder.path());
    let path = folder.path().join("entremise.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    // A table of its own, so that others can stand beneath it.
    let pages = text.lines().find(|line| line.starts_with("pages = {")).unwrap().to_owned();
    let inner = pages.trim_start_matches("pages = {").trim_end_matches('}').replace(", ", "\n");
    let text = text.replace(&pages, "").replace(
        "[authority.mail]",
        &format!("[authority.pages]\n{inner}\n{with}\n[authority.mail]"),
    );
    let officers = people.iter().map(|person| format!("\n[[authority.officer]]\n{person}\n"));
    std::fs::write(&path, text + &officers.collect::<String>()).unwrap();
    Config::read(&path).map(|_| ()).map_err(|error| error.to_string())
}

fn secret(id: &str) -> String {
    format!("id = \"{id}\"\nsecret_sha256 = \"{}\"", "0".repeat(64))
}

fn refused(people: &[&str], with: &str, why: &str) {
    let said = read(people, with).expect_err("it is refused");
    assert!(said.contains(why), "{said}");
}

#[test]
fn a_person_with_a_subject_has_no_secret_beside_it() {
    let subject = "id = \"membre-1\"\nrole = \"member\"\nsubject = \"sub-1\"";
    read(&[subject], SIGN_IN).unwrap();
    let both = format!("{}\nsubject = \"sub-1\"", secret("membre-1"));
    refused(&[&both], SIGN_IN, "no weaker way");
    let both = format!("{}\npasskey = true", secret("membre-1"));
    refused(&[&both], "office_origin = \"https://b.example\"", "no weaker way");
    refused(&["id = \"a\"\npasskey = true"], "", "to what it is bound");
    read(&["id = \"a\"\npasskey = true"], "office_origin = \"https://b.example\"").unwrap();
    let bound = format!("office_origin = \"https://b.example\"{SIGN_IN}");
    let signing = format!("{subject}\nsigning_passkey = true");
    read(&[&signing], &bound).unwrap();
    refused(&[&signing], SIGN_IN, "to what it is bound");
    let officer = signing.replace("role = \"member\"\n", "");
    refused(&[&officer], &bound, "only a member decides on a finding");
    let with_secret = format!("{}\nrole = \"member\"\nsigning_passkey = true", secret("m"));
    refused(&[&with_secret], &bound, "no subject by which they come in");
    refused(&[subject], "", "nobody who could recognise it");
    refused(&["id = \"membre-1\""], SIGN_IN, "neither a subject, nor a passkey, nor a secret");
}

#[test]
fn nobody_sits_at_two_desks() {
    read(&[&secret("agent-7"), &secret("agent-8")], "").unwrap();
    refused(&[&secret("agent-7"), &secret("agent-7")], "", "is there twice");
    let parties = format!(
        "[authority.pages.parties]\nlisten = \"127.0.0.1:0\"\n[[authority.pages.parties.person]]\n\
         party = \"first\"\n{}\n",
        secret("agent-7")
    );
    refused(&[&secret("agent-7")], &parties, "of the house and of a sender");
    let same = ["id = \"a\"\nsubject = \"sub-1\"", "id = \"b\"\nsubject = \"sub-1\""];
    refused(&same, SIGN_IN, "the subject of somebody else");
}
