//! The words in which a question is put to the rules: who, what, about what.
//!
//! Numbers of persons and parties only; never a name, an address or a title.

use cedar_policy::{EntityId, EntityTypeName, EntityUid};
use entremise_core::id::{PartyId, PersonId};
use serde_json::{Value, json};

/// At which desk a person sits. Nobody sits at two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Prepares cases, decides on warnings.
    Officer,
    /// Decides on findings, deliberates.
    Member,
    /// Rules on requests for a linking.
    Reviewer,
    /// Brings notices, for one sender.
    Sender,
    /// Answers, for one provider.
    Provider,
    /// Reads figures and samples.
    Overseer,
    /// Runs the machines.
    Operator,
}

impl Role {
    pub const ALL: [Self; 7] = [
        Self::Officer,
        Self::Member,
        Self::Reviewer,
        Self::Sender,
        Self::Provider,
        Self::Overseer,
        Self::Operator,
    ];

    /// The name in logs and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Member => "member",
            Self::Reviewer => "reviewer",
            Self::Sender => "sender",
            Self::Provider => "provider",
            Self::Overseer => "overseer",
            Self::Operator => "operator",
        }
    }

    fn entity(self) -> &'static str {
        match self {
            Self::Officer => "Officer",
            Self::Member => "Member",
            Self::Reviewer => "Reviewer",
            Self::Sender => "Sender",
            Self::Provider => "Provider",
            Self::Overseer => "Overseer",
            Self::Operator => "Operator",
        }
    }
}

/// A person at a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub person: PersonId,
    pub role: Role,
    /// For whom a person of a sender or a provider sits there.
    pub party: Option<PartyId>,
}

