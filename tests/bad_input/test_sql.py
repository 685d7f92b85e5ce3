"""Texts that are no SQL are refused in words; none breaks the server or shows its inside."""

from typing import Any

import pytest

from tests.bad_input.ground import Ground

TEXTS = [
    "SELECT", "SELECT '", 'SELECT "', "SELECT /*", "SELECT $1", "SELECT ?", "SELECT * FROM",
    "\ud7ff\uffff", "SELECT 1 --", "SELECT e'\\", "SELECT '\u202e'", "SELECT" + " (" * 3000,
    "SELECT x'zz'", "SELECT 1e999999", "SELECT INTERVAL '99999999999 years'", "SELECT 1/0",
    "SELECT DATE '9999999-01-01'", "SELECT repeat('é', 70000)", "SELECT chr(0)", "%s%n", "{}",
]  # fmt: skip


async def test_a_text_is_answered_or_refused_in_words(ground: Ground) -> None:
    for text in TEXTS:
        answer = await ground["user"].post("/archive/query", json={"sql": text})
        assert answer.status_code in (200, 400), answer.text
        wrong = [one for one in ground.complaints(answer) if "insides" not in one]
        assert wrong == [], text  # words of the engine are what who asks is to read


@pytest.mark.parametrize("name", ["topic_id", "team_id", "from", "to", "limit", "live"])
async def test_what_narrows_a_question_down_is_read_strictly(ground: Ground, name: str) -> None:
    bad: Any
    for bad in ("x" * 5000, "\0", [], {}, -1, "2026-13-01"):
        body = {"sql": "SELECT 1", name: bad}
        answer = await ground["user"].post("/archive/query", json=body)
        assert answer.status_code in (400, 404), (body, answer.text)
        assert ground.complaints(answer) == []
