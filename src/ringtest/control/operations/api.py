"""Routes of operations, outside of the versions of the API: /health and /metrics."""

import asyncio
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected

from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import NotFound, Unauthorised
from ringtest.control.kernel.settings import Settings
from ringtest.control.operations import model, service
from ringtest.control.operations.service import Readiness
from ringtest.control.wire import answers, measures


@get("/health/live", summary="The process answers")
async def live() -> Response[bytes]:
    return answers.raw(b'{"status":"ok"}')


@get("/health/ready", summary="The process can do its work; 503 with reasons when it cannot")
async def ready(
    readiness: Injected[Readiness], closing: Injected[asyncio.Event]
) -> Response[bytes]:
    reasons = await readiness.reasons(closing=closing.is_set())
    if reasons:
        return answers.error(503, reasons[0], {"reasons": reasons})
    return answers.raw(b'{"status":"ok"}')


@get("/metrics", summary="Measures of this process, in Prometheus' text format")
async def metrics(
    request: Request[Any, Any, Any], db: Injected[Database], settings: Injected[Settings]
) -> Response[bytes]:
    """For this machine alone, or for whoever has the token: setting `metrics`."""
    if settings.metrics == "off":
        raise NotFound("no such address")
    client = request.client.host if request.client else None
    if not model.may_read(settings.metrics, client, request.headers):
        raise Unauthorised("measures are for this machine, or for those who have the token")
    return Response(await service.measure(db), media_type=measures.CONTENT_TYPE)


routes = [live, ready, metrics]
