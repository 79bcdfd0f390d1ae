//! Codes that readers type, and tokens that tie a bounce to its message.

use crate::delivery_sample as sample;
use entremise_server::delivery::code::CodeKey;
use entremise_server::delivery::token::ReturnPaths;
use proptest::prelude::*;
use sample::effect;

#[test]
fn a_code_has_three_groups_of_four_signs_that_nobody_confuses() {
    let code = sample::code_key().code("2026-0001234");
    let groups: Vec<&str> = code.split('-').collect();
    assert_eq!(groups.len(), 3);
    for group in groups {
        assert_eq!(group.len(), 4);
        assert!(!group.contains(['I', 'L', 'O', 'U']));
    }
}

#[test]
fn a_code_holds_however_carelessly_it_is_typed() {
    let key = sample::code_key();
    let code = key.code("2026-0001234");
    assert!(key.holds("2026-0001234", &code));
    assert!(key.holds("2026-0001234", &code.to_lowercase()));
    assert!(key.holds(" 2026-0001234 ", &code.replace('-', " ")));
    assert!(key.holds("2026-0001234", &code.replace('0', "o").replace('1', "l")));
}

#[test]
fn a_code_of_another_file_or_another_authority_does_not_hold() {
    let key = sample::code_key();
    let code = key.code("2026-0001234");
    assert!(!key.holds("2026-0001235", &code));
    assert!(!CodeKey::new(&[8; 32]).holds("2026-0001234", &code));
    assert!(!key.holds("2026-0001234", ""));
    assert!(!key.holds("2026-0001234", &code[..code.len() - 1]));
    assert!(!key.holds("2026-0001234", &format!("{code}0")));
}

proptest! {
    #[test]
    fn one_changed_sign_breaks_a_code(place in 0usize..14, sign in "[0-9A-HJKMNP-TV-Z]") {
        let key = sample::code_key();
        let code = key.code("2026-0001234");
        let mut changed = code.clone();
        prop_assume!(!code[place..].starts_with('-') && !code[place..].starts_with(&sign));
        changed.replace_range(place..=place, &sign);
        prop_assert!(!key.holds("2026-0001234", &changed));
    }

    #[test]
    fn a_return_path_leads_back_to_its_effect_and_to_no_other(number in any::<u64>()) {
        let paths = ReturnPaths::new(&[9; 32], "retours.autorite.example");
        let effect = effect(u128::from(number));
        let address = paths.address(effect);
        prop_assert!(address.split_once('@').unwrap().0.len() <= 64);
        prop_assert_eq!(paths.effect(&address), Some(effect));
        prop_assert_eq!(paths.effect(&address.to_uppercase()), Some(effect));
        prop_assert_eq!(paths.effect(&format!("<{}>", paths.message_id(effect))), Some(effect));
    }

    #[test]
    fn no_text_is_taken_for_a_return_path(text in "\\PC{0,80}") {
        let paths = ReturnPaths::new(&[9; 32], "retours.autorite.example");
        prop_assert_eq!(paths.effect(&text), None);
        prop_assert_eq!(paths.effect(&format!("{text}@retours.autorite.example")), None);
    }
}

#[test]
fn a_forged_return_path_leads_nowhere() {
    let ours = ReturnPaths::new(&[9; 32], "retours.autorite.example");
    let theirs = ReturnPaths::new(&[1; 32], "retours.autorite.example");
    assert_eq!(ours.effect(&theirs.address(effect(1))), None);
    let elsewhere = ours.address(effect(1)).replace("autorite", "autre");
    assert_eq!(ours.effect(&elsewhere), None);
    let mut changed = ours.address(effect(1));
    let sign = if changed.as_bytes()[10] == b'a' { "b" } else { "a" };
    changed.replace_range(10..11, sign);
    assert_eq!(ours.effect(&changed), None);
}
