//! Figures are what a naive recount of the ledger yields; samples are drawn by the seed alone.

use std::collections::BTreeMap;

use entremise_core::case::{Case, State, Subject};
use entremise_core::effect::Effect;
use entremise_core::event::{DeliveryReport, DeliveryStatus, Event};
use entremise_core::id::{CaseId, PersonId};
use entremise_core::ledger::{Actor, Leaf};
use entremise_core::regime::rules::ChannelKind;
use entremise_core::step::step;
use entremise_store::oversight::{Drawing, Finding, Remark, SampleError, draw};
use entremise_store::{CaseRef, Settlement};
use jiff::civil::Date;

use crate::linking::ready_to_write;
use crate::support::*;

type Counts = BTreeMap<(String, String, String), u64>;

fn leaves(world: &World) -> Vec<Leaf> {
    let size = world.store.ledger_size(&authority()).unwrap();
    let leaves = world.store.ledger_leaves(&authority(), 0, size as usize).unwrap();
    leaves.iter().map(|bytes| serde_json::from_slice(bytes).unwrap()).collect()
}

/// Counts every line by hand, and every step by letting it happen again.
fn recounted(world: &World) -> Counts {
    let mut counts = Counts::new();
    let mut add = |what: &str, detail: &str, actor: &str| {
        *counts.entry((what.to_owned(), detail.to_owned(), actor.to_owned())).or_default() += 1;
    };
    let mut cases: BTreeMap<String, Case> = BTreeMap::new();
    let regime = specimen();
    for leaf in leaves(world) {
        add(&leaf.kind, "", &leaf.actor);
        if !leaf.kind.starts_with("event.") {
            continue;
        }
        let (_, body) = world.store.ledger_opening(&authority(), leaf.seq).unwrap().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let event: Event = serde_json::from_value(body["event"].clone()).unwrap();
        if let Ok(subject) = serde_json::from_value::<Subject>(body["opens"].clone()) {
            let id: CaseId = leaf.subject["case:".len()..].parse().unwrap();
            let case = Case::open(id, authority(), crate::support::regime(), subject, leaf.at);
            cases.insert(leaf.subject.clone(), case);
        }
        let case = cases.get_mut(&leaf.subject).unwrap();
        let by = format!("party:{}", provider());
        match &event {
            Event::NoticeAccepted { .. } => add("notice", "", &by),
            Event::QuestionAsked { .. } => add("question", "", &by),
            Event::Answered { outcome, .. } => add("answer", outcome.name(), &by),
            _ => {}
        }
        let stepped = step(case, &event, leaf.at, &regime).unwrap();
        for effect in &stepped.effects {
            if let Effect::RaiseAlarm { alarm } = effect {
                add("alarm", alarm.name(), &by);
            }
        }
        let before = std::mem::replace(&mut case.state, stepped.state);
        if let (State::Ladder(was), State::Ladder(now)) = (&before, &case.state)
            && (was.name(), was.stage()) != (now.name(), now.stage())
        {
            let rungs = &regime.at(leaf.at).unwrap().stages;
            let rung = now.stage().map(|stage| rungs[stage].id.clone()).unwrap_or_default();
            match now.name() {
                name @ ("proposed" | "barred" | "warned") => {
                    add(&format!("stage.{name}"), &rung, "")
                }
                name if now.stage().is_none() => add("closed", name, ""),
                _ => {}
            }
        }
    }
    counts
}

fn figures(world: &World) -> Counts {
    let (first, last) = (Date::MIN, Date::MAX);
    let figures = world.store.figures(&authority(), first, last).unwrap();
    figures.into_iter().map(|one| ((one.what, one.detail, one.actor), one.n)).collect()
}

