"""What is another team's is answered like what does not exist, byte by byte and step by step.

Where the wire format tells them apart (401, not 404), the 401 tells nothing of what it hides.
The number of SQL statements is compared too: an answer that takes more steps for a hidden
row than for none would show it to whoever measures time.
"""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from ringtest.control.wire import bodies
from tests.isolation.addresses import body_of, fill, handlers
from tests.isolation.neighbours import Neighbours

NOT_YOURS = {"status_code": 401, "message": "Operation not authorized.", "payload": {}}
TOLD_APART = re.compile(
    r"team|product|topic|component|remoteci|feeder|machine|pipeline|job|file|jobstate"
)
"""Nouns of which the wire format says 401 when they are there (`docs/explanation`)."""
NEVER_ASKED = {"number", "file_path"}
"""Parameters that are no ids."""
_ELSEWHERE = {"certification_id"}
"""Ids that other services give."""
_FREE = {"date", "x-request-id", "server-timing", "content-length", "ratelimit"}
_FRESH = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|\d{4}-\d\d-\d\dT[\d:.]+")
"""What is new in each thing that is made: ids, etags, times."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer without what differs between any two, and the statements it took."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    statements: str


def _told(answer: httpx.Response, ids: dict[str, str]) -> Told:
    body = answer.text
    for name, value in ids.items():
        body = body.replace(value, f"<{name}>")
    free = _FREE
    if answer.is_success:
        body, free = _FRESH.sub("*", body), _FREE | {"etag"}
    headers = {name: value for name, value in answer.headers.items() if name not in free}
    return Told(
        answer.status_code,
        tuple(sorted(headers.items())),
        body,
        answer.headers["server-timing"],
    )


def _is_id(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


async def _ask_twice(client: httpx.AsyncClient, method: str, url: str, body: Any) -> httpx.Response:
    """The second answer: what a process remembers of the caller is remembered by then."""
    headers = {"If-Match": "0" * 32, "X-Ringtest-Lease": "stolen", "DCI-NAME": "x"}
    for _ in range(2):
        answer = await client.request(method, url, json=body or None, headers=headers)
    return answer


async def _differences(
    name: str, noun: str, ask: Callable[[str], Awaitable[Told]], sent: tuple[str, str]
) -> list[str]:
    """What tells the hidden from the absent. Asked up to three times: the notification of a
    change just before makes a process read the caller again, which is a statement more for
    whichever came first; what really tells them apart does so each time."""
    for _ in range(3):
        found = _compare(name, noun, *[await ask(one) for one in sent])
        if not found:
            break
    return found


def _compare(name: str, noun: str, hidden: Told, absent: Told) -> list[str]:
    if hidden == absent:
        return []
    is_apart = hidden.status == 401 and absent.status in (404, 201, 204)
    says_nothing = not hidden.body or json.loads(hidden.body) == NOT_YOURS
    if is_apart and TOLD_APART.fullmatch(noun) and says_nothing:
        return []
    return [f"{name}\n    hidden {hidden}\n    absent {absent}"]


@pytest.mark.parametrize("who", ["user", "lab"])
async def test_a_hidden_address_is_answered_like_none(street: Neighbours, who: str) -> None:
    wrong, asked = [], 0
    for handler in handlers():
        for path in sorted(handler.paths):
            names = [name for name in re.findall(r"{(\w+):", path) if name not in NEVER_ASKED]
            for method in sorted(handler.http_methods):
                for name in names:
                    asked += 1
                    wrong += await _differences(
                        f"{who}: {method} {path} by {name}",
                        name.removesuffix("_id"),
                        partial(_ask, street, who, method, path),
                        _urls(street, path, name),
                    )
    assert wrong == [], "\n".join(wrong)
    assert asked > 100


async def _ask(street: Neighbours, who: str, method: str, path: str, url: str) -> Told:
    body = None if method in ("GET", "DELETE", "HEAD") else _own_body(street, path)
    answer = await _ask_twice(street.clients[who], method, url, body)
    ids = dict(zip(url.strip("/").split("/"), path.strip("/").split("/"), strict=False))
    return _told(answer, {v: k for k, v in ids.items() if _is_id(k)})


def _urls(street: Neighbours, path: str, name: str) -> tuple[str, str]:
    """The path with one id of the first team's, or of nothing; the others are one's own."""
    marks = street.second.ids | {name: "HERE"}
    key = name
    if name == "machine_id":
        key = "remoteci_id" if path.startswith("/remotecis") else "feeder_id"
    if name == "file_id" and path.startswith("/components"):
        key = "component_file_id"
    whole = fill(path, marks | {key: "HERE"})
    assert whole is not None
    nothing = uuid4().hex[:16] if name == "test_id" else str(uuid4())
    return whole.replace("HERE", street.first.ids[key]), whole.replace("HERE", nothing)


def _own_body(street: Neighbours, path: str) -> dict[str, Any]:
    return body_of(path, street.second.ids)


# ids in bodies and queries -----------------------------------------------------------


def _ids_of(kind: type[msgspec.Struct]) -> set[str]:
    """Fields of a body that hold ids."""
    return {
        field.encode_name
        for field in msgspec.structs.fields(kind)
        if "UUID" in str(field.type) or field.encode_name.endswith(("_id", "_ids"))
    }


async def _kinds(street: Neighbours, patch: pytest.MonkeyPatch) -> dict[tuple[str, str], set[str]]:
    """Which ids the bodies of routes may hold: learned by sending bodies that are refused."""
    found: dict[tuple[str, str], set[str]] = {}
    read = bodies._read

    def spy(kind: type[Any], body: bytes, *, closed: bool) -> Any:
        if ids := _ids_of(kind):
            found[method, path] = ids
        return read(kind, body, closed=closed)

    patch.setattr(bodies, "_read", spy)
    for handler in handlers():
        for path in sorted(handler.paths):
            for method in sorted({"POST", "PUT", "DELETE"} & handler.http_methods):
                url = fill(path, street.second.ids) or path
                if method == "DELETE" and not path.endswith(("/kv", "/permissions/components")):
                    continue
                headers = {"If-Match": "0" * 32}
                await street.admin.request(method, url, content=b"[]", headers=headers)
    patch.undo()
    return found


async def test_a_hidden_id_in_a_body_is_answered_like_none(
    street: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = await _kinds(street, monkeypatch)
    assert len(kinds) > 20
    wrong, asked = [], 0
    for (method, path), names in sorted(kinds.items()):
        for name in sorted(names - _ELSEWHERE):
            for who in ("user", "lab"):
                asked += 1
                wrong += await _differences(
                    f"{who}: {method} {path} with {name}",
                    _noun(path, name),
                    partial(_send, street, who, method, path, name),
                    (_first_id(street, path, name), str(uuid4())),
                )
    assert wrong == [], "\n".join(wrong)
    assert asked > 60


def _noun(path: str, name: str) -> str:
    special = {"id": "component", "components": "component", "components_ids": "component",
               "teams_ids": "team", "next_topic_id": "topic", "previous_job_id": "job",
               "update_previous_job_id": "job", "into": "group"}  # fmt: skip
    return special.get(name) or re.sub(r"_\d?_?id$", "", name)


def _first_id(street: Neighbours, path: str, name: str) -> str:
    return street.first.ids[f"{_noun(path, name)}_id"]


async def _send(
    street: Neighbours, who: str, method: str, path: str, name: str, value: str
) -> Told:
    body = _own_body(street, path) | {
        name: [value] if name in ("components", "components_ids", "teams_ids") else value
    }
    url = fill(path, street.second.ids) or path
    headers = {"If-Match": await _etag(street, url)}
    answer = await street.clients[who].request(method, url, json=body, headers=headers)
    return _told(answer, {name: value})


async def _etag(street: Neighbours, url: str) -> str:
    answer = await street.admin.get(url)
    return answer.headers.get("etag", "0") if answer.status_code == 200 else "0"
