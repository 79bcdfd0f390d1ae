//! A judgment of January 2024 in a small house: a suspension of thirty days and a fine, entered
//! with the outcome of a finding's file. For the tests of what follows until the last day.

use std::sync::Arc;

use crate::defence_world::{Finding, Got, finding};
use crate::oversight_world::{authority, web};
use crate::portal_world::Visitors;
use entremise_core::case::{State as CaseState, Subject};
use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryReport, DeliveryStatus, Event};
use entremise_core::id::{CaseId, Digest};
use entremise_core::ledger::{Actor, digest};
use entremise_core::procedure::measure::{ProviderReport, Reported, State, Window};
use entremise_core::regime::rules::{ChannelKind, Spared};
use entremise_server::web::public_router;
use entremise_store::{CaseFile, CaseRef, Settlement};
use jiff::Timestamp;

pub const PDF: &[u8] = b"%PDF-1.7 SPECIMEN";
/// When the outcome is entered.
pub const ENTERED: &str = "2024-01-15T09:00:00Z";

/// The file lies with the prosecutor; its outcome is awaited.
pub fn transmitted() -> Finding {
    let mut finding = finding();
    finding.at("2023-05-26T08:00:00Z");
    finding.late();
    let page = finding.get(&format!("{}/deliberation", finding.path()));
    let opened = finding.deliberate(&page, "", "");
    let got = finding.decide(&opened, "transmit", "Motifs.");
    assert!(got.location.ends_with("?entered=true"), "{}", got.text);
    assert_eq!(finding.state(), "transmitted");
    finding.at(ENTERED);
    finding
}

/// What an officer types as the judgment has it.
pub const JUDGMENT: [(&str, &str); 8] = [
    ("act", "outcome"),
    ("outcome", "convicted"),
    ("judged_on", "2024-01-12"),
    ("court", "tribunal judiciaire de Spécimen"),
    ("measure-suspension_counterfeiting", "yes"),
    ("length-suspension_counterfeiting", "30"),
    ("measure-fine_negligence", "yes"),
    ("euros-fine_negligence", "300"),
];

pub struct Judged {
    pub finding: Finding,
    pub suspension: CaseId,
    pub fine: CaseId,
}

/// A conviction to a suspension of thirty days and a fine of 300 euros, of 12 January 2024.
pub fn judged() -> Judged {
    let mut finding = transmitted();
    let got = finding.enter(&JUDGMENT, PDF);
    assert!(got.location.ends_with("?entered=true"), "{} {}", got.status, got.text);
    open_measures(&finding);
    let of_file = measures_of(&finding);
    let suspends = |case: &CaseId| match &file_of(&finding, *case).case.subject {
        Subject::Measure(measure) => measure.sentence.measure == "suspension_counterfeiting",
        _ => false,
    };
    let (suspension, fine): (Vec<CaseId>, Vec<CaseId>) = of_file.into_iter().partition(suspends);
    let (suspension, fine) = (suspension[0], fine[0]);
    Judged { finding, suspension, fine }
}

/// Does what the worker does with what a judgment pronounced.
pub fn open_measures(finding: &Finding) {
    let now = finding.now();
    let claims = finding.world.claim("open_measure", now);
    let settled = claims.into_iter().map(|claim| {
        let Effect::OpenMeasure { measure, by } = claim.effect.clone() else { panic!() };
        let (authority, regime) = (claim.authority.clone(), claim.regime.clone());
        let case = CaseRef::Measure { authority, regime, measure };
        let event = Some((case, Event::MeasurePronounced { by }));
        Settlement { claim, outcome: "opened", event, actor: Actor::House }
    });
    finding.world.store.settle_many(settled.collect(), now).unwrap();
}

pub fn measures_of(finding: &Finding) -> Vec<CaseId> {
    finding.world.store.measures_of(&authority(), finding.case).unwrap()
}

