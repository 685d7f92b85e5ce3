"""Pages of large jobs in a real browser: how soon they are there, and how they scroll.

A file of 100,000 cases and one of 5,000, a log of 5 million lines, a run of 3,000 tasks, told
through the API to a server of its own. For each page, in turns with an empty page of the same
application: from navigation until its rows are there and the first one has answered a click,
what the page's main thread worked for it, how many elements the page has while it is scrolled
from end to end, and what a frame costs while it is scrolled as a wheel does. A limit holds for
the quickest round: what else the machine does only adds.
"""

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field

from playwright.sync_api import CDPSession, Page

from benchmarks.big_jobs import BigJobs, Sizes, tell
from benchmarks.harness import ADMIN_PASSWORD, Server, median, row, running_server
from tests.examples.browser import CHROMIUM, log_in, open_browser

ROUNDS = 3
FRAMES = 60
STEP = 160
"""Pixels of a frame: 10,000 in a second, as quick as a wheel turns."""
LIMIT_MS, LIMIT_ELEMENTS, LIMIT_FRAME_MS = 1000.0, 3_000, 16.7

WATCH = """
([rows, opens]) => {
  const seen = {};
  window.seen = new Promise((resolve) => {
    const look = () => {
      const first = document.querySelector(rows);
      if (!first || seen.ready) return;
      seen.rows ??= performance.now();
      if (!opens || first.getAttribute('aria-expanded') === 'true') {
        seen.ready = performance.now();
        resolve(seen);
      } else if (!seen.clicked) {
        seen.clicked = true;
        first.click();
      }
    };
    const all = { subtree: true, childList: true, attributes: true };
    new MutationObserver(look).observe(document, all);
  });
}
"""
"""Tells when rows are there, and when the first one has answered a click."""

SCROLL = """
async ([box, frames, step]) => {
  const list = document.querySelector(box);
  const by = step ?? list.scrollHeight / frames;
  let elements = 0;
  for (let at = 0; at < frames; at += 1) {
    list.scrollTop += by;
    await new Promise(requestAnimationFrame);
    if (at % 10 === 0) elements = Math.max(elements, document.querySelectorAll('*').length);
  }
  return elements;
}
"""
"""Scrolls by `step` pixels a frame, or from end to end; the most elements that there were."""


@dataclass(slots=True)
class Case:
    """A page: where it is, what a row of it is, what scrolls, and whether a row opens."""

    name: str
    path: str
    rows: str
    box: str | None = None
    opens: bool = False
    figures: dict[str, list[float]] = field(
        default_factory=lambda: {"rows": [], "ready": [], "cpu": [], "elements": [], "frame": []}
    )

    def least(self, name: str) -> float:
        """Of all rounds."""
        return min(self.figures[name])


def cases_of(jobs: BigJobs, lines: int) -> tuple[Case, list[Case]]:
    """The empty page, and those of large jobs."""
    test, task = ".rt-test-head", ".rt-test-head"
    tests = "/tests?outcome=all"
    return Case("an empty page", "/jobs?name=nothing-like-it", ".pf-v6-c-empty-state"), [
        Case("a file of 5,000 cases", f"/jobs/{jobs.few_cases}{tests}", test, ".rt-list", True),
        Case("a file of 100,000 cases", f"/jobs/{jobs.cases}{tests}", test, ".rt-list", True),
        Case("a run of 3,000 tasks", f"/jobs/{jobs.tasks}/tasks", task, ".rt-list", True),
        Case(
            f"a log of {lines:,} lines",
            f"/jobs/{jobs.lines}/log",
            ".rt-log-text [class^=fg-]",
            "[role=log]",
        ),
    ]


def measure(url: str, empty: Case, cases: list[Case]) -> None:
    """Every page in turn, round after round, each as if it were the first of the tab."""
    with open_browser() as browser:
        page = log_in(browser, url, "admin", ADMIN_PASSWORD, width=1440)
        for _ in range(ROUNDS):
            for case in (empty, *cases):
                _note(case, _once(page, url, case))
        # afterwards: what scrolling asks the server for must not keep the next page waiting
        for case in cases:
            for _ in range(ROUNDS):
                _note(case, _once(page, url, case, scrolls=True))


