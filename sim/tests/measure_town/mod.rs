//! Shared by the stories about a measure between a real house and a provider's real connector: a
//! town with one subscriber, whose file goes from the first notice to a judgment by the engines
//! themselves, and then the measure's case.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use entremise_connector::measure::notes::{Note, Verdict};
use entremise_connector::measure::state::Memory;
use entremise_core::authorisation::Ruling;
use entremise_core::case::{Case, State, Subject};
use entremise_core::effect::Effect;
use entremise_core::event::Verdict as Decided;
use entremise_core::event::{Decision, Event, Ground};
use entremise_core::id::{AuthorityId, BatchId, CaseId, Digest, OrderId};
use entremise_core::identification::{Answer, Disclosure};
use entremise_core::ledger::Actor;
use entremise_core::notice::{
    Claim, Class, Clock, Hash, Notice, Observation, Source, Transport, Work,
};
use entremise_core::procedure::ladder::{CourtOutcome, Deliberated};
use entremise_core::procedure::measure::{Demand, LiftGround, Sentence, Terms};
use entremise_core::regime::rules::{DeliberationOutcome, Pronouncer};
use entremise_server::house::House;
use entremise_server::provider::{Answering, ProviderTrouble};
use entremise_server::web::review::desk::{AskOrder, AskOutcome, Entered, ReviewDesk};
use entremise_server::web::review::over_store::StoreReviewDesk;
use entremise_server::{config, serve, worker};
use entremise_sim::clock::VirtualClock;
use entremise_sim::entropy::SeededEntropy;
use entremise_sim::estate::{AUTHORITY, Answering as By, Counters, Estate, MEMBER, PostBy, REGIME};
use entremise_sim::mail::MailWorld;
use entremise_sim::providers::{Connectors, InProcess, Shared, WayFault};
use entremise_sim::world::people::Mailbox;
use entremise_sim::world::{Size, World};
use entremise_store::{ApplyError, CaseFile, CaseRef, IncomingBatch, IncomingNotice};
use entremise_wire::measure::{
    MeasureAnswer, MeasureBatch, MeasureState, MeasureStatus, StatesAsked,
};
use entremise_wire::message::{DisclosureBatch, IdentificationBatch, RelayBatch, Relayed};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

use crate::measured;
use crate::review_house::{JUDGE, reviewers, signed};

/// The first fact.
pub const BEGIN: &str = "2025-01-13T08:00:00Z";
/// The provider's records reach to here.
const RECORDS_END: &str = "2025-12-31T00:00:00Z";
/// How the connector names its subscriber, and how the post does.
pub const ACCOUNT: &str = "alice";
pub const NAME: &str = "Camille SPECIMEN";
/// What was pronounced. Unit: days.
pub const DAYS: u32 = 15;

/// How the house reaches the provider.
pub enum Provider {
    /// The connector's library in this process, with faults on the way.
    Near(Arc<InProcess>),
    /// The real connector behind mutual TLS. It ticks by itself.
    Far(#[allow(dead_code, reason = "held as long as the house may call")] Connectors),
}

pub struct Town {
    /// None only while it is reopened.
    house: Option<House>,
    pub provider: Provider,
    pub estate: Estate,
    pub clock: VirtualClock,
    pub now: Timestamp,
    pub measure: CaseId,
    config: config::Config,
    entropy: Arc<SeededEntropy>,
    notices: u128,
    // Dropped last: the relay and the connectors answer as long as the house may call.
    _folder: TempDir,
    _mail: MailWorld,
    _runtime: tokio::runtime::Runtime,
}

/// What a town is made of.
pub struct Plan<'a> {
    /// Over mutual TLS, or in this process.
    pub far: bool,
    /// The access servers of the provider, as its configuration names them.
    pub servers: &'a [SocketAddr],
    /// More lines at the head of `[measures]`.
    pub more: &'a str,
    /// Whether the provider carries measures out at all.
    pub measures: bool,
    /// The list that the login server reads; one of the provider's own where none is named.
    pub list: Option<&'a Path>,
}