fn file_of(finding: &Finding, case: CaseId) -> CaseFile {
    finding.world.store.case_file(&authority(), &case).unwrap().unwrap()
}

impl Judged {
    pub fn file(&self, case: CaseId) -> CaseFile {
        file_of(&self.finding, case)
    }

    pub fn measure(&self) -> State {
        let CaseState::Measure(state) = self.file(self.suspension).case.state else { panic!() };
        state
    }

    pub fn state(&self) -> &'static str {
        self.measure().name()
    }

    pub fn kinds(&self) -> Vec<String> {
        self.file(self.suspension).history.into_iter().map(|line| line.kind).collect()
    }

    pub fn documents(&self) -> Vec<String> {
        let store = &self.finding.world.store;
        let kept = store.documents(&authority(), &self.suspension).unwrap();
        kept.into_iter().map(|document| document.name).collect()
    }

    /// The page of the suspension, in French.
    pub fn path(&self) -> String {
        format!("/fr/bureau/mesure/{}", self.suspension)
    }

    pub fn page(&mut self) -> Got {
        let path = self.path();
        self.finding.get(&path)
    }

    /// Sends the form of one act.
    pub fn enter(&mut self, act: &str, fields: &[(&str, &str)], document: &[u8]) -> Got {
        let path = format!("{}/{act}", self.path());
        self.finding.send_form(&path, fields, document)
    }

    /// The same house as its person meets it.
    pub fn visitors(self) -> Visitors {
        let clock = self.finding.clock();
        let now = Arc::clone(&clock);
        let mut web = web(&self.finding.world.store);
        web.clock = Arc::new(move || *now.lock().unwrap());
        let public = public_router(web);
        Visitors { other: self.finding.case, now: clock, public, finding: self.finding }
    }

    /// Something that is not entered by hand happens to the suspension.
    pub fn happens(&self, event: &Event, by: &Actor) {
        let case = CaseRef::Id(authority(), self.suspension);
        self.finding.world.store.apply(&case, event, by, self.finding.now()).unwrap();
    }

    /// The letter of the measure is presented.
    pub fn presented(&self) {
        let at = self.finding.now();
        let (channel, status) = (ChannelKind::RegisteredLetter, DeliveryStatus::Presented);
        let report = DeliveryReport { stage: 0, channel, status, at };
        self.happens(&Event::Delivery(report), &Actor::House);
    }

    pub fn provider_says(&self, reported: Reported) {
        let version = self.measure().life().unwrap().version;
        let report = ProviderReport { version, reported, proof: proof() };
        let by = self.file(self.suspension).case.subject.provider().clone();
        self.happens(&Event::MeasureReported(report), &Actor::Party(by));
    }

    pub fn window(&self) -> Window {
        self.measure().life().unwrap().window.unwrap()
    }

    /// Enforceable, notified, ordered, and in force since its first day.
    pub fn in_force(&mut self) {
        self.enforceable();
        self.finding.at("2024-02-05T10:00:00Z");
        self.presented();
        assert_eq!(self.state(), "ordered");
        let Window { starts_at, ends_at } = self.window();
        self.at(starts_at);
        let spared = [Spared::Telephony, Spared::Television].into_iter().collect();
        self.provider_says(Reported::Implemented { at: starts_at, until: Some(ends_at), spared });
        assert_eq!(self.state(), "in_force");
    }

    pub fn at(&mut self, instant: Timestamp) {
        self.finding.at(&instant.to_string());
    }

    /// Another officer than the one who entered the judgment enters the registry's certificate.
    pub fn enforceable(&mut self) {
        self.finding.at("2024-01-26T09:00:00Z");
        self.finding.act_as_other_officer();
        let got = self.enter("executoire", &[("on", "2024-01-23")], PDF);
        assert!(got.location.ends_with("?entered=true"), "{} {}", got.status, got.text);
        assert_eq!(self.state(), "notifying");
    }
}

fn proof() -> Digest {
    digest(b"SPECIMEN")
}
