-- The wrapped keys leave for a database of their own. What is still here is carried over when the
-- compartment is opened; the index is empty from then on and makes looking for leftovers free.
CREATE INDEX record_key_still_here ON record (record_id) WHERE wrapped_key IS NOT NULL;