impl Town {
    /// The house and its provider, and the subscriber's records of a year.
    pub fn open(plan: &Plan<'_>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = TempDir::new().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let now: Timestamp = BEGIN.parse().unwrap();
        let world = World::new(23, Size::SHORT, now);
        let estate = Estate::lay(folder.path(), 23, &world).unwrap();
        let clock = VirtualClock::at(now);
        let mailbox = [("camille@mail.example".to_owned(), Mailbox::Delivers)];
        let bounces = folder.path().join("mail/bounces");
        let mail = MailWorld::new(mailbox, None, &bounces, clock.clone()).unwrap();
        let tls = plan.far.then(|| estate.relay_tls().unwrap());
        let relay = mail.open_relay(&runtime, tls).unwrap();
        let post = SocketAddr::from(([127, 0, 0, 1], 9));
        let counters = Counters { relay, post, post_by: PostBy::Folder };
        let by = if plan.far { By::Connectors } else { By::Replaced };
        let config = estate.house(&world, counters, by);
        let isp = &estate.providers[0];
        let address = address(&config);
        fs::write(isp.folder.join("subscribers.csv"), subscribers()).unwrap();
        fs::write(isp.log("radius"), records(address)).unwrap();
        let text = fs::read_to_string(&isp.config).unwrap() + &pin();
        fs::write(&isp.config, &text).unwrap();
        if plan.measures {
            let root = isp.folder.clone();
            let measures = measured::config_text(&root, plan.servers, plan.more, "measures.");
            let own = root.join("restricted").display().to_string();
            let list = plan.list.map_or(own.clone(), |list| list.display().to_string());
            let measures = measures.replace(&own, &list);
            fs::write(&isp.config, format!("{text}\n[measures]\n{measures}")).unwrap();
        }
        let provider = if plan.far {
            // It reads the whole year's records at once, and believes none of the future.
            clock.set(RECORDS_END.parse().unwrap());
            let connectors = Connectors::start(&estate, &clock).unwrap();
            clock.set(now);
            Provider::Far(connectors)
        } else {
            let near = Arc::new(InProcess::open(isp).unwrap());
            near.follow(isp).unwrap();
            Provider::Near(near)
        };
        let mut town = Self {
            house: None,
            provider,
            estate,
            clock,
            now,
            measure: CaseId(Uuid::nil()),
            config,
            entropy: Arc::new(SeededEntropy::new(23)),
            notices: 0,
            _folder: folder,
            _mail: mail,
            _runtime: runtime,
        };
        town.reopen();
        town
    }

    /// The same, with the judgment entered and the measure's case open.
    pub fn judged(plan: &Plan<'_>) -> Self {
        let mut town = Self::open(plan);
        town.goes_up_to_the_judgment();
        town
    }

    /// The house dies where it stands and opens again from what it left on the disk.
    pub fn reopen(&mut self) {
        drop(self.house.take());
        let entropy = self.entropy.clone();
        let mut house = serve::open(&self.config, &self.clock.reader(), entropy).unwrap();
        if let Provider::Near(near) = &self.provider {
            house.rooms[0].providers[0].answering = Some(Arc::new(Shared(near.clone())));
        }
        self.house = Some(house);
    }

    pub fn house(&self) -> &House {
        self.house.as_ref().expect("it is open between two steps")
    }

    pub fn near(&self) -> &InProcess {
        let Provider::Near(near) = &self.provider else { panic!("it is behind a socket") };
        near
    }

    /// Nobody at the provider answers, or everybody does again.
    pub fn provider_is_silent(&self, silent: bool) {
        self.near().silent.store(silent, Ordering::SeqCst);
    }

