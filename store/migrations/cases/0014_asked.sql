-- What a case that lies on a desk asks of a person: a list of one kind is read where it begins, and
-- not looked for among all. Derived from the state, as desk_at is. The older index of the desk stays
-- for a release that is still at work.
ALTER TABLE cases ADD COLUMN asked text;
CREATE INDEX cases_asked ON cases (authority, asked, desk_at, case_id) WHERE desk_at IS NOT NULL;
