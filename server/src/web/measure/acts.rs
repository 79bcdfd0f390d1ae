//! The acts by which a person moves a measure: each rests on a document, and becomes one event.

use entremise_core::case::Case;
use entremise_core::event::Event;
use entremise_core::id::{Digest, PersonId};
use entremise_core::procedure::measure::{AppealOutcome, LiftGround, State, Terms};
use entremise_core::regime::Regime;
use entremise_core::step::{Refusal, step};
use jiff::{SignedDuration, Timestamp};

use crate::access::Action;
use crate::web::defence::desk::Document;

macro_rules! kinds {
    ($($variant:ident $name:literal $fr:literal $en:literal,)*) => {
        /// What can be entered about a measure. The order is that of the page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ActKind { $($variant,)* }

        impl ActKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the catalogue.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The last part of its page's address, in French and in English.
            pub fn addresses(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($fr, $en),)* }
            }
        }
    };
}

kinds! {
    Enforceable "enforceable" "executoire" "enforceable",
    AppealDecided "appeal_decided" "arret" "appeal-judgment",
    Served "served" "signification" "service",
    Postponed "postponed" "report" "postponement",
    PostponementRefused "postponement_refused" "refus-de-report" "postponement-refusal",
    Resumed "resumed" "reprise" "resumption",
    LiftProven "lift_proven" "preuve-de-levee" "lifting-proof",
    Fulfilled "fulfilled" "execution" "fulfilment",
    Appealed "appealed" "appel" "appeal",
    PostponementAsked "postponement_asked" "demande-de-report" "postponement-request",
    Varied "varied" "modification" "variation",
    Lifted "lifted" "levee" "lifting",
}

impl ActKind {
    /// The kind of a page's address, in either language.
    pub fn of_address(address: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| {
            let (fr, en) = kind.addresses();
            fr == address || en == address
        })
    }

    /// What the rules of the desks are asked: what has a measure carried out is not for whoever
    /// entered the judgment.
    pub fn action(self) -> Action {
        match self {
            Self::Enforceable | Self::Resumed | Self::Varied => Action::OrderMeasure,
            _ => Action::FollowMeasure,
        }
    }

    /// What its document is called in the file.
    fn document(self) -> &'static str {
        match self {
            Self::Enforceable => "certificate",
            Self::AppealDecided => "appeal-judgment",
            Self::Served => "service",
            Self::Postponed => "postponement-order",
            Self::PostponementRefused => REFUSAL_REASONS,
            Self::Resumed => "resumption-order",
            Self::LiftProven => "lifting-proof",
            Self::Fulfilled => "fulfilment",
            Self::Appealed => "appeal",
            Self::PostponementAsked => "postponement-request",
            Self::Varied => "variation",
            Self::Lifted => "lifting-decision",
        }
    }

    /// Whether the law takes such an act now, whatever its day and its document: tried on the case
    /// as it stands, and not entered. None where it has no place at all.
    pub(super) fn tried(
        self,
        case: &Case,
        state: &State,
        by: &PersonId,
        now: Timestamp,
        regime: &Regime,
    ) -> Option<Option<Refusal>> {
        let life = state.life()?;
        let deed = match self {
            Self::Enforceable => Deed::Enforceable { at: now },
            // Late in the entering is not late at the court: the earliest day that can count.
            Self::Appealed => Deed::Appealed { at: life.judged_at },
            Self::AppealDecided => {
                Deed::AppealDecided { outcome: AppealOutcome::Upheld, at: life.judged_at }
            }
            Self::Served => Deed::Served { at: now },
            Self::Postponed => {
                let until = now.checked_add(SignedDuration::from_hours(48)).unwrap_or(now);
                Deed::Postponed { until }
            }
            Self::PostponementRefused => Deed::PostponementRefused,
            Self::Resumed => Deed::Resumed,
            Self::LiftProven => Deed::LiftProven { at: now },
            Self::Fulfilled => Deed::Fulfilled { at: now },
            Self::PostponementAsked => Deed::PostponementAsked { at: now },
            Self::Varied => Deed::Varied { terms: life.terms },
            Self::Lifted => Deed::Lifted { ground: LiftGround::Court },
        };
        let document = "0".repeat(64).parse().expect("64 digits are a digest");
        match step(case, &deed.event(document, by.clone()), now, regime) {
            Ok(_) => Some(None),
            Err(Refusal::OutOfTurn { .. } | Refusal::NothingRequested) => None,
            Err(refusal) => Some(Some(refusal)),
        }
    }
}

