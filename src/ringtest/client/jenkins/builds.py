"""Builds: started once, found again, followed, and what they leave behind.

A job that declares the parameter `RINGTEST_ID` can be started safely: a correlation id travels
in it, and after a lost answer the queue and the latest builds are searched for it. Jenkins
drops parameters that a job does not declare; then a lost answer is `Unsure`.
"""

import codecs
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from ringtest.client.errors import Unreachable
from ringtest.client.jenkins.controller import Controller
from ringtest.client.jenkins.errors import JenkinsError, Missing, Unsure
from ringtest.client.jenkins.listing import item_path
from ringtest.client.retry import RETRIED_STATUSES

CORRELATION = "RINGTEST_ID"
SEARCHED = 100
"""How many of the latest builds are searched."""

_PARAMETERS = "actions[parameters[name,value]]"
_BUILD = "number,url,building,result,queueId,timestamp,duration"


@dataclass(frozen=True, slots=True)
class Started:
    """A wish to build: in the queue, or a build already."""

    job: str
    queue_id: int
    number: int | None = None


class Cancelled(JenkinsError):
    """Somebody took the wish out of the queue."""


def declared_parameters(controller: Controller, job: str) -> list[str]:
    """Names of the parameters that a job declares."""
    shown = controller.exchange.json(
        item_path(job), "property[parameterDefinitions[name]],buildable"
    )
    groups = [each.get("parameterDefinitions") or [] for each in shown.get("property") or []]
    return [str(each["name"]) for group in groups for each in group]


def start(
    controller: Controller, job: str, parameters: Mapping[str, str], *, correlation: str
) -> Started:
    """Build once, however often this is called with that correlation id."""
    declared = declared_parameters(controller, job)
    if unknown := sorted(set(parameters) - set(declared)):
        raise JenkinsError(f"{job} has no parameter {', '.join(unknown)}")
    path = item_path(job) + ("buildWithParameters" if declared else "build")
    values = dict(parameters)
    findable = CORRELATION in declared
    if findable:
        values[CORRELATION] = correlation
        if known := find(controller, job, correlation):
            return known
    found: list[Started] = []

    def done() -> bool:
        if not findable:
            raise Unsure(
                f"{job}: no answer to the start of a build, and no {CORRELATION} to find it"
            )
        found.extend(filter(None, [find(controller, job, correlation)]))
        return bool(found)

    def send() -> httpx.Response:
        return controller.exchange.post(path, form=values, again=False)

    response = controller.exchange.unless_done(send, done)
    if response is None:
        return found[0]
    return Started(job, int(response.headers["Location"].rstrip("/").rpartition("/")[2]))


def find(controller: Controller, job: str, correlation: str) -> Started | None:
    """The wish or build of a correlation id, from the queue and the latest builds."""
    exchange, wanted = controller.exchange, {"name": CORRELATION, "value": correlation}
    queue = exchange.json("queue/", f"items[id,{_PARAMETERS}]{{0,1000}}")
    for item in queue["items"]:
        if _holds(item, wanted):
            return Started(job, item["id"])
    shown = exchange.json(item_path(job), f"builds[number,queueId,{_PARAMETERS}]{{0,{SEARCHED}}}")
    for build in shown["builds"]:
        if _holds(build, wanted):
            return Started(job, build["queueId"], build["number"])
    return None


