//! Shared by the stories about authorities: a provider's desk with two subscribers, an authority
//! that asks whatever it likes, and reviewers with keys of their own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entremise_connector::config::{AlarmConfig, Authority, RelayConfig};
use entremise_connector::desk::{Desk, Setup};
use entremise_connector::directory::Directory;
use entremise_connector::read::Format::RadiusDetail;
use entremise_connector::relay::MailSystem;
use entremise_core::authorisation::{LinkingAsked, Ruling, Signature, SignedStatement, Statement};
use entremise_core::id::{AuthorisationId, BatchId, Handle, QuestionId};
use entremise_core::identification::{
    Disclosure, DisclosureRequest, IdentityField, Outcome, Purpose, Question,
};
use entremise_wire::message::{DisclosureBatch, IdentificationBatch, RelayBatch, Relayed};
use entremise_wire::message::{RelayRequest, RelayedMessage};
use entremise_wire::sealing::OpeningKey;
use jiff::{Timestamp, ToSpan};
use ring::signature::{Ed25519KeyPair, KeyPair};
use uuid::Uuid;

use crate::told::{Provider, at, question, radius};

pub const NOW: &str = "2026-03-02T12:00:00Z";
pub const AUTHORITY: &str = "autorite";
pub const REGIME: &str = "fr-graduated-response";
const SUBSCRIBERS: &str = "account,name,postal_address,emails,telephones,line_address\n\
    alice,Camille SPECIMEN,1 RUE DE L'ESSAI|75000 PARIS,camille@mail.example,+33100000000,\n\
    bob,Dominique SPECIMEN,2 RUE DE L'ESSAI|75000 PARIS,,,\n";

/// A reviewer, by the seed of the key.
pub struct Reviewer {
    pub id: &'static str,
    key: Ed25519KeyPair,
}

impl Reviewer {
    pub fn new(id: &'static str, seed: u8) -> Self {
        Self { id, key: Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap() }
    }

    /// As a provider's engineer pins it.
    pub fn pinned(&self) -> String {
        let public = URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref());
        format!(
            "[[reviewer]]\nid = \"{}-key\"\nreviewer = \"{}\"\nbody = \"Organe (SPECIMEN)\"\n\
             kind = \"ed25519\"\npublic_key = \"{public}\"\n",
            self.id, self.id
        )
    }

    pub fn sign(&self, statement: Statement) -> SignedStatement {
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(statement.text().as_bytes()));
        SignedStatement {
            key: format!("{}-key", self.id).parse().unwrap(),
            statement,
            signature: Signature::Ed25519 { signature },
        }
    }
}

/// What a reviewer would have to sign for this request.
pub fn statement(request: &DisclosureRequest, number: u128) -> Statement {
    let mut fields = request.fields.clone();
    fields.sort();
    Statement {
        request: AuthorisationId(Uuid::from_u128(number)),
        ruling: Ruling::Granted,
        reviewer: "r-dupont".parse().unwrap(),
        linking: LinkingAsked {
            authority: AUTHORITY.parse().unwrap(),
            regime: REGIME.parse().unwrap(),
            provider: "isp-1".parse().unwrap(),
            handle: request.handle.clone(),
            purpose: request.purpose,
            sequence: request.sequence,
            fields,
        },
        evidence: "a".repeat(64).parse().unwrap(),
        reasons: "b".repeat(64).parse().unwrap(),
        expires_at: at(NOW) + 24.hours(),
    }
}

/// A provider at work.
pub struct Isp {
    pub provider: Provider,
    pub vault: OpeningKey,
    pub now: Timestamp,
    authorities: Vec<Authority>,
    relay: Option<RelayConfig>,
    desk: Option<Desk>,
    next: u128,
}

impl Isp {
    /// With reviewers pinned as the text says; `more` stands in the authority's part.
    pub fn new(more: &str) -> Self {
        Self::with(vec![authority(AUTHORITY, more)], None)
    }

    pub fn with(authorities: Vec<Authority>, relay: Option<RelayConfig>) -> Self {
        let mut provider = Provider::new();
        std::fs::write(provider.directory.path().join("subscribers.csv"), SUBSCRIBERS).unwrap();
        let session = |account: &str, last: u8| {
            let line = format!("Framed-IP-Address = 192.0.2.{last}");
            radius("Start", account, account, "2026-03-01T10:00:00Z", &[&line])
        };
        provider.load(RadiusDetail, &(session("alice", 10) + &session("bob", 11)));
        let vault = OpeningKey::generate().unwrap();
        let now = at(NOW);
        let mut isp = Self { provider, vault, now, authorities, relay, desk: None, next: 1 };
        isp.restart();
        isp
    }

    /// Closes the desk and opens it again from what is on the disk.
    pub fn restart(&mut self) {
        self.close();
        self.desk = Some(self.open().unwrap());
    }

    pub fn close(&mut self) {
        self.desk = None;
    }

    pub fn open(&self) -> anyhow::Result<Desk> {
        let csv = self.provider.directory.path().join("subscribers.csv");
        let setup = Setup {
            index: self.provider.index_path(),
            network: self.provider.network.clone(),
            authorities: self.authorities.clone(),
            alarm: AlarmConfig::default(),
            subscribers: Directory::Csv(csv),
            mail: self.relay.as_ref().map(|relay| MailSystem::new(relay).unwrap()),
        };
        Desk::open(setup, self.provider.keys.clone())
    }