/// A message that is written, handed over and delivered, beside notices that nobody answers.
fn a_busy_house(world: &mut World) {
    let claim = ready_to_write(world);
    let purpose = entremise_core::identification::Purpose::Warn;
    world
        .store
        .message_material(&claim, purpose, &officer(), world.now)
        .unwrap_or_else(|error| panic!("{error}"));
    let Effect::SendMessage { stage, channel, .. } = claim.effect else { panic!() };
    let handed =
        DeliveryReport { stage, channel, status: DeliveryStatus::HandedOver, at: world.now };
    let event = Some((CaseRef::Id(authority(), claim.case), Event::Delivery(handed)));
    let settlement = Settlement { claim, outcome: "handed_over", event, actor: Actor::House };
    world.store.settle_many(vec![settlement], world.now).unwrap();
    assert_eq!(channel, ChannelKind::Email);
    world.bring((10..15).map(notice).collect());
    world.bring(vec![notice(10)]);
    for claim in world.claim("ask_provider", 3) {
        let question = entremise_core::id::QuestionId(claim.id.0);
        let case = CaseRef::Id(authority(), claim.case);
        let event = Some((case, Event::QuestionAsked { question }));
        world.store.settle(&claim, "asked", event, &Actor::House, world.now).unwrap();
    }
    let now = world.later(48 * 3600);
    for (authority, case) in world.store.due(now, 100).unwrap() {
        let case = CaseRef::Id(authority, case);
        world.store.apply(&case, &Event::DeadlinePassed, &Actor::House, now).unwrap();
    }
}

#[test]
fn figures_are_what_a_naive_recount_of_the_ledger_yields() {
    on_both(|mut world| {
        a_busy_house(&mut world);
        let counts = figures(&world);
        assert_eq!(counts, recounted(&world));
        let n = |what: &str, detail: &str, actor: &str| {
            counts[&(what.to_owned(), detail.to_owned(), actor.to_owned())]
        };
        assert_eq!(n("notice", "", "party:exemple-net"), 6);
        assert_eq!(n("answer", "identified", "party:exemple-net"), 1);
        assert_eq!(n("linking.warn", "", "person:agent-1"), 1);
        assert_eq!(n("intake.duplicate", "", "party:alpa"), 1);
        assert_eq!(n("alarm", "provider_silent", "party:exemple-net"), 3);
        assert!(counts.keys().any(|(what, ..)| what == "stage.warned"));
        assert!(counts.values().sum::<u64>() > 20);
    });
}

#[test]
fn figures_of_other_days_and_other_authorities_are_not_mixed_in() {
    on_both(|mut world| {
        a_busy_house(&mut world);
        let day = |text: &str| text.parse::<Date>().unwrap();
        let of = |first, last| world.store.figures(&authority(), first, last).unwrap();
        let total = |figures: &[entremise_store::oversight::Figure]| {
            figures.iter().map(|figure| figure.n).sum::<u64>()
        };
        let first = total(&of(day("2026-03-02"), day("2026-03-02")));
        let later = total(&of(day("2026-03-03"), day("2026-03-31")));
        assert!(first > 0 && later > 0);
        assert_eq!(first + later, total(&of(Date::MIN, Date::MAX)));
        assert!(of(day("2025-01-01"), day("2025-12-31")).is_empty());
        let other = "other".parse().unwrap();
        assert!(world.store.figures(&other, Date::MIN, Date::MAX).unwrap().is_empty());
        let months = world.store.figures_by_month(&authority(), Date::MIN, Date::MAX).unwrap();
        assert!(months.iter().all(|figure| figure.month == "2026-03"));
        assert_eq!(months.iter().map(|figure| figure.n).sum::<u64>(), first + later);
    });
}

#[test]
fn a_refused_batch_moves_no_figure() {
    on_both(|mut world| {
        world.bring(vec![notice(1)]);
        let before = figures(&world);
        world.store.fail_at("intake.cases");
        let batch = world.batch(vec![notice(2)]);
        assert!(world.store.intake(batch).is_err());
        assert_eq!(figures(&world), before);
    });
}

/// By which text the auditor looks.
const BASIS: &str = "Example Act, s 9";

fn drawing(seed: &str) -> Drawing {
    Drawing {
        seed: seed.to_owned(),
        begins_at: at("2026-03-01T00:00:00Z"),
        ends_at: at("2026-04-01T00:00:00Z"),
        size: 5,
    }
}

#[test]
fn a_seed_draws_the_same_notices_again_and_another_seed_draws_others() {
    on_both(|mut world| {
        world.bring((0..40).map(notice).collect());
        let drawn = |seed: &str| world.store.draw(&authority(), &drawing(seed)).unwrap();
        let (first, population) = drawn("les dés sont a l'auditeur".replace('é', "e").as_str());
        assert_eq!((first.len(), population), (5, 40));
        assert_eq!(drawn("les des sont a l'auditeur").0, first);
        assert_ne!(drawn("les des sont a l'autorite").0, first);
        // A stranger has the leaves only.
        let accepted = leaves(&world).into_iter();
        let accepted = accepted.filter(|leaf| leaf.kind == "event.notice_accepted");
        let strangers = draw("les des sont a l'auditeur", accepted.map(|leaf| leaf.subject), 5);
        let ours: Vec<String> = first.iter().map(|case| format!("case:{case}")).collect();
        assert_eq!(strangers, ours);
    });
}

