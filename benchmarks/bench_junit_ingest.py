"""A result file of 20,000 cases through the service, against expat alone on the same file.

One round: a new job, its file uploaded (stored, flushed, hashed, parsed, compared with
the run before, packed, written and committed on a real PostgreSQL that flushes too),
then expat on the same bytes in the same chunks. The limit is expat with handlers that do
nothing: what every reader in Python pays before it knows anything. Medians of all rounds.

Rounds differ in which 2 % of the cases fail, and in every duration; the tests are the
same, as they are from run to run. The first round is another line: its tests are new.

At the end a file of a million cases, none of them ever seen before, and how much memory this
process took for it beyond what it had.
"""

import asyncio
import contextlib
import gc
import itertools
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID
from xml.parsers import expat

from benchmarks.harness import median, row
from ringtest.control.accounts.model import Caller, Team
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.connectors.junit.session import JunitParser
from ringtest.control.db import rows
from ringtest.control.db.launcher import Postgres
from ringtest.control.db.migrate import migrate
from ringtest.control.db.pool import Database, statements
from ringtest.control.files import service as files
from ringtest.control.files.model import Upload
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.results import service

CASES = 20_000
ROUNDS = 15
FILES = 3
CHUNK = 64 * 1024
LEAST = 0.5
"""Full ingest's rate as a share of expat's."""
MOST_CPU = 0.15
"""Seconds of both processes for a file."""
MANY, MOST_MEMORY = 1_000_000, 60
"""Cases of a large file, and MB that reading and storing it may take."""

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">'
    '<testsuite name="pytest" errors="0" failures="{failures}" skipped="0" tests="{tests}"'
    ' time="123.4" timestamp="2026-01-15T09:30:12.613009+00:00" hostname="lab">'
)
_FRAME = (
    "tests/area/test_module.py:{line}: in helper\n    raise ValueError(&quot;{line} &lt; 7&quot;)\n"
)


def pieces_of(seed: int, cases: int) -> Iterator[str]:
    """A file as pytest writes it, case by case."""
    rng = random.Random(seed)
    bad = set(rng.sample(range(cases), cases // 50))
    yield _HEAD.format(failures=len(bad), tests=cases)
    for n in range(cases):
        case = (
            f'<testcase classname="tests.area{n // 1000:02}.test_module_{n // 50:03}.TestFeature"'
            f' name="test_behaviour_{n:05}[param-{n % 7}]" time="{rng.random():.3f}"'
        )
        if n in bad:
            frames = "".join(_FRAME.format(line=line) for line in range(10, 130, 10))
            failure = f'<failure message="AssertionError: assert {n} == 0&#10; +  where {n}">'
            yield f"{case}>{failure}def test():\n{frames}E   AssertionError</failure></testcase>"
        else:
            yield f"{case} />"
    yield "</testsuite></testsuites>"


def make_file(seed: int) -> bytes:
    """A whole file of usual size."""
    return "".join(pieces_of(seed, CASES)).encode()


def expat_alone(data: bytes, *, handlers: bool) -> tuple[float, float]:
    """Wall and CPU seconds that expat needs for the file."""
    parser = expat.ParserCreate("utf-8")
    if handlers:
        parser.StartElementHandler = lambda name, attributes: None
        parser.EndElementHandler = lambda name: None
        parser.CharacterDataHandler = lambda text: None
    cpu, start = time.process_time(), time.perf_counter()
    for at in range(0, len(data), CHUNK):
        parser.Parse(data[at : at + CHUNK], False)
    parser.Parse(b"", True)
    return time.perf_counter() - start, time.process_time() - cpu


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), CHUNK):
        yield data[at : at + CHUNK]


async def _chunks_of_many() -> AsyncIterator[bytes]:
    """The large file, which is never there as a whole."""
    pieces = pieces_of(FILES, MANY)
    while some := list(itertools.islice(pieces, 500)):
        yield "".join(some).encode()


def memory(*, peak: bool) -> float:
    """MB that this process takes, or took at most since `forget_peak`."""
    name = "VmHWM:" if peak else "VmRSS:"
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def forget_peak() -> None:
    """The peak is measured from here on."""
    Path("/proc/self/clear_refs").write_text("5")


def postgres_cpu(data: Path) -> float:
    """CPU seconds of the living processes of the PostgreSQL below `data`."""
    main = next(iter(data.rglob("postmaster.pid"))).read_text().split()[0]
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    nanoseconds = 0
    for pid in (main, *children):
        with contextlib.suppress(OSError):
            nanoseconds += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return nanoseconds / 1e9


async def _seed(db: Database) -> tuple[Caller, dict[str, UUID]]:
    async with db.transaction(SYSTEM) as tx:
        team = await rows.insert(tx, "teams", {"name": "partner"})
        product = await rows.insert(tx, "products", {"name": "product", "label": "P"})
        topic = await rows.insert(tx, "topics", {"name": "topic", "product_id": product})
        lab = await rows.insert(tx, "remotecis", {"name": "lab", "team_id": team})
    caller = Caller("remoteci", lab, "lab", "", (Team(team, "partner"),))
    return caller, {"team_id": team, "topic_id": topic, "remoteci_id": lab}


