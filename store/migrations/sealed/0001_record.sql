-- One sealed compartment: evidence, traffic or identity. Each is a database of its own.
--
-- record: immutable but for erasure, which sets wrapped_key to null. Without it nothing opens.
--   record_id    16 bytes: the notice, batch, quarantined message or question the record is about
--   kind         notice, batch, quarantine, disclosure
--   created_at   microseconds since 1970; retention counts from the case, never from this
--   wrapped_key  the record's own key, encrypted under the compartment's key
CREATE TABLE record (
    record_id   blob   NOT NULL PRIMARY KEY,
    authority   text   NOT NULL,
    regime      text   NOT NULL,
    kind        text   NOT NULL,
    created_at  bigint NOT NULL,
    wrapped_key blob,
    nonce       blob   NOT NULL,
    sealed      blob   NOT NULL
);

CREATE INDEX record_created ON record (created_at, record_id);

-- sweep: mutable. Up to which record orphans were looked for.
CREATE TABLE sweep (
    name       text   NOT NULL PRIMARY KEY,
    created_at bigint NOT NULL,
    record_id  blob   NOT NULL
);