#[test]
fn what_was_drawn_stands_in_the_ledger_and_so_does_each_finding() {
    on_both(|mut world| {
        world.bring((0..9).map(notice).collect());
        let (person, now): (PersonId, _) = ("auditor-1".parse().unwrap(), world.now);
        let auditor = Actor::Person(person.clone());
        let store = &world.store;
        let sample = store
            .draw_sample(
                &authority(),
                &regime(),
                (&drawing("a seed of mine"), BASIS),
                &auditor,
                now,
            )
            .unwrap();
        let place = (sample, 2);
        let sampled = store.sampled_notice(&authority(), place).unwrap().unwrap();
        let shown = store.evidence_shown(&authority(), &sampled, &person, now).unwrap();
        let shown = shown.expect("nothing is erased");
        assert_eq!(shown.works[0].title.as_deref(), Some("Titre-Clair"));
        let finding = (Finding::Doubtful, Remark::HashWeak);
        store.record_finding(&authority(), place, finding, &auditor, now).unwrap();
        let nowhere = store.record_finding(&authority(), (sample, 7), finding, &auditor, now);
        assert!(matches!(nowhere, Err(SampleError::NoSuchPlace)));
        let kept = &store.samples(&authority()).unwrap()[0];
        assert_eq!((kept.population, kept.notices.len()), (9, 5));
        assert_eq!(kept.notices[2].finding, Some(finding));
        assert_eq!(kept.notices[2].found_by.as_deref(), Some("person:auditor-1"));
        let kinds: Vec<String> = leaves(&world).into_iter().map(|leaf| leaf.kind).collect();
        let at = |kind: &str| kinds.iter().position(|one| one == kind).unwrap();
        assert!(at("house.sample_drawn") < at("look.audit"));
        assert!(at("look.audit") < at("house.sample_checked"));
        let other = "other".parse().unwrap();
        assert!(world.store.sampled_notice(&other, place).unwrap().is_none());
    });
}

#[test]
fn no_evidence_is_shown_when_its_line_cannot_be_entered() {
    on_both(|mut world| {
        world.bring(vec![notice(1)]);
        let person: PersonId = "auditor-1".parse().unwrap();
        let auditor = Actor::Person(person.clone());
        let drawing = drawing("a seed of mine");
        let sample = world.store.draw_sample(
            &authority(),
            &regime(),
            (&drawing, BASIS),
            &auditor,
            world.now,
        );
        let place = (sample.unwrap(), 0);
        let sampled = world.store.sampled_notice(&authority(), place).unwrap().unwrap();
        world.store.fail_at("look.commit");
        let shown = world.store.evidence_shown(&authority(), &sampled, &person, world.now);
        assert!(shown.is_err());
    });
}

#[test]
fn a_bad_seed_an_empty_stretch_or_no_legal_basis_draws_nothing() {
    on_both(|mut world| {
        world.bring(vec![notice(1)]);
        for seed in ["short", " leading space", "line\nfeed in it", "été à la mer", &"x".repeat(65)]
        {
            let drawn = world.store.draw(&authority(), &drawing(seed));
            assert!(matches!(drawn, Err(SampleError::BadSeed)), "{seed:?}");
        }
        let all = Drawing { size: 501, ..drawing("a seed of mine") };
        assert!(matches!(world.store.draw(&authority(), &all), Err(SampleError::BadSize)));
        let long_ago = Drawing { ends_at: at("2026-03-01T01:00:00Z"), ..drawing("a seed of mine") };
        let by = Actor::Person("auditor-1".parse().unwrap());
        let draw = |drawing: &Drawing, basis: &str| {
            world.store.draw_sample(&authority(), &regime(), (drawing, basis), &by, world.now)
        };
        assert!(matches!(draw(&long_ago, BASIS), Err(SampleError::NothingToDraw)));
        for basis in ["", "  ", "two\nlines", &"x".repeat(201)] {
            let drawn = draw(&drawing("a seed of mine"), basis);
            assert!(matches!(drawn, Err(SampleError::NoLegalBasis)), "{basis:?}");
        }
    });
}