class Ingest:
    """Uploads one file after the other into new jobs of one lab."""

    def __init__(
        self, db: Database, folder: Path, data: Path, caller: Caller, ids: dict[str, UUID]
    ):
        self._db, self._data, self._caller, self._ids = db, data, caller, ids
        self._objects = DiskStore(folder)
        self._parsers = {"application/junit": JunitParser()}

    async def measure(self, chunks: AsyncIterator[bytes]) -> tuple[float, float, float, int]:
        """Wall, own CPU and PostgreSQL's CPU in seconds; SQL statements."""
        async with self._db.transaction(SYSTEM) as tx:
            job = await rows.insert(tx, "jobs", {"name": "nightly", **self._ids})
        upload = Upload("junit.xml", "application/junit", job, None)
        counter = [0]
        statements.set(counter)
        gc.collect()
        cpu, postgres, start = time.process_time(), postgres_cpu(self._data), time.perf_counter()
        limits = files.Limits(2**30)
        intake = service.Intake(self._db, self._objects, self._parsers, limits, self._caller)
        _, refused = await service.upload_file(intake, upload=upload, chunks=chunks)
        wall = time.perf_counter() - start
        cpu, postgres = time.process_time() - cpu, postgres_cpu(self._data) - postgres
        assert refused is None
        return wall, cpu, postgres, counter[0]


async def _run(ingest: Ingest) -> bool:
    files = [make_file(seed) for seed in range(FILES)]
    print(f"{CASES} cases, {CASES // 50} of them failing, {len(files[0]) / 1e6:.1f} MB; medians")
    first = await ingest.measure(_chunks(files[0]))
    bare, empty, full = [], [], []
    for number in range(ROUNDS):
        data = files[number % FILES]
        bare.append(expat_alone(data, handlers=False))
        empty.append(expat_alone(data, handlers=True))
        full.append(await ingest.measure(_chunks(data)))
    wall, cpu, postgres = (median([one[part] for one in full]) for part in range(3))
    limit, limit_cpu = (median([one[part] for one in empty]) for part in range(2))
    row("expat without handlers: ms", f"{median([one[0] for one in bare]) * 1e3:.1f}", "")
    row("expat with empty handlers, wall: ms", f"{limit * 1e3:.1f}", "the limit")
    row("expat with empty handlers, CPU: ms", f"{limit_cpu * 1e3:.1f}", "the limit")
    row("full ingest, wall: ms", f"{wall * 1e3:.1f}", f"{CASES / wall / 1e3:.0f}k cases/s")
    row("full ingest, CPU own + PostgreSQL's: ms", f"{cpu * 1e3:.1f} + {postgres * 1e3:.1f}", "")
    row("full ingest, SQL statements", str(full[-1][3]), "")
    row("full ingest of tests never seen before, wall: ms", f"{first[0] * 1e3:.1f}", "")
    share, share_cpu = limit / wall, limit_cpu / (cpu + postgres)
    row("rate of full ingest / rate of expat, CPU", f"{share_cpu:.2f}", "both processes' CPU")
    row("rate of full ingest / rate of expat", f"{share:.2f}", f">= {LEAST}", share >= LEAST)
    both = cpu + postgres
    row(f"{CASES} cases stored and compared: s of CPU", f"{both:.3f}", f"<= {MOST_CPU}",
        both <= MOST_CPU)  # fmt: skip
    return share >= LEAST and both <= MOST_CPU


async def _run_many(ingest: Ingest) -> bool:
    gc.collect()
    forget_peak()
    before = memory(peak=False)
    wall, cpu, postgres, _ = await ingest.measure(_chunks_of_many())
    grown = memory(peak=True) - before
    row(f"{MANY // 1_000_000} M cases never seen before: s", f"{wall:.1f}",
        f"CPU {cpu:.1f} + {postgres:.1f}, with making the file")  # fmt: skip
    row(f"{MANY // 1_000_000} M cases: MB more memory", f"{grown:.0f}", f"<= {MOST_MEMORY}",
        grown <= MOST_MEMORY)  # fmt: skip
    return grown <= MOST_MEMORY


async def main() -> bool:
    """Run it on a PostgreSQL of its own."""
    with tempfile.TemporaryDirectory(prefix="ringtest-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        server = Postgres(folder / "data")
        try:
            dsn = await server.start()
            await migrate(dsn)
            db = await Database.connect(dsn)
            caller, ids = await _seed(db)
            try:
                ingest = Ingest(db, folder / "objects", folder / "data", caller, ids)
                good = await _run(ingest)
                return await _run_many(ingest) and good
            finally:
                await db.close()
        finally:
            await server.stop()


if __name__ == "__main__":
    raise SystemExit(0 if asyncio.run(main()) else 1)
