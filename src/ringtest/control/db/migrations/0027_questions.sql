-- Questions about one test over all teams, and about what ran with a component set.

-- A test by its id alone, whichever team has it.
CREATE INDEX tests_id ON tests (id);

-- Results of a component set, however old.
CREATE INDEX test_results_set ON test_results (topic_id, set_key);
