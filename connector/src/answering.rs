//! From a finding to an answer: the account becomes a handle, and nothing else about it leaves.

use entremise_core::id::{AuthorityId, RegimeId};
use entremise_core::identification::{Answer, Outcome, Question};

use crate::handle::HandleMaker;
use crate::identify::{Explained, Identified};
use crate::index::Index;
use crate::keys::KeyFile;

/// Which generation of handles an account gets one of.
type Generation<'a> = Box<dyn Fn(&HandleMaker, &[u8]) -> u32 + 'a>;

/// Answers for one authority under one regime.
pub struct Answering<'a> {
    index: &'a Index,
    handles: HandleMaker,
    authority: &'a AuthorityId,
    regime: &'a RegimeId,
    generation: Generation<'a>,
}

/// An answer, and whom it names within these walls. No `Debug`.
pub struct Answered {
    pub answer: Answer,
    /// The account name, where somebody was identified.
    pub account: Option<Vec<u8>>,
}

impl<'a> Answering<'a> {
    pub fn new(
        index: &'a Index,
        keys: &KeyFile,
        authority: &'a AuthorityId,
        regime: &'a RegimeId,
    ) -> Self {
        let handles = HandleMaker::new(keys.handle_key());
        Self { index, handles, authority, regime, generation: Box::new(|_, _| 0) }
    }

    /// Answers with handles of the generation that `choose` says for an account.
    pub fn of_generation(self, choose: impl Fn(&HandleMaker, &[u8]) -> u32 + 'a) -> Self {
        Self { generation: Box::new(choose), ..self }
    }

    pub fn answer(&self, question: &Question, found: Explained) -> Answered {
        let id = question.id;
        let (identified, assignment, evidence, why) = match found {
            Explained::Identified { identified, assignment, evidence, why } => {
                (identified, assignment, evidence, why)
            }
            Explained::Other { outcome, evidence, why } => {
                return Answered { answer: Answer { id, outcome, evidence, why }, account: None };
            }
        };
        let account = match identified {
            Identified::Account(number) => self.index.account(number),
            Identified::InsideAddress(name) => Some(name.into_bytes()),
        };
        let (outcome, why) = match &account {
            Some(account) => {
                let generation = (self.generation)(&self.handles, account);
                let handle =
                    self.handles.handle_of(generation, self.authority, self.regime, account);
                (Outcome::Identified { handle, assignment }, why)
            }
            None => (
                Outcome::Error { reason: "account_does_not_open".to_owned() },
                "The key file is not the one the records were loaded with.",
            ),
        };
        let why = why.to_owned();
        Answered { answer: Answer { id, outcome, evidence: Some(evidence), why }, account }
    }
}