    /// One round of the house's work. The connector in this process ticks before and behind it.
    pub fn work(&mut self) {
        if let Provider::Near(near) = &self.provider {
            near.tick(self.now).unwrap();
        }
        worker::round(self.house(), self.now).unwrap();
        if let Provider::Near(near) = &self.provider {
            near.tick(self.now).unwrap();
        }
    }

    /// Lets the clock be that late, with one round of work then.
    pub fn at(&mut self, instant: Timestamp) {
        assert!(self.now <= instant, "{instant} is behind {}", self.now);
        self.now = instant;
        self.clock.set(instant);
        self.work();
    }

    pub fn hours(&mut self, hours: i64) {
        for _ in 0..hours {
            self.at(self.now + SignedDuration::from_hours(1));
        }
    }

    pub fn minutes(&mut self, minutes: i64) {
        for _ in 0..minutes {
            self.at(self.now + SignedDuration::from_mins(1));
        }
    }

    pub fn apply(&self, case: CaseId, event: Event) {
        let actor = Actor::Person(MEMBER.parse().unwrap());
        self.house()
            .store
            .apply(&CaseRef::Id(authority(), case), &event, &actor, self.now)
            .unwrap();
    }

    /// Whether the law says no to this.
    pub fn refuses(&self, event: Event) -> bool {
        let actor = Actor::Person(MEMBER.parse().unwrap());
        let case = CaseRef::Id(authority(), self.measure);
        let refused = self.house().store.apply(&case, &event, &actor, self.now);
        matches!(refused, Err(ApplyError::Refused(_)))
    }

    /// When the measure was pronounced.
    pub fn judged_at(&self) -> Timestamp {
        let case = self.case();
        let Subject::Measure(pronounced) = &case.subject else { panic!("a measure") };
        pronounced.sentence.pronounced_at
    }

    pub fn file(&self, case: CaseId) -> CaseFile {
        self.house().store.case_file(&authority(), &case).unwrap().unwrap()
    }

    fn state_of(&self, case: CaseId) -> String {
        self.file(case).case.state.name().to_owned()
    }

    /// Where the measure stands.
    pub fn state(&self) -> String {
        self.state_of(self.measure)
    }

    pub fn case(&self) -> Case {
        self.file(self.measure).case
    }

    /// What happened to the measure's case, by the names of the ledger's lines.
    pub fn kinds(&self) -> Vec<String> {
        self.file(self.measure).history.into_iter().map(|entry| entry.kind).collect()
    }

    /// Alarms on the house's board that are about the measure.
    pub fn alarms(&self) -> Vec<String> {
        let alarms = self.house().store.alarms(&authority()).unwrap();
        let own = alarms.into_iter().filter(|alarm| alarm.case == self.measure);
        own.map(|alarm| alarm.name).collect()
    }

    /// The open case of the subscriber's line.
    fn ladder(&self) -> CaseId {
        let store = &self.house().store;
        let size = store.ledger_size(&authority()).unwrap();
        let leaves = store.ledger_leaves(&authority(), 0, size as usize).unwrap();
        let cases = leaves.iter().filter_map(|leaf| {
            let leaf: serde_json::Value = serde_json::from_slice(leaf).unwrap();
            leaf["subject"].as_str()?.strip_prefix("case:")?.parse::<CaseId>().ok()
        });
        let mut ladders =
            cases.filter(|case| matches!(self.file(*case).case.state, State::Ladder(_)));
        ladders.next().expect("a case on the ladder")
    }

