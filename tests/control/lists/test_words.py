"""The language for people: what is written is found, read back, and mistakes are pointed at."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringtest.control.db.conditions import Column, Conditions
from ringtest.control.db.filters import Nested, condition_of, filter_of
from ringtest.control.db.vocabulary import understood
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.moments import span_of
from ringtest.control.kernel.query import (
    MAX_DEPTH,
    Anywhere,
    Compare,
    Empty,
    Every,
    Node,
    Not,
    Some,
    leaves,
)
from ringtest.control.kernel.query_words import parse_query, parse_words, write_words

NOW = datetime(2026, 10, 8, 12)
FIELDS: dict[str, Column | Nested] = {
    "name": Column("text", "t.name"),
    "duration": Column("int", "t.size"),
    "status": Column("enum", "t.status", ("failure", "success")),
    "tags": Column("array", "t.tags"),
    "created_at": Column("time", "t.at"),
    "components": Nested(
        "EXISTS (SELECT 1 FROM parts p WHERE p.thing = t.id AND {})",
        {"label": Column("names", "ARRAY[p.name, p.version]"), "weight": Column("int", "p.weight")},
        "label",
    ),
}
Row = dict[str, Any]
Truth = bool | None

words = st.text(st.sampled_from("aAbé,()'\"\\%*_ .:-/"), min_size=1, max_size=4)
numbers = st.integers(-3, 3)
moments = st.sampled_from([
    datetime(2026, 9, 30, 23, 59), datetime(2026, 10, 1), datetime(2026, 10, 1, 23, 59, 59),
    datetime(2026, 10, 2), datetime(2026, 10, 5), NOW,
])  # fmt: skip
rows = st.fixed_dictionaries(
    {
        "name": st.none() | st.just("") | words,
        "duration": st.none() | numbers,
        "status": st.sampled_from(["failure", "success"]),
        "tags": st.lists(words, max_size=2),
        "created_at": moments,
        "components": st.lists(
            st.fixed_dictionaries(
                {"label": st.lists(words, min_size=2, max_size=2), "weight": st.none() | numbers}
            ),
            max_size=2,
        ),
    }
)


def _escaped(word: str) -> str:
    return re.sub(r"[\\*]", r"\\\g<0>", word)


patterns = st.lists(st.just("*") | words.map(_escaped), min_size=1, max_size=3).map("".join)
times = st.sampled_from(["7d", "12h", "2026-10", "2026-10-01", "2026-10-01T23:59", "today"])


def _is(field: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[Node]:
    several = st.lists(values, min_size=1, max_size=3).map(tuple)
    return several.map(lambda found: Compare(field, "is", found))


def _sized(field: str, values: st.SearchStrategy[str], *ops: str) -> st.SearchStrategy[Node]:
    return st.builds(lambda op, one: Compare(field, op, (one,)), st.sampled_from(ops), values)


_SIGNS = ("eq", "ne", "lt", "le", "gt", "ge")
LEAVES: list[st.SearchStrategy[Node]] = [
    _is("name", patterns), _is("tags", patterns), _is("components.label", patterns),
    _is("status", st.sampled_from(["failure", "success"])), _is("created_at", times),
    _is("duration", numbers.map(str)), _sized("duration", numbers.map(str), *_SIGNS),
    _sized("components.weight", numbers.map(str), *_SIGNS), _sized("created_at", times, "lt", "ge"),
    _sized("name", words, "eq", "ne", "lt", "ge"), _sized("name", words.map(re.escape), "match"),
    st.builds(lambda op, found: Compare("name", op, tuple(found)),
              st.sampled_from(["in", "not_in"]), st.lists(words, min_size=1, max_size=3)),
    _sized("name", words.map(re.escape).filter(lambda w: "/" not in w), "find", "ifind"),
    patterns.map(Anywhere), st.sampled_from(["name", "tags", "duration", "components"]).map(Empty),
]  # fmt: skip
nodes = st.recursive(
    st.one_of(LEAVES),
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Every(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Some(tuple(parts)))
        | inner.map(Not)
    ),
    max_leaves=6,
)


# The same in Python ---------------------------------------------------------------


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _all(truths: list[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True


def holds(node: Node, row: Row) -> Truth:
    if (owner := _owned(node)) and not isinstance(node, Not):
        return any(_holds_of(node, part, f"{owner}.") for part in row[owner])
    match node:
        case Not(part):
            truth = holds(part, row)
            forgives = any(
                isinstance(leaf, Compare) and leaf.op in ("is", "find", "ifind")
                for leaf in leaves(understood(part, FIELDS))
            )
            return not truth if forgives else _not(truth)
        case Every(parts):
            return _all([holds(part, row) for part in parts])
        case Some(parts):
            return _not(_all([_not(holds(part, row)) for part in parts]))
        case Anywhere(value):
            places = [
                row["name"],
                *row["tags"],
                *(t for c in row["components"] for t in c["label"]),
            ]
            return any(_fits(text, f"*{value}*") for text in places if text is not None)
        case Empty(name):
            return row[name] in (None, "", [])
        case _:
            return _holds_of(node, row, "")


def _owned(node: Node) -> str:
    """The nested rows that all of it is about."""
    match node:
        case Compare(field=name):
            return name.partition(".")[0] if "." in name else ""
        case Every(parts) | Some(parts):
            return _owned(parts[0]) if len({_owned(part) for part in parts}) == 1 else ""
        case _:
            return ""


def _holds_of(node: Node, row: Row, prefix: str) -> Truth:
    match node:
        case Every(parts):
            return _all([_holds_of(part, row, prefix) for part in parts])
        case Some(parts):
            return _not(_all([_not(_holds_of(part, row, prefix)) for part in parts]))
        case Compare(field, op, values):
            return _compare(row[field.removeprefix(prefix)], op, values)
    raise AssertionError(node)


def _compare(value: Any, op: str, values: tuple[str, ...]) -> Truth:
    if value is None:
        return None
    if isinstance(value, list):
        has_star = any("*" in one.replace("\\*", "") for one in values)
        exact = op == "is" and not has_star
        return any(_fits(v, one) if has_star else v.lower() == _plain(one).lower()
                   if not exact else v == _plain(one) for v in value for one in values)  # fmt: skip
    if isinstance(value, datetime):
        return _when(value, op, values)
    if op == "is" and isinstance(value, str):
        return any(_fits(value, one) for one in values)
    others = [int(one) if isinstance(value, int) else one for one in values]
    other: Any = others[0]
    tests: dict[str, Callable[[], bool]] = {
        "is": lambda: value in others, "in": lambda: value in others,
        "not_in": lambda: value not in others, "eq": lambda: value == other,
        "ne": lambda: value != other, "lt": lambda: value < other, "le": lambda: value <= other,
        "gt": lambda: value > other, "ge": lambda: value >= other,
        "match": lambda: re.fullmatch(other, value) is not None,
        "find": lambda: re.search(other, value) is not None,
        "ifind": lambda: re.search(other, value, re.IGNORECASE) is not None,
    }  # fmt: skip
    return tests[op]()


def _when(value: datetime, op: str, values: tuple[str, ...]) -> bool:
    spans = [span_of(one, NOW) for one in values]
    if op == "is":
        return any(start <= value < end for start, end in spans)
    return value < spans[0][0] if op == "lt" else value >= spans[0][0]


def _plain(pattern: str) -> str:
    return re.sub(r"\\([\\*])", r"\1", pattern)


def _fits(text: str, pattern: str) -> bool:
    parts = re.findall(r"\\[\\*]|\*|[^\\*]", pattern)
    found = "".join(".*" if part == "*" else re.escape(_plain(part)) for part in parts)
    return re.fullmatch(found, text, re.IGNORECASE | re.DOTALL) is not None


# Against PostgreSQL -----------------------------------------------------------------


@pytest.fixture
async def things(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection: asyncpg.Connection = await asyncpg.connect(database_url)
    await connection.execute("""
        CREATE TYPE pg_temp.word AS ENUM ('failure', 'success');
        CREATE TEMP TABLE things (id int, name text, size int, status pg_temp.word, tags text[],
          at timestamp);
        CREATE TEMP TABLE parts (thing int, name text, version text, weight int)""")
    yield connection
    await connection.close()


ENDURANCE = settings(
    deadline=None,
    max_examples=250,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@ENDURANCE
@given(node=nodes, table=st.lists(rows, max_size=6))
async def test_what_the_words_say_is_found(
    things: asyncpg.Connection, node: Node, table: list[Row]
) -> None:
    assert parse_query(write_words(node)) == node
    await things.execute("TRUNCATE things, parts")
    await things.executemany(
        "INSERT INTO things VALUES ($1, $2, $3, $4, $5, $6)",
        [
            (n, r["name"], r["duration"], r["status"], r["tags"], r["created_at"])
            for n, r in enumerate(table)
        ],
    )
    await things.executemany(
        "INSERT INTO parts VALUES ($1, $2, $3, $4)",
        [(n, *p["label"], p["weight"]) for n, r in enumerate(table) for p in r["components"]],
    )
    wanted = {number for number, row in enumerate(table) if holds(node, row)}
    for translate in (condition_of, filter_of):
        conditions = Conditions(now=NOW)
        sql = translate(understood(node, FIELDS), FIELDS, conditions)
        found = await things.fetch(f"SELECT id FROM things t WHERE {sql}", *conditions.values)
        assert {row["id"] for row in found} == wanted, sql


@settings(deadline=None, max_examples=500)
@given(st.text(st.sampled_from("andornt()eq,[]=!<>~'\"\\ .x\n:-*/"), max_size=40))
def test_any_text_is_a_filter_or_a_mistake_with_a_place(text: str) -> None:
    try:
        node = parse_words(text)
    except BadRequest as error:
        assert 0 <= error.payload["position"] <= len(text)
        assert error.message.startswith("error while parsing the query")
    else:
        assert parse_query(write_words(node)) == node


SAME = [
    ("status:failure", "STATUS:failure", "status: failure", "(status:failure)"),
    ("status:failure,success", "status:(failure or success)", "status:(failure, success)"),
    ("a:x b:y", "a:x and b:y", "a:x AND b:y", "a:x,b:y", "a:x && b:y", "a:x, b:y"),
    ("-a:x", "not a:x", "NOT a:x", "not(a:x)", "!a:x"),
    ("a>5", "a > 5", "a:>5", "a:> 5"),
    ("a=x,y", "a in [x, y]", "a=['x','y']", 'a:=["x", "y"]'),
    ("a:x or b:y c:z", "a:x or (b:y and c:z)", "a:x || (b:y c:z)"),
    ("has:tests no:tags", "-no:tests no:tags", "tests:* without:tags", "tests:* tags:"),
    ("since:7d", "created_at>=7d"),
    ("a:1..5", "(a>=1 a<=5)"),
    ("created:2026-10-01..2026-10-05", "(created>=2026-10-01 created<=2026-10-05)"),
    ("eq(a,x)", "a=x", "((a=x))", "a:=x"),
    ("and(eq(a,x),not(eq(b,y)))", "((a=x) and (not (b=y)))", "a=x -b=y"),
    ("a>=2026-10-01T00:00+02:00", "a>=2026-10-01T00:00 02:00"),
    ("name:/a b/", "name:/a b/ "),
]


@pytest.mark.parametrize("texts", SAME, ids=lambda texts: str(texts[0]))
def test_one_filter_may_be_written_in_several_ways(texts: tuple[str, ...]) -> None:
    lowered = [_lowered(parse_query(text)) for text in texts]
    assert all(one == lowered[0] for one in lowered)


def _lowered(node: Node) -> Node:
    """Names of fields are the same whatever their case: the fields decide."""
    match node:
        case Every(parts):
            return Every(tuple(map(_lowered, parts)))
        case Some(parts):
            return Some(tuple(map(_lowered, parts)))
        case Not(part):
            return Not(_lowered(part))
        case Compare(field, op, values):
            return Compare(field.lower(), op, values)
        case _:
            return node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("mod::test_x[a(1)]", Anywhere("mod::test_x[a(1)]")),
        ("http://ci.example/1", Anywhere("http://ci.example/1")),
        ("name:http://ci.example/1", Compare("name", "is", ("http://ci.example/1",))),
        ("url:a,http://b", Compare("url", "is", ("a", "http://b"))),
        ('"and"', Anywhere("and")),
        ("/var/log", Anywhere("/var/log")),
        ("/fail(ed)?/i", Anywhere("fail(ed)?", "ifind")),
        ("name:/a\\/b/", Compare("name", "find", ("a/b",))),
        ('name:"build 1.2*"', Compare("name", "is", ("build 1.2*",))),
        ('name:"2\\*"', Compare("name", "is", ("2\\*",))),
        ("it's", Anywhere("it's")),
    ],
)
def test_values_are_read_as_people_write_them(text: str, node: Node) -> None:
    assert parse_query(text) == node


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 0, "a condition is missing"),
        ("status:failure and", 18, "a condition is missing"),
        ("status:failure or or x", 18, "a condition is missing before this word"),
        ("(status:failure", 15, "expected ')'"),
        ("status:failure)", 14, "no bracket was opened"),
        ('name:"open', 5, "never closed"),
        ("topic: status:x", 7, "a value is missing"),
        ("duration>", 9, "a value is missing"),
        ("duration>1,2", 0, "compares with one value"),
        ("a in [", 6, "a value is missing"),
        ("a in [x", 7, "expected ']'"),
        ("(" * 40, MAX_DEPTH, "nested at most"),
        ("x" * 9000, 8000, "at most 8000"),
        ("a:" + ",".join(["b"] * 201), 2 + 200 * 2, "at most 200 values"),
        ("a:b\0", 3, "NUL"),
        ("eq(name,x) and", 11, "nothing may follow"),
        ("nonsense(", 0, "expected one of and"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, position: int, said: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(said)) as refused:
        parse_query(text)
    assert refused.value.payload["position"] == position


@pytest.mark.parametrize(
    ("text", "position", "near"),
    [
        ("name:x statsu:failure", 7, ["status"]),
        ("status:failed", 0, ["failure"]),
        ("nmae:x", 0, ["name"]),
        ("component.wieght>5", 0, ["components.weight"]),
        ("quite_another:x", 0, []),
    ],
)
def test_who_names_what_is_not_there_is_told_what_is(
    text: str, position: int, near: list[str]
) -> None:
    with pytest.raises(BadRequest) as refused:
        condition_of(understood(parse_query(text), FIELDS), FIELDS, Conditions(now=NOW))
    payload = refused.value.payload
    assert payload["position"] == position
    assert payload["did_you_mean"][: len(near)] == near
    assert payload.get("valid_query_keys") or payload["allowed"]


@pytest.mark.parametrize(
    "text",
    ["duration:x", "duration:1*", "created:yesteryear", "created:20*", "status>a", "name:/(/x/2\\",
     "name:/" + "a" * 300 + "/", r"name:/(a)\1/", "components.label>x"],
)  # fmt: skip
def test_what_a_field_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        condition_of(understood(parse_query(text), FIELDS), FIELDS, Conditions(now=NOW))
    assert "position" in refused.value.payload


def test_times_like_7d_need_to_know_when_now_is() -> None:
    node = understood(parse_query("since:7d"), FIELDS)
    with pytest.raises(BadRequest, match="wants an ISO time"):
        condition_of(node, FIELDS, Conditions())
    conditions = Conditions(now=NOW)
    condition_of(node, FIELDS, conditions)
    assert conditions.values == [NOW - timedelta(days=7)]


def test_lengths_of_time_are_understood_where_a_duration_is() -> None:
    conditions = Conditions()
    condition_of(understood(parse_query("duration>10m"), FIELDS), FIELDS, conditions)
    assert conditions.values == [600]