    pub fn desk(&self) -> &Desk {
        self.desk.as_ref().unwrap()
    }

    /// A number that was not used yet.
    pub fn number(&mut self) -> u128 {
        self.next += 1;
        self.next
    }

    /// The handle that an authority gets for the holder of 192.0.2.`last`.
    pub fn handle(&mut self, last: u8) -> Handle {
        self.handle_for(AUTHORITY, REGIME, last)
    }

    pub fn handle_for(&mut self, authority: &str, regime: &str, last: u8) -> Handle {
        let asked = Question {
            id: QuestionId(Uuid::from_u128(self.number())),
            ..question(&format!("192.0.2.{last}"), "2026-03-01T10:30:00Z")
        };
        let number = self.number();
        let batch = IdentificationBatch {
            batch: BatchId(Uuid::from_u128(number)),
            authority: authority.parse().unwrap(),
            regime: regime.parse().unwrap(),
            questions: vec![asked],
        };
        let digest = number.to_string();
        let answers = self.desk().identifications(&batch, &digest, self.now).unwrap().answers;
        let Outcome::Identified { handle, .. } = &answers[0].outcome else { panic!("{answers:?}") };
        handle.clone()
    }

    /// Names the holder once more, whatever comes of it.
    pub fn handle_or_refusal(&mut self, last: u8) {
        let number = self.number();
        let batch = IdentificationBatch {
            batch: BatchId(Uuid::from_u128(number)),
            authority: AUTHORITY.parse().unwrap(),
            regime: REGIME.parse().unwrap(),
            questions: vec![Question {
                id: QuestionId(Uuid::from_u128(self.number())),
                ..question(&format!("192.0.2.{last}"), "2026-03-01T10:30:00Z")
            }],
        };
        self.desk().identifications(&batch, &number.to_string(), self.now).unwrap();
    }

    /// A lawful first request; each has its own id.
    pub fn request(&mut self, handle: &Handle, sequence: u32) -> DisclosureRequest {
        DisclosureRequest {
            id: QuestionId(Uuid::from_u128(self.number())),
            handle: handle.clone(),
            purpose: Purpose::Warn,
            fields: vec![IdentityField::Name, IdentityField::Email],
            sequence,
            expires_at: self.now + 1.hour(),
            seal_to: self.vault.public(),
            authorisation: None,
        }
    }

    pub fn ask(&mut self, request: &DisclosureRequest) -> Disclosure {
        self.ask_as(AUTHORITY, REGIME, request)
    }

    pub fn ask_as(
        &mut self,
        authority: &str,
        regime: &str,
        request: &DisclosureRequest,
    ) -> Disclosure {
        let number = self.number();
        let batch = DisclosureBatch {
            batch: BatchId(Uuid::from_u128(number)),
            authority: authority.parse().unwrap(),
            regime: regime.parse().unwrap(),
            requests: vec![request.clone()],
        };
        let digest = number.to_string();
        self.desk().disclosures(&batch, &digest, self.now).unwrap().disclosures.remove(0)
    }

    /// What comes of a request in one word: `disclosed`, `handle_unknown`, or why not.
    pub fn outcome(&mut self, request: &DisclosureRequest) -> String {
        word(self.ask(request))
    }

    pub fn relay(&mut self, request: &RelayRequest) -> Relayed {
        let number = self.number();
        let batch = RelayBatch {
            batch: BatchId(Uuid::from_u128(number)),
            authority: AUTHORITY.parse().unwrap(),
            regime: REGIME.parse().unwrap(),
            relays: vec![request.clone()],
        };
        let digest = number.to_string();
        self.desk().relays(&batch, &digest, self.now).unwrap().relays.remove(0)
    }

    pub fn message(&mut self, handle: &Handle, sequence: u32) -> RelayRequest {
        RelayRequest {
            id: QuestionId(Uuid::from_u128(self.number())),
            handle: handle.clone(),
            purpose: Purpose::Warn,
            sequence,
            expires_at: self.now + 1.hour(),
            message: RelayedMessage {
                language: "fr".to_owned(),
                subject: "Recommandation de l’Autorité (SPECIMEN)".to_owned(),
                text: "Votre accès à Internet a servi… (SPECIMEN)".to_owned(),
                html: "<p>Votre accès à Internet a servi… (SPECIMEN)</p>".to_owned(),
            },
        }
    }

    /// Every byte that the connector keeps.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        std::fs::read_dir(self.provider.index_path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_file())
            .map(|entry| {
                let bytes = std::fs::read(entry.path()).unwrap();
                (entry.file_name().into_string().unwrap(), bytes)
            })
            .collect()
    }
}

/// An authority as the provider's engineer pinned it.
pub fn authority(id: &str, more: &str) -> Authority {
    let text = format!(
        "id = \"{id}\"\nregimes = [\"{REGIME}\", \"other-regime\"]\nkey_id = \"{id}-1\"\n\
         public_key = \"the desk is behind the door that checks it\"\nprovider = \"isp-1\"\n{more}"
    );
    toml::from_str(&text).unwrap()
}

pub fn word(disclosure: Disclosure) -> String {
    match disclosure {
        Disclosure::Disclosed { .. } => "disclosed".to_owned(),
        Disclosure::HandleUnknown { .. } => "handle_unknown".to_owned(),
        Disclosure::Refused { reason, .. } => reason,
    }
}
