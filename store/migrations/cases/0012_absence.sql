-- case_charge: mutable. Who looks after a case, where somebody said so.
CREATE TABLE case_charge (
    case_id   blob   NOT NULL PRIMARY KEY,
    authority text   NOT NULL,
    person    text   NOT NULL,
    taken_at  bigint NOT NULL
);
CREATE INDEX case_charge_person ON case_charge (authority, person, case_id);

-- absence: mutable: it may end sooner. Who is away from when to when, and who acts in their place.
-- Why is nobody's business here: there is no place for it.
CREATE TABLE absence (
    authority  text   NOT NULL,
    absent     text   NOT NULL,
    starts_at  bigint NOT NULL,
    ends_at    bigint NOT NULL,
    substitute text   NOT NULL,
    entered_by text   NOT NULL,
    entered_at bigint NOT NULL,
    PRIMARY KEY (authority, absent, starts_at)
);
CREATE INDEX absence_ends ON absence (authority, ends_at);
