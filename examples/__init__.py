"""Products that Ringtest tests: each folder is one, complete and runnable."""
