"""One table of every verdict that the runs of one `make bench` came to."""

import json
import sys

from benchmarks.harness import KEPT, TABLE

_HEAD = ("call", "ours", "by hand", "ratio", "bar", "met?")


def main() -> int:
    """Print it; 1 when a bar is not met."""
    if KEPT is None:
        raise SystemExit("RINGTEST_BENCH_KEPT names no folder; `make bench` makes one")
    found = [json.loads(line) for line in (KEPT / TABLE).read_text().splitlines()]
    lines = [_HEAD, *([*words, "yes" if met else "NO"] for *words, met in found)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEAD))]
    for line in lines:
        print(" | ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)))
    return 0 if all(met for *_, met in found) else 1


if __name__ == "__main__":
    sys.exit(main())
