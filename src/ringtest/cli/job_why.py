"""`ringtest job why` in words: what failed, what is new in its log, what changed, where else."""

from collections.abc import Iterator
from typing import Any

from rich.markup import escape as marked

from ringtest.cli.terminal import plain

_NAMES = ("suite", "classname", "name")


def escape(text: str) -> str:
    """A text of others, between rich's markup."""
    return marked(plain(text))


def explain(answer: dict[str, Any], server: str) -> Iterator[str]:
    """Lines for a terminal, with rich's markup; `server` is the address of its pages."""
    page = f"{server}/jobs/{answer['job_id']}"
    yield f"[bold]{answer['result'] or 'not finished'}[/bold]  {page}"
    stage = answer["stage"]
    if stage:
        step = f", step {stage['step']!r}" if stage["step"] else ""
        yield f"[red]{escape(stage['name'] + ' ' + stage['status'] + step)}[/red]"
        if stage["message"]:
            yield f"  {escape(stage['message'])}"
    yield from _lines(answer["lines"], page)
    yield from _part("Changed since the last good job", map(_change, answer["components_changed"]))
    new = answer["new_failures"]
    yield from _part(f"New failures ({new['count']})", map(_test, new["tests"][:20]))
    flaky = (f"{_test(one)}: {one['evidence']['text']}" for one in answer["flaky"])
    yield from _part("Perhaps by chance", flaky)
    yield from _part("Failure groups", map(_group, answer["groups"]))
    yield from _part("Known issues", (_issue(one) for one in answer["known_issues"]))
    yield from _part("How this was found", map(_step, answer["steps"]))


def _part(title: str, items: Iterator[str]) -> Iterator[str]:
    for number, item in enumerate(items):
        if number == 0:
            yield f"\n[bold]{title}[/bold]"
        yield f"  {escape(item)}"


def _lines(lines: list[dict[str, Any]], page: str) -> Iterator[str]:
    """Best first, each with its number in the log."""
    if not lines:
        return
    yield "\n[bold]Lines of the log that say most[/bold]"
    width = max(len(str(one["line"])) for one in lines)
    for one in lines:
        yield f"  [cyan]{one['line']:>{width}}[/cyan]  {escape(one['text'])}"
        yield f"  {'':>{width}}  [dim]{escape(', '.join(one['why']))}[/dim]"
    yield f"  [dim]read on: {page} (log), `ringtest job log ID`[/dim]"


def _change(change: dict[str, Any]) -> str:
    before, after = ((change[side] or {}).get("version", "none") for side in ("before", "after"))
    return f"{change['type']}: {before} → {after}"


def _test(test: dict[str, Any]) -> str:
    return " ".join(test[part] for part in _NAMES if test[part])


def _group(group: dict[str, Any]) -> str:
    where = group["elsewhere"]
    count = where["jobs"]
    seen = f"; in {count} other job{'s' if count > 1 else ''}" if count else "; in no other job"
    return f"{group['title']} ({group['verdict']['text']}{seen}) {group['id']}"


def _issue(issue: dict[str, Any]) -> str:
    return " ".join(str(issue[key]) for key in ("name", "owner", "link") if issue.get(key))


def _step(step: dict[str, Any]) -> str:
    left = f" [{step['left_out']}]" if step["left_out"] else ""
    return f"{step['name']}: {step['found']}{left}"
