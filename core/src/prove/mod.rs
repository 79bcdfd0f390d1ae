//! Proves what a regime can never do: every story up to a bound is played through the real
//! procedures, and each property is proven or broken by a shortest story.
//!
//! There is no second model of the law here. Events and instants are chosen (`palette`), the
//! engine answers (`step`, `due`), and a watcher that reads only the story's events and effects
//! judges (`watch`, `end`). It must not know how a procedure reaches its answers.

mod end;
mod explore;
mod likeness;
mod measure;
mod palette;
mod story;
mod told;
mod watch;

use jiff::Timestamp;
use serde::Serialize;

pub use story::{Story, Told};

use crate::case::{Case, State};
use crate::deadline::{Lang, Words};
use crate::event::Event;
use crate::procedure::Due;
use crate::regime::Regime;
use crate::step::{self, Refusal, Step};

/// What must hold in every story under a regime (house.md §9; CJEU C-470/21; CPI L331-20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Property {
    /// No third linking, and none for a finding, without a reviewer's grant.
    NoThirdLinkingWithoutGrant,
    /// No message of a stage that somebody must decide, without a person's decision.
    NoSanctionWithoutPerson,
    /// A stage's message only after the proven clock of the stage before, within its window.
    NoStageSkipped,
    /// Every waiting case has a deadline, and deadlines alone bring every case to its end.
    EveryClockEnds,
    /// When nothing more happens, the personal data of every case are erased.
    EveryDatumDies,
    /// Nothing leaves the house while the regime is a trial.
    NothingSentInPilot,
    /// No measure is ordered of a provider without a judgment that can be appealed no more.
    NoMeasureWithoutJudgment,
    /// No order outlasts what was pronounced, its end, or the law that knew the measure.
    NothingAfterTheEnd,
    /// What was ordered is proven to be lifted before its case ends, or somebody was alarmed.
    EveryMeasureLifted,
    /// The passing of time begins and lengthens nothing.
    TimeNeverHardens,
}

impl Property {
    pub const ALL: [Self; 10] = [
        Self::NoThirdLinkingWithoutGrant,
        Self::NoSanctionWithoutPerson,
        Self::NoStageSkipped,
        Self::EveryClockEnds,
        Self::EveryDatumDies,
        Self::NothingSentInPilot,
        Self::NoMeasureWithoutJudgment,
        Self::NothingAfterTheEnd,
        Self::EveryMeasureLifted,
        Self::TimeNeverHardens,
    ];

    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoThirdLinkingWithoutGrant => "no_third_linking_without_grant",
            Self::NoSanctionWithoutPerson => "no_sanction_without_person",
            Self::NoStageSkipped => "no_stage_skipped",
            Self::EveryClockEnds => "every_clock_ends",
            Self::EveryDatumDies => "every_datum_dies",
            Self::NothingSentInPilot => "nothing_sent_in_pilot",
            Self::NoMeasureWithoutJudgment => "no_measure_without_judgment",
            Self::NothingAfterTheEnd => "nothing_after_the_end",
            Self::EveryMeasureLifted => "every_measure_lifted",
            Self::TimeNeverHardens => "time_never_hardens",
        }
    }

    /// The property as a sentence.
    pub fn words(self) -> Words {
        let (fr, en) = match self {
            Self::NoThirdLinkingWithoutGrant => (
                "pas de troisième mise en relation sans autorisation préalable",
                "no third linking without prior authorisation",
            ),
            Self::NoSanctionWithoutPerson => (
                "pas de sanction, ni d’étape à décider, sans la décision d’une personne",
                "no sanction, and no stage that is to be decided, without a person’s decision",
            ),
            Self::NoStageSkipped => (
                "aucune étape sautée : la précédente est prouvée, et le fait tombe dans son délai",
                "no stage skipped: the one before is proven, and the fact falls in its window",
            ),
            Self::EveryClockEnds => ("tout délai a une fin", "every clock has an end"),
            Self::EveryDatumDies => {
                ("toute donnée personnelle finit effacée", "every personal datum is erased in time")
            }
            Self::NothingSentInPilot => {
                ("rien ne sort pendant un essai", "nothing leaves during a trial")
            }
            Self::NoMeasureWithoutJudgment => (
                "aucune mesure exécutée sans jugement devenu exécutoire",
                "no measure is carried out without an enforceable judgment",
            ),
            Self::NothingAfterTheEnd => (
                "rien après le terme : ni au-delà de la peine, ni après la loi qui l’abolit",
                "nothing after the end: not beyond the sentence, not after the law that knew it",
            ),
            Self::EveryMeasureLifted => (
                "toute mesure est levée, preuve à l’appui, ou quelqu’un est alerté",
                "every measure is lifted and proven to be, or somebody is alarmed",
            ),
            Self::TimeNeverHardens => (
                "le temps seul ne commence ni n’allonge aucune mesure",
                "time alone begins and lengthens no measure",
            ),
        };
        Words { fr: story::spaced(fr), en: en.to_owned() }
    }
}

