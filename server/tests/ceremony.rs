//! The whole ceremony, as persons would go through it at the screen: make, split, lose, recover.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

struct Screen {
    child: Child,
    keyboard: Option<ChildStdin>,
    screen: BufReader<ChildStdout>,
}

impl Screen {
    fn of(config: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_entremise"))
            .arg("keys")
            .args(arguments)
            .arg("--config")
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let keyboard = child.stdin.take();
        let screen = BufReader::new(child.stdout.take().unwrap());
        Self { child, keyboard, screen }
    }

    /// Reads on until a line holds the words; yields all lines read.
    fn until(&mut self, words: &str) -> Vec<String> {
        let mut read = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.screen.read_line(&mut line).unwrap(), 0, "no {words:?}: {read:#?}");
            read.push(line.trim_end().to_owned());
            if line.contains(words) {
                return read;
            }
        }
    }

    fn types(&mut self, text: &str) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(text.as_bytes()).unwrap();
        keyboard.write_all(b"\n").unwrap();
        keyboard.flush().unwrap();
    }

    /// Waits for the end; yields whether all was fine, what was shown last, and what was logged.
    fn ends(mut self) -> (bool, String, String) {
        drop(self.keyboard.take());
        let (mut shown, mut logged) = (String::new(), String::new());
        std::io::Read::read_to_string(&mut self.screen, &mut shown).unwrap();
        std::io::Read::read_to_string(self.child.stderr.as_mut().unwrap(), &mut logged).unwrap();
        (self.child.wait().unwrap().success(), shown, logged)
    }
}

/// Splits, with each holder typing the share back; yields the shares as they stand on paper.
fn split(config: &Path) -> Vec<String> {
    let mut screen = Screen::of(
        config,
        &["split", "--compartment", "identity", "--shares", "5", "--threshold", "3"],
    );
    let mut shares = Vec::new();
    for number in 1..=5 {
        screen.until(&format!("Share {number}: its holder comes"));
        screen.types("");
        let shown = screen.until("Write down this heading");
        let groups: Vec<String> = shown
            .iter()
            .filter(|line| line.split(' ').count() == 6 && line.len() == 35)
            .cloned()
            .collect();
        assert_eq!(groups.len(), 3, "{shown:#?}");
        let share = groups.join("\n");
        screen.types("");
        screen.until("Type the share");
        if number == 2 {
            // A letter of the ninth group is written wrong at first.
            screen.types(&(mistyped(&share, 8) + "\n"));
            let said = screen.until("Not taken");
            assert!(said.last().unwrap().contains("group 9 is mistyped"), "{said:?}");
            screen.until("Type the share");
        }
        screen.types(&(share.clone() + "\n"));
        screen.until(&format!("Share {number} is written down rightly"));
        shares.push(share);
    }
    let (fine, _, logged) = screen.ends();
    assert!(fine);
    for share in &shares {
        assert!(share.split_whitespace().all(|group| !logged.contains(group)), "nothing is logged");
    }
    shares
}

fn mistyped(share: &str, group: usize) -> String {
    let mut groups: Vec<String> = share.split_whitespace().map(str::to_owned).collect();
    let wrong = if groups[group].starts_with('2') { "3" } else { "2" };
    groups[group].replace_range(0..1, wrong);
    groups.join(" ")
}

#[test]
fn a_key_is_made_split_lost_and_recovered_by_any_three_of_five() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("entremise.toml");
    let text = "data = \"data\"\n[keys]\nfrom = \"files\"\nfolder = \"keys\"\n";
    std::fs::write(&config, text).unwrap();
    let key = folder.path().join("keys/identity.key");
    let (fine, shown, _) = Screen::of(&config, &["show"]).ends();
    assert!(!fine && shown.contains("no key"));
    let (fine, shown, _) = Screen::of(&config, &["make"]).ends();
    assert!(fine && shown.contains("Next: split each of them"));
    let made = std::fs::read(&key).unwrap();
    let shares = split(&config);

    for three in [[0, 1, 2], [4, 2, 0], [1, 3, 4]] {
        std::fs::remove_file(&key).unwrap();
        // Two are not enough.
        let mut screen = Screen::of(&config, &["recover"]);
        for share in &three[..2] {
            screen.types(&(shares[*share].clone() + "\n"));
        }
        let (fine, _, said) = screen.ends();
        assert!(!fine && said.contains("2 of 3 shares were given"), "{said}");
        assert!(!key.exists());
        // A mistyped share is named, and asked for again.
        let mut screen = Screen::of(&config, &["recover"]);
        screen.types(&(mistyped(&shares[three[0]], 0) + "\n"));
        let said = screen.until("Not taken");
        assert!(said.last().unwrap().contains("group 1 is mistyped"));
        for share in three {
            screen.types(&(shares[share].to_lowercase() + "\n"));
        }
        let (fine, shown, _) = screen.ends();
        assert!(fine && shown.contains("is recovered"), "{shown}");
        assert_eq!(std::fs::read(&key).unwrap(), made);
    }
}

#[test]
fn a_recovered_key_is_not_written_over_another_one() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("entremise.toml");
    std::fs::write(&config, "data = \"data\"\n[keys]\nfrom = \"files\"\nfolder = \"keys\"\n")
        .unwrap();
    assert!(Screen::of(&config, &["make"]).ends().0);
    let shares = split(&config);
    let key = folder.path().join("keys/identity.key");
    std::fs::write(&key, [9; 32]).unwrap();
    let mut screen = Screen::of(&config, &["recover"]);
    for share in &shares[..3] {
        screen.types(&(share.clone() + "\n"));
    }
    let (fine, _, said) = screen.ends();
    assert!(!fine && said.contains("another key"), "{said}");
    assert_eq!(std::fs::read(&key).unwrap(), [9; 32]);
}

#[test]
fn no_core_file_can_be_made_of_a_process_that_holds_keys() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("entremise.toml");
    std::fs::write(&config, "data = \"data\"\n[keys]\nfrom = \"files\"\nfolder = \"keys\"\n")
        .unwrap();
    assert!(Screen::of(&config, &["make"]).ends().0);
    let split = ["split", "--compartment", "identity", "--shares", "2", "--threshold", "2"];
    let mut screen = Screen::of(&config, &split);
    // The keys are read; the first holder is waited for.
    screen.until("Share 1: its holder comes");
    let limits = format!("/proc/{}/limits", screen.child.id());
    let limits = std::fs::read_to_string(limits).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let numbers: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(numbers, ["0", "0"], "{core}");
    screen.child.kill().unwrap();
    screen.child.wait().unwrap();
}