macro_rules! actions {
    ($($variant:ident $name:literal,)*) => {
        /// What can be done at a desk, by its name in `policies/desks.cedarschema`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Action { $($variant,)* }

        impl Action {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

actions! {
    SeeWork "see_work",
    ReadCase "read_case",
    Search "search",
    SettleAlarm "settle_alarm",
    TakeCharge "take_charge",
    EnterAbsence "enter_absence",
    EndAbsence "end_absence",
    SendMessage "send_message",
    WriteNote "write_note",
    ActOnCase "act_on_case",
    AnswerPerson "answer_person",
    OpenDocument "open_document",
    EnterAnswer "enter_answer",
    SeeDeliberations "see_deliberations",
    AskReview "ask_review",
    DecideWarning "decide_warning",
    DecideFinding "decide_finding",
    Deliberate "deliberate",
    FollowMeasure "follow_measure",
    OrderMeasure "order_measure",
    ReadRequest "read_request",
    Rule "rule",
    HandOver "hand_over",
    ReadFigures "read_figures",
    ReadSample "read_sample",
    DrawSample "draw_sample",
    ReadDecisions "read_decisions",
    ReadSendings "read_sendings",
    WithdrawNotice "withdraw_notice",
    ReadRequests "read_requests",
    TakeFile "take_file",
    HandInFile "hand_in_file",
    ReadMessages "read_messages",
    AnswerMessage "answer_message",
    ReadHealth "read_health",
    PutBack "put_back",
    Replay "replay",
    StopParty "stop_party",
    ResumeParty "resume_party",
    SettleTrouble "settle_trouble",
}

impl Action {
    /// Whether it only shows what it is about. All else is an act.
    pub fn only_reads(self) -> bool {
        ["see_", "read_", "search", "take_"].iter().any(|start| self.name().starts_with(start))
    }
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    Work,
    Figures,
    Machines,
    Case {
        /// Its file number or its own number.
        reference: String,
        regime: String,
        finding: bool,
        proposed_by: Vec<PersonId>,
        /// The absent person in whose place this is asked.
        in_place_of: Option<PersonId>,
    },
    /// A time in which one person acts in another's place.
    Absence {
        absent: PersonId,
        role: Role,
        substitute: PersonId,
        substitute_role: Role,
    },
    /// A measure of a judgment.
    Measure {
        /// Its own number.
        reference: String,
        regime: String,
        /// Who entered the judgment, or one on appeal.
        entered_by: Vec<PersonId>,
        /// The absent person in whose place this is asked.
        in_place_of: Option<PersonId>,
    },
    ReviewRequest {
        request: String,
        asked_by: PersonId,
        before: PersonId,
    },
    /// What belongs to one party.
    Holding {
        party: PartyId,
    },
}

impl Resource {
    /// The sort and the number, as the log of decisions has them; and in whose place.
    pub fn name(&self) -> String {
        let (sort, id) = self.identity();
        if let Self::Case { in_place_of: Some(absent), .. }
        | Self::Measure { in_place_of: Some(absent), .. } = self
        {
            return format!("{}:{id} for {absent}", sort.to_lowercase());
        }
        if id.is_empty() { sort.to_lowercase() } else { format!("{}:{id}", sort.to_lowercase()) }
    }

    fn identity(&self) -> (&'static str, &str) {
        match self {
            Self::Work => ("Work", ""),
            Self::Figures => ("Figures", ""),
            Self::Machines => ("Machines", ""),
            Self::Case { reference, .. } => ("Case", reference),
            Self::Absence { absent, .. } => ("Absence", absent.as_str()),
            Self::Measure { reference, .. } => ("Measure", reference),
            Self::ReviewRequest { request, .. } => ("ReviewRequest", request),
            Self::Holding { party } => ("Holding", party.as_str()),
        }
    }
}

pub(super) fn principal(seat: &Seat) -> Value {
    let mut attrs = json!({ "person": seat.person.as_str() });
    if let Some(party) = &seat.party {
        attrs["party"] = json!(party.as_str());
    }
    let uid = json!({ "type": seat.role.entity(), "id": seat.person.as_str() });
    json!({ "uid": uid, "attrs": attrs, "parents": [] })
}

pub(super) fn resource(about: &Resource) -> Value {
    let attrs = match about {
        Resource::Work | Resource::Figures | Resource::Machines => json!({}),
        Resource::Case { regime, finding, proposed_by, in_place_of, .. } => {
            let proposed_by: Vec<&str> = proposed_by.iter().map(PersonId::as_str).collect();
            let in_place_of: Vec<&str> = in_place_of.iter().map(PersonId::as_str).collect();
            json!({
                "regime": regime,
                "finding": finding,
                "proposed_by": proposed_by,
                "in_place_of": in_place_of,
            })
        }
        Resource::Absence { absent, role, substitute, substitute_role } => json!({
            "absent": absent.as_str(),
            "role": role.name(),
            "substitute": substitute.as_str(),
            "substitute_role": substitute_role.name(),
        }),
        Resource::Measure { regime, entered_by, in_place_of, .. } => {
            let entered_by: Vec<&str> = entered_by.iter().map(PersonId::as_str).collect();
            let in_place_of: Vec<&str> = in_place_of.iter().map(PersonId::as_str).collect();
            json!({ "regime": regime, "entered_by": entered_by, "in_place_of": in_place_of })
        }
        Resource::ReviewRequest { asked_by, before, .. } => {
            json!({ "asked_by": asked_by.as_str(), "before": before.as_str() })
        }
        Resource::Holding { party } => json!({ "party": party.as_str() }),
    };
    let (sort, id) = about.identity();
    json!({ "uid": { "type": sort, "id": id }, "attrs": attrs, "parents": [] })
}

pub(super) fn principal_uid(seat: &Seat) -> EntityUid {
    uid(seat.role.entity(), seat.person.as_str())
}

pub(super) fn action_uid(action: Action) -> EntityUid {
    uid("Action", action.name())
}

pub(super) fn resource_uid(about: &Resource) -> EntityUid {
    let (sort, id) = about.identity();
    uid(sort, id)
}

fn uid(sort: &str, id: &str) -> EntityUid {
    let sort: EntityTypeName = sort.parse().expect("the sorts above are plain words");
    EntityUid::from_type_name_and_id(sort, EntityId::new(id))
}
