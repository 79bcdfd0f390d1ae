//! The driver: moves the clock, lets everybody do what they do at that hour, and lets the house
//! work until it has nothing left to do. The demo and the simulation differ only in what stands
//! behind [`Engine`].

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use entremise_core::id::{AuthorityId, PartyId};
use entremise_core::ledger::Actor;
use entremise_server::config;
use entremise_server::house::House;
use entremise_server::intake::{Channel, Sending, receive};
use entremise_server::serve::{self, Service};
use entremise_server::worker::{self, Round};
use entremise_store::ItemVerdict;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::carrier::Carrier;
use crate::chance::Chance;
use crate::clock::VirtualClock;
use crate::entropy::SeededEntropy;
use crate::estate::{AUTHORITY, Answering, Counters, Estate, NOTICES_MAILBOX, PostBy};
use crate::mail::{MailWorld, into_maildir};
use crate::member::{Member, Office};
use crate::post::Post;
use crate::providers::{Connectors, InProcess, Shared, append};
use crate::shop::Shop;
use crate::signing::MailSigner;
use crate::third_step::ThirdStep;
use crate::troubled::LogFaults;
use crate::world::people::Mailbox;
use crate::world::sightings::Sighting;
use crate::world::{SENDERS, Size, World, papers};

/// Rounds of work at one instant: effects beget effects, but not forever.
const ROUNDS_MOST: usize = 60;
/// Who sees to alarms.
const OFFICER: &str = "agent-1";

/// What is behind the doors.
pub enum Engine {
    /// The real service and the real connectors, on sockets.
    Sockets { service: Box<Service>, connectors: Connectors, office: Office, client: Client },
    /// The same house without doors, the same providers without sockets.
    InProcess { house: Option<Arc<House>>, providers: Vec<Arc<InProcess>> },
}

type Client = reqwest::blocking::Client;

/// A sighting on its way through the house.
#[derive(Clone, Debug)]
pub struct Sent {
    pub sighting: Sighting,
    pub at: Timestamp,
}

/// How a play is staged.
pub struct Staging<'a> {
    pub seed: u64,
    pub size: Size,
    pub from: Timestamp,
    pub folder: &'a Path,
    pub sockets: bool,
    /// Where delivered mails are kept as files.
    pub keep_mails: bool,
    pub post_by: PostBy,
}

pub struct Play {
    pub seed: u64,
    pub clock: VirtualClock,
    pub world: World,
    pub estate: Estate,
    pub mail: MailWorld,
    pub post: Post,
    pub carrier: Carrier,
    pub member: Member,
    /// Whoever acts once a third fact stands against a line.
    pub third_step: ThirdStep,
    pub authority: AuthorityId,
    pub engine: Engine,
    /// What the senders sent, for the oracle.
    pub sent: Vec<Sent>,
    /// How many notices the senders were told were accepted, by place of the sender.
    pub told_accepted: [u64; 3],
    /// Effects that were given up, and rounds that broke off, so far.
    pub given_up: usize,
    pub troubles: usize,
    /// What befalls the providers' logs.
    pub log_faults: LogFaults,
    /// Between the hand-over folder and the post.
    shop: Option<Shop>,
    signer: MailSigner,
    config: config::Config,
    entropy: Arc<SeededEntropy>,
    waiting: Vec<Sighting>,
    paper: Chance,
    mails_read: usize,
    mails_sent: usize,
    // Dropped last: the relay and the post answer as long as the house may call.
    _runtime: tokio::runtime::Runtime,
}

