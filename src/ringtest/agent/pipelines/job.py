"""One job of a pipeline: created on its server, run here, told of there as dci-pipeline does."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from ringtest.agent.ansible.commits import PINS, pins_of
from ringtest.agent.commands import CommandRunner, Outside
from ringtest.agent.control import Abandoned, Control, Early, Interrupted, StageFailed
from ringtest.agent.output import Output
from ringtest.agent.pipelines.context import Outcome, Run, Status
from ringtest.agent.pipelines.credentials import Credentials, credentials_of, user_connection
from ringtest.agent.pipelines.masking import Mask
from ringtest.agent.pipelines.model import PipelineJob
from ringtest.agent.pipelines.outbox import Entry, Outbox, Sender
from ringtest.agent.pipelines.playing import Account, Player, last_phases, phases_of
from ringtest.agent.pipelines.resolving import Found, find_components, find_topic
from ringtest.agent.pipelines.workspace import Workspace, with_queue
from ringtest.agent.processes import JobProcesses
from ringtest.agent.runners.report import write_junit
from ringtest.agent.runners.runner import TimedOut
from ringtest.client import AsyncClient
from ringtest.language.placed_yaml import Tagged

GRACE_SECONDS = 5.0
JUNIT = "ansible-tests.xml"
_OWN_VARIABLES = ("RINGTEST_", "DCI_CLIENT_ID", "DCI_API_SECRET", "DCI_CS_URL")


class Ground:
    """What a job stands on: its topic, its components, what was before it."""

    def __init__(
        self, topic_id: str, components: Sequence[Found], previous: Outcome | None
    ) -> None:
        self.topic_id = topic_id
        self.components = components
        self.previous = previous

    @property
    def ids(self) -> list[str]:
        return [str(one["id"]) for one in self.components]


@asynccontextmanager
async def clients(
    job: PipelineJob, run: Run
) -> AsyncIterator[tuple[Credentials, AsyncClient, AsyncClient]]:
    """The lab's key, the lab's client, and the one that sees components."""
    environment = run.options.environment
    credentials = credentials_of(job, environment)
    person = user_connection(job, environment)
    async with AsyncExitStack() as exits:
        lab = await exits.enter_async_context(AsyncClient(credentials.connection))
        looking = await exits.enter_async_context(AsyncClient(person)) if person else lab
        yield credentials, lab, looking


async def find_ground(
    job: PipelineJob,
    run: Run,
    looking: AsyncClient,
    *,
    items: Sequence[object],
    previous: Outcome | None,
) -> Ground:
    """All of it, or NothingFits."""
    name = job.values.get("topic")
    if previous and (job.values.get("use_previous_topic") or not name):
        topic_id = previous.topic_id
    else:
        topic_id = await run.patiently(
            lambda: find_topic(looking, with_queue(str(name or ""))), job.name
        )
    components = await run.patiently(lambda: find_components(looking, topic_id, items), job.name)
    return Ground(topic_id, components, previous)


async def create_job(
    job: PipelineJob, run: Run, lab: AsyncClient, ground: Ground, tags: Sequence[str]
) -> dict[str, Any]:
    """The job on the server, under the names and links that dci-pipeline gives it; one, even when
    an answer is lost and it is asked for again."""
    key = uuid4().hex

    async def create() -> dict[str, Any]:
        identity = (await lab.get("/identity"))["identity"]
        team_id = next(iter(identity["teams"]))
        body = {
            "name": job.name,
            "topic_id": ground.topic_id,
            "components": ground.ids,
            "pipeline_id": await run.pipeline_of(lab, team_id),
            "previous_job_id": job.values.get("previous_job_id")
            or (ground.previous.id if ground.previous else None),
            "tags": [*_tags(job, run), *tags],
            "data": {"pipeline": _plain(dict(job.values))},
            "comment": job.values.get("comment"),
            "configuration": _text(job.values.get("configuration")),
            "url": job.values.get("url"),
        }
        made: dict[str, Any] = (await lab.post("/jobs", body, key=key))["job"]
        return {**made, "components": [dict(one) for one in ground.components]}

    return await run.patiently(create, job.name)


def _tags(job: PipelineJob, run: Run) -> list[str]:
    tags = [f"stage:{job.stage}"]
    if inventory := job.values.get("ansible_inventory"):
        tags.append(f"inventory:{with_queue(str(inventory))}")
    if queued := run.options.environment.get("DCI_QUEUE_JOBID"):
        tags.append(f"pipeline-id:{queued}")
    return tags


def _text(value: Any) -> str | None:
    return with_queue(str(value)) if value else None


def _plain(value: Any) -> Any:
    """As JSON holds it: what is under `!vault` stays the cipher that it is."""
    if isinstance(value, Tagged):
        return f"{value.tag} {value.text}"
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


class JobRun:
    """A job that is on the server, from its first playbook to its last word there."""

    def __init__(
        self,
        job: PipelineJob,
        run: Run,
        made: dict[str, Any],
        *,
        credentials: Credentials,
        lab: AsyncClient,
    ) -> None:
        self._job = job
        self._run = run
        self._made = made
        self._credentials = credentials
        self._lab = lab
        self._control = Control()
        self._workspace = Workspace.make(run.options.data, job, str(made["id"]))
        self._mask = Mask({"api secret": credentials.api_secret})
        self._outbox = Outbox(self._workspace.own, self._mask.text)
        known = frozenset(str(one["uid"]) for one in made["components"] if one.get("uid"))
        self._account = Account(self._outbox.put, known)
        known_later = {key: made[key] for key in ("id", "topic_id", "team_id", "name")}
        (self._workspace.own / "job.json").write_bytes(
            msgspec.json.encode({**known_later, "file": str(Path(job.place.file).absolute())})
        )

    def say(self, text: str) -> None:
        """A line for who watches."""
        self._run.options.say(f"{self._job.name}: {text}")

    async def run(self, given: Mapping[str, Path]) -> Outcome:
        """What the job comes to; nothing that goes wrong is raised."""
        self.say(f"job {self._made['id']}")
        sender = Sender(self._outbox, self._lab, self._made, self.say)
        sending = asyncio.create_task(sender.run())
        self._run.stop.add(self._control)
        self._account.enter("new")
        try:
            status, reason = await self._played(given)
        finally:
            self._run.stop.remove(self._control)
            self._workspace.remove_temporary()
        self._leave_files()
        self._outbox.put(Entry("end", name=status, text=reason))
        self.say(f"{status}{': ' if reason else ''}{reason}")
        await self._delivered(sending)
        self._outbox.close()
        outputs = {
            str(key): self._workspace.output(self._job, key)
            for key in self._job.values.get("outputs") or {}
        }
        return Outcome(
            self._job,
            status,
            reason,
            str(self._made["id"]),
            str(self._made["topic_id"]),
            self._made["components"],
            outputs,
        )

    async def _played(self, given: Mapping[str, Path]) -> tuple[Status, str]:
        try:
            return await self._play(given)
        except Interrupted:
            if self._control.early is Early.CANCELLED:
                return "killed", "stopped by a signal"
            return "error", self._control.detail
        except TimedOut:
            return "error", f"not done after {self._job.values['timeout_seconds']:g} s, killed"
        except StageFailed as error:
            return "error", error.message
        except (OSError, ValueError) as error:
            return "error", str(error)
        except Exception as error:  # whatever it is, the server hears how the job ended
            return "error", f"ringtest failed: {type(error).__name__}: {error}"

    async def _play(self, given: Mapping[str, Path]) -> tuple[Status, str]:
        job, scratch = self._job, self._workspace.own
        async with self._commands() as runner:
            folder = (job.path("ansible_playbook") or job.folder / "x").parent
            player = self._player(partial(runner.run, work=folder), given)
            inventory = self._inventory()
            first = job.path("inventory_playbook")
            if first and (code := await player.one(first, None)):
                return "error", f"{first.name} ended with {code}"
            limit = job.values.get("timeout_seconds")
            code = await player.play(phases_of(job, scratch), inventory, limit)
            status, reason = self._account.status(code)
            for phase in last_phases(job, status, scratch):
                await player.one(phase.playbook, inventory)
        return status, reason

    def _player(self, command: Any, given: Mapping[str, Path]) -> Player:
        job, workspace = self._job, self._workspace
        inputs = workspace.write_inputs(job, given)
        variables = {
            **_inherited(self._run.options.environment),
            **self._credentials.variables,
            **workspace.variables(job),
            "DCI_JOB_ID": str(self._made["id"]),
            PINS: msgspec.json.encode(pins_of(self._made["components"])).decode(),
        }
        return Player(
            job,
            workspace,
            command,
            self._account,
            variables=variables,
            extra=workspace.write_variables(job, inputs, self._made),
            vault=self._vault(),
            verbosity=self._run.options.verbosity,
        )

    def _vault(self) -> Path:
        """The password's file, else a program that gives the lab's key, as DCI's vault has it."""
        if path := self._job.path("dci_vault_file"):
            with suppress(OSError):
                self._mask.add("vault password", path.read_text(encoding="utf-8").strip())
            return path
        if client := self._run.options.environment.get("DCI_VAULT_CLIENT"):
            return Path(client)
        program = self._workspace.own / "vault-password"
        program.write_text('#!/bin/sh\nprintf %s "$DCI_API_SECRET"\n', encoding="utf-8")
        program.chmod(0o700)
        return program

    def _inventory(self) -> str | None:
        path = self._job.values.get("ansible_inventory")
        if not path:
            return None
        text = with_queue(str(path))
        return text if "," in text else str(self._job.folder / Path(text).expanduser())

    @asynccontextmanager
    async def _commands(self) -> AsyncIterator[CommandRunner]:
        """Commands below a guard, which takes all of their processes with it."""
        log = self._workspace.log.open("ab")

        def keep(data: bytes) -> None:
            log.write(data)
            self._run.options.show(data)

        def write(data: bytes) -> None:
            keep(self._mask.log(data))

        def broken(error: OSError) -> None:
            self._control.abandon(Abandoned.BROKEN, f"the log cannot be written: {error}")

        async with AsyncExitStack() as exits:
            exits.callback(log.close)
            exits.callback(lambda: keep(self._mask.rest_of_log()))
            output = Output(write, on_error=broken)
            exits.callback(output.close)
            record = self._workspace.own / "processes.json"
            processes = await JobProcesses.start(record, output.write_end)
            exits.push_async_callback(processes.close, grace=GRACE_SECONDS)
            yield CommandRunner(processes, output, self._control, Outside(), grace=GRACE_SECONDS)

    def _leave_files(self) -> None:
        """The log and the results, for the server."""
        if self._account.cases:
            path = self._workspace.junit / JUNIT
            write_junit(self._account.cases, self._job.name, path)
        if self._workspace.log.exists() and self._workspace.log.stat().st_size:
            path = self._workspace.log
            self._outbox.put(Entry("file", name=path.name, path=str(path)))
        for path in sorted(self._workspace.junit.glob("*.xml")):
            if why := self._mask.file(path):
                self.say(f"{path.name}: {why}")
                continue
            self._outbox.put(
                Entry("file", name=path.name, path=str(path), mime="application/junit")
            )

    async def _delivered(self, sending: "asyncio.Task[None]") -> None:
        """Wait for the sender as long as there is patience; the rest stays in the folder."""
        await asyncio.wait({sending}, timeout=self._run.options.patience)
        if not sending.done():
            sending.cancel()
            folder = self._workspace.folder
            self.say(f"the server is away; later: ringtest pipeline send {folder}")
        with suppress(asyncio.CancelledError):
            await sending


def _inherited(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in environment.items() if not name.startswith(_OWN_VARIABLES)
    }
