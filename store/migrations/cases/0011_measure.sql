-- measure_of: immutable. From which case on the ladder the case of a measure came, and which
-- disclosure its letter and its erasure go by. The disclosure outlives its own case until every
-- measure that goes by it is erased.
CREATE TABLE measure_of (
    case_id     blob NOT NULL PRIMARY KEY,
    file        blob NOT NULL,
    question_id blob
);
CREATE INDEX measure_of_file ON measure_of (file);
CREATE INDEX measure_of_question ON measure_of (question_id) WHERE question_id IS NOT NULL;
-- The open cases of measures by what is due, and those that a provider is asked about.
CREATE INDEX cases_measures ON cases (authority, due_at, case_id)
    WHERE procedure = 'measure' AND closed = 0;
