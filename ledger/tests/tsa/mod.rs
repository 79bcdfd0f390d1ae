//! A time-stamping authority: Debian's openssl, with a root and a certificate made for this run.

use std::path::{Path, PathBuf};
use std::process::Command;

use entremise_ledger::audit::command::certificates;
use entremise_ledger::audit::timestamp;
use jiff::Timestamp;

const CONFIGURATION: &str = "
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[stamps]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[mails]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = timeStamping, emailProtection
[tsa]
serial = ./serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
clock_precision_digits = 3
accuracy = secs:1
";

pub struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    /// `None` where openssl is not installed.
    pub fn start() -> Option<Self> {
        Self::with(&["rsa:2048"], "stamps")
    }

    /// With a key of this sort, and a certificate with these extensions.
    pub fn with(key: &[&str], extensions: &str) -> Option<Self> {
        let here = Command::new("openssl").arg("version").output();
        if !here.is_ok_and(|output| output.status.success()) {
            let required = std::env::var_os("ENTREMISE_REQUIRE_PARTS").is_some();
            assert!(!required, "openssl is not here");
            println!("skipped: openssl is not installed here");
            return None;
        }
        let authority = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(authority.folder.path().join("openssl.cnf"), CONFIGURATION).unwrap();
        std::fs::write(authority.folder.path().join("serial"), "01\n").unwrap();
        let root = "/CN=Racine SPECIMEN";
        authority.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "root.key",
            "-out",
            "root.pem",
            "-subj",
            root,
            "-days",
            "30",
            "-extensions",
            "root",
            "-config",
            "openssl.cnf",
        ]);
        let subject = "/CN=Horodatage SPECIMEN";
        let mut request = vec!["req", "-new", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr"];
        request.extend(["-subj", subject, "-config", "openssl.cnf", "-newkey"]);
        request.extend(key);
        authority.openssl(&request);
        authority.openssl(&[
            "x509",
            "-req",
            "-in",
            "tsa.csr",
            "-CA",
            "root.pem",
            "-CAkey",
            "root.key",
            "-CAcreateserial",
            "-out",
            "tsa.pem",
            "-days",
            "30",
            "-extfile",
            "openssl.cnf",
            "-extensions",
            extensions,
        ]);
        Some(authority)
    }

    fn openssl(&self, arguments: &[&str]) {
        let output =
            Command::new("openssl").args(arguments).current_dir(self.folder.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The root's certificate, DER.
    pub fn root(&self) -> Vec<u8> {
        certificates(&std::fs::read_to_string(self.path("root.pem")).unwrap()).remove(0)
    }

    /// The clock that openssl will stamp with.
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Answers a request as the authority.
    pub fn reply(&self, request: &[u8]) -> Vec<u8> {
        std::fs::write(self.path("request.tsq"), request).unwrap();
        self.openssl(&[
            "ts",
            "-reply",
            "-queryfile",
            "request.tsq",
            "-signer",
            "tsa.pem",
            "-inkey",
            "tsa.key",
            "-config",
            "openssl.cnf",
            "-section",
            "tsa",
            "-out",
            "answer.tsr",
        ]);
        std::fs::read(self.path("answer.tsr")).unwrap()
    }

    /// Has the checkpoint in a folder stamped, as the publisher does.
    pub fn stamp(&self, folder: &Path, now: Timestamp) {
        let checkpoint = entremise_ledger::timestamp::due(folder, now).unwrap().unwrap();
        let nonce = [1, 2, 3, 4, 5, 6, 7, 8];
        let answer = self.reply(&timestamp::request(&checkpoint, nonce));
        timestamp::check(&answer, &checkpoint, Some(nonce), &[self.root()]).unwrap();
        entremise_ledger::timestamp::keep(folder, &checkpoint, &answer).unwrap();
    }
}
