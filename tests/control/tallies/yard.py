"""Jobs of labs of two teams in one topic, and a naive table of every case that they ran.

The table is what tallies stand for: a row per case, added up anew for each question.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.connectors.junit.session import JunitParser
from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.evidence.model import unpack
from ringtest.control.files.model import Upload
from ringtest.control.files.service import Limits
from ringtest.control.jobs import service as jobs
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.results import service
from tests.control.results.shelf import JUNIT, Words, junit

TEAMS = ("red", "blue")
LABS = (("red", "one"), ("red", "two"), ("blue", "three"))
SETS = ("", "set one", "set two")
PARSERS = {JUNIT: JunitParser()}
BAD = ("failed", "errored")
MESSAGES = {"failed": "{name} broke", "errored": "OSError: no device"}
Tally = dict[tuple[Any, ...], tuple[int, ...]]


@dataclass(slots=True)
class Run:
    """A job with one result file: the naive table's rows of it."""

    job_id: UUID
    file_id: UUID
    lab: int
    created_at: datetime
    set_key: str
    words: Words
    at: datetime
    states: dict[str, str] = field(default_factory=dict)
    retried: tuple[int, ...] = ()
    job_there: bool = True  # not archived
    file_there: bool = True
    stored: bool = True  # neither purged nor retired
    counted: bool = True

    @property
    def shown(self) -> bool:
        return self.job_there and self.file_there and self.stored


def state_of(before: str | None, now: str) -> str:
    """How a case stands against the run before, told by words."""
    if before in BAD and now in ("passed",):
        return "recovered"
    return "regressed" if before == "passed" and now in BAD else ""


def week_of(day: date) -> date:
    """Monday, or the first of the month if that is later."""
    return max(day - timedelta(days=day.weekday()), day.replace(day=1))


@dataclass(slots=True)
class Naive:
    """Every case of every run, and the questions."""

    runs: list[Run]

    def _rows(self) -> Iterator[tuple[Run, int, str, str, bool]]:
        """Run, place, name and word of each counted case, and whether it was tried again."""
        for run in self.runs:
            if run.counted:
                for place, (name, word) in enumerate(run.words.items()):
                    yield run, place, name, word, place in run.retried

    def by_test(self, key: Any) -> Tally:
        """Counts of what is not passing as before by `key(run)` and test."""
        tally: dict[tuple[Any, ...], Counter[str]] = {}
        for run, _, name, word, retried in self._rows():
            found = {word, run.states[name], "retried" if retried else ""}
            counts = tally.setdefault((*key(run), LABS[run.lab][0], name), Counter())
            counts.update(found & {*BAD, "regressed", "recovered", "retried"})
        names = (*BAD, "regressed", "recovered", "retried")
        every = {key: tuple(one[name] for name in names) for key, one in tally.items()}
        return {key: counts for key, counts in every.items() if any(counts)}

    def by_topic(self) -> Tally:
        """Sums by day, set, lab."""
        tally: Tally = {}
        for run in self.runs:
            if not run.counted:
                continue
            words, states = Counter(run.words.values()), Counter(run.states.values())
            total = len(run.words)
            numbers = (
                1, total, total - words["failed"] - words["errored"] - words["skipped"],
                words["failed"], words["errored"], words["skipped"], states["regressed"],
                states["recovered"], len(run.retried), total * 250_000,
            )  # fmt: skip
            key = (run.at.date(), run.set_key, run.lab)
            before = tally.get(key, (0,) * len(numbers))
            tally[key] = tuple(map(sum, zip(before, numbers, strict=True)))
        return tally

    def said(self) -> dict[tuple[UUID, int], str | None]:
        """What each failing case said, by file and position: whatever is stored, also of what
        is archived."""
        return {
            (run.file_id, place): MESSAGES[word].format(name=name)
            for run in self.runs if run.stored
            for place, (name, word) in enumerate(run.words.items()) if word in BAD
        }  # fmt: skip

    def runs_of_tests(self) -> Tally:
        """How often each test ran by day, set and lab."""
        ran = Counter(
            (run.at.date(), run.set_key, run.lab, name)
            for run, _, name, word, _ in self._rows()
            if word != "skipped"
        )
        return {key: (number,) for key, number in ran.items()}


