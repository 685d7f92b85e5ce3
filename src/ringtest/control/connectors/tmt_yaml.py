"""`results.yaml` of tmt: port `result_parser`.

The file is a list; each result is read by itself, as soon as the next one begins, so one
that is broken costs no other. Phases and other results inside of a test, and its checks,
are steps.
"""

import re
from datetime import UTC, datetime
from typing import Any

from ringtest.control.kernel.incoming_text import beginning
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.kernel.plain_yaml import NotPlain, load
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.result_cases import LineSession, text_of
from ringtest.control.ports.result_parser import Attachment, Evidence, Step

PORT = "result_parser"

MAX_RESULT = 2 * 1024 * 1024
"""Characters of one result; of a longer one only the name and the outcome are read."""
ONLY_GUEST = "default-0"
"""What tmt calls a guest that nobody named: no part of the identity of a test."""

_OUTCOMES = {
    "pass": TestOutcome.PASSED,
    "fail": TestOutcome.FAILED,
    "warn": TestOutcome.FAILED,
    "error": TestOutcome.ERRORED,
    "skip": TestOutcome.SKIPPED,
    "info": TestOutcome.INFO,
    "pending": TestOutcome.BLOCKED,
}
_ITEM = re.compile(r"(\s*)-(?=\s|$)")
_FIELD = re.compile(r"^[ \t]*(?:-[ \t]+)?(name|result):[ \t]*(\S.*)$", re.M)
_DURATION = re.compile(r"(\d{2,}):([0-5]\d):([0-5]\d)(?:\.\d+)?")
_BEGINS = re.compile(r"(?:---[^\n]*\n|#[^\n]*\n|[ \t\r]*\n)*[ \t]*- +\S[^\n]*\n")
_KEYS = re.compile(
    r"^(?:- |  )(name: +['\"]?/|result: +(?:pass|fail|info|warn|error|skip|pending)\b)", re.M
)
_TMT = re.compile(
    r"^(?:- |  )(?:serial-number|original-result|fmf-id|subresult|data-path):|tmt\.result", re.M
)


class TmtSession(LineSession):
    """One file being read."""

    FORMAT = "tmt results"

    def __init__(self) -> None:
        super().__init__()
        self._indent: str | None = None
        self._item: list[str] = []
        self._size = 0

    def _end_of_file(self, rest: str) -> None:
        if rest:
            self._line(rest)
        if self._item:
            self._result(is_last=True, ends_well=not rest)

    def _line(self, line: str) -> None:
        item = _ITEM.match(line)
        if item and self._indent in (None, item[1]):
            if self._item:
                self._result()
            self._indent = item[1]
        elif self._indent is None:
            return
        if self._size <= MAX_RESULT:
            self._item.append(line)
        self._size += len(line) + 1

    def _result(self, *, is_last: bool = False, ends_well: bool = True) -> None:
        text, size = "\n".join(self._item) + "\n", self._size
        self._item, self._size = [], 0
        result: Any = None
        try:
            if size > MAX_RESULT:
                raise NotPlain(f"a result of more than {MAX_RESULT} characters")
            loaded = load(text)
            result = loaded[0] if isinstance(loaded, list) and loaded else None
        except NotPlain as error:
            if not is_last or size > MAX_RESULT:
                self._notes.add("malformed", f"result number {self._found.total + 1}: {error}")
        if (
            isinstance(result, dict)
            and isinstance(result.get("name"), str)
            and result.get("result")
        ):
            self._is_known = True
            if not ends_well:
                self._notes.add("truncated", f"the file ends inside of {result['name'][:200]!r}")
            self._case(result)
        elif is_last and (self._is_known or "tmt.result" in text or size > 1000):
            self._notes.add("truncated", "the file ends inside of its last result")
            self._incomplete(text, is_last=True)
        else:
            self._incomplete(text, is_last=False)

    def _incomplete(self, text: str, *, is_last: bool) -> None:
        """What can be known of a result that is no YAML, or that is not there as a whole."""
        fields = dict(reversed([(key, value.strip()) for key, value in _FIELD.findall(text)]))
        name = fields.get("name", "").strip("'\"")
        if not name.startswith("/"):
            if self._is_known and not is_last:
                self._notes.add("malformed", f"a result without a name: {text[:100]!r}")
            return
        self._is_known = True
        if not is_last:
            self._notes.add("malformed", f"{name[:200]!r} is not a whole result")
        outcome = _OUTCOMES.get(fields.get("result", "").strip("'\""), TestOutcome.ERRORED)
        message = "the result file is broken here, or ends"
        self._found.add(name, outcome, evidence=Evidence(raw_outcome="unreadable", message=message))

    def _case(self, result: dict[str, Any]) -> None:
        guest = result.get("guest")
        guest = guest if isinstance(guest, dict) else {}
        machine = text_of(guest.get("name"))
        outcome, raw = self._outcome(result)
        context = result.get("context")
        context = context if isinstance(context, dict) else {}
        ids = {**_mapping(result, "ids"), **_mapping(result, "fmf-id")}
        self._found.add(
            result["name"],
            outcome,
            classname="" if machine == ONLY_GUEST else machine,
            time=_seconds(result),
            evidence=Evidence(
                raw_outcome=raw,
                message=_note(result),
                properties=[
                    (key, text_of(value))
                    for key, value in (
                        ("serial-number", result.get("serial-number")),
                        ("web-link", result.get("web-link")),
                        *((f"guest-{k}", v) for k, v in guest.items()),
                        *((f"id-{k}", v) for k, v in ids.items()),
                    )
                    if isinstance(value, str)
                ],
                parameters=[
                    (
                        key,
                        " ".join(map(text_of, value))
                        if isinstance(value, list)
                        else text_of(value),
                    )
                    for key, value in context.items()
                ],
                steps=self._steps(result, 1),
                attachments=_attachments(result),
            ),
        )

    def _outcome(self, result: dict[str, Any]) -> tuple[TestOutcome, str]:
        """tmt's verdict; a failure that it takes for a pass was expected."""
        word = text_of(result.get("result")).lower()
        original = text_of(result.get("original-result")).lower()
        outcome = _OUTCOMES.get(word)
        if outcome is None:
            self._notes.add(
                "unknown_outcome", f"{word[:100]!r} of {text_of(result.get('name'))[:200]!r}"
            )
            outcome = TestOutcome.ERRORED
        if outcome is TestOutcome.PASSED and original in ("fail", "error", "warn"):
            outcome = TestOutcome.XFAILED
        if original not in ("", word):
            return outcome, f"{word} (was {original})"
        return outcome, "" if outcome is TestOutcome.PASSED else word

    def _steps(self, result: dict[str, Any], depth: int) -> list[Step]:
        steps = []
        for key in ("subresult", "check"):
            children = result.get(key)
            for child in children if isinstance(children, list) and depth < 25 else ():
                if not isinstance(child, dict):
                    continue
                outcome, raw = self._outcome(child)
                name = text_of(child.get("name"))
                if key == "check":
                    name = " ".join(filter(None, ["check", name, text_of(child.get("event"))]))
                steps.append(
                    Step(
                        name,
                        outcome,
                        raw,
                        _moment(child.get("start-time")),
                        _seconds(child) if child.get("duration") else None,
                        _note(child),
                        self._steps(child, depth + 1),
                    )
                )
        return steps


