//! The log of the desks' decisions over the real store.

use entremise_core::id::AuthorityId;
use entremise_store::{AccessDecision, Store};

use crate::access::{Decided, DecisionLog};

/// One authority's log.
pub struct StoreDecisions {
    store: Store,
    authority: AuthorityId,
}

impl StoreDecisions {
    pub fn new(store: Store, authority: AuthorityId) -> Self {
        Self { store, authority }
    }
}

impl DecisionLog for StoreDecisions {
    fn enter(&self, decided: Decided) -> bool {
        let Decided { at, person, role, action, about, allowed, by: rules } = decided;
        let line = AccessDecision { at, person, role, action, about, allowed, rules };
        let kept = self.store.note_access(&self.authority, &line);
        if let Err(trouble) = &kept {
            tracing::error!(%trouble, "a decision of the rules cannot be kept");
        }
        kept.is_ok()
    }

    fn newest(&self, most: usize) -> Vec<Decided> {
        let lines = self.store.access_decisions(&self.authority, most);
        if let Err(trouble) = &lines {
            tracing::error!(%trouble, "the log of decisions cannot be read");
        }
        let line = |line: AccessDecision| {
            let AccessDecision { at, person, role, action, about, allowed, rules } = line;
            Decided { at, person, role, action, about, allowed, by: rules }
        };
        lines.unwrap_or_default().into_iter().map(line).collect()
    }
}
