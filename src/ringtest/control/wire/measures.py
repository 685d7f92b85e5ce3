"""Measures of this process, in a registry of their own; `/metrics` writes them out.

Labels come from closed sets (routes, loops, consumers): never a name, an id or a secret.
"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

CONTENT_TYPE = CONTENT_TYPE_PLAIN_1_0_0

REQUESTS = Counter(
    "ringtest_requests",
    "Requests answered, by route and status.",
    ["method", "route", "status"],
    registry=REGISTRY,
)
LATENCY = Histogram(
    "ringtest_request_seconds",
    "Seconds from a request's arrival to the end of its answer; streams are not in it.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
    registry=REGISTRY,
)
STATEMENTS = Counter("ringtest_sql_statements", "Round trips to the database.", registry=REGISTRY)
STREAMS = Gauge("ringtest_streams_open", "Event streams that are open.", registry=REGISTRY)
LOGIN_FAILURES = Counter(
    "ringtest_login_failures",
    "Requests of callers who could not show who they are.",
    registry=REGISTRY,
)
OBJECT_ERRORS = Counter(
    "ringtest_object_store_errors",
    "Calls to the object store that failed, by what was asked.",
    ["call"],
    registry=REGISTRY,
)
LOOP_SUCCESS = Gauge(
    "ringtest_loop_last_success_seconds",
    "When a loop last ended a round without an error (Unix time).",
    ["loop"],
    registry=REGISTRY,
)
LOOP_FAILURES = Counter(
    "ringtest_loop_failures", "Rounds of a loop that failed.", ["loop"], registry=REGISTRY
)
POOL = Gauge(
    "ringtest_pool_connections",
    "Connections to the database: open, and of these idle; most: how many there may be.",
    ["state"],
    registry=REGISTRY,
)
QUEUE_DEPTH = Gauge(
    "ringtest_outbox_waiting", "Events that wait for a consumer.", ["consumer"], registry=REGISTRY
)
QUEUE_AGE = Gauge(
    "ringtest_outbox_oldest_seconds",
    "Age of the oldest event that waits for a consumer.",
    ["consumer"],
    registry=REGISTRY,
)
JOBS = Gauge("ringtest_jobs", "Jobs that are not finished, by phase.", ["phase"], registry=REGISTRY)


def text() -> bytes:
    """Everything, in Prometheus' text format."""
    return generate_latest(REGISTRY)
