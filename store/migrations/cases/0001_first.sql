-- The cases compartment: opaque numbers, states and clocks; the ledger; the outbox.
-- Instants are microseconds since 1970, ids are 16 bytes, bodies are JSON.

-- party: mutable; every change has its ledger entry. Belongs to an authority, not to a regime.
CREATE TABLE party (
    authority     text   NOT NULL,
    party         text   NOT NULL,
    role          text   NOT NULL,
    sender_kind   text,
    name          text   NOT NULL,
    settings      text   NOT NULL,
    registered_at bigint NOT NULL,
    stopped_at    bigint,
    stopped_why   text,
    PRIMARY KEY (authority, party)
);

-- ledger_head: mutable; its row lock is what makes the ledger gapless.
CREATE TABLE ledger_head (
    authority text   NOT NULL PRIMARY KEY,
    size      bigint NOT NULL,
    last_at   bigint NOT NULL
);

-- ledger: immutable, but for salt and body, which are erased with the case.
CREATE TABLE ledger (
    authority  text   NOT NULL,
    regime     text   NOT NULL,
    seq        bigint NOT NULL,
    entered_at bigint NOT NULL,
    subject    blob,
    kind       text   NOT NULL,
    leaf       blob   NOT NULL,
    salt       blob,
    body       blob,
    PRIMARY KEY (authority, seq)
);
CREATE INDEX ledger_subject ON ledger (subject, seq) WHERE subject IS NOT NULL;

-- checkpoint: immutable. Signed heads as they were published.
CREATE TABLE checkpoint (
    authority text   NOT NULL,
    size      bigint NOT NULL,
    noted_at  bigint NOT NULL,
    note      text   NOT NULL,
    PRIMARY KEY (authority, size)
);

-- regime_text: immutable. Which texts and calendars this store has worked with.
CREATE TABLE regime_text (
    regime     text   NOT NULL,
    digest     text   NOT NULL,
    calendar   text   NOT NULL,
    entered_at bigint NOT NULL,
    current    bigint NOT NULL,
    PRIMARY KEY (regime, digest, calendar)
);

-- regime_in_ledger: immutable. Where the text itself stands in an authority's ledger.
CREATE TABLE regime_in_ledger (
    authority text   NOT NULL,
    regime    text   NOT NULL,
    digest    text   NOT NULL,
    seq       bigint NOT NULL,
    PRIMARY KEY (authority, regime, digest)
);

-- cases: mutable, by the one door only. state, subject: JSON of core::case.
--   due_at   when the case must be looked at if nothing happens; derived, recomputed at will
--   desk_at  its place on the desk of a person; null when it waits for nobody
CREATE TABLE cases (
    case_id     blob   NOT NULL PRIMARY KEY,
    authority   text   NOT NULL,
    regime      text   NOT NULL,
    procedure   text   NOT NULL,
    state_name  text   NOT NULL,
    closed      bigint NOT NULL,
    provider    text   NOT NULL,
    handle      text,
    subject     text   NOT NULL,
    state       text   NOT NULL,
    opened_at   bigint NOT NULL,
    changed_at  bigint NOT NULL,
    question    blob,
    file_number text,
    due_at      bigint,
    desk_at     bigint
);
CREATE UNIQUE INDEX cases_open_line ON cases (authority, regime, provider, handle)
    WHERE handle IS NOT NULL AND closed = 0;
CREATE UNIQUE INDEX cases_file_number ON cases (authority, file_number)
    WHERE file_number IS NOT NULL;
CREATE INDEX cases_question ON cases (question) WHERE question IS NOT NULL;
CREATE INDEX cases_due ON cases (due_at, case_id) WHERE due_at IS NOT NULL;
CREATE INDEX cases_desk ON cases (authority, desk_at, case_id) WHERE desk_at IS NOT NULL;

-- file_number_head: mutable. The last file number of an authority's year.
CREATE TABLE file_number_head (
    authority text   NOT NULL,
    year      bigint NOT NULL,
    last      bigint NOT NULL,
    PRIMARY KEY (authority, year)
);