impl Play {
    /// Builds the world and opens the house.
    pub fn stage(staging: &Staging<'_>) -> anyhow::Result<Self> {
        // A second call keeps the first provider, which is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (seed, folder) = (staging.seed, staging.folder);
        let world = World::new(seed, staging.size, staging.from);
        let clock = VirtualClock::at(staging.from);
        let estate = Estate::lay(folder, seed, &world)?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let mailboxes = world.subscribers.iter().filter_map(|person| {
            let mailbox: Mailbox = person.mailbox;
            Some((person.email.clone()?.to_lowercase(), mailbox))
        });
        let kept = staging.keep_mails.then(|| folder.join("mail/mailboxes"));
        let mail = MailWorld::new(mailboxes, kept, &folder.join("mail/bounces"), clock.clone())?;
        let tls = staging.sockets.then(|| estate.relay_tls()).transpose()?;
        let relay = mail.open_relay(&runtime, tls)?;
        let post = Post::new(staging.from);
        let counters =
            Counters { relay, post: open_post(&post, &runtime)?, post_by: staging.post_by };
        let answering = if staging.sockets { Answering::Connectors } else { Answering::Replaced };
        let config = estate.house(&world, counters, answering);
        let entropy = Arc::new(SeededEntropy::new(seed));
        let engine = if staging.sockets {
            open_sockets(&config, &estate, &clock, &entropy)?
        } else {
            let providers = estate
                .providers
                .iter()
                .map(|provider| Ok(Arc::new(InProcess::open(provider)?)))
                .collect::<anyhow::Result<Vec<_>>>()?;
            let house = open_house(&config, &clock, &entropy, &providers)?;
            Engine::InProcess { house: Some(house), providers }
        };
        let by_folder = staging.post_by == PostBy::Folder;
        let shop = by_folder.then(|| Shop::open(&estate.post_folder(), post.clone()));
        Ok(Self {
            seed,
            carrier: Carrier::new(post.clone(), seed),
            member: Member::new(seed),
            third_step: ThirdStep::new(seed)?,
            authority: AUTHORITY.parse().context("the authority's name")?,
            paper: Chance::of(seed, "paper"),
            sent: Vec::new(),
            told_accepted: [0; 3],
            given_up: 0,
            troubles: 0,
            waiting: Vec::new(),
            log_faults: LogFaults::new(seed),
            shop,
            signer: MailSigner::specimen()?,
            mails_read: 0,
            mails_sent: 0,
            clock,
            world,
            estate,
            mail,
            post,
            engine,
            config,
            entropy,
            _runtime: runtime,
        })
    }

    /// The house. It is only absent between a crash and the reopening.
    pub fn house(&self) -> Arc<House> {
        match &self.engine {
            Engine::Sockets { service, .. } => service.house.clone(),
            Engine::InProcess { house, .. } => {
                house.clone().expect("the house is reopened before anyone asks for it")
            }
        }
    }

    /// Where an authority's ledger is published.
    pub fn ledger_folder(&self) -> std::path::PathBuf {
        self.house().ledger.join(self.authority.as_str())
    }

    /// Kills the house where it stands and opens it again from what it left on disk.
    pub fn crash(&mut self) -> anyhow::Result<()> {
        if let Engine::InProcess { house, providers } = &mut self.engine {
            drop(house.take());
            *house = Some(open_house(&self.config, &self.clock, &self.entropy, providers)?);
        }
        Ok(())
    }

    /// Lets time pass to the instant, and everybody act.
    pub fn advance(&mut self, to: Timestamp) -> anyhow::Result<()> {
        self.clock.set(to);
        self.let_world_run(to)?;
        self.work()?;
        self.decide()?;
        self.work()?;
        self.listen();
        Ok(())
    }

    /// The networks, the observers, the mail and the post; nothing of the house.
    pub fn let_world_run(&mut self, to: Timestamp) -> anyhow::Result<()> {
        let mut stretch = self.world.run(to);
        stretch.logs = self.log_faults.befall(stretch.logs);
        match &mut self.engine {
            Engine::Sockets { connectors, .. } => connectors.write(&self.estate, &stretch.logs)?,
            Engine::InProcess { providers, .. } => {
                for (place, log) in &stretch.logs {
                    append(&self.estate.providers[*place], log)?;
                }
                for (provider, estate) in providers.iter().zip(&self.estate.providers) {
                    provider.follow(estate)?;
                }
            }
        }
        self.waiting.extend(stretch.sightings);
        self.send_papers(to)?;
        self.mail.deliver_due()?;
        if let Some(shop) = &mut self.shop {
            shop.take()?;
        }
        for way in self.carrier.run(&self.world.subscribers, to) {
            if let Some(addressee) = self.carrier.ways()[way].addressee {
                self.world.warn(addressee);
            }
        }
        if let Some(shop) = &mut self.shop {
            shop.tell()?;
        }
        Ok(())
    }

    /// Lets the house work until it is idle.
    pub fn work(&mut self) -> anyhow::Result<()> {
        for _ in 0..ROUNDS_MOST {
            if self.round()?.idle() {
                break;
            }
        }
        Ok(())
    }

