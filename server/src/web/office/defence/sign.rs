//! The member's signature: the text is shown word for word, and signed with a key that never lies
//! here: with a passkey on the page itself, or as a file that leaves and comes back. Without it
//! nothing is decided.

use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use entremise_core::id::Digest;

use super::deliberate::{Deliberation, purpose};
use super::{AtDesk, Office, Sent, done, not_done, of, on_case, trouble, with_defence};
use crate::access::Action;
use crate::web::assets;
use crate::web::defence::desk::{Decided, DefenceAct, ToSign};
use crate::web::defence::statement::{DecisionFile, FILE_BYTES_MAX, SignedDecision, Statement};
use crate::web::headers::with_script;
use crate::web::member;
use crate::web::page::{Page, render, said};
use crate::web::passkey::Text;
use crate::web::passkey::known::KnownPasskey;
use crate::web::place::Place;

/// What the words are for that a passkey signs after a decision.
pub(super) const PURPOSE: &str = "deliberation";

#[derive(Template)]
#[template(path = "defence/sign.html")]
struct SignPage {
    page: Page,
    reference: String,
    statement: Statement,
    reasons: String,
    has_key: bool,
    passkey: Option<ToAnswer>,
    /// Where the member registers one.
    register: Option<String>,
    version: u64,
    token: String,
}

/// What a member's passkey is asked to sign.
struct ToAnswer {
    text: Text,
    rp_id: String,
    /// The passkeys that may answer.
    allow: String,
    path: String,
}

impl SignPage {
    fn script(&self) -> &'static str {
        assets::passkey_path()
    }

    fn file_path(&self) -> String {
        Place::DeliberationFile(self.reference.clone()).path(self.page.lang)
    }

    fn signed_path(&self) -> String {
        Place::DeliberationSigned(self.reference.clone()).path(self.page.lang)
    }
}

/// Shows what is to be signed. Changes nothing.
pub(super) async fn page(
    office: &Office,
    desk: &AtDesk,
    reference: String,
    sent: Deliberation,
    decided: Decided,
) -> Response {
    let reasons = decided.reasons.clone();
    let (statement, has_key, passkeys) =
        match statement(office, desk, &reference, &sent, decided).await {
            Ok(found) => found,
            Err(response) => return *response,
        };
    let page = office.page(desk, Place::Deliberation(reference.clone()));
    let title = page.t("defence.sign.title");
    let page = page.titled(title);
    let Deliberation { version, token, .. } = sent;
    let Ok(passkey) = to_answer(office, desk, &reference, &statement, &passkeys) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let uses_passkey = passkey.is_some();
    let register = member::signing_key(office, desk);
    let page = SignPage {
        page,
        reference,
        statement,
        reasons,
        has_key,
        passkey,
        register,
        version,
        token,
    };
    let shown = render(StatusCode::OK, &page);
    if uses_passkey { with_script(shown) } else { shown }
}

/// Fresh words for the passkey to sign after the statement; none where the member has no passkey.
fn to_answer(
    office: &Office,
    desk: &AtDesk,
    reference: &str,
    statement: &Statement,
    passkeys: &[KnownPasskey],
) -> Result<Option<ToAnswer>, ring::error::Unspecified> {
    let Some(door) = office.sides.passkeys.as_ref().filter(|_| !passkeys.is_empty()) else {
        return Ok(None);
    };
    let ids: Vec<&str> = passkeys.iter().map(|passkey| passkey.credential_id.as_str()).collect();
    Ok(Some(ToAnswer {
        text: door.texts.fresh(PURPOSE, desk.now)?.after(&statement.text()),
        rp_id: door.rp_id.clone(),
        allow: ids.join(" "),
        path: Place::DeliberationKey(reference.to_owned()).path(desk.lang),
    }))
}

/// What is signed to decide so, and by which keys of the member it may be.
pub(super) async fn statement(
    office: &Office,
    desk: &AtDesk,
    reference: &str,
    sent: &Deliberation,
    decided: Decided,
) -> Result<(Statement, bool, Vec<KnownPasskey>), Box<Response>> {
    let (of, owned) = (of(desk, reference, sent.version), reference.to_owned());
    match with_defence(office, move |house| house.statement(&of, &decided)).await {
        Ok(Some(ToSign::Statement { statement, has_key, passkeys })) => {
            Ok((*statement, has_key, passkeys))
        }
        Ok(Some(ToSign::Not(not))) => Err(Box::new(not_done(office, desk, owned, not))),
        other => Err(Box::new(trouble(office, desk, owned, other.is_ok()))),
    }
}

/// The decision as a file for the member's own machine.
pub(in crate::web::office) async fn file(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    Form(sent): Form<Deliberation>,
) -> Response {
    let fits =
        office.sessions.form_token_fits(&desk.session, &sent.purpose(&reference), &sent.token);
    let (true, Ok(decided)) = (fits, sent.decided()) else {
        let page = office.page(&desk, Place::Case(reference));
        return said(StatusCode::FORBIDDEN, page, "foreign_form");
    };
    let reasons = decided.reasons.clone();
    let statement = match statement(&office, &desk, &reference, &sent, decided).await {
        Ok((statement, ..)) => statement,
        Err(response) => return *response,
    };
    let name = format!("attachment; filename=\"deliberation-{reference}.json\"");
    let headers = [(CONTENT_TYPE, "application/json"), (CONTENT_DISPOSITION, name.as_str())];
    (headers, DecisionFile::new(statement, reasons).to_json()).into_response()
}

/// Takes the signed decision back, and enters it.
pub(in crate::web::office) async fn take(
    State(office): State<Office>,
    desk: AtDesk,
    Path(reference): Path<String>,
    form: Multipart,
) -> Response {
    let page = || office.page(&desk, Place::Deliberation(reference.clone()));
    let Some(sent) = Sent::read(form).await else {
        return said(StatusCode::UNPROCESSABLE_ENTITY, page(), "defence.not_signed");
    };
    let examined = sent.field("examined").parse::<Digest>();
    let purpose = purpose(&reference, sent.version(), sent.field("examined"));
    if !office.sessions.form_token_fits(&desk.session, &purpose, sent.field("token")) {
        return said(StatusCode::FORBIDDEN, page(), "foreign_form");
    }
    let case = match on_case::case(&office, &desk, &reference).await {
        Ok(case) => case,
        Err(response) => return *response,
    };
    if let Err(refused) = desk.may_on(&office, Action::Deliberate, &case).await {
        return *refused;
    }
    let version = sent.version();
    let file = sent.into_document();
    let text = std::str::from_utf8(&file).ok().filter(|text| text.len() <= FILE_BYTES_MAX);
    let signed = text.and_then(|text| SignedDecision::read(text).ok());
    // What was shown on this very form, not on one of another day. A passkey signs on the page,
    // where its words are known to be fresh.
    let signed = signed.filter(|signed| {
        signed.fresh.is_none() && examined.as_ref() == Ok(&signed.statement.examined)
    });
    let Some(signed) = signed else {
        return said(StatusCode::UNPROCESSABLE_ENTITY, page(), "defence.not_signed");
    };
    let act = DefenceAct::Deliberated { signed: Box::new(signed) };
    done(&office, &desk, reference, version, act).await
}