/// How far the search goes. Whatever is reached first ends it; memory stays within `states`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// Events in one story.
    pub depth: usize,
    /// States that are told apart.
    pub states: usize,
}

impl Default for Bound {
    fn default() -> Self {
        Self { depth: 40, states: 400_000 }
    }
}

/// The procedures that are put to the test: the real ones, or ones spoilt on purpose by a test.
pub struct Engine<'a> {
    pub step: &'a Stepping<'a>,
    pub due: &'a Falling<'a>,
}

/// As [`step::step`].
pub type Stepping<'a> =
    dyn Fn(&Case, &Event, Timestamp, &Regime) -> Result<Step<State>, Refusal> + 'a;
/// As [`step::due`].
pub type Falling<'a> = dyn Fn(&Case, &Regime) -> Result<Option<Due>, Refusal> + 'a;

impl Engine<'static> {
    /// What this house runs.
    pub fn real() -> Self {
        Self { step: &step::step, due: &step::due }
    }
}

/// How far a search has come, for whoever watches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reached {
    pub states: usize,
    /// Steps that the law allowed.
    pub transitions: usize,
    /// Steps that the law refused.
    pub refusals: usize,
    /// Events in the longest story.
    pub depth: usize,
}

/// What a search came to.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    pub regime: String,
    pub digest: String,
    pub bound: Bound,
    #[serde(flatten)]
    pub reached: Reached,
    /// Whether every state was reached and tried: then no longer story can tell anything new.
    pub whole: bool,
    /// One for each property, in their order.
    pub verdicts: Vec<Verdict>,
}

/// One property: it holds in every story that was tried, or this is a shortest one that breaks it.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    pub property: Property,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<Story>,
}

impl Proof {
    pub fn holds(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.broken.is_none())
    }

    /// How far the search went, and each property with its verdict; a broken one with its story.
    pub fn text(&self, lang: Lang) -> String {
        let Reached { states, transitions, refusals, depth } = self.reached;
        let [head, extent, holds, broken] = match (lang, self.whole) {
            (Lang::Fr, true) => {
                ["états, transitions, refus, profondeur", "espace entier", "prouvé", "rompu"]
            }
            (Lang::Fr, false) => {
                ["états, transitions, refus, profondeur", "borne atteinte", "tient", "rompu"]
            }
            (Lang::En, true) => {
                ["states, transitions, refusals, depth", "the whole space", "proven", "broken"]
            }
            (Lang::En, false) => {
                ["states, transitions, refusals, depth", "bound reached", "holds", "broken"]
            }
        };
        let mut text = format!(
            "{}: {states}, {transitions}, {refusals}, {depth} ({head}); {extent}\n",
            self.regime
        );
        for verdict in &self.verdicts {
            let word = if verdict.broken.is_some() { broken } else { holds };
            text.push_str(&format!("{word:7} {}\n", verdict.property.words().in_lang(lang)));
            if let Some(story) = &verdict.broken {
                text.push_str(&story.text(lang));
            }
        }
        text
    }
}

/// Plays every story up to the bound, shortest first. `watching` is told from time to time.
pub fn prove(
    regime: &Regime,
    engine: &Engine<'_>,
    bound: Bound,
    watching: &mut dyn FnMut(&Reached),
) -> Proof {
    let silent = regime.clone().without_words();
    let explored = explore::explore(&silent, engine, bound, watching);
    Proof {
        regime: regime.id().to_owned(),
        digest: regime.digest().to_owned(),
        bound,
        reached: explored.reached,
        whole: explored.whole,
        verdicts: explored.verdicts,
    }
}
