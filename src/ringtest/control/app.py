"""The only wiring: which parts a server is made of, and its application of routes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, Router, get
from litestar.di import NamedDependency as Injected
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation

from ringtest import __version__
from ringtest.control.accounts import api as accounts_api
from ringtest.control.accounts.model import Caller
from ringtest.control.analytics import api as analytics_api
from ringtest.control.archive import api as archive_api
from ringtest.control.archive import loop as archive_loop
from ringtest.control.archive_queries import api as archive_queries_api
from ringtest.control.attempts import api as attempts_api
from ringtest.control.attempts import loop as attempts_loop
from ringtest.control.blast_radius import api as blast_radius_api
from ringtest.control.builds import api as builds_api
from ringtest.control.builds import loop as builds_loop
from ringtest.control.builds.service import Shop
from ringtest.control.catalog import api as catalog_api
from ringtest.control.certifications import api as certifications_api
from ringtest.control.comparisons import api as comparisons_api
from ringtest.control.component_files import api as component_files_api
from ringtest.control.component_files import loop as component_files_loop
from ringtest.control.controllers import api as controllers_api
from ringtest.control.db import pool
from ringtest.control.db.loops import Loop
from ringtest.control.db.notify import Notifications
from ringtest.control.db.pool import Database
from ringtest.control.definitions import api as definitions_api
from ringtest.control.diagnosis import api as diagnosis_api
from ringtest.control.diagnosis import loop as diagnosis_loop
from ringtest.control.evidence import loop as evidence_loop
from ringtest.control.feed import api as feed_api
from ringtest.control.feed.service import Hub
from ringtest.control.files import api as files_api
from ringtest.control.holds import api as holds_api
from ringtest.control.identity import api as identity_api
from ringtest.control.identity.api import caller_provider
from ringtest.control.inventories import api as inventories_api
from ringtest.control.job_parts import api as job_parts_api
from ringtest.control.jobs import api as jobs_api
from ringtest.control.jobs_events import api as jobs_events_api
from ringtest.control.jobstates import api as jobstates_api
from ringtest.control.kernel.errors import RingtestError
from ringtest.control.kernel.settings import Settings
from ringtest.control.known_issues import api as known_issues_api
from ringtest.control.known_issues import loop as known_issues_loop
from ringtest.control.lab_caches import api as lab_caches_api
from ringtest.control.lab_labels import api as lab_labels_api
from ringtest.control.lab_runs import api as lab_runs_api
from ringtest.control.labs import api as labs_api
from ringtest.control.labs import loop as labs_loop
from ringtest.control.limits import loop as limits_loop
from ringtest.control.log_search import api as log_search_api
from ringtest.control.log_tail import api as log_tail_api
from ringtest.control.logs import api as logs_api
from ringtest.control.logs import loop as logs_loop
from ringtest.control.merges import api as merges_api
from ringtest.control.notifications import api as notifications_api
from ringtest.control.objects import loop as objects_loop
from ringtest.control.operations import api as operations_api
from ringtest.control.operations import loop as operations_loop
from ringtest.control.operations.service import Readiness
from ringtest.control.pipelines import api as pipelines_api
from ringtest.control.ports.certification_desk import CertificationDesk
from ringtest.control.ports.ci_backend import CiBackend
from ringtest.control.ports.columnar import Columnar
from ringtest.control.ports.identity_provider import IdentityProvider
from ringtest.control.ports.notifier import Notifier
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.ports.result_parser import ResultParser
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.purge import api as purge_api
from ringtest.control.purge import loop as purge_loop
from ringtest.control.reclustering import loop as reclustering_loop
from ringtest.control.records import api as records_api
from ringtest.control.records import loop as records_loop
from ringtest.control.reporting import api as reporting_api
from ringtest.control.reporting import loop as reporting_loop
from ringtest.control.requests import api as requests_api
from ringtest.control.results import api as results_api
from ringtest.control.results.service import Intake
from ringtest.control.scheduling import api as scheduling_api
from ringtest.control.scheduling import loop as scheduling_loop
from ringtest.control.signatures import api as signatures_api
from ringtest.control.stats import api as stats_api
from ringtest.control.tallies import loop as tallies_loop
from ringtest.control.tests import api as tests_api
from ringtest.control.tokens import api as tokens_api
from ringtest.control.trends import api as trends_api
from ringtest.control.triage import api as triage_api
from ringtest.control.triage import loop as triage_loop
from ringtest.control.triggers import api as triggers_api
from ringtest.control.triggers import loop as triggers_loop
from ringtest.control.uploads import api as uploads_api
from ringtest.control.uploads import loop as uploads_loop
from ringtest.control.views import api as views_api
from ringtest.control.wire import answers, traces
from ringtest.control.wire.claims import Replayed
from ringtest.control.wire.context import RequestContext
from ringtest.control.wire.describing import describe
from ringtest.control.wire.middleware import Around, Surround
from ringtest.control.wire.pages import pages

log = logging.getLogger(__name__)

ROOMS = (
    accounts_api,
    identity_api,
    labs_api,
    controllers_api,
    tokens_api,
    catalog_api,
    component_files_api,
    definitions_api,
    jobs_api,
    job_parts_api,
    jobs_events_api,
    stats_api,
    requests_api,
    jobstates_api,
    pipelines_api,
    attempts_api,
    holds_api,
    inventories_api,
    lab_caches_api,
    lab_labels_api,
    lab_runs_api,
    logs_api,
    log_search_api,
    log_tail_api,
    records_api,
    files_api,
    results_api,
    certifications_api,
    builds_api,
    uploads_api,
    triggers_api,
    scheduling_api,
    triage_api,
    merges_api,
    known_issues_api,
    signatures_api,
    diagnosis_api,
    blast_radius_api,
    reporting_api,
    views_api,
    feed_api,
    purge_api,
    analytics_api,
    trends_api,
    tests_api,
    comparisons_api,
    archive_api,
    archive_queries_api,
    notifications_api,
)


@dataclass(slots=True)
class Parts:
    """Everything a server is made of; tests replace what they want to watch or break."""

    settings: Settings
    db: Database
    notifications: Notifications
    objects: ObjectStore
    secrets: SecretBox
    parsers: Mapping[str, ResultParser]
    notifiers: Mapping[str, Notifier]
    columnar: Columnar
    provider: IdentityProvider | None = None
    certifications: CertificationDesk | None = None
    backends: Mapping[str, CiBackend] = field(default_factory=dict)
    closing: asyncio.Event = field(default_factory=asyncio.Event)


INJECTED = (
    "settings",
    "db",
    "notifications",
    "objects",
    "secrets",
    "parsers",
    "columnar",
    "closing",
    "certifications",
)
"""Parts that routes may ask for by name."""


def all_loops(parts: Parts) -> list[Loop]:
    """What the server does by itself, whichever process runs it."""
    return [
        *limits_loop.loops(parts.db, parts.settings),
        *operations_loop.loops(parts.db, parts.settings),
        *labs_loop.loops(parts.db),
        *attempts_loop.loops(parts.db, parts.settings),
        *records_loop.loops(parts.db, parts.settings, parts.secrets),
        *logs_loop.loops(parts.db, parts.objects),
        *objects_loop.loops(parts.db, parts.objects),
        *component_files_loop.loops(parts.db, parts.objects),
        *uploads_loop.loops(parts.db),
        *builds_loop.loops(_shop(parts)),
        *archive_loop.loops(parts.db, parts.objects, parts.columnar, parts.settings),
        *tallies_loop.loops(parts.db, parts.settings),
        *evidence_loop.loops(parts.db),
        *triggers_loop.loops(parts.db),
        *scheduling_loop.loops(parts.db),
        *triage_loop.loops(parts.db),
        *known_issues_loop.loops(parts.db),
        *reclustering_loop.loops(parts.db),
        *diagnosis_loop.loops(parts.db, parts.objects),
        *purge_loop.loops(parts.db, parts.settings),
        *reporting_loop.loops(parts.db, parts.notifiers, parts.secrets, parts.settings),
    ]


def _shop(parts: Parts) -> Shop:
    return Shop(
        parts.db, parts.settings, parts.secrets, parts.objects, parts.parsers, parts.backends
    )


@get(["/api/v1", "/api/v2"], summary="Is this a control server?")
async def welcome(request: Request[Any, Any, Any]) -> Response[bytes]:
    answer = {"_status": "OK", "message": "Distributed CI."}
    if request.url.path.rstrip("/").endswith("v2"):
        answer["version"] = "2"
    return answers.raw(answers.encode(answer))


@dataclass(frozen=True, slots=True)
class _Server:
    """What the routes get of one server: its parts, and what is made of them once."""

    parts: Parts
    hub: Hub
    readiness: Readiness
    caller: Callable[[Request[Any, Any, Any], Database], Awaitable[Caller]]
    intake: Callable[[Database, Caller], Intake]

    @classmethod
    def of(cls, parts: Parts) -> "_Server":
        settings = parts.settings
        return cls(
            parts,
            Hub(parts.db, parts.notifications),
            Readiness(parts.db, parts.notifications, parts.objects),
            caller_provider(parts.secrets, settings, parts.provider),
            results_api.intake_provider(lambda: parts.objects, parts.parsers, settings),
        )


_asked: ContextVar[_Server] = ContextVar("asked")
"""Whose request it is."""


class _Asked:
    """The routes, on behalf of one server."""

    def __init__(self, app: Litestar, server: _Server) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asking = _asked.set(self._server)
        try:
            await self._app(scope, receive, send)
        finally:
            _asked.reset(asking)


def create_app(parts: Parts) -> Surround:
    """The HTTP application over `parts`; the caller starts and stops what is behind it."""
    parts.db.changes.follow(parts.notifications)
    routes = _all_routes(parts.settings.max_body)
    return Surround(_Asked(routes, _Server.of(parts)), _around(parts))


@cache
def _all_routes(max_body: int) -> Litestar:
    """Made once per process, whichever servers are asked: it takes most of a second."""
    routes = [route for room in ROOMS for route in room.routes]
    return Litestar(
        route_handlers=[
            welcome,
            _description(),
            *operations_api.routes,
            *(
                Router(path=prefix, route_handlers=routes, include_in_schema=prefix == "/api/v1")
                for prefix in ("/api/v1", "/api/v2")
            ),
            *pages(Path(__file__).parent / "static"),
        ],
        dependencies={
            "caller": Provide(_caller),
            "intake": Provide(_intake, sync_to_thread=False),
            "hub": Provide(lambda: _asked.get().hub, sync_to_thread=False),
            "readiness": Provide(lambda: _asked.get().readiness, sync_to_thread=False),
            **{
                name: Provide(_part(lambda: _asked.get().parts, name), sync_to_thread=False)
                for name in INJECTED
            },
        },
        exception_handlers={
            Replayed: _replay,
            RingtestError: _refuse,
            HTTPException: _refuse_http,
            Exception: _fail,
        },
        on_startup=[_start],
        on_shutdown=[_stop],
        request_max_body_size=max_body,
        logging_config=None,  # whoever runs the server says where its log goes
        openapi_config=None,  # described by `wire.describing`
    )


async def _start() -> None:
    await _asked.get().hub.start()


async def _stop() -> None:
    await _asked.get().hub.stop()


async def _caller(request: Request[Any, Any, Any], db: Injected[Database]) -> Caller:
    return await _asked.get().caller(request, db)


def _intake(
    db: SkipValidation[Injected[Database]], caller: SkipValidation[Injected[Caller]]
) -> Intake:
    return _asked.get().intake(db, caller)


def described() -> dict[str, Any]:
    """The OpenAPI document: every route of /api/v1, and what lies beside it."""
    beside = [("", welcome), *(("", route) for route in operations_api.routes)]
    below = [("/api/v1", route) for room in ROOMS for route in room.routes]
    return describe(
        [*beside, *below],
        title="Ringtest",
        version=__version__,
        summary="One product build, many laboratories, one answer.",
    )


def _description() -> HTTPRouteHandler:
    text: list[bytes] = []  # made when somebody asks first

    @get("/schema/openapi.json", summary="This description", include_in_schema=False)
    async def describe_api() -> Response[bytes]:
        if not text:
            text.append(answers.encode(described()))
        return answers.raw(text[0])

    return describe_api


def create_watch(parts: Parts) -> Litestar:
    """/health and /metrics of one process alone, whatever else it does."""
    readiness = Readiness(parts.db, parts.notifications, parts.objects)
    return Litestar(
        route_handlers=operations_api.routes,
        dependencies={
            "readiness": Provide(lambda: readiness, sync_to_thread=False),
            **{
                name: Provide(_part(lambda: parts, name), sync_to_thread=False) for name in INJECTED
            },
        },
        exception_handlers={
            RingtestError: _refuse,
            HTTPException: _refuse_http,
            Exception: _fail,
        },
        openapi_config=None,
        logging_config=None,
    )


def _around(parts: Parts) -> Around:
    keeps_log = parts.settings.access_log == "json"

    async def refused(request: RequestContext) -> None:
        await parts.db.note_refusal(request)

    def answered(request: RequestContext, status: int, size: int, seconds: float) -> None:
        traces.measured(request, status, seconds)
        if keeps_log:
            traces.logged(request, status, size, seconds)

    return Around(
        count=pool.statements,
        secrets=parts.secrets,
        max_body=parts.settings.max_body,
        refused=refused,
        answered=answered,
        leaving=parts.closing.is_set,
    )


def _part(parts: Callable[[], Parts], name: str) -> Callable[[], Any]:
    """Read at each request: tests put another database under an application they keep."""
    return lambda: getattr(parts(), name)


def _replay(_: Request[Any, Any, Any], told: Replayed) -> Response[bytes]:
    """What a request was answered when it came first."""
    answer = told.answer
    if answer.body is None:
        message = "this was done; its answer was too large to be kept: read what it made"
        return answers.error(409, message, {"status_code": answer.status})
    headers = {"Idempotent-Replayed": "true"} | ({"ETag": answer.etag} if answer.etag else {})
    return Response(
        answer.body.encode(),
        status_code=answer.status,
        media_type=answer.content_type,
        headers=headers,
    )


def _refuse(_: Request[Any, Any, Any], error: RingtestError) -> Response[bytes]:
    answer = answers.error(error.status_code, error.message, error.payload)
    if "retry_after" in error.payload:
        answer.headers["Retry-After"] = str(error.payload["retry_after"])
    return answer


def _refuse_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework refuses, said as we say it."""
    match error.status_code:
        case 404:
            return answers.error(404, "no such address", {})
        case 405:
            methods = (error.headers or {}).get("allow", "").split(", ")
            allowed = sorted({*methods} - {"OPTIONS"})
            message = f"this address takes {' and '.join(allowed)} only"
            answer = answers.error(405, message, {"allowed": allowed})
            answer.headers["Allow"] = ", ".join(allowed)
            return answer
        case 413:
            limit = request.route_handler.resolve_request_max_body_size()
            return answers.error(413, f"the body may have at most {limit} bytes", {"limit": limit})
        case status:
            return answers.error(status, error.detail, {})


def _fail(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("request.failed %s %s", request.method, request.url.path, exc_info=error)
    return answers.error(500, "The server made a mistake; it is in its log.", {})
