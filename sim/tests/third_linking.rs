//! The third linking from end to end: a real house, a real connector that pinned its reviewer, and
//! a key file between them. With the reviewer's grant the identity comes and the letter is asked
//! for; with anything else the connector refuses, whatever the house believes.

use std::cell::Cell;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::review_house::{JUDGE, MEMBER, SUBSTITUTE, day, reviewers, signed};
use entremise_core::authorisation::{Ruling, SignedStatement};
use entremise_core::case::State;
use entremise_core::effect::Effect;
use entremise_core::event::{
    Decision, DeliveryReport, DeliveryStatus, Event, Fact, Ground, Line, Verdict,
};
use entremise_core::id::{AuthorityId, BatchId, CaseId, NoticeId, PartyId, QuestionId, RegimeId};
use entremise_core::identification::{Disclosure, DisclosureRequest, IdentityField};
use entremise_core::identification::{Outcome, Purpose, Question};
use entremise_core::ledger::Actor;
use entremise_core::notice::Transport;
use entremise_core::regime::rules::ChannelKind;
use entremise_server::house::House;
use entremise_server::provider::Answering;
use entremise_server::web::review::desk::{AskOrder, AskOutcome, Entered, ReviewDesk};
use entremise_server::web::review::over_store::StoreReviewDesk;
use entremise_server::{serve, worker};
use entremise_sim::clock::VirtualClock;
use entremise_sim::entropy::SeededEntropy;
use entremise_sim::estate::{AUTHORITY, Answering as By, Counters, Estate, PostBy, REGIME};
use entremise_sim::providers::{InProcess, Shared, append};
use entremise_sim::world::sightings::Flaw;
use entremise_sim::world::{Size, World};
use entremise_store::{CaseFile, CaseRef};
use entremise_wire::message::{DisclosureBatch, IdentificationBatch};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

const REASONS: &str = "Les faits sont établis et les avertissements prouvés.";

/// The day of the third fact, of the request and of the ruling.
const LAST: &str = "2026-09-01";

struct Town {
    house: House,
    provider: Arc<InProcess>,
    reviews: StoreReviewDesk,
    line: Line,
    case: Cell<Option<CaseId>>,
    _folder: TempDir,
}

impl Town {
    /// A house and its first provider, which pinned the key of this person for that reviewer.
    fn new(pinned: Option<&str>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = TempDir::new().unwrap();
        let from: Timestamp = "2026-05-01T06:00:00Z".parse().unwrap();
        let mut world = World::new(11, Size::SHORT, from);
        let estate = Estate::lay(folder.path(), 11, &world).unwrap();
        let own = &estate.providers[0];
        let config = fs::read_to_string(&own.config).unwrap();
        fs::write(&own.config, config + &pin(pinned)).unwrap();
        let provider = Arc::new(InProcess::open(own).unwrap());
        let mut until = from;
        let mut seen = Vec::new();
        for _ in 0..8 {
            until += SignedDuration::from_hours(24);
            let stretch = world.run(until);
            for (place, log) in stretch.logs.iter().filter(|(place, _)| *place == 0) {
                append(&estate.providers[*place], log).unwrap();
            }
            seen.extend(stretch.sightings);
        }
        provider.follow(own).unwrap();
        let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
        let counters = Counters { relay: nobody, post: nobody, post_by: PostBy::Folder };
        let config = estate.house(&world, counters, By::Replaced);
        let clock = VirtualClock::at(from);
        let entropy = Arc::new(SeededEntropy::new(11));
        let mut house = serve::open(&config, &clock.reader(), entropy).unwrap();
        house.rooms[0].providers[0].answering = Some(Arc::new(Shared(provider.clone())));
        let name = "Autorité (SPECIMEN)".to_owned();
        let reviews = StoreReviewDesk::new(house.store.clone(), authority(), name, reviewers());
        let handle = seen
            .iter()
            .filter(|seen| seen.flaw == Flaw::None)
            .zip(1_000..)
            .filter_map(|(seen, number)| {
                let question = Question {
                    id: QuestionId(Uuid::from_u128(number)),
                    ip: seen.ip,
                    port: seen.port,
                    transport: Some(if seen.udp { Transport::Udp } else { Transport::Tcp }),
                    at: Timestamp::from_second(seen.at).unwrap(),
                    until: None,
                    error_ms: seen.clock_error_ms,
                };
                let asking = IdentificationBatch {
                    batch: BatchId(Uuid::from_u128(number)),
                    authority: authority(),
                    regime: regime(),
                    questions: vec![question],
                };
                match provider.identify(&asking, until).unwrap().remove(0).outcome {
                    Outcome::Identified { handle, .. } => Some(handle),
                    _ => None,
                }
            })
            .next()
            .expect("somebody was seen at the first provider");
        let line = Line { provider: own.name.parse::<PartyId>().unwrap(), handle };
        Self { house, provider, reviews, line, case: Cell::new(None), _folder: folder }
    }

