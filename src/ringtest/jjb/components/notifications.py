"""Endpoints that are told of a job's events."""

from collections.abc import Callable
from typing import Any

from ringtest.jjb.components.kinds import notification
from ringtest.jjb.components.parts import constant, option, text, written
from ringtest.jjb.components.shapes import node


def one_of(allowed: tuple[str, ...], fold: Callable[[str], str]) -> Callable[[Any], str]:
    """One of a closed list, of any case."""

    def check(value: Any) -> str:
        folded = fold(value)
        if folded not in allowed:
            raise ValueError(f"'{value}' is none of {', '.join(allowed)}")
        return folded

    return check


notification(
    "http",
    "com.tikal.hudson.plugins.notification.Endpoint",
    written("format", "JSON", one_of(("JSON", "XML"), str.upper)),
    constant("protocol", "HTTP"),
    written("event", "all", one_of(("started", "completed", "finalized", "all"), str.lower)),
    option("timeout", 30000),
    option("retries", 0),
    option("log", 0, "loglines"),
    option("buildNotes", ""),
    option("branch", ".*"),
    node("urlInfo", text("url", tag="urlOrId"), text("url-type", "PUBLIC")),
)
