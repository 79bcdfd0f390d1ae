-- What belongs to one party, for its own desk.
CREATE INDEX batch_sender ON batch (authority, sender, batch_id);
CREATE INDEX cases_owed ON cases (authority, provider, due_at, case_id)
    WHERE closed = 0 AND state_name IN ('asked', 'asking');

-- access_decision: immutable, and bounded: the oldest lines go when there are too many. What the
-- rules of the desks refused, and which acts they let through. Numbers only.
CREATE TABLE access_decision (
    authority  text   NOT NULL,
    line       bigint NOT NULL,
    decided_at bigint NOT NULL,
    person     text   NOT NULL,
    role       text   NOT NULL,
    action     text   NOT NULL,
    about      text   NOT NULL,
    allowed    bigint NOT NULL,
    rules      text   NOT NULL,
    PRIMARY KEY (authority, line)
);