def _note(case: Case, figures: dict[str, float]) -> None:
    for name, figure in figures.items():
        case.figures[name].append(figure)


def _once(page: Page, url: str, case: Case, *, scrolls: bool = False) -> dict[str, float]:
    tab = page.context.new_page()
    inspector = tab.context.new_cdp_session(tab)
    inspector.send("Performance.enable", {"timeDomain": "threadTicks"})
    tab.add_init_script(f"({WATCH})({json.dumps([case.rows, case.opens])})")
    tab.goto(f"{url}{case.path}")
    seen: dict[str, float] = tab.evaluate("window.seen")
    elements: float = tab.evaluate("document.querySelectorAll('*').length")
    figures = {"rows": seen["rows"], "ready": seen["ready"], "cpu": _cpu(inspector)}
    if scrolls:
        before = _cpu(inspector)
        tab.evaluate(f"({SCROLL})({json.dumps([case.box, FRAMES, STEP])})")
        frame = (_cpu(inspector) - before) / FRAMES
        elements = tab.evaluate(f"({SCROLL})({json.dumps([case.box, FRAMES, None])})")
        figures = {"frame": frame}
    figures["elements"] = elements
    tab.close()
    return figures


def _cpu(inspector: CDPSession) -> float:
    """Milliseconds that the page's main thread has worked so far."""
    metrics = inspector.send("Performance.getMetrics")["metrics"]
    return 1000 * next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


def show(empty: Case, cases: list[Case]) -> bool:
    """Lines of all pages; true when all keep the limits."""
    ok = True
    bare, bare_cpu = empty.least("ready"), empty.least("cpu")
    row("an empty page", f"{bare:.0f} ms", f"{empty.least('elements'):.0f} elements")
    for case in cases:
        ready, elements = case.least("ready"), max(case.figures["elements"])
        cpu, frame = case.least("cpu"), case.least("frame")
        fits = ready <= LIMIT_MS, elements <= LIMIT_ELEMENTS, frame <= LIMIT_FRAME_MS
        ok = ok and all(fits)
        row(f"{case.name}: interactive", f"{ready:.0f} ms", f"<= {LIMIT_MS:.0f} ms",
            fits[0], by_hand=f"{bare:.0f} ms", ratio=ready / bare)  # fmt: skip
        row("  the same, median of rounds", f"{median(case.figures['ready']):.0f} ms",
            f"{ready / bare:.1f} x an empty page")  # fmt: skip
        row("  CPU of its main thread", f"{cpu:.0f} ms", f"{cpu / bare_cpu:.1f} x an empty page")
        row("  elements, most while it is scrolled", f"{elements:.0f}", f"<= {LIMIT_ELEMENTS}",
            fits[1])  # fmt: skip
        row("  CPU of a frame while it is scrolled", f"{frame:.1f} ms",
            f"<= {LIMIT_FRAME_MS:.1f} ms, 60 a second", fits[2])  # fmt: skip
    return ok


async def bench(server: Server, sizes: Sizes) -> bool:
    """Tell of the jobs, then look at their pages."""
    began = time.monotonic()
    empty, cases = cases_of(await tell(server, sizes), sizes.lines)
    row("told of four large jobs", f"{time.monotonic() - began:.0f} s", "")
    await asyncio.to_thread(measure, server.url, empty, cases)
    return show(empty, cases)


async def main(sizes: Sizes) -> bool:
    async with running_server() as server:
        return await bench(server, sizes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=Sizes().lines, help="of the log")
    if CHROMIUM is None:
        row("pages of large jobs", "no Chromium here", "")
        raise SystemExit(0)
    raise SystemExit(0 if asyncio.run(main(Sizes(lines=parser.parse_args().lines))) else 1)
