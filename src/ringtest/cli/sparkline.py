"""Numbers as a line of bars, for a terminal."""

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(
    values: Sequence[float | None], *, low: float | None = None, high: float | None = None
) -> str:
    """A bar per value between `low` and `high`, else between the least and the most; a blank
    where there is none.

    >>> sparkline([0, None, 1, 2]), sparkline([5, 5]), sparkline([])
    ('▁ ▅█', '██', '')
    """
    known = [value for value in values if value is not None]
    if not known:
        return " " * len(values)
    floor = min(known) if low is None else low
    span = (max(known) if high is None else high) - floor
    bars = []
    for value in values:
        if value is None:
            bars.append(" ")
            continue
        share = (value - floor) / span if span else 1.0
        bars.append(_BARS[round(min(max(share, 0.0), 1.0) * (len(_BARS) - 1))])
    return "".join(bars)


def percent(share: float | None) -> str:
    """
    >>> percent(0.98765), percent(None)
    ('98.8 %', '')
    """
    return "" if share is None else f"{share * 100:.1f} %"
