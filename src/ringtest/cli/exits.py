"""What the command's exit code says."""

EXIT_OK = 0
EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_NOT_FOUND = 3
EXIT_UNREACHABLE = 4

EXIT_OF_RESULT = {"passed": 0, "failed": 10, "errored": 11, "cancelled": 12}
"""`job watch` ends with what came of the job."""

EXIT_CHANGES = 20
"""`jenkins plan --exit-code`: there is something to write."""
EXIT_MOVED = 21
"""`jenkins apply`: the plan no longer fits what is live, or what is wanted; nothing was done."""