def _mapping(result: dict[str, Any], key: str) -> dict[str, Any]:
    value = result.get(key)
    return value if isinstance(value, dict) else {}


def _note(result: dict[str, Any]) -> str | None:
    notes = result.get("note")
    if isinstance(notes, list):
        return "\n".join(filter(None, map(text_of, notes))) or None
    return text_of(notes) or None


def _when(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text_of(value))
    except ValueError:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None


def _moment(value: object) -> str:
    moment = _when(value)
    return moment.replace(tzinfo=None).isoformat() if moment else ""


def _seconds(result: dict[str, Any]) -> float:
    """From start to end, which is finer than the duration in whole seconds."""
    start, end = _when(result.get("start-time")), _when(result.get("end-time"))
    if start and end and 0 <= (taken := (end - start).total_seconds()) < 1e9:
        return taken
    found = _DURATION.fullmatch(text_of(result.get("duration")))
    return (
        min(1e8, int(found[1][:6]) * 3600.0 + int(found[2]) * 60 + int(found[3])) if found else 0.0
    )


def _attachments(result: dict[str, Any]) -> list[Attachment]:
    logs = result.get("log")
    paths = [*(logs if isinstance(logs, list) else ()), result.get("data-path")]
    return [
        Attachment(path.rpartition("/")[2], path)
        for path in paths
        if isinstance(path, str) and path
    ]


class TmtParser:
    """Reads `results.yaml`."""

    mimes = ("application/x-tmt+yaml",)
    names = ("*results*.yaml", "*results*.yml", "*tmt*.yaml")

    def sniff(self, head: bytes) -> bool:
        """See `ResultParser`."""
        text = beginning(head)
        if not _BEGINS.match(text):
            return False
        if "module: tmt.result" in text:
            return True
        return len({word[:4] for word in _KEYS.findall(text)}) == 2 and bool(_TMT.search(text))

    def open(self) -> TmtSession:
        """See `ResultParser`."""
        return TmtSession()


def create(settings: Settings) -> TmtParser:
    """The reader of tmt's results."""
    return TmtParser()
