"""Asks what a row says, as every role, and compares."""

from typing import Any

import httpx

from tests.conformance.contract.rows import Row
from tests.conformance.contract.scene import Scene

STALE = "0" * 32


async def ask_everybody(scene: Scene, row: Row) -> list[str]:
    """The row's request as every role that it names: what was not as it says.

    Who is refused changes nothing and is asked first; so does who only reads: they share a
    scene. Whoever changes something leaves it to nobody else.
    """
    wrong: list[str] = []
    ready = False
    for role, code in sorted(row.codes().items(), key=lambda named: named[1] < 300):
        try:
            if not ready:
                await _prepare(scene, row)
            await ask_row(scene, row, role)
        except AssertionError as error:
            wrong.append(str(error))
        ready = code >= 300 or row.call.method in ("GET", "HEAD")
        if not ready:
            scene = Scene(scene.stage, scene.version)
    return wrong


async def _prepare(scene: Scene, row: Row) -> None:
    """What the answer shows or hides, and what was called before, is there."""
    await scene.fill(dict(row.has))
    for one in row.hides:
        await scene.id(one)
    for call in row.given:
        done = await scene.ask(call.by, call.line, call.body, headers=call.headers)
        assert done.status_code < 300, f"before {row.title}: {call.line} gave {done.text}"


async def ask_row(scene: Scene, row: Row, role: str) -> None:
    """The row's request as that role: code, content type, shape."""
    expected = row.codes()[role]
    wanted = await scene.fill(dict(row.has))
    hidden = [str(await scene.id(one)) for one in row.hides]
    headers = dict(row.headers)
    if row.if_match:
        headers["If-match"] = await current_etag(scene, row, role)
    answer = await scene.ask(role, row.line, row.body, headers=headers, stream=row.stream)
    name = f"{row.place}: {row.title} as {role}"
    assert answer.status_code == expected, f"{name}: {answer.status_code} {answer.text[:300]}"
    if expected >= 300:
        expect_error(answer, name)
        return
    expect_shape(answer, row, name)
    if row.has:
        expect_values(answer, wanted, name)
    expect_keys(answer, row.keys.split(), name)
    expect_absent(answer, row.lacks, name)
    for one in hidden:
        assert one not in answer.text, f"{name} shows what of {row.hides} is {one}"
    if row.check is not None:
        waiting = row.check(answer, scene)
        if waiting is not None:
            await waiting


async def current_etag(scene: Scene, row: Row, role: str) -> str:
    """The etag that the row's request must name; of nobody's own there is none."""
    name = role if row.if_match == "me" else row.if_match
    return "none" if name == "nobody" else str(await scene.column(name, "etag"))


async def ask_without_etag(scene: Scene, row: Row) -> None:
    """412 for who may do it and does not say which state it saw."""
    answer = await scene.ask(row_role(row), row.line, row.body, headers=row.headers)
    assert answer.status_code == 412, f"{row.title} without If-match: {answer.text[:300]}"
    expect_error(answer, row.title)


async def ask_stale(scene: Scene, row: Row) -> None:
    """What a caller is told who saw an older state; nothing changes."""
    role = row_role(row)
    etag = await current_etag(scene, row, role)
    headers = {**row.headers, "If-match": STALE}
    answer = await scene.ask(role, row.line, row.body, headers=headers)
    assert answer.status_code == row.stale, f"{row.title} with an old etag: {answer.text[:300]}"
    assert await current_etag(scene, row, role) == etag


def row_role(row: Row) -> str:
    """The first role that the row lets in."""
    return next(role for role, code in row.codes().items() if code < 300)


def expect_error(answer: httpx.Response, name: str) -> None:
    """The one form of refusals, with nothing of the database in it."""
    if answer.status_code < 400 or answer.request.method == "HEAD":
        return
    assert answer.headers["content-type"] == "application/json", name
    content = answer.json()
    assert set(content) == {"status_code", "message", "payload"}, f"{name}: {content}"
    assert content["status_code"] == answer.status_code
    assert isinstance(content["message"], str)
    assert isinstance(content["payload"], dict)
    for word in ("SELECT", "asyncpg", "Traceback", "psycopg"):
        assert word not in answer.text, f"{name} shows its inside: {answer.text[:300]}"


def expect_shape(answer: httpx.Response, row: Row, name: str) -> None:
    """`gives`, as Row says."""
    if not row.gives:
        return
    assert answer.headers["content-type"] == "application/json", name
    noun, _, no_etag = row.gives.partition(" ")
    if noun == "nothing":
        assert answer.content == b"", name
    elif noun.endswith("[]"):
        listed = noun.removesuffix("[]")
        content = answer.json()
        assert isinstance(content[listed], list), name
        if no_etag != "no meta":
            assert set(content) == {listed, "_meta"}, f"{name}: {sorted(content)}"
            assert isinstance(content["_meta"]["count"], int), name
    else:
        content = answer.json()
        assert set(content) == {noun}, f"{name}: {sorted(content)}"
        if no_etag:
            assert "etag" not in answer.headers, name
        else:
            assert answer.headers["etag"] == content[noun]["etag"], name


def expect_values(answer: httpx.Response, wanted: dict[str, Any], name: str) -> None:
    """Some object of the answer holds at least these values."""
    found = _objects(answer.json())
    assert any(_holds(one, wanted) for one in found), f"{name}: no {wanted} in {answer.text[:600]}"


def expect_keys(answer: httpx.Response, keys: list[str], name: str) -> None:
    """Every object of the answer has these keys."""
    if not keys:
        return
    content = answer.json()
    inner = content[next(iter(content))]
    objects = inner if isinstance(inner, list) else [inner]
    for one in objects:
        assert set(keys) <= set(one), f"{name}: no {set(keys) - set(one)} in {sorted(one)}"


def expect_absent(answer: httpx.Response, keys: tuple[str, ...], name: str) -> None:
    """None of these keys anywhere in the answer, at any depth."""
    for key in keys:
        assert f'"{key}"' not in answer.text, f"{name} shows {key}"


def _objects(content: Any) -> list[dict[str, Any]]:
    """The answer itself, and what it wraps."""
    values = [content, *content.values()] if isinstance(content, dict) else [content]
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in flat if isinstance(one, dict)]


def _holds(one: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(
        key in one
        and (
            _holds(one[key] or {}, value)
            if isinstance(value, dict) and value
            else one[key] == value
        )
        for key, value in wanted.items()
    )
