"""Bodies that the routes take, found by asking, and values that no body should hold."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import uuid4

import msgspec
import pytest

from ringtest.control.wire import bodies
from tests.bad_input.ground import HEADERS, Ground, Route, all_routes

Kinds = dict[Route, type[msgspec.Struct]]

DEEP: Any = []
for _ in range(150):
    DEEP = {"deeper": [DEEP]}
IMPOSSIBLE: dict[str, Any] = {
    "a NUL": "before\0after",
    "a NUL in a list": ["\0"],
    "a NUL in a key": {"\0": 1},
    "300 levels": DEEP,
    "80 bits": 2**80,
    "400 digits": {"n": -(10**400)},
}
"""Values that nothing can keep, whatever the field is for."""
LONG = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(1000))
"""As long as a name may be, and no compression makes it fit into an index."""
ODD: list[Any] = [
    None, True, -1, 2**31, 2**63 - 1, 1e308, "", " ", "x" * 1001, LONG, "x" * 60_000,
    "../../etc/passwd", "' OR 1=1 --", "<script>\x1b[2J\u202e", "{}%s%n", "0" * 32,
    "9999-12-31T23:59:59-14:00", [], [[]], [None], ["x"] * 5000, [LONG] * 3, {}, {"": ""},
    {"a": {"b": [1.5]}},
]  # fmt: skip
"""Values of every type, most of them of the wrong one."""


_BODYLESS = ("/update", "/retry", "/users", "/purge", "/ping", "/notifications")
"""Ends of the addresses of POSTs that take no body."""


async def body_kinds(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Kinds:
    """Which struct each route reads its body as: learned by sending one that is refused."""
    kinds: Kinds = {}
    read = bodies._read

    def spy(kind: type[Any], body: bytes, *, closed: bool) -> Any:
        kinds[route] = kind
        return read(kind, body, closed=closed)

    with monkeypatch.context() as patch:
        patch.setattr(bodies, "_read", spy)
        for route in all_routes():
            if route.method == "POST" and route.path.endswith(_BODYLESS):
                continue  # these have no body, and would do what they are for
            if route.method in ("POST", "PUT") or route.path.endswith(("/kv", "/components")):
                who, url = ground["super admin"], ground.url(route)
                await who.request(route.method, url, content=b"[]", headers=HEADERS)
    return kinds


def sample(kind: type[msgspec.Struct], ids: dict[str, str]) -> dict[str, Any]:
    """A body of `kind` that makes sense, with what it must have and no more."""
    either = {"CreateUser": ["email"], "CreateComponent": ["display_name"]}
    return {
        field.encode_name: _value(field.name, field.type, ids)
        for field in msgspec.structs.fields(kind)
        if field.required or field.name in either.get(kind.__name__, ())
    }


def _value(name: str, kind: Any, ids: dict[str, str]) -> Any:
    known: dict[str, Any] = {
        "id": ids["component_id"],
        "teams_ids": [],
        "components": [],
        "spec": {"stages": {"test": [{"run": "true"}]}},
        "definition": {"stages": {"test": [{"run": "true"}]}},
        "started_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
        "channel": "webhook",
        "scopes": ["read"],
        "expires_at": f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%S}",
        "address": "http://127.0.0.1:9/",
        "status": "running",
        "kind": "text",
        "into": ids["group_id"],
        **{f"topic_{side}_id": ids["topic_id"] for side in (1, 2)},
        **{f"topic_{side}_{end}_date": "2026-01-01" for side in (1, 2) for end in ("start", "end")},
        **{f"{end}_date": "2026-01-01" for end in ("start", "end")},
        "field": "name",
        "sequence": 1,
        "value": 1.5,
    }
    if name in ids or name in known:
        return ids.get(name) or known[name]
    assert isinstance(kind, type) is False or kind is str, f"teach this what {name} is"
    assert get_args(kind) or kind is str
    return f"sample {uuid4()}"