-- batch: immutable. What a sender handed in once; the report is sealed, it repeats sender numbers.
CREATE TABLE batch (
    batch_id        blob   NOT NULL PRIMARY KEY,
    authority       text   NOT NULL,
    regime          text   NOT NULL,
    sender          text   NOT NULL,
    format          text   NOT NULL,
    channel         text   NOT NULL,
    received_at     bigint NOT NULL,
    idempotency_key blob,
    body_digest     blob   NOT NULL,
    wrapped_key     blob,
    nonce           blob   NOT NULL,
    report          blob   NOT NULL
);
CREATE UNIQUE INDEX batch_key ON batch (authority, sender, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- notice: immutable. The digests are keyed: they find a duplicate and say nothing.
CREATE TABLE notice (
    notice_id      blob   NOT NULL PRIMARY KEY,
    authority      text   NOT NULL,
    regime         text   NOT NULL,
    case_id        blob   NOT NULL,
    batch_id       blob   NOT NULL,
    sender         text   NOT NULL,
    received_at    bigint NOT NULL,
    by_number      blob,
    by_observation blob   NOT NULL
);
CREATE UNIQUE INDEX notice_by_number ON notice (by_number) WHERE by_number IS NOT NULL;
CREATE UNIQUE INDEX notice_by_observation ON notice (by_observation);

-- sender_day: mutable. Notices accepted from one sender on one local day.
CREATE TABLE sender_day (
    authority text   NOT NULL,
    regime    text   NOT NULL,
    sender    text   NOT NULL,
    day       text   NOT NULL,
    notices   bigint NOT NULL,
    PRIMARY KEY (authority, regime, sender, day)
);

-- quarantine: mutable. What was set aside; the bytes are sealed in the evidence compartment.
CREATE TABLE quarantine (
    quarantine_id blob   NOT NULL PRIMARY KEY,
    authority     text   NOT NULL,
    regime        text   NOT NULL,
    sender        text,
    channel       text   NOT NULL,
    size_bytes    bigint NOT NULL,
    reasons       text   NOT NULL,
    received_at   bigint NOT NULL,
    released_at   bigint
);
CREATE INDEX quarantine_waiting ON quarantine (authority, quarantine_id)
    WHERE released_at IS NULL;

-- outbox: mutable. Effects asked for and not yet known to have happened.
--   state         ready, leased, done, parked
--   available_at  from when a worker may take it: not before (ready), end of lease (leased);
--                 null when done or parked. So an expired lease is available without a sweep.
--   attempts      rises with each lease: it tells one lease from the next
--   intended      the attempt for which the ledger has the intent
--   lane          authority and party: workers go round the lanes
CREATE TABLE outbox (
    effect_id    blob   NOT NULL PRIMARY KEY,
    authority    text   NOT NULL,
    regime       text   NOT NULL,
    case_id      blob   NOT NULL,
    queue        text   NOT NULL,
    party        text,
    lane         text   NOT NULL,
    body         text   NOT NULL,
    state        text   NOT NULL,
    attempts     bigint NOT NULL,
    intended     bigint NOT NULL,
    available_at bigint,
    created_at   bigint NOT NULL,
    settled_at   bigint,
    worker       text,
    trouble      text,
    outcome      text
);
CREATE INDEX outbox_lane ON outbox (queue, lane, available_at) WHERE available_at IS NOT NULL;
CREATE INDEX outbox_case ON outbox (case_id);
CREATE INDEX outbox_open ON outbox (authority, queue, state) WHERE state <> 'done';

-- disclosure: immutable. Which sealed identity belongs to which case.
CREATE TABLE disclosure (
    question_id blob   NOT NULL PRIMARY KEY,
    authority   text   NOT NULL,
    regime      text   NOT NULL,
    case_id     blob   NOT NULL,
    effect_id   blob   NOT NULL,
    purpose     text   NOT NULL,
    kept_at     bigint NOT NULL
);
CREATE INDEX disclosure_case ON disclosure (case_id, kept_at);

-- alarm: mutable: settled once, by a person.
CREATE TABLE alarm (
    alarm_id   blob   NOT NULL PRIMARY KEY,
    authority  text   NOT NULL,
    regime     text   NOT NULL,
    case_id    blob   NOT NULL,
    effect_id  blob,
    name       text   NOT NULL,
    body       text   NOT NULL,
    raised_at  bigint NOT NULL,
    settled_at bigint,
    settled_by text
);
CREATE INDEX alarm_open ON alarm (authority, alarm_id) WHERE settled_at IS NULL;

-- tally: mutable. Counts kept with the change that moves them, so that no page counts rows.
CREATE TABLE tally (
    authority text   NOT NULL,
    what      text   NOT NULL,
    name      text   NOT NULL,
    n         bigint NOT NULL,
    PRIMARY KEY (authority, what, name)
);
