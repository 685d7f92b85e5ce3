"""Filters in both languages: what is written is what is found, and mistakes are pointed at."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringtest.control.db.conditions import Column, Conditions, Kind
from ringtest.control.db.filters import Nested, condition_of, filter_of
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.query import (
    MAX_DEPTH,
    Compare,
    Empty,
    Every,
    Node,
    Not,
    Some,
)
from ringtest.control.kernel.query_calls import parse_calls, write_calls
from ringtest.control.kernel.query_infix import parse_infix, write_infix

KINDS: dict[str, Kind] = {"name": "text", "size": "int", "good": "bool", "tags": "array"}
FIELDS: dict[str, Column | Nested] = {
    **{name: Column(kind, f"t.{name}") for name, kind in KINDS.items()},
    "parts": Nested(
        "EXISTS (SELECT 1 FROM parts p WHERE p.thing = t.id AND {})",
        {"type": Column("text", "p.type"), "weight": Column("int", "p.weight")},
    ),
}
Row = dict[str, Any]
Truth = bool | None

words = st.text(st.sampled_from("aAbé,()'\"\\% _.:-"), min_size=1, max_size=4)
numbers = st.integers(-3, 3)
rows = st.fixed_dictionaries(
    {
        "name": st.none() | st.just("") | words,
        "size": st.none() | numbers,
        "good": st.none() | st.booleans(),
        "tags": st.lists(words, max_size=2),
        "parts": st.lists(
            st.fixed_dictionaries(
                {"type": st.none() | st.sampled_from("xy"), "weight": st.none() | numbers}
            ),
            max_size=2,
        ),
    }
)


def compared(*ops: str) -> st.SearchStrategy[Node]:
    """Comparisons that every column allows."""

    def one(name: str, values: st.SearchStrategy[str], more: tuple[str, ...]) -> Any:
        op = st.sampled_from([op for op in (*ops, *more) if op not in ("in", "not_in")])
        single = st.builds(lambda op, value: Compare(name, op, (value,)), op, values)
        if "in" not in ops:
            return single
        listed = st.builds(
            lambda op, found: Compare(name, op, tuple(found)),
            st.sampled_from(["in", "not_in"]),
            st.lists(values, min_size=1, max_size=3),
        )
        return single | listed

    texts = ("like", "ilike") if "in" not in ops else ("match",)
    patterns = words.map(lambda word: re.escape(word) if "match" in texts else _like(word))
    equal = tuple(op for op in ops if op not in ("lt", "le", "gt", "ge"))
    tests = [
        one("name", words | st.just(""), ()),
        st.builds(lambda op, v: Compare("name", op, (v,)), st.sampled_from(texts), patterns),
        one("size", numbers.map(str), ()),
        st.builds(
            lambda op, value: Compare("good", op, (value,)),
            st.sampled_from([op for op in equal if op not in ("in", "not_in")]),
            st.sampled_from(["true", "false"]),
        ),
    ]
    if "in" in ops:
        tests += [
            one("parts.type", st.sampled_from("xy"), ()),
            one("parts.weight", numbers.map(str), ()),
        ]
    else:
        tests += [
            st.builds(
                lambda op, value: Compare("tags", op, (value,)),
                st.sampled_from(["contains", "not_contains", "like"]),
                words.map(_like),
            ),
            st.sampled_from(["name", "size", "good", "tags"]).map(Empty),
        ]
    return st.one_of(tests)


def _like(word: str) -> str:
    """A pattern must not end in half an escape."""
    return word.rstrip("\\") or "%"


def combined(leaves: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Every(tuple(parts)))
            | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Some(tuple(parts)))
            | inner.map(Not)
        ),
        max_leaves=6,
    )


_ORDERED = ("eq", "ne", "lt", "le", "gt", "ge")
calls = combined(compared(*_ORDERED))
infixes = combined(compared(*_ORDERED, "in", "not_in"))


# The same in Python: three truths, as SQL has them ------------------------------


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _all(truths: list[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True


def _any(truths: list[Truth]) -> Truth:
    return _not(_all([_not(truth) for truth in truths]))


def holds(node: Node, row: Row) -> Truth:
    match node:
        case Not(part):
            return _not(holds(part, row))
        case Every(parts) if all(_is_part(part) for part in parts):
            return any(_all([_leaf(part, one, "parts.") for part in parts]) for one in row["parts"])
        case Every(parts):
            return _all([holds(part, row) for part in parts])
        case Some(parts):
            return _any([holds(part, row) for part in parts])
        case Compare() if _is_part(node):
            return any(_leaf(node, one, "parts.") for one in row["parts"])
        case _:
            return _leaf(node, row, "")


def _is_part(node: Node) -> bool:
    match node:
        case Compare(field=name) | Empty(field=name):
            return name.startswith("parts.")
        case Every(parts) | Some(parts):
            return all(map(_is_part, parts))
        case _:
            return False


def _leaf(node: Node, row: Row, prefix: str) -> Truth:
    match node:
        case Every(parts):
            return _all([_leaf(part, row, prefix) for part in parts])
        case Some(parts):
            return _any([_leaf(part, row, prefix) for part in parts])
        case Empty(name):
            return row[name] is None or row[name] == "" or row[name] == []
        case Compare(field, op, values):
            return _compare(row[field.removeprefix(prefix)], op, values)
        case _:
            raise AssertionError(node)


def _compare(value: Any, op: str, values: tuple[str, ...]) -> Truth:
    if value is None:
        return None
    if isinstance(value, list):
        found = values[0] in value if op != "like" else any(_fits(v, values[0], 0) for v in value)
        return not found if op == "not_contains" else found
    kind = type(value)
    others: list[Any] = [v == "true" if kind is bool else kind(v) for v in values]
    other = others[0]
    tests: dict[str, Callable[[], bool]] = {
        "eq": lambda: value == other,
        "ne": lambda: value != other,
        "lt": lambda: value < other,
        "le": lambda: value <= other,
        "gt": lambda: value > other,
        "ge": lambda: value >= other,
        "in": lambda: value in others,
        "not_in": lambda: value not in others,
        "like": lambda: _fits(value, other, 0),
        "ilike": lambda: _fits(value, other, re.IGNORECASE),
        "match": lambda: re.fullmatch(other, value) is not None,
    }
    return tests[op]()


def _fits(value: str, pattern: str, flags: int) -> bool:
    found, at = "", 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            at += 1
            found += re.escape(pattern[at])
        else:
            found += {"%": ".*", "_": "."}.get(sign, re.escape(sign))
        at += 1
    return re.fullmatch(found, value, flags | re.DOTALL) is not None


# Against PostgreSQL ---------------------------------------------------------------


@pytest.fixture
async def things(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection: asyncpg.Connection = await asyncpg.connect(database_url)
    await connection.execute("""
        CREATE TEMP TABLE things (id int, name text, size int, good bool, tags text[]);
        CREATE TEMP TABLE parts (thing int, type text, weight int)""")
    yield connection
    await connection.close()


async def _found(connection: asyncpg.Connection, table: list[Row], node: Node) -> set[int]:
    await connection.execute("TRUNCATE things, parts")
    await connection.executemany(
        "INSERT INTO things VALUES ($1, $2, $3, $4, $5)",
        [(n, r["name"], r["size"], r["good"], r["tags"]) for n, r in enumerate(table)],
    )
    await connection.executemany(
        "INSERT INTO parts VALUES ($1, $2, $3)",
        [(n, p["type"], p["weight"]) for n, r in enumerate(table) for p in r["parts"]],
    )
    found = []
    for translate in (condition_of, filter_of):
        conditions = Conditions()
        sql = translate(node, FIELDS, conditions)
        rows = await connection.fetch(f"SELECT id FROM things t WHERE {sql}", *conditions.values)
        found.append({row["id"] for row in rows})
    assert found[0] == found[1]
    return found[0]


ENDURANCE = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@ENDURANCE
@given(node=calls, table=st.lists(rows, max_size=6))
async def test_lists_find_what_the_filter_says(
    things: asyncpg.Connection, node: Node, table: list[Row]
) -> None:
    read = parse_calls(write_calls(node))
    assert read == node
    wanted = {number for number, row in enumerate(table) if holds(node, row)}
    assert await _found(things, table, read) == wanted


@ENDURANCE
@given(node=infixes, table=st.lists(rows, max_size=6))
async def test_analytics_find_what_the_filter_says(
    things: asyncpg.Connection, node: Node, table: list[Row]
) -> None:
    read = parse_infix(write_infix(node))
    assert read == node
    wanted = {number for number, row in enumerate(table) if holds(node, row)}
    assert await _found(things, table, read) == wanted


@settings(deadline=None, max_examples=300)
@given(st.text(st.sampled_from("andornt()eq,[]=!<>~'\"\\ .x\n"), max_size=40))
def test_any_text_is_a_filter_or_a_mistake_with_a_place(text: str) -> None:
    for parse in (parse_calls, parse_infix):
        try:
            node = parse(text)
        except BadRequest as error:
            assert 0 <= error.payload["position"] <= len(text)
            assert error.message.startswith("error while parsing the query")
        else:
            write = write_calls if parse is parse_calls else write_infix
            assert parse(write(node)) == node


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("eq(name,x) and", 11, "nothing may follow"),
        ("eq(name)", 7, "expected ','"),
        ("eq(name,)", 8, "a value is missing"),
        ("eq(name,a(b)", 9, "expected ')'"),
        ("eq(name,'open)", 8, "never closed"),
        ("and()", 4, "expected one of and, or"),
        ("is(name,x)", 0, "expected one of and, or"),
        ("and(eq(name,x),)", 15, "expected one of and, or"),
        ("null()", 5, "the name of a field"),
        ("eq(name,x\\", 9, "backslash"),
        ("", 0, "expected one of"),
        ("not(" * 40, 4 * MAX_DEPTH, "nested at most"),
        ("eq(name," + "x" * 9000 + ")", 8000, "at most 8000"),
        ("or(" + ",".join(["eq(a,b)"] * 201) + ")", 3 + 200 * 8 + 5, "at most 200 values"),
        ("eq(name,a\0b)", 9, "NUL"),
    ],
)
def test_a_mistake_in_a_list_filter_is_pointed_at(text: str, position: int, said: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(said)) as refused:
        parse_calls(text)
    assert refused.value.payload["position"] == position


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("(name=x", 7, "')'"),
        ("(name=two words)", 10, "quotes"),
        ("name", 4, "expected one of = !="),
        ("(name in x)", 9, "expected '['"),
        ("(name in [])", 10, "a value is missing"),
        ("(=x)", 1, "the name of a field"),
        ("(a=1) (b=2)", 6, "nothing may follow"),
        ("(" * 40, MAX_DEPTH, "nested at most"),
    ],
)
def test_a_mistake_in_an_analytics_filter_is_pointed_at(
    text: str, position: int, said: str
) -> None:
    with pytest.raises(BadRequest, match=re.escape(said)) as refused:
        parse_infix(text)
    assert refused.value.payload["position"] == position


def test_what_dci_reads_is_read_alike() -> None:
    assert parse_calls(
        "and(eq(name,foo bar),or(ge(created_at,2026-01-01T00:00:00.5),not(null(a))))"
    )
    assert parse_calls("like(url,https://a.b/%)") == Compare("url", "like", ("https://a.b/%",))
    # dci-diff-jobs writes its conditions one after the other
    assert parse_calls("eq(name,x),null(url)") == Every(
        (Compare("name", "eq", ("x",)), Empty("url"))
    )
    infix = "((field=value) and (components.type in ['a','b']))"
    assert parse_infix(infix) == Every(
        (Compare("field", "eq", ("value",)), Compare("components.type", "in", ("a", "b")))
    )


@pytest.mark.parametrize(
    "node",
    [
        Compare("nothing", "eq", ("x",)),
        Compare("parts", "eq", ("x",)),
        Compare("parts.nothing", "eq", ("x",)),
        Compare("size", "eq", ("x",)),
        Compare("size", "eq", ("9" * 30,)),
        Compare("size", "like", ("1%",)),
        Compare("good", "eq", ("maybe",)),
        Compare("good", "lt", ("true",)),
        Compare("tags", "eq", ("x",)),
        Compare("name", "contains", ("x",)),
        Compare("name", "like", ("x\\",)),
        Compare("name", "match", (r"(a)\1",)),
        Compare("name", "match", ("a" * 300,)),
    ],
)
def test_what_a_field_cannot_be_is_refused(node: Compare) -> None:
    with pytest.raises(BadRequest) as refused:
        condition_of(node, FIELDS, Conditions())
    assert "position" in refused.value.payload