    /// From the first notice to the judgment, each step by whoever takes it.
    fn goes_up_to_the_judgment(&mut self) {
        self.fact();
        self.decide();
        assert_eq!(self.state_of(self.ladder()), "warned");
        self.hours(48);
        self.fact();
        self.decide();
        let ladder = self.ladder();
        self.post_says(ladder, "send_message", "a02");
        assert_eq!(self.state_of(ladder), "warned");
        self.hours(48);
        self.fact();
        self.granted(ladder);
        self.post_says(ladder, "send_message", "a02");
        assert_eq!(self.state_of(ladder), "contradictory");
        self.at(self.now + SignedDuration::from_hours(24 * 16));
        assert_eq!(self.state_of(ladder), "deliberating");
        let outcome = DeliberationOutcome::Transmit;
        let by = || MEMBER.parse().unwrap();
        let decided =
            Deliberated { by: by(), outcome, reasons: digest('a'), examined: digest('b') };
        self.apply(ladder, Event::Deliberated(decided));
        self.at(self.now + SignedDuration::from_hours(24 * 30));
        let sentence = Sentence {
            measure: "suspension_counterfeiting".to_owned(),
            by: Pronouncer::Court,
            court: Some("tribunal judiciaire de Spécimen".parse().unwrap()),
            pronounced_at: self.now - SignedDuration::from_hours(24 * 12),
            terms: Terms::Suspension { days: DAYS },
        };
        let outcome = CourtOutcome::Convicted;
        let (judgment, measures) = (digest('c'), vec![sentence]);
        self.apply(ladder, Event::OutcomeReported { by: by(), outcome, judgment, measures });
        self.work();
        let measures = self.house().store.measures_of(&authority(), ladder).unwrap();
        assert_eq!(measures.len(), 1);
        self.measure = measures[0];
        assert_eq!(self.state(), "pronounced");
    }

    /// The registry says that it can be appealed no more; the letter goes out and is presented.
    pub fn notified(&mut self) -> PathBuf {
        self.enforceable();
        let letter = self.letter();
        self.post_says(self.measure, "notify_measure", "a02");
        letter
    }

    pub fn enforceable(&mut self) {
        let by = MEMBER.parse().unwrap();
        let event = Event::EnforceabilityConfirmed { by, certificate: digest('d'), at: self.now };
        self.apply(self.measure, event);
        self.work();
        assert_eq!(self.state(), "notifying");
    }

    /// The letter of the measure, as the post has it.
    pub fn letter(&self) -> PathBuf {
        let effect = self.effect(self.measure, "notify_measure");
        self.estate.post_folder().join(format!("outbox/{effect}.pdf"))
    }

    fn effect(&self, case: CaseId, name: &str) -> String {
        let effects = self.file(case).effects;
        let row = effects.iter().rfind(|row| row.effect.name() == name);
        row.unwrap_or_else(|| panic!("no {name}")).id.to_string()
    }

    /// The post says what became of the last letter, an hour later.
    pub fn post_says(&mut self, case: CaseId, name: &str, code: &str) {
        self.leave_news(case, name, code);
        self.hours(1);
    }

    fn leave_news(&self, case: CaseId, name: &str, code: &str) {
        let effect = self.effect(case, name);
        let at = self.now;
        let inbox = self.estate.post_folder().join("inbox");
        let row = format!("effect,code,at,proof\n{effect},{code},{at},\n");
        fs::write(inbox.join(format!("{effect}-{code}.csv")), row).unwrap();
    }

    /// Somebody saw a file on the subscriber's address two hours ago.
    fn fact(&mut self) {
        self.notices += 1;
        let number = self.notices;
        let notice =
            notice(address(&self.config), self.now - SignedDuration::from_hours(2), number);
        let provider = self.estate.providers[0].name.parse().unwrap();
        let batch = IncomingBatch {
            id: BatchId(Uuid::from_u128(number)),
            authority: authority(),
            regime: REGIME.parse().unwrap(),
            sender: self.house().rooms[0].senders[0].config.id.clone(),
            format: "xarf-4",
            channel: "api",
            raw: format!("as it came {number}").into_bytes(),
            received_at: self.now,
            idempotency_key: None,
            body_digest: [u8::try_from(number).unwrap(); 32],
            proof: None,
            notices: vec![IncomingNotice {
                place: "/1".to_owned(),
                verdict: Ok((notice, provider)),
            }],
        };
        self.house().store.intake(batch).unwrap();
        self.hours(2);
    }

