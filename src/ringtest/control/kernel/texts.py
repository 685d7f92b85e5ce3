"""Texts that callers send: how long they may be. A longer one is a 400 that names its key."""

from typing import Annotated

from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=1000)]
"""What something is called: never empty."""
Line = Annotated[str, Meta(max_length=1000)]
"""A short text that may be empty."""
Note = Annotated[str, Meta(max_length=100_000)]
"""A text for people to read."""
Tags = Annotated[list[Line], Meta(max_length=1000)]
"""Free words, empty ones among them."""
Names = Annotated[list[Name], Meta(max_length=1000)]


def one_line(text: str, most: int) -> str:
    """The text on one line of at most `most` characters, cut between words where it can be.

    >>> one_line("a ring\\nwith no end", 12)
    'a ring with…'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    whole = cut.rpartition(" ")[0] if line[most - 1] != " " else cut
    return f"{whole if len(whole) > most // 2 else cut}…"
