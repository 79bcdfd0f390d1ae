//! Every test of this room from outside, in one program: what it stands on is linked once.

mod letters;
mod mail;
mod parts;
mod sample;
mod seal;
mod verapdf;
mod wording;
