//! Files that the checkpoint does not need: older partial tiles, and what reaches beyond it.
//!
//! A partial tile that was published once was promised by the checkpoint of its day: it must still
//! be the beginning of what stands in its place now.

use super::report::{Findings, Harm, LedgerReport};
use crate::name::TileName;
use crate::place::{Fetch, FetchError, beginning};
use crate::{CHECKPOINT, PAGE, TIMESTAMPS, VKEY};

/// Checks every file that the walk did not read. Does nothing where files cannot be listed.
pub fn check(
    fetch: &dyn Fetch,
    size: u64,
    findings: &mut Findings,
    report: &mut LedgerReport,
) -> Result<(), FetchError> {
    let Some(files) = fetch.list()? else {
        return Ok(());
    };
    let (mut outgrown, mut ahead, mut strange) = (0, 0, 0);
    for file in files {
        let hidden = file.rsplit('/').next().is_some_and(|name| name.starts_with('.'));
        let of_the_page = PAGE.iter().any(|(name, _)| *name == file);
        let stamp = file.split('/').next() == Some(TIMESTAMPS);
        if hidden || of_the_page || stamp || file == CHECKPOINT || file == VKEY {
            continue;
        }
        let Some(name) = TileName::from_path(&file) else {
            strange += 1;
            continue;
        };
        let needed = name.width_in(size);
        if name.width == needed {
            continue;
        }
        if name.width > needed {
            ahead += 1;
            continue;
        }
        outgrown += 1;
        let now = TileName { width: needed, ..name };
        if findings.names(&now.path()) {
            // It disagrees because the other one was changed, which is said already.
            continue;
        }
        let bytes = fetch.read(&file)?.unwrap_or_default();
        let whole = match fetch.read(&now.path())? {
            Some(whole) => whole,
            None => fetch.read(&now.full().path())?.unwrap_or_default(),
        };
        if beginning(name, &whole) != bytes {
            let words = format!("a byte of it was changed: {} begins otherwise", now.path());
            findings.add(Harm::ChangedByte, &file, None, words);
        }
    }
    let mut say = |name, count, words: &str| {
        if count > 0 {
            report.check(name, count, words.to_owned());
        }
    };
    say("outgrown", outgrown, "older partial tiles that agree with what grew from them");
    say("ahead", ahead, "files beyond the checkpoint: not signed yet, not checked");
    say("strange", strange, "files that belong to no ledger: not checked");
    Ok(())
}
