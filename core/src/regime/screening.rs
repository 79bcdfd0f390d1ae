//! Whether a notice may be accepted: the regime's rules about notices, and nothing else. Whose
//! address it is and whether the notice came before are asked elsewhere.

use jiff::{SignedDuration, Timestamp};

use super::address::{Use, use_of};
use super::rules::{Field, Intake, SenderKind, Span};
use super::{NoRulesOnThatDay, Regime};
use crate::deadline;
use crate::notice::Notice;
use crate::rejection::{Code, Rejection};

/// Screens a notice against the regime. All that the sender must correct is named at once.
///
/// What a notice must carry is read on the day of the fact; class, age and the observer's clock on
/// the day of receipt. `specimen` admits documentation addresses, for an authority that is itself a
/// specimen; a real one never sets it.
pub fn screen(
    notice: &Notice,
    sender: SenderKind,
    received_at: Timestamp,
    regime: &Regime,
    specimen: bool,
) -> Result<(), Vec<Rejection>> {
    let fact_at = notice.observation.from;
    let (then, today) = match (regime.at(fact_at), regime.at(received_at)) {
        (Ok(then), Ok(today)) => (&then.intake, &today.intake),
        (Err(none), _) | (_, Err(none)) => return Err(vec![no_rules(&none)]),
    };
    let mut found = Vec::new();
    if !today.classes.contains(&notice.class) {
        found.push(Rejection::new(
            Code::ClassNotHandled,
            "/class",
            format!("the regime {} does not handle notices of this class", regime.id()),
        ));
    }
    age(notice, sender, received_at, today, regime, &mut found);
    clock(notice, today, &mut found);
    address(notice, specimen, &mut found);
    for field in &then.must_carry {
        carries(notice, *field, &mut found);
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn no_rules(none: &NoRulesOnThatDay) -> Rejection {
    Rejection::new(
        Code::TimestampTooOld,
        "/observation/from",
        format!("the regime has no rules for that day; it is in force from {}", none.from),
    )
}

/// Neither too old nor in the future. A retraction is never too old: a sender must always be able
/// to take an error back.
fn age(
    notice: &Notice,
    sender: SenderKind,
    received_at: Timestamp,
    intake: &Intake,
    regime: &Regime,
    found: &mut Vec<Rejection>,
) {
    let fact_at = notice.observation.from;
    let tolerance = SignedDuration::from_secs(intake.future_tolerance_secs);
    let latest = received_at.checked_add(tolerance).unwrap_or(Timestamp::MAX);
    if fact_at > latest || notice.observation.until.is_some_and(|until| until > latest) {
        found.push(Rejection::new(
            Code::TimestampInFuture,
            "/observation/from",
            format!(
                "the observation lies more than {} seconds after its receipt; check the clock",
                intake.future_tolerance_secs
            ),
        ));
    }
    if notice.observation.until.is_some_and(|until| until < fact_at) {
        found.push(Rejection::new(
            Code::TimestampInvalid,
            "/observation/until",
            "the observation ends before it begins",
        ));
    }
    let Some(months) = intake.facts_at_most_months.get(&sender) else {
        found.push(Rejection::new(
            Code::ClassNotHandled,
            "/sender",
            "the rules of the day admit no notices from this kind of sender",
        ));
        return;
    };
    let span = Span::Months(*months);
    let ends_at = deadline::ends_at(fact_at, span, regime.zone(), regime.calendar());
    if !notice.claim.retraction && received_at >= ends_at {
        let path = format!("intake.facts_at_most.{}", sender.name());
        let deadline = regime.deadline(fact_at, span, "fact", &path);
        found.push(Rejection::new(
            Code::TimestampTooOld,
            "/observation/from",
            format!("the fact could be notified until {}", deadline.explanation.en),
        ));
    }
}

/// A declared clock error no larger than the rules admit.
fn clock(notice: &Notice, intake: &Intake, found: &mut Vec<Rejection>) {
    let declared = notice.observation.clock.as_ref().and_then(|clock| clock.max_error_ms);
    if let (Some(max), Some(declared)) = (intake.clock_error_ms_max, declared)
        && declared > max
    {
        found.push(Rejection::new(
            Code::ClockUnqualified,
            "/observation/clock/max_error_ms",
            format!("the declared clock error is {declared} ms; the regime admits {max} ms"),
        ));
    }
}

fn address(notice: &Notice, specimen: bool, found: &mut Vec<Rejection>) {
    let admitted = match use_of(notice.source.ip) {
        Use::Public => true,
        Use::Documentation => specimen,
        Use::Reserved => false,
    };
    if !admitted {
        found.push(Rejection::new(
            Code::AddressReserved,
            "/source/ip",
            "a special-purpose address (RFC 6890); send the public address seen from outside",
        ));
    }
}

/// One field that the rules of the day of the fact demand.
fn carries(notice: &Notice, field: Field, found: &mut Vec<Rejection>) {
    let claim = &notice.claim;
    let (held, code, at, how) = match field {
        // The types hold them: a notice without either cannot be made.
        Field::ObservedAt | Field::SourceIp => return,
        Field::SourcePort => (
            notice.source.port.is_some_and(|port| port != 0),
            Code::PortMissing,
            "/source/port",
            "add the port: several subscribers may share the address",
        ),
        Field::Transport => (
            notice.source.transport.is_some(),
            Code::TransportMissing,
            "/source/transport",
            "add the transport protocol (tcp, udp)",
        ),
        Field::Protocol => (
            is_given(notice.protocol.as_deref()),
            Code::FieldMissing,
            "/protocol",
            "add the application protocol (bittorrent, …)",
        ),
        Field::Work => (
            notice
                .works
                .iter()
                .any(|work| is_given(work.title.as_deref()) || is_given(work.work_id.as_deref())),
            Code::FieldMissing,
            "/works",
            "name the protected work, by title or by identifier",
        ),
        Field::Provider => (
            is_given(notice.provider_name.as_deref()),
            Code::FieldMissing,
            "/provider_name",
            "name the provider that holds the access or supplied the address",
        ),
        Field::SwornAgent => (
            is_given(claim.sworn_agent.as_deref()),
            Code::AttestationMissing,
            "/claim/sworn_agent",
            "name the sworn agent who drew up the report, by number",
        ),
        Field::Standing => (
            claim.standing_declared,
            Code::AttestationMissing,
            "/claim/standing_declared",
            "declare on honour that the body has standing for the work",
        ),
        Field::Clock => (
            notice.observation.clock.as_ref().is_some_and(|clock| clock.max_error_ms.is_some()),
            Code::ClockUnqualified,
            "/observation/clock",
            "declare what the clock is set by and its largest error in milliseconds",
        ),
        Field::Mandate => (
            is_given(claim.mandate.as_deref()),
            Code::MandateMissing,
            "/claim/mandate",
            "add the number of the mandate for this rights holder",
        ),
    };
    if !held {
        found.push(Rejection::new(code, at, how));
    }
}

fn is_given(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}
