"""The folder's files for people and programs: report.json, report.html, log.txt."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

import msgspec

from ringtest.agent.alone.report import Run, Suite, read_log

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; margin: 1rem 0; }}
th, td {{ text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #8886; }}
pre {{ overflow-x: auto; background: #8881; padding: .8rem; }}
.passed {{ color: #3d7317; }} .failed {{ color: #b1380b; }} .errored {{ color: #8f4700; }}
@media (prefers-color-scheme: dark) {{
  .passed {{ color: #afdc8f; }} .failed {{ color: #f4784a; }} .errored {{ color: #f8ae54; }} }}
</style></head><body>
<h1>{title}: <span class="{result}">{result}</span></h1>
<p>{reason}</p>{notes}
<table><tr><th>Stage</th><th>Status</th><th></th></tr>{stages}</table>
{suites}
<p><a href="log.txt">Log</a> · <a href="report.json">JSON</a> · {started} to {finished} UTC ·
ringtest {agent}</p>
</body></html>
"""


def write_pages(folder: Path, run: Run) -> None:
    """Write all three; the log goes from file to file, whatever its size."""
    (folder / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(run)))
    (folder / "report.html").write_text(_page(run), encoding="utf-8")
    with (folder / "log.txt").open("wb") as file:
        file.writelines(read_log(folder))


def _page(run: Run) -> str:
    stages = _rows(
        (one.name, f'<span class="{one.status}">{one.status}</span>', escape(one.message or ""))
        for one in run.stages
    )
    return _PAGE.format(
        title=escape(run.name),
        result=run.result,
        reason=escape(run.reason or ""),
        notes="".join(f"<p>{escape(note)}</p>" for note in run.notes),
        stages=stages,
        suites="".join(_suite(one) for one in run.suites),
        started=run.started_at or "?",
        finished=run.finished_at or "?",
        agent=run.agent,
    )


def _suite(suite: Suite) -> str:
    counts = ", ".join(f"{number} {word}" for word, number in sorted(suite.counts.items()))
    parts = [f"<h2>{escape(suite.name)}</h2><p>{counts or 'no tests'}</p>"]
    for case in suite.bad:
        parts.append(
            f'<details><summary class="{case.outcome}">{escape(case.test)}: '
            f"{escape(case.message.partition(chr(10))[0])}</summary>"
            f"<pre>{escape(case.detail or case.message)}</pre></details>"
        )
    if suite.again:
        names = "".join(
            f"<li>{escape(case.test)} (attempt {case.attempt})</li>" for case in suite.again
        )
        parts.append(f"<p>Passed at another attempt:</p><ul>{names}</ul>")
    return "".join(parts)


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
