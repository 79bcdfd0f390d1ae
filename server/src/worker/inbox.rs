//! Notices that wait in folders and mailboxes, for every authority.

use entremise_store::Trouble;
use jiff::Timestamp;

use super::Round;
use crate::house::House;
use crate::intake::{folder, mailbox};

/// One look into everything that senders leave files or mails in.
pub fn round(house: &House, now: Timestamp) -> Result<Round, Trouble> {
    let mut round = Round::default();
    for room in &house.rooms {
        if let Some(maildir) = &room.config.mail.notices {
            let taken = mailbox::take(&house.store, room, maildir, now)?;
            round.done += taken.batches + taken.refused + taken.strangers;
        }
        for sender in &room.senders {
            if let Some(path) = &sender.config.folder {
                let taken = folder::take(&house.store, room, sender, path, now)?;
                round.done += taken.batches + taken.refused;
            }
        }
    }
    Ok(round)
}
