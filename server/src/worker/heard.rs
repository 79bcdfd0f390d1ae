//! A provider's word about an order, as the case hears it. What does not hold together is no word.

use std::collections::BTreeSet;

use entremise_core::procedure::measure::{Declined, HowEnded, Reported};
use entremise_core::regime::rules::Spared;
use entremise_wire::measure::{
    End, Impossible, JournalLine, MeasureAnswer, MeasureRefused, MeasureState, MeasureStatus,
};

/// What was ordered last, to hold the provider's word against.
pub(super) struct Ordered {
    pub version: u32,
    /// Whether this version asks for nothing but the end.
    pub lifts: bool,
    /// What must run on.
    pub spares: BTreeSet<Spared>,
}

/// What an answer to an order says.
pub(super) enum Said<'a> {
    Status(Reported, &'a MeasureStatus),
    Declined(Declined),
    /// It is over there already, and this version came too late: ask where it stands.
    Over,
}

/// The answer to a version of an order. An error where its proof does not hold.
pub(super) fn answer<'a>(
    answer: &'a MeasureAnswer,
    ordered: &Ordered,
) -> Result<Said<'a>, &'static str> {
    match answer {
        MeasureAnswer::Taken(taken) if taken.version < ordered.version => {
            Err("it took an older version for the newest")
        }
        MeasureAnswer::Taken(taken) => {
            status(taken, ordered).map(|reported| Said::Status(reported, taken))
        }
        MeasureAnswer::Refused { proof, .. } if !proof.holds() => Err(CHANGED),
        MeasureAnswer::Refused { reason: MeasureRefused::MeasureAlreadyOver, .. } => Ok(Said::Over),
        MeasureAnswer::Refused { reason, .. } => Ok(Said::Declined(refused(*reason))),
    }
}

const CHANGED: &str = "a line of its journal was changed on the way";

/// Where an order stands. What must run on runs on by the provider's own profile: it refuses an
/// order that asks for more than its profile spares.
pub(super) fn status(status: &MeasureStatus, ordered: &Ordered) -> Result<Reported, &'static str> {
    if !status.proofs.iter().all(JournalLine::holds) {
        return Err(CHANGED);
    }
    if status.version > ordered.version {
        return Err("it speaks of a version that was never ordered");
    }
    let lifts = ordered.lifts && status.version == ordered.version;
    Ok(match &status.state {
        MeasureState::Received => Reported::Taken,
        MeasureState::Approved { at, .. } => Reported::Approved { at: *at },
        // It has the lifting, and its access servers have not acknowledged it yet. That they do is
        // the case's own clock to watch.
        MeasureState::Implemented { .. } if lifts => Reported::Taken,
        MeasureState::Implemented { at, until, .. } => {
            Reported::Implemented { at: *at, until: Some(*until), spared: ordered.spares.clone() }
        }
        MeasureState::NotLifted { .. } => Reported::NotLifted,
        MeasureState::Ended { started, at, how, .. } => {
            Reported::Ended { started: *started, at: *at, how: ended(*how) }
        }
        MeasureState::Impossible { reason, .. } => {
            Reported::Declined { reason: impossible(*reason) }
        }
    })
}

fn ended(how: End) -> HowEnded {
    match how {
        End::Expired => HowEnded::Expired,
        End::Lifted => HowEnded::Lifted,
        End::Stopped => HowEnded::Stopped,
        End::NeverApproved | End::NeverImplemented => HowEnded::NeverBegun,
    }
}

fn refused(reason: MeasureRefused) -> Declined {
    match reason {
        MeasureRefused::HandleUnknown | MeasureRefused::AccountNotExpressible => {
            Declined::HandleUnknown
        }
        MeasureRefused::AccountInDoubt => Declined::LineInDoubt,
        MeasureRefused::SparesNotPossible => Declined::SparingImpossible,
        MeasureRefused::DeciderNotAccepted => Declined::DecisionDoubtful,
        MeasureRefused::AuthorityStopped => Declined::Stopped,
        MeasureRefused::MeasureAlreadyOver
        | MeasureRefused::WindowInvalid
        | MeasureRefused::TooLong
        | MeasureRefused::KindNotSupported
        | MeasureRefused::VersionInvalid
        | MeasureRefused::OrderChanged => Declined::OrderUnfit,
    }
}

fn impossible(reason: Impossible) -> Declined {
    match reason {
        Impossible::LineCeased => Declined::LineCeased,
        Impossible::LineOfNecessity => Declined::LineOfNecessity,
        Impossible::SparingImpossible => Declined::SparingImpossible,
        Impossible::DecisionDoubtful => Declined::DecisionDoubtful,
    }
}
