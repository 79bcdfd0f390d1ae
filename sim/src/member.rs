//! The member who decides: reads what waits, thinks about it for some working days, and says yes
//! or no. At the office's real pages, as a browser would, or at the store's own door.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use entremise_core::case::State;
use entremise_core::event::{Decision, Event, Ground, Verdict};
use entremise_core::id::{AuthorityId, CaseId};
use entremise_core::ledger::Actor;
use entremise_core::procedure::ladder;
use entremise_server::house::House;
use entremise_store::{ApplyError, CaseRef, WorkOrder};
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use reqwest::header::{LOCATION, SET_COOKIE};

use crate::chance::Chance;
use crate::estate::MEMBER;

/// What waits for the member, and since when they know of it.
pub struct Member {
    chance: Chance,
    /// When the member will come to a proposal: case and step.
    thinks_until: BTreeMap<(CaseId, usize), Timestamp>,
    /// What the member has decided, for the oracle.
    pub decided: Vec<(CaseId, usize, Verdict)>,
    /// Chances of a thousand that the member sends.
    pub sends_per_mille: u64,
}

/// A decision to be entered.
#[derive(Clone, Debug)]
struct Choice {
    case: CaseId,
    stage: usize,
    verdict: Verdict,
    ground: Ground,
}

impl Member {
    pub fn new(seed: u64) -> Self {
        Self {
            chance: Chance::of(seed, "the member"),
            thinks_until: BTreeMap::new(),
            decided: Vec::new(),
            sends_per_mille: 880,
        }
    }

    /// Looks at the desk and decides what is ripe. With `office` at its pages, else at the store.
    pub fn sit(
        &mut self,
        house: &House,
        authority: &AuthorityId,
        office: Option<&Office>,
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        if !is_working_day(now) {
            return Ok(0);
        }
        let choices = self.ripe(house, authority, now)?;
        let number = choices.len();
        if let Some(office) = office.filter(|_| number > 0) {
            let cookie = office.sign_in()?;
            for choice in choices {
                office.decide(&cookie, &choice)?;
                self.decided.push((choice.case, choice.stage, choice.verdict));
            }
            return Ok(number);
        }
        for choice in choices {
            let by = MEMBER.parse().expect("the name is a constant");
            let actor = Actor::Person(MEMBER.parse().expect("the name is a constant"));
            let decision = Decision { by, verdict: choice.verdict, ground: choice.ground };
            let case = CaseRef::Id(authority.clone(), choice.case);
            match house.store.apply(&case, &Event::Decided(decision), &actor, now) {
                Ok(_) => self.decided.push((choice.case, choice.stage, choice.verdict)),
                Err(ApplyError::Refused(_)) => {}
                Err(error) => return Err(error).context("a decision could not be entered"),
            }
        }
        Ok(number)
    }

    fn ripe(
        &mut self,
        house: &House,
        authority: &AuthorityId,
        now: Timestamp,
    ) -> anyhow::Result<Vec<Choice>> {
        let mut choices = Vec::new();
        let mut after = None;
        loop {
            let rows = house.store.work(authority, WorkOrder { limit: 200, after })?;
            let Some(last) = rows.last() else { break };
            after = Some(last.place);
            for row in &rows {
                let State::Ladder(ladder::State::Proposed { stage, .. }) = &row.case.state else {
                    continue;
                };
                let days = self.chance.between(1, 6);
                let ripe_at = self
                    .thinks_until
                    .entry((row.case.id, *stage))
                    .or_insert_with(|| now + jiff::SignedDuration::from_hours(24 * days));
                if now < *ripe_at {
                    continue;
                }
                self.thinks_until.remove(&(row.case.id, *stage));
                let (verdict, ground) = if self.chance.per_mille(self.sends_per_mille) {
                    (Verdict::Send, Ground::FactsEstablished)
                } else {
                    let grounds =
                        [Ground::EvidenceWeak, Ground::Discretion, Ground::AlreadyAnswered];
                    (Verdict::Close, *self.chance.pick(&grounds))
                };
                choices.push(Choice { case: row.case.id, stage: *stage, verdict, ground });
            }
        }
        Ok(choices)
    }
}

fn is_working_day(now: Timestamp) -> bool {
    let paris = TimeZone::get("Europe/Paris").expect("the zones are in the binary");
    !matches!(now.to_zoned(paris).weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The office's pages, used as a browser without JavaScript uses them.
pub struct Office {
    client: Client,
    origin: String,
    secret: String,
}

impl Office {
    pub fn new(origin: String, secret: String) -> anyhow::Result<Self> {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { client, origin, secret })
    }

    fn sign_in(&self) -> anyhow::Result<String> {
        let answer = self
            .client
            .post(format!("{}/en/sign-in", self.origin))
            .header("content-type", FORM)
            .body(form(&[("secret", &self.secret), ("back", "")]))
            .send()?;
        let cookie = answer.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        cookie.with_context(|| format!("the office let nobody in: {}", answer.status()))
    }

    /// Opens the case, chooses, confirms.
    fn decide(&self, cookie: &str, choice: &Choice) -> anyhow::Result<()> {
        let case = format!("{}/en/office/case/{}", self.origin, choice.case);
        let page = self.get(cookie, &case)?;
        let version = value_of(&page, "version").context("the case's page has no version")?;
        let name = match (choice.verdict, choice.ground) {
            (Verdict::Send, _) => "send",
            (Verdict::Close, Ground::EvidenceWeak) => "close_evidence",
            (Verdict::Close, Ground::AlreadyAnswered) => "close_answered",
            (Verdict::Close, _) => "close_discretion",
        };
        let address = format!("{case}/decision");
        let page = self.get(cookie, &format!("{address}?choice={name}&version={version}"))?;
        let token = value_of(&page, "token").context("the confirmation has no token")?;
        let answer = self
            .client
            .post(&address)
            .header("cookie", cookie)
            .header("content-type", FORM)
            .body(form(&[("choice", name), ("version", &version), ("token", &token)]))
            .send()?;
        let entered = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        if !entered.is_some_and(|to| to.contains("entered=true")) {
            bail!("the office did not enter a decision: {}", answer.status());
        }
        Ok(())
    }

    /// What one of the office's pages shows the member.
    pub fn page(&self, path: &str) -> anyhow::Result<String> {
        self.get(&self.sign_in()?, &format!("{}{path}", self.origin))
    }

    fn get(&self, cookie: &str, address: &str) -> anyhow::Result<String> {
        let answer: Response = self.client.get(address).header("cookie", cookie).send()?;
        if answer.status() != StatusCode::OK {
            bail!("{address} answers {}", answer.status());
        }
        Ok(answer.text()?)
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Fields of a form; whatever is not a plain character is percent-encoded.
pub fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    fields.join("&")
}

/// The value of the last hidden field of that name: the page's own form stands behind the one that
/// signs out.
fn value_of(page: &str, name: &str) -> Option<String> {
    let field = page.rsplit_once(&format!("name=\"{name}\" value=\""))?.1;
    Some(field.split_once('"')?.0.to_owned())
}
