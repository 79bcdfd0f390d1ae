//! What a judgment pronounced, as its outcome is entered: which of the measures that the law of the
//! day of the judgment knows, and how much of each.

use jiff::civil::Date;

use super::one::{beyond_the_law, spared};
use super::{AtDesk, Office, with_measures};
use crate::web::desk::DeskTrouble;
use crate::web::measure::desk::{Amount, Chosen, Pronounceable, PronounceableMeasure};
use crate::web::office::defence::Sent;
use crate::web::page::Page;
use entremise_core::procedure::measure::{CourtName, Sentence};
use entremise_core::regime::rules::{MeasureKind, Pronouncer};
use entremise_core::step::Refusal;

/// No law pronounces more. Keeps what is typed within what can be counted.
const AMOUNT_MAX: u32 = 100_000;
/// Unit: months.
const MONTHS_MAX: i32 = 1_200;

/// The part of the outcome's form that is about measures, with what was typed.
pub(in crate::web::office) struct Pronounced {
    pub earliest: Date,
    pub latest: Date,
    pub judged_on: String,
    /// The court's name, as typed.
    pub court: String,
    /// The judgment pronounces none of these.
    pub none: bool,
    pub measures: Vec<Typed>,
}

/// One measure of the form.
pub(in crate::web::office) struct Typed {
    pub of: PronounceableMeasure,
    pub chosen: bool,
    pub length: String,
    pub in_months: bool,
    pub euros: String,
}

impl Typed {
    pub fn is_suspension(&self) -> bool {
        self.of.kind == MeasureKind::Suspension
    }

    pub fn is_fine(&self) -> bool {
        self.of.kind == MeasureKind::Fine
    }

    /// What the law allows at most, in a sentence.
    pub fn at_most(&self, page: &Page) -> String {
        match (self.of.days_max, self.of.euros_max) {
            (Some(days), _) if self.is_suspension() => {
                page.with("measure.pronounced.days_max", "count", page.number(u64::from(days)))
            }
            (_, Some(euros)) if self.is_fine() => {
                page.with("measure.pronounced.euros_max", "count", page.number(u64::from(euros)))
            }
            _ => String::new(),
        }
    }

    pub fn spares(&self, page: &Page) -> String {
        spared(&self.of.spares, page)
    }
}

/// What is wrong with what was typed: the field's id, and a sentence.
pub(in crate::web::office) struct WrongMeasure {
    pub field: String,
    pub text: String,
}

impl Pronounced {
    /// The measures that a judgment on this file can pronounce; none where no outcome is awaited.
    pub async fn of(
        office: &Office,
        desk: &AtDesk,
        reference: &str,
        sent: Option<&Sent>,
    ) -> Result<Option<Self>, DeskTrouble> {
        let (reference, now) = (reference.to_owned(), desk.now);
        let found = with_measures(office, move |side| side.pronounceable(&reference, now)).await?;
        Ok(found.flatten().map(|found| Self::typed(found, sent)))
    }

    fn typed(found: Pronounceable, sent: Option<&Sent>) -> Self {
        let field = |name: &str| sent.map_or("", |sent| sent.field(name)).to_owned();
        let measures = found.measures.into_iter().map(|of| Typed {
            chosen: field(&format!("measure-{}", of.id)) == "yes",
            length: field(&format!("length-{}", of.id)),
            in_months: field(&format!("unit-{}", of.id)) == "months",
            euros: field(&format!("euros-{}", of.id)),
            of,
        });
        let measures = measures.collect();
        let (judged_on, none) = (field("judged_on"), field("no_measure") == "yes");
        let (earliest, latest, court) = (found.earliest, found.latest, field("court"));
        Self { earliest, latest, judged_on, court, none, measures }
    }

