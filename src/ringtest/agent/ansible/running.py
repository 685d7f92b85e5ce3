"""A playbook from its start to its end, and what it tells meanwhile."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ringtest.agent.ansible.playbook import Playbook
from ringtest.agent.ansible.told import Told, read_told
from ringtest.agent.control import LabFailed
from ringtest.agent.inside import ANYWHERE, require_inside
from ringtest.agent.runners.runner import Commands

LOOK_SECONDS = 0.2
_NOT_FOUND = 127


class Teller:
    """Reads what the callback writes into a file, and passes it on in order."""

    def __init__(
        self, path: Path, take: Callable[[Told], None], folders: Sequence[Path] = ANYWHERE
    ) -> None:
        self._path, self._folders = path, folders
        self._take = take
        self._offset = 0

    def read(self) -> None:
        """Pass on what has come."""
        lines, self._offset = read_told(self._path, self._offset, self._folders)
        for line in lines:
            self._take(line)

    async def follow(self) -> None:
        """Do so until cancelled."""
        while True:
            self.read()
            await asyncio.sleep(LOOK_SECONDS)


async def run_playbook(
    playbook: Playbook,
    *,
    command: Commands,
    variables: Mapping[str, str],
    told: Path,
    take: Callable[[Told], None],
    seconds: float | None = None,
    folders: Sequence[Path] = ANYWHERE,
) -> int:
    """The exit code of ansible-playbook; `take` gets each line that it told, in the order of the
    run, read from a file in one of `folders`. TimedOut after `seconds`; StageFailed where there
    is no ansible-playbook."""
    await asyncio.to_thread(require_inside(told, folders).unlink, missing_ok=True)
    teller = Teller(told, take, folders)
    following = asyncio.create_task(teller.follow())
    try:
        code = await command(
            playbook.argv(), env=playbook.environment(variables, told), seconds=seconds
        )
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        teller.read()
    if code == _NOT_FOUND:
        raise LabFailed("there is no ansible-playbook on PATH: install ansible-core", code)
    return code
