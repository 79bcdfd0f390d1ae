//! A whole house on a temporary folder, for the tests of its doors: one authority, one provider
//! that is never asked, two senders.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use entremise_server::config::Config;
use entremise_server::house::House;
use entremise_server::serve::{self, Clock};
use entremise_store::SystemEntropy;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};

pub const TOKEN: &str = "token-of-the-first-sender";
pub const OTHER_TOKEN: &str = "token-of-the-second-sender";

/// A clock that stands until it is set.
#[derive(Clone)]
pub struct Hand(Arc<AtomicI64>);

impl Hand {
    pub fn at(text: &str) -> Self {
        let at: Timestamp = text.parse().unwrap();
        Self(Arc::new(AtomicI64::new(at.as_microsecond())))
    }

    pub fn set(&self, at: Timestamp) {
        self.0.store(at.as_microsecond(), Ordering::Relaxed);
    }

    pub fn clock(&self) -> Clock {
        let hand = self.0.clone();
        Arc::new(move || Timestamp::from_microsecond(hand.load(Ordering::Relaxed)).unwrap())
    }
}

/// The configuration as an operator would write it.
pub fn config(folder: &Path) -> Config {
    // Rooms beside this one open the same house.
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/tests/delivery_keys");
    let sha256 = |text: &str| hex::encode(digest(&SHA256, text.as_bytes()));
    let (token, other) = (sha256(TOKEN), sha256(OTHER_TOKEN));
    let text = format!(
        r#"
data = "data"
[listen]
api = "127.0.0.1:0"
operator = "127.0.0.1:0"

[[authority]]
id = "autorite"
regime = "fr-graduated-response"
specimen = true
ledger_origin = "autorite.example/ledger"
name = {{ fr = "Autorité SPECIMEN", en = "SPECIMEN Authority" }}
contact = {{ postal = ["1 rue de l’Exemple", "75001 PARIS"], email = "contact@autorite.example", verify_address = "https://autorite.example/verifier", offers_address = "https://autorite.example/offres", signatory = "Le membre de l’Autorité" }}
pages = {{ public = "127.0.0.1:0", office = "127.0.0.1:0", origin = "https://autorite.example", security_contact = "mailto:securite@autorite.example" }}
post = {{ kind = "folder", folder = "post" }}

[authority.mail]
from = "ne-pas-repondre@autorite.example"
return_domain = "retours.autorite.example"
bounces = "bounces"
notices = "notices"
dkim_domain = "autorite.example"
dkim_rsa = {{ selector = "rsa", key = "{keys}/rsa.pem" }}
dkim_ed25519 = {{ selector = "ed", key = "{keys}/ed25519.pem" }}

[[authority.sender]]
id = "first"
name = "Premier saisissant SPECIMEN"
email = "notices@first.example"
kind = "rights_holder_body"
token_sha256 = "{token}"
folder = "senders/first"
mail_from = ["notices@first.example"]

[[authority.sender]]
id = "second"
name = "Second saisissant SPECIMEN"
email = "notices@second.example"
kind = "rights_holder_body"
token_sha256 = "{other}"
requests_per_second_max = 1

[[authority.provider]]
id = "isp"
name = "Opérateur SPECIMEN"
prefixes = ["198.51.100.0/24"]
answers = {{ by = "file", folder = "isp" }}
relay = {{ host = "127.0.0.1", port = 25, security = "plain" }}
"#
    );
    let path = folder.join("entremise.toml");
    std::fs::write(&path, text).unwrap();
    Config::read(&path).unwrap()
}

/// The house, with its doors closed.
pub fn house(folder: &Path, hand: &Hand) -> Arc<House> {
    let clock = hand.clock();
    let entropy = Arc::new(SystemEntropy::default());
    Arc::new(serve::open(&config(folder), &clock, entropy).unwrap())
}

/// A notice that the French rules of June 2026 accept.
pub fn notice(number: &str, ip: &str, at: &str) -> String {
    serde_json::json!({
        "sender_case_id": number,
        "observed_at": at,
        "source_ip": ip,
        "source_port": 51413,
        "transport": "tcp",
        "clock_source": "ntp",
        "clock_max_error_ms": 200,
        "protocol": "bittorrent",
        "provider_name": "Opérateur SPECIMEN",
        "title": "Un film SPECIMEN",
        "info_hash": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sworn_agent": "AGENT-001",
        "standing_declared": true,
        "mandate": "M-1",
    })
    .to_string()
}