    fn apply(&self, when: &str, event: Event) {
        let case =
            CaseRef::Line { authority: authority(), regime: regime(), line: self.line.clone() };
        let actor = Actor::Person(MEMBER.parse().unwrap());
        let applied = self.house.store.apply(&case, &event, &actor, day(when)).unwrap();
        self.case.set(Some(applied.case.id));
    }

    fn fact(&self, when: &str, number: u128) {
        let fact = Fact {
            notice: NoticeId(Uuid::from_u128(number)),
            identification: CaseId(Uuid::from_u128(number)),
            fact_at: day(when),
            received_at: day(when),
        };
        self.apply(when, Event::FactEstablished { fact });
    }

    /// A member decides, and the provider is asked.
    fn decide(&self, when: &str) {
        let (by, ground) = (MEMBER.parse().unwrap(), Ground::FactsEstablished);
        self.apply(when, Event::Decided(Decision { by, verdict: Verdict::Send, ground }));
        self.work(day(when));
    }

    fn news(&self, when: &str, stage: usize, channel: ChannelKind, status: DeliveryStatus) {
        self.apply(when, Event::Delivery(DeliveryReport { stage, channel, status, at: day(when) }));
    }

    /// One round of the outbox. No mail leaves: the facts here have no notice behind them, so what
    /// comes after the providers may break off.
    fn work(&self, now: Timestamp) {
        let _ = worker::outbox::round(&self.house, now);
    }

    /// Two warnings, each with its linking at the provider; then a third fact.
    fn barred(&self) -> &Self {
        self.fact("2026-05-10", 1);
        self.decide("2026-05-10");
        self.news("2026-05-10", 0, ChannelKind::Email, DeliveryStatus::HandedOver);
        self.fact("2026-06-01", 2);
        self.decide("2026-06-01");
        self.news("2026-06-05", 1, ChannelKind::RegisteredLetter, DeliveryStatus::Presented);
        self.fact(LAST, 3);
        assert_eq!(self.state(), "barred");
        self
    }

    fn file(&self) -> CaseFile {
        let case = self.case.get().expect("something happened to the line");
        self.house.store.case_file(&authority(), &case).unwrap().unwrap()
    }

    fn state(&self) -> String {
        let State::Ladder(state) = self.file().case.state else { panic!("not on the ladder") };
        state.name().to_owned()
    }

    /// Asks the reviewer, who signs with this person's key; enters it and lets the house work.
    fn granted_with(&self, key: &str) -> Entered {
        let file = self.file();
        let events = file.history.iter().filter(|entry| entry.kind.starts_with("event."));
        let order = AskOrder {
            reference: file.case.id.to_string(),
            version: events.count() as u64,
            ground: Ground::FactsEstablished,
            reviewer: JUDGE.parse().unwrap(),
            by: MEMBER.parse().unwrap(),
        };
        let AskOutcome::Asked(request) = self.reviews.ask(&order, day(LAST)).unwrap() else {
            panic!("the request is put")
        };
        let judge = JUDGE.parse().unwrap();
        let ruling = Ruling::Granted;
        let statement =
            self.reviews.statement(&judge, request, ruling, REASONS, day(LAST)).unwrap().unwrap();
        let signed: SignedStatement = signed(statement, key);
        let entered = self.reviews.enter(signed, REASONS, day(LAST)).unwrap();
        self.work(day(LAST));
        entered
    }