def _holds(shown: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    actions = [each.get("parameters") or [] for each in shown.get("actions") or [] if each]
    return any(wanted.items() <= each.items() for parameters in actions for each in parameters)


def wait_for_build(
    controller: Controller,
    started: Started,
    *,
    pause: Callable[[], None] = lambda: time.sleep(1),
) -> Started:
    """The build's number, once the queue has let it go. Cancelled when it never will."""
    while started.number is None:
        number = look(controller, started)
        if number is None:
            pause()
        else:
            started = Started(started.job, started.queue_id, number)
    return started


def look(controller: Controller, started: Started) -> int | None:
    """The build's number, None while it waits. Cancelled when it never will be a build, Unsure
    when nobody knows the wish. Queue items vanish some minutes after they left: then the builds
    know.
    """
    tree = "cancelled,why,executable[number]"
    try:
        item = controller.exchange.json(f"queue/item/{started.queue_id}/", tree)
    except Missing:
        shown = controller.exchange.json(
            item_path(started.job), f"builds[number,queueId]{{0,{SEARCHED}}}"
        )
        for build in shown["builds"]:
            if build["queueId"] == started.queue_id:
                return int(build["number"])
        raise Unsure(f"{started.job}: queue item {started.queue_id} left no build") from None
    if item.get("cancelled"):
        raise Cancelled(f"{started.job}: queue item {started.queue_id} was cancelled")
    executable = item.get("executable")
    return int(executable["number"]) if executable else None


def build(controller: Controller, job: str, number: int) -> dict[str, Any]:
    """number, url, building, result (None while it runs), queueId, timestamp and duration in ms."""
    shown: dict[str, Any] = controller.exchange.json(_path(job, number), _BUILD)
    return shown


def follow_log(
    controller: Controller,
    job: str,
    number: int,
    *,
    start: int = 0,
    pause: Callable[[], None] = lambda: time.sleep(1),
) -> Iterator[tuple[int, str]]:
    """The log from a byte on, until the build ends: (byte to go on from, text)."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while True:
        data, start, more = log_piece(controller, job, number, start=start)
        text = decoder.decode(data, final=not more)
        if text:
            yield start, text
        if not more:
            return
        if not text:
            pause()


def log_piece(
    controller: Controller, job: str, number: int, *, start: int
) -> tuple[bytes, int, bool]:
    """Bytes of the log from a place on, the place to go on from, and whether there may be more.

    Places count what Jenkins keeps; notes that it leaves out of what it shows are in them.
    """
    path = f"{_path(job, number)}logText/progressiveText"
    answer = controller.exchange.get(path, start=start)
    size = int(answer.headers.get("X-Text-Size") or start)
    return answer.content, max(size, start), answer.headers.get("X-More-Data") == "true"


def report(controller: Controller, job: str, number: int) -> dict[str, Any] | None:
    """The test report: suites with their cases; None when the build has none."""
    tree = (
        "passCount,failCount,skipCount,suites[name,cases[className,name,status,duration,"
        "errorDetails,errorStackTrace,skippedMessage]]"
    )
    try:
        shown: dict[str, Any] = controller.exchange.json(f"{_path(job, number)}testReport/", tree)
    except Missing:
        return None
    return shown


def artifacts(controller: Controller, job: str, number: int) -> list[str]:
    """Relative paths of what the build archived."""
    shown = controller.exchange.json(_path(job, number), "artifacts[relativePath]")
    return [str(each["relativePath"]) for each in shown["artifacts"]]


def download(controller: Controller, job: str, number: int, artifact: str, target: Path) -> int:
    """Write an artifact to a file; returns its size in bytes. Begun anew after a lost answer."""
    path = f"{_path(job, number)}artifact/{quote(artifact)}"

    def once() -> int:
        with controller.exchange.opened(path) as response, target.open("wb") as file:
            for chunk in response.iter_bytes():
                file.write(chunk)
            return file.tell()

    try:
        return once()
    except (Unreachable, JenkinsError) as error:
        if isinstance(error, JenkinsError) and getattr(error, "status", 0) not in RETRIED_STATUSES:
            raise
        return once()


def cancel_queued(controller: Controller, queue_id: int) -> None:
    """Take a wish out of the queue; fine when it has left it."""
    try:
        controller.exchange.post("queue/cancelItem", params={"id": queue_id}, again=True)
    except Missing:
        return


def stop(controller: Controller, job: str, number: int) -> None:
    """End a build that runs."""
    controller.exchange.post(f"{_path(job, number)}stop", again=True)


def _path(job: str, number: int) -> str:
    return f"{item_path(job)}{number}/"
