//! Every rule of the store, on both backends. PostgreSQL is started by `entremise-parts`.

mod support;
mod suspended;

mod applying;
mod compartments;
mod documented;
mod erasing;
mod history;
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
mod slot;
mod sources;
