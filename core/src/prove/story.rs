//! A story as a lawyer reads it: dated sentences, and in the end what should not have been.
//!
//! Knows what events are called, and nothing of what they lead to.

use jiff::Timestamp;
use serde::Serialize;

use crate::deadline::{Lang, Words, Zone, date_words};
use crate::event::{DeliveryReport, DeliveryStatus, DisclosureFailure, Event, Verdict};
use crate::identification::IdentityField;
use crate::procedure::ladder::ChallengeVerdict;
use crate::regime::Regime;
use crate::regime::rules::{ChannelKind, DeliberationOutcome, ReturnReason};
use crate::step::Refusal;

/// One event of a story.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub at: Timestamp,
    pub event: Event,
}

/// What should not have been.
#[derive(Clone, Debug)]
pub(super) enum Because {
    LinkedWithoutGrant { sequence: u32 },
    NotThisGrant,
    LeftInPilot { effect: &'static str },
    NobodyDecided { stage: usize },
    NotHeard { stage: usize },
    NoClock { stage: usize, below: usize },
    OutsideWindow { stage: usize, below: usize },
    NothingDue,
    WithoutEnd,
    Refused(Refusal),
    NeverErased,
    NotEnforceable,
    OrderedTooLong,
    NotLifted,
    HardenedByTime,
}

/// A shortest story that breaks a property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Story {
    pub events: Vec<Told>,
    /// What is wrong at its end.
    pub because: Words,
}

/// One event, dated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    pub at: Timestamp,
    /// The event's wire name.
    pub event: &'static str,
    pub words: Words,
}

impl Story {
    pub(super) fn told(moves: &[Move], because: &Because, regime: &Regime) -> Self {
        let events = moves.iter().map(|moved| {
            let (fr, en) = sentence(moved, regime);
            Told {
                at: moved.at,
                event: moved.event.name(),
                words: Words {
                    fr: format!(
                        "le {}, {}",
                        moment(moved.at, regime.zone(), Lang::Fr),
                        spaced(&fr)
                    ),
                    en: format!("on {}, {en}", moment(moved.at, regime.zone(), Lang::En)),
                },
            }
        });
        Self { events: events.collect(), because: why(because, regime) }
    }

    /// The whole story, a line for each event.
    pub fn text(&self, lang: Lang) -> String {
        let mut text = String::new();
        for told in &self.events {
            let pause = if lang == Lang::Fr { "\u{202f};" } else { ";" };
            text.push_str(&format!("  {}{pause}\n", told.words.in_lang(lang)));
        }
        text.push_str(&format!("  → {}.\n", self.because.in_lang(lang)));
        text
    }
}

/// Typographic apostrophes stand in the source; what French sets before « ; : » is set here.
pub(super) fn spaced(text: &str) -> String {
    text.replace(" :", "\u{a0}:")
        .replace(" ;", "\u{202f};")
        .replace("« ", "«\u{a0}")
        .replace(" »", "\u{a0}»")
}

fn moment(at: Timestamp, zone: &Zone, lang: Lang) -> String {
    let local = zone.local(at);
    let (day, hour, minute) = (date_words(local.date(), lang), local.hour(), local.minute());
    match lang {
        Lang::Fr => format!("{day} à {hour}\u{a0}h\u{a0}{minute:02}"),
        Lang::En => format!("{day} at {hour:02}:{minute:02}"),
    }
}

