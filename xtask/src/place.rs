//! Where things are: the workspace, the build folder, what is fetched into it.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("this package lies in the workspace").to_owned()
}

/// The build folder, as cargo understands it.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// Programs and files that tests need and no package of the system holds.
pub fn parts() -> PathBuf {
    target().join("parts")
}

/// Peers' harnesses and inputs, where the checkout has them beside it.
pub fn harnesses() -> PathBuf {
    root().join("../shared/bench")
}

/// A program on the search path, or in one of the folders that the path of a person lacks.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(system_folders())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Where servers lie: not on everyone's path.
pub fn system_folders() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")];
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    versions.sort();
    // The newest PostgreSQL is found first.
    folders.extend(versions.into_iter().rev());
    folders
}
