//! Every rule of the store, on both backends. PostgreSQL is started by `entremise-parts`.

mod support;

mod applying;
mod compartments;
mod erasing;
mod intake;
mod kill;
mod ledger;
mod linking;
mod outages;
mod outbox;
mod oversight;
mod party;
mod pilot;
mod random;
mod reading;
mod rights;
mod rotating;
mod sources;
