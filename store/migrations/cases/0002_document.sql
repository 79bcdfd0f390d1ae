-- document: what a message looked like when it left, and what its carrier proved. The bytes lie
-- sealed in the identity compartment under record_id; here is only that they are there.
-- Immutable; erased with the record.
CREATE TABLE document (
    record_id  blob   NOT NULL PRIMARY KEY,
    authority  text   NOT NULL,
    regime     text   NOT NULL,
    case_id    blob   NOT NULL,
    effect_id  blob   NOT NULL,
    name       text   NOT NULL,
    sha256     blob   NOT NULL,
    size_bytes bigint NOT NULL,
    kept_at    bigint NOT NULL
);
CREATE INDEX document_case ON document (case_id, kept_at);
