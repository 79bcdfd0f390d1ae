//! A desk with invented cases, for the tests of the pages and for looking at them
//! (`examples/web_fixture.rs`). Knows the views, and nothing of a store.

use std::sync::{Arc, Mutex};

use entremise_core::deadline::{Deadline, Words};
use entremise_core::effect::Alarm;
use entremise_core::event::{
    Decision, DeliveryReport, DeliveryStatus, Event, Fact, Ground, Verdict,
};
use entremise_core::id::{CaseId, NoticeId, PartyId, PersonId, QuestionId};
use entremise_core::identification::{IdentityField, Outcome};
use entremise_core::procedure::DueKind;
use entremise_core::regime::rules::{ChannelKind, ReturnReason, Span};
use entremise_core::regime::{Regime, embedded};
use entremise_server::web::desk::*;
use entremise_server::web::{Authority, Clock, Desk, OfficeRole, Officer, Web};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// The secret of the one officer.
pub const SECRET: &str = "specimen-officer-secret-8c1f";
/// Number and code of a genuine message.
pub const NUMBER: &str = "2026-002210";
pub const CODE: &str = "K7M4PQ2X";
/// The entry that proves it.
pub const PROOF: u64 = 4211;
/// A case that waits for a decision.
pub const TO_DECIDE: &str = "2026-004127";
/// What an attacker would put wherever text is taken.
pub const HOSTILE: &str = "\"'><script>alert(1)</script>{{7*7}}&amp;";

/// Monday 23 November 2026, 9.30 in Paris.
pub fn now() -> Timestamp {
    "2026-11-23T08:30:00Z".parse().unwrap()
}

pub fn clock() -> Clock {
    Arc::new(now)
}

pub fn authority() -> Authority {
    Authority {
        name: Words {
            fr: "Autorité de protection des œuvres (SPECIMEN)".to_owned(),
            en: "Authority for the Protection of Works (SPECIMEN)".to_owned(),
        },
        email: "contact@autorite.example".to_owned(),
        post: vec!["1 place de l’Exemple".to_owned(), "00000 SPECIMEN-VILLE".to_owned()],
        origin: "https://autorite.example".to_owned(),
        security_contact: "mailto:securite@autorite.example".to_owned(),
    }
}

pub fn officers() -> Vec<Officer> {
    let digest = ring::digest::digest(&ring::digest::SHA256, SECRET.as_bytes());
    let secret_sha256 = digest.as_ref().try_into().unwrap();
    vec![Officer { person: "officer-7".parse().unwrap(), secret_sha256, role: OfficeRole::Officer }]
}

pub fn web(desk: Invented) -> Web {
    Web {
        desk: Arc::new(desk),
        review: None,
        oversight: None,
        rights: None,
        defence: None,
        measures: None,
        portal: None,
        authority: authority(),
        clock: clock(),
        secure: false,
    }
}

/// What the desk was asked to decide.
pub type Orders = Arc<Mutex<Vec<DecisionOrder>>>;

/// The desk itself.
pub struct Invented {
    regime: Regime,
    /// Put into every field that holds text.
    text: Option<&'static str>,
    rows: usize,
    pub orders: Orders,
    /// Alarms taken off the board, and by whom.
    pub settled: Arc<Mutex<Vec<String>>>,
    pub outcome: DecideOutcome,
}

impl Invented {
    pub fn new() -> Self {
        Self {
            regime: embedded("fr-graduated-response").unwrap(),
            text: None,
            rows: 9,
            orders: Orders::default(),
            settled: Arc::default(),
            outcome: DecideOutcome::Entered,
        }
    }

    /// Every text field holds what an attacker would put there.
    pub fn hostile() -> Self {
        Self { text: Some(HOSTILE), ..Self::new() }
    }

    pub fn with_rows(rows: usize) -> Self {
        Self { rows, ..Self::new() }
    }

    fn text(&self, usual: &str) -> String {
        self.text.unwrap_or(usual).to_owned()
    }

