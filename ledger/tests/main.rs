//! Every test of this room from outside, in one program: what it stands on is linked once.

#[allow(dead_code, reason = "the pages of the service use the rest of it")]
#[path = "../../server/tests/browser/driver.rs"]
mod driver;
mod form;
mod frauds;
mod page;
mod publish;
mod receipts;
mod standards;
mod support;
mod timestamps;
mod tsa;
mod verify;
mod witness;
