"""What a mistyped word was meant to be."""

import difflib
from collections.abc import Iterable


def meant(word: object, known: Iterable[object]) -> str:
    """`; did you mean 'jobs'?` when a known word is close, else nothing.

    >>> meant("shel", ["shell", "batch"]), meant("colour", ["size"])
    ("; did you mean 'shell'?", '')
    """
    found = closest(word, known)
    return f"; did you mean {found!r}?" if found else ""


def closest(word: object, known: Iterable[object]) -> str | None:
    """The known word that looks most like this one, None when none does."""
    near = difflib.get_close_matches(str(word), [str(each) for each in known], 1, 0.8)
    return near[0] if near else None
