-- The few cases of a run that regressed or recovered, beside the vector that says so of all: who
-- asks for them in thousands of runs reads a hundredth. NULL: they are many, or the result was
-- stored before; then the vector tells.
ALTER TABLE test_results ADD COLUMN turned integer[];

-- Keys of sets are short: months to come need no place for long ones, and have fewer files.
ALTER TABLE ONLY topic_days ALTER COLUMN set_key SET STORAGE PLAIN;
ALTER TABLE ONLY shape_days ALTER COLUMN set_key SET STORAGE PLAIN;
ALTER TABLE ONLY test_sets ALTER COLUMN set_key SET STORAGE PLAIN;

-- Failures are found by their result, whatever is asked of them: two indexes served nobody, and
-- were half of what a row costs to write.
DROP INDEX test_failures_job, test_failures_test;
