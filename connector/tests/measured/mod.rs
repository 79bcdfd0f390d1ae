//! Shared by the stories about measures: a provider with two persons who approve, an authority that
//! orders, and an access server that answers as the story wants.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use entremise_connector::desk::CallRefused;
use entremise_connector::measure::Measures;
use entremise_connector::measure::config::MeasuresConfig;
use entremise_connector::measure::notes::{Note, PersonKey, Verdict};
use entremise_connector::measure::state::Memory;
use entremise_core::id::{BatchId, Handle, OrderId};
use entremise_wire::measure::*;
use jiff::Timestamp;
use md5::{Digest, Md5};
use uuid::Uuid;

use crate::authorities::{AUTHORITY, Isp, REGIME};
use crate::told::at;

pub const START: &str = "2026-03-10T00:00:00Z";
pub const END: &str = "2026-04-10T00:00:00Z";
pub const SECRET: &str = "specimen-secret";

/// How the access server answers the next packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Acknowledge,
    /// It does, and the answer is lost.
    Lose,
    /// It does, behind a foreign packet, and says it twice.
    Stutter,
    Refuse(Option<u32>),
}

/// What it heard: the whole packet, its code, the account, the session and Filter-Id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub packet: Vec<u8>,
    pub code: u8,
    pub account: String,
    pub session: Option<String>,
    pub filter: Option<String>,
}

#[derive(Default)]
struct Shared {
    manners: VecDeque<Manner>,
    heard: Vec<Heard>,
}

/// A double of an access server. Only for faults; what it should be is tested on FreeRADIUS.
pub struct AccessServerDouble {
    pub address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for AccessServerDouble {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let local = UdpSocket::bind("127.0.0.1:0").unwrap();
        local.send_to(&[], self.address).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

impl AccessServerDouble {
    pub fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let over = Arc::new(AtomicBool::new(false));
        let (told, ended) = (Arc::clone(&shared), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let (length, from) = socket.recv_from(&mut bytes).unwrap();
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let request = &bytes[..length];
                let mut shared = told.lock().unwrap();
                shared.heard.push(heard(request));
                let manner = shared.manners.pop_front().unwrap_or(Manner::Acknowledge);
                drop(shared);
                for answer in answers(request, manner) {
                    socket.send_to(&answer, from).unwrap();
                }
            }
        });
        Self { address, shared, over, thread: Some(thread) }
    }

    /// How the next packets are answered; those behind them are acknowledged.
    pub fn will(&self, manners: &[Manner]) {
        self.shared.lock().unwrap().manners.extend(manners);
    }

    /// What came since the last time.
    pub fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.shared.lock().unwrap().heard)
    }
}

fn heard(packet: &[u8]) -> Heard {
    let text = |wanted: u8| {
        let mut at = 20;
        while at + 2 <= packet.len() {
            let (kind, length) = (packet[at], usize::from(packet[at + 1]));
            if kind == wanted {
                return Some(String::from_utf8(packet[at + 2..at + length].to_vec()).unwrap());
            }
            at += length;
        }
        None
    };
    let account = text(1).unwrap();
    let (packet, code) = (packet.to_vec(), packet[0]);
    Heard { code, account, session: text(44), filter: text(11), packet }
}

fn answers(request: &[u8], manner: Manner) -> Vec<Vec<u8>> {
    let acknowledged = answer(request, request[0] + 1, None, SECRET);
    match manner {
        Manner::Acknowledge => vec![acknowledged],
        Manner::Lose => Vec::new(),
        Manner::Stutter => {
            let forged = answer(request, request[0] + 2, Some(503), "another-secret");
            vec![forged, vec![1, 2, 3], acknowledged.clone(), acknowledged]
        }
        Manner::Refuse(cause) => vec![answer(request, request[0] + 2, cause, SECRET)],
    }
}

