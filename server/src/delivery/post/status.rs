//! What a carrier's code means, in our words.
//!
//! Codes of the public registered-mail interface (families A, P, D, N) and of the electronic
//! registered letter (CPCE R53-3). A code that is not listed is `Unknown` and goes to a person: a
//! guess here would start or stop a legal clock.

use entremise_core::event::DeliveryStatus;
use entremise_core::regime::rules::ReturnReason;

use super::Product;

/// Where a letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PostStatus {
    AcceptedByPost,
    Deposited,
    /// Presented, nobody there: the date of presentation is this one.
    NoticeLeft,
    AttemptFailed,
    AwaitingCollection,
    SecondPresentation,
    Delivered,
    ReceiptSigned,
    DeliveredUnsigned,
    Refused,
    NotCollected,
    UndeliverableAddress,
    Undeliverable,
    Returned,
    AddresseeDeceased,
    Lost,
    Unknown,
}

/// A code as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub status: PostStatus,
    /// The carrier will say nothing more of this letter.
    pub terminal: bool,
    /// A person must find out why before anything is concluded.
    pub check_cause: bool,
}

impl PostStatus {
    pub fn name(self) -> &'static str {
        match self {
            Self::AcceptedByPost => "accepted_by_post",
            Self::Deposited => "deposited",
            Self::NoticeLeft => "notice_left",
            Self::AttemptFailed => "attempt_failed",
            Self::AwaitingCollection => "awaiting_collection",
            Self::SecondPresentation => "second_presentation",
            Self::Delivered => "delivered",
            Self::ReceiptSigned => "receipt_signed",
            Self::DeliveredUnsigned => "delivered_unsigned",
            Self::Refused => "refused",
            Self::NotCollected => "not_collected",
            Self::UndeliverableAddress => "undeliverable_address",
            Self::Undeliverable => "undeliverable",
            Self::Returned => "returned",
            Self::AddresseeDeceased => "addressee_deceased",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        }
    }
}

impl Reading {
    /// Reads a carrier's code, with or without its number's leading zero, in any case.
    pub fn of(code: &str) -> Self {
        use PostStatus::*;
        let on_its_way = |status| Self { status, terminal: false, check_cause: false };
        let ended = |status| Self { status, terminal: true, check_cause: false };
        let unclear = |status| Self { status, terminal: true, check_cause: true };
        match code.trim().to_ascii_lowercase().as_str() {
            "a01" => on_its_way(AcceptedByPost),
            "a02" => on_its_way(NoticeLeft),
            "a05" => on_its_way(AttemptFailed),
            "a06" => on_its_way(Deposited),
            "a14" | "a17" | "p03" | "n03" | "unclaimed" => ended(NotCollected),
            "a16" | "a18" | "p04" | "p05" | "n05" | "refused" => ended(Refused),
            // Refused because of a charge nobody may ask: not the addressee's refusal.
            "p06" => unclear(Refused),
            "a19" | "n02" => unclear(Undeliverable),
            "a21" | "a22" | "a23" | "n07" => ended(UndeliverableAddress),
            "a26" => unclear(Returned),
            "p01" => on_its_way(AwaitingCollection),
            "p02" => on_its_way(SecondPresentation),
            "d01" | "accepted" => ended(Delivered),
            "n01" => ended(ReceiptSigned),
            "n04" => ended(AddresseeDeceased),
            "n06" => unclear(DeliveredUnsigned),
            "lost" => ended(Lost),
            _ => Self { status: Unknown, terminal: false, check_cause: true },
        }
    }

    /// What the case is told, or None where the news changes nothing.
    ///
    /// Only words that speak of a presentation become one: a letter that waits at the counter was
    /// presented earlier, on a date this news does not prove. Of a simple letter no word does:
    /// nobody saw it given to anybody, and who claims a signature speaks of another letter.
    pub fn delivery_status(self, product: Product) -> Option<DeliveryStatus> {
        use PostStatus::*;
        if self.check_cause {
            return Some(DeliveryStatus::Unknown);
        }
        if product == Product::Simple {
            match self.status {
                NoticeLeft | Delivered => return None,
                ReceiptSigned => return Some(DeliveryStatus::Unknown),
                _ => {}
            }
        }
        Some(match self.status {
            AcceptedByPost | Deposited => DeliveryStatus::HandedOver,
            NoticeLeft => DeliveryStatus::Presented,
            AttemptFailed | AwaitingCollection | SecondPresentation => return None,
            Delivered | ReceiptSigned => DeliveryStatus::Delivered,
            Refused => DeliveryStatus::Returned(ReturnReason::Refused),
            NotCollected => DeliveryStatus::Returned(ReturnReason::Unclaimed),
            UndeliverableAddress => DeliveryStatus::Returned(ReturnReason::UnknownAddress),
            AddresseeDeceased => DeliveryStatus::Returned(ReturnReason::Deceased),
            Lost => DeliveryStatus::Returned(ReturnReason::Lost),
            DeliveredUnsigned | Undeliverable | Returned | Unknown => DeliveryStatus::Unknown,
        })
    }
}
