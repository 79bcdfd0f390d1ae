-- suspended: mutable: struck once. Who may not subscribe, as long as a measure lasts. What is known of
-- the person lies sealed in the identity compartment under entry_id, and says nothing without the
-- key of the register.
--   ends_at    the last instant of the measure: from then on the answer is no, struck or not
--   struck_at  entered in the ledger; erased_at once its record's key is gone
CREATE TABLE suspended (
    entry_id    blob   NOT NULL PRIMARY KEY,
    authority   text   NOT NULL,
    regime      text   NOT NULL,
    case_id     blob   NOT NULL,
    enlisted_at bigint NOT NULL,
    ends_at     bigint NOT NULL,
    struck_at   bigint,
    erased_at   bigint
);
CREATE UNIQUE INDEX suspended_case ON suspended (authority, case_id) WHERE struck_at IS NULL;
CREATE INDEX suspended_now ON suspended (authority, ends_at) WHERE struck_at IS NULL;
CREATE INDEX suspended_open ON suspended (struck_at) WHERE struck_at IS NOT NULL AND erased_at IS NULL;

-- suspended_asked: immutable, for two days. Numbers of questions, so that none is good twice.
CREATE TABLE suspended_asked (
    authority   text   NOT NULL,
    question_id blob   NOT NULL,
    asked_at    bigint NOT NULL,
    PRIMARY KEY (authority, question_id)
);
CREATE INDEX suspended_asked_when ON suspended_asked (asked_at);

-- suspended_day: mutable, only upwards. Questions of one provider on one local day.
CREATE TABLE suspended_day (
    authority text   NOT NULL,
    provider  text   NOT NULL,
    day       text   NOT NULL,
    n         bigint NOT NULL,
    PRIMARY KEY (authority, provider, day)
);
