"""What can go wrong between here and a Jenkins controller."""

import re

import httpx

from ringtest.client.errors import ClientError


class JenkinsError(ClientError):
    """Any failure of a request to a controller, but that nobody answered (`Unreachable`)."""


class Refused(JenkinsError):
    """The controller answered and refused. `status` is that of HTTP."""

    def __init__(self, status: int, request: str, reason: str) -> None:
        super().__init__(f"{request}: {reason} ({status})")
        self.status = status
        self.reason = reason


class Missing(Refused):
    """There is nothing at that address, or nothing that this account may see."""


class NameTaken(Refused):
    """There is something of that name already."""


class Unsure(JenkinsError):
    """The answer was lost, and whether it was done cannot be found out."""


_TAKEN = re.compile(r"already exists", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]+>|\s+")


def refusal(response: httpx.Response) -> Refused:
    """The error that a refused answer holds; its body must have been read."""
    request = f"{response.request.method} {response.request.url.path}"
    reason = response.headers.get("X-Error") or _first_words(response)
    kind = Refused
    if response.status_code == 404:
        kind = Missing
    elif response.status_code == 400 and _TAKEN.search(reason):
        kind = NameTaken
    elif response.is_redirect:
        reason = "sent to another page; does this controller want another way to log in?"
    return kind(response.status_code, request, reason)


def _first_words(response: httpx.Response) -> str:
    """Of an error page the beginning of its text: it holds the reason or at least its kind."""
    text = _TAGS.sub(" ", response.text[:4000]).strip()
    return " ".join(text.split())[:200] or response.reason_phrase or "refused"
