//! What happens to a measure, and what should not have, as a story tells it.

use super::story::Because;
use crate::event::Event;
use crate::procedure::measure::{AppealOutcome, Reported};

pub(super) fn of_a_measure(event: &Event) -> (String, String) {
    let (fr, en) = match event {
        Event::MeasurePronounced { .. } => ("une mesure est prononcée", "a measure is pronounced"),
        Event::EnforceabilityConfirmed { .. } => {
            ("le greffe certifie le jugement exécutoire", "the registry certifies it enforceable")
        }
        Event::AppealFiled { .. } => ("la personne fait appel", "the person appeals"),
        Event::AppealDecided { outcome, .. } => match outcome {
            AppealOutcome::Upheld => {
                ("le jugement est confirmé en appel", "the judgment is upheld on appeal")
            }
            AppealOutcome::Varied { .. } => {
                ("le jugement est réformé en appel", "the judgment is varied on appeal")
            }
            AppealOutcome::Quashed => {
                ("le jugement est infirmé en appel", "the judgment is quashed on appeal")
            }
        },
        Event::NotificationServed { .. } => {
            ("la mesure est signifiée à la personne", "the person is served in another way")
        }
        Event::PostponementRequested { .. } => {
            ("la personne demande un report", "the person asks for a postponement")
        }
        Event::PostponementRefused { .. } => {
            ("le report est refusé", "the postponement is refused")
        }
        Event::MeasurePostponed { .. } => ("la mesure est reportée", "the measure is put off"),
        Event::ExecutionResumed { .. } => {
            ("une personne fait reprendre l’exécution", "a person has the execution resumed")
        }
        Event::MeasureVaried { .. } => ("la mesure est modifiée", "the measure is varied"),
        Event::LiftingOrdered { .. } => {
            ("la levée de la mesure est ordonnée", "the measure is ordered to be lifted")
        }
        Event::MeasureReported(report) => reported(&report.reported),
        Event::LiftingProven { .. } => {
            ("une personne a la preuve de la levée", "a person has the proof of the lifting")
        }
        _ => ("la peine est exécutée", "the fine is paid, or the injunction complied with"),
    };
    (fr.to_owned(), en.to_owned())
}

fn reported(reported: &Reported) -> (&'static str, &'static str) {
    match reported {
        Reported::Taken => ("l’opérateur a reçu l’ordre", "the provider has the order"),
        Reported::Approved { .. } => ("l’opérateur accepte l’ordre", "the provider approves"),
        Reported::Declined { .. } => ("l’opérateur n’exécute pas l’ordre", "the provider declines"),
        Reported::Implemented { .. } => {
            ("l’opérateur dit la mesure en place", "the provider says that it is in force")
        }
        Reported::NotLifted => {
            ("l’opérateur ne parvient pas à lever la mesure", "the provider cannot lift it yet")
        }
        Reported::Ended { .. } => {
            ("l’opérateur dit la mesure terminée", "the provider says that it is over")
        }
    }
}

pub(super) fn wrong_with_a_measure(because: &Because) -> (String, String) {
    let (fr, en) = match because {
        Because::NotEnforceable => (
            "l’opérateur reçoit l’ordre d’exécuter un jugement qui n’est pas exécutoire",
            "the provider is ordered to carry out a judgment that is not enforceable",
        ),
        Because::OrderedTooLong => (
            "l’ordre dépasse la peine, son terme ou la loi qui la connaissait",
            "the order goes beyond the sentence, its end or the law that knew it",
        ),
        Because::NotLifted => (
            "l’affaire se clôt sans preuve de levée et sans que nul ne soit alerté",
            "the case ends, nothing proves the lifting, and nobody was alarmed",
        ),
        _ => (
            "le passage du temps, à lui seul, commence ou allonge la mesure",
            "the passing of time alone begins or lengthens the measure",
        ),
    };
    (fr.to_owned(), en.to_owned())
}