    /// Whether the message of the third stage was asked for.
    fn third_letter(&self) -> bool {
        let effects = self.file().effects;
        effects.iter().any(|row| matches!(row.effect, Effect::SendMessage { stage: 2, .. }))
    }

    fn outcome_of_the_third(&self) -> Option<String> {
        let effects = self.file().effects;
        let third = effects
            .into_iter()
            .find(|row| matches!(row.effect, Effect::RequestAuthorisedDisclosure { .. }));
        third.and_then(|row| row.outcome)
    }
}

fn authority() -> AuthorityId {
    AUTHORITY.parse().unwrap()
}

fn regime() -> RegimeId {
    REGIME.parse().unwrap()
}

/// What the provider's engineer wrote down for the reviewer.
fn pin(person: Option<&str>) -> String {
    let Some(person) = person else { return String::new() };
    let of = reviewers().into_iter().find(|reviewer| reviewer.id.as_str() == person).unwrap();
    format!(
        "\n[[authority.reviewer]]\nid = \"cle-{JUDGE}\"\nreviewer = \"{JUDGE}\"\n\
         body = \"{}\"\nkind = \"ed25519\"\npublic_key = \"{}\"\n",
        of.body, of.keys[0].public_key
    )
}

#[test]
fn with_the_grant_of_a_pinned_reviewer_the_identity_comes_and_the_letter_is_asked_for() {
    let town = Town::new(Some(JUDGE));
    assert_eq!(town.barred().granted_with(JUDGE), Entered::Done(Some(Ruling::Granted)));
    assert_eq!(town.outcome_of_the_third().as_deref(), Some("disclosed"));
    assert_eq!(town.state(), "sending");
    assert!(town.third_letter());
}

#[test]
fn a_grant_that_only_the_house_believes_opens_nothing_at_the_provider() {
    // The provider wrote down another key under this name: a house that named its own reviewer, or
    // whose servers fell into other hands.
    for pinned in [None, Some(SUBSTITUTE)] {
        let town = Town::new(pinned);
        assert_eq!(town.barred().granted_with(JUDGE), Entered::Done(Some(Ruling::Granted)));
        assert_eq!(town.outcome_of_the_third().as_deref(), Some("refused"));
        assert!(!town.third_letter());
    }
}

#[test]
fn without_a_grant_the_provider_refuses_the_third_request_by_its_own_count() {
    let town = Town::new(Some(JUDGE));
    town.barred();
    let request = DisclosureRequest {
        id: QuestionId(Uuid::from_u128(77)),
        handle: town.line.handle.clone(),
        purpose: Purpose::Finding,
        fields: vec![IdentityField::Name, IdentityField::PostalAddress],
        sequence: 3,
        expires_at: day(LAST) + SignedDuration::from_hours(24),
        seal_to: town.house.store.seal_to(),
        authorisation: None,
    };
    let requesting = DisclosureBatch {
        batch: BatchId(Uuid::from_u128(78)),
        authority: authority(),
        regime: regime(),
        requests: vec![request],
    };
    let told = town.provider.disclose(&requesting, day(LAST)).unwrap().remove(0);
    let Disclosure::Refused { reason, .. } = told else { panic!("{told:?}") };
    assert_eq!(reason, "authorisation_missing");
}

#[test]
fn a_forged_grant_does_not_even_enter_the_house() {
    let town = Town::new(Some(JUDGE));
    // The forger signs with a key of its own under the reviewer's number.
    let told = town.barred().granted_with(SUBSTITUTE);
    assert!(matches!(told, Entered::Not(_)), "{told:?}");
    assert_eq!(town.state(), "under_review");
    assert_eq!(town.outcome_of_the_third(), None);
}
