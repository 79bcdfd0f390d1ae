//! Questions to providers that answer by file, and their answers the next morning.

use entremise_core::event::Event;
use entremise_core::id::{EffectId, RegimeId};
use entremise_core::ledger::Actor;
use entremise_formats::identification_csv::Request;
use entremise_store::{CaseRef, Claimed, Settlement, Trouble};
use jiff::Timestamp;

use super::Round;
use super::outbox::{questions, retry, settle_all};
use crate::config::Answers;
use crate::house::{House, ProviderRoom};
use crate::provider::file::{self, FileTrouble, Written};

/// Leaves the questions in the day's file. Where that has gone, they wait for tomorrow's.
pub fn set_aside(
    house: &House,
    room: &ProviderRoom,
    regime: &RegimeId,
    claims: Vec<Claimed>,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let Answers::File { folder } = &room.config.answers else { return Ok(Round::default()) };
    let Some(rules) = house.store.regime(regime) else {
        return Err(Trouble::Never { what: "the regime is not loaded", source: None });
    };
    let day = rules.zone().day_of(now);
    let number = format!("{}-{day}", room.config.id);
    if file::is_left(folder, &number) {
        let tomorrow = rules.zone().end_of(day);
        let wait = tomorrow.duration_since(now).as_secs().max(60);
        let mut round = Round::default();
        for claim in &claims {
            round += retry(house, claim, "waits_for_the_next_file", Some(wait), now)?;
        }
        return Ok(round);
    }
    let questions = questions(house, &claims, now)?;
    let request = Request { number, date: day, regime: regime.clone(), questions };
    match file::leave(folder, &request) {
        Ok(Written::New | Written::Already) => {}
        Err(FileTrouble::Disk(error)) => {
            return Err(Trouble::Again { what: "leave a file", source: Some(error.into()) });
        }
        Err(FileTrouble::Bad(error)) => {
            return Err(Trouble::Never { what: "write a file", source: Some(error.into()) });
        }
    }
    // Crash before the next line: the file stands, the claims come back tomorrow and are asked
    // again under the same question ids; a second answer is refused as out of turn.
    let done = claims.len();
    let settle = |claim| Settlement { claim, outcome: "left", event: None, actor: Actor::House };
    settle_all(house, claims.into_iter().map(settle).collect(), now)?;
    Ok(Round { done, ..Round::default() })
}

/// Takes completed files of every provider that answers by file.
pub fn round(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for room in house.rooms.iter().flat_map(|room| &room.providers) {
        if let Answers::File { folder } = &room.config.answers {
            for waiting in file::waiting(folder).map_err(disk)? {
                round += take(house, room, folder, &waiting, now)?;
            }
        }
    }
    Ok(round)
}

fn take(
    house: &House,
    room: &ProviderRoom,
    folder: &std::path::Path,
    waiting: &file::Waiting,
    now: Timestamp,
) -> Result<Round, Trouble> {
    let answers = match waiting.read(folder) {
        Ok(answers) => answers,
        Err(error) => {
            tracing::warn!(provider = %room.config.id, %error, "a completed file is refused");
            waiting.refuse(folder, &error.to_string()).map_err(disk)?;
            return Ok(Round { done: 1, ..Round::default() });
        }
    };
    let mut events = Vec::new();
    for answer in answers {
        // The question's number is the effect's; an effect of another authority is not ours.
        let found = house.store.effect(EffectId(answer.id.0))?;
        let Some(found) = found.filter(|found| found.authority == room.authority) else { continue };
        let case = CaseRef::Id(found.authority, found.case);
        let event = Event::Answered { question: answer.id, outcome: answer.outcome };
        events.push((case, event, Actor::Party(room.config.id.clone())));
    }
    house.store.apply_many(&events, now)?;
    waiting.done(folder).map_err(disk)?;
    Ok(Round { done: 1, ..Round::default() })
}

fn disk(error: std::io::Error) -> Trouble {
    Trouble::Again { what: "use a provider's folder", source: Some(error.into()) }
}