    fn deadline(&self, start: Timestamp, span: Span, by: &str) -> Deadline {
        let mut deadline = self.regime.deadline(start, span, by, "provider.answers_within");
        if let Some(text) = self.text {
            deadline.explanation = Words { fr: text.to_owned(), en: text.to_owned() };
        }
        deadline
    }

    fn row(&self, place: usize) -> WorkRow {
        let kinds = [
            (Asked::Provider, None),
            (Asked::Decide, Some("first")),
            (Asked::Decide, Some("first")),
            (Asked::Message, Some("second")),
            (Asked::Decide, Some("second")),
            (Asked::Provider, Some("first")),
            (Asked::Decide, Some("first")),
            (Asked::Message, Some("first")),
        ];
        let (asked, stage) = kinds[place % kinds.len()];
        let opened_at = days_before(9 - i64::try_from(place.min(8)).unwrap());
        let reference = match place {
            0 => "0f6c1d52-7c0e-4d0a-9a57-3b1f6f8e2a11".to_owned(),
            1 => TO_DECIDE.to_owned(),
            _ => format!("2026-{:06}", 4100 + place),
        };
        let span = Span::Days(8 + i32::try_from(place).unwrap() / 3);
        WorkRow {
            reference: self.text(&reference),
            asked,
            stage: stage.map(|stage| self.text(stage)),
            finding: false,
            deadline: (place != 8).then(|| self.deadline(opened_at, span, "question_asked")),
            opened_at,
        }
    }

    fn line(&self, seq: u64, days: i64, happened: Happened, by: &str) -> LedgerLine {
        let commitment = "9f2c4be1".repeat(8);
        LedgerLine {
            seq: 184_000 + seq,
            at: days_before(days),
            happened,
            by: self.text(by),
            commitment: self.text(&commitment),
        }
    }

    fn timeline(&self) -> Vec<LedgerLine> {
        let fact = Fact {
            notice: NoticeId(Uuid::nil()),
            identification: CaseId(Uuid::nil()),
            fact_at: days_before(60),
            received_at: days_before(58),
        };
        let party: PartyId = "isp-riviere".parse().unwrap();
        let question = QuestionId(Uuid::nil());
        let accepted = Event::NoticeAccepted {
            notice: NoticeId(Uuid::nil()),
            sender: "ayants-droit-a".parse().unwrap(),
            provider: party,
            fact_at: days_before(60),
        };
        let decided = Event::Decided(Decision {
            by: "officer-7".parse().unwrap(),
            verdict: Verdict::Send,
            ground: Ground::FactsEstablished,
        });
        let relayed = report(ChannelKind::Email, DeliveryStatus::Relayed);
        let answered = Event::Answered { question, outcome: Outcome::NotFound };
        let disclosed = Event::Disclosed { question, fields: vec![IdentityField::Email] };
        let outcome = Happened::Outcome {
            effect: self.text("send_message"),
            outcome: self.text("handed_over"),
        };
        let told = [
            (58, Happened::Event(accepted), "party:ayants-droit-a"),
            (57, Happened::Event(answered), "party:isp-riviere"),
            (57, Happened::Event(Event::FactEstablished { fact }), "house"),
            (56, Happened::Refusal(self.text("not_yet_due")), "house"),
            (55, Happened::Event(decided), "person:officer-7"),
            (55, Happened::Intent(self.text("request_disclosure")), "house"),
            (54, Happened::Event(disclosed), "party:isp-riviere"),
            (54, Happened::Linking(self.text("warn")), "house"),
            (54, Happened::Intent(self.text("send_message")), "house"),
            (54, outcome, "house"),
            (53, Happened::Event(Event::Delivery(relayed)), "party:isp-riviere"),
            (53, Happened::Other(self.text("checkpoint")), "house"),
        ];
        (0..)
            .zip(told)
            .map(|(seq, (days, happened, by))| self.line(seq, days, happened, by))
            .collect()
    }

