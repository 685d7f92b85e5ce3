"""Every event type there is. Payloads are ids; readers fetch what they may see.

`CONSUMERS` is the whole map of who reacts to what: docs/events.md is made from
this file.
"""

from enum import StrEnum


class EventType(StrEnum):
    """noun.past_tense"""

    COMPONENT_PUBLISHED = "component.published"
    JOB_REQUESTED = "job.requested"
    JOB_ASSIGNED = "job.assigned"
    JOB_CLAIMED = "job.claimed"
    JOB_STAGE_CHANGED = "job.stage_changed"
    JOB_CHANGED = "job.changed"
    JOB_CANCEL_REQUESTED = "job.cancel_requested"
    JOB_LOST = "job.lost"
    JOB_RETRIED = "job.retried"
    JOB_FINISHED = "job.finished"
    RESULT_RECORDED = "result.recorded"
    LAB_SUBSCRIBED = "lab.subscribed"
    LAB_LABELS_CHANGED = "lab.labels_changed"
    LAB_SEEN = "lab.seen"
    LAB_RUN_CHANGED = "lab.run_changed"
    FAILURE_GROUPED = "failure.grouped"
    REPORT_DELIVERED = "report.delivered"
    REPORT_FAILED = "report.failed"


MEANINGS: dict[EventType, str] = {
    EventType.COMPONENT_PUBLISHED: "a component became active: component_id, type",
    EventType.JOB_REQUESTED: "a rule or a person wants a component set tested: request_id",
    EventType.JOB_ASSIGNED: "a job waits in a lab's queue: job_id, remoteci_id",
    EventType.JOB_CLAIMED: "an agent took a job: job_id, remoteci_id, attempt",
    EventType.JOB_STAGE_CHANGED: "a stage began or ended: job_id, stage, status",
    EventType.JOB_CHANGED: "fields of a job were edited: job_id",
    EventType.JOB_CANCEL_REQUESTED: "a person wants a running job stopped: job_id, remoteci_id",
    EventType.JOB_LOST: "an attempt lost its agent: job_id, attempt",
    EventType.JOB_RETRIED: "a job went back to its queue: job_id, remoteci_id, attempt",
    EventType.JOB_FINISHED: "a job ended: job_id, result",
    EventType.RESULT_RECORDED: "a file was stored, and parsed if it holds results: job_id, file_id",
    EventType.LAB_SUBSCRIBED: "a lab wants a topic's jobs: remoteci_id, topic_id",
    EventType.LAB_LABELS_CHANGED: "a lab's machine has other labels: remoteci_id",
    EventType.LAB_SEEN: "a lab's agent connected or left: remoteci_id, connected",
    EventType.LAB_RUN_CHANGED: "a run on a lab was asked for or answered: run_id, remoteci_id",
    EventType.FAILURE_GROUPED: "a job's failures were grouped: group_id, job_id, new (to its team)",
    EventType.REPORT_DELIVERED: "a report reached its receiver: delivery_id, group_id",
    EventType.REPORT_FAILED: "a report was given up: delivery_id, group_id",
}

CONSUMERS: dict[str, frozenset[EventType]] = {
    "triggers": frozenset({EventType.COMPONENT_PUBLISHED}),
    "scheduling": frozenset(
        {EventType.JOB_REQUESTED, EventType.LAB_SUBSCRIBED, EventType.LAB_LABELS_CHANGED}
    ),
    "triage": frozenset({EventType.JOB_FINISHED}),
    "diagnosis": frozenset({EventType.JOB_FINISHED}),
    "reporting": frozenset(
        {
            EventType.COMPONENT_PUBLISHED,
            EventType.JOB_ASSIGNED,
            EventType.JOB_CLAIMED,
            EventType.JOB_FINISHED,
            EventType.JOB_LOST,
            EventType.JOB_RETRIED,
            EventType.LAB_SEEN,
            EventType.FAILURE_GROUPED,
        }
    ),
}

FOR_TARGETS_ALONE = frozenset({
    EventType.JOB_ASSIGNED,
    EventType.JOB_CLAIMED,
    EventType.JOB_LOST,
    EventType.JOB_RETRIED,
    EventType.LAB_SEEN,
})  # fmt: skip
"""Reporting tells these to report targets and does nothing else with them: while no target
listens to one, it is not queued for reporting."""


def handlers_of(event: EventType) -> list[str]:
    """Names of the loops that may have something to do for `event`.

    >>> handlers_of(EventType.JOB_ASSIGNED)
    ['reporting']
    """
    return sorted(name for name, events in CONSUMERS.items() if event in events)


def consumers_of(event: EventType) -> list[str]:
    """Names of the loops that must handle `event`, each exactly once, for `rt_add_event`.

    A question mark: only if a report target listens when the event commits.

    >>> consumers_of(EventType.JOB_REQUESTED), consumers_of(EventType.JOB_ASSIGNED)
    (['scheduling'], ['reporting?'])
    """
    mark = "?" if event in FOR_TARGETS_ALONE else ""
    return [f"{name}{mark}" for name in handlers_of(event)]
