"""`python -m tests.control.importing.dying DCI TARGET FILES FOLDER N`: an import that is
killed, as by `kill -9`, at its Nth statement; without N it runs to its end."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from ringtest.control.db.bulk import Rows
from ringtest.control.db.pool import Database
from tests.control.importing.moving import Move, lost


def die_at(number: int) -> None:
    """From now on statements are counted."""
    execute, left = Rows.execute, [number]

    async def counted(self: Rows, sql: str, *args: Any) -> int:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return await execute(self, sql, *args)

    Rows.execute = counted  # type: ignore[method-assign]


async def main(dci: str, target: str, files: str, folder: str) -> None:
    """One run."""
    db = await Database.connect(target, connections=2)
    outcome = await Move(dci, Path(files), db, Path(folder)).run()
    await db.close()
    assert not lost(outcome)


if __name__ == "__main__":
    if len(sys.argv) > 5:
        die_at(int(sys.argv[5]))
    asyncio.run(main(*sys.argv[1:5]))
