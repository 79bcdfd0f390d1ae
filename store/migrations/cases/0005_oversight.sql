-- figure: mutable, only upwards. Counts by local day, moved with the line that moves them: they
-- outlive the bodies from which they could be counted again.
--   what    a kind of line, as its leaf has it; or a thing that a step did: `stage.warned`
--   detail  which of them: a stage, an outcome, a purpose; empty for lines
--   actor   who, as the leaf has it; for a provider's answer, the provider
CREATE TABLE figure (
    authority text   NOT NULL,
    day       text   NOT NULL,
    what      text   NOT NULL,
    detail    text   NOT NULL,
    actor     text   NOT NULL,
    n         bigint NOT NULL,
    PRIMARY KEY (authority, day, what, detail, actor)
);

-- sample: immutable. A drawing of notices by an auditor's own seed; redone from the ledger's
-- leaves. `legal_basis` is the text that allows each look at them.
CREATE TABLE sample (
    sample_id   blob   NOT NULL PRIMARY KEY,
    authority   text   NOT NULL,
    seed        text   NOT NULL,
    legal_basis text   NOT NULL,
    begins_at   bigint NOT NULL,
    ends_at     bigint NOT NULL,
    size        bigint NOT NULL,
    population  bigint NOT NULL,
    drawn_by    text   NOT NULL,
    drawn_at    bigint NOT NULL
);
CREATE INDEX sample_of_authority ON sample (authority, drawn_at);

-- sampled: mutable. One notice of a sample; the finding is entered once and changed by a new line.
CREATE TABLE sampled (
    sample_id blob   NOT NULL,
    place     bigint NOT NULL,
    case_id   blob   NOT NULL,
    finding   text,
    remark    text,
    found_by  text,
    found_at  bigint,
    PRIMARY KEY (sample_id, place)
);
