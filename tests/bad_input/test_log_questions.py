"""Patterns and times that no log can be asked for are refused in words; none takes long."""

import pytest

from tests.bad_input.ground import Ground

PATTERNS = [
    "(", "[", "*", "(?P<", "a{1001}", "(a{100}){100}", "(?=a)", "(a)\\1", "\\A", "\\z", "\\C",
    "(?-m)^a", "x" * 1001, "\n", "\\pX", "[[:nope:]]", "(?i", "a**", "",
    "|".join(["[a-z]{1,30}[0-9]{1,30}"] * 40),
]  # fmt: skip
"""No pattern of a line, or one that is too large."""
HARMLESS = ["(a+)+$", "(a|a)*b", "\xff", "\u0661", "()", "^$", "\\Q(\\E", "a\0b", "(?s).*.*.*=x"]
TIMES = ["", "soon", "2026-13-01", "9" * 18, "\0", "2026-01-01T00:00:00+99:00"]


@pytest.mark.parametrize("pattern", [*PATTERNS, *HARMLESS], ids=lambda text: repr(text)[:20])
async def test_a_pattern_is_answered_or_refused_in_words(ground: Ground, pattern: str) -> None:
    for path in (f"/jobs/{ground.estate.ids['job_id']}/log/search", "/log_search"):
        answer = await ground["user"].get(path, params={"q": pattern, "regex": "1"})
        assert answer.status_code == (400 if pattern in PATTERNS else 200), answer.text
        assert ground.complaints(answer) == []


@pytest.mark.parametrize("moment", TIMES, ids=lambda text: repr(text)[:20])
async def test_a_time_that_is_none_is_400(ground: Ground, moment: str) -> None:
    for name in ("from_time", "to_time"):
        path = f"/jobs/{ground.estate.ids['job_id']}/log"
        answer = await ground["user"].get(path, params={name: moment})
        assert (answer.status_code, ground.complaints(answer)) == (400, []), answer.text


@pytest.mark.parametrize("ids", ["x", "," * 50, "\0", "0" * 5000, "../" * 9, "{}"])
async def test_ids_of_a_zip_that_name_nothing_are_refused(ground: Ground, ids: str) -> None:
    answer = await ground["user"].get("/files_zip", params={"ids": ids})
    assert answer.status_code in (400, 404), answer.text
    assert ground.complaints(answer) == []
