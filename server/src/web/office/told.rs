//! Ledger lines, alarms and channels in words.

use entremise_core::authorisation::SignedStatement;
use entremise_core::deadline::Zone;
use entremise_core::effect::Alarm;
use entremise_core::event::{
    AnswerReport, ConvocationReport, DeliveryReport, DisclosureFailure, Event, Ground, Verdict,
};
use entremise_core::regime::rules::ChannelKind;
use jiff::Timestamp;

use crate::web::desk::{AlarmKind, Happened, LedgerLine};
use crate::web::page::Page;
use crate::web::words::filled;

/// One line of the timeline as the page shows it.
pub(in crate::web) struct Line {
    pub at: Timestamp,
    pub what: String,
    /// What the event says beyond its name.
    pub detail: Option<String>,
    pub by: String,
    pub seq: u64,
    pub commitment: String,
    /// How the line looks: `event`, `act`, `refusal`, `linking`.
    pub class: &'static str,
}

pub(in crate::web) fn line(entry: &LedgerLine, page: &Page, zone: &Zone) -> Line {
    let (class, what, detail) = match &entry.happened {
        Happened::Event(event) => {
            ("event", page.named("event", event.name()), detail(event, page, zone))
        }
        Happened::Refusal(name) => {
            ("refusal", page.t("line.refusal").to_owned(), Some(page.named("refusal", name)))
        }
        Happened::Intent(effect) => {
            ("act", page.t("line.intent").to_owned(), Some(page.named("effect", effect)))
        }
        Happened::Outcome { effect, outcome } => {
            let told = format!(
                "{} – {}",
                page.named("effect", effect),
                page.named("outcome", outcome).replace('_', " ")
            );
            ("act", page.t("line.outcome").to_owned(), Some(told))
        }
        Happened::Linking(purpose) => {
            ("linking", page.t("line.linking").to_owned(), Some(page.named("purpose", purpose)))
        }
        Happened::Look(purpose) => {
            ("linking", page.t("line.look").to_owned(), Some(page.named("purpose", purpose)))
        }
        Happened::Other(name) => {
            let house = name.strip_prefix("house.").unwrap_or(name);
            ("event", page.named("line.house", house), None)
        }
    };
    Line {
        at: entry.at,
        what,
        detail,
        by: actor(&entry.by, page),
        seq: entry.seq,
        commitment: entry.commitment.clone(),
        class,
    }
}

/// `house`, `party:isp-a`, `person:officer-7` in words.
fn actor(by: &str, page: &Page) -> String {
    match by.split_once(':') {
        Some(("party", id)) => page.with("actor.party", "id", id),
        Some(("person", id)) => page.with("actor.person", "id", id),
        _ if by == "house" => page.t("actor.house").to_owned(),
        _ if by == "concerned" => page.t("actor.concerned").to_owned(),
        _ => by.to_owned(),
    }
}

fn detail(event: &Event, page: &Page, zone: &Zone) -> Option<String> {
    match event {
        Event::NoticeAccepted { sender, provider, .. } => Some(filled(
            page.lang,
            "detail.notice_accepted",
            &[("sender", sender.as_str()), ("provider", provider.as_str())],
        )),
        Event::Answered { outcome, .. } => Some(page.named("answer", outcome.name())),
        Event::Decided(decision) => Some(filled(
            page.lang,
            "detail.decided",
            &[
                ("verdict", &page.named("verdict", verdict_name(decision.verdict))),
                ("ground", &page.named("ground", ground_name(decision.ground))),
            ],
        )),
        Event::DisclosureFailed { reason, .. } => {
            let key = match reason {
                DisclosureFailure::HandleUnknown => "detail.disclosure_failed",
                DisclosureFailure::AuthorisationMissing => "detail.disclosure_unauthorised",
                DisclosureFailure::Refused => "detail.disclosure_refused",
            };
            Some(page.t(key).to_owned())
        }
        Event::Delivery(DeliveryReport { channel, status, .. })
        | Event::ConvocationReported(ConvocationReport { channel, status, .. })
        | Event::AnswerReported(AnswerReport { channel, status, .. }) => Some(filled(
            page.lang,
            "detail.delivery",
            &[
                ("channel", &page.named("channel", channel_name(*channel))),
                ("status", &page.named("delivery", status.name())),
            ],
        )),
        Event::AuthorisationRequested { decision, reviewer, .. } => Some(filled(
            page.lang,
            "detail.authorisation_requested",
            &[("by", decision.by.as_str()), ("reviewer", reviewer.as_str())],
        )),
        Event::AuthorisationHandedOver { from, to, .. } => Some(filled(
            page.lang,
            "detail.authorisation_handed_over",
            &[("from", from.as_str()), ("to", to.as_str())],
        )),
        Event::AuthorisationGranted { grant } => Some(ruling(grant.signed(), page)),
        Event::AuthorisationRefused { denial } => Some(ruling(denial.signed(), page)),
        Event::HoldPlaced { until, .. } => {
            Some(page.with("detail.hold_placed", "until", page.instant(until, zone)))
        }
        Event::ChallengeReceived { .. }
        | Event::ChallengeAnswered(_)
        | Event::ObservationsReceived { .. }
        | Event::SituationStated { .. }
        | Event::HearingConvened { .. }
        | Event::HearingHeld { .. }
        | Event::Deliberated(_)
        | Event::OutcomeReported { .. } => after_the_finding(event, page, zone),
        Event::QuestionAsked { .. }
        | Event::HearingRequested { .. }
        | Event::HearingMissed { .. }
        | Event::HoldLifted { .. }
        | Event::NoticeRetracted { .. }
        | Event::FactEstablished { .. }
        | Event::Disclosed { .. }
        | Event::PilotEnded
        | Event::DeadlinePassed => None,
        of_a_measure => super::measure::detail(of_a_measure, page, zone),
    }
}

