//! From a finding to an answer: the account becomes a handle, and nothing else about it leaves.

use entremise_core::id::{AuthorityId, RegimeId};
use entremise_core::identification::{Answer, Assignment, Evidence, Outcome, Question};

use crate::handle::HandleMaker;
use crate::identify::Finding;
use crate::index::Index;
use crate::keys::KeyFile;

/// Answers for one authority under one regime.
pub struct Answering<'a> {
    index: &'a Index,
    handles: HandleMaker,
    authority: &'a AuthorityId,
    regime: &'a RegimeId,
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
        Self { index, handles: HandleMaker::new(keys.handle_key()), authority, regime }
    }

    pub fn answer(&self, question: &Question, finding: Finding) -> Answered {
        let id = question.id;
        match finding {
            Finding::Other { outcome, evidence, why } => {
                Answered { answer: Answer { id, outcome, evidence, why }, account: None }
            }
            Finding::Account { number, assignment, evidence, why } => {
                match self.index.account(number) {
                    Some(account) => self.identified(question, account, assignment, evidence, why),
                    None => Answered {
                        answer: Answer {
                            id,
                            outcome: Outcome::Error { reason: "account_does_not_open".to_owned() },
                            evidence: Some(evidence),
                            why: "The key file is not the one the records were loaded with."
                                .to_owned(),
                        },
                        account: None,
                    },
                }
            }
            Finding::InsideAddress { name, assignment, evidence, why } => {
                self.identified(question, name.into_bytes(), assignment, evidence, why)
            }
        }
    }

    fn identified(
        &self,
        question: &Question,
        account: Vec<u8>,
        assignment: Assignment,
        evidence: Evidence,
        why: String,
    ) -> Answered {
        let handle = self.handles.handle(self.authority, self.regime, &account);
        Answered {
            answer: Answer {
                id: question.id,
                outcome: Outcome::Identified { handle, assignment },
                evidence: Some(evidence),
                why,
            },
            account: Some(account),
        }
    }
}
