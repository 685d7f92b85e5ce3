"""What an answered request leaves in measures and in the access log."""

import logging
from datetime import UTC, datetime
from functools import cache

from prometheus_client import Counter, Histogram

from ringtest.control.wire import answers, measures
from ringtest.control.wire.context import RequestContext

log = logging.getLogger("ringtest.access")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"})


def measured(request: RequestContext, status: int, seconds: float) -> None:
    """Count an answer. Status 0: the connection ended before one was begun."""
    method = request.method if request.method in _METHODS else "-"
    _requests(method, request.route, status).inc()
    if not request.is_stream:
        _latency(method, request.route).observe(seconds)
    if status == 401 and request.actor is None:
        measures.LOGIN_FAILURES.inc()


@cache  # methods, routes and statuses are few
def _requests(method: str, route: str, status: int) -> Counter:
    return measures.REQUESTS.labels(method, route, str(status))


@cache
def _latency(method: str, route: str) -> Histogram:
    return measures.LATENCY.labels(method, route)


def logged(request: RequestContext, status: int, size: int, seconds: float) -> None:
    """One line of JSON: the route and not the address, which may hold names; no query
    string, no body, no header but the request's id."""
    client = request.scope.get("client")
    line = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "request_id": request.id,
        "method": request.method,
        "route": request.route,
        "status": status,
        "ms": round(seconds * 1000, 2),
        "sql": request.sql[0],
        "bytes": size,
        "actor": str(request.actor) if request.actor else None,
        "client": client[0] if client else None,
    }
    log.info("%s", answers.encode(line).decode())