fn sentence(moved: &Move, regime: &Regime) -> (String, String) {
    match &moved.event {
        Event::NoticeAccepted { .. } => pair("un constat est reçu", "a notice is accepted"),
        Event::QuestionAsked { .. } => {
            pair("la demande part chez l’opérateur", "the question leaves for the provider")
        }
        Event::Answered { outcome, .. } => (
            format!("l’opérateur répond « {} »", outcome.name()),
            format!("the provider answers “{}”", outcome.name()),
        ),
        Event::NoticeRetracted { .. } => {
            pair("l’expéditeur retire son constat", "the sender takes the notice back")
        }
        Event::FactEstablished { fact } if fact.fact_at == moved.at => {
            pair("un fait est constaté", "a fact is established")
        }
        Event::FactEstablished { fact } => (
            format!("un fait du {} est établi", moment(fact.fact_at, regime.zone(), Lang::Fr)),
            format!("a fact of {} is established", moment(fact.fact_at, regime.zone(), Lang::En)),
        ),
        Event::Decided(decision) => match decision.verdict {
            Verdict::Send => pair("une personne décide l’envoi", "a person decides to send"),
            Verdict::Close => pair("une personne classe le dossier", "a person closes the case"),
        },
        Event::AuthorisationRequested { reviewer, .. } => (
            format!("une personne demande l’autorisation préalable à « {reviewer} »"),
            format!("a person asks “{reviewer}” for prior authorisation"),
        ),
        Event::AuthorisationHandedOver { to, .. } => (
            format!("la demande passe à « {to} »"),
            format!("the request is handed over to “{to}”"),
        ),
        Event::AuthorisationGranted { grant } => (
            format!("« {} » autorise", grant.statement().reviewer),
            format!("“{}” grants it", grant.statement().reviewer),
        ),
        Event::AuthorisationRefused { denial } => (
            format!("« {} » refuse", denial.statement().reviewer),
            format!("“{}” refuses it", denial.statement().reviewer),
        ),
        Event::ChallengeReceived { .. }
        | Event::ChallengeAnswered(_)
        | Event::AnswerReported(_)
        | Event::ObservationsReceived { .. }
        | Event::SituationStated { .. }
        | Event::HearingRequested { .. }
        | Event::HearingConvened { .. }
        | Event::ConvocationReported(_)
        | Event::HearingHeld { .. }
        | Event::HearingMissed { .. }
        | Event::Deliberated(_)
        | Event::OutcomeReported { .. } => after_the_finding(&moved.event),
        Event::HoldPlaced { until, .. } => (
            format!(
                "une juridiction fait conserver le dossier jusqu’au {}",
                moment(*until, regime.zone(), Lang::Fr)
            ),
            format!("a court has the file kept until {}", moment(*until, regime.zone(), Lang::En)),
        ),
        Event::HoldLifted { .. } => {
            pair("la juridiction lève son ordre", "the court lifts its order")
        }
        Event::Disclosed { fields, .. } => disclosed(fields),
        Event::DisclosureFailed { reason, .. } => not_disclosed(*reason),
        Event::Delivery(report) => heard(report, moved.at, regime),
        Event::PilotEnded => pair("le pilote prend fin", "the pilot ends"),
        Event::DeadlinePassed => pair("l’échéance passe", "the deadline passes"),
        of_a_measure => super::told::of_a_measure(of_a_measure),
    }
}

fn pair(fr: &str, en: &str) -> (String, String) {
    (fr.to_owned(), en.to_owned())
}

/// What the person and the authority do once a finding was presented.
fn after_the_finding(event: &Event) -> (String, String) {
    let (fr, en) = match event {
        Event::ChallengeReceived { .. } => {
            ("la personne conteste le message", "the person challenges the message")
        }
        Event::ChallengeAnswered(answer) => match answer.verdict {
            ChallengeVerdict::Upheld => {
                ("une personne donne raison à qui conteste", "a person upholds the challenge")
            }
            ChallengeVerdict::Rejected => {
                ("une personne rejette la contestation", "a person rejects the challenge")
            }
        },
        Event::AnswerReported(_) => {
            ("des nouvelles de la réponse arrivent", "there is news of the answer")
        }
        Event::ObservationsReceived { .. } => {
            ("la personne présente des observations", "the person sends observations")
        }
        Event::SituationStated { .. } => {
            ("la personne indique sa situation", "the person states their situation")
        }
        Event::HearingRequested { .. } => {
            ("la personne demande à être entendue", "the person asks to be heard")
        }
        Event::HearingConvened { .. } => ("la personne est convoquée", "the person is convened"),
        Event::ConvocationReported(report) if report.status.is_presented() => {
            ("la convocation est présentée", "the convocation is presented")
        }
        Event::ConvocationReported(_) => {
            ("la convocation n’atteint personne", "the convocation reaches nobody")
        }
        Event::HearingHeld { .. } => ("la personne est entendue", "the person is heard"),
        Event::HearingMissed { .. } => {
            ("la personne ne vient pas à l’audition", "the person does not come to the hearing")
        }
        Event::Deliberated(decision) => match decision.outcome {
            DeliberationOutcome::Close => {
                ("le membre classe le dossier", "the member closes the case")
            }
            DeliberationOutcome::Transmit => (
                "le membre décide la transmission au parquet",
                "the member decides to send the file to the prosecutor",
            ),
        },
        _ => ("l’issue judiciaire est connue", "the outcome in court is known"),
    };
    (fr.to_owned(), en.to_owned())
}

