//! Every test of this room from outside, in one program: what it stands on is linked once.

mod authorisation;
mod register;
mod signature;
