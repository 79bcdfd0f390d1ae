-- The keys of one sealed compartment's records: a database of its own, apart from the records.
-- It is mirrored, and never backed up for longer than an hour: who erases a row here has erased
-- the record in every copy of the data.

-- key_version: mutable. The versions of the compartment's own key. The key itself is never here.
--   state        current (one row): new records are wrapped by it; old: rows are still wrapped by
--                it and are being rewrapped; destroyed
--   check_value  tells the right key from a wrong one and says nothing about it
CREATE TABLE key_version (
    version     bigint NOT NULL PRIMARY KEY,
    state       text   NOT NULL,
    check_value blob   NOT NULL,
    made_at     bigint NOT NULL,
    ended_at    bigint
);
CREATE UNIQUE INDEX key_version_current ON key_version (state) WHERE state = 'current';

-- record_key: mutable: rewrapped by a rotation, deleted by erasure.
--   record_id    the record's number in the compartment's data
--   version      of the key that it is wrapped by
--   wrapped_key  the record's own key, AES-256-GCM; always 48 bytes, so that it is overwritten where
--                it lies
CREATE TABLE record_key (
    record_id   blob   NOT NULL PRIMARY KEY,
    version     bigint NOT NULL,
    nonce       blob   NOT NULL,
    wrapped_key blob   NOT NULL
);

-- retired_pair: mutable. The X25519 pair of the identity key before the current one: providers may
-- still seal to it. One row at the most; empty in the other compartments.
CREATE TABLE retired_pair (
    version bigint NOT NULL PRIMARY KEY,
    nonce   blob   NOT NULL,
    wrapped blob   NOT NULL
);
