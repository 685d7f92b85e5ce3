"""Does what a plan says: in parallel, in a safe order, again after it was cut short.

Whatever was done is seen on the controller itself: what carries the mark that the plan would
write is done already. So a run that was killed is simply run again, and two runs at once do no
more than write the same thing twice.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from xml.parsers.expat import ExpatError

from ringtest.client.errors import ClientError
from ringtest.client.jenkins import Controller, Missing
from ringtest.client.jenkins.listing import Listing, LiveItem
from ringtest.jjb.planning import marks, model, semantics
from ringtest.jjb.planning.audit import Audit
from ringtest.jjb.planning.model import Action, Verb
from ringtest.jjb.planning.planner import WORKERS, Plan


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an action: done, already (done before), or failed, with the message."""

    action: Action
    result: str
    message: str = ""


class WorldMoved(Exception):
    """What is live is no longer what the plan was made for. `moved` says what, nothing was done."""

    def __init__(self, moved: Sequence[str]) -> None:
        super().__init__(f"{len(moved)} changed since the plan was made: {', '.join(moved[:10])}")
        self.moved = list(moved)


Told = Callable[[Outcome], None]


def check(controller: Controller, plan: Plan, *, workers: int = WORKERS) -> set[str]:
    """Which actions are done already, by name. WorldMoved when the plan no longer fits."""
    listing = controller.listing()
    with ThreadPoolExecutor(workers) as pool:
        standings = list(
            pool.map(lambda each: _standing(controller, listing, plan, each), plan.writes)
        )
    moved = [each.name for each, how in zip(plan.writes, standings, strict=True) if how == "moved"]
    if moved:
        raise WorldMoved(moved)
    pairs = zip(plan.writes, standings, strict=True)
    return {f"{each.kind} {each.name}" for each, how in pairs if how == "already"}


def _standing(controller: Controller, listing: Listing, plan: Plan, action: Action) -> str:
    """as planned, already or moved."""
    live = (listing.views if action.kind == "view" else listing.items).get(action.name)
    if action.verb is Verb.DELETE and live is None:
        return "already"
    if action.verb is Verb.CREATE and live is None:
        return "as planned"
    if live is None:
        return "moved"
    written = action.verb is not Verb.DELETE and is_written(live.description, action, plan.set_name)
    wrong_state = isinstance(live, LiveItem) and action.disabled and not live.disabled
    if written and not wrong_state:
        return "already"
    if action.verb is Verb.CREATE:
        return "moved"
    try:
        found = model.live_digest(controller.config(action.kind, action.name))
    except (Missing, semantics.NotXml):
        return "moved"
    return "as planned" if found == action.live else "moved"


def is_written(description: str, action: Action, set_name: str) -> bool:
    """True when a description carries the mark that this action would leave."""
    mark = marks.find(description)
    return mark == marks.Mark(set_name, action.desired or "", True)


def apply(
    controller: Controller,
    plan: Plan,
    *,
    done_before: Iterable[str] = (),
    audit: Audit,
    workers: int = WORKERS,
    told: Told = lambda outcome: None,
) -> list[Outcome]:
    """Do every write of a plan, at most `workers` at once; a failure does not stop the others.

    done_before: what `check` found done.
    """
    skipped = set(done_before)

    def do(action: Action) -> Outcome:
        if f"{action.kind} {action.name}" in skipped:
            outcome = Outcome(action, "already")
        else:
            outcome = _attempt(controller, plan, action, audit)
        told(outcome)
        return outcome

    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(workers) as pool:
        for _, together in groupby(plan.writes, key=_level):
            outcomes += pool.map(do, list(together))
    return outcomes


def _level(action: Action) -> tuple[bool, str, int]:
    """What may be done at once: a folder must be there before what is in it."""
    return (action.verb is Verb.DELETE, action.kind, action.name.count("/"))


def _attempt(controller: Controller, plan: Plan, action: Action, audit: Audit) -> Outcome:
    begun = time.monotonic()
    try:
        _write(controller, plan, action)
        outcome = Outcome(action, "done")
    except (ClientError, semantics.NotXml, ExpatError) as error:
        outcome = Outcome(action, "failed", str(error))
    audit.note(
        url=plan.url,
        set=plan.set_name,
        kind=action.kind,
        name=action.name,
        verb=action.verb.value,
        result=outcome.result,
        message=outcome.message,
        before=action.live,
        desired=action.desired,
        milliseconds=round((time.monotonic() - begun) * 1000),
    )
    return outcome


def _write(controller: Controller, plan: Plan, action: Action) -> None:
    if action.verb is Verb.DELETE:
        controller.delete(action.kind, action.name)
        return
    xml = model.content(action, plan.set_name)

    def made(config: bytes) -> bool:
        description = semantics.parse(config).findtext("description") or ""
        return is_written(description, action, plan.set_name)

    if action.verb is Verb.CREATE:
        controller.create(action.kind, action.name, xml, made=made)
    else:
        controller.change(action.kind, action.name, xml)
