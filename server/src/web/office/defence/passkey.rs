//! A decision signed with the member's passkey, on the page itself.
//!
//! What is signed is put together here again, from the case as it stands and the words of the
//! house: what the browser says it was does not count, only what the signature holds over.

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::deliberate::Deliberation;
use super::sign::{PURPOSE, statement};
use super::{AtDesk, Office, done, on_case};
use crate::access::Action;
use crate::web::defence::desk::DefenceAct;
use crate::web::defence::statement::{DecisionFile, SignedDecision};
use crate::web::page::said;
use crate::web::passkey::Answered;
use crate::web::passkey::known::KnownPasskey;
use crate::web::place::Place;

#[derive(Deserialize)]
pub(in crate::web::office) struct SignedHere {
    #[serde(default)]
    version: u64,
    #[serde(default)]
    token: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    reasons: String,
    #[serde(default)]
    examined: String,
    #[serde(flatten)]
    answered: Answered,
}

impl SignedHere {
    fn parts(self) -> (Deliberation, Answered) {
        let Self { version, token, outcome, reasons, examined, answered } = self;
        (Deliberation { version, token, outcome, reasons, examined }, answered)
    }
}

/// Takes the signature, and enters the decision.
pub(in crate::web::office) async fn take(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    Form(sent): Form<SignedHere>,
) -> Response {
    let (sent, answered) = sent.parts();
    let fits =
        office.sessions.form_token_fits(&desk.session, &sent.purpose(&reference), &sent.token);
    let (true, Ok(decided)) = (fits, sent.decided()) else {
        let page = office.page(&desk, Place::Case(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    };
    let case = match on_case::case(&office, &desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    if let Err(refused) = desk.may_on(&office, Action::Deliberate, &case).await {
        return *refused;
    }
    let not_signed = || {
        let page = office.page(&desk, Place::Deliberation(reference.clone()));
        said(StatusCode::UNPROCESSABLE_ENTITY, page, "defence.not_signed")
    };
    // Used from now on, whatever becomes of the decision.
    let texts = office.sides.passkeys.as_ref().map(|passkeys| &passkeys.texts);
    let fresh =
        texts.and_then(|texts| texts.take(PURPOSE, &answered.text, &answered.tag, desk.now));
    let Some(fresh) = fresh else { return not_signed() };
    let reasons = decided.reasons.clone();
    let (statement, passkeys) = match statement(&office, &desk, &reference, &sent, decided).await {
        Ok((statement, _, passkeys)) => (statement, passkeys),
        Err(response) => return *response,
    };
    let decision = DecisionFile::new(statement, reasons);
    let Some(signed) = signed(decision, fresh, &passkeys, &answered) else { return not_signed() };
    let act = DefenceAct::Deliberated { signed: Box::new(signed) };
    done(&office, &desk, reference, sent.version, act).await
}

/// The decision as one of these passkeys signed it, with words of ours after it.
fn signed(
    decision: DecisionFile,
    fresh: String,
    passkeys: &[KnownPasskey],
    answered: &Answered,
) -> Option<SignedDecision> {
    let used = passkeys.iter().find(|key| key.credential_id == answered.credential_id)?;
    let mut signed = decision.signed(used.id.clone(), answered.signature());
    signed.fresh = Some(fresh);
    signed.holds_under(&used.key).then_some(signed)
}