/// What is entered, beside the document it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Enforceable {
        at: Timestamp,
    },
    AppealDecided {
        outcome: AppealOutcome,
        at: Timestamp,
    },
    Served {
        at: Timestamp,
    },
    /// `until` is the first day after it.
    Postponed {
        until: Timestamp,
    },
    PostponementRefused,
    Resumed,
    LiftProven {
        at: Timestamp,
    },
    Fulfilled {
        at: Timestamp,
    },
    Appealed {
        at: Timestamp,
    },
    PostponementAsked {
        at: Timestamp,
    },
    Varied {
        terms: Terms,
    },
    Lifted {
        ground: LiftGround,
    },
}

impl Deed {
    pub fn kind(self) -> ActKind {
        match self {
            Self::Enforceable { .. } => ActKind::Enforceable,
            Self::AppealDecided { .. } => ActKind::AppealDecided,
            Self::Served { .. } => ActKind::Served,
            Self::Postponed { .. } => ActKind::Postponed,
            Self::PostponementRefused => ActKind::PostponementRefused,
            Self::Resumed => ActKind::Resumed,
            Self::LiftProven { .. } => ActKind::LiftProven,
            Self::Fulfilled { .. } => ActKind::Fulfilled,
            Self::Appealed { .. } => ActKind::Appealed,
            Self::PostponementAsked { .. } => ActKind::PostponementAsked,
            Self::Varied { .. } => ActKind::Varied,
            Self::Lifted { .. } => ActKind::Lifted,
        }
    }

    fn event(self, document: Digest, by: PersonId) -> Event {
        match self {
            Self::Enforceable { at } => {
                Event::EnforceabilityConfirmed { by, certificate: document, at }
            }
            Self::AppealDecided { outcome, at } => {
                Event::AppealDecided { by, outcome, judgment: document, decided_at: at }
            }
            Self::Served { at } => Event::NotificationServed { by, document, at },
            Self::Postponed { until } => Event::MeasurePostponed { by, order: document, until },
            Self::PostponementRefused => Event::PostponementRefused { by, reasons: document },
            Self::Resumed => Event::ExecutionResumed { by, order: document },
            Self::LiftProven { at } => Event::LiftingProven { by, document, at },
            Self::Fulfilled { at } => Event::MeasureFulfilled { by, document, at },
            Self::Appealed { at } => Event::AppealFiled { document, received_at: at },
            Self::PostponementAsked { at } => {
                Event::PostponementRequested { document, received_at: at }
            }
            Self::Varied { terms } => Event::MeasureVaried { by, decision: document, terms },
            Self::Lifted { ground } => Event::LiftingOrdered { by, decision: document, ground },
        }
    }
}

/// By which name the reasons of a refused postponement are kept.
pub(in crate::web) const REFUSAL_REASONS: &str = "postponement-refusal";

/// A deed with its document. No `Debug`: a document may name anybody.
pub struct Act {
    pub deed: Deed,
    pub document: Document,
}

impl Act {
    /// The event, once the document's digest is known.
    pub(super) fn event(&self, document: Digest, by: PersonId) -> Event {
        self.deed.event(document, by)
    }

    /// What the document is called in the file.
    pub(super) fn name(&self, digest: &Digest) -> String {
        let of = self.deed.kind().document();
        format!("{of}-{}.{}", &digest.as_str()[..12], self.document.ending)
    }
}