    fn a_case(&self, reference: &str) -> CaseView {
        let decides = reference == TO_DECIDE;
        let received_at = days_before(58);
        let keep = self.deadline(received_at, Span::Months(2), "received");
        let window = self.deadline(days_before(53), Span::Months(6), "handed_over");
        let due = |what, deadline| Next { what, deadline };
        let next = if decides {
            let alarm = self.deadline(days_before(3), Span::WorkingDays(3), "proposed");
            vec![
                due(NextKind::Decision, None),
                due(NextKind::Due(DueKind::Alarm), Some(alarm)),
                due(NextKind::Due(DueKind::End), Some(keep)),
            ]
        } else {
            vec![
                due(NextKind::Repeat, Some(window)),
                due(NextKind::Due(DueKind::End), Some(keep)),
                due(NextKind::Barred, None),
            ]
        };
        let here = if decides { 0 } else { 1 };
        let rung = |(place, stage): (usize, &str)| Rung {
            stage: self.text(stage),
            standing: match place {
                2 => Standing::Barred,
                place if place < here => Standing::Done,
                place if place == here => Standing::Here,
                _ => Standing::Ahead,
            },
            channels: match place {
                0 => vec![ChannelKind::Email],
                _ => vec![ChannelKind::Email, ChannelKind::RegisteredLetter],
            },
        };
        let fact = |leading, days| FactView {
            notice: self.text("6f1c2d50-0b5e-4f0a-8a57-3b1f6f8e2a11"),
            fact_at: days_before(days),
            received_at,
            leading,
        };
        CaseView {
            zone: self.regime.zone().clone(),
            reference: self.text(reference),
            version: 12,
            regime: Words {
                fr: self.text("Réponse graduée"), en: self.text("Graduated response")
            },
            regime_id: "fr-graduated-response".to_owned(),
            procedure: Procedure::Ladder,
            state: self.text(if decides { "proposed" } else { "warned" }),
            closed: false,
            asked: if decides { Asked::Decide } else { Asked::Keep },
            opened_at: received_at,
            rungs: ["first", "second", "third_finding"].into_iter().enumerate().map(rung).collect(),
            facts: vec![fact(true, 60), fact(false, 59)],
            messages: if decides { Vec::new() } else { self.messages() },
            next,
            timeline: self.timeline(),
            decides: decides.then(|| self.text("first")),
            finding: false,
            proposed_by: Vec::new(),
            opens_by_review: false,
            sends: true,
            defence: None,
        }
    }

    /// One message for each thing that can become of one.
    fn messages(&self) -> Vec<MessageView> {
        let all = [
            None,
            Some(DeliveryStatus::HandedOver),
            Some(DeliveryStatus::Relayed),
            Some(DeliveryStatus::Delivered),
            Some(DeliveryStatus::Delayed),
            Some(DeliveryStatus::Bounced),
            Some(DeliveryStatus::Blocked),
            Some(DeliveryStatus::Presented),
            Some(DeliveryStatus::Returned(ReturnReason::Unclaimed)),
            Some(DeliveryStatus::Unknown),
        ];
        let message = |(status, days): (Option<DeliveryStatus>, i64)| MessageView {
            stage: self.text(if days < 5 { "first" } else { "second" }),
            channel: if days < 5 { ChannelKind::Email } else { ChannelKind::RegisteredLetter },
            attempt: if days == 9 { 2 } else { 1 },
            status,
            at: status.map(|_| days_before(days)),
        };
        all.into_iter().zip(0..).map(message).collect()
    }
}

