//! Who may do what: the policy's files, read and checked once, and the question put to them.
//!
//! The rules stand in `server/policies`, where a lawyer can read them. Knows no page, no session
//! and no store; whoever asks says who they are and what it is about.

mod decisions;
mod federation;
mod question;

use std::str::FromStr as _;

use cedar_policy::{
    Authorizer, Decision, Entities, PolicySet, Request, Schema, ValidationMode, Validator,
};

pub use decisions::{Decided, DecisionLog, RecentDecisions};
pub use federation::{Begun, Federation, Issuer, NotIn};
pub use question::{Action, Resource, Role, Seat};

const SCHEMA: &str = include_str!("../../policies/desks.cedarschema");
const POLICIES: &str = include_str!("../../policies/desks.cedar");

/// The rules of the desks.
pub struct Policy {
    schema: Schema,
    policies: PolicySet,
    authorizer: Authorizer,
}

/// What the rules say of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    pub allowed: bool,
    /// The rules that said so, by their names; none where no rule permits it.
    pub by: Vec<String>,
}

/// Why a text of rules cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the policy of the desks: {0}")]
pub struct BadPolicy(String);

impl Policy {
    /// The rules that ship with this program.
    ///
    /// # Errors
    /// They do not hold against their schema; a test keeps that from being shipped.
    pub fn built_in() -> Result<Self, BadPolicy> {
        Self::read(SCHEMA, POLICIES)
    }

    /// Reads rules and holds them against their schema.
    ///
    /// # Errors
    /// They cannot be read, or name what the schema does not know.
    pub fn read(schema: &str, policies: &str) -> Result<Self, BadPolicy> {
        let bad = |what: &dyn std::fmt::Display| BadPolicy(what.to_string());
        let (schema, warnings) =
            Schema::from_cedarschema_str(schema).map_err(|error| bad(&error))?;
        if let Some(warning) = warnings.into_iter().next() {
            return Err(bad(&warning));
        }
        let policies = PolicySet::from_str(policies).map_err(|error| bad(&error))?;
        let checked = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if let Some(error) = checked.validation_errors().next() {
            return Err(bad(error));
        }
        if let Some(warning) = checked.validation_warnings().next() {
            return Err(bad(warning));
        }
        if let Some(nameless) = policies.policies().find(|rule| rule.annotation("id").is_none()) {
            return Err(BadPolicy(format!("a rule has no @id: {nameless}")));
        }
        Ok(Self { schema, policies, authorizer: Authorizer::new() })
    }

    /// Whether this person may do this with that. A question that makes no sense is refused.
    pub fn ask(&self, seat: &Seat, action: Action, about: &Resource) -> Ruled {
        let refused = Ruled { allowed: false, by: Vec::new() };
        let Ok(entities) = Entities::from_json_value(
            serde_json::json!([question::principal(seat), question::resource(about)]),
            Some(&self.schema),
        ) else {
            tracing::error!(action = action.name(), "the policy's question cannot be put");
            return refused;
        };
        let request = Request::new(
            question::principal_uid(seat),
            question::action_uid(action),
            question::resource_uid(about),
            cedar_policy::Context::empty(),
            Some(&self.schema),
        );
        // The schema says that such a person never does such a thing.
        let Ok(request) = request else { return refused };
        let response = self.authorizer.is_authorized(&request, &self.policies, &entities);
        let name = |id| self.policies.annotation(id, "id").unwrap_or_default().to_owned();
        let mut by: Vec<String> = response.diagnostics().reason().map(name).collect();
        by.sort();
        // A rule that could not be worked out may have been a `forbid`.
        let whole = response.diagnostics().errors().next().is_none();
        Ruled { allowed: whole && response.decision() == Decision::Allow, by }
    }

    /// The names of the rules, in the order of the file's reading.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .policies
            .policies()
            .filter_map(|rule| rule.annotation("id").map(str::to_owned))
            .collect();
        names.sort();
        names
    }
}
