//! Seeds that once found something, kept so that it stays found. Each says what it was.

use entremise_sim::simulation::run;

fn sound(seed: u64) {
    let outcome = run(seed).unwrap();
    assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
}

#[test]
fn a_ledger_with_registered_parties_verifies() {
    // The verifier asked every line for the rules it was made under; the house's own have none.
    sound(1);
}

#[test]
fn a_mail_whose_answer_was_lost_is_offered_again_under_its_own_number() {
    sound(2);
}

#[test]
fn an_instant_just_behind_a_release_names_its_holder_only_where_nobody_came_after() {
    sound(3);
}

#[test]
fn a_letter_left_for_a_print_shop_was_handed_over_when_it_was_left() {
    // The world counted from when the shop took it, half a day later.
    sound(44);
}
