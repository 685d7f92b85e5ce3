"""One table of every verdict that the runs of one `make bench` came to."""

import json

from benchmarks.harness import KEPT, TABLE

_HEAD = ("call", "ours", "by hand", "ratio", "bar", "met?")


def main() -> None:
    """Print it. A bar that is not met is said, and fails nothing: machines differ."""
    if KEPT is None:
        raise SystemExit("RINGTEST_BENCH_KEPT names no folder; `make bench` makes one")
    found = [json.loads(line) for line in (KEPT / TABLE).read_text().splitlines()]
    lines = [_HEAD, *([*words, "yes" if met else "NO"] for *words, met in found)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEAD))]
    for line in lines:
        print(" | ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)))
    print(f"{sum(met for *_, met in found)} of {len(found)} bars are met")


if __name__ == "__main__":
    main()
