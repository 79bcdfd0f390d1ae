-- Cases on the ladder by where they stand, for whoever looks for those that lie on no desk: barred
-- ones, and those before a reviewer.
CREATE INDEX cases_standing ON cases (authority, state_name, case_id)
    WHERE procedure = 'ladder' AND closed = 0;
