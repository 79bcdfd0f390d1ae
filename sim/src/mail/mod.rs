//! The providers' mail: a real SMTP relay on a loopback socket, mailboxes behind it, and all that
//! comes back: bounces, delays, answers of machines, grey lists, and a relay that blocks us.
//!
//! What a mailbox does is decided by the world. What comes back is written into the authority's
//! Maildir when its virtual hour has come ([`MailWorld::deliver_due`]).

mod returns;
mod smtp;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};

use crate::clock::VirtualClock;
use crate::world::people::Mailbox;
use tokio_rustls::TlsAcceptor;

/// How long a grey list holds a first attempt off.
const GREY_FOR: SignedDuration = SignedDuration::from_mins(9);

/// A message that a relay took responsibility for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub at: Timestamp,
    pub return_path: String,
    pub recipient: String,
    pub bytes: Vec<u8>,
    /// Lies in the mailbox. False while, or because, it does not.
    pub delivered: bool,
}

/// What the relay says to a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    Welcome,
    Unknown,
    Later,
    Blocked,
}

/// Faults that the driver switches on and off.
#[derive(Debug, Default)]
pub struct Faults {
    /// The relay refuses this authority altogether.
    pub blocks: AtomicBool,
    /// The relay takes the next message and breaks the line before it answers.
    pub loses_reply: AtomicBool,
    /// The relay refuses every connection's first word.
    pub is_down: AtomicBool,
    /// Everything that comes back comes back twice.
    pub doubles: AtomicBool,
}

struct State {
    /// What each mailbox does, by its address.
    mailboxes: HashMap<String, Mailbox>,
    first_tries: HashMap<String, Timestamp>,
    taken: Vec<Taken>,
    /// What comes back, by when; then by its name, so that the order is the same every time.
    returning: BTreeMap<(Timestamp, String), Vec<u8>>,
    /// Messages to be delivered late: place in `taken`.
    delayed: BTreeMap<(Timestamp, usize), ()>,
}

/// Where copies of returned mails lie, beside the mailboxes: the house keeps none in the open.
pub const RETURNED: &str = "returned";

/// All mail of the world.
#[derive(Clone)]
pub struct MailWorld {
    state: Arc<Mutex<State>>,
    pub faults: Arc<Faults>,
    clock: VirtualClock,
    /// Where delivered messages lie as `.eml`, one folder per mailbox; none keeps them in memory.
    folder: Option<PathBuf>,
    bounces: PathBuf,
}

impl MailWorld {
    /// `bounces` is the Maildir of the authority's return domain.
    pub fn new(
        mailboxes: impl IntoIterator<Item = (String, Mailbox)>,
        folder: Option<PathBuf>,
        bounces: &Path,
        clock: VirtualClock,
    ) -> io::Result<Self> {
        make_maildir(bounces)?;
        Ok(Self {
            state: Arc::new(Mutex::new(State {
                mailboxes: mailboxes.into_iter().collect(),
                first_tries: HashMap::new(),
                taken: Vec::new(),
                returning: BTreeMap::new(),
                delayed: BTreeMap::new(),
            })),
            faults: Arc::default(),
            clock,
            folder,
            bounces: bounces.to_owned(),
        })
    }

    /// Opens a relay on a free loopback port. It answers until `runtime` stops.
    pub fn open_relay(
        &self,
        runtime: &tokio::runtime::Runtime,
        tls: Option<TlsAcceptor>,
    ) -> io::Result<SocketAddr> {
        let listener = runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        runtime.spawn(smtp::serve(listener, tls, self.clone()));
        Ok(address)
    }

    /// Everything a relay took, in the order it was taken.
    pub fn taken(&self) -> Vec<Taken> {
        self.state().taken.clone()
    }

