"""The `ringtest` command: one file per noun, thin over the client, the agent and the server.

Exit codes: 0 done, 1 the server refused, 2 wrong usage, 3 not found, 4 unreachable;
`job watch` ends with 0 passed, 10 failed, 11 errored, 12 cancelled.
"""