impl Desk for Invented {
    fn today(&self, query: &WorkQuery, now: Timestamp) -> Result<TodayView, DeskTrouble> {
        let zone = self.regime.zone().clone();
        let from: usize = query.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0);
        let kept = |row: &WorkRow| query.asked.is_none_or(|asked| asked == row.asked);
        let all: Vec<WorkRow> = (0..self.rows).map(|place| self.row(place)).filter(kept).collect();
        let rows: Vec<WorkRow> = all.iter().skip(from).take(query.rows_max).cloned().collect();
        let end = from + rows.len();
        let today = zone.day_of(now);
        let load = [14, 61, 8, 33, 0, 0, 120].into_iter().zip(0..).map(|(cases, days)| DayLoad {
            day: today.checked_add(SignedDuration::from_hours(24 * days)).unwrap(),
            cases,
        });
        Ok(TodayView {
            load: load.collect(),
            zone,
            next: (end < all.len()).then(|| end.to_string()),
            rows,
            open: Asked::ALL.into_iter().zip([37, 1_204, 88, 3, 48_211]).collect(),
            load_whole: self.rows < 100,
            alarms_more: if self.rows < 100 { 0 } else { 31 },
            late: if self.rows == 0 { 0 } else { 2 },
            delays: vec![(Delay::Day, 1), (Delay::Week, 1), (Delay::Month, 0), (Delay::Longer, 0)],
            alarms: if self.rows == 0 { Vec::new() } else { self.alarms() },
        })
    }

    fn case(&self, reference: &str, _: Timestamp) -> Result<Option<CaseView>, DeskTrouble> {
        let known = reference.starts_with("2026-") || self.text == Some(reference);
        Ok(known.then(|| self.a_case(reference)))
    }

    fn decide(&self, order: &DecisionOrder, _: Timestamp) -> Result<DecideOutcome, DeskTrouble> {
        self.orders.lock().unwrap().push(order.clone());
        Ok(self.outcome.clone())
    }

    fn settle_alarm(&self, alarm: &str, by: &PersonId, _: Timestamp) -> Result<bool, DeskTrouble> {
        self.settled.lock().unwrap().push(format!("{alarm} by {by}"));
        Ok(true)
    }

    fn ladder(&self, now: Timestamp) -> Result<Vec<PublicRung>, DeskTrouble> {
        Ok(PublicRung::of(self.regime.at(now).map_err(|_| DeskTrouble)?))
    }

    fn check(&self, number: &str, code: &str, _: Timestamp) -> Result<Checked, DeskTrouble> {
        if number == "trouble" {
            return Err(DeskTrouble);
        }
        if number != NUMBER || code.replace('-', "") != CODE {
            return Ok(Checked::NotKnown);
        }
        let day = "2026-10-01".parse().unwrap();
        let sent = Sent { channel: ChannelKind::Email, day };
        let proof = Proof { stage: self.text("first"), sent, entry: PROOF };
        let (messages, proofs) = (vec![sent], vec![proof]);
        Ok(Checked::Genuine(Genuine { stage: self.text("first"), messages, proofs }))
    }

    fn message_receipt(
        &self,
        number: &str,
        code: &str,
        entry: u64,
    ) -> Result<ReceiptGiven, DeskTrouble> {
        if number != NUMBER || code.replace('-', "") != CODE || entry != PROOF {
            return Ok(ReceiptGiven::NotKnown);
        }
        Ok(ReceiptGiven::Text("c2sp.org/tlog-proof@v1 SPECIMEN\n".to_owned()))
    }

    fn line_receipt(&self, _: &str, _: u64) -> Result<ReceiptGiven, DeskTrouble> {
        Ok(ReceiptGiven::NotYet)
    }
}

impl Invented {
    fn alarms(&self) -> Vec<AlarmView> {
        let silent = Alarm::ProviderSilent { provider: "isp-riviere".parse().unwrap() };
        let given_up = AlarmKind::GivenUp {
            effect: self.text("send_message"),
            trouble: self.text("smtp_timeout"),
        };
        let reference = |usual: &str| Some(self.text(usual));
        let alarm = |days, reference, what| AlarmView {
            id: self.text(&format!("alarm-{days}")),
            raised_at: days_before(days),
            reference,
            what,
        };
        vec![
            alarm(1, reference("2026-004101"), AlarmKind::Rules(silent)),
            alarm(0, reference("2026-004103"), given_up),
            alarm(0, None, AlarmKind::Other(self.text("mail_blocked"))),
        ]
    }
}

fn report(channel: ChannelKind, status: DeliveryStatus) -> DeliveryReport {
    DeliveryReport { stage: 0, channel, status, at: days_before(53) }
}

fn days_before(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}
