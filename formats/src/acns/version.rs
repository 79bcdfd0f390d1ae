//! Which version of ACNS a notice speaks: what it declares, else what its namespace tells.
//!
//! The namespace moved from `www.movielabs.com` to `www.acns.net` with 1.2; before 1.0 there was
//! none, and the schema's location is all there is.

use entremise_core::rejection::{Code, Rejection};

use super::document::Document;

const KNOWN: [&str; 5] = ["0.6", "0.7", "1.0", "1.1", "1.2"];

/// The version. `gap` is what stands before the notice: an envelope declares the namespace there.
pub(super) fn recognise(document: &Document, gap: &str) -> Result<&'static str, Rejection> {
    if let Some(declared) = &document.schema_version {
        return KNOWN.into_iter().find(|known| known == declared).ok_or_else(|| {
            let shown: String =
                declared.chars().filter(|c| c.is_ascii_digit() || *c == '.').take(12).collect();
            let how = format!("ACNS {shown} is not read here; send ACNS 0.6 to 1.2");
            Rejection::new(Code::VersionUnsupported, "/Infringement/@schemaVersion", how)
        });
    }
    let attributes = document.root_attributes.as_str();
    let namespace = namespaces(attributes).or_else(|| namespaces(tail(gap)));
    match namespace {
        Some(Namespace::AcnsNet) => Ok("1.2"),
        Some(Namespace::Movielabs) if names_version(attributes, "1", "0") => Ok("1.0"),
        Some(Namespace::Movielabs) => Ok("1.1"),
        None if names_version(attributes, "0", "7") => Ok("0.7"),
        None if attributes.contains("xmlns=") => Err(Rejection::new(
            Code::VersionUnsupported,
            "/Infringement/@xmlns",
            "the namespace is none of ACNS; send ACNS 0.6 to 1.2",
        )),
        None => Ok("0.6"),
    }
}

enum Namespace {
    AcnsNet,
    Movielabs,
}

fn namespaces(text: &str) -> Option<Namespace> {
    let has =
        |name: &str| text.contains(&format!("{name}\"")) || text.contains(&format!("{name}'"));
    if has("acns.net/ACNS") {
        return Some(Namespace::AcnsNet);
    }
    has("movielabs.com/ACNS").then_some(Namespace::Movielabs)
}

/// `v1.0`, `v1_0`, `-0.7`: the version as schema locations write it.
fn names_version(attributes: &str, major: &str, minor: &str) -> bool {
    ["v", "-"].iter().any(|mark| {
        attributes.contains(&format!("{mark}{major}.{minor}"))
            || attributes.contains(&format!("{mark}{major}_{minor}"))
    })
}

fn tail(gap: &str) -> &str {
    let mut from = gap.len().saturating_sub(4096);
    while !gap.is_char_boundary(from) {
        from += 1;
    }
    &gap[from..]
}
