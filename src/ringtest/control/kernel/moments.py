"""Times as people write them: ISO, a part of it, or so long ago. Pure; all times naive UTC."""

import re
from datetime import UTC, datetime, timedelta

_AGO = re.compile(r"([0-9]{1,6})(s|min|m|h|d|w|mo|y)")
_SECONDS = {
    "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "mo": 2_592_000,
    "y": 31_536_000,
}  # fmt: skip
_NAMED = {"now": 0, "today": 0, "yesterday": 1}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def is_relative(text: str) -> bool:
    """Whether it means another moment later.

    >>> is_relative("7d"), is_relative("today"), is_relative("2026-10-01")
    (True, True, False)
    """
    return text.lower() in _NAMED or _AGO.fullmatch(text.lower()) is not None


def is_date(text: str) -> bool:
    """Whether it is a day and nothing finer."""
    return _DATE.fullmatch(text) is not None


def seconds_of(text: str) -> int | None:
    """How long `90s`, `10m`, `12h`, `7d`, `2w`, `3mo` and `1y` are; None: it is none of them.

    >>> seconds_of("12h"), seconds_of("12")
    (43200, None)
    """
    found = _AGO.fullmatch(text.lower())
    return int(found[1]) * _SECONDS[found[2]] if found else None


def moment_of(text: str, now: datetime) -> datetime:
    """The moment, of a day or a month the first; ValueError, OverflowError.

    >>> noon = datetime(2026, 10, 8, 12)
    >>> moment_of("7d", noon), moment_of("2026-10-01T02:00+02:00", noon)
    (datetime.datetime(2026, 10, 1, 12, 0), datetime.datetime(2026, 10, 1, 0, 0))
    """
    return span_of(text, now)[0]


def span_of(text: str, now: datetime) -> tuple[datetime, datetime]:
    """First moment, and the first one after: of a year, month, day, minute or second that is
    named; from so long ago for ever. ValueError, OverflowError.

    >>> span_of("2026-12", datetime(2026, 1, 1))
    (datetime.datetime(2026, 12, 1, 0, 0), datetime.datetime(2027, 1, 1, 0, 0))
    """
    ago = seconds_of(text)
    if ago is not None:
        return now - timedelta(seconds=ago), datetime.max
    if text.lower() in _NAMED:
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        start = now if text.lower() == "now" else day - timedelta(days=_NAMED[text.lower()])
        return start, datetime.max if text.lower() == "now" else start + timedelta(days=1)
    if re.fullmatch(r"[0-9]{4}", text):
        return datetime(int(text), 1, 1), datetime(int(text) + 1, 1, 1)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
        first = datetime(int(text[:4]), int(text[5:]), 1)
        return first, (first + timedelta(days=31)).replace(day=1)
    start = datetime.fromisoformat(text)
    length = _length(text)
    if start.tzinfo:
        start = start.astimezone(UTC).replace(tzinfo=None)
    return start, start + length if start < datetime.max - length else datetime.max


def _length(text: str) -> timedelta:
    """How long what it names is: a day, an hour, a minute, a second or a moment."""
    clock = re.split(r"[T ]", text, maxsplit=1)[1:]
    if not clock:
        return timedelta(days=1)
    digits = re.split(r"[Zz+-]", clock[0])[0]
    if "." in digits or "," in digits:
        return timedelta(microseconds=1)
    parts = digits.count(":") + 1 if ":" in digits else (len(digits) + 1) // 2
    return (timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))[min(parts, 3) - 1]