    fn decide(&mut self) {
        let ladder = self.ladder();
        assert_eq!(self.state_of(ladder), "proposed");
        let (by, ground) = (MEMBER.parse().unwrap(), Ground::FactsEstablished);
        self.apply(ladder, Event::Decided(Decision { by, verdict: Decided::Send, ground }));
        self.hours(3);
    }

    /// The third linking: a member asks, and the reviewer whose key the provider pinned allows it.
    fn granted(&mut self, ladder: CaseId) {
        assert_eq!(self.state_of(ladder), "barred");
        let store = self.house().store.clone();
        let name = "Autorité (SPECIMEN)".to_owned();
        let reviews = StoreReviewDesk::new(store, authority(), name, reviewers());
        let history = self.file(ladder).history;
        let events = history.iter().filter(|entry| entry.kind.starts_with("event."));
        let order = AskOrder {
            reference: ladder.to_string(),
            version: events.count() as u64,
            ground: Ground::FactsEstablished,
            reviewer: JUDGE.parse().unwrap(),
            by: MEMBER.parse().unwrap(),
        };
        let AskOutcome::Asked(request) = reviews.ask(&order, self.now).unwrap() else {
            panic!("the request is put")
        };
        let (judge, granted) = (JUDGE.parse().unwrap(), Ruling::Granted);
        let reasons = "Les faits sont établis. SPECIMEN.";
        let statement = reviews.statement(&judge, request, granted, reasons, self.now).unwrap();
        let signed = signed(statement.unwrap(), JUDGE);
        assert_eq!(reviews.enter(signed, reasons, self.now).unwrap(), Entered::Done(Some(granted)));
        self.hours(3);
    }

    pub fn index(&self) -> PathBuf {
        self.estate.providers[0].index.clone()
    }

    /// A person of the provider's says something about the order as it stands there.
    pub fn person_says(&self, name: &str, verdict: Verdict) {
        let memory = Memory::read(&self.index()).unwrap();
        let key = (authority(), OrderId(self.measure.0));
        let order = &memory.orders[&key];
        let seed = if name == "c-martin" { 1 } else { 2 };
        let person = measured::person(if seed == 1 { "c-martin" } else { "a-petit" }, seed);
        let by = name.parse().unwrap();
        let note = Note::signed(&person.key, &key, order, verdict, by, self.now);
        note.leave(&self.index()).unwrap();
    }

    pub fn approved_by_two(&self) {
        for name in ["c-martin", "a-petit"] {
            self.person_says(name, Verdict::Approved);
        }
    }

    /// When the newest order that carries out begins and ends.
    pub fn window(&self) -> (Timestamp, Timestamp) {
        let file = self.file(self.measure);
        let mut windows = file.orders().into_iter().filter_map(|row| match &row.effect {
            Effect::OrderMeasure { demand: Demand::Carry { window, .. }, .. } => {
                Some((window.starts_at, window.ends_at))
            }
            _ => None,
        });
        windows.next_back().expect("an order")
    }

    /// The next round asks the providers where their orders stand, whenever it last did.
    pub fn asks_at_once(&self) {
        self.house().rooms[0].measures_asked.store(0, Ordering::Relaxed);
    }

    /// Whether the provider said this of an order, by its wire name.
    pub fn has_heard(&self, name: &str) -> bool {
        let history = self.file(self.measure).history;
        history.iter().filter(|entry| entry.kind == "event.measure_reported").any(|entry| {
            let body = entry.body.as_ref().expect("nothing is erased yet");
            body.to_string().contains(&format!("\"reported\":\"{name}\""))
        })
    }

    /// Whether what was personal in the measure's case is gone.
    pub fn is_erased(&self) -> bool {
        self.kinds().iter().any(|kind| kind.ends_with(".erasure"))
    }