pub fn answer(request: &[u8], code: u8, error_cause: Option<u32>, secret: &str) -> Vec<u8> {
    let mut packet = vec![code, request[1], 0, 0];
    packet.extend_from_slice(&request[4..20]);
    if let Some(cause) = error_cause {
        packet.extend([101, 6]);
        packet.extend(cause.to_be_bytes());
    }
    packet[3] = u8::try_from(packet.len()).unwrap();
    let proof = Md5::new().chain_update(&packet).chain_update(secret).finalize();
    packet[4..20].copy_from_slice(&proof);
    packet
}

/// A person of the provider's.
pub struct Person {
    pub name: &'static str,
    pub key: PersonKey,
}

pub fn person(name: &'static str, seed: u8) -> Person {
    Person { name, key: PersonKey::from_seed(&[seed; 32]).unwrap() }
}

/// A provider that carries measures out.
pub struct House {
    pub isp: Isp,
    pub measures: Option<Measures>,
    pub config: MeasuresConfig,
    pub martin: Person,
    pub petit: Person,
    batches: u128,
}

/// `[measures]`, with the access servers of the story.
pub fn config(root: &Path, servers: &[SocketAddr], more: &str) -> MeasuresConfig {
    toml::from_str(&config_text(root, servers, more, "")).unwrap()
}

/// The same as text; `within` is put before the names of its tables.
pub fn config_text(root: &Path, servers: &[SocketAddr], more: &str, within: &str) -> String {
    let secret = root.join("access.secret");
    std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut text = format!(
        "spares = [\"telephony\", \"television\"]\nlogin_list = \"{}\"\n{more}\n\
         [{within}apply]\nby = \"coa\"\n\
         attributes = [{{ type = 11, text = \"walled-garden\" }}]\n\
         [{within}lift]\nby = \"coa\"\nattributes = [{{ type = 11, text = \"open\" }}]\n\
         [[{within}authority]]\nid = \"{AUTHORITY}\"\nregimes = [\"{REGIME}\"]\n\
         longest_days = 60\norders_per_day = 20\n",
        root.join("restricted").display()
    );
    for (name, seed) in [("c-martin", 1), ("a-petit", 2)] {
        let public = person(name, seed).key.public();
        text.push_str(&format!(
            "[[{within}person]]\nname = \"{name}\"\npublic_key = \"{public}\"\n"
        ));
    }
    for (number, address) in servers.iter().enumerate() {
        text.push_str(&format!(
            "[[{within}access_server]]\nname = \"bng-{number}\"\naddress = \"{address}\"\n\
             secret = \"{}\"\nwait_ms = 500\n",
            secret.display()
        ));
    }
    text
}

impl House {
    pub fn new(servers: &[SocketAddr], more: &str) -> Self {
        let isp = Isp::new("");
        let config = config(isp.provider.directory.path(), servers, more);
        let (martin, petit) = (person("c-martin", 1), person("a-petit", 2));
        let mut house = Self { isp, measures: None, config, martin, petit, batches: 10_000 };
        house.open();
        house
    }

    fn open(&mut self) {
        let (index, keys) = (self.isp.provider.index_path(), &self.isp.provider.keys);
        self.measures = Some(Measures::open(self.config.clone(), &index, keys).unwrap());
    }

    /// The machine dies, `meanwhile` something happens, and it comes back.
    pub fn restart(&mut self, meanwhile: impl FnOnce(&Self)) {
        self.measures = None;
        self.isp.close();
        meanwhile(self);
        self.isp.restart();
        self.open();
    }

    pub fn index(&self) -> PathBuf {
        self.isp.provider.index_path()
    }

    pub fn tick(&self, when: &str) {
        self.measures.as_ref().unwrap().tick(self.isp.desk(), at(when)).unwrap();
    }

    pub fn send(&mut self, order: &MeasureOrder, when: &str) -> MeasureAnswer {
        self.send_under(REGIME, order, when).unwrap()
    }

