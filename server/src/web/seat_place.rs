//! Where the pages of the members', senders', providers' and operators' desks are, in each
//! language.

use entremise_core::deadline::Lang;

use super::place::encoded;

/// A page of one of these desks, without its language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeatPlace {
    /// Several decisions in one go.
    Batch,
    /// What the house asks of a sender or a provider.
    Messages,
    /// Who is away, and who acts in their place.
    Absences,
    /// What waits for the member.
    Member,
    /// Where a member who came in by another way registers a passkey to sign with.
    SigningKey,
    /// Where that passkey itself is sent to.
    KeepSigningKey,
    /// A sender's sendings.
    Sender,
    /// One sending, with what became of each notice.
    Sending(String),
    /// One notice of the sender, and where it stands.
    Notice(String),
    /// The receipt of a notice.
    NoticeReceipt(String),
    /// Where a sender takes a notice back.
    Withdrawal(String),
    /// A provider's requests, orders and files.
    Provider,
    /// A file of requests, to be taken.
    RequestFile(String),
    /// Where a completed file is handed in.
    HandIn,
    /// One order, with the forms to answer it.
    Order(String),
    /// The same as a file.
    OrderFile(String),
    /// What proves when a question was asked.
    AskedReceipt(String),
    /// What was asked when and what is late, with proofs.
    Breach,
    /// The machines.
    Operator,
    /// What was set aside, and why.
    Quarantine,
    /// Senders and providers, and the switch of each.
    Parties,
    /// What the rules of the desks decided.
    Decisions,
}

impl SeatPlace {
    pub fn path(&self, lang: Lang) -> String {
        let of = |fr: &str, en: &str| match lang {
            Lang::Fr => format!("/fr/{fr}"),
            Lang::En => format!("/en/{en}"),
        };
        match self {
            Self::Batch => of("bureau/lot", "office/batch"),
            Self::Messages => of("messages", "messages"),
            Self::Absences => of("bureau/absences", "office/absences"),
            Self::Member => of("membre", "member"),
            Self::SigningKey => of("membre/cle", "member/key"),
            Self::KeepSigningKey => of("membre/cle/inscription", "member/key/registration"),
            Self::Sender => of("envois", "sendings"),
            Self::Sending(batch) => format!("{}/{}", Self::Sender.path(lang), encoded(batch)),
            Self::Notice(notice) => {
                format!("{}/{}", of("envois/saisine", "sendings/notice"), encoded(notice))
            }
            Self::NoticeReceipt(notice) => {
                let receipt = if lang == Lang::Fr { "recu" } else { "receipt" };
                format!("{}/{receipt}", Self::Notice(notice.clone()).path(lang))
            }
            Self::Withdrawal(notice) => {
                let withdrawal = if lang == Lang::Fr { "retrait" } else { "withdrawal" };
                format!("{}/{withdrawal}", Self::Notice(notice.clone()).path(lang))
            }
            Self::Provider => of("fournisseur", "provider"),
            Self::RequestFile(number) => {
                format!("{}/{}", of("fournisseur/demandes", "provider/requests"), encoded(number))
            }
            Self::HandIn => of("fournisseur/depot", "provider/hand-in"),
            Self::Order(number) => {
                format!("{}/{}", of("fournisseur/ordres", "provider/orders"), encoded(number))
            }
            Self::OrderFile(number) => {
                let file = if lang == Lang::Fr { "fichier" } else { "file" };
                format!("{}/{file}", Self::Order(number.clone()).path(lang))
            }
            Self::AskedReceipt(question) => {
                format!("{}/{}", Self::Breach.path(lang), encoded(question))
            }
            Self::Breach => of("fournisseur/retards", "provider/delays"),
            Self::Operator => of("exploitation", "operation"),
            Self::Quarantine => of("exploitation/quarantaine", "operation/quarantine"),
            Self::Parties => of("exploitation/parties", "operation/parties"),
            Self::Decisions => of("controle/decisions", "oversight/decisions"),
        }
    }

    /// The first page of a desk: where its "home" leads.
    pub fn is_first(&self) -> bool {
        matches!(self, Self::Member | Self::Sender | Self::Provider | Self::Operator)
    }
}
