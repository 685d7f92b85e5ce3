"""Files of a machine, by patterns: content, mode, and that there are no others."""

import asyncio
import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from ringtest.agent.guarding.things import Problem, Thing

MOST_KEPT = 1 << 20
"""Bytes of a file that can be put back; of a larger one only the change is told."""


class Files:
    """Those that patterns find. Relative ones are meant from `work`."""

    kinds: Sequence[str] = ("file",)

    def __init__(self, patterns: Sequence[str], work: Path) -> None:
        self._patterns = patterns
        self._work = work

    async def read(self) -> Sequence[Thing]:
        """See `Watcher`."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Sequence[Thing]:
        found: dict[str, Thing] = {}
        for pattern in self._patterns:
            whole = self._work.absolute() / Path(pattern).expanduser()
            anchor = Path(whole.anchor)
            for path in sorted(anchor.glob(str(whole.relative_to(anchor)))):
                thing = _thing(path)
                if thing:
                    found[thing.name] = thing
        return list(found.values())

    async def restore(self, before: Thing | None, after: Thing | None) -> None:
        """See `Watcher`."""
        await asyncio.to_thread(_restore, before, after)


def _thing(path: Path) -> Thing | None:
    """A file or a link; folders and devices are not compared."""
    try:
        name, status = str(path), path.lstat()
        mode = oct(stat.S_IMODE(status.st_mode))
        if stat.S_ISLNK(status.st_mode):
            return Thing("", "file", name, {"target": str(path.readlink())})
        if not stat.S_ISREG(status.st_mode):
            return None
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            kept = file.read() if status.st_size <= MOST_KEPT else None
    except OSError:
        return None  # it went away, or is nobody's to read
    facts = {"content": digest[:16], "mode": mode, "owner": f"{status.st_uid}:{status.st_gid}"}
    return Thing("", "file", name, facts, kept)


def _restore(before: Thing | None, after: Thing | None) -> None:
    known = before or after
    assert known
    path = Path(known.name)
    try:
        if before is None:
            path.unlink(missing_ok=True)
        elif "target" in before.facts:
            path.unlink(missing_ok=True)
            path.symlink_to(before.facts["target"])
        else:
            _write(path, before)
    except OSError as error:
        raise Problem(f"{error.strerror}") from None


def _write(path: Path, before: Thing) -> None:
    if before.kept is None:
        raise Problem(f"it has more than {MOST_KEPT} bytes")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.ringtest-new")
    fresh.write_bytes(before.kept)
    user, group = before.facts["owner"].split(":")
    os.chown(fresh, int(user), int(group))
    fresh.chmod(int(before.facts["mode"], 8))
    fresh.replace(path)