    pub fn lift(&mut self, ground: LiftGround) {
        let by = MEMBER.parse().unwrap();
        self.apply(self.measure, Event::LiftingOrdered { by, decision: digest('e'), ground });
        self.work();
    }

    /// Unit: days, from midnight to midnight in Paris.
    pub fn days_of_the_last_order(&self) -> u32 {
        let (start, end) = self.window();
        let paris = |at: Timestamp| at.in_tz("Europe/Paris").unwrap().date();
        u32::try_from(paris(end).since(paris(start)).unwrap().get_days()).unwrap()
    }

    /// The next question where orders stand is lost.
    pub fn provider_says_nothing_of_states(&self) {
        self.near().faults.lock().unwrap().push_back(WayFault::LostReply);
    }

    /// A worker claims the order, enters its intent, and is never heard of again.
    pub fn letter_is_presented_and_the_house_dies_with_the_order_in_its_hands(&mut self) {
        self.leave_news(self.measure, "notify_measure", "a02");
        self.now += SignedDuration::from_hours(1);
        self.clock.set(self.now);
        worker::news::round(self.house(), self.now).unwrap();
        assert_eq!(self.state(), "ordered");
        let store = &self.house().store;
        let claims = store.claim(&["order_measure"], "dies-with-it", 300, 3, self.now).unwrap();
        assert_eq!(claims.len(), 1);
        store.intend(&claims[0], self.now).unwrap();
        self.reopen();
    }

    /// From now on the provider's word reaches the house changed.
    pub fn speaks_through(&mut self, lie: Lie) {
        let Provider::Near(near) = &self.provider else { panic!("it is behind a socket") };
        let liar = Liar { provider: near.clone(), lie };
        let house = self.house.as_mut().expect("it is open between two steps");
        house.rooms[0].providers[0].answering = Some(Arc::new(liar));
    }

    pub fn speaks_the_truth(&mut self) {
        self.reopen();
    }

    /// The provider's own journal.
    pub fn journal(&self) -> String {
        fs::read_to_string(self.index().join("journal.jsonl")).unwrap()
    }

    /// The list that is read at each login.
    pub fn login_list(&self) -> String {
        fs::read_to_string(self.estate.providers[0].folder.join("restricted")).unwrap_or_default()
    }
}

/// What somebody on the way makes of a provider's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    ChangedLine,
    LaterVersion,
    OlderVersion,
}

struct Liar {
    provider: Arc<InProcess>,
    lie: Lie,
}

impl Liar {
    fn changed(&self, status: MeasureStatus) -> MeasureStatus {
        let mut status = status;
        match self.lie {
            Lie::ChangedLine => status.proofs[0].line = status.proofs[0].line.replace('1', "2"),
            Lie::LaterVersion => status.version += 1,
            Lie::OlderVersion => status.version -= 1,
        }
        let at = "2025-04-01T00:00:00Z".parse().unwrap();
        MeasureStatus { state: MeasureState::Approved { at, obstacle: None }, ..status }
    }
}

impl Answering for Liar {
    fn identify(
        &self,
        batch: &IdentificationBatch,
        now: Timestamp,
    ) -> Result<Vec<Answer>, ProviderTrouble> {
        self.provider.identify(batch, now)
    }

    fn disclose(
        &self,
        batch: &DisclosureBatch,
        now: Timestamp,
    ) -> Result<Vec<Disclosure>, ProviderTrouble> {
        self.provider.disclose(batch, now)
    }

    fn relay(&self, batch: &RelayBatch, now: Timestamp) -> Result<Vec<Relayed>, ProviderTrouble> {
        self.provider.relay(batch, now)
    }

    fn order(
        &self,
        batch: &MeasureBatch,
        now: Timestamp,
    ) -> Result<Vec<MeasureAnswer>, ProviderTrouble> {
        let answers = self.provider.order(batch, now)?;
        let changed = answers.into_iter().map(|answer| match answer {
            MeasureAnswer::Taken(status) => MeasureAnswer::Taken(self.changed(status)),
            refused => refused,
        });
        Ok(changed.collect())
    }

