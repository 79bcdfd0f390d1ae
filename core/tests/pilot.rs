//! A pilot: nothing has a way out, two persons decide, every line has the same chance.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use entremise_core::case::Case;
use entremise_core::event::Event;
use entremise_core::id::{AuthorityId, PersonId};
use entremise_core::pilot::{Act, Agreed, Draw, NotAgreed, Statement, Word};
use entremise_core::prove::{Bound, Engine, prove};
use entremise_core::regime::{Regime, embedded};
use entremise_core::step::{Step, due, step};
use jiff::Timestamp;

/// Plays every story of a regime with the cases of a pilot; yields what was ever asked for.
fn asked_for(id: &str) -> BTreeSet<&'static str> {
    let seen = RefCell::new(BTreeSet::new());
    let piloted = |case: &Case, event: &Event, now: Timestamp, regime: &Regime| {
        let case = Case { authority: "specimen-pilot".parse().unwrap(), ..case.clone() };
        let step: Step<_> = step(&case, event, now, regime)?;
        seen.borrow_mut().extend(step.effects.iter().map(|effect| effect.name()));
        Ok(step)
    };
    let engine = Engine { step: &piloted, due: &due };
    let proof = prove(&embedded(id).unwrap(), &engine, Bound::default(), &mut |_| {});
    assert!(proof.holds() && proof.whole, "{}", proof.text(entremise_core::deadline::Lang::En));
    seen.take()
}

#[test]
fn no_story_of_a_pilot_asks_who_somebody_is_or_writes_to_anybody_under_any_regime() {
    for id in embedded::ids() {
        let asked = asked_for(id);
        let in_house = [
            "ask_provider",
            "erase_personal_data",
            "establish_fact",
            "keep_in_house",
            "raise_alarm",
        ];
        assert_eq!(asked, BTreeSet::from(in_house), "{id}");
    }
}

fn person(name: &str) -> PersonId {
    name.parse().unwrap()
}

fn statement(act: Act) -> Statement {
    Statement {
        authority: "autorite".parse().unwrap(),
        number: 2,
        act,
        expires_at: "2027-01-31T00:00:00Z".parse().unwrap(),
    }
}

/// A signature of these tests: who signed, and the text.
fn signed(statement: &Statement, by: &str) -> Word {
    Word { by: person(by), signature: format!("{by}:{}", statement.text(&person(by))) }
}

fn agreed(statement: Statement, words: Vec<Word>) -> Result<Agreed, NotAgreed> {
    let now = "2027-01-15T10:00:00Z".parse().unwrap();
    let may = [person("directrice"), person("membre-1"), person("membre-2")];
    Agreed::verified(statement, words, now, |by, text, signature| {
        may.contains(by) && signature == format!("{by}:{text}")
    })
}

#[test]
fn two_different_persons_decide_and_one_person_twice_does_not() {
    let act = statement(Act::GoLive);
    let words = |names: &[&str]| names.iter().map(|name| signed(&act, name)).collect();
    assert!(agreed(act.clone(), words(&["directrice", "membre-1"])).is_ok());
    let too_few = |names: &[&str]| agreed(act.clone(), words(names)).unwrap_err();
    assert_eq!(too_few(&["directrice"]), NotAgreed::TooFew { persons: 1 });
    assert_eq!(too_few(&["directrice", "directrice"]), NotAgreed::TooFew { persons: 1 });
    assert_eq!(too_few(&[]), NotAgreed::TooFew { persons: 0 });
    let stranger = NotAgreed::NotTheirs { by: person("passant") };
    assert_eq!(too_few(&["directrice", "membre-1", "passant"]), stranger);
}

