"""A plan as a file: reviewed by people, applied later by anybody who may.

JSON with everything in it: what would be written, what differs, and digests of both sides, so
that a plan which no longer fits, or was tampered with, is refused.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ringtest.jjb.planning import marks
from ringtest.jjb.planning.differences import Change
from ringtest.jjb.planning.model import Action, Verb
from ringtest.jjb.planning.planner import Plan

VERSION = 1


class BadPlan(ValueError):
    """Not a plan, or one that was changed after it was made."""


class _Change(msgspec.Struct):
    path: str
    before: str | None
    after: str | None


class _Action(msgspec.Struct, omit_defaults=True):
    kind: str
    name: str
    verb: Verb
    reason: str = ""
    drift: bool = False
    disabled: bool = False
    desired: str | None = None
    live: str | None = None
    changes: list[_Change] = []
    xml: str = ""


class _File(msgspec.Struct):
    ringtest_plan: int
    url: str
    set: str
    made_at: str
    counts: dict[str, int]
    actions: list[_Action]


def write(plan: Plan, path: Path) -> None:
    """Write a plan; only its owner may read it, as scripts of jobs may hold secrets."""
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.format(encode(plan), indent=2) + b"\n")


def encode(plan: Plan) -> bytes:
    """The plan's JSON. Jobs that do not change are counted, not listed."""
    listed = [each for each in plan.actions if each.verb is not Verb.KEEP or each.drift]
    return msgspec.json.encode(
        _File(
            VERSION,
            plan.url,
            plan.set_name,
            datetime.now(UTC).isoformat(timespec="seconds"),
            plan.counts(),
            [_encoded(action) for action in listed],
        )
    )


def looks_like_plan(path: Path) -> bool:
    """True for a file of this kind, whatever its name."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b'"ringtest_plan"' in file.read(200)


def read(path: Path) -> Plan:
    """The plan in a file. BadPlan when it is none or is not whole."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadPlan(f"{path}: not a plan: {error}") from error
    if file.ringtest_plan != VERSION:
        raise BadPlan(f"{path}: a plan of version {file.ringtest_plan}, this reads {VERSION}")
    actions = [_decoded(each, path) for each in file.actions]
    return Plan(file.url, file.set, actions)


def _encoded(action: Action) -> _Action:
    changes = [_Change(each.path, each.before, each.after) for each in action.changes]
    fields: dict[str, Any] = {
        name: getattr(action, name)
        for name in ("kind", "name", "verb", "reason", "drift", "disabled", "desired", "live")
    }
    return _Action(**fields, changes=changes, xml=action.xml.decode())


def _decoded(action: _Action, path: Path) -> Action:
    xml = action.xml.encode()
    if xml and marks.digest_of(xml) != action.desired:
        raise BadPlan(f"{path}: {action.name}: its XML is not the one that was planned")
    if action.verb in (Verb.CREATE, Verb.UPDATE, Verb.ADOPT) and not xml:
        raise BadPlan(f"{path}: {action.name}: nothing to write")
    if action.verb in (Verb.UPDATE, Verb.ADOPT, Verb.DELETE) and not action.live:
        raise BadPlan(f"{path}: {action.name}: does not say what it was made for")
    return Action(
        kind=action.kind,
        name=action.name,
        verb=action.verb,
        reason=action.reason,
        drift=action.drift,
        disabled=action.disabled,
        desired=action.desired,
        live=action.live,
        changes=tuple(Change(each.path, each.before, each.after) for each in action.changes),
        xml=xml,
    )
