"""How fast failures are grouped, and how well: lines per CPU second on one core.

Lines are generated from templates, each with one to three parts that differ in every line:
numbers, hex, UUIDs, times, durations, paths, addresses, versions, URLs. The limit is what
grouping by the bare line costs: a hash of each and a dict of counts. Medians of all rounds,
which take turns.

`RINGTEST_LOGHUB` (or `--loghub`) may name a folder that holds LogHub's samples
(`*_2k.log_structured.csv`): then the share of lines that are in exactly the right group is
printed for each, by the measure that log parsers are compared with.
"""

import argparse
import csv
import hashlib
import os
import random
import time
from collections import Counter, defaultdict
from pathlib import Path
from uuid import UUID

from benchmarks.harness import median, row
from ringtest.control.masks.model import Masker
from ringtest.control.signatures.model import Failure, group_failures

LINES = 40_000
TEMPLATES = 200
ROUNDS = 7
LEAST = 100_000
"""Lines per CPU second."""

_NOUNS = ("ring", "socket", "request", "volume", "device", "lease", "node", "interface")
_VERBS = ("timed out", "was refused", "is not open", "went away", "cannot be read", "differs")
_ERRORS = ("ValueError", "TimeoutError", "ring.errors.ClosedError", "AssertionError", "OSError")
_KINDS = ("{n}", "{hex}", "{uuid}", "{time}", "{took}", "{path}", "{ip}", "{version}", "{url}")


def _filled(template: str, rng: random.Random) -> str:
    n = rng.randrange
    values = {
        "n": f"{n(100_000)}",
        "hex": f"0x{rng.getrandbits(40):010x}",
        "uuid": str(UUID(int=rng.getrandbits(128))),
        "time": f"2026-0{n(1, 10)}-{n(10, 29)} {n(10, 24)}:{n(10, 60)}:{n(10, 60)}.{n(1000):03}",
        "took": f"{n(90)}.{n(10)} seconds",
        "path": f"/srv/lab-{n(90)}/runs/{rng.getrandbits(32):08x}/ring.conf",
        "ip": f"10.{n(255)}.{n(255)}.{n(255)}:{n(1024, 65_000)}",
        "version": f"{n(9)}.{n(30)}.{n(99)}",
        "url": f"https://lab{n(90)}.example:8443/v1/jobs/{n(10_000)}",
    }
    return template.format(**values)


def make_lines(seed: int) -> tuple[list[str], list[int]]:
    """Lines, and of which template each is."""
    rng = random.Random(seed)
    templates = []
    for number in range(TEMPLATES):
        kinds = rng.sample(_KINDS, rng.randint(1, 3))
        head = f"{rng.choice(_ERRORS)}: {rng.choice(_NOUNS)} case{number} {rng.choice(_VERBS)}"
        templates.append(" ".join([head, *(f"{rng.choice(_NOUNS)} {kind}" for kind in kinds)]))
    truth = [rng.randrange(TEMPLATES) for _ in range(LINES)]
    return [_filled(templates[number], rng) for number in truth], truth


def _bare(lines: list[str]) -> int:
    counts: dict[bytes, int] = {}
    for line in lines:
        key = hashlib.blake2b(line.encode(), digest_size=16).digest()
        counts[key] = counts.get(key, 0) + 1
    return len(counts)


def _cpu(work: object, *arguments: object) -> float:
    assert callable(work)
    begun = time.process_time()
    work(*arguments)
    return time.process_time() - begun


def accuracy(found: list[str], truth: list[str]) -> float:
    """The share of lines whose group holds exactly the lines of their true one."""
    members: dict[str, list[str]] = defaultdict(list)
    for one, other in zip(found, truth, strict=True):
        members[one].append(other)
    sizes = Counter(truth)
    right = sum(len(group) for group in members.values()
                if len(set(group)) == 1 and sizes[group[0]] == len(group))  # fmt: skip
    return right / len(truth)


def loghub(folder: Path) -> None:
    """Print the accuracy of each sample below `folder`, and their mean."""
    files = sorted(folder.rglob("*_2k.log_structured.csv"))
    shares = []
    for file in files:
        masker = Masker()
        with file.open(newline="", encoding="utf-8", errors="replace") as text:
            lines = list(csv.DictReader(text))
        found = [masker.mask(" ".join(line["Content"].split())) for line in lines]
        shares.append(accuracy(found, [line["EventId"] for line in lines]))
        print(f"  {file.name.partition('_')[0]:<14} {shares[-1]:6.1%}")
    if shares:
        print(f"  {'mean':<14} {sum(shares) / len(shares):6.1%} of {len(shares)} samples")
    else:
        print(f"  no *_2k.log_structured.csv under {folder}")


def main() -> None:
    """Print the table, and the accuracy on LogHub's samples if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--loghub", type=Path, default=os.environ.get("RINGTEST_LOGHUB"))
    samples: Path | str | None = parser.parse_args().loghub
    lines, truth = make_lines(1)
    failures = [Failure("test", line, "class test") for line in lines]
    took: dict[str, list[float]] = {"bare": [], "group": []}
    for _ in range(ROUNDS):
        took["bare"].append(_cpu(_bare, lines))
        took["group"].append(_cpu(group_failures, failures))
    bare, group = (LINES / median(took[name]) for name in ("bare", "group"))
    masker = Masker()
    right = accuracy([masker.mask(line) for line in lines], [str(number) for number in truth])
    print(f"{LINES:,} failure lines of {TEMPLATES} templates, each line different")
    print(f"  a dict of hashes of the bare lines   {bare:12,.0f} lines per CPU second")
    print(f"  masked, signed, grouped              {group:12,.0f} lines per CPU second")
    print(f"  in exactly the right group           {right:12.1%}")
    row("grouping of failure lines", f"{group:,.0f} lines/CPU s", f"≥ {LEAST:,}", group >= LEAST)
    if samples:
        print("grouping accuracy on LogHub's samples")
        loghub(Path(samples))


if __name__ == "__main__":
    main()
