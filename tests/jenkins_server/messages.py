"""Requests and replies of the stand-in, and what goes wrong on purpose."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.jenkins_server.state import Person


@dataclass(slots=True)
class Call:
    """One request, read. `names` are the parts of the path, decoded."""

    method: str
    path: str
    names: list[str]
    query: dict[str, str]
    body: bytes
    content_type: str
    url: str
    """The controller's address, with a slash at the end."""
    person: Person | None = None

    @property
    def form(self) -> dict[str, str]:
        """Fields of the query and of a form."""
        fields = dict(self.query)
        if "form" in self.content_type:
            fields |= dict(parse_qsl(self.body.decode(), keep_blank_values=True))
        return fields


@dataclass(slots=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, data: Any) -> "Reply":
        """A JSON document."""
        return cls(
            200, json.dumps(data).encode(), {"Content-Type": "application/json;charset=utf-8"}
        )

    @classmethod
    def text(cls, text: str, kind: str = "text/plain") -> "Reply":
        """Text."""
        return cls(200, text.encode(), {"Content-Type": f"{kind};charset=utf-8"})

    @classmethod
    def see(cls, url: str) -> "Reply":
        """Go there."""
        return cls(302, b"", {"Location": url})


@dataclass(slots=True)
class Fault:
    """Something that goes wrong with the next `times` requests that fit.

    `how`: a status such as "503"; "unheard", the connection ends before anything is done;
    "unanswered", it is done and the connection ends without an answer.
    """

    method: str
    part: str
    how: str
    times: int = 1

    def fits(self, call: Call) -> bool:
        """True for one of the requests that are meant."""
        return self.times > 0 and call.method == self.method and self.part in call.path
