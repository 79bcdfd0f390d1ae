-- fact: immutable. Which notices stand against which line's case, as its events say.
CREATE TABLE fact (
    notice_id blob NOT NULL,
    case_id   blob NOT NULL,
    PRIMARY KEY (notice_id, case_id)
);
CREATE INDEX fact_case ON fact (case_id);

-- erasure: entered in the ledger at seq, then carried out; done_at once the keys are gone.
--   kind     case, intake (raw batches, quarantine), rectification
--   subject  the case
--   records  which records' keys, by compartment; opaque numbers, JSON
CREATE TABLE erasure (
    erasure_id blob   NOT NULL PRIMARY KEY,
    authority  text   NOT NULL,
    regime     text   NOT NULL,
    kind       text   NOT NULL,
    subject    blob,
    why        text   NOT NULL,
    seq        bigint NOT NULL,
    entered_at bigint NOT NULL,
    records    text   NOT NULL,
    done_at    bigint
);
CREATE INDEX erasure_subject ON erasure (subject) WHERE subject IS NOT NULL;
CREATE INDEX erasure_open ON erasure (entered_at) WHERE done_at IS NULL;
CREATE INDEX erasure_when ON erasure (authority, seq);

-- opening: immutable. The ledger's lines about compartments that were opened, to be counted.
--   kind   as the leaf has it: linking.warn, look.rights …
--   actor  as the leaf has it
CREATE TABLE opening (
    authority text   NOT NULL,
    seq       bigint NOT NULL,
    opened_at bigint NOT NULL,
    kind      text   NOT NULL,
    actor     text   NOT NULL,
    PRIMARY KEY (authority, seq)
);
CREATE INDEX opening_when ON opening (authority, opened_at);

-- Derived, as due_at is: until when a court has the file kept.
ALTER TABLE cases ADD COLUMN held_until bigint;
CREATE INDEX cases_held ON cases (authority, held_until) WHERE held_until IS NOT NULL;

-- When the bytes of a batch, or of what was set aside, were erased: by their own time.
ALTER TABLE batch ADD COLUMN erased_at bigint;
CREATE INDEX batch_kept ON batch (regime, received_at) WHERE erased_at IS NULL;
ALTER TABLE quarantine ADD COLUMN erased_at bigint;
CREATE INDEX quarantine_kept ON quarantine (regime, received_at) WHERE erased_at IS NULL;
