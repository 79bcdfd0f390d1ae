//! The data model on paper has every table that the migrations make, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every table that the migrations of one folder make.
fn made(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
    let mut tables = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let names = text.lines().filter_map(|line| line.strip_prefix("CREATE TABLE "));
        tables.extend(names.map(|name| name.trim_end_matches(" (").to_owned()));
    }
    tables
}

/// What stands between backquotes.
fn named(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_table_of_the_migrations_stands_in_the_data_model_and_none_that_is_not_made() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/data-model.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, section) = text.split_once("\n## Every table\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let cases = made("cases");
    assert!(cases.len() > 30, "the migrations are where this test looks: {cases:?}");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let first = rows.map(|row| format!("`{}", row.split(" | ").next().unwrap()));
    let told: BTreeSet<String> = first.flat_map(|names| named(&names)).collect();
    assert_eq!(told, cases);
    let apart = &named(section) - &told;
    for table in made("sealed").union(&made("keys")) {
        assert!(apart.contains(table), "{table}");
    }
}
