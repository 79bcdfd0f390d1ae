//! The post: letters that were handed in travel, are presented, signed, refused, left at the
//! counter, lost. What happens to a letter is decided by the addressee's letter box; when, by lot.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::chance::Chance;
use crate::post::{Letter, Post};
use crate::world::people::{Letterbox, Subscriber};
use crate::world::truth::SubscriberNumber;

/// One letter's way, for the oracle: what was really done with it, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub is_registered: bool,
    /// The house's number of the letter.
    pub custom_id: String,
    pub addressee: Option<SubscriberNumber>,
    pub handed_in: Timestamp,
    /// Code and instant, in the order in which it happened.
    pub stations: Vec<(&'static str, Timestamp)>,
}

impl Way {
    /// When it was shown to the addressee, by whatever station proves it.
    pub fn presented_at(&self) -> Option<Timestamp> {
        let proves = |code: &str| matches!(code, "a02" | "n01" | "d01" | "p05" | "p03");
        self.stations.iter().find(|(code, _)| proves(code)).map(|(_, at)| *at)
    }
}

/// Carries the letters of one post.
pub struct Carrier {
    post: Post,
    chance: Chance,
    ways: Vec<Way>,
    /// What will be said, by when: custom id and code.
    coming: BTreeMap<(Timestamp, usize), (String, &'static str)>,
    said: usize,
    lost_before: Vec<SubscriberNumber>,
}

impl Carrier {
    pub fn new(post: Post, seed: u64) -> Self {
        Self {
            post,
            chance: Chance::of(seed, "the post"),
            ways: Vec::new(),
            coming: BTreeMap::new(),
            said: 0,
            lost_before: Vec::new(),
        }
    }

    pub fn ways(&self) -> &[Way] {
        &self.ways
    }

    /// Takes new letters on their way and says what has happened by now. Returns the places of the
    /// letters that were presented since.
    pub fn run(&mut self, people: &[Subscriber], now: Timestamp) -> Vec<usize> {
        self.post.set_now(now);
        let letters = self.post.letters();
        for letter in letters.iter().skip(self.ways.len()) {
            let way = self.plan(letter, people, now);
            for (code, at) in &way.stations {
                self.said += 1;
                self.coming.insert((*at, self.said), (way.custom_id.clone(), code));
            }
            self.ways.push(way);
        }
        let mut presented = Vec::new();
        while let Some(entry) = self.coming.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let ((at, _), (custom_id, code)) = entry.remove_entry();
            let proof = format!("SPECIMEN proof {code} of {custom_id} at {at}\n").into_bytes();
            self.post.say(&custom_id, code, at, Some(proof));
            if matches!(code, "a02" | "n01") {
                presented.extend(self.ways.iter().position(|way| way.custom_id == custom_id));
            }
        }
        presented
    }

    fn plan(&mut self, letter: &Letter, people: &[Subscriber], now: Timestamp) -> Way {
        let addressee = addressee(letter, people);
        let letterbox = addressee.map_or(Letterbox::HasMoved, |number| people[number].letterbox);
        let letterbox = match (letterbox, addressee) {
            (Letterbox::LosesOne, Some(number)) if self.lost_before.contains(&number) => {
                Letterbox::Signs
            }
            (letterbox, _) => letterbox,
        };
        let mut stations: Vec<(&'static str, i64)> = vec![("a06", 20)];
        match letterbox {
            // Into the box, and no word about it; only what finds no box comes back.
            Letterbox::HasMoved if !letter.is_registered => stations.push(("a21", 140)),
            _ if !letter.is_registered => {}
            // Half of them open the door at the first ring.
            Letterbox::Signs if self.chance.per_mille(500) => stations.push(("n01", 68)),
            Letterbox::Signs => stations.extend([("a02", 66), ("p01", 90), ("n01", 140)]),
            Letterbox::Refuses => stations.push(("p05", 70)),
            Letterbox::NeverCollects => stations.extend([("a02", 68), ("p01", 92), ("p03", 480)]),
            Letterbox::HasMoved => stations.push(("a21", 92)),
            Letterbox::LosesOne => {
                self.lost_before.extend(addressee);
                stations.push(("lost", 30 * 24));
            }
        }
        let delay = self.chance.between(0, 30);
        let station = |(code, hours)| (code, now + SignedDuration::from_hours(hours + delay));
        Way {
            is_registered: letter.is_registered,
            custom_id: letter.custom_id.clone(),
            addressee,
            handed_in: letter.submitted_at.unwrap_or(now),
            stations: stations.into_iter().map(station).collect(),
        }
    }
}

/// Who lives at the address on the envelope.
fn addressee(letter: &Letter, people: &[Subscriber]) -> Option<SubscriberNumber> {
    let recipient = letter.recipient.as_ref()?;
    let lines: Vec<String> = (1..=6)
        .filter_map(|line| recipient.get(format!("address_line_{line}"))?.as_str())
        .map(|line| line.trim().to_lowercase())
        .filter(|line| !line.is_empty())
        .collect();
    people
        .iter()
        .find(|person| {
            std::iter::once(&person.name)
                .chain(&person.address)
                .all(|line| lines.contains(&line.trim().to_lowercase()))
        })
        .map(|person| person.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_is_signed_for_at_the_door_was_presented_then() {
        let at: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let way = Way {
            is_registered: true,
            custom_id: String::new(),
            addressee: None,
            handed_in: at,
            stations: vec![("a06", at), ("n01", at + SignedDuration::from_hours(48))],
        };
        assert_eq!(way.presented_at(), Some(at + SignedDuration::from_hours(48)));
    }
}
