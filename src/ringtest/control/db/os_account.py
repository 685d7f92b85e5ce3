"""Whom PostgreSQL's processes run as: it refuses to run as root, so root lends it an account.

No account is ever created: that would be a side effect on the machine.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringtest.control.kernel.errors import Unavailable

_PREFERRED = ("postgres", "nobody")
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""All that PostgreSQL's programs get; PG… variables of the caller must not reach them."""


@dataclass(frozen=True, slots=True)
class OsAccount:
    """An account of the operating system; `switch` is false when we run as it already."""

    uid: int
    gid: int
    switch: bool

    def spawn(self, command: list[str], **more: Any) -> subprocess.Popen[str]:
        """Start a program as this account, away from the terminal's signals.

        Works under every event loop: uvloop's own subprocesses cannot change the user.
        """
        if self.switch:
            more |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.Popen(
            command, cwd="/", env=_ENVIRONMENT, start_new_session=True, text=True, **more
        )

    def run(self, command: list[str]) -> tuple[int, str]:
        """Exit code and output of a program; 126 when this account may not start it."""
        try:
            with self.spawn(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
                output = process.communicate()[0]
        except OSError as error:
            return 126, str(error)
        return process.returncode, output

    def reaches(self, folder: Path) -> bool:
        """May this account enter `folder`? Every folder above must let it through."""
        return not self.switch or self.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)])[0] == 0

    def make_folder(self, folder: Path) -> None:
        """A folder of this account's own, closed to others."""
        folder.mkdir(mode=0o700)
        if self.switch:
            os.chown(folder, self.uid, self.gid)


def choose_account(cluster: Path) -> OsAccount:
    """Ourselves; for root the owner of an existing `cluster`, else postgres, else nobody."""
    if os.geteuid() != 0:
        return OsAccount(os.geteuid(), os.getegid(), switch=False)
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return OsAccount(owner.st_uid, owner.st_gid, switch=True)
    for name in _PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return OsAccount(entry.pw_uid, entry.pw_gid, switch=True)
    raise Unavailable(
        "PostgreSQL does not run as root, and there is neither an account `postgres` nor `nobody`: "
        "start the server as a normal user, or set RINGTEST_DATABASE_URL"
    )