    /// One round of the house's work. Trouble that passes is counted and met again later.
    pub fn round(&mut self) -> anyhow::Result<Round> {
        let now = self.clock.now();
        match worker::round(&self.house(), now) {
            Ok(round) => {
                self.given_up += round.given_up;
                Ok(round)
            }
            Err(trouble) if trouble.may_pass() => {
                self.troubles += 1;
                Ok(Round::default())
            }
            Err(trouble) => Err(trouble).context("a round of work"),
        }
    }

    /// The member comes to the office.
    pub fn decide(&mut self) -> anyhow::Result<usize> {
        let house = self.house();
        self.see_to_alarms(&house)?;
        let office = match &self.engine {
            Engine::Sockets { office, .. } => Some(office),
            Engine::InProcess { .. } => None,
        };
        let now = self.clock.now();
        self.third_step.sit(&house, &self.authority, now)?;
        self.member.sit(&house, &self.authority, office, now)
    }

    /// A case officer looks at what was given up, mends what was in the way, and lets it be tried
    /// again.
    fn see_to_alarms(&self, house: &House) -> anyhow::Result<()> {
        let now = self.clock.now();
        let by = Actor::Person(OFFICER.parse().context("the officer's name")?);
        for alarm in house.store.alarms(&self.authority)? {
            if let Some(effect) = alarm.effect.filter(|_| alarm.name == "given_up") {
                house.store.put_back(&self.authority, effect, &by, now)?;
                house.store.settle_alarm(&self.authority, alarm.id, &by, now)?;
            }
        }
        Ok(())
    }

    /// Whoever found a warning in the mailbox may stop sharing.
    pub fn listen(&mut self) {
        let taken = self.mail.taken();
        for mail in &taken[self.mails_read..] {
            let reader = self
                .world
                .subscribers
                .iter()
                .find(|person| person.email.as_deref() == Some(mail.recipient.as_str()));
            if let Some(number) = reader.filter(|_| mail.delivered).map(|person| person.number) {
                self.world.warn(number);
            }
        }
        self.mails_read = taken.len();
    }

    /// Publishes the ledger as files.
    pub fn publish(&self) -> anyhow::Result<()> {
        let house = self.house();
        for room in &house.rooms {
            worker::publish::ledger(&house, room, self.clock.now())?;
        }
        Ok(())
    }

