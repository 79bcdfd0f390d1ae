//! What the desks share beyond what every page needs: the rules and their log, and the sides of the
//! house behind the desks of senders, providers and operators.

use std::sync::Arc;

use super::absence::over_store::Absences;
use super::message::over_store::Messages;
use super::operator::OperatorDesk;
use super::passkey::Passkeys;
use super::provider::ProviderDesk;
use super::sender::SenderDesk;
use crate::access::{DecisionLog, Federation, Policy, RecentDecisions};

/// See the module.
#[derive(Clone)]
pub struct Sides {
    pub policy: Arc<Policy>,
    pub decisions: Arc<dyn DecisionLog>,
    /// The provider of identities through which people of the house may come in.
    pub federation: Option<Arc<Federation>>,
    /// Passkeys of people of the house, where they have any.
    pub passkeys: Option<Arc<Passkeys>>,
    /// Who is away, and who acts in their place.
    pub absences: Option<Arc<Absences>>,
    /// What the house asks of senders and providers, and notes for itself.
    pub messages: Option<Arc<Messages>>,
    /// The side of the house that those see who run its machines.
    pub operator: Option<Arc<dyn OperatorDesk>>,
    /// The side that senders see.
    pub sender: Option<Arc<dyn SenderDesk>>,
    /// The side that providers see.
    pub provider: Option<Arc<dyn ProviderDesk>>,
}

impl Default for Sides {
    fn default() -> Self {
        let policy = Policy::built_in().expect("the rules are part of the build and tested");
        Self {
            policy: Arc::new(policy),
            decisions: Arc::new(RecentDecisions::default()),
            federation: None,
            passkeys: None,
            absences: None,
            messages: None,
            operator: None,
            sender: None,
            provider: None,
        }
    }
}
