"""`results.json` of Avocado: port `result_parser`.

Element by element, so that a job of any length fits. Avocado counts what it planned; what
did not run is told when the counts say more than the list. Its order number and the
variant are no part of the name of a test.
"""

import re
from typing import Any

from ringtest.control.kernel.incoming_text import Decoder, beginning
from ringtest.control.kernel.json_stream import JsonStream, NotJson, Part
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.result_cases import ReadingSession, seconds
from ringtest.control.ports.result_parser import Attachment, Evidence

PORT = "result_parser"

_STATUSES = {
    "PASS": TestOutcome.PASSED,
    "WARN": TestOutcome.PASSED,
    "FAIL": TestOutcome.FAILED,
    "ERROR": TestOutcome.ERRORED,
    "INTERRUPTED": TestOutcome.ERRORED,
    "SKIP": TestOutcome.SKIPPED,
    "CANCEL": TestOutcome.BLOCKED,
}
_COUNTERS = ("pass", "failures", "errors", "skip", "cancel", "interrupt", "warn")
_JOB = ("job_id", "start", "debuglog")
_ORDER = re.compile(r"\d+-")
_METHOD = re.compile(r"(.+\.py:[A-Za-z_]\w*)\.([A-Za-z_]\w*)")
_NOTHING = ("", "<unknown>", "None")


class AvocadoSession(ReadingSession):
    """One file being read."""

    FORMAT = "Avocado results"

    def __init__(self) -> None:
        super().__init__()
        self._decoder = Decoder(self._tell)
        self._json = JsonStream(frozenset(["tests"]))
        self._counters: dict[str, int] = {}
        self._elements = 0

    def _read(self, chunk: bytes) -> None:
        self._take_in(self._decoder.feed(chunk))

    def _take_in(self, text: str) -> None:
        for part in self._json.feed(text):
            self._part(part)

    def _finish(self) -> None:
        self._take_in(self._decoder.feed(b"", final=True))
        if self._json.is_object and not self._json.is_complete:
            key, text = self._json.begun()
            name = re.search(r'"id":\s*"([^"]{1,200})"', text)
            where = f"inside of test {name[1]!r}" if name else f"inside of {key[:100]!r}"
            self._notes.add("truncated", f"the file ends {where}")
        planned = self._counters.get("total", sum(self._counters.get(k, 0) for k in _COUNTERS))
        if self._is_known and self._json.is_complete and planned != self._elements:
            self._notes.add(
                "count_mismatch", f"{planned} tests are counted and {self._elements} are listed"
            )

    def _part(self, part: Part) -> None:
        self._is_known |= part.key in {"tests", *_COUNTERS}
        self._elements += part.key == "tests" and part.is_element
        try:
            value = part.load()
        except NotJson as error:
            self._notes.add("malformed", f"{part.key[:100]} number {self._elements}: {error}")
            return
        if part.key == "tests" and part.is_element:
            self._test(value)
        elif isinstance(value, int) and part.key in {"total", *_COUNTERS}:
            self._counters[part.key] = value
        elif part.key in _JOB and isinstance(value, str):
            self._found.add_property("", part.key, value)

    def _test(self, test: Any) -> None:
        if not isinstance(test, dict):
            self._notes.add("malformed", f"test number {self._elements} is no object")
            return
        name = _text(test.get("name")) or _ORDER.sub("", _text(test.get("id")), count=1)
        name = name or f"test {self._elements}"
        plain, variant = _without_variant(name)
        status = _text(test.get("status"))
        outcome = _STATUSES.get(status.upper())
        if outcome is None:
            self._notes.add("unknown_outcome", f"{status[:100]!r} of {name[:200]!r}")
            outcome = TestOutcome.ERRORED
        method = _METHOD.fullmatch(plain)
        self._found.add(
            method[2] if method else plain,
            outcome,
            classname=method[1] if method else "",
            time=seconds(test.get("time_elapsed", test.get("time"))),
            evidence=_evidence(test, status, name, variant),
        )


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _without_variant(name: str) -> tuple[str, str]:
    """
    >>> _without_variant("boot.py:Boot.test;run-disk-scsi-4f2a")
    ('boot.py:Boot.test', 'run-disk-scsi-4f2a')
    """
    plain, _, variant = name.partition(";")
    return (plain, variant) if plain else (name, "")


def _evidence(test: dict[str, Any], status: str, name: str, variant: str) -> Evidence:
    reason = _text(test.get("fail_reason", test.get("reason")))
    tags = test.get("tags")
    params = test.get("params")
    whiteboard = _text(test.get("whiteboard"))
    return Evidence(
        raw_outcome="" if status == "PASS" else status,
        raw_name=name if variant else "",
        exception_type=_text(test.get("fail_class")) or None,
        message=None if reason in _NOTHING else reason,
        detail=_text(test.get("traceback")) or None,
        properties=[
            *((("whiteboard", whiteboard),) if whiteboard not in _NOTHING else ()),
            *((("tag", _tag(*one)) for one in tags.items()) if isinstance(tags, dict) else ()),
        ],
        parameters=[
            *((("variant", variant),) if variant else ()),
            *((k, _text(v)) for k, v in (params.items() if isinstance(params, dict) else ())),
        ],
        attachments=[
            Attachment(key, _text(test[key]))
            for key in ("logdir", "logfile")
            if _text(test.get(key)) not in _NOTHING
        ],
    )


def _tag(name: str, value: object) -> str:
    """Tags of tests may have values: `arch:x86_64,ppc64`."""
    values = [_text(one) for one in value] if isinstance(value, list) else []
    return f"{name}:{','.join(values)}" if values else name


class AvocadoParser:
    """Reads `results.json`."""

    mimes = ("application/x-avocado+json",)
    names = ("results*.json", "*avocado*.json")

    def sniff(self, head: bytes) -> bool:
        """See `ResultParser`."""
        text = beginning(head)
        if not text.lstrip().startswith("{"):
            return False
        return '"debuglog"' in text and '"interrupt"' in text and '"errors"' in text

    def open(self) -> AvocadoSession:
        """See `ResultParser`."""
        return AvocadoSession()


def create(settings: Settings) -> AvocadoParser:
    """The reader of Avocado's results."""
    return AvocadoParser()
