//! Every test of this room from outside, in one program: what it stands on is linked once.

mod acns;
mod at_hand;
mod bounces;
mod hostile;
mod identification_csv;
mod jws;
mod mail;
mod original;
mod report;
mod samples;
mod signed_mail;
mod table;
mod xarf;