#[test]
fn a_word_on_another_act_an_earlier_one_or_too_late_a_one_counts_for_nothing() {
    let act = statement(Act::GoLive);
    let second = signed(&act, "membre-1");
    let begin = signed(&statement(Act::Begin { one_in: 10 }), "directrice");
    let earlier = signed(&Statement { number: 1, ..act.clone() }, "directrice");
    let elsewhere =
        signed(&Statement { authority: "autre".parse().unwrap(), ..act.clone() }, "directrice");
    let lent = Word { by: person("membre-2"), ..second.clone() };
    for word in [begin, earlier, elsewhere, lent] {
        let by = word.by.clone();
        let refused = agreed(act.clone(), vec![second.clone(), word]).unwrap_err();
        assert_eq!(refused, NotAgreed::NotTheirs { by });
    }
    let late = Statement { expires_at: "2027-01-15T10:00:00Z".parse().unwrap(), ..act };
    let words = vec![signed(&late, "directrice"), signed(&late, "membre-1")];
    assert!(matches!(agreed(late, words), Err(NotAgreed::Expired { .. })));
    let none = statement(Act::Begin { one_in: 0 });
    let words = vec![signed(&none, "directrice"), signed(&none, "membre-1")];
    assert_eq!(agreed(none, words), Err(NotAgreed::NoShare));
}

#[test]
fn a_share_or_an_end_that_was_changed_after_it_was_signed_counts_for_nothing() {
    let act = statement(Act::Begin { one_in: 10 });
    let words = ["directrice", "membre-1"].map(|name| signed(&act, name)).to_vec();
    assert!(agreed(act.clone(), words.clone()).is_ok());
    let larger = Statement { act: Act::Begin { one_in: 1 }, ..act.clone() };
    let longer = Statement { expires_at: "2030-01-31T00:00:00Z".parse().unwrap(), ..act };
    for changed in [larger, longer] {
        let refused = agreed(changed, words.clone()).unwrap_err();
        assert_eq!(refused, NotAgreed::NotTheirs { by: person("directrice") });
    }
    let thin = statement(Act::Begin { one_in: 1_000_001 });
    let words = ["directrice", "membre-1"].map(|name| signed(&thin, name)).to_vec();
    assert_eq!(agreed(thin, words), Err(NotAgreed::NoShare), "of which nobody would be drawn");
}

fn draw(seed: u8, one_in: u32) -> Draw {
    Draw { seed: [seed; 32], one_in }
}

#[test]
fn one_in_ten_networks_is_drawn_and_each_the_same_way_every_time() {
    let addresses = (0..20_000_u32).map(|n| IpAddr::V4(Ipv4Addr::from(0xC000_0200 + n)));
    let drawn = addresses.clone().filter(|address| draw(7, 10).takes(*address)).count();
    // Three standard deviations about 2,000.
    assert!((1_873..=2_127).contains(&drawn), "{drawn}");
    let again = addresses.clone().filter(|address| draw(7, 10).takes(*address)).count();
    assert_eq!(drawn, again);
    let both = addresses
        .clone()
        .filter(|address| draw(7, 10).takes(*address) && draw(8, 10).takes(*address))
        .count();
    assert!((140..=260).contains(&both), "another seed draws other networks: {both}");
    assert!(addresses.clone().all(|address| draw(7, 1).takes(address)));
}

#[test]
fn a_line_is_in_or_out_as_a_whole_whatever_port_or_interface_it_is_seen_at() {
    for net in 0..500_u128 {
        let network = 0x2001_0db8_0000_0000_0000_0000_0000_0000 | (net << 72);
        let seen: BTreeSet<bool> = [0, 1, 0xff_ffff_ffff_ffff_ffff]
            .map(|host: u128| draw(3, 10).takes(IpAddr::V6(Ipv6Addr::from(network | host))))
            .into();
        assert_eq!(seen.len(), 1, "{net}");
    }
    let v4 = Ipv4Addr::new(192, 0, 2, 7);
    let mapped = IpAddr::V6(v4.to_ipv6_mapped());
    assert_eq!(draw(3, 10).takes(mapped), draw(3, 10).takes(IpAddr::V4(v4)));
}

#[test]
fn a_pilot_has_a_name_of_its_own() {
    let authority: AuthorityId = "autorite".parse().unwrap();
    assert_eq!(authority.pilot().unwrap().as_str(), "autorite-pilot");
    assert!(authority.pilot().unwrap().is_pilot() && !authority.is_pilot());
    let long: AuthorityId = "a".repeat(60).parse().unwrap();
    assert_eq!(long.pilot(), None);
}