/// What the person and the authority did once a finding was presented.
fn after_the_finding(event: &Event, page: &Page, zone: &Zone) -> Option<String> {
    match event {
        Event::ChallengeReceived { grounds, .. } => {
            let grounds =
                grounds.iter().map(|ground| page.named("challenge.ground", ground.name()));
            Some(grounds.collect::<Vec<_>>().join(" · "))
        }
        Event::ChallengeAnswered(answer) => {
            Some(page.named("challenge.verdict", answer.verdict.name()))
        }
        Event::ObservationsReceived { document, .. } | Event::SituationStated { document, .. } => {
            Some(page.with("detail.document", "sha256", document.to_string()))
        }
        Event::HearingConvened { by, slot } => Some(filled(
            page.lang,
            "detail.hearing_convened",
            &[("slot", &page.instant(slot, zone)), ("by", by.as_str())],
        )),
        Event::HearingHeld { record, counsel, .. } => {
            let counsel = if *counsel { "detail.with_counsel" } else { "detail.without_counsel" };
            let values = [("sha256", record.as_str()), ("counsel", page.t(counsel))];
            Some(filled(page.lang, "detail.hearing_held", &values))
        }
        Event::Deliberated(decision) => Some(filled(
            page.lang,
            "detail.deliberated",
            &[
                ("by", decision.by.as_str()),
                ("outcome", &page.named("deliberation", decision.outcome.name())),
                ("reasons", decision.reasons.as_str()),
                ("examined", decision.examined.as_str()),
            ],
        )),
        Event::OutcomeReported { outcome, judgment, .. } => Some(filled(
            page.lang,
            "detail.outcome_reported",
            &[("outcome", &page.named("court", outcome.name())), ("sha256", judgment.as_str())],
        )),
        _ => None,
    }
}

fn ruling(signed: &SignedStatement, page: &Page) -> String {
    let reviewer = signed.statement.reviewer.as_str();
    let values = [("reviewer", reviewer), ("key", signed.key.as_str())];
    filled(page.lang, "detail.ruling", &values)
}

pub(super) fn alarm_text(alarm: &AlarmKind, page: &Page) -> String {
    match alarm {
        AlarmKind::Rules(alarm @ Alarm::ProviderSilent { provider }) => {
            page.with(&format!("alarm.{}", alarm.name()), "provider", provider.as_str())
        }
        AlarmKind::Rules(alarm) => page.named("alarm", alarm.name()),
        AlarmKind::GivenUp { effect, trouble } => filled(
            page.lang,
            "alarm.given_up",
            &[
                ("effect", &page.named("effect", effect)),
                ("trouble", &page.named("cause", trouble)),
            ],
        ),
        AlarmKind::Other(name) => page.named("alarm", name),
    }
}

/// A channel's name in the catalogue.
pub(in crate::web) fn channel_name(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Email => "email",
        ChannelKind::Letter => "letter",
        ChannelKind::RegisteredLetter => "registered_letter",
    }
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Send => "send",
        Verdict::Close => "close",
    }
}

pub(in crate::web) fn ground_name(ground: Ground) -> &'static str {
    match ground {
        Ground::FactsEstablished => "facts_established",
        Ground::EvidenceWeak => "evidence_weak",
        Ground::Discretion => "discretion",
        Ground::AlreadyAnswered => "already_answered",
    }
}
