-- hearing_slot: mutable: taken by a case, given back, withdrawn. When the house can hear somebody.
CREATE TABLE hearing_slot (
    authority    text   NOT NULL,
    starts_at    bigint NOT NULL,
    published_by text   NOT NULL,
    published_at bigint NOT NULL,
    case_id      blob,
    PRIMARY KEY (authority, starts_at)
);
CREATE INDEX hearing_slot_case ON hearing_slot (case_id);
