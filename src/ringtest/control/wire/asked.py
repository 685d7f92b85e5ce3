"""Query parameters of a route that are not a list's: a closed set, read one by one."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from litestar import Request

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.paging import read_moment, refuse_unknown
from ringtest.control.wire import requests


class Asked:
    """The parameters of a request, of which only `names` may be there."""

    def __init__(self, request: Request[Any, Any, Any], names: Collection[str]) -> None:
        self._given = requests.parameters(request)
        refuse_unknown(self._given, names)

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number; what is more than `most` means `most`."""
        text = self._given.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 18 or int(text) < least:
            raise BadRequest(f"{name} must be a whole number of at least {least}")
        return min(int(text), most)

    def attempt(self) -> int | None:
        """Which attempt of a job, from 1; None (the newest) when nobody says it."""
        return self.number("attempt", 0, least=1, most=2**31 - 1) or None

    def text(self, name: str) -> str:
        """A text; empty when it is not there."""
        return self._given.get(name, "")

    def flag(self, name: str) -> bool:
        """1 or true, 0 or false (the default)."""
        text = self._given.get(name, "0").lower()
        if text not in ("0", "1", "true", "false"):
            raise BadRequest(f"{name} must be 0 or 1")
        return text in ("1", "true")

    def word(self, name: str, *words: str) -> str:
        """One of `words`; the first when it is not there."""
        text = self._given.get(name, words[0])
        if text not in words:
            raise BadRequest(f"{name} must be one of {', '.join(filter(None, words))}")
        return text

    def moment(self, name: str) -> datetime | None:
        """A time as naive UTC: ISO, or milliseconds since 1970."""
        return read_moment(name, self._given.get(name))

    def given(self, names: Collection[str]) -> dict[str, str]:
        """Those of `names` that are there."""
        return {name: text for name, text in self._given.items() if name in names}