fn disclosed(fields: &[IdentityField]) -> (String, String) {
    if fields.is_empty() {
        let fr = "l’opérateur répond qu’il n’a pas ces coordonnées";
        return (fr.to_owned(), "the provider has no such contact details".to_owned());
    }
    let names = fields.iter().map(|field| match field {
        IdentityField::Name => ("le nom", "the name"),
        IdentityField::PostalAddress => ("l’adresse postale", "the postal address"),
        IdentityField::Email => ("le courriel", "the mail address"),
        IdentityField::Telephone => ("le téléphone", "the telephone number"),
        IdentityField::LineAddress => ("l’adresse de la ligne", "the address of the line"),
    });
    let (fr, en): (Vec<_>, Vec<_>) = names.unzip();
    (
        format!("l’opérateur communique {}", fr.join(", ")),
        format!("the provider discloses {}", en.join(", ")),
    )
}

fn not_disclosed(reason: DisclosureFailure) -> (String, String) {
    let (fr, en) = match reason {
        DisclosureFailure::HandleUnknown => {
            ("l’opérateur ne connaît plus l’abonné", "the provider no longer knows the subscriber")
        }
        DisclosureFailure::AuthorisationMissing => (
            "l’opérateur compte une mise en relation de plus et demande une autorisation",
            "the provider counts one linking more and asks for an authorisation",
        ),
        DisclosureFailure::Refused => {
            ("l’opérateur refuse de répondre", "the provider refuses to answer")
        }
    };
    (fr.to_owned(), en.to_owned())
}

fn heard(report: &DeliveryReport, at: Timestamp, regime: &Regime) -> (String, String) {
    let (fr, en) = match report.channel {
        ChannelKind::Email => ("le courriel", "the mail"),
        ChannelKind::Letter => ("le pli simple", "the plain envelope"),
        ChannelKind::RegisteredLetter => ("le pli recommandé", "the registered envelope"),
    };
    let (was_fr, was_en) = became(report.status);
    let (stage_fr, stage_en) = stage(report.stage, regime);
    let (mut fr, mut en) =
        (format!("{fr} de l’étape {stage_fr} {was_fr}"), format!("{en} of {stage_en} {was_en}"));
    if report.at != at {
        fr.push_str(&format!(" (preuve datée du {})", moment(report.at, regime.zone(), Lang::Fr)));
        en.push_str(&format!(" (proof dated {})", moment(report.at, regime.zone(), Lang::En)));
    }
    (fr, en)
}

