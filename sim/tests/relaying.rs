//! A warning under rules that let no identity leave the provider, from end to end: a real house,
//! a real connector and its own mail system. The notice comes in, the line is identified, and the
//! subscriber reads the authority's words, whom the authority never learns.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use entremise_core::case::State;
use entremise_core::id::{AuthorityId, BatchId, PartyId, RegimeId};
use entremise_core::notice::{
    Claim, Class, Clock, Hash, Notice, Observation, Source, Transport, Work,
};
use entremise_server::house::House;
use entremise_server::{serve, worker};
use entremise_sim::clock::VirtualClock;
use entremise_sim::entropy::SeededEntropy;
use entremise_sim::estate::{AUTHORITY, Answering as By, Counters, Estate, PostBy, REGIME};
use entremise_sim::mail::{MailWorld, Taken};
use entremise_sim::providers::{InProcess, Shared, WayFault, append};
use entremise_sim::world::people::Mailbox;
use entremise_sim::world::sightings::{Flaw, Sighting};
use entremise_sim::world::truth::SubscriberNumber;
use entremise_sim::world::{Size, World};
use entremise_store::{CaseFile, IncomingBatch, IncomingNotice};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

/// Since 2028 the specimen's first stage is relayed (regimes/xx-specimen).
const RELAYED: &str = "xx-specimen";
const BEGIN: &str = "2028-03-06T06:00:00Z";

struct Town {
    house: House,
    provider: Arc<InProcess>,
    /// The house's own carrier: nothing may leave through it.
    own: MailWorld,
    /// The provider's.
    providers: MailWorld,
    now: Timestamp,
    mailbox: String,
    folder: TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Town {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = TempDir::new().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let from: Timestamp = BEGIN.parse().unwrap();
        let mut world = World::new(11, Size::SHORT, from);
        let estate = Estate::lay(folder.path(), 11, &world).unwrap();
        let clock = VirtualClock::at(from);
        let mail = |name: &str| {
            let people = world.subscribers.iter().filter_map(|person| person.email.clone());
            let mailboxes = people.map(|email| (email.to_lowercase(), Mailbox::Delivers));
            MailWorld::new(mailboxes, None, &folder.path().join(name), clock.clone()).unwrap()
        };
        let (own, providers) = (mail("own"), mail("providers"));
        let relay = own.open_relay(&runtime, None).unwrap();
        let theirs = providers.open_relay(&runtime, None).unwrap();
        let isp = &estate.providers[0];
        let config = fs::read_to_string(&isp.config).unwrap().replace(REGIME, RELAYED);
        let relays = format!(
            "\n[relay]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"plain\"\n\
             from = \"avertissements@fibre.example\"\n",
            theirs.port()
        );
        fs::write(&isp.config, config + &relays).unwrap();
        let provider = Arc::new(InProcess::open(isp).unwrap());
        let mut seen = Vec::new();
        let mut now = from;
        for _ in 0..8 {
            now += SignedDuration::from_hours(24);
            let stretch = world.run(now);
            for (_, log) in stretch.logs.iter().filter(|(place, _)| *place == 0) {
                append(isp, log).unwrap();
            }
            seen.extend(stretch.sightings);
        }
        provider.follow(isp).unwrap();
        let post = SocketAddr::from(([127, 0, 0, 1], 9));
        let counters = Counters { relay, post, post_by: PostBy::Folder };
        let mut config = estate.house(&world, counters, By::Replaced);
        config.authorities[0].regime = RELAYED.parse().unwrap();
        clock.set(now);
        let entropy = Arc::new(SeededEntropy::new(11));
        let mut house = serve::open(&config, &clock.reader(), entropy).unwrap();
        house.rooms[0].providers[0].answering = Some(Arc::new(Shared(provider.clone())));
        let (sighting, subscriber) = seen
            .iter()
            .find_map(|seen| Some((seen, first_providers(&world, seen)?)))
            .expect("somebody with an address was seen at the first provider");
        let mailbox = world.subscribers[subscriber].email.clone().unwrap().to_lowercase();
        bring(&house, sighting, isp.name.parse().unwrap(), now);
        Self { house, provider, own, providers, now, mailbox, folder, _runtime: runtime }
    }

    /// A day of work, an hour at a time.
    fn work(&mut self) {
        for _ in 0..24 {
            self.now += SignedDuration::from_hours(1);
            worker::round(&self.house, self.now).unwrap();
        }
    }

