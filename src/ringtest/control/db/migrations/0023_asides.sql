-- What cases left behind beside their failure rows lies in blocks that are read one by one, so
-- that a page of cases costs what it shows. `aside_blocks` says where the first block ends and,
-- of each other, the position of its first case and where it ends; empty for what was stored in
-- one piece. The blocks are packed already, and read by the slice.
ALTER TABLE test_results ADD COLUMN aside_blocks integer[] NOT NULL DEFAULT '{}';
ALTER TABLE test_results ALTER COLUMN asides SET STORAGE EXTERNAL;
