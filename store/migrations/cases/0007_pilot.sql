-- pilot_act: immutable. By which acts of two persons an authority's intake went to its pilot, and
-- to real work; the last one stands.
--   act     begin, go_live
--   one_in  begin: one in so many networks is drawn
--   seed    begin: by which; entered in the ledger before the first notice
CREATE TABLE pilot_act (
    authority  text   NOT NULL,
    number     bigint NOT NULL,
    act        text   NOT NULL,
    one_in     bigint,
    seed       blob,
    signed_by  text   NOT NULL,
    entered_at bigint NOT NULL,
    PRIMARY KEY (authority, number)
);