    fn measure_states(
        &self,
        asked: &StatesAsked,
        now: Timestamp,
    ) -> Result<Vec<MeasureStatus>, ProviderTrouble> {
        // Nobody asks for an older state than the one that is known: it is entered as what it is.
        if self.lie == Lie::OlderVersion {
            return Ok(Vec::new());
        }
        let states = self.provider.measure_states(asked, now)?;
        Ok(states.into_iter().map(|status| self.changed(status)).collect())
    }
}

pub fn authority() -> AuthorityId {
    AUTHORITY.parse().unwrap()
}

pub fn digest(digit: char) -> Digest {
    digit.to_string().repeat(64).parse().unwrap()
}

/// An address of the first provider's own.
fn address(config: &config::Config) -> IpAddr {
    let prefixes = &config.authorities[0].providers[0].prefixes;
    let net: ipnet::IpNet = prefixes
        .iter()
        .map(|prefix| prefix.parse().unwrap())
        .find(|net| matches!(net, ipnet::IpNet::V4(_)))
        .expect("it announces addresses of version 4");
    net.hosts().nth(9).expect("there are ten addresses")
}

/// What the provider's engineer wrote down for the reviewer.
fn pin() -> String {
    let judge = reviewers().into_iter().find(|reviewer| reviewer.id.as_str() == JUDGE).unwrap();
    format!(
        "\n[[authority.reviewer]]\nid = \"cle-{JUDGE}\"\nreviewer = \"{JUDGE}\"\nbody = \"{}\"\n\
         kind = \"ed25519\"\npublic_key = \"{}\"\n",
        judge.body, judge.keys[0].public_key
    )
}

fn subscribers() -> String {
    format!(
        "account,name,postal_address,emails,telephones,line_address\n\
         {ACCOUNT},{NAME},1 RUE DE L'ESSAI|75000 PARIS,camille@mail.example,+33100000000,\n"
    )
}

/// The subscriber's only session of that year, told of every day.
fn records(address: IpAddr) -> String {
    let begun: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
    let mut text = String::new();
    for day in 0..364 {
        let at = begun + SignedDuration::from_hours(24 * day);
        let status = if day == 0 { "Start" } else { "Interim-Update" };
        text += &format!(
            "Thu Jan  1 00:00:00 1970\n\tAcct-Status-Type = {status}\n\
             \tUser-Name = \"{ACCOUNT}\"\n\tAcct-Session-Id = \"00000001\"\n\
             \tAcct-Unique-Session-Id = \"00000001\"\n\tNAS-IP-Address = 192.0.2.254\n\
             \tFramed-IP-Address = {address}\n\tAcct-Session-Time = {}\n\tTimestamp = {}\n\n",
            day * 86_400,
            at.as_second(),
        );
    }
    text
}

fn notice(address: IpAddr, at: Timestamp, number: u128) -> Notice {
    Notice {
        sender_case_id: Some(format!("N-{number}")),
        class: Class::Copyright,
        kind: "p2p".to_owned(),
        observation: Observation {
            from: at,
            until: None,
            clock: Some(Clock { source: "ntp".into(), offset_ms: None, max_error_ms: Some(200) }),
        },
        source: Source { ip: address, port: Some(51_413), transport: Some(Transport::Tcp) },
        observer: None,
        protocol: Some("bittorrent".to_owned()),
        pseudonym: None,
        provider_name: None,
        works: vec![Work {
            title: Some("Les Heures du port (SPECIMEN)".to_owned()),
            hashes: vec![Hash { algorithm: "btih".to_owned(), value: "a1".repeat(20) }],
            ..Work::default()
        }],
        claim: Claim { mandate: Some("M-1".to_owned()), ..Claim::default() },
        details: std::collections::BTreeMap::new(),
    }
}
