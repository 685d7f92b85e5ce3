-- A machine is got before it is prepared, and given back after what it left is collected.

ALTER TYPE job_stage ADD VALUE 'provision' BEFORE 'prepare';
ALTER TYPE job_stage ADD VALUE 'teardown' AFTER 'collect';