    /// Puts into the authority's Maildir and the mailboxes what is due by now.
    pub fn deliver_due(&self) -> io::Result<usize> {
        let now = self.clock.now();
        let mut state = self.state();
        let mut delivered = 0;
        while let Some(entry) = state.returning.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let ((_, name), bytes) = entry.remove_entry();
            into_maildir(&self.bounces, &name, &bytes)?;
            if let Some(folder) = &self.folder {
                let returned = folder.with_file_name(RETURNED);
                std::fs::create_dir_all(&returned)?;
                std::fs::write(returned.join(format!("{name}.eml")), &bytes)?;
            }
            if self.faults.doubles.load(Ordering::SeqCst) {
                into_maildir(&self.bounces, &format!("{name}-again"), &bytes)?;
            }
            delivered += 1;
        }
        while let Some((&(at, index), ())) = state.delayed.first_key_value() {
            if at > now {
                break;
            }
            state.delayed.remove(&(at, index));
            self.keep(&mut state, index)?;
        }
        Ok(delivered)
    }

    /// What the relay says to a recipient, now.
    fn greet(&self, recipient: &str) -> Says {
        if self.faults.blocks.load(Ordering::SeqCst) {
            return Says::Blocked;
        }
        let now = self.clock.now();
        let mut state = self.state();
        match state.mailboxes.get(&recipient.to_lowercase()) {
            None | Some(Mailbox::Unknown | Mailbox::None) => Says::Unknown,
            Some(Mailbox::Greylisted) => {
                let first = *state.first_tries.entry(recipient.to_lowercase()).or_insert(now);
                if now.duration_since(first) < GREY_FOR { Says::Later } else { Says::Welcome }
            }
            Some(_) => Says::Welcome,
        }
    }

    /// Takes a message; what its mailbox does with it follows.
    fn take(&self, return_path: &str, recipient: &str, bytes: Vec<u8>) -> io::Result<String> {
        let now = self.clock.now();
        let mut state = self.state();
        let index = state.taken.len();
        let mailbox = state.mailboxes.get(&recipient.to_lowercase()).copied();
        let message_id = header(&bytes, "message-id").unwrap_or_default();
        let queue_id = format!("Q{:010X}", short(message_id.as_bytes()) & 0xff_ffff_ffff);
        let taken = Taken {
            at: now,
            return_path: return_path.to_owned(),
            recipient: recipient.to_owned(),
            bytes,
            delivered: false,
        };
        // Between minutes and a day, the same for one message in every run.
        let later = |spread: u64| {
            let secs = 120 + short(queue_id.as_bytes()) % (spread * 3600);
            now + SignedDuration::from_secs(i64::try_from(secs).unwrap_or(120))
        };
        match mailbox {
            Some(Mailbox::BouncesLater) => {
                let at = later(20);
                let bytes = returns::bounce(&taken, &queue_id, at);
                state.returning.insert((at, format!("bounce-{queue_id}")), bytes);
            }
            Some(Mailbox::Delayed) => {
                let told = later(6);
                let bytes = returns::delay(&taken, &queue_id, told);
                state.returning.insert((told, format!("delay-{queue_id}")), bytes);
                state.delayed.insert((told + SignedDuration::from_hours(9), index), ());
            }
            Some(Mailbox::AutoReplies) => {
                let at = later(1);
                let bytes = returns::auto_reply(&taken, &message_id, at);
                state.returning.insert((at, format!("reply-{queue_id}")), bytes);
            }
            _ => {}
        }
        state.taken.push(taken);
        if !matches!(mailbox, Some(Mailbox::BouncesLater | Mailbox::Delayed)) {
            self.keep(&mut state, index)?;
        }
        Ok(queue_id)
    }

    /// Lays a message into its mailbox, where it is numbered after those that came before it: two
    /// that the relay takes at once for different people keep their names in every run.
    fn keep(&self, state: &mut State, index: usize) -> io::Result<()> {
        state.taken[index].delivered = true;
        let Some(folder) = &self.folder else { return Ok(()) };
        let taken = &state.taken[index];
        let mailbox = folder.join(&taken.recipient);
        let lie_there = state
            .taken
            .iter()
            .filter(|other| other.delivered && other.recipient == taken.recipient);
        std::fs::create_dir_all(&mailbox)?;
        std::fs::write(mailbox.join(format!("{:05}.eml", lie_there.count())), &taken.bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

/// A header field's value, unfolded; None where the message has none of that name.
pub fn header(message: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(message);
    let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
    head.replace("\r\n\t", " ").lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// A number made of bytes, the same in every run.
fn short(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The three folders of a Maildir.
pub fn make_maildir(folder: &Path) -> io::Result<()> {
    ["cur", "new", "tmp"].iter().try_for_each(|part| std::fs::create_dir_all(folder.join(part)))
}

/// Delivers one message into a Maildir: written aside, then renamed.
pub fn into_maildir(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join("tmp").join(name);
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(unfinished, folder.join("new").join(name))
}
