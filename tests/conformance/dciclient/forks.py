"""Runs console scripts of dciclient, each in a process of its own, without its start.

Starting Python and importing what the client needs takes longer than what it then does. This
program has imported it, and forks for each line that it reads: a JSON object with `entry`
(module:function), `argv`, `env`, `cwd` and `out` (a file for stdout and stderr). It answers with
a line: the exit code.
"""

import importlib
import json
import os
import sys
from typing import Any

ENTRIES = {
    "dcictl": "dciclient.shell:main",
    "dci-create-component": "dciclient.create_component:main",
    "dci-create-job": "dciclient.create_job:main",
    "dci-diff-jobs": "dciclient.diff_jobs:main",
    "dci-find-latest-component": "dciclient.find_latest_component:main",
    "dci-rhel-latest-kernel-version": "dciclient.rhel_kernel:main",
    "dci-vault-client": "dciclient.vault_client:main",
}


def child(order: dict[str, Any]) -> int:
    """What the console script's file does: call the function, end with what it returns."""
    handle = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(handle, number)
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    sys.argv[:] = order["argv"]  # in place: some scripts took hold of it when imported
    module, _, name = order["entry"].partition(":")
    try:
        code = getattr(importlib.import_module(module), name)()
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def serve() -> None:
    """Until the input ends."""
    for entry in ENTRIES.values():
        importlib.import_module(entry.partition(":")[0])
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 70  # what a traceback ends with here
            try:
                code = child(json.loads(line))
            except BaseException:
                sys.excepthook(*sys.exc_info())
                sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