@dataclass(slots=True)
class Yard:
    """A topic on a clock to turn, and the naive table of its runs."""

    db: Database
    clock: VirtualClock
    objects: DiskStore
    teams: Mapping[str, UUID]
    labs: list[UUID]
    topic_id: UUID
    components: Mapping[str, UUID]
    runs: list[Run] = field(default_factory=list)

    @property
    def naive(self) -> Naive:
        return Naive(self.runs)

    def caller(self, lab: int, team: str = "") -> Caller:
        team = team or LABS[lab][0]
        return Caller("remoteci", self.labs[lab], "lab", "", (Team(self.teams[team], team),))

    async def sql(self, query: str, *args: Any) -> list[Any]:
        async with self.db.transaction(SYSTEM) as tx:
            return await tx.fetch(query, *args)

    async def run(
        self,
        lab: int,
        words: Words,
        set_key: str = "",
        minutes: int = 1,
        *,
        team: str = "",
        body: bytes = b"",
    ) -> Run:
        """A job of a lab with one result file, so many minutes after the one before."""
        self.clock.advance(60 * minutes)
        caller = self.caller(lab, team)
        (owner,) = caller.tenant.teams
        async with self.db.transaction(SYSTEM) as tx:
            job = {"name": "nightly", "topic_id": self.topic_id, "remoteci_id": self.labs[lab],
                   "team_id": owner, "set_key": set_key}  # fmt: skip
            job_id = await rows.insert(tx, "jobs", job)
            if set_key:
                await tx.execute(
                    "INSERT INTO jobs_components VALUES ($1, $2, $3)",
                    job_id, self.components[set_key], owner,
                )  # fmt: skip
        intake = service.Intake(self.db, self.objects, PARSERS, Limits(2**20, 2**14), caller)
        upload = Upload("junit.xml", JUNIT, job_id, None)
        created_at = self.clock.now()
        _, refused = await service.upload_file(
            intake, upload=upload, chunks=_once(body or junit(words))
        )
        assert refused is None
        (file,) = await self.sql("SELECT id FROM files WHERE job_id = $1", job_id)
        run = Run(job_id, file["id"], lab, created_at, set_key, words, self.clock.now())
        self._compare(run)
        self.runs.append(run)
        return run

    def _compare(self, run: Run) -> None:
        earlier = [
            one for one in self.runs
            if one.lab == run.lab and one.shown and one.created_at < run.created_at
        ]  # fmt: skip
        before = max(earlier, key=lambda one: one.created_at).words if earlier else {}
        run.states = {name: state_of(before.get(name), word) for name, word in run.words.items()}

    async def archive_file(self, run: Run) -> None:
        if run.shown:
            async with self.db.transaction(SYSTEM) as tx:
                await service.delete_file(tx, caller=self.caller(run.lab), file_id=run.file_id)
            run.file_there = run.counted = False

    async def archive_job(self, run: Run) -> None:
        if run.job_there:
            async with self.db.transaction(SYSTEM) as tx:
                etag = await tx.fetchval("SELECT etag FROM jobs WHERE id = $1", run.job_id)
                await jobs.delete_job(tx, caller=self.caller(run.lab), job_id=run.job_id, etag=etag)
            run.job_there = run.file_there = run.counted = False

    async def archive_with_many(self, run: Run) -> None:
        """In a transaction that archives more than it takes out at once."""
        if run.job_there:
            async with self.db.transaction(SYSTEM) as tx:
                await tx.execute("SET LOCAL ringtest.taken_out = '100'")
                await tx.execute("UPDATE jobs SET state = 'archived' WHERE id = $1", run.job_id)
            run.job_there = False

    async def restore(self, run: Run) -> None:
        """Job and file are there again; what they hold waits to be counted."""
        if run in self.runs and not run.shown:
            for table, one in (("jobs", run.job_id), ("files", run.file_id)):
                await self.sql(f"UPDATE {table} SET state = 'active' WHERE id = $1", one)
            run.job_there = run.file_there = True

    async def purge(self, run: Run) -> None:
        await self.sql("DELETE FROM jobs WHERE id = $1", run.job_id)
        self.runs.remove(run)

    async def read_again(self, run: Run) -> None:
        if run.shown:
            assert await service.read_again(self.db, self.objects, PARSERS, file_id=run.file_id)
            run.retried = ()
            self._compare(run)
            run.counted = True

    async def move(self, run: Run, set_key: str) -> None:
        """The job turns out to have tested another set."""
        await self.sql("UPDATE jobs SET set_key = $2 WHERE id = $1", run.job_id, set_key)
        run.set_key = set_key

    async def try_again(self, run: Run, places: tuple[int, ...]) -> None:
        """Cases at these places turn out to have been decided by another attempt."""
        run.retried = tuple(sorted({place % len(run.words) for place in places}))
        await self.sql(
            "UPDATE test_results SET retried = $2 WHERE file_id = $1", run.file_id, run.retried
        )

    def counted_what_waits(self) -> None:
        for run in self.runs:
            run.counted = run.shown

    def retired(self, since: date) -> None:
        """Results from before are gone; their jobs and files stay."""
        for run in self.runs:
            if run.at.date() < since:
                run.stored = run.counted = False

    async def by_test(self, table: str, keys: str) -> Tally:
        found = await self.sql(
            f"SELECT {keys}, m.name AS team, t.name, d.failed, d.errored, d.regressed, d.recovered,"
            f" d.retried FROM {table} d JOIN teams m ON m.id = d.team_id"
            " JOIN tests t ON t.team_id = d.team_id AND t.id = d.test_id WHERE d.topic_id = $1",
            self.topic_id,
        )
        return {tuple(row)[:-5]: tuple(row)[-5:] for row in found}

    async def by_topic(self) -> Tally:
        found = await self.sql(
            "SELECT day, set_key, remoteci_id, results, total, passed, failed, errored, skipped,"
            " regressed, recovered, retried, micros FROM topic_days WHERE topic_id = $1",
            self.topic_id,
        )
        return {
            (row[0], row[1], self.labs.index(row[2])): tuple(row)[3:] for row in found
        }  # fmt: skip

    async def runs_of_tests(self) -> Tally:
        """As questions ask it: over the shapes of days, each test that was not absent."""
        found = await self.sql(
            """
            SELECT d.day, d.set_key, d.remoteci_id, t.name, sum(d.runs)::int
            FROM shape_days d JOIN test_shapes s ON s.team_id = d.team_id AND s.id = d.shape_id
            JOIN test_plans p ON p.id = s.plan_id AND p.team_id = d.team_id
            CROSS JOIN unnest(p.test_ids) WITH ORDINALITY n (id, place)
            JOIN tests t ON t.team_id = d.team_id AND t.id = n.id
            WHERE d.topic_id = $1 AND get_bit(s.absent, n.place::int - 1) = 0
            GROUP BY 1, 2, 3, 4
            """,
            self.topic_id,
        )
        return {
            (row[0], row[1], self.labs.index(row[2]), row[3]): (row[4],) for row in found
        }  # fmt: skip

    async def require_equal(self) -> None:
        """Every tally says what the naive table says, and holds nothing else."""
        assert await self.by_topic() == self.naive.by_topic()
        assert await self.runs_of_tests() == self.naive.runs_of_tests()
        days = self.naive.by_test(lambda run: (run.at.date(),))
        assert await self.by_test("test_days", "d.day") == days
        weeks = self.naive.by_test(lambda run: (week_of(run.at.date()),))
        assert await self.by_test("test_weeks", "d.week") == weeks
        sets = self.naive.by_test(lambda run: (run.set_key, run.at.date().replace(day=1)))
        assert await self.by_test("test_sets", "d.set_key, d.month") == sets
        assert await self.said() == self.naive.said()

    async def said(self) -> dict[tuple[UUID, int], str | None]:
        """Messages of failing cases by file and position, of all results that are stored."""
        found = await self.sql(
            "SELECT r.file_id, t.texts FROM failure_texts t LEFT JOIN test_results r"
            " ON r.id = t.result_id AND r.created_at = t.created_at"
            " LEFT JOIN jobs j ON j.id = r.job_id"
            " WHERE r.id IS NULL OR j.topic_id = $1",
            self.topic_id,
        )
        return {
            (row["file_id"], position): one.message
            for row in found for position, one in unpack(row["texts"]).items()
        }  # fmt: skip


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def open_yard(db: Database, clock: VirtualClock, folder: Path) -> Yard:
    """An empty topic with labs of two teams."""
    async with db.transaction(SYSTEM) as tx:
        teams = {name: await rows.insert(tx, "teams", {"name": name}) for name in TEAMS}
        labs = [
            await rows.insert(tx, "remotecis", {"name": name, "team_id": teams[team]})
            for team, name in LABS
        ]
    yard = Yard(db, clock, DiskStore(folder), teams, labs, UUID(int=0), {})
    return await another_topic(yard, "first")


async def another_topic(yard: Yard, name: str) -> Yard:
    """The same labs in a topic where nothing has run."""
    async with yard.db.transaction(SYSTEM) as tx:
        product = await rows.insert(tx, "products", {"name": name, "label": name})
        topic = await rows.insert(tx, "topics", {"name": name, "product_id": product})
        components = {
            key: await rows.insert(
                tx, "components",
                {"display_name": key, "type": "x", "topic_id": topic, "released_at": tx.now},
            )
            for key in SETS[1:]
        }  # fmt: skip
    return Yard(yard.db, yard.clock, yard.objects, yard.teams, yard.labs, topic, components)
