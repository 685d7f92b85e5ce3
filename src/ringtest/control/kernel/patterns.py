"""Regular expressions that people write: read by an engine whose time is linear in the text.

Pure. What the engine leaves out is what costs without bound: look-around and references back.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import re2

from ringtest.control.kernel.errors import BadRequest

LONGEST = 300
"""Characters of one pattern."""
_MEMORY = 1 << 20
"""Bytes that the compiled form may take: a pattern that would need more is refused."""

Pattern = Any
"""A compiled pattern: `search(text)` and `sub(function, text)` as those of `re`."""


def check_pattern(name: str, pattern: str) -> None:
    """400 for what is no pattern, is too long, or would find a place in every text.

    >>> check_pattern("pattern", "module[0-9]+")
    >>> check_pattern("pattern", "(?=x)x")
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: pattern: invalid perl operator: (?=
    """
    if len(pattern) > LONGEST:
        raise BadRequest(f"{name}: at most {LONGEST} characters", length=len(pattern))
    if "\0" in pattern:
        raise BadRequest(f"{name}: a pattern holds no NUL character")
    try:
        empty = compile_pattern(pattern).search("") is not None
    except re2.error as error:
        said = error.args[0] if error.args else "not a regular expression"
        said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise BadRequest(f"{name}: {said[:200]}") from None
    if empty:
        raise BadRequest(f"{name}: it would fit every text, also an empty one")


@lru_cache(maxsize=1000)
def compile_pattern(pattern: str) -> Pattern:
    """The compiled pattern; upper and lower case differ unless it says `(?i)`."""
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    return re2.compile(pattern, options)


def any_of(patterns: Sequence[str]) -> Pattern | None:
    """One pattern that fits where one of them does; None for none."""
    return compile_pattern("|".join(f"(?:{one})" for one in patterns)) if patterns else None


def substitute(pattern: Pattern, change: Callable[[str], str], text: str) -> str:
    """`text` with every place that fits changed.

    >>> substitute(compile_pattern("a+"), str.upper, "baab")
    'bAAb'
    """
    changed: str = pattern.sub(lambda found: change(found.group()), text)
    return changed
