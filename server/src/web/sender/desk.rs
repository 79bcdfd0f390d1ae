//! What a sender's pages ask of the house, and the views it answers with. No view holds anything of
//! a subscriber: neither a number, nor a handle, nor a step of the ladder.

use entremise_core::deadline::Zone;
use entremise_core::id::{NoticeId, PartyId, PersonId};
use entremise_store::ItemVerdict as NoticeVerdict;
use jiff::Timestamp;

use crate::standing::NoticeStatus;
use crate::web::desk::{DeskTrouble, ReceiptGiven};

/// The house as its senders see it. Called from blocking threads; each question names the sender
/// whose it is, and is answered with nothing of another's.
pub trait SenderDesk: Send + Sync + 'static {
    /// A sender's sendings, the newest first, from one on.
    fn sendings(
        &self,
        sender: &PartyId,
        before: Option<&str>,
        now: Timestamp,
    ) -> Result<Sendings, DeskTrouble>;

    /// One sending, with what became of each notice; `None` where this sender brought none such.
    fn sending(
        &self,
        sender: &PartyId,
        batch: &str,
        from: usize,
    ) -> Result<Option<Sending>, DeskTrouble>;

    /// One notice; `None` where this sender brought none such.
    fn notice(&self, sender: &PartyId, notice: &str) -> Result<Option<NoticeView>, DeskTrouble>;

    /// Takes a notice back.
    fn withdraw(
        &self,
        sender: &PartyId,
        notice: &str,
        by: &PersonId,
        now: Timestamp,
    ) -> Result<Withdrawn, DeskTrouble>;

    /// The receipt of the entry under which a notice was accepted.
    fn receipt(&self, sender: &PartyId, notice: &str) -> Result<(u64, ReceiptGiven), DeskTrouble>;
}

/// One page of sendings.
#[derive(Clone, Debug)]
pub struct Sendings {
    pub zone: Zone,
    /// As the house names this sender.
    pub name: String,
    pub rows: Vec<SendingRow>,
    /// The sending after which the next page goes on.
    pub next: Option<String>,
    /// Notices accepted today, and at most a day.
    pub used: u64,
    pub quota: u64,
    /// Since when this sender is stopped, and why.
    pub stopped: Option<(Timestamp, String)>,
}

#[derive(Clone, Debug)]
pub struct SendingRow {
    pub batch: String,
    pub received_at: Timestamp,
    pub format: String,
    pub channel: String,
    pub accepted: u64,
    pub duplicate: u64,
    pub rejected: u64,
}

/// One sending.
#[derive(Clone, Debug)]
pub struct Sending {
    pub zone: Zone,
    pub batch: String,
    pub received_at: Timestamp,
    /// Its report is erased: its time is over.
    pub erased: bool,
    pub notices: Vec<ResultView>,
    pub total: usize,
    /// Where the next page begins.
    pub next: Option<usize>,
}

/// What became of one notice of a sending.
#[derive(Clone, Debug)]
pub struct ResultView {
    /// Where in the sending.
    pub place: String,
    pub sender_case_id: Option<String>,
    pub verdict: NoticeVerdict,
    /// Where it stands now; none for what was not accepted, or is erased.
    pub status: Option<NoticeStatus>,
}

/// One notice of a sender.
#[derive(Clone, Debug)]
pub struct NoticeView {
    pub zone: Zone,
    pub notice: NoticeId,
    pub batch: String,
    pub received_at: Timestamp,
    pub status: NoticeStatus,
    /// What happened to it, and when.
    pub steps: Vec<(Timestamp, &'static str)>,
}

/// What became of a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    Done,
    /// The law says no, by the refusal's name.
    Refused(String),
    NoSuchNotice,
}