    pub fn send_under(
        &mut self,
        regime: &str,
        order: &MeasureOrder,
        when: &str,
    ) -> Result<MeasureAnswer, CallRefused> {
        self.batches += 1;
        let batch = MeasureBatch {
            batch: BatchId(Uuid::from_u128(self.batches)),
            authority: AUTHORITY.parse().unwrap(),
            regime: regime.parse().unwrap(),
            orders: vec![order.clone()],
        };
        let measures = self.measures.as_ref().unwrap();
        let digest = self.batches.to_string();
        let answers = measures.receive(self.isp.desk(), &batch, &digest, at(when))?;
        assert_eq!(answers.answers.len(), 1);
        Ok(answers.answers[0].clone())
    }

    /// Takes an order for granted: it is taken.
    pub fn taken(&mut self, order: &MeasureOrder, when: &str) -> MeasureStatus {
        match self.send(order, when) {
            MeasureAnswer::Taken(status) => status,
            MeasureAnswer::Refused { reason, .. } => panic!("refused: {reason:?}"),
        }
    }

    pub fn refused(&mut self, order: &MeasureOrder, when: &str) -> MeasureRefused {
        match self.send(order, when) {
            MeasureAnswer::Refused { reason, proof, .. } => {
                assert!(proof.holds());
                reason
            }
            MeasureAnswer::Taken(status) => panic!("taken: {:?}", status.state),
        }
    }

    /// What a person signs about an order as it stands.
    pub fn note(&self, who: &Person, number: u128, verdict: Verdict, when: &str) -> Note {
        let memory = Memory::read(&self.index()).unwrap();
        let key = (AUTHORITY.parse().unwrap(), OrderId(Uuid::from_u128(number)));
        let order = &memory.orders[&key];
        Note::signed(&who.key, &key, order, verdict, who.name.parse().unwrap(), at(when))
    }

    pub fn approve(&self, who: &Person, number: u128, when: &str) {
        self.note(who, number, Verdict::Approved, when).leave(&self.index()).unwrap();
        self.tick(when);
    }

    pub fn approve_both(&self, number: u128, when: &str) {
        self.approve(&self.martin, number, when);
        self.approve(&self.petit, number, when);
    }

    pub fn status(&self, number: u128, when: &str) -> MeasureStatus {
        let orders = vec![OrderId(Uuid::from_u128(number))];
        let asked = StatesAsked { authority: AUTHORITY.parse().unwrap(), orders };
        let states = self.measures.as_ref().unwrap().states(&asked, at(when)).unwrap();
        states.states[0].clone()
    }

    /// The state's wire name.
    pub fn state(&self, number: u128, when: &str) -> String {
        let state = serde_json::to_value(self.status(number, when).state).unwrap();
        match state["how"].as_str() {
            Some(how) => format!("{} {how}", state["state"].as_str().unwrap()),
            None => state["state"].as_str().unwrap().to_owned(),
        }
    }

    /// The accounts on the list that is read at each login, with the second of their end.
    pub fn restricted(&self) -> BTreeMap<String, i64> {
        let text = std::fs::read_to_string(&self.config.login_list).unwrap_or_default();
        let entry = |line: &str| {
            let (account, rest) = line.strip_prefix("DEFAULT User-Name == '")?.split_once("', ")?;
            Some((account.to_owned(), rest.rsplit_once(' ')?.1.parse().unwrap()))
        };
        text.lines().filter_map(entry).collect()
    }

    pub fn journal(&self) -> String {
        std::fs::read_to_string(self.index().join("journal.jsonl")).unwrap()
    }
}

/// A suspension of a month, ordered by a court.
pub fn order(number: u128, version: u32, handle: &Handle) -> MeasureOrder {
    MeasureOrder {
        order: OrderId(Uuid::from_u128(number)),
        version,
        handle: handle.clone(),
        kind: MeasureKind::SuspendAccess,
        demand: carry(START, END),
        decided_by: DecidedBy::Court,
        decision: "c".repeat(64).parse().unwrap(),
    }
}

pub fn carry(from: &str, until: &str) -> Demand {
    let spares = BTreeSet::from([Spared::Telephony, Spared::Television]);
    Demand::Carry { starts_at: at(from), ends_at: at(until), spares }
}

pub fn seconds(when: &str) -> i64 {
    at(when).as_second()
}

pub fn instant(when: &str) -> Timestamp {
    at(when)
}
