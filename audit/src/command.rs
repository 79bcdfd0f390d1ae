//! The commands `verify`, `receipt` and `text`, the same in the standalone program and in
//! `entremise`.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;

use crate::{Options, Place, PublicKey, Receipt, WitnessKey, Witnesses, read_signed, verify};

/// Whatever keeps a command from giving an answer.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Whom the caller trusts.
#[derive(Args, Debug, Default)]
pub struct Trust {
    /// The public key you trust (a vkey), or a file that holds it. Without it `verify` uses the key
    /// found beside the ledger, and says so.
    #[arg(long)]
    pub key: Vec<String>,
    /// The public key of a witness, or a file that holds it.
    #[arg(long)]
    pub witness: Vec<String>,
    /// How many of the witnesses must have cosigned; all of them unless said.
    #[arg(long, requires = "witness")]
    pub quorum: Option<usize>,
    /// The certificate (PEM) of a time-stamping authority's root.
    #[arg(long)]
    pub timestamp_ca: Vec<PathBuf>,
}

/// Check a published ledger from its files alone: signatures, every hash, every entry.
#[derive(Args, Debug)]
pub struct Verify {
    /// A folder or an http(s) address; of one authority, or of several.
    pub place: String,
    #[command(flatten)]
    pub trust: Trust,
    /// A checkpoint you kept from before: the ledger must continue it.
    #[arg(long)]
    pub since: Option<PathBuf>,
    /// An older copy of the ledger: says what became of the first entry that differs.
    #[arg(long)]
    pub against: Option<String>,
    #[arg(long)]
    pub json: bool,
}

/// Check a receipt, offline, and say in a sentence what it proves.
#[derive(Args, Debug)]
pub struct CheckReceipt {
    /// The receipt (.tlog-proof).
    pub file: PathBuf,
    #[command(flatten)]
    pub trust: Trust,
    #[arg(long)]
    pub json: bool,
}

impl Trust {
    fn keys(&self) -> Result<Vec<PublicKey>, Trouble> {
        self.key
            .iter()
            .map(|key| {
                let text = text_or_file(key);
                PublicKey::parse(&text).map_err(|why| format!("{key:?}: {why}").into())
            })
            .collect()
    }

    fn witnesses(&self) -> Result<Witnesses, Trouble> {
        let keys = self
            .witness
            .iter()
            .map(|key| {
                let text = text_or_file(key);
                WitnessKey::parse(&text).map_err(|why| format!("{key:?}: {why}").into())
            })
            .collect::<Result<Vec<_>, Trouble>>()?;
        let quorum = self.quorum.unwrap_or(keys.len());
        if quorum > keys.len() {
            return Err(format!("{quorum} of {} witnesses cannot cosign", keys.len()).into());
        }
        Ok(Witnesses { keys, quorum })
    }

    fn timestamp_roots(&self) -> Result<Vec<Vec<u8>>, Trouble> {
        let mut roots = Vec::new();
        for path in &self.timestamp_ca {
            let found = certificates(&read(path)?);
            if found.is_empty() {
                return Err(format!("{} holds no certificate in PEM", path.display()).into());
            }
            roots.extend(found);
        }
        Ok(roots)
    }
}

impl Verify {
    /// Prints the report. True when nothing was found.
    ///
    /// # Errors
    /// When there is nothing to verify, or an argument cannot be used.
    pub fn run(self) -> Result<bool, Trouble> {
        let options = Options {
            keys: self.trust.keys()?,
            since: self.since.as_deref().map(read_bytes).transpose()?,
            witnesses: self.trust.witnesses()?,
            timestamp_roots: self.trust.timestamp_roots()?,
            against: self.against.as_deref().map(Place::parse).transpose()?,
            progress: None,
        };
        let report = verify(&Place::parse(&self.place)?, options)?;
        if self.json {
            println!("{}", report.to_json());
        } else {
            print!("{report}");
        }
        Ok(report.is_sound())
    }
}

impl CheckReceipt {
    /// Prints what the receipt proves, or why it proves nothing. True when it does.
    ///
    /// # Errors
    /// When an argument cannot be used.
    pub fn run(self) -> Result<bool, Trouble> {
        let (keys, witnesses) = (self.trust.keys()?, self.trust.witnesses()?);
        let roots = self.trust.timestamp_roots()?;
        let text = read(&self.file)?;
        let proven =
            Receipt::parse(&text).and_then(|receipt| receipt.check(&keys, &witnesses, &roots));
        match (&proven, self.json) {
            (Ok(proven), true) => println!("{}", serde_json::to_string(proven)?),
            (Ok(proven), false) => print!("{proven}"),
            (Err(harm), _) => println!("This receipt proves nothing: {harm}."),
        }
        Ok(proven.is_ok())
    }
}

/// Check a text that an authority signed, such as an order that is carried out by hand.
#[derive(Args, Debug)]
pub struct CheckText {
    /// The file, with or without an answer below the signature.
    pub file: PathBuf,
    /// The authority's public key (a vkey) as you know it, or a file that holds it.
    #[arg(long, required = true)]
    pub key: Vec<String>,
}

impl CheckText {
    /// Prints what was signed, or why nobody has to believe it. True when it is signed.
    ///
    /// # Errors
    /// When an argument cannot be used.
    pub fn run(self) -> Result<bool, Trouble> {
        let keys = Trust { key: self.key, ..Trust::default() }.keys()?;
        let signed = read_signed(&read(&self.file)?, &keys);
        match &signed {
            Ok(signed) => println!("{}\nSigned with {}.", signed.text, signed.signed_by),
            Err(harm) => println!("Nobody has to believe this text: {harm}."),
        }
        Ok(signed.is_ok())
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Trouble> {
    std::fs::read(path).map_err(|trouble| format!("{}: {trouble}", path.display()).into())
}

fn read(path: &Path) -> Result<String, Trouble> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|_| format!("{}: it is not text", path.display()).into())
}

fn text_or_file(given: &str) -> String {
    std::fs::read_to_string(given).unwrap_or_else(|_| given.to_owned()).trim().to_owned()
}

/// The certificates in a PEM text, as DER.
pub fn certificates(pem: &str) -> Vec<Vec<u8>> {
    let blocks = pem.split("-----BEGIN CERTIFICATE-----").skip(1);
    let bodies = blocks.filter_map(|block| block.split("-----END CERTIFICATE-----").next());
    bodies
        .filter_map(|body| BASE64_STANDARD.decode(body.split_whitespace().collect::<String>()).ok())
        .collect()
}
