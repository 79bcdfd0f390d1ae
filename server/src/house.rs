//! The house as it stands when the doors open: the store, and for each authority a room with its
//! parties, its way to the providers and its way to the subscribers.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};

use entremise_core::id::{AuthorityId, EffectId, PartyId};
use entremise_formats::jws::PublicKey;
use entremise_formats::mail::OpenPgpKey;
use entremise_ledger::LogKey;
use entremise_letters::Renderer;
use entremise_letters::address::PostalAddress;
use entremise_store::Store;
use entremise_wire::register::RegisterKey;
use jiff::Timestamp;

use crate::config;
use crate::delivery::code::CodeKey;
use crate::delivery::email::Composer;
use crate::delivery::post::Carrier;
use crate::delivery::prosecutor::Prosecutor;
use crate::delivery::smtp::Relay;
use crate::intake::networks::Networks;
use crate::provider::Answering;
use crate::worker::observe::Observers;

/// Everything a worker or a handler needs, and nothing that reads the clock.
pub struct House {
    pub store: Store,
    pub rooms: Vec<Room>,
    /// Where the ledger is published, one folder per authority.
    pub ledger: PathBuf,
    /// Who else looks at what is published.
    pub observers: Observers,
}

/// One authority's room. No room sees another's parties.
pub struct Room {
    pub config: config::Authority,
    pub networks: Networks,
    pub senders: Vec<SenderRoom>,
    pub providers: Vec<ProviderRoom>,
    pub delivery: Delivery,
    /// Signs the checkpoints of this authority's ledger.
    pub ledger_key: LogKey,
    /// Answers for the register of suspended persons; None where the configuration has none.
    pub register_key: Option<Arc<RegisterKey>>,
    /// When the post was last asked for news, microseconds since 1970.
    pub last_polled: AtomicI64,
    /// When the providers were last asked where their orders stand, microseconds since 1970.
    pub measures_asked: AtomicI64,
    /// The post's news that is entered and proven, so that it is not looked up again.
    pub heard: Mutex<BTreeSet<(Timestamp, EffectId, String)>>,
}

/// An authority's ways to the subscribers. Relays belong to the providers.
pub struct Delivery {
    pub composer: Composer,
    pub codes: CodeKey,
    pub renderer: Renderer,
    pub post: Box<dyn Carrier>,
    /// None where the configuration names no way to the prosecutor.
    pub prosecutor: Option<Prosecutor>,
    /// Where letters that cannot be delivered come back to.
    pub sender: PostalAddress,
}

/// A sender with its keys read.
pub struct SenderRoom {
    pub config: config::Sender,
    pub openpgp: Vec<OpenPgpKey>,
    pub jws_key: Option<PublicKey>,
}

/// A provider with its connector's client, if it has one.
pub struct ProviderRoom {
    pub authority: AuthorityId,
    pub config: config::Provider,
    /// None where the provider answers by file.
    pub answering: Option<Arc<dyn Answering>>,
    /// Carries mails to this provider's subscribers.
    pub relay: Relay,
}

impl House {
    pub fn room(&self, authority: &AuthorityId) -> Option<&Room> {
        self.rooms.iter().find(|room| &room.config.id == authority)
    }

    pub fn provider(&self, authority: &AuthorityId, provider: &PartyId) -> Option<&ProviderRoom> {
        self.room(authority)?.providers.iter().find(|room| &room.config.id == provider)
    }
}

impl Room {
    pub fn sender(&self, id: &PartyId) -> Option<&SenderRoom> {
        self.senders.iter().find(|sender| &sender.config.id == id)
    }
}
