//! From a letter's world to its pages: Typst's own rounds of layout (`typst::compile`), begun where
//! the letter before ended.
//!
//! A page number at the foot can only be known once the pages are there. Typst lays everything out
//! knowing nothing, then again knowing what came out, until what was asked is what came out.
//! Letters of one wording have the same pages, so the letter before is the better first guess: its
//! answers are checked the same way, and only a letter of another length needs a second round. The
//! result is the one that Typst would reach, whatever the guess: no layout of ours depends on its
//! page numbers.

use std::sync::Arc;

use typst::World;
use typst::comemo::{Constraint, Track};
use typst::diag::{SourceDiagnostic, SourceResult, Warned};
use typst::ecow::EcoVec;
use typst::engine::{Engine, Route, Sink, Traced};
use typst::foundations::{StyleChain, Target, TargetElem};
use typst::introspection::Introspector;
use typst::utils::Protected;
use typst_layout::{PagedDocument, PagedIntrospector, layout_document};

/// What is known of where things stand in a finished letter.
pub(crate) type Places = Arc<PagedIntrospector>;

/// Sets one letter. `before` are the places of another letter of the same wording.
pub(crate) fn typeset(
    world: &dyn World,
    before: Option<&Places>,
) -> Result<PagedDocument, EcoVec<SourceDiagnostic>> {
    match before.map(|places| once(world, places)) {
        Some(Ok(Some(document))) => Ok(document),
        // Another length, or a mistake: Typst itself finds out, and words it.
        _ => {
            let Warned { output, .. } = typst::compile::<PagedDocument>(world);
            output
        }
    }
}

/// One round of layout. None where what was asked of the places is not what came out.
fn once(world: &dyn World, places: &Places) -> SourceResult<Option<PagedDocument>> {
    let (world, traced) = (world.track(), Traced::default());
    let library = world.library();
    let target = TargetElem::target.set(Target::Paged).wrap();
    let base = StyleChain::new(&library.styles);
    let styles = base.chain(&target);
    let Ok(main) = world.source(world.main()) else { return Ok(None) };
    let mut sink = Sink::new();
    let content = typst_eval::eval(
        world,
        library,
        traced.track(),
        sink.track_mut(),
        Route::default().track(),
        &main,
    )?
    .content();
    let constraint = Constraint::new();
    let places: &dyn Introspector = places.as_ref();
    let mut engine = Engine {
        library,
        world,
        introspector: Protected::new(places.track_with(&constraint)),
        traced: traced.track(),
        sink: sink.track_mut(),
        route: Route::default(),
    };
    let document = layout_document(&mut engine, &content, styles)?;
    let came_out: &dyn Introspector = document.introspector().as_ref();
    let holds = constraint.validate(came_out) && sink.delayed().is_empty();
    Ok(holds.then_some(document))
}
