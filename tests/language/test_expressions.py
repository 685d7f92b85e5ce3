"""Conditions: what they mean, where they are wrong, and what they cannot do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringtest.language.expressions import MOST_CHARACTERS, Expression, ExpressionError

CELL = {"arch": "x86_64", "major": 9, "tags": ["smoke"], "lab": {"name": "one"}, "none": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('arch == "x86_64"', True),
        ("arch == 'aarch64' or major >= 9", True),
        ("8 < major < 10", True),
        ("not (major == 9)", False),
        ("'smoke' in tags and arch not in ['ppc64le']", True),
        ("lab.name", "one"),
        ("lab['name'].startswith('o')", True),
        ("arch + '-' + lab.name", "x86_64-one"),
        ("'yes' if major > 8 else 'no'", "yes"),
        ("none is None", True),
        ("major == -1", False),
        ("arch == 'x86_64' and\n  major == 9", True),
        ("false_is_never_read if False else 1", 1),
    ],
)
def test_an_expression_has_the_value_it_has_in_python(text: str, value: Any) -> None:
    assert Expression(text)(CELL) == value


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("arch == ", 8),
        ("arch = 'x'", 6),
        ("__import__('os')", 1),
        ("arch.__class__", 1),
        ("lab.name.format(1)", 1),
        ("[x for x in tags]", 1),
        ("(lambda: 1)()", 1),
        ("arch == 'x' and open('f')", 17),
        ("major ** 99", 1),
        ("f'{arch}'", 1),
        ("arch := 1", 6),
        ("", 1),
        ("arch == 'x') or (1", 12),
    ],
)
def test_what_means_nothing_is_refused_where_it_stands(text: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        Expression(text)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("arch == 'x' or nope", 16, "nothing is called nope; there are arch"),
        ("major < arch", 9, "not supported"),
        ("lab.nope", 1, "there is no nope"),
        ("major.startswith('9')", 1, "for texts"),
        ("arch + major", 1, "str"),
        ("major['x']", 1, "int"),
    ],
)
def test_what_does_not_fit_the_values_is_an_error_with_its_place(
    text: str, column: int, words: str
) -> None:
    with pytest.raises(ExpressionError, match=words) as caught:
        Expression(text)(CELL)
    assert caught.value.column == column


def test_an_expression_knows_the_names_it_reads() -> None:
    assert Expression("a.b == c[d] and e in [f, 'g']").names == {"a", "c", "d", "e", "f"}


@pytest.mark.parametrize(
    "text", ["(" * 900 + "1" + ")" * 900, "not " * 400 + "1", "-" * 1500 + "1"]
)
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        Expression(text)


def test_a_very_long_one_is_refused() -> None:
    with pytest.raises(ExpressionError, match=str(MOST_CHARACTERS)):
        Expression("a == 1 or " * 300 + "b")


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_an_error(text: str) -> None:
    try:
        Expression(text)(CELL)
    except ExpressionError as error:
        assert 1 <= error.column <= len(text) + 1
