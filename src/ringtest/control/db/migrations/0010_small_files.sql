-- A small file lives in its row: no flush of a file of its own, no object without a row.
-- `object_key` names the object that a larger file is; what is here is nowhere else.
ALTER TABLE files ADD COLUMN content bytea;