    /// What was chosen, or which field stands in its way. A conviction says either which measures,
    /// or that there is none; nothing else pronounces any.
    pub async fn sentences(
        &self,
        office: &Office,
        reference: &str,
        convicted: bool,
        page: &Page,
    ) -> Result<Result<Vec<Sentence>, WrongMeasure>, DeskTrouble> {
        let wrong = |field: &str, key: &str| {
            Ok(Err(WrongMeasure { field: field.to_owned(), text: page.named(WRONG, key) }))
        };
        let any = self.measures.iter().any(|typed| typed.chosen);
        match (convicted, any, self.none) {
            (false, true, _) => return wrong("measures", "only_convicted"),
            (false, false, _) | (true, false, true) => return Ok(Ok(Vec::new())),
            (true, false, false) => return wrong("measures", "choose"),
            (true, true, true) => return wrong("measures", "both"),
            (true, true, false) => {}
        }
        let Ok(judged_on) = self.judged_on.parse::<Date>() else {
            return wrong("judged_on", "day");
        };
        if judged_on < self.earliest || judged_on > self.latest {
            return wrong("judged_on", "day_outside");
        }
        let Ok(court) = self.court.parse::<CourtName>() else {
            return wrong("court", "court");
        };
        let mut chosen = Vec::new();
        for typed in self.measures.iter().filter(|typed| typed.chosen) {
            match amount(typed) {
                Ok(amount) => chosen.push(Chosen { id: typed.of.id.clone(), amount }),
                Err((field, key)) => return wrong(&format!("{field}-{}", typed.of.id), key),
            }
        }
        let reference = reference.to_owned();
        let lawful =
            with_measures(office, move |side| side.sentences(&reference, judged_on, &chosen));
        match lawful.await?.ok_or(DeskTrouble)? {
            Ok(sentences) => {
                Ok(Ok(sentences.into_iter().map(|one| by_court(one, &court)).collect()))
            }
            Err(not) => {
                let of = self.measures.iter().find(|typed| typed.of.id == not.id);
                let name = of.map_or_else(String::new, |typed| page.told(&typed.of.title).into());
                Ok(Err(WrongMeasure {
                    field: field_of(&not.why, of),
                    text: format!("{name}\u{a0}: {}", why(&not.why, of, page)),
                }))
            }
        }
    }
}

/// What a court pronounced bears its name; what the authority does bears none.
fn by_court(sentence: Sentence, court: &CourtName) -> Sentence {
    let named = (sentence.by == Pronouncer::Court).then(|| court.clone());
    Sentence { court: named, ..sentence }
}

/// The catalogue's part about what is wrong here.
const WRONG: &str = "measure.pronounced.wrong";

fn amount(typed: &Typed) -> Result<Amount, (&'static str, &'static str)> {
    let read =
        |text: &str| text.parse::<u32>().ok().filter(|amount| (1..=AMOUNT_MAX).contains(amount));
    let months =
        |text: &str| text.parse::<i32>().ok().filter(|months| (1..=MONTHS_MAX).contains(months));
    match typed.of.kind {
        MeasureKind::Suspension if typed.in_months => {
            months(&typed.length).map(Amount::Months).ok_or(("length", "length"))
        }
        MeasureKind::Suspension => {
            read(&typed.length).map(Amount::Days).ok_or(("length", "length"))
        }
        MeasureKind::Fine => read(&typed.euros).map(Amount::Euros).ok_or(("euros", "euros")),
        _ => Ok(Amount::None),
    }
}

fn field_of(why: &Refusal, of: Option<&Typed>) -> String {
    let Some(typed) = of else { return "measures".to_owned() };
    let part = match why {
        Refusal::BeyondTheLaw { .. } if typed.is_fine() => "euros",
        Refusal::BeyondTheLaw { .. } => "length",
        _ => "measure",
    };
    format!("{part}-{}", typed.of.id)
}

/// Why the law of that day does not let it be pronounced.
fn why(refusal: &Refusal, of: Option<&Typed>, page: &Page) -> String {
    match (refusal, of) {
        (Refusal::BeyondTheLaw { at_most }, Some(typed)) => {
            beyond_the_law(*at_most, typed.of.kind, page)
        }
        (other, _) => page.named("refusal", other.name()),
    }
}
