"""Job files to XML: `ringtest jenkins test` beside `jenkins-jobs test`, as commands, same files.

CPU seconds of the whole process (user and system), start included, output written: what a
person waits for, without what else the machine does. The original's time is measured at a
size that ends soon and given per job; its time for the full size is that many times as long,
as it is linear. Both must write the same bytes.

    python -m benchmarks.bench_jjb [--plain 10000] [--realistic 1600] [--original 100]
"""

import argparse
import filecmp
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.harness import KEPT, TABLE
from benchmarks.jjb_repositories import plain, realistic

MOST_PLAIN, MOST_REALISTIC, MOST_CHANGED, MOST_HELP = 4.0, 2.5, 0.5, 0.15
"""CPU seconds: 10,000 plain jobs, 1,600 realistic ones, one file of these changed, help."""
MOST_CHECKED = 1.5
"""As many times what rendering takes."""
BIN = Path(sys.executable).parent


def cpu(command: Sequence[str], cwd: Path, cache: Path) -> float:
    """CPU seconds of a command. RuntimeError when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(cache),
        "HOME": str(cache),
        # As where packages are installed: modules are compiled once.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(cache.parent / "compiled"),
    }
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ours(repository: Path, out: Path, cache: Path) -> float:
    """Our command, once."""
    return cpu(
        [f"{BIN}/ringtest", "jenkins", "test", "-q", "-r", ".", "-o", str(out)], repository, cache
    )


def original(repository: Path, out: Path, cache: Path) -> float:
    """The original's command, once."""
    return cpu([f"{BIN}/jenkins-jobs", "test", "-r", ".", "-o", str(out)], repository, cache)


def row(call: str, mine: float, theirs: float | None, most: float) -> None:
    """A line of the table, and of the common one."""
    by_hand = f"{theirs:.1f} s" if theirs is not None else "–"
    ratio = f"{theirs / mine:.0f}×" if theirs is not None else "–"
    words = [call, f"{mine:.2f} s", by_hand, ratio, f"≤ {most} s CPU"]
    print(" | ".join([*words, "met" if mine <= most else "NOT met"]), flush=True)
    if KEPT is not None:
        with (KEPT / TABLE).open("a") as file:
            file.write(json.dumps([*words, mine <= most]) + "\n")


def measure(
    name: str, make: Callable[[Path, int], None], jobs: int, few: int, most: float, work: Path
) -> Path:
    """Both commands on one kind of repository; returns the large one."""
    small, large = work / f"{name}-small", work / f"{name}-large"
    make(small, few)
    make(large, jobs)
    theirs = original(small, work / "theirs", work / "cache-theirs")
    ours(small, work / "ours", work / "cache-small")
    compare(work / "ours", work / "theirs")
    cold = min(ours(large, work / "large", work / f"cache-{name}-{n}") for n in range(2))
    made = sum(1 for path in (work / "large").rglob("*") if path.is_file())
    start = original_start(work)
    count = sum(1 for path in (work / "theirs").rglob("*") if path.is_file())
    whole = start + (theirs - start) * made / count
    row(f"{made:,} {name} jobs and views, cold", cold, whole, most * jobs / _NOMINAL[name])
    for folder in ("ours", "theirs", "large"):
        shutil.rmtree(work / folder)
    return large


_NOMINAL = {"plain": 10_000, "realistic": 1_600}


def original_start(work: Path) -> float:
    """What the original takes for one job: its start."""
    one = work / "one"
    one.mkdir(exist_ok=True)
    (one / "one.yaml").write_text("- job: {name: one}\n")
    return original(one, work / "one-out", work / "cache-theirs")


def compare(mine: Path, theirs: Path) -> None:
    """Both folders hold the same files with the same bytes, or RuntimeError."""
    names = {str(path.relative_to(theirs)) for path in theirs.rglob("*") if path.is_file()}
    others = {str(path.relative_to(mine)) for path in mine.rglob("*") if path.is_file()}
    _, different, missing = filecmp.cmpfiles(mine, theirs, sorted(names), shallow=False)
    if names != others or different or missing:
        raise RuntimeError(f"not the same: {sorted(names ^ others)[:5]} {different[:5]}")


def changed(name: str, large: Path, file: Path, work: Path) -> None:
    """One file of many changed, after a run that has seen the others."""
    cache, out = work / f"cache-changed-{name}", work / "changed"
    ours(large, out, cache)
    times = []
    for number in range(3):
        file.write_text(file.read_text() + f"# {number}\n")
        times.append(ours(large, out, cache))
    row(f"one file of the {name} ones changed", min(times), None, MOST_CHANGED)
    shutil.rmtree(out)


def checked(name: str, large: Path, work: Path) -> None:
    """Checking beside rendering alone, both without what was kept."""
    out = work / "unchecked"
    numbers = range(2)
    rendered = min(ours(large, out, work / f"cache-unchecked-{n}") for n in numbers)
    words = ["check", "-r", ".", "--fail-on", "error"]
    command = [f"{BIN}/ringtest", "jenkins", *words]
    mine = min(cpu(command, large, work / f"cache-checked-{n}") for n in numbers)
    row(f"checking the {name} ones", mine, None, round(MOST_CHECKED * rendered, 2))
    shutil.rmtree(out)


def main() -> None:
    """Print one row per question."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--plain", type=int, default=10_000)
    parser.add_argument("--realistic", type=int, default=1_600)
    parser.add_argument("--original", type=int, default=100, help="jobs the original renders")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        original_start(work)
        print("call | ours | jenkins-jobs 6.5.0 | ratio | bar | met?")
        large = measure("plain", plain, given.plain, given.original, MOST_PLAIN, work)
        changed("plain", large, large / "project-000000.yaml", work)
        few = max(16, given.original // 2)
        large = measure("realistic", realistic, given.realistic, few, MOST_REALISTIC, work)
        changed("realistic", large, large / "project000/project000.yaml", work)
        checked("realistic", large, work)
        helped = min(
            cpu([f"{BIN}/ringtest", "jenkins", "--help"], work, work / "cache") for _ in range(5)
        )
        row("ringtest jenkins --help", helped, None, MOST_HELP)


if __name__ == "__main__":
    main()
