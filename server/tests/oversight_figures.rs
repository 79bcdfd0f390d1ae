//! What is published gives no small number away, and says what the ledger says.

use std::collections::{BTreeMap, BTreeSet};

use entremise_server::oversight::suppression::{Protected, SHOWN_MIN, Shown, protect};
use entremise_server::oversight::{Counts, Figures, report};
use entremise_store::oversight::Figure;
use proptest::prelude::*;

fn table(cells: &[u64]) -> Counts {
    cells.iter().enumerate().map(|(place, n)| (format!("cell {place}"), *n)).collect()
}

/// Every table of so many cells that adds up to a total.
fn tables(cells: usize, total: u64) -> Vec<Vec<u64>> {
    if cells == 1 {
        return vec![vec![total]];
    }
    let first =
        |n: u64| tables(cells - 1, total - n).into_iter().map(move |rest| [vec![n], rest].concat());
    (0..=total).flat_map(first).collect()
}

/// Tables that would be published alike, and for each cell what it could be.
type Alike = (Vec<Vec<u64>>, Vec<BTreeSet<u64>>);

/// For each publication of every table of this shape and total: what each small cell could be.
fn could_be(cells: usize, total: u64) -> BTreeMap<Protected, Alike> {
    let mut alike: BTreeMap<Protected, Alike> = BTreeMap::new();
    for cells_of in tables(cells, total) {
        let published = protect(&[table(&cells_of)]);
        let (tables, values) =
            alike.entry(published).or_insert_with(|| (Vec::new(), vec![BTreeSet::new(); cells]));
        for (place, n) in cells_of.iter().enumerate() {
            values[place].insert(*n);
        }
        tables.push(cells_of);
    }
    alike
}

#[test]
fn nobody_who_knows_the_rule_and_the_total_can_tell_a_small_number() {
    let mut tried = 0;
    for cells in 1..=4 {
        for total in 1..=if cells == 4 { 22 } else { 40 } {
            for (published, (tables, values)) in could_be(cells, total) {
                if published.total == Shown::KeptBack {
                    continue;
                }
                for table in &tables {
                    for (place, n) in table.iter().enumerate() {
                        if (1..SHOWN_MIN).contains(n) {
                            tried += 1;
                            assert!(values[place].len() > 2, "{table:?} {published:?}");
                        }
                    }
                }
            }
        }
    }
    assert!(tried > 10_000, "small numbers were among them: {tried}");
}

#[test]
fn without_companions_a_subtraction_would_tell() {
    // What the rule is for: one hidden cell and a total are no secret.
    let published = protect(&[table(&[3, 80, 17])]);
    let shown = published.breakdowns[0].as_ref().unwrap();
    let visible: u64 = shown
        .iter()
        .filter_map(|(_, shown)| match shown {
            Shown::Exactly(n) => Some(n),
            Shown::KeptBack => None,
        })
        .sum();
    assert_eq!(published.total, Shown::Exactly(100));
    assert_ne!(100 - visible, 3);
    assert_eq!(100 - visible, 83);
}

#[test]
fn a_small_total_is_kept_back_with_all_that_adds_up_to_it() {
    let published = protect(&[table(&[1, 2]), table(&[3])]);
    assert_eq!(published, Protected { total: Shown::KeptBack, breakdowns: vec![None, None] });
    let nothing = protect(&[table(&[0, 0])]);
    assert_eq!(nothing.total, Shown::Exactly(0));
}

proptest! {
    #[test]
    fn no_small_number_is_ever_shown_and_no_difference_is_one(
        cells in proptest::collection::vec(0_u64..200, 1..12),
    ) {
        let published = protect(&[table(&cells)]);
        let Shown::Exactly(total) = published.total else { return Ok(()) };
        prop_assert!(!(1..SHOWN_MIN).contains(&total));
        let Some(shown) = &published.breakdowns[0] else { return Ok(()) };
        let mut rest = total;
        let mut kept_back = 0;
        for (_, shown) in shown {
            match shown {
                Shown::Exactly(n) => {
                    prop_assert!(!(1..SHOWN_MIN).contains(n));
                    rest -= n;
                }
                Shown::KeptBack => kept_back += 1,
            }
        }
        prop_assert!(kept_back != 1, "one that is kept back is told by the total");
        prop_assert!(kept_back == 0 || rest >= kept_back * (SHOWN_MIN - 1));
    }
}

fn figure(what: &str, detail: &str, actor: &str, n: u64) -> Figure {
    let (what, detail, actor) = (what.to_owned(), detail.to_owned(), actor.to_owned());
    Figure { what, detail, actor, n }
}

#[test]
fn each_thing_is_counted_in_one_population_only() {
    // Whatever is alike in two populations could be taken from one to tell the other.
    let figures = Figures::new(vec![
        figure("review", "lapsed", "person:r", 8),
        figure("alarm", "review_lapsed", "party:p", 8),
        figure("alarm", "provider_silent", "party:p", 30),
        figure("alarm", "message_late", "party:p", 3),
        figure("ground", "discretion", "", 9),
        figure("stage.decided_close", "first", "", 9),
        figure("closed", "dismissed", "", 9),
        figure("closed", "deceased", "", 2),
    ]);
    let populations = report::populations(&figures);
    let cells = |name: &str| -> Counts {
        let population = populations.iter().find(|one| one.name == name).unwrap();
        population.breakdowns.iter().flat_map(|(_, cells)| cells.clone()).collect()
    };
    assert!(!cells("alarms").contains_key("review_lapsed"));
    assert!(!cells("closings").contains_key("dismissed"));
    assert_eq!(cells("rulings")["lapsed"], 8);
    for population in &populations {
        let totals = population.breakdowns.iter().map(|(_, cells)| cells.values().sum::<u64>());
        let totals: BTreeSet<u64> = totals.collect();
        assert_eq!(totals.len(), 1, "{}: its breakdowns add up alike", population.name);
    }
}