    fn case(&self) -> CaseFile {
        let size = self.house.store.ledger_size(&authority()).unwrap();
        let leaves = self.house.store.ledger_leaves(&authority(), 0, size as usize).unwrap();
        let cases = leaves.iter().filter_map(|leaf| {
            let leaf: serde_json::Value = serde_json::from_slice(leaf).unwrap();
            leaf["subject"].as_str()?.strip_prefix("case:")?.parse().ok()
        });
        let files = cases.map(|case| self.house.store.case_file(&authority(), &case).unwrap());
        let mut ladders =
            files.flatten().filter(|file| matches!(file.case.state, State::Ladder(_)));
        ladders.next().expect("a case on the ladder")
    }

    /// What the subscriber got.
    fn got(&self) -> Vec<Taken> {
        let own = self.own.taken();
        let own: Vec<&str> = own.iter().map(|mail| mail.recipient.as_str()).collect();
        assert!(own.is_empty(), "the house wrote to somebody itself: {own:?}");
        self.providers.taken()
    }
}

fn authority() -> AuthorityId {
    AUTHORITY.parse().unwrap()
}

/// Whoever was seen without doubt at the first provider, and can be written to.
fn first_providers(world: &World, seen: &Sighting) -> Option<SubscriberNumber> {
    let holders = world.truth.holders(seen.ip, seen.port, seen.at - 3, seen.at + 3);
    let [holder] = holders[..] else { return None };
    let person = &world.subscribers[holder];
    (seen.flaw == Flaw::None && person.provider == 0 && person.email.is_some()).then_some(holder)
}

fn bring(house: &House, seen: &Sighting, provider: PartyId, now: Timestamp) {
    let transport = if seen.udp { Transport::Udp } else { Transport::Tcp };
    let notice = Notice {
        sender_case_id: Some(seen.case_id.clone()),
        class: Class::Copyright,
        kind: "p2p".to_owned(),
        observation: Observation {
            from: Timestamp::from_second(seen.at).unwrap(),
            until: None,
            clock: Some(Clock { source: "ntp".into(), offset_ms: None, max_error_ms: Some(200) }),
        },
        source: Source { ip: seen.ip, port: seen.port, transport: Some(transport) },
        observer: None,
        protocol: Some("bittorrent".to_owned()),
        pseudonym: None,
        provider_name: None,
        works: vec![Work {
            title: Some(seen.title.to_owned()),
            hashes: vec![Hash { algorithm: "btih".to_owned(), value: seen.file_hash.clone() }],
            ..Work::default()
        }],
        claim: Claim { mandate: Some("M-1".to_owned()), ..Claim::default() },
        details: std::collections::BTreeMap::new(),
    };
    let batch = IncomingBatch {
        id: BatchId(Uuid::from_u128(1)),
        authority: authority(),
        regime: RELAYED.parse::<RegimeId>().unwrap(),
        sender: house.rooms[0].senders[0].config.id.clone(),
        format: "xarf-4",
        channel: "api",
        raw: b"as it came".to_vec(),
        received_at: now,
        idempotency_key: None,
        body_digest: [9; 32],
        proof: None,
        notices: vec![IncomingNotice { place: "/1".to_owned(), verdict: Ok((notice, provider)) }],
    };
    house.store.intake(batch).unwrap();
}

#[test]
fn the_subscriber_reads_the_warning_and_the_authority_never_learns_who_that_is() {
    let mut town = Town::new();
    town.work();
    let case = town.case();
    assert_eq!(case.case.state.name(), "warned");
    let got = town.got();
    let recipients: Vec<&str> = got.iter().map(|mail| mail.recipient.as_str()).collect();
    assert_eq!(recipients, [town.mailbox.as_str()]);
    assert!(String::from_utf8_lossy(&got[0].bytes).contains("SPECIMEN"));
    // Nothing was disclosed, and nothing that the house keeps could hold whom it was.
    let effects: Vec<&str> = case.effects.iter().map(|row| row.effect.name()).collect();
    assert_eq!(effects, ["relay_message"]);
    assert!(case.history.iter().all(|entry| entry.kind != "event.disclosed"));
    let mut files = vec![town.folder.path().join("house")];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(town.mailbox.len()).any(|at| at == town.mailbox.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}

#[test]
fn a_relay_whose_answer_was_lost_is_not_sent_again() {
    for fault in [WayFault::LostReply, WayFault::Doubled, WayFault::LostRequest] {
        let mut town = Town::new();
        // The first call asks who it was; the second has the message handed over.
        town.provider.faults.lock().unwrap().extend([WayFault::Shuffled, fault]);
        town.work();
        assert_eq!(town.case().case.state.name(), "warned", "{fault:?}");
        assert_eq!(town.got().len(), 1, "{fault:?}");
    }
}
