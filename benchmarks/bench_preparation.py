"""The second preparation of a machine whose environment has not changed: one command, its start
included.

The environment has repositories of git with a patch each, files, images and services, all local.
CPU seconds of the whole command, compiled modules as where packages are installed, are told
beside its wall time, which the machine's other work lengthens, and beside the same by hand: a
shell script that asks git, sha256sum, cmp and each service whether all is as it should be.

    python -m benchmarks.bench_preparation [--repositories 10] [--files 200]
"""

import argparse
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.harness import median, row

LIMIT_SECONDS = 0.5
ROUNDS = 7
BIN = Path(sys.executable).parent
WHO = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one command."""

    cpu: float
    wall: float


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repositories", type=int, default=10)
    parser.add_argument("--files", type=int, default=200)
    sizes = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ringtest-bench-") as folder:
        _measure(Path(folder), sizes.repositories, sizes.files)


def _measure(folder: Path, repositories: int, files: int) -> None:
    work = folder / "work"
    work.mkdir()
    by_hand = _write(folder, work, repositories, files)
    prepare = [str(BIN / "ringtest"), "prepare"]
    first = _spend(prepare, work, folder)
    row(f"preparing: {repositories} repositories, {files} files", f"{first.wall:.2f} s", "")
    _spend(prepare, work, folder)  # compiles modules
    ours, hand, start = [], [], []
    for _ in range(ROUNDS):
        ours.append(_spend(prepare, work, folder))
        hand.append(_spend(["sh", "-e", str(by_hand)], work, folder))
        start.append(_spend([str(BIN / "ringtest"), "--version"], work, folder))
    cpu, wall = median([one.cpu for one in ours]), median([one.wall for one in ours])
    theirs = median([one.cpu for one in hand])
    row(
        "preparing again, nothing changed: CPU of the command",
        f"{cpu:.2f} s",
        f"<= {LIMIT_SECONDS} s",
        cpu <= LIMIT_SECONDS,
        by_hand=f"{theirs:.2f} s",
        ratio=cpu / theirs,
    )
    row("  of which the start of any command", f"{median([one.cpu for one in start]):.2f} s", "")
    row("  wall time", f"{wall:.2f} s", "")
    row("  by hand, a script that asks: CPU", f"{theirs:.2f} s", "")


def _spend(argv: Sequence[str], work: Path, folder: Path) -> Spent:
    """Run a command that must succeed."""
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(folder / "cache"),
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
    }
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(argv, cwd=work, env=environment, capture_output=True, check=False)
    wall = time.monotonic() - began
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr).decode(errors="replace")[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


def _write(folder: Path, work: Path, repositories: int, files: int) -> Path:
    """A definition, what it needs, and a script that asks for the same by hand."""
    origin, patch = _origin(folder)
    image = folder / "disk.img"
    image.write_bytes(os.urandom(8 << 20))
    texts = {f"etc/lab-{number}.conf": f"number = {number}\n" * 20 for number in range(files)}
    names = [f"src/{number}" for number in range(repositories)]
    service = {"start": "touch up", "stop": "rm up", "status": "test -e up"}
    environment = {
        "git": {
            name: {"url": str(origin), "ref": "main", "patches": [str(patch)]} for name in names
        },
        "files": texts,
        "images": {f"images/{number}.img": str(image) for number in range(3)},
        "services": {f"lab-{number}": service for number in range(5)},
    }
    definition = {"isolation": "none", "environment": environment, "stages": {"test": ["true"]}}
    (work / "ringtest.yaml").write_text(yaml.safe_dump(definition))
    (folder / "expected").mkdir()
    lines = [f"git ls-remote {shlex.quote(str(origin))} main"]
    lines += [f"git -C {name} rev-parse HEAD && git -C {name} diff --quiet" for name in names]
    for name, text in texts.items():
        (folder / "expected" / Path(name).name).write_text(text)
        lines.append(f"cmp {name} ../expected/{Path(name).name}")
    lines += [f"cmp images/{number}.img ../disk.img" for number in range(3)]
    lines += ["test -e up"] * 5
    script = folder / "by-hand.sh"
    script.write_text("\n".join(lines) + "\n")
    return script


def _origin(folder: Path) -> tuple[Path, Path]:
    """A repository with 50 files, and a patch for it."""
    origin = folder / "origin"
    origin.mkdir()

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *WHO, *words], cwd=origin, check=True, capture_output=True, text=True
        )
        return done.stdout

    git("init", "-q", "-b", "main")
    for number in range(50):
        (origin / f"file-{number}").write_text(f"{number}\n" * 100)
    git("add", ".")
    git("commit", "-qm", "first")
    (origin / "file-0").write_text("patched\n")
    git("commit", "-qam", "patched")
    patch = folder / "change.patch"
    patch.write_text(git("format-patch", "-1", "--stdout"))
    git("reset", "-q", "--hard", "HEAD~1")
    return origin, patch


if __name__ == "__main__":
    main()