    /// Every sender sends what it has, each in its own way.
    fn send_papers(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let due = |sighting: &Sighting| sighting.send_from <= now.as_second();
        let (mut ripe, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(due);
        self.waiting = waiting;
        ripe.sort_by(|left, right| left.case_id.cmp(&right.case_id));
        for (place, sender) in SENDERS.iter().enumerate() {
            let mine: Vec<&Sighting> =
                ripe.iter().filter(|sighting| sighting.sender == place).collect();
            if mine.is_empty() {
                continue;
            }
            match sender.id {
                "musique" => self.bring(&mine, sender.name, now)?,
                "cinema" => self.write_mails(&mine, sender.name, now)?,
                _ => self.leave_file(&mine, sender.name, now)?,
            }
        }
        self.sent.extend(ripe.into_iter().map(|sighting| Sent { sighting, at: now }));
        Ok(())
    }

    /// Over HTTP: one signed batch, as XARF lines or as CSV.
    fn bring(&mut self, mine: &[&Sighting], name: &str, now: Timestamp) -> anyhow::Result<()> {
        let text = if self.paper.per_mille(700) {
            papers::xarf_lines(mine, name)
        } else {
            papers::csv(mine, name)
        };
        let jws = self.estate.jws.sign(text.as_bytes(), now);
        let key = format!("{}-{}", mine[0].case_id, now.as_second());
        // Some replies get lost on the way, and the sender sends the very same thing again.
        let times = if self.paper.per_mille(60) { 2 } else { 1 };
        let mut accepted = 0;
        for _ in 0..times {
            accepted = self.bring_once(text.clone().into_bytes(), &key, &jws, now)?;
        }
        self.told_accepted[0] += accepted;
        Ok(())
    }

    /// How many notices were accepted, by the answer.
    fn bring_once(
        &self,
        bytes: Vec<u8>,
        key: &str,
        jws: &str,
        now: Timestamp,
    ) -> anyhow::Result<u64> {
        match &self.engine {
            Engine::Sockets { service, client, .. } => {
                let answer = client
                    .post(format!("http://{}/v1/{AUTHORITY}/notices", service.doors.api))
                    .bearer_auth(&self.estate.token)
                    .header("idempotency-key", key)
                    .header("entremise-signature", jws)
                    .body(bytes)
                    .send()?;
                let status = answer.status();
                let report: serde_json::Value = answer.json()?;
                self.file_answer(key, &report)?;
                if status.is_success() {
                    return Ok(report["accepted"].as_u64().unwrap_or(0));
                }
                // A batch of nothing but one unreadable line is quarantined, and said to be.
                anyhow::ensure!(status.as_u16() == 422, "the senders' API answers {report}");
                Ok(0)
            }
            Engine::InProcess { .. } => {
                let house = self.house();
                let room = house.room(&self.authority).context("the authority's room")?;
                let id: PartyId = SENDERS[0].id.parse()?;
                let sender = room.sender(&id).context("the sender's place")?;
                let sending = Sending {
                    channel: Channel::Http,
                    bytes,
                    idempotency_key: Some(key.to_owned()),
                    jws: Some(jws),
                    received_at: now,
                };
                let accepts =
                    |verdict: &ItemVerdict| matches!(verdict, ItemVerdict::Accepted { .. });
                match receive(&house.store, room, sender, sending) {
                    Ok(report) => {
                        let results = report.results.iter();
                        Ok(results.filter(|result| accepts(&result.verdict)).count() as u64)
                    }
                    Err(entremise_server::intake::NotTaken::Quarantined(_)) => Ok(0),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// The sender files what it was answered.
    fn file_answer(&self, key: &str, answer: &serde_json::Value) -> anyhow::Result<()> {
        let folder = self.estate.folder.join("senders/musique/out");
        fs::create_dir_all(&folder)?;
        let text = serde_json::to_vec_pretty(answer)?;
        Ok(fs::write(folder.join(format!("{key}.report.json")), text)?)
    }

    /// By mail: one mail per notice, into the mailbox of notices.
    fn write_mails(
        &mut self,
        mine: &[&Sighting],
        name: &str,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        for sighting in mine {
            let mail = papers::acns_mail(sighting, name, NOTICES_MAILBOX, now, Some(&self.signer))?;
            self.mails_sent += 1;
            let file = format!("{}.{:06}.sim", now.as_second(), self.mails_sent);
            into_maildir(&self.estate.folder.join("mail/notices"), &file, mail.as_bytes())?;
        }
        Ok(())
    }

    /// By file: one CSV a time, written aside and renamed.
    fn leave_file(&mut self, mine: &[&Sighting], name: &str, now: Timestamp) -> anyhow::Result<()> {
        let inbox = self.estate.folder.join("senders/edition/in");
        let paris = now.to_zoned(TimeZone::get("Europe/Paris")?);
        let file = format!("constats-{}.csv", paris.strftime("%Y%m%d-%H%M%S-%z"));
        let part = inbox.join(format!("{file}.part"));
        fs::write(&part, papers::csv(mine, name))?;
        Ok(fs::rename(part, inbox.join(file))?)
    }
}

fn open_post(
    post: &Post,
    runtime: &tokio::runtime::Runtime,
) -> anyhow::Result<std::net::SocketAddr> {
    let listener = runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0)))?;
    let address = listener.local_addr()?;
    let router = post.router();
    runtime.spawn(async move {
        // Ends with the runtime.
        let _ = axum::serve(listener, router).await;
    });
    Ok(address)
}

fn open_house(
    config: &config::Config,
    clock: &VirtualClock,
    entropy: &Arc<SeededEntropy>,
    providers: &[Arc<InProcess>],
) -> anyhow::Result<Arc<House>> {
    let mut house = serve::open(config, &clock.reader(), entropy.clone())?;
    for room in &mut house.rooms {
        for (place, provider) in room.providers.iter_mut().zip(providers) {
            place.answering = Some(Arc::new(Shared(provider.clone())));
        }
    }
    Ok(Arc::new(house))
}

fn open_sockets(
    config: &config::Config,
    estate: &Estate,
    clock: &VirtualClock,
    entropy: &Arc<SeededEntropy>,
) -> anyhow::Result<Engine> {
    let connectors = Connectors::start(estate, clock)?;
    let service = serve::start(config, clock.reader(), entropy.clone(), false)?;
    let pages = service.doors.pages.first().context("the authority has pages")?;
    let office = Office::new(format!("http://{}", pages.office), estate.member_secret.clone())?;
    let client = Client::builder().build()?;
    Ok(Engine::Sockets { service: Box::new(service), connectors, office, client })
}