fn became(status: DeliveryStatus) -> (&'static str, &'static str) {
    match status {
        DeliveryStatus::HandedOver => ("est remis à qui l’achemine", "is handed over"),
        DeliveryStatus::Relayed => ("est relayé", "is relayed"),
        DeliveryStatus::Delivered => ("est distribué", "is delivered"),
        DeliveryStatus::Delayed => ("est retardé", "is delayed"),
        DeliveryStatus::Bounced => ("revient sans avoir atteint personne", "bounces"),
        DeliveryStatus::Blocked => ("est bloqué à l’arrivée", "is blocked by the receiver"),
        DeliveryStatus::Presented => ("est présenté", "is presented"),
        DeliveryStatus::Returned(ReturnReason::Refused) => ("est refusé", "is refused"),
        DeliveryStatus::Returned(ReturnReason::Unclaimed) => ("n’est pas réclamé", "is unclaimed"),
        DeliveryStatus::Returned(ReturnReason::UnknownAddress) => {
            ("revient : adresse inconnue", "comes back: address unknown")
        }
        DeliveryStatus::Returned(ReturnReason::Deceased) => {
            ("revient : destinataire décédé", "comes back: addressee deceased")
        }
        DeliveryStatus::Returned(ReturnReason::Lost) => ("est perdu", "is lost"),
        DeliveryStatus::Unknown => ("est sans nouvelles sûres", "has no certain news"),
    }
}

/// A stage by its title in the file.
fn stage(place: usize, regime: &Regime) -> (String, String) {
    let title = regime.file().stage.get(place).map(|stage| &stage.title);
    title.map_or_else(
        || (format!("n° {}", place + 1), format!("stage {}", place + 1)),
        |title| (format!("« {} »", title.fr), format!("“{}”", title.en)),
    )
}

fn why(because: &Because, regime: &Regime) -> Words {
    let (fr, en) = match because {
        Because::LinkedWithoutGrant { sequence } => (
            format!("la mise en relation n° {sequence} est demandée sans autorisation préalable"),
            format!("linking {sequence} is asked for without prior authorisation"),
        ),
        Because::NotThisGrant => (
            "une mise en relation est demandée sur une autorisation que nul n’a donnée ainsi"
                .to_owned(),
            "a linking is asked for on a grant that nobody gave so".to_owned(),
        ),
        Because::LeftInPilot { effect } => (
            format!("quelque chose sort pendant l’essai ({effect})"),
            format!("something leaves during the trial ({effect})"),
        ),
        Because::NobodyDecided { stage: place } => {
            let (fr, en) = stage(*place, regime);
            (
                format!("l’étape {fr} est franchie sans qu’une personne l’ait décidé"),
                format!("{en} is entered and no person decided it"),
            )
        }
        Because::NotHeard { stage: place } => {
            let (fr, en) = stage(*place, regime);
            (
                format!(
                    "le dossier de l’étape {fr} est transmis avant que la personne ait pu répondre"
                ),
                format!("the file of {en} is sent before the person could answer"),
            )
        }
        Because::NoClock { stage: place, below } => {
            let ((fr, en), (below_fr, below_en)) = (stage(*place, regime), stage(*below, regime));
            (
                format!("le message de l’étape {fr} part sans preuve de l’étape {below_fr}"),
                format!("the message of {en} leaves and nothing proves {below_en}"),
            )
        }
        Because::OutsideWindow { stage: place, below } => {
            let ((fr, en), (below_fr, below_en)) = (stage(*place, regime), stage(*below, regime));
            (
                format!("le message de l’étape {fr} part pour un fait hors du délai de {below_fr}"),
                format!("the message of {en} leaves for a fact outside the window of {below_en}"),
            )
        }
        Because::NothingDue => (
            "le dossier attend sans échéance".to_owned(),
            "the case waits and nothing is due".to_owned(),
        ),
        Because::WithoutEnd => (
            "les échéances se suivent sans fin".to_owned(),
            "deadline follows deadline without end".to_owned(),
        ),
        Because::Refused(refusal) => (
            format!("le dossier n’a plus d’issue ({})", refusal.name()),
            format!("the case has no way on: {refusal}"),
        ),
        Because::NeverErased => (
            "le dossier est clos et rien n’efface plus ses données personnelles".to_owned(),
            "the case is closed and nothing will erase its personal data".to_owned(),
        ),
        Because::NotEnforceable
        | Because::OrderedTooLong
        | Because::NotLifted
        | Because::HardenedByTime => super::told::wrong_with_a_measure(because),
    };
    Words { fr: spaced(&fr), en }
}
